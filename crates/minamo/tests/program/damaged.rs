// SPDX-License-Identifier: Apache-2.0
//! Captures of others, cut anywhere and with flipped bits: nothing panics, and the flow table stays within its bound. Seeded,
//! and bounded by octets, not by time. `MINAMO_DAMAGED=SEED:MEBIBYTES` makes it another, longer run.

use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use minamo_base::Time;
use minamo_capture::CaptureFile;
use minamo_meter::{Meter, Settings};

use super::root;

/// Octets of each capture that are used: its beginning has all kinds of packets that it has.
const EACH: u64 = 64 << 10;
/// Octets of all captures.
const ALL: u64 = 16 << 20;
/// Flows at a time; more evict.
const MAX_FLOWS: usize = 500;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((n ^ (n >> 31)) % end.max(1) as u64).expect("below an usize")
    }
}

/// Seed and octets of a run that somebody asked for.
fn asked() -> Option<(u64, u64)> {
    let text = std::env::var_os("MINAMO_DAMAGED")?.into_string().ok()?;
    let (seed, mebibytes) = text.split_once(':')?;
    Some((seed.parse().ok()?, mebibytes.parse::<u64>().ok()? << 20))
}

fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("readable").path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            captures(&path, found);
        } else if [".pcap", ".pcapng", ".cap"].iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

/// Meters what can be read; gives frames and packets.
fn meter(octets: Vec<u8>) -> (u64, u64) {
    let Ok(mut file) = CaptureFile::from_reader(Path::new("damaged"), Box::new(Cursor::new(octets))) else {
        return (0, 0);
    };
    let mut meter = Meter::new(Settings { max_flows: MAX_FLOWS, ..Settings::default() });
    let (mut frames, mut counted) = (0, 0u64);
    while let Ok(Some(frame)) = file.next_frame() {
        frames += 1;
        let taken = meter.take(frame.time, frame.link, frame.data, &mut |row| {
            counted += row.core.src_packets + row.core.dst_packets;
        });
        std::hint::black_box(taken.is_ok());
        assert!(meter.open_flows() <= MAX_FLOWS);
    }
    meter.advance(Time(0), &mut |row| counted += row.core.src_packets + row.core.dst_packets);
    meter.finish(&mut |row| counted += row.core.src_packets + row.core.dst_packets);
    let told = meter.counters();
    assert_eq!(counted, told.packets + told.frames, "each packet is in one row");
    (frames, counted)
}

#[test]
fn captures_cut_anywhere_and_with_flipped_bits_never_panic() {
    let mut found = Vec::new();
    captures(&root().join("../shared/corpora"), &mut found);
    if found.is_empty() {
        println!("skipped: captures_cut_anywhere_and_with_flipped_bits_never_panic: ../shared/corpora is not there");
        captures(&root().join("fixtures"), &mut found);
    }
    found.sort();
    let (seed, all) = asked().unwrap_or((2_026, ALL));
    let mut chance = Chance(seed);
    let (mut used, mut frames, mut packets) = (0, 0, 0);
    while used < all {
        let path = found.get(chance.below(found.len())).expect("fixtures are there");
        let mut octets = Vec::new();
        let file = std::fs::File::open(path).expect("readable");
        file.take(EACH).read_to_end(&mut octets).expect("readable");
        used += octets.len() as u64;
        let cut = octets.get(..chance.below(octets.len() + 1)).expect("inside").to_vec();
        let mut flipped = octets;
        for _ in 0..1 + flipped.len() / 4_096 {
            let at = chance.below(flipped.len());
            if let Some(octet) = flipped.get_mut(at) {
                *octet ^= 1 << chance.below(8);
            }
        }
        for damaged in [cut, flipped] {
            let (read, counted) = meter(damaged);
            (frames, packets) = (frames + read, packets + counted);
        }
    }
    println!("{frames} frames, {packets} packets");
    assert!(packets > 100, "{packets} of {frames}");
}
