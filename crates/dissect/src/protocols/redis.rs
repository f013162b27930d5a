// SPDX-License-Identifier: Apache-2.0
//! Redis: its serialisation protocol (RESP), told by a command as an array of strings. User, database, the first command behind
//! the log-in and the first error are noted, keys and values are not.

use minamo_model::Flow;

use super::tell::{Heard, begins_with_any, either, maybe_if};
use super::text::{line, some_text};
use super::{login, sql};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RESP",
    title: "Redis serialisation protocol",
    category: Category::Database,
    spec: &["RESP protocol specification, redis.io"],
    ports: &[6379],
    max_state: 2 * MESSAGE_MAX,
    probe,
    together: Some(together),
    start: |_| Box::new(Redis::default()),
    sample: &[(Side::Src, b"*1\r\n$4\r\nPING\r\n")],
    ..Protocol::STREAM
};

/// What servers of this kind alone say: answers to commands on lines of their own, and refusals.
const ANSWERS: [&[u8]; 6] = [
    b"+PONG\r\n",
    b"-NOAUTH Authentication required",
    b"-WRONGPASS ",
    b"-ERR unknown command",
    b"-ERR wrong number of arguments for ",
    b"-DENIED Redis is running in protected mode",
];

/// `*n` and `$n`, each on a line of its own, with small numbers; the string's first octet is a letter. Commands can also be plain lines
/// (RESP, "Inline commands"): the server's answer tells.
fn probe(_: Side, data: &[u8]) -> Verdict {
    match data.first() {
        Some(b'+' | b'-') => return either(begins_with_any(data, &ANSWERS), maybe_if(is_answer(data))),
        Some(b':' | b'$') if is_answer(data) => return Verdict::Maybe,
        Some(letter) if letter.is_ascii_alphabetic() => return maybe_if(is_inline(data)),
        _ => {}
    }
    let mut rest = data;
    for mark in [b'*', b'$'] {
        let Some((first, after)) = rest.split_first() else { return Verdict::Maybe };
        let digits = after.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let end = after.get(digits..).unwrap_or_default();
        if *first != mark || digits > 3 {
            return Verdict::No;
        }
        rest = match end {
            [b'\r', b'\n', rest @ ..] if digits > 0 => rest,
            [] | [b'\r'] => return Verdict::Maybe,
            _ => return Verdict::No,
        };
    }
    match rest.first() {
        Some(letter) if letter.is_ascii_alphabetic() => Verdict::Yes,
        Some(_) => Verdict::No,
        None => Verdict::Maybe,
    }
}

/// Commands that other protocols of lines have no word for.
const INLINE: [&[u8]; 30] = [
    b"SET",
    b"GET",
    b"MSET",
    b"MGET",
    b"SETEX",
    b"DEL",
    b"INCR",
    b"DECR",
    b"EXISTS",
    b"EXPIRE",
    b"TTL",
    b"KEYS",
    b"SCAN",
    b"CONFIG",
    b"INFO",
    b"DBSIZE",
    b"FLUSHALL",
    b"FLUSHDB",
    b"HSET",
    b"HGET",
    b"HGETALL",
    b"LPUSH",
    b"RPUSH",
    b"LRANGE",
    b"SADD",
    b"ZADD",
    b"PUBLISH",
    b"SLAVEOF",
    b"REPLICAOF",
    b"CLIENT",
];

/// A line that begins with a command, as far as it is there. HTTP has a command of the same name, and a path behind it.
fn is_inline(data: &[u8]) -> bool {
    if data.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"GET /")) {
        return false;
    }
    let first = data.split(|octet| matches!(octet, b' ' | b'\r' | b'\n')).next().unwrap_or_default();
    INLINE.iter().any(|word| {
        if first.len() == data.len() {
            word.len() >= first.len()
                && word.iter().zip(first).all(|(wanted, found)| *wanted == found.to_ascii_uppercase())
        } else {
            first.eq_ignore_ascii_case(word)
        }
    })
}

/// An answer in a line of its own: done, an error, a number, a length.
fn is_answer(data: &[u8]) -> bool {
    let number = |digits: &[u8]| (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    match line(data) {
        Some((b"+OK" | b"+QUEUED" | b"$-1", _)) => true,
        Some(([b'-', b'E', b'R', b'R', b' ', ..], _)) => true,
        Some(([b':' | b'$', digits @ ..], _)) => number(digits),
        _ => false,
    }
}

/// A command on a line, and the answer of the other side.
fn together(heard: &Heard<'_>) -> Verdict {
    let told = |command: &[u8], answer: &[u8]| line(command).is_some() && is_inline(command) && is_answer(answer);
    if told(heard.data, heard.other) || told(heard.other, heard.data) { Verdict::Yes } else { Verdict::Maybe }
}

/// Longest command of a log-in, and longest line, that is waited for.
const MESSAGE_MAX: usize = 2_048;
/// Messages after which the connection is left alone.
const MESSAGES: u32 = 16;
/// Words of a command that are looked at: `HELLO 3 AUTH name password`.
const WORDS: usize = 5;

#[derive(Default)]
struct Redis {
    /// Commands so far.
    messages: u32,
    /// The server said something that is no line: what follows is not told apart any more.
    deaf: bool,
}

impl Dissector for Redis {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let used = match side {
            Side::Src => client(data, flow),
            Side::Dst => self.server(data, flow),
        };
        match used {
            Read::Used(n) if self.messages < MESSAGES => {
                self.messages += u32::from(side == Side::Src);
                Step::Continue(n)
            }
            Read::Short if data.len() < MESSAGE_MAX => Step::Continue(0),
            _ => Step::Done,
        }
    }
}

/// What came of reading a message.
enum Read {
    /// It took so many octets.
    Used(usize),
    /// It is not all there.
    Short,
    /// Nothing more is to be learned.
    Over,
}

/// A line with a mark and a number: the number and how many octets it takes.
fn count(data: &[u8], mark: u8) -> Result<(usize, usize), Read> {
    let (line, used) = line(data).ok_or(Read::Short)?;
    let digits = line.strip_prefix(&[mark]).and_then(|digits| std::str::from_utf8(digits).ok());
    Ok((digits.and_then(|digits| digits.parse().ok()).ok_or(Read::Over)?, used))
}

/// The first words of a command, and how many octets all of it takes; words that are too long to be of a log-in are left out.
fn words(data: &[u8]) -> Result<(Vec<&[u8]>, usize), Read> {
    let (all, mut used) = count(data, b'*')?;
    let mut words = Vec::new();
    for _ in 0..all.min(WORDS) {
        let (length, head) = count(data.get(used..).unwrap_or_default(), b'$')?;
        let from = used + head;
        let end = from.saturating_add(length);
        if end > MESSAGE_MAX {
            break;
        }
        words.push(data.get(from..end).ok_or(Read::Short)?);
        used = end + 2;
    }
    Ok((words, if all <= WORDS { used } else { data.len() }))
}

fn client(data: &[u8], flow: &mut Flow) -> Read {
    let (words, used) = match words(data) {
        Ok(read) => read,
        Err(read) => return read,
    };
    let [name, rest @ ..] = words.as_slice() else { return Read::Over };
    let upper = name.to_ascii_uppercase();
    let facts = flow.sql.get_or_insert_default();
    match (upper.as_slice(), rest) {
        (b"AUTH", [user, _]) | (b"HELLO", [_, _, user, _]) => {
            facts.user = facts.user.take().or(some_text(user, sql::NAME_MAX));
            risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["Redis", "AUTH"]);
        }
        (b"AUTH", [_]) => risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["Redis", "AUTH"]),
        (b"SELECT", [number]) => facts.database = facts.database.take().or(some_text(number, 16)),
        (b"HELLO" | b"CLIENT" | b"PING", _) => {}
        _ => {
            sql::command(flow, name);
            // What the server says to it is not waited for: answers can be of any size.
            return Read::Over;
        }
    }
    Read::Used(used)
}

impl Redis {
    /// The server's answers to a log-in: lines, of which an error begins with a word of its own.
    fn server(&mut self, data: &[u8], flow: &mut Flow) -> Read {
        // Of HELLO comes a table, which is not read.
        self.deaf |= !matches!(data.first(), Some(b'+' | b'-' | b':'));
        if self.deaf {
            return Read::Used(data.len());
        }
        let Some((line, used)) = line(data) else { return Read::Short };
        let word = line.strip_prefix(b"-").and_then(|text| text.split(|octet| *octet == b' ').next());
        if let Some(word) = word.and_then(|word| some_text(word, 32)) {
            if word == "WRONGPASS" {
                login::failed(flow);
            }
            sql::error(flow, word);
        }
        Read::Used(used)
    }
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Sql;

    use super::*;

    #[test]
    fn numbers_must_follow() {
        assert_eq!(probe(Side::Src, b"*2\r"), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"* OK"), Verdict::No);
    }

    fn command(words: &[&str]) -> (Side, Vec<u8>) {
        let head = format!("*{}\r\n", words.len());
        let words = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
        (Side::Src, std::iter::once(head).chain(words).collect::<String>().into_bytes())
    }

    #[test]
    fn user_database_and_first_command() {
        let said = [
            command(&["ping"]),
            (Side::Dst, b"-NOAUTH Authentication required.\r\n".to_vec()),
            command(&["auth", "shop", "hidden"]),
            (Side::Dst, b"+OK\r\n".to_vec()),
            command(&["SELECT", "3"]),
            (Side::Dst, b"+OK\r\n".to_vec()),
            command(&["hset", "card:4111", "a", "1", "b", "2"]),
        ];
        let want = Sql {
            user: Some("shop".into()),
            database: Some("3".into()),
            command: Some("HSET".into()),
            error: Some("NOAUTH".into()),
            server: None,
        };
        for cut in [1, 4, 1_000] {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 6379));
            for (side, data) in &said {
                data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
            }
            assert_eq!(flow.sql.as_deref(), Some(&want), "{cut}");
            let row = format!("{flow:?}");
            assert!(!row.contains("4111") && !row.contains("hidden") && row.contains("clear_text_credentials"));
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, lengths in proptest::collection::vec(0usize..9_999, 0..8)) {
            let text: String = lengths.iter().map(|length| format!("${length}\r\nx\r\n")).collect();
            let text = [format!("*{}\r\n{text}", lengths.len()).as_bytes(), &data].concat();
            let (mut redis, mut flow) = (Redis::default(), Flow::default());
            for side in [Side::Src, Side::Dst] {
                redis.feed(side, Input::Data(&data), &mut flow);
                redis.feed(side, Input::Data(&text), &mut flow);
            }
        }
    }
}
