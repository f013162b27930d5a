// SPDX-License-Identifier: Apache-2.0
//! PPP over Ethernet, session stage (RFC 2516 §4, §6). Discovery frames are no conversation.

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const PPPOE: Tunnel = Tunnel {
    name: "pppoe",
    spec: "RFC 2516",
    on: &[Carrier::Ethertype(0x8864)],
    id: Some("session id"),
    separates: false,
    open,
    sample: (&[0x11, 0, 0x12, 0x34, 0, 34], Form::Ppp),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    // Version 1, type 1, code 0.
    if cursor.u16("pppoe.code")? != 0x1100 {
        return Ok(None);
    }
    let id = cursor.u16("pppoe.session_id")?.into();
    cursor.skip(2, "pppoe.length")?;
    Ok(Some(Opened { id: Some(id), form: Form::Ppp, inner: cursor.rest(), whole: true }))
}
