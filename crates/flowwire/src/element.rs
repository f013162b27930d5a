// SPDX-License-Identifier: Apache-2.0
//! Information elements and the columns that they fill. The map is read from the columns' own
//! `sources`; what stands here is only how an element's octets are coded (RFC 7011 §6, RFC 7012 §3).

use std::collections::HashMap;
use std::sync::LazyLock;

use minamo_model::FLOWS;
use minamo_schema::{CellType, ColumnId, Kind, Source};

use crate::measure::{Measure, measure_of};

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
    /// IPv4 or IPv6 address, by length.
    Ip,
    /// MAC address.
    Mac,
    /// UTF-8 text, fixed-length ones filled up with zeros.
    Text,
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
            Self::Uint | Self::LowOctet | Self::Secs | Self::Millis => (1..=8).contains(&len),
            Self::Bool => len == 1,
            Self::Ip => len == 4 || len == 16,
            Self::Mac => len == 6,
            Self::Ntp => len == 8,
            Self::Text => true,
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
}

static PLACES: LazyLock<HashMap<(u32, u16), Place>> = LazyLock::new(|| {
    let mut places = HashMap::new();
    for (id, column) in FLOWS.places() {
        for (rank, source) in (0..=u8::MAX).zip(column.sources) {
            let (Source::Ie(pen, element) | Source::Ie6(pen, element)) = *source else { continue };
            if let Some(coding) = coding(column.cell, column.kind, element) {
                places.insert((pen, element), Place { id, coding, rank });
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
pub(crate) static MIRRORS: LazyLock<HashMap<ColumnId, ColumnId>> = LazyLock::new(|| {
    let by_name: HashMap<_, _> = FLOWS.places().map(|(id, column)| (column.name, id)).collect();
    FLOWS.places().filter_map(|(id, column)| Some((id, *by_name.get(column.mirror?)?))).collect()
});

/// The coding of an element that fills a column of that type; nothing for types no element has.
pub(crate) fn coding(cell: CellType, kind: Kind, element: u16) -> Option<Coding> {
    match cell {
        CellType::U8 if kind == Kind::Flags => Some(Coding::LowOctet),
        CellType::U8 | CellType::U16 | CellType::U32 | CellType::U64 => Some(Coding::Uint),
        CellType::Bool => Some(Coding::Bool),
        CellType::Ip => Some(Coding::Ip),
        CellType::Mac => Some(Coding::Mac),
        CellType::Text => Some(Coding::Text),
        CellType::Time => match element {
            150 | 151 => Some(Coding::Secs),
            152 | 153 => Some(Coding::Millis),
            154..=157 => Some(Coding::Ntp),
            // Milliseconds since the exporter started: only the header makes a time of them.
            21 | 22 => Some(Coding::Uint),
            _ => None,
        },
        _ => None,
    }
}

/// The column that an element fills. An element of the reverse direction that no column names fills the
/// mirror of what it fills in the forward one.
pub(crate) fn column_of(pen: u32, element: u16) -> Option<Place> {
    if let Some(place) = PLACES.get(&(pen, element)) {
        return Some(*place);
    }
    if pen != REVERSE {
        return None;
    }
    let forward = PLACES.get(&(0, element))?;
    Some(Place { id: *MIRRORS.get(&forward.id)?, ..*forward })
}

/// Where the value of an element goes; nothing where nobody asks for it.
pub(crate) fn target(pen: u32, element: u16, scope: bool) -> Option<Target> {
    // RFC 3954 §6.1: scope type 2 is an interface; in IPFIX that is element 10 as a scope field.
    if scope && matches!((pen, element), (V9_SCOPE, 2) | (0, 10)) {
        return Some(Target::Measure(Measure::ScopeInterface));
    }
    match (pen, element) {
        (0, 22) => return Some(Target::Measure(Measure::StartUptime)),
        (0, 21) => return Some(Target::Measure(Measure::EndUptime)),
        _ => {}
    }
    if let Some(place) = column_of(pen, element) {
        return Some(match DECIDED.get(&place.id) {
            Some(measure) => Target::Measure(*measure),
            None => Target::Column(place),
        });
    }
    if pen == 0 { measure_of(element).map(Target::Measure) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(pen: u32, element: u16) -> Option<&'static str> {
        let place = column_of(pen, element)?;
        FLOWS.places().find(|(id, _)| *id == place.id).map(|(_, column)| column.name)
    }

    #[test]
    fn elements_find_their_columns() {
        assert_eq!(name(0, 8), Some("src_ip"));
        assert_eq!(name(0, 28), Some("dst_ip"));
        assert_eq!(name(REVERSE, 1), Some("dst_bytes"));
        assert_eq!(name(REVERSE, 7), Some("dst_port"), "the mirror of the forward element");
        assert_eq!(name(9, 8), None);
        assert_eq!(target(0, 34, false), Some(Target::Measure(Measure::Rate)));
        assert_eq!(target(V9_SCOPE, 2, true), Some(Target::Measure(Measure::ScopeInterface)));
        assert_eq!(target(0, 65_000, false), None);
    }

    #[test]
    fn every_element_of_a_column_has_a_coding() {
        for (_, column) in FLOWS.places() {
            for source in column.sources {
                if let Source::Ie(_, element) | Source::Ie6(_, element) = *source {
                    assert!(coding(column.cell, column.kind, element).is_some(), "{} {source:?}", column.name);
                }
            }
        }
    }
}
