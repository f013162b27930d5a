// SPDX-License-Identifier: Apache-2.0
//! Import of files that nfcapd or nfdump wrote: read block by block on a thread of its own, enriched as all rows are,
//! and appended to the lake. A file is known by the hash of its content ([`minamo_state::Imports`]): once imported it is
//! passed over, and one that was interrupted goes on where it was.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_enrich::Enricher;
use minamo_flowwire::nfdump::{Account, Decoder};
use minamo_model::{BATCH_ROWS, FLOWS, Flow, FlowBuilder};
use minamo_state::{Import, Imports};
use minamo_store::Lake;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::clock;
use crate::enrichment::enrich;

/// Batches that may wait for the lake.
const QUEUE: usize = 4;
/// Octets read at a time for the hash.
const CHUNK: usize = 1 << 16;
/// Folders in folders are followed this far.
const MAX_DEPTH: usize = 32;

/// What files are read into.
pub(crate) struct Importer {
    pub(crate) lake: Arc<Lake>,
    pub(crate) enricher: Enricher,
    pub(crate) imports: Imports,
    /// Import what was imported already.
    pub(crate) again: bool,
    /// Have nfdump make a file of layout 2 first.
    pub(crate) through_nfdump: bool,
}

/// What became of a file.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was imported before.
    Known,
    /// It is imported.
    Done {
        /// Rows appended now.
        rows: u64,
        /// Rows of it that an import that was interrupted had appended.
        skipped: u64,
        /// What was read and what was not.
        account: Account,
        /// Start of the earliest flow.
        first: Option<Time>,
    },
}

/// What the reading thread gives.
struct Part {
    batch: RecordBatch,
    first: Time,
}

impl Importer {
    /// Imports one file. An error leaves what was appended so far; the next call goes on there.
    pub(crate) async fn file(&mut self, path: &Path) -> anyhow::Result<Outcome> {
        let file = path.to_owned();
        let (hash, bytes) = tokio::task::spawn_blocking(move || hash(&file)).await??;
        let known = self.imports.find(&hash)?.filter(|_| !self.again);
        let skip = match known {
            Some(import) if import.finished => return Ok(Outcome::Known),
            known => known.map_or(0, |import| import.rows),
        };
        let name = path.display().to_string();
        let mut import = Import { hash, name, bytes, rows: skip, finished: false, at: clock::now() };
        self.imports.put(&import)?;
        let (parts, mut queue) = mpsc::channel(QUEUE);
        let (file, through) = (path.to_owned(), self.through_nfdump);
        let reading = tokio::task::spawn_blocking(move || read(&file, through, skip, &parts));
        let mut first: Option<Time> = None;
        while let Some(part) = queue.recv().await {
            let rows = part.batch.num_rows() as u64;
            let batch = enrich(&mut self.enricher, part.batch);
            self.lake
                .append(&FLOWS, batch)
                .await
                .context("the lake took no more rows; the same command goes on here")?;
            first = Some(first.map_or(part.first, |first| first.min(part.first)));
            import.rows += rows;
            import.at = clock::now();
            self.imports.put(&import)?;
        }
        let account = reading.await??;
        import.finished = true;
        self.imports.put(&import)?;
        Ok(Outcome::Done { rows: import.rows - skip, skipped: skip, account, first })
    }
}

/// SHA-256 and length of a file.
fn hash(path: &Path) -> anyhow::Result<(String, u64)> {
    let mut input = File::open(path)?;
    let (mut hash, mut length, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let read = input.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        length += read as u64;
        hash.update(chunk.get(..read).unwrap_or_default());
    }
    let digits = hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect();
    Ok((digits, length))
}

/// Reads a file to its end, or until nobody takes its rows; the first `skip` rows are left out.
fn read(path: &Path, through_nfdump: bool, skip: u64, parts: &mpsc::Sender<Part>) -> anyhow::Result<Account> {
    if !through_nfdump {
        return decode(File::open(path)?, skip, parts);
    }
    let folder = tempfile::tempdir().context("cannot make a folder for nfdump's output")?;
    let made = folder.path().join("nfcapd");
    let mut nfdump = Command::new("nfdump");
    nfdump.arg("-q").arg("-r").arg(path).arg("-w").arg(&made);
    let output = nfdump.output().context("--through nfdump: nfdump is not installed or not in PATH")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "nfdump cannot read it: {}", said.trim());
    decode(File::open(&made).context("nfdump wrote nothing")?, skip, parts)
}

fn decode(file: File, mut skip: u64, parts: &mpsc::Sender<Part>) -> anyhow::Result<Account> {
    let mut input = BufReader::with_capacity(CHUNK, file);
    let (mut decoder, mut octets) = (Decoder::default(), Vec::new());
    let mut out = Parts { builder: FlowBuilder::default(), first: None, parts, failed: None };
    while decoder.wants() > 0 && out.failed.is_none() {
        octets.clear();
        input.by_ref().take(decoder.wants() as u64).read_to_end(&mut octets)?;
        decoder.take(&octets, &mut |flow| {
            if skip > 0 {
                skip -= 1;
            } else {
                out.add(flow);
            }
        })?;
    }
    out.send();
    match out.failed {
        Some(error) => Err(error),
        None => Ok(decoder.account().clone()),
    }
}

/// Rows on their way into batches.
struct Parts<'a> {
    builder: FlowBuilder,
    first: Option<Time>,
    parts: &'a mpsc::Sender<Part>,
    failed: Option<anyhow::Error>,
}

impl Parts<'_> {
    fn add(&mut self, flow: &Flow) {
        let start = flow.core.time_start;
        self.first = Some(self.first.map_or(start, |first| first.min(start)));
        self.builder.append(flow);
        if self.builder.len() >= BATCH_ROWS {
            self.send();
        }
    }

    fn send(&mut self) {
        let Some(first) = self.first.take().filter(|_| self.failed.is_none()) else { return };
        let sent = match self.builder.finish() {
            Ok(batch) => self.parts.blocking_send(Part { batch, first }).context("the import was stopped"),
            Err(error) => Err(error).context("rows do not form a batch"),
        };
        self.failed = sent.err();
    }
}

/// The files that paths stand for: a folder's own and those of folders in it, by name, as far as they are called as
/// nfcapd calls them. The one that nfcapd is still writing is left out; a file that is named itself is taken.
pub(crate) fn expand(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() { walk(path, 0, &mut files)? } else { files.push(path.clone()) }
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let named = || folder.display().to_string();
    anyhow::ensure!(depth < MAX_DEPTH, "{}: folders lie in each other more than {MAX_DEPTH} deep", named());
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(named)? {
        inside.push(entry.with_context(named)?.path());
    }
    inside.sort();
    for path in inside {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // A link may lead back up: only real folders are followed.
        if path.is_dir() && !path.is_symlink() {
            walk(&path, depth + 1, files)?;
        } else if path.is_file() && name.starts_with("nfcapd.") && !name.starts_with("nfcapd.current") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use minamo_enrich::Sources;
    use minamo_store::SummaryQuery;

    use super::*;

    fn recording(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/nfdump").join(name)
    }

    fn importer(folder: &Path) -> Importer {
        let settings = minamo_store::Settings::default();
        Importer {
            lake: Arc::new(Lake::open(&folder.join("lake"), settings, clock::now).expect("a lake")),
            enricher: Enricher::new(minamo_enrich::Settings::default(), Sources::default()),
            imports: Imports::open(&folder.join("state.db")).expect("a table"),
            again: false,
            through_nfdump: false,
        }
    }

    async fn flows(importer: &Importer) -> u64 {
        let all = SummaryQuery { from: None, to: None, filter: minamo_filter::Expr::All };
        importer.lake.summary(all).await.expect("an answer").flows
    }

    fn rows(outcome: &Outcome) -> Option<(u64, u64)> {
        match outcome {
            Outcome::Known => None,
            Outcome::Done { rows, skipped, .. } => Some((*rows, *skipped)),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_is_imported_once_unless_asked_for_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut importer = importer(folder.path());
        let path = recording("nfcapd.lz4");
        assert_eq!(rows(&importer.file(&path).await.expect("imports")), Some((52, 0)));
        assert_eq!(rows(&importer.file(&path).await.expect("known")), None);
        // The same octets under another name are the same file.
        let copy = folder.path().join("nfcapd.copy");
        std::fs::copy(&path, &copy).expect("copied");
        assert_eq!(rows(&importer.file(&copy).await.expect("known")), None);
        assert_eq!(flows(&importer).await, 52);
        importer.again = true;
        assert_eq!(rows(&importer.file(&path).await.expect("imports")), Some((52, 0)));
        assert_eq!(flows(&importer).await, 104);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_interrupted_import_goes_on_where_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut importer = importer(folder.path());
        let path = recording("nfcapd.plain");
        let (hash, bytes) = hash(&path).expect("reads");
        let name = "nfcapd.plain".to_owned();
        importer.imports.put(&Import { hash, name, bytes, rows: 50, finished: false, at: Time(0) }).expect("noted");
        assert_eq!(rows(&importer.file(&path).await.expect("imports")), Some((2, 50)));
        assert_eq!(flows(&importer).await, 2);
        assert_eq!(rows(&importer.file(&path).await.expect("known")), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_no_file_of_nfdump_is_refused_and_not_noted_as_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut importer = importer(folder.path());
        let path = folder.path().join("nfcapd.text");
        std::fs::write(&path, "text").expect("written");
        for _ in 0..2 {
            let error = importer.file(&path).await.expect_err("refused").to_string();
            assert_eq!(
                error,
                "it is no file of nfdump: file.magic at octet 0: got 25972, want 42252 (hexadecimal a50c)"
            );
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nfdump_itself_can_be_the_reader() {
        if Command::new("nfdump").arg("-V").output().is_err() {
            println!("skipped: nfdump is not installed");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mut importer = importer(folder.path());
        importer.through_nfdump = true;
        assert_eq!(rows(&importer.file(&recording("nfcapd.bzip2")).await.expect("imports")), Some((52, 0)));
        let path = folder.path().join("nfcapd.text");
        std::fs::write(&path, "text").expect("written");
        let error = importer.file(&path).await.expect_err("refused").to_string();
        assert!(error.starts_with("nfdump "), "{error}");
    }

    #[test]
    fn folders_give_what_nfcapd_has_finished() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("2026/01")).expect("made");
        for name in ["2026/01/nfcapd.2", "2026/01/nfcapd.1", "nfcapd.current.77", "notes.txt", "2026/nfcapd.3"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let found = expand(&[folder.path().to_owned(), PathBuf::from("named")]).expect("a folder");
        let names: Vec<_> =
            found.iter().map(|p| p.strip_prefix(folder.path()).unwrap_or(p).display().to_string()).collect();
        assert_eq!(names, ["2026/01/nfcapd.1", "2026/01/nfcapd.2", "2026/nfcapd.3", "named"]);
    }
}
