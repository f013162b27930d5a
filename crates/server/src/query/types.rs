// SPDX-License-Identifier: Apache-2.0
//! Requests and answers of the questions about flows. Sums of sampled flows are scaled; where any flow of the range
//! was sampled they come with 95 % intervals, which are missing otherwise.

use minamo_store::Interval as Ends;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::Scope;
use crate::types::{Measure, Scalar};
use crate::{ApiError, Deps};

fn yes() -> bool {
    true
}

/// A request about a range of time and a filter: the members that all of them begin with, and its own. (Members that
/// serde flattens would let unknown ones pass.)
macro_rules! question {
    ($(#[$about:meta])* pub struct $name:ident { $($members:tt)* }) => {
        $(#[$about])*
        #[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Start of the range.
            pub from: String,
            /// End of the range.
            pub to: String,
            /// Filter; empty for all.
            #[serde(default)]
            pub filter: String,
            /// By which versions of the sets (`@name`) and tags in the filter and keys it goes.
            #[serde(default)]
            pub as_known: $crate::types::AsKnown,
            $($members)*
        }

        impl $crate::query::types::Question for $name {
            fn scope(&self, deps: &$crate::Deps) -> Result<$crate::api::Scope, $crate::ApiError> {
                $crate::api::Scope::parse(deps, &self.from, &self.to, &self.filter, self.as_known)
            }
        }
    };
}
pub(crate) use question;

/// Questions whose answers have sums.
macro_rules! sums {
    ($($(#[$about:meta])* pub struct $name:ident { $($members:tt)* })*) => {$(
        question! {
            $(#[$about])*
            pub struct $name {
                /// Counters of sampled flows count for what they stand for; true where nothing is given.
                #[serde(default = "yes")]
                pub scaled: bool,
                $($members)*
            }
        }
    )*};
}

/// A request about a range of time and a filter.
pub(crate) trait Question {
    /// Range and filter, checked.
    fn scope(&self, deps: &Deps) -> Result<Scope, ApiError>;
}

sums! {
    /// A range of time and a filter. A flow is in the range where it began before `to` and ended at `from` or later.
    pub struct SummaryRequest {
        /// How much earlier the range lies to compare with, such as `7d`; nothing for no comparison.
        pub compare: Option<String>,
    }

    /// Which groups are the largest.
    pub struct TopRequest {
        /// What to group by: columns; `ip` counts a flow for both its addresses; `net(src_ip,24)` or `net(ip,24,48)` for
        /// networks; `time(5m)` for steps of time; `domain(dns_query)` for
        /// registered domains; `protocol(app)` for applications without their services.
        pub keys: Vec<String>,
        /// What orders the groups, where `order` does not say it.
        pub by: Measure,
        /// Most groups, up to 1,000.
        pub limit: usize,
        /// What each group is measured by: `bytes`, `packets`, `flows`, `src_bytes`, `dst_bytes`, `src_packets`,
        /// `dst_packets`, `bps`, `pps`, `bpp`, or `distinct`, `about_distinct`, `min`, `max`, `avg`, `sum`, `p1` to `p99`,
        /// `about_p1` to `about_p99` of a column, `bytes`, `packets` or `duration`: `p95(duration)`.
        #[serde(default)]
        pub measures: Vec<String>,
        /// The measure that orders the groups.
        pub order: Option<String>,
        /// The lowest first.
        #[serde(default)]
        pub ascending: bool,
        /// A condition on groups: `flows > 100 and distinct(dst_port) > 20`; empty for all.
        #[serde(default)]
        pub having: String,
        /// Each flow counts as two, one per direction.
        #[serde(default)]
        pub directions: bool,
        /// How much earlier the range lies to compare with, such as `7d`; nothing for no comparison.
        pub compare: Option<String>,
    }

    /// Course over time.
    pub struct SeriesRequest {
        /// Column that splits the course in lines; nothing for one line.
        pub split: Option<String>,
        /// What is summed.
        pub by: Measure,
        /// Most lines besides "all others", up to 50.
        pub limit: usize,
        /// Seconds of a step; chosen where nothing is given.
        pub step_secs: Option<u64>,
        /// The sides whose octets or packets count; both where nothing is given.
        #[serde(default)]
        pub side: Side,
        /// Octets and packets are spread over a flow's lifetime; else they count where it starts. True where nothing is
        /// given.
        #[serde(default = "yes")]
        pub spread: bool,
        /// Percentile of each line to give, 1 to 100.
        pub percentile: Option<u8>,
        /// How much earlier the range lies to compare with, such as `7d`; its whole course is then given, too.
        pub compare: Option<String>,
    }

    /// What goes where.
    pub struct PathsRequest {
        /// The levels, two to four: columns, `net(src_ip,24)` or `time(1h)`.
        pub keys: Vec<String>,
        /// What is summed.
        pub by: Measure,
        /// Values of each level that keep their names; together they may give 20,000 paths.
        pub limit: usize,
    }

    /// Traffic of some networks by percentile.
    pub struct BillingRequest {
        /// The networks that are charged, such as `192.0.2.0/24`. Without any, initiators are inside.
        #[serde(default)]
        pub inside: Vec<String>,
        /// Seconds of a step, mostly 300.
        pub step_secs: u64,
        /// The percentile, mostly 95.
        pub percentile: u8,
    }
}

/// Where the true value lies with a probability of 95 %.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Interval {
    /// Lower end.
    pub low: u64,
    /// Upper end.
    pub high: u64,
}

impl From<Ends> for Interval {
    fn from(ends: Ends) -> Self {
        Self { low: ends.low, high: ends.high }
    }
}

/// Intervals of the three sums.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Intervals {
    /// Octets.
    pub bytes: Interval,
    /// Packets.
    pub packets: Interval,
    /// Flows: from the rows seen to the scaled number and what is uncertain of it.
    pub flows: Interval,
}

/// Sums over the earlier range.
#[derive(Debug, Serialize, ToSchema)]
pub struct Earlier {
    /// Octets.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// Different addresses.
    pub hosts: u64,
    /// Octets of flows whose content is encrypted.
    pub encrypted_bytes: u64,
}

/// Sums over a range.
#[derive(Debug, Serialize, ToSchema)]
pub struct Summary {
    /// Octets.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// Different addresses that were seen.
    pub hosts: u64,
    /// Octets of flows whose content is encrypted.
    pub encrypted_bytes: u64,
    /// Events in the range.
    pub events: u64,
    /// Start of the earliest flow.
    #[schema(required)]
    pub first: Option<String>,
    /// End of the latest flow.
    #[schema(required)]
    pub last: Option<String>,
    /// How sure the sums are, where flows were sampled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Intervals>,
    /// The same of the earlier range, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Earlier>,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// Sums, and the measures that were asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopTotals {
    /// Octets.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// The measures, in the order of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, value_type = Vec<Option<Scalar>>)]
    pub values: Vec<Value>,
    /// How sure each measure is that is a sum of sampled flows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub intervals: Vec<Option<Interval>>,
    /// The measures in the earlier range, where it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, value_type = Vec<Option<Scalar>>)]
    pub before: Vec<Value>,
}

/// A group: its keys, and of it what [`TopTotals`] has of all.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopRow {
    /// Values of the keys, in the order of the request.
    #[schema(value_type = Vec<Option<Scalar>>)]
    pub key: Vec<Value>,
    /// Octets.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// The measures, in the order of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, value_type = Vec<Option<Scalar>>)]
    pub values: Vec<Value>,
    /// How sure each measure is that is a sum of sampled flows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub intervals: Vec<Option<Interval>>,
    /// The measures in the earlier range, where it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, value_type = Vec<Option<Scalar>>)]
    pub before: Vec<Value>,
    /// True where the earlier range has nothing of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub is_new: bool,
}

/// The groups in the order that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Top {
    /// The groups.
    pub rows: Vec<TopRow>,
    /// Over all flows of the range, each once.
    pub total: TopTotals,
    /// Groups that only the earlier range has, the largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub gone: Vec<TopRow>,
    /// The measures as they are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub measures: Vec<String>,
    /// True where a flow may count in several groups, so that they may be more than the total together: by either address,
    /// and by tags.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub overlapping: bool,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// Sides of a flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What initiators sent.
    Src,
    /// What responders sent.
    Dst,
    /// Both.
    #[default]
    Both,
}

/// A line of the course.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeriesLine {
    /// Value of the split column; nothing for all others.
    #[schema(required)]
    pub name: Option<String>,
    /// Sum of each step.
    pub values: Vec<u64>,
    /// How sure each step is, where flows were sampled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub intervals: Vec<Interval>,
    /// The percentile that was asked for: a value of one of the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<u64>,
}

/// The course: what a flow moved is spread over its lifetime.
#[derive(Debug, Serialize, ToSchema)]
pub struct Series {
    /// Start of the first step.
    pub start: String,
    /// Seconds of a step.
    pub step_secs: u64,
    /// The lines, largest first.
    pub series: Vec<SeriesLine>,
    /// The whole course of the earlier range, step by step beside this one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<SeriesLine>,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// A value of a level.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stop {
    /// The value; null where flows have none, and for all others together.
    #[schema(value_type = Option<Scalar>)]
    pub value: Value,
    /// True for all values without a name of their own.
    pub other: bool,
}

/// Sum of a path.
#[derive(Debug, Serialize, ToSchema)]
pub struct PathRow {
    /// A value per level.
    pub stops: Vec<Stop>,
    /// The sum.
    pub value: u64,
}

/// Sum between neighbouring levels.
#[derive(Debug, Serialize, ToSchema)]
pub struct PathLink {
    /// Number of the level that it starts at, from 0.
    pub level: usize,
    /// Value of that level.
    pub source: Stop,
    /// Value of the next level.
    pub target: Stop,
    /// The sum.
    pub value: u64,
}

/// What goes where, the largest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paths {
    /// The paths.
    pub paths: Vec<PathRow>,
    /// The links between levels, for a Sankey picture.
    pub links: Vec<PathLink>,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// Rates at the percentile, in bits per second, and the octets of each step.
#[derive(Debug, Serialize, ToSchema)]
pub struct Billing {
    /// Start of the first step.
    pub start: String,
    /// Seconds of a step.
    pub step_secs: u64,
    /// Octets into the networks, per step.
    pub inward: Vec<u64>,
    /// Octets out of the networks, per step.
    pub outward: Vec<u64>,
    /// Bits per second into the networks.
    pub inward_bps: f64,
    /// Bits per second out of the networks.
    pub outward_bps: f64,
    /// Bits per second of the larger of the two, step by step.
    pub larger_bps: f64,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// A query that waits or runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct QueryState {
    /// Its number.
    pub id: u64,
    /// Who asked; empty for the program itself.
    pub user: String,
    /// The operation.
    pub what: String,
    /// When it was asked.
    pub since: String,
    /// True while it waits for its turn.
    pub waiting: bool,
    /// Rows read, or passed over, so far …
    pub rows_read: u64,
    /// … of so many.
    pub rows_total: u64,
}

/// The queries that wait or run.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Queries {
    /// The queries, the oldest first.
    pub queries: Vec<QueryState>,
}
