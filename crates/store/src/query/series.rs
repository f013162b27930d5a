// SPDX-License-Identifier: Apache-2.0
//! Traffic over time: exact buckets, split by a key.

use std::collections::HashMap;
use std::time::Duration;

use arrow::array::{Array, AsArray, BooleanArray, PrimitiveArray, RecordBatch, UInt32Array, UInt64Array};
use arrow::datatypes::{TimestampNanosecondType, UInt32Type, UInt64Type};
use datafusion::logical_expr::ident;
use futures::StreamExt;
use minamo_base::Time;
use minamo_filter::Expr as Filter;
use minamo_model::{CellReader, text_value};
use minamo_rollup::{Buckets, MOST};
use minamo_schema::Value;

use super::groups::GroupsQuery;
use super::running::stream;
use super::sampling::{Amount, Interval, RATE, Sides, by_flow, is_sampled, variance_of};
use super::top::{By, TopQuery};
use super::{Key, flows, without_duplicates};
use crate::{Lake, QueryError};

/// A question for traffic over time.
#[derive(Debug, Clone)]
pub struct SeriesQuery {
    /// Start of the range; the first flow's where absent.
    pub from: Option<Time>,
    /// End of the range; the last flow's where absent.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
    /// One line per value of this key.
    pub split: Option<Key>,
    /// What is counted.
    pub by: By,
    /// Lines to give by name; the rest is one line.
    pub limit: usize,
    /// Length of a bucket; about 120 buckets of a round length where absent.
    pub step: Option<Duration>,
}

/// How a series counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counting {
    /// The sides whose octets or packets count.
    pub sides: Sides,
    /// Octets and packets are spread evenly over a flow's lifetime; else they count where it starts.
    pub spread: bool,
    /// Sampled flows count for what they stand for.
    pub scaled: bool,
}

impl Default for Counting {
    fn default() -> Self {
        Self { sides: Sides::Both, spread: true, scaled: true }
    }
}

/// Traffic over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Start of the first bucket: a multiple of the step, so it may lie before the range.
    pub start: Time,
    /// Length of a bucket.
    pub step: Duration,
    /// Lines, highest total first, each with its name and one number per bucket. The line without a name
    /// stands last and has all other flows; without a split it has all flows.
    pub lines: Vec<(Option<Value<'static>>, Vec<u64>)>,
    /// Where the true numbers lie, line by line, where flows of the range were sampled.
    pub intervals: Option<Vec<Vec<Interval>>>,
}

impl Series {
    /// The number of a line below which so many per cent of its steps lie: the steps in order, the one at place
    /// n·percent/100, rounded up. Billing by the 95th percentile drops the highest twentieth of the steps.
    pub fn percentile(&self, line: usize, percent: u8) -> Option<u64> {
        percentile(&self.lines.get(line)?.1, percent)
    }
}

/// The number at place n·percent/100, rounded up, of the numbers in order.
pub(super) fn percentile(values: &[u64], percent: u8) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * usize::from(percent.min(100))).div_ceil(100).max(1);
    sorted.get(place - 1).copied()
}

impl Lake {
    /// Octets, packets or flows per bucket. A flow's octets and packets are spread evenly over its lifetime,
    /// with exact sums: all buckets together are what the flows have inside the range. A flow itself counts
    /// once, where it starts. Split by `ip`, a flow counts for both of its sides' lines. Sampled flows count for
    /// what they stand for.
    pub async fn series(&self, query: SeriesQuery) -> Result<Series, QueryError> {
        self.series_as(query, Counting::default()).await
    }

    /// [`Lake::series`], counted as `counting` says.
    pub async fn series_as(&self, query: SeriesQuery, counting: Counting) -> Result<Series, QueryError> {
        self.limited(Box::pin(self.run_series(query, counting))).await
    }

    pub(super) async fn run_series(&self, query: SeriesQuery, counting: Counting) -> Result<Series, QueryError> {
        let known = self.time_range().await.unwrap_or((Time(0), Time(0)));
        let (from, to) = (query.from.unwrap_or(known.0), query.to.unwrap_or(Time(known.1.0.saturating_add(1))));
        let buckets = Buckets::new(from, to, query.step)
            .ok_or_else(|| QueryError::Bad(format!("got {from} to {to}, want a range of 1 to {MOST} steps")))?;
        let session = self.session()?;
        let split: &[&str] = match &query.split {
            Some(Key::Ip) => &["src_ip", "dst_ip"],
            Some(Key::Column(column)) => &[column.name],
            Some(other) => return Err(QueryError::Bad(format!("got the split {other}, want a column or ip"))),
            None => &[],
        };
        let sampled = counting.scaled && is_sampled(&self.shared, Some(from), Some(to))?;
        let mut names = Vec::new();
        if let Some(key) = query.split {
            let (filter, keys) = (query.filter.clone(), vec![key]);
            let top = TopQuery { from: Some(from), to: Some(to), filter, keys, by: query.by, limit: query.limit };
            let groups = GroupsQuery { scaled: counting.scaled, ..GroupsQuery::of(&top) };
            let found = self.run_groups(groups).await?;
            names = found.rows.into_iter().filter_map(|mut row| row.key.pop()).collect();
        }
        let mut columns = vec!["time_start", "time_end", "src_bytes", "dst_bytes", "src_packets", "dst_packets"];
        if sampled {
            columns.push(RATE);
        }
        columns.extend(split.iter().filter(|name| !columns.contains(name)).copied().collect::<Vec<_>>());
        let frame = flows(&session, Some(from), Some(to), &without_duplicates(&query.filter)).await?;
        let mut columns: Vec<_> = columns.into_iter().map(ident).collect();
        if sampled {
            columns.push(by_flow().alias(BY_FLOW));
        }
        let frame = frame.select(columns)?;
        let mut lines = Lines::new(buckets, query.by, names, counting, sampled);
        let mut stream = stream(frame).await?;
        while let Some(batch) = stream.next().await {
            lines.add(&batch?, split)?;
        }
        Ok(lines.finish())
    }
}

/// Name of the column that says whether whole flows were chosen.
const BY_FLOW: &str = "by_flow";

/// The lines while flows are added.
struct Lines {
    buckets: Buckets,
    by: By,
    counting: Counting,
    names: Vec<Value<'static>>,
    /// Place of a line by its name's text; null has a text of its own.
    places: HashMap<String, usize>,
    lines: Vec<Vec<u64>>,
    /// Where flows are sampled: variance of each bucket, and what was counted in it.
    unsure: Option<Vec<(Vec<f64>, Vec<u64>)>>,
}

/// What one side of one row adds.
struct Part {
    start: i64,
    end: i64,
    /// As counted.
    counted: u64,
    rate: u64,
    /// Of the scaled number.
    variance: f64,
}

fn name_of(value: &Value<'_>) -> String {
    match value {
        Value::Null => "\0null".to_owned(),
        other => text_value(other),
    }
}

impl Lines {
    fn new(buckets: Buckets, by: By, names: Vec<Value<'static>>, counting: Counting, sampled: bool) -> Self {
        let places = names.iter().enumerate().map(|(at, name)| (name_of(name), at)).collect();
        let lines = vec![vec![0; buckets.count]; names.len() + 1];
        let unsure = sampled.then(|| vec![(vec![0.0; buckets.count], vec![0; buckets.count]); names.len() + 1]);
        Self { buckets, by, counting, names, places, lines, unsure }
    }

    fn add(&mut self, batch: &RecordBatch, split: &[&str]) -> Result<(), QueryError> {
        let columns = Columns::of(batch, self.unsure.is_some())?;
        let readers: Vec<_> = split
            .iter()
            .filter_map(|name| {
                let (at, field) = batch.schema_ref().column_with_name(name)?;
                Some(CellReader::new(field, batch.column(at).as_ref()))
            })
            .collect();
        for row in 0..batch.num_rows() {
            let rest = self.names.len();
            let mut places: Vec<usize> =
                readers.iter().filter_map(|r| self.places.get(&name_of(&r.value(row))).copied()).collect();
            places.dedup();
            if places.is_empty() {
                places.push(rest);
            }
            for place in places {
                // Each side by itself, as rollups do: both then round the same way.
                for part in columns.parts(row, self.by, self.counting.sides) {
                    self.put(place, &part);
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, place: usize, part: &Part) {
        let Some(line) = self.lines.get_mut(place) else { return };
        let amount = part.counted.saturating_mul(part.rate);
        let unsure = self.unsure.as_mut().and_then(|all| all.get_mut(place));
        if self.by == By::Flows || !self.counting.spread {
            let Some(at) = self.buckets.bucket(part.start) else { return };
            if let Some(bucket) = line.get_mut(at) {
                *bucket = bucket.saturating_add(amount);
            }
            if let Some((variances, seen)) = unsure
                && let (Some(variance), Some(seen)) = (variances.get_mut(at), seen.get_mut(at))
            {
                *variance += part.variance;
                *seen = seen.saturating_add(part.counted);
            }
            return;
        }
        self.buckets.spread(part.start, part.end, amount, line);
        if let Some((variances, seen)) = unsure {
            self.buckets.spread_real(part.start, part.end, part.variance, variances);
            self.buckets.spread(part.start, part.end, part.counted, seen);
        }
    }

    fn finish(self) -> Series {
        let names = self.names.into_iter().map(Some).chain([None]);
        let step = Duration::from_nanos(u64::try_from(self.buckets.step).unwrap_or(0));
        let interval = if self.by == By::Flows { Interval::of_flows } else { Interval::of };
        let intervals = self.unsure.map(|unsure| {
            let line = |(line, (variances, seen)): (&Vec<u64>, (Vec<f64>, Vec<u64>))| {
                let buckets = line.iter().zip(variances.into_iter().zip(seen));
                buckets.map(|(of, (variance, seen))| interval(*of, variance, seen)).collect()
            };
            self.lines.iter().zip(unsure).map(line).collect()
        });
        Series { start: Time(self.buckets.start), step, lines: names.zip(self.lines).collect(), intervals }
    }
}

/// The columns of a batch that count.
struct Columns<'a> {
    start: &'a PrimitiveArray<TimestampNanosecondType>,
    end: &'a PrimitiveArray<TimestampNanosecondType>,
    bytes: [&'a UInt64Array; 2],
    packets: [&'a UInt64Array; 2],
    rate: Option<&'a UInt32Array>,
    by_flow: Option<&'a BooleanArray>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch, sampled: bool) -> Result<Self, QueryError> {
        let missing = |name: &str| QueryError::Failed(format!("column {name} has an unexpected type"));
        let number = |name: &str| {
            let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<UInt64Type>());
            column.ok_or_else(|| missing(name))
        };
        let time = |name: &str| {
            let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<TimestampNanosecondType>());
            column.ok_or_else(|| missing(name))
        };
        let rate = match sampled {
            true => {
                let column = batch.column_by_name(RATE).and_then(|c| c.as_primitive_opt::<UInt32Type>());
                Some(column.ok_or_else(|| missing(RATE))?)
            }
            false => None,
        };
        Ok(Self {
            start: time("time_start")?,
            end: time("time_end")?,
            bytes: [number("src_bytes")?, number("dst_bytes")?],
            packets: [number("src_packets")?, number("dst_packets")?],
            rate,
            by_flow: batch.column_by_name(BY_FLOW).and_then(|column| column.as_boolean_opt()),
        })
    }

    /// What a row adds: one part per side that counts, or one for the flow itself.
    fn parts(&self, row: usize, by: By, sides: Sides) -> impl Iterator<Item = Part> {
        let (start, end) = (self.start.value(row), self.end.value(row));
        let of = |array: &UInt64Array| if array.is_valid(row) { array.value(row) } else { 0 };
        let rate = self.rate.filter(|rate| rate.is_valid(row)).map_or(1, |rate| u64::from(rate.value(row)).max(1));
        let amount = match by {
            By::Bytes => Amount::Bytes,
            By::Packets => Amount::Packets,
            By::Flows => Amount::Flows,
        };
        let whole = self.by_flow.is_some_and(|by_flow| by_flow.is_valid(row) && by_flow.value(row));
        let part = |bytes: u64, packets: u64| {
            let counted = match by {
                By::Bytes => bytes,
                By::Packets => packets,
                By::Flows => 1,
            };
            let variance = if rate > 1 { variance_of(amount, rate, whole, bytes, packets) } else { 0.0 };
            Part { start, end, counted, rate, variance }
        };
        let counts = |at: usize| (self.bytes.get(at).map_or(0, |a| of(a)), self.packets.get(at).map_or(0, |a| of(a)));
        let side = |at: usize| {
            let (bytes, packets) = counts(at);
            part(bytes, packets)
        };
        let (src, dst) = match (by, sides) {
            (By::Flows, _) | (_, Sides::Src) => (Some(side(0)), None),
            (_, Sides::Dst) => (None, Some(side(1))),
            // Both sides were chosen together.
            (_, Sides::Both) if whole => {
                let (src, dst) = (counts(0), counts(1));
                (Some(part(src.0.saturating_add(dst.0), src.1.saturating_add(dst.1))), None)
            }
            (_, Sides::Both) => (Some(side(0)), Some(side(1))),
        };
        src.into_iter().chain(dst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_numbers_of_the_series() {
        let hundred: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(percentile(&hundred, 95), Some(95));
        assert_eq!(percentile(&[7], 95), Some(7));
        assert_eq!(percentile(&[1, 2, 3], 50), Some(2));
        assert_eq!((percentile(&[1, 9], 100), percentile(&[], 95)), (Some(9), None));
    }
}
