// SPDX-License-Identifier: Apache-2.0
//! DCE/RPC (C706 §12.6.3, §12.5; MS-RPCE): version, type, representation and length of a fragment over a connection;
//! over datagrams the header of version 4. PROFINET's context manager (IEC 61158-6-10) is told by its interface.

use super::tell::*;
use crate::{Dissector, Input, Step};
use minamo_model::Flow;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DCERPC",
    title: "DCE Remote Procedure Call",
    category: Category::Rpc,
    spec: &["C706", "MS-RPCE"],
    ports: &[135, 593, 49152, 49153, 49154, 49155, 49156, 49157, 34964],
    first: First::Of(&[0x04, 0x05]),
    probe,
    start,
    sample: &[(
        Side::Src,
        b"\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00\xb8\x10\xb8\x10\x00\x00\x00\x00\
        \x01\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&4) {
        return yes_if(datagram(data));
    }
    match data {
        [5] | [5, 0 | 1] | [5, 0 | 1, 0..=19] => Verdict::Maybe,
        [5, 0 | 1, 0..=19, ..] => head::<16>(data, |head| {
            let length = if head[4] & 0xf0 == 0x10 { le16(head, 8) } else { be16(head, 8) };
            let authentic = if head[4] & 0xf0 == 0x10 { le16(head, 10) } else { be16(head, 10) };
            matches!(head[4], 0x00 | 0x10)
                && zero(head, 5, 3)
                && within(length, 16, 65_535)
                && authentic < length
                && head[3] & 0x40 == 0
                && head[3] & 0x03 != 0
                && (head[4] == 0x10 || length == Some(data.len()))
        }),
        _ => Verdict::No,
    }
}

/// Version 4: kind, flags, representation, and the length of the body behind eighty octets.
fn datagram(data: &[u8]) -> bool {
    let length = if data.get(4) == Some(&0x10) { le16(data, 74) } else { be16(data, 74) };
    matches!(data, [4, 0..=10, _, 0..=3, 0x00 | 0x10, 0..=3, 0, ..])
        && length.is_some_and(|length| 80 + length <= data.len())
        && data.len() >= 80
        && (!zero(data, 24, 16) && !zero(data, 40, 16))
}

/// The interface of PROFINET, DEA0000x-6C97-11D1-8271-00A02442DF7D, from its second field on in either order.
const PROFINET: [&[u8]; 2] =
    [b"\x97\x6c\xd1\x11\x82\x71\x00\xa0\x24\x42\xdf\x7d", b"\x6c\x97\x11\xd1\x82\x71\x00\xa0\x24\x42\xdf\x7d"];

fn start(_: bool) -> Box<dyn Dissector> {
    Box::new(DceRpc { profinet: false })
}

struct DceRpc {
    profinet: bool,
}

impl Dissector for DceRpc {
    fn feed(&mut self, _: Side, input: Input<'_>, _: &mut Flow) -> Step {
        if let Input::Data(data) = input {
            self.profinet = data.first() == Some(&4) && PROFINET.iter().any(|uuid| at(data, 28, 12) == Some(*uuid));
        }
        Step::Done
    }

    fn name(&self) -> Option<&'static str> {
        self.profinet.then_some("DCERPC.PROFINET_IO")
    }
}
