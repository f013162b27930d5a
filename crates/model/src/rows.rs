// SPDX-License-Identifier: Apache-2.0
//! Batches back to rows, for code that writes row by row.

use std::collections::HashMap;
use std::sync::LazyLock;

use arrow::array::RecordBatch;
use minamo_schema::{ColumnId, Value};

use crate::{CellReader, FLOWS, Flow};

static PLACES: LazyLock<HashMap<&'static str, ColumnId>> =
    LazyLock::new(|| FLOWS.places().map(|(id, column)| (column.name, id)).collect());

impl Flow {
    /// Place of the column of that name.
    pub fn place(name: &str) -> Option<ColumnId> {
        PLACES.get(name).copied()
    }

    /// The rows of a batch; columns that are none of the flow table's, or of another type, are left out.
    pub fn rows(batch: &RecordBatch) -> Vec<Self> {
        let mut rows = vec![Self::default(); batch.num_rows()];
        for reader in CellReader::all(batch) {
            let Some(id) = Self::place(reader.name()) else { continue };
            for (at, row) in rows.iter_mut().enumerate() {
                let value = reader.value(at);
                if value != Value::Null && !row.set(id, &value) {
                    break;
                }
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use minamo_base::Ip;

    use super::*;
    use crate::FlowBuilder;

    #[test]
    fn rows_come_back_as_they_went_in() {
        let mut flow = Flow::default();
        (flow.core.src_ip, flow.core.app) = (Ip::v4([192, 0, 2, 1]), "SSH".into());
        flow.tls.get_or_insert_default().sni = Some("example.com".to_owned());
        flow.splt.get_or_insert_default().lengths = Some(vec![1, -2]);
        flow.merge.get_or_insert_default().duplicate_of = Some(Ip::v4([192, 0, 2, 2]));
        let rows = [Flow::default(), flow, Flow::default()];
        let mut builder = FlowBuilder::default();
        rows.iter().for_each(|row| builder.append(row));
        assert_eq!(Flow::rows(&builder.finish().expect("a batch")), rows);
    }
}
