// SPDX-License-Identifier: Apache-2.0
//! Information elements and the columns that they fill. The map is read from the columns' own
//! `sources`; what stands here is only how an element's octets are coded (RFC 7011 §6, RFC 7012 §3).

use std::collections::HashMap;
use std::sync::LazyLock;

use minamo_model::FLOWS;
use minamo_schema::{CellType, Column, ColumnId, Kind, Source};

use crate::eta::{self, Part};
use crate::measure::{Measure, measure_of};
use crate::own::{self, EXAMPLE_ENTERPRISE};
use crate::registry::{Names, Type, known, same};

/// Enterprise number that marks the elements of the reverse direction (RFC 5103 §6.1).
pub(crate) const REVERSE: u32 = 29_305;
/// Stands for the enterprise number where an id is a NetFlow v9 scope type (RFC 3954 §6.1).
pub(crate) const V9_SCOPE: u32 = u32::MAX;

/// How the octets of a field become a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Unsigned number of 1 to 8 octets (reduced-size encoding, RFC 7011 §6.2).
    Uint,
    /// The lower octet of a number: flags whose column is narrower than the element.
    LowOctet,
    /// 1 is true, 2 is false (RFC 7011 §6.1.5).
    Bool,
    /// Real number of 4 or 8 octets (RFC 7011 §6.1.3, §6.1.4).
    Real,
    /// IPv4 or IPv6 address, by length.
    Ip,
    /// MAC address.
    Mac,
    /// UTF-8 text, fixed-length ones filled up with zeros.
    Text,
    /// A number whose column is text.
    Decimal,
    /// Octets whose column is text: hexadecimal, in groups of four octets.
    Hex,
    /// Octets whose column is text: hexadecimal without groups.
    Digest,
    /// Text whose column is a list: the members, with commas between them.
    Joined,
    /// Number of a type of DNS records, whose column has the name.
    DnsType,
    /// Response code of DNS, whose column has the name.
    DnsRcode,
    /// Version of TLS, whose column has the name.
    TlsVersion,
    /// Cipher suite of TLS, whose column has the name.
    TlsCipher,
    /// List of texts (RFC 6313 §4.5.1), whose column is one too.
    Texts,
    /// List of unsigned numbers.
    Numbers,
    /// List of signed numbers.
    Signed,
    /// Text behind the six octets of an application's and a field's number, as Cisco's NBAR sends it.
    Tagged,
    /// Seconds since the epoch (RFC 7011 §6.1.7).
    Secs,
    /// Milliseconds since the epoch (RFC 7011 §6.1.8).
    Millis,
    /// Seconds and binary fraction since 1900, as NTP has it (RFC 7011 §6.1.9, §6.1.10).
    Ntp,
}

impl Coding {
    /// True where a field of `len` octets can have this coding.
    pub(crate) fn takes(self, len: usize) -> bool {
        match self {
            Self::Uint | Self::LowOctet | Self::Decimal | Self::Secs | Self::Millis => (1..=8).contains(&len),
            Self::Bool => len == 1,
            Self::Real => len == 4 || len == 8,
            Self::Ip => len == 4 || len == 16,
            Self::Mac => len == 6,
            Self::Ntp => len == 8,
            Self::DnsType | Self::DnsRcode | Self::TlsVersion | Self::TlsCipher => (1..=8).contains(&len),
            Self::Text | Self::Hex | Self::Digest | Self::Joined | Self::Tagged => true,
            Self::Texts | Self::Numbers | Self::Signed => true,
        }
    }
}

/// Where an element's value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// To a column.
    Column(Place),
    /// To the measures.
    Measure(Measure),
    /// To several columns.
    Special(Special),
    /// Its content goes where that belongs (RFC 6313).
    List(Type),
    /// To the column `extra`, by its name.
    Extra(Option<Type>),
    /// Nowhere: padding, or what another column says anyway.
    Nowhere,
}

/// Elements that fill several columns, or one bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    /// What Cisco's ETA tells; true where it is of the responder.
    Eta(Part, bool),
    /// One entry of an MPLS label stack.
    Label,
    /// A frame, from its Ethernet header on.
    Frame,
    /// A packet, from its IP header on.
    Packet,
}

/// A column as the target of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The column.
    pub(crate) id: ColumnId,
    /// How the element is coded.
    pub(crate) coding: Coding,
    /// Position among the sources of the column: lower is better.
    pub(crate) rank: u8,
    /// True for a column of bits, where several elements may each tell some.
    pub(crate) flags: bool,
}

static PLACES: LazyLock<HashMap<(u32, u16), Place>> = LazyLock::new(|| {
    let mut places = HashMap::new();
    for (id, column) in FLOWS.places() {
        for (rank, source) in (0..=u8::MAX).zip(column.sources) {
            let (pen, element) = match *source {
                Source::Ie(pen, element) | Source::Ie6(pen, element) => (pen, element),
                Source::Own(element) => (EXAMPLE_ENTERPRISE, element),
                _ => continue,
            };
            if let Some(coding) = coding(column, pen, element) {
                places.insert((pen, element), Place { id, coding, rank, flags: column.kind == Kind::Flags });
            }
        }
    }
    places
});

/// Columns whose elements are not the column's value itself but decide it.
static DECIDED: LazyLock<HashMap<ColumnId, Measure>> = LazyLock::new(|| {
    let measure = |name: &str| match name {
        "sampling_rate" => Some(Measure::Rate),
        _ => None,
    };
    FLOWS.places().filter_map(|(id, column)| Some((id, measure(column.name)?))).collect()
});

/// For each column its mirror: the same thing of the other side.
static MIRRORS: LazyLock<HashMap<ColumnId, ColumnId>> = LazyLock::new(|| {
    let by_name: HashMap<_, _> = FLOWS.places().map(|(id, column)| (column.name, id)).collect();
    FLOWS.places().filter_map(|(id, column)| Some((id, *by_name.get(column.mirror?)?))).collect()
});

/// The coding of an element that fills a column; nothing where the column's type has no element.
pub(crate) fn coding(column: &Column, pen: u32, element: u16) -> Option<Coding> {
    match (pen, element) {
        // Milliseconds since the exporter started: only the header makes a time of them.
        (0, 21 | 22) => Some(Coding::Uint),
        (9, 12_235) => Some(Coding::Tagged),
        (39_499, 357) => Some(Coding::Digest),
        _ => coding_of(column, known(pen, element)?.1),
    }
}

/// The coding of an element of a type that fills a column.
fn coding_of(column: &Column, kind: Type) -> Option<Coding> {
    match (column.name, kind) {
        ("dns_qtype", Type::Uint) => return Some(Coding::DnsType),
        ("dns_rcode", Type::Uint) => return Some(Coding::DnsRcode),
        ("tls_version", Type::Uint) => return Some(Coding::TlsVersion),
        ("tls_cipher", Type::Uint) => return Some(Coding::TlsCipher),
        _ => {}
    }
    Some(match (column.cell, kind) {
        (CellType::U8, Type::Uint) if column.kind == Kind::Flags => Coding::LowOctet,
        (CellType::U8 | CellType::U16 | CellType::U32 | CellType::U64, Type::Uint) => Coding::Uint,
        (CellType::Bool, Type::Bool) => Coding::Bool,
        (CellType::F64, Type::Real) => Coding::Real,
        (CellType::Ip, Type::Ip) => Coding::Ip,
        (CellType::Mac, Type::Mac) => Coding::Mac,
        (CellType::Text, Type::Text) => Coding::Text,
        (CellType::TextList, Type::Text) => Coding::Joined,
        (CellType::TextList, Type::BasicList) => Coding::Texts,
        (CellType::U16List | CellType::U32List, Type::BasicList) => Coding::Numbers,
        (CellType::I32List, Type::BasicList) => Coding::Signed,
        (CellType::Text, Type::Uint) => Coding::Decimal,
        (CellType::Text, Type::Octets) => Coding::Hex,
        (CellType::Time, Type::Secs) => Coding::Secs,
        (CellType::Time, Type::Millis) => Coding::Millis,
        (CellType::Time, Type::Ntp) => Coding::Ntp,
        _ => return None,
    })
}

/// The column that an element fills. An element of the reverse direction that no column names fills the
/// mirror of what it fills in the forward one.
pub(crate) fn column_of(pen: u32, element: u16) -> Option<Place> {
    if let Some(place) = PLACES.get(&(pen, element)).or_else(|| PLACES.get(&same(pen, element))) {
        return Some(*place);
    }
    if pen != REVERSE {
        return None;
    }
    let forward = PLACES.get(&(0, element))?;
    Some(Place { id: *MIRRORS.get(&forward.id)?, ..*forward })
}

/// The elements that are no single value.
fn special(pen: u32, element: u16) -> Option<Special> {
    Some(match (pen, element) {
        (0, 70..=79) => Special::Label,
        (0, 104 | 315) => Special::Frame,
        (0, 313) => Special::Packet,
        _ => return eta::of(pen, element).map(|(part, reverse)| Special::Eta(part, reverse)),
    })
}

/// Where the value of an element goes.
pub(crate) fn target(pen: u32, element: u16, scope: bool, names: &Names<'_>) -> Target {
    // RFC 3954 §6.1: scope type 2 is an interface; in IPFIX that is element 10 as a scope field.
    if scope && matches!((pen, element), (V9_SCOPE, 2) | (0, 10)) {
        return Target::Measure(Measure::ScopeInterface);
    }
    match (pen, element) {
        (0, 22) => return Target::Measure(Measure::StartUptime),
        (0, 21) => return Target::Measure(Measure::EndUptime),
        // Padding, and the IP version: the addresses tell it.
        (0, 60 | 210) => return Target::Nowhere,
        _ => {}
    }
    let told = names.learnt.contains_key(&(pen, element));
    // Under the number for examples another's element may stand where ours does: it has said so then.
    let registered = || if told && pen == EXAMPLE_ENTERPRISE { None } else { column_of(pen, element) };
    let own = || if told { own(pen, element, names) } else { None };
    if let Some(place) = configured(pen, element, names).or_else(registered).or_else(own) {
        return match DECIDED.get(&place.id) {
            Some(measure) => Target::Measure(*measure),
            None => Target::Column(place),
        };
    }
    if let Some(measure) = measure_of(pen, element) {
        return Target::Measure(measure);
    }
    if let Some(special) = special(pen, element) {
        return Target::Special(special);
    }
    match names.of(pen, element).kind {
        Some(list @ (Type::BasicList | Type::SubTemplateList | Type::SubTemplateMultiList)) => Target::List(list),
        kind => Target::Extra(kind),
    }
}

/// The column that the configuration gives an element.
fn configured(pen: u32, element: u16, names: &Names<'_>) -> Option<Place> {
    let id = names.column(pen, element)?;
    let (_, column) = FLOWS.places().find(|(at, _)| *at == id)?;
    let coding = coding_of(column, names.of(pen, element).kind?)?;
    Some(Place { id, coding, rank: 0, flags: column.kind == Kind::Flags })
}

/// The column of an element that has the name of one of ours, under whatever enterprise number an exporter has it.
fn own(pen: u32, element: u16, names: &Names<'_>) -> Option<Place> {
    let named = names.of(pen, element);
    let id = own::place_of(&named.name, named.kind)?;
    let (_, column) = FLOWS.places().find(|(at, _)| *at == id)?;
    Some(Place { id, coding: coding_of(column, named.kind?)?, rank: 0, flags: column.kind == Kind::Flags })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elements;
    use crate::registry::Learnt;

    fn name(pen: u32, element: u16) -> Option<&'static str> {
        let place = column_of(pen, element)?;
        FLOWS.places().find(|(id, _)| *id == place.id).map(|(_, column)| column.name)
    }

    #[test]
    fn elements_find_their_columns() {
        let (configured, learnt) = (Elements::default(), Learnt::default());
        let names = Names { configured: &configured, learnt: &learnt };
        assert_eq!(name(0, 8), Some("src_ip"));
        assert_eq!(name(0, 28), Some("dst_ip"));
        assert_eq!(name(REVERSE, 1), Some("dst_bytes"));
        assert_eq!(name(REVERSE, 7), Some("dst_port"), "the mirror of the forward element");
        assert_eq!(name(0, 57_591), Some("app"), "ntop's number in NetFlow v9");
        assert_eq!(name(9, 8), None);
        assert_eq!(target(0, 34, false, &names), Target::Measure(Measure::Rate));
        assert_eq!(target(V9_SCOPE, 2, true, &names), Target::Measure(Measure::ScopeInterface));
        assert_eq!(target(0, 65_000, false, &names), Target::Extra(None));
        assert_eq!(target(0, 292, false, &names), Target::List(Type::SubTemplateList));
    }

    #[test]
    fn a_configured_element_fills_its_column() {
        let text = "[[element]]\npen = 99\nid = 1\nname = \"who\"\ntype = \"string\"\ncolumn = \"user_src\"";
        let (configured, learnt) = (Elements::parse(text).expect("a table"), Learnt::default());
        let names = Names { configured: &configured, learnt: &learnt };
        let Target::Column(place) = target(99, 1, false, &names) else { panic!("a column") };
        assert_eq!((Some(place.id), place.coding), (names.column(99, 1), Coding::Text));
    }

    #[test]
    fn our_elements_are_known_by_number_and_under_another_enterprise_by_name() {
        let configured = Elements::default();
        let mut learnt = Learnt::new();
        let of = |pen, id, learnt: &Learnt| match target(pen, id, false, &Names { configured: &configured, learnt }) {
            Target::Column(place) => FLOWS.places().find(|(id, _)| *id == place.id).map(|(_, column)| column.name),
            _ => None,
        };
        assert_eq!(of(EXAMPLE_ENTERPRISE, 2, &learnt), Some("app_reason"));
        assert_eq!(of(99_999, 700, &learnt), None);
        learnt.insert((99_999, 700), ("minamoAppReason".into(), Type::Text));
        assert_eq!(of(99_999, 700, &learnt), Some("app_reason"));
        // Somebody else's example.
        learnt.insert((EXAMPLE_ENTERPRISE, 2), ("exampleColour".into(), Type::Text));
        assert_eq!(of(EXAMPLE_ENTERPRISE, 2, &learnt), None);
        learnt.insert((EXAMPLE_ENTERPRISE, 2), ("minamoAppReason".into(), Type::Uint));
        assert_eq!(of(EXAMPLE_ENTERPRISE, 2, &learnt), None, "a type that it cannot have");
    }

    #[test]
    fn every_element_of_a_column_has_a_coding() {
        for (_, column) in FLOWS.places() {
            for source in column.sources {
                let (pen, element) = match *source {
                    Source::Ie(pen, element) | Source::Ie6(pen, element) => (pen, element),
                    Source::Own(element) => (EXAMPLE_ENTERPRISE, element),
                    _ => continue,
                };
                assert!(coding(column, pen, element).is_some(), "{} {source:?}", column.name);
            }
        }
    }
}
