// SPDX-License-Identifier: Apache-2.0
//! Generic routing encapsulation: version 0 (RFC 2784, RFC 2890), in UDP too (RFC 8086), with Ethernet inside, NVGRE
//! (RFC 7637) and WCCP's redirection; version 1, which PPTP uses (RFC 2637 §4.1). Source routes (RFC 1701) are refused.

use minamo_base::{Cursor, WireError};

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const CARRIERS: &[Carrier] = &[Carrier::Ipv4(47), Carrier::Ipv6(47), Carrier::Udp(4754)];

/// Ethertypes that have a row of their own or a meaning of their own in GRE.
pub(super) const ETHERNET: u16 = 0x6558;
const PPP: u16 = 0x880b;
const WCCP: u16 = 0x883e;
pub(super) const ERSPAN: u16 = 0x88be;
pub(super) const ERSPAN_3: u16 = 0x22eb;

pub(super) const GRE: Tunnel = Tunnel {
    name: "gre",
    spec: "RFC 2784, RFC 2890, RFC 8086",
    on: CARRIERS,
    // Each side chooses the key that it wants to receive.
    id: Some("key"),
    separates: false,
    open: gre,
    sample: (&[0x20, 0, 8, 0, 0, 0, 0, 5], Form::Ip),
};

pub(super) const NVGRE: Tunnel = Tunnel {
    name: "nvgre",
    spec: "RFC 7637",
    on: CARRIERS,
    id: Some("VSID"),
    separates: true,
    open: nvgre,
    sample: (&[0x20, 0, 0x65, 0x58, 0, 0x50, 0, 9], Form::Ethernet),
};

pub(super) const PPTP: Tunnel = Tunnel {
    name: "pptp",
    spec: "RFC 2637",
    on: &[Carrier::Ipv4(47), Carrier::Ipv6(47)],
    // Each side chooses the call id that it wants to receive.
    id: Some("call id"),
    separates: false,
    open: pptp,
    sample: (&[0x30, 1, 0x88, 0x0b, 0, 34, 0, 7, 0, 0, 0, 1], Form::Ppp),
};

/// The header of version 0.
pub(super) struct Header {
    pub(super) key: Option<u32>,
    pub(super) sequenced: bool,
    pub(super) checked: bool,
    pub(super) ethertype: u16,
}

/// RFC 2890 §2; nothing where it is another version.
pub(super) fn header(cursor: &mut Cursor<'_>) -> Result<Option<Header>, WireError> {
    let flags = cursor.u16("gre.flags")?;
    if flags & 7 != 0 {
        return Ok(None);
    }
    if flags & 0x4000 != 0 {
        return Err(cursor.bad(2, "gre.flags", flags.into(), "no source route"));
    }
    let ethertype = cursor.u16("gre.protocol")?;
    let checked = flags & 0x8000 != 0;
    if checked {
        cursor.skip(4, "gre.checksum")?;
    }
    let key = if flags & 0x2000 != 0 { Some(cursor.u32("gre.key")?) } else { None };
    let sequenced = flags & 0x1000 != 0;
    if sequenced {
        cursor.skip(4, "gre.sequence")?;
    }
    Ok(Some(Header { key, sequenced, checked, ethertype }))
}

fn gre(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let Some(header) = header(&mut cursor)? else { return Ok(None) };
    let form = match header.ethertype {
        ERSPAN | ERSPAN_3 => return Ok(None),
        ETHERNET => Form::Ethernet,
        PPP => Form::Ppp,
        WCCP => {
            // Version 2 puts four octets in front of the packet that was redirected, version 1 none.
            if cursor.peek().is_some_and(|first| first >> 4 != 4) {
                cursor.skip(4, "wccp.redirect")?;
            }
            Form::Ip
        }
        other => Form::Ethertype(other),
    };
    Ok(Some(Opened { id: header.key, form, inner: cursor.rest(), whole: true }))
}

/// RFC 7637 §3.2: a key and nothing else; numbers below 0x1000 are reserved, so that a small key of plain GRE with
/// Ethernet inside is not taken for one.
fn nvgre(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    match header(&mut cursor)? {
        Some(Header { key: Some(key), sequenced: false, checked: false, ethertype: ETHERNET })
            if (0x1000..0x00ff_ffff).contains(&(key >> 8)) =>
        {
            Ok(Some(Opened { id: Some(key >> 8), form: Form::Ethernet, inner: cursor.rest(), whole: true }))
        }
        _ => Ok(None),
    }
}

fn pptp(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let flags = cursor.u16("gre.flags")?;
    if flags & 7 != 1 || cursor.u16("gre.protocol")? != PPP {
        return Ok(None);
    }
    cursor.skip(2, "pptp.payload_length")?;
    let call = cursor.u16("pptp.call_id")?;
    if flags & 0x1000 == 0 {
        // Without a sequence number it is an acknowledgement alone.
        return Err(Skip::NotIp(PPP));
    }
    cursor.skip(if flags & 0x80 != 0 { 8 } else { 4 }, "pptp.sequence")?;
    Ok(Some(Opened { id: Some(call.into()), form: Form::Ppp, inner: cursor.rest(), whole: true }))
}
