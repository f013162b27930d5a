// SPDX-License-Identifier: Apache-2.0
//! The server's certificate (RFC 5246 §7.4.2, RFC 5280): only the first of the chain, and nothing is verified.

use std::net::IpAddr;

use minamo_base::{Cursor, Time, WireError, hex};
use minamo_model::Flow;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::hello::printable;

/// Most alternative names that are kept.
const MAX_NAMES: usize = 16;
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
    tls.cert_sha256 = Some(hex(&Sha256::digest(der)));
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return };
    tls.cert_subject = text(&certificate.subject().to_string());
    tls.cert_issuer = text(&certificate.issuer().to_string());
    let names = alternative_names(&certificate);
    tls.cert_names = (!names.is_empty()).then_some(names);
    let validity = certificate.validity();
    tls.cert_not_before = Some(Time::from_secs_nanos(validity.not_before.timestamp(), 0));
    tls.cert_not_after = Some(Time::from_secs_nanos(validity.not_after.timestamp(), 0));
    tls.cert_self_signed = Some(certificate.subject().as_raw() == certificate.issuer().as_raw());
}

fn text(name: &str) -> Option<String> {
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

    proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(der: Vec<u8>) {
            write(&der, &mut Flow::default());
        }
    }
}
