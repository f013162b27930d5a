// SPDX-License-Identifier: Apache-2.0
//! The operations on the lake itself: what it holds, how long, holds, upkeep, and downloads of answers of any size.

pub(crate) mod api;
pub(crate) mod export;
pub mod import;
pub(crate) mod imports;
pub(crate) mod jobs;
pub mod types;
