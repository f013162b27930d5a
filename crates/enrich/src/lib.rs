// SPDX-License-Identifier: Apache-2.0
//! Enrichment: what is known of the addresses of a flow beside what was seen of it. Named networks and tags,
//! countries, cities and autonomous systems from MaxMind-format databases, names from observed DNS answers.
//!
//! Batches go in and come out with the columns of the group `enrich` for which there is a value. Sans-I/O: texts and
//! octets of files are arguments, time is the flow's own. It asks nobody: no DNS query and no download is made.

mod counters;
mod definitions;
mod enricher;
mod fingerprints;
mod geo;
mod indicators;
mod likely;
mod marks;
mod names;
mod networks;
mod processes;
mod set;
mod table;
mod threats;

pub use counters::{Counters, METRICS};
pub use definitions::{Definitions, Entry, Fault, Version};
pub use enricher::{Control, Enricher, Error, Settings, Sources};
pub use fingerprints::{Feed, FeedFault, FeedForm, FingerprintKind, Fingerprints, Said};
pub use geo::{BadDatabase, Database, Place};
pub use indicators::{Indicators, MAX_INDICATORS, Match, ThreatTable};
pub use networks::{BadNetworks, Format};
pub use processes::{Destination, Likely, Processes};
pub use set::Period;
pub use table::{Label, Table};

#[cfg(test)]
mod tests;
