// SPDX-License-Identifier: Apache-2.0
//! The edge where flow exports come in: UDP listeners, one decoder with its template cache, batches of rows
//! out over a bounded channel. Every loss has a counter with its reason. The clock is handed in.
//!
//! Not here: TCP and TLS transports, sFlow, logs.

mod collector;
mod counters;
mod decoder;
mod forward;
mod listener;
mod settings;

pub use collector::{CollectError, Collector};
pub use counters::{Counters, METRICS};
pub use forward::{FORWARD_METRICS, ForwardCounters, ForwardError, ForwardTarget, Forwarder};
pub use settings::Settings;
