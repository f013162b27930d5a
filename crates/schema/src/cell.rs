// SPDX-License-Identifier: Apache-2.0
//! The types that a column can have, each with its Arrow form.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, Int32Builder, ListBuilder,
    StringViewBuilder, UInt16Builder, UInt32Builder,
};
use arrow::datatypes::{
    DataType, Field, TimeUnit, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use minamo_base::{Ip, Mac, Time};

use crate::Value;
use crate::block::{BlockColumn, Cells, Each, Values, octets, part};
use crate::lane::{Lane, TextLane, numbers as number_array, sixteen};

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CellType {
    /// True or false.
    Bool,
    /// Number of 8 bits.
    U8,
    /// Number of 16 bits.
    U16,
    /// Number of 32 bits.
    U32,
    /// Number of 64 bits.
    U64,
    /// Real number.
    F64,
    /// UTF-8 text.
    Text,
    /// IP address in 16 octets, IPv4 mapped.
    Ip,
    /// MAC address.
    Mac,
    /// Instant in nanoseconds, UTC.
    Time,
    /// List of 16-bit numbers.
    U16List,
    /// List of 32-bit numbers.
    U32List,
    /// List of signed 32-bit numbers.
    I32List,
    /// List of texts.
    TextList,
}

impl CellType {
    /// Key of the Arrow field metadata that holds [`CellType::name`].
    pub const METADATA_KEY: &'static str = "minamo.cell";

    /// The word for it in references and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F64 => "f64",
            Self::Text => "text",
            Self::Ip => "ip",
            Self::Mac => "mac",
            Self::Time => "time",
            Self::U16List => "list<u16>",
            Self::U32List => "list<u32>",
            Self::I32List => "list<i32>",
            Self::TextList => "list<text>",
        }
    }

    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        let list = |inner| DataType::List(Arc::new(Field::new("item", inner, true)));
        match self {
            Self::Bool => DataType::Boolean,
            Self::U8 => DataType::UInt8,
            Self::U16 => DataType::UInt16,
            Self::U32 => DataType::UInt32,
            Self::U64 => DataType::UInt64,
            Self::F64 => DataType::Float64,
            Self::Text => DataType::Utf8View,
            Self::Ip => DataType::FixedSizeBinary(16),
            Self::Mac => DataType::FixedSizeBinary(6),
            Self::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Self::U16List => list(DataType::UInt16),
            Self::U32List => list(DataType::UInt32),
            Self::I32List => list(DataType::Int32),
            Self::TextList => list(DataType::Utf8View),
        }
    }

    /// True for whole and real numbers.
    pub fn is_number(self) -> bool {
        matches!(self, Self::U8 | Self::U16 | Self::U32 | Self::U64 | Self::F64)
    }

    /// True for lists.
    pub fn is_list(self) -> bool {
        matches!(self, Self::U16List | Self::U32List | Self::I32List | Self::TextList)
    }
}

/// A Rust type that is a cell. `Option<T>` is the cell of `T` that may be missing.
pub trait Cell: Default {
    /// Type of the column.
    const TYPE: CellType;
    /// True where the value may be missing.
    const NULLABLE: bool = false;
    /// Arrow builder that takes the values.
    type Builder;

    /// An empty builder.
    fn builder() -> Self::Builder;
    /// Appends this value.
    fn append(&self, to: &mut Self::Builder);
    /// Appends `n` missing values.
    fn append_nulls(to: &mut Self::Builder, n: usize);
    /// Appends `n` values of rows that say nothing of the column: missing ones where that is possible.
    fn append_default(to: &mut Self::Builder, n: usize) {
        for _ in 0..n {
            Self::default().append(to);
        }
    }
    /// Appends the values of some rows of a block. False, and nothing appended, where they are of another type.
    fn extend(to: &mut Self::Builder, column: &BlockColumn, rows: Range<usize>) -> bool {
        let Cells::Same(value) = column.cells() else { return false };
        let Some(value) = Self::from_value(value) else { return false };
        for row in rows {
            if column.valid().is_none_or(|valid| valid.get(row) == Some(&true)) {
                value.append(to);
            } else {
                Self::append_nulls(to, 1);
            }
        }
        true
    }
    /// The values appended so far, where one is there; the builder is empty again.
    fn finish(builder: &mut Self::Builder) -> Option<ArrayRef>;
    /// The value for readers.
    fn value(&self) -> Value<'_>;
    /// The cell of a value; nothing where the type does not fit or the number is too large.
    fn from_value(value: &Value<'_>) -> Option<Self>;
}

impl<T: Cell> Cell for Option<T> {
    const TYPE: CellType = T::TYPE;
    const NULLABLE: bool = true;
    type Builder = T::Builder;

    fn builder() -> Self::Builder {
        T::builder()
    }

    #[inline]
    fn append(&self, to: &mut Self::Builder) {
        match self {
            Some(value) => value.append(to),
            None => T::append_nulls(to, 1),
        }
    }

    #[inline]
    fn append_nulls(to: &mut Self::Builder, n: usize) {
        T::append_nulls(to, n);
    }

    #[inline]
    fn append_default(to: &mut Self::Builder, n: usize) {
        T::append_nulls(to, n);
    }

    fn extend(to: &mut Self::Builder, column: &BlockColumn, rows: Range<usize>) -> bool {
        T::extend(to, column, rows)
    }

    fn finish(builder: &mut Self::Builder) -> Option<ArrayRef> {
        T::finish(builder)
    }

    #[inline]
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::value)
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

/// The array, where one of its values is there.
fn filled<A: Array + 'static>(array: A) -> Option<ArrayRef> {
    (array.null_count() < array.len()).then(|| Arc::new(array) as ArrayRef)
}

/// Appends the values of some rows of a block to a lane of their type.
fn take<T>(to: &mut Lane<T>, column: &BlockColumn, rows: Range<usize>) -> bool
where
    T: Each + arrow::datatypes::ArrowNativeType,
{
    let valid = column.valid().map(|valid| part(valid, rows.clone()));
    let Some(values) = column.each::<T>() else { return false };
    match (values, valid) {
        (Values::One(value), None) => to.push_run(value, rows.len()),
        (Values::Each(values), None) => to.extend(part(values, rows)),
        (values, Some(valid)) => {
            for (row, valid) in rows.zip(valid) {
                if *valid { to.push(values.at(row)) } else { to.push_absent(1) }
            }
        }
    }
    true
}

macro_rules! lane_cell {
    ($ty:ty, $native:ty, $cell:ident, $variant:ident, $to:expr, $array:expr, $value:expr, $from:expr) => {
        impl Cell for $ty {
            const TYPE: CellType = CellType::$cell;
            type Builder = Lane<$native>;

            fn builder() -> Self::Builder {
                Lane::default()
            }

            #[inline]
            fn append(&self, to: &mut Self::Builder) {
                to.push($to(*self));
            }

            #[inline]
            fn append_nulls(to: &mut Self::Builder, n: usize) {
                to.push_absent(n);
            }

            fn append_default(to: &mut Self::Builder, n: usize) {
                to.push_run($to(Self::default()), n);
            }

            fn extend(to: &mut Self::Builder, column: &BlockColumn, rows: Range<usize>) -> bool {
                take(to, column, rows)
            }

            fn finish(builder: &mut Self::Builder) -> Option<ArrayRef> {
                $array(builder)
            }

            #[inline]
            fn value(&self) -> Value<'_> {
                $value(*self)
            }

            fn from_value(value: &Value<'_>) -> Option<Self> {
                match value {
                    Value::$variant(value) => $from(*value),
                    _ => None,
                }
            }
        }
    };
}

macro_rules! uint_cell {
    ($ty:ty, $arrow:ty, $cell:ident) => {
        lane_cell!(
            $ty,
            $ty,
            $cell,
            Uint,
            |number: $ty| number,
            |lane: &mut Lane<$ty>| number_array::<$arrow>(lane).map(|array| Arc::new(array) as ArrayRef),
            |number: $ty| Value::Uint(u64::from(number)),
            |number: u64| <$ty>::try_from(number).ok()
        );
    };
}

uint_cell!(u8, UInt8Type, U8);
uint_cell!(u16, UInt16Type, U16);
uint_cell!(u32, UInt32Type, U32);
uint_cell!(u64, UInt64Type, U64);
lane_cell!(Ip, u128, Ip, Ip, octets, sixteen, Value::Ip, Some);
lane_cell!(
    Time,
    i64,
    Time,
    Time,
    |time: Time| time.0,
    |lane: &mut Lane<i64>| {
        let array = number_array::<TimestampNanosecondType>(lane)?;
        Some(Arc::new(array.with_timezone("UTC")) as ArrayRef)
    },
    Value::Time,
    Some
);

macro_rules! plain_cell {
    ($ty:ty, $builder:ty, $cell:ident, $variant:ident) => {
        impl Cell for $ty {
            const TYPE: CellType = CellType::$cell;
            type Builder = $builder;

            fn builder() -> Self::Builder {
                <$builder>::new()
            }

            fn append(&self, to: &mut Self::Builder) {
                to.append_value(*self);
            }

            fn append_nulls(to: &mut Self::Builder, n: usize) {
                to.append_nulls(n);
            }

            fn finish(builder: &mut Self::Builder) -> Option<ArrayRef> {
                filled(builder.finish())
            }

            #[inline]
            fn value(&self) -> Value<'_> {
                Value::$variant(*self)
            }

            fn from_value(value: &Value<'_>) -> Option<Self> {
                match value {
                    Value::$variant(v) => Some(*v),
                    _ => None,
                }
            }
        }
    };
}

plain_cell!(bool, BooleanBuilder, Bool, Bool);
plain_cell!(f64, Float64Builder, F64, Real);

macro_rules! text_cell {
    ($ty:ty) => {
        impl Cell for $ty {
            const TYPE: CellType = CellType::Text;
            type Builder = TextLane;

            fn builder() -> Self::Builder {
                TextLane::default()
            }

            #[inline]
            fn append(&self, to: &mut Self::Builder) {
                to.push_run(self, 1);
            }

            #[inline]
            fn append_nulls(to: &mut Self::Builder, n: usize) {
                to.push_absent(n);
            }

            fn append_default(to: &mut Self::Builder, n: usize) {
                to.push_run("", n);
            }

            fn extend(to: &mut Self::Builder, column: &BlockColumn, rows: Range<usize>) -> bool {
                take_texts(to, column, rows)
            }

            fn finish(builder: &mut Self::Builder) -> Option<ArrayRef> {
                builder.finish()
            }

            #[inline]
            fn value(&self) -> Value<'_> {
                Value::Text(Cow::Borrowed(self))
            }

            fn from_value(value: &Value<'_>) -> Option<Self> {
                match value {
                    Value::Text(text) => Some(text.clone().into_owned().into()),
                    _ => None,
                }
            }
        }
    };
}

/// Appends the texts of some rows of a block.
fn take_texts(to: &mut TextLane, column: &BlockColumn, rows: Range<usize>) -> bool {
    let valid = column.valid().map(|valid| part(valid, rows.clone()));
    let there = |row: usize| valid.is_none_or(|valid| valid.get(row) == Some(&true));
    match column.cells() {
        Cells::Same(Value::Text(text)) if valid.is_none() => to.push_run(text, rows.len()),
        Cells::Same(Value::Text(text)) => {
            (0..rows.len()).for_each(|row| if there(row) { to.push_run(text, 1) } else { to.push_absent(1) });
        }
        Cells::Word(words) => {
            let words = part(words, rows);
            let Some(valid) = valid else {
                to.extend(words);
                return true;
            };
            let mut rest = words;
            for alike in valid.chunk_by(|one, other| one == other) {
                let (some, others) = rest.split_at(alike.len().min(rest.len()));
                if alike.first() == Some(&true) {
                    to.extend(some)
                } else {
                    to.push_absent(some.len())
                }
                rest = others;
            }
        }
        _ => return false,
    }
    true
}

text_cell!(String);
text_cell!(Cow<'static, str>);

impl Cell for Mac {
    const TYPE: CellType = CellType::Mac;
    type Builder = FixedSizeBinaryBuilder;

    fn builder() -> Self::Builder {
        FixedSizeBinaryBuilder::new(6)
    }

    fn append(&self, to: &mut Self::Builder) {
        // The array has the builder's width by its type, so this cannot fail.
        let appended = to.append_value(self.0);
        debug_assert!(appended.is_ok(), "the width is fixed");
    }

    fn append_nulls(to: &mut Self::Builder, n: usize) {
        to.append_nulls(n);
    }

    fn extend(to: &mut Self::Builder, column: &BlockColumn, rows: Range<usize>) -> bool {
        let Some(values) = column.each::<Self>() else { return false };
        for row in rows {
            if column.valid().is_none_or(|valid| valid.get(row) == Some(&true)) {
                values.at(row).append(to);
            } else {
                Self::append_nulls(to, 1);
            }
        }
        true
    }

    fn finish(builder: &mut Self::Builder) -> Option<ArrayRef> {
        filled(builder.finish())
    }

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::Mac(*self)
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Mac(mac) => Some(*mac),
            _ => None,
        }
    }
}

macro_rules! list_cell {
    ($item:ty, $inner:ty, $cell:ident, $value:expr, $from:expr) => {
        impl Cell for Vec<$item> {
            const TYPE: CellType = CellType::$cell;
            type Builder = ListBuilder<$inner>;

            fn builder() -> Self::Builder {
                ListBuilder::new(<$inner>::new())
            }

            fn append(&self, to: &mut Self::Builder) {
                for item in self {
                    to.values().append_value(item.to_owned());
                }
                to.append(true);
            }

            fn append_nulls(to: &mut Self::Builder, n: usize) {
                for _ in 0..n {
                    to.append(false);
                }
            }

            fn finish(builder: &mut Self::Builder) -> Option<ArrayRef> {
                filled(builder.finish())
            }

            #[inline]
            fn value(&self) -> Value<'_> {
                $value(self)
            }

            fn from_value(value: &Value<'_>) -> Option<Self> {
                $from(value)
            }
        }
    };
}

fn numbers<T: Copy + Into<i64>>(list: &[T]) -> Value<'_> {
    Value::Numbers(list.iter().map(|n| (*n).into()).collect())
}

fn from_numbers<T: TryFrom<i64>>(value: &Value<'_>) -> Option<Vec<T>> {
    match value {
        Value::Numbers(list) => list.iter().map(|n| T::try_from(*n).ok()).collect(),
        _ => None,
    }
}

fn texts(list: &[String]) -> Value<'_> {
    Value::Texts(Cow::Borrowed(list))
}

fn from_texts(value: &Value<'_>) -> Option<Vec<String>> {
    match value {
        Value::Texts(list) => Some(list.to_vec()),
        _ => None,
    }
}

list_cell!(u16, UInt16Builder, U16List, numbers, from_numbers);
list_cell!(u32, UInt32Builder, U32List, numbers, from_numbers);
list_cell!(i32, Int32Builder, I32List, numbers, from_numbers);
list_cell!(String, StringViewBuilder, TextList, texts, from_texts);
