// SPDX-License-Identifier: Apache-2.0
//! IP directly in IP, in the four combinations, and Ethernet in IP.

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const IPIP: Tunnel = Tunnel {
    name: "ipip",
    spec: "RFC 2003",
    on: &[Carrier::Ipv4(4)],
    id: None,
    separates: false,
    open: bare,
    sample: (&[], Form::Ip),
};

pub(super) const IP4_IN_6: Tunnel = Tunnel { name: "4in6", spec: "RFC 2473", on: &[Carrier::Ipv6(4)], ..IPIP };

pub(super) const IP6_IN_4: Tunnel = Tunnel { name: "6in4", spec: "RFC 4213", on: &[Carrier::Ipv4(41)], ..IPIP };

pub(super) const IP6_IN_6: Tunnel = Tunnel { name: "6in6", spec: "RFC 2473", on: &[Carrier::Ipv6(41)], ..IPIP };

pub(super) const ETHERIP: Tunnel = Tunnel {
    name: "etherip",
    spec: "RFC 3378",
    on: &[Carrier::Ipv4(97), Carrier::Ipv6(97)],
    id: None,
    separates: false,
    open: etherip,
    sample: (&[0x30, 0], Form::Ethernet),
};

fn bare(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    Ok(Some(Opened { id: None, form: Form::Ip, inner: data, whole: true }))
}

/// RFC 3378 §3: version 3 and twelve bits that are zero.
fn etherip(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let version = cursor.u16("etherip.version")?;
    if version >> 12 != 3 {
        return Err(cursor.bad(2, "etherip.version", (version >> 12).into(), "3").into());
    }
    Ok(Some(Opened { id: None, form: Form::Ethernet, inner: cursor.rest(), whole: true }))
}
