// SPDX-License-Identifier: Apache-2.0
//! IEC 60870-5-104 (§5): APDUs with their start and length one behind the other, each with control fields that exist;
//! which types the controlling station sends (IEC 60870-5-101 §7.2.1), and what is refused (§7.2.3).

use minamo_model::Flow;

use super::control::{self, Operation, Units, commands, reads};
use super::tell::*;
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IEC60870",
    title: "IEC 60870-5-104",
    category: Category::IotScada,
    spec: &["IEC 60870-5-104", "IEC 60870-5-101"],
    ports: &[2404],
    first: First::Of(&[0x68]),
    max_state: 1_024,
    probe,
    start: |_| Box::new(Iec104::default()),
    sample: &[(Side::Src, b"\x68\x04\x07\x00\x00\x00")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let unit = |rest: &[u8]| {
        let told = match rest {
            // Unnumbered: start, stop, test, one of them.
            [0x68, 4, 0x07 | 0x0b | 0x13 | 0x23 | 0x43 | 0x83, 0, 0, 0, ..] => true,
            [0x68, 4, 1, 0, sequence, _, ..] => sequence & 1 == 0,
            // Information: type, count, cause of transmission.
            [0x68, length @ 10..=253, send, _, receive, _, kind, count, cause, ..] => {
                send & 1 == 0
                    && receive & 1 == 0
                    && matches!(kind, 1..=21 | 30..=40 | 45..=51 | 58..=64 | 70 | 100..=107 | 110..=113 | 120..=127)
                    && *count > 0
                    && matches!(cause & 0x3f, 1..=13 | 20..=41 | 44..=47)
                    && *length > 9
            }
            _ => false,
        };
        told.then_some(2 + u8_at(rest, 1)?)
    };
    if fills(data, 64, unit) {
        return Verdict::Yes;
    }
    // The last one may be cut; one whole in front of it is enough.
    let first = unit(data);
    match first.and_then(|length| data.get(length..)) {
        Some(rest) if rest.first() == Some(&0x68) => Verdict::Yes,
        Some(_) => Verdict::No,
        None => maybe_if(data.len() < 9 && matches!(data, [0x68] | [0x68, 4..=253, ..]) || first.is_some()),
    }
}

#[derive(Default)]
struct Iec104 {
    units: Units,
}

impl Dissector for Iec104 {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let Some(length) = u8_at(data, 1) else { return Step::Continue(0) };
        if data.first() != Some(&0x68) || length < 4 {
            return Step::Done;
        }
        let Some(unit) = data.get(2..2 + length) else { return Step::Continue(0) };
        self.unit(side, unit, flow);
        Step::Continue(2 + length)
    }
}

impl Iec104 {
    /// Control fields; of information its type, count, cause, originator and station.
    fn unit(&mut self, side: Side, unit: &[u8], flow: &mut Flow) {
        match unit {
            [0x13, 0, 0, 0] if side == Side::Src => control::asked(reads("iec104.STOPDT"), flow),
            [send, _, _, _, kind, _, cause, _, low, high, ..] if send & 1 == 0 => match side {
                // Unknown type, cause, station or object; or what was asked for is not done.
                Side::Dst if matches!(cause & 0x3f, 44..=47) || cause & 0x40 != 0 => control::refused(flow),
                Side::Src => {
                    control::asked(operation(*kind), flow);
                    self.units.add(u16::from_le_bytes([*low, *high]), flow);
                }
                Side::Dst => {}
            },
            _ => {}
        }
    }
}

/// What a type of information asks for, in the direction of control.
fn operation(kind: u8) -> Operation {
    match kind {
        45 => commands("iec104.C_SC_NA_1"),
        46 => commands("iec104.C_DC_NA_1"),
        47 => commands("iec104.C_RC_NA_1"),
        48 => commands("iec104.C_SE_NA_1"),
        49 => commands("iec104.C_SE_NB_1"),
        50 => commands("iec104.C_SE_NC_1"),
        51 => commands("iec104.C_BO_NA_1"),
        58 => commands("iec104.C_SC_TA_1"),
        59 => commands("iec104.C_DC_TA_1"),
        60 => commands("iec104.C_RC_TA_1"),
        61 => commands("iec104.C_SE_TA_1"),
        62 => commands("iec104.C_SE_TB_1"),
        63 => commands("iec104.C_SE_TC_1"),
        64 => commands("iec104.C_BO_TA_1"),
        100 => reads("iec104.C_IC_NA_1"),
        101 => reads("iec104.C_CI_NA_1"),
        102 => reads("iec104.C_RD_NA_1"),
        103 => commands("iec104.C_CS_NA_1"),
        105 => commands("iec104.C_RP_NA_1"),
        107 => reads("iec104.C_TS_TA_1"),
        110..=113 => commands("iec104.parameter"),
        120..=127 => reads("iec104.file"),
        _ => reads("iec104.other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_refusals() {
        let said: [(Side, &[u8]); 5] = [
            (Side::Src, b"\x68\x04\x07\x00\x00\x00"),
            (Side::Dst, b"\x68\x04\x0b\x00\x00\x00"),
            (Side::Src, b"\x68\x0e\x00\x00\x00\x00\x64\x01\x06\x00\x01\x00\x00\x00\x00\x14"),
            (Side::Src, b"\x68\x0e\x02\x00\x00\x00\x2d\x01\x06\x00\x02\x00\x01\x00\x00\x01"),
            (Side::Dst, b"\x68\x0e\x00\x00\x04\x00\x2d\x01\x6e\x00\x02\x00\x01\x00\x00\x01"),
        ];
        for cut in [1, 100] {
            let facts = control::tests::facts(2404, &said, cut);
            let asked = ["iec104.C_IC_NA_1", "iec104.C_SC_NA_1"];
            assert_eq!(facts.operations, Some(asked.map(str::to_owned).to_vec()));
            assert_eq!((facts.commands, facts.refused, facts.units), (Some(1), Some(1), Some(2)));
        }
    }
}
