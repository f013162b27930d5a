// SPDX-License-Identifier: Apache-2.0
//! MySQL and MariaDB: told by the server's first packet (MySQL Internals, "Protocol::HandshakeV10"), by the client's answer or by
//! one of its commands. Version, user, database,
//! the kind of the first command and the first error are noted, queries are not; a session can go over to TLS.

use minamo_base::Cursor;
use minamo_model::Flow;

use super::text::{is_tls, printable, some_text};
use super::{login, sql};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MySQL",
    title: "MySQL client and server protocol",
    category: Category::Database,
    spec: &["MySQL Internals Manual, client/server protocol"],
    ports: &[3306],
    max_state: 4_096,
    probe,
    start: |_| Box::new(MySql::default()),
    sample: &[(Side::Dst, b"\x4a\x00\x00\x00\x0a8.0.30\x00\x01\x00\x00\x00saltsalt\x00")],
    ..Protocol::STREAM
};

/// An error in place of the greeting (Internals, "ERR_Packet"): it has no state of SQL before the client has spoken.
fn refuses(data: &[u8]) -> bool {
    match data {
        [length, 0, 0, 0, 0xff, low, high, text @ ..] => {
            let code = u16::from_le_bytes([*low, *high]);
            (1_000..4_000).contains(&code)
                && usize::from(*length) == text.len() + 3
                && text.len() > 8
                && printable(text)
        }
        _ => false,
    }
}

/// The client's answer to the greeting: number 1, capabilities of version 4.1, and 23 octets that are kept zero before the
/// user's name (Internals, "Protocol::HandshakeResponse41"); MariaDB has more capabilities in the last four of them.
fn is_login(data: &[u8]) -> bool {
    let zeros = data.get(13..32).is_some_and(|rest| rest.iter().all(|octet| *octet == 0));
    let whole = matches!(data, [low, middle, 0, 1, _, able, rest @ ..]
        if usize::from(*middle) << 8 | usize::from(*low) == rest.len() + 2 && able & 0x02 != 0);
    zeros && whole && data.get(36..).is_some_and(|name| name.first().is_none_or(u8::is_ascii_graphic))
}

/// A command in text: number 0, its kind, and a word of SQL.
fn is_query(data: &[u8]) -> bool {
    let [low, middle, high, 0, 3 | 22, rest @ ..] = data else { return false };
    let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
    let text = rest.strip_prefix(&[0, 1]).unwrap_or(rest).trim_ascii_start();
    let word = text.split(|octet| !octet.is_ascii_alphabetic()).next().unwrap_or_default();
    length > rest.len() && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

const WORDS: [&[u8]; 16] = [
    b"SELECT",
    b"INSERT",
    b"UPDATE",
    b"DELETE",
    b"REPLACE",
    b"SET",
    b"SHOW",
    b"BEGIN",
    b"COMMIT",
    b"ROLLBACK",
    b"START",
    b"CREATE",
    b"DROP",
    b"ALTER",
    b"CALL",
    b"USE",
];

/// Length, number 0, version 10, and the server's version as text: digits, a dot, a digit; or a refusal.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.get(4) == Some(&0xff) {
        return if refuses(data) { Verdict::Yes } else { Verdict::No };
    }
    let (Some(head), text) = (data.get(..data.len().min(5)), data.get(5..).unwrap_or_default()) else {
        return Verdict::No;
    };
    let good = match *head {
        [low, middle, 0, 0, 10] => low > 40 && middle < 2,
        [_, middle, 0, 0] | [_, middle, 0] | [_, middle] => middle < 2,
        _ => head.len() < 2,
    };
    if is_login(data) || is_query(data) {
        return Verdict::Yes;
    }
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    match (good, digits, text.get(digits..)) {
        (true, 1 | 2, Some([b'.', b'0'..=b'9', ..])) => Verdict::Yes,
        (true, 0..=2, Some([])) | (true, 1 | 2, Some([b'.'])) => Verdict::Maybe,
        _ => Verdict::No,
    }
}

/// Octets of a packet that are looked at.
const LOOK: usize = 1_024;
/// Packets after which the session is left alone.
const PACKETS: u32 = 32;
/// What a client can do: name a database, go over to TLS, write the length of its proof before it (Internals,
/// "Capability Flags").
const WITH_DATABASE: u32 = 1 << 3;
const TLS: u32 = 1 << 11;
const SECURE: u32 = 1 << 15;
const ANY_LENGTH: u32 = 1 << 21;

#[derive(Default)]
struct MySql {
    packets: u32,
    greeted: bool,
    /// The client has said who it is.
    logged_in: bool,
    /// A command was sent, whose answer is the last that is looked at.
    asked: bool,
    tls: bool,
}

impl Dissector for MySql {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if self.tls && is_tls(data) {
            return Step::Inner(0);
        }
        let Some((&[low, middle, high, number], rest)) = data.split_first_chunk::<4>() else {
            return Step::Continue(0);
        };
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let Some(body) = rest.get(..length.min(LOOK)) else { return Step::Continue(0) };
        self.packets += 1;
        let over = match side {
            Side::Dst => self.answer(body, flow),
            Side::Src => {
                let _read: Option<()> = self.client(number, body, length, flow);
                false
            }
        };
        if over || self.packets > PACKETS { Step::Done } else { Step::Continue(length + 4) }
    }
}

/// Access denied for a user (ER_ACCESS_DENIED_ERROR).
const ACCESS_DENIED: u16 = 1045;

impl MySql {
    /// What the server says; true once nothing more is looked at.
    fn answer(&mut self, body: &[u8], flow: &mut Flow) -> bool {
        match body {
            [10, version @ ..] if !self.greeted => {
                self.greeted = true;
                let version = version.split(|octet| *octet == 0).next().unwrap_or_default();
                flow.sql.get_or_insert_default().server = some_text(version, 64);
            }
            [0xff, low, high, ..] => {
                let code = u16::from_le_bytes([*low, *high]);
                if self.logged_in && !self.asked && code == ACCESS_DENIED {
                    login::failed(flow);
                }
                sql::error(flow, code.to_string());
                return true;
            }
            [0, ..] if self.logged_in && !self.asked && flow.login.is_none() => login::succeeded(flow),
            _ => return self.asked,
        }
        false
    }

    fn client(&mut self, number: u8, body: &[u8], length: usize, flow: &mut Flow) -> Option<()> {
        // A packet 0 of a client is a command: the log-in was not seen.
        if number == 0 && !self.greeted {
            (self.greeted, self.logged_in) = (true, true);
        }
        if !self.logged_in {
            return self.login(body, length, flow);
        }
        // Packets of a log-in count on; those of a command begin at 0.
        if number != 0 || self.asked {
            return None;
        }
        let (command, rest) = body.split_first()?;
        match command {
            2 => {
                let facts = flow.sql.get_or_insert_default();
                facts.database = facts.database.take().or(some_text(rest, sql::NAME_MAX));
            }
            3 | 22 => {
                // Since 8.0.23 attributes can stand before the text: two numbers, both of them small.
                let text = if let [0, 1, text @ ..] = rest { text } else { rest };
                sql::command(flow, text);
                self.asked = true;
            }
            _ => {}
        }
        Some(())
    }

    /// What the client can do, and who it is (Internals, "Protocol::HandshakeResponse41"); older ones have 16 bits for it.
    fn login(&mut self, body: &[u8], length: usize, flow: &mut Flow) -> Option<()> {
        let mut cursor = Cursor::new(body);
        let able = cursor.u32_le("mysql.capabilities").ok()?;
        if able & TLS != 0 && length == 32 {
            self.tls = true;
            return Some(());
        }
        self.logged_in = true;
        cursor.skip(28, "mysql.head").ok()?;
        let facts = flow.sql.get_or_insert_default();
        facts.user = some_text(zero_ended(&mut cursor)?, sql::NAME_MAX);
        if able & ANY_LENGTH != 0 || able & SECURE != 0 {
            // Proofs are shorter than 251 octets, which is where one octet of length ends.
            let length = cursor.u8("mysql.proof").ok()?;
            cursor.skip(length.into(), "mysql.proof").ok()?;
        } else {
            zero_ended(&mut cursor)?;
        }
        if able & WITH_DATABASE != 0 {
            facts.database = some_text(zero_ended(&mut cursor)?, sql::NAME_MAX);
        }
        Some(())
    }
}

/// A text up to the zero that ends it.
fn zero_ended<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let end = memchr::memchr(0, cursor.rest())?;
    let text = cursor.take(end, "mysql.text").ok()?;
    cursor.skip(1, "mysql.text").ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Sql;

    use super::*;

    #[test]
    fn a_refusal_comes_in_place_of_the_greeting() {
        let text = b"Host '192.0.2.1' is not allowed to connect to this MySQL server";
        let mut refusal = vec![text.len() as u8 + 3, 0, 0, 0, 0xff, 0x6a, 0x04];
        refusal.extend(text);
        assert_eq!(probe(Side::Dst, &refusal), Verdict::Yes);
        assert_eq!(probe(Side::Dst, &refusal[..40]), Verdict::No);
        refusal[6] = 0x40;
        assert_eq!(probe(Side::Dst, &refusal), Verdict::No);
    }

    #[test]
    fn a_version_follows() {
        assert_eq!(probe(Side::Dst, b"\x4a\x00\x00\x00\x0a5."), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"\x4a\x00\x00\x00\x0axyz"), Verdict::No);
        assert_eq!(probe(Side::Dst, b"\x4a\x00\x00\x00\x09"), Verdict::No);
    }

    fn packet(number: u8, body: &[u8]) -> Vec<u8> {
        let [low, middle, ..] = u32::try_from(body.len()).expect("short").to_le_bytes();
        [&[low, middle, 0, number], body].concat()
    }

    fn greeting() -> (Side, Vec<u8>) {
        (Side::Dst, packet(0, b"\x0a8.0.36\x00\x09\x00\x00\x00saltsalt\x00\xff\xf7\x21\x02\x00\xff\xc1\x15\x00..........more salt here\x00"))
    }

    fn login(able: u32, rest: &[u8]) -> (Side, Vec<u8>) {
        (Side::Src, packet(1, &[&able.to_le_bytes()[..], &[0, 0, 0, 1, 33], &[0; 23], rest].concat()))
    }

    fn facts(said: &[(Side, Vec<u8>)], cut: usize) -> Flow {
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 3306));
        for (side, data) in said {
            data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        flow
    }

    #[test]
    fn who_asks_which_database_for_what_kind_of_thing() {
        let said = [
            greeting(),
            login(WITH_DATABASE | SECURE, b"shop\x00\x04hashorders\x00mysql_native_password\x00"),
            (Side::Dst, packet(2, b"\x00\x00\x00\x02\x00\x00\x00")),
            (Side::Src, packet(0, b"\x0e")),
            (Side::Dst, packet(1, b"\x00\x00\x00\x02\x00\x00\x00")),
            (Side::Src, packet(0, b"\x03\x00\x01/* hint */ insert into cards values (4111)")),
            (Side::Dst, packet(1, b"\xff\x7a\x04#42S02no such table")),
        ];
        let want = Sql {
            user: Some("shop".into()),
            database: Some("orders".into()),
            command: Some("INSERT".into()),
            error: Some("1146".into()),
            server: Some("8.0.36".into()),
        };
        for cut in [1, 5, 1_000] {
            let flow = facts(&said, cut);
            assert_eq!(flow.sql.as_deref(), Some(&want), "{cut}");
            assert!(!format!("{flow:?}").contains("4111"));
        }
    }

    #[test]
    fn a_refused_login_and_one_that_goes_over_to_tls() {
        let refused = [greeting(), login(SECURE, b"root\x00\x00"), (Side::Dst, packet(2, b"\xff\x15\x04#28000no"))];
        let sql = facts(&refused, 1_000).sql.expect("facts");
        assert_eq!((sql.user.as_deref(), sql.error.as_deref(), sql.database), (Some("root"), Some("1045"), None));
        let hello = include_bytes!("../../samples/tls-client.bin").to_vec();
        let over = [greeting(), login(TLS | SECURE, b""), (Side::Src, hello)];
        for cut in [1, 1_000] {
            assert!(facts(&over, cut).tls.is_some_and(|tls| tls.ja4.is_some()), "{cut}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, more: Vec<u8>) {
            let (mut mysql, mut flow) = (MySql::default(), Flow::default());
            for body in [&data, &more, &data] {
                mysql.feed(Side::Dst, Input::Data(body), &mut flow);
                mysql.feed(Side::Src, Input::Data(body), &mut flow);
                let _read = mysql.client(0, body, body.len(), &mut flow);
            }
        }
    }
}
