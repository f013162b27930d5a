// SPDX-License-Identifier: Apache-2.0
//! What one conversation says of others: FTP's control connection names the port of the data (RFC 959 §4.1.2, RFC 2428),
//! SIP and RTSP those of the media (RFC 8866 §5.7, §5.14; RFC 2326 §12.39), TFTP's answers come from a new port (RFC 1350 §4),
//! and all that an agent of ICE sends goes through one socket (RFC 8445 §5.1.1).
//!
//! A dissector says it ([`crate::Dissector::announces`]); whoever meters remembers it, and completes the rows of the
//! conversations that it was said of.

use minamo_base::Ip;
use minamo_model::Flow;

use crate::{Category, PROTOCOLS, Protocol, Side, category_of, reason};

/// An endpoint that conversations are going to have, and what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Its address.
    pub host: Host,
    /// Its port; that of the side which [`Host`] names where there is none.
    pub port: Option<u16>,
    /// True for TCP, false for UDP.
    pub stream: bool,
    /// The side whose host the other end is, where only conversations with that one are meant.
    pub peer: Option<Side>,
    /// For how long it counts, in seconds.
    pub secs: u32,
    /// What the conversations are.
    pub meant: Meant,
}

/// The address of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// That of one side of the conversation that says it.
    Of(Side),
    /// This one.
    At(Ip),
}

/// What the conversations of an endpoint are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// A protocol by its label, and the full name of the one that announced it.
    Protocol(&'static str, &'static str),
    /// Calls of a service; true where their media are known to be secured (RFC 3711).
    Calls(&'static str, bool),
}

impl Announced {
    /// Calls of a service from the initiator's socket: an agent asks its servers and checks its peers from one (RFC 8445 §5.1.1).
    pub(crate) fn calls(service: &'static str, secured: bool) -> Self {
        let (host, meant) = (Host::Of(Side::Src), Meant::Calls(service, secured));
        Self { host, port: None, stream: false, peer: None, secs: 600, meant }
    }

    /// A data connection or media of a protocol, which follow within minutes.
    pub(crate) fn protocol(host: Host, port: u16, stream: bool, names: (&'static str, &'static str)) -> Self {
        let meant = Meant::Protocol(names.0, names.1);
        Self { host, port: Some(port), stream, peer: None, secs: 300, meant }
    }
}

impl Meant {
    /// Completes the label of a row between endpoints that were announced; the protocol, where that tells it.
    pub fn complete(&self, flow: &mut Flow) -> Option<&'static Protocol> {
        match *self {
            Self::Protocol(name, by) => {
                let protocol = PROTOCOLS.iter().find(|protocol| protocol.name == name)?;
                if !yields(&flow.core.app, flow.core.app_confidence.as_ref(), name) {
                    return None;
                }
                let core = &mut flow.core;
                core.app = name.into();
                core.app_category =
                    (protocol.category != Category::Unspecified).then(|| protocol.category.name().into());
                core.app_confidence = "partial".into();
                core.app_reason = Some(reason::ANNOUNCED.fill(&[protocol.title, by]).into());
                core.encrypted = Some(protocol.encrypted);
                Some(protocol)
            }
            Self::Calls(service, secured) => {
                let app = match &*flow.core.app {
                    "STUN" => format!("STUN.{service}"),
                    "STUN.RTP" if secured => format!("STUN.SRTP.{service}"),
                    "STUN.RTP" => format!("STUN.{service}"),
                    "STUN.DTLS" => format!("STUN.DTLS.{service}"),
                    _ => return None,
                };
                let core = &mut flow.core;
                core.app = app.into();
                let category = category_of(&crate::Services::default(), &core.app);
                core.app_category = (category != Category::Unspecified).then(|| category.name().into());
                let told = core.app_reason.take().map(std::borrow::Cow::into_owned);
                let statements: Vec<_> = told.into_iter().chain([reason::SOCKET.fill(&[service])]).collect();
                core.app_reason = Some(reason::join(&statements).into());
                None
            }
        }
    }
}

/// Whether what was found in a conversation gives way to what was said of it: files in transit look like anything; media
/// that were recognised are only told more exactly.
fn yields(app: &str, confidence: &str, announced: &str) -> bool {
    match announced {
        _ if confidence == "signature" || app == announced => false,
        "FTP_DATA" => !app.starts_with("TLS") && !app.starts_with("FTPS"),
        "SRTP" => matches!(app, "Unknown" | "RTP" | "RTCP"),
        _ => app == "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(app: &'static str, confidence: &'static str, meant: Meant) -> (String, String) {
        let mut flow = Flow::default();
        (flow.core.app, flow.core.app_confidence) = (app.into(), confidence.into());
        meant.complete(&mut flow);
        (flow.core.app.into_owned(), flow.core.app_reason.unwrap_or_default().into_owned())
    }

    #[test]
    fn what_was_said_names_what_is_unknown() {
        let data = Meant::Protocol("FTP_DATA", "File Transfer Protocol");
        let (app, reason) = completed("Unknown", "none", data);
        assert_eq!(
            (app.as_str(), reason.as_str()),
            ("FTP_DATA", "FTP data connection as File Transfer Protocol announced it")
        );
        assert_eq!(completed("HTTP", "content", data).0, "FTP_DATA", "a file that begins so");
        assert_eq!(completed("TLS", "content", data).0, "TLS");
        assert_eq!(completed("Ours", "signature", data).0, "Ours");
        let media = |name| Meant::Protocol(name, "Session Initiation Protocol");
        assert_eq!(completed("RTP", "content", media("SRTP")).0, "SRTP");
        assert_eq!(completed("STUN.DTLS", "content", media("SRTP")).0, "STUN.DTLS");
        assert_eq!(completed("DNS", "content", media("RTP")).0, "DNS");
    }

    #[test]
    fn calls_of_one_socket_are_of_one_service() {
        let calls = Meant::Calls("SignalVoip", true);
        assert_eq!(completed("STUN", "content", calls).0, "STUN.SignalVoip");
        assert_eq!(completed("STUN.RTP", "content", calls).0, "STUN.SRTP.SignalVoip");
        assert_eq!(completed("STUN.DTLS", "content", calls).0, "STUN.DTLS.SignalVoip");
        assert_eq!(completed("STUN.Zoom", "content", calls).0, "STUN.Zoom");
        assert_eq!(completed("Unknown", "none", calls).0, "Unknown");
    }
}
