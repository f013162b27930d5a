// SPDX-License-Identifier: Apache-2.0
//! Rules that hold for every protocol of the registry, proven once for all: the sample is claimed by its
//! owner and nobody else, cuts change nothing, no prefix, gap or flipped octet panics.

use minamo_model::Flow;

use crate::{Classifier, Input, PROTOCOLS, Protocol, Transport, Verdict};

fn is_stream(protocol: &Protocol) -> bool {
    protocol.transport == Transport::Stream
}

fn run(protocol: &Protocol, cut: usize) -> Flow {
    let mut flow = Flow::default();
    let mut classifier = Classifier::new(is_stream(protocol), 40_000, 40_001);
    for (side, data) in protocol.sample {
        if is_stream(protocol) {
            for piece in data.chunks(cut.max(1)) {
                classifier.stream(*side, Input::Data(piece), &mut flow);
            }
        } else {
            classifier.datagram(*side, data, &mut flow);
        }
    }
    classifier.label(&mut flow);
    flow
}

#[test]
fn every_row_of_the_registry_is_complete() {
    let mut names = std::collections::HashSet::new();
    for protocol in PROTOCOLS {
        assert!(names.insert(protocol.name), "{} stands twice", protocol.name);
        assert!(!protocol.spec.is_empty(), "{} cites no specification", protocol.name);
        assert!(!protocol.sample.is_empty(), "{} has no sample", protocol.name);
        assert!((1..=65_536).contains(&protocol.max_state), "{}: max_state {}", protocol.name, protocol.max_state);
    }
}

#[test]
fn a_sample_is_claimed_by_its_owner_and_by_nobody_else() {
    for owner in PROTOCOLS {
        let flow = run(owner, usize::MAX);
        assert!(flow.core.app.starts_with(owner.name), "{}: labelled {}", owner.name, flow.core.app);
        for other in PROTOCOLS.iter().filter(|p| p.name != owner.name) {
            if is_stream(owner) != is_stream(other)
                && owner.transport != Transport::Both
                && other.transport != Transport::Both
            {
                continue;
            }
            let (side, data) = owner.sample[0];
            assert_ne!((other.probe)(side, data), Verdict::Yes, "{} claims the sample of {}", other.name, owner.name);
        }
    }
}

#[test]
fn cutting_a_stream_anywhere_changes_nothing() {
    for protocol in PROTOCOLS.iter().filter(|p| is_stream(p)) {
        let whole = run(protocol, usize::MAX);
        for cut in [1, 2, 3, 7, 64] {
            assert_eq!(run(protocol, cut), whole, "{} in pieces of {cut}", protocol.name);
        }
    }
}

#[test]
fn no_prefix_gap_or_flipped_octet_panics() {
    for protocol in PROTOCOLS {
        for (at, (side, data)) in protocol.sample.iter().enumerate() {
            for end in 0..=data.len().min(600) {
                let _: Verdict = (protocol.probe)(*side, &data[..end]);
                let mut dissector = (protocol.start)(is_stream(protocol));
                let mut flow = Flow::default();
                for (side, before) in &protocol.sample[..at] {
                    dissector.feed(*side, Input::Data(before), &mut flow);
                }
                dissector.feed(*side, Input::Data(&data[..end]), &mut flow);
                dissector.feed(*side, Input::Gap(7), &mut flow);
                dissector.feed(side.other(), Input::Data(&data[end..]), &mut flow);
            }
            for flip in 0..data.len().min(600) {
                let mut broken = data.to_vec();
                broken[flip] ^= 0xff;
                let mut flow = Flow::default();
                let _: Verdict = (protocol.probe)(*side, &broken);
                (protocol.start)(is_stream(protocol)).feed(*side, Input::Data(&broken), &mut flow);
            }
        }
    }
}
