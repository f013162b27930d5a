// SPDX-License-Identifier: Apache-2.0
//! Answers to the fixed questions as rows of named columns, for files and other programs: numbers stay numbers, all
//! other values are texts. Nothing is rounded, and what an answer does not have is empty.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{Field, Fields, Schema};
use minamo_base::Time;
use minamo_model::text_value;
use minamo_schema::Value;

use super::{
    Billing, By, GroupRow, Groups, GroupsQuery, Interval, Key, Measure, Paths, Prevalence, Prevalences, Series,
};
use crate::QueryError;

type Columns = Vec<(String, ArrayRef)>;

impl Groups {
    /// A row for each group: keys, measures, with sampled flows the ends of each interval (`…_low`, `…_high`), with a
    /// comparison the earlier value (`…_before`) and whether the group is `new` or `gone` (`compared`).
    pub fn batch(&self, query: &GroupsQuery) -> Result<RecordBatch, QueryError> {
        let rows: Vec<&GroupRow> = self.rows.iter().chain(&self.gone).collect();
        let mut columns = Columns::new();
        for (at, key) in query.keys.iter().enumerate() {
            columns.push((key.to_string(), values(rows.iter().map(|row| row.key.get(at)))));
        }
        for (at, measure) in query.measures.iter().enumerate() {
            let name = measure.to_string();
            let figures = rows.iter().map(|row| row.figures.get(at).map(|figure| &figure.value));
            columns.push((name.clone(), values(figures)));
            if self.sampled && measure.is_sum() {
                let end = |end: fn(&Interval) -> u64| -> ArrayRef {
                    Arc::new(rows.iter().map(|row| Some(end(&row.figures.get(at)?.interval?))).collect::<UInt64Array>())
                };
                columns.push((format!("{name}_low"), end(|interval| interval.low)));
                columns.push((format!("{name}_high"), end(|interval| interval.high)));
            }
            if query.compare.is_some() {
                columns.push((format!("{name}_before"), values(rows.iter().map(|row| row.before.get(at)))));
            }
        }
        if query.compare.is_some() {
            let state = |(at, row): (usize, &&GroupRow)| match (at < self.rows.len(), row.known) {
                (false, _) => Some("gone"),
                (true, false) => Some("new"),
                (true, true) => None,
            };
            let states = rows.iter().enumerate().map(state).collect::<StringArray>();
            columns.push(("compared".to_owned(), Arc::new(states)));
        }
        batch(columns)
    }
}

impl Paths {
    /// A row for each path: a value per key, for each key whether it stands for all values without a name of their own
    /// (`…_other`), and the sum.
    pub fn batch(&self, keys: &[Key], by: Measure) -> Result<RecordBatch, QueryError> {
        let mut columns = Columns::new();
        for (at, key) in keys.iter().enumerate() {
            let stops = || self.paths.iter().map(|(stops, _)| stops.get(at).and_then(Option::as_ref));
            columns.push((key.to_string(), values(stops())));
            let others: BooleanArray = stops().map(|stop| Some(stop.is_none())).collect();
            columns.push((format!("{key}_other"), Arc::new(others)));
        }
        let sums: UInt64Array = self.paths.iter().map(|(_, sum)| Some(*sum)).collect();
        columns.push((by.to_string(), Arc::new(sums)));
        batch(columns)
    }
}

impl Billing {
    /// Names of what is charged, each with its octets of a step at the percentile.
    pub fn charged(&self) -> [(&'static str, u64); 3] {
        [("in", self.inward_percentile), ("out", self.outward_percentile), ("larger", self.larger_percentile)]
    }

    /// A row for each of [`Self::charged`].
    pub fn batch(&self, percent: u8) -> Result<RecordBatch, QueryError> {
        let charged = self.charged();
        let whole = |of: u64| -> ArrayRef { Arc::new(UInt64Array::from(vec![of; charged.len()])) };
        let rates: Vec<f64> = charged.iter().map(|(_, octets)| self.bits_per_second(*octets)).collect();
        let octets: Vec<u64> = charged.iter().map(|(_, octets)| *octets).collect();
        batch(vec![
            ("traffic".to_owned(), Arc::new(StringArray::from_iter_values(charged.map(|(name, _)| name)))),
            ("percentile".to_owned(), whole(percent.into())),
            ("bits_per_second".to_owned(), Arc::new(Float64Array::from(rates))),
            ("bytes_of_step".to_owned(), Arc::new(UInt64Array::from(octets))),
            ("step_secs".to_owned(), whole(self.step.as_secs())),
            ("steps".to_owned(), whole(self.inward.len() as u64)),
            ("start".to_owned(), Arc::new(StringArray::from_iter_values(charged.map(|_| self.start.to_string())))),
        ])
    }

    /// A row for each step: when it begins, its octets and its rates.
    pub fn steps_batch(&self) -> Result<RecordBatch, QueryError> {
        let octets = |of: &[u64]| -> ArrayRef { Arc::new(UInt64Array::from(of.to_vec())) };
        let rates = |of: &[u64]| -> ArrayRef {
            Arc::new(of.iter().map(|octets| Some(self.bits_per_second(*octets))).collect::<Float64Array>())
        };
        batch(vec![
            ("time".to_owned(), times(self.start, self.step, self.inward.len(), 1)),
            ("bytes_in".to_owned(), octets(&self.inward)),
            ("bytes_out".to_owned(), octets(&self.outward)),
            ("bps_in".to_owned(), rates(&self.inward)),
            ("bps_out".to_owned(), rates(&self.outward)),
        ])
    }
}

impl Prevalences {
    /// A row for each fingerprint of each of these sessions, whose identities stand beside what is known of them.
    pub fn batch(sessions: &[(String, Self)]) -> Result<RecordBatch, QueryError> {
        let rows = || sessions.iter().flat_map(|(id, one)| one.rows.iter().map(move |row| (id, one, row)));
        let texts = |text: fn((&String, &Self, &Prevalence)) -> String| -> ArrayRef {
            Arc::new(rows().map(text).map(Some).collect::<StringArray>())
        };
        let counts = |count: fn(&Prevalence) -> u64| -> ArrayRef {
            Arc::new(rows().map(|(.., row)| Some(count(row))).collect::<UInt64Array>())
        };
        let new: BooleanArray = rows().map(|(_, one, row)| Some(row.first_on_host >= one.at)).collect();
        batch(vec![
            ("flow_id".to_owned(), texts(|(id, ..)| id.clone())),
            ("column".to_owned(), texts(|(.., row)| row.column.to_owned())),
            ("value".to_owned(), texts(|(.., row)| row.value.clone())),
            ("hosts".to_owned(), counts(|row| row.hosts)),
            ("of_hosts".to_owned(), counts(|row| row.of_hosts)),
            ("sessions".to_owned(), counts(|row| row.sessions)),
            ("first".to_owned(), texts(|(.., row)| row.first.to_string())),
            ("first_on_host".to_owned(), texts(|(.., row)| row.first_on_host.to_string())),
            ("new_on_host".to_owned(), Arc::new(new)),
            ("since".to_owned(), texts(|(_, one, _)| one.since.to_string())),
        ])
    }
}

impl Series {
    /// A row for each step of each line: when it begins, the line's value of the key that splits it (empty for all
    /// others), and the sum, with its interval where flows were sampled.
    pub fn batch(&self, split: Option<&Key>, by: By) -> Result<RecordBatch, QueryError> {
        let steps = self.lines.first().map_or(0, |(_, values)| values.len());
        let sums = || self.lines.iter().flat_map(|(_, values)| values.iter().copied());
        let mut columns = vec![("time".to_owned(), times(self.start, self.step, steps, self.lines.len()))];
        if let Some(split) = split {
            let names = self.lines.iter().flat_map(|(name, values)| std::iter::repeat_n(name.as_ref(), values.len()));
            columns.push((split.to_string(), values(names)));
        }
        let name = match by {
            By::Bytes => "bytes",
            By::Packets => "packets",
            By::Flows => "flows",
        };
        columns.push((name.to_owned(), Arc::new(sums().map(Some).collect::<UInt64Array>())));
        if let Some(intervals) = &self.intervals {
            let end = |end: fn(&Interval) -> u64| -> ArrayRef {
                Arc::new(intervals.iter().flatten().map(|interval| Some(end(interval))).collect::<UInt64Array>())
            };
            columns.push((format!("{name}_low"), end(|interval| interval.low)));
            columns.push((format!("{name}_high"), end(|interval| interval.high)));
        }
        batch(columns)
    }
}

/// The starts of steps, over again for each line.
fn times(start: Time, step: std::time::Duration, steps: usize, lines: usize) -> ArrayRef {
    let at = |number: usize| (start + step.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX))).to_string();
    Arc::new(StringArray::from((0..lines).flat_map(|_| (0..steps).map(at)).collect::<Vec<String>>()))
}

fn batch(columns: Columns) -> Result<RecordBatch, QueryError> {
    let fields: Fields =
        columns.iter().map(|(name, cells)| Field::new(name, cells.data_type().clone(), true)).collect();
    let cells = columns.into_iter().map(|(_, cells)| cells).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), cells).map_err(|error| QueryError::Failed(error.to_string()))
}

/// Values as one column: whole numbers, numbers, or texts, whichever holds all of them.
fn values<'a>(cells: impl Iterator<Item = Option<&'a Value<'a>>> + Clone) -> ArrayRef {
    let held = || cells.clone().map(|cell| cell.filter(|cell| **cell != Value::Null));
    if held().flatten().all(|cell| matches!(cell, Value::Uint(_))) {
        let whole = |cell: &Value<'_>| if let Value::Uint(n) = cell { Some(*n) } else { None };
        return Arc::new(held().map(|cell| cell.and_then(whole)).collect::<UInt64Array>());
    }
    if held().flatten().all(|cell| number(cell).is_some()) {
        return Arc::new(held().map(|cell| cell.and_then(number)).collect::<Float64Array>());
    }
    Arc::new(held().map(|cell| cell.map(text_value)).collect::<StringArray>())
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Uint(n) => Some(*n as f64),
        Value::Int(n) => Some(*n as f64),
        Value::Real(n) => Some(*n),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn csv(batch: &RecordBatch) -> Vec<String> {
        let readers = minamo_model::CellReader::all(batch);
        let names = batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>().join(",");
        let row = |at| readers.iter().map(|reader| text_value(&reader.value(at))).collect::<Vec<_>>().join(",");
        std::iter::once(names).chain((0..batch.num_rows()).map(row)).collect()
    }

    #[test]
    fn a_bill_has_a_row_per_charge_and_its_steps_a_row_each() {
        let bill = Billing {
            start: Time(0),
            step: Duration::from_secs(300),
            inward: vec![300, 600],
            outward: vec![0, 900],
            inward_percentile: 600,
            outward_percentile: 900,
            larger_percentile: 900,
        };
        let want = [
            "traffic,percentile,bits_per_second,bytes_of_step,step_secs,steps,start",
            "in,95,16,600,300,2,1970-01-01T00:00:00Z",
            "out,95,24,900,300,2,1970-01-01T00:00:00Z",
            "larger,95,24,900,300,2,1970-01-01T00:00:00Z",
        ];
        assert_eq!(csv(&bill.batch(95).expect("a batch")), want);
        let want = [
            "time,bytes_in,bytes_out,bps_in,bps_out",
            "1970-01-01T00:00:00Z,300,0,8,0",
            "1970-01-01T00:05:00Z,600,900,16,24",
        ];
        assert_eq!(csv(&bill.steps_batch().expect("a batch")), want);
    }

    #[test]
    fn what_stands_for_all_others_is_told_from_what_has_no_value() {
        let stop = |text: &'static str| Some(Value::Text(text.into()));
        let paths = Paths {
            paths: vec![(vec![stop("TLS"), Some(Value::Uint(443))], 5), (vec![Some(Value::Null), None], 2)],
            links: Vec::new(),
        };
        let keys = ["app", "dst_port"].map(|name| Key::named(name).expect("a key"));
        let rows = csv(&paths.batch(&keys, Measure::Bytes).expect("a batch"));
        assert_eq!(rows, ["app,app_other,dst_port,dst_port_other,bytes", "TLS,false,443,false,5", ",false,,true,2"]);
    }

    #[test]
    fn a_course_has_a_row_per_line_and_step() {
        let series = Series {
            start: Time(0),
            step: Duration::from_secs(60),
            lines: vec![(Some(Value::Text("TLS".into())), vec![1, 2]), (None, vec![3, 4])],
            intervals: None,
        };
        let app = Key::named("app").expect("a key");
        let rows = csv(&series.batch(Some(&app), By::Bytes).expect("a batch"));
        assert_eq!(
            rows,
            [
                "time,app,bytes",
                "1970-01-01T00:00:00Z,TLS,1",
                "1970-01-01T00:01:00Z,TLS,2",
                "1970-01-01T00:00:00Z,,3",
                "1970-01-01T00:01:00Z,,4"
            ]
        );
        assert_eq!(csv(&series.batch(None, By::Flows).expect("a batch"))[0], "time,flows");
    }
}
