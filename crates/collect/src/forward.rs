// SPDX-License-Identifier: Apache-2.0
//! Datagrams to other collectors as they came: from our own address, or from the address of the exporter with IP and
//! UDP headers of our own making (RFC 791, RFC 8200, RFC 768), for collectors that know exporters by address. Each
//! target has a thread and a bounded queue: one that is away or slow loses the newest datagrams, and nobody waits.
//!
//! Not here: fragments. A datagram that is too long for the way with the exporter's address is refused and counted.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use minamo_base::{Ip, Prefix, Sample};
use socket2::{Domain, Protocol, Socket, Type};

use crate::counters::add;

/// Datagrams that may wait for a target.
const QUEUE: usize = 4_096;

/// Another collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardTarget {
    /// Its address.
    pub to: SocketAddr,
    /// Only datagrams of these exporters; of all where empty.
    pub exporters: Vec<Prefix>,
    /// From the exporter's address and port instead of our own: needs CAP_NET_RAW.
    pub keep_source: bool,
}

minamo_base::counters! {
    /// Counters of one target.
    pub struct ForwardCounters, pub static FORWARD_METRICS {
        /// Datagrams sent on.
        sent: AtomicU64 = "minamo_forward_datagrams_total" [target], "";
        /// Octets of them, without headers.
        octets: AtomicU64 = "minamo_forward_octets_total" [target], "";
        /// Datagrams dropped because the queue was full.
        full: AtomicU64 = "minamo_forward_dropped_datagrams_total" [target, reason = "queue_full"],
            "The way to the other collector is too slow: forward fewer exporters.";
        /// Datagrams too long to be sent with the exporter's address.
        long: AtomicU64 = "minamo_forward_dropped_datagrams_total" [target, reason = "too_long"],
            "Let the exporter send shorter datagrams, or raise the MTU on the way, or forward without keep_source.";
        /// Datagrams of an exporter whose address is of the other family than the target's.
        family: AtomicU64 = "minamo_forward_dropped_datagrams_total" [target, reason = "address_family"],
            "Give the target an address of the exporters' family, or forward without keep_source.";
        /// Datagrams that the system did not take.
        errors: AtomicU64 = "minamo_forward_dropped_datagrams_total" [target, reason = "send_error"],
            "Look at the route to the other collector, and whether it listens.";
    }
}

/// Why a target could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// The user may not open raw sockets.
    #[error("collect.forward to {to}: keep_source needs CAP_NET_RAW: {error}")]
    NotPermitted {
        /// The target.
        to: SocketAddr,
        /// The system's reason.
        error: io::Error,
    },
    /// Any other reason.
    #[error("collect.forward to {to}: {error}")]
    Socket {
        /// The target.
        to: SocketAddr,
        /// The system's reason.
        error: io::Error,
    },
}

/// A datagram on its way.
struct Copy {
    octets: Arc<[u8]>,
    from: SocketAddr,
}

struct Door {
    target: ForwardTarget,
    name: String,
    queue: SyncSender<Copy>,
    counters: Arc<ForwardCounters>,
}

/// All targets. The threads end when it is dropped, after what waits.
pub struct Forwarder {
    doors: Vec<Door>,
}

impl std::fmt::Debug for Forwarder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.doors.iter().map(|door| &door.name)).finish()
    }
}

impl Forwarder {
    /// Opens the sockets and starts a thread for each target.
    pub fn open(targets: &[ForwardTarget]) -> Result<Self, ForwardError> {
        let doors = targets.iter().map(|target| {
            let to = target.to;
            let way = Way::open(target).map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied => ForwardError::NotPermitted { to, error },
                _ => ForwardError::Socket { to, error },
            })?;
            let (queue, copies) = sync_channel(QUEUE);
            let counters = Arc::new(ForwardCounters::default());
            let own = Arc::clone(&counters);
            let thread = std::thread::Builder::new().name("forward".to_owned());
            thread.spawn(move || way.run(&copies, &own)).map_err(|error| ForwardError::Socket { to, error })?;
            Ok(Door { target: target.clone(), name: to.to_string(), queue, counters })
        });
        Ok(Self { doors: doors.collect::<Result<_, _>>()? })
    }

    /// Hands a datagram to the targets that want it; never waits.
    pub fn offer(&self, octets: &[u8], from: SocketAddr) {
        let exporter = Ip::from(from.ip().to_canonical());
        let mut shared: Option<Arc<[u8]>> = None;
        for door in &self.doors {
            let wanted = &door.target.exporters;
            if !wanted.is_empty() && !wanted.iter().any(|prefix| prefix.contains(exporter)) {
                continue;
            }
            let octets = Arc::clone(shared.get_or_insert_with(|| octets.into()));
            if door.queue.try_send(Copy { octets, from }).is_err() {
                add(&door.counters.full, 1);
            }
        }
    }

    /// What was counted, by target.
    pub fn samples(&self) -> Vec<Sample> {
        self.doors.iter().flat_map(|door| door.counters.samples(&[&door.name])).collect()
    }
}

/// How datagrams get to a target.
enum Way {
    /// From a socket of our own.
    Own(Socket),
    /// With headers of our own making.
    Raw(Socket, SocketAddr),
}

impl Way {
    fn open(target: &ForwardTarget) -> io::Result<Self> {
        let domain = Domain::for_address(target.to);
        if !target.keep_source {
            let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
            socket.connect(&target.to.into())?;
            return Ok(Self::Own(socket));
        }
        // IPPROTO_RAW: nothing is received, and headers come from us.
        let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(255)))?;
        match target.to {
            SocketAddr::V4(_) => socket.set_header_included_v4(true)?,
            SocketAddr::V6(_) => socket.set_header_included_v6(true)?,
        }
        // A raw socket takes the port of the destination for a protocol: it stands in the header only.
        Ok(Self::Raw(socket, target.to))
    }

    fn run(self, copies: &Receiver<Copy>, counters: &ForwardCounters) {
        let mut packet = Vec::new();
        for copy in copies {
            let sent = match &self {
                Self::Own(socket) => socket.send(&copy.octets),
                Self::Raw(socket, to) => {
                    let place = SocketAddr::new(to.ip(), 0);
                    match headers(&mut packet, copy.from, *to, &copy.octets) {
                        Ok(()) => socket.send_to(&packet, &place.into()),
                        Err(Unfit::Family) => {
                            add(&counters.family, 1);
                            continue;
                        }
                        Err(Unfit::Length) => {
                            add(&counters.long, 1);
                            continue;
                        }
                    }
                }
            };
            match sent {
                Ok(_) => {
                    add(&counters.sent, 1);
                    add(&counters.octets, u64::try_from(copy.octets.len()).unwrap_or(u64::MAX));
                }
                Err(error) if error.raw_os_error() == Some(MESSAGE_SIZE) => add(&counters.long, 1),
                Err(error) => {
                    add(&counters.errors, 1);
                    tracing::debug!(%error, "a datagram was not forwarded");
                }
            }
        }
    }
}

/// Linux's number for "message too long".
const MESSAGE_SIZE: i32 = 90;

/// Why a datagram cannot have headers.
#[derive(Debug, PartialEq, Eq)]
enum Unfit {
    Family,
    Length,
}

/// Writes IP and UDP header and the datagram.
fn headers(out: &mut Vec<u8>, from: SocketAddr, to: SocketAddr, octets: &[u8]) -> Result<(), Unfit> {
    out.clear();
    let udp_len = u16::try_from(octets.len() + 8).map_err(|_| Unfit::Length)?;
    let mut sum = Sum::default();
    match (from.ip().to_canonical(), to.ip()) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => ip4(out, src, dst, udp_len, &mut sum)?,
        (IpAddr::V6(src), IpAddr::V6(dst)) => ip6(out, src, dst, udp_len, &mut sum),
        _ => return Err(Unfit::Family),
    }
    let mut udp = Vec::with_capacity(8);
    for word in [from.port(), to.port(), udp_len] {
        udp.extend(word.to_be_bytes());
    }
    sum.add(&[0, UDP]);
    sum.add(&udp_len.to_be_bytes());
    sum.add(&udp);
    sum.add(octets);
    // RFC 768: a sum of zero is sent as all ones, since zero says that there is none.
    let sum = match sum.finish() {
        0 => u16::MAX,
        sum => sum,
    };
    out.extend(udp);
    out.extend(sum.to_be_bytes());
    out.extend(octets);
    Ok(())
}

const UDP: u8 = 17;
const HOPS: u8 = 64;

/// RFC 791 §3.1. The system fills in checksum and identification.
fn ip4(out: &mut Vec<u8>, src: Ipv4Addr, dst: Ipv4Addr, udp_len: u16, sum: &mut Sum) -> Result<(), Unfit> {
    let total = udp_len.checked_add(20).ok_or(Unfit::Length)?;
    out.extend([0x45, 0]);
    out.extend(total.to_be_bytes());
    out.extend([0, 0, 0, 0, HOPS, UDP, 0, 0]);
    out.extend(src.octets());
    out.extend(dst.octets());
    sum.add(&src.octets());
    sum.add(&dst.octets());
    Ok(())
}

/// RFC 8200 §3.
fn ip6(out: &mut Vec<u8>, src: Ipv6Addr, dst: Ipv6Addr, udp_len: u16, sum: &mut Sum) {
    out.extend([0x60, 0, 0, 0]);
    out.extend(udp_len.to_be_bytes());
    out.extend([UDP, HOPS]);
    out.extend(src.octets());
    out.extend(dst.octets());
    sum.add(&src.octets());
    sum.add(&dst.octets());
}

/// The Internet checksum (RFC 1071).
#[derive(Default)]
struct Sum(u64);

impl Sum {
    /// Adds octets; all but the last part have an even number.
    fn add(&mut self, octets: &[u8]) {
        for pair in octets.chunks(2) {
            let word = match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                [high] => u16::from_be_bytes([*high, 0]),
                _ => 0,
            };
            self.0 += u64::from(word);
        }
    }

    fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::*;

    fn value(forwarder: &Forwarder, name: &str, reason: Option<&str>) -> u64 {
        let is = |sample: &&Sample| {
            sample.metric.name == name && reason.is_none_or(|reason| sample.labels().any(|(_, value)| value == reason))
        };
        forwarder.samples().iter().filter(is).map(|sample| sample.value).sum()
    }

    #[test]
    fn headers_say_who_and_check_out() {
        let mut out = Vec::new();
        let (from, to) = ("192.0.2.1:2055", "198.51.100.2:9995");
        headers(&mut out, from.parse().expect("v4"), to.parse().expect("v4"), b"abc").expect("fits");
        assert_eq!(out.len(), 31);
        assert_eq!(out.get(12..24), Some(&[192, 0, 2, 1, 198, 51, 100, 2, 0x08, 0x07, 0x27, 0x0b][..]));
        let mut sum = Sum::default();
        for part in [out.get(12..20).expect("addresses"), &[0, 17, 0, 11], out.get(20..).expect("UDP")] {
            sum.add(part);
        }
        assert_eq!(sum.finish(), 0, "the sum with its checksum is zero");
        let six: SocketAddr = "[2001:db8::1]:4739".parse().expect("v6");
        headers(&mut out, six, six, b"abcd").expect("fits");
        assert_eq!((out.len(), out.first()), (52, Some(&0x60)));
        assert_eq!(headers(&mut out, six, to.parse().expect("v4"), b""), Err(Unfit::Family));
        assert_eq!(headers(&mut out, six, six, &[0; 65_530]), Err(Unfit::Length));
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:1".parse().expect("mapped");
        assert_eq!(headers(&mut out, mapped, to.parse().expect("v4"), b""), Ok(()));
    }

    #[test]
    fn each_target_gets_what_it_wants_from_our_own_address() {
        let sockets = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        let target = |socket: &UdpSocket, exporters: &[&str]| ForwardTarget {
            to: socket.local_addr().expect("an address"),
            exporters: exporters.iter().map(|prefix| prefix.parse().expect("a prefix")).collect(),
            keep_source: false,
        };
        let [all, some] = &sockets;
        let forwarder = Forwarder::open(&[target(all, &[]), target(some, &["192.0.2.0/25"])]).expect("opened");
        forwarder.offer(b"one", "192.0.2.1:1000".parse().expect("an address"));
        forwarder.offer(b"two", "[::ffff:198.51.100.1]:1000".parse().expect("an address"));
        let mut buffer = [0; 16];
        for (socket, want) in [(all, &b"one"[..]), (all, b"two"), (some, b"one")] {
            socket.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
            let (len, from) = socket.recv_from(&mut buffer).expect("a datagram");
            assert_eq!((buffer.get(..len), from.ip()), (Some(want), "127.0.0.1".parse().expect("an address")));
        }
        some.set_nonblocking(true).expect("set");
        assert!(some.recv_from(&mut buffer).is_err(), "the other exporter is not wanted here");
    }

    #[test]
    fn a_target_that_does_not_take_loses_the_newest_and_nobody_waits() {
        let (queue, _copies) = sync_channel(2);
        let target =
            ForwardTarget { to: "127.0.0.1:1".parse().expect("v4"), exporters: Vec::new(), keep_source: false };
        let door = Door { target, name: "away".to_owned(), queue, counters: Arc::default() };
        let forwarder = Forwarder { doors: vec![door] };
        for _ in 0..100 {
            forwarder.offer(b"x", "192.0.2.1:1".parse().expect("an address"));
        }
        assert_eq!(value(&forwarder, "minamo_forward_dropped_datagrams_total", Some("queue_full")), 98);
    }
}
