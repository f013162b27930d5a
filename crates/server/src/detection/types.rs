// SPDX-License-Identifier: Apache-2.0
//! Requests and answers about events, incidents and rules.

use std::collections::HashMap;

use minamo_state::{Deed, Happened, Standing, Triage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::types::{Scalar, Text2};

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EventsParams {
    /// Start of the range; from the beginning where nothing is given.
    pub from: Option<String>,
    /// End of the range; to the end where nothing is given.
    pub to: Option<String>,
    /// Most events, up to 1,000; 200 where nothing is given.
    pub limit: Option<usize>,
    /// True to give those too that a suppression hides.
    #[serde(default)]
    pub suppressed: bool,
    /// A technique of MITRE ATT&CK that they are of, itself or by a sub-technique: `T1110`, `T1110.003`.
    pub attack: Option<String>,
    /// An address that is their source or destination.
    pub host: Option<String>,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventRow {
    /// Identity.
    pub event_id: String,
    /// Name of the rule.
    pub rule: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// Title of the rule.
    pub title: Text2,
    /// What happened.
    pub text: Text2,
    /// The question that the rule answers.
    pub question: Text2,
    /// Causes that are no attack.
    pub benign: Vec<Text2>,
    /// Start of the window.
    pub first: String,
    /// End of the window.
    pub last: String,
    /// Address that caused it.
    #[schema(required)]
    pub src_ip: Option<String>,
    /// Address that it was aimed at.
    #[schema(required)]
    pub dst_ip: Option<String>,
    /// The values that made the rule fire.
    #[schema(value_type = HashMap<String, Scalar>)]
    pub values: serde_json::Map<String, Value>,
    /// Filter that shows the flows.
    pub filter: String,
    /// Identifiers of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// The perspective that it is of.
    #[schema(required)]
    pub perspective: Option<String>,
    /// Number of the suppression that hides it.
    #[schema(required)]
    pub suppressed_by: Option<u32>,
    /// Why a suppression does not hide it: its number and the value that is far beyond what was usual.
    #[schema(required)]
    pub suppression_broken: Option<String>,
    /// What people made of it.
    pub triage: TriageInfo,
}

/// Events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Events {
    /// The events.
    pub rows: Vec<EventRow>,
    /// Events of the range that suppressions hide.
    pub hidden: usize,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StandingName {
    /// Nobody has looked.
    New,
    /// Somebody looks at it.
    Open,
    /// It was what it said.
    Confirmed,
    /// It was something else.
    FalsePositive,
    /// It is over.
    Closed,
}

impl From<Standing> for StandingName {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::New => Self::New,
            Standing::Open => Self::Open,
            Standing::Confirmed => Self::Confirmed,
            Standing::FalsePositive => Self::FalsePositive,
            Standing::Closed => Self::Closed,
        }
    }
}

impl From<StandingName> for Standing {
    fn from(name: StandingName) -> Self {
        match name {
            StandingName::New => Self::New,
            StandingName::Open => Self::Open,
            StandingName::Confirmed => Self::Confirmed,
            StandingName::FalsePositive => Self::FalsePositive,
            StandingName::Closed => Self::Closed,
        }
    }
}

/// A comment.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentInfo {
    /// When it was written.
    pub at: String,
    /// By whom.
    pub author: String,
    /// What it says.
    pub text: String,
}

/// What was done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeedName {
    /// Somebody said where it stands.
    Standing,
    /// Somebody said who looks after it.
    Owner,
    /// A target was told.
    Told,
    /// A target was not told.
    Lost,
}

/// An entry of the history of an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// When.
    pub at: String,
    /// Who did it: a person, or the name of an action (`[[action]]`).
    pub who: String,
    /// What was done.
    pub deed: DeedName,
    /// The standing, the owner, or why a target was not told.
    pub detail: String,
}

impl From<Happened> for HistoryEntry {
    fn from(one: Happened) -> Self {
        let deed = match one.deed {
            Deed::Standing => DeedName::Standing,
            Deed::Owner => DeedName::Owner,
            Deed::Told => DeedName::Told,
            Deed::Lost => DeedName::Lost,
        };
        Self { at: one.at.to_string(), who: one.who, deed, detail: one.detail }
    }
}

/// What people made of an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriageInfo {
    /// Where it stands.
    pub standing: StandingName,
    /// Who looks after it.
    #[schema(required)]
    pub owner: Option<String>,
    /// When that was said last.
    #[schema(required)]
    pub at: Option<String>,
    /// What was said about it, the oldest first.
    pub comments: Vec<CommentInfo>,
    /// What was done about it, the oldest first.
    pub history: Vec<HistoryEntry>,
}

impl TriageInfo {
    /// What people said of it, and what was done.
    pub(crate) fn new(triage: Triage, history: Vec<Happened>) -> Self {
        let comment =
            |one: minamo_state::Comment| CommentInfo { at: one.at.to_string(), author: one.author, text: one.text };
        Self {
            standing: triage.standing.into(),
            owner: triage.owner,
            at: triage.at.map(|at| at.to_string()),
            comments: triage.comments.into_iter().map(comment).collect(),
            history: history.into_iter().map(Into::into).collect(),
        }
    }
}

/// What to say of an event; what is not given stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriageChange {
    /// Where it stands.
    pub standing: Option<StandingName>,
    /// Who looks after it; nobody where the text is empty.
    pub owner: Option<String>,
    /// What there is to say.
    pub comment: Option<String>,
}

/// A tactic of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stage {
    /// Word for programs: `credential_access`.
    pub tactic: String,
    /// Its name.
    pub name: Text2,
    /// First event of it.
    pub at: String,
}

/// An event of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentEvent {
    /// Its identity.
    pub event_id: String,
    /// Name of its rule.
    pub rule: String,
    /// Title of its rule.
    pub title: Text2,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// Its first moment.
    pub first: String,
    /// Its last moment.
    pub last: String,
    /// Address that caused it.
    #[schema(required)]
    pub src_ip: Option<String>,
    /// Address that it was aimed at; absent where there are several.
    #[schema(required)]
    pub dst_ip: Option<String>,
    /// Words of its tactics, as the stages have them.
    pub tactics: Vec<String>,
}

/// A host of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentHost {
    /// Its address.
    pub address: String,
    /// True where it is one of the own network.
    pub own: bool,
}

/// A sentence of a story.
#[derive(Debug, Serialize, ToSchema)]
pub struct StorySentence {
    /// When what it tells began; absent where it is about the whole.
    #[schema(required)]
    pub at: Option<String>,
    /// What it says.
    pub text: Text2,
}

/// Events that belong to one story.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentRow {
    /// Identity: that of its first event.
    pub incident_id: String,
    /// The host that it is about.
    #[schema(required)]
    pub host: Option<String>,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// 0 to 100.
    pub score: u8,
    /// Its first moment.
    pub first: String,
    /// Its last moment.
    pub last: String,
    /// Tactics in the order of an attack.
    pub stages: Vec<Stage>,
    /// Its events, the first one first.
    pub events: Vec<IncidentEvent>,
    /// All hosts of its events.
    pub hosts: Vec<IncidentHost>,
    /// The story, sentence by sentence.
    pub narrative: Vec<StorySentence>,
    /// What people made of it.
    pub triage: TriageInfo,
}

/// Incidents, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Incidents {
    /// The incidents.
    pub rows: Vec<IncidentRow>,
}

/// When to look at the risks of hosts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct HostRisksParams {
    /// The instant; now where nothing is given.
    pub at: Option<String>,
    /// Where the scores over time begin; seven days before the instant where nothing is given.
    pub from: Option<String>,
    /// Number of scores over time, up to 200; 28 where nothing is given.
    pub points: Option<usize>,
    /// Most hosts, up to 1,000; 100 where nothing is given.
    pub limit: Option<usize>,
}

/// Range of the risk of a host.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct HostRiskParams {
    /// Start of the range; seven days before its end where nothing is given.
    pub from: Option<String>,
    /// End of the range; now where nothing is given.
    pub to: Option<String>,
    /// Number of instants, up to 1,000; 168 where nothing is given.
    pub points: Option<usize>,
}

/// A number of a rule that may be changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleParameter {
    /// Its name.
    pub name: String,
    /// The number in force.
    pub value: u64,
    /// Why the rule has the number that it has by itself.
    pub reason: Text2,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleInfo {
    /// Its name; `rule:instance` where it runs several times.
    pub name: String,
    /// Short title.
    pub title: Text2,
    /// The question that it answers.
    pub question: Text2,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// Identifiers of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// Length of its window.
    pub window_secs: u64,
    /// Shortest time between two looks.
    #[schema(required)]
    pub every_secs: Option<u64>,
    /// How far back it looks.
    #[schema(required)]
    pub history_secs: Option<u64>,
    /// Condition in SQL that narrows the flows.
    #[schema(required)]
    pub only: Option<String>,
    /// Its numbers.
    pub parameters: Vec<RuleParameter>,
    /// Causes that are no attack.
    pub benign: Vec<Text2>,
    /// Its query.
    pub sql: String,
    /// False where it does not run.
    pub enabled: bool,
    /// `shipped` with the product, a `file` of the folder `detect.rules`, or written in the `console`.
    pub origin: String,
    /// Who says how it runs: the `rule` itself, the `configuration` (`[[rule]]`), or somebody in the `console`.
    pub decided_by: String,
}

/// The text of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleText {
    /// Its name.
    pub name: String,
    /// The rule file, or its query where it was made of a query of another kind.
    pub text: String,
    /// `shipped`, `file` or `console`.
    pub origin: String,
}

/// A rule to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleWrite {
    /// The rule file: front matter and query.
    pub text: String,
}

/// A rule that was kept, deleted or left to itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleKept {
    /// Its name.
    pub name: String,
    /// False where detection is busy, and puts it in force a little later.
    pub in_force: bool,
}

/// How a rule is to run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    /// Whether it runs.
    pub enabled: bool,
    /// Severity of its events; the rule's own without.
    pub severity: Option<String>,
    /// Condition in SQL that narrows the flows it looks at.
    pub only: Option<String>,
    /// Parameters with other values than the rule's own.
    #[serde(default)]
    pub parameters: HashMap<String, u64>,
}

/// A rule that cannot run.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedRule {
    /// Its name.
    pub name: String,
    /// What is wrong, with file and position.
    pub why: String,
}

/// The rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleList {
    /// All of them, those too that do not run.
    pub rules: Vec<RuleInfo>,
    /// Those that cannot run.
    pub refused: Vec<RefusedRule>,
}

/// A rule to try on the past.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTry {
    /// Name of a rule, or of the one in `text`.
    pub name: String,
    /// A rule file, in place of a rule in force.
    pub text: Option<String>,
    /// Parameters with other values.
    #[serde(default)]
    pub parameters: HashMap<String, u64>,
    /// Start of the range.
    pub from: String,
    /// End of the range.
    pub to: String,
}

/// What a rule would have found.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleTried {
    /// How many events.
    pub events: usize,
    /// How many different pairs of source and destination.
    pub pairs: usize,
    /// True where there was more than is looked at.
    pub cut: bool,
    /// Windows that were left out because there are too many.
    pub left_out: u64,
    /// The latest of them.
    pub rows: Vec<EventRow>,
}
