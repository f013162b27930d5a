// SPDX-License-Identifier: Apache-2.0
//! VXLAN (RFC 7348 §5), also on the port that Linux used before the registration, and its generic protocol
//! extension (draft-ietf-nvo3-vxlan-gpe §3).

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel, nsh};
use crate::Skip;

pub(super) const VXLAN: Tunnel = Tunnel {
    name: "vxlan",
    spec: "RFC 7348",
    on: &[Carrier::Udp(4789), Carrier::Udp(8472)],
    id: Some("VNI"),
    separates: true,
    open: vxlan,
    sample: (&[8, 0, 0, 0, 0, 0x13, 0x89, 0], Form::Ethernet),
};

pub(super) const VXLAN_GPE: Tunnel = Tunnel {
    name: "vxlan-gpe",
    spec: "draft-ietf-nvo3-vxlan-gpe-13",
    on: &[Carrier::Udp(4790)],
    open: gpe,
    sample: (&[0x0c, 0, 0, 1, 0, 0x13, 0x89, 0], Form::Ip),
    ..VXLAN
};

fn vxlan(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let flags = cursor.u8("vxlan.flags")?;
    // The identifier must be valid; of the other bits only the group policy's (0x80) is in use.
    if flags & 0x7f != 8 {
        return Ok(None);
    }
    cursor.skip(3, "vxlan.reserved")?;
    let id = cursor.u24("vxlan.vni")?;
    cursor.skip(1, "vxlan.reserved")?;
    Ok(Some(Opened { id: Some(id), form: Form::Ethernet, inner: cursor.rest(), whole: true }))
}

fn gpe(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let flags = cursor.u8("vxlan_gpe.flags")?;
    // Version 0, and the identifier must be valid.
    if flags & 0x38 != 8 {
        return Ok(None);
    }
    cursor.skip(2, "vxlan_gpe.reserved")?;
    let next = cursor.u8("vxlan_gpe.next_protocol")?;
    let id = cursor.u24("vxlan_gpe.vni")?;
    cursor.skip(1, "vxlan_gpe.reserved")?;
    // Without the bit for the next protocol the frame is VXLAN's.
    let form = match (flags & 4 != 0, next) {
        (true, 1 | 2) => Form::Ip,
        (false, _) | (true, 3) => Form::Ethernet,
        (true, 4) => Form::Ethertype(nsh::ETHERTYPE),
        (true, 5) => Form::Ethertype(0x8847),
        _ => return Ok(None),
    };
    Ok(Some(Opened { id: Some(id), form, inner: cursor.rest(), whole: true }))
}
