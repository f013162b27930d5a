// SPDX-License-Identifier: Apache-2.0
//! The registry of formats: one file each, one line each.

pub mod ipfix;
pub mod netflow1;
pub mod netflow5;
pub mod netflow7;
pub mod netflow9;
pub mod sflow;

use crate::Format;

/// All formats that can be decoded.
pub static FORMATS: &[&Format] =
    &[&netflow5::FORMAT, &netflow9::FORMAT, &ipfix::FORMAT, &netflow1::FORMAT, &netflow7::FORMAT, &sflow::FORMAT];
