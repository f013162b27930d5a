// SPDX-License-Identifier: Apache-2.0
//! Sequences of lengths and times (packets, messages, TLS records) of two one-sided records, put together by time: the
//! lengths of the responder's become negative.

use std::sync::Arc;

use minamo_model::{CellReader, interleave_marked};
use minamo_schema::arrow::array::{ArrayRef, Int32Builder, ListBuilder, UInt16Builder, UInt32Builder};
use minamo_schema::{Column, Value};

/// The columns of a sequence.
#[derive(Debug)]
pub(crate) struct Sequence {
    pub(crate) lengths: &'static str,
    times: &'static str,
    marks: Option<&'static str>,
}

static SEQUENCES: [Sequence; 3] = [
    Sequence { lengths: "splt_lengths", times: "splt_times_micros", marks: None },
    Sequence { lengths: "eta_message_lengths", times: "eta_message_times_micros", marks: None },
    Sequence { lengths: "eta_record_lengths", times: "eta_record_times_micros", marks: Some("eta_record_types") },
];

impl Sequence {
    /// Lengths, times and marks.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.lengths, self.times].into_iter().chain(self.marks)
    }
}

/// The sequence that a column is of.
pub(crate) fn of(column: &str) -> Option<&'static Sequence> {
    SEQUENCES.iter().find(|sequence| sequence.names().any(|name| name == column))
}

/// A column with what the initiators' records and the responders' records have in it.
type Both = (&'static Column, [Option<ArrayRef>; 2]);

/// The columns of the rows; `starts` are those of the two records of each.
pub(crate) fn merge(columns: &[Both], starts: impl Iterator<Item = (i64, i64)>) -> Vec<(&'static Column, ArrayRef)> {
    if columns.iter().all(|(_, sides)| sides.iter().all(Option::is_none)) {
        return Vec::new();
    }
    let mut lengths = ListBuilder::new(Int32Builder::new());
    let mut times = ListBuilder::new(UInt32Builder::new());
    let mut marks = ListBuilder::new(UInt16Builder::new());
    for (row, starts) in starts.enumerate() {
        let side = |side: usize| {
            let cell = |at: usize| columns.get(at).and_then(|column| numbers(column, side, row));
            (cell(0), cell(1), cell(2))
        };
        let (src, dst) = (side(0), side(1));
        let there = src.0.is_some() || dst.0.is_some();
        let timed = src.1.is_some() || dst.1.is_some();
        let marked = src.2.is_some() || dst.2.is_some();
        let (all, since, kinds) = join(src, dst, starts);
        lengths.values().append_slice(&all);
        lengths.append(there);
        times.values().append_slice(if timed { &since } else { &[] });
        times.append(timed);
        marks.values().append_slice(if marked { &kinds } else { &[] });
        marks.append(marked);
    }
    let arrays: [ArrayRef; 3] = [Arc::new(lengths.finish()), Arc::new(times.finish()), Arc::new(marks.finish())];
    columns.iter().zip(arrays).map(|((column, _), array)| (*column, array)).collect()
}

/// Lengths, times and marks of one side.
type Cells = (Option<Vec<i64>>, Option<Vec<i64>>, Option<Vec<i64>>);

fn join(src: Cells, dst: Cells, starts: (i64, i64)) -> (Vec<i32>, Vec<u32>, Vec<u16>) {
    let lengths = |cells: &Cells, sign: i64| -> Vec<i32> {
        cells.0.iter().flatten().map(|length| i32::try_from(sign * length.abs()).unwrap_or(0)).collect()
    };
    let times = |cells: &Cells| -> Vec<u32> {
        cells.1.iter().flatten().map(|time| u32::try_from(*time).unwrap_or(u32::MAX)).collect()
    };
    let marks = |cells: &Cells| -> Vec<u16> {
        cells.2.iter().flatten().map(|mark| u16::try_from(*mark).unwrap_or(0)).collect()
    };
    let (mut src_times, mut dst_times) = (times(&src), times(&dst));
    // Exporters that do not tell when the first packet came count from it: the records' starts tell then.
    let apart = u32::try_from(starts.1.abs_diff(starts.0) / 1_000).unwrap_or(u32::MAX);
    if src_times.first() == Some(&0) && dst_times.first() == Some(&0) {
        let later = if starts.1 > starts.0 { &mut dst_times } else { &mut src_times };
        later.iter_mut().take(1).for_each(|first| *first = apart);
    }
    let one = (&*lengths(&src, 1), &*src_times, &*marks(&src));
    interleave_marked(one, (&*lengths(&dst, -1), &*dst_times, &*marks(&dst)))
}

fn numbers((column, sides): &Both, side: usize, row: usize) -> Option<Vec<i64>> {
    let array = sides.get(side)?.as_ref()?;
    match CellReader::new(&column.field(), array).value(row) {
        Value::Numbers(numbers) => Some(numbers),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(lengths: &[i64], times: &[i64]) -> Cells {
        (Some(lengths.to_vec()), Some(times.to_vec()), None)
    }

    #[test]
    fn two_directions_stand_in_the_order_of_time() {
        let joined = join(cells(&[517, 80], &[0, 26_000]), cells(&[1_400, 90], &[20_000, 1_000]), (0, 9_000_000));
        assert_eq!(joined.0, [517, -1_400, -90, 80]);
        assert_eq!(joined.1, [0, 20_000, 1_000, 5_000]);
    }

    #[test]
    fn first_packets_without_a_time_stand_where_their_records_begin() {
        let joined = join(cells(&[517, 80], &[0, 26_000]), cells(&[1_400], &[0]), (1_000_000, 10_000_000));
        assert_eq!(joined.0, [517, -1_400, 80]);
        assert_eq!(joined.1, [0, 9_000, 17_000]);
        let alone = join((None, None, None), cells(&[9], &[0]), (0, 0));
        assert_eq!((alone.0, alone.1), (vec![-9], vec![0]));
    }
}
