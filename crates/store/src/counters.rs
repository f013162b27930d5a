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
    compacted_rows = "minamo_lake_compacted_rows_total" [], "Rows that were rewritten by merges; against the rows appended it is the cost of merging.";
    compact_errors = "minamo_lake_compact_errors_total" [], "Merges that failed; the segments stay as they were.";
    deleted_files = "minamo_lake_deleted_files_total" [reason = "replaced"], "Files of replaced segments that were deleted.";
    orphan_files = "minamo_lake_deleted_files_total" [reason = "orphan"], "Files that no catalog entry names, deleted at start: left by a crash in the middle of a write.";
    missing_files = "minamo_lake_missing_files_total" [], "Segments of the catalog whose file is gone. Rows are lost: restore them from a backup.";
    expired_asked = "minamo_lake_expired_rows_total" [reason = "asked"], "Rows deleted because somebody asked for it.";
    expired_age = "minamo_lake_expired_rows_total" [reason = "age"], "Rows deleted because of their age.";
    expired_class = "minamo_lake_expired_rows_total" [reason = "class_budget"], "Rows deleted because their class took more space than it may.";
    expired_budget = "minamo_lake_expired_rows_total" [reason = "budget"], "Rows deleted because flows took more space than they may.";
    expired_watermark = "minamo_lake_expired_rows_total" [reason = "watermark"], "Rows deleted because the disk was getting full: history is shorter than it was meant to be.";
    deleted_expired = "minamo_lake_deleted_files_total" [reason = "expired"], "Files of segments deleted by age, budget or watermark.";
    retention_errors = "minamo_lake_retention_errors_total" [], "Times that old flows could not be deleted or free space not be told; the log says why.";
    refused_full = "minamo_lake_refused_total" [reason = "watermark"], "Batches refused because the disk is almost full and nothing more may be deleted: free space, or end holds.";
    damaged_reads = "minamo_lake_damaged_total" [], "Questions that met a block whose checksum is wrong: run `minamo lake verify`, bring the file back from a backup.";
    queries = "minamo_lake_queries_total" [], "Queries that were started.";
    query_timeouts = "minamo_lake_query_stopped_total" [reason = "time"], "Queries that were stopped because they took too long.";
    query_memory = "minamo_lake_query_refused_total" [reason = "memory"], "Queries that needed more memory than allowed.";
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, by: impl TryInto<u64>) {
    counter.fetch_add(by.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
}
