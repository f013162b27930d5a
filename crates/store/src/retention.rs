// SPDX-License-Identifier: Apache-2.0
//! How long flows are kept: ages and budgets of all flows and of classes of them, and a watermark of free space
//! that is kept in any case. What goes is whole segments, the oldest first, so that deleting frees space at
//! once; rows of different classes never share a segment. Ranges that are held are exempt from everything.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::common::DFSchema;
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use minamo_base::Time;
use minamo_model::{FLOWS, Table};

use crate::counters::{Counters, add};
use crate::query::compile;
use crate::segment::{Segment, fit};
use crate::shared::Shared;
use crate::tables::{place, tables};
use crate::{Settings, StoreError};

/// Flows that are kept differently from others.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Name, part of the catalog: lower-case letters, digits and `_`.
    pub name: String,
    /// Flows of the class; of several classes the first that fits counts.
    pub filter: minamo_filter::Expr,
    /// They are deleted at this age.
    pub keep: Option<Duration>,
    /// Octets on disk that they may take; the oldest go first.
    pub max_bytes: Option<u64>,
}

/// A range of time from which nothing is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hold {
    /// Number in the catalog.
    pub id: i64,
    /// Start of the range.
    pub from: Time,
    /// End of the range.
    pub to: Time,
    /// What it is for.
    pub kind: HoldKind,
    /// Who answers for it.
    pub owner: String,
    /// Why, in the words of who made it.
    pub reason: String,
    /// When it was made.
    pub made: Time,
}

/// What a hold is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HoldKind {
    /// A court, an authority or a contract wants the flows kept.
    Legal,
    /// Somebody looks into an incident.
    Incident,
    /// Anything else.
    #[default]
    Other,
}

impl HoldKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Legal, Self::Incident, Self::Other];

    /// The word in the catalog: never changed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Legal => "legal",
            Self::Incident => "incident",
            Self::Other => "other",
        }
    }

    /// The kind of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A hold that shall be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// Start of the range.
    pub from: Time,
    /// End of the range.
    pub to: Time,
    /// What it is for.
    pub kind: HoldKind,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
}

impl NewHold {
    /// A hold for anything, by nobody in particular.
    pub fn new(from: Time, to: Time, reason: &str) -> Self {
        Self { from, to, kind: HoldKind::Other, owner: String::new(), reason: reason.to_owned() }
    }
}

/// Flows that a rule of retention deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retained {
    /// When.
    pub at: Time,
    /// The rule: `age`, `class_budget`, `budget` or `watermark`.
    pub rule: &'static str,
    /// Segments deleted.
    pub segments: u64,
    /// Rows deleted.
    pub rows: u64,
    /// Octets of disk that this gave back.
    pub bytes: u64,
}

/// What a class of flows takes. The class without a name has the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassSize {
    /// Name.
    pub name: String,
    /// Rows in segments.
    pub rows: u64,
    /// Octets of the segments.
    pub bytes: u64,
}

/// Why segments go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Age,
    ClassBudget,
    Budget,
    Watermark,
}

impl Rule {
    /// The word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::ClassBudget => "class_budget",
            Self::Budget => "budget",
            Self::Watermark => "watermark",
        }
    }

    /// The rule of that word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Retention::RULES.into_iter().find(|rule| rule.name() == word)
    }

    /// Its counter of rows.
    pub(crate) fn counter(self, counters: &Counters) -> &AtomicU64 {
        match self {
            Self::Age => &counters.expired_age,
            Self::ClassBudget => &counters.expired_class,
            Self::Budget => &counters.expired_budget,
            Self::Watermark => &counters.expired_watermark,
        }
    }
}

/// A segment that is to go.
pub(crate) struct Doomed {
    /// Place of its table.
    pub(crate) place: usize,
    /// The segment.
    pub(crate) segment: Arc<Segment>,
}

/// The rows of a batch that pass the filter of a class, and the others.
fn split(
    class: &str,
    filter: &Arc<dyn PhysicalExpr>,
    batch: &RecordBatch,
) -> Result<(RecordBatch, RecordBatch), StoreError> {
    let values = filter.evaluate(&fit(batch, &FLOWS.schema())?)?.into_array(batch.num_rows())?;
    let bad = || StoreError::Engine(format!("class {class}: the filter is not true or false"));
    let passes = values.as_boolean_opt().ok_or_else(bad)?;
    let is = |want: bool| {
        let of = |row| (passes.is_valid(row) && passes.value(row)) == want;
        BooleanArray::from_iter((0..passes.len()).map(|row| Some(of(row))))
    };
    Ok((filter_record_batch(batch, &is(true))?, filter_record_batch(batch, &is(false))?))
}

/// The rules, ready to be applied.
pub(crate) struct Retention {
    classes: Vec<(Class, Arc<dyn PhysicalExpr>)>,
}

impl Retention {
    /// In the order in which they are applied.
    pub(crate) const RULES: [Rule; 4] = [Rule::Age, Rule::ClassBudget, Rule::Budget, Rule::Watermark];

    /// Those that go by space, not by the clock.
    pub(crate) const SPACE_RULES: [Rule; 3] = [Rule::ClassBudget, Rule::Budget, Rule::Watermark];

    /// Of the settings.
    pub(crate) fn new(settings: &Settings) -> Result<Self, StoreError> {
        let schema = DFSchema::try_from(FLOWS.schema())?;
        let ready = |class: &Class| {
            let failed = |error: String| StoreError::Settings(format!("class {}: {error}", class.name));
            let filter = compile(&class.filter).map_err(|error| failed(error.to_string()))?;
            let filter =
                create_physical_expr(&filter, &schema, &ExecutionProps::new(), &PhysicalPlanningContext::default());
            Ok((class.clone(), filter.map_err(|error| failed(error.to_string()))?))
        };
        Ok(Self { classes: settings.classes.iter().map(ready).collect::<Result<_, StoreError>>()? })
    }

    /// Divides rows by class; the class without a name has the rest.
    pub(crate) fn classify(
        &self,
        table: &'static Table,
        batches: &[&RecordBatch],
    ) -> Result<Vec<(String, Vec<RecordBatch>)>, StoreError> {
        let mut out = Vec::new();
        let mut rest: Vec<RecordBatch> = batches.iter().copied().cloned().collect();
        if table.name == FLOWS.name {
            for (class, filter) in &self.classes {
                let (mut fitting, mut others) = (Vec::new(), Vec::new());
                for batch in rest {
                    let (fits, other) = split(&class.name, filter, &batch)?;
                    fitting.push(fits);
                    others.push(other);
                }
                fitting.retain(|batch| batch.num_rows() > 0);
                if !fitting.is_empty() {
                    out.push((class.name.clone(), fitting));
                }
                others.retain(|batch| batch.num_rows() > 0);
                rest = others;
            }
        }
        if !rest.is_empty() {
            out.push((String::new(), rest));
        }
        Ok(out)
    }

    /// The segments of all tables for which `old` is true and that are not held.
    pub(crate) fn where_true(shared: &Shared, old: impl Fn(&Segment) -> bool) -> Vec<Doomed> {
        let holds = shared.holds();
        let mut out = Vec::new();
        for place in 0..tables().len() {
            let segments = shared.segments(place).into_iter().filter(|s| old(s) && !held(&holds, s));
            out.extend(segments.map(|segment| Doomed { place, segment }));
        }
        out
    }

    /// What a rule deletes, of ages as of `now`.
    pub(crate) fn doomed(&self, rule: Rule, shared: &Shared, now: Time) -> Vec<Doomed> {
        let settings = &shared.settings;
        match rule {
            Rule::Age => self.aged(shared, now),
            Rule::ClassBudget => {
                let over = |(class, _): &(Class, _)| {
                    let max = class.max_bytes?;
                    Some(oldest(shared, |s| s.class == class.name, |bytes| bytes.saturating_sub(max)))
                };
                self.classes.iter().filter_map(over).flatten().collect()
            }
            Rule::Budget => match settings.max_bytes {
                Some(max) => oldest(shared, |_| true, |bytes| bytes.saturating_sub(max)),
                None => Vec::new(),
            },
            Rule::Watermark => {
                let missing = free(shared).map_or(0, |free| settings.min_free.saturating_sub(free));
                if missing == 0 {
                    return Vec::new();
                }
                oldest(shared, |_| true, |_| missing)
            }
        }
    }

    fn aged(&self, shared: &Shared, now: Time) -> Vec<Doomed> {
        let keep: HashMap<&str, Option<Duration>> =
            self.classes.iter().map(|(class, _)| (class.name.as_str(), class.keep)).collect();
        let events = shared.settings.keep_events;
        let flows = place(FLOWS.name);
        let mut out = Self::where_true(shared, |_| true);
        out.retain(|Doomed { place, segment }| {
            let keep = if Some(*place) == flows {
                keep.get(segment.class.as_str()).copied().flatten().or(shared.settings.keep)
            } else {
                events
            };
            keep.is_some_and(|keep| segment.span.max_end < now - keep)
        });
        out
    }

    /// Notes whether space is short, or so short that nothing more may be written.
    pub(crate) fn watch(&self, shared: &Shared) {
        let Some(free) = free(shared) else { return };
        let min = shared.settings.min_free;
        shared.set_free(free < min, free < min / 2);
    }

    /// What to say at the start where less is free than shall be: rows that come would soon be deleted for space.
    pub(crate) fn shortage(&self, shared: &Shared) -> Option<String> {
        let min = shared.settings.min_free;
        let free = free(shared).filter(|free| *free < min)?;
        Some(format!(
            "{}: {free} bytes are free, and lake.min_free wants {min}: the oldest flows go until it is there, and below \
             half of it nothing is stored; free some space, or set lake.min_free lower",
            shared.dir.display()
        ))
    }
}

/// True where a segment has rows of a held range.
fn held(holds: &[Hold], segment: &Segment) -> bool {
    holds.iter().any(|hold| segment.span.min_start < hold.to && segment.span.max_end >= hold.from)
}

/// The oldest segments of flows, as many as take `excess` of the octets of all that `of` names.
fn oldest(shared: &Shared, of: impl Fn(&Segment) -> bool, excess: impl Fn(u64) -> u64) -> Vec<Doomed> {
    let Some(place) = place(FLOWS.name) else { return Vec::new() };
    let holds = shared.holds();
    let mut segments: Vec<_> = shared.segments(place).into_iter().filter(|segment| of(segment)).collect();
    let mut excess = excess(segments.iter().map(|segment| segment.bytes).sum());
    segments.retain(|segment| !held(&holds, segment));
    segments.sort_by_key(|segment| (segment.span.max_end, segment.id));
    let more = |segment: &Arc<Segment>| {
        let wanted = excess > 0;
        excess = excess.saturating_sub(segment.bytes);
        wanted
    };
    segments.into_iter().take_while(more).map(|segment| Doomed { place, segment }).collect()
}

/// Octets that are free on the lake's disk.
fn free(shared: &Shared) -> Option<u64> {
    match (shared.settings.free_space)(&shared.dir) {
        Ok(free) => Some(free),
        Err(error) => {
            tracing::warn!(dir = %shared.dir.display(), %error, "free space is unknown");
            add(&shared.counters.retention_errors, 1);
            None
        }
    }
}

/// Octets of the file system of `dir` that this process may still fill.
pub(crate) fn free_space(dir: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(dir)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// How long the history gets with what comes in now.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Forecast {
    /// Octets of flows on disk.
    pub bytes: u64,
    /// Octets that they may take: the budget, or what is free above the watermark.
    pub capacity: u64,
    /// Octets that came in per day, over the last week.
    pub per_day: f64,
    /// Days between the oldest flow and now.
    pub days_held: f64,
    /// Days that fit with that rate; the age that is set where it is less. Nothing where nothing comes in.
    pub days_of_history: Option<f64>,
    /// Days until the oldest flows have to go for space; nothing where they go by age before.
    pub days_left: Option<f64>,
}

const DAY: f64 = 86_400e9;

/// The forecast for all flows.
pub(crate) fn forecast(shared: &Shared) -> Forecast {
    let Some(place) = place(FLOWS.name) else { return Forecast::default() };
    let (segments, now) = (shared.segments(place), (shared.clock)());
    let bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
    let room = free(shared).unwrap_or(0).saturating_sub(shared.settings.min_free);
    let capacity = shared.settings.max_bytes.unwrap_or(u64::MAX).min(bytes.saturating_add(room));
    let days = |since: Time| now.since(since).max(0) as f64 / DAY;
    let oldest = segments.iter().map(|segment| segment.span.min_start).min();
    let days_held = oldest.map_or(0.0, days);
    let recent = segments.iter().filter(|s| s.span.max_end <= now && days(s.span.max_end) < 7.0);
    let recent_bytes: u64 = recent.map(|segment| segment.bytes).sum();
    let per_day = recent_bytes as f64 / days_held.clamp(1.0 / 24.0, 7.0);
    let fit = (per_day > 0.0).then(|| capacity as f64 / per_day);
    let age = shared.settings.keep.map(|keep| keep.as_secs_f64() / 86_400.0);
    let days_of_history = fit.map(|fit| age.map_or(fit, |age| fit.min(age)));
    let by_age = fit.zip(age).is_some_and(|(fit, age)| age <= fit);
    let days_left = fit.filter(|_| !by_age).map(|fit| (fit - bytes as f64 / per_day).max(0.0));
    Forecast { bytes, capacity, per_day, days_held, days_of_history, days_left }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_than_the_watermark_is_told_of_at_the_start() {
        let dir = tempfile::tempdir().expect("a directory");
        let said = |min_free| {
            let settings = Settings { min_free, free_space: |_| Ok(7), ..Settings::default() };
            let shared = Shared::new(dir.path(), settings, || Time(0), None);
            Retention::new(&shared.settings).expect("good settings").shortage(&shared)
        };
        let shortage = said(8).expect("less is free");
        assert!(shortage.contains("7 bytes are free, and lake.min_free wants 8"), "{shortage}");
        assert_eq!(said(7), None);
    }
}
