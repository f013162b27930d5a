// SPDX-License-Identifier: Apache-2.0
//! Provider backbone bridging, "MAC in MAC" (IEEE 802.1Q-2018 §9.7, formerly 802.1ah).

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const PBB: Tunnel = Tunnel {
    name: "pbb",
    spec: "IEEE 802.1Q-2018 §9.7",
    on: &[Carrier::Ethertype(0x88e7)],
    id: Some("I-SID"),
    separates: true,
    open,
    sample: (&[0, 0, 0x27, 0x11], Form::Ethernet),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    cursor.skip(1, "pbb.flags")?;
    let id = cursor.u24("pbb.service")?;
    Ok(Some(Opened { id: Some(id), form: Form::Ethernet, inner: cursor.rest(), whole: true }))
}
