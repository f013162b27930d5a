// SPDX-License-Identifier: Apache-2.0
//! IPsec's key exchange: ISAKMP (RFC 2408 §3.1) and IKEv2 (RFC 7296 §3.1), plain or behind the marker of NAT traversal
//! (RFC 3948 §2.2). ESP itself is told by its IP protocol, inside UDP by its form on the ports of IKE only.

use minamo_base::{Cursor, WireError};

use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IPSec",
    title: "Internet Key Exchange",
    category: Category::Vpn,
    spec: &["RFC 2408", "RFC 7296", "RFC 3948"],
    ports: &[500, 4500],
    encrypted: true,
    max_state: 64,
    probe,
    on_port: Some(|_, data| has_form(data) || is_wrapped(data)),
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::DATAGRAM
};

/// The header: initiator's cookie not zero, a version with an exchange type of it, and the length of the datagram.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let message = data.strip_prefix(&[0; 4]).unwrap_or(data);
    if header(message).is_ok_and(|good| good) { Verdict::Yes } else { Verdict::No }
}

/// Whether this can be a damaged message: the place of the version has one, and an exchange or a payload of it.
fn has_form(data: &[u8]) -> bool {
    let message = data.strip_prefix(&[0; 4]).unwrap_or(data);
    match message.get(16..19) {
        Some([next, 0x10, exchange]) => message.len() >= 28 && (*next <= 21 || matches!(exchange, 1..=6 | 32 | 33)),
        Some([next, 0x20, exchange]) => {
            message.len() >= 28 && (matches!(next, 0 | 33..=54) || matches!(exchange, 34..=44))
        }
        _ => false,
    }
}

/// ESP inside UDP (RFC 3948 §2.1, RFC 4303 §2): an index that is not reserved and a young sequence number in front of whole
/// words; or a keep-alive (§2.3).
fn is_wrapped(data: &[u8]) -> bool {
    let mut cursor = Cursor::new(data);
    let (Ok(index), Ok(number)) = (cursor.u32("esp.spi"), cursor.u32("esp.sequence")) else { return data == [0xff] };
    index >= 256 && (1..1 << 18).contains(&number) && data.len() >= 32 && data.len().is_multiple_of(4)
}

fn header(message: &[u8]) -> Result<bool, WireError> {
    let mut cursor = Cursor::new(message);
    let initiator = cursor.u64("isakmp.initiator")?;
    cursor.skip(8, "isakmp.responder")?;
    let next = cursor.u8("isakmp.next_payload")?;
    let version = cursor.u8("isakmp.version")?;
    let exchange = cursor.u8("isakmp.exchange")?;
    let flags = cursor.u8("isakmp.flags")?;
    cursor.skip(4, "isakmp.message_id")?;
    let length = cursor.u32("isakmp.length")?;
    let known = match version {
        0x10 => matches!(exchange, 1..=6 | 32 | 33) && next <= 21 && flags & 0xf8 == 0,
        0x20 => matches!(exchange, 34..=44) && matches!(next, 0 | 33..=54) && flags & 0xc7 == 0,
        _ => false,
    };
    Ok(known && initiator != 0 && usize::try_from(length) == Ok(message.len()))
}

const SAMPLE: &[u8] =
    b"COOKIE01\x00\x00\x00\x00\x00\x00\x00\x00\x21\x20\x22\x08\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\
        \x00\x04";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_version_are_exact() {
        assert_eq!(probe(Side::Src, SAMPLE), Verdict::Yes);
        assert_eq!(probe(Side::Src, &[&[0; 4], SAMPLE].concat()), Verdict::Yes);
        assert_eq!(probe(Side::Src, &[SAMPLE, &[0]].concat()), Verdict::No);
    }
}
