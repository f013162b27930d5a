// SPDX-License-Identifier: Apache-2.0
//! Names of interfaces as columns: what exporters tell in options records, and the file of exporters, becomes
//! `exporter_in_if_name` and `exporter_out_if_name` of the rows that come from now on.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, FixedSizeBinaryArray, RecordBatch, RecordBatchOptions};
use arrow::array::{StringViewBuilder, UInt32Array};
use arrow::compute::is_not_null;
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use minamo_base::{Ip, Time};
use minamo_collect::Exporters;
use minamo_model::FLOWS;

/// Nanoseconds between two looks for names that have changed.
const LOOK: i64 = 2_000_000_000;
/// The column of the index, and the one of the name.
const SIDES: [(&str, &str); 2] =
    [("exporter_in_if", "exporter_in_if_name"), ("exporter_out_if", "exporter_out_if_name")];

type Names = HashMap<(Ip, u32), Arc<str>>;

/// The names, and where they come from.
#[derive(Default)]
pub(crate) struct InterfaceNames {
    exporters: Option<Exporters>,
    generations: Vec<u64>,
    names: Names,
    looked: Option<Time>,
}

impl InterfaceNames {
    pub(crate) fn new(exporters: Exporters) -> Self {
        Self { exporters: Some(exporters), ..Self::default() }
    }

    /// The batch with the names of its interfaces, where there are any.
    pub(crate) fn add(&mut self, batch: RecordBatch, now: Time) -> RecordBatch {
        if self.looked.is_none_or(|looked| now.since(looked) >= LOOK || now < looked) {
            self.looked = Some(now);
            let newer = self.exporters.as_ref().and_then(|from| from.interface_names(&mut self.generations));
            if let Some(names) = newer {
                self.names = names;
            }
        }
        if self.names.is_empty() {
            return batch;
        }
        match named(&batch, &self.names) {
            Ok(named) => named,
            Err(error) => {
                // The columns are our own: this is a fault of the program, and no reason to lose rows.
                tracing::error!(%error, rows = batch.num_rows(), "rows are stored without names of interfaces");
                batch
            }
        }
    }
}

fn named(batch: &RecordBatch, names: &Names) -> Result<RecordBatch, ArrowError> {
    let exporters = batch.column_by_name("exporter_ip").and_then(|array| array.as_fixed_size_binary_opt());
    let Some(exporters) = exporters.filter(|array| array.value_length() == 16) else { return Ok(batch.clone()) };
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().map(Arc::clone).collect();
    let mut arrays = batch.columns().to_vec();
    for (index, name) in SIDES {
        let indices = batch.column_by_name(index).and_then(|array| array.as_primitive_opt());
        let (Some(indices), Some(column)) = (indices, FLOWS.column(name)) else { continue };
        let Some(array) = side(exporters, indices, names) else { continue };
        // What another collector told stays where we know no name.
        if let Some(told) = batch.schema_ref().index_of(name).ok().and_then(|at| arrays.get_mut(at)) {
            *told = zip(&is_not_null(&array)?, &array, told)?;
        } else {
            fields.push(Arc::new(column.field()));
            arrays.push(array);
        }
    }
    let schema = Schema::new_with_metadata(fields, batch.schema_ref().metadata().clone());
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options)
}

/// The names of one side; nothing where no row has one.
fn side(exporters: &FixedSizeBinaryArray, indices: &UInt32Array, names: &Names) -> Option<ArrayRef> {
    let mut texts = StringViewBuilder::with_capacity(indices.len()).with_deduplicate_strings();
    // Neighbouring rows have one exporter, and often one interface.
    let (mut known, mut name) = (None, None);
    for row in 0..indices.len() {
        let exporter = exporters.is_valid(row).then(|| exporters.value(row).try_into().ok()).flatten().map(Ip);
        let key = exporter.zip(indices.is_valid(row).then(|| indices.value(row)));
        if key != known {
            (known, name) = (key, key.and_then(|key| names.get(&key)));
        }
        texts.append_option(name);
    }
    let array = texts.finish();
    (array.null_count() < array.len()).then(|| Arc::new(array) as ArrayRef)
}

#[cfg(test)]
mod tests {
    use minamo_model::{Flow, FlowBuilder};

    use super::*;

    #[test]
    fn rows_get_the_names_of_their_own_exporters_interfaces() {
        let exporter = |last| Ip::v4([192, 0, 2, last]);
        let mut builder = FlowBuilder::default();
        for (last, input, output) in [(1, Some(1), Some(2)), (2, Some(1), None), (1, Some(1), Some(9))] {
            let mut flow = Flow::default();
            let group = flow.exporter.get_or_insert_default();
            (group.ip, group.in_if, group.out_if) = (Some(exporter(last)), input, output);
            // As another collector told it.
            group.out_if_name = Some(format!("told {last}"));
            builder.append(&flow);
        }
        let batch = builder.finish().expect("a batch");
        let names = Names::from([((exporter(1), 1), "uplink".into()), ((exporter(1), 2), "office".into())]);
        let named = named(&batch, &names).expect("columns");
        let column = |name| -> Vec<Option<String>> {
            let array = named.column_by_name(name).expect("a column").as_string_view();
            array.iter().map(|text| text.map(str::to_owned)).collect()
        };
        let uplink = Some("uplink".to_owned());
        assert_eq!(column("exporter_in_if_name"), [uplink.clone(), None, uplink]);
        assert_eq!(column("exporter_out_if_name"), ["office", "told 2", "told 1"].map(|name| Some(name.to_owned())));
        let none = Names::from([((exporter(7), 1), "other".into())]);
        assert!(super::named(&batch, &none).expect("columns").column_by_name("exporter_in_if_name").is_none());
    }
}
