// SPDX-License-Identifier: Apache-2.0
//! LISP data packets (RFC 9300 §5.3).

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const LISP: Tunnel = Tunnel {
    name: "lisp",
    spec: "RFC 9300",
    on: &[Carrier::Udp(4341)],
    id: Some("instance id"),
    separates: true,
    open,
    sample: (&[0x08, 0, 0, 0, 0, 0, 9, 0], Form::Ip),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let flags = cursor.u8("lisp.flags")?;
    cursor.skip(3, "lisp.nonce")?;
    let last = cursor.u32("lisp.instance")?;
    let id = (flags & 8 != 0).then_some(last >> 8);
    let inner = cursor.rest();
    let ip = inner.first().is_some_and(|first| matches!(first >> 4, 4 | 6));
    // N and V exclude each other: a nonce or a map version stands in the same place.
    Ok((ip && flags & 0x90 != 0x90).then_some(Opened { id, form: Form::Ip, inner, whole: true }))
}
