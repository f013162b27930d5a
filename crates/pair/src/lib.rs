// SPDX-License-Identifier: Apache-2.0
//! Two stages between the collector and the lake: [`Pairer`] joins the two one-sided records of a conversation to one
//! row, [`Duplicates`] marks rows of flows that another exporter has told. Both take and give batches, work on
//! columns, and are sans-I/O: time is an argument. Both are bounded and count what the bounds cost; no row is ever
//! dropped: what finds no partner leaves as it came. See `docs/decisions/0011-pairing.md`.
//!
//! Not here: conversations that change their endpoints on the way (NAT) where no record tells the translated ones, and
//! more than one pair for parts of different length.

mod cells;
mod duplicates;
mod merge;
mod nat;
mod pairer;
mod records;
mod sequences;
mod split;
#[cfg(test)]
mod tests;
mod unread;

pub use duplicates::{DuplicateCounters, DuplicateSettings, Duplicates};
pub use pairer::{PairCounters, PairSettings, Pairer};
pub use split::split;
