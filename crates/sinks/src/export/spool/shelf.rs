// SPDX-License-Identifier: Apache-2.0
//! Which files there are, shared by who writes and who sends.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use minamo_base::Time;

use super::file::{HEAD, Reader};
use super::{Counters, Settings, add};
use crate::export::{self, Target, Transport};

/// How names of files end.
const ENDING: &str = "spool";

/// The files of a spool.
pub(super) struct Shelf {
    folder: PathBuf,
    pub(super) settings: Settings,
    pub(super) clock: fn() -> Time,
    /// Name of the spool on the wire, a new one for each run: what the last run had sent and the disk lost shall not make
    /// new messages look like repeated ones.
    pub(super) spool: u64,
    pub(super) counters: Counters,
    pub(super) export: export::Counters,
    files: Mutex<Files>,
    changed: Condvar,
    /// Held as long as the spool is open: another process must not write here.
    _lock: File,
}

#[derive(Debug, Default)]
struct Files {
    /// In the order of their numbers.
    entries: VecDeque<Entry>,
    octets: u64,
    next_number: u64,
    next_sequence: u32,
    ended: bool,
}

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u64,
    /// Octets that are whole messages.
    pub(super) len: u64,
    /// Records in it; nothing where it is of a run before.
    records: Option<u64>,
    /// When it was begun.
    pub(super) begun: Time,
    /// True while it is written to.
    pub(super) open: bool,
    /// When the collector had read it.
    read: Option<Time>,
}

impl Shelf {
    /// Opens the folder of the target's format and lists what is in it.
    pub(super) fn open(target: &Target, settings: &Settings, clock: fn() -> Time) -> io::Result<Self> {
        let folder = settings.folder.join(target.wire.name());
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock().map_err(|error| {
            let text = format!("{}: another program uses this buffer ({error})", folder.display());
            io::Error::new(io::ErrorKind::ResourceBusy, text)
        })?;
        let mut settings = settings.clone();
        if target.transport == Transport::Udp {
            // Nobody says that a collector failed after it had taken something.
            settings.keep = Duration::ZERO;
        }
        let mut files = Files { next_number: 1, ..Files::default() };
        let counters = Counters::default();
        for number in numbers(&folder)? {
            let path = path(&folder, number);
            let meta = fs::metadata(&path)?;
            files.next_number = number + 1;
            if meta.len() <= HEAD {
                fs::remove_file(&path)?;
                continue;
            }
            let begun = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
            let begun = Time(begun.and_then(|age| i64::try_from(age.as_nanos()).ok()).unwrap_or(0));
            let entry = Entry { number, len: meta.len(), records: None, begun, open: false, read: None };
            files.entries.push_back(entry);
            files.octets += meta.len();
        }
        if let Some(last) = files.entries.back_mut() {
            let end = end(&path(&folder, last.number), last.len);
            add(&counters.damaged, last.len - end.len);
            files.octets -= last.len - end.len;
            last.len = end.len;
            files.next_sequence = end.sequence;
        }
        Ok(Self {
            folder,
            settings,
            clock,
            spool: name(clock()),
            counters,
            export: export::Counters::default(),
            files: Mutex::new(files),
            changed: Condvar::new(),
            _lock: lock,
        })
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        // What another thread left is numbers only: they are whole.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Path of a file.
    pub(super) fn path(&self, number: u64) -> PathBuf {
        path(&self.folder, number)
    }

    /// Number and first sequence number of a new file.
    pub(super) fn next(&self) -> (u64, u32) {
        let files = self.files();
        (files.next_number, files.next_sequence)
    }

    /// Lists a file that was begun now.
    pub(super) fn begin(&self, number: u64, len: u64) {
        let entry = Entry { number, len, records: Some(0), begun: (self.clock)(), open: true, read: None };
        let mut files = self.files();
        files.entries.push_back(entry);
        files.octets += len;
        files.next_number = number + 1;
    }

    /// Says that messages with so many records are in the file that is open, and what the next one's number is.
    pub(super) fn grown(&self, len: u64, records: u64, sequence: u32) {
        let mut files = self.files();
        files.next_sequence = sequence;
        let Files { entries, octets, .. } = &mut *files;
        if let Some(last) = entries.back_mut() {
            *octets += len.saturating_sub(last.len);
            last.len = len;
            last.records = last.records.map(|before| before + records);
        }
        add(&self.counters.written, records);
        self.make_room(&mut files);
        drop(files);
        self.changed.notify_all();
    }

    /// Says that the open file is whole; one without messages goes.
    pub(super) fn end_file(&self) {
        let mut files = self.files();
        match files.entries.back_mut() {
            Some(last) if last.len <= HEAD => {
                let (number, len) = (last.number, last.len);
                files.entries.pop_back();
                files.octets -= len;
                self.remove(number);
            }
            Some(last) => last.open = false,
            None => {}
        }
        drop(files);
        self.changed.notify_all();
    }

    /// Drops the oldest files while there are too many octets; never the one that is written to.
    fn make_room(&self, files: &mut Files) {
        while files.octets > self.settings.bound && files.entries.front().is_some_and(|entry| !entry.open) {
            let Some(entry) = files.entries.pop_front() else { return };
            files.octets -= entry.len;
            if entry.read.is_none() {
                let records = entry.records.unwrap_or_else(|| end(&self.path(entry.number), entry.len).records);
                add(&self.counters.dropped_octets, entry.len);
                add(&self.counters.dropped_full, records);
            }
            self.remove(entry.number);
        }
    }

    fn remove(&self, number: u64) {
        let path = self.path(number);
        if let Err(error) = fs::remove_file(&path) {
            tracing::error!(file = %path.display(), %error, "a file of the buffer stays");
        }
    }

    /// The first file from this number on that was not read yet. Waits a moment where there is none.
    pub(super) fn first_from(&self, number: u64, patience: Duration) -> Option<Entry> {
        let find = |files: &Files| files.entries.iter().find(|e| e.number >= number && e.len > HEAD).copied();
        let files = self.files();
        if let Some(entry) = find(&files) {
            return Some(entry);
        }
        let waited = self.changed.wait_timeout(files, patience);
        find(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// How far a file is now, after more than `len` octets of it or after its end; or after a moment.
    pub(super) fn more_than(&self, number: u64, len: u64, patience: Duration) -> Option<Entry> {
        let find = |files: &Files| files.entries.iter().find(|entry| entry.number == number).copied();
        let files = self.files();
        match find(&files) {
            Some(entry) if entry.open && entry.len <= len => {}
            found => return found,
        }
        let waited = self.changed.wait_timeout(files, patience);
        find(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Says that the collector has read a file; it stays as long as is set.
    pub(super) fn was_read(&self, number: u64) {
        let now = (self.clock)();
        let mut files = self.files();
        let found = files.entries.iter_mut().find(|entry| entry.number == number);
        if let Some(entry) = found.filter(|entry| entry.read.is_none()) {
            entry.read = Some(now);
        }
        self.clear(&mut files, now);
    }

    /// Removes what was read long enough ago.
    pub(super) fn clear_old(&self) {
        let now = (self.clock)();
        self.clear(&mut self.files(), now);
    }

    fn clear(&self, files: &mut Files, now: Time) {
        let keep = i64::try_from(self.settings.keep.as_nanos()).unwrap_or(i64::MAX);
        while let Some(entry) = files.entries.front().copied()
            && !entry.open
            && entry.read.is_some_and(|read| now.since(read) >= keep)
        {
            files.entries.pop_front();
            files.octets -= entry.len;
            self.remove(entry.number);
        }
    }

    /// Removes everything that was read: nobody waits any more for whether its collector fails.
    pub(super) fn clear_read(&self) {
        let mut files = self.files();
        let (read, rest): (VecDeque<Entry>, VecDeque<Entry>) =
            files.entries.drain(..).partition(|entry| entry.read.is_some() && !entry.open);
        files.entries = rest;
        for entry in read {
            files.octets -= entry.len;
            self.remove(entry.number);
        }
    }

    /// The first file that is to be sent after a failure: the first that was not read, or was read only just.
    pub(super) fn after_failure(&self) -> u64 {
        self.clear_old();
        let mut files = self.files();
        // It has to be read anew.
        files.entries.iter_mut().for_each(|entry| entry.read = None);
        files.entries.front().map_or(files.next_number, |entry| entry.number)
    }

    /// Says that nothing more will be written.
    pub(super) fn end(&self) {
        self.files().ended = true;
        self.changed.notify_all();
    }

    /// True once nothing more will be written.
    pub(super) fn has_ended(&self) -> bool {
        self.files().ended
    }

    /// Forgets a file that can no longer be read.
    pub(super) fn forget(&self, number: u64) {
        let mut files = self.files();
        if let Some(at) = files.entries.iter().position(|entry| entry.number == number && !entry.open)
            && let Some(entry) = files.entries.remove(at)
        {
            files.octets -= entry.len;
        }
    }

    /// Brings the gauges up to date.
    pub(super) fn measure(&self) {
        let files = self.files();
        let mut waiting = files.entries.iter().filter(|entry| entry.read.is_none() && entry.len > HEAD);
        let oldest = waiting.clone().next().map_or(0, |entry| (self.clock)().since(entry.begun) / 1_000_000_000);
        self.counters.octets.store(files.octets, Ordering::Relaxed);
        self.counters.waiting.store(waiting.by_ref().count() as u64, Ordering::Relaxed);
        self.counters.waiting_secs.store(u64::try_from(oldest).unwrap_or(0), Ordering::Relaxed);
    }
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.{ENDING}"))
}

/// Numbers of the files in a folder, the lowest first.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(ENDING)?.strip_suffix('.')?.parse::<u64>().ok());
        all.extend(number);
    }
    all.sort_unstable();
    Ok(all)
}

/// Where the whole messages of a file end.
struct End {
    len: u64,
    records: u64,
    /// Sequence number after the last message.
    sequence: u32,
}

/// Reads a file through. What follows its last whole message does not count.
fn end(path: &Path, len: u64) -> End {
    let mut end = End { len: 0, records: 0, sequence: 0 };
    let Ok(mut reader) = Reader::open(path) else { return end };
    end.sequence = reader.head.sequence;
    while let Ok(Some(message)) = reader.next(len) {
        end.records += u64::from(message.records);
        end.sequence = super::ledger::after(&message);
    }
    end.len = reader.at();
    end
}

/// A name from the random keys of the process: not secret, and not met again.
fn name(now: Time) -> u64 {
    let mut hash = RandomState::new().build_hasher();
    hash.write_i64(now.0);
    hash.finish()
}
