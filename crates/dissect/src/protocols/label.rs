// SPDX-License-Identifier: Apache-2.0
//! The dissector of protocols that are told by their probe and have no columns of their own.

use minamo_model::Flow;

use crate::{Dissector, Input, Side, Step};

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
