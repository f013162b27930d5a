// SPDX-License-Identifier: Apache-2.0
//! CAPWAP data channel (RFC 5415 §4.3), with 802.3 frames or IEEE 802.11 frames (RFC 5416 §4). Encrypted channels,
//! keep-alives and later fragments stay with the carrier.

use minamo_base::Cursor;

use super::{Carrier, Form, Opened, Tunnel};
use crate::Skip;

pub(super) const CAPWAP: Tunnel = Tunnel {
    name: "capwap",
    spec: "RFC 5415, RFC 5416",
    on: &[Carrier::Udp(5247)],
    id: Some("radio id"),
    separates: false,
    open,
    sample: (&[0, 0x10, 0x43, 0, 0, 0, 0, 0], Form::Wifi),
};

fn open(data: &[u8], _: usize) -> Result<Option<Opened<'_>>, Skip> {
    let mut cursor = Cursor::new(data);
    // Version 0, type 0: a header in clear.
    if cursor.u8("capwap.preamble")? != 0 {
        return Ok(None);
    }
    // Length 5, radio 5, binding 5, then the flags T, F, L, W, M, K and three reserved bits.
    let fields = cursor.u24("capwap.header")?;
    let (octets, radio, binding) = (fields >> 19 << 2, fields >> 14 & 31, fields >> 9 & 31);
    let (native, whole, keep_alive) = (fields & 0x100 != 0, fields & 0x80 == 0, fields & 8 != 0);
    cursor.skip(2, "capwap.fragment_id")?;
    let offset = cursor.u16("capwap.fragment_offset")? >> 3;
    let rest = usize::try_from(octets).unwrap_or(usize::MAX).checked_sub(8);
    let (Some(rest), false, 0, 0) = (rest, keep_alive, offset, fields & 7) else { return Ok(None) };
    cursor.skip(rest, "capwap.options")?;
    let inner = cursor.rest();
    let form = match (native, binding) {
        (false, _) => Form::Ethernet,
        (true, 1) => wifi(inner),
        (true, _) => return Ok(None),
    };
    Ok(Some(Opened { id: Some(radio), form, inner, whole }))
}

/// Data frames have 8 in the low half of the frame control's first octet; some access points send it second.
fn wifi(frame: &[u8]) -> Form {
    let data = |at: usize| frame.get(at).is_some_and(|octet| octet & 15 == 8);
    if !data(0) && data(1) { Form::SwappedWifi } else { Form::Wifi }
}
