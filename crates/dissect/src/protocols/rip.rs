// SPDX-License-Identifier: Apache-2.0
//! RIP, versions 1 and 2 (RFC 1058 §3.1, RFC 2453 §4), and RIPng for IPv6 (RFC 2080 §2): told by entries that fill the
//! datagram, each with a family and a metric that can be.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RIP",
    title: "Routing Information Protocol",
    category: Category::Network,
    spec: &["RFC 2453", "RFC 1058", "RFC 4822"],
    ports: &[520],
    first: First::Within(1, 2),
    probe: |_, data| {
        yes_if(entries(data).is_some_and(|entries| entries.enumerate().all(|(at, entry)| route(at, entry))))
    },
    sample: &[(
        Side::Src,
        b"\x02\x02\x00\x00\x00\x02\x00\x00\xc0\x00\x02\x00\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x01",
    )],
    ..Protocol::DATAGRAM
};

/// The registry's row of the same for IPv6.
pub(super) static NEXT: Protocol = Protocol {
    name: "RIPng",
    title: "Routing Information Protocol for IPv6",
    category: Category::Network,
    spec: &["RFC 2080"],
    ports: &[521],
    first: First::Within(1, 2),
    probe: |_, data| yes_if(data.get(1) == Some(&1) && entries(data).is_some_and(|mut entries| entries.all(prefix))),
    sample: &[(
        Side::Src,
        b"\x02\x01\x00\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x01",
    )],
    ..Protocol::DATAGRAM
};

/// The entries of a request or an answer: twenty octets each, at least one.
fn entries(data: &[u8]) -> Option<impl Iterator<Item = &[u8; 20]>> {
    let (entries, rest) = data.get(4..)?.as_chunks::<20>();
    let header = matches!(data, [1 | 2, 1 | 2, 0, 0, ..]);
    (header && rest.is_empty() && !entries.is_empty() && entries.len() <= 255).then(|| entries.iter())
}

/// A route of IPv4 with its metric; the first entry can be a password (RFC 2453 §4.1, RFC 4822 §2) or ask for the whole table.
fn route(at: usize, entry: &[u8; 20]) -> bool {
    let metric = within(be32(entry, 16), 1, 16);
    match entry {
        [0xff, 0xff, 0, 1..=3, ..] => at == 0,
        [0, 0, rest @ ..] => at == 0 && zero(rest, 0, 14) && be32(entry, 16) == Some(16),
        [0, 2, ..] => metric && !zero(entry, 4, 16),
        // What proves the password stands last (RFC 4822 §2).
        _ => false,
    }
}

/// A prefix with its length and metric, or the address of the next hop (RFC 2080 §2.1).
fn prefix(entry: &[u8; 20]) -> bool {
    match entry {
        [.., length, 1..=16] => {
            let whole = usize::from(length.div_ceil(8)).min(16);
            *length <= 128 && zero(entry, whole, 16 - whole)
        }
        [0xfe, 0x80, .., 0, 0, 0, 0xff] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_and_metrics_must_be_possible() {
        for (protocol, place, octet) in
            [(&PROTOCOL, 23, 17), (&PROTOCOL, 5, 3), (&NEXT, 23, 17), (&NEXT, 22, 129), (&NEXT, 19, 1)]
        {
            let mut data = protocol.sample[0].1.to_vec();
            assert_eq!((protocol.probe)(Side::Src, &data), Verdict::Yes);
            data[place] = octet;
            assert_eq!((protocol.probe)(Side::Src, &data), Verdict::No, "{} octet {place}", protocol.name);
        }
        let mut all = [0; 24];
        (all[0], all[1], all[23]) = (1, 1, 16);
        assert_eq!((PROTOCOL.probe)(Side::Src, &all), Verdict::Yes, "asks for the whole table");
    }
}
