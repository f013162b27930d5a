// SPDX-License-Identifier: Apache-2.0
//! Zoom's media (Michel et al., "Enabling passive measurement of Zoom performance in production networks", IMC 2022):
//! RTP behind Zoom's own headers, told by kind, by the place of RTP and by its source in several datagrams. Clients that look
//! for a direct way say where they are and which meeting it is (as observed).

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Zoom",
    title: "Zoom media",
    category: Category::Video,
    spec: &["Michel et al., Enabling Passive Measurement of Zoom Performance"],
    ports: &[8801, 8802, 8803, 8804, 3478, 3479],
    first: First::Of(&[0x01, 0x02, 0x05, 0x0d, 0x0f, 0x10, 0x1f]),
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[
        (
            Side::Src,
            b"\x05\x10\x01\x00\x01\x00\x00\x00\x0f\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x90\x70\x00\x01\x00\x00\x00\xa0\x01\x02\x03\x04",
        ),
        (
            Side::Src,
            b"\x05\x10\x02\x00\x01\x00\x00\x00\x0f\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x90\x70\x00\x02\x00\x00\x01\x40\x01\x02\x03\x04",
        ),
    ],
    ..Protocol::DATAGRAM
};

/// Kind and source of media, behind the header of a server or without it.
fn media(data: &[u8]) -> Option<(u8, &[u8])> {
    let inner = if data.first() == Some(&5) { data.get(8..)? } else { data };
    let kind = *inner.first()?;
    let place = match kind {
        0x0d => 27,
        0x0f => 19,
        0x10 => 24,
        _ => return None,
    };
    let header = inner.get(place..)?;
    let known = matches!(header, [0x80 | 0x90, second, ..] if matches!(second & 0x7f, 98..=113));
    known.then_some((kind, at(header, 8, 4)?))
}

/// A client's greeting to another: its address as text, and the meeting as a UUID, each behind its length.
fn greets(data: &[u8]) -> bool {
    let Some(length) = be32(data, 24).filter(|length| (7..=45).contains(length)) else { return false };
    let address =
        at(data, 28, length).is_some_and(|text| text.iter().all(|c| c.is_ascii_hexdigit() || b".:".contains(c)));
    let meeting = at(data, 32 + length, 36).is_some_and(|text| text.iter().filter(|c| **c == b'-').count() == 4);
    data.starts_with(b"\x1f\x02\x01\x00") && address && be32(data, 28 + length) == Some(36) && meeting
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&0x1f) {
        return yes_if(greets(data));
    }
    maybe_if(media(data).is_some() || matches!(data, [1 | 2, 0, ..]) && (36..=160).contains(&data.len()))
}

/// Media of one source twice, or a greeting whose answer repeats its identifier.
fn together(heard: &Heard<'_>) -> Verdict {
    let latest = media(heard.data);
    let again = latest.is_some() && heard.same().filter(|data| media(data) == latest).count() > 1;
    let greeting = |one: &[u8], other: &[u8]| {
        one.first() == Some(&1) && other.first() == Some(&2) && at(one, 2, 17) == at(other, 2, 17) && !zero(one, 4, 8)
    };
    let greeted = heard.opposite().any(|data| greeting(data, heard.data) || greeting(heard.data, data));
    if again || greeted { Verdict::Yes } else { Verdict::Maybe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_greet_each_other() {
        let mut greeting =
            b"\x1f\x02\x01\x00\x08\x00\x01\x00\x04\x00abcd\x00\x00\x00\x07\x00\x00\x00\x01\x00\x00".to_vec();
        greeting
            .extend(b"\x00\x00\x00\x09192.0.2.1\x00\x00\x00\x2401234567-89AB-CDEF-0123-456789ABCDEF\x00\x00\x00\x00");
        assert_eq!(probe(Side::Src, &greeting), Verdict::Yes);
        greeting[30] = b'x';
        assert_eq!(probe(Side::Src, &greeting), Verdict::No);
    }
}
