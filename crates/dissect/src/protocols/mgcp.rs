// SPDX-License-Identifier: Apache-2.0
//! MGCP (RFC 3435 §3.2, §3.3): a command with transaction, endpoint and version, or a response with its code.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MGCP",
    title: "Media Gateway Control Protocol",
    category: Category::Voip,
    spec: &["RFC 3435"],
    ports: &[2427, 2727],
    first: First::Of(b"ACDEMNR0123456789"),
    probe,
    sample: &[(Side::Src, b"RSIP 1 *@gw.example.org MGCP 1.0\r\nRM: restart\r\n")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some((line, n)) = line(data) else { return Verdict::No };
    let mut words = line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    let (verb, transaction) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let number = !transaction.is_empty() && transaction.len() <= 9 && transaction.iter().all(u8::is_ascii_digit);
    let command = VERBS.contains(&verb) && words.next().is_some() && words.next() == Some(b"MGCP");
    // Parameters of a response are a letter or two with a colon (§3.2.2).
    let next = data.get(n..).unwrap_or_default();
    let parameter = matches!(next, [a, b':', b' ', ..] if a.is_ascii_uppercase())
        || matches!(next, [a, _, b':', b' ', ..] if a.is_ascii_uppercase());
    let response = verb.len() == 3
        && verb.iter().all(u8::is_ascii_digit)
        && printable(line)
        && (next.is_empty() && contains(line, b" OK") || parameter && line.len() < 40);
    yes_if(number && (command || response))
}

const VERBS: &[&[u8]] = &[b"EPCF", b"CRCX", b"MDCX", b"DLCX", b"RQNT", b"NTFY", b"AUEP", b"AUCX", b"RSIP", b"MESG"];
