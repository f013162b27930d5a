// SPDX-License-Identifier: Apache-2.0
//! What was counted of one exporter over the last 24 hours, by the hour: its score follows from this, so that what was
//! mended stops to count against it, and a restart changes nothing.

use std::collections::BTreeMap;

use minamo_base::Time;
use serde::{Deserialize, Serialize};

/// Hours that are kept, the one that is being counted in among them.
const HOURS: i64 = 24;
const HOUR: i64 = 3_600_000_000_000;

/// Counts of an hour, or of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Datagrams or messages.
    pub datagrams: u64,
    /// Records that became rows.
    pub records: u64,
    /// Missing by sequence numbers, in the units of the formats.
    pub lost: u64,
    /// Records missing, of formats that count records.
    pub lost_records: u64,
    /// Sets whose template was not known when they came.
    pub without_template: u64,
    /// Those of them that were read later.
    pub replayed: u64,
    /// Templates that came with other fields than before.
    pub redefined: u64,
    /// Parts of datagrams that break the format.
    pub malformed: u64,
    /// Datagrams of a version that is not read.
    pub unknown_version: u64,
    /// Records or datagrams that were not taken because of how the exporter stands.
    pub refused: u64,
    /// Records dropped above its rate.
    pub over_rate: u64,
}

impl Counts {
    /// How many in a thousand were lost: records of the records, or messages of the messages, whichever is worse.
    pub fn lost_per_mille(&self) -> u64 {
        let share = |lost: u64, arrived: u64| lost * 1_000 / (lost + arrived).max(1);
        let messages = self.lost.saturating_sub(self.lost_records);
        share(self.lost_records, self.records).max(share(messages, self.datagrams))
    }

    fn add(&mut self, other: &Self) {
        self.datagrams += other.datagrams;
        self.records += other.records;
        self.lost += other.lost;
        self.lost_records += other.lost_records;
        self.without_template += other.without_template;
        self.replayed += other.replayed;
        self.redefined += other.redefined;
        self.malformed += other.malformed;
        self.unknown_version += other.unknown_version;
        self.refused += other.refused;
        self.over_rate += other.over_rate;
    }
}

/// The counts of the last hours, by the hour's number since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Day {
    hours: BTreeMap<i64, Counts>,
}

impl Day {
    /// The hour to count in now; what is a day old goes.
    pub(crate) fn at(&mut self, now: Time) -> &mut Counts {
        let hour = now.0.div_euclid(HOUR);
        if !self.hours.contains_key(&hour) {
            // Hours that lie ahead are of a clock that was set back since.
            self.hours.retain(|known, _| (hour - HOURS + 1..=hour).contains(known));
        }
        self.hours.entry(hour).or_default()
    }

    /// The hours that are not a day old by `now`, together.
    pub(crate) fn sum(&self, now: Time) -> Counts {
        let hour = now.0.div_euclid(HOUR);
        let mut sum = Counts::default();
        self.hours.range(hour - HOURS + 1..=hour).for_each(|(_, counts)| sum.add(counts));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_day_old_counts_no_more() {
        let mut day = Day::default();
        let at = |hour: i64| Time(hour * HOUR + 5);
        for hour in 0..100 {
            day.at(at(hour)).records += 1;
            assert!(day.hours.len() <= 24);
        }
        assert_eq!(day.sum(at(99)).records, 24);
        assert_eq!(day.sum(at(110)).records, 13);
        assert_eq!(day.sum(at(200)).records, 0);
        day.at(at(50)).records += 1;
        assert_eq!((day.hours.len(), day.sum(at(50)).records), (1, 1), "a clock that was set back");
        day.at(at(300)).lost += 1;
        assert_eq!((day.hours.len(), day.sum(at(300)).records), (1, 0));
    }

    #[test]
    fn loss_is_told_in_the_units_of_the_format() {
        let counts = Counts { datagrams: 90, records: 10_000, lost: 10, ..Counts::default() };
        assert_eq!(counts.lost_per_mille(), 100, "messages of messages");
        let counts = Counts { lost_records: 10, ..counts };
        assert_eq!(counts.lost_per_mille(), 0, "records of records");
    }
}
