// SPDX-License-Identifier: Apache-2.0
//! Spreading a counter over time: what falls into each bucket, exactly. The share up to an instant is the
//! counter times the part of the lifetime that is over, rounded down; a bucket gets the difference of two
//! such shares, so that the buckets of a whole lifetime sum up to the counter.

use std::time::Duration;

use minamo_base::Time;

/// Buckets of equal length; the first and the last may be cut by the range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buckets {
    /// Start of the range.
    pub(crate) from: i64,
    /// End of the range, not in it.
    pub(crate) to: i64,
    /// Start of the first bucket, at `from` or before.
    pub(crate) start: i64,
    /// Length of a bucket.
    pub(crate) step: i64,
    /// Number of buckets.
    pub(crate) count: usize,
}

/// Lengths that a person can read off an axis, in seconds.
const STEPS: [u64; 26] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800,
    604_800, 1_209_600, 2_592_000, 7_776_000, 15_552_000, 31_536_000,
];
/// Buckets that an automatic length gives at most.
const WANTED: i128 = 120;
/// Buckets that a question may ask for.
pub(crate) const MOST: i128 = 10_000;

impl Buckets {
    /// Buckets over `from .. to`, whose starts are multiples of the step; nothing where the range is empty,
    /// the step is zero, or there would be more than [`MOST`].
    pub(crate) fn new(from: Time, to: Time, step: Option<Duration>) -> Option<Self> {
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

    /// Counts 1 where the flow starts, or at the start of the range where it started before.
    pub(crate) fn count(&self, start: i64, line: &mut [u64]) {
        if let Some(bucket) = self.place(start.max(self.from)).and_then(|at| line.get_mut(at)) {
            *bucket = bucket.saturating_add(1);
        }
    }

    /// Spreads `amount` over the lifetime `start ..= end`; what lies outside the range is left out.
    pub(crate) fn spread(&self, start: i64, end: i64, amount: u64, line: &mut [u64]) {
        if end <= start {
            if let Some(bucket) = self.place(start).and_then(|at| line.get_mut(at)) {
                *bucket = bucket.saturating_add(amount);
            }
            return;
        }
        let (low, high) = (start.max(self.from), end.min(self.to));
        let Some(first) = self.place(low).filter(|_| low < high) else { return };
        let life = end.abs_diff(start);
        let share = |at: i64| {
            let over = u128::from(at.abs_diff(start).min(life));
            u64::try_from(u128::from(amount) * over / u128::from(life)).unwrap_or(amount)
        };
        let mut before = share(low);
        for (at, bucket) in line.iter_mut().enumerate().skip(first) {
            let bucket_end = i128::from(self.start) + (at as i128 + 1) * i128::from(self.step);
            let bucket_end = i64::try_from(bucket_end).unwrap_or(i64::MAX);
            let until = bucket_end.min(high);
            let now = share(until);
            *bucket = bucket.saturating_add(now - before);
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
