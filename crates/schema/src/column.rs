// SPDX-License-Identifier: Apache-2.0
//! What is known of a column: name, type, unit, kind, who fills it, where it comes from on the wire.

use std::collections::HashMap;

use arrow::datatypes::Field;

use crate::CellType;

/// One column of a record, as declared with [`crate::table!`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Name in SQL, filter, JSON, API and UI: snake case, the group in front.
    pub name: &'static str,
    /// The name as that of a member of a JSON object, behind another one: `,"name":`.
    pub member: &'static str,
    /// Group that is present or absent as a whole: `core`, `tls`, …
    pub group: &'static str,
    /// Type of the cell.
    pub cell: CellType,
    /// True where "not observed" is possible.
    pub nullable: bool,
    /// How values combine.
    pub kind: Kind,
    /// Unit of a number.
    pub unit: Unit,
    /// Who fills it.
    pub origin: Origin,
    /// What it tells of people.
    pub sensitivity: Sensitivity,
    /// Elements of other formats that carry the same thing; the first that fits is used for export.
    pub sources: &'static [Source],
    /// The column that takes its place when the flow is read from the other side.
    pub mirror: Option<&'static str>,
    /// Meaning, in English.
    pub doc: &'static str,
    /// Meaning, in Japanese.
    pub doc_ja: &'static str,
}

impl Column {
    /// The Arrow field; its metadata key `minamo.cell` names the cell, so that addresses print as text.
    pub fn field(&self) -> Field {
        Field::new(self.name, self.cell.data_type(), true)
            .with_metadata(HashMap::from([(CellType::METADATA_KEY.to_owned(), self.cell.name().to_owned())]))
    }
}

/// Place of a column in its row type: group, then position in the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnId {
    /// Position of the group in the row.
    pub group: u8,
    /// Position of the column in the group.
    pub at: u8,
}

/// The place of the column of that name in the groups of a row type. Made for constants: a name that is none does not
/// compile there.
#[allow(clippy::panic, reason = "at compile time, where nothing else can say so")]
pub const fn place(groups: &[&[Column]], name: &str) -> ColumnId {
    let mut group = 0;
    while group < groups.len() {
        let mut at = 0;
        while at < groups[group].len() {
            if same(groups[group][at].name, name) {
                return ColumnId { group: group as u8, at: at as u8 };
            }
            at += 1;
        }
        group += 1;
    }
    panic!("no column has this name")
}

/// True for equal texts.
const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

macro_rules! word_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $($(#[doc = $doc])* $variant),* }

        impl $name {
            /// The word for it in references and the API.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

word_enum! {
    /// How values of a column combine when rows are grouped.
    Kind {
        /// Identifies; never added up.
        Key = "key",
        /// Adds up.
        Counter = "counter",
        /// A measurement: average, minimum, maximum.
        Gauge = "gauge",
        /// Bits; combine by or.
        Flags = "flags",
        /// An instant: minimum of starts, maximum of ends.
        Instant = "instant",
        /// An observed statement; the first one stands.
        Fact = "fact",
    }
}

word_enum! {
    /// Unit of a number.
    Unit {
        /// A plain number or no number at all.
        None = "none",
        /// Octets.
        Octets = "octets",
        /// Packets.
        Packets = "packets",
        /// Microseconds.
        Micros = "micros",
        /// Seconds.
        Seconds = "seconds",
        /// Per cent.
        Percent = "percent",
    }
}

word_enum! {
    /// Who fills a column.
    Origin {
        /// Our probe, from packets.
        Observed = "observed",
        /// The collector, from somebody else's record.
        Decoded = "decoded",
        /// Both: the probe and the collector.
        Both = "observed or decoded",
        /// Computed from other columns.
        Derived = "derived",
        /// Ingest, from definitions, databases and what was seen before.
        Enriched = "enriched",
    }
}

word_enum! {
    /// What a column tells of people.
    Sensitivity {
        /// Nothing.
        Plain = "none",
        /// Who it was.
        Address = "address",
        /// What it was about.
        Content = "content",
    }
}

/// The same thing in another format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// IPFIX information element: enterprise number (0 for IANA) and id. Ids below 128 are NetFlow v9's too.
    Ie(u32, u16),
    /// The IPFIX element that carries it in IPv6 records.
    Ie6(u32, u16),
    /// IPFIX element of our own enterprise, of a column for which nobody else has one. A number is never used again.
    Own(u16),
    /// Name in nProbe templates.
    Nprobe(&'static str),
    /// Name in nProbe templates for IPv6 records.
    Nprobe6(&'static str),
}
