// SPDX-License-Identifier: Apache-2.0
//! The registry of formats: one file each, one line each.

pub mod ipfix;
pub mod netflow5;
pub mod netflow9;

use crate::Format;

/// All formats that can be decoded.
pub static FORMATS: &[&Format] = &[&netflow5::FORMAT, &netflow9::FORMAT, &ipfix::FORMAT];
