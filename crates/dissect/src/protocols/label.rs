// SPDX-License-Identifier: Apache-2.0
//! The dissector of protocols that are told by their probe and have no columns of their own.

use minamo_model::Flow;

use crate::{Announced, Dissector, Input, Side, Step};

/// Names the flow and asks for nothing more.
pub(crate) struct Label;

impl Label {
    /// What [`crate::Protocol::start`] wants.
    pub(crate) fn start(_: bool) -> Box<dyn Dissector> {
        Box::new(Self)
    }
}

impl Dissector for Label {
    fn feed(&mut self, _: Side, _: Input<'_>, _: &mut Flow) -> Step {
        Step::Done
    }
}

/// The same for those whose first message says something of other conversations, too.
pub(crate) struct Announcer {
    of: fn(Side, &[u8]) -> Vec<Announced>,
    said: Vec<Announced>,
}

impl Announcer {
    /// A dissector that says what `of` finds in the first message.
    pub(crate) fn start(of: fn(Side, &[u8]) -> Vec<Announced>) -> Box<dyn Dissector> {
        Box::new(Self { of, said: Vec::new() })
    }
}

impl Dissector for Announcer {
    fn feed(&mut self, side: Side, input: Input<'_>, _: &mut Flow) -> Step {
        if let Input::Data(data) = input {
            self.said = (self.of)(side, data);
        }
        Step::Done
    }

    fn announces(&mut self) -> Vec<Announced> {
        std::mem::take(&mut self.said)
    }
}
