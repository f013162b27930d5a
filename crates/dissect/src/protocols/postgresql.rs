// SPDX-License-Identifier: Apache-2.0
//! PostgreSQL (frontend/backend protocol 3.0, §"Message Formats"): start-up message, and the request for TLS, behind
//! which TLS is probed. User, database, version, the kind of the first command and the first error are noted, queries are not.

use minamo_model::Flow;

use super::tell::{be32, fills, yes_if};
use super::text::some_text;
use super::{login, sql};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "PostgreSQL",
    title: "PostgreSQL frontend/backend protocol",
    category: Category::Database,
    spec: &["PostgreSQL documentation, frontend/backend protocol 3.0"],
    ports: &[5432],
    max_state: 4_096,
    probe,
    start: |_| Box::new(PostgreSql::default()),
    sample: &[(Side::Src, b"\x00\x00\x00\x11\x00\x03\x00\x00user\x00me\x00\x00")],
    ..Protocol::STREAM
};

/// SSLRequest and GSSENCRequest: eight octets with fixed numbers.
const TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const GSS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];

fn probe(_: Side, data: &[u8]) -> Verdict {
    match *data {
        // Length, version 3.0 or 3.2, and the name of the first parameter.
        [0, 0, _, _, 0, 3, 0, 0 | 2, b'a'..=b'z', ..] => Verdict::Yes,
        [0, 0, _, _, 0, 3, 0, 0 | 2] => Verdict::Maybe,
        _ if data.starts_with(&TLS) || data.starts_with(&GSS) => Verdict::Yes,
        // A request to cancel: 16 octets, its number, a process and its key.
        [0, 0, 0, 16, 4, 0xd2, 0x16, 0x2e, ..] => Verdict::Yes,
        _ if TLS.starts_with(data)
            || GSS.starts_with(data)
            || [0, 3, 0].starts_with(data.get(4..).unwrap_or_default()) =>
        {
            if data.iter().take(2).all(|b| *b == 0) && data.len() < 8 { Verdict::Maybe } else { Verdict::No }
        }
        _ => yes_if(in_the_middle(data)),
    }
}

/// Messages that fill the input and end as a turn does: of the client a query in text, or the request to answer all of
/// them; of the server that it is ready (protocol version 3.0, "Message Formats").
fn in_the_middle(data: &[u8]) -> bool {
    let message = |rest: &[u8]| Some(1 + be32(rest, 1).filter(|length| (4..1 << 24).contains(length))?);
    let letters = matches!(
        data.first(),
        Some(
            b'B' | b'C'
                | b'D'
                | b'E'
                | b'P'
                | b'Q'
                | b'T'
                | b'X'
                | b'S'
                | b'Z'
                | b'1'
                | b'2'
                | b'3'
                | b'n'
                | b't'
                | b'N'
                | b'I'
        )
    );
    let asks = data.first() == Some(&b'Q') && data.ends_with(b"\0") && data.get(5).is_some_and(u8::is_ascii_graphic);
    let ready = matches!(data, [.., b'Z', 0, 0, 0, 5, b'I' | b'T' | b'E']);
    let ends = data.ends_with(b"S\0\0\0\x04") && data.len() > 5 || data == b"X\0\0\0\x04";
    letters && (asks || ready || ends) && fills(data, 4_096, message)
}

/// Octets of a message that are looked at.
const LOOK: usize = 1_024;
/// Messages after which the session is left alone.
const MESSAGES: u32 = 64;

#[derive(Default)]
struct PostgreSql {
    messages: u32,
    /// TLS or GSS was asked for, and one letter answers.
    asked: bool,
    started: bool,
    /// A command was sent; the answer to it is the last that is looked at.
    commanded: bool,
}

impl Dissector for PostgreSql {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if side == Side::Dst && self.asked && !self.started {
            self.asked = false;
            return match data {
                // The server agrees with one letter.
                [b'S', ..] => Step::Inner(1),
                // It does not, and the client may go on in clear.
                [b'N', ..] => Step::Continue(1),
                _ => Step::Done,
            };
        }
        // Only the first message of a client has no letter in front; its length begins with zero.
        self.started |= side == Side::Src && data.first().is_some_and(u8::is_ascii_alphabetic);
        let letters = usize::from(side == Side::Dst || self.started);
        let Some((&length, rest)) = data.get(letters..).and_then(|rest| rest.split_first_chunk::<4>()) else {
            return Step::Continue(0);
        };
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        let Some(body) = length.checked_sub(4) else { return Step::Done };
        let Some(body) = rest.get(..body.min(LOOK)) else { return Step::Continue(0) };
        self.messages += 1;
        let over = match (side, data.first()) {
            (Side::Src, _) if !self.started => !self.start_up(data, body, flow),
            (Side::Src, Some(letter)) => {
                self.client(*letter, body, flow);
                false
            }
            (Side::Dst, Some(letter)) => self.answer(*letter, body, flow),
            _ => false,
        };
        if over || self.messages > MESSAGES { Step::Done } else { Step::Continue(length.saturating_add(letters)) }
    }
}

impl PostgreSql {
    /// Request for encryption, or the parameters of the session; false where it is something else, such as a cancellation.
    fn start_up(&mut self, data: &[u8], body: &[u8], flow: &mut Flow) -> bool {
        if data.starts_with(&TLS) || data.starts_with(&GSS) {
            self.asked = true;
            return true;
        }
        let Some(parameters) = body.strip_prefix(&[0, 3, 0]) else { return false };
        self.started = true;
        let mut words = parameters.get(1..).unwrap_or_default().split(|octet| *octet == 0);
        let facts = flow.sql.get_or_insert_default();
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            match name {
                b"user" => facts.user = some_text(value, sql::NAME_MAX),
                b"database" => facts.database = some_text(value, sql::NAME_MAX),
                _ => {}
            }
        }
        true
    }

    /// A query, or the statement of one that is prepared, behind its name.
    fn client(&mut self, letter: u8, body: &[u8], flow: &mut Flow) {
        let text = match letter {
            b'Q' => body,
            b'P' => memchr::memchr(0, body).and_then(|end| body.get(end + 1..)).unwrap_or_default(),
            _ => return,
        };
        sql::command(flow, text);
        self.commanded = true;
    }

    /// True once nothing more is looked at.
    fn answer(&mut self, letter: u8, body: &[u8], flow: &mut Flow) -> bool {
        match (letter, body) {
            // Parameters that the server tells come first, its version among them.
            (b'S', [b's', ..]) => {
                let mut words = body.split(|octet| *octet == 0);
                if words.next() == Some(b"server_version") {
                    flow.sql.get_or_insert_default().server = words.next().and_then(|version| some_text(version, 64));
                }
                false
            }
            // An error's fields begin with a letter; C is the code.
            (b'E', _) => {
                let code = body.split(|octet| *octet == 0).find_map(|field| field.strip_prefix(b"C"));
                if let Some(code) = code.and_then(|code| some_text(code, 8)) {
                    // The class of refused logins (appendix A of the manual).
                    if code.starts_with("28") {
                        login::failed(flow);
                    }
                    sql::error(flow, code);
                }
                true
            }
            (b'R', [0, 0, 0, 0, ..]) => {
                login::succeeded(flow);
                false
            }
            // The password is asked for in clear.
            (b'R', [0, 0, 0, 3, ..]) => {
                risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["PostgreSQL", "AuthenticationCleartextPassword"]);
                false
            }
            _ => self.commanded,
        }
    }
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Sql;

    use super::*;

    #[test]
    fn tls_is_asked_for_first() {
        assert_eq!(probe(Side::Src, &TLS), Verdict::Yes);
        assert_eq!(probe(Side::Src, &TLS[..6]), Verdict::Maybe);
        let (mut flow, mut session) = (Flow::default(), PostgreSql::default());
        assert_eq!(session.feed(Side::Src, Input::Data(&TLS), &mut flow), Step::Continue(8));
        assert_eq!(session.feed(Side::Dst, Input::Data(b"S"), &mut flow), Step::Inner(1));
    }

    fn message(letter: &str, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
        [letter.as_bytes(), &length, body].concat()
    }

    fn facts(said: &[(Side, Vec<u8>)], cut: usize) -> Flow {
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 5432));
        for (side, data) in said {
            data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        flow
    }

    fn start() -> (Side, Vec<u8>) {
        (Side::Src, message("", b"\x00\x03\x00\x00user\x00shop\x00database\x00orders\x00application_name\x00x\x00\x00"))
    }

    #[test]
    fn who_asks_which_database_for_what_kind_of_thing() {
        let said = [
            (Side::Src, TLS.to_vec()),
            (Side::Dst, b"N".to_vec()),
            start(),
            (Side::Dst, message("R", b"\x00\x00\x00\x03")),
            (Side::Src, message("p", b"hidden\x00")),
            (Side::Dst, message("R", b"\x00\x00\x00\x00")),
            (Side::Dst, message("S", b"server_encoding\x00UTF8\x00")),
            (Side::Dst, message("S", b"server_version\x0016.2\x00")),
            (Side::Dst, message("Z", b"I")),
            (Side::Src, message("P", b"name\x00delete from cards where number = 4111\x00\x00\x00")),
            (Side::Dst, message("E", b"SERROR\x00VERROR\x00C42501\x00Mpermission denied\x00\x00")),
        ];
        let want = Sql {
            user: Some("shop".into()),
            database: Some("orders".into()),
            command: Some("DELETE".into()),
            error: Some("42501".into()),
            server: Some("16.2".into()),
        };
        for cut in [1, 5, 1_000] {
            let flow = facts(&said, cut);
            assert_eq!(flow.sql.as_deref(), Some(&want), "{cut}");
            let row = format!("{flow:?}");
            assert!(!row.contains("4111") && !row.contains("hidden"));
            assert!(row.contains("clear_text_credentials"));
        }
    }

    #[test]
    fn a_refused_login_is_an_error() {
        let said = [start(), (Side::Dst, message("E", b"SFATAL\x00C28P01\x00Mno\x00\x00"))];
        assert_eq!(facts(&said, 9).sql.expect("facts").error.as_deref(), Some("28P01"));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, more: Vec<u8>) {
            let (mut session, mut flow) = (PostgreSql::default(), Flow::default());
            session.feed(Side::Src, Input::Data(&start().1), &mut flow);
            for side in [Side::Dst, Side::Src] {
                session.feed(side, Input::Data(&data), &mut flow);
                session.answer(b'E', &more, &mut flow);
                session.client(b'P', &more, &mut flow);
            }
        }
    }
}
