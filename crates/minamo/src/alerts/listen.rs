// SPDX-License-Identifier: Apache-2.0
//! Alerts that come over syslog, by UDP and TCP. Who sends is known by its address only: the default is this machine.
//! What is heard waits in a bounded queue until detection looks, a few seconds at most.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use minamo_base::{Ip, Prefix};
use minamo_detect::eve::{self, Alert};
use minamo_detect::syslog::{self, Deframer};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::Counters;
use crate::settings::{AlertListener, Transport};

/// Alerts that wait for detection.
const QUEUE: usize = 10_000;
/// Open connections of one listener.
const CONNECTIONS: usize = 64;
/// Longest datagram.
const DATAGRAM: usize = 65_535;
/// Octets that are read of a connection at once.
const PIECE: usize = 16_384;
/// A connection over which nothing comes for so long is closed.
const SILENCE: Duration = Duration::from_secs(3_600);
/// Pause after a fault of the system, which may stay so for long.
const REST: Duration = Duration::from_secs(1);

/// A socket that is open.
enum Socket {
    Udp(UdpSocket),
    Tcp(TcpListener),
}

impl Socket {
    fn open(address: SocketAddr, transport: Transport) -> std::io::Result<Self> {
        Ok(match transport {
            Transport::Udp => {
                let socket = std::net::UdpSocket::bind(address)?;
                socket.set_nonblocking(true)?;
                Self::Udp(UdpSocket::from_std(socket)?)
            }
            Transport::Tcp => {
                let socket = std::net::TcpListener::bind(address)?;
                socket.set_nonblocking(true)?;
                Self::Tcp(TcpListener::from_std(socket)?)
            }
        })
    }
}

/// The listeners, and what they heard.
pub(super) struct Listeners {
    tasks: Vec<JoinHandle<()>>,
    heard: Receiver<Alert>,
}

impl Listeners {
    /// Opens the sockets and listens.
    pub(super) fn start(wanted: Vec<AlertListener>, counters: &Arc<Counters>) -> anyhow::Result<Self> {
        let open = |wanted: AlertListener| {
            let (address, transport) = (wanted.address, wanted.transport);
            let socket = Socket::open(address, transport).with_context(|| format!("alerts: listen: {address}"))?;
            Ok((wanted, socket))
        };
        let sockets = wanted.into_iter().map(open).collect::<anyhow::Result<_>>()?;
        Ok(Self::listen(sockets, counters))
    }

    fn listen(sockets: Vec<(AlertListener, Socket)>, counters: &Arc<Counters>) -> Self {
        let (queue, heard) = channel(QUEUE);
        let task = |(AlertListener { name, senders, .. }, socket)| {
            let ear = Ear { name, senders, queue: queue.clone(), counters: Arc::clone(counters) };
            match socket {
                Socket::Udp(socket) => tokio::spawn(datagrams(socket, ear)),
                Socket::Tcp(listener) => tokio::spawn(connections(listener, Arc::new(ear))),
            }
        };
        Self { tasks: sockets.into_iter().map(task).collect(), heard }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// What was heard since the last look.
    pub(super) fn read(&mut self) -> Vec<Alert> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).take(QUEUE).collect()
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Who listens.
struct Ear {
    name: String,
    senders: Vec<Prefix>,
    queue: Sender<Alert>,
    counters: Arc<Counters>,
}

impl Ear {
    /// True for a sender that is listened to; others are counted.
    fn listens_to(&self, sender: IpAddr) -> bool {
        let sender = Ip::from(sender.to_canonical());
        let listens = self.senders.is_empty() || self.senders.iter().any(|net| net.contains(sender));
        if !listens {
            self.counters.foreign.fetch_add(1, Ordering::Relaxed);
        }
        listens
    }

    /// Takes the alert of a message, if it has one.
    fn hear(&self, octets: &[u8]) {
        let message = syslog::message(octets);
        match eve::read(&String::from_utf8_lossy(message.json), message.host.unwrap_or(&self.name)) {
            Ok(None) => {}
            Ok(Some(alert)) => {
                if self.queue.try_send(alert).is_err() {
                    self.counters.full.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(what) => {
                if self.counters.malformed.fetch_add(1, Ordering::Relaxed).is_multiple_of(1_000) {
                    tracing::warn!("alerts {}: syslog: {what}", self.name);
                }
            }
        }
    }

    /// A fault of the system.
    async fn fail(&self, error: std::io::Error) {
        if self.counters.failures.fetch_add(1, Ordering::Relaxed).is_multiple_of(1_000) {
            tracing::error!("alerts {}: syslog: {error}; it is listened on", self.name);
        }
        tokio::time::sleep(REST).await;
    }
}

async fn datagrams(socket: UdpSocket, ear: Ear) {
    let mut octets = vec![0; DATAGRAM];
    loop {
        match socket.recv_from(&mut octets).await {
            Ok((length, from)) if ear.listens_to(from.ip()) => ear.hear(octets.get(..length).unwrap_or_default()),
            Ok(_) => {}
            Err(error) => ear.fail(error).await,
        }
    }
}

async fn connections(listener: TcpListener, ear: Arc<Ear>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut open = JoinSet::new();
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                ear.fail(error).await;
                continue;
            }
        };
        while open.try_join_next().is_some() {}
        if !ear.listens_to(from.ip()) {
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            ear.counters.crowded.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let ear = Arc::clone(&ear);
        open.spawn(async move {
            connection(stream, &ear).await;
            drop(place);
        });
    }
}

/// Reads a connection to its end. One that breaks ends like one that is closed: syslog has no word for either.
async fn connection(mut stream: TcpStream, ear: &Ear) {
    let (mut deframer, mut octets) = (Deframer::default(), vec![0; PIECE]);
    while let Ok(Ok(length @ 1..)) = timeout(SILENCE, stream.read(&mut octets)).await {
        deframer.push(octets.get(..length).unwrap_or_default(), |message| ear.hear(message));
        ear.counters.long.fetch_add(deframer.long(), Ordering::Relaxed);
    }
    let rest = deframer.end();
    if !rest.is_empty() {
        ear.hear(&rest);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn alert(signature: u32) -> String {
        format!(
            "{{\"timestamp\":\"2026-01-05T10:00:05.5+0000\",\"event_type\":\"alert\",\"src_ip\":\"192.0.2.66\",\"src_port\":1,\
             \"dest_ip\":\"10.0.0.5\",\"dest_port\":80,\"proto\":\"TCP\",\"alert\":{{\"signature_id\":{signature},\"severity\":1}}}}"
        )
    }

    fn listener(name: &str, transport: Transport, senders: &[&str]) -> AlertListener {
        let senders = senders.iter().map(|net| net.parse().expect("a network")).collect();
        AlertListener { name: name.to_owned(), address: SocketAddr::from(([127, 0, 0, 1], 0)), transport, senders }
    }

    /// Listens, and where.
    fn listening(wanted: Vec<AlertListener>, counters: &Arc<Counters>) -> (Listeners, Vec<SocketAddr>) {
        let open = |one: AlertListener| {
            let socket = Socket::open(one.address, one.transport).expect("free");
            let place = match &socket {
                Socket::Udp(socket) => socket.local_addr(),
                Socket::Tcp(socket) => socket.local_addr(),
            };
            ((one, socket), place.expect("bound"))
        };
        let (sockets, places) = wanted.into_iter().map(open).unzip();
        (Listeners::listen(sockets, counters), places)
    }

    /// Signature and sensor of what comes, until there are so many.
    async fn heard(listeners: &mut Listeners, count: usize) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        for _ in 0..500 {
            found.extend(listeners.read().into_iter().map(|alert| (alert.signature.0, alert.sensor)));
            if found.len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        found
    }

    fn count(counter: &std::sync::atomic::AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn alerts_come_by_datagrams_and_by_connections_in_both_framings() {
        let counters = Arc::new(Counters::default());
        let wanted = vec![listener("u", Transport::Udp, &[]), listener("t", Transport::Tcp, &["127.0.0.0/8"])];
        let (mut listeners, places) = listening(wanted, &counters);
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").expect("free");
        let say = |text: &str| sender.send_to(text.as_bytes(), places[0]).expect("sent");
        say(&format!("<134>Jan  5 10:00:05 ids1 suricata[812]: @cee: {}", alert(1)));
        assert_eq!(heard(&mut listeners, 1).await, [(1, "ids1".to_owned())]);
        say("<134>Jan  5 10:00:05 ids1 suricata: no object");
        say("<134>Jan  5 10:00:05 ids1 suricata: {\"event_type\":\"stats\"}");
        say(&alert(2));
        assert_eq!(heard(&mut listeners, 1).await, [(2, "u".to_owned())]);
        assert_eq!(count(&counters.malformed), 1);

        let mut stream = std::net::TcpStream::connect(places[1]).expect("open");
        let counted = format!("<134>1 2026-01-05T10:00:05Z ids2 suricata 812 - - {}", alert(3));
        let long = "x".repeat(syslog::LONGEST + 1);
        write!(stream, "{} {counted}{long}\n<134>1 - - - - - - {}\n{}", counted.len(), alert(4), alert(5))
            .expect("sent");
        drop(stream);
        let wanted = [(3, "ids2"), (4, "t"), (5, "t")].map(|(signature, sensor)| (signature, sensor.to_owned()));
        assert_eq!(heard(&mut listeners, 3).await, wanted, "the last one without an end");
        assert_eq!(count(&counters.long), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_is_no_sender_and_too_many_connections_are_refused_and_counted() {
        let counters = Arc::new(Counters::default());
        let wanted = vec![listener("u", Transport::Udp, &["192.0.2.0/24"]), listener("t", Transport::Tcp, &[])];
        let (mut listeners, places) = listening(wanted, &counters);
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").expect("free");
        sender.send_to(alert(1).as_bytes(), places[0]).expect("sent");
        let mut open = Vec::new();
        for _ in 0..=CONNECTIONS {
            open.push(std::net::TcpStream::connect(places[1]).expect("open"));
        }
        for _ in 0..500 {
            if count(&counters.foreign) + count(&counters.crowded) == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!((count(&counters.foreign), count(&counters.crowded)), (1, 1));
        assert!(listeners.read().is_empty());
        let taken = listener("x", Transport::Tcp, &[]);
        let taken = AlertListener { address: places[1], ..taken };
        let error = Listeners::start(vec![taken], &counters).err().expect("taken");
        assert!(format!("{error:#}").starts_with("alerts: listen: 127.0.0.1:"), "{error:#}");
    }
}
