// SPDX-License-Identifier: Apache-2.0
//! Enrichment in the running program: reads the networks file and the databases that the settings name, hands them to
//! `minamo-enrich`, and reads them again when a file changes. A file that has become bad changes nothing: what was read
//! before stays in force, a counter and the log say so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_enrich::{
    Control, Database, Definitions, Enricher, Feed, FeedForm, Fingerprints, Format, Processes, Sources,
};
use minamo_eta::bundle::Bundle;

use crate::bundles::{self, Place};
use crate::mark::{Mark, mark};
use crate::networks::{Stored, changed_at};

/// Pause between two looks at the files.
const LOOK: Duration = Duration::from_secs(3);
/// Largest networks file: a hundred thousand prefixes take about 10 MB.
const MAX_NETWORKS: u64 = 512 << 20;
/// Largest feed of fingerprints: a million lines take about 100 MB.
const MAX_FEED: u64 = 256 << 20;
/// Largest database: the largest that are sold have about 2 GB.
const MAX_DATABASE: u64 = 4 << 30;

/// `enrich.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Networks file, where there is one.
    pub(crate) networks: Option<PathBuf>,
    /// Databases in the MaxMind DB format.
    pub(crate) databases: Vec<PathBuf>,
    /// Feeds of fingerprints.
    pub(crate) fingerprints: Vec<(PathBuf, FeedForm)>,
    /// Tables of processes by fingerprint.
    pub(crate) processes: Vec<PathBuf>,
    /// Where bundles are installed, which have feeds and tables, too.
    pub(crate) bundles: Option<Place>,
    /// Bounds and switches.
    pub(crate) enricher: minamo_enrich::Settings,
}

/// An enricher with everything that the settings name, and what has to be looked at from now on. What the networks file
/// says is taken into `home`, where what it said before is.
pub(crate) fn start(
    settings: Settings,
    home: Arc<minamo_state::Definitions>,
    now: Time,
) -> anyhow::Result<(Enricher, Watch)> {
    // Marked before it is read: what changes in between is read again.
    let watch = Watch::new(settings, home);
    let stored = known(&watch.settings, &watch.home, now)?;
    if let Some((read, from)) = &stored.fresh {
        crate::networks::write(&watch.home, read, *from, now).context("enrich.networks")?;
        tracing::info!(%from, "enrich.networks: what is new in it holds from then on");
    } else if watch.settings.networks.is_none() && !stored.all.is_empty() {
        tracing::info!("enrich.networks is not set: what was read before stays in force; an empty file ends it");
    }
    let bundle = watch.settings.bundles.as_ref().and_then(Place::at_start);
    let sources = Sources::new(stored.all.definitions, databases(&watch.settings.databases)?)
        .with_fingerprints(fingerprints(&watch.settings.fingerprints, bundle.as_ref())?)
        .with_processes(processes(&watch.settings.processes, bundle.as_ref())?);
    Ok((Enricher::new(watch.settings.enricher, sources), watch))
}

/// Reads everything that the settings name; the error names setting, file, line and field.
pub(crate) fn sources(settings: &Settings) -> anyhow::Result<Sources> {
    let definitions = settings.networks.as_deref().map(|path| networks(path).context("enrich.networks")).transpose()?;
    let sources = Sources::new(definitions.unwrap_or_default(), databases(&settings.databases)?);
    let bundle = bundle(settings)?;
    let sources = sources.with_fingerprints(fingerprints(&settings.fingerprints, bundle.as_ref())?);
    Ok(sources.with_processes(processes(&settings.processes, bundle.as_ref())?))
}

/// The bundle in force.
fn bundle(settings: &Settings) -> anyhow::Result<Option<Bundle>> {
    settings.bundles.as_ref().map_or(Ok(None), Place::current).context("bundle")
}

/// Reads the tables of processes, those of the settings before those of the bundle; the error names file and line.
fn processes(files: &[PathBuf], bundle: Option<&Bundle>) -> anyhow::Result<Processes> {
    let mut all = Processes::default();
    for path in files {
        let name = path.display();
        let octets = read(path, MAX_FEED).context("enrich.processes")?;
        let text = String::from_utf8(octets)
            .map_err(|_| anyhow::anyhow!("enrich.processes: {name}: got octets that are no UTF-8, want text"))?;
        let table = Processes::read(&text)
            .map_err(|fault| anyhow::anyhow!("enrich.processes: {name}: line {}: {}", fault.line, fault.cause))?;
        let (faults, number) = table.faults();
        for fault in faults {
            tracing::warn!("enrich.processes: {name}: line {}: {}", fault.line, fault.cause);
        }
        tracing::info!(fingerprints = table.len(), left_out = number, "enrich.processes: read {name}");
        all = all.and(table);
    }
    bundle.map_or(Ok(Processes::default()), bundles::processes).context("bundle").map(|more| all.and(more))
}

/// Reads the feeds; the error names file and line. Lines that say nothing are logged and left out.
fn fingerprints(feeds: &[(PathBuf, FeedForm)], bundle: Option<&Bundle>) -> anyhow::Result<Fingerprints> {
    let open = |(path, form): &(PathBuf, FeedForm)| -> anyhow::Result<Arc<Feed>> {
        let name = path.display();
        let octets = read(path, MAX_FEED).context("fingerprints")?;
        let text = String::from_utf8(octets)
            .map_err(|_| anyhow::anyhow!("fingerprints: {name}: got octets that are no UTF-8, want text"))?;
        let feed = Feed::read(form.clone(), &text)
            .map_err(|fault| anyhow::anyhow!("fingerprints: {name}: line {}: {}", fault.line, fault.cause))?;
        let (faults, number) = feed.faults();
        for fault in faults {
            tracing::warn!("fingerprints: {name}: line {}: {}", fault.line, fault.cause);
        }
        tracing::info!(fingerprints = feed.len(), left_out = number, "fingerprints: read {name}");
        Ok(Arc::new(feed))
    };
    let mut all = feeds.iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
    all.extend(bundle.map_or(Ok(Vec::new()), bundles::fingerprints).context("bundle")?);
    Ok(Fingerprints::new(all))
}

/// The networks of all times, and those of the file where they are not stored yet.
pub(crate) struct Known {
    /// All of them.
    pub(crate) all: Stored,
    /// Contents of the file that are not stored, and from when on they hold.
    fresh: Option<(Definitions, Time)>,
}

/// What is stored of the networks file, and what the file says now.
pub(crate) fn known(settings: &Settings, home: &minamo_state::Definitions, now: Time) -> anyhow::Result<Known> {
    let mut all = Stored::load(home)?;
    let Some(path) = &settings.networks else { return Ok(Known { all, fresh: None }) };
    let read = networks(path).context("enrich.networks")?;
    if !all.is_new(&read) {
        return Ok(Known { all, fresh: None });
    }
    let (from, first) = (all.begin(changed_at(path, now)), all.is_empty());
    all.add(read.clone(), from, first);
    Ok(Known { all, fresh: Some((read, from)) })
}

fn networks(path: &Path) -> anyhow::Result<Definitions> {
    let octets = read(path, MAX_NETWORKS)?;
    let name = path.display();
    let text =
        String::from_utf8(octets).map_err(|_| anyhow::anyhow!("{name}: got octets that are no UTF-8, want text"))?;
    Format::of(&path.to_string_lossy()).read(&text).with_context(|| name.to_string())
}

fn databases(paths: &[PathBuf]) -> anyhow::Result<Vec<Arc<Database>>> {
    let open = |path: &PathBuf| -> anyhow::Result<Arc<Database>> {
        let octets = read(path, MAX_DATABASE).context("enrich.mmdb")?;
        let database = Database::open(octets).with_context(|| format!("enrich.mmdb: {}", path.display()))?;
        Ok(Arc::new(database))
    };
    paths.iter().map(open).collect()
}

fn read(path: &Path, max: u64) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(path).with_context(|| path.display().to_string())?.len();
    anyhow::ensure!(size <= max, "{}: got {size} bytes, want at most {max}", path.display());
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// The batch with what is known of its addresses. Whatever goes wrong, no row is lost: the batch passes as it came, and
/// is counted.
pub(crate) fn enrich(enricher: &mut Enricher, batch: RecordBatch) -> RecordBatch {
    // A database is a foreign file behind a foreign decoder.
    match catch_unwind(AssertUnwindSafe(|| enricher.enrich(&batch))) {
        Ok(Ok(enriched)) => enriched,
        Ok(Err(error)) => {
            tracing::error!(%error, rows = batch.num_rows(), "rows are stored without enrichment");
            batch
        }
        Err(_) => {
            enricher.control().counters().panicked(batch.num_rows());
            tracing::error!(rows = batch.num_rows(), "enrichment broke: rows are stored without it");
            batch
        }
    }
}

/// The files as they were when they were read last.
pub(crate) struct Watch {
    settings: Settings,
    home: Arc<minamo_state::Definitions>,
    networks: Option<Mark>,
    databases: Vec<Mark>,
    feeds: Vec<Mark>,
    tables: Vec<Mark>,
}

impl Watch {
    fn new(settings: Settings, home: Arc<minamo_state::Definitions>) -> Self {
        let networks = settings.networks.as_deref().map(mark);
        let databases = settings.databases.iter().map(|path| mark(path)).collect();
        let (feeds, tables) = marks(&settings);
        Self { settings, home, networks, databases, feeds, tables }
    }

    /// Stores new contents of the networks file; nothing where they are those of before.
    fn take(&self, read: Definitions, now: Time) -> anyhow::Result<Option<(Definitions, Time)>> {
        let stored = Stored::load(&self.home)?;
        if !stored.is_new(&read) {
            return Ok(None);
        }
        let from = stored.begin(now);
        crate::networks::write(&self.home, &read, from, now)?;
        Ok(Some((read, from)))
    }

    /// Reads what has changed. New networks are valid from `now` on; new databases for all rows that come.
    fn look(&mut self, control: &Control, now: Time) {
        let networks_now = self.settings.networks.as_deref().map(mark);
        if networks_now != self.networks {
            self.networks = networks_now;
            let read = self.settings.networks.as_deref().map(networks);
            match read.map(|read| read.and_then(|read| self.take(read, now))) {
                Some(Ok(Some((definitions, from)))) => {
                    control.define(from, definitions);
                    tracing::info!("enrich.networks: read again");
                }
                Some(Ok(None)) => tracing::info!("enrich.networks: read again, and the same as before"),
                Some(Err(error)) => {
                    control.counters().networks_refused();
                    tracing::error!("enrich.networks: {error:#}; what was read before stays in force");
                }
                None => {}
            }
        }
        let databases_now: Vec<Mark> = self.settings.databases.iter().map(|path| mark(path)).collect();
        if databases_now != self.databases {
            self.databases = databases_now;
            match databases(&self.settings.databases) {
                Ok(databases) => {
                    control.locate(databases);
                    tracing::info!("enrich.mmdb: read again");
                }
                Err(error) => {
                    control.counters().database_refused();
                    tracing::error!("{error:#}; the databases before stay in force");
                }
            }
        }
        self.look_at_feeds(control);
    }

    fn look_at_feeds(&mut self, control: &Control) {
        let (feeds, tables) = marks(&self.settings);
        if feeds != self.feeds {
            self.feeds = feeds;
            let read = bundle(&self.settings).and_then(|all| fingerprints(&self.settings.fingerprints, all.as_ref()));
            match read {
                Ok(feeds) => control.watch_for(feeds),
                Err(error) => {
                    control.counters().fingerprints_refused();
                    tracing::error!("{error:#}; the feeds before stay in force");
                }
            }
        }
        if tables != self.tables {
            self.tables = tables;
            let read = bundle(&self.settings).and_then(|all| processes(&self.settings.processes, all.as_ref()));
            match read {
                Ok(table) => control.tell_apart(table),
                Err(error) => {
                    control.counters().processes_refused();
                    tracing::error!("{error:#}; the tables before stay in force");
                }
            }
        }
    }
}

/// Marks of the feeds, and of the tables of processes; both change with the bundle.
fn marks(settings: &Settings) -> (Vec<Mark>, Vec<Mark>) {
    let bundle = || settings.bundles.as_ref().map(Place::mark);
    let feeds = settings.fingerprints.iter().map(|(path, _)| mark(path)).chain(bundle());
    let tables = settings.processes.iter().map(|path| mark(path)).chain(bundle());
    (feeds.collect(), tables.collect())
}

/// Looks at the files until the task is ended.
pub(crate) async fn watch(mut watch: Watch, control: Arc<Control>, clock: fn() -> Time) {
    let Settings { networks, databases, fingerprints, processes, bundles, .. } = &watch.settings;
    let files = [databases.is_empty(), fingerprints.is_empty(), processes.is_empty()];
    if networks.is_none() && bundles.is_none() && files.into_iter().all(|none| none) {
        return;
    }
    loop {
        tokio::time::sleep(LOOK).await;
        let control = Arc::clone(&control);
        // Large files take a while to read.
        let looked = tokio::task::spawn_blocking(move || {
            watch.look(&control, clock());
            watch
        });
        match looked.await {
            Ok(back) => watch = back,
            Err(error) => {
                tracing::error!(%error, "files of enrich.* are not looked at any more: restart to have them read");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use minamo_base::Ip;
    use minamo_enrich::Table;

    use super::*;

    fn settings(networks: &Path, databases: Vec<PathBuf>) -> Settings {
        let enricher = minamo_enrich::Settings::default();
        let (fingerprints, processes) = (Vec::new(), Vec::new());
        Settings { networks: Some(networks.to_owned()), databases, fingerprints, processes, bundles: None, enricher }
    }

    fn name_at(control: &Control, at: Time) -> Option<String> {
        let sources = control.sources();
        let table = Table::new(&sources.definitions().at(at)?.entries);
        table.lookup(Ip::v4([192, 0, 2, 1]))?.name.as_deref().map(str::to_owned)
    }

    fn refused(control: &Control, reason: &str) -> u64 {
        let is = |s: &&minamo_base::Sample| {
            s.metric.name == "minamo_enrich_refused_files_total" && s.label_text().contains(reason)
        };
        control.samples().iter().find(is).map(|s| s.value).expect("a counter")
    }

    #[test]
    fn a_changed_file_holds_from_now_on_and_a_bad_one_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("networks.csv");
        std::fs::write(&path, "prefix,name\n192.0.2.0/24,first\n").expect("written");
        let home = Arc::new(minamo_state::Definitions::open(&folder.path().join("state.db")).expect("opens"));
        let (enricher, mut watch) =
            start(settings(&path, vec![]), Arc::clone(&home), Time(1_000)).expect("good sources");
        let control = enricher.control();
        watch.look(&control, Time(1_000));
        assert_eq!(name_at(&control, Time(2_000)).as_deref(), Some("first"));
        std::fs::write(&path, "prefix,name\n192.0.2.0/24,the second\n").expect("written");
        watch.look(&control, Time(3_000));
        assert_eq!(name_at(&control, Time(2_999)).as_deref(), Some("first"));
        assert_eq!(name_at(&control, Time(3_000)).as_deref(), Some("the second"));
        std::fs::write(&path, "prefix,name\n192.0.2.0/99,bad\n").expect("written");
        watch.look(&control, Time(4_000));
        assert_eq!(name_at(&control, Time(5_000)).as_deref(), Some("the second"));
        assert_eq!(refused(&control, "networks"), 1);
        std::fs::remove_file(&path).expect("removed");
        watch.look(&control, Time(6_000));
        watch.look(&control, Time(7_000));
        assert_eq!(name_at(&control, Time(7_000)).as_deref(), Some("the second"));
        assert_eq!(refused(&control, "networks"), 2, "told once, not at every look");
        // After a restart, with other contents again.
        std::fs::write(&path, "prefix,name\n192.0.2.0/24,the third\n").expect("written");
        let (enricher, _) = start(settings(&path, vec![]), home, Time(8_000)).expect("good sources");
        let control = enricher.control();
        let names = [0, 2_999, 3_000, 7_999, 8_000].map(|at| name_at(&control, Time(at)).expect("a name"));
        assert_eq!(names, ["first", "first", "the second", "the second", "the third"]);
    }

    #[test]
    fn errors_name_setting_file_line_and_field() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("networks.csv");
        std::fs::write(&path, "prefix,name\n192.0.2.0/24,office\n192.0.2.0/99,bad\n").expect("written");
        let error = |settings: &Settings| format!("{:#}", sources(settings).map(|_| ()).expect_err("must be refused"));
        let want =
            format!("enrich.networks: {}: line 3: prefix: got prefix length 99, want at most 32", path.display());
        assert_eq!(error(&settings(&path, vec![])), want);
        let missing = folder.path().join("none.toml");
        assert!(error(&settings(&missing, vec![])).starts_with(&format!("enrich.networks: {}: ", missing.display())));
        std::fs::write(&path, "prefix,name\n192.0.2.0/24,office\n").expect("written");
        let text = error(&settings(&path, vec![path.clone()]));
        assert!(text.starts_with(&format!("enrich.mmdb: {}: got ", path.display())), "{text}");
    }

    #[test]
    fn feeds_of_fingerprints_are_read_again_and_a_bad_one_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Arc::new(minamo_state::Definitions::open(&folder.path().join("state.db")).expect("opens"));
        let path = folder.path().join("ja3.csv");
        let kind = minamo_enrich::FingerprintKind::Ja3;
        let form = FeedForm { kind, name: "own".to_owned(), bad: true, value: None, label: None };
        let hash = "0123456789abcdef0123456789abcdef";
        std::fs::write(&path, format!("{hash},first\n")).expect("written");
        let enricher = minamo_enrich::Settings::default();
        let feeds = vec![(path.clone(), form)];
        let (databases, processes) = (Vec::new(), Vec::new());
        let settings = Settings { networks: None, databases, fingerprints: feeds, processes, bundles: None, enricher };
        let (enricher, mut watch) = start(settings.clone(), home, Time(1_000)).expect("good sources");
        let control = enricher.control();
        let label = || {
            let sources = control.sources();
            sources.fingerprints().find(kind, hash).next().map(|said| said.label.to_owned())
        };
        assert_eq!(label().as_deref(), Some("first"));
        std::fs::write(&path, format!("{hash},the second\n")).expect("written");
        watch.look(&control, Time(2_000));
        assert_eq!(label().as_deref(), Some("the second"));
        std::fs::write(&path, "nothing here\n").expect("written");
        watch.look(&control, Time(3_000));
        watch.look(&control, Time(4_000));
        assert_eq!(label().as_deref(), Some("the second"));
        assert_eq!(refused(&control, "fingerprints"), 1, "told once");
        let error = format!("{:#}", sources(&settings).map(|_| ()).expect_err("must be refused"));
        let want = "line 1: got \"nothing here\", want a ja3 in the line";
        assert_eq!(error, format!("fingerprints: {}: {want}", path.display()));
    }

    #[test]
    fn a_batch_that_cannot_be_enriched_passes_as_it_came() {
        let mut enricher = Enricher::new(minamo_enrich::Settings::default(), Sources::default());
        let batch = minamo_model::EventBuilder::default().finish().expect("no rows");
        assert_eq!(enrich(&mut enricher, batch.clone()), batch);
    }
}
