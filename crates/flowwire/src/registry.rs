// SPDX-License-Identifier: Apache-2.0
//! Names and types of information elements: IANA's registry (RFC 7012) and those of vendors, as data files,
//! and over them what the configuration and the exporters themselves add ([`Elements`], RFC 5610).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use minamo_schema::ColumnId;

use crate::Elements;
use crate::element::{REVERSE, V9_SCOPE};
use crate::own::{self, EXAMPLE_ENTERPRISE};

/// Enterprise number of ntop, whose elements NetFlow v9 carries with [`NTOP_V9`] added.
const NTOP: u32 = 35_632;
/// What nProbe adds to its elements' numbers in NetFlow v9, which has no enterprise numbers.
const NTOP_V9: u16 = 57_472;

/// Type of an element (RFC 7012 §3.1, RFC 6313 §4.1), without its size: any may be sent shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// Unsigned number.
    Uint,
    /// Signed number.
    Int,
    /// Real number of 4 or 8 octets.
    Real,
    /// 1 is true, 2 is false.
    Bool,
    /// MAC address.
    Mac,
    /// IPv4 or IPv6 address.
    Ip,
    /// UTF-8 text.
    Text,
    /// Octets without a meaning of their own.
    Octets,
    /// Seconds since the epoch.
    Secs,
    /// Milliseconds since the epoch.
    Millis,
    /// NTP timestamp.
    Ntp,
    /// Values of one element (RFC 6313 §4.5.1).
    BasicList,
    /// Records of one template (RFC 6313 §4.5.2).
    SubTemplateList,
    /// Records of several templates (RFC 6313 §4.5.3).
    SubTemplateMultiList,
}

/// Words of the data files.
const WORDS: [(&str, Type); 14] = [
    ("uint", Type::Uint),
    ("int", Type::Int),
    ("real", Type::Real),
    ("bool", Type::Bool),
    ("mac", Type::Mac),
    ("ip", Type::Ip),
    ("text", Type::Text),
    ("octets", Type::Octets),
    ("secs", Type::Secs),
    ("millis", Type::Millis),
    ("ntp", Type::Ntp),
    ("basicList", Type::BasicList),
    ("subTemplateList", Type::SubTemplateList),
    ("subTemplateMultiList", Type::SubTemplateMultiList),
];

/// Abstract data types in the order of their numbers (RFC 5610 §3.1, RFC 6313 §11.1).
const ABSTRACT: [(&str, Type); 23] = [
    ("octetArray", Type::Octets),
    ("unsigned8", Type::Uint),
    ("unsigned16", Type::Uint),
    ("unsigned32", Type::Uint),
    ("unsigned64", Type::Uint),
    ("signed8", Type::Int),
    ("signed16", Type::Int),
    ("signed32", Type::Int),
    ("signed64", Type::Int),
    ("float32", Type::Real),
    ("float64", Type::Real),
    ("boolean", Type::Bool),
    ("macAddress", Type::Mac),
    ("string", Type::Text),
    ("dateTimeSeconds", Type::Secs),
    ("dateTimeMilliseconds", Type::Millis),
    ("dateTimeMicroseconds", Type::Ntp),
    ("dateTimeNanoseconds", Type::Ntp),
    ("ipv4Address", Type::Ip),
    ("ipv6Address", Type::Ip),
    ("basicList", Type::BasicList),
    ("subTemplateList", Type::SubTemplateList),
    ("subTemplateMultiList", Type::SubTemplateMultiList),
];

impl Type {
    /// The type with this number (RFC 5610 §3.1).
    pub(crate) fn numbered(number: u64) -> Option<Self> {
        ABSTRACT.get(usize::try_from(number).ok()?).map(|(_, kind)| *kind)
    }

    /// Name of the type with this number; nothing for numbers without a type.
    pub(crate) fn abstract_name(number: u8) -> &'static str {
        ABSTRACT.get(usize::from(number)).map_or("", |(name, _)| name)
    }

    /// The type with this name (RFC 7012 §3.1).
    pub(crate) fn named(name: &str) -> Option<Self> {
        ABSTRACT.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// What is known of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its name, or number and enterprise where it has none.
    pub(crate) name: Cow<'static, str>,
    /// Its type, where known.
    pub(crate) kind: Option<Type>,
}

/// What an exporter said of its elements: by enterprise number and number (RFC 5610).
pub(crate) type Learnt = HashMap<(u32, u16), (Box<str>, Type)>;

/// Every source of names, the nearest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) configured: &'a Elements,
    pub(crate) learnt: &'a Learnt,
}

impl Names<'_> {
    /// Name and type of an element.
    pub(crate) fn of(&self, pen: u32, id: u16) -> Named {
        if let Some(own) = self.configured.find(pen, id) {
            return Named { name: own.name.clone().into(), kind: Some(own.kind) };
        }
        let learnt = || {
            let (name, kind) = self.learnt.get(&(pen, id))?;
            Some((name.to_string().into(), *kind))
        };
        // Everybody may use the enterprise number for examples: there the exporter's own word goes first.
        let told = if pen == EXAMPLE_ENTERPRISE { learnt() } else { None };
        if let Some((name, kind)) = told.or_else(|| known(pen, id)).or_else(learnt) {
            return Named { name, kind: Some(kind) };
        }
        Named { name: if pen == 0 { format!("{id}") } else { format!("{pen}.{id}") }.into(), kind: None }
    }

    /// The column that the configuration chose for an element.
    pub(crate) fn column(&self, pen: u32, id: u16) -> Option<ColumnId> {
        self.configured.find(pen, id)?.column
    }
}

/// A line of the data files.
#[derive(Debug, Clone, Copy)]
struct Listed {
    name: &'static str,
    kind: Type,
}

static ELEMENTS: LazyLock<HashMap<(u32, u16), Listed>> = LazyLock::new(|| {
    let iana = rows(include_str!("../data/iana.tsv")).filter_map(|mut cells| {
        let id = cells.next()?.parse().ok()?;
        Some(((0, id), Listed { name: cells.next()?, kind: word(cells.next()?)? }))
    });
    let vendors = rows(include_str!("../data/vendors.tsv")).filter_map(|mut cells| {
        let pen = cells.next()?.parse().ok()?;
        let id = cells.next()?.parse().ok()?;
        Some(((pen, id), Listed { name: cells.next()?, kind: word(cells.next()?)? }))
    });
    iana.chain(vendors).collect()
});

fn rows(text: &'static str) -> impl Iterator<Item = std::str::Split<'static, char>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t'))
}

fn word(word: &str) -> Option<Type> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
}

/// Name and type by the registries. Elements of the reverse direction are named after the forward ones
/// (RFC 5103 §6.1).
pub(crate) fn known(pen: u32, id: u16) -> Option<(Cow<'static, str>, Type)> {
    if let Some(listed) = ELEMENTS.get(&same(pen, id)) {
        return Some((listed.name.into(), listed.kind));
    }
    if pen == V9_SCOPE {
        // RFC 3954 §6.1.
        let scope = ["scopeSystem", "scopeInterface", "scopeLineCard", "scopeCache", "scopeTemplate"];
        return Some(((*scope.get(usize::from(id).checked_sub(1)?)?).into(), Type::Uint));
    }
    if pen == EXAMPLE_ENTERPRISE {
        let own = own::numbered(id)?;
        return Some((own.name.as_str().into(), own.kind()?));
    }
    if pen != REVERSE {
        return None;
    }
    let listed = ELEMENTS.get(&(0, id))?;
    let (first, rest) = listed.name.split_at_checked(1)?;
    Some((format!("reverse{}{rest}", first.to_ascii_uppercase()).into(), listed.kind))
}

/// An element under the number that its vendor gave it.
pub(crate) fn same(pen: u32, id: u16) -> (u32, u16) {
    match id.checked_sub(NTOP_V9) {
        Some(own) if pen == 0 && own < 1_024 => (NTOP, own),
        _ => (pen, id),
    }
}

#[cfg(test)]
mod tests {
    use minamo_model::FLOWS;
    use minamo_schema::Source;

    use super::*;

    #[test]
    fn every_line_of_the_data_files_is_an_element() {
        let lines = |text: &'static str| rows(text).count();
        let all = lines(include_str!("../data/iana.tsv")) + lines(include_str!("../data/vendors.tsv"));
        assert_eq!(ELEMENTS.len(), all, "a line that cannot be read, or a number that stands twice");
        assert_eq!(all, 1_720);
    }

    #[test]
    fn the_registry_of_iana_is_whole() {
        // What IANA keeps back for NetFlow v9, and two that were never given out.
        let gaps = |id: u16| matches!(id, 65..=69 | 97 | 105..=127 | 416 | 419);
        for id in 1..=533 {
            assert_eq!(ELEMENTS.contains_key(&(0, id)), !gaps(id), "element {id}");
        }
        let iana = ELEMENTS.iter().filter(|((pen, id), _)| *pen == 0 && *id < 600);
        let mut names: Vec<_> = iana.map(|(_, listed)| listed.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a name stands twice");
        assert!(names.iter().all(|name| name.bytes().all(|octet| octet.is_ascii_alphanumeric())));
    }

    #[test]
    fn every_element_of_a_column_is_registered() {
        for (_, column) in FLOWS.places() {
            for source in column.sources {
                if let Source::Ie(pen, id) | Source::Ie6(pen, id) = *source {
                    assert!(known(pen, id).is_some(), "{}: {pen}/{id} is in no registry", column.name);
                }
            }
        }
    }

    #[test]
    fn names_come_from_the_nearest_source() {
        assert_eq!(known(0, 8).map(|(name, _)| name), Some("sourceIPv4Address".into()));
        assert_eq!(known(REVERSE, 85), Some(("reverseOctetTotalCount".into(), Type::Uint)));
        assert_eq!(known(0, 57_591), Some(("l7ProtocolName".into(), Type::Text)));
        assert_eq!(known(V9_SCOPE, 2), Some(("scopeInterface".into(), Type::Uint)));
        let configured = Elements::default();
        let learnt = Learnt::from([((99_999, 1), (Box::from("colour"), Type::Text))]);
        let names = Names { configured: &configured, learnt: &learnt };
        assert_eq!(names.of(99_999, 1), Named { name: "colour".into(), kind: Some(Type::Text) });
        assert_eq!(names.of(99_999, 2), Named { name: "99999.2".into(), kind: None });
        assert_eq!(Type::numbered(13), Some(Type::Text));
        assert_eq!((Type::numbered(23), Type::named("ipv6Address")), (None, Some(Type::Ip)));
    }
}
