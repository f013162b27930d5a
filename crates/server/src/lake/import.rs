// SPDX-License-Identifier: Apache-2.0
//! Import of files that nfcapd, nfdump or Joy wrote: read piece by piece on a thread of its own, enriched as all rows are,
//! and appended to the lake. What a file is is told by how it begins. A file is known by the hash of its content ([`minamo_state::Imports`]): once imported it is
//! passed over, and one that was interrupted goes on where it was.

use std::io::{self, BufRead as _, BufReader, Read};
use std::sync::Arc;

use arrow::array::RecordBatch;
use axum::body::{Body, Bytes};
use futures::StreamExt as _;
use minamo_base::{Time, hex};
use minamo_collect::joy;
use minamo_flowwire::nfdump::{self, Decoder};
use minamo_model::{BATCH_ROWS, FLOWS, Flow, FlowBuilder};
use minamo_state::{Import, Imports, StateError};
use minamo_store::{Lake, StoreError};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

/// Batches that may wait for the lake.
const QUEUE: usize = 4;
/// Octets read at a time.
const CHUNK: usize = 1 << 16;
/// Chunks of an upload that may wait for the decoder; each is what the connection gave, at most some hundred KiB.
const CHUNKS: usize = 8;

/// Adds to a batch what is known of its addresses.
pub type Enrich = Box<dyn FnMut(RecordBatch) -> RecordBatch + Send>;

/// What files are read into.
pub struct Importer {
    lake: Arc<Lake>,
    enrich: Enrich,
    imports: Arc<Imports>,
    clock: fn() -> Time,
}

/// Imports in a server: one at a time, while the list of them can be asked for.
#[derive(Clone)]
pub struct Importing {
    pub(crate) imports: Arc<Imports>,
    pub(crate) importer: Arc<tokio::sync::Mutex<Importer>>,
}

impl From<Importer> for Importing {
    fn from(importer: Importer) -> Self {
        Self { imports: Arc::clone(&importer.imports), importer: Arc::new(tokio::sync::Mutex::new(importer)) }
    }
}

/// A file to be imported.
#[derive(Debug, Clone)]
pub struct Source {
    /// SHA-256 of its content, hexadecimal.
    pub hash: String,
    /// Its name.
    pub name: String,
    /// Its length in octets.
    pub bytes: u64,
    /// Import it even where that was done before.
    pub again: bool,
    /// What comes is the file itself, not what another program made of it: its hash is compared.
    pub itself: bool,
}

/// What was read of a file and what was not.
#[derive(Debug, Clone)]
pub enum Account {
    /// Of nfcapd or nfdump.
    Nfdump(nfdump::Account),
    /// Of Joy.
    Joy(joy::Account),
}

/// What became of a file.
#[derive(Debug)]
pub enum Outcome {
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

/// Why a file was not imported, or not to its end. What was appended stays; the next import of it goes on there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is no file of nfdump or Joy, or one of a kind that cannot be read.
    #[error("{0}")]
    Refused(String),
    /// It cannot be read to its end.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// The octets that came are not those that were announced.
    #[error("the content has the hash {got}, want {want}: the file changed while it was read")]
    Changed {
        /// Hash of what came.
        got: String,
        /// Hash that was announced.
        want: String,
    },
    /// The list of imports cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The lake took no more rows.
    #[error("the lake took no more rows: {0}; the same import goes on here")]
    Lake(#[from] StoreError),
    /// Something of the program itself failed.
    #[error("{0}")]
    Failed(String),
}

/// What the reading thread gives.
struct Part {
    batch: RecordBatch,
    first: Time,
}

impl Importer {
    /// Into this lake, noted in this list.
    pub fn new(lake: Arc<Lake>, imports: Imports, enrich: Enrich, clock: fn() -> Time) -> Self {
        Self { lake, enrich, imports: Arc::new(imports), clock }
    }

    /// What is known of the file with that hash.
    pub fn known(&self, hash: &str) -> Result<Option<Import>, StateError> {
        self.imports.find(hash)
    }

    /// Imports what a request brings.
    pub async fn upload(&mut self, source: Source, body: Body) -> Result<Outcome, ImportError> {
        let (chunks, queue) = mpsc::channel(CHUNKS);
        let fed = async {
            let mut body = body.into_data_stream();
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error));
                let last = chunk.is_err();
                // The reader ends early where it has all it wants, or refuses.
                if chunks.send(chunk).await.is_err() || last {
                    break;
                }
            }
            drop(chunks);
        };
        let taken = self.take(source, Chunks { queue, rest: Bytes::new() });
        tokio::join!(fed, taken).1
    }

    /// Imports one file. An error leaves what was appended so far; the next call goes on there.
    pub async fn take(&mut self, source: Source, input: impl Read + Send + 'static) -> Result<Outcome, ImportError> {
        let Source { hash, name, bytes, again, itself } = source;
        let skip = match self.imports.find(&hash)?.filter(|_| !again) {
            Some(import) if import.finished => return Ok(Outcome::Known),
            known => known.map_or(0, |import| import.rows),
        };
        let mut import = Import { hash, name, bytes, rows: skip, finished: false, at: (self.clock)() };
        self.imports.put(&import)?;
        let (parts, mut queue) = mpsc::channel(QUEUE);
        let want = itself.then(|| import.hash.clone());
        let reading = tokio::task::spawn_blocking(move || read(input, want, skip, &parts));
        let mut first: Option<Time> = None;
        while let Some(part) = queue.recv().await {
            let rows = part.batch.num_rows() as u64;
            let batch = (self.enrich)(part.batch);
            self.lake.append(&FLOWS, batch).await?;
            first = Some(first.map_or(part.first, |first| first.min(part.first)));
            import.rows += rows;
            import.at = (self.clock)();
            self.imports.put(&import)?;
        }
        let account = reading.await.map_err(|error| ImportError::Failed(error.to_string()))??;
        import.finished = true;
        self.imports.put(&import)?;
        Ok(Outcome::Done { rows: import.rows - skip, skipped: skip, account, first })
    }
}

/// SHA-256 and length of what is to be imported.
pub fn hash(mut input: impl Read) -> io::Result<(String, u64)> {
    let (mut hash, mut length, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let read = input.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        length += read as u64;
        hash.update(chunk.get(..read).unwrap_or_default());
    }
    Ok((hex(&hash.finalize()), length))
}

/// Octets of an upload, as a reader that waits for them.
struct Chunks {
    queue: mpsc::Receiver<io::Result<Bytes>>,
    rest: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.queue.blocking_recv() {
                Some(chunk) => self.rest = chunk?,
                None => return Ok(0),
            }
        }
        let taken = self.rest.split_to(self.rest.len().min(to.len()));
        to.iter_mut().zip(&taken).for_each(|(to, octet)| *to = *octet);
        Ok(taken.len())
    }
}

/// A reader that hashes what passes.
struct Hashed<R> {
    input: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(to)?;
        self.hash.update(to.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// Reads a file to its end, or until nobody takes its rows; the first `skip` rows are left out.
fn read(input: impl Read, want: Option<String>, skip: u64, parts: &mpsc::Sender<Part>) -> Result<Account, ImportError> {
    let mut input = BufReader::with_capacity(CHUNK, Hashed { input, hash: Sha256::new() });
    let mut out = Parts { builder: FlowBuilder::default(), skip, first: None, parts, failed: None };
    let account = if joy::may_be_joy(input.fill_buf()?) {
        let account = joy::read(&mut input, &mut |flow| {
            out.add(&flow);
            out.failed.is_none()
        })?;
        if let (0, Some(fault)) = (account.rows, account.faults.first()) {
            return Err(ImportError::Refused(format!("there is no line of Joy's in it: {fault}")));
        }
        Account::Joy(account)
    } else {
        let mut decoder = Decoder::default();
        let mut octets = Vec::new();
        while decoder.wants() > 0 && out.failed.is_none() {
            octets.clear();
            input.by_ref().take(decoder.wants() as u64).read_to_end(&mut octets)?;
            let taken = decoder.take(&octets, &mut |flow| out.add(flow));
            taken.map_err(|refused| ImportError::Refused(refused.to_string()))?;
        }
        Account::Nfdump(decoder.account().clone())
    };
    out.send();
    if let Some(error) = out.failed {
        return Err(ImportError::Failed(error));
    }
    if let Some(want) = want {
        // What follows the last block is part of the file, too.
        io::copy(&mut input, &mut io::sink())?;
        let got = hex(&input.into_inner().hash.finalize());
        if got != want {
            return Err(ImportError::Changed { got, want });
        }
    }
    Ok(account)
}

/// Rows on their way into batches.
struct Parts<'a> {
    builder: FlowBuilder,
    /// Rows that an earlier import had appended.
    skip: u64,
    first: Option<Time>,
    parts: &'a mpsc::Sender<Part>,
    failed: Option<String>,
}

impl Parts<'_> {
    fn add(&mut self, flow: &Flow) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
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
            Ok(batch) => {
                self.parts.blocking_send(Part { batch, first }).map_err(|_| "the import was stopped".to_owned())
            }
            Err(error) => Err(format!("rows do not form a batch: {error}")),
        };
        self.failed = sent.err();
    }
}
