// SPDX-License-Identifier: Apache-2.0
//! The same rows from several parts, and of samples.

use super::*;

/// Traffic of many hosts: sessions, questions, fragments and tunnels, with pauses that end flows.
fn mixed(seed: u64) -> Vec<(i64, Vec<u8>)> {
    let mut state = seed;
    let mut next = |below: u64| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        sampling::mix(state) % below
    };
    let (mut frames, mut now) = (Vec::new(), 0i64);
    for _ in 0..600 {
        now += i64::try_from(next(400)).expect("small");
        let client = ([192, 0, 2, next(20) as u8], 50_000 + next(10) as u16);
        let flags = [SYN, ACK, ACK, ACK, FIN | ACK][next(5) as usize];
        let back = next(2) == 1;
        let (from, to) = if back { (SERVER, client) } else { (client, SERVER) };
        match next(6) {
            0 => frames.push((now, dns(next(3) as u8, back))),
            1 => {
                let mut parts = fragments(&datagram(from, to, &[b'q'; 200]), next(250) as u8, 80);
                let swap = next(3) as usize;
                parts.swap(0, swap);
                frames.extend(parts.into_iter().map(|part| (now, part)));
            }
            2 => {
                let inner = segment(from, to, 1, flags, b"tunnelled");
                let head = [&[8, 0, 0, 0, 0, 0, next(3) as u8, 0][..], &[2; 12], &[8, 0]].concat();
                frames.push((now, tunnelled(LEFT, RIGHT, 4_789, &head, &inner)));
            }
            _ => frames.push((now, segment(from, to, next(1_000) as u32, flags, &vec![b'd'; next(80) as usize]))),
        }
    }
    frames
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn shards_together_give_the_rows_of_one(seed: u64, shards in 2usize..6) {
        let settings = Settings { active_timeout: Duration::from_secs(20), idle_timeout: Duration::from_secs(3), ..Settings::default() };
        let frames = mixed(seed);
        let rows = |of: usize| {
            let mut intake = Intake::new(&settings);
            let mut all: Vec<Flows> = (0..of).map(|_| Flows::new(settings.clone())).collect();
            let mut rows: Vec<Done> = Vec::new();
            for (number, (millis, frame)) in frames.iter().enumerate() {
                // Whenever silent flows are reported, and however few at once: their rows are the same.
                let alone = of > 1;
                if alone && number % 37 == 0 {
                    all.iter_mut().for_each(|flows| {
                        flows.end_silent(intake.now(), 2, &mut |done| rows.push(done));
                    });
                }
                let taken = intake.frame(Time::from_millis(*millis), LinkType::RAW, frame, &mut |unit| {
                    let (detached, payload) = unit.detach();
                    let flows = &mut all[unit.shard(of)];
                    detached.with(payload, |unit| {
                        let take = if alone { Flows::take_alone } else { Flows::take };
                        take(flows, unit, &mut |done| rows.push(done));
                    });
                });
                assert!(taken.is_ok());
            }
            intake.finish(&mut |unit| all[unit.shard(of)].take(unit, &mut |done| rows.push(done)));
            for flows in &mut all {
                flows.advance(intake.now(), &mut |done| rows.push(done));
                flows.finish(usize::MAX, &mut |done| rows.push(done));
            }
            rows.sort_by_key(|done| done.order);
            let mut counters = intake.counters();
            all.iter().for_each(|flows| counters += flows.counters());
            (rows.into_iter().map(|done| done.row).collect::<Vec<_>>(), counters)
        };
        let (one, many) = (rows(1), rows(shards));
        prop_assert_eq!(one.0, many.0);
        prop_assert_eq!(one.1, many.1);
    }
}

#[test]
fn samples_are_chosen_by_packet_or_by_flow_and_rows_say_so() {
    let run = |sampling: &str| {
        let sampling = sampling.parse::<Sampling>().expect("a method");
        let mut meter = Meter::new(Settings { sampling: Some(sampling), ..Settings::default() });
        let mut rows = Vec::new();
        for (millis, frame) in mixed(1) {
            let taken = meter.take(Time::from_millis(millis), LinkType::RAW, &frame, &mut |row| rows.push(row));
            assert!(taken.is_ok());
        }
        meter.finish(&mut |row| rows.push(row));
        (rows, meter.counters())
    };
    let all = mixed(1).len() as u64;
    let (rows, counters) = run("count:4");
    assert_eq!(counters.packets + counters.unsampled, all);
    assert_eq!(counters.unsampled, all - all / 4);
    let first = rows[0].sampling.as_deref().expect("how it was sampled");
    assert_eq!((first.rate, first.origin.as_deref(), first.method.as_deref()), (Some(4), Some("probe"), Some("count")));
    assert!(rows.iter().all(|row| row.npm.is_none()), "what is missing was not lost");
    let (rows, counters) = run("flow:4");
    let (whole, _) = run("flow:1");
    assert!(whole.iter().all(|row| row.sampling.is_none()), "one in one is all");
    assert!(counters.unsampled > 0 && !rows.is_empty());
    let ends = |row: &Flow| (row.core.src_ip, row.core.dst_ip, row.core.src_port, row.core.dst_port);
    for row in &rows {
        let same = whole.iter().find(|other| other.core.flow_id == row.core.flow_id).expect("a flow of all");
        assert_eq!((ends(row), row.core.src_bytes), (ends(same), same.core.src_bytes), "chosen flows are whole");
    }
}

/// Flows of which one is silent are reported in slices, and a packet that comes before that begins another one all the same.
#[test]
fn a_silent_flow_that_is_not_yet_reported_is_over() {
    let settings = Settings { linger: Duration::from_secs(1), ..Settings::default() };
    let (mut intake, mut flows) = (Intake::new(&settings), Flows::new(settings));
    let mut rows = Vec::new();
    let mut at = |flows: &mut Flows, rows: &mut Vec<Done>, millis: i64, packet: &[u8]| {
        let time = Time::from_millis(millis);
        let taken =
            intake.frame(time, LinkType::RAW, packet, &mut |unit| flows.take_alone(unit, &mut |done| rows.push(done)));
        assert_eq!(taken, Ok(()));
    };
    at(&mut flows, &mut rows, 0, &segment(CLIENT, SERVER, 1, SYN, b""));
    at(&mut flows, &mut rows, 1, &segment(SERVER, CLIENT, 1, RST | ACK, b""));
    for host in 1..=5u8 {
        at(&mut flows, &mut rows, 1 + i64::from(host), &datagram(([192, 0, 2, host], 9), SERVER, b"x"));
    }
    at(&mut flows, &mut rows, 1_500, &datagram(([192, 0, 2, 9], 9), SERVER, b"x"));
    assert!(rows.is_empty(), "nobody asked for flows that are silent");
    at(&mut flows, &mut rows, 1_501, &segment(SERVER, CLIENT, 1, ACK, b""));
    assert_eq!(rows.len(), 1, "the straggler came after what is waited for");
    assert_eq!((rows[0].row.core.src_packets, rows[0].row.core.dst_packets), (1, 1));
    rows.clear();
    let late = Time::from_millis(100_000);
    for (more, count) in [(true, 3), (true, 6), (false, 7)] {
        assert_eq!(flows.end_silent(late, 3, &mut |done| rows.push(done)), more);
        assert_eq!(rows.len(), count);
    }
    assert!(rows.is_sorted_by_key(|done| done.order));
    assert_eq!(flows.open(), 0);
}
