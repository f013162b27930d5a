// SPDX-License-Identifier: Apache-2.0
//! GTP: control (3GPP TS 29.060 §6, TS 29.274 §5), user plane (TS 29.281 §5) and charging (TS 32.295 §6). The lengths
//! fill the datagram. What the user plane carries is metered where the meter opens the tunnel.

use super::tell::*;

/// The registry's row of GPRS Tunnelling Protocol, control.
pub(super) static CONTROL: Protocol = Protocol {
    name: "GTP.GTP_C",
    title: "GPRS Tunnelling Protocol, control",
    category: Category::Network,
    spec: &["3GPP TS 29.060", "3GPP TS 29.274", "GSM 09.60"],
    ports: &[2123, 3386],
    first: First::Within(0x1e, 0x5f),
    probe: control,
    sample: &[(Side::Src, b"\x40\x01\x00\x09\x00\x00\x01\x00\x03\x00\x01\x00\x07")],
    ..Protocol::DATAGRAM
};

/// The registry's row of GPRS Tunnelling Protocol, user plane.
pub(super) static USER: Protocol = Protocol {
    name: "GTP.GTP_U",
    title: "GPRS Tunnelling Protocol, user plane",
    category: Category::Network,
    spec: &["3GPP TS 29.281"],
    ports: &[2152],
    first: First::Within(0x30, 0x37),
    probe: user,
    sample: &[(
        Side::Src,
        b"\x30\xff\x00\x15\x00\x00\x00\x07\x45\x00\x00\x15\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\
        \x0a\x00\x00\x02x",
    )],
    ..Protocol::DATAGRAM
};

/// The registry's row of GPRS Tunnelling Protocol, charging.
pub(super) static PRIME: Protocol = Protocol {
    name: "GTP.GTP_PRIME",
    title: "GPRS Tunnelling Protocol, charging",
    category: Category::Network,
    spec: &["3GPP TS 32.295"],
    ports: &[3386],
    first: First::Of(&[0x0e, 0x0f, 0x2e, 0x2f, 0x4e, 0x4f]),
    probe: prime,
    sample: &[(Side::Src, b"\x4e\xf0\x00\x06\x00\x01\x7e\x01\xfc\x00\x01x")],
    ..Protocol::DATAGRAM
};

fn control(_: Side, data: &[u8]) -> Verdict {
    let kind = data.get(1).copied().unwrap_or_default();
    let length = be16(data, 2);
    let told = match data.first().map(|first| (first >> 5, first & 0x1f)) {
        // Version 0 (GSM 09.60 §6): twenty octets, the spare ones all ones; signalling has no N-PDU and no flow.
        Some((0, 0x1e)) => {
            matches!(kind, 1..=7 | 16..=28 | 32..=37 | 48..=53)
                && length == data.len().checked_sub(20)
                && at(data, 8, 4) == Some(&[0xff; 4])
        }
        // Version 1: flags for options, with four octets behind the header; no user data.
        Some((1, 0x10..=0x17)) => {
            matches!(kind, 1..=3 | 16..=34 | 48..=61 | 70 | 96..=106 | 112..=128)
                && length == data.len().checked_sub(8)
                && (data.first() == Some(&0x30) || data.len() >= 12)
        }
        // Version 2: piggybacking, TEID and priority; elements of type, length, instance.
        Some((2, flags)) => {
            let header = if flags & 0x08 == 0 { 8 } else { 12 };
            let element = |rest: &[u8]| (rest.get(3)? & 0xf0 == 0).then_some(4 + be16(rest, 1)?);
            matches!(kind, 1..=3 | 32..=41 | 64..=73 | 95..=104 | 128..=141 | 149..=171 | 176..=180 | 200..=212 | 231..=240)
                && flags & 0x03 == 0
                && (length == data.len().checked_sub(4) || flags & 0x10 != 0)
                && zero(data, header - 1, 1)
                && fills(data.get(header..).unwrap_or_default(), 64, element)
        }
        _ => false,
    };
    yes_if(told)
}

/// A packet of the user begins with its own version and length; an echo has a recovery counter.
fn user(_: Side, data: &[u8]) -> Verdict {
    let optional = data.first().is_some_and(|flags| flags & 0x07 != 0);
    let header = if optional { extended(data) } else { 8 };
    let inner = data.get(header..).unwrap_or_default();
    let packet = match inner.first().map(|first| first >> 4) {
        Some(4) => be16(inner, 2) == Some(inner.len()),
        Some(6) => be16(inner, 4) == inner.len().checked_sub(40),
        _ => false,
    };
    let told = match u8_at(data, 1) {
        Some(255) => packet,
        Some(1 | 2) => optional && zero(data, 4, 4) && (data.len() == 12 || at(data, 12, 1) == Some(&[14])),
        Some(254) => zero(data, 8, 0) && data.len() == 8 || optional && data.len() == 12,
        Some(26) => optional && at(data, 12, 1) == Some(&[16]),
        _ => false,
    };
    yes_if(told && within(u8_at(data, 0), 0x30, 0x37) && be16(data, 2) == data.len().checked_sub(8))
}

/// Octets of a header with extensions: each begins with its length in words and ends with the type of the next (§5.2.1).
fn extended(data: &[u8]) -> usize {
    let mut end = 12;
    for _ in 0..8 {
        match (data.get(end - 1), u8_at(data, end)) {
            (Some(1..), Some(words @ 1..)) => end += words * 4,
            _ => break,
        }
    }
    end
}

/// A short header of six octets, or the old one of twenty; the spare bits are ones.
fn prime(_: Side, data: &[u8]) -> Verdict {
    let header = match data.first() {
        Some(0x0f | 0x2f | 0x4f | 0x2e | 0x4e) => 6,
        Some(0x0e) => 20,
        _ => return Verdict::No,
    };
    let elements = data.get(header..).unwrap_or_default();
    let first = match (u8_at(data, 1), elements.first()) {
        (Some(1 | 3..=7), None) => true,
        (Some(2), Some(14)) => elements.len() == 2,
        (Some(3..=7), Some(251 | 254 | 255)) => true,
        (Some(240), Some(126)) => matches!(elements.get(1), Some(1..=4)),
        (Some(241), Some(1)) => elements.get(2) == Some(&253),
        _ => false,
    };
    yes_if(first && be16(data, 2) == data.len().checked_sub(header) && data.len() >= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_0_is_known() {
        let echo = b"\x1e\x01\x00\x00\x00\x14\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00";
        assert_eq!((control(Side::Src, echo), prime(Side::Src, echo)), (Verdict::Yes, Verdict::No));
        assert_eq!(control(Side::Src, &echo[..19]), Verdict::No);
    }

    #[test]
    fn headers_can_have_several_extensions() {
        let inner = b"\x45\x00\x00\x15\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02x";
        let mut packet = b"\x34\xff\x00\x21\x00\x00\x00\x07\x00\x00\x00\x85\x01\x10\x09\xc0\x01\x00\x01\x00".to_vec();
        packet.extend(inner);
        assert_eq!(user(Side::Src, &packet), Verdict::Yes);
    }

    #[test]
    fn the_length_ends_the_datagram() {
        for row in [&CONTROL, &USER, &PRIME] {
            let (side, data) = row.sample[0];
            assert_eq!((row.probe)(side, data), Verdict::Yes, "{}", row.name);
            assert_eq!((row.probe)(side, &[data, b"x"].concat()), Verdict::No, "{}", row.name);
        }
    }
}
