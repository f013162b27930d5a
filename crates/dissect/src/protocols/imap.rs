// SPDX-License-Identifier: Apache-2.0
//! IMAP (RFC 9051): greeting, and STARTTLS (§6.2.1), behind which TLS is probed. Mailboxes and messages are not noted.

use minamo_model::Flow;

use super::login;
use super::starttls::StartTls;
use super::text::{after, begins, by_lines, is_tls, line, mentions, printable, some_text, word};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IMAP",
    title: "Internet Message Access Protocol",
    category: Category::Mail,
    spec: &["RFC 9051", "RFC 3501"],
    ports: &[143],
    max_state: 16_384,
    probe,
    start: |_| Box::new(Imap::default()),
    sample: &[(Side::Dst, b"* OK IMAP4rev1 ready\r\n"), (Side::Src, b"a1 CAPABILITY\r\n")],
    ..Protocol::STREAM
};

/// Commands that a client may start with, behind its tag.
const COMMANDS: [&[u8]; 6] = [b"CAPABILITY", b"LOGIN ", b"AUTHENTICATE ", b"STARTTLS", b"SELECT ", b"ID ("];

/// A greeting that names the protocol, or a command behind a tag.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&b'*') {
        return greeting(data);
    }
    let (tag, command) = word(data);
    let tagged = (1..=12).contains(&tag.len()) && tag.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'.');
    if !tagged {
        return if data.is_empty() { Verdict::Maybe } else { Verdict::No };
    }
    if COMMANDS.iter().any(|known| after(command, known).is_some()) {
        return Verdict::Yes;
    }
    let cut = COMMANDS.iter().any(|known| command.len() < known.len() && after(known, command).is_some());
    if cut { Verdict::Maybe } else { Verdict::No }
}

fn greeting(data: &[u8]) -> Verdict {
    let starts: [&[u8]; 3] = [b"* OK", b"* PREAUTH", b"* BYE"];
    if !starts.iter().any(|start| begins(data, start) == Verdict::Yes) {
        let cut = starts.iter().any(|start| begins(data, start) == Verdict::Maybe);
        return if cut { Verdict::Maybe } else { Verdict::No };
    }
    let (first, _) = line(data).unwrap_or((data.strip_suffix(b"\r").unwrap_or(data), data.len()));
    match (mentions(first, b"IMAP"), printable(first)) {
        (true, _) => Verdict::Yes,
        (false, true) => Verdict::Maybe,
        (false, false) => Verdict::No,
    }
}

#[derive(Default)]
struct Imap {
    greeted: bool,
    /// A login was begun, and the server did not answer yet.
    login: bool,
    tls: StartTls,
    lines: u32,
}

/// A command that sends a password in clear (RFC 9051 §6.2.3, §6.2.2 with RFC 4616).
fn is_login(command: &[u8]) -> bool {
    [&b"LOGIN "[..], b"AUTHENTICATE PLAIN", b"AUTHENTICATE LOGIN"].iter().any(|known| after(command, known).is_some())
}

/// The word of a tagged answer to a login that was understood (RFC 9051 §7.1).
fn is_status(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"OK") || word.eq_ignore_ascii_case(b"NO")
}

/// Lines after which the session is left alone: what follows is mail.
const LINES_MAX: u32 = 200;

impl Dissector for Imap {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if is_tls(data) {
            return self.tls.record(flow);
        }
        by_lines(data, |line| {
            self.lines += 1;
            let (tag, rest) = word(line);
            let (status, _) = word(rest);
            if tag == b"*" && !self.greeted {
                self.greeted = true;
                flow.mail.get_or_insert_default().server = some_text(rest, 256);
            } else if tag != b"*" && rest.eq_ignore_ascii_case(b"STARTTLS") {
                self.tls.asked = true;
            } else if tag != b"*" && self.tls.asked && status.eq_ignore_ascii_case(b"OK") {
                return self.tls.hand_over(flow);
            } else if self.login && tag != b"*" && is_status(status) {
                self.login = false;
                login::answered(status.eq_ignore_ascii_case(b"OK"), flow);
            } else if tag != b"*" && is_login(rest) {
                self.login = true;
                risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["IMAP", "a login"]);
            }
            if self.lines > LINES_MAX { Step::Done } else { Step::Continue(0) }
        })
    }

    fn name(&self) -> Option<&'static str> {
        self.tls.name("IMAPS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_commands() {
        assert_eq!(probe(Side::Dst, b"* OK ready\r\n"), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"* OK [CAPABILITY IMAP4rev1] ready\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"a001 login me pw\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"GET / HTTP/1.1\r\n"), Verdict::No);
    }
}
