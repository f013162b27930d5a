// SPDX-License-Identifier: Apache-2.0
//! OPC UA's binary connection (OPC 10000-6 §7.1.2): kind of a message, chunk type and size; of messages that are not encrypted
//! the services that are asked for (§6.7.2, and the node identifiers of their encodings) and what is refused.

use minamo_model::Flow;

use super::control::{self, Operation, commands, reads};
use super::tell::*;
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "OPC-UA",
    title: "OPC Unified Architecture",
    category: Category::IotScada,
    spec: &["OPC 10000-6"],
    ports: &[4840, 4843],
    first: First::Of(b"HAEROMC"),
    probe,
    start: |_| Box::new(OpcUa),
    sample: &[(
        Side::Src,
        b"HELF\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins_with_any(data, &[b"HELF", b"ACKF", b"ERRF", b"RHEF", b"OPNF", b"MSGF", b"CLOF", b"MSGC"]) {
        Verdict::Yes => head::<8>(data, |head| within(le32(head, 4), 16, 1 << 24)),
        other => other,
    }
}

/// Octets of a chunk that are looked at: its heads, and the identifier of what it carries.
const LOOK: usize = 40;

struct OpcUa;

impl Dissector for OpcUa {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let Some(size) = le32(data, 4) else { return Step::Continue(0) };
        if !within(Some(size), 8, 1 << 24) {
            return Step::Done;
        }
        let Some(head) = data.get(..size.min(LOOK)) else { return Step::Continue(0) };
        match (side, head.get(..3).unwrap_or_default()) {
            (Side::Src, b"HEL") => control::asked(reads("opcua.hello"), flow),
            (Side::Src, b"OPN") => control::asked(reads("opcua.open_secure_channel"), flow),
            (Side::Src, b"CLO") => control::asked(reads("opcua.close_secure_channel"), flow),
            (Side::Dst, b"ERR") => control::refused(flow),
            // Only the first chunk of a message says what it is; those that follow count on from it and look like anything.
            (_, b"MSG") => match (side, identifier(head)) {
                (Side::Src, Some(id)) => service(id).into_iter().for_each(|operation| control::asked(operation, flow)),
                (Side::Dst, Some(SERVICE_FAULT)) => control::refused(flow),
                _ => {}
            },
            (_, b"HEL" | b"ACK" | b"ERR" | b"RHE" | b"OPN" | b"CLO") => {}
            _ => return Step::Done,
        }
        Step::Continue(size)
    }
}

/// The node identifier of a message's content: behind channel, token, number and request it is one of the namespace of OPC, in its
/// form of four octets, or of seven (§5.2.2.9).
fn identifier(head: &[u8]) -> Option<usize> {
    match head.get(24)? {
        1 if head.get(25) == Some(&0) => le16(head, 26),
        2 if le16(head, 25) == Some(0) => le32(head, 27),
        _ => None,
    }
}

/// ServiceFault_Encoding_DefaultBinary.
const SERVICE_FAULT: usize = 397;

/// The service of a request by the identifier of its binary encoding (NodeIds.csv of OPC 10000-6 annex A).
fn service(id: usize) -> Option<Operation> {
    Some(match id {
        422 => reads("opcua.find_servers"),
        428 => reads("opcua.get_endpoints"),
        437 | 12_211 => reads("opcua.register_server"),
        461 => reads("opcua.create_session"),
        467 => reads("opcua.activate_session"),
        473 => reads("opcua.close_session"),
        479 => reads("opcua.cancel"),
        488 => commands("opcua.add_nodes"),
        494 => commands("opcua.add_references"),
        500 => commands("opcua.delete_nodes"),
        506 => commands("opcua.delete_references"),
        527 | 533 => reads("opcua.browse"),
        554 => reads("opcua.translate_browse_paths"),
        560 | 566 => reads("opcua.register_nodes"),
        615 | 621 => reads("opcua.query"),
        631 => reads("opcua.read"),
        664 => reads("opcua.history_read"),
        673 => commands("opcua.write"),
        700 => commands("opcua.history_update"),
        712 => commands("opcua.call"),
        751 | 763 | 769 | 775 | 781 => reads("opcua.monitored_items"),
        787 | 793 | 799 | 841 | 847 => reads("opcua.subscription"),
        826 | 832 => reads("opcua.publish"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: u16) -> Vec<u8> {
        let mut out = b"MSGF\x20\x00\x00\x00\x01\0\0\0\x01\0\0\0\x33\0\0\0\x01\0\0\0\x01\x00".to_vec();
        out.extend(id.to_le_bytes());
        out.resize(32, 0);
        out
    }

    #[test]
    fn services_that_were_asked_for() {
        let (write, call, fault, secret) = (message(673), message(712), message(397), message(60_000));
        let said: [(Side, &[u8]); 5] =
            [PROTOCOL.sample[0], (Side::Src, &write), (Side::Src, &call), (Side::Dst, &fault), (Side::Src, &secret)];
        for cut in [1, 7, 1_000] {
            let facts = control::tests::facts(4_840, &said, cut);
            let names = ["opcua.hello", "opcua.write", "opcua.call"];
            assert_eq!(facts.operations, Some(names.map(str::to_owned).to_vec()));
            assert_eq!((facts.commands, facts.refused), (Some(2), Some(1)));
        }
    }
}
