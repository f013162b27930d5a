// SPDX-License-Identifier: Apache-2.0
//! What sessions of the same two hosts have in common: whether they come at equal intervals and carry equal amounts, as the
//! check-ins of a program do, and what was said of them. Only earlier sessions count, so that live and replayed data give the same.

use std::collections::HashMap;
use std::mem;

use minamo_base::{Ip, Time};
use minamo_model::flow::Flow;

use crate::dataset::is_session;

/// Sessions of a pair that are remembered.
const RECENT: usize = 16;
/// Pairs in one generation: twice as many are known at most (about 48 MB).
const GENERATION: usize = 65_536;
/// Sessions that are needed to say anything of those before.
const SESSIONS: usize = 4;
/// Intervals that are needed to call them regular.
const INTERVALS: usize = 3;
/// Intervals are near each other up to this ratio: 15 % either way.
const NEAR: f64 = 1.35;
/// Sessions that follow closer than this, in seconds, belong to one visit, as a browser's do, and those of a program that asks
/// and reports through two connections.
const SHORTEST: f64 = 1.0;

/// Weight of what an earlier session was told over that of the session's own evidence: an operator's commands between check-ins look
/// like anything, and a pair of hosts that was once taken wrongly for malware shall not stay so without evidence of its own.
const TOLD_WEIGHT: f64 = 2.0 / 3.0;

/// The probability of malware of a session by itself, and after an earlier session of the same hosts was told so much: what was found
/// once makes the next finding easier, and nothing makes it harder.
pub fn after(own: f64, told: Option<f64>) -> f64 {
    told.map_or(own, |told| own.max(TOLD_WEIGHT * told + (1.0 - TOLD_WEIGHT) * own))
}

/// A session that was seen: octets up to 4 GB.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    start: Time,
    up: u32,
    down: u32,
}

/// What a session that was not judged is told.
const NOT_JUDGED: f32 = -1.0;

/// The last sessions of a pair.
#[derive(Clone, Debug, Default)]
struct Recent {
    seen: [Seen; RECENT],
    /// The probability that each was told.
    told: [f32; RECENT],
    count: usize,
}

/// What the earlier sessions of a pair say of this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairContext {
    /// 1 where the intervals between the visits are equal, 0 where they have nothing in common or there are too few.
    pub regular: f32,
    /// Share of the intervals that are near the most frequent one, between 0 and 1 and less where there are few: a program whose
    /// check-ins are left out now and then, or commanded in between, still has it.
    pub rhythm: f32,
    /// Share of the earlier visits in which a session carried as much as this one, both ways, to a tenth.
    pub equal: f32,
    /// How far the amounts of the earlier visits are from this session's: median over the visits of the logarithm of the ratio,
    /// of the direction in which it is larger. 0 where they are the same, 0.7 where one is twice the other.
    pub spread: f32,
    /// Median interval, seconds.
    pub interval: f32,
}

/// What earlier sessions of the hosts say of one, and where its own verdict goes.
#[derive(Debug, Default)]
pub struct Earlier<'a> {
    /// How they came and what they carried.
    pub context: Option<PairContext>,
    /// The highest probability of malware that one of them was told.
    pub told: Option<f64>,
    place: Option<&'a mut f32>,
}

impl Earlier<'_> {
    /// Remembers the probability of malware that this session was told.
    pub fn tell(self, probability: f64) {
        if let Some(place) = self.place {
            *place = probability as f32;
        }
    }
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
    /// What is known of the flow's pair, and remembers the flow, where it is a TLS session ([`is_session`]).
    pub fn of_session(&mut self, flow: &Flow) -> Earlier<'_> {
        // What two exporters tell of one session is no repetition.
        let again = flow.merge.as_ref().is_some_and(|merge| merge.duplicate_of.is_some());
        if again || !is_session(flow) { Earlier::default() } else { self.look(flow) }
    }

    /// Of [`look`](Self::look) what is known of how sessions came; nothing before the fourth.
    pub fn add(&mut self, flow: &Flow) -> Option<PairContext> {
        self.look(flow).context
    }

    /// What is known of the flow's pair, and remembers the flow, whatever it is.
    pub fn look(&mut self, flow: &Flow) -> Earlier<'_> {
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
        let octets = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let (up, down) = (octets(core.src_bytes), octets(core.dst_bytes));
        let now = Seen { start: core.time_start, up, down };
        let (context, told) = (recent.context(&now), recent.told());
        Earlier { context, told, place: recent.add(now) }
    }

    /// Pairs that were forgotten because there were too many.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

impl Recent {
    fn add(&mut self, seen: Seen) -> Option<&mut f32> {
        let at = self.count % RECENT;
        self.count += 1;
        *self.seen.get_mut(at)? = seen;
        let told = self.told.get_mut(at)?;
        *told = NOT_JUDGED;
        Some(told)
    }

    fn told(&self) -> Option<f64> {
        let earlier = self.told.get(..self.count.min(RECENT)).unwrap_or_default();
        let most = earlier.iter().copied().fold(NOT_JUDGED, f32::max);
        (most >= 0.0).then(|| f64::from(most))
    }

    fn context(&self, now: &Seen) -> Option<PairContext> {
        let earlier = self.seen.get(..self.count.min(RECENT)).unwrap_or_default();
        if earlier.len() + 1 < SESSIONS {
            return None;
        }
        // Seconds from this session on, whether as much was carried, and how far it is from as much.
        let mut sessions = [(0f64, false, 0f64); RECENT];
        for (place, seen) in sessions.iter_mut().zip(earlier) {
            let second = seen.start.0.saturating_sub(now.start.0) as f64 / 1e9;
            let apart = apart(seen.up, now.up).max(apart(seen.down, now.down));
            *place = (second, alike(seen.up, now.up) && alike(seen.down, now.down), apart);
        }
        let sessions = sessions.get_mut(..earlier.len())?;
        sessions.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut intervals, mut spreads) = ([0f64; RECENT], [0f64; RECENT]);
        let (mut found, mut visits, mut equal) = (0usize, 0u32, 0u32);
        let mut last = f64::NEG_INFINITY;
        for visit in sessions.chunk_by(|a, b| b.0 - a.0 < SHORTEST) {
            let start = visit.first().map_or(0.0, |session| session.0);
            if let Some(place) = intervals.get_mut(found).filter(|_| last.is_finite()) {
                *place = start - last;
                found += 1;
            }
            last = start;
            if let Some(place) = spreads.get_mut(visits as usize) {
                // Of several sessions of a visit the most similar one is this one's counterpart.
                *place = visit.iter().map(|session| session.2).fold(f64::INFINITY, f64::min);
            }
            visits += 1;
            equal += u32::from(visit.iter().any(|session| session.1));
        }
        let ends = sessions.last().map_or(last, |session| session.0);
        // This session is of the last visit, or a visit of its own.
        if let Some(place) = intervals.get_mut(found).filter(|_| -ends >= SHORTEST) {
            *place = -last;
            found += 1;
        }
        let intervals = intervals.get_mut(..found)?;
        let middle = median(intervals);
        // They are sorted now.
        let rhythm = if middle < SHORTEST { 0.0 } else { rhythm(intervals) };
        intervals.iter_mut().for_each(|interval| *interval = (*interval - middle).abs());
        let deviation = typical(intervals);
        let regular = if found < INTERVALS || middle < SHORTEST { 0.0 } else { (1.0 - deviation / middle).max(0.0) };
        let equal = f64::from(equal) / f64::from(visits.max(1));
        let spread = median(spreads.get_mut(..visits as usize)?);
        Some(PairContext {
            regular: regular as f32,
            rhythm: rhythm as f32,
            equal: equal as f32,
            spread: spread as f32,
            interval: middle as f32,
        })
    }
}

fn alike(a: u32, b: u32) -> bool {
    a.abs_diff(b) <= b / 10 + 8
}

/// Logarithm of the ratio of two amounts, 100 added to both so that nothing and a little are near.
fn apart(a: u32, b: u32) -> f64 {
    ((f64::from(a) + 100.0) / (f64::from(b) + 100.0)).ln().abs()
}

/// Share of sorted intervals that are near each other, the most that are, without the one that is near itself; drawn towards 0
/// where there are few.
fn rhythm(intervals: &[f64]) -> f64 {
    if intervals.len() < INTERVALS {
        return 0.0;
    }
    let (mut first, mut most) = (0usize, 0usize);
    for (last, interval) in intervals.iter().enumerate() {
        while intervals.get(first).is_some_and(|shortest| shortest * NEAR < *interval) {
            first += 1;
        }
        most = most.max(last - first);
    }
    let count = intervals.len() as f64;
    most as f64 / (count - 1.0) * count / (count + 1.0)
}

/// The middle one of deviations from a median, of which one is the median's own: of three intervals the middle deviation would
/// be the smaller of two, and half of all that come by chance would look regular. Rounded up.
fn typical(deviations: &mut [f64]) -> f64 {
    deviations.sort_unstable_by(f64::total_cmp);
    deviations.get(deviations.len() / 2 + 1).or(deviations.last()).copied().unwrap_or(0.0)
}

/// The middle one, the upper of two; 0 of none.
fn median(values: &mut [f64]) -> f64 {
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
        assert_eq!(
            contexts.last(),
            Some(&Some(PairContext { regular: 1.0, rhythm: 5.0 / 6.0, equal: 1.0, spread: 0.0, interval: 60.0 }))
        );
    }

    #[test]
    fn intervals_of_which_two_are_near_by_chance_are_not_regular() {
        let mut pairs = Pairs::default();
        let at = [0.0, 62.0, 179.0, 224.0];
        let last = at.into_iter().map(|second| pairs.add(&session(second, 900))).last().flatten();
        let context = last.expect("four sessions");
        assert!(context.regular < 0.2 && context.equal == 1.0, "{context:?}");
    }

    #[test]
    fn a_check_in_that_is_left_out_takes_little_from_its_regularity() {
        let mut pairs = Pairs::default();
        let at = [0.0, 60.0, 121.0, 241.0, 300.0, 361.0];
        let last = at.into_iter().map(|second| pairs.add(&session(second, 900))).last().flatten();
        assert!(last.expect("six sessions").regular > 0.95);
    }

    #[test]
    fn check_ins_with_commands_between_them_keep_their_rhythm() {
        let mut pairs = Pairs::default();
        let at = [0.0, 60.0, 121.0, 133.0, 181.0, 240.0, 249.0, 275.0, 301.0, 361.0, 420.0];
        let last = at.into_iter().map(|second| pairs.add(&session(second, 900))).last().flatten().expect("eleven");
        assert!(last.rhythm > 0.4, "{last:?}");
        let at = [0.0, 62.0, 179.0, 224.0, 233.0, 300.0, 500.0];
        let last = at.into_iter().map(|second| pairs.add(&session(second, 900))).last().flatten().expect("sessions");
        assert!(last.rhythm < 0.4, "{last:?}");
    }

    #[test]
    fn two_sessions_of_each_check_in_are_one_visit() {
        let mut pairs = Pairs::default();
        let mut last = None;
        for n in 0..6 {
            pairs.add(&session(f64::from(n) * 60.0, 900));
            last = pairs.add(&session(f64::from(n) * 60.0 + 0.2, 4_000));
        }
        assert_eq!(
            last,
            Some(PairContext { regular: 1.0, rhythm: 5.0 / 6.0, equal: 5.0 / 6.0, spread: 0.0, interval: 60.0 })
        );
    }

    #[test]
    fn sessions_of_one_visit_are_not_regular() {
        let mut pairs = Pairs::default();
        let last = (0..6).map(|n| pairs.add(&session(f64::from(n) * 0.01, 1_000 * u64::from(n as u8)))).last();
        let context = last.flatten().expect("six sessions");
        assert_eq!((context.regular, context.equal), (0.0, 0.0));
    }

    #[test]
    fn what_was_found_once_makes_the_next_finding_easier_and_is_forgotten() {
        let mut pairs = Pairs::default();
        let mut next = |own: Option<f64>| {
            let mut flow = session(0.0, 900);
            (flow.core.proto, flow.tls) = (6, Some(Box::default()));
            let earlier = pairs.of_session(&flow);
            let told = earlier.told;
            if let Some(own) = own {
                earlier.tell(after(own, told));
            }
            told.map(|told| (told * 100.0).round() / 100.0)
        };
        assert_eq!([next(None), next(Some(0.9)), next(Some(0.3))], [None, None, Some(0.9)]);
        // Of the ones after it each is told two thirds of it, and its own.
        let last = (0..RECENT).map(|_| next(Some(0.0))).last().flatten();
        assert_eq!(last, Some(0.7), "the first is out of sight");
        assert_eq!((after(0.3, Some(0.9)), after(0.9, Some(0.3)), after(0.2, None)), (0.7, 0.9, 0.2));
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
