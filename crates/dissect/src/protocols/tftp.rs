// SPDX-License-Identifier: Apache-2.0
//! TFTP (RFC 1350 §5, RFC 2347): a request with name and mode. The data go between other ports: blocks and
//! acknowledgements whose numbers pair.

use super::label::Announcer;
use super::tell::*;
use crate::{Announced, Host, Meant};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TFTP",
    title: "Trivial File Transfer Protocol",
    category: Category::DataTransfer,
    spec: &["RFC 1350", "RFC 2347", "RFC 2348"],
    ports: &[69],
    first: First::Of(&[0x00]),
    probe,
    together: Some(together),
    start: |_| Announcer::start(answers),
    sample: &[(Side::Src, b"\x00\x01boot.bin\x00octet\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [0, 1 | 2, request @ ..] => yes_if(asks(request)),
        [0, 6, options @ ..] => yes_if(
            options.last() == Some(&0)
                && options.split(|octet| *octet == 0).next().is_some_and(|name| OPTIONS.contains(&name)),
        ),
        [0, 3, _, _, ..] => maybe_if(data.len() <= 1_472),
        [0, 4, _, _] => Verdict::Maybe,
        [0, 5, 0, 0..=8, text @ ..] => yes_if(text.len() > 4 && text.strip_suffix(&[0]).is_some_and(printable)),
        _ => Verdict::No,
    }
}

/// A request is answered from a new port to that of who asks (RFC 1350 §4).
fn answers(side: Side, data: &[u8]) -> Vec<Announced> {
    let meant = Meant::Protocol("TFTP", PROTOCOL.title);
    let host = Host::Of(side);
    let answers = Announced { host, port: None, stream: false, peer: Some(side.other()), secs: 60, meant };
    if matches!(data, [0, 1 | 2, ..]) { vec![answers] } else { Vec::new() }
}

fn asks(request: &[u8]) -> bool {
    let mut parts = request.split(|octet| *octet == 0);
    let (name, mode) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let known = [&b"octet"[..], b"netascii", b"mail"].iter().any(|known| mode.eq_ignore_ascii_case(known));
    !name.is_empty() && printable(name) && known
}

/// Three pairs of a block and the acknowledgement with its number; or the first block, of a size that there is, and its
/// acknowledgement: short files have no more.
fn together(heard: &Heard<'_>) -> Verdict {
    let paired = |one: &[u8], other: &[u8]| at(one, 2, 2) == at(other, 2, 2) && one.get(1) != other.get(1);
    let pairs = || heard.same().filter(|one| heard.opposite().any(|other| paired(one, other)));
    let first = pairs().any(|one| matches!(one, [0, 4, 0, 1] | [0, 3, 0, 1, ..]))
        && heard.all().all(|(_, data)| matches!(data, [0, 4, _, _] | [0, 3, _, _, ..]));
    if first || pairs().count() >= 3 && !zero(heard.data, 2, 2) { Verdict::Yes } else { Verdict::Maybe }
}

const OPTIONS: &[&[u8]] = &[b"blksize", b"tsize", b"timeout", b"windowsize", b"rollover"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;
    use minamo_model::Flow;

    #[test]
    fn blocks_and_acknowledgements_must_pair() {
        let label = |numbers: [u8; 6]| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
            for (at, number) in numbers.into_iter().enumerate() {
                match at % 2 {
                    0 => classifier.datagram(Side::Dst, &[0, 3, 0, number, 1, 2, 3, 4], &mut flow),
                    _ => classifier.datagram(Side::Src, &[0, 4, 0, number], &mut flow),
                }
            }
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!(label([1, 1, 2, 2, 3, 3]), "TFTP");
        assert_eq!(label([7, 7, 8, 8, 9, 9]), "TFTP");
        assert_eq!(label([7, 7, 8, 8, 9, 5]), "Unknown");
        assert_eq!(label([1, 5, 2, 6, 3, 7]), "Unknown");
    }
}
