// SPDX-License-Identifier: Apache-2.0
//! Exporters' clocks: what is impossible is repaired where the record still says enough, and flagged in the column
//! `exporter_time_quality`. Times that are merely late stay as told: a record may be exported or replayed long after
//! its flow.

use minamo_base::Time;
use minamo_model::Flow;

use crate::columns::NO_WORD;
use crate::finish::Header;
use crate::measure::{Measure, Measures};

const SECOND: i64 = 1_000_000_000;
/// An exporter's clock that is further away than this from ours is called skewed.
const SKEW: i64 = 300 * SECOND;
/// A flow may seem to end this long after its export, by rounding and by clocks of line cards.
const AHEAD: i64 = 60 * SECOND;
/// A flow whose uptime is this much higher than its message's is of before a restart; less is what some exporters
/// send that fill the message's uptime when they begin to gather it.
const REBOOT: i64 = 600 * SECOND;
/// Nothing was exported before 2000-01-01.
const EARLIEST: Time = Time(946_684_800 * SECOND);
/// Longest flow that is believed.
const LONGEST: i64 = 31 * 86_400 * SECOND;

/// What was wrong with the times of a row: numbers of [`WORDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quality {
    Rebooted,
    Arrival,
    Reversed,
    Wrapped,
    Skewed,
}

/// The words for it in the column, in the order of [`Quality`].
pub(crate) const WORDS: [&str; 5] = ["rebooted", "arrival", "reversed", "wrapped", "skewed"];

/// Checks the times of a row whose times are set, repairs and flags them.
pub(crate) fn check(flow: &mut Flow, measures: &Measures, header: &Header) {
    let uptimes = (measures.get(Measure::StartUptime), measures.get(Measure::EndUptime));
    let core = &mut flow.core;
    let quality;
    (core.time_start, core.time_end, quality) = Clock::new(header).repair(core.time_start, core.time_end, uptimes);
    if let Some(word) = quality.and_then(|quality| WORDS.get(quality as usize)) {
        flow.exporter.get_or_insert_default().time_quality = Some((*word).into());
    }
}

/// Nanoseconds from one instant to another, negative where that is earlier.
fn between(from: Time, to: Time) -> i64 {
    to.0.saturating_sub(from.0)
}

/// What a message says of the clock that its rows were timed by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    received: Time,
    exported: Time,
    uptime: Option<u32>,
    /// Time of export by our clock, where the exporter's was never set.
    export: Time,
    /// What has to be added to its times.
    shift: i64,
    unset: bool,
    skewed: bool,
}

impl Clock {
    /// Of a message with that header.
    pub(crate) fn new(header: &Header) -> Self {
        let Header { received, exported, uptime, .. } = *header;
        // A message whose own time is impossible: its clock was never set. Arrival is the best time of export there is.
        let unset = received > EARLIEST && (exported < EARLIEST || between(received, exported) > 86_400 * SECOND);
        let shift = if unset { between(exported, received) } else { 0 };
        let export = Time(exported.0.saturating_add(shift));
        let skewed = received > EARLIEST && between(exported, received).saturating_abs() > SKEW;
        Self { received, exported, uptime, export, shift, unset, skewed }
    }

    /// What is wrong with times that are steady: nothing, or that the exporter's clock is far from ours.
    pub(crate) fn steady(&self) -> Option<Quality> {
        self.skewed.then_some(Quality::Skewed)
    }

    /// The times of rows by the exporter's uptime in milliseconds, which must be there, and the number of the word for
    /// what was wrong with each. False where one of them has to be looked at alone: then nothing is said of any.
    pub(crate) fn uptimes(
        &self,
        (first, last): (&[u64], &[u64]),
        (starts, ends): (&mut [i64], &mut [i64]),
        words: &mut Vec<u8>,
    ) -> bool {
        // Seconds and nanoseconds of 32 bits each are far from the ends of the range, and so is what is reckoned.
        let Some(now) = self.uptime.filter(|_| (0..i64::MAX / 2).contains(&self.exported.0)) else { return false };
        // An uptime of more than 32 bits is none.
        if first.iter().zip(last).fold(0, |bits, (first, last)| bits | first | last) >> 32 != 0 {
            return false;
        }
        let reckon = |times: &mut [i64], uptimes: &[u64]| {
            for (time, uptime) in times.iter_mut().zip(uptimes) {
                let age = now.wrapping_sub(*uptime as u32).cast_signed();
                *time = self.exported.0 - i64::from(age) * 1_000_000;
            }
        };
        reckon(&mut *starts, first);
        reckon(&mut *ends, last);
        let fine = self.steady().map_or(NO_WORD, |quality| quality as u8);
        let times = starts.iter().zip(ends.iter()).zip(first.iter().zip(last));
        words.clear();
        words.extend(times.map(|((start, end), (first, last))| {
            let wrapped = if first > last { Quality::Wrapped as u8 } else { fine };
            if start > end { Quality::Reversed as u8 } else { wrapped }
        }));
        // As in `repair`: of what ends before it starts the end is believed.
        starts.iter_mut().zip(ends.iter()).for_each(|(start, end)| *start = (*start).min(*end));
        self.are_steady(starts, ends, true)
    }

    /// True where no row's times have to be looked at: each is told, and possible by our clock and by that of the message.
    pub(crate) fn are_steady(&self, starts: &[i64], ends: &[i64], by_uptime: bool) -> bool {
        if self.unset || self.received <= EARLIEST {
            return false;
        }
        let ours = self.received.0.saturating_add(86_400 * SECOND);
        let latest = if by_uptime { ours.min(self.exported.0.saturating_add(REBOOT)) } else { ours };
        // What is later than the earliest is no further apart than the range has room for.
        !starts.iter().zip(ends).fold(false, |odd, (start, end)| {
            odd | (*start < EARLIEST.0) | (end < start) | (end.wrapping_sub(*start) > LONGEST) | (*end > latest)
        })
    }

    /// The times of a row that began and ended so, as they are kept, and what was wrong with them.
    pub(crate) fn repair(
        &self,
        start: Time,
        end: Time,
        uptimes: (Option<u64>, Option<u64>),
    ) -> (Time, Time, Option<Quality>) {
        let Self { received, exported, export, .. } = *self;
        if between(exported, end) > REBOOT
            && let ((Some(first), Some(last)), Some(now)) = (uptimes, self.uptime)
            && last > u64::from(now)
        {
            // The flow's uptime is higher than the message's: the exporter started anew in between. What lies between
            // its two uptimes is still its length.
            let length = i64::try_from(last.saturating_sub(first)).unwrap_or(0).saturating_mul(1_000_000);
            return (Time(export.0.saturating_sub(length.min(LONGEST))), export, Some(Quality::Rebooted));
        }
        if self.unset {
            let (start, end) = (Time(start.0.saturating_add(self.shift)), Time(end.0.saturating_add(self.shift)));
            if start < EARLIEST || between(export, end) > AHEAD || end < start {
                return (received, received, Some(Quality::Arrival));
            }
            return (start, end, Some(Quality::Arrival));
        }
        let length = between(start, end);
        if length < 0 {
            // Ends before it starts: the end is nearer to the export, and the one to believe.
            return (end, end, Some(Quality::Reversed));
        }
        // By our clock, not by that of the message: line cards may have clocks of their own.
        let ahead = between(received, end) > 86_400 * SECOND;
        if received > EARLIEST && (start < EARLIEST || length > LONGEST || ahead) {
            return (export, export, Some(Quality::Arrival));
        }
        let wrapped = |(start, end): (Option<u64>, Option<u64>)| start > end && start.is_some() && end.is_some();
        if wrapped(uptimes) {
            return (start, end, Some(Quality::Wrapped));
        }
        (start, end, self.skewed.then_some(Quality::Skewed))
    }
}

#[cfg(test)]
mod tests {
    use minamo_base::Ip;

    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn header(exported: i64, uptime: Option<u32>) -> Header {
        Header {
            source: "netflow9",
            exporter: Ip::v4([192, 0, 2, 9]),
            domain: 0,
            received: Time(NOW * SECOND),
            exported: Time(exported * SECOND),
            uptime,
            rate: None,
        }
    }

    fn checked(start: i64, end: i64, header: &Header, uptimes: Option<(u64, u64)>) -> (i64, i64, String) {
        let (mut flow, mut measures) = (Flow::default(), Measures::default());
        if let Some((start, end)) = uptimes {
            measures.set(Measure::StartUptime, start);
            measures.set(Measure::EndUptime, end);
        }
        (flow.core.time_start, flow.core.time_end) = (Time(start * SECOND), Time(end * SECOND));
        check(&mut flow, &measures, header);
        let quality = flow.exporter.and_then(|exporter| exporter.time_quality).unwrap_or_default();
        (flow.core.time_start.secs() - NOW, flow.core.time_end.secs() - NOW, quality.into_owned())
    }

    #[test]
    fn good_times_stay_without_a_flag() {
        assert_eq!(checked(NOW - 9, NOW - 1, &header(NOW, None), None), (-9, -1, String::new()));
        assert_eq!(checked(NOW - 9, NOW - 1, &header(NOW - 299, None), None), (-9, -1, String::new()));
    }

    #[test]
    fn a_clock_that_drifts_is_flagged_and_its_times_stay() {
        let late = header(NOW - 3_600, None);
        assert_eq!(checked(NOW - 3_610, NOW - 3_601, &late, None), (-3_610, -3_601, "skewed".into()));
    }

    #[test]
    fn a_clock_that_was_never_set_gets_the_time_of_arrival() {
        let unset = header(500, Some(500_000));
        assert_eq!(checked(490, 499, &unset, Some((490_000, 499_000))), (-10, -1, "arrival".into()));
        let future = header(NOW + 90_000, None);
        assert_eq!(checked(NOW + 89_990, NOW + 89_999, &future, None), (-10, -1, "arrival".into()));
        assert_eq!(checked(-5_000, 499, &header(500, None), None), (-5_500, -1, "arrival".into()));
    }

    #[test]
    fn absurd_times_of_one_record_become_the_time_of_export() {
        assert_eq!(checked(5, NOW - 1, &header(NOW, None), None), (0, 0, "arrival".into()));
        assert_eq!(checked(NOW, NOW + 999_999, &header(NOW, None), None), (0, 0, "arrival".into()));
    }

    #[test]
    fn reboot_wrap_and_reversal_are_repaired() {
        let young = header(NOW, Some(5_000));
        let before = checked(NOW + 2_990, NOW + 2_995, &young, Some((2_995_000, 3_000_000)));
        assert_eq!(before, (-5, 0, "rebooted".into()));
        let wrapped = checked(NOW - 9, NOW - 1, &header(NOW, Some(8_000)), Some((u64::from(u32::MAX) - 999, 7_000)));
        assert_eq!(wrapped, (-9, -1, "wrapped".into()));
        assert_eq!(checked(NOW - 1, NOW - 9, &header(NOW, None), None), (-9, -9, "reversed".into()));
    }
}
