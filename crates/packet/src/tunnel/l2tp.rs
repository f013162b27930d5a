// SPDX-License-Identifier: Apache-2.0
//! L2TP data messages: version 2 (RFC 2661 §3.1) with PPP, version 3 (RFC 3931 §4.1) over UDP and IP. Version 3 does
//! not say how long its cookie is nor whether a sub-layer follows: the place where a readable frame begins is taken.

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::{Skip, link};

pub(super) const L2TP: Tunnel = Tunnel {
    name: "l2tp",
    spec: "RFC 2661",
    on: &[Carrier::Udp(1701)],
    // Each side chooses the numbers that it wants to receive.
    id: Some("tunnel id (high 16 bits) and session id"),
    separates: false,
    open: version_2,
    sample: (&[0x40, 2, 0, 42, 0, 3, 0, 4], Form::Ppp),
};

pub(super) const L2TPV3_UDP: Tunnel = Tunnel {
    name: "l2tpv3",
    spec: "RFC 3931",
    on: &[Carrier::Udp(1701)],
    id: Some("session id"),
    separates: false,
    open: version_3_udp,
    sample: (&[0, 3, 0, 0, 0, 0, 0, 77, 1, 2, 3, 4], Form::Ethernet),
};

pub(super) const L2TPV3_IP: Tunnel = Tunnel {
    on: &[Carrier::Ipv4(115), Carrier::Ipv6(115)],
    open: version_3_ip,
    sample: (&[0, 0, 0, 77, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0, 0, 0], Form::Ethernet),
    ..L2TPV3_UDP
};

fn version_2(data: &[u8], sent: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let flags = cursor.u16("l2tp.flags")?;
    // A data message of version 2, without reserved bits.
    if flags & 0xb4ff != 2 {
        return Ok(None);
    }
    if flags & 0x4000 != 0 && usize::from(cursor.u16("l2tp.length")?) > sent {
        return Ok(None);
    }
    let id = cursor.u32("l2tp.session_id")?;
    if flags & 0x0800 != 0 {
        cursor.skip(4, "l2tp.sequence")?;
    }
    if flags & 0x0200 != 0 {
        let padding = cursor.u16("l2tp.offset")?;
        cursor.skip(padding.into(), "l2tp.offset")?;
    }
    Ok(Some(Opened { id: Some(id), form: Form::Ppp, inner: cursor.rest(), whole: true }))
}

fn version_3_udp(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    // A data message of version 3; all other bits are reserved.
    if cursor.u32("l2tp.flags")? != 0x0003_0000 {
        return Ok(None);
    }
    version_3(cursor)
}

fn version_3_ip(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    version_3(Cursor::new(data))
}

fn version_3(mut cursor: Cursor<'_>) -> Result<Option<Opened<'_>>, Skip> {
    let id = cursor.u32("l2tp.session_id")?;
    if id == 0 {
        // The control connection.
        return Ok(None);
    }
    // Nothing, a sub-layer or a cookie of four octets, both or a cookie of eight, both with eight.
    for _ in 0..4 {
        let inner = cursor.rest();
        for form in [Form::Ethernet, Form::Ppp] {
            if link::leads_to_ip(form, inner) {
                return Ok(Some(Opened { id: Some(id), form, inner, whole: true }));
            }
        }
        cursor.skip(4, "l2tp.cookie")?;
    }
    Err(Skip::NotIp(0))
}
