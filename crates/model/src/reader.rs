// SPDX-License-Identifier: Apache-2.0
//! Reading cells back out of batches, and writing them as text.

use arrow::array::{
    Array, AsArray, FixedSizeBinaryArray, Int32Array, ListArray, RecordBatch, StringArray, StringViewArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use minamo_base::{Ip, Mac, Time, hex};
use minamo_schema::Value;

use crate::json::Object;

/// One column of a batch with what is needed to read its cells.
pub struct CellReader<'a> {
    name: &'a str,
    array: &'a dyn Array,
    nulls: Option<&'a NullBuffer>,
    cells: Cells<'a>,
}

/// A column under its type, found out once for all of its cells.
enum Cells<'a> {
    U8(&'a UInt8Array),
    U16(&'a UInt16Array),
    U32(&'a UInt32Array),
    U64(&'a UInt64Array),
    Text(&'a StringArray),
    View(&'a StringViewArray),
    Binary(&'a FixedSizeBinaryArray),
    Nanos(&'a TimestampNanosecondArray),
    /// Lists of numbers, and all numbers.
    I32List(&'a ListArray, &'a Int32Array),
    U32List(&'a ListArray, &'a UInt32Array),
    /// One that is rare.
    Other,
}

impl<'a> Cells<'a> {
    fn of(array: &'a dyn Array) -> Self {
        match array.data_type() {
            DataType::UInt8 => Self::U8(array.as_primitive()),
            DataType::UInt16 => Self::U16(array.as_primitive()),
            DataType::UInt32 => Self::U32(array.as_primitive()),
            DataType::UInt64 => Self::U64(array.as_primitive()),
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Utf8View => Self::View(array.as_string_view()),
            DataType::FixedSizeBinary(_) => Self::Binary(array.as_fixed_size_binary()),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => Self::Nanos(array.as_primitive()),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let values = list.values();
                match values.data_type() {
                    DataType::Int32 if values.null_count() == 0 => Self::I32List(list, values.as_primitive()),
                    DataType::UInt32 if values.null_count() == 0 => Self::U32List(list, values.as_primitive()),
                    _ => Self::Other,
                }
            }
            _ => Self::Other,
        }
    }
}

impl<'a> CellReader<'a> {
    /// A reader of one column.
    pub fn new(field: &'a Field, array: &'a dyn Array) -> Self {
        Self { name: field.name(), array, nulls: array.nulls(), cells: Cells::of(array) }
    }

    /// Readers of all columns of a batch.
    pub fn all(batch: &'a RecordBatch) -> Vec<Self> {
        let schema = batch.schema_ref();
        schema.fields().iter().zip(batch.columns()).map(|(field, array)| Self::new(field, array)).collect()
    }

    /// Name of the column.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Value of the cell in `row`; null where it is not there.
    pub fn value(&self, row: usize) -> Value<'a> {
        if self.is_null(row) {
            return Value::Null;
        }
        match &self.cells {
            Cells::U8(of) => Value::Uint(of.value(row).into()),
            Cells::U16(of) => Value::Uint(of.value(row).into()),
            Cells::U32(of) => Value::Uint(of.value(row).into()),
            Cells::U64(of) => Value::Uint(of.value(row)),
            Cells::Text(of) => Value::Text(of.value(row).into()),
            Cells::View(of) => Value::Text(of.value(row).into()),
            Cells::Binary(of) => binary(of.value(row)),
            Cells::Nanos(of) => Value::Time(Time(of.value(row))),
            Cells::I32List(..) | Cells::U32List(..) | Cells::Other => value_of(self.array, row),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        row >= self.array.len() || self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends the cell to an object; nothing where it is null.
    fn push_json(&self, row: usize, object: &mut Object<'_>) {
        if self.is_null(row) {
            return;
        }
        match &self.cells {
            Cells::I32List(list, values) => {
                let numbers = numbers(list, row).filter_map(|at| values.values().get(at));
                object.numbers(self.name, numbers.map(|number| i64::from(*number)));
            }
            Cells::U32List(list, values) => {
                let numbers = numbers(list, row).filter_map(|at| values.values().get(at));
                object.numbers(self.name, numbers.map(|number| i64::from(*number)));
            }
            _ => object.value(self.name, &self.value(row)),
        }
    }
}

/// Places of the numbers of a list.
fn numbers(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    let place = |at: usize| list.value_offsets().get(at).and_then(|at| usize::try_from(*at).ok()).unwrap_or(0);
    place(row)..place(row + 1)
}

/// The cells of one row of a batch by column name.
pub struct Row<'a> {
    readers: &'a [CellReader<'a>],
    row: usize,
}

impl<'a> Row<'a> {
    /// Row number `row`.
    pub fn new(readers: &'a [CellReader<'a>], row: usize) -> Self {
        Self { readers, row }
    }

    /// Value of a column; null where the batch does not have it.
    pub fn get(&self, name: &str) -> Value<'a> {
        self.readers.iter().find(|r| r.name == name).map_or(Value::Null, |r| r.value(self.row))
    }
}

fn value_of(array: &dyn Array, row: usize) -> Value<'_> {
    if row >= array.len() || array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::UInt8 => Value::Uint(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Value::Uint(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Value::Uint(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => Value::Uint(array.as_primitive::<UInt64Type>().value(row)),
        DataType::Int8 => Value::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Value::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => Value::Real(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => Value::Real(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row).into()),
        DataType::LargeUtf8 => Value::Text(array.as_string::<i64>().value(row).into()),
        DataType::Utf8View => Value::Text(array.as_string_view().value(row).into()),
        DataType::FixedSizeBinary(_) => binary(array.as_fixed_size_binary().value(row)),
        DataType::Binary => binary(array.as_binary::<i32>().value(row)),
        DataType::BinaryView => binary(array.as_binary_view().value(row)),
        DataType::Timestamp(unit, _) => Value::Time(match unit {
            TimeUnit::Second => Time::from_secs_nanos(array.as_primitive::<TimestampSecondType>().value(row), 0),
            TimeUnit::Millisecond => Time::from_millis(array.as_primitive::<TimestampMillisecondType>().value(row)),
            TimeUnit::Microsecond => {
                Time(array.as_primitive::<TimestampMicrosecondType>().value(row).saturating_mul(1_000))
            }
            TimeUnit::Nanosecond => Time(array.as_primitive::<TimestampNanosecondType>().value(row)),
        }),
        DataType::List(_) => list_value(&*array.as_list::<i32>().value(row)),
        _ => match arrow::util::display::array_value_to_string(array, row) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Null,
        },
    }
}

/// Binary of 16 octets is an address and of 6 a MAC address; other binary is shown in hexadecimal.
fn binary(octets: &[u8]) -> Value<'_> {
    if let Ok(ip) = octets.try_into() {
        return Value::Ip(Ip(ip));
    }
    match octets.try_into() {
        Ok(mac) => Value::Mac(Mac(mac)),
        Err(_) => Value::Text(hex(octets).into()),
    }
}

fn list_value(list: &dyn Array) -> Value<'static> {
    let mut numbers = Vec::new();
    let mut texts = Vec::new();
    for row in 0..list.len() {
        match value_of(list, row) {
            Value::Uint(n) => numbers.push(i64::try_from(n).unwrap_or(i64::MAX)),
            Value::Int(n) => numbers.push(n),
            other => texts.push(text_value(&other)),
        }
    }
    if texts.is_empty() { Value::Numbers(numbers) } else { Value::Texts(texts.into()) }
}

/// A value as plain text: empty for null, RFC 3339 for times, commas between the items of lists.
pub fn text_value(value: &Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(v) => v.to_string(),
        Value::Uint(v) => v.to_string(),
        Value::Int(v) => v.to_string(),
        Value::Real(v) => v.to_string(),
        Value::Text(v) => v.to_string(),
        Value::Ip(v) => v.to_string(),
        Value::Mac(v) => v.to_string(),
        Value::Time(v) => v.to_string(),
        Value::Numbers(list) => list.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
        Value::Texts(list) => list.join(","),
        _ => String::new(),
    }
}

impl Row<'_> {
    /// Appends the row as one JSON object of the cells that have a value.
    pub fn push_json(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        for reader in self.readers {
            reader.push_json(self.row, &mut object);
        }
        object.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Flow, FlowBuilder};

    fn sample() -> Flow {
        let mut flow = Flow::default();
        flow.core.src_ip = Ip::v4([192, 0, 2, 1]);
        flow.core.app = "SSH".into();
        flow.core.time_start = Time::from_millis(1_000);
        flow.tls.get_or_insert_default().sni = Some("a\"b\n.example".into());
        flow.splt.get_or_insert_default().lengths = Some(vec![5, -7]);
        flow
    }

    #[test]
    fn a_batch_holds_only_columns_with_values_and_reads_back() {
        let mut builder = FlowBuilder::default();
        builder.append(&Flow::default());
        builder.append(&sample());
        builder.append(&Flow::default());
        let batch = builder.finish().expect("the columns fit");
        assert_eq!(batch.num_rows(), 3);
        assert!(batch.column_by_name("tls_sni").is_some() && batch.column_by_name("tls_ja3").is_none());
        assert!(batch.column_by_name("dns_query").is_none());
        let readers = CellReader::all(&batch);
        let row = Row::new(&readers, 1);
        assert_eq!(row.get("src_ip"), Value::Ip(Ip::v4([192, 0, 2, 1])));
        assert_eq!(row.get("splt_lengths"), Value::Numbers(vec![5, -7]));
        assert_eq!(Row::new(&readers, 0).get("tls_sni"), Value::Null);
        assert_eq!(Row::new(&readers, 2).get("tls_sni"), Value::Null);
        let mut json = Vec::new();
        row.push_json(&mut json);
        let parsed: serde_json::Value = serde_json::from_slice(&json).expect("valid JSON");
        assert_eq!(parsed["tls_sni"], "a\"b\n.example");
        assert_eq!(parsed["time_start"], "1970-01-01T00:00:01Z");
        assert!(builder.is_empty());
    }

    #[test]
    fn every_column_can_be_set_and_read_by_its_place() {
        let mut flow = Flow::default();
        for (id, column) in crate::FLOWS.places() {
            let before = flow.get(id);
            let value = match column.cell.name() {
                "text" => Value::Text("x".into()),
                "ip" => Value::Ip(Ip::v4([1, 2, 3, 4])),
                "mac" => Value::Mac(Mac([1; 6])),
                "time" => Value::Time(Time(7)),
                "bool" => Value::Bool(true),
                "f64" => Value::Real(1.5),
                "list<text>" => Value::Texts(vec!["x".to_owned()].into()),
                name if name.starts_with("list") => Value::Numbers(vec![1]),
                _ => Value::Uint(9),
            };
            assert_ne!(before, value);
            assert!(flow.set(id, &value), "{} takes its own type", column.name);
            assert_eq!(flow.get(id), value, "{}", column.name);
        }
    }
}
