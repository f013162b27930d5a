// SPDX-License-Identifier: Apache-2.0
//! Flow export on the wire: NetFlow v1, v5, v7, v9 (RFC 3954), IPFIX (RFC 7011, RFC 6313, RFC 5610) and
//! sFlow v5, one file each under `formats/`, decoded to rows of the flow table and encoded from them. No sockets,
//! no clock: octets, the exporter's address and the time of arrival are arguments; what has to be remembered is the
//! [`Cache`].
//!
//! Not here: NetFlow v8.

mod cache;
mod clock;
mod columns;
mod direct;
mod element;
mod elements;
mod encode;
mod eta;
mod extra;
mod fact;
mod family;
mod finish;
mod format;
pub mod formats;
mod header;
mod lists;
mod measure;
pub mod nfdump;
pub mod notice;
mod options;
mod own;
mod parking;
mod persist;
mod plan;
mod record;
mod registry;
mod sequence;
mod sets;
mod special;
mod template;
#[cfg(test)]
mod tests;
mod types;
mod view;

pub use cache::{Cache, CacheCounters, Limits};
pub use elements::{Elements, ElementsError};
pub use encode::{Encoded, Encoder, Wire};
pub use eta::in_milliseconds;
pub use fact::{DeviceCounters, Fact, InterfaceCounters, OtherCounters};
pub use format::{Datagram, Format, Output, Report, Sender, Sink, Skipped, decode, decode_into};
pub use formats::FORMATS;
pub use options::{Interface, Statistics, Taught};
pub use own::{EXAMPLE_ENTERPRISE, OwnElement, own_elements};
pub use parking::ParkingCounters;
pub use persist::Restored;
pub use types::type_records;
pub use view::{FieldView, SessionView, Summary, TemplateView};
