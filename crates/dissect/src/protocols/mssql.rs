// SPDX-License-Identifier: Apache-2.0
//! TDS of Microsoft SQL Server (MS-TDS §2.2.3.1, §2.2.6.4, §2.2.6.5, §2.2.7): header of a pre-login with its first option, of a
//! login, or of the server's answer. The server's version is told in clear; user, database, the kind of the first command and
//! the first error where the login is not encrypted. Queries are not noted.

use minamo_base::Cursor;
use minamo_model::Flow;

use super::tell::*;
use super::text::{some_text, utf16};
use super::{login, ntlm, sql};
use crate::{Dissector, Input, Step, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MsSQL-TDS",
    title: "Tabular Data Stream",
    category: Category::Database,
    spec: &["MS-TDS"],
    ports: &[1433],
    first: First::Of(&[0x01, 0x02, 0x03, 0x04, 0x10, 0x12]),
    max_state: 2 * LOOK,
    probe,
    start: |_| Box::new(Tds::default()),
    sample: &[(
        Side::Src,
        b"\x12\x01\x00\x1a\x00\x00\x01\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff\x08\x00\x01\x55\x00\
        \x00\x00",
    )],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [2 | 4 | 0x10 | 0x12] | [2 | 4 | 0x10 | 0x12, 0 | 1] => Verdict::Maybe,
        [1 | 3] | [1 | 3, 0 | 1] => Verdict::Maybe,
        // In the middle of a session: a batch or a call behind the headers that version 7.2 has (§2.2.5.3).
        [1 | 3, 0 | 1, ..] => head::<18>(data, |head| {
            let all = le32(head, 8);
            zero(head, 4, 2)
                && head[7] == 0
                && within(be16(head, 2), 22, 32_767)
                && within(all, 22, 64)
                && within(le32(head, 12), 10, 18)
                && within(le16(head, 16), 1, 3)
        }),
        // The log-in of version 5 (Sybase): a packet of 512 octets, of which the first 31 are a name and its length.
        [2, 0 | 1, ..] => head::<39>(data, |head| {
            let length = usize::from(head[38]);
            let text = head.get(8..8 + length.min(30)).unwrap_or_default();
            be16(head, 2) == Some(512)
                && zero(head, 4, 2)
                && head[6] <= 1
                && head[7] == 0
                && length <= 30
                && text.iter().all(u8::is_ascii_graphic)
                && zero(head, 8 + length, 30 - length.min(30))
        }),
        [4 | 0x10 | 0x12, 0 | 1, ..] => head::<16>(data, |head| {
            let length = be16(head, 2).unwrap_or_default();
            // Option 0 is first and stands behind the list of options (§2.2.6.5).
            let option = head[8] == 0 && within(be16(head, 9), 6, 64) && be16(head, 11) == Some(6);
            let login = le32(head, 8) == length.checked_sub(8) && matches!(head[12..], [0..=9, 0, 0, 0x70..=0x74]);
            zero(head, 7, 1)
                && head[6] <= 1
                && (16..=4_096).contains(&length)
                && if head[0] == 0x10 { login || length == 4_096 && head[15] >> 4 == 7 } else { option }
        }),
        _ => Verdict::No,
    }
}

/// Octets of a packet that are looked at.
const LOOK: usize = 2_048;
/// Packets after which the session is left alone.
const PACKETS: u32 = 16;

#[derive(Default)]
struct Tds {
    packets: u32,
    /// A command was sent; the answer to it is the last that is looked at.
    commanded: bool,
}

impl Dissector for Tds {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let Some((&[kind, _, high, low, ..], rest)) = data.split_first_chunk::<8>() else { return Step::Continue(0) };
        let length = usize::from(high) << 8 | usize::from(low);
        let Some(left) = length.checked_sub(8) else { return Step::Done };
        let Some(body) = rest.get(..left.min(LOOK - 8)) else { return Step::Continue(0) };
        self.packets += 1;
        let over = match (kind, side) {
            // Records of TLS travel in packets of the pre-login: the login is not to be seen.
            (0x12, _) if body.first() == Some(&0x16) => true,
            (0x12 | 4, Side::Dst) if body.first() == Some(&0) => {
                let _read: Option<()> = version(body, flow);
                false
            }
            (0x10, Side::Src) => login(body, flow).is_none(),
            (0x11, Side::Src) => {
                ntlm::note(body, flow);
                false
            }
            (1, Side::Src) => {
                self.commanded = true;
                batch(body, flow).is_none()
            }
            (3, Side::Src) => {
                self.commanded = true;
                sql::command(flow, b"RPC");
                false
            }
            (4, Side::Dst) => {
                let _read: Option<()> = tokens(body, flow);
                self.commanded || flow.sql.as_ref().is_some_and(|facts| facts.error.is_some())
            }
            // Encrypted records, or a long message that goes on.
            _ => kind != 0x12,
        };
        if over || self.packets > PACKETS { Step::Done } else { Step::Continue(length) }
    }
}

/// The server's answer to a pre-login: option 0 is its version (§2.2.6.5).
fn version(body: &[u8], flow: &mut Flow) -> Option<()> {
    let mut cursor = Cursor::new(body);
    cursor.skip(1, "tds.option").ok()?;
    let place = usize::from(cursor.u16("tds.offset").ok()?);
    let mut at = Cursor::new(body.get(place..)?);
    let (major, minor, build) = (at.u8("tds.major").ok()?, at.u8("tds.minor").ok()?, at.u16("tds.build").ok()?);
    flow.sql.get_or_insert_default().server = Some(format!("{major}.{minor}.{build}"));
    Some(())
}

/// User and database of a login (§2.2.6.4): places and lengths, in units of two octets. The password is hidden by swapping
/// bits only.
fn login(body: &[u8], flow: &mut Flow) -> Option<()> {
    let text = |at: usize| {
        let mut place = Cursor::new(body.get(at..)?);
        let from = usize::from(place.u16_le("tds.place").ok()?);
        let length = usize::from(place.u16_le("tds.length").ok()?).min(sql::NAME_MAX);
        some_text(utf16(body.get(from..from + 2 * length)?, sql::NAME_MAX).as_bytes(), sql::NAME_MAX)
    };
    let (user, database, password) = (text(40), text(68), le16(body, 46)?);
    let facts = flow.sql.get_or_insert_default();
    (facts.user, facts.database) = (user, database);
    if password > 0 {
        risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["TDS", "LOGIN7"]);
    }
    Some(())
}

/// A batch: headers with their length in front, then its text (§2.2.6.7).
fn batch(body: &[u8], flow: &mut Flow) -> Option<()> {
    let headers = le32(body, 0)?;
    let text = if headers < 1_024 { body.get(headers..)? } else { body };
    sql::command(flow, utf16(text, 512).as_bytes());
    Some(())
}

/// Login failed for a user.
const LOGIN_FAILED: u32 = 18_456;

/// What the server says: the first error among what comes before rows (§2.2.7).
fn tokens(body: &[u8], flow: &mut Flow) -> Option<()> {
    let mut cursor = Cursor::new(body);
    loop {
        let token = cursor.u8("tds.token").ok()?;
        match token {
            // Error, information, login, change of environment, SSPI: a length in front.
            0xaa | 0xab | 0xad | 0xe3 | 0xed => {
                let length = cursor.u16_le("tds.length").ok()?;
                let mut content = cursor.sub(length.into(), "tds.content").ok()?;
                if token == 0xad {
                    login::succeeded(flow);
                }
                if token == 0xaa {
                    let number = content.u32_le("tds.number").ok()?;
                    if number == LOGIN_FAILED {
                        login::failed(flow);
                    }
                    sql::error(flow, number.to_string());
                    return Some(());
                }
            }
            // Done, of a batch, a procedure, or inside one.
            0xfd..=0xff => cursor.skip(12, "tds.done").ok()?,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Sql;

    use super::*;

    fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(body.len() + 8).expect("short").to_be_bytes();
        [&[kind, 1, high, low, 0, 0, 1, 0], body].concat()
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// A login with a user, a password and a database.
    fn login_of(words: [&str; 3]) -> Vec<u8> {
        let [mut places, mut text] = [vec![0_u8; 94], Vec::new()];
        for (at, word) in [40, 44, 68].into_iter().zip(words) {
            let place = u16::try_from(94 + text.len()).expect("short").to_le_bytes();
            let length = u16::try_from(word.len()).expect("short").to_le_bytes();
            places[at..at + 4].copy_from_slice(&[place, length].concat());
            text.extend(wide(word));
        }
        let length = u32::try_from(94 + text.len()).expect("short").to_le_bytes();
        places[..8].copy_from_slice(&[length, [4, 0, 0, 0x74]].concat());
        packet(0x10, &[places, text].concat())
    }

    fn answer() -> (Side, Vec<u8>) {
        (Side::Dst, packet(4, b"\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff\x10\x00\x07\xd0\x00\x00\x02"))
    }

    fn facts(said: &[(Side, Vec<u8>)], cut: usize) -> Flow {
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 1433));
        for (side, data) in said {
            data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        flow
    }

    #[test]
    fn who_asks_which_database_for_what_kind_of_thing() {
        let headers =
            b"\x16\x00\x00\x00\x12\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00".to_vec();
        let logged_in =
            b"\xe3\x03\x00\x01\x00\x00\xad\x02\x00\x01\x74\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
        let said = [
            (Side::Src, PROTOCOL.sample[0].1.to_vec()),
            answer(),
            (Side::Src, login_of(["shop", "hidden", "orders"])),
            (Side::Dst, packet(4, logged_in)),
            (Side::Src, packet(1, &[headers, wide("Update cards set number = 4111")].concat())),
            (Side::Dst, packet(4, b"\xaa\x06\x00\xd0\x00\x00\x00\x01\x10")),
        ];
        let want = Sql {
            user: Some("shop".into()),
            database: Some("orders".into()),
            command: Some("UPDATE".into()),
            error: Some("208".into()),
            server: Some("16.0.2000".into()),
        };
        for cut in [1, 7, 1_000] {
            let flow = facts(&said, cut);
            assert_eq!(flow.sql.as_deref(), Some(&want), "{cut}");
            let row = format!("{flow:?}");
            assert!(!row.contains("4111") && !row.contains("hidden") && row.contains("clear_text_credentials"));
        }
    }

    #[test]
    fn an_encrypted_login_tells_the_version_only() {
        let tls = packet(0x12, include_bytes!("../../samples/tls-client.bin"));
        let said = [(Side::Src, PROTOCOL.sample[0].1.to_vec()), answer(), (Side::Src, tls)];
        let want = Sql { server: Some("16.0.2000".into()), ..Sql::default() };
        assert_eq!(facts(&said, 9).sql.as_deref(), Some(&want));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, kind: u8) {
            let (mut session, mut flow) = (Tds::default(), Flow::default());
            for side in [Side::Src, Side::Dst] {
                session.feed(side, Input::Data(&data), &mut flow);
                session.feed(side, Input::Data(&packet(kind, &data)), &mut flow);
            }
            let _read = (login(&data, &mut flow), batch(&data, &mut flow), tokens(&data, &mut flow), version(&data, &mut flow));
        }
    }
}
