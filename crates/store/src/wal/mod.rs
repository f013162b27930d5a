// SPDX-License-Identifier: Apache-2.0
//! The write-ahead log: files `wal/<n>.wal` of numbered frames. Reading them back is here, writing them in
//! [`writer`]. Which files may go is decided by [`WalFile::sealed`].

pub(crate) mod frame;
pub(crate) mod writer;

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use crate::StoreError;
use crate::counters::{Counters, add};
use crate::tables::{PerTable, TABLES};

/// A log file that takes no more frames.
#[derive(Debug)]
pub(crate) struct WalFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Number of each table's last frame in it; 0 for none.
    pub(crate) last: PerTable<u64>,
    /// True where it holds frames that this version cannot read: it is kept.
    pub(crate) keep: bool,
}

impl WalFile {
    /// True where all its frames are in segments.
    pub(crate) fn sealed(&self, through: &PerTable<u64>) -> bool {
        !self.keep && self.last.iter().zip(through).all(|(last, through)| last <= through)
    }
}

/// A batch that was read back.
pub(crate) struct Recovered {
    /// Place of its table in [`TABLES`].
    pub(crate) table: usize,
    /// Number of its frame.
    pub(crate) seq: u64,
    /// The rows.
    pub(crate) batch: RecordBatch,
}

/// All that the log holds.
#[derive(Default)]
pub(crate) struct Replay {
    /// Batches in order that are not in segments yet.
    pub(crate) batches: Vec<Recovered>,
    /// The files.
    pub(crate) files: Vec<WalFile>,
    /// Highest number of a file.
    pub(crate) file_no: u64,
    /// Highest number of a frame.
    pub(crate) seq: u64,
}

/// Number and path of the log files in `dir`, in order.
fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(StoreError::io("list", dir))? {
        let path = entry.map_err(StoreError::io("list", dir))?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let (Some(number), true) = (number, path.extension().is_some_and(|e| e == "wal")) {
            files.push((number, path));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Reads the log in `dir`. `skip` says which frames are in segments already. With `repair`, unfinished ends
/// are cut from the files; otherwise nothing is changed and files that vanish meanwhile are passed over.
pub(crate) fn replay(
    dir: &Path,
    skip: &PerTable<u64>,
    repair: bool,
    counters: &Counters,
) -> Result<Replay, StoreError> {
    let mut out = Replay::default();
    let mut loaded = Vec::new();
    for (number, path) in list(dir)? {
        out.file_no = number;
        let octets = match fs::read(&path) {
            Err(error) if !repair && error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other.map_err(StoreError::io("read", &path))?,
        };
        match frame::start(&path, &octets)? {
            frame::Start::First(first) => loaded.push((first, path, octets)),
            frame::Start::Torn if repair => {
                add(&counters.cut_tails, 1);
                add(&counters.cut_bytes, octets.len());
                fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
            }
            frame::Start::Torn => {}
        }
    }
    // Frames that a failed write left behind have numbers that the next file took over: they do not count.
    let firsts: Vec<u64> = loaded.iter().map(|(first, ..)| *first).collect();
    for (at, (first, path, octets)) in loaded.into_iter().enumerate() {
        let below = firsts.get(at + 1).copied().unwrap_or(u64::MAX);
        let (file, good) = replay_file(first, below, path, &octets, skip, &mut out, counters);
        if good < octets.len() && repair {
            add(&counters.cut_tails, 1);
            add(&counters.cut_bytes, octets.len() - good);
            cut(&file.path, good)?;
        }
        out.files.push(file);
    }
    Ok(out)
}

fn replay_file(
    first: u64,
    below: u64,
    path: PathBuf,
    octets: &[u8],
    skip: &PerTable<u64>,
    out: &mut Replay,
    counters: &Counters,
) -> (WalFile, usize) {
    let mut file = WalFile { path, last: [0; TABLES], keep: false };
    let mut seq = first;
    out.seq = out.seq.max(first.saturating_sub(1));
    let good = frame::walk(octets, |frame| {
        let number = seq;
        seq += 1;
        if number >= below {
            return;
        }
        out.seq = out.seq.max(number);
        let Some((table, octets)) = frame else {
            tracing::error!(path = %file.path.display(), number, "a frame of the log is damaged: its rows are lost unless sealed");
            file.keep = true;
            add(&counters.damaged_frames, 1);
            return;
        };
        let table = usize::from(table);
        match (file.last.get_mut(table), skip.get(table)) {
            (Some(last), Some(through)) => {
                *last = number;
                if number <= *through {
                    return;
                }
            }
            _ => {
                file.keep = true;
                add(&counters.unknown_frames, 1);
                return;
            }
        }
        match frame::decode(octets) {
            Some(batch) => {
                add(&counters.recovered_batches, 1);
                add(&counters.recovered_rows, batch.num_rows());
                out.batches.push(Recovered { table, seq: number, batch });
            }
            None => {
                file.keep = true;
                add(&counters.unknown_frames, 1);
            }
        }
    });
    (file, good)
}

fn cut(path: &Path, length: usize) -> Result<(), StoreError> {
    let file = fs::OpenOptions::new().write(true).open(path).map_err(StoreError::io("open", path))?;
    file.set_len(length as u64).map_err(StoreError::io("cut", path))?;
    file.sync_all().map_err(StoreError::io("sync", path))
}

/// Makes changes of a directory's entries durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    fs::File::open(dir).and_then(|d| d.sync_all()).map_err(StoreError::io("sync", dir))
}
