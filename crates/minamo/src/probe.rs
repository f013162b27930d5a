// SPDX-License-Identifier: Apache-2.0
//! The live probe: one thread per interface reads frames, meters them, and sends batches of rows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::{Tally, Time};
use minamo_capture::recorder::{self, Recorder};
use minamo_capture::{CaptureError, Frame, Watched};
use minamo_eta::judge::Judge;
use minamo_meter::{Choice, Meter, Names, Sampling, Settings};
use minamo_model::{BATCH_ROWS, Flow, FlowBuilder};
use minamo_packet::LinkType;
use tokio::sync::mpsc;

use crate::clock;

/// Longest that a row waits for its batch to fill.
const BATCH_AGE: Duration = Duration::from_secs(1);

minamo_base::counters! {
    /// Counters of one interface.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Frames read.
        frames: AtomicU64 = "minamo_probe_frames_total" [interface], "";
        /// Frames that the kernel dropped because they were not read fast enough.
        dropped: AtomicU64 = "minamo_probe_dropped_frames_total" [interface, reason = "kernel_buffer"],
            "Give the probe more processor time, more threads (probe.threads) or a larger ring (probe.ring).";
        /// Times that the ring of frames was full.
        full: AtomicU64 = "minamo_probe_full_ring_total" [interface],
            "Where frames are dropped too, raise probe.ring for bursts, probe.threads for lasting load.";
        /// Frames that are no packets of a flow.
        skipped: Tally<&'static str> = "minamo_probe_skipped_frames_total" [interface, reason],
            "Frames of other protocols are as they should be; look at the mirror port where headers are cut or bad.";
        /// Frames without IP (ARP, LLDP, GOOSE …) metered.
        link_frames: AtomicU64 = "minamo_probe_link_frames_total" [interface], "";
        /// Flow rows made.
        rows: AtomicU64 = "minamo_probe_rows_total" [interface], "";
        /// Encrypted sessions that were judged.
        judged: AtomicU64 = "minamo_probe_judged_sessions_total" [interface], "";
        /// Of them, sessions outside of what the model was trained on: class unknown.
        unknown: AtomicU64 = "minamo_probe_unknown_sessions_total" [interface],
            "Where these are many, this network is unlike those of the model: train one with its captures (minamo model train).";
        /// Pairs of hosts whose earlier sessions were forgotten because there were too many.
        forgotten_pairs: AtomicU64 = "minamo_probe_forgotten_pairs_total" [interface, reason = "full_table"],
            "Repeated sessions may be seen late; give the probe more threads, each remembers pairs of its own.";
        /// Flows reported early because the table was full.
        evicted: AtomicU64 = "minamo_probe_evicted_total" [interface, reason = "full_table"], "Raise meter.max_flows.";
        /// Flows of which only a SYN was seen, reported early because such flows filled half of the table.
        evicted_opening: AtomicU64 = "minamo_probe_evicted_total" [interface, reason = "syn_flood"],
            "Connections are opened from many sources and not answered: look at the events and for the target.";
        /// TCP segments that came early and were not held, because all flows together hold too much.
        refused_segments: AtomicU64 = "minamo_probe_refused_segments_total" [interface, reason = "memory"],
            "Look for loss on the mirror port; without any, somebody sends gaps on purpose.";
        /// Later fragments whose first was not seen: metered without ports.
        orphan_fragments: AtomicU64 = "minamo_probe_orphan_fragments_total" [interface],
            "Look for loss before the probe; without any, somebody sends fragments on purpose.";
        /// Packets in fragments given up because too many, or too many of their octets, were held.
        forgotten_fragments: AtomicU64 = "minamo_probe_forgotten_fragments_total" [interface, reason = "full_table"],
            "Somebody sends many fragments that never end: look at the flows with the most packets.";
        /// Packets put together from their fragments.
        joined_packets: AtomicU64 = "minamo_probe_joined_packets_total" [interface], "";
        /// Packets of which fragments were missing: what came before the first gap was looked into.
        incomplete_packets: AtomicU64 = "minamo_probe_incomplete_packets_total" [interface],
            "Look for loss before the probe; without any, somebody sends fragments on purpose.";
        /// Packets whose fragments contradicted each other.
        overlapping_fragments: AtomicU64 = "minamo_probe_overlapping_fragments_total" [interface],
            "Somebody may hide what the receiver gets: look at the flows with `ip_fragment_overlaps > 0`.";
        /// Packets that sampling left out.
        unsampled: AtomicU64 = "minamo_probe_unsampled_packets_total" [interface], "";
        /// Packets put together when their flow had ended: not looked into.
        late_packets: AtomicU64 = "minamo_probe_late_packets_total" [interface],
            "Idle timeouts below 30 seconds end flows before their fragments are given up; raise meter.idle_timeout.";
        /// Gaps in TCP streams that dissectors were told of.
        stream_gaps: AtomicU64 = "minamo_probe_stream_gaps_total" [interface],
            "Look for loss on the mirror port, and at the dropped frames.";
        /// Rows dropped because their batch could not be built.
        dropped_batch: AtomicU64 = "minamo_probe_dropped_rows_total" [interface, reason = "batch_error"],
            "A fault of the program; the log says which.";
        /// Rows dropped because the lake was closing.
        dropped_closed: AtomicU64 = "minamo_probe_dropped_rows_total" [interface, reason = "closed"], "";
        /// Packets that came in a tunnel: metered as the conversation inside.
        tunnelled: AtomicU64 = "minamo_probe_tunnelled_packets_total" [interface], "";
        /// Packets of tunnels metered as the tunnel: they are nested too deeply.
        closed_deep: AtomicU64 = "minamo_probe_closed_tunnels_total" [interface, reason = "deep_nesting"],
            "Somebody wraps packets many times: look at the flows of the outer tunnel.";
        /// Packets of tunnels metered as the tunnel: there is no IP inside.
        closed_not_ip: AtomicU64 = "minamo_probe_closed_tunnels_total" [interface, reason = "not_ip"], "";
        /// Packets of tunnels metered as the tunnel: what is inside is cut or impossible.
        closed_unreadable: AtomicU64 = "minamo_probe_closed_tunnels_total" [interface, reason = "unreadable"],
            "Look whether the mirror port cuts packets.";
        /// Addresses whose names from DNS were forgotten because their table was full.
        forgotten_names: AtomicU64 = "minamo_probe_forgotten_names_total" [interface, reason = "full_table"],
            "Connections may lack the name that their host had asked for; with very many hosts that is as it should be.";
        /// Endpoints that a conversation announced (ports of FTP's data, of media) and that were forgotten because their table
        /// was full.
        forgotten_ends: AtomicU64 = "minamo_probe_forgotten_endpoints_total" [interface, reason = "full_table"],
            "Data and media may be Unknown; many of one host are an attack on the table.";
        /// Conversations whose label was forgotten, for the flow that may follow, because too many fell silent.
        forgotten_labels: AtomicU64 = "minamo_probe_forgotten_labels_total" [interface, reason = "full_table"], "";
        /// Flows, or sides of them, without messages, TLS records, counts of octet values or first packets, because those of
        /// all flows together take too much memory.
        refused_telemetry: AtomicU64 = "minamo_probe_refused_telemetry_total" [interface, reason = "memory"],
            "Raise meter.telemetry, or leave out the groups `bd` and `idp`.";
        /// Sides whose TLS records could not be followed any further: octets are missing, or are no records.
        lost_records: AtomicU64 = "minamo_probe_lost_records_total" [interface], "Look for loss before the probe.";
    }
}

/// Meters an interface until `stop` is set, and records its packets where it shall; runs on its own thread. All threads of an
/// interface know names together.
pub(crate) fn run(
    mut capture: Watched,
    (settings, names, judge): (Settings, Names, Judge),
    mut recording: Option<Recording>,
    rows: &mpsc::Sender<RecordBatch>,
    counters: &Counters,
    stop: &Arc<AtomicBool>,
) -> Result<(), CaptureError> {
    let mut meter = Meter::with_names(settings, names);
    let mut out = Rows { judge, builder: FlowBuilder::default(), since: clock::now(), rows, counters };
    let mut frames = 0u64;
    let mut skipped: BTreeMap<&'static str, u64> = BTreeMap::new();
    let (mut told, mut told_at) = (Told::default(), clock::now());
    while !stop.load(Ordering::Relaxed) {
        match capture.next_frame()? {
            Some(frame) => {
                frames += 1;
                if let Some(recording) = &mut recording {
                    recording.frame(&frame)?;
                }
                if let Err(skip) = meter.take(frame.time, frame.link, frame.data, &mut |row| out.add(row)) {
                    *skipped.entry(skip.reason()).or_default() += 1;
                }
                if !frames.is_multiple_of(1_024) {
                    continue;
                }
            }
            None => meter.advance(clock::now(), &mut |row| out.add(row)),
        }
        let now = clock::now();
        out.send_old(now);
        if let Some(recording) = &mut recording {
            recording.advance(now);
        }
        if now.since(told_at) >= 1_000_000_000 {
            told_at = now;
            told.tell(counters, &mut capture, frames, &skipped, (&meter, &out.judge))?;
        }
    }
    meter.finish(&mut |row| out.add(row));
    out.send(clock::now());
    told.tell(counters, &mut capture, frames, &skipped, (&meter, &out.judge))
}

/// What one thread records of its interface.
pub(crate) struct Recording {
    name: String,
    settings: recorder::Settings,
    counters: Arc<recorder::Counters>,
    /// Once there was a frame: an interface that comes back may be one of another kind.
    open: Option<(LinkType, Recorder)>,
}

impl Recording {
    /// For a thread of this name; the folder is made now.
    #[cfg(feature = "lake")]
    pub(crate) fn new(
        name: String,
        settings: &recorder::Settings,
        counters: Arc<recorder::Counters>,
    ) -> std::io::Result<Self> {
        recorder::make_folder(&settings.folder)?;
        Ok(Self { name, settings: settings.clone(), counters, open: None })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), CaptureError> {
        let recorder = match &mut self.open {
            Some((link, recorder)) if *link == frame.link => recorder,
            other => {
                let opened = Recorder::open(&self.name, frame.link, &self.settings, Arc::clone(&self.counters));
                let failed = |cause| CaptureError::Io { path: self.settings.folder.clone(), cause };
                &mut other.insert((frame.link, opened.map_err(failed)?)).1
            }
        };
        recorder.frame(frame);
        Ok(())
    }

    fn advance(&mut self, now: Time) {
        if let Some((_, recorder)) = &mut self.open {
            recorder.advance(now);
        }
    }
}

/// The settings of one thread of several on an interface: threads that draw the same numbers do not draw by chance. Flows are
/// chosen alike everywhere.
pub(crate) fn apart(settings: &Settings, thread: usize) -> Settings {
    let apart = |sampling: Sampling| match sampling.choice {
        Choice::Flow => sampling,
        Choice::Count | Choice::Random => Sampling { seed: sampling.seed.wrapping_add(thread as u64), ..sampling },
    };
    Settings { sampling: settings.sampling.map(apart), ..settings.clone() }
}

/// What one thread has told its interface's counters, which it shares with the other threads.
#[derive(Default)]
struct Told {
    frames: u64,
    skipped: BTreeMap<&'static str, u64>,
    metered: minamo_meter::Counters,
    /// Judged sessions, unknown ones, forgotten pairs.
    judged: [u64; 3],
}

impl Told {
    /// Adds what came since the last time.
    fn tell(
        &mut self,
        counters: &Counters,
        capture: &mut Watched,
        frames: u64,
        skipped: &BTreeMap<&'static str, u64>,
        (meter, judge): (&Meter, &Judge),
    ) -> Result<(), CaptureError> {
        let (now, before) = (meter.counters(), std::mem::replace(&mut self.metered, meter.counters()));
        for (counter, value, told) in [
            (&counters.frames, frames, std::mem::replace(&mut self.frames, frames)),
            (&counters.link_frames, now.frames, before.frames),
            (&counters.rows, now.rows, before.rows),
            (&counters.judged, judge.judged(), std::mem::replace(&mut self.judged[0], judge.judged())),
            (&counters.unknown, judge.unknown(), std::mem::replace(&mut self.judged[1], judge.unknown())),
            (&counters.forgotten_pairs, judge.forgotten(), std::mem::replace(&mut self.judged[2], judge.forgotten())),
            (&counters.evicted, now.evicted - now.evicted_opening, before.evicted - before.evicted_opening),
            (&counters.evicted_opening, now.evicted_opening, before.evicted_opening),
            (&counters.refused_segments, now.refused_segments, before.refused_segments),
            (&counters.orphan_fragments, now.orphan_fragments, before.orphan_fragments),
            (&counters.forgotten_fragments, now.forgotten_fragments, before.forgotten_fragments),
            (&counters.joined_packets, now.joined_packets, before.joined_packets),
            (&counters.incomplete_packets, now.incomplete_packets, before.incomplete_packets),
            (&counters.overlapping_fragments, now.overlapping_fragments, before.overlapping_fragments),
            (&counters.unsampled, now.unsampled, before.unsampled),
            (&counters.late_packets, now.late_packets, before.late_packets),
            (&counters.stream_gaps, now.stream_gaps, before.stream_gaps),
            (&counters.tunnelled, now.tunnelled, before.tunnelled),
            (&counters.closed_deep, now.closed_deep, before.closed_deep),
            (&counters.closed_not_ip, now.closed_not_ip, before.closed_not_ip),
            (&counters.closed_unreadable, now.closed_unreadable, before.closed_unreadable),
            (&counters.forgotten_names, now.forgotten_names, before.forgotten_names),
            (&counters.forgotten_ends, now.forgotten_ends, before.forgotten_ends),
            (&counters.forgotten_labels, now.forgotten_labels, before.forgotten_labels),
            (&counters.refused_telemetry, now.refused_telemetry, before.refused_telemetry),
            (&counters.lost_records, now.lost_records, before.lost_records),
        ] {
            counter.fetch_add(value.saturating_sub(told), Ordering::Relaxed);
        }
        for (reason, count) in skipped {
            let told = self.skipped.insert(reason, *count).unwrap_or(0);
            counters.skipped.add(reason, count.saturating_sub(told));
        }
        // The kernel counts since the last look.
        let kernel = capture.stats()?;
        counters.dropped.fetch_add(kernel.dropped, Ordering::Relaxed);
        counters.full.fetch_add(kernel.full, Ordering::Relaxed);
        Ok(())
    }
}

/// Rows on their way into a batch. A full channel makes the probe wait; what the kernel then drops is counted.
struct Rows<'a> {
    judge: Judge,
    builder: FlowBuilder,
    since: Time,
    rows: &'a mpsc::Sender<RecordBatch>,
    counters: &'a Counters,
}

impl Rows<'_> {
    fn add(&mut self, mut row: Flow) {
        self.judge.judge(&mut row);
        if self.builder.is_empty() {
            self.since = clock::now();
        }
        self.builder.append(&row);
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
        let count = self.builder.len() as u64;
        match self.builder.finish() {
            Ok(batch) => {
                if self.rows.blocking_send(batch).is_err() {
                    self.counters.dropped_closed.fetch_add(count, Ordering::Relaxed);
                }
            }
            Err(error) => {
                self.counters.dropped_batch.fetch_add(count, Ordering::Relaxed);
                tracing::error!(%error, "rows do not form a batch");
            }
        }
    }
}

/// The group of captures that share an interface. Groups are known by number to all programs in a network namespace:
/// the process keeps two of them apart.
pub(crate) fn group(interface: usize) -> u16 {
    let [low, high, ..] = std::process::id().to_le_bytes();
    u16::from_le_bytes([low, high]).wrapping_add(u16::try_from(interface).unwrap_or(u16::MAX))
}
