// SPDX-License-Identifier: Apache-2.0
//! POP3 (RFC 1939): greeting, programs that are attached to mail, and STLS (RFC 2595), behind which TLS is probed. Mailboxes and
//! messages are not noted.

use minamo_model::Flow;

use super::login;
use super::mime::Mail;
use super::starttls::StartTls;
use super::text::{after, begins, by_lines, is_tls, line, mentions, printable, some_text};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "POP3",
    title: "Post Office Protocol 3",
    category: Category::Mail,
    spec: &["RFC 1939", "RFC 2449", "RFC 2595", "RFC 2045"],
    ports: &[110],
    max_state: 16_384,
    probe,
    start: |_| Box::new(Pop3::default()),
    sample: &[(Side::Dst, b"+OK POP3 ready\r\n"), (Side::Src, b"CAPA\r\n"), (Side::Dst, b"+OK\r\nSTLS\r\n.\r\n")],
    ..Protocol::STREAM
};

/// Commands that a client may start with and that no other protocol knows.
const COMMANDS: [&[u8]; 3] = [b"CAPA\r\n", b"APOP ", b"STLS\r\n"];

/// A greeting that names the protocol or carries the timestamp of APOP, two positive answers in a row, or a client's
/// command. USER is known to FTP too, AUTH to SMTP: they decide nothing.
fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&b'+') {
        return greeting(data);
    }
    let mut rest = data;
    loop {
        if COMMANDS.iter().any(|command| after(rest, command).is_some()) {
            return Verdict::Yes;
        }
        let shared = [&b"USER "[..], b"PASS ", b"AUTH"].iter().any(|command| {
            after(rest, command).is_some() || rest.len() < command.len() && after(command, rest).is_some()
        });
        let cut = COMMANDS.iter().any(|command| rest.len() < command.len() && after(command, rest).is_some());
        match line(rest) {
            Some((line, n)) if shared && printable(line) => rest = rest.get(n..).unwrap_or_default(),
            None if cut || shared && printable(rest.strip_suffix(b"\r").unwrap_or(rest)) => return Verdict::Maybe,
            _ => return Verdict::No,
        }
    }
}

fn greeting(data: &[u8]) -> Verdict {
    if begins(data, b"+OK") != Verdict::Yes {
        return begins(data, b"+OK");
    }
    let (first, n) = line(data).unwrap_or((data.strip_suffix(b"\r").unwrap_or(data), data.len()));
    let text = first.get(3..).unwrap_or_default();
    if !printable(first) || !matches!(text.first(), None | Some(b' ')) {
        return Verdict::No;
    }
    let stamp = text.ends_with(b">") && text.contains(&b'<') && text.contains(&b'@');
    if mentions(text, b"POP") || stamp {
        return Verdict::Yes;
    }
    // Answers without a text are Redis's as well.
    let second = data.get(n..).unwrap_or_default();
    match (begins(second, b"+OK "), begins(second, b"-ERR")) {
        (Verdict::Yes, _) | (_, Verdict::Yes) if text.len() > 1 => Verdict::Yes,
        (Verdict::No, Verdict::No) => Verdict::No,
        _ => Verdict::Maybe,
    }
}

#[derive(Default)]
struct Pop3 {
    greeted: bool,
    /// A login was begun, and the server did not answer yet.
    login: bool,
    tls: StartTls,
    /// The side that asked for a message.
    asked: Option<Side>,
    /// A message is being sent.
    sends: bool,
    mail: Option<Box<Mail>>,
}

impl Pop3 {
    /// A line of a message, from the server (RFC 1939 §3).
    fn content(&mut self, line: &[u8], flow: &mut Flow) -> Step {
        let mail = self.mail.get_or_insert_default();
        if line == b"." {
            (self.sends, self.asked) = (false, None);
            mail.end("the server", flow);
            return Step::Continue(0);
        }
        if mail.line(line, "the server", flow) { Step::Continue(0) } else { Step::Done }
    }
}

impl Dissector for Pop3 {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if is_tls(data) {
            return self.tls.record(flow);
        }
        by_lines(data, |line| {
            let server = self.asked.is_some_and(|asked| asked != side);
            if self.sends && server {
                return self.content(line, flow);
            }
            let answer = after(line, b"+OK");
            if server {
                // The message follows, or there is none.
                self.sends = answer.is_some();
                self.asked = self.asked.filter(|_| self.sends);
                self.mail.get_or_insert_default().begin();
                return Step::Continue(0);
            }
            if let (Some(text), false) = (answer, self.greeted) {
                self.greeted = true;
                flow.mail.get_or_insert_default().server = some_text(text, 256);
            } else if self.login && (answer.is_some() || after(line, b"-ERR").is_some()) {
                self.login = false;
                login::answered(answer.is_some(), flow);
            } else if answer.is_some() && self.tls.asked {
                return self.tls.hand_over(flow);
            } else if after(line, b"STLS").is_some_and(<[u8]>::is_empty) && self.greeted {
                // Servers list it among their capabilities too; what follows then is no answer.
                self.tls.asked = true;
            } else if after(line, b"-ERR").is_some() || line == b"." {
                self.tls.asked = false;
            } else if after(line, b"PASS ").or(after(line, b"AUTH PLAIN")).or(after(line, b"AUTH LOGIN")).is_some() {
                self.login = true;
                risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["POP3", "a login"]);
            } else if after(line, b"RETR ").is_some() {
                self.asked = Some(side);
            }
            Step::Continue(0)
        })
    }

    fn name(&self) -> Option<&'static str> {
        self.tls.name("POPS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings() {
        assert_eq!(probe(Side::Dst, b"+OK hello\r\n"), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"+OK hello <1.2@host>\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"+OK hello\r\n-ERR what?\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"+OK\r\n+OK\r\n"), Verdict::No);
        assert_eq!(probe(Side::Src, b"USER a\r\n"), Verdict::Maybe);
    }

    #[test]
    fn a_program_that_is_attached() {
        let message = super::super::mime::tests::message();
        for (answer, cut, told) in [("+OK", 1, true), ("+OK", 70, true), ("-ERR", 70, false)] {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 110));
            let talk = format!("{answer}\r\n{message}.\r\n+OK bye\r\n");
            for (side, data) in [(Side::Dst, "+OK POP3 ready\r\n"), (Side::Src, "RETR 1\r\n"), (Side::Dst, &talk)] {
                data.as_bytes().chunks(cut).for_each(|piece| classifier.stream(side, Input::Data(piece), &mut flow));
            }
            let evidence = flow.risk.and_then(|risk| risk.risk_evidence);
            assert_eq!(
                evidence,
                told.then(|| vec!["elf came as set up.bin from the server".to_owned()]),
                "{answer} {cut}"
            );
        }
    }

    #[test]
    fn stls_hands_over() {
        let mut flow = Flow::default();
        let mut pop3 = Pop3::default();
        pop3.feed(Side::Dst, Input::Data(b"+OK POP3 ready\r\n"), &mut flow);
        pop3.feed(Side::Src, Input::Data(b"STLS\r\n"), &mut flow);
        assert_eq!(pop3.feed(Side::Dst, Input::Data(b"+OK go\r\n"), &mut flow), Step::Inner(8));
        assert_eq!(flow.mail.expect("facts").starttls, Some(true));
    }
}
