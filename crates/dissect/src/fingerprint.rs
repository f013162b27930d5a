// SPDX-License-Identifier: Apache-2.0
//! Fingerprints of handshakes: JA3 and JA3S (salesforce/ja3), JA4 for TLS clients (FoxIO-LLC/ja4,
//! `technical_details/JA4.md`). Only the TLS client method of the JA4+ family is here: the others are not free.

use std::fmt::Write as _;

use md5::{Digest, Md5};
use minamo_base::hex;
use sha2::Sha256;

/// MD5 of a text, in hexadecimal: the last step of JA3, JA3S and HASSH.
pub fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

/// What carries the handshake: the first letter of JA4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// TLS over TCP.
    Tcp,
    /// QUIC.
    Quic,
    /// DTLS over UDP.
    Dtls,
}

/// The fields of a client hello that fingerprints are made of, in wire order and with GREASE still in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientShape {
    /// Version in the fixed part of the hello.
    pub legacy_version: u16,
    /// Cipher suites.
    pub ciphers: Vec<u16>,
    /// Types of the extensions.
    pub extensions: Vec<u16>,
    /// Groups (extension 10).
    pub groups: Vec<u16>,
    /// Point formats (extension 11).
    pub point_formats: Vec<u8>,
    /// Signature algorithms (extension 13).
    pub signature_algorithms: Vec<u16>,
    /// Versions (extension 43).
    pub supported_versions: Vec<u16>,
    /// First protocol of ALPN (extension 16); empty where there is none.
    pub first_alpn: Vec<u8>,
}

/// The fields of a server hello that JA3S is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerShape {
    /// Version in the fixed part of the hello.
    pub legacy_version: u16,
    /// Cipher suite that was chosen.
    pub cipher: u16,
    /// Types of the extensions.
    pub extensions: Vec<u16>,
}

/// True for the values that RFC 8701 reserves for noise.
pub fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

fn without_grease(values: &[u16]) -> impl Iterator<Item = u16> {
    values.iter().copied().filter(|v| !is_grease(*v))
}

/// Values in decimal, joined by dashes.
fn dashed(values: impl Iterator<Item = u16>) -> String {
    let mut out = String::new();
    for value in values {
        if !out.is_empty() {
            out.push('-');
        }
        let _infallible = write!(out, "{value}");
    }
    out
}

/// The text that JA3 takes the MD5 of.
pub fn ja3_text(hello: &ClientShape) -> String {
    format!(
        "{},{},{},{},{}",
        hello.legacy_version,
        dashed(without_grease(&hello.ciphers)),
        dashed(without_grease(&hello.extensions)),
        dashed(without_grease(&hello.groups)),
        dashed(hello.point_formats.iter().map(|f| u16::from(*f))),
    )
}

/// JA3 of a client hello.
pub fn ja3(hello: &ClientShape) -> String {
    md5_hex(&ja3_text(hello))
}

/// JA3S of a server hello.
pub fn ja3s(hello: &ServerShape) -> String {
    md5_hex(&format!("{},{},{}", hello.legacy_version, hello.cipher, dashed(hello.extensions.iter().copied())))
}

/// JA4 of a client hello.
pub fn ja4(carrier: Carrier, hello: &ClientShape) -> String {
    let mut ciphers: Vec<u16> = without_grease(&hello.ciphers).collect();
    let extensions: Vec<u16> = without_grease(&hello.extensions).collect();
    let [first, last] = alpn_letters(&hello.first_alpn);
    let start = format!(
        "{}{}{}{:02}{:02}{first}{last}",
        match carrier {
            Carrier::Tcp => 't',
            Carrier::Quic => 'q',
            Carrier::Dtls => 'd',
        },
        version_letters(hello),
        if extensions.contains(&SERVER_NAME) { 'd' } else { 'i' },
        ciphers.len().min(99),
        extensions.len().min(99),
    );
    ciphers.sort_unstable();
    let mut rest: Vec<u16> = extensions.into_iter().filter(|e| ![SERVER_NAME, ALPN].contains(e)).collect();
    rest.sort_unstable();
    let mut last_part = hex_list(&rest);
    let algorithms: Vec<u16> = without_grease(&hello.signature_algorithms).collect();
    if !last_part.is_empty() && !algorithms.is_empty() {
        last_part.push('_');
        last_part.push_str(&hex_list(&algorithms));
    }
    format!("{start}_{}_{}", short_sha256(&hex_list(&ciphers)), short_sha256(&last_part))
}

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// The highest version that the client offers, in two letters.
fn version_letters(hello: &ClientShape) -> &'static str {
    match without_grease(&hello.supported_versions).max().unwrap_or(hello.legacy_version) {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    }
}

/// First and last letter of the first ALPN value; of its hexadecimal form where either is no letter or digit.
fn alpn_letters(alpn: &[u8]) -> [char; 2] {
    let (Some(first), Some(last)) = (alpn.first(), alpn.last()) else { return ['0', '0'] };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)];
    }
    let digit = |v: u8| char::from_digit(v.into(), 16).unwrap_or('0');
    [digit(first >> 4), digit(last & 15)]
}

/// Values as four hexadecimal digits each, joined by commas.
fn hex_list(values: &[u16]) -> String {
    let mut out = String::with_capacity(values.len() * 5);
    for value in values {
        if !out.is_empty() {
            out.push(',');
        }
        let _infallible = write!(out, "{value:04x}");
    }
    out
}

/// First twelve digits of the SHA-256; zeros for nothing.
fn short_sha256(text: &str) -> String {
    if text.is_empty() {
        return "000000000000".into();
    }
    let mut digits = hex(&Sha256::digest(text.as_bytes()));
    digits.truncate(12);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of FoxIO's description of JA4.
    fn published() -> ClientShape {
        ClientShape {
            legacy_version: 0x0303,
            ciphers: vec![
                0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
                0x009d, 0x002f, 0x0035,
            ],
            extensions: vec![
                0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b,
                0xff01, 0x000b, 0x000a, 0x0015,
            ],
            signature_algorithms: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
            supported_versions: vec![0x2a2a, 0x0304, 0x0303],
            first_alpn: b"h2".to_vec(),
            ..ClientShape::default()
        }
    }

    #[test]
    fn ja4_of_the_published_example() {
        assert_eq!(ja4(Carrier::Tcp, &published()), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn ja4_does_not_depend_on_the_order_of_ciphers_and_extensions() {
        let mut other = published();
        other.ciphers.reverse();
        other.extensions.reverse();
        assert_eq!(ja4(Carrier::Tcp, &other), ja4(Carrier::Tcp, &published()));
        other.signature_algorithms.reverse();
        assert_ne!(ja4(Carrier::Tcp, &other), ja4(Carrier::Tcp, &published()));
    }

    #[test]
    fn ja4_of_an_empty_hello() {
        let hello = ClientShape { legacy_version: 0xfefd, ..ClientShape::default() };
        assert_eq!(ja4(Carrier::Dtls, &hello), "dd2i000000_000000000000_000000000000");
    }

    #[test]
    fn ja3_of_the_published_example() {
        let hello = ClientShape {
            legacy_version: 769,
            ciphers: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
            extensions: vec![0, 10, 11],
            groups: vec![23, 24, 25],
            point_formats: vec![0],
            ..ClientShape::default()
        };
        assert_eq!(ja3_text(&hello), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
        assert_eq!(ja3(&hello), "ada70206e40642a3e4461f35503241d5");
        let bare = ClientShape { extensions: vec![], groups: vec![], point_formats: vec![], ..hello };
        let bare = ClientShape { ciphers: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99], ..bare };
        assert_eq!(ja3(&bare), "de350869b8c85de67a350c8d186f11e6");
    }

    #[test]
    fn ja3s_joins_version_cipher_and_extensions() {
        let hello = ServerShape { legacy_version: 771, cipher: 49_200, extensions: vec![65_281, 0, 11, 35, 16, 23] };
        assert_eq!(ja3s(&hello), md5_hex("771,49200,65281-0-11-35-16-23"));
        assert_eq!(ja3s(&hello), "d154fcfa5bb4f0748e1dd1992c681104");
    }

    #[test]
    fn letters_of_alpn() {
        for (alpn, letters) in [
            (&b"h2"[..], ['h', '2']),
            (b"http/1.1", ['h', '1']),
            (b"h", ['h', 'h']),
            (b"", ['0', '0']),
            (&[0xab], ['a', 'b']),
            (&[0xab, 0xcd], ['a', 'd']),
            (&[0x30, 0xab], ['3', 'b']),
            (&[0x30, 0x31, 0xab, 0xcd], ['3', 'd']),
            (&[0x30, 0xab, 0xcd, 0x31], ['0', '1']),
        ] {
            assert_eq!(alpn_letters(alpn), letters, "{alpn:?}");
        }
    }

    proptest! {
        #[test]
        fn ja4_has_its_form(
            legacy_version: u16, ciphers: Vec<u16>, extensions: Vec<u16>, signature_algorithms: Vec<u16>,
            supported_versions: Vec<u16>, first_alpn: Vec<u8>,
        ) {
            let hello = ClientShape {
                legacy_version, ciphers, extensions, signature_algorithms, supported_versions, first_alpn,
                ..ClientShape::default()
            };
            let text = ja4(Carrier::Quic, &hello);
            let parts: Vec<&str> = text.split('_').collect();
            prop_assert_eq!(parts.iter().map(|p| p.len()).collect::<Vec<_>>(), vec![10, 12, 12]);
            prop_assert!(text.is_ascii());
        }
    }
}
