// SPDX-License-Identifier: Apache-2.0
//! Ground of every other crate: the one reader over untrusted octets, addresses and prefixes, the
//! five-tuple with its community id, and packet time. No I/O, no clock, no allocation on hot paths.

mod addr;
mod cursor;
mod ident;
mod time;

pub use addr::{AddrError, Ip, Mac, Prefix};
pub use cursor::{Cause, Cursor, WireError};
pub use ident::{FiveTuple, hex};
pub use time::{NANOS_PER_SEC, Time};
