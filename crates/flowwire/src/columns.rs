// SPDX-License-Identifier: Apache-2.0
//! All records of a set read at once, column by column, by the plan of their template. How columns follow from what
//! records tell stands in [`crate::finish`] and [`crate::clock`], for this way and for the way record by record.

use std::borrow::Cow;

use minamo_base::{Ip, Mac, Time};
use minamo_model::Flow;
use minamo_schema::{Block, ColumnId, Each, Value, octets, octets_v4};

use crate::Output;
use crate::cache::Learned;
use crate::clock::{self, Clock};
use crate::element::Coding;
use crate::finish::{self, Header};
use crate::measure::{self, Measure};
use crate::plan::{
    DOMAIN, DST_BYTES, DST_FLAGS, DST_PACKETS, DST_PORT, EXPORTER_IP, Fill, ICMP_CODE, ICMP_KIND, IN_IF, Kind, PROTO,
    Plan, SRC_BYTES, SRC_FLAGS, SRC_PACKETS, SRC_PORT, TIME_END, TIME_START,
};
use crate::record::{moment, uint};
use crate::template::Guard;

/// Records that are read together: what they become stays in the nearest cache.
const TOGETHER: usize = 256;
/// Stands for "no word" among the numbers of words.
pub(crate) const NO_WORD: u8 = u8::MAX;

const APP: ColumnId = Flow::at("app");
const APP_CONFIDENCE: ColumnId = Flow::at("app_confidence");
const SOURCE: ColumnId = Flow::at("source");
const ORIENTATION: ColumnId = Flow::at("orientation");
const END_REASON: ColumnId = Flow::at("end_reason");
const TIME_RECEIVED: ColumnId = Flow::at("time_received");
const TIME_QUALITY: ColumnId = Flow::at("exporter_time_quality");
const DIRECTION: ColumnId = Flow::at("exporter_direction");
const RATE: ColumnId = Flow::at("sampling_rate");
const RATE_ORIGIN: ColumnId = Flow::at("sampling_origin");
const STATUS: ColumnId = Flow::at("forwarding_status");
const STATUS_REASON: ColumnId = Flow::at("forwarding_reason");

/// What fields that fill one column make of each other's values, as [`crate::template::Guard`] has it.
trait Shared: Each + PartialEq {
    /// True for the value that stands for none.
    fn is_none(self) -> bool;
    /// The bits of both.
    fn or(self, other: Self) -> Self;
}

macro_rules! shared_number {
    ($($ty:ty),*) => {$(
        impl Shared for $ty {
            fn is_none(self) -> bool {
                self == 0
            }

            fn or(self, other: Self) -> Self {
                self | other
            }
        }
    )*};
}

shared_number!(u8, u16, u32, u64, i64);

/// Addresses.
impl Shared for u128 {
    fn is_none(self) -> bool {
        self == 0 || self == octets(Ip::v4([0; 4]))
    }

    fn or(self, other: Self) -> Self {
        other
    }
}

impl Shared for Mac {
    fn is_none(self) -> bool {
        self == Self::default()
    }

    fn or(self, other: Self) -> Self {
        other
    }
}

/// Makes a column of what `read` appends; where another field of the record made it already, of both.
fn put<T: Shared>(block: &mut Block, fill: &Fill, read: impl FnOnce(&mut Vec<T>)) {
    if fill.guard == Guard::Always {
        if let Some(to) = block.each::<T>(fill.id) {
            read(to);
        }
        return;
    }
    let mut values = Vec::with_capacity(block.rows());
    read(&mut values);
    let Some(column) = block.change::<T>(fill.id) else { return };
    for (old, new) in column.iter_mut().zip(values) {
        match fill.guard {
            Guard::Or => *old = old.or(new),
            Guard::NotZero if new.is_none() => {}
            Guard::IfEmpty if !old.is_none() => {}
            _ => *old = new,
        }
    }
}

/// Room for the records of one set, used again.
#[derive(Debug, Default)]
pub(crate) struct Workbench {
    block: Block,
    measures: Lanes,
    /// Numbers of words, one per row.
    words: Vec<u8>,
    numbers: Vec<u32>,
}

/// Measures of all rows.
#[derive(Debug, Default)]
struct Lanes {
    present: u64,
    values: Vec<Vec<u64>>,
}

impl Lanes {
    fn begin(&mut self) {
        self.present = 0;
        self.values.resize_with(measure::COUNT, Vec::new);
    }

    /// Room for the values of a measure.
    fn open(&mut self, measure: Measure) -> Option<&mut Vec<u64>> {
        let values = self.values.get_mut(measure as usize)?;
        self.present |= 1 << measure as u64;
        values.clear();
        Some(values)
    }

    /// All values of a measure, where it is there.
    fn all(&self, measure: Measure) -> Option<&[u64]> {
        let there = self.present & (1 << measure as u64) != 0;
        self.values.get(measure as usize).filter(|_| there).map(Vec::as_slice)
    }

    #[inline]
    fn get(&self, measure: Measure, row: usize) -> Option<u64> {
        self.all(measure)?.get(row).copied()
    }
}

/// Records of one length, one behind the other.
#[derive(Clone, Copy)]
struct Records<'a> {
    octets: &'a [u8],
    size: usize,
}

impl<'a> Records<'a> {
    /// The octets from one place on, record by record.
    #[inline]
    fn from(self, at: u16) -> impl Iterator<Item = &'a [u8]> {
        // The place is the same in all records, so that this is asked once.
        self.octets.chunks_exact(self.size).map(move |record| record.get(usize::from(at)..).unwrap_or_default())
    }

    /// A field of `N` octets of each record.
    #[inline]
    fn arrays<const N: usize>(self, at: u16) -> impl Iterator<Item = [u8; N]> {
        self.from(at).map(|octets| octets.first_chunk::<N>().copied().unwrap_or([0; N]))
    }

    /// A number of at most 8 octets of each record, made to what the column has.
    #[inline]
    fn numbers<T>(self, at: u16, len: u16, to: &mut Vec<T>, of: impl Fn(u64) -> T) {
        match len {
            1 => to.extend(self.arrays::<1>(at).map(|[one]| of(one.into()))),
            2 => to.extend(self.arrays(at).map(|two| of(u16::from_be_bytes(two).into()))),
            4 => to.extend(self.arrays(at).map(|four| of(u32::from_be_bytes(four).into()))),
            8 => to.extend(self.arrays(at).map(|eight| of(u64::from_be_bytes(eight)))),
            _ => to.extend(self.from(at).map(|octets| of(octets.get(..usize::from(len)).and_then(uint).unwrap_or(0)))),
        }
    }
}

impl Workbench {
    /// Reads all records of a set and hands them on; what is left and shorter than a record is padding. Returns how
    /// many values fit no column.
    pub(crate) fn all(
        &mut self,
        plan: &Plan,
        octets: &[u8],
        header: &Header,
        learned: &Learned,
        out: &mut Output<'_>,
    ) -> u32 {
        let mut unfit = 0;
        for part in octets.chunks(plan.size * TOGETHER) {
            let rows = part.len() / plan.size;
            if rows > 0 {
                unfit += self.read(plan, part, rows, header, learned);
                out.block(&self.block);
            }
        }
        unfit
    }

    /// Reads `rows` records, at most [`TOGETHER`], that stand at the begin of `octets`; they become the block. Returns
    /// how many values fit no column.
    fn read(&mut self, plan: &Plan, octets: &[u8], rows: usize, header: &Header, learned: &Learned) -> u32 {
        let records = Records { octets: octets.get(..rows * plan.size).unwrap_or_default(), size: plan.size };
        self.block.begin(rows);
        self.measures.begin();
        let mut unfit = 0;
        for fill in &plan.fills {
            self.fill(fill, records, &mut unfit);
        }
        for (measure, at, len) in &plan.measures {
            if let Some(values) = self.measures.open(*measure) {
                records.numbers(*at, *len, values, |number| number);
            }
        }
        self.only_tcp(plan);
        self.icmp(plan);
        self.times(header, learned);
        self.direction();
        self.sampling(header, learned);
        self.ends();
        self.forwarding();
        self.constants(plan, header);
        unfit
    }

    fn fill(&mut self, fill: &Fill, records: Records<'_>, unfit: &mut u32) {
        let (block, at, len) = (&mut self.block, fill.at, fill.len);
        // The field has no more octets than its column, or only the lowest counts: nothing else is cut off.
        match fill.kind {
            Kind::U8 => put::<u8>(block, fill, |to| records.numbers(at, len, to, |number| number as u8)),
            Kind::U16 => put::<u16>(block, fill, |to| records.numbers(at, len, to, |number| number as u16)),
            Kind::U32 => put::<u32>(block, fill, |to| records.numbers(at, len, to, |number| number as u32)),
            Kind::U64 => put::<u64>(block, fill, |to| records.numbers(at, len, to, |number| number)),
            Kind::Ip => put::<u128>(block, fill, |to| match len {
                4 => to.extend(records.arrays(at).map(octets_v4)),
                _ => to.extend(records.arrays(at).map(u128::from_ne_bytes)),
            }),
            Kind::Mac => put::<Mac>(block, fill, |to| to.extend(records.arrays(at).map(Mac))),
            Kind::Time(coding) => put::<i64>(block, fill, |to| instants(coding, records, at, len, to, unfit)),
        }
    }

    /// Takes columns that only TCP has from the other rows.
    fn only_tcp(&mut self, plan: &Plan) {
        for fill in plan.fills.iter().filter(|fill| fill.tcp) {
            let (rows, protos) = (self.block.rows(), self.block.values::<u8>(PROTO));
            self.words.clear();
            self.words.extend((0..rows).map(|row| protos.at(row)));
            if self.words.iter().any(|proto| *proto != 6) {
                self.block.valid(fill.id, self.words.iter().map(|proto| *proto == 6));
            }
        }
    }

    /// Type and code have columns of their own, and ports are 0.
    fn icmp(&mut self, plan: &Plan) {
        let protos = self.block.values::<u8>(PROTO);
        let is_icmp = |row: usize| matches!(protos.at(row), 1 | 58);
        let rows = self.block.rows();
        if !protos.any(|proto| matches!(proto, 1 | 58)) {
            return;
        }
        let (src, dst) = (self.block.values::<u16>(SRC_PORT), self.block.values::<u16>(DST_PORT));
        let told = |row: usize| {
            let both = self.measures.get(Measure::IcmpTypeCode, row);
            finish::message(both, (src.at(row), dst.at(row))).filter(|_| is_icmp(row))
        };
        let messages: Vec<_> = (0..rows).map(told).collect();
        let which: Vec<bool> = (0..rows).map(is_icmp).collect();
        for port in [SRC_PORT, DST_PORT] {
            if let Some(ports) = self.block.change::<u16>(port) {
                ports.iter_mut().zip(&which).filter(|(_, icmp)| **icmp).for_each(|(port, _)| *port = 0);
            }
        }
        if plan.has(ICMP_KIND) || messages.iter().all(Option::is_none) {
            return;
        }
        for (id, at) in [(ICMP_KIND, 0), (ICMP_CODE, 1)] {
            let octet = |message: &Option<[u8; 2]>| message.and_then(|both| both.get(at).copied()).unwrap_or(0);
            if let Some(column) = self.block.each::<u8>(id) {
                column.extend(messages.iter().map(octet));
            }
            self.block.valid(id, messages.iter().map(Option::is_some));
        }
    }

    fn times(&mut self, header: &Header, learned: &Learned) {
        let rows = self.block.rows();
        let told = [TIME_START, TIME_END].map(|id| self.block.column(id).is_some());
        for (id, told) in [TIME_START, TIME_END].into_iter().zip(told) {
            if !told && let Some(times) = self.block.each::<i64>(id) {
                times.resize(rows, 0);
            }
        }
        let mut starts = self.block.change::<i64>(TIME_START).map(std::mem::take).unwrap_or_default();
        let mut ends = self.block.change::<i64>(TIME_END).map(std::mem::take).unwrap_or_default();
        let clock = Clock::new(header);
        let measured = self.measures.present & clocks();
        let uptimes = 1 << Measure::StartUptime as u64 | 1 << Measure::EndUptime as u64;
        let Self { measures, words, .. } = self;
        words.clear();
        let only_uptimes = match (measures.all(Measure::StartUptime), measures.all(Measure::EndUptime)) {
            (Some(first), Some(last)) if measured == uptimes => Some((first, last)),
            _ => None,
        };
        let steady = match only_uptimes {
            Some(both) if told == [false; 2] => clock.uptimes(both, (&mut starts, &mut ends), words),
            _ => {
                let steady = measured == 0 && told == [true; 2] && clock.are_steady(&starts, &ends, false);
                words.resize(if steady { rows } else { 0 }, clock.steady().map_or(NO_WORD, |quality| quality as u8));
                steady
            }
        };
        if !steady {
            words.clear();
            for times in
                [&mut starts, &mut ends].into_iter().zip(told).filter(|(_, told)| !told).map(|(times, _)| times)
            {
                times.fill(0);
            }
            let times = (&mut *starts, &mut *ends);
            match only_uptimes {
                // The usual case: nothing else is asked for.
                Some((first, last)) => {
                    let get = |measure, row: usize| match measure {
                        Measure::StartUptime => first.get(row).copied(),
                        Measure::EndUptime => last.get(row).copied(),
                        _ => None,
                    };
                    repair(times, words, &clock, (header, learned.boot), get);
                }
                None => repair(times, words, &clock, (header, learned.boot), |measure, row| measures.get(measure, row)),
            }
        }
        for (id, times) in [(TIME_START, starts), (TIME_END, ends)] {
            if let Some(place) = self.block.change::<i64>(id) {
                *place = times;
            }
        }
        self.say(TIME_QUALITY, &clock::WORDS);
    }

    /// On the way out some exporters count in the "out" elements only; these are then the source's.
    fn direction(&mut self) {
        let Some(directions) = self.measures.all(Measure::Direction) else { return };
        if directions.contains(&1)
            && (self.block.column(DST_BYTES).is_some() || self.block.column(DST_PACKETS).is_some())
        {
            let (bytes, packets) = (self.block.values::<u64>(SRC_BYTES), self.block.values::<u64>(SRC_PACKETS));
            let turn = |(row, way): (usize, &u64)| *way == 1 && bytes.at(row) == 0 && packets.at(row) == 0;
            let turned: Vec<bool> = directions.iter().enumerate().map(turn).collect();
            if turned.contains(&true) {
                self.turn(SRC_BYTES, DST_BYTES, &turned);
                self.turn(SRC_PACKETS, DST_PACKETS, &turned);
            }
        }
        let Some(directions) = self.measures.all(Measure::Direction) else { return };
        self.words.clear();
        self.words.extend(directions.iter().map(|direction| word(finish::way(*direction))));
        self.say(DIRECTION, &finish::WAYS);
    }

    /// Exchanges two counters in some rows.
    fn turn(&mut self, one: ColumnId, other: ColumnId, rows: &[bool]) {
        for id in [one, other] {
            if self.block.column(id).is_none() {
                self.block.same(id, Value::Uint(0));
            }
        }
        let mut ones = self.block.change::<u64>(one).map(std::mem::take).unwrap_or_default();
        if let Some(others) = self.block.change::<u64>(other) {
            for ((one, other), _) in ones.iter_mut().zip(others).zip(rows).filter(|(_, turned)| **turned) {
                std::mem::swap(one, other);
            }
        }
        if let Some(place) = self.block.change::<u64>(one) {
            *place = ones;
        }
    }

    fn sampling(&mut self, header: &Header, learned: &Learned) {
        let own = [Measure::Rate, Measure::Space, Measure::Population, Measure::SampleSize];
        let of_record = own.iter().any(|measure| self.measures.all(*measure).is_some());
        if !of_record && learned.rates.is_empty() {
            if let Some((rate, origin)) = finish::sampled(None, None, None, header, learned) {
                self.block.same(RATE, Value::Uint(rate.into()));
                self.block.same(RATE_ORIGIN, text(finish::ORIGINS.get(origin).copied().unwrap_or_default()));
            }
            return;
        }
        let has_interface = self.block.column(IN_IF).is_some();
        let interfaces = self.block.values::<u32>(IN_IF);
        self.words.clear();
        self.numbers.clear();
        for row in 0..self.block.rows() {
            let own = if of_record { finish::rate_of(|measure| self.measures.get(measure, row)) } else { None };
            let interface = has_interface.then(|| interfaces.at(row).into());
            let selector = self.measures.get(Measure::Selector, row);
            let found = finish::sampled(own, selector, interface, header, learned);
            self.numbers.push(found.map_or(0, |(rate, _)| rate));
            self.words.push(word(found.map(|(_, origin)| origin)));
        }
        self.number(RATE);
        self.say(RATE_ORIGIN, &finish::ORIGINS);
    }

    fn ends(&mut self) {
        let Some(reasons) = self.measures.all(Measure::EndReason) else { return };
        let protos = self.block.values::<u8>(PROTO);
        let (src, dst) = (self.block.values::<u8>(SRC_FLAGS), self.block.values::<u8>(DST_FLAGS));
        let ended =
            |(row, reason): (usize, &u64)| word(finish::ended(*reason, protos.at(row), src.at(row) | dst.at(row)));
        self.words.clear();
        self.words.extend(reasons.iter().enumerate().map(ended));
        self.say(END_REASON, &finish::ENDS);
    }

    fn forwarding(&mut self) {
        let Some(statuses) = self.measures.all(Measure::ForwardingStatus) else { return };
        self.words.clear();
        self.numbers.clear();
        for status in statuses {
            let (number, reason) = finish::forwarding(*status);
            self.words.push(word(Some(number)));
            self.numbers.push(reason);
        }
        self.number(STATUS_REASON);
        self.say(STATUS, &finish::FORWARDING);
    }

    /// What the header says of all rows, and what is said of every exporter's rows.
    fn constants(&mut self, plan: &Plan, header: &Header) {
        let block = &mut self.block;
        block.same(SOURCE, text(header.source));
        block.same(ORIENTATION, text(finish::ORIENTATION));
        block.same(APP, text(finish::UNKNOWN));
        block.same(APP_CONFIDENCE, text(finish::NOT_SURE));
        block.same(TIME_RECEIVED, Value::Time(finish::arrival(header.received)));
        block.same(EXPORTER_IP, Value::Ip(header.exporter));
        if !plan.has(DOMAIN) {
            block.same(DOMAIN, Value::Uint(header.domain.into()));
        }
    }

    /// Makes a column of the words whose numbers are in `words`.
    fn say(&mut self, id: ColumnId, table: &[&'static str]) {
        let of = |number: &u8| table.get(usize::from(*number)).copied().unwrap_or_default();
        let Some(first) = self.words.first() else { return };
        if self.words.iter().fold(0, |differ, number| differ | (number ^ first)) == 0 {
            if *first != NO_WORD {
                self.block.same(id, text(of(first)));
            }
            return;
        }
        if let Some(words) = self.block.each::<&'static str>(id) {
            words.extend(self.words.iter().map(of));
        }
        if self.words.contains(&NO_WORD) {
            self.block.valid(id, self.words.iter().map(|number| *number != NO_WORD));
        }
    }

    /// Makes a column of the numbers in `numbers`, of the rows that have a word.
    fn number(&mut self, id: ColumnId) {
        if self.words.iter().all(|number| *number == NO_WORD) {
            return;
        }
        if let Some(numbers) = self.block.each::<u32>(id) {
            numbers.extend_from_slice(&self.numbers);
        }
        if self.words.contains(&NO_WORD) {
            self.block.valid(id, self.words.iter().map(|number| *number != NO_WORD));
        }
    }
}

/// Start and end of each row from what it tells, as they are kept, and the number of the word for what was wrong.
#[inline]
fn repair(
    (starts, ends): (&mut [i64], &mut [i64]),
    words: &mut Vec<u8>,
    clock: &Clock,
    (header, boot): (&Header, Option<Time>),
    get: impl Fn(Measure, usize) -> Option<u64>,
) {
    for (row, (start, end)) in starts.iter_mut().zip(ends).enumerate() {
        let get = |measure| get(measure, row);
        let (first, last) = finish::span((Time(*start), Time(*end)), get, header, boot);
        let uptimes = (get(Measure::StartUptime), get(Measure::EndUptime));
        let (first, last, quality) = clock.repair(first, last, uptimes);
        (*start, *end) = (first.0, last.0);
        words.push(quality.map_or(NO_WORD, |quality| quality as u8));
    }
}

/// The bits of the measures that times are made of.
const fn clocks() -> u64 {
    1 << Measure::StartUptime as u64
        | 1 << Measure::EndUptime as u64
        | 1 << Measure::BootMillis as u64
        | 1 << Measure::StartBeforeExport as u64
        | 1 << Measure::EndBeforeExport as u64
        | 1 << Measure::DurationMillis as u64
        | 1 << Measure::DurationMicros as u64
        | 1 << Measure::ObservedSecs as u64
        | 1 << Measure::ObservedMillis as u64
}

fn instants(coding: Coding, records: Records<'_>, at: u16, len: u16, to: &mut Vec<i64>, unfit: &mut u32) {
    records.numbers(at, len, to, |number| moment(coding, number).map_or(i64::MIN, |time| time.0));
    for time in to.iter_mut().filter(|time| **time == i64::MIN) {
        *time = 0;
        *unfit += 1;
    }
}

fn word(number: Option<usize>) -> u8 {
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or(NO_WORD)
}

fn text(word: &'static str) -> Value<'static> {
    Value::Text(Cow::Borrowed(word))
}
