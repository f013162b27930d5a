// SPDX-License-Identifier: Apache-2.0
//! Captures metered by several threads. Each has its part of the flows; whoever has nothing to meter reads the next chunk for
//! all, so that all are busy however the flows are spread. Who reads looks at no more of a packet than says whose it is; frames
//! stay in the block that they were read into, and each thread decodes its own. Chunks go through every thread in their
//! order; their rows are put into the order of the last packets of their flows, and looked at in it after all that DNS told
//! in the chunk. What is left to do to them (facts that follow from others, text) is done by whichever thread is free, and they
//! leave in their order: they are those of a single thread.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use minamo_capture::{Frame, Frames};
use minamo_meter::{Counters, Dealt, Detached, Done, Flows, Forgotten, Learnt, Names, Settings, Unit};
use minamo_sinks::Line;

use super::{Bunch, ROWS, Report, Source, Taker, more_rows};

/// Chunks between reading and the output for each thread: enough for one that is busy with a large flow to catch up.
const AHEAD: usize = 8;
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
    /// In their order.
    rows: Vec<Done>,
    learnt: Vec<Learnt>,
}

/// What all threads metered of a chunk so far.
#[derive(Default)]
struct Parts {
    parts: Vec<Metered>,
    /// True where a pause followed.
    paused: bool,
}

/// Rows of one thread that the end of the input ended.
#[derive(Default)]
struct Last {
    rows: Vec<Done>,
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
    metered: BTreeMap<u64, Parts>,
    /// By thread.
    last: Vec<Last>,
    /// Bunches that are to be made, with their numbers.
    due: VecDeque<(u64, Bunch)>,
    /// Those that were.
    made: BTreeMap<u64, Bunch>,
    /// Those that were given, for their room.
    given: Vec<Bunch>,
    /// Chunks that were used up, for their room.
    spare: Vec<Chunk>,
    counters: Counters,
    stopped: bool,
}

struct Shared<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
    /// How rows are written, where that is wanted.
    line: Option<Line>,
}

/// What a thread does next.
enum Work<'a> {
    Read(Box<Source<'a>>, Chunk),
    Meter(Arc<Chunk>),
    Make(u64, Bunch),
    /// End flows that are open.
    Finish,
    Stop,
}

/// What is to be done in order, by the thread that has the output.
enum Turn {
    /// A chunk that every thread metered.
    Chunk(Parts),
    /// Every thread has rows of flows that were open; true of those that have no more than they gave.
    Last(Vec<bool>),
    /// The next bunch.
    Give(Bunch),
    /// All is done, or somebody stopped.
    End,
}

/// Meters with so many threads; rows go to `out`, which can stop it by returning false.
pub(super) fn meter(source: Source<'_>, settings: Settings, threads: usize, out: &mut dyn Taker) -> Report {
    let state = State {
        source: Some(source),
        ended: None,
        next: 0,
        ahead: 0,
        queues: (0..threads).map(|_| VecDeque::new()).collect(),
        metered: BTreeMap::new(),
        last: (0..threads).map(|_| Last::default()).collect(),
        due: VecDeque::new(),
        made: BTreeMap::new(),
        given: Vec::new(),
        spare: Vec::new(),
        counters: Counters::default(),
        stopped: false,
    };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new(), line: out.line() };
    // What a host asked DNS for is seen by one thread, its connections by others: names are joined where rows leave.
    let names = Names::new(settings.dns_names);
    let settings = Settings { max_flows: settings.max_flows.div_ceil(threads), ..settings };
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (shared, settings) = (&shared, settings.clone());
            scope.spawn(move || shared.run(thread, settings));
        }
        // All stop with this thread, however it ends.
        let _guard = Guard(&shared);
        shared.deliver(threads, &names, out);
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
    fn run(&self, thread: usize, settings: Settings) {
        let _guard = Guard(self);
        let mut flows = Flows::new(settings);
        loop {
            match self.work(thread) {
                Work::Read(source, chunk) => self.read(*source, chunk),
                Work::Meter(chunk) => {
                    let part = meter_chunk(&mut flows, thread, &chunk);
                    let mut state = self.lock();
                    let all = state.metered.entry(chunk.number).or_default();
                    all.parts.push(part);
                    all.paused = chunk.paused;
                    state.spare.extend(Arc::into_inner(chunk));
                }
                Work::Make(number, mut bunch) => {
                    bunch.make(self.line);
                    self.lock().made.insert(number, bunch);
                }
                Work::Finish => {
                    let mut rows = Vec::with_capacity(ROWS);
                    let more = more_rows(&mut flows, &mut rows);
                    if let Some(last) = self.lock().last.get_mut(thread) {
                        last.rows.append(&mut rows);
                        last.all = !more;
                    }
                }
                Work::Stop => break,
            }
            self.changed.notify_all();
        }
        self.lock().counters += flows.counters();
    }

    /// What is to be done; waits until there is something. What is nearest to the output comes first: it makes room.
    fn work(&self, thread: usize) -> Work<'a> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return Work::Stop;
            }
            if let Some((number, bunch)) = state.due.pop_front() {
                return Work::Make(number, bunch);
            }
            let queue = state.queues.get_mut(thread);
            if let Some(chunk) = queue.and_then(VecDeque::pop_front) {
                return Work::Meter(chunk);
            }
            if state.ended.is_some()
                && state.last.get(thread).is_some_and(|last| !last.all && last.rows.len() < WAITING)
            {
                return Work::Finish;
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

    /// Puts the rows of all threads into order, and hands on what was made of them until all is done or `out` has enough.
    fn deliver(&self, threads: usize, names: &Names, out: &mut dyn Taker) {
        let (mut chunks, mut bunches, mut given) = (0, 0, 0);
        let mut last: Vec<_> = (0..threads).map(|_| VecDeque::new()).collect();
        loop {
            match self.turn(chunks, bunches, given, &mut last) {
                Turn::Chunk(Parts { parts, paused }) => {
                    chunks += 1;
                    let (mut rows, mut learnt) = (Vec::new(), Vec::new());
                    for part in parts {
                        rows.push(part.rows.into());
                        learnt.extend(part.learnt);
                    }
                    learnt.sort_by_key(|learnt: &Learnt| learnt.order);
                    let forgotten = names.learn(learnt);
                    if forgotten != Forgotten::default() {
                        self.lock().counters += forgotten;
                    }
                    bunches += self.begin(bunches, (&mut rows, &vec![true; threads]), paused, (names, out));
                }
                Turn::Last(all) => bunches += self.begin(bunches, (&mut last, &all), false, (names, out)),
                Turn::Give(mut bunch) => {
                    given += 1;
                    if !bunch.give(out) {
                        return;
                    }
                    self.lock().given.push(bunch);
                }
                Turn::End => return,
            }
        }
    }

    /// Puts rows of several threads into order, and has bunches made of them from this number on; returns how many these are.
    fn begin(
        &self,
        first: u64,
        (rows, all): (&mut [VecDeque<Done>], &[bool]),
        paused: bool,
        (names, out): (&Names, &mut dyn Taker),
    ) -> u64 {
        for number in first.. {
            let mut bunch = self.lock().given.pop().unwrap_or_default();
            let more = in_order(rows, all, &mut bunch.rows);
            bunch.paused = paused && !more;
            bunch.look(names, out);
            self.lock().due.push_back((number, bunch));
            self.changed.notify_all();
            if !more {
                return number + 1 - first;
            }
        }
        0
    }

    /// What comes next; waits for it. So many chunks are in order, and so many bunches were begun and given. `last` is what was taken of
    /// the rows of flows that were open; where a thread's are used up, it gets the next ones.
    fn turn(&self, chunks: u64, bunches: u64, given: u64, last: &mut [VecDeque<Done>]) -> Turn {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return Turn::End;
            }
            if let Some(made) = state.made.remove(&given) {
                return Turn::Give(made);
            }
            // What waits to be made, and to leave in its order, is bounded as well.
            let has_room = bunches - given < BUNCHES;
            if has_room && state.metered.get(&chunks).is_some_and(|all| all.parts.len() == last.len()) {
                state.ahead -= 1;
                return Turn::Chunk(state.metered.remove(&chunks).unwrap_or_default());
            }
            if has_room && state.ended.is_some() && state.next == chunks {
                let mut all = Vec::new();
                for (rows, of) in last.iter_mut().zip(&mut state.last) {
                    if rows.is_empty() {
                        rows.extend(of.rows.drain(..));
                    }
                    all.push(of.all && of.rows.is_empty());
                }
                self.changed.notify_all();
                if last.iter().zip(&all).all(|(rows, all)| *all && rows.is_empty()) {
                    if bunches == given {
                        return Turn::End;
                    }
                } else if last.iter().zip(&all).all(|(rows, all)| *all || !rows.is_empty()) {
                    return Turn::Last(all);
                }
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Takes rows of several threads, each of which has its own in their order, in the order of all, as far as it is known: up to the
/// last row of a thread that will have more. True where more of them can be taken.
fn in_order(threads: &mut [VecDeque<Done>], all: &[bool], rows: &mut Vec<Done>) -> bool {
    while threads.iter().zip(all).all(|(rows, all)| *all || !rows.is_empty()) {
        let first =
            threads.iter_mut().filter_map(|rows| Some((rows.front()?.order, rows))).min_by_key(|(order, _)| *order);
        let Some((_, first)) = first else { return false };
        if rows.len() >= ROWS {
            return true;
        }
        rows.extend(first.pop_front());
    }
    false
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
    Metered { rows, learnt: flows.learnt().collect() }
}
