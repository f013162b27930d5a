// SPDX-License-Identifier: Apache-2.0
//! The way to a collector: a UDP socket with a pace that its buffers can follow, or a TCP connection that is made
//! again, each time later, while the collector is away.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Counters, Target, Transport, add};

/// Datagrams that are sent at once, and the rest after them: 16,000 a second, so that a receiver with the usual buffer
/// of 200 KiB keeps up.
const BURST: u32 = 32;
const REST: Duration = Duration::from_millis(2);
/// Longest that connecting or writing may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Link {
    transport: Transport,
    address: SocketAddr,
    udp: Option<UdpSocket>,
    tcp: Option<TcpStream>,
    burst: u32,
    connection: u64,
    counters: Arc<Counters>,
}

impl Link {
    pub(super) fn new(target: &Target, counters: Arc<Counters>) -> Self {
        let (transport, address) = (target.transport, target.address);
        Self { transport, address, udp: None, tcp: None, burst: 0, connection: 0, counters }
    }

    /// Number of the connection; another number is another session.
    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    /// Opens what is not open.
    pub(super) fn open(&mut self) -> io::Result<()> {
        let opened = match self.transport {
            _ if self.udp.is_some() || self.tcp.is_some() => return Ok(()),
            Transport::Udp => self.open_udp(),
            Transport::Tcp => self.open_tcp(),
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

    fn open_udp(&mut self) -> io::Result<()> {
        let any: SocketAddr = match self.address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(self.address)?;
        self.udp = Some(socket);
        Ok(())
    }

    fn open_tcp(&mut self) -> io::Result<()> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        self.tcp = Some(stream);
        Ok(())
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
        let Some(stream) = &mut self.tcp else { return Err(io::ErrorKind::NotConnected.into()) };
        match stream.write_all(message) {
            Ok(()) => {
                add(&self.counters.messages, 1);
                Ok(())
            }
            Err(error) => {
                add(&self.counters.send_errors, 1);
                self.tcp = None;
                self.counters.connected.store(0, Ordering::Relaxed);
                Err(error)
            }
        }
    }
}
