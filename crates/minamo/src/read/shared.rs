// SPDX-License-Identifier: Apache-2.0
//! Captures metered by several threads. Each has its part of the flows; whoever has nothing to meter reads the next chunk for
//! all, so that all are busy however the flows are spread. Who reads looks at no more of a packet than says whose it is; frames
//! stay in the block that they were read into, and each thread decodes its own. Chunks go through every thread in their
//! order, and rows leave in the order of their chunks and, within one, of the last packets of their flows, after all that
//! DNS told in the chunk: they are those of a single thread.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use minamo_capture::{Frame, Frames};
use minamo_meter::{Counters, Dealt, Detached, Done, Flows, Learnt, Names, Settings, Unit};

use super::{Report, Source, Taker};

/// Chunks between reading and the output for each thread: enough for one that is busy with a large flow to catch up.
const AHEAD: usize = 8;
/// Rows that are handed over together at the end.
const ROWS: usize = 256;

/// What is metered, in the order of arrival.
#[derive(Default)]
struct Chunk {
    number: u64,
    block: Frames,
    /// By thread.
    units: Vec<Vec<Piece>>,
    /// Payloads of units that are no frames of the block.
    payloads: Vec<u8>,
    /// The latest time of all frames so far.
    now: Time,
    /// True where nothing more is written yet.
    paused: bool,
}

/// Something for one thread.
enum Piece {
    /// A packet, and the number of its frame.
    Frame(Dealt, usize),
    /// What took decoding, and where its payload is.
    Unit(Box<Detached>, Range<usize>),
}

/// What one thread made of a chunk.
struct Made {
    /// In their order.
    rows: Vec<Done>,
    learnt: Vec<Learnt>,
}

/// What all threads made of a chunk so far.
#[derive(Default)]
struct Parts {
    parts: Vec<Made>,
    /// True where a pause followed.
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
    /// By the number of the chunk.
    made: BTreeMap<u64, Parts>,
    /// Chunks that were used up, for their room.
    spare: Vec<Chunk>,
    counters: Counters,
    stopped: bool,
}

struct Shared<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
}

enum Work<'a> {
    Read(Box<Source<'a>>, Chunk),
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
        made: BTreeMap::new(),
        spare: Vec::new(),
        counters: Counters::default(),
        stopped: false,
    };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new() };
    // What a host asked DNS for is seen by one thread, its connections by others: names are joined where rows leave.
    let names = Names::new(settings.dns_names);
    let settings = Settings { max_flows: settings.max_flows.div_ceil(threads), ..settings };
    std::thread::scope(|scope| {
        let mut last = Vec::new();
        for thread in 0..threads {
            let (send, receive) = sync_channel(2);
            last.push(receive);
            let (shared, settings) = (&shared, settings.clone());
            scope.spawn(move || shared.run(thread, settings, &send));
        }
        let go_on = shared.deliver(threads, &names, out) && deliver_last(last, &names, out);
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
                Work::Read(source, chunk) => self.read(*source, chunk),
                Work::Meter(chunk) => {
                    let made = meter_chunk(&mut flows, thread, &chunk);
                    let mut state = self.lock();
                    let all = state.made.entry(chunk.number).or_default();
                    all.parts.push(made);
                    all.paused = chunk.paused;
                    state.spare.extend(Arc::into_inner(chunk));
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
                let chunk = state.spare.pop().unwrap_or_default();
                return Work::Read(Box::new(source), Chunk { number: state.next, ..chunk });
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Reads a chunk and gives it to all.
    fn read(&self, mut source: Source<'a>, chunk: Chunk) {
        let threads = self.lock().queues.len();
        let Chunk { number, mut block, mut units, mut payloads, .. } = chunk;
        units.resize_with(threads, Vec::new);
        units.iter_mut().for_each(Vec::clear);
        payloads.clear();
        let more = source.read(&mut block);
        let mut detach = |unit: &Unit<'_>, units: &mut Vec<Vec<Piece>>| {
            let (detached, payload) = unit.detach();
            let start = payloads.len();
            payloads.extend_from_slice(payload);
            if let Some(units) = units.get_mut(unit.shard(threads)) {
                units.push(Piece::Unit(Box::new(detached), start..payloads.len()));
            }
        };
        source.take(&block, &mut |intake, frame, time, &Frame { link, data, .. }| {
            let dealt = intake.deal(time, (link, data), threads, &mut |unit| detach(unit, &mut units))?;
            if let Some((dealt, units)) = dealt.and_then(|dealt| Some((dealt, units.get_mut(dealt.part)?))) {
                units.push(Piece::Frame(dealt, frame));
            }
            Ok(())
        });
        source.take_rest(more, &mut |unit| detach(unit, &mut units));
        let (now, paused) = (source.intake.now(), source.paused);
        let chunk = Arc::new(Chunk { number, block, units, payloads, now, paused });
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
    fn deliver(&self, threads: usize, names: &Names, out: &mut dyn Taker) -> bool {
        for number in 0.. {
            let mut state = self.lock();
            let Parts { mut parts, paused } = loop {
                if state.stopped {
                    return false;
                }
                if state.made.get(&number).is_some_and(|all| all.parts.len() == threads) {
                    break state.made.remove(&number).unwrap_or_default();
                }
                if state.ended.is_some() && state.next == number {
                    return true;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            state.ahead -= 1;
            drop(state);
            self.changed.notify_all();
            let forgotten: u64 = parts.iter_mut().map(|made| names.learn(made.learnt.drain(..))).sum();
            if forgotten > 0 {
                self.lock().counters.forgotten_names += forgotten;
            }
            let rows = in_order(parts.into_iter().map(|made| made.rows.into_iter()));
            for done in rows {
                if !out.row(names.complete(done)) {
                    return false;
                }
            }
            if paused && !out.pause() {
                return false;
            }
        }
        true
    }
}

/// Rows of several threads, each of which gives its own in their order, in the order of all.
fn in_order(threads: impl Iterator<Item = impl Iterator<Item = Done>>) -> impl Iterator<Item = Done> {
    let mut heads: Vec<_> = threads.map(Iterator::peekable).collect();
    let next = heads.iter_mut().enumerate().filter_map(|(at, rows)| Some(Reverse((rows.peek()?.order, at))));
    let mut next: BinaryHeap<_> = next.collect();
    std::iter::from_fn(move || {
        let Reverse((_, at)) = next.pop()?;
        let rows = heads.get_mut(at)?;
        let done = rows.next();
        next.extend(rows.peek().map(|done| Reverse((done.order, at))));
        done
    })
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

fn meter_chunk(flows: &mut Flows, thread: usize, chunk: &Chunk) -> Made {
    let mut rows = Vec::new();
    for piece in chunk.units.get(thread).into_iter().flatten() {
        let mut take = |unit: &Unit<'_>| flows.take(unit, &mut |done| rows.push(done));
        match piece {
            Piece::Frame(dealt, frame) => {
                let taken = chunk.block.frame(*frame).map(|frame| dealt.unit(frame.link, frame.data, take));
                // What a glance takes for a packet is one (minamo_packet::glance, proven there).
                debug_assert!(matches!(taken, Some(Ok(()))), "dealt and not decoded: {taken:?}");
            }
            Piece::Unit(unit, payload) => {
                unit.with(chunk.payloads.get(payload.clone()).unwrap_or_default(), |unit| take(unit));
            }
        }
    }
    flows.advance(chunk.now, &mut |done| rows.push(done));
    rows.sort_by_key(|done| done.order);
    Made { rows, learnt: flows.learnt().collect() }
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
fn deliver_last(threads: Vec<Receiver<Vec<Done>>>, names: &Names, out: &mut dyn Taker) -> bool {
    in_order(threads.into_iter().map(|receive| receive.into_iter().flatten())).all(|done| out.row(names.complete(done)))
}
