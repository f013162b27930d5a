// SPDX-License-Identifier: Apache-2.0
//! BACnet/IP (ASHRAE 135 annex J, clause 6): the virtual link's type, function and length, and version 1 of the
//! network layer; which services are asked for, and what is refused (clauses 20, 21). Objects and values are not read.

use minamo_model::Flow;

use super::control::{self, Operation, commands, reads};
use super::tell::*;
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BACnet",
    title: "Building Automation and Control networks",
    category: Category::IotScada,
    spec: &["ANSI/ASHRAE 135-2020"],
    ports: &[47808],
    first: First::Of(&[0x81, 0x82]),
    probe,
    on_port: Some(|_, data| matches!(data, [0x81 | 0x82, 0..=0x0c, ..]) && be16(data, 2) == Some(data.len())),
    start: |_| Box::new(Bacnet),
    sample: &[(Side::Src, b"\x81\x0b\x00\x0c\x01\x20\xff\xff\x00\xff\x10\x08")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let network =
        |place: usize| data.get(place) == Some(&1) && data.get(place + 1).is_some_and(|control| control & 0x50 == 0);
    let told = match data.get(1) {
        Some(0x04) => network(10),
        Some(0x09..=0x0b) => network(4),
        Some(0x00) => data.len() == 6,
        Some(0x01..=0x03 | 0x05..=0x08 | 0x0c) => true,
        _ => false,
    };
    yes_if(told && within(u8_at(data, 0), 0x81, 0x82) && be16(data, 2) == Some(data.len()))
}

struct Bacnet;

impl Dissector for Bacnet {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let network = match data.get(1) {
            Some(0x04) => data.get(10..),
            Some(0x09..=0x0b) => data.get(4..),
            Some(0x01) => return noted(commands("bacnet.write_broadcast_table"), flow),
            Some(0x05) => return noted(reads("bacnet.register_foreign_device"), flow),
            Some(0x08) => return noted(commands("bacnet.delete_foreign_device"), flow),
            _ => None,
        };
        let _read: Option<()> = network.and_then(|network| message(network, flow));
        Step::Continue(data.len())
    }
}

fn noted(operation: Operation, flow: &mut Flow) -> Step {
    control::asked(operation, flow);
    Step::Continue(0)
}

/// Version and control, where it goes and comes from, and behind them a message of the network layer or a service (clauses 6.2,
/// 20.1). Either side may ask: only requests are noted, by what they are.
fn message(network: &[u8], flow: &mut Flow) -> Option<()> {
    let control = *network.get(1)?;
    let mut at = 2;
    if control & 0x20 != 0 {
        at += 3 + usize::from(*network.get(at + 2)?);
    }
    if control & 0x08 != 0 {
        at += 3 + usize::from(*network.get(at + 2)?);
    }
    at += usize::from(control & 0x20 != 0);
    if control & 0x80 != 0 {
        control::asked(routing(*network.get(at)?), flow);
        return Some(());
    }
    let kind = *network.get(at)?;
    match kind >> 4 {
        0 => {
            let segmented = if kind & 0x08 == 0 { 0 } else { 2 };
            control::asked(confirmed(*network.get(at + 3 + segmented)?), flow);
        }
        1 => control::asked(unconfirmed(*network.get(at + 1)?), flow),
        5..=7 => control::refused(flow),
        _ => {}
    }
    Some(())
}

/// Messages of the network layer (clause 6.4).
fn routing(kind: u8) -> Operation {
    match kind {
        0x00 => reads("bacnet.who_is_router"),
        0x01 => reads("bacnet.i_am_router"),
        0x06 => commands("bacnet.initialize_routing_table"),
        0x08 => commands("bacnet.establish_connection"),
        0x09 => commands("bacnet.disconnect_connection"),
        _ => reads("bacnet.routing"),
    }
}

/// Confirmed services (clause 21, BACnetConfirmedServiceChoice).
fn confirmed(service: u8) -> Operation {
    match service {
        0 => commands("bacnet.acknowledge_alarm"),
        1 => reads("bacnet.cov_notification"),
        2 => reads("bacnet.event_notification"),
        3 => reads("bacnet.get_alarm_summary"),
        4 => reads("bacnet.get_enrollment_summary"),
        5 | 28 | 30 => reads("bacnet.subscribe_cov"),
        6 => reads("bacnet.read_file"),
        7 => commands("bacnet.write_file"),
        8 => commands("bacnet.add_list_element"),
        9 => commands("bacnet.remove_list_element"),
        10 => commands("bacnet.create_object"),
        11 => commands("bacnet.delete_object"),
        12 => reads("bacnet.read_property"),
        14 => reads("bacnet.read_property_multiple"),
        15 => commands("bacnet.write_property"),
        16 => commands("bacnet.write_property_multiple"),
        17 => commands("bacnet.device_communication_control"),
        18 => reads("bacnet.private_transfer"),
        19 => reads("bacnet.text_message"),
        20 => commands("bacnet.reinitialize_device"),
        26 => reads("bacnet.read_range"),
        27 => commands("bacnet.life_safety_operation"),
        29 => reads("bacnet.get_event_information"),
        _ => reads("bacnet.other"),
    }
}

/// Unconfirmed services (clause 21, BACnetUnconfirmedServiceChoice).
fn unconfirmed(service: u8) -> Operation {
    match service {
        0 => reads("bacnet.i_am"),
        1 => reads("bacnet.i_have"),
        2 => reads("bacnet.cov_notification"),
        3 => reads("bacnet.event_notification"),
        4 => reads("bacnet.private_transfer"),
        5 => reads("bacnet.text_message"),
        6 | 9 => commands("bacnet.time_synchronization"),
        7 => reads("bacnet.who_has"),
        8 => reads("bacnet.who_is"),
        10 => commands("bacnet.write_group"),
        _ => reads("bacnet.other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_that_were_asked_for() {
        let mut flow = Flow::default();
        let said: [&[u8]; 6] = [
            PROTOCOL.sample[0].1,
            b"\x81\x0a\x00\x11\x01\x04\x02\x05\x01\x0c\x0c\x00\x00\x00\x01\x19\x55",
            b"\x81\x0a\x00\x11\x01\x04\x0e\x05\x02\x00\x04\x0f\x0c\x00\x00\x00\x01",
            b"\x81\x0a\x00\x0d\x01\x00\x50\x01\x0c\x91\x02\x91\x20",
            // Forwarded, from a station behind a router to another: routes and addresses stand in between.
            b"\x81\x04\x00\x1a\xc0\x00\x02\x01\xba\xc0\x01\x28\x00\x05\x01\x07\x00\x06\x01\x08\xff\x00\x05\x03\x14\x09",
            b"\x81\x0a\x00\x08\x01\x80\x00\x00",
        ];
        for data in said {
            assert_eq!(be16(data, 2), Some(data.len()));
            Bacnet.feed(Side::Src, Input::Data(data), &mut flow);
        }
        let facts = flow.control.expect("facts");
        let names = ["who_is", "read_property", "write_property", "reinitialize_device", "who_is_router"];
        assert_eq!(facts.operations, Some(names.map(|name| format!("bacnet.{name}")).to_vec()));
        assert_eq!((facts.commands, facts.refused), (Some(2), Some(1)));
    }
}
