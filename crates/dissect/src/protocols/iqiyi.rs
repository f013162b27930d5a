// SPDX-License-Identifier: Apache-2.0
//! iQIYI's exchange between viewers, which it took over from PPStream (as observed from its players): the datagram's
//! length, and the old or the new program's mark.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "iQIYI",
    title: "iQIYI peer-to-peer",
    category: Category::Streaming,
    spec: &["iQIYI and PPStream, datagrams as observed"],
    ports: &[17_788, 16_600],
    probe,
    sample: &[(Side::Src, b"\x14\x00Dtq\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::DATAGRAM
};

/// The length stands in front, or behind a mask of two octets.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let marked = |place: usize| le16(data, place) == Some(data.len()) && at(data, place + 2, 3) == Some(b"Dtq");
    let masked = le16(data, 2) == Some(data.len()) && within(le16(data, 0), 1, 0xffff) && at(data, 4, 1) == Some(b"D");
    let named = (121..300).contains(&data.len()) && contains(data, b"PPStream");
    yes_if(marked(0) || masked && at(data, 5, 3) == Some(b"tqz") || named)
}
