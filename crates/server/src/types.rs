// SPDX-License-Identifier: Apache-2.0
//! Requests and answers of the API. The OpenAPI description and the console's TypeScript types come from
//! here. Times are RFC 3339 in UTC, addresses text, counters whole numbers.

use minamo_detect::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::query::types::question;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Name of the user.
    pub user: String,
    /// Password in clear; use TLS in front where the network is not yours.
    pub password: String,
}

/// Who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// Name of the user.
    pub user: String,
}

/// A counter of the program.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counter {
    /// Name, as in the metrics.
    pub name: String,
    /// Labels: `reason="full"`.
    pub labels: String,
    /// Count since the start.
    pub value: u64,
}

/// State of the program.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// When it was started.
    pub started_at: String,
    /// Flow rows in the lake.
    pub flows: u64,
    /// Of these, rows that are not in segments yet.
    pub hot_rows: u64,
    /// Segments on disk.
    pub segments: u64,
    /// Octets of the segments.
    pub stored_bytes: u64,
    /// Start of the earliest flow.
    #[schema(required)]
    pub first: Option<String>,
    /// End of the latest flow.
    #[schema(required)]
    pub last: Option<String>,
    /// Counters of all parts.
    pub counters: Vec<Counter>,
}

/// A column of the flows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ColumnInfo {
    /// Name.
    pub name: String,
    /// Group.
    pub group: String,
    /// Type of the cell.
    #[serde(rename = "type")]
    pub cell: String,
    /// Unit of a number.
    pub unit: String,
    /// How values combine.
    pub kind: String,
    /// Meaning in English.
    pub doc: String,
    /// Meaning in Japanese.
    pub doc_ja: String,
    /// Operators that a filter can use on it.
    pub operators: Vec<String>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Octets of both sides.
    Bytes,
    /// Packets of both sides.
    Packets,
    /// Rows.
    Flows,
}

/// By which versions of definitions a question goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AsKnown {
    /// Those of today, for all flows.
    #[default]
    Now,
    /// For each flow, or minute of a chart, those that were in force then.
    Then,
}

impl From<AsKnown> for minamo_state::AsKnown {
    fn from(as_known: AsKnown) -> Self {
        match as_known {
            AsKnown::Now => Self::Now,
            AsKnown::Then => Self::Then,
        }
    }
}

/// A value that is no list. Only described here: answers hold JSON values.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// Text, address, or time.
    Text(String),
    /// Number.
    Number(f64),
    /// True or false.
    Flag(bool),
}

question! {
    /// Rows, newest first.
    pub struct FlowsRequest {
        /// Most rows, up to 1,000.
        pub limit: usize,
        /// Where the last page ended.
        pub cursor: Option<String>,
    }
}

/// One flow: the columns that have a value.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowRow(pub serde_json::Map<String, Value>);

/// A page of rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct Flows {
    /// The rows.
    pub rows: Vec<FlowRow>,
    /// Cursor of the next page; nothing after the last.
    #[schema(required)]
    pub next: Option<String>,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// A filter as far as it was typed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CompleteParams {
    /// The text.
    #[serde(default)]
    pub text: String,
    /// Position of the caret, in characters.
    #[serde(default)]
    pub at: usize,
}

/// What is wrong with a filter.
#[derive(Debug, Serialize, ToSchema)]
pub struct FilterError {
    /// Offset of the place, in characters.
    pub at: usize,
    /// One sentence in English.
    pub message: String,
    /// One sentence in Japanese.
    pub message_ja: String,
}

/// What a completion stands for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompletionKind {
    /// A column.
    Column,
    /// A word of the language.
    Keyword,
    /// An operator.
    Operator,
    /// A value.
    Value,
}

/// Something that can stand at the caret.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompletionItem {
    /// The text to put in.
    pub text: String,
    /// What it is.
    pub kind: CompletionKind,
    /// Meaning in English.
    pub doc: String,
    /// Meaning in Japanese.
    pub doc_ja: String,
}

/// Help while a filter is typed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Completion {
    /// What is wrong with the text, if anything is.
    #[schema(required)]
    pub error: Option<FilterError>,
    /// Start of the word that an item replaces, in characters.
    pub from: usize,
    /// The items, best first.
    pub items: Vec<CompletionItem>,
}

/// A text in both languages.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Text2 {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

impl From<&Text> for Text2 {
    fn from(text: &Text) -> Self {
        Self { en: text.en.clone(), ja: text.ja.clone() }
    }
}

/// A query.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    /// One statement that reads.
    pub sql: String,
}

/// A column of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct SqlColumn {
    /// Name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub cell: String,
}

/// Rows of a query.
#[derive(Debug, Serialize, ToSchema)]
pub struct SqlAnswer {
    /// The columns.
    pub columns: Vec<SqlColumn>,
    /// The rows, cell by cell.
    pub rows: Vec<Vec<Value>>,
    /// True where rows were left out.
    pub truncated: bool,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// What the recorder keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recorded {
    /// True where packets are recorded.
    pub on: bool,
    /// Time of the oldest packet that is kept; nothing where there is none.
    #[schema(required)]
    pub oldest: Option<String>,
}

/// What is cut around a flow.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FlowPacketsParams {
    /// Seconds before its start; 10 without.
    pub before: Option<u32>,
    /// Seconds after its end; 10 without.
    pub after: Option<u32>,
}

/// Which sessions are compared.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SimilarParams {
    /// Days before and after the flow, 1 to 90; 7 without.
    pub days: Option<u64>,
    /// Most sessions, up to 100; 12 without.
    pub limit: Option<usize>,
}

/// How far is looked back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FingerprintsParams {
    /// Days before the flow, 1 to 90; 30 without.
    pub days: Option<u64>,
}

/// What is cut.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PacketsParams {
    /// Start of the range, RFC 3339.
    pub from: String,
    /// End of the range.
    pub to: String,
    /// Filter in the language of tcpdump; all packets without.
    #[serde(default)]
    pub filter: String,
}
