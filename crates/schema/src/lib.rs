// SPDX-License-Identifier: Apache-2.0
//! How a record is declared once and everything else follows: column descriptors, the cells that a
//! column can hold, and the [`table!`] and [`row!`] macros. It knows no record of the product itself.

mod block;
mod cell;
mod column;
mod lane;
mod table;
mod value;

#[doc(hidden)]
pub use arrow;
pub use block::{Block, BlockColumn, Cells, Each, Values, address, octets, octets_v4};
pub use cell::{Cell, CellType};
pub use column::{Column, ColumnId, Kind, Origin, Sensitivity, Source, Unit, place};
pub use lane::{Lane, TextLane};
pub use table::{ColumnBuilders, Group};
pub use value::Value;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;

/// The batch of some columns of a table.
pub fn batch(columns: Vec<(&'static Column, ArrayRef)>, rows: usize) -> Result<RecordBatch, ArrowError> {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().map(|(column, array)| (column.field(), array)).unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}
