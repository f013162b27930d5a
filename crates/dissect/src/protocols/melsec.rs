// SPDX-License-Identifier: Apache-2.0
//! Messages of Mitsubishi's controllers (MELSEC communication protocol, 3E and 4E frames; SLMP): subheader, network, station and
//! module, and a length that ends the message; and of the engineering tools (MELSOFT direct connection, which is not published;
//! as Nmap's script melsecq-discover asks): a head of 21 octets with both ends' stations and the length of what follows.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MELSEC",
    title: "Mitsubishi MELSEC messages",
    category: Category::IotScada,
    spec: &["Mitsubishi SH-080008, MELSEC communication protocol", "CLPA SLMP"],
    ports: &[5006, 5007, 5008, 5001, 5002, 5560, 5562],
    first: First::Of(&[0x50, 0x54, 0x57, 0x5a, 0xd0, 0xd4, 0xd7, 0xda]),
    probe,
    on_port: Some(|_, data| is_greeting(data)),
    sample: &[(Side::Src, b"\x50\x00\x00\xff\xff\x03\x00\x0c\x00\x10\x00\x01\x04\x00\x00\x64\x00\x00\xa8\x01\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // 4E frames have a number and a reserved word in front.
    let front = match data {
        [0x57 | 0xd7, ..] => return tool(data),
        // What a tool says first could be anybody's.
        [0x5a | 0xda, ..] => return maybe_if(is_greeting(data)),
        [0x50 | 0xd0] | [0x54 | 0xd4] => return Verdict::Maybe,
        [0x50 | 0xd0, 0, ..] => 2,
        [0x54 | 0xd4, 0, ..] => 6,
        _ => return Verdict::No,
    };
    let Some(length) = le16(data, front + 5) else { return maybe_if(at(data, front + 2, 2).is_none_or(is_module)) };
    let whole = front + 7 + length;
    let told = at(data, front + 2, 2).is_some_and(is_module) && (2..4_096).contains(&length) && reserved(data, front);
    if data.len() < whole { maybe_if(told) } else { yes_if(told && data.len() == whole) }
}

/// A tool's request or what the controller answers.
fn tool(data: &[u8]) -> Verdict {
    let zeros = data.iter().skip(2).take(3).all(|octet| *octet == 0);
    let marks = data.iter().skip(5).take(2).all(|octet| *octet == 0x11);
    let length = le16(data, 19);
    let told = zeros && marks && length.is_none_or(|length| (2..8_192).contains(&length));
    match length {
        Some(length) if data.len() >= 21 + length => yes_if(told && data.len() == 21 + length),
        _ => maybe_if(told),
    }
}

/// Four octets that a tool says before its first request, and those that answer them.
fn is_greeting(data: &[u8]) -> bool {
    matches!(data, [0x5a | 0xda, 0, 0, _])
}

/// The number of a module: the processor itself, one of several, or a multidrop station.
fn is_module(number: &[u8]) -> bool {
    matches!(number, [0xd0..=0xd3 | 0xe0..=0xe3 | 0xff, 0x03])
}

fn reserved(data: &[u8], front: usize) -> bool {
    front == 2 || zero(data, 4, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engineering_tools_greet_and_ask() {
        let request = b"\x57\x09\x00\x00\x00\x11\x11\x07\x00\x00\xff\xff\x03\x00\x00\xfe\x03\x00\x00\x06\x00\x1c\x01\x02\x03\x04\x05";
        assert_eq!(probe(Side::Src, request), Verdict::Yes);
        assert_eq!(probe(Side::Src, &request[..24]), Verdict::Maybe);
        assert_eq!(probe(Side::Src, &[&request[..], b"\0"].concat()), Verdict::No);
        assert_eq!(probe(Side::Src, b"\x5a\x00\x00\x07"), Verdict::Maybe);
        assert!(is_greeting(b"\xda\x00\x00\x07") && !is_greeting(b"\x5a\x00\x00\x07\x00"));
    }
}
