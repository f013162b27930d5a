// SPDX-License-Identifier: Apache-2.0
//! SNMP (RFC 1157 §4, RFC 3416 §3, RFC 3412 §6, RFC 3414 §2.4): told by its BER frame, version and community or message
//! number. Of the first messages version, user, operation and first object are noted; of the community a hash.

use std::fmt::Write as _;

use minamo_base::Cursor;
use minamo_model::Flow;
use minamo_model::flow::Snmp as Facts;
use sha2::{Digest as _, Sha256};

use super::ber;
use super::text::some_text;
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SNMP",
    title: "Simple Network Management Protocol",
    category: Category::Network,
    spec: &["RFC 1157", "RFC 3416", "RFC 3412", "RFC 3414"],
    ports: &[161, 162],
    max_state: 64,
    probe,
    start: |_| Box::new(Snmp::default()),
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if message(data).is_some() { Verdict::Yes } else { Verdict::No }
}

/// A sequence over the whole datagram: version 1 or 2c with a community and a PDU, or version 3 with its header.
fn message(data: &[u8]) -> Option<()> {
    let mut outer = Cursor::new(data);
    let mut cursor = ber::element(&mut outer, 0x30)?;
    let version = ber::integer(&mut cursor)?;
    if !outer.is_empty() {
        return None;
    }
    if version == 3 {
        let mut header = ber::element(&mut cursor, 0x30)?;
        ber::integer(&mut header)?;
        let size = ber::integer(&mut header)?;
        return (size >= 484 && cursor.peek() == Some(0x04)).then_some(());
    }
    ber::element(&mut cursor, 0x04)?;
    (matches!(version, 0 | 1) && cursor.peek().is_some_and(|tag| (0xa0..=0xa8).contains(&tag))).then_some(())
}

/// Messages after which the flow is left alone: those of version 3 ask for the engine first, without a user.
const MESSAGES: u32 = 4;
/// Longest user that is kept, in octets (RFC 3414 §5, `SnmpAdminString` of 32).
const USER_MAX: usize = 32;
/// Most numbers of an object that are kept (RFC 2578 §3.5).
const NUMBERS: usize = 128;

#[derive(Default)]
struct Snmp {
    messages: u32,
}

impl Dissector for Snmp {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        self.messages += 1;
        if message(data).is_some() {
            let facts = flow.snmp.get_or_insert_default();
            let _read: Option<()> = read(data, facts);
        }
        let known = flow.snmp.as_ref().is_some_and(|facts| {
            facts.oid.is_some() && (facts.user.is_some() || facts.version.as_deref() != Some("3"))
        });
        if known || self.messages >= MESSAGES { Step::Done } else { Step::Continue(data.len()) }
    }
}

/// Notes what a message says; `None` where it reads badly or is encrypted from somewhere on.
fn read(data: &[u8], facts: &mut Facts) -> Option<()> {
    let mut cursor = ber::element(&mut Cursor::new(data), 0x30)?;
    let version = ber::integer(&mut cursor)?;
    facts.version = Some(["1", "2c", "?", "3"].get(usize::try_from(version).ok()?).copied()?.into());
    if version != 3 {
        let community = ber::element(&mut cursor, 0x04)?.rest();
        facts.community_hash = facts.community_hash.take().or_else(|| Some(hash(community)));
        return pdu(&mut cursor, facts);
    }
    ber::element(&mut cursor, 0x30)?;
    let mut security = ber::element(&mut ber::element(&mut cursor, 0x04)?, 0x30)?;
    for tag in [0x04, 0x02, 0x02] {
        ber::element(&mut security, tag)?;
    }
    let user = some_text(ber::element(&mut security, 0x04)?.rest(), USER_MAX);
    facts.user = facts.user.take().or(user);
    let mut scoped = ber::element(&mut cursor, 0x30)?;
    ber::element(&mut scoped, 0x04)?;
    ber::element(&mut scoped, 0x04)?;
    pdu(&mut scoped, facts)
}

/// The first 16 digits of the SHA-256 of a community.
fn hash(community: &[u8]) -> String {
    Sha256::digest(community).iter().take(8).fold(String::with_capacity(16), |mut out, octet| {
        let _never_fails = write!(out, "{octet:02x}");
        out
    })
}

/// Operation and first object (RFC 3416 §3; RFC 1157 §4.1.6 for the trap of version 1, which names its maker).
fn pdu(cursor: &mut Cursor<'_>, facts: &mut Facts) -> Option<()> {
    let tag = cursor.peek()?;
    let operation = match tag {
        0xa0 => "get",
        0xa1 => "get_next",
        0xa2 => "response",
        0xa3 => "set",
        0xa4 | 0xa7 => "trap",
        0xa5 => "get_bulk",
        0xa6 => "inform",
        0xa8 => "report",
        _ => return None,
    };
    facts.pdu = facts.pdu.take().or(Some(operation.into()));
    let mut body = ber::element(cursor, tag)?;
    if tag != 0xa4 {
        for _ in 0..3 {
            ber::element(&mut body, 0x02)?;
        }
        body = ber::element(&mut ber::element(&mut body, 0x30)?, 0x30)?;
    }
    let object = object(ber::element(&mut body, 0x06)?.rest())?;
    facts.oid = facts.oid.take().or(Some(object));
    Some(())
}

/// An object identifier as numbers with dots (X.690 §8.19).
fn object(octets: &[u8]) -> Option<String> {
    let (mut out, mut number, mut numbers) = (String::new(), 0_u64, 0);
    for octet in octets {
        number = number.checked_mul(128)?.checked_add(u64::from(octet & 0x7f))?;
        if octet & 0x80 != 0 {
            continue;
        }
        numbers += 1;
        if numbers > NUMBERS {
            return None;
        }
        if out.is_empty() {
            let first = (number / 40).min(2);
            let _never_fails = write!(out, "{first}.{}", number - first * 40);
        } else {
            let _never_fails = write!(out, ".{number}");
        }
        number = 0;
    }
    (!out.is_empty()).then_some(out)
}

const SAMPLE: &[u8] = b"\x30\x1b\x02\x01\x01\x04\x06public\xa0\x0e\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x03\x30\x01\
        \x00";

#[cfg(test)]
mod tests {
    use super::super::ber::built;
    use super::*;

    #[test]
    fn the_frame_must_fit_the_datagram() {
        assert_eq!(probe(Side::Src, SAMPLE), Verdict::Yes);
        assert_eq!(probe(Side::Src, &SAMPLE[..20]), Verdict::No);
    }

    const SYS_NAME: &[u8] = b"\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00";

    fn ask(operation: u8, object: &[u8]) -> Vec<u8> {
        let binding = built(0x30, &[object.to_vec(), vec![5, 0]]);
        built(operation, &[b"\x02\x04\xff\x01\x02\x03\x02\x01\x00\x02\x01\x00".to_vec(), built(0x30, &[binding])])
    }

    fn facts(said: &[Vec<u8>]) -> Facts {
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(false, 40_000, 161));
        said.iter().for_each(|data| classifier.datagram(Side::Src, data, &mut flow));
        *flow.snmp.expect("facts")
    }

    #[test]
    fn version_operation_and_object_and_no_community() {
        let question = built(0x30, &[vec![2, 1, 1], built(0x04, &[b"s3cret".into()]), ask(0xa1, SYS_NAME)]);
        let want = Facts {
            version: Some("2c".into()),
            community_hash: Some("1ec1c26b50d5d3c5".into()),
            user: None,
            pdu: Some("get_next".into()),
            oid: Some("1.3.6.1.2.1.1.5.0".into()),
        };
        assert_eq!(facts(&[question]), want);
        let maker = b"\x06\x07\x2b\x06\x01\x04\x01\x87\x67".to_vec();
        let trap = built(0x30, &[vec![2, 1, 0], built(0x04, &[b"x".into()]), built(0xa4, &[maker])]);
        let trap = facts(&[trap]);
        assert_eq!((trap.version.as_deref(), trap.pdu.as_deref()), (Some("1"), Some("trap")));
        assert_eq!(trap.oid.as_deref(), Some("1.3.6.1.4.1.999"));
    }

    #[test]
    fn version_3_names_its_user_behind_the_question_for_the_engine() {
        let message = |user: &str, body: Vec<u8>| {
            let head = built(0x30, &[b"\x02\x01\x05\x02\x03\x00\xff\xe3\x04\x01\x04\x02\x01\x03".to_vec()]);
            let engine = built(0x04, &[b"engine".into()]);
            let name = built(0x04, &[user.as_bytes().into()]);
            let security = built(0x30, &[engine, vec![2, 1, 0, 2, 1, 0], name, vec![4, 0, 4, 0]]);
            built(0x30, &[vec![2, 1, 3], head, built(0x04, &[security]), body])
        };
        let plain =
            built(0x30, &[vec![4, 0, 4, 0], built(0xa0, &[b"\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x00".into()])]);
        let said = [message("", plain), message("operator", built(0x04, &[vec![9; 40]]))];
        let want = Facts {
            version: Some("3".into()),
            user: Some("operator".into()),
            pdu: Some("get".into()),
            ..Facts::default()
        };
        assert_eq!(facts(&said), want);
    }

    #[test]
    fn objects_are_bounded() {
        assert_eq!(object(b"\x88\x37\x03").as_deref(), Some("2.999.3"));
        assert_eq!((object(&[0x80; 9]), object(&[0xff; 12]), object(&[1; 129])), (None, None, None));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, version in 0u8..4) {
            let _read = read(&built(0x30, &[vec![2, 1, version], vec![4, 0], data.clone()]), &mut Facts::default());
            let _read = pdu(&mut Cursor::new(&data), &mut Facts::default());
            let _read = object(&data);
        }
    }
}
