// SPDX-License-Identifier: Apache-2.0
//! DNP3 (IEEE 1815 §9.2): the link layer's start, length, control, addresses, and the checksum over them; the
//! function of each application message that begins in a frame (§4.2.2), and what is refused (§4.2.2.6).

use minamo_model::Flow;

use super::control::{self, Operation, Units, commands, reads};
use super::tell::*;
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DNP3",
    title: "Distributed Network Protocol 3",
    category: Category::IotScada,
    spec: &["IEEE 1815-2012"],
    ports: &[20000],
    first: First::Of(&[0x05]),
    max_state: 1_024,
    probe,
    start: |_| Box::new(Dnp3::default()),
    sample: &[(Side::Src, b"\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"\x05\x64") {
        Verdict::Yes => {
            head::<10>(data, |head| head[2] >= 5 && le16(head, 8) == Some(usize::from(checksum(&head[..8]))))
        }
        other => other,
    }
}

/// CRC-16 with the polynomial 0x3d65, reflected, complemented at the end (§9.2.4).
fn checksum(data: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 };
    !data.iter().fold(0, |crc, octet| (0..8).fold(crc ^ u16::from(*octet), |crc, _| step(crc)))
}

#[derive(Default)]
struct Dnp3 {
    units: Units,
}

impl Dissector for Dnp3 {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let Some(length) = u8_at(data, 2) else { return Step::Continue(0) };
        if !data.starts_with(b"\x05\x64") || length < 5 {
            return Step::Done;
        }
        // A checksum of two octets stands behind the head and behind each sixteen octets.
        let whole = 10 + (length - 5) + (length - 5).div_ceil(16) * 2;
        let Some(frame) = data.get(..whole) else { return Step::Continue(0) };
        let _read: Option<()> = self.frame(frame, flow);
        Step::Continue(whole)
    }
}

impl Dnp3 {
    /// The link layer tells who is the master; the first octet behind it whether a message begins.
    fn frame(&mut self, frame: &[u8], flow: &mut Flow) -> Option<()> {
        let from_master = frame.get(3)? & 0x80 != 0;
        if frame.get(10)? & 0x40 == 0 {
            return None;
        }
        let code = *frame.get(12)?;
        match from_master {
            // Confirmations ask for nothing.
            true if code != 0 => {
                control::asked(operation(code), flow);
                self.units.add(u16::try_from(le16(frame, 4)?).ok()?, flow);
            }
            // The second octet of indications: function, object or parameter unknown.
            false if matches!(code, 129 | 130) && frame.get(14)? & 7 != 0 => control::refused(flow),
            _ => {}
        }
        Some(())
    }
}

/// The operation that a function stands for.
fn operation(code: u8) -> Operation {
    match code {
        1 => reads("dnp3.read"),
        2 => commands("dnp3.write"),
        3 => commands("dnp3.select"),
        4 => commands("dnp3.operate"),
        5 | 6 => commands("dnp3.direct_operate"),
        7..=12 => commands("dnp3.freeze"),
        13 => commands("dnp3.cold_restart"),
        14 => commands("dnp3.warm_restart"),
        15 | 16 => commands("dnp3.initialize"),
        17 => commands("dnp3.start_application"),
        18 => commands("dnp3.stop_application"),
        19 => commands("dnp3.save_configuration"),
        20 => reads("dnp3.enable_unsolicited"),
        21 => commands("dnp3.disable_unsolicited"),
        22..=24 => reads("dnp3.housekeeping"),
        25 | 26 | 28..=30 => reads("dnp3.file"),
        27 => commands("dnp3.delete_file"),
        31 => commands("dnp3.activate_configuration"),
        _ => reads("dnp3.other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_must_fit() {
        let mut frame = PROTOCOL.sample[0].1.to_vec();
        assert_eq!(probe(Side::Src, &frame), Verdict::Yes);
        frame[4] ^= 1;
        assert_eq!(probe(Side::Src, &frame), Verdict::No);
    }

    #[test]
    fn functions_and_refusals() {
        let frame = |control: u8, to: u8, body: &[u8]| {
            let length = u8::try_from(5 + body.len()).expect("short");
            let head = [5, 0x64, length, control, to, 0, 1, 0];
            let sum = |data: &[u8]| checksum(data).to_le_bytes();
            [&head[..], &sum(&head), body, &sum(body)].concat()
        };
        let restart = frame(0xc4, 10, &[0xc0, 0xc1, 13]);
        let operate = frame(0xc4, 11, &[0xc0, 0xc2, 5, 12, 1, 0x28, 1, 0, 0, 0]);
        let no = frame(0x44, 1, &[0xc0, 0xc2, 129, 0, 1]);
        let said: [(Side, &[u8]); 3] = [(Side::Src, &restart), (Side::Src, &operate), (Side::Dst, &no)];
        for cut in [1, 100] {
            let facts = control::tests::facts(20_000, &said, cut);
            let asked = ["dnp3.cold_restart", "dnp3.direct_operate"];
            assert_eq!(facts.operations, Some(asked.map(str::to_owned).to_vec()));
            assert_eq!((facts.commands, facts.refused, facts.units), (Some(2), Some(1), Some(2)));
        }
    }
}
