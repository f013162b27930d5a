// SPDX-License-Identifier: Apache-2.0
//! Exporters: the list, one in detail, and decisions about them.

pub(crate) mod api;
pub mod types;
