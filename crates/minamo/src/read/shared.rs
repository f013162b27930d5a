// SPDX-License-Identifier: Apache-2.0
//! Captures metered by several threads. Each has its part of the flows; whoever has nothing to meter reads the next chunk for
//! all, so that all are busy however the flows are spread. Chunks go through every thread in their order, and
//! rows leave in the order of their chunks and, within one, of the last packets of their flows: they are those of a
//! single thread.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use minamo_meter::{Counters, Detached, Done, Flows, Settings};

use super::{Report, Source, Taker};

/// Chunks between reading and the output for each thread: enough for one that is busy with a large flow to catch up.
const AHEAD: usize = 8;
/// Rows that are handed over together at the end.
const ROWS: usize = 256;

/// Units in the order of arrival.
struct Chunk {
    number: u64,
    /// By thread.
    units: Vec<Vec<(Detached, Range<usize>)>>,
    payloads: Vec<u8>,
    /// The latest time of all frames so far.
    now: Time,
    /// True where nothing more is written yet.
    paused: bool,
}

/// What the threads share.
struct State<'a> {
    /// Nothing while somebody reads, and at the end.
    source: Option<Source<'a>>,
    /// What the source told at its end.
    ended: Option<Source<'a>>,
    /// Number of the next chunk.
    next: u64,
    /// Chunks whose rows were not taken.
    ahead: usize,
    queues: Vec<VecDeque<Arc<Chunk>>>,
    /// Rows of chunks, by the number of the chunk; true where a pause followed.
    rows: BTreeMap<u64, (Vec<Vec<Done>>, bool)>,
    counters: Counters,
    stopped: bool,
}

struct Shared<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
}

enum Work<'a> {
    Read(Box<Source<'a>>, u64),
    Meter(Arc<Chunk>),
    End,
    Stop,
}

/// Meters with so many threads; rows go to `out`, which can stop it by returning false.
pub(super) fn meter(source: Source<'_>, settings: Settings, threads: usize, out: &mut dyn Taker) -> Report {
    let state = State {
        source: Some(source),
        ended: None,
        next: 0,
        ahead: 0,
        queues: (0..threads).map(|_| VecDeque::new()).collect(),
        rows: BTreeMap::new(),
        counters: Counters::default(),
        stopped: false,
    };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new() };
    // What a host asked DNS for is seen by one thread, its connections by others: none of them joins names.
    let settings = Settings { max_flows: settings.max_flows.div_ceil(threads), dns_names: 0, ..settings };
    std::thread::scope(|scope| {
        let mut last = Vec::new();
        for thread in 0..threads {
            let (send, receive) = sync_channel(2);
            last.push(receive);
            let (shared, settings) = (&shared, settings.clone());
            scope.spawn(move || shared.run(thread, settings, &send));
        }
        let go_on = shared.deliver(threads, out) && deliver_last(last, out);
        if !go_on {
            shared.lock().stopped = true;
            shared.changed.notify_all();
        }
    });
    let state = shared.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.ended.or(state.source) {
        Some(source) => source.end(state.counters),
        None => Report::default(),
    }
}

impl<'a> Shared<'a> {
    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread.
    fn run(&self, thread: usize, settings: Settings, last: &SyncSender<Vec<Done>>) {
        let guard = Guard(self);
        let mut flows = Flows::new(settings);
        loop {
            match self.work(thread) {
                Work::Read(source, number) => self.read(*source, number),
                Work::Meter(chunk) => {
                    let rows = meter_chunk(&mut flows, thread, &chunk);
                    let mut state = self.lock();
                    let (parts, paused) = state.rows.entry(chunk.number).or_default();
                    parts.push(rows);
                    *paused = chunk.paused;
                    drop(state);
                    self.changed.notify_all();
                }
                Work::Stop => break,
                Work::End => {
                    finish(&mut flows, last);
                    break;
                }
            }
        }
        self.lock().counters += flows.counters();
        drop(guard);
    }

    /// What is to be done; waits until there is something. Metering comes first: it makes room.
    fn work(&self, thread: usize) -> Work<'a> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return Work::Stop;
            }
            let queue = state.queues.get_mut(thread);
            if let Some(chunk) = queue.and_then(VecDeque::pop_front) {
                return Work::Meter(chunk);
            }
            if state.ended.is_some() {
                return Work::End;
            }
            if state.ahead < AHEAD * state.queues.len()
                && let Some(source) = state.source.take()
            {
                return Work::Read(Box::new(source), state.next);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Reads a chunk and gives it to all.
    fn read(&self, mut source: Source<'a>, number: u64) {
        let threads = self.lock().queues.len();
        let mut units: Vec<Vec<(Detached, Range<usize>)>> = (0..threads).map(|_| Vec::new()).collect();
        let mut payloads = Vec::new();
        let more = source.chunk(&mut |unit| {
            let (detached, payload) = unit.detach();
            let start = payloads.len();
            payloads.extend_from_slice(payload);
            if let Some(units) = units.get_mut(unit.shard(threads)) {
                units.push((detached, start..payloads.len()));
            }
        });
        let (now, paused) = (source.intake.now(), source.paused);
        let chunk = Arc::new(Chunk { number, units, payloads, now, paused });
        let mut state = self.lock();
        state.queues.iter_mut().for_each(|queue| queue.push_back(Arc::clone(&chunk)));
        (state.next, state.ahead) = (number + 1, state.ahead + 1);
        if more {
            state.source = Some(source);
        } else {
            state.ended = Some(source);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Hands on the rows of chunks in their order until the last one; false where `out` has enough.
    fn deliver(&self, threads: usize, out: &mut dyn Taker) -> bool {
        for number in 0.. {
            let mut state = self.lock();
            let (parts, paused) = loop {
                if state.stopped {
                    return false;
                }
                if state.rows.get(&number).is_some_and(|(parts, _)| parts.len() == threads) {
                    break state.rows.remove(&number).unwrap_or_default();
                }
                if state.ended.is_some() && state.next == number {
                    return true;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            state.ahead -= 1;
            drop(state);
            self.changed.notify_all();
            let mut rows: Vec<Option<Done>> = parts.into_iter().flatten().map(Some).collect();
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by_key(|at| rows.get(*at).and_then(Option::as_ref).map(|done| done.order));
            let mut in_order = order.into_iter().filter_map(|at| rows.get_mut(at)?.take());
            if !in_order.all(|done| out.row(done.row)) || paused && !out.pause() {
                return false;
            }
        }
        true
    }
}

/// Stops the others where its thread breaks: nobody waits for rows that will not come.
struct Guard<'a, 'b>(&'a Shared<'b>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().stopped = true;
            self.0.changed.notify_all();
        }
    }
}

fn meter_chunk(flows: &mut Flows, thread: usize, chunk: &Chunk) -> Vec<Done> {
    let mut rows = Vec::new();
    for (unit, payload) in chunk.units.get(thread).into_iter().flatten() {
        let payload = chunk.payloads.get(payload.clone()).unwrap_or_default();
        unit.with(payload, |unit| flows.take(unit, &mut |done| rows.push(done)));
    }
    flows.advance(chunk.now, &mut |done| rows.push(done));
    rows
}

/// Sends the rows of all open flows; ends early where nobody takes them.
fn finish(flows: &mut Flows, last: &SyncSender<Vec<Done>>) {
    let mut rows = Vec::new();
    let mut taken = true;
    flows.finish(&mut |done| {
        rows.push(done);
        if rows.len() >= ROWS {
            taken = taken && last.send(std::mem::take(&mut rows)).is_ok();
            rows.clear();
        }
    });
    if taken && last.send(rows).is_err() {
        tracing::debug!("the output has enough");
    }
}

/// Hands on the rows of flows that the end of the input ended, in their order; false where `out` has enough.
fn deliver_last(threads: Vec<Receiver<Vec<Done>>>, out: &mut dyn Taker) -> bool {
    let mut heads: Vec<_> = threads.into_iter().map(|receive| receive.into_iter().flatten().peekable()).collect();
    loop {
        let first = heads.iter_mut().enumerate().filter_map(|(at, rows)| Some((rows.peek()?.order, at))).min();
        let Some(done) = first.and_then(|(_, at)| heads.get_mut(at)?.next()) else { return true };
        if !out.row(done.row) {
            return false;
        }
    }
}
