// SPDX-License-Identifier: Apache-2.0
//! Mirrored frames in GRE: ERSPAN types I, II and III (draft-foschiano-erspan-03 §4).

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel, gre};
use crate::Skip;

pub(super) const ERSPAN: Tunnel = Tunnel {
    name: "erspan",
    spec: "draft-foschiano-erspan-03",
    on: &[Carrier::Ipv4(47), Carrier::Ipv6(47)],
    // The directions of a port may be mirrored in different sessions.
    id: Some("session id"),
    separates: false,
    open,
    sample: (&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0, 0x64, 0, 0, 0, 3], Form::Ethernet),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    let Some(header) = gre::header(&mut cursor)? else { return Ok(None) };
    let id = match (header.ethertype, header.sequenced) {
        // Type I has no header of its own, and no sequence number in GRE's.
        (gre::ERSPAN, false) => None,
        (gre::ERSPAN, true) => {
            let id = session(&mut cursor)?;
            cursor.skip(4, "erspan.index")?;
            Some(id)
        }
        (gre::ERSPAN_3, _) => {
            let id = session(&mut cursor)?;
            cursor.skip(7, "erspan.timestamp")?;
            // The last bit says that a platform's sub-header follows.
            let more = cursor.u8("erspan.flags")? & 1 == 1;
            cursor.skip(if more { 8 } else { 0 }, "erspan.platform")?;
            Some(id)
        }
        _ => return Ok(None),
    };
    Ok(Some(Opened { id, form: Form::Ethernet, inner: cursor.rest(), whole: true }))
}

fn session(cursor: &mut Cursor<'_>) -> Result<u32, Skip> {
    Ok(cursor.u32("erspan.session")? & 0x3ff)
}
