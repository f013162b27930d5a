// SPDX-License-Identifier: Apache-2.0
//! Where an export goes, as one line: `ipfix://192.0.2.1:4739`, `ipfix+tcp://…`, `netflow9://…`, `netflow5://…`.

use std::net::{SocketAddr, ToSocketAddrs as _};

use minamo_flowwire::Wire;

use super::Template;

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream of IPFIX messages (RFC 7011 §10.4).
    Tcp,
}

/// A collector and what it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The line that named it.
    pub url: String,
    /// Format.
    pub wire: Wire,
    /// Transport.
    pub transport: Transport,
    /// Address.
    pub address: SocketAddr,
    /// The columns that are written; all that rows have values in where absent.
    pub template: Option<Template>,
    /// Both directions in one record (RFC 5103, and the "out" counters of NetFlow v9); two records otherwise.
    pub biflow: bool,
    /// Observation domain.
    pub domain: u32,
}

/// Why a line names no target.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is written otherwise.
    #[error(
        "export {url:?}: want ipfix://HOST:PORT, ipfix+tcp://HOST:PORT, netflow9://HOST:PORT or netflow5://HOST:PORT"
    )]
    Form {
        /// The line.
        url: String,
    },
    /// Its host has no address.
    #[error("export {url:?}: {error}")]
    Host {
        /// The line.
        url: String,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A template with a format that has none.
    #[error("export {url:?}: netflow5 has fixed fields; use netflow9 or ipfix with a template")]
    Fixed {
        /// The line.
        url: String,
    },
}

impl Target {
    /// The target of a line; a host name is looked up now.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let form = || TargetError::Form { url: url.to_owned() };
        let (scheme, place) = url.split_once("://").ok_or_else(form)?;
        let (wire, transport) = match scheme.split_once('+') {
            Some(("ipfix", "tcp")) => (Wire::Ipfix, Transport::Tcp),
            None | Some((_, "udp")) => {
                let name = scheme.split('+').next().unwrap_or_default();
                (Wire::named(name).ok_or_else(form)?, Transport::Udp)
            }
            Some(_) => return Err(form()),
        };
        let place = place.trim_end_matches('/');
        if place.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            return Err(form());
        }
        let mut found = place.to_socket_addrs().map_err(|error| TargetError::Host { url: url.to_owned(), error })?;
        let address = found.next().ok_or_else(form)?;
        let biflow = wire == Wire::Ipfix;
        Ok(Self { url: url.to_owned(), wire, transport, address, template: None, biflow, domain: 1 })
    }

    /// With a chosen template.
    pub fn with_template(mut self, template: Template) -> Result<Self, TargetError> {
        if self.wire == Wire::Netflow5 {
            return Err(TargetError::Fixed { url: self.url });
        }
        self.template = Some(template);
        Ok(self)
    }

    /// With both directions in one record or in two. NetFlow v5 has no choice.
    pub fn with_biflow(mut self, biflow: bool) -> Self {
        self.biflow = biflow && self.wire != Wire::Netflow5;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_format_transport_and_place() {
        let target = Target::parse("ipfix+tcp://127.0.0.1:4739").expect("a target");
        assert_eq!((target.wire, target.transport, target.biflow), (Wire::Ipfix, Transport::Tcp, true));
        let target = Target::parse("netflow9://[::1]:2055").expect("a target");
        assert_eq!((target.wire, target.address.port(), target.biflow), (Wire::Netflow9, 2055, false));
        for bad in
            ["127.0.0.1:2055", "sflow://127.0.0.1:1", "netflow9+tcp://127.0.0.1:1", "ipfix://127.0.0.1", "ipfix://h:x"]
        {
            let error = Target::parse(bad).expect_err("bad").to_string();
            assert!(error.contains("want ipfix://HOST:PORT") && error.contains(bad), "{error}");
        }
        let fixed = Target::parse("netflow5://127.0.0.1:1").expect("a target");
        assert!(fixed.clone().with_template(Template::default()).is_err() && !fixed.with_biflow(true).biflow);
    }
}
