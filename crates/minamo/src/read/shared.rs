// SPDX-License-Identifier: Apache-2.0
//! Captures metered by several threads. Each has its part of the flows; whoever has nothing to meter reads the next chunk for
//! all, so that all are busy however the flows are spread. Who reads looks at no more of a packet than says whose it is; frames
//! stay in the block that they were read into, and each thread decodes its own. Chunks go through every thread in their
//! order; their rows are put into the order of the last packets of their flows, and looked at in it after all that DNS told
//! in the chunk. What is left to do to them (facts that follow from others, text) is done by the thread that metered them, which has
//! their memory at hand, and they leave in their order: they are those of a single thread. The thread that called puts them into
//! order and hands them on, and works as the others where there is nothing to hand on: no more threads run than were asked for.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use minamo_capture::{Frame, Frames};
use minamo_meter::{Counters, Dealt, Detached, Flows, Forgotten, Learnt, Names, Settings, Unit};

use super::rows::{Bunch, Maker, Order, Part, Rows, in_order, next_of};
use super::{Job, ROWS, Report, Source, Taker, more_rows};

/// Chunks between reading and the output for each thread: enough for one that is busy with a large flow to catch up.
const AHEAD: usize = 16;
/// Where fewer chunks than this are on their way, reading comes before metering: nobody shall wait for who reads.
const LOW: usize = 4;
/// Bunches of rows between their order and the output from which on no more are begun.
const BUNCHES: u64 = 64;
/// Rows of each thread that wait for those of the others at the end.
const WAITING: usize = 4 * ROWS;

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

/// What one thread metered of a chunk.
struct Metered {
    thread: usize,
    /// In their order.
    rows: Rows,
    learnt: Vec<Learnt>,
}

/// What all threads metered of a chunk so far.
#[derive(Default)]
struct Chunked {
    parts: Vec<Metered>,
    /// True where a pause followed.
    paused: bool,
}

/// Rows of one thread that the end of the input ended.
#[derive(Default)]
struct Last {
    rows: Rows,
    /// True where no more come.
    all: bool,
}

/// What the threads share.
struct State<'a> {
    /// Nothing while somebody reads, and at the end.
    source: Option<Source<'a>>,
    /// What the source told at its end.
    ended: Option<Source<'a>>,
    /// Number of the next chunk.
    next: u64,
    /// Chunks whose rows were not put into order.
    ahead: usize,
    queues: Vec<VecDeque<Arc<Chunk>>>,
    /// By the number of the chunk.
    metered: BTreeMap<u64, Chunked>,
    /// By thread.
    last: Vec<Last>,
    /// By thread: what is to be made, with the number of its bunch.
    due: Vec<VecDeque<(u64, Part)>>,
    /// By number.
    bunches: BTreeMap<u64, Bunch>,
    /// Parts that were given, for their room.
    given: Vec<Part>,
    /// Chunks that were used up, for their room.
    spare: Vec<Chunk>,
    counters: Counters,
    /// Threads that wait for something to do.
    waiting: usize,
    stopped: bool,
}

struct Shared<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
}

/// What a thread does next.
enum Work<'a> {
    Read(Box<Source<'a>>, Chunk),
    Meter(Arc<Chunk>),
    Make(u64, Part),
    /// End flows that are open.
    Finish,
    /// For the thread that has the output.
    Deliver(Turn),
    Stop,
}

/// What is to be done in order, by the thread that has the output.
enum Turn {
    /// A chunk that every thread metered.
    Chunk(Chunked),
    /// Every thread has rows of flows that were open; true of those that have no more than they gave.
    Last(Vec<bool>),
    /// The next bunch.
    Give(Bunch),
}

/// What the thread that has the output knows.
struct Delivery<'a> {
    order: Order<'a>,
    out: &'a mut dyn Taker,
    /// Chunks whose rows are in order, bunches that were begun, and that were given.
    chunks: u64,
    begun: u64,
    given: u64,
    /// By thread: rows of flows that were open and are not in order yet.
    last: Vec<Rows>,
}

/// Meters with so many threads; rows go to `out`, which can stop it by returning false.
pub(super) fn meter(source: Source<'_>, job: &Job<'_>, out: &mut dyn Taker) -> Report {
    fn each<T: Default>(threads: usize) -> Vec<T> {
        (0..threads).map(|_| T::default()).collect()
    }
    let (threads, settings) = (job.threads, job.settings.clone());
    let state = State {
        source: Some(source),
        ended: None,
        next: 0,
        ahead: 0,
        queues: each(threads),
        metered: BTreeMap::new(),
        last: each(threads),
        due: each(threads),
        bunches: BTreeMap::new(),
        given: Vec::new(),
        spare: Vec::new(),
        counters: Counters::default(),
        waiting: 0,
        stopped: false,
    };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new() };
    let names = Names::new(settings.dns_names);
    let settings = Settings { max_flows: settings.max_flows.div_ceil(threads), ..settings };
    let line = out.line();
    let order = job.order(&names);
    let delivery = Delivery { order, out, chunks: 0, begun: 0, given: 0, last: each(threads) };
    std::thread::scope(|scope| {
        for thread in 1..threads {
            let (shared, settings, maker) = (&shared, settings.clone(), job.maker(line));
            scope.spawn(move || shared.run(thread, (settings, maker), None));
        }
        shared.run(0, (settings, job.maker(line)), Some(delivery));
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

    /// One thread; that which has the output runs until all is done, or nothing more is wanted.
    fn run(&self, thread: usize, (settings, mut maker): (Settings, Maker), mut delivery: Option<Delivery<'_>>) {
        let _guard = Guard(self);
        let mut flows = Flows::new(settings);
        loop {
            match self.work(thread, delivery.as_mut()) {
                Work::Read(source, chunk) => self.read(*source, chunk),
                Work::Meter(chunk) => {
                    let part = meter_chunk(&mut flows, thread, &chunk);
                    let mut state = self.lock();
                    let all = state.metered.entry(chunk.number).or_default();
                    all.parts.push(part);
                    all.paused = chunk.paused;
                    state.spare.extend(Arc::into_inner(chunk));
                }
                Work::Make(number, mut part) => {
                    part.make(&mut maker);
                    self.lock().made(number, thread, part);
                }
                Work::Finish => {
                    let mut rows = VecDeque::with_capacity(ROWS);
                    let more = more_rows(&mut flows, &mut rows);
                    if let Some(last) = self.lock().last.get_mut(thread) {
                        last.rows.append(&mut rows);
                        last.all = !more;
                    }
                }
                Work::Deliver(turn) => {
                    if !delivery.as_mut().is_some_and(|delivery| self.deliver(delivery, turn)) {
                        break;
                    }
                }
                Work::Stop => break,
            }
        }
        self.lock().counters += flows.counters();
    }

    /// What is to be done; waits until there is something.
    fn work(&self, thread: usize, mut delivery: Option<&mut Delivery<'_>>) -> Work<'a> {
        let mut state = self.lock();
        // Whoever waits may do so for what this thread has just done. A call to the system each time would cost more than most of
        // what is done; and who is woken shall not find the lock taken.
        let mut others = state.waiting > 0;
        loop {
            let work = state.choose(thread, delivery.as_deref_mut());
            if let Some(work) = work {
                drop(state);
                if others {
                    self.changed.notify_all();
                }
                return work;
            }
            if std::mem::take(&mut others) {
                self.changed.notify_all();
            }
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
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
    }

    /// Puts rows into order, or hands them on; false where nothing more is wanted.
    fn deliver(&self, delivery: &mut Delivery<'_>, turn: Turn) -> bool {
        match turn {
            Turn::Chunk(Chunked { parts, paused }) => {
                delivery.chunks += 1;
                let mut rows: Vec<_> = delivery.last.iter().map(|_| VecDeque::new()).collect();
                let mut learnt = Vec::new();
                for part in parts {
                    learnt.extend(part.learnt);
                    if let Some(rows) = rows.get_mut(part.thread) {
                        *rows = part.rows;
                    }
                }
                learnt.sort_by_key(|learnt: &Learnt| learnt.order);
                let forgotten = delivery.order.names.learn(learnt);
                if forgotten != Forgotten::default() {
                    self.lock().counters += forgotten;
                }
                let all = vec![true; rows.len()];
                self.begin(delivery, (&mut rows, &all), paused);
            }
            Turn::Last(all) => {
                let mut last = std::mem::take(&mut delivery.last);
                self.begin(delivery, (&mut last, &all), false);
                delivery.last = last;
            }
            Turn::Give(mut bunch) => {
                delivery.given += 1;
                if !bunch.give(delivery.out) {
                    return false;
                }
                self.lock().given.extend(bunch.parts.into_iter().flatten().map(Part::emptied));
            }
        }
        true
    }

    /// Puts rows of several threads into order, each of which has its own in theirs, and has bunches made of them, as far as the order
    /// of all is known: up to the last row of a thread that will have more.
    fn begin(&self, delivery: &mut Delivery<'_>, (rows, all): (&mut [Rows], &[bool]), paused: bool) {
        let mut more = true;
        while more {
            let mut bunch = self.lock().bunch();
            more = (0..ROWS).all(|_| match next_of(rows, all) {
                Some((thread, mut done)) => {
                    let earlier = delivery.order.look(&mut done);
                    bunch.push(thread, done, earlier);
                    true
                }
                None => false,
            });
            bunch.paused = paused && !more;
            if !bunch.turns.is_empty() || bunch.paused {
                let mut state = self.lock();
                state.begin(delivery.begun, bunch);
                delivery.begun += 1;
                if state.waiting > 0 {
                    drop(state);
                    self.changed.notify_all();
                }
            }
        }
    }
}

impl<'a> State<'a> {
    /// What this thread is to do, if anything. What is nearest to the output comes first: it makes room.
    fn choose(&mut self, thread: usize, delivery: Option<&mut Delivery<'_>>) -> Option<Work<'a>> {
        if self.stopped {
            return Some(Work::Stop);
        }
        if let Some(delivery) = delivery {
            if let Some(turn) = self.turn(delivery) {
                return Some(Work::Deliver(turn));
            }
            if self.is_done(delivery) {
                return Some(Work::Stop);
            }
        }
        if let Some((number, part)) = self.due.get_mut(thread).and_then(VecDeque::pop_front) {
            return Some(Work::Make(number, part));
        }
        // What is still written is read when nothing else is left to do: reading may pause.
        if self.ahead < LOW
            && let Some(source) = self.source.take_if(|source| source.follow.is_none())
        {
            return Some(self.read(source));
        }
        if let Some(chunk) = self.queues.get_mut(thread).and_then(VecDeque::pop_front) {
            return Some(Work::Meter(chunk));
        }
        if self.ended.is_some() && self.last.get(thread).is_some_and(|last| !last.all && last.rows.len() < WAITING) {
            return Some(Work::Finish);
        }
        if self.ahead < AHEAD * self.queues.len() {
            let source = self.source.take()?;
            return Some(self.read(source));
        }
        None
    }

    /// Has the next chunk read.
    fn read(&mut self, source: Source<'a>) -> Work<'a> {
        let chunk = self.spare.pop().unwrap_or_default();
        Work::Read(Box::new(source), Chunk { number: self.next, ..chunk })
    }

    /// A bunch without rows.
    fn bunch(&mut self) -> Bunch {
        let parts = (0..self.due.len()).map(|_| Some(self.given.pop().unwrap_or_default())).collect();
        Bunch { parts, ..Bunch::default() }
    }

    /// Has the rows of a bunch made by the threads that metered them.
    fn begin(&mut self, number: u64, mut bunch: Bunch) {
        for (part, due) in bunch.parts.iter_mut().zip(&mut self.due) {
            due.extend(part.take_if(|part| part.len() > 0).map(|part| (number, part)));
        }
        self.bunches.insert(number, bunch);
    }

    /// Takes what a thread made.
    fn made(&mut self, number: u64, thread: usize, part: Part) {
        if let Some(place) = self.bunches.get_mut(&number).and_then(|bunch| bunch.parts.get_mut(thread)) {
            *place = Some(part);
        }
    }

    /// What is to be done in order, if anything is. Where a thread's rows of flows that were open are used up, it gets the next ones.
    fn turn(&mut self, delivery: &mut Delivery<'_>) -> Option<Turn> {
        let Delivery { chunks, begun, given, last, .. } = delivery;
        if self.bunches.get(given).is_some_and(|bunch| bunch.parts.iter().all(Option::is_some)) {
            return self.bunches.remove(given).map(Turn::Give);
        }
        // What waits to be made, and to leave in its order, is bounded as well.
        if *begun - *given >= BUNCHES {
            return None;
        }
        if self.metered.get(chunks).is_some_and(|all| all.parts.len() == last.len()) {
            self.ahead -= 1;
            return self.metered.remove(chunks).map(Turn::Chunk);
        }
        if self.ended.is_none() || self.next != *chunks {
            return None;
        }
        for (rows, of) in last.iter_mut().zip(&mut self.last) {
            if rows.is_empty() {
                rows.append(&mut of.rows);
            }
        }
        let all: Vec<bool> = self.last.iter().map(|of| of.all && of.rows.is_empty()).collect();
        let known = last.iter().zip(&all).all(|(rows, all)| *all || !rows.is_empty());
        (known && last.iter().any(|rows| !rows.is_empty())).then_some(Turn::Last(all))
    }

    /// True where all was read, metered and handed on.
    fn is_done(&self, delivery: &Delivery<'_>) -> bool {
        self.ended.is_some()
            && self.next == delivery.chunks
            && delivery.begun == delivery.given
            && self.last.iter().all(|last| last.all && last.rows.is_empty())
            && delivery.last.iter().all(VecDeque::is_empty)
    }
}

/// Stops all threads with this one, however it ends: nobody waits for what will not come.
struct Guard<'a, 'b>(&'a Shared<'b>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.changed.notify_all();
    }
}

fn meter_chunk(flows: &mut Flows, thread: usize, chunk: &Chunk) -> Metered {
    let mut rows = VecDeque::new();
    for piece in chunk.units.get(thread).into_iter().flatten() {
        let mut take = |unit: &Unit<'_>| flows.take(unit, &mut |done| rows.push_back(done.into()));
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
    flows.advance(chunk.now, &mut |done| rows.push_back(done.into()));
    in_order(&mut rows);
    Metered { thread, rows, learnt: flows.learnt().collect() }
}
