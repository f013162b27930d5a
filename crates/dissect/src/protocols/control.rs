// SPDX-License-Identifier: Apache-2.0
//! What protocols that control machines note alike: what the client asked for, how much of it changes the process, what
//! was refused, and how many units were addressed. Values of the process are not noted.

use minamo_model::Flow;
use minamo_model::flow::Control;

/// Operations that are kept.
const OPERATIONS_MAX: usize = 24;
/// Units that are told apart.
const UNITS_MAX: usize = 64;

/// An operation that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Its name with that of its protocol.
    pub(super) name: &'static str,
    /// True where it changes or commands the process, or the controller.
    pub(super) commands: bool,
}

/// An operation that reads.
pub(crate) const fn reads(name: &'static str) -> Operation {
    Operation { name, commands: false }
}

/// An operation that changes something.
pub(crate) const fn commands(name: &'static str) -> Operation {
    Operation { name, commands: true }
}

/// Notes a request.
pub(super) fn asked(operation: Operation, flow: &mut Flow) {
    asked_of(operation, flow.control.get_or_insert_default());
}

/// The same, into what is noted of a conversation without IP.
pub(crate) fn asked_of(operation: Operation, facts: &mut Control) {
    let operations = facts.operations.get_or_insert_default();
    if operations.len() < OPERATIONS_MAX && !operations.iter().any(|name| name == operation.name) {
        operations.push(operation.name.to_owned());
    }
    if operation.commands {
        facts.commands = Some(facts.commands.unwrap_or(0).saturating_add(1));
    }
}

/// Counts an answer that refuses a request.
pub(super) fn refused(flow: &mut Flow) {
    let facts = flow.control.get_or_insert_default();
    facts.refused = Some(facts.refused.unwrap_or(0).saturating_add(1));
}

/// The units that a flow addressed.
#[derive(Default)]
pub(super) struct Units(Vec<u16>);

impl Units {
    /// Notes that a unit was addressed.
    pub(super) fn add(&mut self, unit: u16, flow: &mut Flow) {
        if self.0.len() < UNITS_MAX && !self.0.contains(&unit) {
            self.0.push(unit);
        }
        flow.control.get_or_insert_default().units = u16::try_from(self.0.len()).ok();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{Classifier, Input, Side};

    /// What is noted of a conversation over a port, cut into pieces.
    pub(crate) fn facts(port: u16, said: &[(Side, &[u8])], cut: usize) -> Control {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 40_000, port));
        for (side, data) in said {
            data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        *flow.control.unwrap_or_default()
    }

    #[test]
    fn each_operation_once_and_so_many_units() {
        let (mut flow, mut units) = (Flow::default(), Units::default());
        for unit in 0..100 {
            asked(commands("modbus.write_single_coil"), &mut flow);
            units.add(unit, &mut flow);
        }
        let facts = flow.control.expect("facts");
        assert_eq!(facts.operations, Some(vec!["modbus.write_single_coil".to_owned()]));
        assert_eq!((facts.commands, facts.units, facts.refused), (Some(100), Some(64), None));
    }
}
