// SPDX-License-Identifier: Apache-2.0
//! Records that are read together become the same rows as records that are read one by one, with the same account.

use minamo_base::{Ip, Time};
use minamo_model::{Flow, FlowBuilder};
use minamo_schema::Block;
use minamo_schema::arrow::array::RecordBatch;
use proptest::prelude::*;

use super::{EXPORTER, RECEIVED, words};
use crate::{Cache, Encoder, FORMATS, Sink, Wire, decode, decode_into};

/// Rows on their way to a batch, and how many of them came together.
#[derive(Default)]
struct Batch {
    builder: FlowBuilder,
    together: usize,
}

impl Sink for Batch {
    fn row(&mut self, flow: &Flow) {
        self.builder.append(flow);
    }

    fn block(&mut self, block: &Block) {
        self.together += block.rows();
        // In two parts, as at the end of a batch.
        let middle = block.rows() / 2;
        self.builder.extend(block, 0..middle);
        self.builder.extend(block, middle..block.rows());
    }
}

/// Both ways, each with what it has learned.
#[derive(Default)]
pub(super) struct Ways {
    one_by_one: (Cache, FlowBuilder),
    together: (Cache, Batch),
}

impl Ways {
    /// Decodes a datagram both ways; the accounts must agree.
    pub(super) fn take(&mut self, octets: &[u8], exporter: Ip, received: Time) {
        let (cache, builder) = &mut self.one_by_one;
        let report = decode(octets, exporter, received, cache, &mut |flow| builder.append(flow));
        let (cache, batch) = &mut self.together;
        assert_eq!(decode_into(octets, exporter, received, cache, batch), report);
        assert_eq!(cache.counters(), self.one_by_one.0.counters());
    }

    /// The rows, which must agree, and how many of them came together.
    pub(super) fn finish(mut self) -> (RecordBatch, usize) {
        let batch = self.one_by_one.1.finish().expect("a batch");
        assert_eq!(self.together.1.builder.finish().expect("a batch"), batch);
        (batch, self.together.1.together)
    }
}

fn both(datagrams: &[Vec<u8>], received: Time) -> (RecordBatch, usize) {
    let mut ways = Ways::default();
    datagrams.iter().for_each(|octets| ways.take(octets, Ip::v4(EXPORTER), received));
    ways.finish()
}

/// Elements with the lengths that they may have; most are plain, some force records to be read one by one.
#[rustfmt::skip]
const ELEMENTS: [(u16, &[u16]); 63] = [
    (8, &[4]), (12, &[4]), (27, &[16]), (28, &[16]), (15, &[4]), (62, &[16]), (18, &[4]),
    (7, &[1, 2, 3]), (11, &[1, 2]), (4, &[1, 2]), (5, &[1]), (6, &[1, 2]), (1, &[1, 3, 4, 8]), (2, &[4, 8]),
    (23, &[4, 8]), (24, &[4]), (85, &[8]), (231, &[8]), (10, &[2, 4]), (14, &[2, 4, 8]), (16, &[2, 4]),
    (17, &[4]), (9, &[1]), (13, &[1]), (22, &[4, 8]), (21, &[4]), (150, &[4, 8]), (151, &[4]), (152, &[8]),
    (153, &[8, 5]), (154, &[8]), (155, &[8]), (156, &[8, 7]), (157, &[8]), (158, &[4]), (159, &[4]),
    (160, &[8]), (161, &[4]), (162, &[8]), (322, &[4]), (323, &[8]), (32, &[2]), (176, &[1]), (177, &[1]),
    (136, &[1]), (61, &[1]), (48, &[1, 4]), (34, &[4]), (305, &[4]), (306, &[4]), (309, &[4]), (310, &[4]),
    (243, &[2]), (182, &[2]), (183, &[1, 2]), (52, &[1]), (192, &[1]),
    (89, &[1, 4]), (56, &[6]), (80, &[6]), (58, &[2]), (149, &[4]), (210, &[0, 3]),
];
/// Elements that are never plain.
const OTHERS: [(u16, u16); 6] = [(96, 8), (95, 4), (239, 1), (65_000, 4), (195, 1), (233, 1)];

fn fields() -> impl Strategy<Value = Vec<(u16, u16)>> {
    let plain = (0..ELEMENTS.len(), any::<usize>()).prop_map(|(at, len)| {
        let (id, lengths) = ELEMENTS[at];
        (id, lengths[len % lengths.len()])
    });
    let other = (0..OTHERS.len()).prop_map(|at| OTHERS[at]);
    let others = prop_oneof![9 => Just(Vec::new()), 1 => proptest::collection::vec(other, 1..3)];
    (proptest::collection::vec(plain, 1..14), others).prop_map(|(mut fields, others)| {
        fields.extend(others);
        if fields.iter().all(|(_, len)| *len == 0) {
            fields.push((8, 4));
        }
        fields
    })
}

/// Octets that are often small numbers, so that protocols, reasons and times mean something.
fn octets(len: usize) -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![4 => Just(0u8), 2 => Just(1), 2 => Just(6), 1 => Just(58), 2 => 0u8..9, 2 => any::<u8>()];
    proptest::collection::vec(octet, len)
}

fn datagram(nine: bool, seconds: u32, sets: &[(u16, &[u8])]) -> Vec<u8> {
    let mut octets = if nine { super::v9(sets) } else { super::ipfix(sets) };
    let at = if nine { 8 } else { 4 };
    octets[at..at + 4].copy_from_slice(&seconds.to_be_bytes());
    octets
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_template_gives_the_same_rows_both_ways(
        (fields, data) in fields().prop_flat_map(|fields| {
            let size: usize = fields.iter().map(|(_, len)| usize::from(*len)).sum();
            (Just(fields), (0..600usize).prop_flat_map(move |rows| octets((size * rows).min(3_000) + rows % 3)))
        }),
        nine in any::<bool>(),
        // By the time of arrival, long before, after, and never set.
        seconds in prop_oneof![Just(1_711_276_032u32), Just(1_711_270_000), Just(1_711_476_032), Just(77)],
        rates in proptest::collection::vec((0u8..3, 1u8..9), 0..3),
    ) {
        let mut template = vec![256, u16::try_from(fields.len()).expect("few")];
        template.extend(fields.iter().flat_map(|(id, len)| [*id, *len]));
        let (kind, options) = if nine { (0, vec![300, 4, 8, 2, 4, 34, 1, 48, 1]) } else { (2, vec![300, 3, 1, 10, 4, 34, 1, 48, 1]) };
        let mut told = Vec::new();
        for (id, rate) in &rates {
            told.extend([0, 0, 0, *id, *rate, *id]);
        }
        let mut datagrams = Vec::new();
        if !rates.is_empty() {
            datagrams.push(datagram(nine, seconds, &[(kind + 1, &words(&options)), (300, &told)]));
        }
        datagrams.push(datagram(nine, seconds, &[(kind, &words(&template)), (256, &data)]));
        datagrams.push(datagram(nine, seconds, &[(256, &data), (256, &data)]));
        both(&datagrams, RECEIVED);
        both(&datagrams, Time(0));
    }

    #[test]
    fn netflow_5_gives_the_same_rows_both_ways(body in octets(48 * 8 + 20), count in 1u16..10, sampling in 0u16..3) {
        let mut datagram = vec![0, 5];
        datagram.extend(count.to_be_bytes());
        datagram.extend([0, 0, 0x27, 0x10, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2]);
        datagram.extend(sampling.to_be_bytes());
        datagram.extend(body);
        let (batch, together) = both(&[datagram], RECEIVED);
        prop_assert_eq!(together, batch.num_rows());
        prop_assert_eq!(together, usize::from(count).min(8));
    }
}

#[test]
fn samples_give_the_same_rows_both_ways() {
    for format in FORMATS {
        both(&[format.sample.to_vec()], RECEIVED);
    }
}

#[test]
fn what_our_encoder_writes_of_plain_rows_is_read_together() {
    let mut flow = Flow::default();
    (flow.core.src_ip, flow.core.dst_ip, flow.core.proto) = (Ip::v4([10, 0, 0, 1]), Ip::v4([10, 0, 0, 2]), 6);
    (flow.core.src_bytes, flow.core.src_packets) = (9, 1);
    flow.tcp.get_or_insert_default().src_flags = Some(2);
    let flows = vec![flow; 700];
    for wire in [Wire::Netflow5, Wire::Netflow9] {
        let mut datagrams = Vec::new();
        Encoder::new(wire, 7, Time(0)).encode(&flows, Time(1_000), &mut |datagram| datagrams.push(datagram.to_vec()));
        let (batch, together) = both(&datagrams, Time(0));
        assert_eq!((batch.num_rows(), together), (700, 700), "{wire:?}");
    }
}

/// A set of more records than are read at once.
#[test]
fn long_sets_are_read_in_parts() {
    let template = words(&[256, 2, 4, 1, 6, 1]);
    let data: Vec<u8> = (0..3_000u16).map(|n| u8::try_from(n % 7).expect("small")).collect();
    let (batch, together) = both(&[super::v9(&[(0, &template), (256, &data)])], RECEIVED);
    assert_eq!((batch.num_rows(), together), (1_500, 1_500));
}
