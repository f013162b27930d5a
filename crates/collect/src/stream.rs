// SPDX-License-Identifier: Apache-2.0
//! IPFIX over TCP (RFC 7011 §10.4) and TLS (RFC 5655 §11): messages follow each other and are told apart by the
//! length in their header. A thread per connection, bounded in number; a connection is a transport session with
//! templates of its own. What breaks the framing ends the connection.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use minamo_base::{Ip, Time};
use minamo_flowwire::{Cache, decode, notice};
use minamo_schema::arrow::array::RecordBatch;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::counters::{Counters, Last, add};
use crate::decoder::{Message, take};
use crate::exporters::{Access, Desk, Registry};
use crate::socket::owner;
use crate::spools::Spools;
use crate::stage::Stage;
use crate::{CollectError, Settings};

/// How long a thread waits before it looks whether it shall end.
const WAIT: Duration = Duration::from_millis(200);
/// A connection that brings nothing for this long, or no whole handshake or message, is ended.
const SILENT: i64 = 3_600_000_000_000;
/// Octets of a message header.
const HEADER: usize = 16;
/// Version of IPFIX.
const VERSION: u16 = 10;

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Hall {
    pub(crate) settings: Arc<Settings>,
    pub(crate) sender: tokio::sync::mpsc::Sender<RecordBatch>,
    pub(crate) desks: Vec<Arc<Mutex<Desk>>>,
    pub(crate) access: Arc<Access>,
    pub(crate) elements: Registry,
    pub(crate) spools: Arc<Spools>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: fn() -> Time,
    pub(crate) stop: Arc<AtomicBool>,
    /// Dropped by the last connection: the collector waits for that.
    pub(crate) _alive: Sender<()>,
}

/// Accepts connections until it is told to stop.
pub(crate) fn accept(listener: &TcpListener, tls: Option<&Arc<ServerConfig>>, hall: &Hall) {
    while !hall.stop.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, from)) => admit(stream, from, tls.cloned(), hall),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(WAIT / 4),
            Err(error) => {
                add(&hall.counters.receive_errors, 1);
                tracing::debug!(%error, "accepting a connection failed");
                std::thread::sleep(WAIT);
            }
        }
    }
}

fn admit(stream: TcpStream, from: SocketAddr, tls: Option<Arc<ServerConfig>>, hall: &Hall) {
    let counters = &hall.counters;
    if counters.connections.load(Ordering::Relaxed) >= hall.settings.connections as u64 {
        add(&counters.refused_connections, 1);
        tracing::warn!(%from, "connection turned away: as many as `collect.connections` are open");
        return;
    }
    add(&counters.connections, 1);
    add(&counters.accepted, 1);
    let inner = hall.clone();
    let spawned = std::thread::Builder::new().name("collect-tcp".to_owned()).spawn(move || {
        if let Err(error) = serve(stream, from, tls, &inner) {
            tracing::info!(%from, %error, "connection ended");
        }
        inner.counters.connections.fetch_sub(1, Ordering::Relaxed);
    });
    if let Err(error) = spawned {
        hall.counters.connections.fetch_sub(1, Ordering::Relaxed);
        add(&hall.counters.receive_errors, 1);
        tracing::error!(%from, %error, "no thread for a connection");
    }
}

fn serve(stream: TcpStream, from: SocketAddr, tls: Option<Arc<ServerConfig>>, hall: &Hall) -> Result<(), CollectError> {
    let fail = |error| CollectError::Connection { from, error };
    stream.set_nonblocking(false).and_then(|()| stream.set_read_timeout(Some(WAIT))).map_err(fail)?;
    stream.set_write_timeout(Some(Duration::from_secs(5))).map_err(fail)?;
    let exporter = Ip::from(from.ip().to_canonical());
    let Some(config) = tls else {
        return Session::new(exporter, "tcp", hall).read(stream, from);
    };
    let connection = ServerConnection::new(config).map_err(|error| fail(io::Error::other(error)))?;
    let mut stream = StreamOwned::new(connection, stream);
    let began = (hall.clock)();
    while stream.conn.is_handshaking() {
        match stream.conn.complete_io(&mut stream.sock) {
            Ok(_) => {}
            Err(error) if is_quiet(&error) && (hall.clock)().since(began) < 30_000_000_000 => {
                if hall.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
            Err(error) => {
                add(&hall.counters.failed_handshakes, 1);
                return Err(fail(error));
            }
        }
    }
    Session::new(exporter, "tls", hall).read(stream, from)
}

fn is_quiet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// One transport session.
struct Session<'a> {
    exporter: Ip,
    transport: &'static str,
    hall: &'a Hall,
    cache: Arc<Mutex<Cache>>,
    stage: Stage,
    last: Last,
    /// The probe's buffer that is emptied here.
    spool: Option<u64>,
}

impl<'a> Session<'a> {
    fn new(exporter: Ip, transport: &'static str, hall: &'a Hall) -> Self {
        let mut cache = Cache::reliable(hall.settings.limits);
        cache.set_elements(hall.elements.current());
        let rate = hall.access.known().get(&exporter).and_then(|known| known.sampling);
        cache.set_rates(rate.map(|rate| (exporter, rate)).into_iter().collect());
        let cache = Arc::new(Mutex::new(cache));
        if let Some(desk) = hall.desks.get(owner(exporter, hall.desks.len())) {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            desk.streams.push((exporter, Arc::downgrade(&cache)));
        }
        let stage = Stage::new(&hall.settings, hall.sender.clone(), Arc::clone(&hall.counters));
        Self { exporter, transport, hall, cache, stage, last: Last::default(), spool: None }
    }

    /// Reads messages until the other side ends the connection, or the program ends.
    fn read(mut self, stream: impl Read, from: SocketAddr) -> Result<(), CollectError> {
        let done = self.messages(stream).map_err(|error| CollectError::Connection { from, error });
        self.stage.close();
        let sent = self.stage.send();
        self.last.ended(&self.hall.counters);
        done.and(sent)
    }

    fn messages(&mut self, mut stream: impl Read) -> io::Result<()> {
        let mut buffer = Vec::new();
        let mut chunk = vec![0; 65_536];
        let mut heard = (self.hall.clock)();
        let mut offset = 0u64;
        loop {
            let read = stream.read(&mut chunk);
            let now = (self.hall.clock)();
            match read {
                Ok(0) => return if buffer.is_empty() { Ok(()) } else { Err(self.broken(offset, "a message is cut")) },
                Ok(count) => {
                    heard = now;
                    buffer.extend_from_slice(chunk.get(..count).unwrap_or_default());
                    let used = self.whole_messages(&buffer, offset, now)?;
                    offset += used as u64;
                    buffer.drain(..used);
                }
                Err(error) if is_quiet(&error) => {
                    if now.since(heard) > SILENT {
                        return Err(io::Error::other("nothing came for an hour"));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && buffer.is_empty() => return Ok(()),
                Err(error) => return Err(error),
            }
            self.stage.look(now);
            self.stage.send().map_err(io::Error::other)?;
            // Also where the exporter never rests.
            if self.hall.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
    }

    /// Decodes the messages that are there whole; returns their octets.
    fn whole_messages(&mut self, buffer: &[u8], offset: u64, now: Time) -> io::Result<usize> {
        let mut used = 0;
        while let Some([v1, v2, l1, l2]) = buffer.get(used..used + 4) {
            let (version, length) = (u16::from_be_bytes([*v1, *v2]), usize::from(u16::from_be_bytes([*l1, *l2])));
            let at = offset + used as u64;
            if version != VERSION {
                return Err(self.broken(at, &format!("message.version: got {version}, want {VERSION}")));
            }
            if length < HEADER {
                return Err(self.broken(at, &format!("message.length: got {length}, want at least {HEADER}")));
            }
            let Some(octets) = buffer.get(used..used + length) else { break };
            self.message(octets, now);
            used += length;
        }
        Ok(used)
    }

    fn message(&mut self, octets: &[u8], received: Time) {
        let counters = &self.hall.counters;
        add(&counters.datagrams, 1);
        add(&counters.octets, octets.len() as u64);
        let Some(desk) = self.hall.desks.get(owner(self.exporter, self.hall.desks.len())) else { return };
        let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let named = notice::read(octets);
        self.spool = named.or(self.spool);
        if named.is_none()
            && let (Some(spool), Some(sequence)) = (self.spool, notice::sequence(octets))
            && self.hall.spools.repeated(spool, sequence, received)
        {
            // Its templates are needed all the same.
            let mut rows = 0;
            decode(octets, self.exporter, received, &mut cache, &mut |_| rows += 1);
            add(&counters.repeated_rows, rows);
            return;
        }
        let message = Message { octets, from: self.exporter.into(), transport: self.transport, received };
        take(message, &mut cache, &mut desk.seen, &mut self.stage, counters);
        counters.cache(&cache, &mut self.last);
    }

    fn broken(&self, at: u64, what: &str) -> io::Error {
        add(&self.hall.counters.broken_streams, 1);
        io::Error::other(format!("at octet {at} of the stream: {what}"))
    }
}
