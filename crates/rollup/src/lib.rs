// SPDX-License-Identifier: Apache-2.0
//! Rollups: what the flows of a filter moved, per minute and per hour, whole and by protocol and application,
//! so that months are read in milliseconds.
//!
//! ```text
//! batch ─► Facts ─► Cube (memory, one per filter) ─► Db (rollups.db) ─┐
//!                     └── rows that are not in the database yet ──────┴─► Grid: the chart
//! ```
//!
//! A rollup belongs to a **filter**, not to a profile: the canonical text of the filter is its name. Profiles,
//! their versions and when which is in force are told elsewhere (`minamo-state`); two channels that ask for the
//! same flows share one rollup, and a change that leaves a channel as it was costs nothing.
//!
//! Nothing here knows the lake or evaluates a filter. Which rows of which batch go into which cube, and how a
//! crash in the middle leaves each row counted exactly once, is the concern of `minamo-store`.

mod cell;
mod change;
mod cube;
mod db;
mod error;
mod grid;
mod spread;
pub mod variance;

pub use cell::{Cell, Doubt};
pub use change::{Change, MAX_APPS};
pub use cube::{Cube, Dim, Facts, MAX_LIFE, Names};
pub use db::{Channel, Db, EVER, Snapshot, Wanted};
pub use error::RollupError;
pub use grid::{Ask, Grid, Line, MOST_STEPS};
pub use spread::{Buckets, MINUTE, MOST, minute};

/// The key of what a full dimension has no room for: applications beyond the bound share it.
pub const OTHER: &str = "";
