// SPDX-License-Identifier: Apache-2.0
//! Named sets and tags: made, changed and ended over the API, with all their versions.

pub(crate) mod api;
pub mod types;
