// SPDX-License-Identifier: Apache-2.0
//! Call of Duty: Mobile (as observed from the game): pings, which come back unchanged, and the names of its loadouts.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CoD_Mobile",
    title: "Call of Duty: Mobile",
    category: Category::Game,
    spec: &["Call of Duty: Mobile, pings as observed"],
    ports: &[7500],
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\xbb\xb6\x53\xea\x96\xfd\xbb\x03ping"),
        (Side::Dst, b"\xbb\xb6\x53\xea\x96\xfd\xbb\x03ping"),
    ],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&0xce) && data.len() > 350 && contains(data, b"LOC_PREFAB_LOADOUTNAME_1") {
        return Verdict::Yes;
    }
    maybe_if(data.len() == 12 && data.ends_with(b"ping") && !zero(data, 0, 4))
}

fn together(heard: &Heard<'_>) -> Verdict {
    if heard.opposite().any(|other| other == heard.data) { Verdict::Yes } else { Verdict::Maybe }
}
