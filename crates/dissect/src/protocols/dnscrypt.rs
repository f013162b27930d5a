// SPDX-License-Identifier: Apache-2.0
//! DNSCrypt (draft-denis-dprive-dnscrypt §4): told by the magic of a resolver's answer. Queries look random; what asks
//! for the certificate is DNS.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DNScrypt",
    title: "DNSCrypt",
    category: Category::Network,
    spec: &["draft-denis-dprive-dnscrypt"],
    ports: &[443, 5353, 5443, 8443],
    encrypted: true,
    probe,
    sample: &[(
        Side::Dst,
        b"r6fnvWj8\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\
        \x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a",
    )],
    ..Protocol::BOTH
};

/// On a stream a length stands in front.
fn probe(_: Side, data: &[u8]) -> Verdict {
    either(begins(data, MAGIC), begins(data.get(2..).unwrap_or_default(), MAGIC))
}

const MAGIC: &[u8] = b"r6fnvWj8";
