// SPDX-License-Identifier: Apache-2.0
//! Requests and answers about profiles.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::query::types::Interval;
use crate::types::{AsKnown, Measure};

/// A channel: the flows of a profile that pass a filter.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChannel {
    /// Name, unique in its profile.
    pub name: String,
    /// Filter; empty for all flows of the parent.
    pub filter: String,
}

/// A new profile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileCreate {
    /// Name: 1 to 64 characters without `/`.
    pub name: String,
    /// The profile whose flows it divides; `live` has all flows.
    pub parent: Option<String>,
    /// Channels; a profile without any has one, `all`.
    #[serde(default)]
    pub channels: Vec<ProfileChannel>,
    /// Seconds of one step of its charts, whole minutes; 300 where nothing is given.
    pub granularity_secs: Option<u32>,
    /// From when on it is in force; now where nothing is given, never later.
    pub valid_from: Option<String>,
}

/// A profile as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// The profile whose flows it divides.
    pub parent: Option<String>,
    /// Channels.
    #[serde(default)]
    pub channels: Vec<ProfileChannel>,
    /// Seconds of one step of its charts, whole minutes; 300 where nothing is given.
    pub granularity_secs: Option<u32>,
    /// From when on that is in force; now where nothing is given, never later. What was in force before stays
    /// so for that time.
    pub valid_from: Option<String>,
}

/// Which profiles.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ProfilesParams {
    /// Those in force at this time; now where nothing is given.
    pub at: Option<String>,
}

/// When a profile ends.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ProfileDeleteParams {
    /// From when on it is no longer in force; now where nothing is given.
    pub valid_from: Option<String>,
}

/// One version of a profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileInfo {
    /// Name.
    pub name: String,
    /// Number of the version, from 1; 0 for `live`.
    pub version: u32,
    /// True where it is the end of the profile: it then has no channels.
    pub ended: bool,
    /// The profile whose flows it divides; nothing for `live`.
    #[schema(required)]
    pub parent: Option<String>,
    /// Channels.
    pub channels: Vec<ProfileChannel>,
    /// Seconds of one step of its charts.
    pub granularity_secs: u32,
    /// From when on it is in force; nothing where it always was.
    #[schema(required)]
    pub valid_from: Option<String>,
    /// Until when it is in force; nothing where that is open. A version that ends as it begins never was.
    #[schema(required)]
    pub valid_to: Option<String>,
    /// When it was written.
    #[schema(required)]
    pub created_at: Option<String>,
    /// Rows that its charts still wait for: they are being looked at in the background.
    pub rows_left: u64,
}

/// Profiles.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileList {
    /// Those in force, `live` first, or all versions of one, oldest first.
    pub profiles: Vec<ProfileInfo>,
}

/// What the channels of a chart are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProfileSplit {
    /// Number of the protocol above IP.
    Protocol,
    /// Application.
    App,
}

/// A chart of a profile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChartRequest {
    /// Start of the range; charts have whole minutes.
    pub from: String,
    /// End of the range.
    pub to: String,
    /// Channels; all where there are none.
    #[serde(default)]
    pub channels: Vec<String>,
    /// What is summed.
    pub by: Measure,
    /// Which definitions it goes by.
    #[serde(default)]
    pub as_known: AsKnown,
    /// What the channels are divided by; nothing for one line each.
    pub split: Option<ProfileSplit>,
    /// Most lines of each divided channel besides "all others", up to 50; 10 where nothing is given.
    pub limit: Option<usize>,
    /// Seconds of a step, whole minutes; chosen where nothing is given.
    pub step_secs: Option<u64>,
}

/// A line of a chart.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileLine {
    /// Channel.
    pub channel: String,
    /// Protocol or application; nothing for all others, and where the channel is not divided.
    #[schema(required)]
    pub key: Option<String>,
    /// Sum of each step.
    pub values: Vec<u64>,
    /// Where the true sum of each step lies with a probability of 95 %, where flows of the range were sampled; null for
    /// steps of the time before that was written down.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub intervals: Vec<Option<Interval>>,
    /// Of that, what initiators sent; nothing for flows.
    #[schema(required)]
    pub src_values: Option<Vec<u64>>,
}

/// A stretch of time for which a chart does not have all rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileGap {
    /// Channel.
    pub channel: String,
    /// Start.
    pub from: String,
    /// End.
    pub to: String,
}

/// A chart: what a flow moved is spread over its lifetime, a flow counts in the minute in which it starts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileChart {
    /// Start of the first step.
    pub start: String,
    /// Seconds of a step.
    pub step_secs: u64,
    /// The lines, by channel.
    pub lines: Vec<ProfileLine>,
    /// What is not in the chart yet, or no longer.
    pub missing: Vec<ProfileGap>,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}
