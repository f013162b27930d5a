// SPDX-License-Identifier: Apache-2.0
//! The way into TLS that the protocols of mail share: a command asks for it, a positive answer grants it, and what
//! follows on both sides is TLS (RFC 3207 §4, RFC 2595 §2.1, RFC 9051 §6.2.1).

use minamo_model::Flow;

use crate::Step;

/// What is known of it in one session.
#[derive(Default)]
pub(super) struct StartTls {
    /// The client asked and was not refused.
    pub(super) asked: bool,
    granted: bool,
}

impl StartTls {
    /// What a TLS record means where a line should be: the answer was missed, or nothing can be read any more.
    pub(super) fn record(&mut self, flow: &mut Flow) -> Step {
        if self.asked { self.hand_over(flow) } else { Step::Done }
    }

    /// The positive answer.
    pub(super) fn hand_over(&mut self, flow: &mut Flow) -> Step {
        self.granted = true;
        flow.mail.get_or_insert_default().starttls = Some(true);
        Step::Inner(0)
    }

    /// The label of a session that went over.
    pub(super) fn name(&self, secure: &'static str) -> Option<&'static str> {
        self.granted.then_some(secure)
    }
}
