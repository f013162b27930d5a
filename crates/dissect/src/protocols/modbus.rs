// SPDX-License-Identifier: Apache-2.0
//! Modbus over TCP (Modbus Messaging on TCP/IP §3.1.3): protocol 0, a length that ends the input, and a function
//! whose sizes fit; which functions are asked for, at which units, and what is refused (Modbus Application Protocol §6, §7). UMAS of
//! Schneider is function 90; it is not published, its numbers are those that researchers found.

use super::control::{self, Operation, Units, commands, reads};
use super::tell::*;
use crate::{Dissector, Input, Step};
use minamo_model::Flow;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Modbus",
    title: "Modbus",
    category: Category::IotScada,
    spec: &["Modbus Application Protocol 1.1b3", "Modbus Messaging on TCP/IP 1.0b"],
    ports: &[502],
    max_state: 1_024,
    probe,
    start,
    sample: &[(Side::Src, b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(2..data.len().min(4)).is_some_and(|protocol| protocol.iter().any(|octet| *octet != 0)) {
        return Verdict::No;
    }
    let Some(header) = data.first_chunk::<8>() else { return maybe_if(data.get(4).is_none_or(|high| *high < 2)) };
    let length = be16(header, 4).unwrap_or_default();
    if !(3..=260).contains(&length) || !function(header[7], length, data) {
        return Verdict::No;
    }
    match data.get(6 + length..) {
        None => Verdict::Maybe,
        Some(rest) => yes_if(rest.is_empty() || zero(rest, 2, 2)),
    }
}

/// Whether a message of that function can be that long: its address and count, or a count of octets that ends it.
fn function(code: u8, length: usize, data: &[u8]) -> bool {
    let counted = u8_at(data, 8).is_none_or(|count| count + 3 == length);
    match code {
        1..=4 => length == 6 || counted,
        5 | 6 | 8 => length == 6,
        7 | 11 | 12 | 17 => length == 2 || counted || length == 6 && code == 11,
        15 | 16 => length == 6 || u8_at(data, 12).is_none_or(|count| count + 7 == length),
        20 | 21 | 24 => counted || length == 4,
        22 => length == 8,
        23 => length > 10 || counted,
        43 => matches!(data.get(8), None | Some(0x0d | 0x0e)),
        // UMAS: a session, and one of its functions or an answer's state.
        90 => length >= 4 && matches!(data.get(9), None | Some(0x01..=0x74 | 0xfd | 0xfe)),
        0x81..=0x98 | 0xab | 0xda => length == 3 && matches!(data.get(8), None | Some(1..=11)),
        _ => false,
    }
}

fn start(_: bool) -> Box<dyn Dissector> {
    Box::new(Modbus::default())
}

#[derive(Default)]
struct Modbus {
    umas: bool,
    units: Units,
}

impl Dissector for Modbus {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (Some(protocol), Some(length)) = (be16(data, 2), be16(data, 4)) else { return Step::Continue(0) };
        if protocol != 0 || !(2..=260).contains(&length) {
            return Step::Done;
        }
        let Some(message) = data.get(6..6 + length) else { return Step::Continue(0) };
        let _read: Option<()> = self.message(side, message, flow);
        Step::Continue(6 + length)
    }

    fn name(&self) -> Option<&'static str> {
        self.umas.then_some("Modbus.UMAS")
    }
}

impl Modbus {
    /// A unit, a function and what belongs to it.
    fn message(&mut self, side: Side, message: &[u8], flow: &mut Flow) -> Option<()> {
        let [unit, code, rest @ ..] = message else { return None };
        self.umas |= *code == 90;
        match (side, code) {
            (Side::Dst, 0x80..) => control::refused(flow),
            // UMAS refuses by a state of its own.
            (Side::Dst, 90) if rest.get(1) == Some(&0xfd) => control::refused(flow),
            (Side::Src, ..0x80) => {
                control::asked(operation(*code, rest), flow);
                self.units.add(u16::from(*unit), flow);
            }
            _ => {}
        }
        Some(())
    }
}

/// The operation that a function stands for.
fn operation(code: u8, rest: &[u8]) -> Operation {
    match (code, rest) {
        (1, _) => reads("modbus.read_coils"),
        (2, _) => reads("modbus.read_discrete_inputs"),
        (3, _) => reads("modbus.read_holding_registers"),
        (4, _) => reads("modbus.read_input_registers"),
        (5, _) => commands("modbus.write_single_coil"),
        (6, _) => commands("modbus.write_single_register"),
        (7, _) => reads("modbus.read_exception_status"),
        // Diagnostics by their sub-function (§6.8.1).
        (8, [0, 1, ..]) => commands("modbus.restart_communications"),
        (8, [0, 4, ..]) => commands("modbus.force_listen_only"),
        (8, [0, 10, ..]) => commands("modbus.clear_counters"),
        (8, _) => reads("modbus.diagnostics"),
        (11, _) => reads("modbus.get_event_counter"),
        (12, _) => reads("modbus.get_event_log"),
        (15, _) => commands("modbus.write_multiple_coils"),
        (16, _) => commands("modbus.write_multiple_registers"),
        (17, _) => reads("modbus.report_server_id"),
        (20, _) => reads("modbus.read_file_record"),
        (21, _) => commands("modbus.write_file_record"),
        (22, _) => commands("modbus.mask_write_register"),
        (23, _) => commands("modbus.read_write_registers"),
        (24, _) => reads("modbus.read_fifo_queue"),
        (43, [14, ..]) => reads("modbus.read_device_identification"),
        (90, [_, function, ..]) => umas(*function),
        _ => reads("modbus.other"),
    }
}

fn umas(function: u8) -> Operation {
    match function {
        0x10 => commands("umas.take_reservation"),
        0x20 | 0x22 | 0x24 => reads("umas.read"),
        0x21 | 0x23 | 0x25 | 0x71 => commands("umas.write"),
        0x30..=0x32 => reads("umas.upload"),
        0x33..=0x35 => commands("umas.download"),
        0x40 => commands("umas.start"),
        0x41 => commands("umas.stop"),
        _ => reads("umas.other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_from_functions() {
        assert_eq!(probe(Side::Dst, b"\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x07"), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"\x00\x01\x00\x00\x00\x05\x01\x03\x03\x00\x07"), Verdict::No);
        assert_eq!(probe(Side::Dst, b"\x00\x01\x00\x01\x00\x05\x01\x03\x02\x00\x07"), Verdict::No);
    }

    #[test]
    fn what_is_asked_and_refused() {
        let said: [(Side, &[u8]); 6] = [
            (Side::Src, b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a"),
            (Side::Dst, b"\x00\x01\x00\x00\x00\x03\x01\x83\x02"),
            (Side::Src, b"\x00\x02\x00\x00\x00\x06\x02\x05\x00\x01\xff\x00"),
            (Side::Dst, b"\x00\x02\x00\x00\x00\x06\x02\x05\x00\x01\xff\x00"),
            (Side::Src, b"\x00\x03\x00\x00\x00\x06\x02\x08\x00\x04\x00\x00"),
            (Side::Src, b"\x00\x04\x00\x00\x00\x04\x02\x5a\x00\x41"),
        ];
        for cut in [1, 100] {
            let facts = control::tests::facts(502, &said, cut);
            let asked =
                ["modbus.read_holding_registers", "modbus.write_single_coil", "modbus.force_listen_only", "umas.stop"];
            assert_eq!(facts.operations, Some(asked.map(str::to_owned).to_vec()));
            assert_eq!((facts.commands, facts.refused, facts.units), (Some(3), Some(1), Some(2)));
        }
    }
}
