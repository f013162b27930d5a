// SPDX-License-Identifier: Apache-2.0
//! What encrypted traffic analytics cost: `make bench-eta`, or `cost CAPTURE...`.
//!
//! Processor time of this thread, as the kernel counts it: how much of the meter's time the telemetry takes, by groups of
//! columns, on captures that were read into memory before, in sum over the passes; and verdicts a second. The ways to meter take turns, so that other
//! work on the machine meets all of them, and the least of the rounds counts.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use minamo_base::Time;
use minamo_capture::CaptureFile;
use minamo_eta::features::{Scratch, Source, Values, extract, extract_but_octets};
use minamo_eta::model::Model;
use minamo_eta::simulate::{self, Simulated};
use minamo_meter::{Groups, Meter, Settings};
use minamo_packet::{LinkType, decode};

/// Times that each way to meter is measured.
const ROUNDS: usize = 7;
/// Times that a capture is metered each way.
const TURNS: usize = 41;
/// Largest share of the meter's time for what is always on.
const MOST_TELEMETRY: f64 = 0.08;
/// Sessions a second.
const LEAST_SESSIONS: f64 = 1e6;
/// Octets of the model file.
const LARGEST_MODEL: usize = 5_000_000;

type Frames = Vec<(Time, LinkType, Vec<u8>)>;

fn main() -> Result<(), Box<dyn Error>> {
    let captures: Vec<Frames> =
        std::env::args_os().skip(1).map(|path| frames(Path::new(&path))).collect::<Result<_, _>>()?;
    if captures.is_empty() {
        return Err("usage: cost CAPTURE...".into());
    }
    let met = [telemetry(&captures)? <= MOST_TELEMETRY, sessions()? >= LEAST_SESSIONS, size()? <= LARGEST_MODEL];
    say(&format!("met {} of {} aims", met.iter().filter(|met| **met).count(), met.len()));
    Ok(())
}

#[allow(clippy::print_stdout, reason = "the answer of a program")]
fn say(line: &str) {
    println!("{line}");
}

/// Nanoseconds that this thread has run.
fn now() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().ok_or("schedstat is empty")?.parse()?)
}

/// The frames of a capture, as far as it can be read.
fn frames(path: &Path) -> Result<Frames, Box<dyn Error>> {
    let mut file = CaptureFile::open(path)?;
    let mut out = Vec::new();
    while let Ok(Some(frame)) = file.next_frame() {
        out.push((frame.time, frame.link, frame.data.to_vec()));
    }
    Ok(out)
}

/// Nanoseconds to meter a capture, without those to make the meter.
fn metered(frames: &Frames, groups: Groups) -> f64 {
    let mut meter = Meter::new(Settings { groups, ..Settings::default() });
    let before = Instant::now();
    for (time, link, data) in frames {
        if let Ok(packet) = decode(*link, data) {
            meter.packet(*time, &packet, &mut |row| drop(black_box(row)));
        }
    }
    meter.finish(&mut |row| drop(black_box(row)));
    before.elapsed().as_nanos() as f64
}

/// Share of the meter's time with all groups that the telemetry takes.
fn telemetry(captures: &[Frames]) -> Result<f64, Box<dyn Error>> {
    let ways = [
        ("without", Groups { splt: false, eta: false, ..Groups::ALL }),
        ("lengths and times", Groups { eta: false, ..Groups::ALL }),
        ("all", Groups::ALL),
        ("all, bd", Groups { bd: true, ..Groups::ALL }),
        ("full", Groups::FULL),
    ];
    let mut least = [0.0; 5];
    for frames in captures {
        let mut of_capture = [f64::INFINITY; 5];
        for round in 0..TURNS {
            for turn in 0..ways.len() {
                let way = (round + turn) % ways.len();
                if let (Some((_, groups)), Some(least)) = (ways.get(way), of_capture.get_mut(way)) {
                    *least = least.min(metered(frames, *groups));
                }
            }
        }
        least.iter_mut().zip(of_capture).for_each(|(sum, least)| *sum += least);
    }
    let [base, _, all, ..] = least;
    let packets: usize = captures.iter().map(Vec::len).sum();
    say(&format!("{packets} packets of {} captures", captures.len()));
    for ((name, _), least) in ways.iter().zip(least) {
        say(&format!("{name:<20} {:>7.3} ms  telemetry {:>5.1} %", least / 1e6, 100.0 * (least - base) / least));
    }
    Ok((all - base) / all)
}

/// Sessions a second: features and verdict. A row is judged as soon as it is made, when the core still has it in its cache: few
/// sessions again and again are such rows. Many are told as well: they come from memory, as rows of an exporter may.
fn sessions() -> Result<f64, Box<dyn Error>> {
    let model = Model::embedded()?;
    let made = simulate::sessions(MANY, 1);
    let few = made.get(..FEW).unwrap_or_default();
    let near = judged(&model, few)?;
    say(&format!("verdicts: {:.0} a second, {:.2} s a million", near.verdicts, 1e6 / near.verdicts));
    let whole = near.whole;
    say(&format!("features and verdicts: {whole:.0} a second, {:.2} s a million", 1e6 / whole));
    let far = judged(&model, &made)?.whole;
    say(&format!("the same, rows from memory: {far:.0} a second, {:.2} s a million", 1e6 / far));
    Ok(whole)
}

/// Sessions that stay in a core's cache: about half a megabyte.
const FEW: usize = 100;
/// Sessions that do not.
const MANY: usize = 2_000;

/// A second.
struct Speed {
    verdicts: f64,
    whole: f64,
}

fn judged(model: &Model, sessions: &[Simulated]) -> Result<Speed, Box<dyn Error>> {
    let again = 20 * MANY / sessions.len().max(1);
    let mut scratch = Scratch::default();
    // As whoever judges does it.
    let extract = if model.asks().contains(&Source::Octets) { extract } else { extract_but_octets };
    let mut both = [f64::INFINITY; 2];
    let values: Vec<Values> =
        sessions.iter().map(|session| extract(&session.flow, session.pair, &mut scratch)).collect();
    for _ in 0..ROUNDS {
        let before = now()?;
        for values in (0..again).flat_map(|_| &values) {
            black_box(model.judge(black_box(values)));
        }
        let between = now()?;
        for session in (0..again).flat_map(|_| sessions) {
            let values = extract(black_box(&session.flow), session.pair, &mut scratch);
            black_box(model.judge(&values));
        }
        let [verdict, whole] = &mut both;
        (*verdict, *whole) = (verdict.min(between - before), whole.min(now()? - between));
    }
    let [verdicts, whole] = both.map(|nanos| (again * sessions.len()) as f64 * 1e9 / nanos);
    Ok(Speed { verdicts, whole })
}

/// Octets of the model file.
fn size() -> Result<usize, Box<dyn Error>> {
    let octets = Model::embedded()?.to_bytes()?.len();
    say(&format!("model: {octets} octets"));
    Ok(octets)
}
