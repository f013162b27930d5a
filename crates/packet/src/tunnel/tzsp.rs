// SPDX-License-Identifier: Apache-2.0
//! TaZmen Sniffer Protocol: mirrored frames from routers and access points (its de-facto specification, as Wireshark's
//! wiki has it).

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const TZSP: Tunnel = Tunnel {
    name: "tzsp",
    spec: "TZSP 1.0",
    on: &[Carrier::Udp(37_008)],
    id: None,
    separates: false,
    open,
    sample: (&[1, 0, 0, 1, 10, 1, 200, 0, 1], Form::Ethernet),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let (version, kind) = (cursor.u8("tzsp.version")?, cursor.u8("tzsp.type")?);
    let form = match cursor.u16("tzsp.protocol")? {
        1 => Form::Ethernet,
        18 => Form::Wifi,
        _ => return Ok(None),
    };
    // Received packets and packets for transmission; the other types are about the session.
    if version != 1 || kind > 1 {
        return Ok(None);
    }
    loop {
        match cursor.u8("tzsp.tag")? {
            0 => {}
            1 => break,
            _ => {
                let length = cursor.u8("tzsp.tag_length")?;
                cursor.skip(length.into(), "tzsp.tag")?;
            }
        }
    }
    Ok(Some(Opened { id: None, form, inner: cursor.rest(), whole: true }))
}
