// SPDX-License-Identifier: Apache-2.0
//! STUN and TURN (RFC 8489 §5, §14; RFC 8656), over datagrams and streams, plain or with a length in front (RFC 4571).
//! The classic form without the magic cookie (RFC 3489) counts only with attributes that read well. TURN's
//! channel data are not looked into.

use minamo_base::{Cursor, Ip, WireError};
use minamo_model::Flow;

use super::text::some_text;
use crate::{Dissector, Input, Protocol, Side, Step, Transport, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "STUN",
    title: "Session Traversal Utilities for NAT",
    spec: &["RFC 8489", "RFC 8656", "RFC 3489"],
    transport: Transport::Both,
    ports: &[3478, 19302],
    encrypted: false,
    max_state: 4_096,
    probe,
    start: |stream| Box::new(Stun { stream, messages: 0 }),
    sample: &[(Side::Src, SAMPLE_REQUEST), (Side::Dst, SAMPLE_ANSWER)],
};

/// The magic cookie (RFC 8489 §5).
const COOKIE: u32 = 0x2112_a442;
/// Longest message that is waited for on a stream.
const LENGTH_MAX: u16 = 2_048;
/// Messages without news after which the flow is left alone.
const MESSAGES_MAX: u32 = 32;

/// The header, and the attributes as far as they came.
struct Message<'a> {
    kind: u16,
    cookie: bool,
    /// Cookie and transaction identifier: what XOR-MAPPED-ADDRESS is masked with.
    mask: [u8; 16],
    /// Octets with the header.
    length: usize,
    attributes: Cursor<'a>,
}

impl<'a> Message<'a> {
    fn read(data: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(data);
        let kind = cursor.u16("stun.type")?;
        let length = cursor.u16("stun.length")?;
        if kind >= 0x4000 || !length.is_multiple_of(4) || length > LENGTH_MAX {
            return Err(cursor.bad(4, "stun.type", kind.into(), "two zero bits, and a length of whole words"));
        }
        let mask: [u8; 16] = cursor.array("stun.transaction")?;
        let cookie = mask.starts_with(&COOKIE.to_be_bytes());
        let n = cursor.left().min(length.into());
        Ok(Self { kind, cookie, mask, length: usize::from(length) + 20, attributes: cursor.sub(n, "stun.attributes")? })
    }

    /// True where every attribute reads well and is one that RFC 3489 §11.2 knows.
    fn is_classic(&self) -> bool {
        let mut attributes = self.attributes;
        let mut count = 0;
        while !attributes.is_empty() {
            let Ok((kind, value)) = attribute(&mut attributes) else { return false };
            let good = match kind {
                0x0001 | 0x0002 | 0x0004 | 0x0005 | 0x000b => value.len() == 8 && value.get(..2) == Some(&[0, 1]),
                0x0003 => value.len() == 4,
                0x0006..=0x000a | 0x0020 | 0x8020 | 0x8022 => !value.is_empty(),
                _ => false,
            };
            if !good {
                return false;
            }
            count += 1;
        }
        count > 0
    }
}

fn attribute<'a>(cursor: &mut Cursor<'a>) -> Result<(u16, &'a [u8]), WireError> {
    let kind = cursor.u16("stun.attribute")?;
    let length = usize::from(cursor.u16("stun.attribute_length")?);
    let value = cursor.take(length, "stun.attribute")?;
    let pad = length.next_multiple_of(4) - length;
    cursor.skip(pad.min(cursor.left()), "stun.padding")?;
    Ok((kind, value))
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    match verdict(data) {
        Verdict::No => match framed(data) {
            Some(inner) if inner.len() < 8 => Verdict::Maybe,
            Some(inner) => yes_if(Message::read(inner).is_ok_and(|m| m.cookie)),
            None => Verdict::No,
        },
        sure => sure,
    }
}

fn yes_if(yes: bool) -> Verdict {
    if yes { Verdict::Yes } else { Verdict::No }
}

fn verdict(data: &[u8]) -> Verdict {
    match Message::read(data) {
        Ok(message) if message.cookie => yes_if(message.length <= data.len() || data.len() > 24),
        Ok(message) if message.length != data.len() => Verdict::No,
        Ok(message) => match message.kind {
            0x0001 | 0x0101 | 0x0111 | 0x0002 | 0x0102 | 0x0112 if message.is_classic() => Verdict::Yes,
            // A request without attributes shows too little; its answer tells.
            0x0001 if message.length == 20 => Verdict::Maybe,
            _ => Verdict::No,
        },
        Err(error) if error.is_short() && possible(data) => Verdict::Maybe,
        Err(_) => Verdict::No,
    }
}

/// Whether the first octets of a stream can still become a message.
fn possible(data: &[u8]) -> bool {
    let cookie = data.get(4..).unwrap_or_default();
    data.first().is_none_or(|b| *b < 0x40) && cookie.iter().zip(COOKIE.to_be_bytes()).all(|(a, b)| *a == b)
}

/// What stands behind a length in front of the message (RFC 4571 §2).
fn framed(data: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(data);
    let length = cursor.u16("frame.length").ok()?;
    let inner = cursor.rest();
    let good = (20..=LENGTH_MAX + 20).contains(&length)
        && inner.first().is_none_or(|b| *b < 0x40)
        && inner.get(2..4).is_none_or(|l| l == (length - 20).to_be_bytes())
        && inner.get(4..8).is_none_or(|c| c == COOKIE.to_be_bytes());
    good.then_some(inner)
}

struct Stun {
    stream: bool,
    messages: u32,
}

impl Dissector for Stun {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (front, inner) = match framed(data) {
            Some(inner) if self.stream => (2, inner),
            _ => (0, data),
        };
        let message = match Message::read(inner) {
            Ok(message) if message.cookie || self.messages == 0 => message,
            Err(error) if self.stream && error.is_short() => return Step::Continue(0),
            _ if self.stream => return Step::Done,
            _ => return self.next(data.len()),
        };
        if self.stream && inner.len() < message.length {
            return Step::Continue(0);
        }
        if note(&message, flow) {
            return Step::Done;
        }
        self.next(message.length + front)
    }
}

impl Stun {
    fn next(&mut self, used: usize) -> Step {
        self.messages += 1;
        if self.messages > MESSAGES_MAX { Step::Done } else { Step::Continue(used) }
    }
}

/// Writes what a message tells; true once the mapped address is known.
fn note(message: &Message<'_>, flow: &mut Flow) -> bool {
    let mut attributes = message.attributes;
    let (mut mapped, mut software) = (None, None);
    while let Ok((kind, value)) = attribute(&mut attributes) {
        match kind {
            0x0001 => mapped = mapped.or(address(value, &[0; 16])),
            0x0020 | 0x8020 => mapped = address(value, &message.mask).or(mapped),
            0x8022 => software = some_text(value, 255),
            _ => {}
        }
    }
    // Only an answer knows how the client looks from outside.
    let mapped = mapped.filter(|_| message.kind & 0x0110 == 0x0100);
    if mapped.is_some() || software.is_some() {
        let stun = flow.stun.get_or_insert_default();
        stun.mapped_ip = mapped.or(stun.mapped_ip);
        stun.software = stun.software.take().or(software);
    }
    mapped.is_some()
}

/// An address attribute (RFC 8489 §14.1, §14.2): family, port, and address under the mask.
fn address(value: &[u8], mask: &[u8; 16]) -> Option<Ip> {
    let mut cursor = Cursor::new(value);
    let family = cursor.u16("stun.family").ok()?;
    cursor.skip(2, "stun.port").ok()?;
    let masked = |octets: &mut [u8]| octets.iter_mut().zip(mask).for_each(|(o, m)| *o ^= m);
    match family {
        1 => {
            let mut octets: [u8; 4] = cursor.array("stun.address").ok()?;
            masked(&mut octets);
            Some(Ip::v4(octets))
        }
        2 => {
            let mut octets: [u8; 16] = cursor.array("stun.address").ok()?;
            masked(&mut octets);
            Some(Ip(octets))
        }
        _ => None,
    }
}

const SAMPLE_REQUEST: &[u8] = b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl";
const SAMPLE_ANSWER: &[u8] =
    b"\x01\x01\x00\x0c\x21\x12\xa4\x42abcdefghijkl\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mapped_address_is_unmasked() {
        let mut flow = Flow::default();
        let mut stun = (PROTOCOL.start)(false);
        stun.feed(Side::Src, Input::Data(SAMPLE_REQUEST), &mut flow);
        assert_eq!(stun.feed(Side::Dst, Input::Data(SAMPLE_ANSWER), &mut flow), Step::Done);
        assert_eq!(flow.stun.expect("facts").mapped_ip, Some(Ip::v4([192, 0, 2, 1])));
    }

    #[test]
    fn the_classic_form_needs_attributes() {
        let classic = b"\x00\x01\x00\x00abcdefghijklmnop";
        assert_eq!(probe(Side::Src, classic), Verdict::Maybe);
        let change = b"\x00\x01\x00\x08abcdefghijklmnop\x00\x03\x00\x04\x00\x00\x00\x06";
        assert_eq!(probe(Side::Src, change), Verdict::Yes);
        let other = b"\x00\x01\x00\x08abcdefghijklmnop\x00\x99\x00\x04\x00\x00\x00\x06";
        assert_eq!(probe(Side::Src, other), Verdict::No);
    }

    #[test]
    fn arbitrary_octets_never_panic() {
        super::super::anything::never_panics(&PROTOCOL);
    }
}
