// SPDX-License-Identifier: Apache-2.0
//! Requests and answers about the lake itself.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::types::AsKnown;

/// What the lake holds, how long, and what is being done with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeState {
    /// Tables.
    pub tables: Vec<LakeTable>,
    /// How long the history gets.
    pub forecast: LakeForecast,
    /// What is deleted when.
    pub retention: LakeRetention,
    /// Ranges from which nothing is deleted.
    pub holds: Vec<LakeHold>,
    /// Flows by day of their start (UTC), newest first; at most 400 days.
    pub days: Vec<LakeDay>,
    /// What retention deleted since the start of the program, newest first.
    pub retained: Vec<LakeRetained>,
    /// Work on the lake: what runs, and what ran last of each kind.
    pub jobs: Vec<LakeJob>,
}

/// How much a table holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeTable {
    /// Name.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Rows that are in the log and in memory only.
    pub hot_rows: u64,
    /// Octets of memory that those take.
    pub hot_bytes: u64,
    /// Segments on disk.
    pub segments: u64,
    /// Octets that they take.
    pub bytes: u64,
    /// Earliest start of a row.
    #[schema(required)]
    pub first: Option<String>,
    /// Latest end of a row.
    #[schema(required)]
    pub last: Option<String>,
}

/// How long the history of flows gets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeForecast {
    /// Octets that flows take.
    pub bytes: u64,
    /// Octets that they may take.
    pub capacity: u64,
    /// Octets that came in per day, over the last week.
    pub bytes_per_day: f64,
    /// Days between the oldest flow and now.
    pub days_held: f64,
    /// Days that will be held with that rate; absent where nothing comes in.
    #[schema(required)]
    pub days_of_history: Option<f64>,
    /// Days until the oldest flows go for space; absent where they go by age before.
    #[schema(required)]
    pub days_left: Option<f64>,
}

/// Settings of retention, as they are in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeRetention {
    /// Seconds that flows are kept; absent where age does not count.
    #[schema(required)]
    pub keep_secs: Option<u64>,
    /// Seconds that events are kept.
    #[schema(required)]
    pub keep_events_secs: Option<u64>,
    /// Octets that flows may take; absent where only the disk counts.
    #[schema(required)]
    pub max_bytes: Option<u64>,
    /// Octets of the disk that stay free.
    pub min_free_bytes: u64,
    /// Flows that are kept differently; the last one, without a name, is the rest.
    pub classes: Vec<LakeClass>,
}

/// Flows that are kept differently.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeClass {
    /// Name; empty for all other flows.
    pub name: String,
    /// Filter; empty for all other flows, and for a class that is no longer configured.
    pub filter: String,
    /// Seconds that they are kept.
    #[schema(required)]
    pub keep_secs: Option<u64>,
    /// Octets that they may take.
    #[schema(required)]
    pub max_bytes: Option<u64>,
    /// Rows in segments.
    pub rows: u64,
    /// Octets of those.
    pub bytes: u64,
}

/// What a hold is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LakeHoldKind {
    /// A court, an authority or a contract wants the flows kept.
    Legal,
    /// Somebody looks into an incident.
    Incident,
    /// Anything else.
    Other,
}

/// A range from which nothing is deleted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LakeHold {
    /// Its number.
    pub id: i64,
    /// Start of the range.
    pub from: String,
    /// End of the range.
    pub to: String,
    /// What it is for.
    pub kind: LakeHoldKind,
    /// Who answers for it; empty where nobody was named.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub made: String,
}

/// A new hold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LakeHoldCreate {
    /// Start of the range.
    pub from: String,
    /// End of the range.
    pub to: String,
    /// What it is for.
    pub kind: LakeHoldKind,
    /// Who answers for it; the user who asks where nothing is given.
    pub owner: Option<String>,
    /// Why: 1 to 500 characters.
    pub reason: String,
}

/// Flows of one day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeDay {
    /// The day: `2026-01-31`.
    pub day: String,
    /// Segments whose earliest flow is of that day.
    pub segments: u64,
    /// Rows in them.
    pub rows: u64,
    /// Octets that they take.
    pub bytes: u64,
    /// True where a hold keeps all or some of them.
    pub held: bool,
}

/// What retention deleted in one run by one rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeRetained {
    /// When.
    pub at: String,
    /// The rule: `age`, `class_budget`, `budget`, `watermark`.
    pub rule: String,
    /// Segments.
    pub segments: u64,
    /// Rows.
    pub rows: u64,
    /// Octets of disk.
    pub bytes: u64,
}

/// Kinds of work on the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LakeJobKind {
    /// Compare every octet with its checksum.
    Verify,
    /// Merge all segments that may be merged.
    Compact,
    /// Apply ages, budgets and the watermark.
    Retain,
    /// Write all rows of the log into segments.
    Seal,
}

/// Work to be done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LakeJobCreate {
    /// What to do.
    pub kind: LakeJobKind,
}

/// Work on the lake.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LakeJob {
    /// What is done.
    pub kind: LakeJobKind,
    /// When it began.
    pub started_at: String,
    /// When it ended; absent while it runs.
    #[schema(required)]
    pub ended_at: Option<String>,
    /// Steps done: segments looked at.
    pub done: u64,
    /// Steps in all; 0 where that is not known.
    pub all: u64,
    /// Rows that it was about, once it has ended.
    #[schema(required)]
    pub rows: Option<u64>,
    /// What is wrong, at most 100 sentences in English.
    pub problems: Vec<String>,
}

/// What a column takes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeColumn {
    /// Name of the table.
    pub table: String,
    /// Name of the column.
    pub column: String,
    /// Octets on disk.
    pub stored: u64,
    /// Octets before compression.
    pub encoded: u64,
    /// Rows of the segments that have it.
    pub rows: u64,
}

/// A file of the lake.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LakeSegment {
    /// Name of the table.
    pub table: String,
    /// Its number.
    pub id: i64,
    /// Path under the lake's folder.
    pub path: String,
    /// Class of its rows; empty for the rest.
    pub class: String,
    /// Rows.
    pub rows: u64,
    /// Octets.
    pub bytes: u64,
    /// Earliest start of a row.
    pub first: String,
    /// Latest end of a row.
    pub last: String,
}

/// Which segments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LakeSegmentsParams {
    /// Those with rows at this time or later.
    pub from: Option<String>,
    /// Those with rows before this time.
    pub to: Option<String>,
}

/// Which flows to download.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportFlowsParams {
    /// `csv`, `joy`, `jsonl` or `parquet`.
    pub format: String,
    /// Start of the range.
    pub from: String,
    /// End of the range.
    pub to: String,
    /// Filter; all flows where it is empty or missing.
    #[serde(default)]
    pub filter: String,
    /// By which versions of the sets (`@name`) and tags in the filter and keys it goes.
    #[serde(default)]
    pub as_known: AsKnown,
    /// The newest so many; all, in the order in which they are stored, where nothing is given.
    pub limit: Option<usize>,
}

/// Which answer to download.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportSqlParams {
    /// `csv`, `jsonl` or `parquet`.
    pub format: String,
    /// One statement that reads.
    pub sql: String,
}

/// An answer to download: its question and a format.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportAnswerParams {
    /// `csv`, `jsonl` or `parquet`.
    pub format: String,
    /// The request as JSON, as it is posted to `/api/v1/query/…`.
    pub ask: String,
}

/// A file that was imported, wholly or in part.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LakeImport {
    /// SHA-256 of its content.
    pub hash: String,
    /// Its name.
    pub name: String,
    /// Its length in octets.
    pub bytes: u64,
    /// Rows that were appended.
    pub rows: u64,
    /// True where it was read to its end.
    pub finished: bool,
    /// When that was, or when it was interrupted.
    pub at: String,
}

/// About a file that is sent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LakeImportParams {
    /// Its name, for the list of imports.
    pub name: String,
    /// Its length in octets.
    pub bytes: u64,
    /// Import it even where that was done before.
    #[serde(default)]
    pub again: bool,
    /// What comes was made of the file by another program: its hash is not compared.
    #[serde(default)]
    pub converted: bool,
}

/// Something that has no place in the lake.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LakeUnread {
    /// Its number.
    pub number: u16,
    /// Its name, where it has one.
    #[schema(required)]
    pub name: Option<String>,
    /// How often it was met.
    pub count: u64,
}

/// What became of an import.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct LakeImported {
    /// True where the file was imported before; nothing was done then.
    pub known: bool,
    /// Rows appended now.
    pub rows: u64,
    /// Rows that an import that was interrupted had appended.
    pub skipped: u64,
    /// Start of the earliest flow.
    #[schema(required)]
    pub first: Option<String>,
    /// The first faults of the file, in English.
    pub faults: Vec<String>,
    /// Faults besides these.
    pub more_faults: u64,
    /// Extensions without a column.
    pub unread_extensions: Vec<LakeUnread>,
    /// Records that are no flows.
    pub unread_records: Vec<LakeUnread>,
    /// Values that did not fit their column.
    pub unfit: u64,
    /// First packets that are not those of their flow; they are kept, and tell nothing.
    pub unfit_packets: u64,
    /// Sampled flows whose counters nfcapd had scaled already.
    pub scaled: u64,
}
