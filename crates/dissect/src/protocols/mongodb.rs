// SPDX-License-Identifier: Apache-2.0
//! MongoDB (MongoDB wire protocol; BSON 1.1): a header with an operation in use, and the beginning of its message. User,
//! database, the first command behind the log-in and the first error are noted, documents are not.

use minamo_base::Cursor;
use minamo_model::Flow;

use super::tell::*;
use super::text::some_text;
use super::{login, sql};
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MongoDB",
    title: "MongoDB",
    category: Category::Database,
    spec: &["MongoDB Wire Protocol", "BSON 1.1"],
    ports: &[27017, 27018, 27019],
    max_state: 2 * LOOK,
    probe,
    start: |_| Box::new(MongoDb::default()),
    sample: &[(
        Side::Src,
        b"\x27\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00\x00\x00\x12\x00\x00\
        \x00\x10ping\x00\x01\x00\x00\x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(3).is_some_and(|high| *high > 2) || data.get(14..16).is_some_and(|high| high != [0, 0]) {
        return Verdict::No;
    }
    head::<21>(data, |head| {
        let operation = match le32(head, 12) {
            // Flags, and the kind of the first section.
            Some(2_013) => head[17] == 0 && head[19] == 0 && head[18] < 2 && head[20] < 2 && head[16] < 4,
            // The operation that is compressed.
            Some(2_012) => matches!(le32(head, 16), Some(1 | 2_004 | 2_013)),
            // Flags, then the name of a collection.
            Some(2_004) => head[16] < 0xfe && zero(head, 17, 3) && head[20].is_ascii_graphic(),
            Some(2_001 | 2_002 | 2_005 | 2_006) => zero(head, 16, 4) && head[20].is_ascii_graphic(),
            Some(1) => head[16] < 0x10 && zero(head, 17, 3) && within(le32(head, 0), 36, 1 << 25) && !zero(head, 8, 4),
            _ => false,
        };
        operation && within(le32(head, 0), 21, 48_000_000)
    })
}

/// Octets of a message that are looked at.
const LOOK: usize = 4_096;
/// Messages after which the connection is left alone.
const MESSAGES: u32 = 24;
/// Elements of a document that are looked at.
const ELEMENTS: usize = 64;
/// What drivers say before anything is asked for.
const LOGIN: [&str; 10] = [
    "hello",
    "ismaster",
    "isMaster",
    "ping",
    "buildInfo",
    "buildinfo",
    "saslStart",
    "saslContinue",
    "authenticate",
    "getnonce",
];

#[derive(Default)]
struct MongoDb {
    messages: u32,
    /// A command was sent; the answer to it is the last that is looked at.
    commanded: bool,
}

impl Dissector for MongoDb {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (Some(length), Some(operation)) = (le32(data, 0), le32(data, 12)) else { return Step::Continue(0) };
        if length < 16 {
            return Step::Done;
        }
        let Some(message) = data.get(..length.min(LOOK)) else { return Step::Continue(0) };
        self.messages += 1;
        let document = match operation {
            // Flags, and a first section that is the document (OP_MSG).
            2_013 if message.get(20) == Some(&0) => message.get(21..),
            // Flags, collection, and two numbers (OP_QUERY).
            2_004 => after_name(message.get(20..)).and_then(|rest| rest.get(8..)),
            // Flags, cursor and two numbers (OP_REPLY).
            1 => message.get(36..),
            _ => None,
        };
        let over = match (document, side) {
            (Some(document), Side::Src) => self.command(document, flow),
            (Some(document), Side::Dst) => self.answer(document, flow),
            (None, _) => false,
        };
        if over || self.messages > MESSAGES { Step::Done } else { Step::Continue(length) }
    }
}

impl MongoDb {
    /// The first element's name is the command; `$db` says where.
    fn command(&mut self, document: &[u8], flow: &mut Flow) -> bool {
        let mut elements = Elements::of(document);
        let Some(first) = elements.next() else { return false };
        let facts = flow.sql.get_or_insert_default();
        let name = some_text(first.name, 32).unwrap_or_default();
        let wanted = !LOGIN.contains(&name.as_str());
        for element in elements {
            match (element.name, element.kind) {
                (b"$db", 2) if wanted && facts.database.is_none() => facts.database = element.text(),
                (b"payload", 5) if facts.user.is_none() => facts.user = user(element.value),
                // A driver may log in along with its greeting.
                (b"speculativeAuthenticate", 3) if facts.user.is_none() => {
                    let payload = Elements::of(element.value).find(|inner| inner.name == b"payload" && inner.kind == 5);
                    facts.user = payload.and_then(|payload| user(payload.value));
                }
                _ => {}
            }
        }
        if wanted && facts.command.is_none() {
            facts.command = Some(name).filter(|name| !name.is_empty());
        }
        self.commanded |= wanted;
        false
    }

    fn answer(&mut self, document: &[u8], flow: &mut Flow) -> bool {
        for element in Elements::of(document) {
            match (element.name, element.kind) {
                (b"codeName", 2) => {
                    if let Some(code) = element.text() {
                        if code == "AuthenticationFailed" {
                            login::failed(flow);
                        }
                        sql::error(flow, code);
                    }
                }
                (b"version", 2) => flow.sql.get_or_insert_default().server = element.text(),
                _ => {}
            }
        }
        self.commanded
    }
}

/// What stands behind a text that a zero ends.
fn after_name(data: Option<&[u8]>) -> Option<&[u8]> {
    let data = data?;
    data.get(memchr::memchr(0, data)? + 1..)
}

/// The user of a first message of SCRAM (RFC 5802 §7), behind the length and kind of a binary value.
fn user(binary: &[u8]) -> Option<String> {
    let message = binary.get(5..)?;
    let name = memchr::memmem::find(message, b"n=").and_then(|at| message.get(at + 2..))?;
    some_text(name.split(|octet| *octet == b',').next()?, sql::NAME_MAX)
}

/// One element of a document.
struct Element<'a> {
    kind: u8,
    name: &'a [u8],
    /// With the length in front where the kind has one.
    value: &'a [u8],
}

impl Element<'_> {
    fn text(&self) -> Option<String> {
        some_text(self.value.get(4..)?.strip_suffix(b"\0")?, sql::NAME_MAX)
    }
}

/// The elements of a document, up to one that reads badly or is cut (BSON 1.1).
struct Elements<'a> {
    cursor: Cursor<'a>,
    left: usize,
}

impl<'a> Elements<'a> {
    /// Behind the document's length.
    fn of(document: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(document.get(4..).unwrap_or_default()), left: ELEMENTS }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        self.left = self.left.checked_sub(1)?;
        let kind = self.cursor.u8("bson.kind").ok().filter(|kind| *kind != 0)?;
        let end = memchr::memchr(0, self.cursor.rest())?;
        let name = self.cursor.take(end, "bson.name").ok()?;
        self.cursor.skip(1, "bson.name").ok()?;
        let length = le32(self.cursor.rest(), 0);
        let octets = match kind {
            // Number, time, large number.
            0x01 | 0x09 | 0x11 | 0x12 => 8,
            0x02 | 0x0d | 0x0e => length?.checked_add(4)?,
            // A document or a list: the length counts itself.
            0x03 | 0x04 => length.filter(|length| *length >= 5)?,
            0x05 => length?.checked_add(5)?,
            0x07 => 12,
            0x08 => 1,
            0x06 | 0x0a | 0x7f | 0xff => 0,
            0x10 => 4,
            0x13 => 16,
            _ => return None,
        };
        Some(Element { kind, name, value: self.cursor.take(octets, "bson.value").ok()? })
    }
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Sql;

    use super::*;

    fn le(number: usize) -> [u8; 4] {
        u32::try_from(number).expect("short").to_le_bytes()
    }

    fn text(name: &str, value: &str) -> Vec<u8> {
        [&[2], name.as_bytes(), &[0], &le(value.len() + 1), value.as_bytes(), &[0]].concat()
    }

    fn document(elements: &[Vec<u8>]) -> Vec<u8> {
        let body = elements.concat();
        [&le(body.len() + 5)[..], &body, &[0]].concat()
    }

    fn message(elements: &[Vec<u8>]) -> Vec<u8> {
        let body = document(elements);
        [&le(21 + body.len())[..], &le(1), &le(0), &le(2_013), &le(0), &[0], &body].concat()
    }

    fn payload(text: &[u8]) -> Vec<u8> {
        [b"\x05payload\x00", &le(text.len())[..], &[0], text].concat()
    }

    #[test]
    fn user_database_and_first_command() {
        let login = document(&[
            vec![0x10, b's', 0, 1, 0, 0, 0],
            text("mechanism", "SCRAM-SHA-256"),
            payload(b"n,,n=shop,r=abc"),
        ]);
        let ok = b"\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0\x3f".to_vec();
        let said = [
            (
                Side::Src,
                message(&[
                    b"\x10hello\x00\x01\x00\x00\x00".to_vec(),
                    [b"\x03speculativeAuthenticate\x00", &login[..]].concat(),
                    text("$db", "admin"),
                ]),
            ),
            (Side::Dst, message(std::slice::from_ref(&ok))),
            (Side::Src, message(&[b"\x10buildInfo\x00\x01\x00\x00\x00".to_vec(), text("$db", "admin")])),
            (Side::Dst, message(&[text("version", "7.0.5"), ok])),
            (
                Side::Src,
                message(&[
                    text("find", "cards"),
                    [b"\x03filter\x00", &document(&[text("number", "4111")])[..]].concat(),
                    text("$db", "orders"),
                ]),
            ),
            (Side::Dst, message(&[text("errmsg", "no"), text("codeName", "Unauthorized")])),
        ];
        let want = Sql {
            user: Some("shop".into()),
            database: Some("orders".into()),
            command: Some("find".into()),
            error: Some("Unauthorized".into()),
            server: Some("7.0.5".into()),
        };
        for cut in [1, 7, 1_000] {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 27017));
            for (side, data) in &said {
                data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
            }
            assert_eq!(flow.sql.as_deref(), Some(&want), "{cut}");
            assert!(!format!("{flow:?}").contains("4111"));
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, kind: u8, name: [u8; 3]) {
            let (mut session, mut flow) = (MongoDb::default(), Flow::default());
            let element = [&[kind], &name[..], &[0], &data].concat();
            for side in [Side::Src, Side::Dst] {
                session.feed(side, Input::Data(&data), &mut flow);
                session.feed(side, Input::Data(&message(std::slice::from_ref(&element))), &mut flow);
            }
            let _read = user(&data);
        }
    }
}
