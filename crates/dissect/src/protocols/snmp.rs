// SPDX-License-Identifier: Apache-2.0
//! SNMP (RFC 1157 §4, RFC 3416 §3, RFC 3412 §6): told by its BER frame, version and community or message number.
//! Communities and objects are not noted.

use minamo_base::Cursor;

use super::ber;
use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SNMP",
    title: "Simple Network Management Protocol",
    category: Category::Network,
    spec: &["RFC 1157", "RFC 3416", "RFC 3412"],
    ports: &[161, 162],
    max_state: 64,
    probe,
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if message(data).is_some() { Verdict::Yes } else { Verdict::No }
}

/// A sequence over the whole datagram: version 1 or 2c with a community and a PDU, or version 3 with its header.
fn message(data: &[u8]) -> Option<()> {
    let mut outer = Cursor::new(data);
    let mut cursor = ber::element(&mut outer, 0x30)?;
    let version = ber::integer(&mut cursor)?;
    if !outer.is_empty() {
        return None;
    }
    if version == 3 {
        let mut header = ber::element(&mut cursor, 0x30)?;
        ber::integer(&mut header)?;
        let size = ber::integer(&mut header)?;
        return (size >= 484 && cursor.peek() == Some(0x04)).then_some(());
    }
    ber::element(&mut cursor, 0x04)?;
    (matches!(version, 0 | 1) && cursor.peek().is_some_and(|tag| (0xa0..=0xa8).contains(&tag))).then_some(())
}

const SAMPLE: &[u8] = b"\x30\x1b\x02\x01\x01\x04\x06public\xa0\x0e\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x03\x30\x01\
        \x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_must_fit_the_datagram() {
        assert_eq!(probe(Side::Src, SAMPLE), Verdict::Yes);
        assert_eq!(probe(Side::Src, &SAMPLE[..20]), Verdict::No);
    }
}
