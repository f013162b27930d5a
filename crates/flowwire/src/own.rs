// SPDX-License-Identifier: Apache-2.0
//! Our own information elements, for the columns that no registry has one for: names and types follow from the columns,
//! numbers stand beside them ([`Source::Own`]). RFC 7012 §2.1 (names), RFC 6313 §4.5.1 (lists), RFC 5610 (what is
//! told of them on the wire).
//!
//! Nobody has registered an enterprise number for this program. Until somebody does, the elements stand under
//! [`EXAMPLE_ENTERPRISE`], which nobody may use for anything that has to be told apart; therefore what counts for a reader is the
//! name that comes with a number, and whoever has a number of their own puts the elements under it.

use std::collections::HashMap;
use std::sync::LazyLock;

use minamo_model::FLOWS;
use minamo_schema::{CellType, Column, ColumnId, Kind, Source, Unit};

use crate::registry::Type;

/// The enterprise number for examples (RFC 5612 §2), the default one of our elements.
pub const EXAMPLE_ENTERPRISE: u32 = 32_473;
/// What the names of our elements begin with (RFC 7012 §2.1: the enterprise in front).
const PREFIX: &str = "minamo";

/// An element of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnElement {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: String,
    /// Number of its abstract data type (RFC 5610 §3.1).
    pub data_type: u8,
    /// Number of its semantics (RFC 5610 §3.2).
    pub semantics: u8,
    /// Number of its unit (RFC 5610 §3.3).
    pub units: u16,
    /// The column that it fills; the members of lists fill none by themselves.
    pub column: Option<&'static str>,
    place: Option<ColumnId>,
}

/// What a list has members of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    Text = 501,
    Unsigned = 502,
    Signed = 503,
}

impl Member {
    const ALL: [(Self, &'static str, u8); 3] =
        [(Self::Text, "Text", 13), (Self::Unsigned, "Unsigned", 3), (Self::Signed, "Signed", 7)];
}

static ELEMENTS: LazyLock<Vec<OwnElement>> = LazyLock::new(|| {
    let columns = FLOWS.places().filter_map(|(place, column)| {
        let own = |source: &Source| if let Source::Own(id) = source { Some(*id) } else { None };
        let id = column.sources.iter().find_map(own)?;
        let (data_type, semantics, units) = (data_type(column.cell), semantics(column), units(column.unit));
        let (name, column) = (name(column.name), Some(column.name));
        Some(OwnElement { id, name, data_type, semantics, units, column, place: Some(place) })
    });
    let members = Member::ALL.into_iter().map(|(member, name, data_type)| {
        let name = format!("{PREFIX}Member{name}");
        OwnElement { id: member as u16, name, data_type, semantics: 0, units: 0, column: None, place: None }
    });
    columns.chain(members).collect()
});

static BY_ID: LazyLock<HashMap<u16, &'static OwnElement>> =
    LazyLock::new(|| ELEMENTS.iter().map(|element| (element.id, element)).collect());

static BY_NAME: LazyLock<HashMap<&'static str, &'static OwnElement>> =
    LazyLock::new(|| ELEMENTS.iter().map(|element| (element.name.as_str(), element)).collect());

/// All of them, by their columns' order.
pub fn own_elements() -> &'static [OwnElement] {
    &ELEMENTS
}

impl OwnElement {
    /// Name of its abstract data type.
    pub fn type_name(&self) -> &'static str {
        Type::abstract_name(self.data_type)
    }

    pub(crate) fn kind(&self) -> Option<Type> {
        Type::numbered(self.data_type.into())
    }
}

/// The element of that number.
pub(crate) fn numbered(id: u16) -> Option<&'static OwnElement> {
    BY_ID.get(&id).copied()
}

/// The column of the element of that name, where its type is that one too.
pub(crate) fn place_of(name: &str, kind: Option<Type>) -> Option<ColumnId> {
    // Nearly all names are of others.
    if !name.starts_with(PREFIX) {
        return None;
    }
    BY_NAME.get(name).filter(|element| element.kind() == kind)?.place
}

/// `npm_verdict_reason` as `minamoNpmVerdictReason`.
fn name(column: &str) -> String {
    let mut name = PREFIX.to_owned();
    for word in column.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

fn data_type(cell: CellType) -> u8 {
    match cell {
        CellType::U8 => 1,
        CellType::U16 => 2,
        CellType::U32 => 3,
        CellType::U64 => 4,
        CellType::F64 => 10,
        CellType::Bool => 11,
        CellType::Mac => 12,
        CellType::Text => 13,
        CellType::Time => 17,
        // IPv4 addresses as IPv6 ones that map them (RFC 4291 §2.5.5.2).
        CellType::Ip => 19,
        CellType::U16List | CellType::U32List | CellType::I32List | CellType::TextList => 20,
        // A cell that has no type of elements: as octets.
        _ => 0,
    }
}

fn semantics(column: &Column) -> u8 {
    match (column.cell, column.kind) {
        (CellType::U16List | CellType::U32List | CellType::I32List | CellType::TextList, _) => 6,
        (CellType::U8 | CellType::U16 | CellType::U32 | CellType::U64, kind) => match kind {
            Kind::Counter => 3,
            Kind::Gauge => 1,
            Kind::Flags => 5,
            _ => 4,
        },
        _ => 0,
    }
}

fn units(unit: Unit) -> u16 {
    match unit {
        Unit::Octets => 2,
        Unit::Packets => 3,
        Unit::Seconds => 5,
        Unit::Micros => 7,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_has_a_number_a_name_and_a_type_of_its_own() {
        let all = own_elements();
        assert!(all.len() > 90, "{}", all.len());
        let numbers: HashSet<_> = all.iter().map(|element| element.id).collect();
        let names: HashSet<_> = all.iter().map(|element| &element.name).collect();
        assert_eq!((numbers.len(), names.len()), (all.len(), all.len()));
        for element in all {
            assert!((1..0x8000).contains(&element.id) && element.data_type > 0, "{element:?}");
            assert!(element.name.len() < 64 && element.kind().is_some(), "{element:?}");
            assert_eq!(place_of(&element.name, element.kind()), element.place);
        }
        let reason = all.iter().find(|element| element.column == Some("npm_verdict_reason")).expect("a column");
        assert_eq!((reason.name.as_str(), reason.type_name()), ("minamoNpmVerdictReason", "string"));
        assert_eq!(place_of("minamoNpmVerdictReason", Some(Type::Uint)), None, "another type");
        assert_eq!(place_of("npmVerdictReason", Some(Type::Text)), None);
    }

    #[test]
    fn numbers_stay_what_they_are() {
        // An element that has been sent once keeps its number for ever: these are the first, the last and one between.
        let number = |name: &str| own_elements().iter().find(|e| e.column == Some(name)).map(|element| element.id);
        assert_eq!((number("app_confidence"), number("app_reason")), (Some(1), Some(2)));
    }
}
