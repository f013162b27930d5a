// SPDX-License-Identifier: Apache-2.0
//! FTP's control connection (RFC 959): greeting, user, first file, and AUTH TLS (RFC 4217), behind which TLS is
//! probed. The ports of data connections (RFC 959 §4.1.2, RFC 2428) are announced. A greeting of 220 is SMTP's as well.

use std::net::IpAddr;

use minamo_base::Ip;
use minamo_model::Flow;

use super::login;
use super::text::{after, begins, by_lines, is_tls, line, mentions, printable, reply, some_text};
use crate::{Announced, Category, Dissector, Host, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "FTP_CONTROL",
    title: "File Transfer Protocol",
    category: Category::DownloadFt,
    spec: &["RFC 959", "RFC 2228", "RFC 2428", "RFC 4217"],
    ports: &[21, 2121],
    max_state: 16_384,
    probe,
    start: |_| Box::new(Ftp::default()),
    sample: &[
        (Side::Dst, b"220 FTP ready\r\n"),
        (Side::Src, b"USER someone\r\n"),
        (Side::Dst, b"331 Password required\r\n"),
        (Side::Src, b"PASS x\r\nRETR a/file.txt\r\n"),
    ],
    ..Protocol::STREAM
};

/// Commands that a client may start with and that no other protocol knows.
const COMMANDS: [&[u8]; 15] = [
    b"AUTH TLS\r\n",
    b"AUTH SSL\r\n",
    b"FEAT\r\n",
    b"SYST\r\n",
    b"OPTS ",
    b"PASV\r\n",
    b"EPSV\r\n",
    b"TYPE I\r\n",
    b"TYPE A\r\n",
    b"PORT ",
    b"EPRT ",
    b"PWD\r\n",
    b"CWD ",
    b"STOR ",
    b"SIZE ",
];

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first().is_some_and(u8::is_ascii_digit) {
        return greeting(data);
    }
    let mut rest = data;
    loop {
        // USER and PASS are known to POP3 too: they decide nothing.
        let shared = after(rest, b"USER ").or(after(rest, b"PASS ")).is_some();
        if COMMANDS.iter().any(|command| after(rest, command).is_some()) {
            return Verdict::Yes;
        }
        let cut = [&b"USER "[..], b"PASS "]
            .iter()
            .chain(&COMMANDS)
            .any(|command| rest.len() < command.len() && after(command, rest).is_some());
        match line(rest) {
            Some((line, n)) if shared && printable(line) => rest = rest.get(n..).unwrap_or_default(),
            Some(_) => return Verdict::No,
            None => return if (shared && printable(rest)) || cut { Verdict::Maybe } else { Verdict::No },
        }
    }
}

/// The server's side: sure when it names the protocol, or answers as SMTP never does.
fn greeting(data: &[u8]) -> Verdict {
    // In the middle of a session where data are waited for tells enough (RFC 959 §4.2, RFC 2428 §3).
    match (begins(data, b"227 Entering Passive Mode"), begins(data, b"229 Entering Extended Passive Mode")) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => return Verdict::Yes,
        (Verdict::No, Verdict::No) => {}
        _ => return Verdict::Maybe,
    }
    if begins(data, b"220") == Verdict::No {
        return Verdict::No;
    }
    let mut rest = data;
    loop {
        let whole = line(rest);
        let (line, n) = whole.unwrap_or((rest.strip_suffix(b"\r").unwrap_or(rest), rest.len()));
        if !printable(line) || mentions(line, b"SMTP") {
            return Verdict::No;
        }
        match reply(line) {
            Some((220, _)) if mentions(line, b"FTP") => return Verdict::Yes,
            Some((220, _)) => {}
            Some((331 | 332 | 234 | 530 | 230 | 215 | 227 | 229, _)) if rest.len() < data.len() => return Verdict::Yes,
            Some(_) if whole.is_some() => return Verdict::No,
            // A greeting may hold lines without a code between its first and its last (RFC 959 §4.2).
            None if whole.is_some() && mentions(line, b"FTP") && rest.len() < data.len() => return Verdict::Yes,
            None if whole.is_some() && !data.starts_with(b"220-") => return Verdict::No,
            Some(_) | None => {}
        }
        if whole.is_none() || n >= rest.len() {
            return Verdict::Maybe;
        }
        rest = rest.get(n..).unwrap_or_default();
    }
}

#[derive(Default)]
struct Ftp {
    greeted: bool,
    asked_tls: bool,
    /// A password was sent, and the server did not answer yet.
    password: bool,
    tls: bool,
    /// Endpoints of data connections that were agreed on and not told yet.
    said: Vec<Announced>,
}

impl Dissector for Ftp {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Continue(0) };
        if is_tls(data) {
            self.tls = self.asked_tls;
            return if self.tls { Step::Inner(0) } else { Step::Done };
        }
        by_lines(data, |line| match reply(line) {
            Some((code, _)) => self.answer(side, code, line, flow),
            None => self.command(side, line, flow),
        })
    }

    fn announces(&mut self) -> Vec<Announced> {
        std::mem::take(&mut self.said)
    }

    fn name(&self) -> Option<&'static str> {
        self.tls.then_some("FTPS")
    }
}

impl Ftp {
    fn answer(&mut self, side: Side, code: u16, line: &[u8], flow: &mut Flow) -> Step {
        if !self.greeted {
            self.greeted = true;
            flow.ftp.get_or_insert_default().server = some_text(line.get(4..).unwrap_or_default(), 256);
        } else if self.asked_tls && code == 234 {
            self.tls = true;
            return Step::Inner(0);
        } else if self.password && matches!(code, 230 | 430 | 530) {
            self.password = false;
            login::answered(code == 230, flow);
        } else if let 227 | 229 = code {
            let text = line.get(4..).unwrap_or_default();
            self.agree(side, if code == 227 { numbers(text) } else { extended(text) });
        }
        Step::Continue(0)
    }

    fn command(&mut self, side: Side, line: &[u8], flow: &mut Flow) -> Step {
        let ftp = flow.ftp.get_or_insert_default();
        let file = [&b"RETR "[..], b"STOR ", b"APPE ", b"STOU "].iter().find_map(|verb| after(line, verb));
        if let Some(user) = after(line, b"USER ") {
            ftp.user = ftp.user.take().or(some_text(user, 255));
        } else if after(line, b"PASS ").is_some() {
            self.password = true;
            // Anonymous access has no secret (RFC 1635 §2).
            let open = ["anonymous", "ftp"];
            if !ftp.user.as_deref().is_some_and(|user| open.iter().any(|name| user.eq_ignore_ascii_case(name))) {
                risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["FTP", "PASS"]);
            }
        } else if let Some(file) = file {
            ftp.file = ftp.file.take().or(some_text(file, 1_024));
        } else if let Some(end) = after(line, b"PORT ") {
            self.agree(side, numbers(end));
        } else if let Some(end) = after(line, b"EPRT ") {
            self.agree(side, extended(end));
        } else if after(line, b"AUTH TLS").or(after(line, b"AUTH SSL")).is_some() {
            self.asked_tls = true;
        }
        Step::Continue(0)
    }
}

impl Ftp {
    /// Notes where this side waits for the data connection: at the address that it says, and at its own, which is another
    /// one behind a translator of addresses.
    fn agree(&mut self, side: Side, end: Option<(Option<Ip>, u16)>) {
        let Some((ip, port)) = end.filter(|(_, port)| *port > 0) else { return };
        let of = |host| Announced::protocol(host, port, true, ("FTP_DATA", PROTOCOL.title));
        for host in ip.map(Host::At).into_iter().chain([Host::Of(side)]) {
            self.said.push(Announced { peer: Some(side.other()), ..of(host) });
        }
        self.said.truncate(SAID_MAX);
    }
}

/// Data connections that are noted of one piece of input: there is one at a time.
const SAID_MAX: usize = 8;

/// Address and port as six numbers; where they begin is told by the first digit only (RFC 959 §4.1.2; RFC 1123 §4.1.2.6).
fn numbers(text: &[u8]) -> Option<(Option<Ip>, u16)> {
    let from = text.iter().position(u8::is_ascii_digit)?;
    let mut parts = text.get(from..)?.split(|octet| *octet == b',').map(|part| {
        let digits = part.iter().take_while(|octet| octet.is_ascii_digit()).count();
        std::str::from_utf8(part.get(..digits)?).ok()?.parse::<u8>().ok()
    });
    let mut next = || parts.next().flatten();
    let ip = [next()?, next()?, next()?, next()?];
    Some((Some(Ip::v4(ip)), u16::from_be_bytes([next()?, next()?])))
}

/// Protocol, address and port, between a character that is free to choose; the first two may be left out (RFC 2428 §2, §3).
fn extended(text: &[u8]) -> Option<(Option<Ip>, u16)> {
    let from = memchr::memchr(b'(', text).map_or(0, |at| at + 1);
    let (between, rest) = text.get(from..)?.split_first()?;
    let mut parts = rest.split(|octet| octet == between).map(|part| std::str::from_utf8(part).unwrap_or_default());
    let (_, ip, port) = (parts.next()?, parts.next()?, parts.next()?);
    Some((ip.parse::<IpAddr>().ok().map(Ip::from), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;

    #[test]
    fn user_server_and_file() {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 40_000, 40_001);
        for (side, data) in PROTOCOL.sample {
            classifier.stream(*side, Input::Data(data), &mut flow);
        }
        let ftp = flow.ftp.expect("facts");
        assert_eq!((ftp.user.as_deref(), ftp.server.as_deref()), (Some("someone"), Some("FTP ready")));
        assert_eq!(ftp.file.as_deref(), Some("a/file.txt"));
    }

    #[test]
    fn a_password_in_clear_is_a_risk_and_anonymous_access_is_none() {
        for (user, want) in [(&b"USER someone\r\n"[..], true), (b"USER Anonymous\r\n", false)] {
            let mut flow = Flow::default();
            let mut ftp = Ftp::default();
            ftp.feed(Side::Src, Input::Data(user), &mut flow);
            ftp.feed(Side::Src, Input::Data(b"PASS hunter2\r\n"), &mut flow);
            assert_eq!(flow.risk.is_some(), want);
            assert!(!format!("{flow:?}").contains("hunter2"));
        }
    }

    #[test]
    fn data_connections_are_announced() {
        let of = |side, line: &[u8]| {
            let mut ftp = Ftp { greeted: true, ..Ftp::default() };
            ftp.feed(side, Input::Data(line), &mut Flow::default());
            ftp.announces().iter().map(|one| (one.host, one.port.unwrap_or(0), one.peer)).collect::<Vec<_>>()
        };
        let (client, server) = (Host::Of(Side::Src), Host::Of(Side::Dst));
        let at = Host::At(Ip::v4([192, 0, 2, 5]));
        let passive = of(Side::Dst, b"227 Entering Passive Mode (192,0,2,5,19,137).\r\n");
        assert_eq!(passive, [(at, 5_001, Some(Side::Src)), (server, 5_001, Some(Side::Src))]);
        assert_eq!(of(Side::Dst, b"227 =192,0,2,5,19,137\r\n"), passive, "without parentheses");
        let extended = of(Side::Dst, b"229 Entering Extended Passive Mode (|||6446|)\r\n");
        assert_eq!(extended, [(server, 6_446, Some(Side::Src))]);
        let active = of(Side::Src, b"PORT 192,0,2,5,4,1\r\n");
        assert_eq!(active, [(at, 1_025, Some(Side::Dst)), (client, 1_025, Some(Side::Dst))]);
        let active = of(Side::Src, b"EPRT |2|2001:db8::1|5282|\r\n");
        assert_eq!(active[1], (client, 5_282, Some(Side::Dst)));
        assert_eq!(of(Side::Src, b"PORT 192,0,2,5,4,256\r\n"), []);
        assert_eq!(of(Side::Src, &b"PORT 192,0,2,5,4,1\r\n".repeat(100)).len(), SAID_MAX);
    }

    #[test]
    fn a_plain_greeting_waits_for_more() {
        assert_eq!(probe(Side::Dst, b"220 hello\r\n"), Verdict::Maybe);
        assert_eq!(probe(Side::Dst, b"220 hello\r\n331 Password required\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"220 hello\r\n250 fine\r\n"), Verdict::No);
        assert_eq!(probe(Side::Src, b"USER a\r\nPASS b\r\n"), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"USER a\r\nPASS b\r\nSYST\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"EHLO a\r\n"), Verdict::No);
    }
}
