// SPDX-License-Identifier: Apache-2.0
//! Ground of every other crate: the one reader over untrusted octets, addresses and prefixes, the
//! five-tuple with its community id, packet time, and metrics as a table. No I/O, no clock, no allocation on hot paths.

mod addr;
mod cursor;
mod domain;
mod ident;
mod letters;
mod metric;
mod packed;
mod recent;
mod time;

pub use addr::{AddrError, Ip, Mac, Prefix};
pub use cursor::{Cause, Cursor, WireError};
pub use domain::registered_domain;
pub use ident::{FiveTuple, FlowId, hex, unhex};
pub use letters::Written;
pub use metric::{Measured, Metric, Sample, Tally, exposition};
pub use packed::{put_number, put_octets, put_signed};
pub use recent::Recent;
pub use time::{NANOS_PER_SEC, Time};
