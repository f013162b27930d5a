// SPDX-License-Identifier: Apache-2.0
//! Where imported files go: into the lake, or to the server that has it. Both take a file once, whatever its name, and go
//! on where an import was interrupted ([`minamo_server::lake::import`]).

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Context as _;
use axum::body::{Body, Bytes};
use indicatif::ProgressBar;
use minamo_enrich::Enricher;
use minamo_server::lake::import::{Importer, Source, hash};
use minamo_server::lake::types::{LakeImport, LakeImported};
use minamo_server::local::{Client, ClientError};
use minamo_state::Imports;
use minamo_store::Lake;
use tempfile::TempDir;

use crate::clock;
use crate::enrichment::enrich;
use crate::exported::Exported;

/// Folders in folders are followed this far.
const MAX_DEPTH: usize = 32;
/// Octets of a file that are sent at a time.
const CHUNK: usize = 1 << 18;
/// Chunks that may wait for the connection.
const CHUNKS: usize = 4;

/// What takes files in.
pub(crate) enum Target {
    /// This program, which has the lake open.
    Own(Box<Importer>),
    /// The server that has it.
    Server(Client),
}

/// How files are imported.
#[derive(Clone, Copy)]
pub(crate) struct How {
    /// Import what was imported already.
    pub(crate) again: bool,
    /// Have nfdump make a file of layout 2 first.
    pub(crate) through_nfdump: bool,
}

/// An importer into a lake that this program has open; encrypted sessions are judged as those of exporters are.
pub(crate) fn importer(
    lake: Arc<Lake>,
    mut enricher: Enricher,
    mut judge: Exported,
    state: &Path,
) -> anyhow::Result<Importer> {
    let enrich = Box::new(move |batch| enrich(&mut enricher, judge.add(batch)));
    Ok(Importer::new(lake, Imports::open(state)?, enrich, clock::now))
}

impl Target {
    /// Imports one file. An error leaves what was appended so far; the next call goes on there.
    pub(crate) async fn file(&mut self, path: &Path, how: How) -> anyhow::Result<LakeImported> {
        let file = path.to_owned();
        let (hash, bytes) = tokio::task::spawn_blocking(move || hash(File::open(file)?)).await??;
        let (again, itself) = (how.again, !how.through_nfdump);
        let source = Source { hash, name: path.display().to_string(), bytes, again, itself };
        if !how.again && self.knows(&source.hash).await? {
            return Ok(LakeImported { known: true, ..LakeImported::default() });
        }
        let (content, _folder) = content(path, how.through_nfdump)?;
        match self {
            Self::Own(importer) => Ok(importer.take(source, content).await?.into()),
            Self::Server(server) => send(server, &source, content).await,
        }
    }

    /// True where the file of that hash is there as a whole.
    async fn knows(&self, hash: &str) -> anyhow::Result<bool> {
        match self {
            Self::Own(importer) => Ok(importer.known(hash)?.is_some_and(|import| import.finished)),
            Self::Server(server) => match server.get::<LakeImport>(&format!("/lake/imports/{hash}")).await {
                Ok(import) => Ok(import.finished),
                Err(error) if error.is_missing() => Ok(false),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// The file, or what nfdump makes of it; that lies in a folder which goes with it.
fn content(path: &Path, through_nfdump: bool) -> anyhow::Result<(File, Option<TempDir>)> {
    if !through_nfdump {
        return Ok((File::open(path)?, None));
    }
    let folder = tempfile::tempdir().context("cannot make a folder for nfdump's output")?;
    let made = folder.path().join("nfcapd");
    let mut nfdump = Command::new("nfdump");
    nfdump.arg("-q").arg("-r").arg(path).arg("-w").arg(&made);
    let output = nfdump.output().context("--through nfdump: nfdump is not installed or not in PATH")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "nfdump cannot read it: {}", said.trim());
    Ok((File::open(&made).context("nfdump wrote nothing")?, Some(folder)))
}

/// Sends a file to the server, a few chunks ahead of what that has taken.
async fn send(server: &Client, source: &Source, mut content: File) -> anyhow::Result<LakeImported> {
    let Source { hash, name, bytes, again, itself } = source;
    let bar = ProgressBar::new(content.metadata()?.len());
    let (chunks, mut queue) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(CHUNKS);
    let sent = bar.clone();
    let reading = tokio::task::spawn_blocking(move || {
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = content.read(&mut chunk).map(|read| {
                chunk.truncate(read);
                sent.inc(read as u64);
                Bytes::from(chunk)
            });
            let last = read.as_ref().map_or(true, Bytes::is_empty);
            if chunks.blocking_send(read).is_err() || last {
                break;
            }
        }
    });
    let octets = futures::stream::poll_fn(move |context| queue.poll_recv(context));
    let path = format!("/lake/imports/{hash}?name={}&bytes={bytes}&again={again}&converted={}", quoted(name), !itself);
    let answer = server.upload(&path, Body::from_stream(octets)).await;
    bar.finish_and_clear();
    reading.await?;
    match answer {
        Err(ClientError::Refused { status: 409, message }) => Err(anyhow::anyhow!("{message}: try again later")),
        answer => Ok(answer?),
    }
}

/// A text as part of an address: what is not plain is written as `%` and two digits.
fn quoted(text: &str) -> String {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~/".contains(octet);
    text.bytes()
        .map(|octet| if plain(&octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") })
        .collect()
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
    use minamo_base::Time;
    use minamo_enrich::Sources;
    use minamo_state::Import;
    use minamo_store::SummaryQuery;

    use super::*;

    const ONCE: How = How { again: false, through_nfdump: false };

    fn recording(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/nfdump").join(name)
    }

    /// Everything that an import needs, in a folder.
    struct Case {
        lake: Arc<Lake>,
        target: Target,
    }

    fn case(folder: &Path) -> Case {
        let settings = minamo_store::Settings::default();
        let lake = Arc::new(Lake::open(&folder.join("lake"), settings, clock::now).expect("a lake"));
        let enricher = Enricher::new(minamo_enrich::Settings::default(), Sources::default());
        let judge = Exported::new(crate::judge::model(None).expect("a model"));
        let importer = importer(Arc::clone(&lake), enricher, judge, &folder.join("state.db")).expect("a table");
        Case { lake, target: Target::Own(Box::new(importer)) }
    }

    impl Case {
        async fn flows(&self) -> u64 {
            let all = SummaryQuery { from: None, to: None, filter: minamo_filter::Expr::All };
            self.lake.summary(all).await.expect("an answer").flows
        }

        /// Rows appended and rows passed over; nothing where the file was known.
        async fn rows(&mut self, path: &Path, how: How) -> Option<(u64, u64)> {
            let done = self.target.file(path, how).await.expect("imports");
            (!done.known).then_some((done.rows, done.skipped))
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_is_imported_once_unless_asked_for_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut case = case(folder.path());
        let path = recording("nfcapd.lz4");
        assert_eq!(case.rows(&path, ONCE).await, Some((52, 0)));
        assert_eq!(case.rows(&path, ONCE).await, None);
        // The same octets under another name are the same file.
        let copy = folder.path().join("nfcapd.copy");
        std::fs::copy(&path, &copy).expect("copied");
        assert_eq!(case.rows(&copy, ONCE).await, None);
        assert_eq!(case.flows().await, 52);
        assert_eq!(case.rows(&path, How { again: true, ..ONCE }).await, Some((52, 0)));
        assert_eq!(case.flows().await, 104);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_interrupted_import_goes_on_where_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut case = case(folder.path());
        let path = recording("nfcapd.plain");
        let (hash, bytes) = hash(File::open(&path).expect("opens")).expect("reads");
        let name = "nfcapd.plain".to_owned();
        let imports = Imports::open(&folder.path().join("state.db")).expect("a table");
        imports.put(&Import { hash, name, bytes, rows: 50, finished: false, at: Time(0) }).expect("noted");
        assert_eq!(case.rows(&path, ONCE).await, Some((2, 50)));
        assert_eq!(case.flows().await, 2);
        assert_eq!(case.rows(&path, ONCE).await, None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_no_file_of_nfdump_is_refused_and_not_noted_as_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut case = case(folder.path());
        let path = folder.path().join("nfcapd.text");
        std::fs::write(&path, "text").expect("written");
        for _ in 0..2 {
            let error = case.target.file(&path, ONCE).await.expect_err("refused").to_string();
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
        let mut case = case(folder.path());
        let through = How { through_nfdump: true, ..ONCE };
        assert_eq!(case.rows(&recording("nfcapd.bzip2"), through).await, Some((52, 0)));
        let path = folder.path().join("nfcapd.text");
        std::fs::write(&path, "text").expect("written");
        let error = case.target.file(&path, through).await.expect_err("refused").to_string();
        assert!(error.starts_with("nfdump "), "{error}");
    }

    #[test]
    fn names_of_files_are_written_into_addresses() {
        assert_eq!(quoted("/var/a b&c=%é.1"), "/var/a%20b%26c%3D%25%C3%A9.1");
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
