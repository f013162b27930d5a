// SPDX-License-Identifier: Apache-2.0
//! The lake's counters as a table: name, labels and meaning stand here once.

use std::sync::atomic::{AtomicU64, Ordering};

/// A counter for readers: name, labels, value, meaning.
pub type CounterRow = (&'static str, &'static [(&'static str, &'static str)], u64, &'static str);

macro_rules! counters {
    ($($field:ident = $name:literal [$($label:ident = $word:literal),*], $doc:literal;)*) => {
        /// Counters since the lake was opened.
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $field: AtomicU64,)* }

        impl Counters {
            /// All counters.
            pub(crate) fn rows(&self) -> Vec<CounterRow> {
                vec![$(($name, &[$((stringify!($label), $word)),*], self.$field.load(Ordering::Relaxed), $doc),)*]
            }
        }
    };
}

counters! {
    appended_batches = "minamo_lake_appended_batches_total" [], "Batches that were acknowledged.";
    appended_rows = "minamo_lake_appended_rows_total" [], "Rows that were acknowledged.";
    append_errors = "minamo_lake_append_errors_total" [], "Batches that were refused; the caller was told why.";
    wal_syncs = "minamo_lake_wal_syncs_total" [], "Times that the log was forced to disk; one serves all appends that wait.";
    wal_bytes = "minamo_lake_wal_bytes_total" [], "Octets written to the log.";
    recovered_batches = "minamo_lake_recovered_batches_total" [], "Batches that were read back from the log at start.";
    recovered_rows = "minamo_lake_recovered_rows_total" [], "Rows that were read back from the log at start.";
    cut_tails = "minamo_lake_wal_cut_total" [reason = "torn_tail"], "Log files whose unfinished end was cut at start. The rows cut were never acknowledged, unless the disk lost them.";
    cut_bytes = "minamo_lake_wal_cut_bytes_total" [], "Octets of the unfinished ends that were cut at start.";
    unknown_frames = "minamo_lake_wal_skipped_total" [reason = "unknown_table"], "Batches of the log for a table that this version does not know; the log file is kept.";
    sealed_rows = "minamo_lake_sealed_rows_total" [], "Rows moved from the hot buffer into segments.";
    sealed_segments = "minamo_lake_sealed_segments_total" [], "Segments written by sealing.";
    seal_errors = "minamo_lake_seal_errors_total" [], "Seals that failed; the rows stay in the hot buffer and the log. Check the disk if it rises.";
    released_wal_files = "minamo_lake_wal_released_total" [], "Log files deleted because all their rows are in segments.";
    compactions = "minamo_lake_compactions_total" [], "Merges of small segments.";
    compacted_segments = "minamo_lake_compacted_segments_total" [], "Segments that were replaced by a merge.";
    compact_errors = "minamo_lake_compact_errors_total" [], "Merges that failed; the segments stay as they were.";
    deleted_files = "minamo_lake_deleted_files_total" [reason = "replaced"], "Files of replaced segments that were deleted.";
    orphan_files = "minamo_lake_deleted_files_total" [reason = "orphan"], "Files that no catalog entry names, deleted at start: left by a crash in the middle of a write.";
    missing_files = "minamo_lake_missing_files_total" [], "Segments of the catalog whose file is gone. Rows are lost: restore them from a backup.";
    expired_rows = "minamo_lake_expired_rows_total" [reason = "retention"], "Rows of segments deleted because they were older than asked for.";
    rolled_rows = "minamo_lake_rollup_rows_total" [from = "seal"], "Rows that rollups looked at when they were sealed.";
    filled_rows = "minamo_lake_rollup_rows_total" [from = "segments"], "Rows of segments that rollups looked at because a definition is new or has changed.";
    rollup_skipped = "minamo_lake_rollup_skipped_total" [reason = "unreadable"], "Rows left out of a rollup because their segment cannot be read or the filter cannot be evaluated.";
    rollup_unspread = "minamo_lake_rollup_inexact_total" [reason = "lifetime"], "Flows that said that they lived for more than two days: each counts whole in the minute of its end.";
    rollup_crowded = "minamo_lake_rollup_inexact_total" [reason = "applications"], "Hours of applications that were added to the others because an hour tells 512 apart.";
    rollup_resets = "minamo_lake_rollup_resets_total" [], "Rollups that were behind or ahead of the catalog and were made anew.";
    rollup_errors = "minamo_lake_rollup_errors_total" [], "Failed writes of rollups. No row is lost; the rollups are made anew. Check the disk if it rises.";
    expired_rollups = "minamo_lake_expired_rollups_total" [reason = "retention"], "Rows of rollups deleted because of their age.";
    queries = "minamo_lake_queries_total" [], "Queries that were started.";
    query_timeouts = "minamo_lake_query_stopped_total" [reason = "time"], "Queries that were stopped because they took too long.";
    query_memory = "minamo_lake_query_refused_total" [reason = "memory"], "Queries that needed more memory than allowed.";
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, by: impl TryInto<u64>) {
    counter.fetch_add(by.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
}
