// SPDX-License-Identifier: Apache-2.0
//! TiVo Connect (TiVo Connect Automatic Machine Discovery Protocol 1.5): the beacon's first line.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TiVoConnect",
    title: "TiVo Connect",
    category: Category::Network,
    spec: &["TiVo Connect Automatic Machine Discovery Protocol"],
    ports: &[2190],
    first: First::Of(b"tT"),
    probe,
    sample: &[(Side::Src, b"tivoconnect=1\nmethod=broadcast\nidentity=a\n")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let n = data.len().min(WORD.len());
    let told = data.get(..n).is_some_and(|start| WORD.get(..n).is_some_and(|word| word.eq_ignore_ascii_case(start)));
    if told && n == WORD.len() { Verdict::Yes } else { maybe_if(told) }
}

const WORD: &[u8] = b"tivoconnect=";
