// SPDX-License-Identifier: Apache-2.0
//! Finding addresses, against the plain way: asking every prefix.

use minamo_base::{Ip, Prefix};
use proptest::prelude::*;

use super::{entry, ip};
use crate::{Entry, Label, Table};

/// All prefixes that hold the address, the narrowest first.
fn plainly(entries: &[Entry], ip: Ip) -> Option<Label> {
    let mut found: Vec<&Entry> = entries.iter().filter(|entry| entry.prefix.contains(ip)).collect();
    found.sort_by_key(|entry| std::cmp::Reverse(entry.prefix));
    let mut label = Label::default();
    for entry in &found {
        label.name = label.name.or_else(|| entry.name.as_deref().map(Into::into));
        label.local = label.local.or(entry.local);
        for tag in &entry.tags {
            if !label.tags.iter().any(|known| **known == **tag) {
                label.tags.push(tag.as_str().into());
            }
        }
    }
    if found.is_empty() { None } else { Some(label) }
}

#[test]
fn the_most_specific_name_and_the_tags_of_all_are_found() {
    let mut entries = vec![
        entry("10.0.0.0/8", "site", &["inside"]),
        entry("10.1.0.0/16", "", &["guests", "inside"]),
        entry("10.1.2.0/24", "lobby", &["wireless"]),
        entry("10.1.2.3", "printer", &[]),
        entry("2001:db8::/32", "six", &[]),
    ];
    entries[0].local = Some(true);
    entries[3].local = Some(false);
    let table = Table::new(&entries);
    let found = |address: &str| {
        let label = table.lookup(ip(address))?;
        Some((label.name.as_deref().unwrap_or_default().to_owned(), label.tags.join(" "), label.local))
    };
    let want = |name: &str, tags: &str, local| Some((name.to_owned(), tags.to_owned(), local));
    assert_eq!(found("10.0.0.0"), want("site", "inside", Some(true)));
    assert_eq!(found("10.255.255.255"), want("site", "inside", Some(true)));
    assert_eq!(found("10.1.255.255"), want("site", "guests inside", Some(true)));
    assert_eq!(found("10.1.2.255"), want("lobby", "wireless guests inside", Some(true)));
    assert_eq!(found("10.1.2.3"), want("printer", "wireless guests inside", Some(false)));
    assert_eq!(found("10.1.2.4"), want("lobby", "wireless guests inside", Some(true)));
    assert_eq!(found("2001:db8:ffff::"), want("six", "", None));
    for outside in ["9.255.255.255", "11.0.0.0", "2001:db7:ffff::", "2001:db9::", "::", "255.255.255.255"] {
        assert_eq!(found(outside), None, "{outside}");
    }
    assert!(Table::new(&[]).lookup(ip("10.0.0.1")).is_none());
}

#[test]
fn the_whole_space_and_its_ends_belong_to_the_widest_prefix() {
    let table = Table::new(&[
        entry("::/0", "all", &[]),
        entry("0.0.0.0/0", "four", &[]),
        entry("255.255.255.255", "last", &[]),
    ]);
    let name = |address: &str| table.lookup(ip(address)).and_then(|label| label.name.as_deref());
    assert_eq!((name("::"), name("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")), (Some("all"), Some("all")));
    assert_eq!(
        (name("0.0.0.0"), name("255.255.255.254"), name("255.255.255.255")),
        (Some("four"), Some("four"), Some("last"))
    );
    assert_eq!((name("::fffe:ffff:ffff"), name("::1:0:0:0")), (Some("all"), Some("all")), "beside the mapped ones");
}

/// Prefixes that often lie in each other, in both families.
fn some_entry() -> impl Strategy<Value = Entry> {
    let address = (any::<bool>(), 0_u8..4, any::<[u8; 3]>());
    (address, 0_u8..=32, 0_usize..4, any::<bool>(), any::<Option<bool>>()).prop_map(
        |((v4, a, [b, c, d]), length, name, tagged, local)| {
            let octets = [10, a, b & 3, c & 129];
            let ip = if v4 {
                Ip::v4(octets)
            } else {
                Ip([0x20, 1, octets[1], octets[2], c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
            };
            let prefix = Prefix::new(ip, if v4 { length } else { length * 4 }).expect("in range");
            // One name per prefix: a function of it.
            let named = format!("n{}", prefix.to_string().len() % 3);
            let name = (name > 0).then_some(named);
            let tags = if tagged { vec![format!("t{}", length % 3)] } else { vec![] };
            Entry { name, tags, local, ..Entry::new(prefix) }
        },
    )
}

proptest! {
    #[test]
    fn the_table_says_what_asking_every_prefix_says(entries in prop::collection::vec(some_entry(), 0..24), more in any::<u128>()) {
        // Several entries of one prefix are merged in their order; the plain way would need the same: one each.
        let mut seen = std::collections::BTreeSet::new();
        let entries: Vec<Entry> = entries.into_iter().filter(|e| seen.insert(e.prefix)).collect();
        let table = Table::new(&entries);
        let edges = entries.iter().flat_map(|e| [e.prefix.first().to_u128(), e.prefix.last().to_u128()]);
        let around = edges.flat_map(|edge| [edge.saturating_sub(1), edge, edge.saturating_add(1)]);
        for at in around.chain([0, more, u128::MAX]) {
            let ip = Ip(at.to_be_bytes());
            prop_assert_eq!(table.lookup(ip).cloned(), plainly(&entries, ip), "{}", ip);
        }
    }
}
