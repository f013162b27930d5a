// SPDX-License-Identifier: Apache-2.0
//! TPKT (RFC 1006 §6) with COTP (ISO 8073 §13), which several protocols ride on: told by what their data begin with.
//! MMS (ISO 9506) by its session and presentation layers, S7 by its identifiers, H.225 of H.323 by Q.931. A request
//! for a connection alone is anybody's. Of S7 the jobs that are asked for are noted, of S7 plus the functions, of MMS the services (ISO 9506-2, "MMSpdu"), and
//! what is refused.

use minamo_base::Cursor;
use minamo_model::Flow;

use super::ber;
use super::control::{self, Operation, commands, reads};
use super::tell::*;
use crate::{Dissector, Input, Step};

/// The registry's row of Manufacturing Message Specification.
pub(super) static MMS: Protocol = Protocol {
    name: "ISO9506-1-MMS",
    title: "Manufacturing Message Specification",
    category: Category::IotScada,
    spec: &["ISO 9506-1", "RFC 1006"],
    ports: &[102],
    first: First::Of(&[0x03]),
    probe: mms,
    start: |_| Box::new(Mms),
    sample: &[(
        Side::Src,
        b"\x03\x00\x00\x20\x02\xf0\x80\x01\x00\x01\x00\x61\x13\x30\x11\x02\x01\x03\xa0\x0c\xa0\x0a\x02\x01\
        \x01\xa1\x05\xa0\x03\x80\x01\x00",
    )],
    ..Protocol::STREAM
};

/// The registry's row of S7 communication.
pub(super) static S7: Protocol = Protocol {
    name: "S7Comm",
    title: "S7 communication",
    category: Category::IotScada,
    spec: &["Wireshark wiki, S7comm", "RFC 1006"],
    ports: &[102],
    first: First::Of(&[0x03]),
    probe: s7,
    start: |_| Box::new(S7Comm),
    sample: &[(
        Side::Src,
        b"\x03\x00\x00\x19\x02\xf0\x80\x32\x01\x00\x00\x00\x01\x00\x08\x00\x00\xf0\x00\x00\x01\x00\x01\x01\
        \xe0",
    )],
    ..Protocol::STREAM
};

/// The registry's row of S7 communication plus.
pub(super) static S7_PLUS: Protocol = Protocol {
    name: "S7CommPlus",
    title: "S7 communication plus",
    category: Category::IotScada,
    spec: &["Wireshark wiki, S7comm-plus", "RFC 1006"],
    ports: &[102],
    first: First::Of(&[0x03]),
    probe: s7_plus,
    start: |_| Box::new(S7Plus),
    sample: &[(Side::Src, b"\x03\x00\x00\x12\x02\xf0\x80\x72\x01\x00\x03\x31\x00\x00\x72\x01\x00\x00")],
    ..Protocol::STREAM
};

/// The registry's row of H.323 call signalling.
pub(super) static H323: Protocol = Protocol {
    name: "H323",
    title: "H.323 call signalling",
    category: Category::Voip,
    spec: &["ITU-T H.225.0", "ITU-T Q.931", "RFC 1006"],
    ports: &[1718, 1719, 1720],
    probe: h323,
    sample: &[(Side::Src, b"\x03\x00\x00\x12\x08\x02\x00\x01\x05\x04\x03\x88\x93\xa5\x28\x02\x61\x00")],
    ..Protocol::BOTH
};

/// What stands in the first packet of data, behind those that set up the connection.
fn transported(data: &[u8], told: impl Fn(&[u8]) -> Verdict) -> Verdict {
    let mut rest = data;
    for _ in 0..3 {
        match rest {
            [3, 0, _, _, cotp, kind, ..] if *cotp >= 2 => match kind >> 4 {
                // Connection request and confirm: walked over.
                0x0d | 0x0e => match rest.get(be16(rest, 2).unwrap_or_default().max(7)..) {
                    Some(behind) => rest = behind,
                    None => return Verdict::Maybe,
                },
                0x0f if *cotp == 2 => match rest {
                    [_, _, _, _, _, 0xf0, 0x80 | 0, content @ ..] => {
                        return if content.is_empty() { Verdict::Maybe } else { told(content) };
                    }
                    _ => return maybe_if(rest.len() < 7 && kind & 0x0f == 0),
                },
                _ => return Verdict::No,
            },
            [] | [3] | [3, 0] | [3, 0, _] | [3, 0, _, _] | [3, 0, _, _, _] => return Verdict::Maybe,
            _ => return Verdict::No,
        }
    }
    Verdict::No
}

fn s7(_: Side, data: &[u8]) -> Verdict {
    transported(data, |content| match content {
        [0x32] => Verdict::Maybe,
        [0x32, 1 | 2 | 3 | 7, rest @ ..] => maybe_or(rest.len() < 2, matches!(rest, [0, 0, ..])),
        _ => Verdict::No,
    })
}

fn maybe_or(early: bool, told: bool) -> Verdict {
    if early { Verdict::Maybe } else { yes_if(told) }
}

/// Octets of a message that are looked at.
const LOOK: usize = 32;

/// The dissector of S7 communication.
struct S7Comm;

impl Dissector for S7Comm {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (Some(version), Some(length)) = (be16(data, 0), be16(data, 2)) else { return Step::Continue(0) };
        if version != 0x0300 || length < 7 {
            return Step::Done;
        }
        let Some(head) = data.get(..length.min(LOOK)) else { return Step::Continue(0) };
        if let [2, 0xf0, _, 0x32, content @ ..] = head.get(4..).unwrap_or_default() {
            let _read: Option<()> = job(side, content, flow);
        }
        Step::Continue(length)
    }
}

/// A message behind its identifier: kind, two reserved octets, reference, lengths; an answer's error; then the parameters.
fn job(side: Side, content: &[u8], flow: &mut Flow) -> Option<()> {
    match (side, content.first()?) {
        (Side::Src, 1) => control::asked(function(*content.get(9)?), flow),
        (Side::Dst, 2 | 3) if be16(content, 9)? != 0 => control::refused(flow),
        // User data: a head of four octets, the group in the low half of its third, the function behind it.
        (Side::Src, 7) => control::asked(user_data(content.get(14)? & 0x0f, *content.get(15)?), flow),
        _ => {}
    }
    Some(())
}

/// The function of a job.
fn function(code: u8) -> Operation {
    match code {
        0x04 => reads("s7.read_var"),
        0x05 => commands("s7.write_var"),
        0x1a..=0x1c => commands("s7.download"),
        0x1d..=0x1f => reads("s7.upload"),
        // Program invocation: start, memory reset, what a download brought goes in force.
        0x28 => commands("s7.plc_control"),
        0x29 => commands("s7.plc_stop"),
        0xf0 => reads("s7.setup_communication"),
        _ => reads("s7.other"),
    }
}

fn user_data(group: u8, function: u8) -> Operation {
    match (group, function) {
        (1, _) => reads("s7.programmer"),
        (2, _) => reads("s7.cyclic_data"),
        (3, _) => reads("s7.list_blocks"),
        (4, 1) => reads("s7.read_system_list"),
        (5, _) => reads("s7.password"),
        (7, 2 | 4) => commands("s7.set_clock"),
        _ => reads("s7.other"),
    }
}

/// Octets of a message of S7 communication plus that are looked at: a digest may stand in front of its content.
const LOOK_PLUS: usize = 64;

/// The dissector of S7 communication plus.
struct S7Plus;

impl Dissector for S7Plus {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (Some(version), Some(length)) = (be16(data, 0), be16(data, 2)) else { return Step::Continue(0) };
        if version != 0x0300 || length < 7 {
            return Step::Done;
        }
        let Some(head) = data.get(..length.min(LOOK_PLUS)) else { return Step::Continue(0) };
        if let [2, 0xf0, _, 0x72, version, _, _, content @ ..] = head.get(4..).unwrap_or_default() {
            // Of version 3 each message has a digest behind its length.
            let content = match (*version, content) {
                (3, [digest, rest @ ..]) => rest.get(usize::from(*digest)..).unwrap_or_default(),
                (_, content) => content,
            };
            if let (Side::Src, [0x31, _, _, high, low, ..]) = (side, content) {
                control::asked(plus_function(u16::from_be_bytes([*high, *low])), flow);
            }
        }
        Step::Continue(length)
    }
}

/// The function of a request.
fn plus_function(code: u16) -> Operation {
    match code {
        0x04bb => reads("s7plus.explore"),
        0x04ca => commands("s7plus.create_object"),
        0x04d4 => commands("s7plus.delete_object"),
        0x04f2 => commands("s7plus.set_variable"),
        0x0524 => reads("s7plus.get_link"),
        0x0542 => commands("s7plus.set_multi_variables"),
        0x054c => reads("s7plus.get_multi_variables"),
        0x0556 => commands("s7plus.begin_sequence"),
        0x0560 => commands("s7plus.end_sequence"),
        0x056b => commands("s7plus.invoke"),
        0x0586 => reads("s7plus.get_variable_stream"),
        _ => reads("s7plus.other"),
    }
}

/// Octets of a message of MMS that are looked at.
const LOOK_MMS: usize = 64;

/// The dissector of MMS.
struct Mms;

impl Dissector for Mms {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (Some(version), Some(length)) = (be16(data, 0), be16(data, 2)) else { return Step::Continue(0) };
        if version != 0x0300 || length < 7 {
            return Step::Done;
        }
        let Some(head) = data.get(..length.min(LOOK_MMS)) else { return Step::Continue(0) };
        if let [2, 0xf0, _, 1, 0, 1, 0, presented @ ..] = head.get(4..).unwrap_or_default() {
            let _read: Option<()> = mms_message(side, presented, flow);
        }
        Step::Continue(length)
    }
}

/// A message behind the presentation's list, its context and its value; it may be cut.
fn mms_message(side: Side, presented: &[u8], flow: &mut Flow) -> Option<()> {
    let mut list = ber::opened(&mut Cursor::new(presented), 0x61)?;
    let mut value = ber::opened(&mut list, 0x30)?;
    ber::integer(&mut value)?;
    let inside = ber::opened(&mut value, 0xa0)?.rest();
    match (side, inside.first()?) {
        (Side::Src, 0xa0) => {
            let mut request = ber::opened(&mut Cursor::new(inside), 0xa0)?;
            ber::integer(&mut request)?;
            control::asked(mms_service(request.rest())?, flow);
        }
        (Side::Dst, 0xa3) => control::asked(reads("mms.information_report"), flow),
        // Errors and rejections.
        (Side::Dst, 0xa2 | 0xa4) => control::refused(flow),
        (Side::Src, 0x8b) => control::asked(reads("mms.conclude"), flow),
        _ => {}
    }
    Some(())
}

/// The service of a confirmed request by its tag; what modifies a request (a SEQUENCE) stands in front.
fn mms_service(request: &[u8]) -> Option<Operation> {
    let number = match request {
        [first, second, ..] if first & 0x1f == 0x1f && first & 0x80 != 0 => *second,
        [first, ..] if first & 0x80 != 0 => first & 0x1f,
        _ => return None,
    };
    Some(match number {
        0 => reads("mms.status"),
        1 => reads("mms.get_name_list"),
        2 => reads("mms.identify"),
        3 => commands("mms.rename"),
        4 => reads("mms.read"),
        5 => commands("mms.write"),
        6 => reads("mms.get_variable_access_attributes"),
        7..=9 => commands("mms.define_variable"),
        10 => commands("mms.delete_variable_access"),
        11 => commands("mms.define_variable_list"),
        12 => reads("mms.get_variable_list_attributes"),
        13 => commands("mms.delete_variable_list"),
        17 => commands("mms.input"),
        18 => commands("mms.output"),
        19 => commands("mms.take_control"),
        20 => commands("mms.relinquish_control"),
        26..=28 => commands("mms.download"),
        29..=31 => reads("mms.upload"),
        32 | 33 => commands("mms.load_domain"),
        34 | 35 => reads("mms.store_domain"),
        36 => commands("mms.delete_domain"),
        37 => reads("mms.get_domain_attributes"),
        38 => commands("mms.create_program"),
        39 => commands("mms.delete_program"),
        40 => commands("mms.start"),
        41 => commands("mms.stop"),
        42 => commands("mms.resume"),
        43 => commands("mms.reset"),
        44 => commands("mms.kill"),
        45 => reads("mms.get_program_attributes"),
        46 => commands("mms.obtain_file"),
        65 => reads("mms.read_journal"),
        66 => commands("mms.write_journal"),
        67 => commands("mms.initialize_journal"),
        72 => reads("mms.file_open"),
        73 => reads("mms.file_read"),
        74 => reads("mms.file_close"),
        75 => commands("mms.file_rename"),
        76 => commands("mms.file_delete"),
        77 => reads("mms.file_directory"),
        _ => reads("mms.other"),
    })
}

fn s7_plus(_: Side, data: &[u8]) -> Verdict {
    transported(data, |content| match content {
        [0x72] => Verdict::Maybe,
        [0x72, 1..=3 | 0xfe, ..] => maybe_or(content.len() < 4, within(be16(content, 2), 1, 4_096)),
        _ => Verdict::No,
    })
}

/// Data of a session (ISO 8327: give tokens, data transfer) with presentation data (ISO 8823), or its connection with
/// the abstract syntax of MMS.
fn mms(_: Side, data: &[u8]) -> Verdict {
    transported(data, |content| match content {
        [1, 0, 1, 0, 0x61, ..] => Verdict::Yes,
        [0x0d | 0x0e, ..] => either(yes_if(contains(content, SYNTAX)), maybe_if(content.len() < 180)),
        [1] | [1, 0] | [1, 0, 1] | [1, 0, 1, 0] => Verdict::Maybe,
        // An offer or its answer (ISO 9506-2 §8), for which some leave out session and presentation.
        [0xa8 | 0xa9] => Verdict::Maybe,
        [0xa8 | 0xa9, length @ 6..=127, ..] => {
            let inner = content.get(2).is_some_and(|tag| matches!(tag, 0x80 | 0x81));
            maybe_or(content.len() < usize::from(*length) + 2, inner && content.len() == usize::from(*length) + 2)
        }
        _ => Verdict::No,
    })
}

/// 1.0.9506.2.1, the abstract syntax of MMS.
const SYNTAX: &[u8] = b"\x28\xca\x22\x02\x01";

/// Q.931's message in TPKT without COTP: discriminator, call reference, type, and the elements that begin with the
/// bearer or user-user information; registration (RAS) over datagrams: a request to a gatekeeper with H.225's
/// identifier.
fn h323(_: Side, data: &[u8]) -> Verdict {
    match data {
        [3, 0, _, _, 8, 2, _, _, kind, ..] => yes_if(
            matches!(kind, 0x01..=0x07 | 0x0d | 0x0f | 0x45 | 0x4d | 0x5a | 0x62 | 0x6e | 0x75 | 0x7b | 0x7d)
                && within(be16(data, 2), 9, 8_192),
        ),
        [3]
        | [3, 0]
        | [3, 0, _]
        | [3, 0, _, _]
        | [3, 0, _, _, 8]
        | [3, 0, _, _, 8, 2]
        | [3, 0, _, _, 8, 2, _]
        | [3, 0, _, _, 8, 2, _, _] => Verdict::Maybe,
        // H.245 on a connection of its own.
        [3, 0, _, _, ..] => yes_if(data.get(4..data.len().min(28)).is_some_and(|start| contains(start, H245))),
        _ => yes_if(
            data.len() > 16
                && data.first().is_some_and(|first| first & 0x80 == 0)
                && at(data, 0, 16).is_some_and(|start| contains(start, H225)),
        ),
    }
}

/// 0.0.8.245.0, the identifier of H.245.
const H245: &[u8] = b"\x00\x08\x81\x75\x00";
/// 0.0.8.2250.0, the identifier of H.225.0's protocol, behind its length.
const H225: &[u8] = b"\x06\x00\x08\x91\x4a\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_for_a_connection_is_anybodys() {
        let request = b"\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x01\x00";
        assert_eq!(s7(Side::Src, request), Verdict::Maybe);
        assert_eq!(mms(Side::Src, request), Verdict::Maybe);
        let both = [&request[..], S7.sample[0].1].concat();
        assert_eq!((s7(Side::Src, &both), mms(Side::Src, &both)), (Verdict::Yes, Verdict::No));
    }

    #[test]
    fn services_of_mms() {
        let sent = |message: &[u8]| {
            let (n, all) = (u8::try_from(message.len()).expect("short"), 20 + message.len());
            let head = [3, 0, 0, all as u8, 2, 0xf0, 0x80, 1, 0, 1, 0, 0x61, n + 7, 0x30, n + 5, 2, 1, 3, 0xa0, n];
            [&head[..], message].concat()
        };
        let said = [
            (Side::Src, MMS.sample[0].1.to_vec()),
            (Side::Src, sent(b"\xa0\x06\x02\x01\x02\xa5\x01\x00")),
            (Side::Dst, sent(b"\xa2\x07\x80\x01\x02\xa2\x02\xa0\x00")),
            (Side::Src, sent(b"\xa0\x07\x02\x02\x01\x00\xbf\x4c\x00")),
            (Side::Dst, sent(b"\xa3\x02\xa0\x00")),
        ];
        let said: Vec<_> = said.iter().map(|(side, data)| (*side, data.as_slice())).collect();
        for cut in [1, 13, 1_000] {
            let facts = control::tests::facts(102, &said, cut);
            let names = ["mms.get_name_list", "mms.write", "mms.file_delete", "mms.information_report"];
            assert_eq!(facts.operations, Some(names.map(str::to_owned).to_vec()));
            assert_eq!((facts.commands, facts.refused), (Some(2), Some(1)));
        }
    }

    #[test]
    fn functions_of_s7_plus() {
        let request = |version: u8, digest: &[u8], code: u16| {
            let content = [digest, &[0x31, 0, 0], &code.to_be_bytes(), &[0; 20]].concat();
            let length = u8::try_from(content.len()).expect("short");
            [&[3, 0, 0, length + 15, 2, 0xf0, 0x80, 0x72, version, 0, length][..], &content, &[0x72, version, 0, 0]]
                .concat()
        };
        let plain = request(1, &[], 0x04ca);
        let digest = [&[32][..], &[7; 32]].concat();
        let guarded = request(3, &digest, 0x0542);
        for cut in [1, 500] {
            let facts =
                control::tests::facts(102, &[(Side::Src, &plain), (Side::Dst, &plain), (Side::Src, &guarded)], cut);
            let operations = ["s7plus.create_object", "s7plus.set_multi_variables"].map(str::to_owned);
            assert_eq!((facts.operations, facts.commands), (Some(operations.to_vec()), Some(2)));
        }
    }

    #[test]
    fn jobs_of_s7() {
        let setup = S7.sample[0].1;
        let stop = b"\x03\x00\x00\x21\x02\xf0\x80\x32\x01\x00\x00\x00\x02\x00\x10\x00\x00\x29\x00\x00\x00\x00\x00\x09P_PROGRAM";
        let no = b"\x03\x00\x00\x14\x02\xf0\x80\x32\x03\x00\x00\x00\x02\x00\x01\x00\x00\x81\x04\x29";
        let list = b"\x03\x00\x00\x1d\x02\xf0\x80\x32\x07\x00\x00\x00\x03\x00\x08\x00\x04\x00\x01\x12\x04\x11\x44\x01\x00\xff\x09\x00\x00";
        let said: [(Side, &[u8]); 4] = [(Side::Src, setup), (Side::Src, stop), (Side::Dst, no), (Side::Src, list)];
        for cut in [1, 100] {
            let facts = control::tests::facts(102, &said, cut);
            let asked = ["s7.setup_communication", "s7.plc_stop", "s7.read_system_list"];
            assert_eq!(facts.operations, Some(asked.map(str::to_owned).to_vec()));
            assert_eq!((facts.commands, facts.refused), (Some(1), Some(1)));
        }
    }
}
