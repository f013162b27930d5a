// SPDX-License-Identifier: Apache-2.0
//! DHCP for IPv6 (RFC 8415 §8, §21): told by a message type and options that fill the datagram exactly.

use minamo_base::{Cursor, WireError};

use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DHCPV6",
    title: "DHCP for IPv6",
    category: Category::Network,
    spec: &["RFC 8415"],
    ports: &[546, 547],
    max_state: 64,
    probe,
    sample: &[(Side::Src, b"\x01abc\x00\x01\x00\x0e\x00\x01\x00\x01....:::::;\x00\x08\x00\x02\x00\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if message(data).is_ok_and(|good| good) { Verdict::Yes } else { Verdict::No }
}

/// Among the options must be an identifier of a client or server, or for relays the message inside.
fn message(data: &[u8]) -> Result<bool, WireError> {
    let mut cursor = Cursor::new(data);
    let kind = cursor.u8("dhcpv6.msg_type")?;
    let head = match kind {
        1..=11 => 3,
        12 | 13 => 33,
        _ => return Ok(false),
    };
    cursor.skip(head, "dhcpv6.transaction_id")?;
    let (mut identified, mut count) = (false, 0);
    while !cursor.is_empty() {
        let code = cursor.u16("dhcpv6.option")?;
        let length = cursor.u16("dhcpv6.option_length")?;
        cursor.skip(length.into(), "dhcpv6.option")?;
        if code == 0 || code > 150 {
            return Ok(false);
        }
        identified = identified || if kind >= 12 { code == 9 } else { matches!(code, 1 | 2) && length >= 4 };
        count += 1;
    }
    Ok(identified && (count >= 2 || kind >= 12))
}
