// SPDX-License-Identifier: Apache-2.0
//! Feeds of threats: addresses, networks and names that a list calls bad. Lists come as plain lines, as hosts files, as
//! CSV, as STIX 2.1 (a bundle, or an envelope of TAXII 2.1) and as MISP (an event, or events): what is in them tells
//! which. Of an address on the web its host counts. Lines that say nothing are counted.
//!
//! A name is matched with all names below it; an address with all networks that hold it, the narrowest first.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use minamo_base::{Ip, Prefix};
use rapidhash::fast::RandomState;
use serde_json::Value;

/// Indicators of one feed at most; the others are counted.
pub const MAX_INDICATORS: usize = 1_000_000;
/// Levels of a JSON document that are looked through.
const MAX_DEPTH: usize = 12;
/// Longest name, in octets (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

/// What a feed says is bad.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Indicators {
    /// Networks; an address is one of full length.
    pub addresses: BTreeSet<Prefix>,
    /// Names, in lower case.
    pub names: BTreeSet<String>,
    /// Lines or objects without anything that can be matched.
    pub skipped: u64,
    /// Indicators beyond the most that are kept.
    pub beyond: u64,
}

impl Indicators {
    /// Reads a feed, whatever its form. One without any indicator gives an empty list.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        match serde_json::from_str::<Value>(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => found.json(&value, 0),
            _ => text.lines().for_each(|line| found.line(line)),
        }
        found
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.addresses.len() + self.names.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those that are not in an older list.
    pub fn since(&self, older: &Self) -> Self {
        Self {
            addresses: self.addresses.difference(&older.addresses).copied().collect(),
            names: self.names.difference(&older.names).cloned().collect(),
            ..Self::default()
        }
    }

    /// Takes an indicator in; false where the text is none.
    fn take(&mut self, text: &str) -> bool {
        let Some(indicator) = Indicator::of(text) else { return false };
        if self.len() >= MAX_INDICATORS {
            self.beyond += 1;
            return true;
        }
        match indicator {
            Indicator::Address(prefix) => self.addresses.insert(prefix),
            Indicator::Name(name) => self.names.insert(name),
        };
        true
    }

    /// One line: the first field that is an indicator counts.
    fn line(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';', '!']) || line.starts_with("//") {
            return;
        }
        let plain = line.split(" #").next().unwrap_or(line);
        let fields = plain.split([',', ';', '\t', ' ']).map(|field| field.trim().trim_matches('"').trim());
        // A hosts file sends names nowhere: the address in front is not what is bad.
        let sunk = |field: &&str| !matches!(*field, "" | "0.0.0.0" | "127.0.0.1" | "::" | "::1");
        if !fields.filter(sunk).any(|field| self.take(field)) {
            self.skipped += 1;
        }
    }

    fn json(&mut self, value: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            self.skipped += 1;
            return;
        }
        match value {
            Value::Array(list) => list.iter().for_each(|item| self.json(item, depth + 1)),
            Value::String(text) => self.skipped += u64::from(!self.take(text)),
            Value::Object(object) => {
                let text = |name: &str| object.get(name).and_then(Value::as_str);
                if text("type") == Some("indicator") {
                    // STIX 2.1 §4.7.
                    self.skipped += u64::from(self.pattern(text("pattern").unwrap_or_default()) == 0);
                    return;
                }
                if let (Some(kind), Some(value)) = (text("type"), text("value")) {
                    // An attribute of MISP; `domain|ip` has both.
                    let wanted =
                        ["ip-", "domain", "hostname", "url", "uri"].iter().any(|start| kind.starts_with(start));
                    let taken = wanted && value.split('|').filter(|part| self.take(part)).count() > 0;
                    self.skipped += u64::from(!taken);
                }
                for name in ["objects", "Event", "Attribute", "Object", "response", "data", "indicators", "iocs"] {
                    if let Some(inner) = object.get(name) {
                        self.json(inner, depth + 1);
                    }
                }
                for name in ["ioc", "indicator", "ip_address", "host", "domain", "url", "ioc_value"] {
                    if text(name).is_some_and(|value| self.take(value)) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }

    /// The values of a STIX pattern that compares addresses, names or URLs (STIX 2.1 §9); gives how many.
    fn pattern(&mut self, pattern: &str) -> usize {
        let kinds = ["ipv4-addr:value", "ipv6-addr:value", "domain-name:value", "url:value"];
        let mut taken = 0;
        for kind in kinds {
            for part in pattern.split(kind).skip(1) {
                let part = part.trim_start();
                let Some(part) = part.strip_prefix('=').or_else(|| part.strip_prefix("IN")) else { continue };
                let end = part.find(']').unwrap_or(part.len());
                let quoted = part.get(..end).unwrap_or_default().split('\'').skip(1).step_by(2);
                taken += quoted.filter(|value| self.take(value)).count();
            }
        }
        taken
    }
}

enum Indicator {
    Address(Prefix),
    Name(String),
}

impl Indicator {
    /// An address, a network, a name, or the host of a web address; nothing where the text is something else, or is an
    /// address of one's own network.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim().replace("[.]", ".").replace("hxxp", "http");
        let rest = text.split_once("://").map_or(&*text, |(_, rest)| rest);
        let of_url = rest.len() != text.len();
        let host = if of_url { rest.split(['/', '?', '#']).next().unwrap_or_default() } else { rest };
        let host = host.rsplit('@').next().unwrap_or(host);
        if let Ok(prefix) = host.parse::<Prefix>() {
            return (!prefix.first().is_private() && !prefix.is_empty()).then_some(Self::Address(prefix));
        }
        let bare = host.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(host, |(inner, _)| inner);
        let address = |text: &str| text.parse::<Ip>().ok();
        let with_port = || bare.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map(|(host, _)| host);
        if let Some(ip) = address(bare).or_else(|| with_port().and_then(address)) {
            let whole = Prefix::new(ip, if ip.is_v4() { 32 } else { 128 }).ok()?;
            return (!ip.is_private()).then_some(Self::Address(whole));
        }
        let name = with_port().unwrap_or(bare).trim_end_matches('.').to_ascii_lowercase();
        let name = name.strip_prefix("*.").unwrap_or(&name);
        is_name(name).then(|| Self::Name(name.to_owned()))
    }
}

/// True for a name of two labels or more whose last one is of letters, or an IDN's (`xn--`).
fn is_name(name: &str) -> bool {
    let sound = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let top = last.starts_with("xn--") || (last.len() >= 2 && last.bytes().all(|octet| octet.is_ascii_alphabetic()));
    name.len() <= MAX_NAME && name.contains('.') && top && name.split('.').all(sound)
}

/// Several feeds, ready to be asked.
#[derive(Debug, Default)]
pub struct ThreatTable {
    feeds: Vec<Arc<str>>,
    /// By length of prefix, the longest first: networks by their first address.
    lengths: Vec<(u8, bool, HashMap<Ip, u32, RandomState>)>,
    names: HashMap<Box<str>, u32, RandomState>,
}

/// What a feed says of an address or a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match<'a> {
    /// The feed.
    pub feed: &'a str,
    /// What in it matches: the whole name or address where absent.
    pub network: Option<Prefix>,
}

impl ThreatTable {
    /// A table of feeds with their names; what several name counts for the first.
    pub fn new<'a>(feeds: impl IntoIterator<Item = (&'a str, &'a Indicators)>) -> Self {
        let mut table = Self::default();
        for (number, (name, indicators)) in (0_u32..).zip(feeds) {
            table.feeds.push(name.into());
            for prefix in &indicators.addresses {
                let (length, v4) = (prefix.len(), prefix.first().is_v4());
                let of_length = match table.lengths.iter().position(|(known, kind, _)| (*known, *kind) == (length, v4))
                {
                    Some(at) => table.lengths.get_mut(at),
                    None => {
                        table.lengths.push((length, v4, HashMap::default()));
                        table.lengths.last_mut()
                    }
                };
                if let Some((.., networks)) = of_length {
                    networks.entry(prefix.first()).or_insert(number);
                }
            }
            for name in &indicators.names {
                table.names.entry_ref(&**name).or_insert(number);
            }
        }
        table.lengths.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
        table
    }

    /// True where nothing can match.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty() && self.names.is_empty()
    }

    fn feed(&self, number: u32) -> &str {
        usize::try_from(number).ok().and_then(|at| self.feeds.get(at)).map_or("", |name| name)
    }

    /// What is said of an address.
    pub fn address(&self, ip: Ip) -> Option<Match<'_>> {
        self.lengths.iter().filter(|(_, v4, _)| *v4 == ip.is_v4()).find_map(|(length, _, networks)| {
            let network = Prefix::new(ip, *length).ok()?;
            let number = networks.get(&network.first())?;
            Some(Match { feed: self.feed(*number), network: Some(network) })
        })
    }

    /// What is said of a name, or of one above it. The name has to be in lower case.
    pub fn name(&self, name: &str) -> Option<Match<'_>> {
        if self.names.is_empty() {
            return None;
        }
        let mut rest = name.trim_end_matches('.');
        loop {
            if let Some(number) = self.names.get(rest) {
                return Some(Match { feed: self.feed(*number), network: None });
            }
            rest = rest.split_once('.')?.1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(found: &Indicators) -> Vec<String> {
        found.addresses.iter().map(Prefix::to_string).chain(found.names.iter().cloned()).collect()
    }

    #[test]
    fn lines_hosts_files_and_csv_are_read() {
        let text = "# a feed\n198.51.100.7\n203.0.113.0/24 ; SBL1\nhxxp://bad[.]example/x.exe\n0.0.0.0 ads.example\n\
                    \"2026-01-05 10:00:00\",\"198.51.100.9:4444\",\"c2\"\n1,2026-01-05,https://u@evil.example:8443/p?q,online\n\
                    id,dateadded,url\n10.0.0.5\n*.wild.example\n2001:db8:bad::/48\n";
        let found = Indicators::parse(text);
        assert_eq!(
            list(&found),
            [
                "198.51.100.7/32",
                "198.51.100.9/32",
                "203.0.113.0/24",
                "2001:db8:bad::/48",
                "ads.example",
                "bad.example",
                "evil.example",
                "wild.example"
            ]
        );
        assert_eq!(found.skipped, 2, "a header, and an address of one's own network");
    }

    #[test]
    fn stix_and_misp_are_read() {
        let stix = r#"{"type":"bundle","objects":[{"type":"identity","name":"x"},
            {"type":"indicator","pattern":"[ipv4-addr:value = '198.51.100.7' OR domain-name:value = 'c2.example']"},
            {"type":"indicator","pattern":"[url:value IN ('http://a.example/x', 'http://b.example/y')]"},
            {"type":"indicator","pattern":"[file:hashes.MD5 = 'aa']"}]}"#;
        let found = Indicators::parse(stix);
        assert_eq!(
            (list(&found).join(" "), found.skipped),
            ("198.51.100.7/32 a.example b.example c2.example".to_owned(), 1)
        );
        let misp = r#"{"Event":{"Attribute":[{"type":"ip-dst","value":"203.0.113.4"},{"type":"md5","value":"aa.example"},
            {"type":"domain|ip","value":"c2.example|203.0.113.5"}],"Object":[{"Attribute":[{"type":"hostname","value":"h.example"}]}]}}"#;
        let found = Indicators::parse(misp);
        assert_eq!(list(&found).join(" "), "203.0.113.4/32 203.0.113.5/32 c2.example h.example");
        assert!(Indicators::parse("").is_empty() && Indicators::parse("<html><body>404</body></html>").is_empty());
    }

    #[test]
    fn the_narrowest_network_and_the_names_above_match() {
        let one = Indicators::parse("203.0.113.0/24\nbad.example\n2001:db8:bad::/48\n");
        let two = Indicators::parse("203.0.113.9\nbad.example\n");
        let table = ThreatTable::new([("one", &one), ("two", &two)]);
        let feed = |ip: &str| table.address(ip.parse().expect("an address")).map(|found| found.feed);
        assert_eq!([feed("203.0.113.9"), feed("203.0.113.8"), feed("203.0.114.8")], [Some("two"), Some("one"), None]);
        assert_eq!([feed("2001:db8:bad::1"), feed("2001:db8::1")], [Some("one"), None]);
        let of_name = |name: &str| table.name(name).map(|found| found.feed);
        assert_eq!(
            [of_name("a.b.bad.example"), of_name("bad.example."), of_name("notbad.example"), of_name("example")],
            [Some("one"), Some("one"), None, None]
        );
        assert!(ThreatTable::default().is_empty());
    }

    #[test]
    fn what_is_new_is_told_apart() {
        let (old, new) = (Indicators::parse("203.0.113.1\na.example"), Indicators::parse("203.0.113.1\nb.example"));
        assert_eq!(list(&new.since(&old)), ["b.example"]);
    }
}
