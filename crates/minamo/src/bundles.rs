// SPDX-License-Identifier: Apache-2.0
//! Installed bundles: a signed file each in one folder, the latest versions, and the file `current` that names the one in
//! force. A bundle is checked whole before it is installed: its signature, its number, and that every part of it can be read. A
//! bad one is told and counted, and changes nothing. Whoever uses a part reads it from the signed file.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use minamo_enrich::{Feed, FeedFault, FeedForm, FingerprintKind, Indicators, Processes};
use minamo_eta::bundle::{Bundle, Form, MAX_BYTES, Part, PartKind};

use crate::mark::{Mark, mark};
use crate::whole::write;

/// Longest that fetching a bundle may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Versions that are kept, with the one in force.
const KEPT: usize = 5;
/// Names the bundle in force.
const CURRENT: &str = "current";
/// Names the latest bundle that somebody went back from: it does not come back by itself.
const LEFT: &str = "left";
const ENDING: &str = "bundle";

minamo_base::counters! {
    /// Counters of bundles.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Number of the bundle in force; 0 without one.
        number: AtomicU64 = "minamo_bundle_number" [], "";
        /// Bundles that were fetched and installed.
        installed: AtomicU64 = "minamo_bundle_installs_total" [], "";
        /// Bundles that could not be fetched or were refused; the one before stays in force.
        failed: AtomicU64 = "minamo_bundle_failures_total" [], "The log says why.";
        /// Bundles that were fetched and not installed because somebody went back from them.
        left: AtomicU64 = "minamo_bundle_left_total" [], "A later bundle, or `minamo model install`, ends it.";
    }
}

/// Where bundles are, and whose are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Their folder.
    pub(crate) folder: PathBuf,
    /// Public keys that are trusted, in hexadecimal.
    pub(crate) keys: Vec<String>,
}

/// What became of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in force.
    Installed(u64),
    /// It is the one in force.
    Same(u64),
    /// It is one that somebody went back from.
    Left(u64),
}

/// Who brings a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A person, who may take what was gone back from.
    Hand,
    /// The server, from `bundle.url`.
    Fetch,
}

impl Place {
    fn file(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number}.{ENDING}"))
    }

    /// Changes when another bundle comes into force.
    pub(crate) fn mark(&self) -> Mark {
        mark(&self.folder.join(CURRENT))
    }

    /// Number of the bundle in force; nothing where none was installed.
    pub(crate) fn number(&self) -> anyhow::Result<Option<u64>> {
        self.named(CURRENT)
    }

    /// The number in a file of the folder.
    fn named(&self, file: &str) -> anyhow::Result<Option<u64>> {
        let path = self.folder.join(file);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let bad = || format!("{}: got {:?}, want the number of a bundle", path.display(), text.trim());
                Ok(Some(text.trim().parse().with_context(bad)?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// The bundle in force; its signature is checked again.
    pub(crate) fn current(&self) -> anyhow::Result<Option<Bundle>> {
        self.number()?.map(|number| self.read(number)).transpose()
    }

    /// The same for a program that starts: it does without one that is damaged or whose key is not trusted any more, so that the next
    /// one can come.
    pub(crate) fn at_start(&self) -> Option<Bundle> {
        self.current().unwrap_or_else(|error| {
            tracing::error!("bundle: {error:#}; nothing of it is in force until another one is installed");
            None
        })
    }

    fn read(&self, number: u64) -> anyhow::Result<Bundle> {
        let path = self.file(number);
        let name = || path.display().to_string();
        let size = fs::metadata(&path).with_context(name)?.len();
        ensure!(size <= MAX_BYTES as u64, "{}: it has {size} octets, a bundle at most {MAX_BYTES}", name());
        Bundle::open(&fs::read(&path).with_context(name)?, &self.keys).with_context(name)
    }

    /// Numbers of the bundles that are kept, the latest first.
    pub(crate) fn versions(&self) -> anyhow::Result<Vec<u64>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| self.folder.display().to_string()),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let path = entry.with_context(|| self.folder.display().to_string())?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                numbers.extend(path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok()));
            }
        }
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        Ok(numbers)
    }

    /// Installs a bundle. One with a smaller number than the one in force is refused: who can replay an old bundle could take
    /// back what a later one knows. What was gone back from comes back by hand only.
    pub(crate) fn install(&self, octets: &[u8], by: By) -> anyhow::Result<Outcome> {
        let bundle = Bundle::open(octets, &self.keys)?;
        let number = bundle.number;
        let before = self.number()?;
        if let Some(before) = before {
            ensure!(
                number >= before,
                "the bundle has the number {number}, the one in force {before}: `minamo model back` goes back to a version that is kept"
            );
            if number == before && fs::read(self.file(before)).is_ok_and(|known| known == octets) {
                return Ok(Outcome::Same(number));
            }
            // One that was damaged since is replaced.
            let other = || format!("the bundle has the number {number} of the one in force and other content");
            ensure!(number > before || self.read(before).is_err(), other());
        }
        if by == By::Fetch && self.named(LEFT)?.is_some_and(|left| number <= left) && before != Some(number) {
            return Ok(Outcome::Left(number));
        }
        check(&bundle)?;
        fs::create_dir_all(&self.folder).with_context(|| self.folder.display().to_string())?;
        write(&self.file(number), octets)?;
        self.choose(number)?;
        for old in self.versions()?.into_iter().filter(|old| *old != number).skip(KEPT - 1) {
            let path = self.file(old);
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
        Ok(Outcome::Installed(number))
    }

    /// Puts a version that is kept in force.
    pub(crate) fn back(&self, number: u64) -> anyhow::Result<()> {
        let before = self.number()?;
        if !self.versions()?.contains(&number) {
            let kept: Vec<String> = self.versions()?.iter().map(u64::to_string).collect();
            bail!("there is no bundle {number}, want one of those that are kept: {}", kept.join(", "));
        }
        check(&self.read(number)?)?;
        let left = before.max(self.named(LEFT)?).filter(|left| *left > number);
        if let Some(left) = left {
            write(&self.folder.join(LEFT), format!("{left}\n").as_bytes())?;
        }
        self.choose(number)
    }

    fn choose(&self, number: u64) -> anyhow::Result<()> {
        write(&self.folder.join(CURRENT), format!("{number}\n").as_bytes())
    }
}

/// Reads every part as whoever uses it will.
pub(crate) fn check(bundle: &Bundle) -> anyhow::Result<()> {
    fingerprints(bundle)?;
    processes(bundle)?;
    lists(bundle)?;
    Ok(())
}

/// What of the lines of a bundle's parts says nothing and is left out, in words.
pub(crate) fn left_out(bundle: &Bundle) -> anyhow::Result<Vec<String>> {
    let mut out = Vec::new();
    let mut faults = |part: &Part, (faults, number): (&[FeedFault], usize)| {
        let first = faults.iter().map(|fault| format!("line {}: {}", fault.line, fault.cause));
        out.extend(first.map(|fault| format!("{} {}: {fault}", part.kind.name(), part.name)));
        if number > faults.len() {
            out.push(format!("{} {}: {number} such lines in all", part.kind.name(), part.name));
        }
    };
    for (part, feed) in bundle.of(PartKind::Fingerprints).zip(fingerprints(bundle)?) {
        faults(part, feed.faults());
    }
    for part in bundle.of(PartKind::Processes) {
        faults(part, table(part)?.faults());
    }
    for (name, list) in lists(bundle)? {
        for (count, what) in [(list.skipped, "are no address, network or name"), (list.beyond, "are too many")] {
            out.extend((count > 0).then(|| format!("list {name}: {count} line(s) {what}")));
        }
    }
    Ok(out)
}

fn text(part: &Part) -> anyhow::Result<&str> {
    std::str::from_utf8(&part.content)
        .map_err(|_| anyhow::anyhow!("{} {}: got octets that are no UTF-8, want text", part.kind.name(), part.name))
}

/// How the form of a part is said in the settings.
pub(crate) fn form(name: &str, form: &Form) -> anyhow::Result<FeedForm> {
    let Form { kind, bad, value, label } = form.clone();
    let kinds = || FingerprintKind::ALL.map(FingerprintKind::name).join(", ");
    let kind = FingerprintKind::of(&kind).with_context(|| format!("{name}: got {kind:?}, want one of {}", kinds()))?;
    Ok(FeedForm { kind, name: name.to_owned(), bad, value, label })
}

/// Feeds of fingerprints in the bundle.
pub(crate) fn fingerprints(bundle: &Bundle) -> anyhow::Result<Vec<Arc<Feed>>> {
    let read = |part: &Part| {
        let form = form(&part.name, &part.form.clone().unwrap_or_default())?;
        let feed = Feed::read(form, text(part)?)
            .map_err(|fault| anyhow::anyhow!("fingerprints {}: line {}: {}", part.name, fault.line, fault.cause))?;
        Ok(Arc::new(feed))
    };
    bundle.of(PartKind::Fingerprints).map(read).collect()
}

/// Tables of processes in the bundle, as one.
pub(crate) fn processes(bundle: &Bundle) -> anyhow::Result<Processes> {
    bundle.of(PartKind::Processes).try_fold(Processes::default(), |all, part| Ok(all.and(table(part)?)))
}

fn table(part: &Part) -> anyhow::Result<Processes> {
    Processes::read(text(part)?)
        .map_err(|fault| anyhow::anyhow!("processes {}: line {}: {}", part.name, fault.line, fault.cause))
}

/// Lists of addresses and names in the bundle.
pub(crate) fn lists(bundle: &Bundle) -> anyhow::Result<Vec<(String, Indicators)>> {
    let read = |part: &Part| {
        let found = Indicators::parse(text(part)?);
        ensure!(!found.is_empty(), "list {}: there is no address, network or name in it", part.name);
        Ok((part.name.clone(), found))
    };
    bundle.of(PartKind::List).map(read).collect()
}

/// Fetches a bundle, no more of it than a bundle has.
pub(crate) fn fetch(url: &str) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build();
    let mut body = ureq::Agent::new_with_config(config).get(url).call()?.into_body();
    let mut octets = Vec::new();
    body.as_reader().take(MAX_BYTES as u64 + 1).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Fetches and installs bundles until the task is ended.
pub(crate) async fn follow(place: Place, url: Option<String>, every: Duration, counters: Arc<Counters>) {
    loop {
        let (at, from, told) = (place.clone(), url.clone(), Arc::clone(&counters));
        let done = tokio::task::spawn_blocking(move || refresh(&at, from.as_deref(), &told));
        if done.await.is_err() {
            tracing::error!("bundles are not fetched any more: report it");
            return;
        }
        tokio::time::sleep(every).await;
    }
}

/// Fetches and installs once.
fn refresh(place: &Place, url: Option<&str>, counters: &Counters) {
    if let Some(url) = url {
        match fetch(url).and_then(|octets| place.install(&octets, By::Fetch)) {
            Ok(Outcome::Installed(number)) => {
                counters.installed.fetch_add(1, Ordering::Relaxed);
                tracing::info!(number, "bundle installed");
                for line in place.at_start().and_then(|bundle| left_out(&bundle).ok()).iter().flatten() {
                    tracing::warn!("bundle {number}: left out: {line}");
                }
            }
            Ok(Outcome::Same(_)) => {}
            Ok(Outcome::Left(number)) => {
                counters.left.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(number, "somebody went back from the bundle: it is not installed again by itself");
            }
            Err(error) => {
                counters.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!("bundle.url: {error:#}; what was installed before stays in force");
            }
        }
    }
    let number = place.number().ok().flatten().unwrap_or(0);
    counters.number.store(number, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use minamo_eta::bundle::{new_key, public_key};

    use super::*;

    fn list(number: u64, text: &str) -> Bundle {
        let part =
            Part { kind: PartKind::List, name: "hosts".to_owned(), form: None, content: text.as_bytes().to_vec() };
        Bundle { number, parts: vec![part] }
    }

    #[test]
    fn versions_are_kept_and_a_bad_bundle_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = new_key().expect("a key");
        let keys = vec![public_key(&key).expect("a public key")];
        let place = Place { folder: folder.path().join("bundles"), keys };
        assert_eq!((place.number().expect("none"), place.versions().expect("none")), (None, vec![]));
        for number in 1..=7 {
            let signed = list(number, "bad.example\n").sign(&key).expect("signed");
            assert_eq!(place.install(&signed, By::Fetch).expect("good"), Outcome::Installed(number));
            assert_eq!(place.install(&signed, By::Fetch).expect("good"), Outcome::Same(number));
        }
        assert_eq!(place.versions().expect("some"), [7, 6, 5, 4, 3]);
        let refused = |octets: &[u8]| format!("{:#}", place.install(octets, By::Hand).expect_err("refused"));
        let mut changed = list(8, "bad.example\n").sign(&key).expect("signed");
        *changed.last_mut().expect("octets") ^= 1;
        assert!(refused(&changed).contains("signature"));
        assert!(refused(&list(6, "bad.example\n").sign(&key).expect("signed")).contains("the one in force 7"));
        assert!(refused(&list(7, "other.example\n").sign(&key).expect("signed")).contains("other content"));
        assert!(refused(&list(8, "#\n").sign(&key).expect("signed")).contains("list hosts: there is no address"));
        let stranger = new_key().expect("a key");
        assert!(refused(&list(8, "bad.example\n").sign(&stranger).expect("signed")).contains("none of the keys"));
        assert_eq!(place.current().expect("there").map(|bundle| bundle.number), Some(7));
        place.back(5).expect("kept");
        assert_eq!(place.number().expect("there"), Some(5));
        assert!(format!("{:#}", place.back(2).expect_err("gone")).contains("7, 6, 5, 4, 3"));
        let install = |number: u64, by| {
            let signed = list(number, "bad.example\n").sign(&key).expect("signed");
            place.install(&signed, by).expect("good")
        };
        let fetched = [7, 6, 5].map(|number| install(number, By::Fetch));
        assert_eq!(fetched, [Outcome::Left(7), Outcome::Left(6), Outcome::Same(5)]);
        assert_eq!(place.number().expect("there"), Some(5), "what was gone back from stays away");
        assert_eq!((install(7, By::Hand), install(7, By::Fetch)), (Outcome::Installed(7), Outcome::Same(7)));
        place.back(6).expect("kept");
        assert_eq!(install(8, By::Fetch), Outcome::Installed(8), "a later one comes");
    }

    #[test]
    fn a_damaged_bundle_is_done_without_and_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = new_key().expect("a key");
        let place = Place { folder: folder.path().to_owned(), keys: vec![public_key(&key).expect("a public key")] };
        let signed = list(2, "bad.example\n").sign(&key).expect("signed");
        place.install(&signed, By::Hand).expect("good");
        let mut damaged = signed.clone();
        *damaged.last_mut().expect("octets") ^= 1;
        fs::write(place.file(2), damaged).expect("written");
        assert!(place.current().is_err() && place.at_start().is_none());
        assert_eq!(place.install(&signed, By::Fetch).expect("good"), Outcome::Installed(2));
        assert_eq!(place.at_start().map(|bundle| bundle.number), Some(2));
    }

    #[test]
    fn lines_that_say_nothing_are_told() {
        let part = |kind, name: &str, text: &str| {
            let form = (kind == PartKind::Fingerprints).then(|| Form { kind: "ja3".to_owned(), ..Form::default() });
            Part { kind, name: name.to_owned(), form, content: text.as_bytes().to_vec() }
        };
        let ja3 = "0123456789abcdef0123456789abcdef";
        let table = format!("{{\"ja3\":\"{ja3}\",\"processes\":[{{\"name\":\"a\",\"count\":1}}]}}\nx\n");
        let parts = vec![
            part(PartKind::List, "hosts", "bad.example\n<html>\n"),
            part(PartKind::Processes, "table", &table),
            part(PartKind::Fingerprints, "prints", &format!("{ja3},a\n{ja3},b\nodd line\n")),
        ];
        let told = left_out(&Bundle { number: 1, parts }).expect("sound parts");
        assert!(told.iter().any(|line| line.starts_with("fingerprints prints: line 3: ")), "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("processes table: line 2: ")), "{told:?}");
        assert!(told.contains(&"list hosts: 1 line(s) are no address, network or name".to_owned()), "{told:?}");
    }
}
