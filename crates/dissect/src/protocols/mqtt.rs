// SPDX-License-Identifier: Apache-2.0
//! MQTT (MQTT 3.1.1 §3.1, MQTT 5.0 §3.1): told by the client's CONNECT, or by a PUBLISH that ends with the input.

use super::tell::{at, be16, begins, fills, graphic};
use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MQTT",
    title: "Message Queuing Telemetry Transport",
    category: Category::Rpc,
    spec: &["MQTT 3.1.1", "MQTT 5.0"],
    ports: &[1883],
    max_state: 4096,
    probe,
    sample: &[(Side::Src, b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a")],
    ..Protocol::STREAM
};

/// PUBLISH (§3.3): flags, remaining length, and a topic of text.
fn published(data: &[u8]) -> Option<usize> {
    let (length, front) = match data {
        [0x30..=0x35 | 0x38..=0x3d, length, ..] if length & 0x80 == 0 => (usize::from(*length), 2),
        [0x30..=0x35 | 0x38..=0x3d, low, high, ..] if high & 0x80 == 0 => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, 3)
        }
        _ => return None,
    };
    let topic = at(data, front + 2, be16(data, front)?)?;
    (topic.len() >= 4 && graphic(topic) && topic.len() + 2 <= length).then_some(front + length)
}

/// CONNECT, a remaining length of one or two octets, and the protocol's name.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if fills(data, 16, published) {
        return Verdict::Yes;
    }
    let body = match data {
        [0x10, first, second, rest @ ..] if first & 0x80 != 0 && second & 0x80 == 0 => rest,
        [0x10, first, rest @ ..] if first & 0x80 == 0 && *first >= 10 => rest,
        [] | [0x10] | [0x10, _] => return Verdict::Maybe,
        _ => return Verdict::No,
    };
    match (begins(body, b"\x00\x04MQTT"), begins(body, b"\x00\x06MQIsdp")) {
        (Verdict::No, other) => other,
        (sure, _) => sure,
    }
}
