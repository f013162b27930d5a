// SPDX-License-Identifier: Apache-2.0
//! LINE's calls (as observed from its clients): datagrams of one session, which keep its mark and are numbered one by one.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LineCall",
    title: "LINE calls",
    category: Category::Voip,
    spec: &["LINE, session datagrams as observed"],
    first: First::Within(0xd8, 0xdb),
    encrypted: true,
    probe,
    together: Some(together),
    sample: &[
        (Side::Src, b"\xdb\x64\x00\xb9\x06\x02\x1b\x61\x43\x2b\x5b\xef\xf5\xfb\xa0\x1a\xb3\x93\xf1\xeb"),
        (Side::Src, b"\xdb\x64\x00\xba\x06\x02\x1b\x61\x43\x2b\x5b\xef\xf5\xfb\xa0\x1a\xb3\x93\xf1\xeb"),
    ],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    maybe_if(at(data, 4, 2) == Some(&[0x06, 0x02]) && data.len() >= 20 && !zero(data, 6, 8))
}

fn together(heard: &Heard<'_>) -> Verdict {
    let next = |before: &[u8]| {
        at(before, 4, 14) == at(heard.data, 4, 14)
            && be16(before, 2).is_some_and(|number| be16(heard.data, 2) == Some((number + 1) & 0xffff))
    };
    // Or the first message of each side: their marks stand at the same place.
    let opens = |data: &[u8]| {
        probe(heard.side, data) == Verdict::Maybe && matches!(data, [0xd8..=0xdb, ..]) && data.len() >= 60
    };
    let answered = opens(heard.data) && heard.opposite().any(opens);
    if answered || heard.same().any(next) { Verdict::Yes } else { Verdict::Maybe }
}

#[cfg(test)]
mod tests {
    use crate::{Classifier, Side};
    use minamo_model::Flow;

    #[test]
    fn the_first_of_each_side_are_alike() {
        let label = |place: usize| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
            for (side, first) in [(Side::Src, 0xdb), (Side::Dst, 0xd9)] {
                let mut data = [0x5a; 80];
                (data[0], data[place], data[place + 1]) = (first, 6, 2);
                classifier.datagram(side, &data, &mut flow);
            }
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!((label(4).as_str(), label(5).as_str()), ("LineCall", "Unknown"));
    }
}
