// SPDX-License-Identifier: Apache-2.0
//! What detection found and what people make of it: events, incidents, triage, suppressions, rules and trying them on
//! the past.

pub mod attack;
pub(crate) mod events;
pub(crate) mod incidents;
pub(crate) mod own_rules;
mod plan;
pub mod risks;
pub(crate) mod rules;
mod ruling;
mod suppressing;
pub mod suppressions;
pub mod types;

pub use plan::plan;
pub use rules::{Tried, try_rule};
pub use ruling::Ruling;
pub use suppressing::Suppressing;
