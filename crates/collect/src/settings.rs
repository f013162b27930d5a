// SPDX-License-Identifier: Apache-2.0
//! What the user can set of the collector.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use minamo_base::{Ip, Prefix};
use minamo_flowwire::{Elements, Interface, Limits};
use minamo_model::BATCH_ROWS;

/// What happens to records of an exporter that nobody has allowed or denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// They are taken, and the exporter is shown as unknown.
    #[default]
    Accept,
    /// They are decoded and counted but not taken until somebody allows the exporter.
    Ask,
    /// They are counted and not decoded.
    Refuse,
}

/// What is known of an exporter beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Name.
    pub name: String,
    /// Place.
    pub site: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Sampling: one in how many, where the exporter does not tell.
    pub sampling: Option<u32>,
    /// Records a second that are taken at most.
    pub rate: Option<u32>,
    /// Whether its records are taken; nothing leaves that to prefixes and to what holds for unknown ones.
    pub allow: Option<bool>,
    /// Interfaces by index; they go before what the exporter tells.
    pub interfaces: HashMap<u32, Interface>,
}

/// Certificates for IPFIX over TLS (RFC 5655 §11 wants TLS; RFC 7011 §11.1 mutual authentication).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM file with our certificate and what leads to its authority.
    pub certificate: PathBuf,
    /// PEM file with its private key.
    pub key: PathBuf,
    /// PEM file with the authorities whose clients are let in; without one any client is.
    pub client_authority: Option<PathBuf>,
}

/// Settings of the section `collect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// UDP addresses to listen at (`collect.listen`). By default the ports in use for NetFlow and IPFIX, on
    /// loopback.
    pub listen: Vec<SocketAddr>,
    /// TCP addresses for IPFIX (`collect.tcp`).
    pub tcp: Vec<SocketAddr>,
    /// TCP addresses for IPFIX over TLS (`collect.tls`).
    pub tls: Vec<SocketAddr>,
    /// Certificates for them.
    pub certificates: Option<Tls>,
    /// TCP and TLS connections at a time (`collect.connections`).
    pub connections: usize,
    /// UDP sockets per address, among which the kernel spreads the exporters (`collect.sockets`).
    pub sockets: usize,
    /// Threads that decode; each has its own exporters (`collect.decoders`).
    pub decoders: usize,
    /// Octets that the system may hold for each socket (`collect.receive_buffer`); it may grant less.
    pub receive_buffer: usize,
    /// Octets of datagrams that may wait for each decoder (`collect.queue`).
    pub queue: usize,
    /// Most rows of a batch (`collect.batch_rows`), at most 8,192.
    pub batch_rows: usize,
    /// Age at which a batch leaves although it is not full (`collect.batch_age`).
    pub batch_age: Duration,
    /// How long a batch waits for room in the channel before it is dropped (`collect.send_wait`).
    pub send_wait: Duration,
    /// Folder for what survives a restart; nothing survives without one.
    pub folder: Option<PathBuf>,
    /// How long a change of templates or options may wait until it is saved (`collect.save_delay`).
    pub save_delay: Duration,
    /// What happens to unknown exporters (`collect.unknown`).
    pub unknown: Unknown,
    /// Exporters that are allowed (`collect.allow`).
    pub allow: Vec<Prefix>,
    /// Records a second that one exporter may bring (`collect.exporter_rate`).
    pub exporter_rate: Option<u32>,
    /// Exporters that are remembered at a time (`collect.max_exporters`).
    pub max_exporters: usize,
    /// Names and more of exporters (`collect.exporters`).
    pub known: HashMap<Ip, Known>,
    /// Bounds of the template cache (`collect.limits`).
    pub limits: Limits,
    /// Elements that the operator adds to the registries (`collect.elements`).
    pub elements: Arc<Elements>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: [2055, 4739].map(|port| (Ipv4Addr::LOCALHOST, port).into()).to_vec(),
            tcp: Vec::new(),
            tls: Vec::new(),
            certificates: None,
            connections: 64,
            sockets: 1,
            decoders: 1,
            receive_buffer: 32 << 20,
            queue: 64 << 20,
            batch_rows: BATCH_ROWS,
            batch_age: Duration::from_secs(1),
            send_wait: Duration::from_secs(1),
            folder: None,
            save_delay: Duration::from_secs(2),
            unknown: Unknown::Accept,
            allow: Vec::new(),
            exporter_rate: None,
            max_exporters: 16_384,
            known: HashMap::new(),
            limits: Limits::default(),
            elements: Arc::default(),
        }
    }
}
