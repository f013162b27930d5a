// SPDX-License-Identifier: Apache-2.0
//! Tuya's local protocol (Tuya devices 3.1 to 3.5): a message between its prefix and its suffix, with command and
//! length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TuyaLP",
    title: "Tuya local protocol",
    category: Category::IotScada,
    spec: &["Tuya local protocol versions 3.1 to 3.5"],
    ports: &[6666, 6667, 6668, 7000],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\x00\x00\x55\xaa\x00\x00\x00\x00\x00\x00\x00\x13\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\xaa\x55",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"\0\0\x55\xaa", b"\0\0\x66\x99"]) {
        Verdict::Yes => head::<16>(data, |head| {
            let newer = head[2] == 0x66;
            let place = if newer { 10 } else { 8 };
            within(be32(head, place), 1, 255) && (newer || within(be32(head, 12), 8, 65_536))
        }),
        other => other,
    }
}
