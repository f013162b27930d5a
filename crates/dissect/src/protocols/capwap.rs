// SPDX-License-Identifier: Apache-2.0
//! CAPWAP (RFC 5415 §4.1, §4.3, §4.5): the header in clear with a control message that fills the datagram, or DTLS
//! behind its four octets. The tunnel's data are metered where the meter opens them.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CAPWAP",
    title: "Control And Provisioning of Wireless Access Points",
    category: Category::Network,
    spec: &["RFC 5415"],
    ports: &[5246, 5247],
    first: First::Of(&[0x00, 0x01]),
    probe,
    sample: &[(Side::Src, b"\x00\x10\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x00\x08\x00\x00\x14\x00\x01\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = match data {
        [0x01, 0, 0, 0, kind @ 20..=25, 0xfe, 0xfd | 0xff, rest @ ..] => {
            *kind != 24 && be16(rest, 8).is_some_and(|length| length <= rest.len())
        }
        [0x00, length, ..] => {
            let header = usize::from(length >> 3) * 4;
            control(data, header) || native(data, header)
        }
        _ => false,
    };
    yes_if(told)
}

/// A frame of 802.11 as it is (§4.3: WBID 1, flag T), with the header of a management frame (IEEE 802.11-2020 §9.3.3.1):
/// kind, in either order of its octets, which vendors differ in, and three addresses of which the last, the network's, is
/// the first one too.
fn native(data: &[u8], header: usize) -> bool {
    let binding = matches!(data, [_, _, flags, kind, ..] if flags & 0x3e == 0x02 && flags & 1 == 1 && kind & 7 == 0);
    let frame = data.get(header..).unwrap_or_default();
    let kind = matches!(frame, [kind, 0, ..] | [0, kind, ..] if kind & 0x0f == 0 && *kind != 0);
    let network = at(frame, 16, 6).is_some_and(|network| at(frame, 4, 6) == Some(network));
    (8..=64).contains(&header) && binding && kind && network && zero(data, 4, 4)
}

/// Type, sequence number, length of the elements, flags that are zero; elements of type and length.
fn control(data: &[u8], header: usize) -> bool {
    let body = data.get(header + 8..).unwrap_or_default();
    let elements = fills(body, 64, |rest| Some(4 + be16(rest, 2)?));
    (8..=64).contains(&header)
        && within(be32(data, header), 1, 26)
        && be16(data, header + 5) == Some(body.len() + 3)
        && zero(data, header + 7, 1)
        && elements
}
