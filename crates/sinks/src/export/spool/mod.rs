// SPDX-License-Identifier: Apache-2.0
//! A buffer on disk between who makes rows and a collector: what waits survives a restart, is bounded by octets, and
//! is sent in order once the collector is there.
//!
//! Rows are written as messages of the target's format into files, and every message is sent from there. A file is a
//! unit of certainty: over TCP and TLS it is one connection, and counts as received when the collector has read all of
//! it (`export/stream.rs` says how that is known); a connection that breaks before is begun again with the whole file.
//! A collector that broke may not have stored what it had read last: therefore files stay for a while after they
//! were read, and what was read within [`Settings::keep`] before a failure is sent again too. Repeated messages have the
//! sequence numbers that they had; our collector knows the run that wrote them by its name (`flowwire::notice`) and leaves them
//! out.
//! Over UDP nobody says what arrived: what is known is when a port refuses datagrams (`courier.rs`).
//!
//! Sequence numbers go on over files and restarts: what was dropped for lack of room is a gap that the collector sees.

mod courier;
mod file;
mod ledger;
mod shelf;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::{Sample, Time};

use super::Target;
use courier::Courier;
use ledger::Ledger;
use shelf::Shelf;

minamo_base::counters! {
    /// Counters of a buffer on disk.
    pub struct Counters, pub static METRICS {
        /// Records that were written to the buffer.
        written: AtomicU64 = "minamo_buffer_records_total" [target], "";
        /// Records sent again: their connection broke, or their collector went away.
        repeated: AtomicU64 = "minamo_buffer_repeated_records_total" [target], "";
        /// Records that the collector has read; over UDP those that it did not refuse.
        confirmed: AtomicU64 = "minamo_buffer_confirmed_records_total" [target], "";
        /// Records of connections that the collector did not close at their end: its system has them, and whether it read
        /// them is not known.
        unsaid: AtomicU64 = "minamo_buffer_unconfirmed_records_total" [target],
            "The collector does not close connections that end: what it has not read is lost if it breaks.";
        /// Octets on disk now.
        octets: AtomicU64 = "minamo_buffer_octets" [target], "";
        /// Files that wait for the collector now.
        waiting: AtomicU64 = "minamo_buffer_waiting_files" [target],
            "The collector is away or too slow: start it, or look at the way to it.";
        /// Age of the oldest record that waits, in seconds.
        waiting_secs: AtomicU64 = "minamo_buffer_waiting_seconds" [target],
            "As for the files that wait.";
        /// Octets of the oldest files dropped because the buffer was full.
        dropped_octets: AtomicU64 = "minamo_buffer_dropped_octets_total" [target, reason = "full"],
            "Raise the bound of the buffer, or bring the collector back sooner.";
        /// Records of the oldest files dropped because the buffer was full.
        dropped_full: AtomicU64 = "minamo_buffer_dropped_records_total" [target, reason = "full"],
            "Raise the bound of the buffer, or bring the collector back sooner.";
        /// Records dropped because the disk did not take them.
        dropped_disk: AtomicU64 = "minamo_buffer_dropped_records_total" [target, reason = "disk"],
            "The log says why: make room on the disk of the buffer.";
        /// Octets that could not be read back: they were cut or damaged on disk.
        damaged: AtomicU64 = "minamo_buffer_damaged_octets_total" [target],
            "Power was lost, or the disk is failing: look at it.";
        /// Times that the buffer could not be forced to disk.
        sync_errors: AtomicU64 = "minamo_buffer_sync_errors_total" [target], "The disk is failing: look at it.";
    }
}

/// How a buffer behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its folder; a folder in it belongs to the format.
    pub folder: PathBuf,
    /// Most octets on disk.
    pub bound: u64,
    /// How long what was read is kept, to be sent again if the collector fails.
    pub keep: Duration,
    /// A file is ended after so long, so that it becomes certain that it was read.
    pub file_age: Duration,
    /// … and after so many octets.
    pub file_octets: u64,
    /// Records a second while old files are sent.
    pub rate: u32,
}

impl Settings {
    /// The usual behaviour, in that folder.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            bound: 1 << 30,
            keep: Duration::from_secs(30),
            file_age: Duration::from_secs(10),
            file_octets: 4 << 20,
            rate: 50_000,
        }
    }
}

/// A buffer with its thread that sends.
pub struct Spool {
    ledger: Ledger,
    courier: Courier,
    shelf: Arc<Shelf>,
}

impl Spool {
    /// Opens the folder, takes over what is left in it, and begins to send.
    pub fn open(target: &Target, settings: &Settings, clock: fn() -> Time) -> io::Result<Self> {
        let shelf = Arc::new(Shelf::open(target, settings, clock)?);
        let ledger = Ledger::new(target.clone(), Arc::clone(&shelf));
        let courier = Courier::start(target.clone(), Arc::clone(&shelf))?;
        Ok(Self { ledger, courier, shelf })
    }

    /// Writes the rows of a batch. What the disk does not take is counted: there is nobody to wait for.
    pub fn write(&mut self, batch: &RecordBatch) {
        self.ledger.write(batch);
    }

    /// To be called about once a second: ends files that are old enough, and forces them to disk.
    pub fn tick(&mut self) {
        self.ledger.tick();
    }

    /// Values of all counters; `target` is the name that they get.
    pub fn samples(&self, target: &str) -> Vec<Sample> {
        samples(&self.shelf, target)
    }

    /// Gives the counters also after this has gone elsewhere.
    pub fn counters(&self) -> SpoolCounters {
        SpoolCounters(Arc::clone(&self.shelf))
    }

    /// Ends the file that is open, sends what waits as far as the collector takes it within `patience`, and ends. What is
    /// not sent stays on disk.
    pub fn close(mut self, patience: Duration) {
        self.ledger.end_file();
        self.courier.close(patience);
    }
}

/// The counters of a spool.
#[derive(Clone)]
pub struct SpoolCounters(Arc<Shelf>);

impl SpoolCounters {
    /// Values of all counters; `target` is the name that they get.
    pub fn samples(&self, target: &str) -> Vec<Sample> {
        samples(&self.0, target)
    }

    /// What every export counts.
    pub fn export(&self) -> &super::Counters {
        &self.0.export
    }
}

fn samples(shelf: &Shelf, target: &str) -> Vec<Sample> {
    shelf.measure();
    let mut samples = shelf.counters.samples(&[target]);
    samples.extend(shelf.export.samples(&[target]));
    samples
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
