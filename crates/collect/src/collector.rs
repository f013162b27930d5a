// SPDX-License-Identifier: Apache-2.0
//! The collector: binds the sockets, runs listeners and decoder, ends both in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use minamo_base::Time;
use minamo_schema::arrow::array::RecordBatch;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::decoder::Decoder;
use crate::listener::{Door, Pool, bind, listen};
use crate::{Counters, Forwarder, Settings};

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

/// Listeners and decoder of flow exports.
#[derive(Debug)]
pub struct Collector {
    settings: Settings,
    sender: mpsc::Sender<RecordBatch>,
    clock: fn() -> Time,
    counters: Arc<Counters>,
    addresses: watch::Sender<Vec<SocketAddr>>,
    forwarder: Option<Arc<Forwarder>>,
}

impl Collector {
    /// A collector that will send its batches to `sender`. Opens nothing yet.
    pub fn new(settings: Settings, sender: mpsc::Sender<RecordBatch>, clock: fn() -> Time) -> Self {
        Self { settings, sender, clock, counters: Arc::default(), addresses: watch::Sender::default(), forwarder: None }
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

    /// The addresses listened at, once all are open: where a port was 0, the one that the system chose.
    pub fn addresses(&self) -> watch::Receiver<Vec<SocketAddr>> {
        self.addresses.subscribe()
    }

    /// Listens until `stop` is true or its sender is gone; what has arrived by then is still handed on.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), CollectError> {
        let (queue, arrivals) = mpsc::channel(self.settings.queue.max(1));
        let pool = Arc::new(Pool::default());
        let mut sockets = Vec::new();
        for address in &self.settings.listen {
            let fail = |error| CollectError::listen(*address, error);
            let socket = bind(*address, self.settings.receive_buffer).map_err(fail)?;
            let local = socket.local_addr().map_err(fail)?;
            tracing::info!(address = %local, "listening for flow exports");
            sockets.push((socket, local));
        }
        self.addresses.send_replace(sockets.iter().map(|(_, local)| *local).collect());
        let mut listeners = JoinSet::new();
        for (socket, _) in sockets {
            let door = Door {
                queue: queue.clone(),
                pool: Arc::clone(&pool),
                counters: Arc::clone(&self.counters),
                clock: self.clock,
                forwarder: self.forwarder.clone(),
            };
            listeners.spawn(listen(socket, door, stop.clone()));
        }
        // The queue closes with the last listener, and the decoder ends with the queue.
        drop(queue);
        let decoder = Decoder::new(self.settings, self.sender, self.counters, pool, self.clock);
        let done = decoder.run(arrivals).await;
        listeners.shutdown().await;
        done
    }
}
