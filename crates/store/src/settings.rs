// SPDX-License-Identifier: Apache-2.0
//! Sizes and limits of the lake, with defaults for one machine.

use std::time::Duration;

use crate::StoreError;

/// Sizes and limits.
#[derive(Debug, Clone, PartialEq)]
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
    /// Segments of one hour and size class that are merged into one.
    pub compact_segments: usize,
    /// No merge makes a segment of more rows than this.
    pub compact_rows: usize,
    /// Files of replaced segments stay this long, for readers in other processes.
    pub keep_replaced: Duration,
    /// Queries that may run at the same time; others wait within their time.
    pub query_slots: usize,
    /// Memory that one query may use; beyond that it spills to disk where it can.
    pub query_memory: usize,
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
            seal_rows: 262_144,
            seal_bytes: 192 << 20,
            stall_factor: 4,
            compact_segments: 4,
            compact_rows: 1 << 19,
            keep_replaced: Duration::from_secs(300),
            query_slots: 8,
            query_memory: 1 << 30,
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
