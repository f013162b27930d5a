// SPDX-License-Identifier: Apache-2.0
//! The macros: [`table!`](crate::table!) declares one group of columns, [`row!`](crate::row!) joins groups
//! to a row whose absent groups cost a pointer.

use std::ops::Range;

use arrow::array::ArrayRef;

use crate::{Block, Column, Value};

/// A group of columns: one struct, made by [`table!`](crate::table!).
pub trait Group: Default {
    /// The columns, in the order of the fields.
    const COLUMNS: &'static [Column];
    /// One Arrow builder per column.
    type Builders: ColumnBuilders<Self>;

    /// Value of the column at `at`; null beyond the last.
    fn get(&self, at: usize) -> Value<'_>;
    /// Sets the column at `at`; false where the value does not fit.
    fn set(&mut self, at: usize, value: &Value<'_>) -> bool;
    /// Shows every column that has a value, in order.
    fn each<'a>(&'a self, to: &mut impl FnMut(&'static Column, &Value<'a>));
}

/// The builders of a group. A run of absent groups is only counted until a present one follows.
pub trait ColumnBuilders<G>: Default {
    /// Appends a row of the group, or its absence.
    fn append(&mut self, group: Option<&G>);
    /// Appends rows of a block, in which the group has that number; columns that the block lacks stay missing.
    fn extend(&mut self, block: &Block, number: u8, rows: Range<usize>);
    /// Columns that hold a value, with their arrays; the builders are empty again.
    fn finish(&mut self) -> Vec<(&'static Column, ArrayRef)>;
}

/// Declares a group of columns.
///
/// ```
/// minamo_schema::table! {
///     /// Facts of the example protocol.
///     pub struct Example, group "example", prefix "example_" {
///         /// Name that the client gave.
///         name: Option<String>, "クライアントが名乗った名前", Fact, None, Observed, Content, [];
///         /// Octets of the greeting.
///         greeting_octets: Option<u32>, "挨拶のオクテット数", Counter, Octets, Observed, Plain, [Ie(0, 1)];
///     }
/// }
/// assert_eq!(<Example as minamo_schema::Group>::COLUMNS[0].name, "example_name");
/// ```
#[macro_export]
macro_rules! table {
    (
        $(#[$meta:meta])*
        pub struct $name:ident, group $group:literal, prefix $prefix:literal {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $ty:ty, $ja:literal, $kind:ident, $unit:ident, $origin:ident, $sensitivity:ident,
                [$($source:expr),* $(,)?] $(, mirror $mirror:ident)?;
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $ty,)+
        }

        const _: () = {
            use $crate::Cell as _;

            #[doc(hidden)]
            pub struct Builders {
                absent: usize,
                any: bool,
                $($field: <$ty as $crate::Cell>::Builder,)+
            }

            impl Default for Builders {
                fn default() -> Self {
                    Self { absent: 0, any: false, $($field: <$ty as $crate::Cell>::builder(),)+ }
                }
            }

            impl $crate::ColumnBuilders<$name> for Builders {
                #[inline]
                fn append(&mut self, group: Option<&$name>) {
                    let Some(row) = group else {
                        self.absent += 1;
                        return;
                    };
                    if self.absent > 0 {
                        $(<$ty as $crate::Cell>::append_nulls(&mut self.$field, self.absent);)+
                        self.absent = 0;
                    }
                    self.any = true;
                    $(row.$field.append(&mut self.$field);)+
                }

                fn extend(&mut self, block: &$crate::Block, number: u8, rows: std::ops::Range<usize>) {
                    if number > 0 && !block.has_group(number) {
                        self.absent += rows.len();
                        return;
                    }
                    if self.absent > 0 {
                        $(<$ty as $crate::Cell>::append_nulls(&mut self.$field, self.absent);)+
                        self.absent = 0;
                    }
                    self.any = true;
                    let mut id = $crate::ColumnId { group: number, at: 0 };
                    $(
                        let column = block.column(id);
                        let taken = column.is_some_and(|column| {
                            <$ty as $crate::Cell>::extend(&mut self.$field, column, rows.clone())
                        });
                        if !taken {
                            <$ty as $crate::Cell>::append_default(&mut self.$field, rows.len());
                        }
                        id.at = id.at.saturating_add(1);
                    )+
                    debug_assert!(usize::from(id.at) == <$name as $crate::Group>::COLUMNS.len());
                }

                fn finish(&mut self) -> Vec<(&'static $crate::Column, $crate::arrow::array::ArrayRef)> {
                    let (absent, any) = (std::mem::take(&mut self.absent), std::mem::take(&mut self.any));
                    if !any {
                        return Vec::new();
                    }
                    let mut columns = <$name as $crate::Group>::COLUMNS.iter();
                    let mut out = Vec::new();
                    $(
                        <$ty as $crate::Cell>::append_nulls(&mut self.$field, absent);
                        let array = <$ty as $crate::Cell>::finish(&mut self.$field);
                        if let (Some(column), Some(array)) = (columns.next(), array) {
                            out.push((column, array));
                        }
                    )+
                    out
                }
            }

            impl $crate::Group for $name {
                const COLUMNS: &'static [$crate::Column] = {
                    #[allow(unused_imports)]
                    use $crate::Source::{Ie, Ie6, Nprobe, Nprobe6, Own};
                    &[$(
                        $crate::Column {
                            name: concat!($prefix, stringify!($field)),
                            member: concat!(",\"", $prefix, stringify!($field), "\":"),
                            group: $group,
                            cell: <$ty as $crate::Cell>::TYPE,
                            nullable: <$ty as $crate::Cell>::NULLABLE,
                            kind: $crate::Kind::$kind,
                            unit: $crate::Unit::$unit,
                            origin: $crate::Origin::$origin,
                            sensitivity: $crate::Sensitivity::$sensitivity,
                            sources: &[$($source),*],
                            mirror: $crate::table!(@mirror $prefix $($mirror)?),
                            doc: concat!($($doc,)+),
                            doc_ja: $ja,
                        },
                    )+]
                };
                type Builders = Builders;

                fn get(&self, at: usize) -> $crate::Value<'_> {
                    let mut place = 0;
                    $(
                        if at == place {
                            return self.$field.value();
                        }
                        place += 1;
                    )+
                    debug_assert!(at >= place);
                    $crate::Value::Null
                }

                fn each<'a>(&'a self, to: &mut impl FnMut(&'static $crate::Column, &$crate::Value<'a>)) {
                    let mut columns = <$name as $crate::Group>::COLUMNS.iter();
                    $(
                        let (column, value) = (columns.next(), self.$field.value());
                        if let (Some(column), false) = (column, matches!(value, $crate::Value::Null)) {
                            to(column, &value);
                        }
                    )+
                }

                fn set(&mut self, at: usize, value: &$crate::Value<'_>) -> bool {
                    let mut place = 0;
                    $(
                        if at == place {
                            return match <$ty as $crate::Cell>::from_value(value) {
                                Some(cell) => {
                                    self.$field = cell;
                                    true
                                }
                                None => false,
                            };
                        }
                        place += 1;
                    )+
                    debug_assert!(at >= place);
                    false
                }
            }
        };
    };
    (@mirror $prefix:literal $mirror:ident) => { Some(concat!($prefix, stringify!($mirror))) };
    (@mirror $prefix:literal) => { None };
}

/// Joins groups to a row: the first is always there, the others are an optional box each.
#[macro_export]
macro_rules! row {
    (
        $(#[$meta:meta])*
        pub struct $row:ident, builder $builder:ident, group $group:ident {
            $core:ident: $core_ty:ident
            $(, $field:ident: $ty:ident)* $(,)?
        }
    ) => {
        $crate::row! {
            $(#[$meta])*
            pub struct $row, builder $builder {
                $core: $core_ty
                $(, $field: $ty)*
            }
        }

        /// One group of a row: rows of few groups are smaller as a list of them.
        #[derive(Debug, Clone, PartialEq)]
        pub enum $group {
            $(
                #[doc = concat!("The `", stringify!($field), "` group.")]
                $ty(Box<$ty>),
            )*
        }

        impl $group {
            /// Number of the group in the row, as the ids of its columns have it.
            pub fn number(&self) -> u8 {
                let mut number = 1;
                $(
                    if matches!(self, Self::$ty(_)) {
                        return number;
                    }
                    number += 1;
                )*
                number
            }
        }

        impl $row {
            /// Takes out the groups that are there. The list is made as long as it must be: nearly all are short.
            pub fn take_groups(&mut self, groups: &mut Vec<$group>) {
                $(
                    if let Some(group) = self.$field.take() {
                        groups.reserve_exact(1);
                        groups.push($group::$ty(group));
                    }
                )*
            }

            /// Puts a group in its place.
            pub fn put_group(&mut self, group: $group) {
                match group {
                    $($group::$ty(group) => self.$field = Some(group),)*
                }
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub struct $row:ident, builder $builder:ident {
            $core:ident: $core_ty:ident
            $(, $field:ident: $ty:ident)* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $row {
            /// The columns that every row has.
            pub $core: $core_ty,
            $(
                #[doc = concat!("The `", stringify!($field), "` group, where anything of it is known.")]
                pub $field: Option<Box<$ty>>,
            )*
        }

        impl $row {
            /// The columns of each group, in the order of the groups.
            pub const GROUPS: &'static [&'static [$crate::Column]] =
                &[<$core_ty as $crate::Group>::COLUMNS $(, <$ty as $crate::Group>::COLUMNS)*];

            /// The place of the column of that name, for constants: a name that is none does not compile there.
            pub const fn at(name: &str) -> $crate::ColumnId {
                $crate::place(Self::GROUPS, name)
            }

            /// Value of a column; null where it was not observed.
            pub fn get(&self, id: $crate::ColumnId) -> $crate::Value<'_> {
                let at = usize::from(id.at);
                if id.group == 0 {
                    return $crate::Group::get(&self.$core, at);
                }
                let mut place = 1;
                $(
                    if id.group == place {
                        return self.$field.as_deref().map_or($crate::Value::Null, |group| $crate::Group::get(group, at));
                    }
                    place += 1;
                )*
                debug_assert!(id.group >= place);
                $crate::Value::Null
            }

            /// Shows every column that has a value, in order.
            pub fn each<'a>(&'a self, to: &mut impl FnMut(&'static $crate::Column, &$crate::Value<'a>)) {
                $crate::Group::each(&self.$core, to);
                $(
                    if let Some(group) = self.$field.as_deref() {
                        $crate::Group::each(group, to);
                    }
                )*
            }

            /// Sets a column and makes its group present; false where the value does not fit.
            pub fn set(&mut self, id: $crate::ColumnId, value: &$crate::Value<'_>) -> bool {
                let at = usize::from(id.at);
                if id.group == 0 {
                    return $crate::Group::set(&mut self.$core, at, value);
                }
                let mut place = 1;
                $(
                    if id.group == place {
                        return $crate::Group::set(self.$field.get_or_insert_default().as_mut(), at, value);
                    }
                    place += 1;
                )*
                debug_assert!(id.group >= place);
                false
            }
        }

        /// Collects rows into Arrow columns; columns without a value are left out of the result.
        #[derive(Default)]
        pub struct $builder {
            rows: usize,
            $core: <$core_ty as $crate::Group>::Builders,
            $($field: <$ty as $crate::Group>::Builders,)*
        }

        impl $builder {
            /// Appends one row.
            pub fn append(&mut self, row: &$row) {
                self.rows += 1;
                $crate::ColumnBuilders::append(&mut self.$core, Some(&row.$core));
                $($crate::ColumnBuilders::append(&mut self.$field, row.$field.as_deref());)*
            }

            /// Appends rows of a block.
            pub fn extend(&mut self, block: &$crate::Block, rows: std::ops::Range<usize>) {
                self.rows += rows.len();
                $crate::ColumnBuilders::extend(&mut self.$core, block, 0, rows.clone());
                let mut number = 1;
                $(
                    $crate::ColumnBuilders::extend(&mut self.$field, block, number, rows.clone());
                    number += 1;
                )*
                debug_assert!(number > 0);
            }

            /// Rows appended since the last [`Self::finish`].
            pub fn len(&self) -> usize {
                self.rows
            }

            /// True where no row was appended.
            pub fn is_empty(&self) -> bool {
                self.rows == 0
            }

            /// The rows as a batch of the columns that have a value; the builder is empty again.
            pub fn finish(&mut self) -> Result<$crate::arrow::array::RecordBatch, $crate::arrow::error::ArrowError> {
                let mut columns = $crate::ColumnBuilders::finish(&mut self.$core);
                $(columns.extend($crate::ColumnBuilders::finish(&mut self.$field));)*
                let rows = std::mem::take(&mut self.rows);
                $crate::batch(columns, rows)
            }
        }
    };
}
