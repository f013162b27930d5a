// SPDX-License-Identifier: Apache-2.0
//! Rows of several batches, column by column, without being put together: what is known of each column, and the rows of
//! some places of one of them. A segment is written so, and each row is copied once.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch, UInt32Array, new_null_array};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::compute::{interleave, take};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::error::ArrowError;
use minamo_model::Table;

use crate::layout::is_constant;

/// Place of a row: number of the batch, and of the row in it.
pub(crate) type Place = (usize, usize);

/// One column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// The values of each batch.
    pub(crate) arrays: Vec<ArrayRef>,
    /// The value as an array of one, where all rows have the same.
    pub(crate) same: Option<ArrayRef>,
}

/// The rows.
#[derive(Debug)]
pub(crate) struct Batches {
    /// The columns that any row has a value of, in the table's order.
    pub(crate) schema: SchemaRef,
    /// The same.
    pub(crate) columns: Vec<Column>,
    /// Rows of each batch.
    pub(crate) rows: Vec<usize>,
}

impl Batches {
    /// Of batches with columns of the table.
    pub(crate) fn of(table: &'static Table, batches: &[&RecordBatch]) -> Self {
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for field in table.schema().fields() {
            let found: Vec<_> = batches.iter().map(|batch| batch.column_by_name(field.name())).collect();
            let has_values = |array: &&ArrayRef| array.null_count() < array.len();
            if !found.iter().flatten().any(has_values) {
                continue;
            }
            let arrays = found.into_iter().zip(batches).map(|(array, batch)| match array {
                Some(array) if array.data_type() == field.data_type() => Arc::clone(array),
                _ => new_null_array(field.data_type(), batch.num_rows()),
            });
            let arrays: Vec<ArrayRef> = arrays.collect();
            fields.push(Arc::clone(field));
            columns.push(Column { same: same(&arrays), arrays });
        }
        let rows = batches.iter().map(|batch| batch.num_rows()).collect();
        Self { schema: Arc::new(Schema::new(fields)), columns, rows }
    }

    /// A column by its name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(self.schema.index_of(name).ok()?)
    }

    /// The places of all rows, in their order.
    #[cfg(test)]
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.rows.iter().enumerate().flat_map(|(batch, rows)| (0..*rows).map(move |row| (batch, row)))
    }
}

impl Column {
    /// The rows of some places, in their order.
    pub(crate) fn rows(&self, places: &[Place]) -> Result<ArrayRef, ArrowError> {
        match &self.same {
            Some(one) => repeat(one, places.len()),
            None => pick(&self.arrays, places),
        }
    }
}

/// So many rows of one value.
pub(crate) fn repeat(one: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
    take(one, &UInt32Array::from_value(0, rows), None)
}

/// The rows of some places of several arrays of one type.
pub(crate) fn pick(arrays: &[ArrayRef], places: &[Place]) -> Result<ArrayRef, ArrowError> {
    if let Some(sixteen) = sixteen(arrays, places) {
        return Ok(sixteen);
    }
    let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    interleave(&arrays, places)
}

/// The same of addresses, each of which is one number here: Arrow copies them by a way for all types, ten times slower.
fn sixteen(arrays: &[ArrayRef], places: &[Place]) -> Option<ArrayRef> {
    let addresses: Vec<&FixedSizeBinaryArray> = arrays
        .iter()
        .map(|array| array.as_fixed_size_binary_opt().filter(|a| a.value_length() == 16))
        .collect::<Option<_>>()?;
    let nulls = addresses.iter().any(|array| array.null_count() > 0).then(|| {
        let valid = |(batch, row): &Place| addresses.get(*batch).is_some_and(|array| array.is_valid(*row));
        NullBuffer::from_iter(places.iter().map(valid))
    });
    let octets: Vec<&[[u8; 16]]> = addresses.iter().map(|array| array.value_data().as_chunks().0).collect();
    let value = |(batch, row): &Place| -> u128 {
        u128::from_ne_bytes(octets.get(*batch).and_then(|of| of.get(*row)).copied().unwrap_or_default())
    };
    let values: Vec<u128> = places.iter().map(value).collect();
    Some(Arc::new(FixedSizeBinaryArray::new(16, Buffer::from_vec(values), nulls)))
}

/// The value that all rows of all arrays have, as an array of one.
fn same(arrays: &[ArrayRef]) -> Option<ArrayRef> {
    let first = arrays.iter().find(|array| !array.is_empty())?;
    // Lists and the like are rare, and comparing them is not cheap.
    if matches!(first.data_type(), DataType::List(_) | DataType::Struct(_) | DataType::Map(..)) {
        return None;
    }
    let one = first.slice(0, 1);
    let (data, mut before) = (one.to_data(), None);
    for array in arrays.iter().filter(|array| !array.is_empty()) {
        let here = array.to_data();
        // Batches share the memory of columns of one value.
        if before.as_ref().is_some_and(|before| here.ptr_eq(before)) {
            continue;
        }
        if array.null_count() > 0 || array.slice(0, 1).to_data() != data || !is_constant(array) {
            return None;
        }
        before = Some(here);
    }
    Some(one)
}

#[cfg(test)]
mod tests {
    use arrow::array::{StringViewArray, UInt16Array};
    use minamo_base::Ip;
    use minamo_model::{FLOWS, Flow, FlowBuilder};

    use super::*;

    fn batch(ports: std::ops::Range<u16>, app: &str) -> RecordBatch {
        let mut builder = FlowBuilder::default();
        for port in ports {
            let mut flow = Flow::default();
            (flow.core.src_port, flow.core.app) = (port, app.to_owned().into());
            let [high, low] = port.to_be_bytes();
            flow.core.src_ip = Ip::v4([10, 0, high, low]);
            if port % 2 == 1 {
                flow.exporter.get_or_insert_default().next_hop = Some(Ip::v4([192, 0, 2, low]));
            }
            builder.append(&flow);
        }
        builder.finish().expect("a batch")
    }

    #[test]
    fn picked_rows_are_those_of_the_rows_put_together() {
        let (one, two) = (batch(0..40, "TLS"), batch(40..90, "DNS"));
        // The second has no next hops at all.
        let two = two
            .project(
                &(0..two.num_columns())
                    .filter(|at| two.schema().field(*at).name() != "exporter_next_hop")
                    .collect::<Vec<_>>(),
            )
            .expect("columns");
        let batches = Batches::of(&FLOWS, &[&one, &two]);
        let whole = crate::segment::concat(&FLOWS, &[&one, &two]).expect("rows");
        let places: Vec<Place> = batches.places().collect();
        let order: Vec<usize> = (0..90).map(|n| n * 37 % 90).collect();
        let wanted: Vec<Place> = order.iter().map(|at| places[*at]).collect();
        let numbers = UInt32Array::from_iter_values(order.iter().map(|at| u32::try_from(*at).expect("small")));
        for (field, column) in batches.schema.fields().iter().zip(&batches.columns) {
            let want = take(whole.column_by_name(field.name()).expect("there"), &numbers, None).expect("rows");
            assert_eq!(&column.rows(&wanted).expect("rows"), &want, "{}", field.name());
        }
        let same = |name: &str| batches.column(name).expect("there").same.is_some();
        assert!(same("dst_ip") && !same("app") && !same("src_port") && !same("exporter_next_hop"));
    }

    #[test]
    fn one_value_is_told_over_all_batches() {
        let numbers = |values: &[u16]| Arc::new(UInt16Array::from(values.to_vec())) as ArrayRef;
        assert!(same(&[numbers(&[5, 5]), numbers(&[]), numbers(&[5])]).is_some());
        assert!(same(&[numbers(&[5, 5]), numbers(&[6, 6])]).is_none());
        assert!(same(&[numbers(&[5]), numbers(&[5, 6])]).is_none());
        assert!(same(&[Arc::new(StringViewArray::new_null(3)) as ArrayRef]).is_none());
    }
}
