// SPDX-License-Identifier: Apache-2.0
//! The end that a person or the system asks for.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Resolves when the process is asked to end. Signals count from the call on, not from the first poll: to be called
/// before anything is told or opened that wants an orderly end.
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let (mut terminate, mut interrupt) =
        (registered(SignalKind::terminate(), "SIGTERM"), registered(SignalKind::interrupt(), "SIGINT"));
    async move {
        tokio::select! {
            () = arrived(&mut terminate) => {}
            () = arrived(&mut interrupt) => {}
        }
    }
}

fn registered(kind: SignalKind, name: &str) -> Option<Signal> {
    let registered = signal(kind);
    registered.inspect_err(|error| tracing::warn!(%error, "{name} will end the program without sealing")).ok()
}

async fn arrived(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
