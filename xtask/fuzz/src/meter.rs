// SPDX-License-Identifier: Apache-2.0
//! Packets through a small meter: every piece is a raw IP packet, its mark the time since the one before, in units of
//! a quarter of a second. Reassembly, fragments, ends and evictions are reached this way.

use std::path::Path;

use minamo_base::Time;
use minamo_meter::{Meter, Settings};
use minamo_packet::LinkType;

use crate::{Target, pieces, recordings};

pub(crate) static TARGET: Target = Target { name: "meter", run, seeds };

/// A table that is soon full.
const MAX_FLOWS: usize = 8;
const QUARTER_SECOND: i64 = 250_000_000;

fn run(octets: &[u8]) {
    let mut meter = Meter::new(Settings { max_flows: MAX_FLOWS, ..Settings::default() });
    let (mut now, mut rows, mut rest) = (Time(0), 0u64, octets);
    let mut counted = 0u64;
    while let Some((mark, piece)) = pieces::next(&mut rest) {
        now = Time(now.0 + i64::from(mark) * QUARTER_SECOND);
        // What is no packet is no row either.
        let taken = meter.take(now, LinkType::RAW, piece, &mut |row| {
            rows += 1;
            counted += row.core.src_packets + row.core.dst_packets;
        });
        std::hint::black_box(taken.is_ok());
        assert!(meter.open_flows() <= MAX_FLOWS, "the table has a bound");
    }
    meter.finish(&mut |row| {
        rows += 1;
        counted += row.core.src_packets + row.core.dst_packets;
    });
    assert_eq!(meter.counters().rows, rows, "the counters agree");
    assert_eq!(counted, meter.counters().packets, "each packet is in one row");
}

/// The beginnings of the recordings, without their link layer.
fn seeds(root: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for file in recordings::files(root, "protocols")? {
        let mut seed = Vec::new();
        for (_, frame) in recordings::frames(&file)? {
            // Our recordings are of Ethernet without tags.
            pieces::push(&mut seed, 0, frame.get(14..).unwrap_or_default());
        }
        seeds.push(seed);
    }
    Ok(seeds)
}
