// SPDX-License-Identifier: Apache-2.0
//! Flows to another collector: NetFlow v5, NetFlow v9 (RFC 3954) or IPFIX (RFC 7011) over UDP, IPFIX over TCP and TLS.
//! An [`Exporter`] sends and waits; who may not wait puts a queue in front ([`Door`]); who may not lose anything while
//! a collector is away puts a [`Spool`](spool::Spool) on disk between, with a queue in front or without.
//!
//! Not here: SCTP.

mod door;
mod link;
pub mod spool;
mod stream;
mod target;
mod template;
#[cfg(test)]
mod tests;
mod tls;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_flowwire::{Encoder, Wire, in_milliseconds};
use minamo_model::Flow;
use minamo_pair::split;

pub use door::Door;
pub use minamo_flowwire::EXAMPLE_ENTERPRISE;
pub use target::{Target, TargetError, Transport};
pub use template::{Template, TemplateError};
pub use tls::TlsFiles;

use crate::{Sink, SinkError};
use link::Link;

/// How long before the first export the exporter says that it started. NetFlow v5 and v9 tell times in milliseconds
/// from there, in 32 bits: flows may be as old as this.
const AGE: Duration = Duration::from_secs(40 * 86_400);
/// Templates are sent again over UDP after this time (RFC 7011 §8.4 wants a multiple of what a receiver keeps them).
const TEMPLATE_AGE: Duration = Duration::from_secs(60);
/// … and after so many datagrams.
const TEMPLATE_DATAGRAMS: u64 = 64;
/// Rows that are encoded together: they share datagrams by their columns.
const TOGETHER: usize = 2_048;

minamo_base::counters! {
    /// Counters of one export.
    pub struct Counters, pub static METRICS {
        /// Messages sent.
        messages: AtomicU64 = "minamo_export_messages_total" [target], "";
        /// Records sent: of a flow with two directions two, where the receiver knows one direction only.
        records: AtomicU64 = "minamo_export_records_total" [target], "";
        /// Records that the format cannot carry: IPv6 in NetFlow v5, numbers too large.
        refused_format: AtomicU64 = "minamo_export_refused_records_total" [target, reason = "format"],
            "Export as ipfix, which carries everything.";
        /// Records that are too old for times in milliseconds since a start.
        refused_old: AtomicU64 = "minamo_export_refused_records_total" [target, reason = "too_old"],
            "Export as ipfix, which has absolute times.";
        /// Rows dropped because the queue was full.
        dropped: AtomicU64 = "minamo_export_dropped_rows_total" [target, reason = "queue_full"],
            "The collector is away or too slow; the rows are in the lake: `minamo query … --export` sends them again.";
        /// Rows that the filter of the export leaves out.
        filtered: AtomicU64 = "minamo_export_filtered_rows_total" [target], "";
        /// Rows dropped because it could not be told whether they pass the filter of the export.
        dropped_filter: AtomicU64 = "minamo_export_dropped_rows_total" [target, reason = "filter"],
            "The log says why; the rows are in the lake: `minamo query … --export` sends them again.";
        /// Rows dropped because the program ended while the collector was away.
        dropped_end: AtomicU64 = "minamo_export_dropped_rows_total" [target, reason = "closed"],
            "The rows are in the lake: `minamo query … --export` sends them again.";
        /// Messages that the system did not take.
        send_errors: AtomicU64 = "minamo_export_send_errors_total" [target], "Look at the route to the collector.";
        /// Connections made, the first one too.
        connections: AtomicU64 = "minamo_export_connections_total" [target], "";
        /// Attempts to connect that failed.
        connect_failures: AtomicU64 = "minamo_export_connect_failures_total" [target],
            "Start the collector, or correct its address in the configuration.";
        /// 1 while there is a connection; over UDP always.
        connected: AtomicU64 = "minamo_export_connected" [target], "";
    }
}

fn add(counter: &AtomicU64, by: usize) {
    counter.fetch_add(u64::try_from(by).unwrap_or(u64::MAX), Ordering::Relaxed);
}

impl Counters {
    /// Says that a filter leaves out so many rows.
    pub fn leave_out(&self, rows: usize) {
        add(&self.filtered, rows);
    }

    /// Says that so many rows are lost because nobody could tell whether they pass.
    pub fn lose(&self, rows: usize) {
        add(&self.dropped_filter, rows);
    }

    /// Records sent so far.
    pub fn sent(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// What was not sent, in words; nothing where all was.
    pub fn losses(&self) -> Vec<String> {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let all = [
            (count(&self.refused_format), "record(s) not exported: the format cannot carry them"),
            (count(&self.refused_old), "record(s) not exported: too old for this format, use ipfix"),
            (count(&self.send_errors), "message(s) not sent: the system did not take them"),
        ];
        all.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect()
    }
}

/// Sends rows to one collector.
pub struct Exporter {
    target: Target,
    link: Link,
    encoder: Option<Encoder>,
    /// When templates were sent last, and the connection that they went over.
    refreshed: Time,
    connection: u64,
    clock: Clock,
    counters: Arc<Counters>,
}

/// What time it is for the receiver.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// Time of the system.
    System(fn() -> Time),
    /// The latest end of a flow so far: a capture is exported as it was then.
    Rows(Time),
}

impl Exporter {
    /// An exporter; connects with the first row.
    pub fn new(target: Target, clock: Clock, counters: Arc<Counters>) -> Self {
        let link = Link::new(&target, Arc::clone(&counters));
        Self { target, link, encoder: None, refreshed: Time(i64::MIN), connection: 0, clock, counters }
    }

    /// Sends the rows of a batch; an error where the collector cannot be reached now. Rows before the error may have
    /// been sent.
    pub fn send(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        self.send_rows(&Flow::rows(batch))
    }

    /// The same with rows that are in no batch.
    pub fn send_rows(&mut self, rows: &[Flow]) -> Result<(), SinkError> {
        for rows in rows.chunks(TOGETHER) {
            if self.target.biflow {
                self.encode(rows)?;
            } else {
                let rows: Vec<Flow> = rows.iter().flat_map(|row| records(&self.target, row)).collect();
                self.encode(&rows)?;
            }
        }
        Ok(())
    }

    fn encode(&mut self, rows: &[Flow]) -> Result<(), SinkError> {
        let now = self.now(rows);
        self.link.open()?;
        self.prepare(now);
        let Self { encoder: Some(encoder), link, counters, target, .. } = self else { return Ok(()) };
        let fit = fitting(target, rows, now - AGE, counters);
        let mut failed = None;
        let encoded = encoder.encode(&fit, now, &mut |message| {
            if failed.is_none() {
                failed = link.send(message).err();
            }
        });
        add(&counters.refused_format, encoded.refused);
        match failed {
            None => {
                add(&counters.records, encoded.rows);
                Ok(())
            }
            Some(error) => Err(error.into()),
        }
    }

    fn now(&mut self, rows: &[Flow]) -> Time {
        match &mut self.clock {
            Clock::System(clock) => clock(),
            Clock::Rows(latest) => {
                *latest = rows.iter().map(|row| row.core.time_end).max().unwrap_or(*latest).max(*latest);
                *latest
            }
        }
    }

    /// An encoder whose templates the receiver has or gets: a connection is a session of its own (RFC 7011 §8.3, §10.4).
    fn prepare(&mut self, now: Time) {
        let connection = self.link.connection();
        if self.encoder.is_none() || connection != self.connection {
            self.encoder = Some(encoder(&self.target, now));
            (self.connection, self.refreshed) = (connection, now);
        }
        let old = now.since(self.refreshed) >= i64::try_from(TEMPLATE_AGE.as_nanos()).unwrap_or(i64::MAX);
        if old && self.target.transport == Transport::Udp {
            self.refreshed = now;
            if let Some(encoder) = &mut self.encoder {
                encoder.refresh_templates();
            }
        }
    }
}

/// One or two records of a row.
fn records(target: &Target, row: &Flow) -> Vec<Flow> {
    if target.biflow {
        return vec![row.clone()];
    }
    let mut row = Cow::Borrowed(row);
    if target.eta {
        in_milliseconds(row.to_mut());
    }
    let (first, second) = split(&row);
    std::iter::once(first).chain(second).collect()
}

/// A session's encoder. A stream needs each template once.
fn encoder(target: &Target, now: Time) -> Encoder {
    let refresh = if target.transport == Transport::Udp { TEMPLATE_DATAGRAMS } else { u64::MAX };
    let encoder = Encoder::new(target.wire, target.domain, now - AGE);
    let encoder = encoder.with_limits(1_400, refresh);
    let encoder = if target.nanoseconds { encoder } else { encoder.with_milliseconds() };
    let encoder = if target.eta { encoder.with_eta() } else { encoder };
    let encoder = match target.enterprise {
        Some(number) => encoder.with_enterprise(number),
        None => encoder,
    };
    match &target.template {
        Some(template) => encoder.with_columns(&template.columns()),
        None => encoder,
    }
}

/// The rows that are not too old for a format that tells times in milliseconds since its start; others are counted.
fn fitting<'a>(target: &Target, rows: &'a [Flow], boot: Time, counters: &Counters) -> Cow<'a, [Flow]> {
    let fits = |row: &&Flow| row.core.time_start >= boot;
    if target.wire == Wire::Ipfix || rows.iter().all(|row| fits(&row)) {
        return Cow::Borrowed(rows);
    }
    let young: Vec<Flow> = rows.iter().filter(fits).cloned().collect();
    add(&counters.refused_old, rows.len() - young.len());
    Cow::Owned(young)
}

impl Sink for Exporter {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        self.send(batch)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        Ok(())
    }
}
