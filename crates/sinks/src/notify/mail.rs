// SPDX-License-Identifier: Apache-2.0
//! Mail by SMTP (RFC 5321) to a relay: in clear, with STARTTLS (RFC 3207), or by TLS from the first octet (RFC 8314).
//! Subject and text are UTF-8 in base64 (RFC 2045, RFC 2047).

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minamo_base::Time;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::{Notice, Notify, NotifyError, PATIENCE};
use crate::export::TlsFiles;

/// Longest line that a server may send, in octets.
const LONGEST_LINE: u64 = 4_096;
/// Lines of one answer at most.
const MOST_LINES: usize = 64;

/// How the way to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all: for relays on this machine.
    None,
    /// By STARTTLS, which the relay must offer.
    StartTls,
    /// By TLS from the start.
    Tls,
}

/// A relay, and who gets mail by it.
pub struct Mail {
    /// Host of the relay.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: Security,
    /// User and password, where the relay wants them; never sent in clear.
    pub login: Option<(String, String)>,
    /// Who the mail is from.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// Authorities that the relay's certificate may be of; those of the system without.
    pub tls: TlsFiles,
}

/// True for an address that can stand in an envelope: no spaces, no angle brackets, one `@`.
fn is_address(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | ';' | '"');
    text.len() <= 254
        && text.chars().all(sound)
        && text.split('@').count() == 2
        && !text.starts_with('@')
        && !text.ends_with('@')
}

impl Mail {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), NotifyError> {
        let bad = |what: String| Err(NotifyError::never("mail", what));
        if let Some(wrong) = self.to.iter().chain([&self.from]).find(|address| !is_address(address)) {
            return bad(format!("got {wrong:?}, want an address such as noc@example.com"));
        }
        if self.to.is_empty() || self.host.is_empty() {
            return bad("want a relay and somebody who gets it".to_owned());
        }
        if self.login.is_some() && self.security == Security::None {
            return bad("a password goes over TLS only: want security \"starttls\" or \"tls\"".to_owned());
        }
        self.tls.check().or_else(|error| bad(error.to_string()))
    }

    /// The message, lines ended by CR LF and dots doubled at the start of lines.
    pub(super) fn message(&self, notice: &Notice) -> String {
        let mut text = format!("{}\n\n{} – {}\n", notice.text, notice.start, notice.end);
        for (name, value) in [("src_ip", &notice.src), ("dst_ip", &notice.dst), ("link", &notice.link)] {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {value}\n"));
            }
        }
        text.push_str(&format!(
            "rule: {}\nevent: {}\nATT&CK: {}\n",
            notice.rule,
            notice.event_id,
            notice.attack.join(", ")
        ));
        let body = STANDARD.encode(text.replace('\n', "\r\n"));
        // A word of a header has at most 75 characters (RFC 2047 §2), a line of base64 at most 76 (RFC 2045 §6.8).
        let words: Vec<String> = words(&format!("[{}] {}", notice.severity, notice.title));
        let lines: Vec<&str> = pieces(&body, 76).collect();
        format!(
            "From: <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}.{}@minamo>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            self.from,
            self.to.iter().map(|to| format!("<{to}>")).collect::<Vec<_>>().join(",\r\n "),
            words.join("\r\n "),
            date(notice.end),
            notice.event_id,
            notice.end.millis(),
            lines.join("\r\n")
        )
    }

    fn converse(&self, notice: &Notice) -> Result<(), Said> {
        let mut addresses = (self.host.as_str(), self.port).to_socket_addrs()?;
        let address = addresses.next().ok_or_else(|| io::Error::other("the name has no address"))?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        match self.security {
            Security::Tls => {
                let mut session = Session(BufReader::new(self.secure(stream)?));
                session.expect(220)?;
                session.deliver(self, notice)
            }
            Security::None => {
                let mut session = Session(BufReader::new(stream));
                session.expect(220)?;
                session.deliver(self, notice)
            }
            Security::StartTls => {
                let mut session = Session(BufReader::new(stream));
                session.expect(220)?;
                session.say("EHLO minamo", 250)?;
                session.say("STARTTLS", 220)?;
                if !session.0.buffer().is_empty() {
                    // What came in clear behind the answer is not the server's (CVE-2011-0411).
                    return Err(io::Error::other("text in clear behind STARTTLS").into());
                }
                let stream = session.0.into_inner();
                Session(BufReader::new(self.secure(stream)?)).deliver(self, notice)
            }
        }
    }

    fn secure(&self, stream: TcpStream) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(self.tls.config()?, name).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

/// What came instead of success.
enum Said {
    Failed(io::Error),
    /// An answer that was not wanted: its code and text.
    Refused(u16, String),
}

impl From<io::Error> for Said {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

struct Session<S: Read + Write>(BufReader<S>);

impl<S: Read + Write> Session<S> {
    fn deliver(&mut self, mail: &Mail, notice: &Notice) -> Result<(), Said> {
        self.say("EHLO minamo", 250)?;
        if let Some((user, password)) = &mail.login {
            // PLAIN (RFC 4616).
            let secret = STANDARD.encode(format!("\0{user}\0{password}"));
            self.say(&format!("AUTH PLAIN {secret}"), 235)?;
        }
        self.say(&format!("MAIL FROM:<{}>", mail.from), 250)?;
        for to in &mail.to {
            self.say(&format!("RCPT TO:<{to}>"), 250)?;
        }
        self.say("DATA", 354)?;
        self.say(&format!("{}.", mail.message(notice)), 250)?;
        // The mail is taken: a relay that does not say goodbye is no failure.
        if self.say("QUIT", 221).is_err() {
            tracing::debug!("the relay ended without a goodbye");
        }
        Ok(())
    }

    fn say(&mut self, line: &str, want: u16) -> Result<(), Said> {
        let stream = self.0.get_mut();
        stream.write_all(line.as_bytes())?;
        stream.write_all(b"\r\n")?;
        stream.flush()?;
        self.expect(want)
    }

    /// Reads an answer of one or more lines (RFC 5321 §4.2).
    fn expect(&mut self, want: u16) -> Result<(), Said> {
        for _ in 0..MOST_LINES {
            let mut line = String::new();
            if self.0.by_ref().take(LONGEST_LINE).read_line(&mut line)? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
            let code = code.ok_or_else(|| io::Error::other(format!("no answer of SMTP: {:?}", line.trim_end())))?;
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            return if code == want { Ok(()) } else { Err(Said::Refused(code, line.trim_end().to_owned())) };
        }
        Err(io::Error::other("an answer without an end").into())
    }
}

impl Notify for Mail {
    fn send(&self, notice: &Notice) -> Result<(), NotifyError> {
        let to = format!("{}:{}", self.host, self.port);
        self.converse(notice).map_err(|said| match said {
            Said::Failed(error) => NotifyError::again(to, error),
            // 4xx: later maybe (RFC 5321 §4.2.1).
            Said::Refused(code, text) if code < 500 => NotifyError::again(to, text),
            Said::Refused(_, text) => NotifyError::never(to, text),
        })
    }
}

/// Words of a header in UTF-8, each of whole characters (RFC 2047 §5 (3)).
fn words(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in text.chars() {
        match parts.last_mut() {
            Some(part) if part.len() + letter.len_utf8() <= 42 => part.push(letter),
            _ => parts.push(letter.to_string()),
        }
    }
    parts.iter().map(|part| format!("=?UTF-8?B?{}?=", STANDARD.encode(part))).collect()
}

/// Pieces of a text of ASCII of at most so many characters.
fn pieces(text: &str, length: usize) -> impl Iterator<Item = &str> {
    (0..text.len()).step_by(length).filter_map(move |at| text.get(at..(at + length).min(text.len())))
}

/// A date of mail (RFC 5322 §3.3), in UTC.
fn date(at: Time) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_string();
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let month =
        part(5..7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.saturating_sub(1))).unwrap_or(&"Jan");
    format!("{} {month} {} {} +0000", part(8..10), part(0..4), part(11..19))
}
