// SPDX-License-Identifier: Apache-2.0
//! A part of the filter, ready to be asked of rows. Where it looks at one column of one octet, such as the protocol,
//! it is asked once of each of its 256 values.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt8Array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, SchemaRef, UInt8Type};
use datafusion::execution::session_state::SessionState;
use minamo_filter::Expr;

use crate::QueryError;
use crate::rollup::Selector;

/// What a part of the filter says of rows.
pub(crate) struct Answers {
    selector: Selector,
    /// What it says of each value.
    of_value: Option<[bool; 256]>,
}

impl Answers {
    /// Of a part that is asked as it stands.
    pub(super) fn new(state: &SessionState, part: &Expr) -> Result<Self, QueryError> {
        let selector = Selector::exact(state, part)?;
        let of_value = match selector.schema().fields().iter().as_slice() {
            [field] if *field.data_type() == DataType::UInt8 => {
                let values = Arc::new(UInt8Array::from_iter_values(0..=u8::MAX));
                let mask = selector.mask(&RecordBatch::try_new(Arc::clone(selector.schema()), vec![values])?)?;
                let mut of_value = [false; 256];
                of_value.iter_mut().zip(&mask).for_each(|(to, passes)| *to = passes);
                Some(of_value)
            }
            _ => None,
        };
        Ok(Self { selector, of_value })
    }

    /// The columns that it looks at.
    pub(super) fn schema(&self) -> &SchemaRef {
        self.selector.schema()
    }

    /// For each row whether it passes.
    pub(super) fn mask(&self, batch: &RecordBatch) -> Result<BooleanBuffer, QueryError> {
        let name = self.schema().fields().first().map_or("", |field| field.name());
        let octets = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<UInt8Type>());
        match (&self.of_value, octets) {
            (Some(of_value), Some(octets)) if octets.null_count() == 0 => {
                let bits = |octets: &[u8]| {
                    let bit = |(at, octet): (usize, &u8)| u64::from(of_value[usize::from(*octet)]) << at;
                    octets.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit)
                };
                let words: Vec<u64> = octets.values().chunks(64).map(bits).collect();
                Ok(BooleanBuffer::new(words.into(), 0, octets.len()))
            }
            _ => self.selector.mask(batch),
        }
    }
}
