// SPDX-License-Identifier: Apache-2.0
//! MQTT (MQTT 3.1.1 §3.1, MQTT 5.0 §3.1): told by the client's CONNECT, by a PUBLISH or SUBSCRIBE that ends with the input, or by
//! pings of both sides.

use super::tell::{Category, Heard, Protocol, Side, Verdict, at, be16, begins, fills, graphic, zero};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MQTT",
    title: "Message Queuing Telemetry Transport",
    category: Category::Rpc,
    spec: &["MQTT 3.1.1", "MQTT 5.0"],
    ports: &[1883],
    max_state: 4096,
    probe,
    together: Some(together),
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

/// The beginning of a PUBLISH that is longer than one segment: a topic in levels, and a number where it is to be
/// acknowledged.
fn publishes_more(data: &[u8]) -> bool {
    let (length, front) = match data {
        [0x30..=0x35 | 0x38..=0x3d, low, high, ..] if low & 0x80 != 0 && high & 0x80 == 0 => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, 3)
        }
        [0x30..=0x35 | 0x38..=0x3d, low, middle, high @ 0..=0x7f, ..] if low & middle & 0x80 != 0 => {
            (usize::from(low & 0x7f) | usize::from(middle & 0x7f) << 7 | usize::from(*high) << 14, 4)
        }
        _ => return false,
    };
    let topic = be16(data, front).and_then(|length| at(data, front + 2, length)).unwrap_or_default();
    let number = data.first().is_some_and(|first| first & 0x06 == 0) || !zero(data, front + 2 + topic.len(), 2);
    topic.len() >= 4 && graphic(topic) && topic.contains(&b'/') && number && data.len() < front + length
}

/// CONNACK of version 3 (§3.2): whether there was a session, and a code in use; nothing else.
fn accepts(data: &[u8]) -> bool {
    matches!(data, [0x20, 2, 0, 0..=5] | [0x20, 2, 1, 0])
}

/// SUBSCRIBE (§3.8): a number, and topics with the quality that is asked for.
fn subscribes(data: &[u8]) -> bool {
    let [0x82, length @ 6..=127, first, second, topics @ ..] = data else { return false };
    let topic = |rest: &[u8]| {
        let length = be16(rest, 0)?;
        (graphic(at(rest, 2, length)?) && rest.get(2 + length)? < &3).then_some(3 + length)
    };
    data.len() == 2 + usize::from(*length) && (*first, *second) != (0, 0) && fills(topics, 16, topic)
}

/// Whether there is nothing but pings or the answers to them (§3.12, §3.13).
fn pings(data: &[u8], kind: u8) -> bool {
    !data.is_empty() && data.len().is_multiple_of(2) && data.chunks(2).all(|ping| ping == [kind, 0])
}

/// Pings of one side and answers of the other: a session that is idle.
fn together(heard: &Heard<'_>) -> Verdict {
    let (one, other) = (heard.data, heard.other);
    let idle = pings(one, 0xc0) && pings(other, 0xd0) || pings(one, 0xd0) && pings(other, 0xc0);
    if idle { Verdict::Yes } else { Verdict::Maybe }
}

/// CONNECT, a remaining length of one or two octets, and the protocol's name.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if fills(data, 16, published) || subscribes(data) || publishes_more(data) || accepts(data) {
        return Verdict::Yes;
    }
    if matches!(data, [0xc0 | 0xd0] | [0xc0 | 0xd0, 0, ..]) {
        let whole = data.get(..data.len() - data.len() % 2).unwrap_or_default();
        let idle = data.len() <= 64 && (whole.is_empty() || pings(whole, 0xc0) || pings(whole, 0xd0));
        return if idle { Verdict::Maybe } else { Verdict::No };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Classifier, Input};
    use minamo_model::Flow;

    #[test]
    fn sessions_are_told_in_their_middle() {
        let topics = b"\x82\x09\x00\x0a\x00\x04a/b#\x01";
        assert_eq!(probe(Side::Src, topics), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"\x82\x09\x00\x0a\x00\x04a/b#\x07"), Verdict::No);
        let label = |answer: &[u8]| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 1, 2));
            classifier.stream(Side::Src, Input::Data(b"\xc0\x00"), &mut flow);
            classifier.stream(Side::Dst, Input::Data(answer), &mut flow);
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!((label(b"\xd0\x00").as_str(), label(b"\xc0\x00").as_str()), ("MQTT", "Unknown"));
    }
}
