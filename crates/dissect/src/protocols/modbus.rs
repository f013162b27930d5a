// SPDX-License-Identifier: Apache-2.0
//! Modbus over TCP (Modbus Messaging on TCP/IP §3.1.3): protocol 0, a length that ends the input, and a function
//! whose sizes fit. UMAS of Schneider is function 90.

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
    Box::new(Modbus { umas: false })
}

struct Modbus {
    umas: bool,
}

impl Dissector for Modbus {
    fn feed(&mut self, _: Side, input: Input<'_>, _: &mut Flow) -> Step {
        if let Input::Data(data) = input {
            self.umas = data.get(7) == Some(&90);
        }
        Step::Done
    }

    fn name(&self) -> Option<&'static str> {
        self.umas.then_some("Modbus.UMAS")
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
}
