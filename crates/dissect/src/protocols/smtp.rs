// SPDX-License-Identifier: Apache-2.0
//! SMTP (RFC 5321): greeting, names, the first envelope, programs that are attached to mail, and STARTTLS (RFC 3207), behind which
//! TLS is probed. A greeting of 220 is FTP's as well: words in it, or the client's first command, decide.

use minamo_model::Flow;

use super::login;
use super::mime::Mail;
use super::starttls::StartTls;
use super::text::{after, begins, by_lines, is_tls, line, mentions, printable, reply, some_text, word};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SMTP",
    title: "Simple Mail Transfer Protocol",
    category: Category::Mail,
    spec: &["RFC 5321", "RFC 3207", "RFC 2033", "RFC 3030", "RFC 2045"],
    ports: &[25, 587, 2525],
    max_state: 16_384,
    probe,
    start: |_| Box::new(Smtp::default()),
    sample: &[
        (Side::Dst, b"220 a ESMTP ready\r\n"),
        (Side::Src, b"EHLO client.example\r\n"),
        (Side::Dst, b"250-a\r\n250 PIPELINING\r\n"),
        (Side::Src, b"MAIL FROM:<a@example.com> SIZE=9\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"),
    ],
    ..Protocol::STREAM
};

/// Commands that only a client of SMTP or LMTP starts with.
const HELLO: [&[u8]; 3] = [b"EHLO ", b"HELO ", b"LHLO "];
/// What comes behind it, where the beginning was not seen.
const ENVELOPE: [&[u8]; 2] = [b"MAIL FROM:", b"RCPT TO:"];

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first().is_some_and(u8::is_ascii_digit) {
        return greeting(data);
    }
    let mut verdict = Verdict::No;
    for hello in HELLO.iter().chain(&ENVELOPE) {
        let n = data.len().min(hello.len());
        if data.get(..n).is_some_and(|d| d.eq_ignore_ascii_case(hello.get(..n).unwrap_or_default())) {
            verdict = if n == hello.len() { Verdict::Yes } else { Verdict::Maybe };
        }
    }
    verdict
}

/// The server's side: sure when it names the protocol, or answers as FTP never does.
fn greeting(data: &[u8]) -> Verdict {
    if begins(data, b"220") == Verdict::No && begins(data, b"554") == Verdict::No {
        return Verdict::No;
    }
    let Some((first, n)) = line(data) else {
        return match data {
            _ if !printable(data.strip_suffix(b"\r").unwrap_or(data)) || mentions(data, b"FTP") => Verdict::No,
            [_, _, _, b' ' | b'-', text @ ..] if mentions(text, b"SMTP") => Verdict::Yes,
            [_, _, _, b' ' | b'-', ..] | [_] | [_, _] | [_, _, _] => Verdict::Maybe,
            _ => Verdict::No,
        };
    };
    if reply(first).is_none() || !printable(first) || mentions(first, b"FTP") {
        return Verdict::No;
    }
    if mentions(first, b"SMTP") {
        return Verdict::Yes;
    }
    let mut rest = data.get(n..).unwrap_or_default();
    while let Some((next, n)) = line(rest) {
        rest = rest.get(n..).unwrap_or_default();
        match reply(next) {
            Some((250, _)) => return Verdict::Yes,
            Some((220, _)) if mentions(next, b"SMTP") => return Verdict::Yes,
            Some((220, _)) if !mentions(next, b"FTP") => {}
            _ => return Verdict::No,
        }
    }
    Verdict::Maybe
}

#[derive(Default)]
struct Smtp {
    greeted: bool,
    tls: StartTls,
    /// The side that sends mail.
    client: Option<Side>,
    data: Data,
    /// More parts of the message follow.
    chunked: bool,
    mail: Option<Box<Mail>>,
}

/// What of a message is being sent.
#[derive(Default, PartialEq, Eq)]
enum Data {
    #[default]
    Nothing,
    /// All up to a line with a full stop (RFC 5321 §4.1.1.4).
    Lines,
    /// So many octets (RFC 3030 §2); true for the last ones of the message.
    Octets(u64, bool),
}

impl Dissector for Smtp {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Continue(0) };
        if is_tls(data) {
            return self.tls.record(flow);
        }
        // The side that answers with numbers is the server, whoever opened the connection.
        by_lines(data, |line| {
            if self.data != Data::Nothing && self.client == Some(side) {
                return self.content(line, flow);
            }
            match reply(line) {
                Some((code, last)) => self.answer(code, last, line, flow),
                None => self.command(side, line, flow),
            }
        })
    }

    fn name(&self) -> Option<&'static str> {
        self.tls.name("SMTPS")
    }
}

impl Smtp {
    fn answer(&mut self, code: u16, last: bool, line: &[u8], flow: &mut Flow) -> Step {
        if !self.greeted {
            self.greeted = true;
            let mail = flow.mail.get_or_insert_default();
            mail.server = some_text(line.get(4..).unwrap_or_default(), 256);
        } else if self.tls.asked && last {
            if code == 220 {
                return self.tls.hand_over(flow);
            }
            self.tls.asked = false;
        } else if last && matches!(code, 235 | 535) {
            // RFC 4954 §6.
            login::answered(code == 235, flow);
        } else if code >= 400 && self.data == Data::Lines {
            // No message follows; what is refused behind it was sent already.
            self.data = Data::Nothing;
        }
        Step::Continue(0)
    }

    /// A line of a message.
    fn content(&mut self, line: &[u8], flow: &mut Flow) -> Step {
        let mail = self.mail.get_or_insert_default();
        let ends = match &mut self.data {
            Data::Octets(left, last) => {
                *left = left.saturating_sub(line.len() as u64 + 2);
                let (empty, last) = (*left == 0, *last);
                if empty {
                    self.data = Data::Nothing;
                }
                empty && last
            }
            _ if line == b"." => {
                self.data = Data::Nothing;
                mail.end("", flow);
                return Step::Continue(0);
            }
            _ => false,
        };
        let more = mail.line(line, "", flow);
        if ends {
            mail.end("", flow);
        }
        if more { Step::Continue(0) } else { Step::Done }
    }

    fn command(&mut self, side: Side, line: &[u8], flow: &mut Flow) -> Step {
        let mail = flow.mail.get_or_insert_default();
        if let Some(name) = HELLO.iter().find_map(|hello| after(line, hello)) {
            mail.helo = mail.helo.take().or(some_text(name, 255));
        } else if let Some(path) = after(line, b"MAIL FROM:") {
            mail.from = mail.from.take().or(mailbox(path));
        } else if let Some(path) = after(line, b"RCPT TO:") {
            mail.to = mail.to.take().or(mailbox(path));
        } else if after(line, b"AUTH PLAIN").or(after(line, b"AUTH LOGIN")).is_some() {
            risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["SMTP", "a login"]);
        } else if after(line, b"STARTTLS").is_some() {
            self.tls.asked = true;
        } else if after(line, b"DATA").is_some_and(<[u8]>::is_empty) {
            self.begin(side, Data::Lines);
        } else if let Some(chunk) = after(line, b"BDAT ") {
            let (size, last) = word(chunk);
            let size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok()).unwrap_or(0);
            self.chunk(side, size, last.eq_ignore_ascii_case(b"LAST"));
        }
        Step::Continue(0)
    }
}

impl Smtp {
    /// A message begins.
    fn begin(&mut self, side: Side, data: Data) {
        (self.client, self.data) = (Some(side), data);
        self.mail.get_or_insert_default().begin();
    }

    /// A part of a message begins; the first one where none is open.
    fn chunk(&mut self, side: Side, size: u64, last: bool) {
        if !self.chunked {
            self.begin(side, Data::Nothing);
        }
        self.chunked = !last;
        self.data = if size > 0 { Data::Octets(size, last) } else { Data::Nothing };
    }
}

/// The mailbox between angle brackets, or the first word (RFC 5321 §4.1.2).
fn mailbox(path: &[u8]) -> Option<String> {
    let path = path.trim_ascii_start();
    let inner = match path.strip_prefix(b"<") {
        Some(rest) => rest.split(|b| *b == b'>').next()?,
        None => path.split(|b| *b == b' ').next()?,
    };
    some_text(inner, 320)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;

    #[test]
    fn envelope() {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 40_000, 40_001);
        for (side, data) in PROTOCOL.sample {
            classifier.stream(*side, Input::Data(data), &mut flow);
        }
        let mail = flow.mail.expect("facts");
        assert_eq!((mail.helo.as_deref(), mail.server.as_deref()), (Some("client.example"), Some("a ESMTP ready")));
        assert_eq!((mail.from.as_deref(), mail.to.as_deref()), (Some("a@example.com"), Some("b@example.org")));
    }

    /// What is told of a message that a client sends with these commands.
    fn sent(said: &[(Side, String)], cut: usize) -> Option<Vec<String>> {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 40_000, 40_001));
        for (side, data) in said {
            data.as_bytes().chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        flow.risk.and_then(|risk| risk.risk_evidence)
    }

    #[test]
    fn a_program_that_is_attached() {
        let message = super::super::mime::tests::message();
        let hello = (Side::Src, "EHLO me\r\nMAIL FROM:<a@example.com>\r\n".to_owned());
        let told = Some(vec!["elf came as set up.bin from a@example.com".to_owned()]);
        let go = (Side::Dst, "354 go\r\n".to_owned());
        for cut in [1, 50, 10_000] {
            let data =
                [hello.clone(), (Side::Src, "DATA\r\n".into()), go.clone(), (Side::Src, format!("{message}.\r\n"))];
            assert_eq!(sent(&data, cut), told, "{cut}");
            let half = message.len() / 2;
            let chunk = |from: usize, to: usize, last: &str| {
                (Side::Src, format!("BDAT {}{last}\r\n{}", to - from, &message[from..to]))
            };
            let half = message[..half].rfind('\n').expect("a line") + 1;
            let chunks = [hello.clone(), chunk(0, half, ""), chunk(half, message.len(), " LAST")];
            assert_eq!(sent(&chunks, cut), told, "{cut}");
        }
        let greeting = (Side::Dst, "220 a ESMTP\r\n".to_owned());
        let refused =
            [greeting, hello, (Side::Src, "DATA\r\n".into()), (Side::Dst, "554 no\r\n".into()), (Side::Src, message)];
        assert_eq!(sent(&refused, 50), None);
    }

    #[test]
    fn a_plain_greeting_waits_for_the_client() {
        assert_eq!(probe(Side::Dst, b"220 mail.example.com ready\r\n"), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"220 files.example.com FTP\r\n"), Verdict::No);
        assert_eq!(probe(Side::Dst, b"220 x\r\n331 Password\r\n"), Verdict::No);
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 40_000, 40_001);
        classifier.stream(Side::Dst, Input::Data(b"220 mail.example.com ready\r\n"), &mut flow);
        assert!(classifier.protocol().is_none());
        classifier.stream(Side::Src, Input::Data(b"ehlo me\r\nSTARTTLS\r\n"), &mut flow);
        classifier.stream(Side::Dst, Input::Data(b"220 go\r\n"), &mut flow);
        classifier.label(&mut flow);
        let mail = flow.mail.expect("facts");
        assert_eq!((mail.server.as_deref(), mail.starttls), (Some("mail.example.com ready"), Some(true)));
        assert_eq!(flow.core.app, "SMTPS");
    }
}
