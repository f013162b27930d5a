// SPDX-License-Identifier: Apache-2.0
//! EtherNet/IP (ODVA volume 2, §2-3): the encapsulation's header with command, length, status and options; which services of CIP
//! are asked for in it (ODVA volume 1, appendix A; for tags Rockwell 1756-PM020), and what is refused. Values are not read.

use minamo_model::Flow;

use super::control::{self, Operation, commands, reads};
use super::tell::*;
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "EthernetIP",
    title: "EtherNet/IP encapsulation",
    category: Category::Network,
    spec: &["ODVA, The CIP Networks Library volume 2"],
    ports: &[44818],
    first: First::Of(&[0x00, 0x01, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70, 0x72, 0x73]),
    max_state: 16_384,
    probe,
    start: |_| Box::new(EthernetIp),
    sample: &[(
        Side::Src,
        b"\x65\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x01\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(side: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [_] | [_, 0, ..]) {
        return Verdict::No;
    }
    let Some(header) = data.first_chunk::<24>() else { return Verdict::Maybe };
    let length = le16(header, 2).unwrap_or_default();
    let fits = match header[0] {
        // A question has no content, and the answer to it has items.
        0x04 | 0x63 | 0x64 => {
            length == 0 && side == Side::Src || length > 5 && data.get(24).is_none_or(|count| (1..=16).contains(count))
        }
        // What is left of a list that is reserved now, with the address of a device.
        0x01 => {
            length >= 20 && zero(header, 4, 4) && data.get(24..28).is_none_or(|item| matches!(item, [1..=4, 0, 1, 0]))
        }
        0x65 => length == 4 && matches!(data.get(24..), Some([] | [1] | [1, 0, ..])),
        0x66 => length == 0 && !zero(header, 4, 4),
        0x6f | 0x70 => length > 5 && !zero(header, 4, 4) && data.get(24..28).is_none_or(|handle| handle == [0; 4]),
        _ => false,
    };
    match fits && zero(header, 20, 4) && within(le32(header, 8), 0, 0x70) {
        true if data.len() < 24 + length => Verdict::Maybe,
        told => yes_if(told && data.len() == 24 + length),
    }
}

/// Longest message that is waited for: connections of CIP carry 4,002 octets at most.
const LENGTH_MAX: usize = 8_192;
/// Services in one packet of several, and packets in one another, that are looked at.
const SERVICES_MAX: usize = 32;
const DEPTH_MAX: u8 = 3;
/// Class of the connection manager.
const CONNECTION_MANAGER: Option<u8> = Some(0x06);

struct EthernetIp;

impl Dissector for EthernetIp {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (Some(command), Some(length)) = (le16(data, 0), le16(data, 2)) else { return Step::Continue(0) };
        if length > LENGTH_MAX {
            return Step::Done;
        }
        let Some(content) = data.get(24..24 + length) else { return Step::Continue(0) };
        let asks = side == Side::Src;
        match command {
            0x04 if asks => control::asked(reads("enip.list_services"), flow),
            0x63 if asks => control::asked(reads("enip.list_identity"), flow),
            0x64 if asks => control::asked(reads("enip.list_interfaces"), flow),
            0x65 if asks => control::asked(reads("enip.register_session"), flow),
            0x66 if asks => control::asked(reads("enip.unregister_session"), flow),
            0x6f | 0x70 => items(asks, content, flow),
            0 | 1 | 4 | 0x63..=0x66 | 0x72 | 0x73 => {}
            _ => return Step::Done,
        }
        Step::Continue(24 + length)
    }
}

/// Behind interface handle and timeout a number of items, each with type and length: those of data have a message of CIP (§2-6).
fn items(asks: bool, content: &[u8], flow: &mut Flow) {
    let (count, mut at) = (le16(content, 6).unwrap_or(0), 8);
    for _ in 0..count.min(8) {
        let (Some(kind), Some(length)) = (le16(content, at), le16(content, at + 2)) else { return };
        let item = content.get(at + 4..at + 4 + length).unwrap_or_default();
        match kind {
            0xb2 => message(asks, item, 0, flow),
            // In a connection a number stands in front.
            0xb1 => message(asks, item.get(2..).unwrap_or_default(), 0, flow),
            _ => {}
        }
        at += 4 + length;
    }
}

/// A request of CIP: service, length of the path in words, path, data. An answer has the highest bit of the service set, and its
/// state in the third octet.
fn message(asks: bool, data: &[u8], depth: u8, flow: &mut Flow) {
    let [code, words, rest @ ..] = data else { return };
    if code & 0x80 != 0 {
        if !asks && rest.first().is_some_and(|state| *state != 0 && *state != 6) {
            control::refused(flow);
        }
        return;
    }
    if !asks {
        return;
    }
    let (path, inner) = rest.split_at(rest.len().min(usize::from(*words) * 2));
    let class = if let [0x20, class, ..] = path { Some(*class) } else { None };
    match (code, class) {
        (0x0a, _) if depth < DEPTH_MAX => several(inner, depth + 1, flow),
        // Behind priority and ticks the length of the message that is sent on.
        (0x52, CONNECTION_MANAGER) if depth < DEPTH_MAX => {
            let length = le16(inner, 2).unwrap_or(0);
            message(true, inner.get(4..4 + length).unwrap_or_default(), depth + 1, flow);
        }
        _ => control::asked(service(*code, class), flow),
    }
}

/// Several services in one packet: their number, and where each begins.
fn several(data: &[u8], depth: u8, flow: &mut Flow) {
    for n in 0..le16(data, 0).unwrap_or(0).min(SERVICES_MAX) {
        let Some(at) = le16(data, 2 + 2 * n) else { return };
        message(true, data.get(at..).unwrap_or_default(), depth, flow);
    }
}

/// A service of CIP at an object of that class.
fn service(code: u8, class: Option<u8>) -> Operation {
    match (code, class) {
        (0x4e, CONNECTION_MANAGER) => reads("cip.forward_close"),
        (0x54 | 0x5b, CONNECTION_MANAGER) => reads("cip.forward_open"),
        (0x4b, _) => commands("cip.execute_pccc"),
        (0x4c, _) => reads("cip.read_tag"),
        (0x4d, _) => commands("cip.write_tag"),
        (0x4e, _) => commands("cip.read_modify_write_tag"),
        (0x52, _) => reads("cip.read_tag_fragmented"),
        (0x53, _) => commands("cip.write_tag_fragmented"),
        (0x55, _) => reads("cip.get_instance_attribute_list"),
        (0x01, _) => reads("cip.get_attributes_all"),
        (0x02, _) => commands("cip.set_attributes_all"),
        (0x03, _) => reads("cip.get_attribute_list"),
        (0x04, _) => commands("cip.set_attribute_list"),
        (0x05, _) => commands("cip.reset"),
        (0x06, _) => commands("cip.start"),
        (0x07, _) => commands("cip.stop"),
        (0x08, _) => commands("cip.create"),
        (0x09, _) => commands("cip.delete"),
        (0x0d, _) => commands("cip.apply_attributes"),
        (0x0e, _) => reads("cip.get_attribute_single"),
        (0x10, _) => commands("cip.set_attribute_single"),
        (0x11, _) => reads("cip.find_next_object_instance"),
        (0x15, _) => commands("cip.restore"),
        (0x16, _) => commands("cip.save"),
        (0x18, _) => reads("cip.get_member"),
        (0x19, _) => commands("cip.set_member"),
        (0x1a, _) => commands("cip.insert_member"),
        (0x1b, _) => commands("cip.remove_member"),
        _ => reads("cip.other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(command: u8, item: u8, message: &[u8]) -> Vec<u8> {
        let in_item = if item == 0xb1 { [&[7, 0], message].concat() } else { message.to_vec() };
        let address: &[u8] = if item == 0xb1 { &[0xa1, 0, 4, 0, 1, 2, 3, 4] } else { &[0, 0, 0, 0] };
        let length = u16::try_from(in_item.len()).expect("short").to_le_bytes();
        let items = [&[0; 6][..], &[2, 0], address, &[item, 0], &length, &in_item].concat();
        let mut out = vec![command, 0];
        out.extend(u16::try_from(items.len()).expect("short").to_le_bytes());
        out.extend([9, 0, 0, 0]);
        out.resize(24, 0);
        out.extend(items);
        out
    }

    #[test]
    fn services_that_were_asked_for() {
        let read = [0x4c, 2, 0x91, 2, b'a', b'b', 1, 0];
        let write = [0x4d, 2, 0x91, 2, b'a', b'b', 0xc4, 0, 1, 0, 1, 0, 0, 0];
        let sent_on = [&[0x52, 2, 0x20, 6, 0x24, 1, 7, 9, 8, 0][..], &read, &[1, 0, 1, 0]].concat();
        let both = [&[0x0a, 2, 0x20, 2, 0x24, 1, 2, 0, 6, 0, 14, 0][..], &read, &write].concat();
        let reset = [0x05, 2, 0x20, 1, 0x24, 1];
        let said = [
            (Side::Src, PROTOCOL.sample[0].1.to_vec()),
            (Side::Src, sent(0x6f, 0xb2, &sent_on)),
            (Side::Src, sent(0x70, 0xb1, &both)),
            (Side::Src, sent(0x6f, 0xb2, &reset)),
            (Side::Dst, sent(0x6f, 0xb2, &[0x85, 0, 0x0f, 0])),
            (Side::Dst, sent(0x6f, 0xb2, &[0xcc, 0, 0x06, 0])),
        ];
        let said: Vec<_> = said.iter().map(|(side, data)| (*side, data.as_slice())).collect();
        for cut in [1, 11, 1_000] {
            let facts = control::tests::facts(44_818, &said, cut);
            let names = ["enip.register_session", "cip.read_tag", "cip.write_tag", "cip.reset"];
            assert_eq!(facts.operations, Some(names.map(str::to_owned).to_vec()));
            assert_eq!((facts.commands, facts.refused), (Some(2), Some(1)));
        }
    }

    #[test]
    fn packets_in_packets_end() {
        let mut data = vec![0x0a, 0, 1, 0, 4, 0];
        data.extend(data.clone());
        let mut flow = Flow::default();
        message(true, &data.repeat(50), 0, &mut flow);
        assert!(flow.control.is_none_or(|facts| facts.operations.is_none_or(|all| all.len() <= 1)));
    }
}
