// SPDX-License-Identifier: Apache-2.0
//! KCP (skywind3000/kcp, protocol description): segments with a command in use whose lengths fill the datagram.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "KCP",
    title: "KCP",
    category: Category::Network,
    spec: &["KCP protocol description"],
    late: true,
    probe,
    sample: &[(
        Side::Src,
        b"\x11\x22\x33\x44\x51\x00\x80\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\
        hi",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let conversation = at(data, 0, 4);
    let segment = |rest: &[u8]| {
        let length = le32(rest, 20).filter(|length| *length <= 1_500)?;
        let command = rest.get(4)?;
        let fits = at(rest, 0, 4) == conversation
            && (81..=84).contains(command)
            && (*command == 81) == (length > 0)
            && rest.get(5).is_some_and(|fragment| *fragment < 128)
            && within(le16(rest, 6), 1, 32_768)
            && le32(rest, 16)? <= le32(rest, 12)? + 32_768;
        fits.then_some(24 + length)
    };
    yes_if(fills(data, 60, segment))
}
