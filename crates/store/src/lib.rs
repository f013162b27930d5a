// SPDX-License-Identifier: Apache-2.0
//! The lake: flows and events on disk in one directory, and every question that can be asked of them.
//!
//! ```text
//! append ─► log (wal/) ─► hot rows ──seal──► segments/ ──compact──► segments/
//!                            └────── one view ──────┘ named by catalog.db
//!                                       └─► DataFusion: SQL, top, series, pages
//! ```
//!
//! [`Lake`] is all of it. It survives being killed at any moment: see its module for the invariants.

mod batches;
mod catalog;
mod checked;
mod compact;
mod constant;
mod counters;
mod encode;
mod error;
mod identity;
mod inspect;
mod lake;
mod layout;
mod maintain;
mod merge;
mod query;
mod rebuild;
mod retention;
mod rollup;
mod segment;
mod settings;
mod shared;
mod span;
mod start;
mod tables;
mod wal;

pub use counters::METRICS;
pub use error::{Position, QueryError, StoreError};
pub use inspect::{ColumnSize, SegmentInfo};
pub use lake::{Lake, LakeStats, TableStats};
pub use minamo_rollup::{Cell, Dim, EVER, MINUTE, MOST_STEPS, OTHER, Wanted, minute};
pub use query::{
    AsOf, Asker, Billing, BillingQuery, By, CheckedSql, Counting, Figure, FlowPage, FlowTags, FlowsQuery, Function,
    GroupRow, Groups, GroupsQuery, Hit, Interval, Intervals, Key, Measure, Operand, PartsQuery, Paths, PathsQuery,
    Prevalence, Prevalences, Rows, RowsQuery, RunningQuery, Sampled, Series, SeriesQuery, Sides, SqlAnswer, Stop,
    Summary, SummaryQuery, Top, TopQuery, Totals, asked_by, compile, with_duplicates,
};
pub use rebuild::Rebuilt;
pub use retention::{Class, ClassSize, Forecast, Hold, HoldKind, NewHold, Retained};
pub use rollup::{ChannelStatus, Condition, RollupChart, RollupLine, RollupPart, RollupQuery, RollupStatus};
pub use settings::Settings;
