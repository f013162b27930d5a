// SPDX-License-Identifier: Apache-2.0
//! The lake as its users see it: one test program, because each one that links DataFusion takes long.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed expectation is how a test tells; helpers count as production code otherwise"
)]

mod bad_days;
mod crash;
mod duplicates;
mod export;
mod filters;
mod formats;
mod groups;
mod limits;
mod nfdump;
mod prevalence;
mod questions;
mod retention;
mod rollups;
mod rows;
mod scans;
mod slt;
mod sql;
mod writing;
