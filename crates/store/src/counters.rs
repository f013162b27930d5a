// SPDX-License-Identifier: Apache-2.0
//! The lake's counters as a table: name, labels and meaning stand here once.

use std::sync::atomic::{AtomicU64, Ordering};

minamo_base::counters! {
    /// Counters since the lake was opened.
    pub(crate) struct Counters, pub static METRICS {
        /// Batches that were acknowledged.
        appended_batches: AtomicU64 = "minamo_lake_appended_batches_total" [], "";
        /// Rows that were acknowledged.
        appended_rows: AtomicU64 = "minamo_lake_appended_rows_total" [], "";
        /// Batches that were refused; the caller was told why.
        append_errors: AtomicU64 = "minamo_lake_append_errors_total" [],
            "Look at the disk and at the log: it says why.";
        /// Times that the log was forced to disk; one serves all appends that wait.
        wal_syncs: AtomicU64 = "minamo_lake_wal_syncs_total" [], "";
        /// Octets written to the log.
        wal_bytes: AtomicU64 = "minamo_lake_wal_bytes_total" [], "";
        /// Batches that were read back from the log at start.
        recovered_batches: AtomicU64 = "minamo_lake_recovered_batches_total" [], "";
        /// Rows that were read back from the log at start.
        recovered_rows: AtomicU64 = "minamo_lake_recovered_rows_total" [], "";
        /// Log files whose unfinished end was cut at start. The rows cut were never acknowledged, unless the disk
        /// lost them.
        cut_tails: AtomicU64 = "minamo_lake_wal_cut_total" [reason = "torn_tail"],
            "After a crash it is as it should be; without one, check the disk.";
        /// Octets of the unfinished ends that were cut at start.
        cut_bytes: AtomicU64 = "minamo_lake_wal_cut_bytes_total" [], "";
        /// Batches of the log for a table that this version does not know; the log file is kept.
        unknown_frames: AtomicU64 = "minamo_lake_wal_skipped_total" [reason = "unknown_table"],
            "An older version was started on newer data: start the newer one again.";
        /// Batches of the log that are not what was written, with whole ones behind them; the log file is kept.
        damaged_frames: AtomicU64 = "minamo_lake_wal_skipped_total" [reason = "damaged"],
            "The disk returned something else than was written: look at the disk, and bring the log file back from a backup.";
        /// Rows moved from the hot buffer into segments.
        sealed_rows: AtomicU64 = "minamo_lake_sealed_rows_total" [], "";
        /// Segments written by sealing.
        sealed_segments: AtomicU64 = "minamo_lake_sealed_segments_total" [], "";
        /// Seals that failed; the rows stay in the hot buffer and the log.
        seal_errors: AtomicU64 = "minamo_lake_seal_errors_total" [], "Check the disk: space, permissions, errors.";
        /// Log files deleted because all their rows are in segments.
        released_wal_files: AtomicU64 = "minamo_lake_wal_released_total" [], "";
        /// Merges of small segments.
        compactions: AtomicU64 = "minamo_lake_compactions_total" [], "";
        /// Segments that were replaced by a merge.
        compacted_segments: AtomicU64 = "minamo_lake_compacted_segments_total" [], "";
        /// Rows that were rewritten by merges; against the rows appended it is the cost of merging.
        compacted_rows: AtomicU64 = "minamo_lake_compacted_rows_total" [], "";
        /// Merges that failed; the segments stay as they were.
        compact_errors: AtomicU64 = "minamo_lake_compact_errors_total" [],
            "Check the disk: space, permissions, errors.";
        /// Files of replaced segments that were deleted.
        deleted_files: AtomicU64 = "minamo_lake_deleted_files_total" [reason = "replaced"], "";
        /// Files that no catalog entry names, deleted at start: left by a crash in the middle of a write.
        orphan_files: AtomicU64 = "minamo_lake_deleted_files_total" [reason = "orphan"],
            "After a crash it is as it should be; without one, check the disk.";
        /// Segments of the catalog whose file is gone.
        missing_files: AtomicU64 = "minamo_lake_missing_files_total" [],
            "Rows are lost: restore the files from a backup.";
        /// Rows deleted because somebody asked for it.
        expired_asked: AtomicU64 = "minamo_lake_expired_rows_total" [reason = "asked"], "";
        /// Rows deleted because of their age.
        expired_age: AtomicU64 = "minamo_lake_expired_rows_total" [reason = "age"], "";
        /// Rows deleted because their class took more space than it may.
        expired_class: AtomicU64 = "minamo_lake_expired_rows_total" [reason = "class_budget"], "";
        /// Rows deleted because flows took more space than they may.
        expired_budget: AtomicU64 = "minamo_lake_expired_rows_total" [reason = "budget"], "";
        /// Rows deleted because the disk was getting full.
        expired_watermark: AtomicU64 = "minamo_lake_expired_rows_total" [reason = "watermark"],
            "History is shorter than it was meant to be: give the lake a larger disk, or set lake.max_size.";
        /// Files of segments deleted by age, budget or watermark.
        deleted_expired: AtomicU64 = "minamo_lake_deleted_files_total" [reason = "expired"], "";
        /// Times that old flows could not be deleted or free space not be told.
        retention_errors: AtomicU64 = "minamo_lake_retention_errors_total" [], "Look at the log: it says why.";
        /// Times that the clock went forward by more than it can have: nothing was deleted because of its age for a day.
        clock_jumps: AtomicU64 = "minamo_lake_clock_jumps_total" [],
            "Look at the time of the system; after a sleep or a long stop of the program it is as it should be.";
        /// Batches refused because the disk is almost full and nothing more may be deleted.
        refused_full: AtomicU64 = "minamo_lake_refused_total" [reason = "watermark"], "Free space, or end holds.";
        /// Segments found to be other than they were written.
        damaged: AtomicU64 = "minamo_lake_damaged_total" [],
            "Run `minamo lake verify`, and bring the files that it names back from a backup.";
        /// Rows that rollups looked at when they were sealed.
        rolled_rows: AtomicU64 = "minamo_lake_rollup_rows_total" [from = "seal"], "";
        /// Rows of segments that rollups looked at because a definition is new or has changed.
        filled_rows: AtomicU64 = "minamo_lake_rollup_rows_total" [from = "segments"], "";
        /// Rows left out of a rollup because their segment cannot be read or the filter cannot be evaluated.
        rollup_skipped: AtomicU64 = "minamo_lake_rollup_skipped_total" [reason = "unreadable"],
            "Run `minamo lake verify`; the log says what was wrong.";
        /// Flows that said that they lived for more than two days: each counts whole in the minute of its end.
        rollup_unspread: AtomicU64 = "minamo_lake_rollup_inexact_total" [reason = "lifetime"],
            "Look at the clocks of the exporters.";
        /// Hours of applications that were added to the others because an hour tells 512 apart.
        rollup_crowded: AtomicU64 = "minamo_lake_rollup_inexact_total" [reason = "applications"], "";
        /// Rollups that were behind or ahead of the catalog and were made anew.
        rollup_resets: AtomicU64 = "minamo_lake_rollup_resets_total" [], "After a crash it is as it should be.";
        /// Failed writes of rollups. No row is lost; the rollups are made anew.
        rollup_errors: AtomicU64 = "minamo_lake_rollup_errors_total" [], "Check the disk: space, permissions, errors.";
        /// Rows of rollups deleted because of their age.
        expired_rollups: AtomicU64 = "minamo_lake_expired_rollups_total" [reason = "retention"], "";
        /// Queries that were started.
        queries: AtomicU64 = "minamo_lake_queries_total" [], "";
        /// Queries that were stopped because they took too long.
        query_timeouts: AtomicU64 = "minamo_lake_query_stopped_total" [reason = "time"],
            "Ask for less time, or raise lake.query_time.";
        /// Queries that somebody stopped.
        query_stopped: AtomicU64 = "minamo_lake_query_stopped_total" [reason = "asked"], "";
        /// Queries that nobody waited for any more: their request was closed.
        query_gone: AtomicU64 = "minamo_lake_query_stopped_total" [reason = "gone"], "";
        /// Queries that were refused because too many waited.
        query_busy: AtomicU64 = "minamo_lake_query_refused_total" [reason = "queue"],
            "See who asks so much at /api/v1/queries, or raise lake.query_queue or lake.query_slots.";
        /// Queries that would have put more on the disk than allowed.
        query_spill: AtomicU64 = "minamo_lake_query_refused_total" [reason = "spill"],
            "Ask for less, or raise lake.query_spill.";
        /// Queries that needed more memory than allowed.
        query_memory: AtomicU64 = "minamo_lake_query_refused_total" [reason = "memory"],
            "Ask for less, or raise lake.query_memory.";
    }
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, by: impl TryInto<u64>) {
    counter.fetch_add(by.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
}
