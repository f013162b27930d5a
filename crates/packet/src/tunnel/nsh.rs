// SPDX-License-Identifier: Apache-2.0
//! Network service header (RFC 8300 §2.2).

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

/// Its ethertype.
pub(super) const ETHERTYPE: u16 = 0x894f;

pub(super) const NSH: Tunnel = Tunnel {
    name: "nsh",
    spec: "RFC 8300",
    on: &[Carrier::Ethertype(ETHERTYPE)],
    // A chain has one path for each direction.
    id: Some("service path identifier"),
    separates: false,
    open,
    sample: (&[0x0f, 0xc2, 2, 1, 0, 0, 7, 255], Form::Ip),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let first = cursor.u16("nsh.length")?;
    let octets = usize::from(first & 0x3f) * 4;
    if first >> 14 != 0 || octets < 8 {
        return Err(cursor.bad(2, "nsh.length", octets as u64, "version 0 and at least 8 octets").into());
    }
    cursor.skip(1, "nsh.metadata_type")?;
    let next = cursor.u8("nsh.next_protocol")?;
    let id = cursor.u24("nsh.service_path")?;
    cursor.skip(octets - 7, "nsh.context")?;
    let form = next_protocol(next)?;
    Ok(Some(Opened { id: Some(id), form, inner: cursor.rest(), whole: true }))
}

/// RFC 8300 §12.2.5.
fn next_protocol(number: u8) -> Result<Form, Skip> {
    match number {
        1 | 2 => Ok(Form::Ip),
        3 => Ok(Form::Ethernet),
        5 => Ok(Form::Ethertype(0x8847)),
        _ => Err(Skip::NotIp(ETHERTYPE)),
    }
}
