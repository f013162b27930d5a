// SPDX-License-Identifier: Apache-2.0
//! Telnet (RFC 854, RFC 855, RFC 1143): told by negotiation of options at the start, or by one of them and its details or
//! text. Sessions without it are not recognised.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Telnet",
    title: "Telnet",
    category: Category::RemoteAccess,
    spec: &["RFC 854", "RFC 1143"],
    ports: &[23],
    max_state: 4096,
    probe,
    sample: &[(Side::Dst, b"\xff\xfd\x18\xff\xfd\x20\xff\xfb\x01")],
    ..Protocol::STREAM
};

/// Two negotiations one after the other (IAC, WILL to DONT, an option in use); the second can also be details of one (IAC
/// SB), or lines of text.
fn probe(_: Side, data: &[u8]) -> Verdict {
    for at in 0..2 {
        let option = data.get(at * 3..).unwrap_or_default();
        match *option {
            [0xff, 0xfb..=0xfe, 0..=49, ..] => {}
            // The subnegotiation's end may not be there yet.
            [0xff, 0xfa, 0..=49, ..] if at == 1 || contains(option, b"\xff\xf0") => return Verdict::Yes,
            [] | [0xff] | [0xff, 0xfa..=0xfe] => return Verdict::Maybe,
            [0xff, 0xfa, 0..=49, ..] => return maybe_if(option.len() < 64),
            [b'\r' | b'\n' | b' '..=b'~', ..] if at == 1 => {
                let text = option.get(..16).unwrap_or(option);
                let plain = text.iter().all(|octet| matches!(octet, b'\t' | b'\r' | b'\n' | b' '..=b'~'));
                return if plain && text.len() < 6 { Verdict::Maybe } else { yes_if(plain) };
            }
            _ => return Verdict::No,
        }
    }
    Verdict::Yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_negotiation_is_not_enough() {
        assert_eq!(probe(Side::Src, b"\xff\xfd\x18"), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"\xff\xfd\x18lo\x01in:"), Verdict::No);
    }
}
