// SPDX-License-Identifier: Apache-2.0
//! Rows that were read together, column by column: what all rows have in common stands once, what differs stands side
//! by side. Builders take the rows of a block at once ([`crate::Cell::extend`]). A block is used again and again, so
//! that its columns keep their room.

use std::ops::Range;

use minamo_base::{Ip, Mac};

use crate::{ColumnId, Value};

/// The values of one column of a block.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cells {
    /// The same in all rows.
    Same(Value<'static>),
    /// Numbers of 8 bits.
    U8(Vec<u8>),
    /// Numbers of 16 bits.
    U16(Vec<u16>),
    /// Numbers of 32 bits.
    U32(Vec<u32>),
    /// Numbers of 64 bits.
    U64(Vec<u64>),
    /// Instants, in nanoseconds.
    Time(Vec<i64>),
    /// Addresses: their 16 octets in the order of the wire.
    Ip(Vec<u128>),
    /// MAC addresses.
    Mac(Vec<Mac>),
    /// Words of a closed set.
    Word(Vec<&'static str>),
}

/// A type of which a block has a value per row.
pub trait Each: Copy {
    /// Values of this type, where these are some.
    fn of(cells: &Cells) -> Option<&[Self]>;
    /// Room for values of this type.
    fn room(cells: &mut Cells) -> Option<&mut Vec<Self>>;
    /// No values yet.
    fn none() -> Cells;
    /// The value of all rows, where they have one of this type.
    fn one(value: &Value<'static>) -> Option<Self>;
}

macro_rules! each {
    ($ty:ty, $variant:ident, $one:expr) => {
        impl Each for $ty {
            fn of(cells: &Cells) -> Option<&[Self]> {
                if let Cells::$variant(values) = cells { Some(values) } else { None }
            }

            fn room(cells: &mut Cells) -> Option<&mut Vec<Self>> {
                if let Cells::$variant(values) = cells { Some(values) } else { None }
            }

            fn none() -> Cells {
                Cells::$variant(Vec::new())
            }

            fn one(value: &Value<'static>) -> Option<Self> {
                $one(value)
            }
        }
    };
}

fn uint<T: TryFrom<u64>>(value: &Value<'static>) -> Option<T> {
    if let Value::Uint(number) = value { T::try_from(*number).ok() } else { None }
}

each!(u8, U8, uint);
each!(u16, U16, uint);
each!(u32, U32, uint);
each!(u64, U64, uint);
each!(i64, Time, |value: &Value<'static>| if let Value::Time(time) = value { Some(time.0) } else { None });
each!(u128, Ip, |value: &Value<'static>| if let Value::Ip(ip) = value { Some(octets(*ip)) } else { None });
each!(Mac, Mac, |value: &Value<'static>| if let Value::Mac(mac) = value { Some(*mac) } else { None });
each!(&'static str, Word, |value: &Value<'static>| match value {
    Value::Text(std::borrow::Cow::Borrowed(word)) => Some(*word),
    _ => None,
});

/// The octets of an address as a block has them.
#[inline]
pub fn octets(ip: Ip) -> u128 {
    u128::from_ne_bytes(ip.0)
}

/// An IPv4 address as a block has it (RFC 4291 §2.5.5.2), reckoned: put together from its parts in memory, the
/// processor would wait for these.
#[inline]
pub fn octets_v4(four: [u8; 4]) -> u128 {
    (0xffff_0000_0000 | u128::from(u32::from_be_bytes(four))).to_be()
}

/// The address of such octets.
#[inline]
pub fn address(octets: u128) -> Ip {
    Ip(octets.to_ne_bytes())
}

/// Values of all rows of a block.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a, T> {
    /// One for all.
    One(T),
    /// One for each.
    Each(&'a [T]),
}

impl<T: Copy + Default> Values<'_, T> {
    /// The value of a row; the type's default beyond the last.
    #[inline]
    pub fn at(&self, row: usize) -> T {
        match self {
            Self::One(value) => *value,
            Self::Each(values) => values.get(row).copied().unwrap_or_default(),
        }
    }

    /// True where the value of some row passes the test.
    #[inline]
    pub fn any(&self, test: impl Fn(T) -> bool) -> bool {
        match self {
            Self::One(value) => test(*value),
            // All are tested: that is quicker than to ask after each whether it was the one.
            Self::Each(values) => values.iter().fold(false, |any, value| any | test(*value)),
        }
    }
}

/// One column of a block.
#[derive(Debug)]
pub struct BlockColumn {
    id: ColumnId,
    /// False where the rows of now do not have it.
    live: bool,
    /// The values.
    cells: Cells,
    /// The values of a time when they differed: the room is used again.
    room: Option<Cells>,
    /// Which rows have a value; empty where all have.
    valid: Vec<bool>,
}

impl BlockColumn {
    /// The values.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Which rows have a value; nothing where all have.
    pub fn valid(&self) -> Option<&[bool]> {
        if self.valid.is_empty() { None } else { Some(&self.valid) }
    }

    /// The values, where they are of that type.
    pub fn each<T: Each>(&self) -> Option<Values<'_, T>> {
        match &self.cells {
            Cells::Same(value) => T::one(value).map(Values::One),
            cells => T::of(cells).map(Values::Each),
        }
    }

    /// True where some row has a value.
    pub fn any(&self) -> bool {
        !matches!(self.cells, Cells::Same(Value::Null)) && self.valid().is_none_or(|valid| valid.contains(&true))
    }
}

/// Rows as columns.
#[derive(Debug, Default)]
pub struct Block {
    rows: usize,
    columns: Vec<BlockColumn>,
    /// Number of a column, plus one, by [`slot`].
    numbers: Vec<u16>,
    /// Columns of each group that the rows of now have.
    groups: Vec<u16>,
}

impl Block {
    /// Empties the block for `rows` rows.
    pub fn begin(&mut self, rows: usize) {
        self.rows = rows;
        self.groups.fill(0);
        for column in &mut self.columns {
            column.live = false;
            column.valid.clear();
        }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// True where some column of the group is there.
    #[inline]
    pub fn has_group(&self, group: u8) -> bool {
        self.groups.get(usize::from(group)).is_some_and(|columns| *columns > 0)
    }

    /// A column, where the rows have it.
    #[inline]
    pub fn column(&self, id: ColumnId) -> Option<&BlockColumn> {
        let number = self.numbers.get(slot(id))?.checked_sub(1)?;
        self.columns.get(usize::from(number)).filter(|column| column.live)
    }

    /// The values of a column; the default of the type where the rows do not have it.
    pub fn values<T: Each + Default>(&self, id: ColumnId) -> Values<'_, T> {
        self.column(id).and_then(BlockColumn::each).unwrap_or(Values::One(T::default()))
    }

    /// Makes a column that all rows have with one value. Null is as if the column was not there.
    pub fn same(&mut self, id: ColumnId, value: Value<'static>) {
        if let Some(column) = self.open(id) {
            let before = std::mem::replace(&mut column.cells, Cells::Same(value));
            if !matches!(before, Cells::Same(_)) {
                column.room = Some(before);
            }
        }
    }

    /// Makes a column with a value per row; the caller fills it with as many as there are rows. Nothing where there is
    /// no room for more columns.
    pub fn each<T: Each>(&mut self, id: ColumnId) -> Option<&mut Vec<T>> {
        let column = self.open(id)?;
        if T::of(&column.cells).is_none() {
            let room = column.room.take().filter(|room| T::of(room).is_some());
            column.cells = room.unwrap_or_else(T::none);
        }
        let values = T::room(&mut column.cells)?;
        values.clear();
        Some(values)
    }

    /// Says which rows have a value of a column that is there; one answer per row.
    pub fn valid(&mut self, id: ColumnId, valid: impl Iterator<Item = bool>) {
        if let Some(column) = self.open(id) {
            column.valid.clear();
            column.valid.extend(valid);
        }
    }

    /// The values of a column that differ by row, to change them.
    pub fn change<T: Each>(&mut self, id: ColumnId) -> Option<&mut Vec<T>> {
        let number = self.numbers.get(slot(id))?.checked_sub(1)?;
        let column = self.columns.get_mut(usize::from(number)).filter(|column| column.live)?;
        if let Cells::Same(value) = &column.cells {
            let value = T::one(value)?;
            let mut room = column.room.take().filter(|room| T::of(room).is_some()).unwrap_or_else(T::none);
            let values = T::room(&mut room)?;
            values.clear();
            values.resize(self.rows, value);
            column.cells = room;
        }
        T::room(&mut column.cells)
    }

    /// The column of that place, marked as there.
    fn open(&mut self, id: ColumnId) -> Option<&mut BlockColumn> {
        let number = match self.numbers.get(slot(id)) {
            Some(number) if *number > 0 => *number,
            _ => self.add(id)?,
        };
        let column = self.columns.get_mut(usize::from(number).checked_sub(1)?)?;
        debug_assert_eq!(column.id, id);
        if !column.live {
            column.live = true;
            *self.groups.get_mut(usize::from(id.group))? += 1;
        }
        Some(column)
    }

    /// Room for a column that no rows had so far: its number, plus one.
    #[cold]
    fn add(&mut self, id: ColumnId) -> Option<u16> {
        let (cells, valid) = (Cells::Same(Value::Null), Vec::new());
        self.columns.push(BlockColumn { id, live: false, cells, room: None, valid });
        let number = u16::try_from(self.columns.len()).ok()?;
        self.numbers.resize(self.numbers.len().max(slot(id) + 1), 0);
        self.groups.resize(self.groups.len().max(usize::from(id.group) + 1), 0);
        *self.numbers.get_mut(slot(id))? = number;
        Some(number)
    }
}

/// Where a column stands in an index of all columns.
#[inline]
fn slot(id: ColumnId) -> usize {
    usize::from(id.group) << 8 | usize::from(id.at)
}

/// The part of a column's values that belongs to these rows.
pub(crate) fn part<T>(values: &[T], rows: Range<usize>) -> &[T] {
    values.get(rows).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ColumnId = ColumnId { group: 2, at: 3 };
    const B: ColumnId = ColumnId { group: 0, at: 0 };

    #[test]
    fn an_address_of_four_octets_is_that_of_sixteen() {
        for four in [[0; 4], [192, 0, 2, 1], [255; 4]] {
            assert_eq!(octets_v4(four), octets(Ip::v4(four)));
        }
    }

    #[test]
    fn columns_are_there_until_the_block_begins_anew() {
        let mut block = Block::default();
        block.begin(2);
        block.each::<u32>(A).expect("room").extend([5, 6]);
        block.same(B, Value::Uint(9));
        assert_eq!((block.has_group(2), block.has_group(1), block.rows()), (true, false, 2));
        assert_eq!((block.values::<u32>(A).at(1), block.values::<u64>(B).at(1)), (6, 9));
        block.valid(A, [true, false].into_iter());
        assert_eq!(block.column(A).and_then(BlockColumn::valid), Some(&[true, false][..]));
        block.begin(1);
        assert!(block.column(A).is_none() && !block.has_group(2));
        assert_eq!(block.values::<u32>(A).at(0), 0);
        block.same(A, Value::Uint(7));
        assert!(block.column(A).is_some_and(|column| column.valid().is_none()));
        block.begin(3);
        block.each::<u32>(A).expect("room").extend([1, 2, 3]);
        assert_eq!(block.values::<u32>(A).at(2), 3);
    }

    #[test]
    fn what_is_the_same_can_come_to_differ() {
        let mut block = Block::default();
        block.begin(3);
        block.same(A, Value::Uint(4));
        block.change::<u16>(A).expect("a number")[1] = 5;
        assert_eq!(block.change::<u16>(A).map(|values| values.clone()), Some(vec![4, 5, 4]));
        assert!(block.change::<u16>(B).is_none() && block.change::<u8>(A).is_none());
    }
}
