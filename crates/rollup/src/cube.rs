// SPDX-License-Identifier: Apache-2.0
//! Adding up flows in memory: per key and hour a block of 60 minutes. Octets and packets are spread over a
//! flow's lifetime, exactly; a flow itself counts once, in the minute in which it starts.
//!
//! Of a flow of which one packet in so many was looked at (`sampling_rate`) every counter, and the flow itself,
//! counts that many times: see `docs/explain/sampling.md`.
//!
//! A flow that says that it lived for longer than [`MAX_LIFE`] is not spread: it would write thousands of rows
//! for one that came in. It counts whole in the minute of its end, and is counted as such.

use std::collections::HashMap;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, TimestampNanosecondType, UInt8Type, UInt32Type, UInt64Type};

use crate::cell::{Cell, Doubt};
use crate::grid::{Ask, Grid};
use crate::spread::{MINUTE, minute, minutes};
use crate::{OTHER, RollupError, variance};

/// Longest lifetime that is spread, in nanoseconds: two days. Probes and exporters report a flow in parts long
/// before; logs of firewalls know sessions of some days.
pub const MAX_LIFE: i64 = 2 * 1_440 * MINUTE;
/// Minutes of a block.
pub(crate) const HOUR: usize = 60;
/// Blocks (7.7 kB each) after which a cube is full and wants to be written out.
const FULL: usize = 5_120;

/// What traffic is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dim {
    /// Not at all: one line with the key "".
    Total,
    /// By the number of the protocol above IP, in decimal.
    Protocol,
    /// By application.
    App,
}

impl Dim {
    /// Its number in the database: never changed.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Total => 0,
            Self::Protocol => 1,
            Self::App => 2,
        }
    }

    /// Of its number.
    pub(crate) fn of(number: i64) -> Self {
        match number {
            0 => Self::Total,
            1 => Self::Protocol,
            _ => Self::App,
        }
    }
}

/// Numbers for the keys that were met: 0 is the total, 1 to 256 the protocols, then the applications.
#[derive(Debug, Default)]
pub struct Names {
    apps: Vec<String>,
    numbers: HashMap<String, usize>,
}

const FIRST_APP: usize = 257;
/// Applications that one run tells apart; what comes later is counted under [`OTHER`].
const MAX_NAMES: usize = 65_536;

impl Names {
    fn number(&mut self, app: &str) -> usize {
        if let Some(number) = self.numbers.get(app) {
            return *number;
        }
        let app = if self.apps.len() < MAX_NAMES { app } else { OTHER };
        let next = FIRST_APP + self.apps.len();
        let number = *self.numbers.entry(app.to_owned()).or_insert(next);
        if number == next {
            self.apps.push(app.to_owned());
        }
        number
    }

    /// The dimension and text of a key.
    pub(crate) fn key(&self, number: usize) -> (Dim, String) {
        match number {
            0 => (Dim::Total, String::new()),
            1..FIRST_APP => (Dim::Protocol, (number - 1).to_string()),
            _ => (Dim::App, self.apps.get(number - FIRST_APP).cloned().unwrap_or_default()),
        }
    }
}

/// The columns of a batch that rollups need.
#[derive(Debug)]
pub struct Facts {
    start: ArrayRef,
    end: ArrayRef,
    counters: [Vec<u64>; 4],
    /// For how many packets each one that was counted stands; none where all were looked at.
    rates: Option<Vec<u64>>,
    /// True where a flow was chosen as a whole; none where packets were, or all were looked at.
    chosen_whole: Option<Vec<bool>>,
    protos: Vec<usize>,
    apps: Vec<usize>,
}

impl Facts {
    /// How a row was sampled: a column that may be missing from a batch.
    pub const RATE: &'static str = "sampling_rate";
    /// What was chosen: a column that may be missing from a batch.
    pub const METHOD: &'static str = "sampling_method";
    /// Columns that must be in the batch.
    pub const COLUMNS: [&'static str; 8] =
        ["time_start", "time_end", "src_bytes", "dst_bytes", "src_packets", "dst_packets", "proto", "app"];

    /// Of a batch of flows. A counter, protocol or application that is null counts as 0, 0 and "".
    pub fn of(batch: &RecordBatch, names: &mut Names) -> Result<Self, RollupError> {
        let column = |name: &'static str| batch.column_by_name(name).ok_or(RollupError::Column(name));
        let time = |name: &'static str| {
            let times = column(name)?;
            let right = times.as_primitive_opt::<TimestampNanosecondType>().is_some() && times.null_count() == 0;
            right.then(|| times.clone()).ok_or(RollupError::Column(name))
        };
        let rates = rates(batch)?;
        let counter = |name: &'static str| {
            let numbers = column(name)?.as_primitive_opt::<UInt64Type>().ok_or(RollupError::Column(name))?;
            let mut numbers: Vec<u64> = numbers.iter().map(|n| n.unwrap_or(0)).collect();
            for (number, rate) in numbers.iter_mut().zip(rates.iter().flatten()) {
                *number = number.saturating_mul(*rate);
            }
            Ok(numbers)
        };
        let protos = column("proto")?.as_primitive_opt::<UInt8Type>().ok_or(RollupError::Column("proto"))?;
        Ok(Self {
            start: time("time_start")?,
            end: time("time_end")?,
            counters: [counter("src_bytes")?, counter("dst_bytes")?, counter("src_packets")?, counter("dst_packets")?],
            protos: protos.iter().map(|proto| 1 + usize::from(proto.unwrap_or(0))).collect(),
            apps: apps(column("app")?, names)?,
            chosen_whole: if rates.is_some() { chosen_whole(batch)? } else { None },
            rates,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.protos.len()
    }

    fn times(&self, row: usize) -> Option<(i64, i64)> {
        let of = |times: &ArrayRef| times.as_primitive::<TimestampNanosecondType>().values().get(row).copied();
        Some((of(&self.start)?, of(&self.end)?))
    }
}

/// The sampling rates of a batch, 1 where there is none; nothing where all of them are 1.
fn rates(batch: &RecordBatch) -> Result<Option<Vec<u64>>, RollupError> {
    let Some(column) = batch.column_by_name(Facts::RATE) else { return Ok(None) };
    let rates = column.as_primitive_opt::<UInt32Type>().ok_or(RollupError::Column(Facts::RATE))?;
    let rates: Vec<u64> = rates.iter().map(|rate| u64::from(rate.unwrap_or(1).max(1))).collect();
    Ok(rates.iter().any(|rate| *rate > 1).then_some(rates))
}

/// Which rows are of flows that were chosen as a whole; nothing where none is.
fn chosen_whole(batch: &RecordBatch) -> Result<Option<Vec<bool>>, RollupError> {
    let Some(column) = batch.column_by_name(Facts::METHOD) else { return Ok(None) };
    let is_whole = |method: Option<&str>| method == Some("flow");
    let rows: Vec<bool> = match column.data_type() {
        DataType::Utf8View => column.as_string_view().iter().map(is_whole).collect(),
        DataType::Utf8 => column.as_string::<i32>().iter().map(is_whole).collect(),
        _ => return Err(RollupError::Column(Facts::METHOD)),
    };
    Ok(rows.contains(&true).then_some(rows))
}

fn apps(column: &ArrayRef, names: &mut Names) -> Result<Vec<usize>, RollupError> {
    let mut number = |app: Option<&str>| names.number(app.unwrap_or(OTHER));
    match column.data_type() {
        DataType::Utf8View => Ok(column.as_string_view().iter().map(&mut number).collect()),
        DataType::Utf8 => Ok(column.as_string::<i32>().iter().map(&mut number).collect()),
        _ => Err(RollupError::Column("app")),
    }
}

/// Parts that a lifetime is divided into, to share out what is no counter.
const PARTS: u64 = 1 << 40;

/// How sure the octets and packets of a sampled row are.
struct Row {
    /// Variance of the octets of both sides.
    bytes: f64,
    /// Variance of the packets of both sides.
    packets: f64,
    /// Octets and packets that nobody saw.
    unseen: [u64; 2],
}

impl Row {
    /// Of counters that stand for `rate` times what was seen; `whole` where the flow was chosen, not its packets.
    fn of([src_bytes, dst_bytes, src_packets, dst_packets]: [u64; 4], rate: u64, whole: bool) -> Self {
        let seen = |number: u64| number / rate;
        let side = |bytes, packets| variance::of_octets(rate, seen(bytes), seen(packets));
        let (bytes, packets) = (src_bytes.saturating_add(dst_bytes), src_packets.saturating_add(dst_packets));
        let unseen = [bytes - seen(bytes), packets - seen(packets)];
        if whole {
            let [bytes, packets] = [bytes, packets].map(|number| variance::of_whole(rate, seen(number)));
            return Self { bytes, packets, unseen };
        }
        Self {
            bytes: side(src_bytes, src_packets) + side(dst_bytes, dst_packets),
            packets: variance::of_count(rate, seen(packets)),
            unseen,
        }
    }
}

/// A variance as a whole number; one that is too large becomes the highest.
fn whole(variance: f64) -> u128 {
    variance as u128
}

type Block = Box<[Cell; HOUR]>;

/// Traffic of one filter, while it is added up.
#[derive(Debug)]
pub struct Cube {
    /// Minutes that are of interest.
    scope: Range<i64>,
    /// By key: hours and their minutes, in order.
    keys: Vec<Vec<(i64, Block)>>,
    blocks: usize,
    /// Flows that were too long to be spread.
    unspread: u64,
}

impl Cube {
    /// An empty one that takes the minutes of `scope`.
    pub fn new(scope: Range<i64>) -> Self {
        Self { scope, keys: Vec::new(), blocks: 0, unspread: 0 }
    }

    /// Adds one row of a batch.
    pub fn add(&mut self, facts: &Facts, row: usize) {
        let (Some((start, end)), Some(proto), Some(app)) =
            (facts.times(row), facts.protos.get(row), facts.apps.get(row))
        else {
            return;
        };
        let counters: [u64; 4] = facts.counters.each_ref().map(|of| of.get(row).copied().unwrap_or(0));
        let keys = [0, *proto, *app];
        let first = minute(start);
        let counted = if end.saturating_sub(start) > MAX_LIFE {
            self.unspread += 1;
            end
        } else {
            start
        };
        let scope = self.scope.clone();
        let rate = facts.rates.as_ref().and_then(|rates| rates.get(row)).copied().unwrap_or(1);
        if scope.contains(&first) {
            let flows = whole(variance::of_count(rate, 1));
            let doubt = Doubt { flows, unseen_flows: rate - 1, ..Doubt::NONE };
            let cell = Cell { flows: rate, ..Cell::of_doubt(doubt) };
            keys.iter().for_each(|key| self.put(*key, first, &cell));
        }
        if rate > 1 {
            let whole_flow = facts.chosen_whole.as_ref().and_then(|of| of.get(row)).copied().unwrap_or(false);
            let Row { bytes, packets, unseen: [octets, others] } = Row::of(counters, rate, whole_flow);
            let amounts = [octets, others, PARTS];
            minutes(counted, end, amounts, &scope, |at, [unseen_bytes, unseen_packets, part]| {
                let of = |variance: f64| whole(variance * (part as f64 / PARTS as f64));
                let (bytes, packets) = (of(bytes), of(packets));
                let doubt = Doubt { bytes, packets, unseen_bytes, unseen_packets, ..Doubt::NONE };
                if doubt != Doubt::NONE {
                    keys.iter().for_each(|key| self.put(*key, at, &Cell::of_doubt(doubt)));
                }
            });
        }
        minutes(counted, end, counters, &scope, |at, [src_bytes, dst_bytes, src_packets, dst_packets]| {
            let cell = Cell { src_bytes, dst_bytes, src_packets, dst_packets, ..Cell::ZERO };
            if cell != Cell::ZERO {
                keys.iter().for_each(|key| self.put(*key, at, &cell));
            }
        });
    }

    fn put(&mut self, key: usize, minute: i64, cell: &Cell) {
        if self.keys.len() <= key {
            self.keys.resize_with(key + 1, Vec::new);
        }
        let (hour, slot) = (minute.div_euclid(HOUR as i64), minute.rem_euclid(HOUR as i64));
        let Some(blocks) = self.keys.get_mut(key) else { return };
        // Rows come mostly in the order of time: the newest hour is the likely one.
        let last = blocks.len().saturating_sub(1);
        let at = match blocks.get(last) {
            Some((newest, _)) if *newest == hour => last,
            _ => match blocks.binary_search_by_key(&hour, |(hour, _)| *hour) {
                Ok(at) => at,
                Err(at) => {
                    blocks.insert(at, (hour, Box::new([Cell::ZERO; HOUR])));
                    self.blocks += 1;
                    at
                }
            },
        };
        let found = blocks.get_mut(at).and_then(|(_, block)| block.get_mut(usize::try_from(slot).unwrap_or(0)));
        if let Some(found) = found {
            found.add(cell);
        }
    }

    /// True where it should be written out before more is added.
    pub fn is_full(&self) -> bool {
        self.blocks >= FULL
    }

    /// True where nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    /// Flows that were too long to be spread.
    pub fn unspread(&self) -> u64 {
        self.unspread
    }

    /// Makes it empty, but for the count of flows that were not spread.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.blocks = 0;
    }

    /// All blocks: key, hour, minutes.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (usize, i64, &[Cell; HOUR])> {
        self.keys
            .iter()
            .enumerate()
            .flat_map(|(key, blocks)| blocks.iter().map(move |(hour, block)| (key, *hour, &**block)))
    }

    /// Adds what it holds to a chart.
    pub fn read(&self, names: &Names, ask: &Ask, grid: &mut Grid) {
        for (key, hour, block) in self.blocks() {
            let (dim, text) = names.key(key);
            if dim != ask.dim {
                continue;
            }
            let mut line = grid.line(ask.line, &text);
            let cells = (hour.saturating_mul(HOUR as i64)..).zip(block);
            for (at, cell) in cells.filter(|(at, cell)| **cell != Cell::ZERO && ask.minutes.contains(at)) {
                line.add(at, cell);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use minamo_base::Time;
    use minamo_model::{Flow, FlowBuilder};

    use super::*;

    fn batch(flows: &[(i64, i64, u64, u8, &'static str)]) -> RecordBatch {
        let mut builder = FlowBuilder::default();
        for (start, end, bytes, proto, app) in flows {
            let mut flow = Flow::default();
            (flow.core.time_start, flow.core.time_end) = (Time(*start), Time(*end));
            (flow.core.src_bytes, flow.core.dst_packets) = (*bytes, 3);
            (flow.core.proto, flow.core.app) = (*proto, (*app).into());
            builder.append(&flow);
        }
        builder.finish().expect("a batch")
    }

    fn chart(cube: &Cube, names: &Names, dim: Dim, minutes: Range<i64>, step: i64) -> Vec<(String, Vec<u64>)> {
        let mut grid = Grid::new(minutes.clone(), step).expect("a grid");
        cube.read(names, &Ask { line: 0, dim, minutes }, &mut grid);
        grid.lines().map(|((_, key), cells)| (key.clone(), cells.iter().map(Cell::bytes).collect())).collect()
    }

    #[test]
    fn each_dimension_sums_up_to_the_counters() {
        let m = MINUTE;
        let flows = [
            (m / 2, 5 * m / 2, 1_001, 6, "TLS"),
            (m, m, 10, 17, "DNS"),
            (70 * m, 130 * m, 7, 6, "SSH"),
            (3 * m, 2 * m, 5, 6, "TLS"),
        ];
        let mut names = Names::default();
        let facts = Facts::of(&batch(&flows), &mut names).expect("facts");
        let mut cube = Cube::new(i64::MIN..i64::MAX);
        (0..facts.rows()).for_each(|row| cube.add(&facts, row));
        let total = chart(&cube, &names, Dim::Total, 0..180, 60);
        assert_eq!(total, vec![(String::new(), vec![1_016, 5, 2])]);
        assert_eq!(chart(&cube, &names, Dim::Total, 0..4, 1)[0].1, [250, 510, 251, 5]);
        let apps = chart(&cube, &names, Dim::App, 0..180, 180);
        let want = [("DNS", 10), ("SSH", 7), ("TLS", 1_006)].map(|(app, bytes)| (app.to_owned(), vec![bytes]));
        assert_eq!(apps, want);
        assert_eq!(chart(&cube, &names, Dim::Protocol, 0..180, 180).len(), 2);
    }

    #[test]
    fn a_flow_without_octets_counts_and_absurd_lifetimes_are_bounded() {
        let mut names = Names::default();
        let rows = batch(&[(0, 0, 0, 1, "ICMP"), (i64::MIN, i64::MAX, 9, 6, "x"), (0, MAX_LIFE, 2_880, 6, "y")]);
        let facts = Facts::of(&rows, &mut names).expect("facts");
        let mut cube = Cube::new(i64::MIN..i64::MAX);
        (0..2).for_each(|row| cube.add(&facts, row));
        assert_eq!((cube.unspread(), cube.blocks), (1, 9), "one hour for its start and one for its end");
        cube.clear();
        cube.add(&facts, 2);
        assert_eq!(cube.blocks, 3 * 48);
        assert!(!cube.is_full() && !cube.is_empty());
    }

    #[test]
    fn sampled_flows_stand_for_as_many_as_their_rate_says() {
        let mut builder = FlowBuilder::default();
        for rate in [None, Some(0), Some(1), Some(100), Some(u32::MAX)] {
            let mut flow = Flow::default();
            (flow.core.src_bytes, flow.core.dst_bytes, flow.core.src_packets) = (1_000, 7, u64::MAX / 2);
            flow.core.proto = 6;
            flow.sampling.get_or_insert_default().rate = rate;
            builder.append(&flow);
        }
        let mut names = Names::default();
        let facts = Facts::of(&builder.finish().expect("a batch"), &mut names).expect("facts");
        let mut cube = Cube::new(i64::MIN..i64::MAX);
        (0..4).for_each(|row| cube.add(&facts, row));
        let mut grid = Grid::new(0..1, 1).expect("a grid");
        cube.read(&names, &Ask { line: 0, dim: Dim::Total, minutes: 0..1 }, &mut grid);
        let (_, cells) = grid.into_lines().next().expect("a line");
        let doubt = *cells[0].doubt();
        // Only the row of rate 100 adds to it; u64::MAX / 2 packets times 100 stay at the highest number.
        assert_eq!((doubt.flows, doubt.unseen_flows, doubt.unseen_bytes), (9_900, 99, 99_693));
        assert!(doubt.is_measured() && doubt.bytes > 0 && doubt.packets > 0);
        assert_eq!((cells[0].src_bytes, cells[0].dst_bytes, cells[0].flows), (103_000, 721, 103));
        assert_eq!(cells[0].src_packets, u64::MAX, "what would overflow stays at its highest value");
    }

    #[test]
    fn variances_of_minutes_sum_up_to_that_of_the_flow() {
        let mut builder = FlowBuilder::default();
        let mut flow = Flow::default();
        (flow.core.time_start, flow.core.time_end) = (Time(MINUTE / 2), Time(7 * MINUTE / 2));
        (flow.core.src_bytes, flow.core.src_packets, flow.core.dst_bytes, flow.core.dst_packets) = (3_000, 3, 40, 1);
        flow.sampling.get_or_insert_default().rate = Some(10);
        builder.append(&flow);
        let mut names = Names::default();
        let facts = Facts::of(&builder.finish().expect("a batch"), &mut names).expect("facts");
        let mut cube = Cube::new(i64::MIN..i64::MAX);
        cube.add(&facts, 0);
        let doubt = |step: i64| {
            let mut grid = Grid::new(0..4, step).expect("a grid");
            cube.read(&names, &Ask { line: 0, dim: Dim::Total, minutes: 0..4 }, &mut grid);
            let (_, cells) = grid.into_lines().next().expect("a line");
            cells.iter().map(|cell| *cell.doubt()).collect::<Vec<_>>()
        };
        let whole = doubt(4)[0];
        // 90 · (3000² / 3 + 40² / 1), 90 · 4, 90.
        let want = 90.0 * (3_000_000.0 + 1_600.0);
        assert!((whole.bytes as f64 - want).abs() <= 4.0, "{whole:?}");
        assert!((whole.packets as f64 - 360.0).abs() <= 4.0 && whole.flows == 90, "{whole:?}");
        assert_eq!((whole.unseen_bytes, whole.unseen_packets, whole.unseen_flows), (9 * 3_040, 9 * 4, 9));
        let parts = doubt(1);
        assert!(parts[1].bytes > parts[0].bytes && parts[0].flows == 90 && parts[1].flows == 0);
    }

    #[test]
    fn a_flow_that_was_chosen_as_a_whole_is_one_draw() {
        let mut builder = FlowBuilder::default();
        for method in [Some("flow".into()), Some("random".into()), None] {
            let mut flow = Flow::default();
            (flow.core.src_bytes, flow.core.src_packets, flow.core.dst_bytes, flow.core.dst_packets) =
                (3_000, 3, 40, 1);
            let sampling = flow.sampling.get_or_insert_default();
            (sampling.rate, sampling.method) = (Some(10), method);
            builder.append(&flow);
        }
        let mut names = Names::default();
        let facts = Facts::of(&builder.finish().expect("a batch"), &mut names).expect("facts");
        let doubt = |row: usize| {
            let mut cube = Cube::new(i64::MIN..i64::MAX);
            cube.add(&facts, row);
            let mut grid = Grid::new(0..1, 1).expect("a grid");
            cube.read(&names, &Ask { line: 0, dim: Dim::Total, minutes: 0..1 }, &mut grid);
            let (_, cells) = grid.into_lines().next().expect("a line");
            let Doubt { bytes, packets, flows, .. } = *cells[0].doubt();
            (bytes, packets, flows)
        };
        assert_eq!(doubt(0), (90 * 3_040 * 3_040, 90 * 4 * 4, 90));
        assert_eq!(doubt(1), (90 * (3_000_000 + 1_600), 90 * 4, 90));
        assert_eq!(doubt(2), doubt(1), "of others packets were");
    }

    #[test]
    fn a_scope_keeps_other_minutes_out() {
        let mut names = Names::default();
        let facts = Facts::of(&batch(&[(0, 4 * MINUTE, 400, 6, "TLS")]), &mut names).expect("facts");
        let mut cube = Cube::new(1..3);
        cube.add(&facts, 0);
        assert_eq!(chart(&cube, &names, Dim::Total, 0..4, 1)[0].1, [0, 100, 100, 0]);
    }
}
