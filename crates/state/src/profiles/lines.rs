// SPDX-License-Identifier: Apache-2.0
//! What a chart of a profile is made of: for each channel, which filter counts in which minutes.

use std::collections::BTreeMap;
use std::ops::Range;

use minamo_base::Time;
use minamo_filter::Expr;

use super::{LIVE, ProfileError, Profiles, begin_of};

/// Which definitions a question about the past goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsKnown {
    /// Those that were in force at the time that is asked about.
    Then,
    /// Those that are in force now.
    Now,
}

/// A stretch of time in which one filter counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Minutes since the epoch.
    pub minutes: Range<i64>,
    /// The whole filter: of the channel and of all profiles above.
    pub filter: Expr,
}

/// One channel of a chart. Where no part covers a minute, the channel did not exist then.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name of the channel.
    pub channel: String,
    /// Stretches of time, in order, not overlapping.
    pub parts: Vec<Part>,
}

impl Profiles {
    /// The lines of a profile's chart over some minutes, in the order in which its newest version names them;
    /// those of `channels` only, where that is not empty. `now` is the time of asking.
    pub fn lines(
        &self,
        name: &str,
        channels: &[String],
        minutes: Range<i64>,
        as_known: AsKnown,
        now: Time,
    ) -> Result<Vec<Line>, ProfileError> {
        let missing = || ProfileError::missing(name);
        let mut lines: Vec<Line> = Vec::new();
        let mut add = |of: Vec<(String, Expr)>, minutes: &Range<i64>| {
            for (channel, filter) in of {
                let part = Part { minutes: minutes.clone(), filter };
                match lines.iter_mut().find(|line| line.channel == channel) {
                    Some(line) => line.push(part),
                    None => lines.push(Line { channel, parts: vec![part] }),
                }
            }
        };
        match as_known {
            AsKnown::Now => add(self.channels_at(name, now)?.ok_or_else(missing)?, &minutes),
            AsKnown::Then => {
                self.history(name).ok_or_else(missing)?;
                for span in self.spans(name, &minutes) {
                    add(self.channels_at(name, begin_of(span.start))?.unwrap_or_default(), &span);
                }
            }
        }
        for wanted in channels {
            if !lines.iter().any(|line| line.channel == *wanted) {
                return Err(ProfileError::no_channel(name, wanted));
            }
        }
        lines.retain(|line| channels.is_empty() || channels.contains(&line.channel));
        let order = self.profile_at(name, now).into_iter().flat_map(|profile| &profile.channels);
        let order: Vec<&str> = order.map(|channel| channel.name.as_str()).collect();
        lines.sort_by_key(|line| order.iter().position(|name| *name == line.channel).unwrap_or(usize::MAX));
        Ok(lines)
    }

    /// Every filter that a chart may need: those in force now first, then those that were, the newest first, as far as
    /// they fit. Those that ended before minute `kept_from` are left out.
    pub fn filters(&self, now: Time, kept_from: i64) -> RollupFilters {
        self.filters_within(now, kept_from, MAX_OCTETS)
    }

    /// The same, with room for so many octets of text.
    pub(super) fn filters_within(&self, now: Time, kept_from: i64, room: usize) -> RollupFilters {
        let mut all = RollupFilters { room, ..RollupFilters::default() };
        let ever = i64::MIN..i64::MAX;
        all.want(&Expr::All, &ever);
        let names = || self.versions.0.keys().filter(|name| *name != LIVE);
        for name in names() {
            match self.channels_at(name, now) {
                Ok(found) => found.into_iter().flatten().for_each(|(_, filter)| all.want(&filter, &ever)),
                Err(error) => all.faults.push(error),
            }
        }
        for name in names() {
            let spans = self.spans(name, &ever).into_iter().rev().filter(|span| span.end > kept_from);
            for span in spans.take(MAX_SPANS) {
                // What is wrong with a channel was told above; a time of which nothing is known any more has no rollup.
                let found = self.channels_at(name, begin_of(span.start)).ok().flatten();
                found.into_iter().flatten().for_each(|(_, filter)| all.want(&filter, &span));
            }
        }
        all
    }
}

/// Stretches of time of a profile, each with channels of its own meaning, for which rollups are kept; what is older
/// is charted from the rows.
const MAX_SPANS: usize = 500;
/// Octets of all filters for which rollups are kept.
const MAX_OCTETS: usize = 16 << 20;

/// The filters for which rollups are wanted.
#[derive(Debug, Default)]
pub struct RollupFilters {
    /// Canonical text, and the minutes for which it may be asked: ever, where it is in force now; else while it was.
    pub scopes: BTreeMap<String, Range<i64>>,
    /// Why the channels of a profile have no meaning now: a set is gone, or is too large.
    pub faults: Vec<ProfileError>,
    /// Filters for which there was no room.
    pub left_out: usize,
    /// Octets of text that still fit.
    room: usize,
}

impl RollupFilters {
    fn want(&mut self, filter: &Expr, scope: &Range<i64>) {
        let text = filter.to_string();
        if let Some(whole) = self.scopes.get_mut(&text) {
            *whole = whole.start.min(scope.start)..whole.end.max(scope.end);
        } else if let Some(room) = self.room.checked_sub(text.len()) {
            self.room = room;
            self.scopes.insert(text, scope.clone());
        } else {
            self.left_out += 1;
        }
    }
}

impl Line {
    fn push(&mut self, part: Part) {
        match self.parts.last_mut() {
            Some(last) if last.minutes.end == part.minutes.start && last.filter == part.filter => {
                last.minutes.end = part.minutes.end;
            }
            _ => self.parts.push(part),
        }
    }
}
