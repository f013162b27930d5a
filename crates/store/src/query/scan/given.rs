// SPDX-License-Identifier: Apache-2.0
//! Columns of a row group that need not be read: all of their values are missing, or the same.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeBinaryArray, StringViewArray, TimestampNanosecondArray, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array, new_null_array,
};
use arrow::datatypes::DataType;

use super::prove::Point;
use crate::QueryError;

/// A column that need not be read.
pub(super) enum Given {
    /// All are missing.
    Null,
    /// The value, and an array of it that was made before.
    Value(Point, Option<ArrayRef>),
}

impl Given {
    /// So many of it.
    pub(super) fn rows(&mut self, data_type: &DataType, rows: usize) -> Result<ArrayRef, QueryError> {
        let (value, before) = match self {
            Self::Null => return Ok(new_null_array(data_type, rows)),
            Self::Value(value, before) => (value, before),
        };
        if let Some(before) = before.as_ref().filter(|before| before.len() >= rows) {
            return Ok(before.slice(0, rows));
        }
        let made = repeated(value, data_type, rows)?;
        *before = Some(Arc::clone(&made));
        Ok(made)
    }
}

fn repeated(value: &Point, data_type: &DataType, rows: usize) -> Result<ArrayRef, QueryError> {
    let bad = |_| QueryError::Failed("a statistic does not fit its column".to_owned());
    Ok(match (value, data_type) {
        (Point::Uint(n), DataType::UInt8) => Arc::new(UInt8Array::from_value(u8::try_from(*n).map_err(bad)?, rows)),
        (Point::Uint(n), DataType::UInt16) => Arc::new(UInt16Array::from_value(u16::try_from(*n).map_err(bad)?, rows)),
        (Point::Uint(n), DataType::UInt32) => Arc::new(UInt32Array::from_value(u32::try_from(*n).map_err(bad)?, rows)),
        (Point::Uint(n), DataType::UInt64) => Arc::new(UInt64Array::from_value(*n, rows)),
        (Point::Ip(ip), _) => Arc::new(FixedSizeBinaryArray::try_new(16, ip.0.repeat(rows).into(), None)?),
        (Point::Time(at), _) => Arc::new(TimestampNanosecondArray::from_value(*at, rows).with_timezone("UTC")),
        (Point::Text(text), _) => Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(text, rows))),
        _ => return Err(QueryError::Failed("a statistic does not fit its column".to_owned())),
    })
}
