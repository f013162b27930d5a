// SPDX-License-Identifier: Apache-2.0
//! The server's certificate (RFC 5246 §7.4.2, RFC 5280): the first of the chain, and what the others share
//! with it. Nothing is verified.

use std::borrow::Cow;
use std::net::IpAddr;

use minamo_base::{Cursor, Time, WireError, hex};
use minamo_model::Flow;
use minamo_model::flow::Tls;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, SubjectPublicKeyInfo, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::hello::printable;

/// Most alternative names that are kept.
const MAX_NAMES: usize = 16;
/// Most octets of a serial number (RFC 5280 §4.1.2.2).
const MAX_SERIAL: usize = 20;
/// Most characters of a name that are kept.
const MAX_TEXT: usize = 512;

/// The first certificate of the message's body. An error that is short means that it is not all there yet.
pub(crate) fn leaf(body: &[u8]) -> Result<&[u8], WireError> {
    let mut cursor = Cursor::new(body);
    cursor.u24("certificate.list")?;
    let length = cursor.u24("certificate.length")?;
    cursor.take(length as usize, "certificate.der")
}

/// Writes what the certificate says.
pub(crate) fn write(der: &[u8], flow: &mut Flow) {
    if der.is_empty() {
        return;
    }
    let tls = flow.tls.get_or_insert_default();
    let [sha1, sha256] = hashes(der);
    (tls.cert_sha1, tls.cert_sha256) = (Some(sha1), Some(sha256));
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return };
    tls.cert_subject = text(&certificate.subject().to_string());
    tls.cert_issuer = text(&certificate.issuer().to_string());
    let names = alternative_names(&certificate);
    tls.cert_names = (!names.is_empty()).then_some(names);
    (tls.cert_not_before, tls.cert_not_after) = (Some(begin(&certificate)), Some(end(&certificate)));
    tls.cert_self_signed = Some(is_self_signed(&certificate));
    tls.cert_serial = certificate.raw_serial().get(..MAX_SERIAL.min(certificate.raw_serial().len())).map(hex);
    tls.cert_key = key(certificate.public_key());
    tls.cert_signature = Some(signature(&certificate));
}

/// SHA-1 and SHA-256 in hexadecimal.
pub(super) fn hashes(der: &[u8]) -> [String; 2] {
    [hex(&Sha1::digest(der)), hex(&Sha256::digest(der))]
}

pub(super) fn begin(certificate: &X509Certificate<'_>) -> Time {
    Time::from_secs_nanos(certificate.validity().not_before.timestamp(), 0)
}

pub(super) fn end(certificate: &X509Certificate<'_>) -> Time {
    Time::from_secs_nanos(certificate.validity().not_after.timestamp(), 0)
}

pub(super) fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}

/// Kind and size of a public key.
pub(super) fn key(info: &SubjectPublicKeyInfo<'_>) -> Option<Cow<'static, str>> {
    let kind = info.algorithm.algorithm.to_id_string();
    match kind.as_str() {
        "1.2.840.10045.2.1" => {
            let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok())?.to_id_string();
            let name = named(CURVES, &curve).unwrap_or(&curve).to_owned();
            return Some(format!("EC {name}").into());
        }
        _ => {
            if let Some(name) = named(KEYS, &kind) {
                return Some(name.into());
            }
        }
    }
    match info.parsed().ok()? {
        PublicKey::RSA(key) => Some(format!("RSA {}", bits(key.modulus)).into()),
        // The size of a DSA key is that of its prime, the first of the parameters (RFC 3279 §2.3.2).
        PublicKey::DSA(public) => {
            let prime = info.algorithm.parameters.as_ref().and_then(|all| prime(all.data));
            Some(format!("DSA {}", prime.unwrap_or_else(|| bits(public))).into())
        }
        _ => Some(kind.into()),
    }
}

/// The size of the first number in a sequence.
fn prime(parameters: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(parameters);
    let length = match (cursor.u8("dsa.tag").ok()?, cursor.u8("dsa.length").ok()?) {
        (2, 0x82) => usize::from(cursor.u16("dsa.length").ok()?),
        (2, 0x81) => usize::from(cursor.u8("dsa.length").ok()?),
        (2, short @ 0..=0x7f) => short.into(),
        _ => return None,
    };
    cursor.take(length, "dsa.prime").ok().map(bits)
}

/// Bits of a number without its leading zeros.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    match number.get(zeros) {
        Some(first) => (number.len() - zeros) * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

/// The algorithm that it is signed with.
pub(super) fn signature(certificate: &X509Certificate<'_>) -> Cow<'static, str> {
    let identifier = &certificate.signature_algorithm.algorithm.to_id_string();
    named(SIGNATURES, identifier).map_or_else(|| identifier.to_owned().into(), Cow::Borrowed)
}

fn named(table: &[(&str, &'static str)], identifier: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == identifier).map(|(_, name)| *name)
}

/// Keys without a size of their own (RFC 8410, RFC 9881, RFC 9909).
const KEYS: &[(&str, &str)] = &[
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("1.2.643.7.1.1.1.1", "GOST 256"),
    ("1.2.643.7.1.1.1.2", "GOST 512"),
];

/// Curves by their identifiers (RFC 5480 §2.1.1.1, SEC 2, RFC 5639).
const CURVES: &[(&str, &str)] = &[
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.33", "P-224"),
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.132.0.1", "sect163k1"),
    ("1.3.132.0.15", "sect163r2"),
    ("1.3.132.0.8", "secp160r1"),
    ("1.3.132.0.6", "secp112r1"),
    ("1.3.132.0.28", "secp128r1"),
    ("1.3.132.0.31", "secp192k1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.2.156.10197.1.301", "SM2"),
];

/// Signatures by their identifiers (RFC 3279, RFC 4055, RFC 5758, RFC 8410, RFC 9881).
const SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.3.14.3.2.29", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.10040.4.3", "dsa-with-sha1"),
    ("2.16.840.1.101.3.4.3.2", "dsa-with-sha256"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("1.2.156.10197.1.501", "SM2-with-SM3"),
];

/// Whether the certificate in these facts is for that host (RFC 9525 §6): `None` where there is no certificate, or its
/// list of names may have been cut. A name in the subject counts only where there are no others (§2).
pub(crate) fn certified_for(tls: &Tls, host: &str) -> Option<bool> {
    let names = tls.cert_names.as_deref().unwrap_or_default();
    let common = tls.cert_subject.as_deref().and_then(common_name).filter(|_| names.is_empty());
    if names.is_empty() && common.is_none() {
        return None;
    }
    let found = names.iter().map(String::as_str).chain(common).any(|name| covers(name, host));
    (found || names.len() < MAX_NAMES).then_some(found)
}

/// True where a name of a certificate stands for a host: equal, or with `*` for the whole first label.
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

/// The common name in the text of a subject.
pub(crate) fn common_name(subject: &str) -> Option<&str> {
    let found = subject.split(", ").find_map(|part| part.strip_prefix("CN="))?;
    (!found.is_empty()).then_some(found)
}

pub(super) fn text(name: &str) -> Option<String> {
    let text: String = printable(name.as_bytes()).chars().take(MAX_TEXT).collect();
    (!text.is_empty()).then_some(text)
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(alternative_name).take(MAX_NAMES).collect()
}

fn alternative_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(host) => text(&host.to_ascii_lowercase()),
        GeneralName::IPAddress(octets) => {
            let four = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            four.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        GeneralName::RFC822Name(other) | GeneralName::URI(other) => text(other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_leaf_that_is_cut_is_short() {
        assert!(leaf(&[0, 0, 9, 0, 0, 6, 1, 2]).expect_err("four octets are missing").is_short());
        assert_eq!(leaf(&[0, 0, 9, 0, 0, 2, 1, 2, 3]).expect("whole"), [1, 2]);
    }

    #[test]
    fn names_of_certificates_stand_for_hosts() {
        assert!(covers("*.example.com", "www.example.com") && covers("Example.com", "example.com"));
        assert!(!covers("*.example.com", "a.b.example.com") && !covers("*.example.com", "example.com"));
        assert_eq!(common_name("C=JP, O=Example, CN=www.example.com"), Some("www.example.com"));
        let mut tls = Tls { cert_subject: Some("CN=a.example".to_owned()), ..Tls::default() };
        assert_eq!(certified_for(&tls, "a.example"), Some(true));
        tls.cert_names = Some(vec!["b.example".to_owned()]);
        assert_eq!(certified_for(&tls, "a.example"), Some(false), "the subject does not count beside other names");
        tls.cert_names = Some(vec!["b.example".to_owned(); MAX_NAMES]);
        assert_eq!(certified_for(&tls, "a.example"), None, "there may have been more");
        assert_eq!(certified_for(&Tls::default(), "a.example"), None);
    }

    #[test]
    fn sizes_of_numbers() {
        assert_eq!((bits(&[0, 0x80, 0]), bits(&[1]), bits(&[0, 0]), bits(&[0x7f, 0xff])), (16, 1, 0, 15));
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(der: Vec<u8>) {
            write(&der, &mut Flow::default());
        }
    }
}
