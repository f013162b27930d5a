// SPDX-License-Identifier: Apache-2.0
//! One socket: datagrams are copied into buffers of a bounded pool and queued for the decoder. When the
//! queue is full a datagram is dropped and counted: the socket never waits.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use minamo_base::{Ip, Time};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};

use crate::Forwarder;
use crate::counters::{Counters, add};

/// Octets of the largest UDP datagram.
const MAX_DATAGRAM: usize = 65_536;
/// Buffers that grew beyond this are not kept.
const KEEP: usize = 4_096;

/// Buffers for reuse, so that a datagram costs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    free: Mutex<Vec<Vec<u8>>>,
}

impl Pool {
    fn take(&self) -> Vec<u8> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Gives a buffer back; `max` of them are kept.
    pub(crate) fn give(&self, mut buffer: Vec<u8>, max: usize) {
        buffer.clear();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < max && buffer.capacity() <= KEEP {
            free.push(buffer);
        }
    }
}

/// A datagram on its way to the decoder.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) octets: Vec<u8>,
    pub(crate) exporter: Ip,
    pub(crate) received: Time,
}

/// A socket at that address, with as much buffer as the system grants. `[::]` takes IPv4 too, and is IPv4
/// only on a system without IPv6.
pub(crate) fn bind(address: SocketAddr, receive_buffer: usize) -> io::Result<UdpSocket> {
    let any = address.ip() == Ipv6Addr::UNSPECIFIED;
    match open(address, receive_buffer) {
        Err(error) if any && error.kind() != io::ErrorKind::AddrInUse => {
            // The first reason is the one to tell, where IPv4 does not help.
            open((Ipv4Addr::UNSPECIFIED, address.port()).into(), receive_buffer).map_err(|_| error)
        }
        socket => socket,
    }
}

fn open(address: SocketAddr, receive_buffer: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if let Err(error) = socket.set_recv_buffer_size(receive_buffer) {
        tracing::warn!(%address, receive_buffer, %error, "the system keeps its own receive buffer size");
    }
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// What a listener needs besides its socket.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) queue: mpsc::Sender<Arrival>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: fn() -> Time,
    pub(crate) forwarder: Option<Arc<Forwarder>>,
}

/// Receives until `stop` says so.
pub(crate) async fn listen(socket: UdpSocket, door: Door, mut stop: watch::Receiver<bool>) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let received = tokio::select! {
            // An error means that nobody is left who could say stop.
            _ = stop.wait_for(|stop| *stop) => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        match received {
            Ok((len, from)) => door.arrive(buffer.get(..len).unwrap_or_default(), from),
            Err(error) => {
                add(&door.counters.receive_errors, 1);
                tracing::debug!(%error, "receiving failed");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

impl Door {
    fn arrive(&self, octets: &[u8], from: SocketAddr) {
        add(&self.counters.datagrams, 1);
        add(&self.counters.octets, u64::try_from(octets.len()).unwrap_or(u64::MAX));
        if let Some(forwarder) = &self.forwarder {
            forwarder.offer(octets, from);
        }
        let Ok(place) = self.queue.try_reserve() else {
            add(&self.counters.dropped_queue, 1);
            return;
        };
        let mut buffer = self.pool.take();
        buffer.extend_from_slice(octets);
        place.send(Arrival { octets: buffer, exporter: Ip::from(from.ip()), received: (self.clock)() });
    }
}
