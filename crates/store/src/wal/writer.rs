// SPDX-License-Identifier: Apache-2.0
//! The log's writer: one thread that takes all appends. What waits when it is free is written together and
//! forced to disk once; then the batches enter the hot buffer in the order of their numbers, and only then
//! are the callers told. A failed write is taken back, so a refused batch is not found again after a crash.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use tokio::sync::{mpsc, oneshot};

use super::{WalFile, frame, sync_dir};
use crate::StoreError;
use crate::counters::add;
use crate::shared::{HotBatch, Shared};
use crate::span::Span;
use crate::tables::{PerTable, TABLES};

/// Octets that are written together at most, unless one batch alone is larger.
const GROUP_BYTES: usize = 16 << 20;

type Reply = oneshot::Sender<Result<(), StoreError>>;

/// A batch on its way into the log.
pub(crate) struct Append {
    /// Place of the table.
    pub(crate) table: usize,
    /// The rows.
    pub(crate) batch: RecordBatch,
    /// Times of the rows.
    pub(crate) span: Span,
    /// The batch as a frame.
    pub(crate) frame: Vec<u8>,
    /// Where the answer goes.
    pub(crate) reply: Reply,
}

/// What the writer is asked for. The queue is bounded: callers wait when it is full.
pub(crate) enum Request {
    /// Append a batch.
    Append(Box<Append>),
    /// Close the current file, so that it can go once its rows are sealed.
    Rotate(Reply),
}

/// The file that takes frames.
struct Open {
    file: File,
    path: PathBuf,
    /// Octets that are on disk for certain.
    length: u64,
    last: PerTable<u64>,
}

/// The writer's state.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    dir: PathBuf,
    open: Option<Open>,
    file_no: u64,
    /// Number of the next frame.
    next: u64,
    /// Appends that failed since one did not.
    failed: u64,
}

/// Of appends that fail one after another, as on a full disk, one in so many is told.
const TOLD: u64 = 60;

impl Writer {
    /// A writer whose first file is `file_no + 1` and whose first frame is `next`.
    pub(crate) fn new(shared: Arc<Shared>, file_no: u64, next: u64) -> Self {
        let dir = shared.dir.join("wal");
        Self { shared, dir, open: None, file_no, next, failed: 0 }
    }

    /// Serves requests until all senders are gone.
    pub(crate) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut rotations = Vec::new();
            let mut group = Vec::new();
            let mut bytes = 0;
            let mut next = Some(first);
            while let Some(request) = next {
                match request {
                    Request::Append(append) => {
                        bytes += append.frame.len();
                        group.push(*append);
                    }
                    Request::Rotate(reply) => rotations.push(reply),
                }
                next = if bytes < GROUP_BYTES && rotations.is_empty() { requests.try_recv().ok() } else { None };
            }
            self.append(group);
            let full = self.open.as_ref().is_some_and(|open| open.length >= self.shared.settings.wal_file_bytes);
            if full || !rotations.is_empty() {
                self.rotate();
            }
            for reply in rotations {
                // A caller that is gone needs no answer.
                drop(reply.send(Ok(())));
            }
        }
        self.rotate();
    }

    fn append(&mut self, group: Vec<Append>) {
        let mut taken = Vec::with_capacity(group.len());
        for append in group {
            if self.shared.is_full() {
                add(&self.shared.counters.refused_full, 1);
                let reason = "less than half of the space that shall stay free is left (lake.min_free)".to_owned();
                let (action, path) = ("append to", self.shared.dir.clone());
                drop(append.reply.send(Err(StoreError::Io { action, path, reason, full: true })));
                continue;
            }
            match self.shared.wait_for_room(append.table) {
                Ok(()) => taken.push(append),
                Err(error) => {
                    add(&self.shared.counters.append_errors, 1);
                    drop(append.reply.send(Err(error)));
                }
            }
        }
        if taken.is_empty() {
            return;
        }
        match self.write(&taken) {
            Ok(()) => {
                self.failed = 0;
                self.publish(taken);
            }
            Err(error) => {
                if self.failed.is_multiple_of(TOLD) {
                    tracing::error!(%error, batches = taken.len(), since = self.failed, "append failed");
                }
                self.failed = self.failed.saturating_add(1);
                add(&self.shared.counters.append_errors, taken.len());
                for append in taken {
                    drop(append.reply.send(Err(error.clone())));
                }
            }
        }
    }

    /// Writes and forces to disk; on an error the file is as before or abandoned.
    fn write(&mut self, group: &[Append]) -> Result<(), StoreError> {
        let next = self.next;
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(create(&self.dir, &mut self.file_no, next)?),
        };
        let mut end = open.length;
        let mut each = |append: &Append| {
            let written = open.file.write_all_at(&append.frame, end);
            end += append.frame.len() as u64;
            written
        };
        let written = group
            .iter()
            .try_for_each(&mut each)
            .map_err(StoreError::io("append to", &open.path))
            .and_then(|()| open.file.sync_data().map_err(StoreError::io("sync", &open.path)));
        if let Err(error) = written {
            // The next file takes over the numbers of what may be left, so it does not count even where
            // this cut fails too.
            drop(open.file.set_len(open.length));
            self.rotate();
            return Err(error);
        }
        add(&self.shared.counters.wal_bytes, end - open.length);
        open.length = end;
        for (number, append) in (next..).zip(group) {
            if let Some(last) = open.last.get_mut(append.table) {
                *last = number;
            }
        }
        add(&self.shared.counters.wal_syncs, 1);
        Ok(())
    }

    fn publish(&mut self, group: Vec<Append>) {
        for Append { table, batch, span, reply, .. } in group {
            add(&self.shared.counters.appended_batches, 1);
            add(&self.shared.counters.appended_rows, batch.num_rows());
            self.shared.push_hot(table, HotBatch::new(self.next, batch, span));
            self.next += 1;
            drop(reply.send(Ok(())));
        }
        self.shared.ask_for_seal();
    }

    fn rotate(&mut self) {
        if let Some(Open { path, last, .. }) = self.open.take() {
            self.shared.closed_wal(WalFile { path, last, keep: false });
        }
        self.shared.release_wal();
    }
}

fn create(dir: &std::path::Path, file_no: &mut u64, first: u64) -> Result<Open, StoreError> {
    *file_no += 1;
    let path = dir.join(format!("{file_no:012}.wal"));
    let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(StoreError::io("create", &path))?;
    let header = frame::header(first);
    let made = file
        .write_all_at(&header, 0)
        .and_then(|()| file.sync_all())
        .map_err(StoreError::io("write", &path))
        .and_then(|()| sync_dir(dir));
    if let Err(error) = made {
        drop(std::fs::remove_file(&path));
        return Err(error);
    }
    Ok(Open { file, path, length: header.len() as u64, last: [0; TABLES] })
}

#[cfg(test)]
mod tests {
    use minamo_base::{Ip, Time};
    use minamo_model::{FLOWS, Flow, FlowBuilder};

    use super::*;
    use crate::Settings;
    use crate::counters::Counters;
    use crate::wal::replay;

    fn append(n: u8) -> (Append, oneshot::Receiver<Result<(), StoreError>>) {
        let mut flow = Flow::default();
        flow.core.src_ip = Ip::v4([10, 0, 0, n]);
        let mut builder = FlowBuilder::default();
        builder.append(&flow);
        let batch = builder.finish().expect("a batch");
        let span = Span::of(&FLOWS, &batch).expect("times");
        let frame = frame::encode(0, &batch).expect("a frame");
        let (reply, answer) = oneshot::channel();
        (Append { table: 0, batch, span, frame, reply }, answer)
    }

    #[test]
    fn a_full_disk_is_told_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join("wal")).expect("made");
        let shared = Arc::new(Shared::new(dir.path(), Settings::default(), || Time(0), None));
        let mut writer = Writer::new(Arc::clone(&shared), 0, 1);
        let (first, mut told) = append(1);
        writer.append(vec![first]);
        assert!(matches!(told.try_recv(), Ok(Ok(()))));
        // A device that is always full takes the place of the log file.
        if let Some(open) = &mut writer.open {
            open.file = OpenOptions::new().write(true).open("/dev/full").expect("opens");
        }
        let (second, mut told) = append(2);
        writer.append(vec![second]);
        let error = told.try_recv().expect("answered").expect_err("refused");
        assert!(error.is_full(), "{error}");
        assert!(error.to_string().contains("000000000001.wal: No space left on device"), "{error}");
        let (third, mut told) = append(3);
        writer.append(vec![third]);
        assert!(matches!(told.try_recv(), Ok(Ok(()))));
        assert_eq!(shared.hot(0).iter().map(|hot| hot.seq).collect::<Vec<_>>(), [1, 2]);
        drop(writer);
        let found = replay(&dir.path().join("wal"), &[0; TABLES], true, &Counters::default()).expect("readable");
        assert_eq!(found.batches.iter().map(|b| b.seq).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn what_a_failed_write_left_has_a_number_that_the_next_file_takes() {
        let dir = tempfile::tempdir().expect("a directory");
        for (number, first, frames) in [(1, 1, 3_u8), (2, 3, 1)] {
            let mut octets = frame::header(first).to_vec();
            for n in 0..frames {
                octets.extend(append(n).0.frame);
            }
            std::fs::write(dir.path().join(format!("{number}.wal")), octets).expect("written");
        }
        let found = replay(dir.path(), &[0; TABLES], false, &Counters::default()).expect("readable");
        assert_eq!(found.batches.iter().map(|b| b.seq).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(found.files.iter().map(|file| file.last[0]).collect::<Vec<_>>(), [2, 3]);
    }
}
