// SPDX-License-Identifier: Apache-2.0
//! Connections of the console and the API: so many at once, and each says in time what it wants. What is over the bound is
//! closed at once and counted; who sends a head or the next part of a body too slowly is closed, too.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use minamo_base::Sample;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// Connections at once: a browser opens six, so that this is for some dozens of people and programs.
const MOST: usize = 512;
/// See [`Connections::head`].
const HEAD: Duration = Duration::from_secs(30);
/// How long the next part of a body may take to come.
const BODY: Duration = Duration::from_secs(30);
/// Octets of the head of a request.
const LONGEST_HEAD: usize = 64 * 1024;
/// Pause after a connection that could not be taken, mostly for want of file descriptors.
const RETRY: Duration = Duration::from_millis(100);

minamo_base::counters! {
    /// Counters of connections.
    pub(crate) struct Counters, pub static METRICS {
        /// Connections of browsers and programs that were taken.
        taken: AtomicU64 = "minamo_http_connections_total" [], "";
        /// Connections that were closed at once, because 512 others were open.
        refused: AtomicU64 = "minamo_http_refused_connections_total" [],
            "Someone opens connections and leaves them: see who, and let a proxy in front limit connections by address.";
        /// Connections that could not be taken.
        failed: AtomicU64 = "minamo_http_accept_failures_total" [], "The log says why; mostly too few file descriptors.";
    }
}

/// Who counts connections, and how many there may be.
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    /// How long a connection may take to say what it wants, and may be idle between two requests.
    head: Duration,
    counters: Counters,
}

impl Default for Connections {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST)), head: HEAD, counters: Counters::default() }
    }
}

impl Connections {
    /// The counters.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.counters.samples(&[])
    }

    /// Serves until the listener fails for good, which it does not by itself.
    pub(crate) async fn serve(&self, listener: TcpListener, service: Router) -> io::Result<()> {
        let service = service.layer(RequestBodyTimeoutLayer::new(BODY));
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    if self.counters.failed.fetch_add(1, Ordering::Relaxed) == 0 {
                        tracing::warn!(%error, "a connection to the console could not be taken; later ones are counted only");
                    }
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            self.counters.taken.fetch_add(1, Ordering::Relaxed);
            let served = connection(stream, peer, self.head, service.clone());
            tokio::spawn(async move {
                served.await;
                drop(place);
            });
        }
    }
}

/// Answers the requests of one connection; a peer that goes away or breaks the protocol ends it.
async fn connection(stream: TcpStream, peer: SocketAddr, head: Duration, service: Router) {
    let service = service.map_request(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, %peer, "a connection to the console ended");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn served(connections: Arc<Connections>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let service = Router::new().route("/healthz", axum::routing::get(|| async { "ok\n" }));
        tokio::spawn(async move { connections.serve(listener, service).await });
        address
    }

    #[tokio::test]
    async fn connections_over_the_bound_are_closed_and_counted() {
        let connections = Arc::new(Connections { places: Arc::new(Semaphore::new(1)), ..Connections::default() });
        let address = served(Arc::clone(&connections)).await;
        let mut first = TcpStream::connect(address).await.expect("connected");
        first.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
        let mut octets = [0; 512];
        let read = first.read(&mut octets).await.expect("an answer");
        assert!(octets[..read].starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&octets[..read]));
        // The first one is open still.
        let mut second = TcpStream::connect(address).await.expect("connected");
        assert_eq!(second.read(&mut octets).await.unwrap_or(0), 0, "closed at once");
        let told: Vec<u64> = connections.samples().iter().map(|sample| sample.value).collect();
        assert_eq!(told, [1, 1, 0]);
        drop(first);
        let again = async {
            loop {
                let mut third = TcpStream::connect(address).await.expect("connected");
                third.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
                if third.read(&mut octets).await.unwrap_or(0) > 0 {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), again).await.expect("there is room again");
    }

    #[tokio::test]
    async fn who_does_not_say_what_it_wants_is_closed() {
        let head = Duration::from_millis(200);
        let address = served(Arc::new(Connections { head, ..Connections::default() })).await;
        let mut slow = TcpStream::connect(address).await.expect("connected");
        slow.write_all(b"GET /healthz HTTP/1.1\r\nHo").await.expect("sent");
        let mut octets = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut octets)).await;
        assert!(closed.is_ok(), "it is still open");
    }
}
