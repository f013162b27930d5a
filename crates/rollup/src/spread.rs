// SPDX-License-Identifier: Apache-2.0
//! Spreading a counter over time: what falls into each bucket, exactly. The share up to an instant is the
//! counter times the part of the lifetime that is over, rounded down; a bucket gets the difference of two
//! such shares, so that the buckets of a whole lifetime sum up to the counter.
//!
//! The share depends on the instant alone, not on the buckets: what the minutes of an hour get sums up to what
//! the hour gets. Rollups and series from raw rows share this rule and so agree to the octet.

use std::ops::Range;
use std::time::Duration;

use minamo_base::Time;

/// Buckets of equal length; the first and the last may be cut by the range.
#[derive(Debug, Clone, Copy)]
pub struct Buckets {
    /// Start of the range.
    pub from: i64,
    /// End of the range, not in it.
    pub to: i64,
    /// Start of the first bucket, at `from` or before.
    pub start: i64,
    /// Length of a bucket.
    pub step: i64,
    /// Number of buckets.
    pub count: usize,
}

/// Nanoseconds of a minute.
pub const MINUTE: i64 = 60_000_000_000;

/// The minute of an instant, counted from the epoch.
pub fn minute(at: i64) -> i64 {
    at.div_euclid(MINUTE)
}

/// What of `amount` had moved at an instant, for a flow that lived from `start` to `end`.
fn share(amount: u64, start: i64, end: i64, at: i64) -> u64 {
    let life = end.abs_diff(start);
    let over = at.abs_diff(start).min(life);
    match (u128::from(amount) * u128::from(over)).checked_div(u128::from(life)) {
        Some(part) => u64::try_from(part).unwrap_or(amount),
        None => amount,
    }
}

/// Spreads counters over the minutes of the lifetime `start ..= end` that lie in `scope`; gives each minute and
/// its shares.
pub(crate) fn minutes<const N: usize>(
    start: i64,
    end: i64,
    amounts: [u64; N],
    scope: &Range<i64>,
    mut give: impl FnMut(i64, [u64; N]),
) {
    let first = minute(start);
    // What ends as a minute begins belongs to the minute before.
    let last = if end <= start { first } else { minute(end - 1) };
    if first == last {
        if scope.contains(&first) {
            give(first, amounts);
        }
        return;
    }
    let (low, high) = (first.max(scope.start), last.min(scope.end.saturating_sub(1)));
    let until = |at: i64| amounts.map(|amount| share(amount, start, end, at.saturating_mul(MINUTE).clamp(start, end)));
    let mut before = until(low);
    for at in low..=high {
        let now = if at == last { amounts } else { until(at + 1) };
        let mut part = [0; N];
        for ((part, now), before) in part.iter_mut().zip(now).zip(before) {
            *part = now - before;
        }
        give(at, part);
        before = now;
    }
}

/// Lengths that a person can read off an axis, in seconds.
const STEPS: [u64; 26] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800,
    604_800, 1_209_600, 2_592_000, 7_776_000, 15_552_000, 31_536_000,
];
/// Buckets that an automatic length gives at most.
const WANTED: i128 = 120;
/// Buckets that a question may ask for.
pub const MOST: i128 = 10_000;

impl Buckets {
    /// Buckets over `from .. to`, whose starts are multiples of the step; nothing where the range is empty,
    /// the step is zero, or there would be more than [`MOST`].
    pub fn new(from: Time, to: Time, step: Option<Duration>) -> Option<Self> {
        let length = i128::from(to.0) - i128::from(from.0);
        let step = match step {
            Some(step) => i64::try_from(step.as_nanos()).ok()?,
            None => automatic(length),
        };
        if length <= 0 || step <= 0 {
            return None;
        }
        // Below the lowest time there is only the lowest time.
        let start = from.0.div_euclid(step).saturating_mul(step);
        let count = (i128::from(to.0) - i128::from(start) + i128::from(step) - 1) / i128::from(step);
        let count = usize::try_from(count).ok().filter(|_| count <= MOST)?;
        Some(Self { from: from.0, to: to.0, start, step, count })
    }

    fn place(&self, at: i64) -> Option<usize> {
        if at < self.from || at >= self.to {
            return None;
        }
        usize::try_from((i128::from(at) - i128::from(self.start)) / i128::from(self.step))
            .ok()
            .filter(|at| *at < self.count)
    }

    /// The bucket in which the flow starts, or the first one where it started before; nothing where it starts
    /// behind the range.
    pub fn bucket(&self, start: i64) -> Option<usize> {
        self.place(start.max(self.from))
    }

    /// Spreads `amount` over the lifetime `start ..= end`; what lies outside the range is left out.
    pub fn spread(&self, start: i64, end: i64, amount: u64, line: &mut [u64]) {
        self.shares(start, end, amount, |at, part| {
            if let Some(bucket) = line.get_mut(at) {
                *bucket = bucket.saturating_add(part);
            }
        });
    }

    /// Spreads a number that is no counter, such as a variance, as [`Self::spread`] does.
    pub fn spread_real(&self, start: i64, end: i64, amount: f64, line: &mut [f64]) {
        const WHOLE: u64 = 1 << 52;
        self.shares(start, end, WHOLE, |at, part| {
            if let Some(bucket) = line.get_mut(at) {
                // Both are exact as real numbers: below 2⁵³.
                *bucket += amount * (part as f64 / WHOLE as f64);
            }
        });
    }

    /// Gives each bucket's share of `amount`.
    fn shares(&self, start: i64, end: i64, amount: u64, mut give: impl FnMut(usize, u64)) {
        if end <= start {
            if let Some(at) = self.place(start) {
                give(at, amount);
            }
            return;
        }
        let (low, high) = (start.max(self.from), end.min(self.to));
        let Some(first) = self.place(low).filter(|_| low < high) else { return };
        let mut before = share(amount, start, end, low);
        for at in first..self.count {
            let bucket_end = i128::from(self.start) + (at as i128 + 1) * i128::from(self.step);
            let bucket_end = i64::try_from(bucket_end).unwrap_or(i64::MAX);
            let until = bucket_end.min(high);
            let now = share(amount, start, end, until);
            give(at, now - before);
            before = now;
            if until >= high {
                break;
            }
        }
    }
}

fn automatic(length: i128) -> i64 {
    let fits = |step: &&u64| i128::from(**step) * 1_000_000_000 * WANTED >= length;
    let secs = STEPS.iter().find(fits).or(STEPS.last()).copied().unwrap_or(1);
    i64::try_from(secs).unwrap_or(1).saturating_mul(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(from: i64, to: i64, step: u64) -> Buckets {
        Buckets::new(Time(from), Time(to), Some(Duration::from_nanos(step))).expect("buckets")
    }

    #[test]
    fn shares_sum_up_to_the_whole_whatever_the_step() {
        for step in 1..40 {
            for (start, end, amount) in [(0, 100, 7), (3, 4, 1_000), (10, 10, 5), (1, 99, u64::MAX), (0, 100, 0)] {
                let b = buckets(0, 101, step);
                let mut line = vec![0; b.count];
                b.spread(start, end, amount, &mut line);
                assert_eq!(line.iter().map(|n| u128::from(*n)).sum::<u128>(), u128::from(amount), "step {step}");
            }
        }
    }

    #[test]
    fn neighbouring_ranges_share_a_flow_without_loss() {
        for cut in 1..100 {
            let mut sum = 0;
            for (from, to) in [(0, cut), (cut, 101)] {
                let b = buckets(from, to, 7);
                let mut line = vec![0; b.count];
                b.spread(0, 100, 1_234_567, &mut line);
                sum += line.iter().sum::<u64>();
            }
            assert_eq!(sum, 1_234_567, "cut at {cut}");
        }
    }

    #[test]
    fn real_numbers_are_spread_as_counters_are() {
        let b = buckets(0, 100, 10);
        let (mut whole, mut real) = (vec![0; b.count], vec![0.0; b.count]);
        b.spread(5, 65, 6_000, &mut whole);
        b.spread_real(5, 65, 6_000.0, &mut real);
        assert!(whole.iter().zip(&real).all(|(n, x)| (f64::from(u32::try_from(*n).expect("small")) - x).abs() < 1e-6));
        assert_eq!((b.bucket(-4), b.bucket(99), b.bucket(100)), (Some(0), Some(9), None));
    }

    #[test]
    fn minutes_get_what_buckets_of_a_minute_get() {
        let m = MINUTE;
        for (start, end) in
            [(0, 10 * m), (m / 3, 7 * m + 5), (-5 * m - 1, 3 * m), (m, m), (m, 2 * m), (2 * m - 1, 2 * m + 1)]
        {
            for amount in [0, 1, 7, 1_234_567, u64::MAX] {
                let b = buckets(-6 * m, 12 * m, 60_000_000_000);
                let mut line = vec![0; b.count];
                b.spread(start, end, amount, &mut line);
                let mut got = vec![0; b.count];
                let place = |at: i64| usize::try_from(at + 6).expect("in the range");
                minutes(start, end, [amount, 3], &(i64::MIN..i64::MAX), |at, [share, _]| got[place(at)] += share);
                assert_eq!(got, line, "{start} to {end}, {amount}");
                let mut cut = vec![0; b.count];
                minutes(start, end, [amount], &(1..4), |at, [share]| cut[place(at)] += share);
                let want: Vec<u64> =
                    line.iter().enumerate().map(|(at, n)| if (7..10).contains(&at) { *n } else { 0 }).collect();
                assert_eq!(cut, want, "a scope takes its minutes only");
            }
        }
    }

    #[test]
    fn steps_are_nice_and_bounded() {
        let hour = Buckets::new(Time(0), Time(3_600_000_000_000), None).expect("buckets");
        assert_eq!((hour.step, hour.count), (30_000_000_000, 120));
        let all = Buckets::new(Time(i64::MIN), Time(i64::MAX), None).expect("buckets");
        assert!(all.count < 700);
        let mut line = vec![0; all.count];
        all.spread(i64::MIN, i64::MAX, 1_000_003, &mut line);
        all.spread(i64::MAX - 1, i64::MAX - 1, 4, &mut line);
        assert_eq!(line.iter().sum::<u64>(), 1_000_007);
        assert!(Buckets::new(Time(0), Time(1_000_000), Some(Duration::from_nanos(1))).is_none(), "too many");
        assert!(
            Buckets::new(Time(5), Time(5), None).is_none()
                && Buckets::new(Time(0), Time(9), Some(Duration::ZERO)).is_none()
        );
    }
}
