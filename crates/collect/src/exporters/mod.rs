// SPDX-License-Identifier: Apache-2.0
//! Exporters as objects: who sends, how much, how well, and what a person can do about it.

mod access;
mod account;
mod day;
mod exporter;
mod facts;
mod inventory;
mod score;
mod window;

pub use access::{Access, Decision, Standing};
pub use day::Counts;
pub use exporter::{DomainView, ExporterView, InterfaceView, OtherView};
pub(crate) use exporter::{Exporter, Verdict};
pub use inventory::Exporters;
pub(crate) use inventory::{Desk, Recent, Registry, Seen, sampling};
pub use score::{Finding, MISSING, Missing, REASONS, Reason};
pub use window::Window;
