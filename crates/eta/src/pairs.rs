// SPDX-License-Identifier: Apache-2.0
//! What sessions of the same two hosts have in common: whether they come at equal intervals and carry equal amounts, as the
//! check-ins of a program do. Only earlier sessions count, so that live and replayed data give the same.

use std::collections::HashMap;
use std::mem;

use minamo_base::{Ip, Time};
use minamo_model::flow::Flow;

/// Sessions of a pair that are remembered.
const RECENT: usize = 8;
/// Pairs in one generation: twice as many are known at most (about 30 MB).
const GENERATION: usize = 65_536;
/// Intervals that are needed to call them regular.
const INTERVALS: usize = 3;
/// Sessions that follow closer than this, in seconds, belong to one visit, as a browser's do.
const SHORTEST: f64 = 1.0;

/// A session that was seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    start: Time,
    up: u64,
    down: u64,
}

/// The last sessions of a pair.
#[derive(Clone, Debug, Default)]
struct Recent {
    seen: [Option<Seen>; RECENT],
    next: usize,
}

/// What the earlier sessions of a pair say of this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairContext {
    /// 1 where the intervals between the sessions are equal, 0 where they have nothing in common.
    pub regular: f32,
    /// Share of the earlier sessions that carried as much as this one, both ways, to a tenth.
    pub equal: f32,
    /// Median interval, seconds.
    pub interval: f32,
}

/// Endpoints of sessions: initiator, responder, the responder's port.
type Pair = (Ip, Ip, u16);

/// Remembers the sessions of pairs of hosts: two generations, of which the older is dropped when the younger is full.
#[derive(Debug, Default)]
pub struct Pairs {
    young: HashMap<Pair, Recent>,
    old: HashMap<Pair, Recent>,
    forgotten: u64,
}

impl Pairs {
    /// What is known of the flow's pair, and remembers the flow; nothing before the fourth session.
    pub fn add(&mut self, flow: &Flow) -> Option<PairContext> {
        let core = &flow.core;
        let pair = (core.src_ip, core.dst_ip, core.dst_port);
        if !self.young.contains_key(&pair) && self.young.len() >= GENERATION {
            self.forgotten += self.old.len() as u64;
            self.old = mem::take(&mut self.young);
        }
        let recent = match self.young.entry(pair) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(self.old.remove(&pair).unwrap_or_default())
            }
        };
        let now = Seen { start: core.time_start, up: core.src_bytes, down: core.dst_bytes };
        let context = recent.context(&now);
        recent.add(now);
        context
    }

    /// Pairs that were forgotten because there were too many.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

impl Recent {
    fn add(&mut self, seen: Seen) {
        if let Some(place) = self.seen.get_mut(self.next) {
            *place = Some(seen);
        }
        self.next = (self.next + 1) % RECENT;
    }

    fn context(&self, now: &Seen) -> Option<PairContext> {
        let mut starts = [0f64; RECENT + 1];
        let (mut count, mut equal) = (0usize, 0u32);
        for seen in self.seen.iter().flatten().chain([now]) {
            if let Some(place) = starts.get_mut(count) {
                *place = (seen.start.0.saturating_sub(now.start.0)) as f64 / 1e9;
                count += 1;
            }
        }
        if count <= INTERVALS {
            return None;
        }
        for seen in self.seen.iter().flatten() {
            equal += u32::from(alike(seen.up, now.up) && alike(seen.down, now.down));
        }
        let starts = starts.get_mut(..count)?;
        starts.sort_unstable_by(f64::total_cmp);
        let mut intervals = [0f64; RECENT];
        for (place, pair) in intervals.iter_mut().zip(starts.windows(2)) {
            *place = if let [a, b] = pair { b - a } else { 0.0 };
        }
        let intervals = intervals.get_mut(..count - 1)?;
        let median = median(intervals);
        intervals.iter_mut().for_each(|interval| *interval = (*interval - median).abs());
        let spread = self::median(intervals);
        let regular = if median < SHORTEST { 0.0 } else { (1.0 - spread / median).max(0.0) };
        Some(PairContext { regular: regular as f32, equal: equal as f32 / (count - 1) as f32, interval: median as f32 })
    }
}

fn alike(a: u64, b: u64) -> bool {
    a.abs_diff(b) <= b / 10 + 8
}

/// The middle one, the upper of two; 0 of none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(second: f64, up: u64) -> Flow {
        let mut flow = Flow::default();
        flow.core.time_start = Time((second * 1e9) as i64);
        flow.core.src_bytes = up;
        flow.core.dst_bytes = 500;
        flow
    }

    #[test]
    fn equal_sessions_at_equal_intervals_are_seen_from_the_fourth_on() {
        let mut pairs = Pairs::default();
        let contexts: Vec<_> = (0..6).map(|n| pairs.add(&session(f64::from(n) * 60.0, 900))).collect();
        assert_eq!(contexts.get(2), Some(&None));
        assert_eq!(contexts.last(), Some(&Some(PairContext { regular: 1.0, equal: 1.0, interval: 60.0 })));
    }

    #[test]
    fn sessions_of_one_visit_are_not_regular() {
        let mut pairs = Pairs::default();
        let last = (0..6).map(|n| pairs.add(&session(f64::from(n) * 0.01, 1_000 * u64::from(n as u8)))).last();
        let context = last.flatten().expect("six sessions");
        assert_eq!((context.regular, context.equal), (0.0, 0.0));
    }

    #[test]
    fn memory_is_bounded_and_what_is_forgotten_is_counted() {
        let mut pairs = Pairs::default();
        for n in 0..(2 * GENERATION as u32 + 10) {
            let mut flow = session(0.0, 1);
            flow.core.src_ip = Ip::v4(n.to_be_bytes());
            pairs.add(&flow);
        }
        assert!(pairs.young.len() + pairs.old.len() <= 2 * GENERATION);
        assert_eq!(pairs.forgotten(), GENERATION as u64);
    }
}
