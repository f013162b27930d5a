// SPDX-License-Identifier: Apache-2.0
//! Conversations that go on after they were silent for so long that their flow has ended: the flow that follows has no
//! beginning that tells what it is, and gets the label of the one before.
//!
//! Facts are not carried over: a row says what was seen in its own packets, besides the label.

use std::borrow::Cow;

use minamo_base::{NANOS_PER_SEC, Recent, Time};
use minamo_dissect::reason;
use minamo_model::Flow;

use crate::table::Key;

/// Conversations that are remembered, by each thread that meters.
const MAX: usize = 65_536;
/// Packets of a conversation that is worth remembering: shorter ones seldom go on.
const WORTH: u64 = 6;
/// Silence after which the same endpoints are not taken for the same conversation. TCP says where one begins, so that
/// ports that are used again are told apart (RFC 9293 §3.5); firewalls keep those that are silent for an hour.
const TCP_SILENCE: i64 = 3_600 * NANOS_PER_SEC;
/// Of UDP nothing tells: about as long as mappings of translators are kept at most (RFC 4787 §4.3).
const UDP_SILENCE: i64 = 600 * NANOS_PER_SEC;

/// Labels of conversations whose flow ended by silence.
pub(crate) struct Resumed(Recent<Key, Told>);

/// The label of one, and when its last packet was.
#[derive(Clone)]
struct Told {
    app: Cow<'static, str>,
    category: Option<Cow<'static, str>>,
    confidence: Cow<'static, str>,
    reason: Option<Cow<'static, str>>,
    last: Time,
}

impl Default for Resumed {
    fn default() -> Self {
        Self(Recent::new(MAX))
    }
}

impl Resumed {
    /// Completes the row of a flow, or of a part of one, that shows no beginning; what ended by silence is remembered.
    pub(crate) fn pass(&mut self, key: &Key, row: &mut Flow) {
        let silence = match row.core.proto {
            6 => TCP_SILENCE,
            17 => UDP_SILENCE,
            _ => return,
        };
        let begins = row.core.orientation.as_deref() == Some("handshake");
        if !begins && !self.0.is_empty() && !row.core.app.contains('.') {
            let told = self.0.get(key).filter(|told| row.core.time_start.since(told.last) <= silence);
            if let Some(told) = told.filter(|told| told.says_more_than(&row.core.app)) {
                told.write(row);
            }
        }
        let ended = row.core.end_reason.as_deref() == Some("idle");
        if ended && row.core.src_packets + row.core.dst_packets >= WORTH && row.core.app != UNKNOWN {
            self.0.insert(*key, Told::of(row));
        }
    }

    /// Conversations that were forgotten for want of room, since the last call.
    pub(crate) fn take_evicted(&mut self) -> u64 {
        self.0.take_evicted()
    }
}

/// The label of what nobody recognised.
const UNKNOWN: &str = "Unknown";

impl Told {
    fn of(row: &Flow) -> Self {
        let core = &row.core;
        let (app, category, confidence) = (core.app.clone(), core.app_category.clone(), core.app_confidence.clone());
        Self { app, category, confidence, reason: core.app_reason.clone(), last: core.time_end }
    }

    /// True for a service of the protocol that was recognised in the later flow, and where nothing was.
    fn says_more_than(&self, app: &str) -> bool {
        app == UNKNOWN || self.app.strip_prefix(app).is_some_and(|service| service.starts_with('.'))
    }

    fn write(&self, row: &mut Flow) {
        let core = &mut row.core;
        (core.app, core.app_category) = (self.app.clone(), self.category.clone());
        core.app_confidence = self.confidence.clone();
        // A conversation may fall silent again and again.
        let known = self.reason.as_deref().unwrap_or_default();
        let before = known.strip_suffix(reason::RESUMED.en).unwrap_or(known).trim_end_matches(reason::BETWEEN);
        core.app_reason = Some(match before {
            "" => reason::RESUMED.en.into(),
            before => reason::join(&[before.to_owned(), reason::RESUMED.en.to_owned()]).into(),
        });
    }
}
