// SPDX-License-Identifier: Apache-2.0
//! Traffic over time: exact buckets, split by a key.

use std::collections::HashMap;
use std::time::Duration;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{TimestampNanosecondType, UInt64Type};
use datafusion::logical_expr::ident;
use futures::StreamExt;
use minamo_base::Time;
use minamo_filter::Expr as Filter;
use minamo_model::{CellReader, text_value};
use minamo_rollup::{Buckets, MOST};
use minamo_schema::Value;

use super::top::{By, TopQuery, groups};
use super::{Key, counted, flows};
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
}

impl Lake {
    /// Octets, packets or flows per bucket. A flow's octets and packets are spread evenly over its lifetime,
    /// with exact sums: all buckets together are what the flows have inside the range. A flow itself counts
    /// once, where it starts. Split by `ip`, a flow counts for both of its sides' lines.
    pub async fn series(&self, query: SeriesQuery) -> Result<Series, QueryError> {
        self.limited(Box::pin(self.run_series(query))).await
    }

    async fn run_series(&self, query: SeriesQuery) -> Result<Series, QueryError> {
        let known = self.time_range().await.unwrap_or((Time(0), Time(0)));
        let (from, to) = (query.from.unwrap_or(known.0), query.to.unwrap_or(Time(known.1.0.saturating_add(1))));
        let buckets = Buckets::new(from, to, query.step)
            .ok_or_else(|| QueryError::Bad(format!("got {from} to {to}, want a range of 1 to {MOST} steps")))?;
        let session = self.session()?;
        let mut names = Vec::new();
        if let Some(key) = query.split {
            let (filter, keys) = (query.filter.clone(), vec![key]);
            let top = TopQuery { from: Some(from), to: Some(to), filter, keys, by: query.by, limit: query.limit };
            names = groups(&session, &top, self.shared.settings.query_memory)
                .await?
                .into_iter()
                .filter_map(|(mut key, _)| key.pop())
                .collect();
        }
        let mut columns = vec!["time_start", "time_end", "src_bytes", "dst_bytes", "src_packets", "dst_packets"];
        let split: &[&str] = match &query.split {
            Some(Key::Ip) => &["src_ip", "dst_ip"],
            Some(Key::Column(column)) => &[column.name],
            None => &[],
        };
        columns.extend(split.iter().filter(|name| !columns.contains(name)).copied().collect::<Vec<_>>());
        let frame = flows(&session, Some(from), Some(to), &counted(&query.filter)).await?;
        let frame = frame.select(columns.into_iter().map(ident).collect::<Vec<_>>())?;
        let mut lines = Lines::new(buckets, query.by, names);
        let mut stream = frame.execute_stream().await?;
        while let Some(batch) = stream.next().await {
            lines.add(&batch?, split)?;
        }
        Ok(lines.finish())
    }
}

/// The lines while flows are added.
struct Lines {
    buckets: Buckets,
    by: By,
    names: Vec<Value<'static>>,
    /// Place of a line by its name's text; null has a text of its own.
    places: HashMap<String, usize>,
    lines: Vec<Vec<u64>>,
}

fn name_of(value: &Value<'_>) -> String {
    match value {
        Value::Null => "\0null".to_owned(),
        other => text_value(other),
    }
}

impl Lines {
    fn new(buckets: Buckets, by: By, names: Vec<Value<'static>>) -> Self {
        let places = names.iter().enumerate().map(|(at, name)| (name_of(name), at)).collect();
        let lines = vec![vec![0; buckets.count]; names.len() + 1];
        Self { buckets, by, names, places, lines }
    }

    fn add(&mut self, batch: &RecordBatch, split: &[&str]) -> Result<(), QueryError> {
        let missing = |name: &str| QueryError::Failed(format!("column {name} has an unexpected type"));
        let times = |name: &str| {
            let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<TimestampNanosecondType>());
            column.ok_or_else(|| missing(name))
        };
        let number = |name: &str| {
            let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<UInt64Type>());
            column.ok_or_else(|| missing(name))
        };
        let (starts, ends) = (times("time_start")?, times("time_end")?);
        let (a, b) = match self.by {
            By::Packets => (number("src_packets")?, number("dst_packets")?),
            _ => (number("src_bytes")?, number("dst_bytes")?),
        };
        let readers: Vec<_> = split
            .iter()
            .filter_map(|name| {
                let (at, field) = batch.schema_ref().column_with_name(name)?;
                Some(CellReader::new(field, batch.column(at).as_ref()))
            })
            .collect();
        for row in 0..batch.num_rows() {
            let amount = |of: &arrow::array::UInt64Array| if of.is_valid(row) { of.value(row) } else { 0 };
            let rest = self.names.len();
            let mut places: Vec<usize> =
                readers.iter().filter_map(|r| self.places.get(&name_of(&r.value(row))).copied()).collect();
            places.dedup();
            if places.is_empty() {
                places.push(rest);
            }
            for place in places {
                let Some(line) = self.lines.get_mut(place) else { continue };
                match self.by {
                    By::Flows => self.buckets.count(starts.value(row), line),
                    // Each side by itself, as rollups do: both then round the same way.
                    _ => {
                        for of in [a, b] {
                            self.buckets.spread(starts.value(row), ends.value(row), amount(of), line);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Series {
        let names = self.names.into_iter().map(Some).chain([None]);
        let step = Duration::from_nanos(u64::try_from(self.buckets.step).unwrap_or(0));
        Series { start: Time(self.buckets.start), step, lines: names.zip(self.lines).collect() }
    }
}
