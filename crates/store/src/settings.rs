// SPDX-License-Identifier: Apache-2.0
//! Sizes and limits of the lake, with defaults for one machine.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use crate::StoreError;
use crate::retention::{Class, free_space};

/// Sizes and limits.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A write-ahead log file is closed once it holds this many octets.
    pub wal_file_bytes: u64,
    /// Batches that may wait for the log's writer; appends beyond that wait.
    pub queue_batches: usize,
    /// The hot buffer of a table is sealed once it holds this many rows …
    pub seal_rows: usize,
    /// … or this many octets of memory.
    pub seal_bytes: usize,
    /// Appends are refused while the hot buffer of a table holds this many times the seal limits.
    pub stall_factor: usize,
    /// Segments of the current hour that are merged into one.
    pub compact_segments: usize,
    /// No merge makes a segment of more rows than this.
    pub compact_rows: usize,
    /// An hour that ended so long ago is over: its small segments are merged, however few they are.
    pub compact_after: Duration,
    /// Flows are deleted at this age; never where absent.
    pub keep: Option<Duration>,
    /// Events are deleted at this age; never where absent.
    pub keep_events: Option<Duration>,
    /// Octets on disk that flows may take; the oldest go first.
    pub max_bytes: Option<u64>,
    /// Octets of the disk that stay free: the oldest flows go first, and below half of it nothing is written.
    pub min_free: u64,
    /// Flows that are kept differently.
    pub classes: Vec<Class>,
    /// Tells how many octets are free; another one in tests.
    pub free_space: fn(&Path) -> std::io::Result<u64>,
    /// Files of replaced segments stay this long, for readers in other processes.
    pub keep_replaced: Duration,
    /// Queries that may run at the same time; others wait within their time.
    pub query_slots: usize,
    /// Queries that may wait, of all users together; each user has a line of his own.
    pub query_queue: usize,
    /// Memory that one query may use; beyond that it spills to disk where it can.
    pub query_memory: usize,
    /// Seed of community ids, which other programs must share.
    pub community_seed: u16,
    /// Octets that queries may spill.
    pub query_spill: u64,
    /// Time that one query may take.
    pub query_time: Duration,
    /// Partitions that a query is split into; the processors by default.
    pub query_threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            wal_file_bytes: 64 << 20,
            queue_batches: 64,
            seal_rows: 524_288,
            seal_bytes: 256 << 20,
            stall_factor: 4,
            compact_segments: 28,
            compact_rows: 1 << 24,
            compact_after: Duration::from_secs(900),
            keep: None,
            keep_events: None,
            max_bytes: None,
            min_free: 1 << 30,
            classes: Vec::new(),
            free_space,
            keep_replaced: Duration::from_secs(300),
            query_slots: 8,
            query_queue: 256,
            query_memory: 1 << 30,
            community_seed: 0,
            query_spill: 16 << 30,
            query_time: Duration::from_secs(60),
            query_threads: std::thread::available_parallelism().map_or(2, usize::from),
        }
    }
}

impl Settings {
    /// Refuses what cannot work.
    pub fn check(&self) -> Result<(), StoreError> {
        let bad = |text: &str| Err(StoreError::Settings(text.to_owned()));
        let mut names = HashSet::new();
        for class in &self.classes {
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if class.name.is_empty() || class.name.len() > 32 || !class.name.chars().all(good) {
                return bad(&format!("class {:?}: want a name of 1 to 32 letters a-z, digits and _", class.name));
            }
            if !names.insert(&class.name) {
                return bad(&format!("class {}: stands twice", class.name));
            }
        }
        match self {
            Self { wal_file_bytes: 0..1024, .. } => bad("wal_file_bytes: want at least 1 KiB"),
            Self { queue_batches: 0, .. } => bad("queue_batches: want at least 1"),
            Self { seal_rows: 0, .. } | Self { seal_bytes: 0, .. } => bad("seal_rows, seal_bytes: want at least 1"),
            Self { stall_factor: 0, .. } => bad("stall_factor: want at least 1"),
            Self { compact_segments: 0..2, .. } => bad("compact_segments: want at least 2"),
            Self { query_slots: 0, .. } => bad("query_slots: want at least 1"),
            Self { query_threads: 0, .. } => bad("query_threads: want at least 1"),
            Self { query_memory, .. } if *query_memory < 1 << 20 => bad("query_memory: want at least 1 MiB"),
            _ => Ok(()),
        }
    }
}
