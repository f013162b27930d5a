// SPDX-License-Identifier: Apache-2.0
//! League of Legends: Wild Rift (session start as others describe it): a first datagram of 69 octets and its answer of 359,
//! each with its own kind; or a short one with fixed ends.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LoLWildRift",
    title: "League of Legends: Wild Rift",
    category: Category::Game,
    spec: &["Wild Rift, session start as described by nDPI"],
    first: First::Of(&[0x01, 0x04, 0x10]),
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[(Side::Src, b"\x01\x02\xc8\x41\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x41\x30\x42\x31")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let short = data.len() == 22 && data.starts_with(b"\x01\x02\xc8\x41") && data.ends_with(b"A0B1");
    either(yes_if(short), maybe_if(opens(data) || answers(data)))
}

fn opens(data: &[u8]) -> bool {
    data.len() == 69 && data.starts_with(&[4, 0, 0, 0])
}

fn answers(data: &[u8]) -> bool {
    data.len() == 359 && data.starts_with(&[0x10, 0, 0, 0])
}

fn together(heard: &Heard<'_>) -> Verdict {
    if answers(heard.data) && heard.opposite().any(opens) { Verdict::Yes } else { Verdict::Maybe }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;
    use minamo_model::Flow;

    #[test]
    fn the_answer_must_come_from_the_other_side() {
        let label = |side| {
            let (mut first, mut second) = ([0x3c; 69], [0xa5; 359]);
            first[..4].copy_from_slice(&[4, 0, 0, 0]);
            second[..4].copy_from_slice(&[16, 0, 0, 0]);
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
            classifier.datagram(Side::Src, &first, &mut flow);
            classifier.datagram(side, &second, &mut flow);
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!((label(Side::Dst).as_str(), label(Side::Src).as_str()), ("LoLWildRift", "Unknown"));
    }
}
