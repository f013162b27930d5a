// SPDX-License-Identifier: Apache-2.0
//! MPLS label stacks (RFC 3032 §2.1), with IP or an Ethernet pseudowire (RFC 4448) below, in frames, in IP
//! (RFC 4023) and in UDP (RFC 7510). No header says what is below the last label: it is told from the content.

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::{Skip, ip, link};

pub(super) const MPLS: Tunnel = Tunnel {
    name: "mpls",
    spec: "RFC 3032, RFC 4448",
    on: &[
        Carrier::Ethertype(0x8847),
        Carrier::Ethertype(0x8848),
        Carrier::Ipv4(137),
        Carrier::Ipv6(137),
        Carrier::Udp(6635),
    ],
    // Labels are given by the receiver, so the two directions of a conversation have different ones.
    id: Some("label at the bottom of the stack"),
    separates: false,
    open,
    sample: (&[0, 1, 0, 64, 0, 2, 0x11, 64], Form::Ip),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    // More labels than this are an attack, not a network.
    for _ in 0..16 {
        let entry = cursor.u32("mpls.label")?;
        if entry & 0x100 != 0 {
            let (form, inner) = below(cursor)?;
            return Ok(Some(Opened { id: Some(entry >> 12), form, inner, whole: true }));
        }
    }
    Err(Skip::Deep)
}

/// RFC 4928 §3, RFC 4385 §3: the first four bits are 4 or 6 for IP, 0 for a control word, 1 for the associated
/// channel; a pseudowire without control word begins with any MAC address, also with one that looks like IP.
fn below(mut cursor: Cursor<'_>) -> Result<(Form, &[u8]), Skip> {
    let data = cursor.rest();
    match cursor.u8("mpls.payload")? >> 4 {
        0 => {
            cursor.skip(3, "mpls.control_word")?;
            Ok((Form::Ethernet, cursor.rest()))
        }
        1 => Err(Skip::NotIp(0x8847)),
        4 if ip::v4_checksum_holds(data) => Ok((Form::Ip, data)),
        4 | 6 if !link::leads_to_ip(Form::Ethernet, data) => Ok((Form::Ip, data)),
        _ => Ok((Form::Ethernet, data)),
    }
}
