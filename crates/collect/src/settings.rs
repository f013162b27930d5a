// SPDX-License-Identifier: Apache-2.0
//! What the user can set of the collector.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use minamo_flowwire::{Elements, Limits};
use minamo_model::BATCH_ROWS;

/// Settings of the section `collect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Addresses to listen at (`collect.listen`). By default the ports in use for NetFlow and IPFIX, on
    /// loopback.
    pub listen: Vec<SocketAddr>,
    /// Octets that the system may hold for each socket (`collect.receive_buffer`); it may grant less.
    pub receive_buffer: usize,
    /// Datagrams that may wait for the decoder (`collect.queue`).
    pub queue: usize,
    /// Most rows of a batch (`collect.batch_rows`), at most 8,192.
    pub batch_rows: usize,
    /// Age at which a batch leaves although it is not full (`collect.batch_age`).
    pub batch_age: Duration,
    /// How long a batch waits for room in the channel before it is dropped (`collect.send_wait`).
    pub send_wait: Duration,
    /// Bounds of the template cache (`collect.limits`).
    pub limits: Limits,
    /// Elements that the operator adds to the registries (`collect.elements`).
    pub elements: Arc<Elements>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: [2055, 4739].map(|port| (Ipv4Addr::LOCALHOST, port).into()).to_vec(),
            receive_buffer: 8 << 20,
            queue: 1_024,
            batch_rows: BATCH_ROWS,
            batch_age: Duration::from_secs(1),
            send_wait: Duration::from_secs(1),
            limits: Limits::default(),
            elements: Arc::default(),
        }
    }
}
