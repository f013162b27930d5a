// SPDX-License-Identifier: Apache-2.0
//! Filters: what parses prints to a text that means the same.

use std::path::Path;

use minamo_model::FLOWS;

use crate::Target;

pub(crate) static TARGET: Target = Target { name: "filter", run, seeds };

fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    minamo_filter::complete(text, text.chars().count());
    if let Ok(filter) = minamo_filter::parse(text) {
        let printed = filter.to_string();
        assert_eq!(minamo_filter::parse(&printed).as_ref(), Ok(&filter), "{text:?} is printed as {printed:?}");
    }
}

/// Every column with each of its operators and some values, and the phrases that no column has.
fn seeds(_: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let phrases = [
        "src ip 192.0.2.1 and not (dst net 198.51.100.0/24 or port in [80 443 8080])",
        "proto tcp flags S and not flags AF and bytes > 10M # a comment",
        "net 192.0.2.0 255.255.255.0 and bpp < 1k and duration >= 5s",
        "mac 00:00:5e:00:53:01 or vlan 10 or as 64500",
        "icmp-type 8 or tos 0x10 or inet6",
        "port in [80 8000-8100] and in src mac 0:0:5e:0:53:1 or out bytes > 5 and client latency > 5ms",
    ];
    let mut seeds: Vec<Vec<u8>> = phrases.iter().map(|text| text.as_bytes().to_vec()).collect();
    for column in FLOWS.columns() {
        for operator in minamo_filter::operators_of(column) {
            for value in ["", "1", "\"a*\"", "192.0.2.1", "[1 2]", "[192.0.2.0/24]", "true", "5s"] {
                let text = format!("{} {operator} {value}", column.name);
                if minamo_filter::parse(&text).is_ok() {
                    seeds.push(text.into_bytes());
                }
            }
        }
    }
    Ok(seeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_seed() {
        let seeds = seeds(Path::new("")).expect("no files are read");
        for column in FLOWS.columns() {
            let name = format!("{} ", column.name);
            assert!(seeds.iter().any(|seed| seed.starts_with(name.as_bytes())), "{name}");
        }
    }
}
