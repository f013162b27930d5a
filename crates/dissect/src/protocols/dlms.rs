// SPDX-License-Identifier: Apache-2.0
//! DLMS/COSEM over TCP and UDP (IEC 62056-47): the wrapper's version, ports and length, and the tag of an APDU; or frames
//! of HDLC (IEC 62056-46 §6.4) as serial lines have them: flags at both ends, a format with the length, and a checksum; or the
//! sign-on in text (IEC 62056-21). Services that are asked for are noted (DLMS UA 1000-2, "xDLMS APDUs"), and what is refused; of
//! encrypted ones their kind.

use minamo_model::Flow;

use super::control::{self, Operation, Units, commands, reads};
use super::tell::*;
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IEC62056",
    title: "DLMS/COSEM",
    category: Category::IotScada,
    spec: &["IEC 62056-47", "IEC 62056-46", "IEC 62056-53", "IEC 62056-21"],
    ports: &[4059],
    first: First::Of(&[0x00, 0x7e, b'/']),
    probe,
    start: |_| Box::new(Dlms::default()),
    sample: &[(Side::Src, b"\x00\x01\x00\x10\x00\x01\x00\x05\x60\x03\xa1\x01\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data.first() {
        Some(0x7e) => return framed(data),
        Some(b'/') => return signs_on(data),
        _ => {}
    }
    let Some(header) = data.first_chunk::<8>() else { return maybe_if(matches!(data, [0] | [0, 1, ..])) };
    let body = data.get(8..).unwrap_or_default();
    let length = be16(header, 6).unwrap_or_default();
    let tag = match body.first() {
        Some(
            0x60..=0x63 | 0xc0..=0xcf | 0xd0..=0xdf | 0x01 | 0x05 | 0x06 | 0x08 | 0x0c | 0x0d | 0x0e | 0x0f | 0xe6,
        ) => true,
        Some(_) => return Verdict::No,
        None => return maybe_if(header[..2] == [0, 1] && length > 2),
    };
    let fits = header[..2] == [0, 1]
        && tag
        && length > 2
        && within(be16(header, 2), 1, 0x4000)
        && within(be16(header, 4), 1, 0x4000);
    match body.len() < length {
        true => maybe_if(fits && length <= 4_096),
        false => yes_if(fits && body.len() == length),
    }
}

/// Mode C of IEC 62056-21 (§5.8, §6.3): the request with a meter's address or none, or its answer: three letters of the maker, a
/// baud rate, and an identification.
fn signs_on(data: &[u8]) -> Verdict {
    let address = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b' ';
    first_line(data, 38, |line| match line {
        [b'/', b'?', address_of @ .., b'!'] => address_of.iter().all(address),
        [b'/', a, b, c, b'0'..=b'6' | b'A'..=b'I', rest @ ..] => {
            [a, b].iter().all(|letter| letter.is_ascii_uppercase())
                && c.is_ascii_alphabetic()
                && rest.len() >= 2
                && graphic(rest)
                && !contains(rest, b"/")
        }
        _ => false,
    })
}

/// A frame of type 3: its length counts what stands between the flags, the checksum last.
fn framed(data: &[u8]) -> Verdict {
    let Some(format) = be16(data, 1) else { return maybe_if(data.get(1).is_none_or(|format| format & 0xf0 == 0xa0)) };
    let length = format & 0x07ff;
    if format & 0xf000 != 0xa000 || !(7..=1_400).contains(&length) {
        return Verdict::No;
    }
    match at(data, 1, length) {
        None => Verdict::Maybe,
        Some(frame) => {
            let (body, sum) = frame.split_at(length - 2);
            match (le16(sum, 0) == Some(usize::from(checksum(body))), data.get(1 + length)) {
                (true, None) => Verdict::Maybe,
                (sound, flag) => yes_if(sound && flag == Some(&0x7e)),
            }
        }
    }
}

/// The frame check sequence of HDLC (ISO 13239): CRC-16, the lowest bit first, from ones, turned over.
fn checksum(data: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0x8408 };
    !data.iter().fold(0xffff, |crc, octet| (0..8).fold(crc ^ u16::from(*octet), |crc, _| step(crc)))
}

/// Octets of a message that are looked at.
const LOOK: usize = 32;

#[derive(Default)]
struct Dlms {
    units: Units,
}

impl Dissector for Dlms {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        match data {
            // One flag may stand between two frames, or two.
            [0x7e, 0x7e, ..] => Step::Continue(1),
            [0x7e, ..] => self.frame(side, data, flow),
            [0, 1, ..] => self.wrapped(side, data, flow),
            [0] => Step::Continue(0),
            _ => Step::Done,
        }
    }
}

impl Dlms {
    /// A message in the wrapper: version, the ports of both ends, and the length.
    fn wrapped(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        let (Some(port), Some(length)) = (be16(data, 4), be16(data, 6)) else { return Step::Continue(0) };
        let Some(head) = data.get(8..8 + length.min(LOOK)) else { return Step::Continue(0) };
        if message(side, head, flow).is_some_and(|asked| asked) {
            self.units.add(u16::try_from(port).unwrap_or(0), flow);
        }
        Step::Continue(8 + length)
    }

    /// A frame: format, addresses that end with an odd octet, control, a checksum, and behind it what the link carries.
    fn frame(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        let Some(format) = be16(data, 1) else { return Step::Continue(0) };
        let length = format & 0x07ff;
        if format & 0xf000 != 0xa000 || length < 7 {
            return Step::Done;
        }
        let Some(frame) = at(data, 1, length) else { return Step::Continue(0) };
        let address =
            |from: usize| frame.get(from..)?.iter().take(4).position(|octet| octet & 1 != 0).map(|at| from + at + 1);
        // Control and checksum of the head, then the link's own addresses (IEC 62056-46 §5.3).
        let behind = address(2).and_then(address).and_then(|at| frame.get(at + 3..));
        if let Some([0xe6, 0xe6 | 0xe7, _, content @ ..]) = behind {
            let _asked: Option<bool> = message(side, content, flow);
        }
        Step::Continue(length + 1)
    }
}

/// Notes a message by its tag; true where it asks for something.
fn message(side: Side, content: &[u8], flow: &mut Flow) -> Option<bool> {
    let tag = *content.first()?;
    let told = service(tag);
    if let Some(operation) = told {
        control::asked(operation, flow);
    } else if side == Side::Dst && is_refusal(content) {
        control::refused(flow);
    }
    Some(told.is_some())
}

/// The service of a request, or of a message that a meter sends by itself, by its tag.
fn service(tag: u8) -> Option<Operation> {
    Some(match tag {
        0x60 => reads("dlms.associate"),
        0x62 => reads("dlms.release"),
        0x01 | 0x21 => reads("dlms.initiate"),
        0x05 | 0x25 => reads("dlms.read"),
        0x06 | 0x16 | 0x26 | 0x36 => commands("dlms.write"),
        0x18 | 0x38 => reads("dlms.information_report"),
        0x0f => reads("dlms.data_notification"),
        0xc0 | 0xc8 | 0xd0 => reads("dlms.get"),
        0xc1 | 0xc9 | 0xd1 => commands("dlms.set"),
        0xc2 | 0xca | 0xd2 => reads("dlms.event_notification"),
        0xc3 | 0xcb | 0xd3 => commands("dlms.action"),
        0xdb..=0xdd => reads("dlms.encrypted"),
        _ => return None,
    })
}

/// An answer that refuses: an exception, an error of a service, or a result that is none of success (0) and data (Get: choice 0).
fn is_refusal(content: &[u8]) -> bool {
    match content {
        [0x0e | 0xd8, ..] => true,
        [0xc4, 1, _, choice, ..] => *choice == 1,
        [0xc5 | 0xc7, 1, _, result, ..] => *result != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_noted() {
        let wrapped = |port: u8, content: &[u8]| [&[0, 1, 0, 16, 0, port, 0, content.len() as u8], content].concat();
        let asks = wrapped(1, &[0x60, 3, 0xa1, 1, 0]);
        let sets = wrapped(17, &[0xc1, 1, 0xc1, 0, 8, 0, 0, 1, 0, 0, 255, 2, 0, 9]);
        let refused = wrapped(16, &[0xc5, 1, 0xc1, 3]);
        let data = wrapped(16, &[0xc4, 1, 0xc1, 0, 9]);
        for cut in [1, 500] {
            let said = [(Side::Src, &asks[..]), (Side::Src, &sets), (Side::Dst, &refused), (Side::Dst, &data)];
            let facts = control::tests::facts(4_059, &said, cut);
            assert_eq!(facts.operations, Some(vec!["dlms.associate".to_owned(), "dlms.set".to_owned()]), "{cut}");
            assert_eq!((facts.commands, facts.refused, facts.units), (Some(1), Some(1), Some(2)), "{cut}");
        }
    }

    #[test]
    fn services_in_frames() {
        let frame = |content: &[u8]| {
            let body = [&[3, 0x21, 0x32, 0, 0, 0xe6, 0xe6, 0][..], content].concat();
            let mut frame = [&[0xa0, body.len() as u8 + 4][..], &body].concat();
            frame.extend(checksum(&frame).to_le_bytes());
            [&[0x7e][..], &frame, &[0x7e]].concat()
        };
        let said = [frame(&[0xc0, 1, 0x81, 0, 3]), frame(&[0xc3, 1, 0x81, 0, 70])].concat();
        for cut in [1, 500] {
            let facts = control::tests::facts(4_059, &[(Side::Src, &said)], cut);
            assert_eq!(facts.operations, Some(vec!["dlms.get".to_owned(), "dlms.action".to_owned()]), "{cut}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, framed: bool) {
            let start: &[u8] = if framed { &[0x7e, 0xa0, 9] } else { &[0, 1, 0, 1, 0, 1, 0, 9] };
            Dlms::default().feed(Side::Dst, Input::Data(&[start, &data].concat()), &mut Flow::default());
        }
    }

    #[test]
    fn meters_sign_on_in_text() {
        assert_eq!(probe(Side::Src, b"/?!\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"/?12345678!\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"/ISK5MT174-0001\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"/?"), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"/index/a\r\n"), Verdict::No);
    }

    #[test]
    fn a_frame_of_hdlc_needs_its_checksum() {
        // Set normal response mode, to server 1 from client 16.
        let mut frame = b"\x7e\xa0\x07\x03\x21\x93\x00\x00\x7e".to_vec();
        let sum = checksum(&frame[1..6]).to_le_bytes();
        frame[6..8].copy_from_slice(&sum);
        assert_eq!(sum, [0x0f, 0x01], "the example of the specification");
        assert_eq!(probe(Side::Src, &frame), Verdict::Yes);
        assert_eq!(probe(Side::Src, &frame[..8]), Verdict::Maybe, "no flag at the end yet");
        assert_eq!(probe(Side::Src, &frame[..7]), Verdict::Maybe);
        frame[6] ^= 1;
        assert_eq!(probe(Side::Src, &frame), Verdict::No);
    }
}
