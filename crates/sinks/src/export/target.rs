// SPDX-License-Identifier: Apache-2.0
//! Where an export goes, as one line: `ipfix://192.0.2.1:4739`, `ipfix+tcp://…`, `ipfix+tls://…`, `netflow9://…`,
//! `netflow5://…`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};

use minamo_flowwire::{EXAMPLE_ENTERPRISE, Wire};

use super::{Template, TlsFiles};

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream of IPFIX messages (RFC 7011 §10.4).
    Tcp,
    /// The same, encrypted (RFC 5655 §11).
    Tls,
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
    /// Address, as it was found first.
    pub address: SocketAddr,
    /// Host and port, as they were written: they are looked up again for each connection.
    place: String,
    /// Whom a connection by TLS trusts.
    tls: TlsFiles,
    /// The columns that are written; all that rows have values in where absent.
    pub template: Option<Template>,
    /// Both directions in one record (RFC 5103, and the "out" counters of NetFlow v9); two records otherwise.
    pub biflow: bool,
    /// Observation domain.
    pub domain: u32,
    /// The enterprise number that columns without a public element are written under; where absent they are left out.
    pub enterprise: Option<u32>,
    /// Times to the nanosecond instead of milliseconds, which every receiver knows; IPFIX only.
    pub nanoseconds: bool,
    /// What encrypted traffic shows with Cisco's elements.
    pub eta: bool,
}

/// Why a line names no target.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is written otherwise.
    #[error(
        "export {url:?}: want ipfix://HOST:PORT, ipfix+tcp://HOST:PORT, ipfix+tls://HOST:PORT, netflow9://HOST:PORT or \
         netflow5://HOST:PORT"
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
        error: io::Error,
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
        let mut target = Self::parse_form(url)?;
        target.address = target.look_up().map_err(|error| TargetError::Host { url: url.to_owned(), error })?;
        Ok(target)
    }

    /// The target of a line whose host name is looked up when it is connected to: it may be unknown now.
    pub fn parse_form(url: &str) -> Result<Self, TargetError> {
        let form = || TargetError::Form { url: url.to_owned() };
        let (scheme, place) = url.split_once("://").ok_or_else(form)?;
        let (wire, transport) = match scheme.split_once('+') {
            Some(("ipfix", "tcp")) => (Wire::Ipfix, Transport::Tcp),
            Some(("ipfix", "tls")) => (Wire::Ipfix, Transport::Tls),
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
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let (url, place, biflow) = (url.to_owned(), place.to_owned(), wire == Wire::Ipfix);
        let (tls, template, domain) = (TlsFiles::default(), None, 1);
        let enterprise = (wire == Wire::Ipfix).then_some(EXAMPLE_ENTERPRISE);
        let (nanoseconds, eta) = (false, false);
        Ok(Self { url, wire, transport, address, place, tls, template, biflow, domain, enterprise, nanoseconds, eta })
    }

    fn look_up(&self) -> io::Result<SocketAddr> {
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "it has no address");
        self.place.to_socket_addrs()?.next().ok_or_else(unknown)
    }

    /// The address that the host has now; the one of before where nobody can tell.
    pub(super) fn current_address(&self) -> io::Result<SocketAddr> {
        match self.look_up() {
            Err(_) if self.address.port() > 0 => Ok(self.address),
            found => found,
        }
    }

    /// The host without its port, as it was written.
    pub(super) fn host(&self) -> &str {
        let host = self.place.rsplit_once(':').map_or(self.place.as_str(), |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The files of a connection by TLS; nothing where it is none.
    pub(super) fn tls_files(&self) -> Option<&TlsFiles> {
        (self.transport == Transport::Tls).then_some(&self.tls)
    }

    /// With these files for connections by TLS.
    pub fn with_tls(mut self, files: TlsFiles) -> Self {
        self.tls = files;
        self
    }

    /// With this observation domain.
    pub fn with_domain(mut self, domain: u32) -> Self {
        self.domain = domain;
        self
    }

    /// With our own elements under this enterprise number, or without them where it is 0. Other formats have none.
    pub fn with_enterprise(mut self, number: u32) -> Self {
        self.enterprise = Some(number).filter(|number| *number > 0 && self.wire == Wire::Ipfix);
        self
    }

    /// With times to the nanosecond, where the format has them.
    pub fn with_nanoseconds(mut self, nanoseconds: bool) -> Self {
        self.nanoseconds = nanoseconds;
        self
    }

    /// With what encrypted traffic shows in Cisco's elements. NetFlow v9 has a record for each direction then, as switches
    /// send it; version 5 has no place for it.
    pub fn with_eta(mut self, eta: bool) -> Self {
        self.eta = eta && self.wire != Wire::Netflow5;
        self.biflow &= !(self.eta && self.wire == Wire::Netflow9);
        self
    }

    /// What of a template is not written here, with reasons; empty where all is.
    pub fn left_out(&self, template: &Template) -> Vec<String> {
        template.left_out(self.wire, self.enterprise.is_some(), self.eta)
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
        self.biflow = biflow && self.wire != Wire::Netflow5 && !(self.eta && self.wire == Wire::Netflow9);
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
        let target = Target::parse_form("ipfix+tls://collector.example:4740").expect("a target");
        assert_eq!((target.transport, target.host(), target.address.port()), (Transport::Tls, "collector.example", 0));
        let target = Target::parse("netflow9://[::1]:2055").expect("a target");
        assert_eq!(target.host(), "::1");
        assert_eq!((target.wire, target.address.port(), target.biflow), (Wire::Netflow9, 2055, false));
        for bad in
            ["127.0.0.1:2055", "sflow://127.0.0.1:1", "netflow9+tcp://127.0.0.1:1", "ipfix://127.0.0.1", "ipfix://h:x"]
        {
            let error = Target::parse(bad).expect_err("bad").to_string();
            assert!(error.contains("want ipfix://HOST:PORT") && error.contains(bad), "{error}");
        }
        assert!(!target.clone().with_eta(true).with_biflow(true).biflow && target.clone().with_biflow(true).biflow);
        let fixed = Target::parse("netflow5://127.0.0.1:1").expect("a target");
        assert!(fixed.clone().with_template(Template::default()).is_err() && !fixed.with_biflow(true).biflow);
    }
}
