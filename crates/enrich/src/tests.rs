// SPDX-License-Identifier: Apache-2.0
//! Tests of the whole crate, and what they share. Addresses are from the documentation ranges.

mod batches;
mod databases;
mod definitions;
pub(crate) mod mmdb;
mod networks;
mod table;

use minamo_base::{Ip, Prefix, Time};

use crate::Entry;

fn ip(text: &str) -> Ip {
    text.parse().expect("an address")
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

fn time(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

fn entry(prefix_text: &str, name: &str, tags: &[&str]) -> Entry {
    Entry {
        name: (!name.is_empty()).then(|| name.to_owned()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Entry::new(prefix(prefix_text))
    }
}
