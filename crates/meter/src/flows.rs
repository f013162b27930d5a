// SPDX-License-Identifier: Apache-2.0
//! Open flows: takes units of an [`Intake`](crate::Intake) and gives rows.

use std::sync::Arc;
use std::time::Duration;

use minamo_base::{FiveTuple, Time};
use minamo_dissect::{Announced, Held, Meant, Protocol, Services, Signatures, join_names, risk};
use minamo_model::Flow;
use minamo_packet::{LinkFrame, Packet, Transport, tcp_flags};

use crate::facts::Packer;
use crate::intake::{Role, Unit, What};
use crate::names::Learnt;
use crate::resumed::Resumed;
use crate::state::FlowState;
use crate::table::{FlowTable, Key, Wait};
use crate::tcp::Budget;
use crate::telemetry::Room;
use crate::{Counters, Settings};

/// A row, and its place in the order of rows.
pub struct Done {
    /// The row.
    pub row: Flow,
    /// Number of the last unit of its flow. Rows that end by the end of the input have numbers of their own above all
    /// others, in the order in which they are reported.
    pub order: u64,
    /// The protocol of the content, where one was recognised, and when the flow began. Nothing where no names are joined.
    pub(crate) content: Option<(Option<&'static Protocol>, Time)>,
    /// Names that the initiator had asked for, the latest first.
    pub(crate) asked: Vec<Arc<str>>,
    /// What another conversation announced of it.
    pub(crate) expected: Option<Meant>,
}

impl Done {
    fn new(row: Flow, order: u64, content: Option<(Option<&'static Protocol>, Time)>) -> Self {
        Self { row, order, content, asked: Vec::new(), expected: None }
    }

    /// Completes the row by what others told of it ([`Names::ask`](crate::Names::ask)), and by what follows from that.
    #[inline]
    pub fn complete(&mut self) {
        if let Some((protocol, _)) = self.content.take() {
            let row = &mut self.row;
            let protocol = self.expected.take().and_then(|meant| meant.complete(row)).or(protocol);
            let asked: Vec<&str> = self.asked.iter().map(|name| &**name).collect();
            join_names(row, &asked);
            risk::assess(row, protocol);
        }
    }
}

/// What people wrote down.
struct Known {
    /// Services of their own.
    services: Held<Services>,
    /// Signatures of their own.
    signatures: Held<Signatures>,
}

impl Known {
    fn new(settings: &Settings) -> Self {
        let services = Held::new(Arc::clone(&settings.services));
        let signatures = Held::new(Arc::clone(&settings.signatures));
        Self { services, signatures }
    }

    /// The services that are in force now.
    fn newest(&mut self) -> &Services {
        self.services.renew();
        self.services.get()
    }
}

/// What was learnt of other conversations waits for whoever keeps it; it takes it after each chunk at the latest.
const MAX_LEARNT: usize = 65_536;

/// Open flows from which on those that are silent are put to sleep: fewer take little memory as they are.
const CROWD: usize = 16_384;
/// Silence after which a flow sleeps, in nanoseconds: longer than most round trips.
const SLEEPY: i64 = 250_000_000;

/// The flows that are open.
pub struct Flows {
    settings: Settings,
    table: FlowTable,
    now: Time,
    /// No flow ends by silence up to then.
    due: Time,
    budget: Budget,
    room: Room,
    known: Known,
    learnt: Vec<Learnt>,
    /// Empty between packets: what dissectors announced.
    announced: Vec<Announced>,
    resumed: Resumed,
    /// What facts of silent flows have in common.
    packer: Packer,
    /// Empty between packets: dissectors write into it.
    scratch: Flow,
    counters: Counters,
    /// [`CROWD`] and [`SLEEPY`], but for tests.
    rest: (usize, i64),
}

impl Flows {
    /// No flows.
    pub fn new(settings: Settings) -> Self {
        let table = FlowTable::new(settings.max_flows);
        let (budget, known) = (Budget::new(settings.held_bytes), Known::new(&settings));
        let (room, scratch, counters) = (Room::new(settings.telemetry_bytes), Flow::default(), Counters::default());
        let (now, rest) = (Time(i64::MIN), (CROWD, SLEEPY));
        let (learnt, resumed) = (Vec::new(), Resumed::default());
        let announced = Vec::new();
        Self {
            settings,
            table,
            now,
            due: now,
            budget,
            room,
            known,
            learnt,
            announced,
            resumed,
            packer: Packer::default(),
            scratch,
            counters,
            rest,
        }
    }

    /// From here on each flow is put to sleep before the next packet.
    #[cfg(test)]
    pub(crate) fn sleep_at_once(&mut self) {
        self.rest = (0, -1);
    }

    /// What happened so far; what the intake counts is not in it.
    pub fn counters(&self) -> Counters {
        let (refused_telemetry, lost_records) = (self.room.refused, self.room.lost);
        Counters { refused_segments: self.budget.refused, refused_telemetry, lost_records, ..self.counters }
    }

    /// What was learnt of other conversations since this was asked last.
    pub fn learnt(&mut self) -> std::vec::Drain<'_, Learnt> {
        self.learnt.drain(..)
    }

    /// Flows that are open.
    pub fn open(&self) -> usize {
        self.table.len()
    }

    /// Takes one unit; rows that are complete go to `out`, those of flows that have been silent for too long among them.
    #[inline]
    pub fn take(&mut self, unit: &Unit<'_>, out: &mut dyn FnMut(Done)) {
        self.advance(unit.now, out);
        self.unit(unit, out);
    }

    /// Takes one unit; rows that it completes go to `out`: few. Flows that have been silent for too long wait for
    /// [`end_silent`](Self::end_silent).
    #[inline]
    pub fn take_alone(&mut self, unit: &Unit<'_>, out: &mut dyn FnMut(Done)) {
        self.tick(unit.now);
        self.unit(unit, out);
    }

    #[inline]
    fn unit(&mut self, unit: &Unit<'_>, out: &mut dyn FnMut(Done)) {
        match unit.what {
            What::Packet(_, packet, Role::Joined(overlapped)) => self.look(unit, packet, overlapped),
            What::Packet(tuple, packet, role) => self.packet(unit, tuple, packet, role == Role::Whole, out),
            What::Frame(frame) => self.frame(unit, frame, out),
        }
    }

    fn packet(
        &mut self,
        unit: &Unit<'_>,
        tuple: FiveTuple,
        packet: &Packet<'_>,
        whole: bool,
        out: &mut dyn FnMut(Done),
    ) {
        let time = unit.time;
        let at = match self.known(&unit.key, out, |state, idle| is_over(state, idle, time, packet)) {
            Some(at) => at,
            None => {
                let mut state = FlowState::new(time, tuple, unit.flipped, packet, &self.settings);
                self.known.signatures.renew();
                state.look_for(self.known.signatures.get());
                self.insert(unit, state, out)
            }
        };
        self.part(at, time, out);
        let Some(state) = self.table.get_mut(at) else { return };
        let direction = state.direction(unit.flipped);
        state.count(time, direction, packet, &self.settings);
        if whole {
            self.counters.stream_gaps += state.look(
                time,
                direction,
                packet,
                &self.settings,
                (&mut self.scratch, &mut self.budget, &mut self.room),
                &mut self.announced,
            );
            if let Some((asker, dns, told)) = state.news(&unit.key) {
                let learnt = Learnt::of(asker, dns, told, (time, unit.order)).filter(|_| self.settings.dns_names > 0);
                if learnt.is_some() && self.learnt.len() >= MAX_LEARNT {
                    self.counters.forgotten_names += 1;
                } else {
                    self.learnt.extend(learnt);
                }
            }
        }
        let (wait, ends) = (state.wait(), (!self.announced.is_empty()).then(|| state.ends(&unit.key)));
        self.table.touch(at, self.now, wait, unit.order);
        self.announce(ends, unit);
    }

    /// Has it learnt what dissectors announced of other conversations, in a packet between these endpoints.
    #[inline]
    fn announce(&mut self, ends: Option<FiveTuple>, unit: &Unit<'_>) {
        let Some(ends) = ends else { return };
        for announced in self.announced.drain(..) {
            if self.learnt.len() >= MAX_LEARNT {
                self.counters.forgotten_ends += 1;
            } else {
                self.learnt.push(Learnt::announced(&announced, ends, (unit.time, unit.order)));
            }
        }
    }

    /// Looks into a packet whose fragments were counted.
    #[cold]
    fn look(&mut self, unit: &Unit<'_>, packet: &Packet<'_>, overlapped: bool) {
        let open = |at: &usize| self.table.waits(*at).is_some_and(|(wait, seen)| !self.is_silent(wait, seen));
        let Some(at) = self.table.find(&unit.key).filter(open) else {
            self.counters.late_packets += 1;
            return;
        };
        let Some(state) = self.table.get_mut(at) else { return };
        if overlapped {
            state.overlapped();
        }
        let direction = state.direction(unit.flipped);
        self.counters.stream_gaps += state.look(
            unit.time,
            direction,
            packet,
            &self.settings,
            (&mut self.scratch, &mut self.budget, &mut self.room),
            &mut self.announced,
        );
        let (wait, ends) = (state.wait(), state.ends(&unit.key));
        self.table.touch(at, self.now, wait, unit.order);
        self.announce(Some(ends), unit);
    }

    fn frame(&mut self, unit: &Unit<'_>, frame: &LinkFrame<'_>, out: &mut dyn FnMut(Done)) {
        let time = unit.time;
        let at = match self.known(&unit.key, out, |state, idle| time.since(state.last()) > idle) {
            Some(at) => at,
            None => self.insert(unit, FlowState::of_frame(time, unit.flipped, frame), out),
        };
        self.part(at, time, out);
        let Some(state) = self.table.get_mut(at) else { return };
        state.frame(time, state.direction(unit.flipped), frame.payload, &self.settings);
        self.table.touch(at, self.now, Wait::Idle, unit.order);
    }

    /// Reports flows that have ended by `now` although no packet says so.
    #[inline]
    pub fn advance(&mut self, now: Time, out: &mut dyn FnMut(Done)) {
        self.end_silent(now, usize::MAX, out);
    }

    /// Goes on to this time; where many flows are open, one that is silent is put to sleep.
    #[inline]
    fn tick(&mut self, now: Time) {
        self.now = self.now.max(now);
        let (crowd, sleepy) = self.rest;
        if self.table.len() > crowd
            && let Some(state) = self.table.put_to_sleep(Time(self.now.0.saturating_sub(sleepy)))
        {
            state.sleep(&mut self.packer, &mut self.scratch);
        }
    }

    /// Reports at most so many of the flows that by `now` have been silent for as long as it takes, in the order of their
    /// last units. False where none is left.
    #[inline]
    pub fn end_silent(&mut self, now: Time, most: usize, out: &mut dyn FnMut(Done)) -> bool {
        self.tick(now);
        self.now > self.due && self.expire(most, out)
    }

    /// Reports flows that were silent for as long as it takes, and finds out when the next can be.
    fn expire(&mut self, most: usize, out: &mut dyn FnMut(Done)) -> bool {
        for _ in 0..most {
            let over = |wait| {
                let (at, seen) = self.table.oldest(wait)?;
                self.is_silent(wait, seen).then(|| (self.table.order(at), at))
            };
            let Some((_, at)) = WAITS.into_iter().filter_map(over).min() else {
                // What is touched from here on waits from now on.
                let since = |wait| self.table.oldest(wait).map_or(self.now, |(_, seen)| seen);
                let due = WAITS.map(|wait| since(wait).0.saturating_add(self.patience(wait)));
                self.due = Time(due.into_iter().min().unwrap_or(i64::MAX));
                return false;
            };
            self.report(at, "idle", out);
        }
        true
    }

    /// Silence after which a flow that waits like this is over, in nanoseconds.
    #[inline]
    fn patience(&self, wait: Wait) -> i64 {
        let Settings { idle_timeout, linger, answered, .. } = self.settings;
        nanos(match wait {
            Wait::Idle | Wait::Opening => idle_timeout,
            Wait::Linger => linger,
            Wait::Answered => answered,
        })
    }

    #[inline]
    fn is_silent(&self, wait: Wait, seen: Time) -> bool {
        self.now.since(seen) > self.patience(wait)
    }

    /// Reports so many of the flows that are open: what has ended first, and of each kind the one silent for longest. False
    /// where none is left.
    pub fn finish(&mut self, most: usize, out: &mut dyn FnMut(Done)) -> bool {
        let mut left = most;
        for (rank, wait) in (1..).zip(WAITS) {
            while let Some((at, _)) = self.table.oldest(wait) {
                let Some(less) = left.checked_sub(1) else { return true };
                left = less;
                self.report(at, "end_of_input", &mut |done| out(Done { order: done.order | rank << 61, ..done }));
            }
        }
        false
    }

    /// The open flow of this key; one that is over, where the next packet begins another, is reported.
    fn known(
        &mut self,
        key: &Key,
        out: &mut dyn FnMut(Done),
        is_over: impl FnOnce(&FlowState, i64) -> bool,
    ) -> Option<usize> {
        let at = self.table.find(key)?;
        let idle = nanos(self.settings.idle_timeout);
        let silent = self.table.waits(at).is_some_and(|(wait, seen)| self.is_silent(wait, seen));
        if !silent && self.table.get_mut(at).is_some_and(|state| !is_over(state, idle)) {
            return Some(at);
        }
        self.report(at, "idle", out);
        None
    }

    fn insert(&mut self, unit: &Unit<'_>, state: FlowState, out: &mut dyn FnMut(Done)) -> usize {
        // Who has been silent for too long makes room first.
        if self.table.is_full() && !self.end_silent(self.now, 1, out) {
            self.evict(out);
        }
        self.table.insert(unit.key, state, self.now, unit.order)
    }

    /// Reports one flow early: one that has ended; else of those of which only a SYN was seen, where they are half of
    /// the table, as in a flood; else the one silent for longest.
    fn evict(&mut self, out: &mut dyn FnMut(Done)) {
        let oldest = |wait| self.table.oldest(wait).map(|(at, seen)| (seen, at));
        let flooded = self.table.count(Wait::Opening) > self.table.len() / 2;
        let found = match oldest(Wait::Linger).or_else(|| oldest(Wait::Answered)) {
            Some(ended) => Some(ended),
            None if flooded => {
                self.counters.evicted_opening += 1;
                oldest(Wait::Opening)
            }
            None => oldest(Wait::Idle).into_iter().chain(oldest(Wait::Opening)).min(),
        };
        if let Some((_, at)) = found {
            self.counters.evicted += 1;
            self.report(at, "evicted", out);
        }
    }

    /// Reports the part of a flow that has lasted long enough.
    fn part(&mut self, at: usize, time: Time, out: &mut dyn FnMut(Done)) {
        let long = nanos(self.settings.active_timeout);
        let order = self.table.order(at);
        if let Some((key, state)) = self.table.keyed_mut(at)
            && time.since(state.part_start()) >= long
        {
            let mut row = state.part(key, &self.settings, self.known.newest());
            self.resumed.pass(key, &mut row);
            self.counters.rows += 1;
            let content = state.content(&row, &self.settings);
            out(Done::new(row, order, content));
        }
    }

    fn report(&mut self, at: usize, reason: &'static str, out: &mut dyn FnMut(Done)) {
        let order = self.table.order(at);
        if let Some((key, mut state)) = self.table.remove(at) {
            self.counters.stream_gaps += state.drain((&mut self.scratch, &mut self.budget));
            self.room.give_back(state.telemetry());
            self.counters.rows += 1;
            let mut row = state.last_row(&key, reason, &self.settings, self.known.newest());
            self.resumed.pass(&key, &mut row);
            self.counters.forgotten_labels += self.resumed.take_evicted();
            let content = state.content(&row, &self.settings);
            out(Done::new(row, order, content));
        }
    }
}

/// Flows that have ended go before those that have not.
const WAITS: [Wait; 4] = [Wait::Linger, Wait::Answered, Wait::Opening, Wait::Idle];

/// True where this packet belongs to a later flow with the same endpoints.
fn is_over(state: &FlowState, idle: i64, time: Time, packet: &Packet<'_>) -> bool {
    let reopened = state.is_closed()
        && matches!(packet.transport, Transport::Tcp(tcp) if tcp.flags & (tcp_flags::SYN | tcp_flags::ACK) == tcp_flags::SYN);
    reopened || time.since(state.last()) > idle
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}
