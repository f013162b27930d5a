// SPDX-License-Identifier: Apache-2.0
//! What encrypted traffic analytics cost: `make bench-eta`, or `cost CAPTURE...`.
//!
//! Time of pieces that are shorter than what the system gives a thread at once, each the least of many turns: what other
//! work on the machine takes is in none of them, so that it is processor time. How much of the meter's time the telemetry
//! takes, by groups of columns, on captures that were read into memory before, in sum over them; and verdicts a second.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use minamo_base::Time;
use minamo_capture::CaptureFile;
use minamo_eta::features::{Source, Values};
use minamo_eta::measure::{Scratch, extract, extract_but_octets};
use minamo_eta::model::Model;
use minamo_eta::simulate::{self, Simulated};
use minamo_meter::{Groups, Meter, Settings};
use minamo_packet::{LinkType, decode};

/// Times that a capture is metered each way, and sessions are judged.
const TURNS: usize = 41;
/// Largest share of the meter's time for what is always on.
const MOST_TELEMETRY: f64 = 0.08;
/// Sessions a second.
const LEAST_SESSIONS: f64 = 1e6;
/// Octets of the model file.
const LARGEST_MODEL: usize = 5_000_000;

type Frames = Vec<(Time, LinkType, Vec<u8>)>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let captures: Vec<Frames> =
        std::env::args_os().skip(1).map(|path| frames(Path::new(&path))).collect::<Result<_, _>>()?;
    if captures.is_empty() {
        return Err("usage: cost CAPTURE...".into());
    }
    let met = [telemetry(&captures) <= MOST_TELEMETRY, sessions()? >= LEAST_SESSIONS, size()? <= LARGEST_MODEL];
    let count = met.iter().filter(|met| **met).count();
    say(&format!("met {count} of {} aims", met.len()));
    Ok(if count == met.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[allow(clippy::print_stdout, reason = "the answer of a program")]
fn say(line: &str) {
    println!("{line}");
}

#[allow(clippy::disallowed_methods, reason = "what is measured is time")]
fn now() -> Instant {
    Instant::now()
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
    let before = now();
    for (time, link, data) in frames {
        if let Ok(packet) = decode(*link, data) {
            meter.packet(*time, &packet, &mut |row| drop(black_box(row)));
        }
    }
    meter.finish(&mut |row| drop(black_box(row)));
    before.elapsed().as_nanos() as f64
}

/// Share of the meter's time with all groups that the telemetry takes.
fn telemetry(captures: &[Frames]) -> f64 {
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
    (all - base) / all
}

/// Sessions a second: features and verdict. A row is judged as soon as it is made, when the core still has it in its cache: few
/// sessions again and again are such rows. Many are told as well: they come from memory, as rows of an exporter may.
fn sessions() -> Result<f64, Box<dyn Error>> {
    let model = Model::embedded()?;
    let made = simulate::sessions(MANY, 1);
    let few = made.get(..FEW).unwrap_or_default();
    let near = judged(&model, few);
    say(&format!("verdicts: {:.0} a second, {:.2} s a million", near.verdicts, 1e6 / near.verdicts));
    let whole = near.whole;
    say(&format!("features and verdicts: {whole:.0} a second, {:.2} s a million", 1e6 / whole));
    let far = judged(&model, &made).whole;
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

fn judged(model: &Model, sessions: &[Simulated]) -> Speed {
    let mut scratch = Scratch::default();
    // As whoever judges does it.
    let extract = if model.asks().contains(&Source::Octets) { extract } else { extract_but_octets };
    let values: Vec<Values> =
        sessions.iter().map(|session| extract(&session.flow, session.pair, &mut scratch)).collect();
    let mut least = [f64::INFINITY; 2];
    for _ in 0..TURNS * MANY / sessions.len().max(1) {
        let before = now();
        for values in &values {
            black_box(model.judge(black_box(values), None));
        }
        let between = now();
        for session in sessions {
            let values = extract(black_box(&session.flow), session.pair, &mut scratch);
            black_box(model.judge(&values, None));
        }
        let [verdict, whole] = &mut least;
        *verdict = verdict.min((between - before).as_nanos() as f64);
        *whole = whole.min(between.elapsed().as_nanos() as f64);
    }
    let [verdicts, whole] = least.map(|nanos| sessions.len() as f64 * 1e9 / nanos);
    Speed { verdicts, whole }
}

/// Octets of the model file.
fn size() -> Result<usize, Box<dyn Error>> {
    let octets = Model::embedded()?.to_bytes()?.len();
    say(&format!("model: {octets} octets"));
    Ok(octets)
}
