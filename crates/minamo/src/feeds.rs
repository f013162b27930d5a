// SPDX-License-Identifier: Apache-2.0
//! Feeds of threats (`[[feed]]`): files that are read again when they change, and addresses on the web that are fetched
//! into files. What cannot be fetched or has nothing in it is told and counted, and what was read last stays in force.
//! What is new in a feed is searched for in the past.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use minamo_base::{Prefix, Time};
use minamo_enrich::{Control, Indicators, ThreatTable};

use crate::bundles::{self, Place};
use crate::clock;
use crate::ingest::Fresh;
use crate::mark::{Mark, mark};

/// Largest feed, in octets.
const LARGEST: u64 = 64 << 20;
/// Pause between two looks at files and at what is due.
const LOOK: Duration = Duration::from_secs(5);
/// Longest that fetching may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// A feed that could not be fetched is tried again after so long, or as often as it is fetched where that is sooner.
const AGAIN: Duration = Duration::from_secs(300);
/// Most new indicators that the past is searched for at a time.
const MOST_HUNTED: usize = 2_000;

minamo_base::counters! {
    /// Counters of feeds.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Indicators in force.
        indicators: AtomicU64 = "minamo_feed_indicators" [], "";
        /// Feeds that were read.
        read: AtomicU64 = "minamo_feed_reads_total" [], "";
        /// Feeds that could not be fetched or read; what was read last stays in force.
        failed: AtomicU64 = "minamo_feed_failures_total" [], "The log says which and why.";
        /// Lines and objects of feeds without anything that can be matched.
        skipped: AtomicU64 = "minamo_feed_skipped_total" [], "";
        /// New indicators that the past was not searched for, because too many came at once.
        unhunted: AtomicU64 = "minamo_feed_unhunted_total" [], "";
    }
}

/// Where a feed comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file that others write.
    File(PathBuf),
    /// An address that is fetched, with a line of a header where it wants one.
    Url(String, Option<(String, String)>),
}

/// A feed as the settings have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feed {
    /// Its name, which rows and events have.
    pub(crate) name: String,
    /// Where it comes from.
    pub(crate) source: Source,
    /// How often it is fetched.
    pub(crate) every: Duration,
    /// How far back what is new is searched for; not at all without.
    pub(crate) hunt: Option<Duration>,
}

/// New indicators that the past is to be searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunt {
    /// The feed.
    pub(crate) feed: String,
    /// Networks.
    pub(crate) addresses: Vec<Prefix>,
    /// Names.
    pub(crate) names: Vec<String>,
    /// How far back.
    pub(crate) back: Duration,
}

/// The feeds, with what was read of each.
pub(crate) struct Feeds {
    folder: PathBuf,
    list: Vec<Known>,
    bundles: Option<Bundled>,
    counters: Arc<Counters>,
}

/// Lists of the installed bundle.
struct Bundled {
    place: Place,
    mark: Mark,
    read: Vec<(String, Indicators)>,
}

struct Known {
    feed: Feed,
    mark: Mark,
    due: Time,
    /// How the last fetch ended, until that was looked at.
    fetched: Option<anyhow::Result<()>>,
    read: Option<Indicators>,
}

impl Feeds {
    /// Feeds whose fetched files are kept in `folder`.
    pub(crate) fn new(feeds: Vec<Feed>, folder: &Path, counters: Arc<Counters>) -> Self {
        let known = |feed| Known { feed, mark: None, due: Time(i64::MIN), fetched: None, read: None };
        Self { folder: folder.to_owned(), list: feeds.into_iter().map(known).collect(), bundles: None, counters }
    }

    /// With the lists of the bundle that is installed there. The past is not searched for them.
    pub(crate) fn with_bundles(self, place: Option<Place>) -> Self {
        Self { bundles: place.map(|place| Bundled { place, mark: None, read: Vec::new() }), ..self }
    }

    /// True where there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.bundles.is_none()
    }

    /// Fetches what is due and reads what has changed: the new table, and what the past is to be searched for. Nothing
    /// where all is as before.
    pub(crate) fn refresh(&mut self, now: Time) -> Option<(ThreatTable, Vec<Hunt>)> {
        let (mut changed, mut hunts) = (false, Vec::new());
        let folder = &self.folder;
        // At the same time: one that does not answer does not keep the others.
        std::thread::scope(|threads| {
            for known in self.list.iter_mut().filter(|known| known.is_due(now)) {
                threads.spawn(move || known.fetch(folder, now));
            }
        });
        for known in &mut self.list {
            match known.refresh(folder) {
                Ok(Some(read)) => {
                    self.counters.read.fetch_add(1, Ordering::Relaxed);
                    self.counters.skipped.fetch_add(read.skipped, Ordering::Relaxed);
                    tracing::info!(
                        feed = known.feed.name,
                        addresses = read.addresses.len(),
                        names = read.names.len(),
                        "feed read"
                    );
                    hunts.extend(known.hunt(&read, &self.counters));
                    known.read = Some(read);
                    changed = true;
                }
                Ok(None) => {}
                Err(error) => {
                    self.counters.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(feed = known.feed.name, "{error:#}; what was read before stays in force");
                }
            }
        }
        if let Some(bundled) = &mut self.bundles {
            match bundled.refresh() {
                Ok(news) => changed |= news,
                Err(error) => {
                    self.counters.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::error!("bundle: {error:#}; the lists before stay in force");
                }
            }
        }
        let lists = || self.bundles.iter().flat_map(|bundled| bundled.read.iter().map(|(name, read)| (&**name, read)));
        let read =
            || self.list.iter().filter_map(|known| Some((&*known.feed.name, known.read.as_ref()?))).chain(lists());
        let count: usize = read().map(|(_, indicators)| indicators.len()).sum();
        self.counters.indicators.store(count as u64, Ordering::Relaxed);
        changed.then(|| (ThreatTable::new(read()), hunts))
    }
}

/// Fetches and reads feeds until the task is ended; what is new goes to enrichment and, to be searched for, to detection.
pub(crate) async fn follow(mut feeds: Feeds, enrichment: Arc<Control>, fresh: Arc<Fresh>) {
    while !feeds.is_empty() {
        let taken = tokio::task::spawn_blocking(move || {
            let news = feeds.refresh(clock::now());
            (feeds, news)
        });
        let Ok((back, news)) = taken.await else {
            tracing::error!("feeds are not read any more: report it");
            return;
        };
        feeds = back;
        if let Some((table, hunts)) = news {
            enrichment.beware_of(table);
            if !hunts.is_empty() {
                fresh.hunt(hunts);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Bundled {
    /// True where another bundle was read.
    fn refresh(&mut self) -> anyhow::Result<bool> {
        let now = self.place.mark();
        if now == self.mark {
            return Ok(false);
        }
        self.mark = now;
        self.read = self.place.current()?.as_ref().map_or(Ok(Vec::new()), bundles::lists)?;
        Ok(true)
    }
}

impl Known {
    /// True for an address of the web whose time has come.
    fn is_due(&self, now: Time) -> bool {
        matches!(self.feed.source, Source::Url(..)) && now >= self.due
    }

    /// Fetches the feed into its file.
    fn fetch(&mut self, folder: &Path, now: Time) {
        let Source::Url(url, header) = &self.feed.source else { return };
        let fetched = fetch(url, header.as_ref(), &folder.join(&self.feed.name));
        self.due = now + if fetched.is_ok() { self.feed.every } else { self.feed.every.min(AGAIN) };
        self.fetched = Some(fetched);
    }

    /// Reads the feed where its file has changed.
    fn refresh(&mut self, folder: &Path) -> anyhow::Result<Option<Indicators>> {
        let path = match &self.feed.source {
            Source::File(path) => path.clone(),
            Source::Url(..) => folder.join(&self.feed.name),
        };
        if let Some(Err(error)) = self.fetched.take() {
            // An older file is better than none.
            if !path.is_file() || self.read.is_some() {
                return Err(error);
            }
            tracing::error!(feed = self.feed.name, "{error:#}; the file of before is read");
        }
        let now = mark(&path);
        if now == self.mark && (now.is_some() || self.read.is_some()) {
            return Ok(None);
        }
        let before = std::mem::replace(&mut self.mark, now);
        if now.is_none() && before.is_none() && matches!(self.feed.source, Source::Url(..)) {
            return Ok(None);
        }
        read(&path).map(Some)
    }

    /// What the past is to be searched for: what the feed did not have when it was read last.
    fn hunt(&self, read: &Indicators, counters: &Counters) -> Option<Hunt> {
        let (back, before) = (self.feed.hunt?, self.read.as_ref());
        let new = before.map_or_else(|| read.clone(), |before| read.since(before));
        let beyond = new.len().saturating_sub(MOST_HUNTED);
        counters.unhunted.fetch_add(beyond as u64, Ordering::Relaxed);
        let addresses: Vec<Prefix> = new.addresses.into_iter().take(MOST_HUNTED).collect();
        let names: Vec<String> = new.names.into_iter().take(MOST_HUNTED - addresses.len()).collect();
        let any = !addresses.is_empty() || !names.is_empty();
        any.then(|| Hunt { feed: self.feed.name.clone(), addresses, names, back })
    }
}

/// Reads a feed's file.
fn read(path: &Path) -> anyhow::Result<Indicators> {
    let context = || path.display().to_string();
    let size = fs::metadata(path).with_context(context)?.len();
    ensure!(size <= LARGEST, "{}: {size} octets, want at most {LARGEST}", path.display());
    let octets = fs::read(path).with_context(context)?;
    let found = Indicators::parse(&String::from_utf8_lossy(&octets));
    ensure!(!found.is_empty(), "{}: there is no address, network or name in it", path.display());
    if found.beyond > 0 {
        tracing::warn!(path = %path.display(), beyond = found.beyond, "the feed has more than is kept");
    }
    Ok(found)
}

/// Fetches a feed into a file; the file of before stays where it fails or has nothing in it.
fn fetch(url: &str, header: Option<&(String, String)>, path: &Path) -> anyhow::Result<()> {
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build();
    let mut request =
        ureq::Agent::new_with_config(config).get(url).header("accept", "application/taxii+json;version=2.1, */*");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    // The address may hold a key.
    let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default().to_owned();
    let hidden = |error: String| anyhow::anyhow!("{host}: {}", error.replace(url, "…"));
    let answer = request.call().map_err(|error| hidden(error.to_string()))?;
    let status = answer.status().as_u16();
    if status != 200 {
        bail!("{host}: answered with status {status}");
    }
    let mut octets = Vec::new();
    let mut body = answer.into_body();
    body.as_reader().take(LARGEST + 1).read_to_end(&mut octets).map_err(|error| hidden(error.to_string()))?;
    ensure!(octets.len() as u64 <= LARGEST, "{host}: more than {LARGEST} octets");
    ensure!(
        !Indicators::parse(&String::from_utf8_lossy(&octets)).is_empty(),
        "{host}: there is no address, network or name in the answer"
    );
    let folder = path.parent().context("a feed wants a folder")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let part = path.with_extension("part");
    fs::write(&part, &octets).with_context(|| part.display().to_string())?;
    fs::rename(&part, path).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use super::*;

    fn feed(name: &str, source: Source) -> Feed {
        Feed {
            name: name.to_owned(),
            source,
            every: Duration::from_secs(3_600),
            hunt: Some(Duration::from_secs(86_400)),
        }
    }

    /// Answers so many requests, each with the next of these bodies.
    fn server(answers: Vec<(&'static str, &'static str)>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/feed?key=secret", listener.local_addr().expect("bound"));
        std::thread::spawn(move || {
            for (status, body) in answers {
                let Ok((stream, _)) = listener.accept() else { return };
                let mut reader = BufReader::new(stream);
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                if reader.get_mut().write_all(format!("{head}{body}").as_bytes()).is_err() {
                    return;
                }
            }
        });
        url
    }

    #[test]
    fn a_file_is_read_again_and_what_is_new_is_hunted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list.txt");
        fs::write(&path, "203.0.113.1\n").expect("written");
        let mut feeds = Feeds::new(vec![feed("own", Source::File(path.clone()))], folder.path(), Arc::default());
        let (table, hunts) = feeds.refresh(Time(0)).expect("read");
        assert!(table.address("203.0.113.1".parse().expect("an address")).is_some());
        assert_eq!(hunts[0].addresses.len(), 1);
        assert!(feeds.refresh(Time(1)).is_none());
        fs::write(&path, "203.0.113.1\nbad.example\n").expect("written");
        let (_, hunts) = feeds.refresh(Time(2)).expect("read again");
        assert_eq!((hunts[0].addresses.len(), &hunts[0].names), (0, &vec!["bad.example".to_owned()]));
        fs::write(&path, "nothing\n").expect("written");
        assert!(feeds.refresh(Time(3)).is_none(), "a feed with nothing in it changes nothing");
        assert_eq!(feeds.counters.failed.load(Ordering::Relaxed), 1);
        assert_eq!(feeds.counters.indicators.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_feed_is_fetched_and_the_last_good_one_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = server(vec![
            ("200 OK", "203.0.113.7\n"),
            ("500 Broken", ""),
            ("200 OK", "<html>login</html>"),
            ("200 OK", "203.0.113.8\n"),
        ]);
        let counters: Arc<Counters> = Arc::default();
        let mut feeds =
            Feeds::new(vec![feed("web", Source::Url(url.clone(), None))], folder.path(), Arc::clone(&counters));
        let hour = |n: i64| Time::from_millis(n * 3_600_000);
        assert!(feeds.refresh(hour(0)).is_some());
        assert!(feeds.refresh(hour(0)).is_none(), "it is not due");
        assert!(feeds.refresh(hour(1)).is_none() && feeds.refresh(hour(2)).is_none());
        assert_eq!((counters.failed.load(Ordering::Relaxed), counters.indicators.load(Ordering::Relaxed)), (2, 1));
        let (table, _) = feeds.refresh(hour(3)).expect("another list");
        assert!(table.address("203.0.113.8".parse().expect("an address")).is_some());
        let error =
            fetch("http://127.0.0.1:1/feed?key=secret", None, &folder.path().join("x")).expect_err("nobody there");
        assert!(!format!("{error:#}").contains("secret"), "{error:#}");
        // After a restart with nobody there the file of before is read.
        let mut again =
            Feeds::new(vec![feed("web", Source::Url("http://127.0.0.1:1/".to_owned(), None))], folder.path(), counters);
        assert!(again.refresh(hour(4)).is_some());
    }
}
