// SPDX-License-Identifier: Apache-2.0
//! RTMP (Adobe, "RTMP specification 1.0" §5.2): version 3, and a first chunk whose second word is zero or a player's
//! version.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RTMP",
    title: "Real-Time Messaging Protocol",
    category: Category::Media,
    spec: &["Adobe RTMP 1.0"],
    ports: &[1935],
    first: First::Of(&[0x03, 0x06]),
    probe,
    together: Some(together),
    sample: &[(
        Side::Src,
        b"\x03\x00\x00\x00\x00\x80\x00\x07\x02\x31\x92\xa3\xb4\xc5\xd6\xe7\xf8\x19\x2a\x3b\x4c\x5d\x6e\x7f\
        \x80",
    )],
    ..Protocol::STREAM
};

/// Octets of the version and of the first chunk behind it (§5.2.1, §5.2.3).
const GREETING: usize = 1 + 1_536;

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Octets that look random follow, up to 1,536 of them.
    let random = head::<25>(data, |head| {
        let random = head[9..].iter().filter(|octet| **octet == 0).count() < 3
            && !head[9..].iter().all(|octet| octet.is_ascii_graphic());
        let few = head[9..].iter().filter(|octet| **octet < 16).count() < 9;
        timed(head) && random && few
    });
    // They may be anything: then the other side's greeting tells.
    either(random, maybe_if(versioned(data) && data.len() <= 3 * GREETING))
}

/// Zeros or a player's version.
fn versioned(data: &[u8]) -> bool {
    zero(data, 5, 4) || matches!(at(data, 5, 4), Some([0x80, 0, 7, 1..=3] | [9..=0x20, 0, 16..=250, 1..=3]))
}

/// A time of less than five hours: that of the first message, or since a start not long ago.
fn timed(data: &[u8]) -> bool {
    versioned(data) && is_early(data)
}

fn is_early(data: &[u8]) -> bool {
    data.get(1) == Some(&0)
}

/// Both sides greet alike, with chunks of the same size; where a clock runs longer, both with a version.
fn together(heard: &Heard<'_>) -> Verdict {
    let (one, other) = (heard.data, heard.other);
    let greet = [one, other].iter().all(|data| data.first() == Some(&3) && data.len() >= GREETING);
    let early = is_early(one) && is_early(other) && (versioned(one) || versioned(other));
    if greet && (early || versioned(one) && versioned(other)) { Verdict::Yes } else { Verdict::Maybe }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Classifier, Input};
    use minamo_model::Flow;

    #[test]
    fn a_server_whose_clock_runs_for_long_is_told_by_both_versions() {
        let greeting = |version: u8| {
            let mut greeting = vec![0; GREETING];
            greeting[..9].copy_from_slice(&[3, 0x3d, 0xd5, 0xb7, 0, version, 0, 0, 0]);
            greeting
        };
        let label = |version| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 1, 2));
            classifier.stream(Side::Src, Input::Data(&greeting(0)), &mut flow);
            classifier.stream(Side::Dst, Input::Data(&greeting(version)), &mut flow);
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!((label(0).as_str(), label(0x77).as_str()), ("RTMP", "Unknown"));
    }
}
