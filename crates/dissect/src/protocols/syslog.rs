// SPDX-License-Identifier: Apache-2.0
//! Syslog (RFC 5424 §6, RFC 3164 §4) over datagrams and streams: a priority, and what may stand behind it.

use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Syslog",
    title: "Syslog",
    category: Category::SystemOs,
    spec: &["RFC 5424", "RFC 3164", "RFC 6587"],
    ports: &[514, 601],
    max_state: 4096,
    probe,
    sample: &[(Side::Src, b"<34>1 2003-10-11T22:14:15Z host app - - - text")],
    ..Protocol::BOTH
};

/// `<priority>`, at most 191 and without zeros in front, and then a version, a date, a word that ends in a colon, or
/// whatever else a device writes: a receiver takes any text (RFC 3164 §4.1, §5.4), of which 48 octets are looked at.
fn probe(_: Side, data: &[u8]) -> Verdict {
    // Streams may count octets in front (RFC 6587 §3.4.1).
    let digits = data.iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    let message = match data.get(digits..) {
        Some([b' ', rest @ ..]) if digits > 0 => rest,
        _ => data,
    };
    let Some(rest) = message.strip_prefix(b"<") else {
        return if message.is_empty() && digits > 0 { Verdict::Maybe } else { Verdict::No };
    };
    let digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let number = rest.get(..digits).and_then(|d| std::str::from_utf8(d).ok()?.parse::<u16>().ok());
    let padded = digits > 1 && rest.first() == Some(&b'0');
    match (number, rest.get(digits..)) {
        (Some(0..=191), Some([b'>', text @ ..])) if digits <= 3 && !padded => header(text),
        (None | Some(0..=191), Some([])) => Verdict::Maybe,
        _ => Verdict::No,
    }
}

fn header(text: &[u8]) -> Verdict {
    let start = text.get(..48).unwrap_or(text);
    let text = text.trim_ascii_start();
    let month =
        text.get(..4).is_some_and(|m| MONTHS.iter().any(|name| m.starts_with(name.as_bytes()) && m.ends_with(b" ")));
    let dated = matches!(text, [b'1', b' ', y, ..] if y.is_ascii_digit() || *y == b'-')
        || matches!(text, [b'2', b'0', a, b, b'-', ..] if a.is_ascii_digit() && b.is_ascii_digit());
    let printed = start.iter().all(|b| matches!(b, b'\t' | 0x20..=0x7e | 0x80..));
    let tagged = start.windows(2).any(|w| w == b": ") && printed;
    match month || dated || tagged {
        true => Verdict::Yes,
        false if start.len() < 48 && printed => Verdict::Maybe,
        false => super::tell::yes_if(printed && start.iter().filter(|b| b.is_ascii_alphanumeric()).count() >= 24),
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_end_at_191() {
        assert_eq!(probe(Side::Src, b"<13>Oct 11 22:14:15 host app: text"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"<192>Oct 11 22:14:15 host"), Verdict::No);
        assert_eq!(probe(Side::Src, b"<html><head>"), Verdict::No);
        assert_eq!(probe(Side::Src, b"<013>Oct 11 22:14:15 host app: text"), Verdict::No);
        assert_eq!(
            probe(Side::Src, b"<189>date=2021-12-09 time=16:29:06 devname=\"gate\" type=\"traffic\""),
            Verdict::Yes
        );
        assert_eq!(probe(Side::Src, b"<14>\x01\x02\x03\x04"), Verdict::No);
    }
}
