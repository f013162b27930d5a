// SPDX-License-Identifier: Apache-2.0
//! The cells of a batch that both stages look at, typed once per batch.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher};

use minamo_base::Ip;
use minamo_model::CellReader;
use minamo_schema::Value;
use minamo_schema::arrow::array::{Array, AsArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch};
use minamo_schema::arrow::buffer::NullBuffer;
use minamo_schema::arrow::datatypes::{
    ArrowPrimitiveType, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use rapidhash::fast::RandomState;

/// Columns that tell apart what shares endpoints, besides the exporter. Those that a batch lacks say nothing.
const SCOPE: [&str; 4] = ["l2_vlan", "l2_inner_vlan", "tunnel_kind", "routing_in_vrf"];

/// The columns that tell of a row who told it, and of which conversation.
pub(crate) const COLUMNS: [&str; 16] = [
    "src_ip",
    "dst_ip",
    "src_port",
    "dst_port",
    "proto",
    "time_start",
    "time_end",
    "src_bytes",
    "src_packets",
    "dst_bytes",
    "dst_packets",
    "exporter_ip",
    "sampling_rate",
    "record_count",
    DIRECTION,
    DIFFERS,
];

/// Port of the lower endpoint, and of the higher one.
pub(crate) type Ports = (u16, u16);

/// The conversation that a row belongs to; both directions have the same. Addresses are numbers, which compare and hash
/// faster than octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    low: u128,
    high: u128,
    /// Port of the lower endpoint, of the higher one, protocol: 16, 16 and 8 bits.
    rest: u64,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.low);
        state.write_u128(self.high);
        state.write_u64(self.rest);
    }
}

impl Key {
    /// The key, and true where the source is the higher endpoint.
    pub(crate) fn of(src: (u128, u16), dst: (u128, u16), proto: u8) -> (Self, bool) {
        let flipped = src > dst;
        let (low, high) = if flipped { (dst, src) } else { (src, dst) };
        let rest = u64::from(low.1) << 24 | u64::from(high.1) << 8 | u64::from(proto);
        (Self { low: low.0, high: high.0, rest }, flipped)
    }

    pub(crate) fn ports(&self) -> Ports {
        let [_, _, _, a, b, c, d, _] = self.rest.to_be_bytes();
        (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
    }
}

/// Which directions a row has packets of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sides {
    pub(crate) src: bool,
    pub(crate) dst: bool,
}

/// The values of a column, a missing one as zero: borrowed where none is missing.
type Numbers<'a, T> = Cow<'a, [<T as ArrowPrimitiveType>::Native]>;
type Addresses<'a> = Cow<'a, [[u8; 16]]>;

/// Typed columns of a batch.
pub(crate) struct Cells<'a> {
    src_ip: Addresses<'a>,
    dst_ip: Addresses<'a>,
    src_port: Numbers<'a, UInt16Type>,
    dst_port: Numbers<'a, UInt16Type>,
    proto: Numbers<'a, UInt8Type>,
    start: Numbers<'a, TimestampNanosecondType>,
    end: Numbers<'a, TimestampNanosecondType>,
    counts: [Option<Numbers<'a, UInt64Type>>; 4],
    exporter: Option<(Addresses<'a>, Option<&'a NullBuffer>)>,
    domain: Option<Numbers<'a, UInt32Type>>,
    flags: Option<Numbers<'a, UInt8Type>>,
    icmp: Option<&'a PrimitiveArray<UInt8Type>>,
    rate: Option<Numbers<'a, UInt32Type>>,
    records: Option<&'a PrimitiveArray<UInt8Type>>,
    scope: Vec<CellReader<'a>>,
    /// Addresses and ports that became of those of source and destination.
    nat: Option<[Option<CellReader<'a>>; 4]>,
    direction: Option<CellReader<'a>>,
    differs: Option<CellReader<'a>>,
}

/// At which side of the exporter packets were metered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Way {
    /// The exporter does not say.
    #[default]
    Untold,
    /// On their way in.
    In,
    /// On their way out.
    Out,
}

impl Way {
    fn of(word: &str) -> Self {
        match word {
            "ingress" => Self::In,
            "egress" => Self::Out,
            _ => Self::Untold,
        }
    }

    /// True where the same packets may have been metered at both, which makes them two observations.
    pub(crate) fn is_other(self, other: Self) -> bool {
        self != other && self != Self::Untold && other != Self::Untold
    }
}

/// Column of the way.
const DIRECTION: &str = "exporter_direction";
/// Column of what the second of two records says otherwise.
const DIFFERS: &str = "record_dst_differs";

impl<'a> Cells<'a> {
    /// The columns; nothing where one that every row has is missing or of another type.
    pub(crate) fn of(batch: &'a RecordBatch) -> Option<Self> {
        let schema = batch.schema_ref();
        let reader = |name: &str| {
            let at = schema.index_of(name).ok()?;
            let column = batch.columns().get(at).filter(|column| column.null_count() < column.len())?;
            Some(CellReader::new(schema.fields().get(at)?, column))
        };
        let nat = ["nat_src_ip", "nat_src_port", "nat_dst_ip", "nat_dst_port"].map(reader);
        let scope = SCOPE.iter().filter_map(|name| reader(name));
        let exporter = address_column(batch, "exporter_ip");
        Some(Self {
            src_ip: addresses(address_column(batch, "src_ip")?),
            dst_ip: addresses(address_column(batch, "dst_ip")?),
            src_port: numbers::<UInt16Type>(batch, "src_port")?,
            dst_port: numbers::<UInt16Type>(batch, "dst_port")?,
            proto: numbers::<UInt8Type>(batch, "proto")?,
            start: numbers::<TimestampNanosecondType>(batch, "time_start")?,
            end: numbers::<TimestampNanosecondType>(batch, "time_end")?,
            counts: ["src_bytes", "src_packets", "dst_bytes", "dst_packets"]
                .map(|name| numbers::<UInt64Type>(batch, name)),
            exporter: exporter.map(|column| (addresses(column), column.nulls())),
            domain: numbers::<UInt32Type>(batch, "exporter_domain"),
            flags: numbers::<UInt8Type>(batch, "tcp_src_flags"),
            icmp: column(batch, "icmp_kind"),
            rate: numbers::<UInt32Type>(batch, "sampling_rate"),
            records: column(batch, "record_count"),
            scope: scope.collect(),
            nat: nat.iter().any(Option::is_some).then_some(nat),
            direction: reader(DIRECTION),
            differs: reader(DIFFERS),
        })
    }

    /// The conversation, and true where the row's source is its higher endpoint.
    pub(crate) fn key(&self, row: usize) -> (Key, bool) {
        let number = |column: &Addresses<'_>| u128::from_be_bytes(value(column, row));
        let src = (number(&self.src_ip), value(&self.src_port, row));
        let dst = (number(&self.dst_ip), value(&self.dst_port, row));
        Key::of(src, dst, value(&self.proto, row))
    }

    /// The conversation that the row's became by translation, as [`Self::key`] has it; nothing where none is told.
    pub(crate) fn translated(&self, row: usize) -> Option<(Key, bool)> {
        let [src_ip, src_port, dst_ip, dst_port] = self.nat.as_ref()?;
        let ip = |reader: &Option<CellReader<'_>>| match reader.as_ref()?.value(row) {
            Value::Ip(ip) if ip != Ip::default() && ip.as_v4() != Some([0; 4]) => Some(u128::from_be_bytes(ip.0)),
            _ => None,
        };
        let port = |reader: &Option<CellReader<'_>>| match reader.as_ref()?.value(row) {
            Value::Uint(port) => u16::try_from(port).ok().filter(|port| *port != 0),
            _ => None,
        };
        let own = |column: &Addresses<'_>| u128::from_be_bytes(value(column, row));
        let src = (
            ip(src_ip).unwrap_or_else(|| own(&self.src_ip)),
            port(src_port).unwrap_or_else(|| value(&self.src_port, row)),
        );
        let dst = (
            ip(dst_ip).unwrap_or_else(|| own(&self.dst_ip)),
            port(dst_port).unwrap_or_else(|| value(&self.dst_port, row)),
        );
        let translated = Key::of(src, dst, value(&self.proto, row));
        (translated.0 != self.key(row).0).then_some(translated)
    }

    /// Address of the responder.
    pub(crate) fn dst(&self, row: usize) -> Ip {
        Ip(value(&self.dst_ip, row))
    }

    pub(crate) fn proto(&self, row: usize) -> u8 {
        value(&self.proto, row)
    }

    /// Start and end in nanoseconds; an end before the start counts as the start.
    pub(crate) fn times(&self, row: usize) -> (i64, i64) {
        let start = value(&self.start, row);
        (start, value(&self.end, row).max(start))
    }

    pub(crate) fn sides(&self, row: usize) -> Sides {
        let told = |column: &Option<Numbers<'_, UInt64Type>>| column.as_ref().is_some_and(|c| value(c, row) > 0);
        let [src_bytes, src_packets, dst_bytes, dst_packets] = &self.counts;
        Sides { src: told(src_bytes) || told(src_packets), dst: told(dst_bytes) || told(dst_packets) }
    }

    pub(crate) fn exporter(&self, row: usize) -> Option<Ip> {
        let (addresses, nulls) = self.exporter.as_ref()?;
        let missing = row >= addresses.len() || nulls.is_some_and(|nulls| nulls.is_null(row));
        (!missing).then(|| Ip(value(addresses, row)))
    }

    /// Flags of the source's packets; 0 where not told.
    pub(crate) fn flags(&self, row: usize) -> u8 {
        self.flags.as_ref().map_or(0, |column| value(column, row))
    }

    pub(crate) fn icmp_type(&self, row: usize) -> Option<u8> {
        self.icmp.filter(|column| column.is_valid(row)).map(|column| column.value(row))
    }

    /// One packet in so many was looked at.
    pub(crate) fn sampling_rate(&self, row: usize) -> u32 {
        self.rate.as_ref().map_or(1, |column| value(column, row)).max(1)
    }

    /// True where the row was made of several records already.
    pub(crate) fn is_merged(&self, row: usize) -> bool {
        self.records.is_some_and(|column| column.is_valid(row))
    }

    /// True where some row tells at which side of the exporter it was metered.
    pub(crate) fn tells_way(&self) -> bool {
        self.direction.is_some()
    }

    /// At which side of the exporter the source's packets were metered.
    pub(crate) fn way(&self, row: usize) -> Way {
        let Some(direction) = &self.direction else { return Way::Untold };
        match direction.value(row) {
            Value::Text(word) => Way::of(&word),
            _ => Way::Untold,
        }
    }

    /// The way of the packets from the lower endpoint of a row's conversation; of a row of one record that of the record.
    pub(crate) fn low_way(&self, row: usize, flipped: bool) -> Way {
        if !flipped || !self.is_merged(row) {
            return self.way(row);
        }
        // The lower endpoint's record is the second one, which says what is otherwise there.
        let Some(Value::Texts(differs)) = self.differs.as_ref().map(|reader| reader.value(row)) else {
            return self.way(row);
        };
        let own = differs.iter().find_map(|one| one.strip_prefix(DIRECTION)?.strip_prefix('='));
        own.map_or_else(|| self.way(row), Way::of)
    }

    /// Hash of what tells apart what shares endpoints; the observation domain is one of it where `domain` says so.
    pub(crate) fn scope(&self, row: usize, domain: bool, state: &RandomState) -> u64 {
        let mut hash = state.build_hasher();
        if domain {
            self.domain.as_ref().map_or(0, |column| value(column, row)).hash(&mut hash);
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

fn column<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<T>> {
    batch.column_by_name(name)?.as_primitive_opt()
}

fn numbers<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Option<Numbers<'a, T>> {
    let column = column::<T>(batch, name)?;
    Some(if column.null_count() == 0 {
        Cow::Borrowed(column.values())
    } else {
        Cow::Owned(column.iter().map(Option::unwrap_or_default).collect())
    })
}

fn address_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a FixedSizeBinaryArray> {
    batch.column_by_name(name)?.as_fixed_size_binary_opt().filter(|column| column.value_length() == 16)
}

fn addresses(column: &FixedSizeBinaryArray) -> Addresses<'_> {
    let (whole, _) = column.value_data().as_chunks();
    if column.null_count() == 0 && whole.len() == column.len() {
        return Cow::Borrowed(whole);
    }
    let octets = |cell: Option<&[u8]>| cell.and_then(|cell| cell.try_into().ok()).unwrap_or_default();
    Cow::Owned(column.iter().map(octets).collect())
}

/// The cell, or zero where there is none.
fn value<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}
