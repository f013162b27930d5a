// SPDX-License-Identifier: Apache-2.0
//! The protocols: one file each, one line each in the registry.

mod ntp;

use crate::Protocol;

/// Every protocol that the classifier knows.
pub static PROTOCOLS: &[&Protocol] = &[&ntp::PROTOCOL];
