// SPDX-License-Identifier: Apache-2.0
//! ZeroMQ's ZMTP (RFC 37/ZMTP, 23/ZMTP): the signature that opens a greeting, and the version or socket type behind it. Of
//! version 1 (13/ZMTP) both sides begin with the frame of an identity, often an empty one, and go on with frames.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ZeroMQ",
    title: "ZeroMQ Message Transport Protocol",
    category: Category::Rpc,
    spec: &["13/ZMTP", "23/ZMTP", "37/ZMTP"],
    ports: &[5555],
    first: First::Of(&[0x01, 0xff]),
    probe,
    together: Some(together),
    sample: &[(Side::Src, b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&1) {
        return maybe_if(matches!(data, [1] | [1, 0 | 1, ..]) && data.len() < 4_096);
    }
    if !data.get(1..data.len().min(8)).unwrap_or_default().iter().all(|octet| *octet == 0) {
        return Verdict::No;
    }
    match data {
        [0xff, _, _, _, _, _, _, _, _, 0x7f, ..] => Verdict::Yes,
        [0xff, ..] => maybe_if(data.len() < 10),
        _ => Verdict::No,
    }
}

/// Version 1: behind the greetings both sides' streams are frames, of which the length counts the flags (13/ZMTP,
/// "Framing"), and there are some of several octets.
fn together(heard: &Heard<'_>) -> Verdict {
    let frame = |rest: &[u8]| match rest {
        [length @ 1..=0xfe, 0 | 1, ..] => Some(1 + usize::from(*length)),
        _ => None,
    };
    let greets = |data: &[u8]| data.first() == Some(&1) && fills(data, 32, frame);
    let long = heard.data.len() + heard.other.len() >= 16;
    if long && greets(heard.data) && greets(heard.other) { Verdict::Yes } else { Verdict::Maybe }
}
