// SPDX-License-Identifier: Apache-2.0
//! Domains that a program made up: letters follow each other as they do in no name that a person chose, again and again,
//! and most of the names do not exist. One odd name is nothing. Names made of words of a dictionary are not seen by
//! their letters; `dns_nxdomain_burst` sees that they do not exist.

use std::collections::BTreeMap;

use minamo_base::{Ip, Time};
use minamo_model::Row;
use minamo_schema::Value;

use super::ngram::LABELS;
use super::{Judged, Method, address, count, flag, parameter, text, time};
use crate::Rule;

/// Shorter labels say too little: of seven letters by chance every tenth looks like a name.
const SHORTEST: usize = 7;

pub(super) static METHOD: Method = Method {
    name: "dga",
    columns: &["window_start", "src_ip", "domain", "missing"],
    parameters: &["domains", "missing"],
    most_rows: 200_000,
    sources: &[
        "Yadav and others, Detecting Algorithmically Generated Malicious Domain Names, IMC 2010: letters by distribution and n-grams",
        "Antonakakis and others, From Throw-Away Traffic to Bots, USENIX Security 2012: names that do not exist",
    ],
    judge,
};

/// What one host asked for in a window.
#[derive(Default)]
struct Asked {
    domains: usize,
    missing: usize,
    bits: f64,
    /// The oddest one.
    example: (f64, String),
}

/// Bits of a letter from which on a label looks made up: of labels that people chose one in a hundred has more, of
/// letters by chance one in ten has less. Short ones vary more.
fn threshold(length: usize) -> f64 {
    4.8 + 6.0 / length as f64
}

/// Whether the first label of a domain looks made up by its letters; for measuring on lists of names.
pub fn looks_made(domain: &str) -> bool {
    domain.split('.').next().is_some_and(|label| odd(label).is_some())
}

/// Bits of a letter of a label that looks made up; nothing of one that does not, is too short, or is of another script,
/// whose letters follow rules of their own (RFC 3492).
fn odd(label: &str) -> Option<f64> {
    if label.len() < SHORTEST || label.starts_with("xn--") {
        return None;
    }
    Some(LABELS.bits(label)).filter(|bits| *bits >= threshold(label.len()))
}

fn judge<'a>(rule: &Rule, rows: &[Row<'a>]) -> Vec<Judged<'a>> {
    let mut hosts: BTreeMap<(Time, Ip), Asked> = BTreeMap::new();
    for row in rows {
        let (Some(src), Some(domain)) = (address(row, "src_ip"), text(row, "domain")) else { continue };
        let label = domain.split('.').next().unwrap_or_default();
        let Some(bits) = odd(label).filter(|_| domain.contains('.')) else { continue };
        let asked = hosts.entry((time(row, "window_start"), src)).or_default();
        asked.domains += 1;
        asked.missing += usize::from(flag(row, "missing"));
        asked.bits += bits;
        if (bits, &*domain) > (asked.example.0, &*asked.example.1) {
            asked.example = (bits, domain.into_owned());
        }
    }
    let enough = |asked: &Asked| {
        asked.domains as u64 >= parameter(rule, "domains") && asked.missing as u64 >= parameter(rule, "missing")
    };
    let made = hosts.into_iter().filter(|(_, asked)| enough(asked)).map(|((start, src), asked)| {
        Judged::of([
            ("window_start", Value::Time(start)),
            ("src_ip", Value::Ip(src)),
            ("domains", count(asked.domains)),
            ("missing", count(asked.missing)),
            ("example", Value::Text(asked.example.1.into())),
            ("bits", Value::Real((asked.bits / asked.domains as f64 * 10.0).round() / 10.0)),
        ])
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters by a simple congruence, as the published generators make them.
    fn made(seed: u64, length: usize) -> String {
        let mut state = seed;
        let mut letter = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + u8::try_from((state >> 33) % 26).expect("small"))
        };
        (0..length).map(|_| letter()).collect()
    }

    #[test]
    fn letters_by_chance_are_told_from_names() {
        let found = (0..1_000).filter(|seed| odd(&made(*seed, 12)).is_some()).count();
        assert!(found > 900, "{found} of 1000");
        let names = "googleusercontent akamaiedge msftconnecttest windowsupdate scorecardresearch yahooapis hatenablog nicovideo \
            kakaocorp cloudflareinsights mitsubishielectric hokkaidoshimbun shinkansen deutschebank openstreetmap \
            stackoverflow raiffeisen santander bundesregierung universitat nflxvideo fbcdn-profile tiktokcdn";
        let wrong: Vec<_> = names.split_whitespace().filter(|name| odd(name).is_some()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
