// SPDX-License-Identifier: Apache-2.0
//! IMAP (RFC 9051): greeting, programs that are attached to mail that is fetched or put aside, and STARTTLS (§6.2.1), behind which TLS
//! is probed. Mailboxes and messages are not noted.

use minamo_model::Flow;

use super::login;
use super::mime::Mail;
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
const COMMANDS: [&[u8]; 13] = [
    b"CAPABILITY",
    b"LOGIN ",
    b"AUTHENTICATE ",
    b"STARTTLS",
    b"SELECT ",
    b"ID (",
    b"EXAMINE ",
    b"UID FETCH ",
    b"UID SEARCH ",
    b"UID STORE ",
    b"LIST \"",
    b"STATUS \"",
    b"IDLE\r\n",
];

/// A greeting that names the protocol, or a command behind a tag.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&b'*') {
        return if goes_on(data) { Verdict::Yes } else { greeting(data) };
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

/// What a server says in the middle of a session: how many messages there are, and which are new, changed or gone
/// (RFC 9051 §7.3.4, §7.5).
fn goes_on(data: &[u8]) -> bool {
    let Some((line, _)) = line(data) else { return false };
    let (_, rest) = word(line);
    let (number, what) = word(rest);
    let counted = (1..=10).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
    counted
        && (what.eq_ignore_ascii_case(b"EXISTS")
            || what.eq_ignore_ascii_case(b"RECENT")
            || what.eq_ignore_ascii_case(b"EXPUNGE")
            || after(what, b"FETCH (").is_some())
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
    /// Octets of mail that a side still sends, as it announced.
    literal: Option<(Side, u64)>,
    mail: Option<Box<Mail>>,
}

impl Imap {
    /// A line of mail.
    fn content(&mut self, side: Side, line: &[u8], left: u64, flow: &mut Flow) -> Step {
        let from = if side == Side::Src { "the client" } else { "the server" };
        let left = left.saturating_sub(line.len() as u64 + 2);
        let mail = self.mail.get_or_insert_default();
        let more = mail.line(line, from, flow);
        self.literal = (left > 0).then_some((side, left));
        if left == 0 {
            mail.end(from, flow);
        }
        if more { Step::Continue(0) } else { Step::Done }
    }

    /// Mail that a line announces: what is fetched, as a whole or a part of it by number (RFC 9051 §7.5.2), and what is put aside (§6.3.12).
    fn announced(&mut self, side: Side, tag: &[u8], rest: &[u8]) {
        let Some(octets) = literal(rest) else { return };
        let mail = self.mail.get_or_insert_default();
        let Some(section) = (if tag == b"*" { section(rest) } else { after(rest, b"APPEND ").map(|_| &b""[..]) })
        else {
            return;
        };
        match section {
            b"" => mail.begin(),
            _ if section.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.') => mail.begin_content(),
            _ => return,
        }
        self.literal = Some((side, octets));
    }
}

/// Octets that follow a line (RFC 9051 §4.3).
fn literal(line: &[u8]) -> Option<u64> {
    let inner = line.strip_suffix(b"}")?;
    let number = inner.get(memchr::memrchr(b'{', inner)? + 1..)?;
    let number = number.strip_suffix(b"+").or(number.strip_suffix(b"-")).unwrap_or(number);
    std::str::from_utf8(number).ok()?.parse().ok().filter(|octets| *octets > 0)
}

/// Which part of a message an answer gives from its beginning on: the whole is empty.
fn section(line: &[u8]) -> Option<&[u8]> {
    let (head, _) = line.split_at(memchr::memrchr(b'{', line)?);
    let head = head.trim_ascii_end();
    if head.ends_with(b"RFC822") {
        return Some(b"");
    }
    let head = head.strip_suffix(b"<0>").unwrap_or(head).strip_suffix(b"]")?;
    let start = memchr::memrchr(b'[', head)?;
    head.get(..start)?.ends_with(b"BODY").then(|| head.get(start + 1..))?
}

/// A command that sends a password in clear (RFC 9051 §6.2.3, §6.2.2 with RFC 4616).
fn is_login(command: &[u8]) -> bool {
    [&b"LOGIN "[..], b"AUTHENTICATE PLAIN", b"AUTHENTICATE LOGIN"].iter().any(|known| after(command, known).is_some())
}

/// The word of a tagged answer to a login that was understood (RFC 9051 §7.1).
fn is_status(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"OK") || word.eq_ignore_ascii_case(b"NO")
}

/// Lines beside mail after which the session is left alone.
const LINES_MAX: u32 = 2_000;

impl Dissector for Imap {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if is_tls(data) {
            return self.tls.record(flow);
        }
        by_lines(data, |line| {
            if let Some((_, left)) = self.literal.filter(|(sender, _)| *sender == side) {
                return self.content(side, line, left, flow);
            }
            self.lines += 1;
            let (tag, rest) = word(line);
            let (status, _) = word(rest);
            if tag == b"*" && !self.greeted {
                self.greeted = true;
                if [&b"OK"[..], b"PREAUTH", b"BYE"].iter().any(|known| status.eq_ignore_ascii_case(known)) {
                    flow.mail.get_or_insert_default().server = some_text(rest, 256);
                }
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
            self.announced(side, tag, rest);
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
    fn programs_that_are_attached() {
        let message = super::super::mime::tests::message();
        let length = message.len();
        let part = "f0VMRgIBAQAA\r\n";
        for (side, line, content, file) in [
            (Side::Dst, format!("* 1 FETCH (UID 7 BODY[] {{{length}}}"), &message[..], Some("set up.bin")),
            (Side::Dst, format!("* 1 FETCH (RFC822 {{{length}}}"), &message, Some("set up.bin")),
            (Side::Dst, "* 1 FETCH (BODY[1.2]<0> {14}".to_owned(), part, Some("an attachment")),
            (Side::Dst, "* 1 FETCH (BODY[1.MIME] {14}".to_owned(), part, None),
            (Side::Dst, "* 1 FETCH (BODY[2]<9> {14}".to_owned(), part, None),
            (Side::Src, format!("a7 APPEND Sent {{{length}+}}"), &message, Some("set up.bin")),
        ] {
            for cut in [1, 70, 10_000] {
                let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 143));
                classifier.stream(Side::Dst, Input::Data(b"* OK IMAP4rev1 ready\r\n"), &mut flow);
                let talk = format!("{line}\r\n{content})\r\n");
                talk.as_bytes().chunks(cut).for_each(|piece| classifier.stream(side, Input::Data(piece), &mut flow));
                let from = if side == Side::Src { "client" } else { "server" };
                let evidence = flow.risk.and_then(|risk| risk.risk_evidence);
                assert_eq!(
                    evidence,
                    file.map(|file| vec![format!("elf came as {file} from the {from}")]),
                    "{line} {cut}"
                );
            }
        }
    }

    #[test]
    fn greetings_and_commands() {
        assert_eq!(probe(Side::Dst, b"* OK ready\r\n"), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"* OK [CAPABILITY IMAP4rev1] ready\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"a001 login me pw\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"GET / HTTP/1.1\r\n"), Verdict::No);
    }
}
