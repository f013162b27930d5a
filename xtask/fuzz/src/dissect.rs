// SPDX-License-Identifier: Apache-2.0
//! Conversations: the first octet says stream or datagrams, the next two which protocol's dissector runs on its own
//! as well, past its probe; the environment may name one protocol for all inputs ([`ONLY`]). Then pieces: the lowest bit of their mark is the side, the next says that octets are missing.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use minamo_dissect::{Classifier, Input, PROTOCOLS, Protocol, Side, Signatures, Transport};
use minamo_model::Flow;

use crate::{Target, pieces};

pub(crate) static TARGET: Target = Target { name: "dissect", run, seeds };

/// Name of the environment's variable with the protocol whose dissector runs, whatever the octets say.
const ONLY: &str = "MINAMO_FUZZ_PROTOCOL";
/// Octets before the pieces.
const HEAD: usize = 3;
const STREAM: u8 = 1;
const DST: u8 = 1;
const GAP: u8 = 2;
/// Texts that one row may hold, in octets: far above every bound of a column, far below what a stream can carry.
const MAX_ROW: usize = 1 << 20;

/// Signatures of every kind, which the same octets are looked at for.
static SIGNATURES: LazyLock<Arc<Signatures>> = LazyLock::new(|| {
    let file = r#"
        [[signature]]
        name = "all"
        application = "All"
        all = [{ octets = "00 01", at = 2 }, { text = "x", from = "either" }, { regex = '(?s)^..[^a-z]{2,9}\d', from = "server" }]
        [[signature]]
        name = "any"
        application = "Any"
        any = [{ host = "example.org" }, { text = "a", at = 1023 }]
    "#;
    Arc::new(Signatures::read(file).unwrap_or_default())
});

/// The protocol that the environment names.
static CHOSEN: LazyLock<Option<&'static Protocol>> = LazyLock::new(|| {
    let name = std::env::var(ONLY).ok()?;
    let found = PROTOCOLS.iter().find(|protocol| protocol.name == name);
    assert!(found.is_some(), "{ONLY}: no protocol has the name {name}");
    found.copied()
});

fn run(octets: &[u8]) {
    let Some((&[kind, high, low], rest)) = octets.split_first_chunk::<HEAD>() else { return };
    let stream = kind & STREAM != 0;
    let mut flow = Flow::default();
    let mut classifier = Classifier::new(stream, 40_000, 40_001);
    classifier.look_for(&SIGNATURES);
    each(rest, |side, input| match input {
        Input::Data(data) if !stream => classifier.datagram(side, data, &mut flow),
        _ => classifier.stream(side, input, &mut flow),
    });
    classifier.label(&mut flow);
    assert!(!flow.core.app.is_empty(), "every flow has a label");
    let told = PROTOCOLS.get(usize::from(u16::from_be_bytes([high, low])) % PROTOCOLS.len());
    let Some(protocol) = CHOSEN.or(told.copied()) else { return };
    let mut dissector = (protocol.start)(stream);
    each(rest, |side, input| {
        if let Input::Data(data) = input {
            let _: minamo_dissect::Verdict = (protocol.probe)(side, data);
        }
        dissector.feed(side, input, &mut flow);
    });
    assert!(format!("{flow:?}").len() <= MAX_ROW, "{}: a row without bound", protocol.name);
}

/// Gives every piece to `feed`.
fn each(mut rest: &[u8], mut feed: impl FnMut(Side, Input<'_>)) {
    while let Some((mark, piece)) = pieces::next(&mut rest) {
        let side = if mark & DST == 0 { Side::Src } else { Side::Dst };
        feed(side, Input::Data(piece));
        if mark & GAP != 0 {
            feed(side, Input::Gap(piece.len() as u64 + 1));
        }
    }
}

/// What stands before the pieces: the transport, and the number of the protocol that is asked by itself.
fn head(stream: bool, protocol: usize) -> anyhow::Result<[u8; HEAD]> {
    let [high, low] = u16::try_from(protocol)?.to_be_bytes();
    Ok([u8::from(stream), high, low])
}

/// The sample of every protocol.
fn seeds(_: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for (at, protocol) in PROTOCOLS.iter().enumerate() {
        for stream in [true, false] {
            let unwanted = if stream { Transport::Datagram } else { Transport::Stream };
            if protocol.transport == unwanted {
                continue;
            }
            let mut seed = head(stream, at)?.to_vec();
            for (side, data) in protocol.sample {
                pieces::push(&mut seed, if *side == Side::Src { 0 } else { DST }, data);
            }
            seeds.push(seed);
        }
    }
    Ok(seeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signatures_are_good() {
        assert_eq!(SIGNATURES.len(), 2);
    }

    #[test]
    fn every_protocol_has_a_seed_that_it_is_recognised_in() {
        let seeds = seeds(Path::new("")).expect("samples are short");
        for (at, protocol) in PROTOCOLS.iter().enumerate() {
            let stream = protocol.transport == Transport::Stream;
            let head = head(stream, at).expect("the choice is two octets");
            let seed = seeds.iter().find(|seed| seed.starts_with(&head)).expect(protocol.name);
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(stream, 40_000, 40_001));
            each(&seed[HEAD..], |side, input| match input {
                Input::Data(data) if !stream => classifier.datagram(side, data, &mut flow),
                _ => classifier.stream(side, input, &mut flow),
            });
            assert_eq!(classifier.protocol().map(|p| p.name), Some(protocol.name));
        }
    }
}
