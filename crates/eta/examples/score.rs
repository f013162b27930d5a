// SPDX-License-Identifier: Apache-2.0
//! Sessions per second and core: features and verdict, and the verdict alone. `make bench-eta` runs it.

#![allow(clippy::disallowed_methods, reason = "a stopwatch")]

use std::hint::black_box;
use std::time::Instant;

use minamo_eta::features::{Scratch, Telemetry, Values, extract};
use minamo_eta::model::Model;
use minamo_eta::simulate;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::embedded()?;
    let sessions = simulate::sessions(2_000, 1);
    let mut scratch = Scratch::default();
    let values: Vec<Values> =
        sessions.iter().map(|session| extract(&session.flow, &Telemetry::default(), &mut scratch)).collect();
    let rounds = 500;
    let began = Instant::now();
    for _ in 0..rounds {
        for values in &values {
            black_box(model.judge(black_box(values)));
        }
    }
    tell("verdicts", rounds * values.len(), began);
    let began = Instant::now();
    for _ in 0..rounds / 5 {
        for session in &sessions {
            let values = extract(black_box(&session.flow), &Telemetry::default(), &mut scratch);
            black_box(model.judge(&values));
        }
    }
    tell("features and verdicts", rounds / 5 * sessions.len(), began);
    Ok(())
}

fn tell(what: &str, count: usize, began: Instant) {
    let each = began.elapsed().as_secs_f64() / count as f64;
    eprintln!("{what}: {:.0} a second, {:.0} ns each", 1.0 / each, each * 1e9);
}
