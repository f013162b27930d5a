// SPDX-License-Identifier: Apache-2.0
//! NSQ (NSQ TCP protocol specification): the version that a client says first, and its first command.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NSQ",
    title: "NSQ",
    category: Category::Rpc,
    spec: &["NSQ TCP protocol specification"],
    ports: &[4150],
    first: First::Of(b" "),
    probe,
    sample: &[(Side::Src, b"  V2IDENTIFY\n\x00\x00\x00\x02{}")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"  V2") {
        Verdict::Yes => match data.get(4) {
            Some(letter) => yes_if(letter.is_ascii_uppercase()),
            None => Verdict::Maybe,
        },
        other => other,
    }
}
