// SPDX-License-Identifier: Apache-2.0
//! LISP (RFC 9300 §5.3, RFC 9301 §5): control messages with type, flags, count of records and lengths that fit; the
//! tunnel is metered where the meter opens it.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LISP",
    title: "Locator/ID Separation Protocol",
    category: Category::Cloud,
    spec: &["RFC 9300", "RFC 9301"],
    ports: &[4341, 4342],
    probe,
    sample: &[(Side::Src, b"\x00\x11\x00\x0c\x00\x00\x00\x01\x9f\xac\xad\xe9")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Reliable transport: kind, length, identifier, an end marker (draft-kouvelas-lisp-map-server-reliable-transport).
    let length = be16(data, 2).unwrap_or_default();
    let known = within(be16(data, 0), 16, 24) && (12..=2_048).contains(&length);
    if data.len() < 4 {
        return Verdict::Maybe;
    }
    match data.get(length.saturating_sub(4)..length) {
        Some(end) if known && end == MARKER => Verdict::Yes,
        None if known => Verdict::Maybe,
        _ => yes_if(register(data) || encapsulated(data)),
    }
}

/// What ends a message on a stream.
const MARKER: &[u8] = b"\x9f\xac\xad\xe9";

/// Map-Register and Map-Notify: reserved bits, records, nonce, key, and authentication of its algorithm's length;
/// then a record with a mask that its address family allows.
fn register(data: &[u8]) -> bool {
    let kind = data.first().map_or(0, |first| first >> 4);
    let length = be16(data, 14).unwrap_or_default();
    let algorithm = matches!((u8_at(data, 13), length), (Some(0), 0) | (Some(1), 20) | (Some(2), 32));
    let record = 16 + length;
    let family = matches!(
        (be16(data, record + 10), u8_at(data, record + 5)),
        (Some(1), Some(0..=32)) | (Some(2), Some(0..=128)) | (Some(0x4003), _)
    );
    matches!(kind, 3 | 4)
        && within(u8_at(data, 3), 1, 32)
        && zero(data, 1, 1)
        && algorithm
        && family
        && within(u8_at(data, record + 4), 0, 16)
}

/// Encapsulated control: IP and UDP to the control port inside.
fn encapsulated(data: &[u8]) -> bool {
    let inner = data.get(4..).unwrap_or_default();
    data.first().is_some_and(|first| first >> 4 == 8)
        && zero(data, 1, 3)
        && match inner.first() {
            Some(0x45) => {
                be16(inner, 2) == Some(inner.len()) && u8_at(inner, 9) == Some(17) && be16(inner, 22) == Some(4_342)
            }
            Some(0x60) => be16(inner, 4) == inner.len().checked_sub(40) && u8_at(inner, 6) == Some(17),
            _ => false,
        }
}
