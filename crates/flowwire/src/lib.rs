// SPDX-License-Identifier: Apache-2.0
//! Flow export on the wire: NetFlow v5, NetFlow v9 (RFC 3954) and IPFIX (RFC 7011), one file each under
//! `formats/`, decoded to rows of the flow table and encoded from them. No sockets, no clock: octets, the
//! exporter's address and the time of arrival are arguments; what has to be remembered is the [`Cache`].
//!
//! Not here: sFlow and structured data (RFC 6313).

mod cache;
mod clock;
mod element;
mod encode;
mod finish;
mod format;
pub mod formats;
mod measure;
mod options;
mod parking;
mod persist;
mod record;
mod sequence;
mod sets;
mod template;
#[cfg(test)]
mod tests;
mod view;

pub use cache::{Cache, CacheCounters, Limits};
pub use encode::{Encoded, Encoder, Wire};
pub use format::{Datagram, Format, Output, Report, Skipped, decode};
pub use formats::FORMATS;
pub use options::{Interface, Statistics, Taught};
pub use parking::ParkingCounters;
pub use persist::Restored;
pub use view::{FieldView, SessionView, TemplateView};
