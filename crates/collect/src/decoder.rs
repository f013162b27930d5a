// SPDX-License-Identifier: Apache-2.0
//! A decoder: one thread with the templates of its exporters, which nobody else changes. It reads parcels of
//! datagrams, fills batches and hands them on, and saves what shall survive a restart.

use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use minamo_base::Time;
use minamo_flowwire::{Cache, Sender, Sink, decode_into};
use minamo_model::Flow;
use minamo_schema::Block;

use crate::CollectError;
use crate::counters::{Counters, Last, add};
use crate::exporters::{Desk, Exporter, Recent, Seen, Verdict};
use crate::initial::{self, Looked};
use crate::keeper::Keeper;
use crate::parcel::{Outbox, Parcel};
use crate::stage::Stage;

/// One message with where it came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) octets: &'a [u8],
    pub(crate) from: Sender,
    pub(crate) transport: &'static str,
    pub(crate) received: Time,
}

/// Decodes one message: its rows go to the stage as far as the exporter's standing and rate allow, all is counted.
pub(crate) fn take(message: Message<'_>, cache: &mut Cache, seen: &mut Seen, stage: &mut Stage, counters: &Counters) {
    let Message { octets, from, transport, received } = message;
    let exporter = from.address;
    let (account, recent) = seen.exporter(exporter, received);
    account.arrive(transport, octets.len(), received);
    if !account.standing.is_decoded() {
        account.refuse(received);
        add(&counters.refused_datagrams, 1);
        return;
    }
    let redefined = cache.counters().redefined_templates;
    let looked = Looked::default();
    let mut intake = Intake { account, recent, stage, received, not_allowed: 0, over_rate: 0, looked };
    let report = decode_into(octets, from, received, cache, &mut intake);
    let Intake { account, not_allowed, over_rate, looked, .. } = intake;
    account.redefined += cache.counters().redefined_templates - redefined;
    add(&counters.refused_counters, account.report(&report, received));
    counters.report(&report);
    if not_allowed + over_rate > 0 {
        add(&counters.refused_rows, not_allowed);
        add(&counters.over_rate, over_rate);
    }
    if looked != Looked::default() {
        add(&counters.initial_packets, looked.read);
        add(&counters.unfit_packets, looked.unfit);
    }
    if let Some(first) = report.skipped.first() {
        tracing::debug!(%exporter, transport, skipped = report.skipped.len(), %first, "message not used in full");
    }
}

/// Where the rows of one message go.
struct Intake<'a> {
    account: &'a mut Exporter,
    recent: &'a mut Recent,
    stage: &'a mut Stage,
    received: Time,
    not_allowed: u64,
    over_rate: u64,
    looked: Looked,
}

impl Intake<'_> {
    fn leave(&mut self, rows: usize, verdict: Verdict) {
        match verdict {
            Verdict::Take => {}
            Verdict::NotAllowed => self.not_allowed += rows as u64,
            Verdict::OverRate => self.over_rate += rows as u64,
        }
    }
}

impl Sink for Intake<'_> {
    fn row(&mut self, flow: &Flow) {
        if initial::has(flow) {
            let mut flow = flow.clone();
            let looked = initial::look(&mut flow);
            self.looked.read += looked.read;
            self.looked.unfit += looked.unfit;
            self.known(&flow);
        } else {
            self.known(flow);
        }
    }

    fn block(&mut self, block: &Block) {
        let (taken, others) = self.account.block(block, self.received, self.recent);
        self.stage.extend(block, taken, self.received);
        self.leave(block.rows() - taken, others);
    }
}

impl Intake<'_> {
    fn known(&mut self, flow: &Flow) {
        match self.account.row(flow, self.received, self.recent) {
            Verdict::Take => self.stage.append(flow, self.received),
            other => self.leave(1, other),
        }
    }
}

pub(crate) struct Decoder {
    pub(crate) desk: Arc<Mutex<Desk>>,
    pub(crate) stage: Stage,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: fn() -> Time,
    pub(crate) keeper: Option<Keeper>,
    /// Longest wait between two looks at the clock.
    pub(crate) tick: Duration,
    pub(crate) save_delay: Duration,
}

impl Decoder {
    /// Decodes what the queue brings until it is closed and empty.
    pub(crate) fn run(mut self, queue: &Outbox) -> Result<(), CollectError> {
        let mut last = Last::default();
        let mut looked = Time::default();
        let mut saved = (self.clock)();
        let (mut held, mut evicted) = (0, 0);
        loop {
            let (now, idle, ended) = match queue.receiver.recv_timeout(self.tick) {
                Ok(parcel) => {
                    let received = parcel.received();
                    self.parcel(&parcel);
                    queue.give_back(parcel);
                    (received, false, false)
                }
                Err(RecvTimeoutError::Timeout) => ((self.clock)(), true, false),
                Err(RecvTimeoutError::Disconnected) => ((self.clock)(), true, true),
            };
            if ended {
                self.stage.close();
            } else {
                self.stage.look(now);
            }
            // The desk is looked at ten times a second, not with every parcel; and at once where the clock was set back.
            if idle || now.since(looked) >= LOOK || now < looked {
                looked = now;
                let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
                self.counters.cache(&desk.cache, &mut last);
                desk.streams.retain(|(_, stream)| stream.strong_count() > 0);
                let (len, gone) = (desk.seen.len(), desk.seen.evicted);
                add(&self.counters.exporters, (len as u64).wrapping_sub(held as u64));
                add(&self.counters.evicted_exporters, gone - evicted);
                (held, evicted) = (len, gone);
                let due = ended || u128::from(now.since(saved).unsigned_abs()) >= self.save_delay.as_nanos();
                if due && let Some(keeper) = &mut self.keeper {
                    saved = now;
                    let due = keeper.due(&desk, now, ended);
                    drop(desk);
                    keeper.save(due);
                }
            }
            self.stage.send()?;
            if ended {
                return Ok(());
            }
        }
    }

    fn parcel(&mut self, parcel: &Parcel) {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let Desk { cache, seen, .. } = &mut *desk;
        for (from, octets) in parcel.iter() {
            let message = Message { octets, from, transport: "udp", received: parcel.received() };
            take(message, cache, seen, &mut self.stage, &self.counters);
        }
    }
}

/// Nanoseconds between two looks at the desk.
const LOOK: i64 = 100_000_000;
