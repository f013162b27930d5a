// SPDX-License-Identifier: Apache-2.0
//! What is recorded is cut again, and the folder stays within its budget.

use etherparse::PacketBuilder;
use minamo_base::{FiveTuple, Ip};

use super::*;
use crate::{CaptureFile, Expression};

const SERVER: [u8; 4] = [198, 51, 100, 2];

/// A frame of UDP from a host of the documentation network.
fn udp(host: u8, port: u16, back: bool, size: usize) -> Vec<u8> {
    let ((from, from_port), (to, to_port)) = match back {
        false => (([192, 0, 2, host], port), (SERVER, 53)),
        true => ((SERVER, 53), ([192, 0, 2, host], port)),
    };
    let mut out = Vec::new();
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from, to, 64).udp(from_port, to_port);
    builder.write(&mut out, &vec![host; size]).expect("a Vec takes all");
    out
}

fn tuple(host: u8, port: u16) -> FiveTuple {
    let (src, dst) = (Ip::v4([192, 0, 2, host]), Ip::v4(SERVER));
    FiveTuple { src, dst, src_port: port, dst_port: 53, proto: 17 }
}

fn settings(folder: &Path, budget: u64) -> Settings {
    Settings { folder: folder.join("ring"), budget, packet_bytes: 65_535, recorders: 1 }
}

fn record(name: &str, settings: &Settings, frames: impl IntoIterator<Item = (i64, Vec<u8>)>) -> Arc<Counters> {
    let counters = Arc::new(Counters::default());
    let mut recorder = Recorder::open(name, LinkType::ETHERNET, settings, Arc::clone(&counters)).expect("a folder");
    for (millis, data) in frames {
        let time = Time::from_millis(millis);
        recorder.frame(&Frame { time, link: LinkType::ETHERNET, data: &data });
        // The disk of a test may be slow, and nothing shall be dropped.
        while recorder.buffer.is_empty() && counters.packets.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
    }
    drop(recorder);
    counters
}

fn cut(settings: &Settings, selection: &Selection) -> (Vec<(i64, Vec<u8>)>, Cut) {
    let mut out = Vec::new();
    let cut = Cutter::new(&settings.folder).cut(selection, &mut out).expect("readable");
    let mut file = CaptureFile::from_reader(Path::new("cut"), Box::new(io::Cursor::new(out))).expect("pcapng");
    let mut frames = Vec::new();
    while let Some(frame) = file.next_frame().expect("whole") {
        frames.push((frame.time.millis(), frame.data.to_vec()));
    }
    (frames, cut)
}

#[test]
fn the_packets_of_a_flow_are_cut_in_both_directions_with_and_without_an_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(folder.path(), 64 << 20);
    let frames: Vec<_> = (0..900i64)
        .map(|at| (at * 10, udp(u8::try_from(at % 30).expect("small"), 4_000, at % 60 >= 30, 100)))
        .collect();
    let counters = record("eth1", &settings, frames.clone());
    assert_eq!(counters.packets.load(Ordering::Relaxed), 900);
    let of_seven: Vec<_> = frames.iter().filter(|(at, _)| at / 10 % 30 == 7).cloned().collect();
    let selection = Selection { tuples: vec![tuple(7, 4_000)], ..Selection::default() };
    assert_eq!(cut(&settings, &selection).0, of_seven);
    let late = Selection { from: Some(Time::from_millis(6_000)), ..selection.clone() };
    let wanted: Vec<_> = of_seven.iter().filter(|(at, _)| *at >= 6_000).cloned().collect();
    assert_eq!(cut(&settings, &late).0, wanted);
    for entry in fs::read_dir(&settings.folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|ending| ending == "index") {
            fs::write(path, b"MNRI\x01\0\0\0broken").expect("written");
        }
    }
    assert_eq!(cut(&settings, &selection).0, of_seven, "read from the beginning");
    assert_eq!(cut(&settings, &Selection { tuples: vec![tuple(7, 4_001)], ..selection }).0, []);
    let two = Selection { tuples: vec![tuple(7, 4_000), tuple(9, 4_000)], ..Selection::default() };
    let of_both: Vec<_> = frames.iter().filter(|(at, _)| [7, 9].contains(&(at / 10 % 30))).cloned().collect();
    assert_eq!(cut(&settings, &two).0, of_both, "in the order of their times");
    let filter = Expression::parse("host 192.0.2.7 and src port 53").expect("a filter");
    let back = Selection { filter: Some(filter), ..Selection::default() };
    assert_eq!(cut(&settings, &back).0.len(), 15);
    let few = Selection { most: Some(500), ..Selection::default() };
    let (frames, told) = cut(&settings, &few);
    assert_eq!((frames.len(), told.ended_early, told.packets), (3, true, 3));
}

#[test]
fn the_folder_stays_within_its_budget_and_the_oldest_packets_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(folder.path(), 8 << 20);
    let counters = record("eth1", &settings, (0..40_000).map(|at| (at, udp(1, 4_000, false, 1_000))));
    let sizes = fs::read_dir(&settings.folder).expect("readable").map(|entry| entry?.metadata().map(|data| data.len()));
    let size: u64 = sizes.collect::<Result<Vec<_>, _>>().expect("readable").iter().sum();
    let lost = counters.behind.load(Ordering::Relaxed);
    let recorded = counters.packets.load(Ordering::Relaxed);
    assert_eq!(recorded + lost, 40_000);
    assert!(size <= 8 << 20, "{size}");
    let removed = counters.removed.load(Ordering::Relaxed);
    let (frames, _) = cut(&settings, &Selection::default());
    assert!(frames.len() > 2_000, "{} of {recorded}", frames.len());
    assert!(removed > 0 && (frames.len() as u64) < recorded);
    let oldest = Cutter::new(&settings.folder).oldest().expect("readable").expect("some");
    assert_eq!(frames.first().map(|frame| frame.0), Some(oldest.millis()));
}

#[test]
fn two_recorders_share_a_folder_and_a_cut_has_both_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { recorders: 2, packet_bytes: 42, ..settings(folder.path(), 8 << 20) };
    record("eth1", &settings, (0..100).map(|at| (at * 2, udp(1, 1, false, 50))));
    record("../eth2", &settings, (0..100).map(|at| (at * 2 + 1, udp(2, 2, false, 50))));
    let (frames, _) = cut(&settings, &Selection::default());
    assert_eq!(frames.iter().map(|frame| frame.0).collect::<Vec<_>>(), (0..200).collect::<Vec<_>>());
    assert!(frames.iter().all(|frame| frame.1.len() == 42), "headers only");
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).expect("readable").permissions().mode() & 0o777;
    assert_eq!(mode(&settings.folder), 0o700);
    for entry in fs::read_dir(&settings.folder).expect("readable") {
        let path = entry.expect("readable").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_segment_that_ends_in_the_middle_of_a_packet_gives_those_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(folder.path(), 8 << 20);
    record("eth1", &settings, (0..10).map(|at| (at, udp(1, 1, false, 50))));
    for entry in fs::read_dir(&settings.folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|ending| ending == "pcapng") {
            let octets = fs::read(&path).expect("readable");
            fs::write(&path, &octets[..octets.len() - 30]).expect("written");
        }
    }
    assert_eq!(cut(&settings, &Selection::default()).0.len(), 9);
    let one = Selection { tuples: vec![tuple(1, 1)], ..Selection::default() };
    assert_eq!(cut(&settings, &one).0.len(), 9, "by the index too");
}

#[test]
fn fragments_come_with_their_flow() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(folder.path(), 8 << 20);
    let whole = udp(3, 9, false, 64);
    let part = |units: u16, id: u8, body: &[u8]| {
        let mut frame = whole[..34].to_vec();
        let length = u16::try_from(20 + body.len()).expect("short");
        frame[16..18].copy_from_slice(&length.to_be_bytes());
        frame[18..22].copy_from_slice(&[&[0, id][..], &units.to_be_bytes()].concat());
        frame.extend_from_slice(body);
        frame
    };
    let frames = [
        (0, part(0x2000, 5, &whole[34..66])),
        (1, part(4, 5, &whole[66..])),
        (2, part(4, 6, &whole[66..])),
        (3, udp(3, 8, false, 64)),
    ];
    record("eth1", &settings, frames.clone());
    let one = Selection { tuples: vec![tuple(3, 9)], ..Selection::default() };
    assert_eq!(cut(&settings, &one).0, frames[..2]);
}
