// SPDX-License-Identifier: Apache-2.0
//! The columns that can be written, each with its field: made of the table's own sources, for each format once.

use std::collections::HashMap;
use std::sync::LazyLock;

use minamo_model::FLOWS;
use minamo_schema::{CellType, ColumnId, Source};

use super::Wire;
use super::value::WORDS;
use crate::element::{Coding, coding};
use crate::eta;
use crate::own::EXAMPLE_ENTERPRISE;
use crate::template::VARIABLE;

/// Columns that one bit each of a layout's key can stand for.
const MAX_COLUMNS: usize = 512;

/// One bit for each column that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Bits([u128; MAX_COLUMNS / 128]);

impl Bits {
    pub(super) fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 128) {
            *word |= 1 << (at % 128);
        }
    }

    pub(super) fn has(&self, at: usize) -> bool {
        self.0.get(at / 128).is_some_and(|word| word >> (at % 128) & 1 == 1)
    }
}

/// One field of a template and its column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) column: ColumnId,
    pub(super) pen: u32,
    pub(super) element: u16,
    pub(super) len: u16,
    pub(super) coding: Coding,
    /// An element of encrypted traffic: it is made of the row.
    pub(super) eta: Option<eta::Field>,
}

/// A column that can be written: its field in IPv4 and in IPv6 records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writable {
    pub(super) four: Piece,
    pub(super) six: Piece,
    /// True for our own element of a column that a public one has too, which joins the members of a list with commas, or
    /// has numbers for names: it is written where that loses something.
    pub(super) spare: bool,
}

static IPFIX: LazyLock<Vec<Writable>> = LazyLock::new(|| writable(Wire::Ipfix, false));
static IPFIX_OWN: LazyLock<Vec<Writable>> = LazyLock::new(|| writable(Wire::Ipfix, true));
static NETFLOW9: LazyLock<Vec<Writable>> = LazyLock::new(|| writable(Wire::Netflow9, false));
static IPFIX_ETA: LazyLock<Vec<Writable>> = LazyLock::new(|| with_eta(&IPFIX, true));
static IPFIX_OWN_ETA: LazyLock<Vec<Writable>> = LazyLock::new(|| with_eta(&IPFIX_OWN, true));
static NETFLOW9_ETA: LazyLock<Vec<Writable>> = LazyLock::new(|| with_eta(&NETFLOW9, false));

pub(super) fn columns(wire: Wire, own: bool, eta: bool) -> &'static [Writable] {
    match (wire, own, eta) {
        (Wire::Ipfix, true, true) => &IPFIX_OWN_ETA,
        (Wire::Ipfix, false, true) => &IPFIX_ETA,
        (Wire::Ipfix, true, false) => &IPFIX_OWN,
        (Wire::Ipfix, false, false) => &IPFIX,
        (_, _, true) => &NETFLOW9_ETA,
        _ => &NETFLOW9,
    }
}

/// The same columns with Cisco's elements of encrypted traffic in place of our own for the same thing.
fn with_eta(columns: &[Writable], ipfix: bool) -> Vec<Writable> {
    let places: HashMap<&str, ColumnId> = FLOWS.places().map(|(id, column)| (column.name, id)).collect();
    let told = |column: ColumnId| places.iter().any(|(name, id)| *id == column && eta::tells(name));
    let others = columns.iter().filter(|column| !told(column.four.column)).copied();
    let fields = eta::fields(ipfix).filter_map(|field| {
        let column = *places.get(field.column)?;
        let eta::Field { pen, element, len, .. } = field;
        let piece = Piece { column, pen, element, len, coding: Coding::Uint, eta: Some(field) };
        Some(Writable { four: piece, six: piece, spare: false })
    });
    others.chain(fields).take(MAX_COLUMNS).collect()
}

fn writable(wire: Wire, own: bool) -> Vec<Writable> {
    let fits = |pen: u32, element: u16| (wire == Wire::Ipfix && element < 0x8000) || (pen == 0 && element < 128);
    let all = FLOWS.places().flat_map(|(id, column)| {
        let piece = |pen, element, six| {
            let coding = coding(column, pen, element)?;
            let len = match coding {
                Coding::DnsType | Coding::DnsRcode | Coding::TlsVersion | Coding::TlsCipher => 2,
                // Octets are read only: their columns are text, and the next source of the column has text too.
                Coding::Digest => return None,
                Coding::Texts | Coding::Numbers | Coding::Signed => VARIABLE,
                // Of ours there is one element for both families.
                Coding::Ip if pen == EXAMPLE_ENTERPRISE => 16,
                _ => width(wire, column.cell, element, six),
            };
            Some(Piece { column: id, pen, element, len, coding, eta: None })
        };
        let public = column.sources.iter().find_map(|source| match *source {
            Source::Ie(pen, element) if fits(pen, element) => piece(pen, element, false),
            _ => None,
        });
        let six = column.sources.iter().find_map(|source| match *source {
            Source::Ie6(pen, element) if fits(pen, element) => piece(pen, element, true),
            _ => None,
        });
        let ours = column.sources.iter().find_map(|source| match *source {
            Source::Own(element) if own => piece(EXAMPLE_ENTERPRISE, element, false),
            _ => None,
        });
        let spare = public.is_some();
        let public = public.map(|four| Writable { four, six: six.unwrap_or(four), spare: false });
        let ours = ours.map(|four| Writable { four, six: four, spare });
        public.into_iter().chain(ours)
    });
    let words = WORDS.iter().filter(|(_, element)| fits(0, *element)).filter_map(|(name, element)| {
        let (id, _) = FLOWS.places().find(|(_, column)| column.name == *name)?;
        let piece = Piece { column: id, pen: 0, element: *element, len: 1, coding: Coding::Uint, eta: None };
        Some(Writable { four: piece, six: piece, spare: false })
    });
    // One bit each in a layout's key; a test says that there are no more.
    all.chain(words).take(MAX_COLUMNS).collect()
}

fn width(wire: Wire, cell: CellType, element: u16, six: bool) -> u16 {
    match cell {
        CellType::U8 | CellType::Bool => 1,
        CellType::U16 => 2,
        CellType::U32 => 4,
        CellType::Time if matches!(element, 21 | 22 | 150 | 151 | 496 | 497) => 4,
        CellType::Ip if six => 16,
        CellType::Ip => 4,
        CellType::Mac => 6,
        CellType::Text | CellType::TextList if wire == Wire::Ipfix => VARIABLE,
        CellType::Text | CellType::TextList => 32,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_with_an_element_has_a_bit() {
        assert!(IPFIX_OWN.len() < MAX_COLUMNS && IPFIX_OWN_ETA.len() < MAX_COLUMNS);
        assert!(IPFIX.len() < IPFIX_OWN.len() && NETFLOW9.len() < IPFIX.len());
    }
}
