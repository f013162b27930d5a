// SPDX-License-Identifier: Apache-2.0
//! GENEVE (RFC 8926 §3.4).

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel, gre};
use crate::Skip;

pub(super) const GENEVE: Tunnel = Tunnel {
    name: "geneve",
    spec: "RFC 8926",
    on: &[Carrier::Udp(6081)],
    id: Some("VNI"),
    separates: true,
    open,
    sample: (&[1, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 1, 0x80, 0], Form::Ethernet),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let first = cursor.u8("geneve.length")?;
    let flags = cursor.u8("geneve.flags")?;
    // Version 0, no reserved bits; control packets (the first bit) carry no traffic.
    if first >> 6 != 0 || flags & 0xbf != 0 {
        return Ok(None);
    }
    let ethertype = cursor.u16("geneve.protocol")?;
    let id = cursor.u24("geneve.vni")?;
    cursor.skip(1, "geneve.reserved")?;
    cursor.skip(usize::from(first & 0x3f) * 4, "geneve.options")?;
    let form = if ethertype == gre::ETHERNET { Form::Ethernet } else { Form::Ethertype(ethertype) };
    Ok(Some(Opened { id: Some(id), form, inner: cursor.rest(), whole: true }))
}
