// SPDX-License-Identifier: Apache-2.0
//! Elements that are no single value: MPLS label stacks, and sampled frames and packets; those of encrypted traffic analytics
//! are in [`crate::eta`].

use minamo_model::Flow;
use minamo_packet::LinkType;

use crate::element::Special;
use crate::eta;
use crate::header;
use crate::record::{Tally, uint};

/// Most labels of a stack.
const MAX_LABELS: usize = 16;

/// Fills what the element tells.
pub(crate) fn fill(special: Special, octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
    match special {
        Special::Eta(part, reverse) => eta::fill(part, reverse, octets, flow, tally),
        Special::Label => label(octets, flow, tally),
        Special::Frame | Special::Packet => {
            let link = if special == Special::Frame { LinkType::ETHERNET } else { LinkType::RAW };
            tally.unfit += u32::from(header::fill(flow, link, octets).is_err());
        }
    }
}

/// One entry of a label stack: 20 bits of label, 3 of experimental use, one that ends the stack (RFC 3032 §2.1).
/// An entry of zeros is one that the stack did not have.
fn label(octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
    let Some(entry) = octets.get(..3).and_then(uint) else {
        tally.unfit += u32::from(!octets.is_empty());
        return;
    };
    if entry == 0 {
        return;
    }
    let labels = flow.routing.get_or_insert_default().mpls_labels.get_or_insert_default();
    if labels.len() < MAX_LABELS {
        labels.extend(u32::try_from(entry >> 4).ok());
    } else {
        tally.cut += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_a_stack() {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        for entry in [[0x05, 0xdc, 0x00], [0x00, 0x01, 0x01], [0, 0, 0], [1, 1, 1]] {
            fill(Special::Label, &entry, &mut flow, &mut tally);
        }
        let labels = flow.routing.and_then(|routing| routing.mpls_labels);
        assert_eq!((labels, tally.unfit), (Some(vec![24_000, 16, 4_112]), 0));
    }
}
