// SPDX-License-Identifier: Apache-2.0
//! The certificates behind the server's first (RFC 5246 §7.4.2, RFC 5280 §6.1): who issued whom, until when, with which
//! keys. Read once the message is whole, so that nothing is kept beside it. Nothing is verified: the order is that of the names.

use minamo_base::Cursor;
use minamo_model::Flow;
use minamo_model::flow::TlsChain;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate::{begin, end, hashes, is_self_signed, key, signature, text};

/// Most certificates behind the first that are read; public chains have two or three.
const MAX_READ: usize = 8;
/// Most octets of theirs, which bounds the texts that are kept.
const MAX_OCTETS: usize = 16_384;

/// Reads the message's body: nothing is written where it is not whole, or reads badly.
pub(super) fn write(body: &[u8], flow: &mut Flow) {
    let Some(chain) = split(body) else { return };
    flow.tls.get_or_insert_default().cert_chain = Some(u8::try_from(chain.len()).unwrap_or(u8::MAX));
    let Some((first, behind)) = chain.split_first().filter(|(_, behind)| !behind.is_empty()) else { return };
    let mut order = Order::after(first);
    let (mut group, mut left) = (TlsChain::default(), MAX_OCTETS);
    for der in behind.iter().take(MAX_READ) {
        let Some(rest) = left.checked_sub(der.len()) else { break };
        left = rest;
        add(der, &mut order, &mut group);
    }
    group.order = order.word().map(Into::into);
    flow.tls_chain = Some(Box::new(group));
}

/// The certificates of a message.
fn split(body: &[u8]) -> Option<Vec<&[u8]>> {
    let mut cursor = Cursor::new(body);
    let length = cursor.u24("certificate.list").ok()?;
    let mut list = cursor.sub(length as usize, "certificate.list").ok()?;
    let mut out = Vec::new();
    while !list.is_empty() {
        let length = list.u24("certificate.length").ok()?;
        out.push(list.take(length as usize, "certificate.der").ok()?);
    }
    Some(out)
}

/// Puts one certificate behind the others: every list grows by one, with an empty text for what cannot be read.
fn add(der: &[u8], order: &mut Order, group: &mut TlsChain) {
    let certificate = X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate);
    order.follow(certificate.as_ref());
    let of = |read: fn(&X509Certificate<'_>) -> Option<String>| certificate.as_ref().and_then(read).unwrap_or_default();
    let [sha1, sha256] = hashes(der);
    for (list, value) in [
        (&mut group.subjects, of(|it| text(&it.subject().to_string()))),
        (&mut group.issuers, of(|it| text(&it.issuer().to_string()))),
        (&mut group.not_before, of(|it| Some(begin(it).to_string()))),
        (&mut group.not_after, of(|it| Some(end(it).to_string()))),
        (&mut group.keys, of(|it| key(it.public_key()).map(Into::into))),
        (&mut group.signatures, of(|it| Some(signature(it).into()))),
        (&mut group.sha1, sha1),
        (&mut group.sha256, sha256),
    ] {
        list.get_or_insert_default().push(value);
    }
}

/// Whether each certificate is issued by the next.
struct Order {
    /// The name that the next one ought to have, as it is encoded.
    issuer: Option<Vec<u8>>,
    holds: bool,
    /// True where the last one is its own issuer.
    rooted: bool,
}

impl Order {
    fn after(first: &[u8]) -> Self {
        let mut order = Self { issuer: None, holds: true, rooted: false };
        let certificate = X509Certificate::from_der(first).ok().map(|(_, certificate)| certificate);
        order.expect(certificate.as_ref());
        order
    }

    fn follow(&mut self, certificate: Option<&X509Certificate<'_>>) {
        let wanted = self.issuer.take();
        self.holds &= match (&wanted, certificate) {
            (Some(wanted), Some(certificate)) => wanted == certificate.subject().as_raw(),
            // What cannot be read proves nothing.
            _ => true,
        };
        self.expect(certificate);
    }

    fn expect(&mut self, certificate: Option<&X509Certificate<'_>>) {
        self.issuer = certificate.map(|certificate| certificate.issuer().as_raw().to_vec());
        self.rooted = certificate.is_some_and(is_self_signed);
    }

    fn word(&self) -> Option<&'static str> {
        match (self.holds, self.rooted) {
            (false, _) => Some("broken"),
            (true, true) => Some("to_root"),
            (true, false) => self.issuer.is_some().then_some("open"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Three certificates of our own, as `samples/tls-chain.sh` makes them: of a server, of the authority that issued it,
    /// whose time is over, and of the root above it with a short key.
    const CHAIN: &[u8] = include_bytes!("../../../samples/tls-chain.bin");

    fn message(certificates: &[&[u8]]) -> Vec<u8> {
        let sized = |octets: &[u8]| [&(octets.len() as u32).to_be_bytes()[1..], octets].concat();
        sized(&certificates.iter().flat_map(|der| sized(der)).collect::<Vec<u8>>())
    }

    fn read(body: &[u8]) -> (Option<u8>, Option<TlsChain>) {
        let mut flow = Flow::default();
        write(body, &mut flow);
        (flow.tls.and_then(|tls| tls.cert_chain), flow.tls_chain.map(|chain| *chain))
    }

    #[test]
    fn what_stands_behind_the_first() {
        let (count, chain) = read(CHAIN);
        let chain = chain.expect("facts");
        let list = |all: &[&str]| Some(all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!((count, chain.order.as_deref()), (Some(3), Some("to_root")));
        assert_eq!(chain.subjects, list(&["C=JP, O=Example, CN=Example Issuing", "C=JP, O=Example, CN=Example Root"]));
        assert_eq!(chain.issuers, list(&["C=JP, O=Example, CN=Example Root", "C=JP, O=Example, CN=Example Root"]));
        assert_eq!(chain.not_after, list(&["2021-01-01T00:00:00Z", "2040-01-01T00:00:00Z"]));
        assert_eq!(chain.not_before, list(&["2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"]));
        assert_eq!(chain.keys, list(&["EC P-256", "RSA 1024"]));
        assert_eq!(chain.signatures, list(&["sha256WithRSAEncryption", "sha1WithRSAEncryption"]));
        assert_eq!(chain.sha256.map(|all| all.iter().map(String::len).collect()), Some(vec![64, 64]));
        assert_eq!(chain.sha1.map(|all| all.iter().map(String::len).collect()), Some(vec![40, 40]));
    }

    #[test]
    fn the_order_is_that_of_the_names() {
        let [leaf, issuing, root] = split(CHAIN).expect("whole").try_into().expect("three");
        let order = |all: &[&[u8]]| read(&message(all)).1.and_then(|chain| chain.order);
        assert_eq!(order(&[leaf, issuing]).as_deref(), Some("open"));
        assert_eq!(order(&[leaf, root, issuing]).as_deref(), Some("broken"));
        assert_eq!(
            order(&[leaf, issuing, b"none", root]).as_deref(),
            Some("to_root"),
            "what is no certificate proves nothing"
        );
        assert_eq!(order(&[leaf, b"none"]), None);
        assert_eq!(read(&message(&[leaf])), (Some(1), None));
    }

    #[test]
    fn lists_are_aligned_and_bounded() {
        let root = split(CHAIN).expect("whole")[2];
        let many = [&[root, b"none"][..], &[root; 20]].concat();
        let (count, chain) = read(&message(&many));
        let chain = chain.expect("facts");
        assert_eq!(count, Some(22));
        for list in [chain.subjects, chain.issuers, chain.not_before, chain.not_after, chain.keys, chain.signatures] {
            let list = list.expect("filled");
            assert_eq!((list.len(), list[0].as_str(), list[1].is_empty()), (MAX_READ, "", false));
        }
        for list in [chain.sha1, chain.sha256] {
            assert!(list.is_some_and(|list| list.len() == MAX_READ && list.iter().all(|hash| !hash.is_empty())));
        }
    }

    #[test]
    fn a_message_that_is_cut_says_nothing() {
        assert_eq!(read(&[0, 0, 9, 0, 0, 2, 1, 2, 0, 0, 1]), (None, None));
        assert_eq!(read(&[0, 0, 4, 0, 0, 2, 1]), (None, None));
        assert_eq!(read(&CHAIN[..CHAIN.len() - 1]), (None, None));
    }

    proptest! {
        #[test]
        fn arbitrary_certificates_do_no_harm(all: Vec<Vec<u8>>) {
            let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
            read(&message(&all));
        }
    }
}
