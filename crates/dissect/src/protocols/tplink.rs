// SPDX-License-Identifier: Apache-2.0
//! TP-Link's smart home protocol (TP-Link Kasa devices): JSON under a cipher whose key is the octet before, from 171
//! on; over TCP behind its length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TPLINK_SHP",
    title: "TP-Link smart home protocol",
    category: Category::IotScada,
    spec: &["TP-Link Smart Home Protocol as documented by softScheck"],
    ports: &[9999],
    first: First::Of(&[0xd0, 0x00]),
    probe,
    sample: &[(
        Side::Src,
        b"\xd0\xf2\x81\xf8\x8b\xff\x9a\xf7\xd5\xef\x94\xb6\xd1\xb4\xc0\x9f\xec\x95\xe6\x8f\xe1\x87\xe8\xca\
        \xf0\x8b\xf6\x8b\xf6",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let stream = match be32(data, 0) {
        Some(4..=65_535) => plain(data.get(4..).unwrap_or_default()),
        Some(_) => Verdict::No,
        None => maybe_if(data.iter().all(|octet| *octet == 0) || matches!(data, [0, 0, _])),
    };
    either(stream, plain(data))
}

/// An object whose first name is of lower case: `{"system"`, `{"emeter"`, `{"smartlife.` …
fn plain(data: &[u8]) -> Verdict {
    let mut key = 171;
    let start = data.iter().take(8).map(|octet| {
        let plain = octet ^ key;
        key = *octet;
        plain
    });
    let mut fits = 0;
    for (place, plain) in start.enumerate() {
        let good = match place {
            0 => plain == b'{',
            1 => plain == b'"' || plain == b'}',
            _ => plain.is_ascii_lowercase() || matches!(plain, b'_' | b'.' | b'"' | b':' | b'{' | b'}'),
        };
        if !good {
            return Verdict::No;
        }
        fits += 1;
    }
    if fits == 8 || fits == 2 && data.len() == 2 && data == [0xd0, 0xad] { Verdict::Yes } else { Verdict::Maybe }
}
