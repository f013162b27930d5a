// SPDX-License-Identifier: Apache-2.0
//! Teredo (RFC 4380 §5.1.1): IPv6 in UDP, with authentication and origin in front where a server is involved.
//! Peers that speak to each other without the server's port are not recognised.

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const TEREDO: Tunnel = Tunnel {
    name: "teredo",
    spec: "RFC 4380",
    on: &[Carrier::Udp(3544)],
    id: None,
    separates: false,
    open,
    sample: (&[0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6], Form::Ip),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    if cursor.rest().starts_with(&[0, 1]) {
        cursor.skip(2, "teredo.authentication")?;
        let (id, value) = (cursor.u8("teredo.id_length")?, cursor.u8("teredo.value_length")?);
        cursor.skip(usize::from(id) + usize::from(value) + 9, "teredo.authentication")?;
    }
    if cursor.rest().starts_with(&[0, 0]) {
        cursor.skip(8, "teredo.origin")?;
    }
    let inner = cursor.rest();
    cursor.skip(8, "ipv6.header")?;
    let ends: [[u8; 16]; 2] = [cursor.array("ipv6.source")?, cursor.array("ipv6.destination")?];
    // §2.6: a Teredo address (2001:0::/32) on one side. While a client qualifies (§5.2.1) all clients have the same
    // link-local address: that is the tunnel's own control, not a conversation inside.
    let known = |end: &[u8; 16]| end.starts_with(&[0x20, 1, 0, 0]);
    let version_6 = inner.first().is_some_and(|first| first >> 4 == 6);
    Ok((version_6 && ends.iter().any(known)).then_some(Opened { id: None, form: Form::Ip, inner, whole: true }))
}
