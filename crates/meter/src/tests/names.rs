// SPDX-License-Identifier: Apache-2.0
//! DNS, and the names that it gives.

use super::*;

fn exchanges(rows: &[Flow]) -> Vec<(u64, u64, bool)> {
    let answers = |row: &Flow| row.dns.as_ref().is_some_and(|dns| dns.answers.is_some());
    rows.iter().map(|row| (row.core.src_packets, row.core.dst_packets, answers(row))).collect()
}

#[test]
fn dns_is_reported_soon_after_its_answer_and_once() {
    let mut run = Run::new(Settings::default());
    run.at(0, &dns(1, false));
    run.at(20, &dns(1, true));
    run.meter.advance(Time::from_millis(1_020), &mut |row| run.rows.push(row));
    assert!(run.rows.is_empty(), "the quiet second is not over");
    run.meter.advance(Time::from_millis(1_021), &mut |row| run.rows.push(row));
    assert_eq!(exchanges(&run.rows), [(1, 1, true)]);
    assert_eq!((run.rows[0].core.end_reason.as_deref(), run.meter.open_flows()), (Some("idle"), 0));
    // The same question again is another flow; its late second answer belongs to it while it is open.
    run.at(5_000, &dns(1, false));
    run.at(5_010, &dns(1, true));
    run.at(5_900, &dns(1, true));
    let (rows, counters) = run.end();
    assert_eq!(exchanges(&rows), [(1, 1, true), (1, 2, true)]);
    assert_ne!(rows[0].core.flow_id, rows[1].core.flow_id);
    assert_eq!((counters.packets, counters.rows), (5, 2));
}

#[test]
fn dns_waits_for_the_answers_that_are_missing() {
    // Two questions from one port, as resolvers ask for both families; the second answer takes its time.
    let mut run = Run::new(Settings::default());
    run.at(0, &dns(1, false));
    run.at(1, &dns(2, false));
    run.at(20, &dns(1, true));
    run.at(4_000, &dns(2, true));
    run.meter.advance(Time::from_millis(4_900), &mut |row| run.rows.push(row));
    assert!(run.rows.is_empty());
    run.meter.advance(Time::from_millis(5_001), &mut |row| run.rows.push(row));
    assert_eq!(exchanges(&run.rows), [(2, 2, true)]);
    // Without an answer it is idle after the idle timeout, as any flow.
    run.at(10_000, &dns(3, false));
    run.meter.advance(Time::from_millis(70_000), &mut |row| run.rows.push(row));
    assert_eq!(run.rows.len(), 1);
    run.meter.advance(Time::from_millis(70_001), &mut |row| run.rows.push(row));
    assert_eq!(exchanges(&run.rows), [(2, 2, true), (1, 0, false)]);
}

#[test]
fn a_connection_is_named_by_what_its_host_had_just_asked_for() {
    let mut run = Run::new(Settings::default());
    run.at(0, &dns(1, false));
    run.at(20, &dns(1, true));
    let server = ([203, 0, 113, 5], 8_443);
    run.at(30, &segment((CLIENT.0, 50_001), server, 100, SYN, b""));
    run.at(40, &segment(([192, 0, 2, 99], 50_001), server, 100, SYN, b""));
    let (rows, counters) = run.end();
    let host = |src: [u8; 4]| {
        let row = rows.iter().find(|row| row.core.src_ip == Ip::v4(src) && row.core.dst_port == 8_443).expect("a row");
        row.host.clone().map(|host| (host.host_name.unwrap_or_default(), host.name_source.unwrap_or_default()))
    };
    assert_eq!(host(CLIENT.0), Some(("example.org".to_owned(), "dns".into())));
    assert_eq!(host([192, 0, 2, 99]), None, "another host did not ask");
    assert_eq!(counters.forgotten_names, 0);
}
