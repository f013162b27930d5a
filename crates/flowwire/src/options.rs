// SPDX-License-Identifier: Apache-2.0
//! What options records teach of an exporter besides sampling and applications: names of interfaces and VRFs, its
//! timeouts, its own statistics (RFC 3954 §6, RFC 7011 §4, IANA registry "IPFIX Information Elements").

use std::collections::BTreeMap;

use minamo_base::Cursor;

use crate::cache::{CacheCounters, Limits};
use crate::element::V9_SCOPE;
use crate::template::{Field, VARIABLE, field};

/// Longest name that is remembered, in octets.
const MAX_NAME: usize = 128;

/// An interface as the exporter or its administrator names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Short name (element 82): `Gi0/1`.
    pub name: String,
    /// Description (element 83).
    pub description: String,
    /// Bits a second; 0 where unknown.
    pub speed: u64,
}

/// Counters that an exporter keeps of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Messages sent (element 41).
    pub messages: Option<u64>,
    /// Records sent (element 42).
    pub records: Option<u64>,
    /// Octets sent (element 40).
    pub octets: Option<u64>,
    /// Packets that its meter ignored (element 164).
    pub ignored_packets: Option<u64>,
    /// Records that it could not send (element 166).
    pub not_sent: Option<u64>,
}

/// What an exporter told of itself in options records of one session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taught {
    /// Interfaces by index.
    pub interfaces: BTreeMap<u32, Interface>,
    /// VRFs by number.
    pub vrfs: BTreeMap<u32, String>,
    /// Seconds after which a long flow is exported (element 36).
    pub active_timeout: Option<u32>,
    /// Seconds after which a silent flow is exported (element 37).
    pub idle_timeout: Option<u32>,
    /// The exporter's own counters.
    pub statistics: Statistics,
}

impl Taught {
    /// Names held.
    pub(crate) fn names(&self) -> usize {
        self.interfaces.len() + self.vrfs.len()
    }
}

/// Fields of one options record that count here.
#[derive(Default)]
struct Told {
    interface: Option<u32>,
    name: Option<String>,
    description: Option<String>,
    vrf: Option<u32>,
    vrf_name: Option<String>,
}

/// Reads one options record of these fields. True where something changed that is worth keeping over a restart. A
/// record that ends early was reported by whoever read it first.
pub(crate) fn learn(
    octets: &[u8],
    fields: &[Field],
    taught: &mut Taught,
    names: &mut usize,
    limits: &Limits,
    counters: &mut CacheCounters,
) -> bool {
    let mut cursor = Cursor::new(octets);
    let mut told = Told::default();
    let before = (taught.active_timeout, taught.idle_timeout);
    for one in fields {
        let Ok(value) = field(&mut cursor, (one.len != VARIABLE).then_some(one.len.into())) else { break };
        told.take(one, value, taught);
    }
    let mut changed = before != (taught.active_timeout, taught.idle_timeout);
    let mut room = |held: bool| {
        let fits = held || *names < limits.names;
        *names += usize::from(fits && !held);
        counters.refused_names += u64::from(!fits);
        fits
    };
    if let Some(index) = told.interface
        && (told.name.is_some() || told.description.is_some())
        && room(taught.interfaces.contains_key(&index))
    {
        let interface = taught.interfaces.entry(index).or_default();
        let old = interface.clone();
        interface.name = told.name.unwrap_or_else(|| old.name.clone());
        interface.description = told.description.unwrap_or_else(|| old.description.clone());
        changed |= *interface != old;
    }
    if let (Some(vrf), Some(name)) = (told.vrf, told.vrf_name)
        && room(taught.vrfs.contains_key(&vrf))
        && taught.vrfs.get(&vrf) != Some(&name)
    {
        taught.vrfs.insert(vrf, name);
        changed = true;
    }
    changed
}

impl Told {
    fn take(&mut self, field: &Field, octets: &[u8], taught: &mut Taught) {
        let statistics = &mut taught.statistics;
        let short = || number(octets).and_then(|value| u32::try_from(value).ok());
        match (field.pen, field.id) {
            (V9_SCOPE, 2) | (0, 10 | 14 | 252 | 253) => self.interface = short(),
            (0, 82) => self.name = text(octets),
            (0, 83) => self.description = text(octets),
            (0, 234 | 235) => self.vrf = short(),
            (0, 236) => self.vrf_name = text(octets),
            (0, 36) => taught.active_timeout = short(),
            (0, 37) => taught.idle_timeout = short(),
            (0, 40) => statistics.octets = number(octets),
            (0, 41) => statistics.messages = number(octets),
            (0, 42) => statistics.records = number(octets),
            (0, 164) => statistics.ignored_packets = number(octets),
            (0, 166) => statistics.not_sent = number(octets),
            _ => {}
        }
    }
}

fn number(octets: &[u8]) -> Option<u64> {
    let fits = (1..=8).contains(&octets.len());
    fits.then(|| octets.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
}

/// Text up to the first zero, without control characters, cut to [`MAX_NAME`].
pub(crate) fn text(octets: &[u8]) -> Option<String> {
    let octets = octets.split(|octet| *octet == 0).next()?;
    let octets = octets.get(..MAX_NAME).unwrap_or(octets);
    let text: String = String::from_utf8_lossy(octets).chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(u32, u16, u16)]) -> Vec<Field> {
        list.iter().map(|(pen, id, len)| Field { pen: *pen, id: *id, len: *len, scope: *pen == V9_SCOPE }).collect()
    }

    fn taught(fields: &[Field], octets: &[u8], limits: &Limits) -> (Taught, bool, u64) {
        let (mut taught, mut names, mut counters) = (Taught::default(), 0, CacheCounters::default());
        let changed = learn(octets, fields, &mut taught, &mut names, limits, &mut counters);
        (taught, changed, counters.refused_names)
    }

    #[test]
    fn interfaces_vrfs_timeouts_and_statistics_are_learned() {
        let fields = fields(&[(V9_SCOPE, 2, 4), (0, 82, 6), (0, 83, VARIABLE), (0, 36, 2), (0, 41, 4)]);
        let octets = [&[0, 0, 0, 7][..], b"Gi0/7\0", &[6], b"uplink", &[7, 8], &[0, 0, 1, 0]].concat();
        let (taught, changed, _) = taught(&fields, &octets, &Limits::default());
        assert!(changed);
        let want = Interface { name: "Gi0/7".into(), description: "uplink".into(), speed: 0 };
        assert_eq!(taught.interfaces.get(&7), Some(&want));
        assert_eq!((taught.active_timeout, taught.statistics.messages), (Some(1_800), Some(256)));
    }

    #[test]
    fn names_are_bounded_and_the_same_again_is_no_change() {
        let fields = fields(&[(0, 234, 4), (0, 236, 4)]);
        let limits = Limits { names: 1, ..Limits::default() };
        let (mut taught, mut names, mut counters) = (Taught::default(), 0, CacheCounters::default());
        let mut one = |octets: &[u8]| learn(octets, &fields, &mut taught, &mut names, &limits, &mut counters);
        assert!(one(b"\0\0\0\x01red\0"));
        assert!(!one(b"\0\0\0\x01red\0"), "known");
        assert!(!one(b"\0\0\0\x02blue"), "no room");
        assert!(one(b"\0\0\0\x01grey"), "a new name for a known one");
        assert_eq!((taught.vrfs.len(), counters.refused_names), (1, 1));
    }

    #[test]
    fn control_characters_do_not_enter_names() {
        assert_eq!(text(b"a\x1b[31mb\0zz").as_deref(), Some("a[31mb"));
        assert_eq!(text(b"\0\0"), None);
    }
}
