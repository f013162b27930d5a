// SPDX-License-Identifier: Apache-2.0
//! Fox of Tridium's Niagara: frames of text that begin with the protocol's name, kind and numbers.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Fox",
    title: "Niagara Fox",
    category: Category::IotScada,
    spec: &["Tridium Niagara, Fox as documented by its users"],
    ports: &[1911, 3011],
    first: First::Of(b"f"),
    probe,
    sample: &[(Side::Src, b"fox a 1 -1 fox hello\n{\nfox.version=s:1.0\n};;\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"fox ") {
        Verdict::Yes => head::<6>(data, |head| head[4].is_ascii_lowercase() && head[5] == b' '),
        other => other,
    }
}
