// SPDX-License-Identifier: Apache-2.0
//! The collector: opens the sockets, starts the threads, ends them in order.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use minamo_base::Time;
use minamo_flowwire::{Cache, Limits};
use minamo_schema::arrow::array::RecordBatch;
use rustls::ServerConfig;
use tokio::sync::{mpsc, watch};

use crate::decoder::Decoder;
use crate::exporters::{Access, Desk, Exporters, Registry, Seen, sampling};
use crate::keeper::{self, Keeper};
use crate::parcel;
use crate::socket::{Door, bind, owner};
use crate::spools::Spools;
use crate::stage::Stage;
use crate::stream::{Hall, accept};
use crate::{Counters, Forwarder, Settings, tls};

/// Why the collector could not start or had to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// Another program has the port.
    #[error(
        "cannot listen at {address}: the port is in use by another program; choose another one in `collect.listen`"
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The user may not open the port.
    #[error("cannot listen at {address}: not permitted; choose a port above 1023 in `collect.listen`")]
    NotPermitted {
        /// The address.
        address: SocketAddr,
    },
    /// Any other reason of the system.
    #[error("cannot listen at {address} as `collect.listen` has it: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        error: io::Error,
    },
    /// A certificate or key cannot be used; the text names the setting.
    #[error("{0}")]
    Certificate(String),
    /// What was saved cannot be read, or the folder not be made.
    #[error("{}: {error}", folder.display())]
    State {
        /// The folder.
        folder: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// A connection broke.
    #[error("connection from {from}: {error}")]
    Connection {
        /// The other side.
        from: SocketAddr,
        /// What broke it.
        error: io::Error,
    },
    /// A thread could not be started, or ended by a fault of the program.
    #[error("a thread of the collector: {0}")]
    Thread(String),
    /// Nobody takes the batches any more.
    #[error("the receiver of the batches is gone")]
    Closed,
}

impl CollectError {
    fn listen(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address },
            io::ErrorKind::PermissionDenied => Self::NotPermitted { address },
            _ => Self::Listen { address, error },
        }
    }
}

/// Listeners and decoders of flow exports.
#[derive(Debug)]
pub struct Collector {
    settings: Arc<Settings>,
    sender: mpsc::Sender<RecordBatch>,
    clock: fn() -> Time,
    counters: Arc<Counters>,
    addresses: watch::Sender<Vec<SocketAddr>>,
    desks: Vec<Arc<Mutex<Desk>>>,
    access: Arc<Access>,
    elements: Registry,
    forwarder: Option<Arc<Forwarder>>,
    spools: Arc<Spools>,
}

impl Collector {
    /// A collector that will send its batches to `sender`. Opens nothing yet.
    pub fn new(settings: Settings, sender: mpsc::Sender<RecordBatch>, clock: fn() -> Time) -> Self {
        let access = Arc::new(Access::new(settings.unknown, settings.allow.clone(), settings.known.clone()));
        let decoders = settings.decoders.max(1);
        let desks = (0..decoders).map(|_| {
            let max = settings.max_exporters.div_ceil(decoders);
            let seen = Seen::new(Arc::clone(&access), settings.exporter_rate, max);
            let limits = share(settings.limits, decoders);
            Arc::new(Mutex::new(Desk { cache: Cache::new(limits), seen, streams: Vec::new() }))
        });
        let (counters, addresses, desks) = (Arc::default(), watch::Sender::default(), desks.collect());
        let (elements, settings) = (Registry::new(Arc::clone(&settings.elements)), Arc::new(settings));
        let (forwarder, spools) = (None, Arc::default());
        Self { settings, sender, clock, counters, addresses, desks, access, elements, forwarder, spools }
    }

    /// Sends what arrives on to other collectors too.
    pub fn with_forwarder(mut self, forwarder: Arc<Forwarder>) -> Self {
        self.forwarder = Some(forwarder);
        self
    }

    /// The counters; they stay readable after the end.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// The exporters, to look at and to decide about.
    pub fn exporters(&self) -> Exporters {
        let (desks, access) = (self.desks.clone(), Arc::clone(&self.access));
        Exporters::new(desks, access, self.settings.folder.clone(), self.elements.clone())
    }

    /// The addresses listened at, once all are open, UDP first, then TCP, then TLS: where a port was 0, the one that
    /// the system chose.
    pub fn addresses(&self) -> watch::Receiver<Vec<SocketAddr>> {
        self.addresses.subscribe()
    }

    /// Listens until `stop` is true or its sender is gone; what has arrived by then is still handed on.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), CollectError> {
        let halt = Arc::new(AtomicBool::new(false));
        self.restore()?;
        let open = self.open()?;
        self.addresses.send_replace(open.addresses.clone());
        let (ended, mut end) = mpsc::channel::<()>(1);
        let threads = self.start(open, &halt, &ended)?;
        drop(ended);
        tokio::select! {
            // An error means that nobody is left who could say stop.
            _ = stop.wait_for(|stop| *stop) => {}
            // All threads are gone: one of them says why.
            _ = end.recv() => {}
        }
        halt.store(true, Ordering::Relaxed);
        let joined = tokio::task::spawn_blocking(move || threads.join());
        let joined = joined.await.map_err(|error| CollectError::Thread(error.to_string()))?;
        if let Some(folder) = &self.settings.folder {
            let fail = |error| CollectError::State { folder: folder.clone(), error };
            self.spools.save(folder).map_err(fail)?;
        }
        joined
    }

    /// Takes over what was saved, and the elements and rates of the configuration.
    fn restore(&self) -> Result<(), CollectError> {
        let mut desks: Vec<_> = self.desks.iter().map(|desk| lock(desk)).collect();
        let elements = self.elements.current();
        desks.iter_mut().for_each(|desk| desk.cache.set_elements(Arc::clone(&elements)));
        if let Some(folder) = &self.settings.folder {
            let fail = |error| CollectError::State { folder: folder.clone(), error };
            let count = desks.len();
            let owner = |exporter| owner(exporter, count);
            let restored = keeper::restore(folder, &mut desks, owner, &self.counters).map_err(fail)?;
            keeper::decisions(folder, &self.access, &self.counters).map_err(fail)?;
            self.spools.restore(folder).map_err(fail)?;
            tracing::info!(sessions = restored.sessions, templates = restored.templates, "templates of before");
        }
        for desk in &mut desks {
            desk.cache.set_rates(sampling(&self.access.known()));
        }
        Ok(())
    }

    /// Opens all sockets: nothing runs before all are there.
    fn open(&self) -> Result<Open, CollectError> {
        let mut open = Open::default();
        for address in &self.settings.listen {
            let fail = |error| CollectError::listen(*address, error);
            let sockets = bind(*address, self.settings.sockets, self.settings.receive_buffer).map_err(fail)?;
            if let Some(first) = sockets.first() {
                let local = first.local_addr().map_err(fail)?;
                tracing::info!(address = %local, sockets = sockets.len(), "listening for flow exports over UDP");
                open.addresses.push(local);
            }
            open.sockets.extend(sockets);
        }
        let tls = match (&self.settings.certificates, self.settings.tls.is_empty()) {
            (_, true) => None,
            (Some(files), false) => Some(tls::config(files).map_err(CollectError::Certificate)?),
            (None, false) => {
                let text = "collect.tls: want `collect.tls_certificate` and `collect.tls_key`";
                return Err(CollectError::Certificate(text.to_owned()));
            }
        };
        let plain = self.settings.tcp.iter().map(|address| (address, None));
        for (address, tls) in plain.chain(self.settings.tls.iter().map(|address| (address, tls.clone()))) {
            let fail = |error| CollectError::listen(*address, error);
            let listener = TcpListener::bind(address).map_err(fail)?;
            listener.set_nonblocking(true).map_err(fail)?;
            let local = listener.local_addr().map_err(fail)?;
            tracing::info!(address = %local, tls = tls.is_some(), "listening for IPFIX over TCP");
            open.addresses.push(local);
            open.listeners.push((listener, tls));
        }
        Ok(open)
    }

    fn start(&self, open: Open, stop: &Arc<AtomicBool>, ended: &mpsc::Sender<()>) -> Result<Threads, CollectError> {
        let mut threads = Threads::default();
        let mut inboxes = Vec::new();
        for (number, desk) in self.desks.iter().enumerate() {
            let (inbox, outbox) = parcel::queue(self.settings.queue);
            inboxes.push(inbox);
            let folder = self.settings.folder.as_deref();
            let decoder = Decoder {
                desk: Arc::clone(desk),
                stage: Stage::new(&self.settings, self.sender.clone(), self.counters()),
                counters: self.counters(),
                clock: self.clock,
                keeper: folder.map(|folder| Keeper::new(folder, number, self.counters())),
                tick: (self.settings.batch_age / 4).clamp(Duration::from_millis(1), Duration::from_millis(500)),
                save_delay: self.settings.save_delay,
            };
            let ended = ended.clone();
            threads.decoders.push(spawn("collect-decode", move || {
                let done = decoder.run(&outbox);
                // A decoder that ends by itself ends the collector.
                if ended.try_send(()).is_err() {
                    tracing::debug!("another decoder said it already, or the end was asked for");
                }
                done
            })?);
        }
        let door = Door {
            decoders: inboxes,
            counters: self.counters(),
            clock: self.clock,
            stop: Arc::clone(stop),
            forwarder: self.forwarder.clone(),
        };
        for socket in open.sockets {
            let door = door.clone();
            threads.edges.push(spawn("collect-udp", move || {
                door.receive(&socket);
                Ok(())
            })?);
        }
        // Decoders live as long as connections do, also where there is no UDP socket.
        threads.door = Some(door);
        let (alive, gone) = std::sync::mpsc::channel();
        threads.connections = Some(gone);
        for (listener, tls) in open.listeners {
            let hall = Hall {
                settings: Arc::clone(&self.settings),
                sender: self.sender.clone(),
                desks: self.desks.clone(),
                access: Arc::clone(&self.access),
                elements: self.elements.clone(),
                spools: Arc::clone(&self.spools),
                counters: self.counters(),
                clock: self.clock,
                stop: Arc::clone(stop),
                _alive: alive.clone(),
            };
            threads.edges.push(spawn("collect-accept", move || {
                accept(&listener, tls.as_ref(), &hall);
                Ok(())
            })?);
        }
        Ok(threads)
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bounds of one of so many decoders.
fn share(limits: Limits, decoders: usize) -> Limits {
    let part = |all: usize| all.div_ceil(decoders);
    Limits {
        sessions: part(limits.sessions),
        fields: part(limits.fields),
        all_applications: part(limits.all_applications),
        names: part(limits.names),
        parked: part(limits.parked),
        ..limits
    }
}

/// All that listens.
#[derive(Default)]
struct Open {
    sockets: Vec<UdpSocket>,
    listeners: Vec<(TcpListener, Option<Arc<ServerConfig>>)>,
    addresses: Vec<SocketAddr>,
}

type Thread = JoinHandle<Result<(), CollectError>>;

fn spawn(name: &str, work: impl FnOnce() -> Result<(), CollectError> + Send + 'static) -> Result<Thread, CollectError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|error| CollectError::Thread(format!("{name}: {error}")))
}

/// The threads, ended in the order of the data: sockets, connections, then decoders, whose queues close with the
/// last door.
#[derive(Default)]
struct Threads {
    edges: Vec<Thread>,
    door: Option<Door>,
    connections: Option<std::sync::mpsc::Receiver<()>>,
    decoders: Vec<Thread>,
}

impl Threads {
    fn join(self) -> Result<(), CollectError> {
        let ended = |thread: Thread| {
            thread.join().unwrap_or_else(|_| Err(CollectError::Thread("it ended by a fault of the program".to_owned())))
        };
        let edges: Vec<_> = self.edges.into_iter().map(ended).collect();
        // Nothing is ever sent: this waits until the last connection has dropped its end.
        if let Some(gone) = self.connections {
            while gone.recv().is_ok() {}
        }
        drop(self.door);
        let decoders: Vec<_> = self.decoders.into_iter().map(ended).collect();
        edges.into_iter().chain(decoders).collect()
    }
}
