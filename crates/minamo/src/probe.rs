// SPDX-License-Identifier: Apache-2.0
//! The live probe: one thread per interface reads frames, meters them, and sends batches of rows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::{Sample, Time};
use minamo_capture::{CaptureError, LiveCapture};
use minamo_meter::{Meter, Settings};
use minamo_model::{BATCH_ROWS, Flow, FlowBuilder};
use minamo_packet::decode;
use tokio::sync::mpsc;

use crate::clock;

/// Longest that a row waits for its batch to fill.
const BATCH_AGE: Duration = Duration::from_secs(1);

/// Counters of one interface.
#[derive(Default)]
pub(crate) struct Counters {
    /// By name, reason.
    values: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

/// What each counter means.
const DOCS: &[(&str, &str)] = &[
    ("minamo_probe_frames_total", "Frames read."),
    ("minamo_probe_skipped_frames_total", "Frames that are no packets of a flow, by reason."),
    (
        "minamo_probe_dropped_frames_total",
        "Frames that were lost, by reason: give the probe more processor time or memory.",
    ),
    ("minamo_probe_rows_total", "Flow rows made."),
    ("minamo_probe_orphan_fragments_total", "Later fragments whose first was not seen: metered without ports."),
    ("minamo_probe_forgotten_fragments_total", "First fragments forgotten because their table was full."),
    (
        "minamo_probe_stream_gaps_total",
        "Gaps in TCP streams that dissectors were told of: loss before or in the probe.",
    ),
    ("minamo_probe_tunnelled_packets_total", "Packets that came in a tunnel: metered as the conversation inside."),
    (
        "minamo_probe_closed_tunnels_total",
        "Packets of tunnels that were metered as the tunnel, by reason: nested too deeply, no IP inside, cut or impossible.",
    ),
    ("minamo_probe_evicted_total", "Flows reported early because the table was full: raise meter.max_flows."),
];

impl Counters {
    fn set(&self, name: &'static str, reason: &'static str, value: u64) {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).insert((name, reason), value);
    }

    fn add(&self, name: &'static str, reason: &'static str, value: u64) {
        *self.values.lock().unwrap_or_else(PoisonError::into_inner).entry((name, reason)).or_default() += value;
    }

    pub(crate) fn samples(&self, interface: &str) -> Vec<Sample> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let sample = |(&(name, reason), &value): (&(&'static str, &'static str), &u64)| {
            let mut labels = vec![("interface", interface.to_owned())];
            if !reason.is_empty() {
                labels.push(("reason", reason.to_owned()));
            }
            let doc = DOCS.iter().find(|(n, _)| *n == name).map_or("", |(_, doc)| *doc);
            Sample { name, labels, value, doc }
        };
        values.iter().map(sample).collect()
    }
}

/// Meters an interface until `stop` is set; runs on its own thread.
pub(crate) fn run(
    mut capture: LiveCapture,
    settings: Settings,
    rows: &mpsc::Sender<RecordBatch>,
    counters: &Counters,
    stop: &Arc<AtomicBool>,
) -> Result<(), CaptureError> {
    let mut meter = Meter::new(settings);
    let mut out = Rows { builder: FlowBuilder::default(), since: clock::now(), rows };
    let mut frames = 0u64;
    let mut skipped: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut told = clock::now();
    while !stop.load(Ordering::Relaxed) {
        match capture.next_frame()? {
            Some(frame) => {
                frames += 1;
                match decode(frame.link, frame.data) {
                    Ok(packet) => meter.packet(frame.time, &packet, &mut |row| out.add(&row)),
                    Err(skip) => *skipped.entry(skip.reason()).or_default() += 1,
                }
                if !frames.is_multiple_of(1_024) {
                    continue;
                }
            }
            None => meter.advance(clock::now(), &mut |row| out.add(&row)),
        }
        let now = clock::now();
        out.send_old(now);
        if now.since(told) >= 1_000_000_000 {
            told = now;
            tell(counters, &capture, frames, &skipped, &meter)?;
        }
    }
    meter.finish(&mut |row| out.add(&row));
    out.send(clock::now());
    tell(counters, &capture, frames, &skipped, &meter)
}

fn tell(
    counters: &Counters,
    capture: &LiveCapture,
    frames: u64,
    skipped: &BTreeMap<&'static str, u64>,
    meter: &Meter,
) -> Result<(), CaptureError> {
    counters.set("minamo_probe_frames_total", "", frames);
    let metered = meter.counters();
    counters.set("minamo_probe_rows_total", "", metered.rows);
    counters.set("minamo_probe_evicted_total", "full_table", metered.evicted);
    counters.set("minamo_probe_orphan_fragments_total", "", metered.orphan_fragments);
    counters.set("minamo_probe_forgotten_fragments_total", "full_table", metered.forgotten_fragments);
    counters.set("minamo_probe_stream_gaps_total", "", metered.stream_gaps);
    counters.set("minamo_probe_tunnelled_packets_total", "", metered.tunnelled);
    for (reason, count) in [
        ("deep_nesting", metered.closed_deep),
        ("not_ip", metered.closed_not_ip),
        ("unreadable", metered.closed_unreadable),
    ] {
        counters.set("minamo_probe_closed_tunnels_total", reason, count);
    }
    for (reason, count) in skipped {
        counters.set("minamo_probe_skipped_frames_total", reason, *count);
    }
    counters.add("minamo_probe_dropped_frames_total", "kernel_buffer", capture.stats()?.dropped);
    Ok(())
}

/// Rows on their way into a batch. A full channel makes the probe wait; what the kernel then drops is counted.
struct Rows<'a> {
    builder: FlowBuilder,
    since: Time,
    rows: &'a mpsc::Sender<RecordBatch>,
}

impl Rows<'_> {
    fn add(&mut self, row: &Flow) {
        if self.builder.is_empty() {
            self.since = clock::now();
        }
        self.builder.append(row);
        if self.builder.len() >= BATCH_ROWS {
            self.send(self.since);
        }
    }

    fn send_old(&mut self, now: Time) {
        if !self.builder.is_empty() && now.since(self.since) >= i64::try_from(BATCH_AGE.as_nanos()).unwrap_or(0) {
            self.send(now);
        }
    }

    fn send(&mut self, now: Time) {
        self.since = now;
        if self.builder.is_empty() {
            return;
        }
        match self.builder.finish() {
            Ok(batch) => {
                if self.rows.blocking_send(batch).is_err() {
                    tracing::debug!("the lake is closing");
                }
            }
            Err(error) => tracing::error!(%error, "rows do not form a batch"),
        }
    }
}
