// SPDX-License-Identifier: Apache-2.0
//! What the meter samples, scaled as answers are (`docs/explain/sampling.md`): the truth lies inside the interval in at
//! least 93 of 100 seeded runs, whichever way packets or flows were chosen.

#![allow(clippy::expect_used, reason = "a test says what is wrong by failing")]

use etherparse::PacketBuilder;
use minamo_base::Time;
use minamo_meter::{Choice, Groups, Meter, Sampling, Settings};
use minamo_model::Flow;
use minamo_packet::LinkType;

const RUNS: u64 = 400;
const HELD: usize = 372;

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// Datagrams of conversations of 1 to 20 packets a side, each side with a size of its own, in mixed order.
fn traffic() -> Vec<Vec<u8>> {
    let mut state = 5;
    let mut frames = Vec::new();
    for flow in 0..400u16 {
        let [_, host] = flow.to_be_bytes();
        let (client, server) = (([10, 0, 1, host], 20_000 + flow), ([198, 51, 100, 2], 9_999));
        for (from, to) in [(client, server), (server, client)] {
            let mut frame = Vec::new();
            let builder = PacketBuilder::ipv4(from.0, to.0, 64).udp(from.1, to.1);
            let size = usize::try_from(next(&mut state) % 1_000).expect("small");
            builder.write(&mut frame, &vec![0; size]).expect("a Vec takes all");
            for _ in 0..=next(&mut state) % 20 {
                frames.push((next(&mut state), frame.clone()));
            }
        }
    }
    frames.sort();
    frames.into_iter().map(|(_, frame)| frame).collect()
}

fn rows(frames: &[Vec<u8>], sampling: Option<Sampling>) -> Vec<Flow> {
    let groups = "none".parse::<Groups>().expect("a word");
    let mut meter = Meter::new(Settings { sampling, groups, ..Settings::default() });
    let mut rows = Vec::new();
    for frame in frames {
        let taken = meter.take(Time::from_millis(1), LinkType::RAW, frame, &mut |row| rows.push(row));
        assert!(taken.is_ok());
    }
    meter.finish(&mut |row| rows.push(row));
    rows
}

/// True where the truth lies inside the score interval of an estimate with this variance.
fn holds(estimate: f64, variance: f64, truth: f64) -> bool {
    if variance <= 0.0 {
        return estimate == truth;
    }
    let (z, k) = (1.96, estimate * estimate / variance);
    let (middle, half) = (1.0 + z * z / (2.0 * k), z * (1.0 / k + z * z / (4.0 * k * k)).sqrt());
    (estimate * (middle - half)..=estimate * (middle + half)).contains(&truth)
}

/// Octets and packets, and the variance of each.
fn estimates(rows: &[Flow], rate: f64, whole_flows: bool) -> [(f64, f64); 2] {
    let factor = rate * (rate - 1.0);
    let (mut octets, mut packets) = ((0.0, 0.0), (0.0, 0.0));
    for row in rows {
        let sides = [(row.core.src_bytes, row.core.src_packets), (row.core.dst_bytes, row.core.dst_packets)];
        let sides = sides.map(|(octets, packets)| (octets as f64, packets as f64));
        let all = (sides[0].0 + sides[1].0, sides[0].1 + sides[1].1);
        (octets.0, packets.0) = (octets.0 + rate * all.0, packets.0 + rate * all.1);
        if whole_flows {
            (octets.1, packets.1) = (octets.1 + factor * all.0 * all.0, packets.1 + factor * all.1 * all.1);
        } else {
            let of = |(octets, packets): (f64, f64)| if packets > 0.0 { octets * octets / packets } else { 0.0 };
            octets.1 += factor * sides.map(of).iter().sum::<f64>();
            packets.1 += factor * all.1;
        }
    }
    [octets, packets]
}

#[test]
fn sampled_totals_hold_the_truth_in_at_least_93_of_100_runs() {
    let frames = traffic();
    let truth = estimates(&rows(&frames, None), 1.0, false).map(|(sum, _)| sum);
    for choice in [Choice::Random, Choice::Flow, Choice::Count] {
        for rate in [2u32, 10] {
            let mut held = [0; 2];
            // There are no more ways to count than the rate.
            let runs = if choice == Choice::Count { u64::from(rate) } else { RUNS };
            for seed in 0..runs {
                let sampled = rows(&frames, Some(Sampling { rate, choice, seed }));
                assert!(sampled.iter().all(|row| row.sampling.as_ref().is_some_and(|of| of.rate == Some(rate))));
                let found = estimates(&sampled, rate.into(), choice == Choice::Flow);
                for ((held, (estimate, variance)), truth) in held.iter_mut().zip(found).zip(truth) {
                    *held += usize::from(holds(estimate, variance, truth));
                }
            }
            let least = if choice == Choice::Count { usize::try_from(runs).expect("small") } else { HELD };
            assert!(held.iter().all(|held| *held >= least), "{choice:?} {rate}: octets and packets {held:?} of {runs}");
        }
    }
}
