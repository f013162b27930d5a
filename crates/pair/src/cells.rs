// SPDX-License-Identifier: Apache-2.0
//! The cells of a batch that both stages look at, typed once per batch.

use std::hash::{BuildHasher, Hash, Hasher};

use minamo_base::{FiveTuple, Ip};
use minamo_model::CellReader;
use minamo_schema::Value;
use minamo_schema::arrow::array::{Array, AsArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch};
use minamo_schema::arrow::datatypes::{
    ArrowPrimitiveType, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use rapidhash::fast::RandomState;

/// Columns that tell apart what shares endpoints, besides the exporter. Those that a batch lacks say nothing.
const SCOPE: [&str; 4] = ["l2_vlan", "l2_inner_vlan", "tunnel_kind", "routing_in_vrf"];

/// The conversation that a row belongs to; both directions have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    low: (Ip, u16),
    high: (Ip, u16),
    proto: u8,
}

impl Key {
    /// The key, and true where the source is the higher endpoint.
    fn of(tuple: FiveTuple) -> (Self, bool) {
        let (src, dst) = ((tuple.src, tuple.src_port), (tuple.dst, tuple.dst_port));
        let flipped = src > dst;
        let (low, high) = if flipped { (dst, src) } else { (src, dst) };
        (Self { low, high, proto: tuple.proto }, flipped)
    }

    pub(crate) fn is_tcp(&self) -> bool {
        self.proto == 6
    }

    /// The endpoints, the lower one as the source.
    pub(crate) fn tuple(&self) -> FiveTuple {
        let (src, src_port) = self.low;
        let (dst, dst_port) = self.high;
        FiveTuple { src, dst, src_port, dst_port, proto: self.proto }
    }
}

/// Which directions a row has packets of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sides {
    pub(crate) src: bool,
    pub(crate) dst: bool,
}

/// Typed columns of a batch.
pub(crate) struct Cells<'a> {
    src_ip: &'a FixedSizeBinaryArray,
    dst_ip: &'a FixedSizeBinaryArray,
    src_port: &'a PrimitiveArray<UInt16Type>,
    dst_port: &'a PrimitiveArray<UInt16Type>,
    proto: &'a PrimitiveArray<UInt8Type>,
    start: &'a PrimitiveArray<TimestampNanosecondType>,
    end: &'a PrimitiveArray<TimestampNanosecondType>,
    counts: [Option<&'a PrimitiveArray<UInt64Type>>; 4],
    exporter: Option<&'a FixedSizeBinaryArray>,
    domain: Option<&'a PrimitiveArray<UInt32Type>>,
    flags: Option<&'a PrimitiveArray<UInt8Type>>,
    icmp: Option<&'a PrimitiveArray<UInt8Type>>,
    rate: Option<&'a PrimitiveArray<UInt32Type>>,
    records: Option<&'a PrimitiveArray<UInt8Type>>,
    scope: Vec<CellReader<'a>>,
}

impl<'a> Cells<'a> {
    /// The columns; nothing where one that every row has is missing or of another type.
    pub(crate) fn of(batch: &'a RecordBatch) -> Option<Self> {
        let column = |name: &str| batch.column_by_name(name);
        let ip =
            |name: &str| column(name).and_then(|c| c.as_fixed_size_binary_opt()).filter(|c| c.value_length() == 16);
        let schema = batch.schema_ref();
        let scope = SCOPE.iter().filter_map(|name| {
            let at = schema.index_of(name).ok()?;
            Some(CellReader::new(schema.fields().get(at)?, batch.columns().get(at)?))
        });
        Some(Self {
            src_ip: ip("src_ip")?,
            dst_ip: ip("dst_ip")?,
            src_port: number(batch, "src_port")?,
            dst_port: number(batch, "dst_port")?,
            proto: number(batch, "proto")?,
            start: number(batch, "time_start")?,
            end: number(batch, "time_end")?,
            counts: ["src_bytes", "src_packets", "dst_bytes", "dst_packets"].map(|name| number(batch, name)),
            exporter: ip("exporter_ip"),
            domain: number(batch, "exporter_domain"),
            flags: number(batch, "tcp_src_flags"),
            icmp: number(batch, "icmp_kind"),
            rate: number(batch, "sampling_rate"),
            records: number(batch, "record_count"),
            scope: scope.collect(),
        })
    }

    pub(crate) fn tuple(&self, row: usize) -> FiveTuple {
        FiveTuple {
            src: address(self.src_ip, row),
            dst: address(self.dst_ip, row),
            src_port: value(self.src_port, row),
            dst_port: value(self.dst_port, row),
            proto: value(self.proto, row),
        }
    }

    /// The conversation, and true where the row's source is its higher endpoint.
    pub(crate) fn key(&self, row: usize) -> (Key, bool) {
        Key::of(self.tuple(row))
    }

    /// Start and end in nanoseconds; an end before the start counts as the start.
    pub(crate) fn times(&self, row: usize) -> (i64, i64) {
        let start = value(self.start, row);
        (start, value(self.end, row).max(start))
    }

    pub(crate) fn sides(&self, row: usize) -> Sides {
        let [src_bytes, src_packets, dst_bytes, dst_packets] =
            self.counts.map(|column| column.map_or(0, |column| value(column, row)) > 0);
        Sides { src: src_bytes || src_packets, dst: dst_bytes || dst_packets }
    }

    pub(crate) fn exporter(&self, row: usize) -> Option<Ip> {
        self.exporter.filter(|column| column.is_valid(row)).map(|column| address(column, row))
    }

    /// Flags of the source's packets; 0 where not told.
    pub(crate) fn flags(&self, row: usize) -> u8 {
        self.flags.map_or(0, |column| value(column, row))
    }

    pub(crate) fn icmp_type(&self, row: usize) -> Option<u8> {
        self.icmp.filter(|column| column.is_valid(row)).map(|column| value(column, row))
    }

    /// One packet in so many was looked at.
    pub(crate) fn sampling_rate(&self, row: usize) -> u32 {
        self.rate.map_or(1, |column| value(column, row)).max(1)
    }

    /// True where the row was made of several records already.
    pub(crate) fn is_merged(&self, row: usize) -> bool {
        self.records.is_some_and(|column| column.is_valid(row))
    }

    /// Hash of what tells apart what shares endpoints; the observation domain is one of it where `domain` says so.
    pub(crate) fn scope(&self, row: usize, domain: bool, state: &RandomState) -> u64 {
        let mut hash = state.build_hasher();
        if domain {
            self.domain.map_or(0, |column| value(column, row)).hash(&mut hash);
        }
        for reader in &self.scope {
            match reader.value(row) {
                // A VLAN of 0 is none (IEEE 802.1Q: priority-tagged).
                Value::Uint(0) | Value::Null => {}
                Value::Uint(number) => (reader.name(), number).hash(&mut hash),
                other => (reader.name(), minamo_model::text_value(&other)).hash(&mut hash),
            }
        }
        hash.finish()
    }
}

fn number<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<T>> {
    batch.column_by_name(name)?.as_primitive_opt()
}

/// The cell, or zero where it is missing.
fn value<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, row: usize) -> T::Native {
    if row < column.len() && column.is_valid(row) { column.value(row) } else { T::Native::default() }
}

fn address(column: &FixedSizeBinaryArray, row: usize) -> Ip {
    let octets = (row < column.len() && column.is_valid(row)).then(|| column.value(row).try_into().ok()).flatten();
    octets.map(Ip).unwrap_or_default()
}
