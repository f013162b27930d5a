// SPDX-License-Identifier: Apache-2.0
//! Files that nfcapd wrote of our own datagrams, read and compared with what nfdump prints of them; damaged ones.

use std::path::{Path, PathBuf};

use minamo_base::Ip;
use minamo_model::Flow;
use minamo_model::flow::Core;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/nfdump")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).expect("the recording is in the repository")
}

/// All rows of a file that is in memory.
fn read(octets: &[u8]) -> (Vec<Flow>, Result<Account, Refused>) {
    let (mut decoder, mut rows, mut rest) = (Decoder::default(), Vec::new(), octets);
    while decoder.wants() > 0 {
        let (now, later) = rest.split_at(decoder.wants().min(rest.len()));
        if let Err(refused) = decoder.take(now, &mut |row| rows.push(row.clone())) {
            return (rows, Err(refused));
        }
        rest = later;
    }
    (rows, Ok(decoder.account().clone()))
}

fn whole(name: &str) -> (Vec<Flow>, Account) {
    let (rows, account) = read(&file(name));
    (rows, account.expect("a file of layout 2"))
}

/// What nfdump printed: objects, one after the other.
fn expected() -> Vec<Json> {
    let text = std::fs::read_to_string(folder().join("expected.json")).expect("in the repository");
    serde_json::from_str(&format!("[{text}]")).expect("objects")
}

#[test]
fn every_packing_gives_what_nfdump_prints() {
    for name in ["nfcapd.plain", "nfcapd.lzo", "nfcapd.lz4", "nfcapd.bzip2"] {
        let (rows, account) = whole(name);
        let expected = expected();
        assert_eq!((rows.len(), account.rows), (expected.len(), expected.len() as u64), "{name}");
        assert!(
            account.faults.is_empty() && account.bad_blocks == 0 && account.bad_records == 0,
            "{name}: {account:?}"
        );
        assert_eq!((account.unfit, account.scaled, account.unread_records.len()), (0, 30, 0), "{name}");
        for (row, want) in rows.iter().zip(&expected) {
            compare(row, want);
        }
    }
}

/// The members of nfdump's object that the row has a column for.
fn compare(row: &Flow, want: &Json) {
    let number = |name: &str| want.get(name).and_then(Json::as_u64).unwrap_or(0);
    let text = |name: &str| want.get(name).and_then(Json::as_str).map(str::to_owned);
    let (core, exporter) = (&row.core, row.exporter.as_deref().expect("the exporter"));
    let ip = |four: &str, six: &str| text(four).or(text(six)).unwrap_or_default();
    assert_eq!(core.src_ip.to_string(), ip("src4_addr", "src6_addr"));
    assert_eq!(core.dst_ip.to_string(), ip("dst4_addr", "dst6_addr"));
    assert_eq!((core.src_packets, core.src_bytes), (number("in_packets"), number("in_bytes")), "{want}");
    assert_eq!((core.dst_packets, core.dst_bytes), (number("out_packets"), number("out_bytes")), "{want}");
    assert_eq!((u64::from(core.src_port), u64::from(core.dst_port)), (number("src_port"), number("dst_port")));
    assert_eq!(u64::from(core.proto), number("proto"));
    // nfdump prints milliseconds without a zone; the recording was printed in UTC.
    if text("first").is_some_and(|first| !first.starts_with("1970")) {
        let printed = |time: minamo_base::Time| time.to_string().trim_end_matches('Z').to_owned();
        let want = text("first").unwrap_or_default();
        let want = want.trim_end_matches('0').trim_end_matches('.').to_owned();
        assert!(printed(core.time_start).starts_with(&want), "{} {want}", core.time_start);
    }
    let nonzero = |name: &str| Some(number(name)).filter(|number| *number > 0);
    assert_eq!(exporter.in_if.map(u64::from), nonzero("input_snmp"));
    assert_eq!(exporter.out_if.map(u64::from), nonzero("output_snmp"));
    assert_eq!(exporter.src_as.map(u64::from), nonzero("src_as"));
    assert_eq!(exporter.dst_as.map(u64::from), nonzero("dst_as"));
    assert_eq!(exporter.src_mask.map(u64::from), nonzero("src_mask"));
    assert_eq!(exporter.dst_mask.map(u64::from), nonzero("dst_mask"));
    assert_eq!(exporter.next_hop.map(|ip| ip.to_string()), text("ip4_next_hop").or(text("ip6_next_hop")));
    assert_eq!(exporter.ip, Some(Ip::v4([127, 0, 0, 1])));
    let icmp = row.icmp.as_deref();
    assert_eq!(icmp.and_then(|icmp| icmp.kind).map(u64::from), want.get("icmp_type").and_then(Json::as_u64));
    let l2 = row.l2.as_deref();
    assert_eq!(l2.and_then(|l2| l2.vlan).map(u64::from), nonzero("src_vlan"));
    assert_eq!(l2.and_then(|l2| l2.src_mac).map(|mac| mac.to_string()), text("in_src_mac"));
    assert_eq!(l2.and_then(|l2| l2.dst_mac).map(|mac| mac.to_string()), text("in_dst_mac"));
    let flags = row.tcp.as_deref().and_then(|tcp| tcp.src_flags);
    let letters: String = [(128, 'C'), (64, 'E'), (32, 'U'), (16, 'A'), (8, 'P'), (4, 'R'), (2, 'S'), (1, 'F')]
        .iter()
        .map(|(bit, letter)| if flags.unwrap_or(0) & bit == 0 { '.' } else { *letter })
        .collect();
    assert_eq!(letters, text("tcp_flags").unwrap_or("........".to_owned()));
}

#[test]
fn sums_are_those_of_nfdump() {
    let (rows, _) = whole("nfcapd.lz4");
    let text = std::fs::read_to_string(folder().join("expected.txt")).expect("in the repository");
    let want = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim_start_matches(':').trim().parse::<u64>().expect("a number")
    };
    assert_eq!(rows.len() as u64, want("Flows"));
    let both = |of: fn(&Core) -> u64| rows.iter().map(|row| of(&row.core)).sum::<u64>();
    assert_eq!(both(|core| core.src_packets + core.dst_packets), want("Packets"));
    assert_eq!(both(|core| core.src_bytes + core.dst_bytes), want("Bytes"));
}

#[test]
fn rows_say_what_they_came_from() {
    let (rows, account) = whole("nfcapd.plain");
    let sources: std::collections::BTreeSet<_> = rows.iter().map(|row| row.core.source.to_string()).collect();
    assert_eq!(sources.into_iter().collect::<Vec<_>>(), ["ipfix", "netflow5", "netflow9"]);
    let domains: std::collections::BTreeSet<_> = rows.iter().filter_map(|row| row.exporter.as_ref()?.domain).collect();
    assert_eq!(domains.into_iter().collect::<Vec<_>>(), [7, 12, 20, 33]);
    assert!(rows.iter().all(|row| row.core.flow_id.is_none()));
    assert!(rows.iter().all(|row| row.sampling.is_none()), "scaled counters have no rate");
    assert!(rows.iter().all(|row| row.core.time_received.is_some()));
    for number in account.unread_extensions.keys() {
        assert!(extension_name(*number).is_some(), "extension {number} is unknown");
    }
}

#[test]
fn zstd_and_unknown_parts_are_read_or_counted() {
    let plain = file("nfcapd.plain");
    let (want, _) = whole("nfcapd.plain");
    let size = u32::from_le_bytes(plain[44..48].try_into().expect("four")) as usize;
    let mut records = plain[52..52 + size].to_vec();
    records.extend([0x77, 0, 6, 0, 1, 2]);
    let packed = zstd::encode_all(&records[..], 1).expect("packs");
    let mut octets = plain[..52].to_vec();
    octets[16] = 4;
    octets[44..48].copy_from_slice(&(packed.len() as u32).to_le_bytes());
    octets.extend(packed);
    let (rows, account) = read(&octets);
    let account = account.expect("layout 2");
    assert_eq!(rows, want);
    assert_eq!(account.unread_records, BTreeMap::from([(0x77, 1)]));
    assert!(account.faults.is_empty(), "{:?}", account.faults);
}

#[test]
fn other_files_are_refused_with_a_way_out() {
    let mut octets = file("nfcapd.plain");
    let mut refused = |at: usize, value: u8| {
        let before = std::mem::replace(&mut octets[at], value);
        let (rows, account) = read(&octets);
        octets[at] = before;
        assert!(rows.is_empty());
        account.expect_err("refused").to_string()
    };
    assert!(refused(2, 1).contains("`nfdump -r FILE -w NEW`"));
    assert!(refused(2, 9).contains("layout 9"));
    assert!(refused(16, 77).contains("method 77"));
    assert!(refused(17, 1).contains("encrypted"));
    assert_eq!(
        refused(0, 0),
        "it is no file of nfdump: file.magic at octet 0: got 42240, want 42252 (hexadecimal a50c)"
    );
    assert!(read(&[0xa5, 0x0c, 0, 2]).1.expect_err("refused").to_string().contains("big endian"));
    assert_eq!(
        read(&[]).1.expect_err("refused").to_string(),
        "it is no file of nfdump: file.magic at octet 0: 2 octet(s) missing"
    );
}

#[test]
fn a_bad_block_is_named_and_the_next_one_is_read() {
    let plain = file("nfcapd.bzip2");
    let size = u32::from_le_bytes(plain[44..48].try_into().expect("four")) as usize;
    let block = plain[40..52 + size].to_vec();
    let mut bad = block.clone();
    bad[20] ^= 0xff;
    let octets = [&plain[..40], &block, &bad, &block].concat();
    let (rows, account) = read(&octets);
    let account = account.expect("layout 2");
    assert_eq!((rows.len(), account.bad_blocks), (104, 1));
    let want = format!("block at octet {}: it cannot be unpacked with bzip2", 40 + block.len());
    assert_eq!(account.faults.iter().map(Fault::to_string).collect::<Vec<_>>(), [want]);
}

#[test]
fn a_cut_file_gives_what_is_whole_and_says_so() {
    for name in ["nfcapd.plain", "nfcapd.lz4"] {
        let octets = file(name);
        let (all, _) = whole(name);
        for len in 40..octets.len() {
            let (rows, account) = read(&octets[..len]);
            let account = account.expect("the header is there");
            assert!(rows.is_empty() || rows == all, "{name} cut at {len}");
            // After the last block of records only the appendix is missing, which nobody reads.
            let appendix = u64::from_le_bytes(octets[24..32].try_into().expect("eight"));
            assert_eq!(account.faults.is_empty(), len as u64 == appendix, "{name} cut at {len}");
        }
    }
}

#[test]
fn a_record_that_breaks_the_layout_costs_itself_only() {
    let mut octets = file("nfcapd.plain");
    // The first flow begins 56 octets into the block; its first extension gets a length that it cannot have.
    let at = 52 + 56 + 12 + 2;
    octets[at..at + 2].copy_from_slice(&3u16.to_le_bytes());
    let (rows, account) = read(&octets);
    let account = account.expect("layout 2");
    assert_eq!((rows.len(), account.bad_records, account.bad_blocks), (51, 1, 0));
    assert_eq!(
        account.faults[0].to_string(),
        "block at octet 40: extension.octets at octet 70: got 3, want at least 4"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn flipped_octets_do_not_panic(at in 40usize..2_000, value: u8, which in 0usize..4) {
        let mut octets = file(["nfcapd.plain", "nfcapd.lzo", "nfcapd.lz4", "nfcapd.bzip2"][which]);
        if let Some(octet) = octets.get_mut(at) {
            *octet = value;
        }
        let (rows, account) = read(&octets);
        prop_assert_eq!(account.map(|account| account.rows), Ok(rows.len() as u64));
    }
}
