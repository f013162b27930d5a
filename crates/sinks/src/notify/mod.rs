// SPDX-License-Identifier: Apache-2.0
//! Telling people and programs of an event: one file per kind of target. Sending blocks and says what went wrong; who
//! calls decides about trying again.

mod http;
mod mail;
mod script;
mod syslog;

use std::fmt;
use std::time::Duration;

use minamo_base::Time;

pub use http::{Chat, Webhook};
pub use mail::{Mail, Security};
pub use script::Script;
pub use syslog::{Format, Syslog, Transport};

/// Longest that one attempt may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// What there is to tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notice {
    /// Identity of the event.
    pub event_id: String,
    /// Name of the rule.
    pub rule: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// Title, in the language of the target.
    pub title: String,
    /// What happened, in that language.
    pub text: String,
    /// Its first moment.
    pub start: Time,
    /// Its last moment so far.
    pub end: Time,
    /// Who did it.
    pub src: Option<String>,
    /// To whom.
    pub dst: Option<String>,
    /// Identifiers of MITRE ATT&CK.
    pub attack: Vec<String>,
    /// The values behind it, a JSON object.
    pub facts: serde_json::Value,
    /// Where the console shows it.
    pub link: Option<String>,
}

/// Why something could not be told.
#[derive(Debug, thiserror::Error)]
#[error("{to}: {what}")]
pub struct NotifyError {
    /// The target, without secrets.
    pub to: String,
    /// What went wrong.
    pub what: String,
    /// False where trying again cannot help: the target understood and refuses.
    pub again: bool,
}

impl NotifyError {
    fn again(to: impl fmt::Display, what: impl fmt::Display) -> Self {
        Self { to: to.to_string(), what: what.to_string(), again: true }
    }

    fn never(to: impl fmt::Display, what: impl fmt::Display) -> Self {
        Self { to: to.to_string(), what: what.to_string(), again: false }
    }
}

/// A target.
pub trait Notify: Send {
    /// Tells it.
    fn send(&self, notice: &Notice) -> Result<(), NotifyError>;
}

impl Notice {
    /// The notice as a JSON object, as webhooks get it.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "event_id": self.event_id,
            "rule": self.rule,
            "severity": self.severity,
            "title": self.title,
            "text": self.text,
            "time_start": self.start.to_string(),
            "time_end": self.end.to_string(),
            "src_ip": self.src,
            "dst_ip": self.dst,
            "attack": self.attack,
            "facts": self.facts,
            "link": self.link,
        })
    }
}

#[cfg(test)]
mod tests;
