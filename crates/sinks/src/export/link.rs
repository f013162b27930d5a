// SPDX-License-Identifier: Apache-2.0
//! The way to a collector: a UDP socket with a pace that its buffers can follow, or a TCP or TLS connection that is
//! made again, each time later, while the collector is away.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::stream::Stream;
use super::{Counters, Target, Transport, add};

/// Datagrams that are sent at once, and the rest after them: 16,000 a second, so that a receiver with the usual buffer
/// of 200 KiB keeps up.
pub(super) const BURST: u32 = 32;
pub(super) const REST: Duration = Duration::from_millis(2);

pub(super) struct Link {
    target: Target,
    udp: Option<UdpSocket>,
    stream: Option<Stream>,
    burst: u32,
    connection: u64,
    counters: Arc<Counters>,
}

impl Link {
    pub(super) fn new(target: &Target, counters: Arc<Counters>) -> Self {
        Self { target: target.clone(), udp: None, stream: None, burst: 0, connection: 0, counters }
    }

    /// Number of the connection; another number is another session.
    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    /// Opens what is not open.
    pub(super) fn open(&mut self) -> io::Result<()> {
        let opened = match self.target.transport {
            _ if self.udp.is_some() || self.stream.is_some() => return Ok(()),
            Transport::Udp => udp(&self.target).map(|socket| self.udp = Some(socket)),
            Transport::Tcp | Transport::Tls => Stream::connect(&self.target).map(|stream| self.stream = Some(stream)),
        };
        match opened {
            Ok(()) => {
                self.connection += 1;
                add(&self.counters.connections, 1);
                self.counters.connected.store(1, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                add(&self.counters.connect_failures, 1);
                Err(error)
            }
        }
    }

    /// Sends one message. Over UDP a refusal is counted and is no error: nobody may be listening yet, and the next
    /// datagram may find somebody.
    pub(super) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        if let Some(socket) = &self.udp {
            match socket.send(message) {
                Ok(_) => add(&self.counters.messages, 1),
                Err(_) => add(&self.counters.send_errors, 1),
            }
            self.burst += 1;
            if self.burst >= BURST {
                self.burst = 0;
                std::thread::sleep(REST);
            }
            return Ok(());
        }
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        match stream.write_all(message) {
            Ok(()) => {
                add(&self.counters.messages, 1);
                Ok(())
            }
            Err(error) => {
                add(&self.counters.send_errors, 1);
                self.stream = None;
                self.counters.connected.store(0, Ordering::Relaxed);
                Err(error)
            }
        }
    }
}

/// A socket for datagrams to the target's address, as it is now.
pub(super) fn udp(target: &Target) -> io::Result<UdpSocket> {
    let address = target.current_address()?;
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    Ok(socket)
}
