// SPDX-License-Identifier: Apache-2.0
//! Application protocols by content: a static registry of protocols, one file each under `protocols/`,
//! and the classifier that asks them. No I/O, no clock; a port orders the questions and never answers them.

mod announced;
mod candidates;
mod category;
mod classifier;
#[cfg(test)]
mod conformance;
pub mod fingerprint;
#[cfg(test)]
mod forms;
mod host;
mod in_force;
mod ip;
mod label;
mod link;
pub mod magic;
mod ports;
mod protocol;
pub mod protocols;
pub mod reason;
pub mod risk;
mod service;
mod signature;

pub use announced::{Announced, Host, Meant};
pub use category::Category;
pub use classifier::{Classifier, Resting};
pub use host::join_names;
pub use in_force::{Held, InForce};
pub use ip::{IP_PROTOCOLS, IpProtocol, ip_protocol};
pub use label::Label;
pub use link::{LINK_PROTOCOLS, LinkProtocol, link_protocol};
pub use protocol::{Dissector, First, Heard, Input, Protocol, Side, Step, Transport, Verdict};
pub use protocols::PROTOCOLS;
pub use service::{BadServices, MAX_PATTERNS, Services, category_of, service_of, services};
pub use signature::{BadSignatures, Signatures, signatures_of};
