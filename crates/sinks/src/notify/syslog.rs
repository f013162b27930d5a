// SPDX-License-Identifier: Apache-2.0
//! Syslog: RFC 5424 with structured data, or ArcSight's Common Event Format in it, over UDP (RFC 5426) or TCP with
//! octet counting (RFC 6587 §3.4.1).

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};

use super::{Notice, Notify, NotifyError, PATIENCE};

/// Facility "log audit" (RFC 5424 §6.2.1).
const FACILITY: u8 = 13;
/// Longest message over UDP, in octets: what every receiver takes is 2,048 (RFC 5424 §6.1).
const LONGEST: usize = 2_048;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One datagram each.
    Udp,
    /// A connection each: rare messages, and nothing stays unsent in a buffer.
    Tcp,
}

/// What a message looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Structured data of RFC 5424 and the text.
    Rfc5424,
    /// Common Event Format, version 0.
    Cef,
}

/// A receiver of syslog.
pub struct Syslog {
    address: String,
    transport: Transport,
    format: Format,
    host: String,
}

impl Syslog {
    /// At `HOST:PORT`; `host` is our own name in messages.
    pub fn new(address: &str, transport: Transport, format: Format, host: &str) -> Result<Self, NotifyError> {
        if !address.rsplit_once(':').is_some_and(|(name, port)| !name.is_empty() && port.parse::<u16>().is_ok()) {
            return Err(NotifyError::never(address, "want HOST:PORT such as 192.0.2.9:514"));
        }
        let host = host.chars().filter(char::is_ascii_graphic).take(255).collect::<String>();
        Ok(Self {
            address: address.to_owned(),
            transport,
            format,
            host: if host.is_empty() { "-".to_owned() } else { host },
        })
    }

    /// The message (RFC 5424 §6).
    pub(super) fn message(&self, notice: &Notice) -> String {
        let level = match &*notice.severity {
            "critical" => 2,
            "high" => 3,
            "medium" => 4,
            _ => 5,
        };
        let priority = FACILITY * 8 + level;
        let head = format!("<{priority}>1 {} {} minamo - event", notice.start, self.host);
        match self.format {
            Format::Rfc5424 => format!("{head} {} \u{feff}{}: {}", structured(notice), notice.title, notice.text),
            Format::Cef => format!("{head} - {}", cef(notice)),
        }
    }

    fn resolve(&self) -> Result<SocketAddr, NotifyError> {
        let found = self.address.to_socket_addrs().map_err(|error| NotifyError::again(&self.address, error))?;
        found.into_iter().next().ok_or_else(|| NotifyError::again(&self.address, "the name has no address"))
    }
}

/// Structured data; the identifier is of the enterprise number for documentation (RFC 5612).
fn structured(notice: &Notice) -> String {
    let value = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
    let mut out = format!(
        "[minamo@32473 event_id=\"{}\" rule=\"{}\" severity=\"{}\"",
        value(&notice.event_id),
        value(&notice.rule),
        value(&notice.severity)
    );
    for (name, text) in [("src_ip", &notice.src), ("dst_ip", &notice.dst), ("link", &notice.link)] {
        if let Some(text) = text {
            out.push_str(&format!(" {name}=\"{}\"", value(text)));
        }
    }
    if !notice.attack.is_empty() {
        out.push_str(&format!(" attack=\"{}\"", value(&notice.attack.join(","))));
    }
    out.push(']');
    out
}

/// Common Event Format (ArcSight, "Implementing ArcSight Common Event Format", version 25).
fn cef(notice: &Notice) -> String {
    let head = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ");
    let value = |text: &str| text.replace('\\', "\\\\").replace('=', "\\=").replace('\n', "\\n").replace('\r', "\\r");
    let severity = match &*notice.severity {
        "critical" => 10,
        "high" => 8,
        "medium" => 5,
        _ => 3,
    };
    let mut out = format!(
        "CEF:0|Minamo|Minamo|{}|{}|{}|{severity}|externalId={} start={} end={} msg={}",
        env!("CARGO_PKG_VERSION"),
        head(&notice.rule),
        head(&notice.title),
        value(&notice.event_id),
        notice.start.millis(),
        notice.end.millis(),
        value(&notice.text)
    );
    for (four, six, label, text) in
        [("src", "c6a2", "Source IPv6 Address", &notice.src), ("dst", "c6a3", "Destination IPv6 Address", &notice.dst)]
    {
        match text {
            Some(text) if text.contains(':') => out.push_str(&format!(" {six}={} {six}Label={label}", value(text))),
            Some(text) => out.push_str(&format!(" {four}={}", value(text))),
            None => {}
        }
    }
    if !notice.attack.is_empty() {
        out.push_str(&format!(" cs1={} cs1Label=MITRE ATT&CK", value(&notice.attack.join(","))));
    }
    if let Some(link) = &notice.link {
        out.push_str(&format!(" cs2={} cs2Label=Link", value(link)));
    }
    out
}

/// At most so many octets, at the end of a character.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

impl Notify for Syslog {
    fn send(&self, notice: &Notice) -> Result<(), NotifyError> {
        let failed = |error: std::io::Error| NotifyError::again(&self.address, error);
        let (message, to) = (self.message(notice), self.resolve()?);
        match self.transport {
            Transport::Udp => {
                let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any).map_err(failed)?;
                socket.send_to(cut(&message, LONGEST).as_bytes(), to).map(drop).map_err(failed)
            }
            Transport::Tcp => {
                let mut stream = TcpStream::connect_timeout(&to, PATIENCE).map_err(failed)?;
                stream.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
                write!(stream, "{} {message}", message.len()).map_err(failed)
            }
        }
    }
}
