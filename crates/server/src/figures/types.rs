// SPDX-License-Identifier: Apache-2.0
//! Request and answer of the key figures.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::query::types::question;
use crate::types::{Measure, Text2};

question! {
    /// Which key figures of a range are wanted.
    pub struct FiguresRequest {
        /// Those of one page; all where nothing is given.
        pub page: Option<Page>,
        /// True to count the events behind which traffic is encrypted, too.
        #[serde(default)]
        pub threats: bool,
    }
}

/// Pages of the console that have key figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// The overview.
    Overview,
    /// Applications.
    Applications,
    /// TLS.
    Tls,
    /// DNS.
    Dns,
}

/// Whether more of it is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// The more the better.
    More,
    /// The less the better.
    Less,
    /// Neither: it says what there is.
    None,
}

/// How much some flows are.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Amount {
    /// Octets of both sides.
    pub bytes: u64,
    /// Flows.
    pub flows: u64,
}

/// A share: what passes `filter` of what passes `of`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figure {
    /// Name.
    pub name: String,
    /// Name for people.
    pub title: Text2,
    /// What it means and how far it can be trusted.
    pub meaning: Text2,
    /// What the share is of: octets or flows.
    pub by: Measure,
    /// Whether more is better.
    pub wish: Wish,
    /// Filter of the whole; empty for all traffic.
    pub of: String,
    /// Filter of the part.
    pub filter: String,
    /// What passes it.
    pub part: Amount,
    /// The whole.
    pub whole: Amount,
}

/// Events, and those with encrypted traffic behind them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Threats {
    /// Events of the range that no suppression hides; where there is a filter, of the latest 200 those with a flow that passes it.
    pub events: u64,
    /// Of these the latest, up to 200, whose flows were looked for.
    pub looked_at: u64,
    /// Of these, those with a flow whose content is encrypted.
    pub encrypted: u64,
}

/// Key figures of a range.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figures {
    /// The figures.
    pub figures: Vec<Figure>,
    /// Events, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threats: Option<Threats>,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}
