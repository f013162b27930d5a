// SPDX-License-Identifier: Apache-2.0
//! Rules that hold for every format of the registry: the sample gives a row, no cut and no flipped octet
//! panics, a cut datagram gives no other rows than the whole one.

use proptest::prelude::*;

use super::rows;
use crate::{Cache, FORMATS, Limits};

#[test]
fn every_row_of_the_registry_is_complete() {
    let mut versions = std::collections::HashSet::new();
    for format in FORMATS {
        assert!(versions.insert(format.version), "{} shares its version", format.name);
        assert!(!format.spec.is_empty(), "{} cites no specification", format.name);
        let (flows, report) = rows(format.sample, &mut Cache::default());
        assert!(report.skipped.is_empty(), "{}: {:?}", format.name, report.skipped);
        assert_eq!((report.format, flows.len()), (format.name, 1));
        assert_eq!(flows[0].core.source, format.name);
        assert_eq!(flows[0].core.flow_id, None, "{}: the identity follows from the row", format.name);
    }
}

#[test]
fn a_cut_datagram_gives_what_is_whole() {
    for format in FORMATS {
        let (whole, _) = rows(format.sample, &mut Cache::default());
        for len in 0..format.sample.len() {
            let (flows, report) = rows(&format.sample[..len], &mut Cache::default());
            // Version 9 has no length of the whole: a cut between two sets shows only in the next sequence number.
            assert!(!report.skipped.is_empty() || format.version == 9, "{} cut at {len}", format.name);
            assert!(flows.is_empty() || flows == whole, "{} cut at {len}", format.name);
        }
    }
}

#[test]
fn flipped_octets_do_not_panic() {
    for format in FORMATS {
        for at in 0..format.sample.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut octets = format.sample.to_vec();
                octets[at] = value;
                let mut cache = Cache::default();
                let _ = rows(&octets, &mut cache);
                let _ = rows(format.sample, &mut cache);
            }
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_octets_do_not_panic(octets in proptest::collection::vec(any::<u8>(), 0..600), version in 0usize..6) {
        let mut octets = octets;
        if let Some(head) = octets.get_mut(..2) {
            head.copy_from_slice(&FORMATS[version].version.to_be_bytes());
        }
        let mut cache = Cache::new(Limits { fields: 64, templates: 4, sessions: 2, ..Limits::default() });
        let _ = rows(&octets, &mut cache);
    }

    #[test]
    fn arbitrary_sets_do_not_panic(
        sets in proptest::collection::vec((0u16..260, proptest::collection::vec(0u8..12, 0..80)), 0..6),
        nine in any::<bool>(),
    ) {
        let sets: Vec<_> = sets.iter().map(|(id, body)| (*id, body.as_slice())).collect();
        let octets = if nine { super::v9(&sets) } else { super::ipfix(&sets) };
        let mut cache = Cache::default();
        let _ = rows(&octets, &mut cache);
        let _ = rows(&octets, &mut cache);
    }
}
