// SPDX-License-Identifier: Apache-2.0
//! User data of mobile networks: GTP-U version 1 (3GPP TS 29.281 §5). Only G-PDUs carry packets; the control
//! protocol stays what it is.

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const GTP_U: Tunnel = Tunnel {
    name: "gtp",
    spec: "3GPP TS 29.281",
    on: &[Carrier::Udp(2152)],
    // Each side chooses the TEID that it wants to receive.
    id: Some("TEID"),
    separates: false,
    open,
    sample: (&[0x34, 255, 0, 40, 0, 0, 0xbe, 0xef, 0, 0, 0, 0x85, 1, 0x10, 9, 0], Form::Ip),
};

fn open(data: &[u8], sent: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let flags = cursor.u8("gtp.flags")?;
    let kind = cursor.u8("gtp.type")?;
    let length = usize::from(cursor.u16("gtp.length")?);
    // Version 1 of GTP (not of GTP'), and a G-PDU.
    if flags & 0xf0 != 0x30 || kind != 255 || length + 8 > sent {
        return Ok(None);
    }
    let id = cursor.u32("gtp.teid")?;
    // Any of the three bits brings all three fields.
    if flags & 7 != 0 {
        cursor.skip(3, "gtp.sequence")?;
        let mut next = cursor.u8("gtp.next_extension")?;
        if flags & 4 == 0 {
            next = 0;
        }
        // More extension headers than this are an attack, not a network.
        for _ in 0..16 {
            if next == 0 {
                break;
            }
            let octets = usize::from(cursor.u8("gtp.extension.length")?) * 4;
            let Some(content) = octets.checked_sub(2) else {
                return Err(cursor.bad(1, "gtp.extension.length", 0, "at least 1").into());
            };
            cursor.skip(content, "gtp.extension")?;
            next = cursor.u8("gtp.next_extension")?;
        }
    }
    // A PDU session of type Ethernet (3GPP TS 29.281 §4.2.1) is not told by the header.
    let form = if matches!(cursor.peek().map(|first| first >> 4), Some(4 | 6)) { Form::Ip } else { Form::Ethernet };
    Ok(Some(Opened { id: Some(id), form, inner: cursor.rest(), whole: true }))
}
