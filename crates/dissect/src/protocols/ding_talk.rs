// SPDX-License-Identifier: Apache-2.0
//! DingTalk's connections (as observed from its clients): the header of the handshake with the protocol's mark "dk".

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DingTalk",
    title: "DingTalk",
    category: Category::Chat,
    spec: &["DingTalk, handshake as observed"],
    first: First::Of(&[0x10]),
    encrypted: true,
    probe,
    sample: &[(Side::Src, b"\x10\x64\x87\x80\x01\x00\x01\x00\x02\x00\x02dk\x03\x00\x20\x16\x6d")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [_, _, rest @ ..] => begins(rest, b"\x87\x80\x01\x00\x01\x00\x02\x00\x02dk\x03\x00\x20"),
        _ => Verdict::Maybe,
    }
}
