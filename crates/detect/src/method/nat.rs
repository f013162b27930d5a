// SPDX-License-Identifier: Apache-2.0
//! Several hosts behind one address, and how many at least: by times to live, by the shape of what opens a connection
//! (length of the SYN and window scale), and by the system that browsers name. One sign alone is no proof: a system
//! that was upgraded changes its SYN, a developer's browser names any system. Two signs that go with each other are.
//! Clocks of TCP timestamps and counters of IP identifications would count the hosts better; no column has them.

use std::collections::{BTreeMap, BTreeSet};

use minamo_base::{Ip, Time};
use minamo_model::Row;
use minamo_schema::Value;

use super::{Judged, Method, address, count, number, parameter, text, time};
use crate::Rule;

pub(super) static METHOD: Method = Method {
    name: "nat",
    columns: &["window_start", "src_ip", "ttl", "stack", "agent", "flows"],
    parameters: &["flows", "requests"],
    most_rows: 200_000,
    sources: &[
        "Bellovin, A Technique for Counting NATted Hosts, IMW 2002",
        "Maier and others, NAT Usage in Residential Broadband Networks, PAM 2011: times to live and user agents",
    ],
    judge,
};

/// What one address sent in a window: how many conversations with each sign.
#[derive(Default)]
struct Seen {
    ttls: BTreeMap<u64, u64>,
    stacks: BTreeMap<(u64, String), u64>,
    systems: BTreeMap<&'static str, u64>,
    /// Which kinds of SYN the browsers of each system came with.
    stacks_of: BTreeMap<&'static str, BTreeSet<String>>,
}

fn judge<'a>(rule: &Rule, rows: &[Row<'a>]) -> Vec<Judged<'a>> {
    let mut hosts: BTreeMap<(Time, Ip), Seen> = BTreeMap::new();
    for row in rows {
        let Some(src) = address(row, "src_ip") else { continue };
        let seen = hosts.entry((time(row, "window_start"), src)).or_default();
        let (flows, ttl) = (number(row, "flows"), number(row, "ttl"));
        let stack = text(row, "stack").unwrap_or_default().into_owned();
        *seen.ttls.entry(ttl).or_default() += flows;
        *seen.stacks.entry((ttl, stack.clone())).or_default() += flows;
        if let Some(system) = text(row, "agent").as_deref().and_then(system) {
            *seen.systems.entry(system).or_default() += flows;
            seen.stacks_of.entry(system).or_default().insert(stack);
        }
    }
    let found = hosts.into_iter().filter_map(|((start, src), seen)| seen.told(rule, start, src));
    found.collect()
}

impl Seen {
    fn told<'a>(&self, rule: &Rule, start: Time, src: Ip) -> Option<Judged<'a>> {
        let (least, requests) = (parameter(rule, "flows").max(1), parameter(rule, "requests").max(1));
        let ttls: Vec<u64> = self.ttls.iter().filter(|(_, flows)| **flows >= least).map(|(ttl, _)| *ttl).collect();
        let stacks: BTreeSet<&(u64, String)> = self
            .stacks
            .iter()
            .filter(|((ttl, _), flows)| ttls.contains(ttl) && **flows > 0)
            .map(|(key, _)| key)
            .collect();
        let kinds: BTreeSet<&str> = stacks.iter().map(|(_, stack)| &**stack).collect();
        let systems: Vec<&str> =
            self.systems.iter().filter(|(_, flows)| **flows >= requests).map(|(system, _)| *system).collect();
        let by_way = ttls.len() >= 2 && kinds.len() >= 2;
        let by_system = systems.len() >= 2 && (ttls.len() >= 2 || self.apart(&systems));
        if !by_way && !by_system {
            return None;
        }
        let hosts = ttls.len().max(if by_system { systems.len() } else { 0 });
        let list: Vec<String> = ttls.iter().map(u64::to_string).collect();
        let named = if systems.is_empty() { "-".to_owned() } else { systems.join(", ") };
        Some(Judged::of([
            ("window_start", Value::Time(start)),
            ("src_ip", Value::Ip(src)),
            ("ttls", count(ttls.len())),
            ("list", Value::Text(list.join(", ").into())),
            ("stacks", count(kinds.len())),
            ("systems", Value::Text(named.into())),
            ("hosts", count(hosts)),
            // Each way and kind of SYN that is seen may be another host.
            ("likely", count(stacks.len().max(hosts))),
        ]))
    }

    /// Whether no two systems share a kind of SYN: then it is no browser that lies.
    fn apart(&self, systems: &[&str]) -> bool {
        let mut all = BTreeSet::new();
        systems.iter().filter_map(|system| self.stacks_of.get(system)).flatten().all(|stack| all.insert(stack))
    }
}

/// The system that a browser names.
fn system(agent: &str) -> Option<&'static str> {
    // The first that fits: Android names Linux, too, and an iPhone a Mac.
    const SYSTEMS: [(&str, &str); 8] = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows NT", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("PlayStation", "PlayStation"),
        ("X11; Linux", "Linux"),
    ];
    SYSTEMS.iter().find(|(word, _)| agent.contains(word)).map(|(_, system)| *system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_names_its_system() {
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)";
        let phone = "Mozilla/5.0 (Linux; Android 14; Pixel 8)";
        assert_eq!([system(iphone), system(phone), system("curl/8.5")], [Some("iOS"), Some("Android"), None]);
    }
}
