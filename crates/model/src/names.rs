// SPDX-License-Identifier: Apache-2.0
//! Words that columns have for numbers of protocols, for all who fill them: what is dissected here, and what exporters
//! tell as numbers.

use std::borrow::Cow;

pub use crate::ciphers::{tls_cipher, tls_cipher_number};

/// Types of DNS records (IANA, "Resource Record (RR) TYPEs").
const DNS_TYPES: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (10, "NULL"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (24, "SIG"),
    (25, "KEY"),
    (28, "AAAA"),
    (29, "LOC"),
    (32, "NB"),
    (33, "SRV"),
    (35, "NAPTR"),
    (37, "CERT"),
    (39, "DNAME"),
    (41, "OPT"),
    (43, "DS"),
    (44, "SSHFP"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (255, "ANY"),
    (256, "URI"),
    (257, "CAA"),
];

/// Response codes of DNS (RFC 6895 §2.3), in lower case.
const DNS_RCODES: &[(u16, &str)] = &[
    (0, "noerror"),
    (1, "formerr"),
    (2, "servfail"),
    (3, "nxdomain"),
    (4, "notimp"),
    (5, "refused"),
    (6, "yxdomain"),
    (7, "yxrrset"),
    (8, "nxrrset"),
    (9, "notauth"),
    (10, "notzone"),
];

/// Versions of TLS and DTLS by their numbers on the wire (IANA, "TLS Parameters"; RFC 8446 §4.2.1, RFC 9147).
const TLS_VERSIONS: &[(u16, &str)] = &[
    (0x0002, "SSL 2.0"),
    (0x0300, "SSL 3.0"),
    (0x0301, "TLS 1.0"),
    (0x0302, "TLS 1.1"),
    (0x0303, "TLS 1.2"),
    (0x0304, "TLS 1.3"),
    (0xfefc, "DTLS 1.3"),
    (0xfefd, "DTLS 1.2"),
    (0xfeff, "DTLS 1.0"),
];

fn name(table: &[(u16, &'static str)], number: u16) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

fn number(table: &[(u16, &str)], name: &str, prefix: &str) -> Option<u16> {
    let found = table.iter().find(|(_, known)| *known == name).map(|(number, _)| *number);
    found.or_else(|| name.strip_prefix(prefix)?.parse().ok())
}

/// The column `dns_qtype` of a type: its name, `TYPE65280` where it has none.
pub fn dns_type(kind: u16) -> Cow<'static, str> {
    name(DNS_TYPES, kind).map_or_else(|| format!("TYPE{kind}").into(), Cow::Borrowed)
}

/// The type of a name: the inverse of [`dns_type`].
pub fn dns_type_number(name: &str) -> Option<u16> {
    number(DNS_TYPES, name, "TYPE")
}

/// The column `dns_rcode` of a response code: its name, `rcode99` where it has none.
pub fn dns_rcode(rcode: u16) -> Cow<'static, str> {
    name(DNS_RCODES, rcode).map_or_else(|| format!("rcode{rcode}").into(), Cow::Borrowed)
}

/// The response code of a name: the inverse of [`dns_rcode`].
pub fn dns_rcode_number(name: &str) -> Option<u16> {
    number(DNS_RCODES, name, "rcode")
}

/// The column `tls_version` of a number that was agreed on; nothing where it is none.
pub fn tls_version(version: u16) -> Option<&'static str> {
    name(TLS_VERSIONS, version)
}

/// The number of a version: the inverse of [`tls_version`].
pub fn tls_version_number(name: &str) -> Option<u16> {
    number(TLS_VERSIONS, name, "\0")
}

/// Joy's number of a version by that on the wire: 1 is SSL 2.0, 2 SSL 3.0, 6 TLS 1.3. It has none for DTLS.
pub fn joy_version(wire: u16) -> Option<u16> {
    match wire {
        0x0002 => Some(1),
        0x0300..=0x0304 => Some(wire - 0x0300 + 2),
        _ => None,
    }
}

/// The version on the wire by Joy's number: the inverse of [`joy_version`].
pub fn joy_version_wire(number: u64) -> Option<u16> {
    match number {
        1 => Some(0x0002),
        2..=6 => Some(0x0300 + (number as u16 - 2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_name_and_comes_back() {
        for kind in 0..=u16::MAX {
            assert_eq!(dns_type_number(&dns_type(kind)), Some(kind));
            assert_eq!(dns_rcode_number(&dns_rcode(kind)), Some(kind));
            assert!(tls_version(kind).is_none_or(|name| tls_version_number(name) == Some(kind)));
        }
        for kind in 0..=u16::MAX {
            assert!(joy_version(kind).is_none_or(|number| joy_version_wire(number.into()) == Some(kind)), "{kind}");
        }
        assert_eq!((joy_version(0x0304), joy_version(0xfefd), joy_version_wire(0)), (Some(6), None, None));
        assert_eq!((&*dns_type(28), &*dns_type(65_280), &*dns_rcode(3)), ("AAAA", "TYPE65280", "nxdomain"));
        assert_eq!((dns_type_number("TYPE"), tls_version_number("TLS 9"), tls_version(7)), (None, None, None));
    }
}
