// SPDX-License-Identifier: Apache-2.0
//! Oracle Net (TNS; Wireshark wiki, "Oracle"): packets of connection with their length, checksums and a text that
//! describes it. The service and an error that refuses the connection are noted; what follows is not looked at.

use minamo_model::Flow;

use super::sql;
use super::tell::*;
use super::text::some_text;
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Oracle",
    title: "Oracle Transparent Network Substrate",
    category: Category::Database,
    spec: &["Oracle Net Services reference", "Wireshark wiki, Oracle"],
    ports: &[1521, 1522, 1525, 1526, 2483],
    first: First::Within(0x00, 0x20),
    max_state: 2 * LOOK,
    probe,
    // Data in the middle of a session: exactly as long as it says, in two octets or, of newer sessions, in four.
    on_port: Some(|_, data| {
        let length = be16(data, 0) == Some(data.len()) && zero(data, 2, 2) || be32(data, 0) == Some(data.len());
        length && data.get(4) == Some(&6) && zero(data, 6, 3) && data.len() >= 11
    }),
    start: |_| Box::new(Oracle::default()),
    sample: &[(
        Side::Src,
        b"\x00\x44\x00\x00\x01\x00\x00\x00\x01\x3a\x01\x2c\x00\x00\x20\x00\x7f\xff\xc6\x0e\x00\x00\x01\x00\
        \x00\x0a\x00\x3a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00(CONNECT)",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [_, _, 0, 0, 1 | 2 | 4 | 5 | 11, 0..=0x0f, 0, 0, ..] => head::<12>(data, |head| {
            let version = within(be16(head, 8), 0x0130, 0x0150);
            let length = be16(head, 0).unwrap_or_default();
            let text = contains(data.get(8..).unwrap_or_default(), b"(DESCRIPTION");
            match head[4] {
                1 => version && (34..=4_096).contains(&length) && within(be16(head, 10), 0x0100, 0x0150),
                2 => version && (24..=256).contains(&length),
                4 | 5 => text,
                _ => length == 8 && data.len() == 8,
            }
        }),
        [0, 8, 0, 0, 11, _, 0, 0] => Verdict::Yes,
        [_] | [_, _] | [_, _, 0] | [_, _, 0, 0] | [_, _, 0, 0, 1 | 2 | 4 | 5 | 11] => Verdict::Maybe,
        [_, _, 0, 0, 1 | 2 | 4 | 5 | 11, 0..=0x0f, rest @ ..] => {
            maybe_if(rest.len() < 2 && rest.iter().all(|octet| *octet == 0))
        }
        _ => Verdict::No,
    }
}

/// Octets of a packet that are looked at.
const LOOK: usize = 2_048;
/// Packets after which the connection is left alone: those of its beginning.
const PACKETS: u32 = 8;

#[derive(Default)]
struct Oracle {
    packets: u32,
}

impl Dissector for Oracle {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (Some(length), Some(kind)) = (be16(data, 0), u8_at(data, 4)) else { return Step::Continue(0) };
        if length < 8 {
            return Step::Done;
        }
        let Some(packet) = data.get(..length.min(LOOK)) else { return Step::Continue(0) };
        self.packets += 1;
        match (kind, side) {
            // Connect; a long text stands in the packet of data behind it.
            (1 | 6, Side::Src) => {
                let named = value(packet, b"SERVICE_NAME=").or_else(|| value(packet, b"SID="));
                if let Some(name) = named {
                    let facts = flow.sql.get_or_insert_default();
                    facts.database = facts.database.take().or(some_text(name, sql::NAME_MAX));
                }
            }
            // Refuse: the number is that of the message ORA-12514 and its like.
            (4, Side::Dst) => {
                let code = value(packet, b"(ERR=").or_else(|| value(packet, b"(CODE="));
                if let Some(code) = code.and_then(|code| some_text(code, 16)) {
                    sql::error(flow, code);
                }
                return Step::Done;
            }
            _ => {}
        }
        if self.packets > PACKETS { Step::Done } else { Step::Continue(length) }
    }
}

/// What a description says behind a key, up to its bracket.
fn value<'a>(packet: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(packet, key)? + key.len();
    packet.get(at..)?.split(|octet| *octet == b')').next()
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Sql;

    use super::*;

    fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(body.len() + 8).expect("short").to_be_bytes();
        [&[high, low, 0, 0, kind, 0, 0, 0], body].concat()
    }

    #[test]
    fn the_service_and_the_error_that_refuses_it() {
        let text = b"(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=orders)(CID=(PROGRAM=p)(HOST=h)(USER=u))))";
        let connect = [&PROTOCOL.sample[0].1[8..58], text].concat();
        let refuse =
            b"\x22\x00\x00\x57(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514))))";
        let said = [(Side::Src, packet(1, &connect)), (Side::Dst, packet(4, refuse))];
        let want = Sql { database: Some("orders".into()), error: Some("12514".into()), ..Sql::default() };
        for cut in [1, 7, 1_000] {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 1521));
            for (side, data) in &said {
                data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
            }
            assert_eq!(flow.sql.as_deref(), Some(&want), "{cut}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, kind in 0u8..13) {
            let (mut session, mut flow) = (Oracle::default(), Flow::default());
            for side in [Side::Src, Side::Dst] {
                session.feed(side, Input::Data(&data), &mut flow);
                session.feed(side, Input::Data(&packet(kind, &data)), &mut flow);
            }
        }
    }
}
