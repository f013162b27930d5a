// SPDX-License-Identifier: Apache-2.0
//! A ranking whose keys can be packed: read by [`super::scan`], added up by [`super::grouping`].

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use minamo_model::FLOWS;
use minamo_schema::CellType;

use super::grouping::{Counters, Grouping, Part, can_pack};
use super::scan::Question;
use super::top::{Top, TopQuery};
use super::{Key, scan};
use crate::{Lake, QueryError};

/// Counters that a ranking reads, in the order of [`COUNTERS`].
const COUNTED: [&str; 4] = ["src_bytes", "dst_bytes", "src_packets", "dst_packets"];
/// Their places in the batches.
pub(crate) const COUNTERS: Counters = Counters { bytes: [0, 1], packets: [2, 3] };

/// What a ranking reads.
pub(crate) struct Packed {
    /// Names of the columns: the counters, then those of the keys.
    pub(crate) columns: Vec<&'static str>,
    /// The keys.
    pub(crate) parts: Vec<Part>,
    /// The part that takes the place of the one of that number when a row counts a second time.
    pub(crate) second: Option<(usize, Part)>,
}

impl Packed {
    /// Of these keys; nothing where they cannot be packed.
    pub(crate) fn of(keys: &[Key]) -> Option<Self> {
        let mut columns = COUNTED.to_vec();
        let mut place = |name: &'static str| {
            columns.iter().position(|column| *column == name).unwrap_or_else(|| {
                columns.push(name);
                columns.len() - 1
            })
        };
        let (mut parts, mut second) = (Vec::new(), None);
        for (at, key) in keys.iter().enumerate() {
            parts.push(match key {
                Key::Column(column) => Part { cell: column.cell, column: place(column.name) },
                Key::Ip => {
                    second = Some((at, Part { cell: CellType::Ip, column: place("dst_ip") }));
                    Part { cell: CellType::Ip, column: place("src_ip") }
                }
                Key::Net { .. } | Key::Domain(_) | Key::Protocol(_) | Key::Tag { .. } | Key::Time(_) => return None,
            });
        }
        let cells: Vec<CellType> = parts.iter().map(|part| part.cell).collect();
        (!keys.is_empty() && can_pack(&cells)).then_some(Self { columns, parts, second })
    }

    fn schema(&self) -> Option<SchemaRef> {
        let of = FLOWS.schema();
        let fields = self.columns.iter().map(|name| of.field_with_name(name).ok().cloned());
        Some(Arc::new(Schema::new(fields.collect::<Option<Vec<_>>>()?)))
    }
}

/// What became of a ranking.
pub(crate) enum Ranked {
    /// The answer.
    Done(Top),
    /// There are more groups than there is memory for.
    TooMany,
    /// It is none of those that are answered here.
    Other,
}

impl Lake {
    /// The answer without a plan of the SQL engine, where that is possible.
    pub(crate) async fn ranking(&self, query: &TopQuery) -> Result<Ranked, QueryError> {
        let Some(packed) = Packed::of(&query.keys) else { return Ok(Ranked::Other) };
        if !scan::can_read(&query.filter, packed.columns.iter().copied()) {
            return Ok(Ranked::Other);
        }
        let (settings, columns) = (&self.shared.settings, packed.schema());
        let grouping = Arc::new(Grouping::new(packed.parts, settings.query_memory, settings.query_threads));
        let question = Question { from: query.from, to: query.to, filter: query.filter.clone(), columns };
        let (of, second) = (Arc::clone(&grouping), packed.second);
        let start = || grouping.found();
        let found =
            self.scan(question, start, move |found, batch, mask| of.add(found, batch, mask, &COUNTERS, second)).await?;
        let Some(found) = found else { return Ok(Ranked::TooMany) };
        let (rows, total) = grouping.finish(found, query.by, query.limit);
        Ok(Ranked::Done(Top { rows, total, sampled: None }))
    }
}
