// SPDX-License-Identifier: Apache-2.0
//! The edge where flow exports come in: UDP sockets, IPFIX over TCP and TLS, decoders with the templates of their
//! exporters, batches of rows out over a bounded channel. Every loss has a counter with its reason. The clock is
//! handed in.
//!
//! A thread per socket receives in batches and divides datagrams by exporter; a thread per decoder owns the templates
//! of its exporters. Also here: exporters as objects, with a score and its reasons, and what survives a restart.
//!
//! Not here: DTLS and SCTP transports, forwarding, logs.

mod collector;
mod counters;
mod decoder;
mod exporters;
mod forward;
mod initial;
pub mod joy;
mod keeper;
mod parcel;
mod settings;
mod socket;
mod spools;
mod stage;
mod stream;
mod tls;

pub use collector::{CollectError, Collector};
pub use counters::{Counters, METRICS};
pub use exporters::{
    Access, Counts, Decision, DomainView, ExporterView, Exporters, Finding, InterfaceView, MISSING, Missing, OtherView,
    REASONS, Reason, Standing, Window,
};
pub use forward::{FORWARD_METRICS, ForwardCounters, ForwardError, ForwardTarget, Forwarder};
pub use minamo_flowwire::{Elements, ElementsError};
pub use settings::{Known, Settings, Tls, Unknown};
