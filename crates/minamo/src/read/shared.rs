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

use minamo_sinks::Line;

use super::rows::{Bunch, Order, Part, Rows, next_of, next_rows};
use super::{Job, ROWS, Report, Source, Taker, end_some};

/// Chunks between reading and the output for each thread: enough for one that is busy with a large flow to catch up.
const AHEAD: usize = 16;
/// Where fewer chunks than this are on their way, reading comes before metering: nobody shall wait for who reads.
const LOW: usize = 4;
/// Bunches of rows between their order and the output from which on no more are begun.
const BUNCHES: u64 = 64;
/// Rows of each thread that wait for those of the others where a chunk ends many flows.
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
    /// True where none follows.
    end: bool,
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
    /// The first ones, in their order.
    rows: Rows,
    /// True where more follow.
    more: bool,
    learnt: Vec<Learnt>,
}

/// What all threads metered of a chunk so far.
#[derive(Default)]
struct Chunked {
    parts: Vec<Metered>,
    /// True where a pause followed.
    paused: bool,
}

/// The rows of a chunk that follow the first ones of a thread.
#[derive(Default)]
struct Rest {
    rows: Rows,
    /// True where more follow.
    more: bool,
}

/// Flows that a chunk ends: so many are not reported at once.
struct Ending {
    now: Time,
    end_of_input: bool,
    /// Rows of the chunk that come behind some that are still to be reported.
    rows: Rows,
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
    /// By thread: of the chunk that it metered last.
    rest: Vec<Rest>,
    /// By thread: what is to be made, with the number of its bunch.
    due: Vec<VecDeque<(u64, Part)>>,
    /// By number.
    bunches: BTreeMap<u64, Bunch>,
    /// Parts that were given, for their room.
    given: Vec<Part>,
    /// Chunks that were used up, for their room.
    spare: Vec<Chunk>,
    counters: Counters,
    forgotten_pairs: u64,
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
    /// Report more flows that the chunk ends.
    End,
    /// For the thread that has the output.
    Deliver(Turn),
    Stop,
}

/// What is to be done in order, by the thread that has the output.
enum Turn {
    /// A chunk that every thread metered.
    Chunk(Chunked),
    /// More rows of the chunk: every thread has some, or no more.
    Rest,
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
    chunk: Current,
}

/// The chunk whose rows are put into order.
struct Current {
    /// By thread: those that are not in order yet.
    rows: Vec<Rows>,
    /// By thread: true where no more follow.
    all: Vec<bool>,
    /// True where a pause followed.
    paused: bool,
}

impl Current {
    fn new(threads: usize) -> Self {
        Self { rows: (0..threads).map(|_| Rows::new()).collect(), all: vec![true; threads], paused: false }
    }

    /// True where the rows of all threads are in order.
    fn is_done(&self) -> bool {
        self.all.iter().all(|all| *all) && self.rows.iter().all(VecDeque::is_empty)
    }
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
        rest: each(threads),
        due: each(threads),
        bunches: BTreeMap::new(),
        given: Vec::new(),
        spare: Vec::new(),
        counters: Counters::default(),
        forgotten_pairs: 0,
        waiting: 0,
        stopped: false,
    };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new() };
    let names = Names::new(settings.dns_names);
    let settings = Settings { max_flows: settings.max_flows.div_ceil(threads), ..settings };
    let line = out.line();
    let order = job.order(&names);
    let delivery = Delivery { order, out, chunks: 0, begun: 0, given: 0, chunk: Current::new(threads) };
    std::thread::scope(|scope| {
        for thread in 1..threads {
            let (shared, settings) = (&shared, settings.clone());
            scope.spawn(move || shared.run(thread, (settings, line), None));
        }
        shared.run(0, (settings, line), Some(delivery));
    });
    let state = shared.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.ended.or(state.source) {
        Some(source) => source.end(state.counters, state.forgotten_pairs),
        None => Report::default(),
    }
}

impl<'a> Shared<'a> {
    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread; that which has the output runs until all is done, or nothing more is wanted.
    fn run(&self, thread: usize, (settings, line): (Settings, Option<Line>), mut delivery: Option<Delivery<'_>>) {
        let _guard = Guard(self);
        let mut flows = Flows::new(settings);
        let mut ending = Ending { now: Time(i64::MIN), end_of_input: false, rows: Rows::new() };
        loop {
            match self.work(thread, delivery.as_mut()) {
                Work::Read(source, chunk) => self.read(*source, chunk),
                Work::Meter(chunk) => {
                    let part = meter_chunk(&mut flows, thread, &chunk, &mut ending);
                    let mut state = self.lock();
                    if let Some(rest) = state.rest.get_mut(thread) {
                        rest.more = part.more;
                    }
                    let all = state.metered.entry(chunk.number).or_default();
                    all.parts.push(part);
                    all.paused = chunk.paused;
                    state.spare.extend(Arc::into_inner(chunk));
                }
                Work::Make(number, mut part) => {
                    part.make(line);
                    self.lock().made(number, thread, part);
                }
                Work::End => {
                    let mut rows = Rows::with_capacity(ROWS);
                    let more = ending.next(&mut flows, &mut rows);
                    if let Some(rest) = self.lock().rest.get_mut(thread) {
                        rest.rows.append(&mut rows);
                        rest.more = more;
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
        let mut state = self.lock();
        state.counters += flows.counters();
        state.forgotten_pairs += delivery.map_or(0, |delivery| delivery.order.forgotten_pairs());
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
        let chunk = Arc::new(Chunk { number, block, units, payloads, now, paused, end: !more });
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
                let mut learnt = Vec::new();
                for part in parts {
                    learnt.extend(part.learnt);
                    if let Some(rows) = delivery.chunk.rows.get_mut(part.thread) {
                        *rows = part.rows;
                    }
                    if let Some(all) = delivery.chunk.all.get_mut(part.thread) {
                        *all = !part.more;
                    }
                }
                learnt.sort_by_key(|learnt: &Learnt| learnt.order);
                let forgotten = delivery.order.names.learn(learnt);
                if forgotten != Forgotten::default() {
                    self.lock().counters += forgotten;
                }
                delivery.chunk.paused = paused;
                self.begin(delivery);
            }
            Turn::Rest => self.begin(delivery),
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
    fn begin(&self, delivery: &mut Delivery<'_>) {
        let Delivery { order, chunk, begun, .. } = delivery;
        let mut more = true;
        while more {
            let mut bunch = self.lock().bunch();
            more = (0..ROWS).all(|_| match next_of(&mut chunk.rows, &chunk.all) {
                Some((thread, mut done)) => {
                    order.look(&mut done);
                    bunch.push(thread, done);
                    true
                }
                None => false,
            });
            bunch.paused = !more && chunk.is_done() && std::mem::take(&mut chunk.paused);
            if !bunch.turns.is_empty() || bunch.paused {
                let mut state = self.lock();
                state.begin(*begun, bunch);
                *begun += 1;
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
        // The next chunk begins when the rows of the one before were taken.
        let rest = self.rest.get(thread)?;
        if rest.more && rest.rows.len() < WAITING {
            return Some(Work::End);
        }
        if !rest.more
            && rest.rows.is_empty()
            && let Some(chunk) = self.queues.get_mut(thread).and_then(VecDeque::pop_front)
        {
            return Some(Work::Meter(chunk));
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

    /// What is to be done in order, if anything is. Where a thread's rows of the chunk are used up, it gets the next ones.
    fn turn(&mut self, delivery: &mut Delivery<'_>) -> Option<Turn> {
        let Delivery { chunks, begun, given, chunk, .. } = delivery;
        if self.bunches.get(given).is_some_and(|bunch| bunch.parts.iter().all(Option::is_some)) {
            return self.bunches.remove(given).map(Turn::Give);
        }
        // What waits to be made, and to leave in its order, is bounded as well.
        if *begun - *given >= BUNCHES {
            return None;
        }
        if chunk.is_done() {
            let all = self.metered.get(chunks).is_some_and(|all| all.parts.len() == self.queues.len());
            self.ahead -= usize::from(all);
            return if all { self.metered.remove(chunks).map(Turn::Chunk) } else { None };
        }
        let mut known = true;
        for ((rows, all), rest) in chunk.rows.iter_mut().zip(&mut chunk.all).zip(&mut self.rest) {
            if rows.is_empty() && !*all {
                rows.append(&mut rest.rows);
                *all = !rest.more;
            }
            known &= *all || !rows.is_empty();
        }
        known.then_some(Turn::Rest)
    }

    /// True where all was read, metered and handed on.
    fn is_done(&self, delivery: &Delivery<'_>) -> bool {
        self.ended.is_some()
            && self.next == delivery.chunks
            && delivery.begun == delivery.given
            && delivery.chunk.is_done()
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

fn meter_chunk(flows: &mut Flows, thread: usize, chunk: &Chunk, ending: &mut Ending) -> Metered {
    for piece in chunk.units.get(thread).into_iter().flatten() {
        let mut take = |unit: &Unit<'_>| flows.take_alone(unit, &mut |done| ending.rows.push_back(done.into()));
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
    (ending.now, ending.end_of_input) = (chunk.now, chunk.end);
    let mut rows = Rows::new();
    let more = ending.next(flows, &mut rows);
    Metered { thread, rows, more, learnt: flows.learnt().collect() }
}

impl Ending {
    /// The next rows of the chunk; false where none is left.
    fn next(&mut self, flows: &mut Flows, next: &mut Rows) -> bool {
        let Self { now, end_of_input, rows } = self;
        next_rows(rows, next, |rows| end_some(flows, *now, *end_of_input, rows))
    }
}
