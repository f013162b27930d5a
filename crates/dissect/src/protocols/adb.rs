// SPDX-License-Identifier: Apache-2.0
//! Android Debug Bridge (protocol.txt, "Message format"): a command of four letters and, behind the header, its complement.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ADB",
    title: "Android Debug Bridge",
    category: Category::RemoteAccess,
    spec: &["Android Debug Bridge, protocol.txt"],
    ports: &[5555],
    first: First::Of(b"CAOSWS"),
    probe,
    sample: &[(
        Side::Src,
        b"CNXN\x00\x00\x00\x01\x00\x00\x10\x00\x07\x00\x00\x00\x32\x02\x00\x00\xbc\xb1\xa7\xb1host::\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"CNXN", b"AUTH", b"STLS", b"OPEN", b"OKAY", b"CLSE", b"WRTE", b"SYNC"]) {
        Verdict::Yes => head::<24>(data, |head| {
            le32(head, 0).zip(le32(head, 20)).is_some_and(|(command, check)| command ^ check == 0xffff_ffff)
        }),
        other => other,
    }
}
