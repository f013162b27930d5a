// SPDX-License-Identifier: Apache-2.0
//! UDP: opening sockets with the buffer that was asked for, and the thread that empties one of them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use minamo_base::{Ip, Time};
use minamo_capture::Datagrams;
use minamo_flowwire::Sender;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::counters::{Counters, add};
use crate::forward::Forwarder;
use crate::parcel::Inbox;

/// How long a thread waits for datagrams before it looks whether it shall end, in milliseconds.
const WAIT_MILLIS: i32 = 100;
/// After fewer datagrams than this a thread waits a moment, so that the next batch is larger: waking up for each
/// datagram would cost more than decoding it.
const FEW: usize = 32;
/// That moment, where the receive buffer holds what arrives meanwhile at any rate that one decoder can follow.
const GATHER: Duration = Duration::from_millis(2);
/// That moment with a smaller buffer.
const GATHER_LITTLE: Duration = Duration::from_micros(500);
/// Octets of a receive buffer, as the kernel counts them, that is large enough: 2 ms of 2 million records a second.
const LARGE: usize = 4 << 20;
/// Batches that are still read at the end.
const LAST: usize = 1_024;

/// Sockets at that address. `[::]` takes IPv4 too, and is IPv4 only on a system without IPv6.
pub(crate) fn bind(address: SocketAddr, count: usize, receive_buffer: usize) -> io::Result<Vec<UdpSocket>> {
    let any = address.ip() == Ipv6Addr::UNSPECIFIED;
    let first = match open(address, receive_buffer, false) {
        Err(error) if any && error.kind() != io::ErrorKind::AddrInUse => {
            // The first reason is the one to tell, where IPv4 does not help.
            open((Ipv4Addr::UNSPECIFIED, address.port()).into(), receive_buffer, false).map_err(|_| error)?
        }
        socket => socket?,
    };
    if count <= 1 {
        return Ok(vec![first]);
    }
    // The first socket showed that nobody else has the port; to share it, all must say so before they are bound.
    let local = first.local_addr()?;
    drop(first);
    (0..count).map(|_| open(local, receive_buffer, true)).collect()
}

fn open(address: SocketAddr, receive_buffer: usize, shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    let granted = socket.set_recv_buffer_size(receive_buffer).and_then(|()| socket.recv_buffer_size())?;
    // The kernel counts its own needs too, and reports twice what it granted (socket(7), SO_RCVBUF).
    if granted / 2 < receive_buffer && !Datagrams::enlarge(&socket, receive_buffer) {
        tracing::warn!(
            %address,
            wanted = receive_buffer,
            granted = granted / 2,
            "the system grants a smaller receive buffer than `collect.receive_buffer`: raise `sysctl net.core.rmem_max`, or grant CAP_NET_ADMIN"
        );
    }
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_port(shared)?;
    socket.bind(&address.into())?;
    let socket = UdpSocket::from(socket);
    Datagrams::count_drops(&socket)?;
    Ok(socket)
}

/// What a receiving thread needs besides its socket.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) decoders: Vec<Inbox>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: fn() -> Time,
    pub(crate) stop: Arc<AtomicBool>,
    /// Other collectors that get what arrives.
    pub(crate) forwarder: Option<Arc<Forwarder>>,
}

impl Door {
    /// Receives until it is told to stop; what the kernel holds by then is still read.
    pub(crate) fn receive(self, socket: &UdpSocket) {
        let mut batch = Datagrams::default();
        let large = SockRef::from(socket).recv_buffer_size().is_ok_and(|octets| octets >= LARGE);
        let gather = if large { GATHER } else { GATHER_LITTLE };
        let mut dropped = 0u32;
        let mut last = LAST;
        while last > 0 {
            let stop = self.stop.load(Ordering::Relaxed);
            last -= usize::from(stop);
            match batch.receive(socket, if stop { 0 } else { WAIT_MILLIS }) {
                Ok(0) if stop => return,
                Ok(0) => continue,
                Ok(count) => {
                    self.deliver(&batch);
                    if count < FEW && !stop {
                        std::thread::sleep(gather);
                    }
                }
                Err(error) => {
                    add(&self.counters.receive_errors, 1);
                    tracing::debug!(%error, "receiving failed");
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            add(&self.counters.kernel_drops, batch.dropped().wrapping_sub(dropped).into());
            dropped = batch.dropped();
        }
    }

    fn deliver(&self, batch: &Datagrams) {
        let received = (self.clock)();
        let mut parcels: Vec<_> = self.decoders.iter().map(Inbox::empty).collect();
        let (mut count, mut sum) = (0, 0);
        for (from, octets) in batch.iter() {
            let exporter = Ip::from(from.ip().to_canonical());
            count += 1;
            sum += octets.len() as u64;
            if let Some(forwarder) = &self.forwarder {
                forwarder.offer(octets, from);
            }
            if let Some(parcel) = parcels.get_mut(owner(exporter, self.decoders.len())) {
                parcel.push(Sender { address: exporter, port: from.port() }, octets, received);
            }
        }
        add(&self.counters.datagrams, count);
        add(&self.counters.octets, sum);
        for (parcel, decoder) in parcels.into_iter().zip(&self.decoders) {
            decoder.send(parcel, &self.counters);
        }
    }
}

/// Which of `decoders` an exporter belongs to.
pub(crate) fn owner(exporter: Ip, decoders: usize) -> usize {
    let number = exporter.to_u128();
    // The low 64 bits differ between hosts; multiplied so that neighbours spread (Fibonacci hashing).
    let mixed = u64::try_from((number ^ (number >> 64)) & u128::from(u64::MAX)).unwrap_or(0);
    let hash = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    usize::try_from(hash).unwrap_or(0) % decoders.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exporters_spread_over_the_decoders_and_stay() {
        let mut counts = [0; 4];
        for host in 0..=255 {
            let exporter = Ip::v4([10, 0, 0, host]);
            assert_eq!(owner(exporter, 4), owner(exporter, 4));
            counts[owner(exporter, 4)] += 1;
        }
        assert!(counts.iter().all(|count| (32..=96).contains(count)), "{counts:?}");
        assert_eq!(owner(Ip::default(), 0), 0);
    }

    #[test]
    fn several_sockets_share_a_port_that_nobody_else_has() {
        let sockets = bind(([127, 0, 0, 1], 0).into(), 3, 65_536).expect("three sockets");
        let address = sockets[0].local_addr().expect("an address");
        assert!(sockets.iter().all(|socket| socket.local_addr().is_ok_and(|local| local == address)));
        let taken = bind(address, 3, 65_536).expect_err("somebody has it");
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }
}
