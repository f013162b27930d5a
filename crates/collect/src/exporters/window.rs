// SPDX-License-Identifier: Apache-2.0
//! What the rows of one exporter looked like lately: counts over the last five to ten minutes, so that a change of
//! its configuration shows soon.

use minamo_base::Time;
use serde::{Deserialize, Serialize};

use super::facts::Facts;

/// Length of one half of the window.
const HALF: i64 = 300_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// What a row can lack, each a bit of [`Window::present`].
pub(crate) mod part {
    pub(crate) const TCP_FLAGS: u16 = 1;
    pub(crate) const SPLT: u16 = 1 << 1;
    pub(crate) const INTERFACES: u16 = 1 << 2;
    pub(crate) const APPLICATION: u16 = 1 << 3;
    pub(crate) const TLS: u16 = 1 << 4;
    pub(crate) const DNS: u16 = 1 << 5;
    pub(crate) const ROUND_TRIP: u16 = 1 << 6;
    pub(crate) const LINK: u16 = 1 << 7;
    pub(crate) const SYSTEMS: u16 = 1 << 8;
    pub(crate) const BOTH_SIDES: u16 = 1 << 9;
    pub(crate) const INITIAL_PACKET: u16 = 1 << 10;
    pub(crate) const BYTE_COUNTS: u16 = 1 << 11;
}

/// Counts of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Window {
    /// Rows.
    pub rows: u64,
    /// Rows without anything from the responder.
    pub one_sided: u64,
    /// Rows of TCP.
    pub tcp: u64,
    /// Rows that were there before, with the same times and counters.
    pub duplicates: u64,
    /// Rows of sampled traffic.
    pub sampled: u64,
    /// Rows whose times were repaired or replaced.
    pub repaired: u64,
    /// Rows that count no octets.
    pub empty: u64,
    /// Longest flow, in seconds.
    pub longest_secs: u32,
    /// Rows of flows that ended shortly after their first packet.
    pub short: u64,
    /// Sum over these of the seconds between last packet and export.
    pub short_wait_secs: u64,
    /// Bits of what any row had.
    pub(crate) present: u16,
}

impl Window {
    /// Counts a row; `seen_before` where the same one was there already.
    #[inline]
    pub(crate) fn row(&mut self, facts: &Facts, exported: Option<Time>, seen_before: bool) {
        self.rows += 1;
        self.one_sided += u64::from(facts.dst_packets == 0 && facts.dst_bytes == 0);
        self.tcp += u64::from(facts.proto == 6);
        self.duplicates += u64::from(seen_before);
        self.sampled += u64::from(facts.sampled);
        self.empty += u64::from(facts.src_bytes == 0 && facts.dst_bytes == 0);
        let length = facts.end.since(facts.start);
        self.repaired += u64::from(facts.repaired);
        if !facts.repaired {
            self.longest_secs = self.longest_secs.max(u32::try_from(length / SECOND).unwrap_or(0));
        }
        if let Some(exported) = exported
            && length < 5 * SECOND
            && let wait @ 0..3_600 = exported.0.saturating_sub(facts.end.0) / SECOND
        {
            self.short += 1;
            self.short_wait_secs += wait.unsigned_abs();
        }
        self.present |= if facts.dst_packets > 0 { part::BOTH_SIDES } else { 0 };
    }

    /// Notes what parts of rows there were.
    pub(crate) fn has(&mut self, parts: u16) {
        self.present |= parts;
    }

    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.one_sided += other.one_sided;
        self.tcp += other.tcp;
        self.duplicates += other.duplicates;
        self.sampled += other.sampled;
        self.repaired += other.repaired;
        self.empty += other.empty;
        self.longest_secs = self.longest_secs.max(other.longest_secs);
        self.short += other.short;
        self.short_wait_secs += other.short_wait_secs;
        self.present |= other.present;
    }
}

/// The window as it moves: two halves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Moving {
    current: Window,
    before: Window,
    /// Nanoseconds since 1970 at which the current half began.
    began: i64,
}

impl Moving {
    /// The half to count in now.
    pub(crate) fn at(&mut self, now: Time) -> &mut Window {
        let age = now.since(Time(self.began));
        if age >= HALF {
            self.before = if age < 2 * HALF { self.current } else { Window::default() };
            self.current = Window::default();
            self.began = now.0;
        }
        &mut self.current
    }

    /// Both halves together.
    pub(crate) fn sum(&self) -> Window {
        let mut sum = self.before;
        sum.add(&self.current);
        sum
    }
}

#[cfg(test)]
mod tests {
    use minamo_model::Flow;

    use super::*;

    #[test]
    fn rows_of_long_ago_leave_the_window() {
        let mut moving = Moving::default();
        let facts = Facts::of(&Flow::default());
        for secs in [1_000, 1_100, 1_400] {
            moving.at(Time::from_secs_nanos(secs, 0)).row(&facts, None, false);
        }
        assert_eq!(moving.sum().rows, 3);
        moving.at(Time::from_secs_nanos(1_800, 0));
        assert_eq!(moving.sum().rows, 1);
        moving.at(Time::from_secs_nanos(9_000, 0));
        assert_eq!(moving.sum().rows, 0);
    }

    #[test]
    fn the_wait_of_short_flows_tells_the_idle_timeout() {
        let mut window = Window::default();
        let mut flow = Flow::default();
        (flow.core.time_start, flow.core.time_end) = (Time(10 * SECOND), Time(11 * SECOND));
        window.row(&Facts::of(&flow), Some(Time(71 * SECOND)), false);
        flow.core.time_start = Time(-1_789 * SECOND);
        window.row(&Facts::of(&flow), Some(Time(12 * SECOND)), false);
        assert_eq!((window.short, window.short_wait_secs, window.longest_secs), (1, 60, 1_800));
    }
}
