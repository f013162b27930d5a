// SPDX-License-Identifier: Apache-2.0
//! What is looked at of an exporter's rows, from rows that come one by one and from blocks of rows alike.

use minamo_base::{Ip, Time};
use minamo_model::Flow;
use minamo_schema::{Block, BlockColumn, Cells, ColumnId, Value, Values, octets};

use super::window::part;
use crate::initial;

const SRC_IP: ColumnId = Flow::at("src_ip");
const DST_IP: ColumnId = Flow::at("dst_ip");
const SRC_PORT: ColumnId = Flow::at("src_port");
const DST_PORT: ColumnId = Flow::at("dst_port");
const PROTO: ColumnId = Flow::at("proto");
const TIME_START: ColumnId = Flow::at("time_start");
const TIME_END: ColumnId = Flow::at("time_end");
const SRC_BYTES: ColumnId = Flow::at("src_bytes");
const DST_BYTES: ColumnId = Flow::at("dst_bytes");
const SRC_PACKETS: ColumnId = Flow::at("src_packets");
const DST_PACKETS: ColumnId = Flow::at("dst_packets");
const RATE: ColumnId = Flow::at("sampling_rate");
const QUALITY: ColumnId = Flow::at("exporter_time_quality");
const CONFIDENCE: ColumnId = Flow::at("app_confidence");
const SRC_FLAGS: ColumnId = Flow::at("tcp_src_flags");
/// A column of each group whose presence counts.
const SPLT: ColumnId = Flow::at("splt_lengths");
const TLS: ColumnId = Flow::at("tls_sni");
const QUIC: ColumnId = Flow::at("quic_version");
const DNS: ColumnId = Flow::at("dns_query");
const ROUND_TRIP: ColumnId = Flow::at("npm_src_rtt_micros");
const LINK: ColumnId = Flow::at("l2_vlan");
const INTERFACES: [ColumnId; 2] = [Flow::at("exporter_in_if"), Flow::at("exporter_out_if")];
const SYSTEMS: [ColumnId; 2] = [Flow::at("exporter_src_as"), Flow::at("exporter_dst_as")];

/// What is looked at of one row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts {
    /// Octets of the addresses, as blocks have them.
    pub(crate) src_ip: u128,
    pub(crate) dst_ip: u128,
    pub(crate) src_port: u16,
    pub(crate) dst_port: u16,
    pub(crate) proto: u8,
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) src_bytes: u64,
    pub(crate) dst_bytes: u64,
    pub(crate) src_packets: u64,
    pub(crate) dst_packets: u64,
    /// True for a row of sampled traffic.
    pub(crate) sampled: bool,
    /// True where its times were repaired or replaced.
    pub(crate) repaired: bool,
}

impl Facts {
    /// Of a row.
    pub(crate) fn of(flow: &Flow) -> Self {
        let core = &flow.core;
        let quality = flow.exporter.as_ref().and_then(|exporter| exporter.time_quality.as_deref());
        Self {
            src_ip: octets(core.src_ip),
            dst_ip: octets(core.dst_ip),
            src_port: core.src_port,
            dst_port: core.dst_port,
            proto: core.proto,
            start: core.time_start,
            end: core.time_end,
            src_bytes: core.src_bytes,
            dst_bytes: core.dst_bytes,
            src_packets: core.src_packets,
            dst_packets: core.dst_packets,
            sampled: flow.sampling.as_ref().is_some_and(|s| s.rate.is_some_and(|rate| rate > 1)),
            repaired: quality.is_some_and(repairs),
        }
    }

    /// The row in 64 bits: the same for rows of one exporter with the same endpoints, times and counters.
    #[inline]
    pub(crate) fn fingerprint(&self, exporter: u64) -> u64 {
        let ports = u64::from(self.src_port) << 32 | u64::from(self.dst_port) << 8 | u64::from(self.proto);
        let (start, end) = (self.start.0.cast_unsigned(), self.end.0.cast_unsigned());
        folded(high(self.src_ip) ^ KEYS[0], low(self.src_ip) ^ KEYS[1])
            ^ folded(high(self.dst_ip) ^ KEYS[2], low(self.dst_ip) ^ KEYS[3])
            ^ folded(ports ^ KEYS[4], start ^ KEYS[5])
            ^ folded(end ^ KEYS[6], self.src_bytes ^ KEYS[7])
            ^ folded(self.dst_bytes ^ KEYS[8], self.src_packets ^ KEYS[9] ^ exporter)
    }
}

/// An exporter in 64 bits, for fingerprints.
pub(crate) fn exporter_key(exporter: Ip) -> u64 {
    let octets = octets(exporter);
    folded(high(octets) ^ KEYS[3], low(octets) ^ KEYS[6])
}

/// Odd numbers without a pattern: the begin of the hexadecimal digits of pi.
const KEYS: [u64; 10] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7345,
    0xa409_3822_299f_31d1,
    0x082e_fa98_ec4e_6c89,
    0x4528_21e6_38d0_1377,
    0xbe54_66cf_34e9_0c6d,
    0xc0ac_29b7_c97c_50dd,
    0x3f84_d5b5_b547_0917,
    0x9216_d5d9_8979_fb1b,
    0xd131_0ba6_98df_b5ad,
];

fn high(octets: u128) -> u64 {
    (octets >> 64) as u64
}

fn low(octets: u128) -> u64 {
    octets as u64
}

/// Both halves of a product: every bit of each number changes about half of the result.
#[inline]
fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    high(product) ^ low(product)
}

fn repairs(quality: &str) -> bool {
    quality != "skewed"
}

/// The same of all rows of a block.
pub(crate) struct BlockFacts<'a> {
    src_ip: Values<'a, u128>,
    dst_ip: Values<'a, u128>,
    src_port: Values<'a, u16>,
    dst_port: Values<'a, u16>,
    proto: Values<'a, u8>,
    start: Values<'a, i64>,
    end: Values<'a, i64>,
    src_bytes: Values<'a, u64>,
    dst_bytes: Values<'a, u64>,
    src_packets: Values<'a, u64>,
    dst_packets: Values<'a, u64>,
    rate: Values<'a, u32>,
    quality: Values<'a, &'static str>,
}

impl<'a> BlockFacts<'a> {
    pub(crate) fn of(block: &'a Block) -> Self {
        Self {
            src_ip: block.values(SRC_IP),
            dst_ip: block.values(DST_IP),
            src_port: block.values(SRC_PORT),
            dst_port: block.values(DST_PORT),
            proto: block.values(PROTO),
            start: block.values(TIME_START),
            end: block.values(TIME_END),
            src_bytes: block.values(SRC_BYTES),
            dst_bytes: block.values(DST_BYTES),
            src_packets: block.values(SRC_PACKETS),
            dst_packets: block.values(DST_PACKETS),
            rate: block.values(RATE),
            quality: block.values(QUALITY),
        }
    }

    /// Of one row.
    #[inline]
    pub(crate) fn at(&self, row: usize) -> Facts {
        // A row without a rate or a word has the number 0 or an empty word.
        let quality = self.quality.at(row);
        Facts {
            src_ip: self.src_ip.at(row),
            dst_ip: self.dst_ip.at(row),
            src_port: self.src_port.at(row),
            dst_port: self.dst_port.at(row),
            proto: self.proto.at(row),
            start: Time(self.start.at(row)),
            end: Time(self.end.at(row)),
            src_bytes: self.src_bytes.at(row),
            dst_bytes: self.dst_bytes.at(row),
            src_packets: self.src_packets.at(row),
            dst_packets: self.dst_packets.at(row),
            sampled: self.rate.at(row) > 1,
            repaired: !quality.is_empty() && repairs(quality),
        }
    }
}

/// Which parts a row has, as bits of [`part`]; that it has both sides is counted row by row.
pub(crate) fn parts(flow: &Flow) -> u16 {
    let bit = |there: bool, bit: u16| if there { bit } else { 0 };
    let exporter = flow.exporter.as_deref();
    let counts = flow.eta.as_ref().is_some_and(|e| e.src_byte_counts.is_some() || e.dst_byte_counts.is_some());
    bit(flow.tcp.as_ref().is_some_and(|tcp| tcp.src_flags.is_some()), part::TCP_FLAGS)
        | bit(flow.splt.is_some(), part::SPLT)
        | bit(initial::has(flow), part::INITIAL_PACKET)
        | bit(counts, part::BYTE_COUNTS)
        | bit(exporter.is_some_and(|e| e.in_if.is_some() || e.out_if.is_some()), part::INTERFACES)
        | bit(flow.core.app_confidence != "none", part::APPLICATION)
        | bit(flow.tls.is_some() || flow.quic.is_some(), part::TLS)
        | bit(flow.dns.is_some(), part::DNS)
        | bit(flow.npm.is_some(), part::ROUND_TRIP)
        | bit(flow.l2.is_some(), part::LINK)
        | bit(exporter.is_some_and(|e| e.src_as.is_some() || e.dst_as.is_some()), part::SYSTEMS)
}

/// Which parts some row of a block has.
pub(crate) fn parts_of(block: &Block) -> u16 {
    let bit = |there: bool, bit: u16| if there { bit } else { 0 };
    let has = |id: ColumnId| block.column(id).is_some_and(BlockColumn::any);
    let group = |id: ColumnId| block.has_group(id.group);
    let sure = match block.column(CONFIDENCE).map(BlockColumn::cells) {
        Some(Cells::Same(Value::Text(word))) => word != "none",
        Some(Cells::Word(words)) => words.iter().any(|word| *word != "none"),
        _ => false,
    };
    bit(has(SRC_FLAGS), part::TCP_FLAGS)
        | bit(group(SPLT), part::SPLT)
        | bit(INTERFACES.into_iter().any(has), part::INTERFACES)
        | bit(sure, part::APPLICATION)
        | bit(group(TLS) || group(QUIC), part::TLS)
        | bit(group(DNS), part::DNS)
        | bit(group(ROUND_TRIP), part::ROUND_TRIP)
        | bit(group(LINK), part::LINK)
        | bit(SYSTEMS.into_iter().any(has), part::SYSTEMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_differ_by_every_part() {
        let facts = Facts { start: Time(1), end: Time(2), src_ip: 3, dst_ip: 4, ..Facts::default() };
        let key = exporter_key(Ip::v4([192, 0, 2, 1]));
        let others = [
            Facts { src_ip: 4, dst_ip: 3, ..facts },
            Facts { start: Time(2), end: Time(1), ..facts },
            Facts { src_port: 1, ..facts },
            Facts { dst_port: 1, ..facts },
            Facts { proto: 1, ..facts },
            Facts { src_bytes: 1, ..facts },
            Facts { dst_bytes: 1, ..facts },
            Facts { src_packets: 1, ..facts },
        ];
        assert!(others.iter().all(|other| other.fingerprint(key) != facts.fingerprint(key)));
        assert_ne!(facts.fingerprint(exporter_key(Ip::default())), facts.fingerprint(key));
    }
}
