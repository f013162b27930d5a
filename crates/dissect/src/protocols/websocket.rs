// SPDX-License-Identifier: Apache-2.0
//! WebSocket (RFC 6455 §5.2) in the middle of a connection: frames that fill what both sides sent, those of one side
//! masked and those of the other in clear. The beginning is HTTP.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "WebSocket",
    title: "WebSocket",
    category: Category::Web,
    spec: &["RFC 6455", "RFC 7692"],
    first: First::Of(&[0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0xc2]),
    late: true,
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\x81\x8c\xe1\x7e\x8e\xb9\x95\x1b\xfd\xcd\xc1\x13\xeb\xca\x92\x1f\xe9\xdc"),
        (Side::Dst, b"\x81\x17Welcome to this server!"),
    ],
    ..Protocol::STREAM
};

/// Length of a frame: final, text or binary, perhaps compressed (RFC 7692 §6), or of control, and whether it is masked.
fn frame(rest: &[u8], masked: bool) -> Option<usize> {
    let (first, second) = (*rest.first()?, *rest.get(1)?);
    let front = if masked { 4 } else { 0 };
    let length = match second & 0x7f {
        126 => 4 + be16(rest, 2).filter(|length| *length > 125)?,
        127 => 10 + be32(rest, 6).filter(|length| *length > 65_535 && zero(rest, 2, 4))?,
        short => 2 + usize::from(short),
    };
    let kind = match first {
        0x81 | 0x82 | 0xc1 | 0xc2 => second & 0x7f > 2,
        // Control frames are short (§5.5), and often empty.
        0x88..=0x8a => second & 0x7f <= 125,
        _ => false,
    };
    let told = kind && (second & 0x80 != 0) == masked;
    told.then_some(length + front)
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    let first = frame(data, true).or(frame(data, false));
    let cut = data.len() < 4 || first.is_some_and(|length| length > data.len());
    maybe_if(cut || fills(data, 64, |rest| frame(rest, true)) || fills(data, 64, |rest| frame(rest, false)))
}

fn together(heard: &Heard<'_>) -> Verdict {
    let told = [(heard.data, heard.other), (heard.other, heard.data)].into_iter().any(|(client, server)| {
        let text =
            server.first() != Some(&0x81) || server.get(4..).is_some_and(|text| std::str::from_utf8(text).is_ok());
        let filled = fills(client, 64, |rest| frame(rest, true)) && fills(server, 64, |rest| frame(rest, false));
        text && filled && client.len() + server.len() >= 24
    });
    if told { Verdict::Yes } else { Verdict::Maybe }
}
