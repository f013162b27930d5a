// SPDX-License-Identifier: Apache-2.0
//! The edge where flow exports come in: UDP listeners, one decoder with its template cache, batches of rows
//! out over a bounded channel. Every loss has a counter with its reason. The clock is handed in.
//!
//! Not here: TCP and TLS transports, logs.

mod collector;
mod counters;
mod decoder;
mod listener;
mod settings;

pub use collector::{CollectError, Collector};
pub use counters::{Counters, METRICS};
pub use minamo_flowwire::{Elements, ElementsError};
pub use settings::Settings;
