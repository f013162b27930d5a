// SPDX-License-Identifier: Apache-2.0
//! The records of the product, each column declared once: flows and events. Arrow schema, batch
//! builders, JSON, filter fields, export elements and the references follow from these tables.

mod ciphers;
mod community;
pub mod event;
pub mod flow;
mod identity;
mod json;
mod mirror;
pub mod names;
mod octets;
mod reader;
mod rows;
mod sequences;
mod table;

pub use community::{COMMUNITY, COMMUNITY_ID, community_ids, with_community_ids};
pub use event::{Event, EventBuilder};
pub use flow::{Flow, FlowBuilder, FlowGroup};
pub use identity::{IDENTITY, identified, identities};
pub use json::json_value;
pub use octets::{byte_moments, least_header};
pub use reader::{CellReader, Row, text_value};
pub use sequences::{Sequence, initiators, interleave, interleave_marked};
pub use table::{BATCH_ROWS, EVENTS, FLOWS, Table};
