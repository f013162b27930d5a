// SPDX-License-Identifier: Apache-2.0
//! Conversations: the first octet says stream or datagrams and how to cut, then pieces go to both sides.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minamo_dissect::{Classifier, Input, PROTOCOLS, Side};
use minamo_model::Flow;

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, chosen], rest)) = data.split_first_chunk::<2>() else { return };
    let (stream, cut) = (kind & 1 == 1, usize::from(kind >> 1) + 1);
    let side = |at: usize| if at % 2 == 0 { Side::Src } else { Side::Dst };
    let mut flow = Flow::default();
    let mut classifier = Classifier::new(stream, 40_000, 40_001);
    for (at, piece) in rest.chunks(cut).enumerate() {
        if stream {
            classifier.stream(side(at), Input::Data(piece), &mut flow);
        } else {
            classifier.datagram(side(at), piece, &mut flow);
        }
    }
    classifier.label(&mut flow);
    // One dissector on its own, also past its probe and over a gap.
    let protocol = PROTOCOLS[usize::from(chosen) % PROTOCOLS.len()];
    let mut dissector = (protocol.start)(stream);
    for (at, piece) in rest.chunks(cut).enumerate() {
        dissector.feed(side(at), Input::Data(piece), &mut flow);
        dissector.feed(side(at), Input::Gap(1), &mut flow);
    }
});
