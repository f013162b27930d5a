// SPDX-License-Identifier: Apache-2.0
//! Both stages on rows that a collector could have made.

use std::collections::BTreeMap;
use std::time::Duration;

use minamo_base::{Ip, Time};
use minamo_model::{BATCH_ROWS, CellReader, Flow, FlowBuilder, Row, json_value};
use minamo_schema::arrow::array::RecordBatch;
use proptest::prelude::*;

use super::*;

const EXPORTER: Ip = Ip([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1]);
const OTHER: Ip = Ip([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2]);

fn at(millis: i64) -> Time {
    Time::from_millis(1_700_000_000_000 + millis)
}

/// A record of the packets from `src` to `dst`.
fn record(src: ([u8; 4], u16), dst: ([u8; 4], u16), times: (i64, i64), octets: u64) -> Flow {
    let mut flow = Flow::default();
    let core = &mut flow.core;
    (core.src_ip, core.src_port) = (Ip::v4(src.0), src.1);
    (core.dst_ip, core.dst_port) = (Ip::v4(dst.0), dst.1);
    core.proto = 6;
    (core.time_start, core.time_end) = (at(times.0), at(times.1));
    (core.src_bytes, core.src_packets) = (octets, octets / 100 + 1);
    core.app = "Unknown".into();
    core.app_confidence = "none".into();
    core.source = "netflow9".into();
    core.orientation = Some("exporter".into());
    flow.exporter.get_or_insert_default().ip = Some(EXPORTER);
    flow
}

const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 50_000);
const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 443);

fn request() -> Flow {
    let mut flow = record(CLIENT, SERVER, (0, 900), 1_000);
    flow.tcp.get_or_insert_default().src_flags = Some(0x1b);
    let exporter = flow.exporter.get_or_insert_default();
    (exporter.in_if, exporter.out_if, exporter.next_hop) = (Some(1), Some(2), Some(Ip::v4([10, 0, 9, 1])));
    (exporter.src_as, exporter.dst_as) = (Some(64_500), Some(64_501));
    flow.net.get_or_insert_default().src_tos = Some(8);
    flow.net.get_or_insert_default().fragments = Some(2);
    flow.core.end_reason = Some("tcp_fin".into());
    flow
}

fn answer() -> Flow {
    let mut flow = record(SERVER, CLIENT, (20, 950), 50_000);
    flow.tcp.get_or_insert_default().src_flags = Some(0x13);
    let exporter = flow.exporter.get_or_insert_default();
    (exporter.in_if, exporter.out_if, exporter.next_hop) = (Some(2), Some(1), Some(Ip::v4([10, 0, 9, 2])));
    (exporter.src_as, exporter.dst_as) = (Some(64_501), Some(64_500));
    flow.net.get_or_insert_default().src_tos = Some(16);
    flow.net.get_or_insert_default().fragments = Some(3);
    flow.core.end_reason = Some("active".into());
    flow.core.app = "TLS".into();
    flow.core.app_confidence = "exporter".into();
    flow
}

fn batch(rows: &[Flow]) -> RecordBatch {
    let mut builder = FlowBuilder::default();
    rows.iter().for_each(|row| builder.append(row));
    builder.finish().expect("a batch")
}

fn rows(batches: &[RecordBatch]) -> Vec<serde_json::Value> {
    let mut out = Vec::new();
    for batch in batches {
        let readers = CellReader::all(batch);
        for row in 0..batch.num_rows() {
            let row = Row::new(&readers, row);
            let cells = readers.iter().map(|r| (r.name().to_owned(), json_value(&row.get(r.name()))));
            out.push(cells.filter(|(_, value)| !value.is_null()).collect::<serde_json::Map<_, _>>().into());
        }
    }
    out
}

/// Rows back from batches, through the columns.
fn flows(batches: &[RecordBatch]) -> Vec<Flow> {
    let mut out = Vec::new();
    for batch in batches {
        let readers = CellReader::all(batch);
        for row in 0..batch.num_rows() {
            let mut flow = Flow::default();
            for (id, column) in minamo_model::FLOWS.places() {
                let value = Row::new(&readers, row).get(column.name);
                if value != minamo_schema::Value::Null {
                    assert!(flow.set(id, &value), "{}", column.name);
                }
            }
            out.push(flow);
        }
    }
    out
}

fn paired(records: &[Flow]) -> Vec<RecordBatch> {
    let (mut pairer, mut out) = (Pairer::new(PairSettings::default()), Vec::new());
    for record in records {
        pairer.batch(batch(std::slice::from_ref(record)), at(1_000), &mut out);
    }
    pairer.finish(&mut out);
    assert_eq!((pairer.counters().waiting, pairer.counters().octets), (0, 0), "all have left");
    out
}

#[test]
fn request_and_answer_become_one_row_in_either_order() {
    let there = rows(&paired(&[request(), answer()]));
    let back = rows(&paired(&[answer(), request()]));
    let together = {
        let (mut pairer, mut out) = (Pairer::new(PairSettings::default()), Vec::new());
        pairer.batch(batch(&[answer(), request()]), at(1_000), &mut out);
        rows(&out)
    };
    assert_eq!(there, back);
    assert_eq!(there, together, "in one batch they leave at once");
    let row = &there[0];
    assert_eq!((&row["src_ip"], &row["dst_port"]), (&"10.0.0.1".into(), &443.into()));
    assert_eq!((&row["src_bytes"], &row["dst_bytes"]), (&1_000.into(), &50_000.into()));
    assert_eq!((&row["tcp_src_flags"], &row["tcp_dst_flags"]), (&0x1b.into(), &0x13.into()));
    assert_eq!((&row["ip_src_tos"], &row["ip_dst_tos"], &row["ip_fragments"]), (&8.into(), &16.into(), &5.into()));
    assert_eq!((&row["app"], &row["orientation"], &row["record_count"]), (&"TLS".into(), &"port".into(), &2.into()));
    assert_eq!(row["time_end"], at(950).to_string());
    let want = ["end_reason=active", "ip_fragments=3", "exporter_next_hop=10.0.9.2"];
    assert_eq!(row["record_dst_differs"], serde_json::json!(want));
}

#[test]
fn both_records_can_be_had_back() {
    let merged = flows(&paired(&[request(), answer()]));
    let (first, second) = split(&merged[0]);
    let second = second.expect("a record of the answer");
    for (back, raw) in [(first, request()), (second, answer())] {
        assert_eq!((back.core.flow_id.as_deref(), back.identity()), (None, raw.identity()));
        assert_eq!((back.core.time_start, back.core.time_end), (raw.core.time_start, raw.core.time_end));
        assert_eq!((back.core.src_ip, back.core.src_bytes), (raw.core.src_ip, raw.core.src_bytes));
        assert_eq!((back.core.dst_bytes, back.core.dst_packets), (0, 0));
        assert_eq!(back.exporter, raw.exporter);
        assert_eq!((back.tcp, back.core.end_reason), (raw.tcp, raw.core.end_reason));
        let (back, raw) = (back.net.expect("a group"), raw.net.expect("a group"));
        assert_eq!((back.src_tos, back.fragments), (raw.src_tos, raw.fragments));
    }
}

#[test]
fn what_does_not_belong_together_stays_as_it_came() {
    let changed = |change: fn(&mut Flow)| {
        let mut flow = answer();
        change(&mut flow);
        flow
    };
    for other in [
        changed(|flow| flow.exporter.get_or_insert_default().ip = Some(OTHER)),
        changed(|flow| flow.exporter.get_or_insert_default().domain = Some(7)),
        changed(|flow| flow.l2.get_or_insert_default().vlan = Some(9)),
        changed(|flow| flow.core.dst_port = 50_001),
        changed(|flow| flow.core.proto = 17),
        changed(|flow| (flow.core.time_start, flow.core.time_end) = (at(60_000), at(61_000))),
        request(),
    ] {
        let out = paired(&[request(), other.clone()]);
        assert_eq!(flows(&out), [request(), other]);
    }
}

#[test]
fn bidirectional_and_multicast_rows_do_not_wait() {
    let mut biflow = request();
    biflow.core.dst_packets = 1;
    let mut multicast = request();
    multicast.core.dst_ip = Ip::v4([224, 0, 0, 251]);
    let mut metered = request();
    metered.exporter = None;
    let (mut pairer, mut out) = (Pairer::new(PairSettings::default()), Vec::new());
    let batch = batch(&[biflow, multicast, metered]);
    pairer.batch(batch.clone(), at(0), &mut out);
    assert_eq!(out, [batch]);
    assert_eq!((pairer.counters().passed, pairer.counters().waiting), (3, 0));
}

#[test]
fn exporters_of_a_group_pair_with_each_other() {
    let mut other = answer();
    let exporter = other.exporter.get_or_insert_default();
    (exporter.ip, exporter.domain) = (Some(OTHER), Some(7));
    let settings = PairSettings { groups: vec![vec![EXPORTER, OTHER]], ..PairSettings::default() };
    let (mut pairer, mut out) = (Pairer::new(settings), Vec::new());
    pairer.batch(batch(&[request(), other.clone()]), at(0), &mut out);
    let merged = flows(&out);
    assert_eq!(merged[0].merge.as_ref().and_then(|merge| merge.record_count), Some(2));
    let (_, second) = split(&merged[0]);
    assert_eq!(second.and_then(|flow| flow.exporter), other.exporter, "its exporter is not lost");
}

#[test]
fn pings_pair_by_request_and_answer_and_errors_do_not() {
    let ping = |src, dst, kind| {
        let mut flow = record((src, 0), (dst, 0), (0, 10), 84);
        flow.core.proto = 1;
        flow.icmp.get_or_insert_default().kind = Some(kind);
        flow
    };
    let (a, b) = ([10, 0, 0, 9], [10, 0, 0, 3]);
    let out = rows(&paired(&[ping(b, a, 0), ping(a, b, 8)]));
    assert_eq!((&out[0]["src_ip"], &out[0]["orientation"]), (&"10.0.0.9".into(), &"request".into()));
    assert_eq!((&out[0]["icmp_kind"], out.len()), (&8.into(), 1));
    assert_eq!(paired(&[ping(a, b, 3), ping(b, a, 3)]).len(), 2);
    assert_eq!(paired(&[ping(a, b, 8), ping(b, a, 8)]).len(), 2, "each pings the other");
}

#[test]
fn the_handshake_tells_the_initiator_before_ports_do() {
    let mut syn = record(SERVER, CLIENT, (0, 0), 60);
    syn.tcp.get_or_insert_default().src_flags = Some(0x02);
    let mut answer = record(CLIENT, SERVER, (1, 1), 60);
    answer.tcp.get_or_insert_default().src_flags = Some(0x12);
    let out = rows(&paired(&[answer, syn]));
    assert_eq!((&out[0]["src_port"], &out[0]["orientation"]), (&443.into(), &"handshake".into()));
}

#[test]
fn parts_of_a_long_conversation_pair_with_parts() {
    let part = |n: i64| {
        let times = (n * 60_000, n * 60_000 + 59_000);
        // The answers begin three seconds later: too far to be sure at once.
        [record(CLIENT, SERVER, times, 100), record(SERVER, CLIENT, (times.0 + 3_000, times.1), 900)]
    };
    let all: Vec<Flow> = (0..3).flat_map(part).collect();
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [0, 2, 4, 1, 3, 5], [3, 0, 5, 2, 1, 4]] {
        let arrived: Vec<Flow> = order.iter().filter_map(|n| all.get(*n).cloned()).collect();
        let mut out = flows(&paired(&arrived));
        out.sort_by_key(|flow| flow.core.time_start);
        let merged: Vec<_> = out.iter().map(|f| (f.core.time_start, f.core.src_bytes, f.core.dst_bytes)).collect();
        assert_eq!(merged, [0, 60_000, 120_000].map(|start| (at(start), 100, 900)), "{order:?}");
    }
}

#[test]
fn a_record_waits_and_then_leaves_as_it_came() {
    let (mut pairer, mut out) = (Pairer::new(PairSettings::default()), Vec::new());
    pairer.batch(batch(&[request()]), at(0), &mut out);
    pairer.advance(at(9_999), &mut out);
    assert!(out.is_empty());
    pairer.advance(at(10_000), &mut out);
    assert_eq!(flows(&out), [request()]);
    assert_eq!((pairer.counters().alone, pairer.counters().waiting), (1, 0));
}

#[test]
fn a_million_records_without_a_partner_stay_in_the_bound() {
    const ROWS: u32 = 1_000_000;
    let settings = PairSettings { max_rows: 50_000, max_octets: 32 << 20, ..PairSettings::default() };
    let (mut pairer, mut out) = (Pairer::new(settings), Vec::new());
    let (mut builder, mut left, mut octets) = (FlowBuilder::default(), 0, 0);
    for n in 0..ROWS {
        let [a, b, c, d] = n.to_be_bytes();
        builder.append(&record(([10 + a, b, c, d], 40_000), SERVER, (0, 1), 60));
        if builder.len() == BATCH_ROWS || n == ROWS - 1 {
            pairer.batch(builder.finish().expect("a batch"), at(0), &mut out);
            let counters = pairer.counters();
            assert!(counters.waiting <= 50_000 && counters.octets <= 32 << 20, "{counters:?}");
            octets = octets.max(counters.octets);
            left += out.drain(..).map(|batch| batch.num_rows()).sum::<usize>();
        }
    }
    let counters = pairer.counters();
    assert!(octets > 4 << 20, "the octets are counted: {octets}");
    assert_eq!(counters.evicted + counters.waiting, u64::from(ROWS));
    pairer.finish(&mut out);
    left += out.iter().map(RecordBatch::num_rows).sum::<usize>();
    assert_eq!(left, 1_000_000, "none is lost");
}

#[test]
fn a_flood_of_one_conversation_leaves_at_once() {
    let (mut pairer, mut out) = (Pairer::new(PairSettings::default()), Vec::new());
    let rows: Vec<Flow> = (0..2_000).map(|n| record(CLIENT, SERVER, (n * 2_000, n * 2_000 + 1), 60)).collect();
    pairer.batch(batch(&rows), at(0), &mut out);
    assert_eq!((pairer.counters().crowded, pairer.counters().waiting), (1_984, 16));
    pairer.finish(&mut out);
    assert_eq!(out.iter().map(RecordBatch::num_rows).sum::<usize>(), 2_000);
}

/// Octets by host, both directions.
fn octets(flows: &[Flow]) -> BTreeMap<Ip, u64> {
    let mut sums = BTreeMap::new();
    for flow in flows {
        *sums.entry(flow.core.src_ip).or_default() += flow.core.src_bytes;
        *sums.entry(flow.core.dst_ip).or_default() += flow.core.dst_bytes;
    }
    sums.retain(|_, octets| *octets > 0);
    sums
}

/// The client behind a translator, as it is seen outside.
const OUTSIDE: ([u8; 4], u16) = ([203, 0, 113, 1], 61_000);

fn translated(mut flow: Flow, src: Option<([u8; 4], u16)>, dst: Option<([u8; 4], u16)>) -> Flow {
    let nat = flow.nat.get_or_insert_default();
    (nat.src_ip, nat.src_port) = (src.map(|(ip, _)| Ip::v4(ip)), src.map(|(_, port)| port));
    (nat.dst_ip, nat.dst_port) = (dst.map(|(ip, _)| Ip::v4(ip)), dst.map(|(_, port)| port));
    flow
}

#[test]
fn records_of_both_sides_of_a_translator_are_one_conversation() {
    let there = translated(request(), Some(OUTSIDE), None);
    // The answer as it came in from outside; one router tells what became of it, another one does not.
    let back = record(SERVER, OUTSIDE, (20, 950), 50_000);
    let told = translated(back.clone(), None, Some(CLIENT));
    let late = record(SERVER, OUTSIDE, (1_700, 1_950), 50_000);
    for answer in [&back, &told, &late] {
        for order in [[&there, answer], [answer, &there]] {
            let merged = flows(&paired(&order.map(Clone::clone)));
            assert_eq!(merged.len(), 1, "{answer:?}");
            let core = &merged[0].core;
            assert_eq!((core.src_ip, core.src_port, core.dst_port), (Ip::v4(CLIENT.0), CLIENT.1, SERVER.1));
            assert_eq!((core.src_bytes, core.dst_bytes), (1_000, 50_000));
            let (first, second) = split(&merged[0]);
            assert_eq!(first.core.src_ip, Ip::v4(CLIENT.0));
            let second = second.expect("two records").core;
            assert_eq!(
                (second.src_ip, second.dst_ip, second.dst_port),
                (Ip::v4(SERVER.0), Ip::v4(OUTSIDE.0), OUTSIDE.1)
            );
        }
    }
    // Another address outside is another conversation.
    let other = record(SERVER, ([203, 0, 113, 2], OUTSIDE.1), (20, 950), 1);
    assert_eq!(flows(&paired(&[there, other])).len(), 2);
}

#[test]
fn translations_of_records_that_have_left_are_forgotten() {
    let (mut pairer, mut out) = (Pairer::new(PairSettings::default()), Vec::new());
    let there = translated(request(), Some(OUTSIDE), None);
    // The row moves when its neighbours leave.
    let neighbours = [record((CLIENT.0, 1), SERVER, (0, 1), 1), there, record(SERVER, (CLIENT.0, 1), (0, 1), 1)];
    pairer.batch(batch(&neighbours), at(0), &mut out);
    pairer.batch(batch(&[record(SERVER, OUTSIDE, (1_700, 1_950), 7)]), at(1), &mut out);
    pairer.finish(&mut out);
    assert!(pairer.is_empty());
    let merged = flows(&out);
    assert_eq!(merged.iter().map(|flow| flow.core.dst_bytes).collect::<Vec<_>>(), [1, 7]);
}

#[test]
fn conversations_that_become_one_by_translation_are_bounded() {
    let mut pairer = Pairer::new(PairSettings::default());
    let mut out = Vec::new();
    let clients = (1..=40_u16).map(|port| translated(record((CLIENT.0, port), SERVER, (0, 1), 1), Some(OUTSIDE), None));
    pairer.batch(batch(&clients.collect::<Vec<_>>()), at(0), &mut out);
    let counters = pairer.counters();
    assert_eq!((counters.waiting, counters.crowded), (16, 24));
    pairer.finish(&mut out);
    assert!(pairer.is_empty());
    assert_eq!(flows(&out).len(), 40, "none is lost");
}

prop_compose! {
    /// Records of few hosts, so that many belong together; starts of the same endpoints lie apart.
    fn records()(seeds in prop::collection::vec((0_u8..3, 3_u8..5, any::<bool>(), 1_u64..1_000, 0_i64..4_000), 1..60))
        -> Vec<Flow>
    {
        let record = |(n, (a, b, back, octets, length)): (usize, (u8, u8, bool, u64, i64))| {
            let (client, server) = (([10, 0, 0, a], 40_000), ([10, 0, 0, b], 80));
            let (src, dst) = if back { (server, client) } else { (client, server) };
            let start = i64::try_from(n).unwrap_or(0) * 1_500;
            record(src, dst, (start, start + length), octets)
        };
        seeds.into_iter().enumerate().map(record).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pairing_keeps_every_octet_on_its_side(records in records()) {
        prop_assert_eq!(octets(&flows(&paired(&records))), octets(&records));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (records, shuffled) in records().prop_filter("no crowd", |r| r.len() <= 16)
            .prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle()))
    ) {
        let sorted = |records: &[Flow]| {
            let mut rows: Vec<String> = rows(&paired(records)).iter().map(ToString::to_string).collect();
            rows.sort();
            rows
        };
        prop_assert_eq!(sorted(&records), sorted(&shuffled));
    }

    #[test]
    fn splitting_a_pair_gives_the_counters_of_its_records(octets in any::<(u32, u32)>(), starts in (0_i64..900, 0_i64..900)) {
        let raw = [
            record(CLIENT, SERVER, (starts.0, 1_000), u64::from(octets.0) + 1),
            record(SERVER, CLIENT, (starts.1, 2_000), u64::from(octets.1) + 1),
        ];
        let merged = flows(&paired(&raw));
        prop_assert_eq!(merged.len(), 1);
        let (first, second) = split(&merged[0]);
        let second = second.expect("two records");
        for (back, raw) in [(first, &raw[0]), (second, &raw[1])] {
            prop_assert_eq!(back.core, raw.core.clone());
        }
    }
}

fn seen_by(exporter: Ip, mut flow: Flow) -> Flow {
    flow.exporter.get_or_insert_default().ip = Some(exporter);
    flow
}

fn marks(stage: &mut Duplicates, arrivals: &[(i64, Flow)]) -> Vec<Option<Ip>> {
    let mut out = Vec::new();
    for (millis, flow) in arrivals {
        stage.batch(batch(std::slice::from_ref(flow)), at(*millis), &mut out);
    }
    stage.finish(&mut out);
    flows(&out).iter().map(|flow| flow.merge.as_ref().and_then(|merge| merge.duplicate_of)).collect()
}

fn marked(arrivals: &[(i64, Flow)]) -> Vec<Option<Ip>> {
    marks(&mut Duplicates::new(DuplicateSettings::default()), arrivals)
}

#[test]
fn of_two_exporters_one_counts_whoever_comes_first() {
    let (one, two) = (seen_by(EXPORTER, request()), seen_by(OTHER, request()));
    assert_eq!(marked(&[(0, one.clone()), (100, two.clone())]), [None, Some(EXPORTER)]);
    assert_eq!(marked(&[(0, two.clone()), (100, one.clone())]), [Some(EXPORTER), None]);
    assert_eq!(marked(&[(0, two), (60_000, one)]), [None, Some(OTHER)], "what has left cannot be marked any more");
}

#[test]
fn marks_of_another_collector_stay_where_there_is_none_of_ours() {
    let far = Ip::v4([203, 0, 113, 1]);
    let told = |mut flow: Flow| {
        flow.merge.get_or_insert_default().duplicate_of = Some(far);
        flow
    };
    let (one, two) = (seen_by(EXPORTER, request()), told(seen_by(OTHER, request())));
    let alone = told(seen_by(EXPORTER, record((CLIENT.0, 999), SERVER, (0, 1), 1)));
    assert_eq!(marked(&[(0, one), (100, two), (200, alone)]), [None, Some(EXPORTER), Some(far)]);
}

#[test]
fn the_more_complete_observation_counts() {
    let mut sampled = seen_by(EXPORTER, request());
    sampled.sampling.get_or_insert_default().rate = Some(1_000);
    let whole = seen_by(OTHER, request());
    assert_eq!(marked(&[(0, sampled), (100, whole)]), [Some(OTHER), None]);
    let mut biflow = seen_by(OTHER, request());
    biflow.core.dst_packets = 3;
    assert_eq!(marked(&[(0, seen_by(EXPORTER, request())), (100, biflow)]), [Some(OTHER), None]);
}

fn metered(way: &str, mut flow: Flow) -> Flow {
    flow.exporter.get_or_insert_default().direction = Some(way.to_owned().into());
    flow
}

#[test]
fn what_one_exporter_tells_at_the_way_in_and_out_counts_once() {
    let (incoming, outgoing) = (metered("ingress", request()), metered("egress", request()));
    assert_eq!(marked(&[(0, incoming.clone()), (100, outgoing.clone())]), [None, Some(EXPORTER)]);
    assert_eq!(marked(&[(0, outgoing.clone()), (100, incoming.clone())]), [Some(EXPORTER), None]);
    // One that meters in only or out only, or does not say, tells nothing twice.
    assert_eq!(marked(&[(0, outgoing.clone()), (100, outgoing.clone())]), [None, None]);
    assert_eq!(marked(&[(0, request()), (100, outgoing.clone())]), [None, None]);
    // At one interface both directions, one as it comes in and one as it goes out.
    assert_eq!(marked(&[(0, incoming.clone()), (100, metered("egress", answer()))]), [None, None]);
    // Another exporter that samples less goes before both.
    let other = seen_by(OTHER, request());
    let sampled = |mut flow: Flow| {
        flow.sampling.get_or_insert_default().rate = Some(100);
        flow
    };
    assert_eq!(
        marked(&[(0, sampled(incoming)), (100, sampled(outgoing)), (200, other)]),
        [Some(OTHER), Some(OTHER), None]
    );
}

#[test]
fn pairs_of_what_is_told_twice_are_of_one_side_in_any_order_and_count_once() {
    let all = [
        metered("ingress", request()),
        metered("egress", request()),
        metered("ingress", answer()),
        metered("egress", answer()),
    ];
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2], [3, 0, 2, 1], [2, 3, 0, 1]] {
        let records: Vec<Flow> = order.iter().map(|at| all[*at].clone()).collect();
        let pairs: Vec<_> = flows(&paired(&records)).into_iter().map(|row| (0, row)).collect();
        assert_eq!(pairs.len(), 2, "{order:?}");
        let marks = marked(&pairs);
        assert_eq!(marks.iter().flatten().count(), 1, "{order:?}: {marks:?}");
    }
}

#[test]
fn one_direction_each_is_no_duplicate() {
    assert_eq!(marked(&[(0, seen_by(EXPORTER, request())), (100, seen_by(OTHER, answer()))]), [None, None]);
}

#[test]
fn parts_of_different_length_keep_their_choice() {
    let long = |exporter, times| seen_by(exporter, record(CLIENT, SERVER, times, 10));
    let arrivals = [
        (60_000, long(OTHER, (0, 60_000))),
        (120_000, long(OTHER, (60_000, 120_000))),
        (121_000, long(EXPORTER, (0, 120_000))),
        (180_000, long(OTHER, (120_000, 180_000))),
    ];
    assert_eq!(marked(&arrivals), [None, None, Some(OTHER), None]);
}

#[test]
fn a_later_conversation_of_the_same_ports_is_another() {
    let later = seen_by(OTHER, record(CLIENT, SERVER, (60_000, 61_000), 10));
    assert_eq!(marked(&[(0, seen_by(EXPORTER, request())), (61_000, later)]), [None, None]);
}

#[test]
fn rows_of_the_probe_are_never_duplicates() {
    let mut own = request();
    own.exporter = None;
    assert_eq!(marked(&[(0, own.clone()), (1, own)]), [None, None]);
}

#[test]
fn conversations_are_forgotten_by_bound_and_by_age() {
    let settings = DuplicateSettings { max_flows: 100, ..DuplicateSettings::default() };
    let mut stage = Duplicates::new(settings);
    let many: Vec<_> = (0..250_u16).map(|port| (0, record((CLIENT.0, port + 1), SERVER, (0, 1), 1))).collect();
    assert!(marks(&mut stage, &many).iter().all(Option::is_none));
    let counters = stage.counters();
    assert!(counters.flows <= 100 && counters.evicted >= 100, "{counters:?}");
    let hour = DuplicateSettings::default().window * 2 + Duration::from_secs(1);
    for n in 1..=2 {
        stage.batch(batch(&[request()]), at(0) + hour * n, &mut Vec::new());
    }
    assert_eq!(stage.counters().flows, 1);
}

#[test]
fn what_waits_can_be_seen_once_and_of_one_exporter_until_it_leaves() {
    let (mut pairer, mut out) = (Pairer::new(PairSettings::default()), Vec::new());
    let syn = |port, exporter| seen_by(exporter, record((CLIENT.0, port), SERVER, (0, 1), 60));
    pairer.batch(batch(&[syn(1, EXPORTER), request(), syn(2, EXPORTER)]), at(0), &mut out);
    pairer.batch(batch(&[syn(1, OTHER), syn(3, OTHER)]), at(1), &mut out);
    let ports = |pairer: &Pairer| {
        let waiting = pairer.waiting(|name| name == "src_port" || name == "proto");
        assert!(waiting.iter().all(|batch| batch.num_columns() == 2));
        rows(&waiting).iter().map(|row| row["src_port"].as_u64().expect("a port")).collect::<Vec<_>>()
    };
    assert_eq!(ports(&pairer), [1, 50_000, 2, 3]);
    pairer.batch(batch(&[answer()]), at(2), &mut out);
    assert_eq!((out.len(), ports(&pairer)), (1, vec![1, 2, 3]));
    pairer.finish(&mut out);
    assert_eq!(ports(&pairer), [0_u64; 0]);
}
