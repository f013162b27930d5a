// SPDX-License-Identifier: Apache-2.0
//! Ways through the network: a host is administered by one that never did so, and then administers another that it
//! never did. Each edge alone may be work; edges that lengthen each other in the order of time are how somebody walks
//! from host to host.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use minamo_base::{Ip, Time};
use minamo_model::Row;
use minamo_schema::Value;

use super::{Judged, Method, address, count, parameter, text, time};
use crate::Rule;

pub(super) static METHOD: Method = Method {
    name: "path",
    columns: &["window_start", "src_ip", "dst_ip", "service", "at"],
    parameters: &["hosts"],
    most_rows: 50_000,
    sources: &[
        "Ho and others, Hopper: Modeling and Detecting Lateral Movement, USENIX Security 2021: paths of logins that are new",
    ],
    judge,
};

/// An edge that is new.
struct Edge<'a> {
    at: Time,
    from: Ip,
    to: Ip,
    service: Cow<'a, str>,
}

/// The longest way that ends at a host so far: hosts and services, and when it began.
#[derive(Clone)]
struct Way {
    hosts: Vec<Ip>,
    services: BTreeSet<String>,
    began: Time,
}

fn judge<'a>(rule: &Rule, rows: &[Row<'a>]) -> Vec<Judged<'a>> {
    let mut windows: BTreeMap<Time, Vec<Edge<'_>>> = BTreeMap::new();
    for row in rows {
        let (Some(from), Some(to)) = (address(row, "src_ip"), address(row, "dst_ip")) else { continue };
        let edge = Edge { at: time(row, "at"), from, to, service: text(row, "service").unwrap_or_default() };
        windows.entry(time(row, "window_start")).or_default().push(edge);
    }
    let least = usize::try_from(parameter(rule, "hosts")).unwrap_or(usize::MAX).max(3);
    let found = windows.into_iter().flat_map(|(start, mut edges)| {
        edges.sort_by_key(|edge| (edge.at, edge.from, edge.to));
        longest(&edges)
            .into_iter()
            .filter(|way| way.hosts.len() >= least)
            .map(|way| told(start, &way))
            .collect::<Vec<_>>()
    });
    found.collect()
}

/// The longest way from each host that begins one.
fn longest(edges: &[Edge<'_>]) -> Vec<Way> {
    let mut ends: BTreeMap<Ip, Way> = BTreeMap::new();
    let mut best: BTreeMap<Ip, Way> = BTreeMap::new();
    for edge in edges {
        let mut way = match ends.get(&edge.from) {
            // Nobody walks in a circle.
            Some(way) if !way.hosts.contains(&edge.to) => way.clone(),
            _ => Way { hosts: vec![edge.from], services: BTreeSet::new(), began: edge.at },
        };
        way.hosts.push(edge.to);
        way.services.insert(edge.service.to_string());
        if let Some(first) = way.hosts.first()
            && best.get(first).is_none_or(|known| known.hosts.len() < way.hosts.len())
        {
            best.insert(*first, way.clone());
        }
        if ends.get(&edge.to).is_none_or(|known| known.hosts.len() < way.hosts.len()) {
            ends.insert(edge.to, way);
        }
    }
    best.into_values().collect()
}

fn told<'a>(start: Time, way: &Way) -> Judged<'a> {
    let ends = (way.hosts.first().copied().unwrap_or_default(), way.hosts.last().copied().unwrap_or_default());
    let hosts: Vec<String> = way.hosts.iter().map(Ip::to_string).collect();
    let services: Vec<&str> = way.services.iter().map(String::as_str).collect();
    Judged::of([
        ("window_start", Value::Time(start)),
        ("src_ip", Value::Ip(ends.0)),
        ("dst_ip", Value::Ip(ends.1)),
        ("hosts", count(hosts.len())),
        ("path", Value::Text(hosts.join(" → ").into())),
        ("services", Value::Text(services.join(", ").into())),
        ("began", Value::Time(way.began)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(at: i64, from: u8, to: u8) -> Edge<'static> {
        let host = |octet| Ip::v4([10, 0, 0, octet]);
        Edge { at: Time(at), from: host(from), to: host(to), service: "SSH".into() }
    }

    #[test]
    fn edges_lengthen_a_way_in_the_order_of_time() {
        let ways = longest(&[edge(1, 1, 2), edge(2, 2, 3), edge(3, 3, 4), edge(4, 9, 8)]);
        assert_eq!(ways.iter().map(|way| way.hosts.len()).max(), Some(4));
        let before = longest(&[edge(1, 2, 3), edge(2, 1, 2)]);
        assert!(before.iter().all(|way| way.hosts.len() == 2), "who was there first did not come from there");
        let circle = longest(&[edge(1, 1, 2), edge(2, 2, 1), edge(3, 1, 2)]);
        assert!(circle.iter().all(|way| way.hosts.len() == 2));
        let fan = longest(&(2..50).map(|to| edge(to.into(), 1, to)).collect::<Vec<_>>());
        assert!(fan.iter().all(|way| way.hosts.len() == 2), "many hosts of one are no way");
    }
}
