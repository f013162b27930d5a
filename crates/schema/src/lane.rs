// SPDX-License-Identifier: Apache-2.0
//! Columns in the making. A column that no row fills costs an addition, one that has the same value in all rows is
//! written once and shared between batches, and values of many rows are taken at once.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, FixedSizeBinaryArray, NullBufferBuilder, PrimitiveArray, StringViewArray, StringViewBuilder,
};
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{ArrowNativeType, ArrowPrimitiveType, UInt32Type};

/// Rows from which on a column of one value is kept for the next batch.
const WORTH_KEEPING: usize = 1_024;
/// Words of which the number is remembered within a call.
const SEEN: usize = 4;
/// Different texts that a column keeps as words.
const MAX_WORDS: usize = 32;

/// Numbers of one column.
#[derive(Debug)]
pub struct Lane<T: ArrowNativeType> {
    /// The value of all rows so far and their number, as long as they have one; `values` is empty then.
    run: Option<(T, usize)>,
    values: Vec<T>,
    /// Which rows have a value, once one had none.
    nulls: Option<NullBufferBuilder>,
    /// Rows without a value behind the last that has one.
    absent: usize,
    /// Rows of the batch before: the best guess of how many will come.
    before: usize,
    /// A column of one value, as it was made last.
    constant: Option<(T, ScalarBuffer<T>)>,
}

impl<T: ArrowNativeType> Default for Lane<T> {
    fn default() -> Self {
        Self { run: None, values: Vec::new(), nulls: None, absent: 0, before: 0, constant: None }
    }
}

impl<T: ArrowNativeType> Lane<T> {
    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.valid(value, 1);
        match &mut self.run {
            Some((same, rows)) if *same == value => *rows += 1,
            Some(_) => {
                self.spread();
                self.values.push(value);
            }
            None if self.values.is_empty() => self.run = Some((value, 1)),
            None => self.values.push(value),
        }
    }

    /// Appends `rows` rows of one value.
    #[inline]
    pub fn push_run(&mut self, value: T, rows: usize) {
        if rows > 0 {
            self.valid(value, rows);
            self.fill(value, rows);
        }
    }

    /// Appends a value for each row.
    pub fn extend(&mut self, values: &[T]) {
        let Some((first, others)) = values.split_first() else { return };
        self.valid(*first, values.len());
        let begins = self.run.is_none() && self.values.is_empty();
        let same = self.run.map_or(*first, |(same, _)| same);
        if (begins || self.run.is_some()) && same == *first && others.iter().all(|value| *value == same) {
            return self.fill(same, values.len());
        }
        self.spread();
        if begins {
            self.values.reserve(self.before.max(values.len()));
        }
        self.values.extend_from_slice(values);
    }

    /// Appends rows without a value.
    #[inline]
    pub fn push_absent(&mut self, rows: usize) {
        self.absent += rows;
    }

    /// Says that the next `rows` rows have a value, the first of them `next`.
    #[inline]
    fn valid(&mut self, next: T, rows: usize) {
        if self.absent > 0 {
            self.settle(next);
        }
        if let Some(nulls) = &mut self.nulls {
            nulls.append_n_non_nulls(rows);
        }
    }

    /// `rows` more rows of a value; whether they have it, the caller has said.
    #[inline]
    fn fill(&mut self, value: T, rows: usize) {
        match &mut self.run {
            Some((same, count)) if *same == value => *count += rows,
            None if self.values.is_empty() => self.run = Some((value, rows)),
            _ => {
                self.spread();
                self.values.resize(self.values.len() + rows, value);
            }
        }
    }

    /// Writes down the rows without a value before the next one. Where all rows have one value these get it too.
    fn settle(&mut self, next: T) {
        let rows = std::mem::take(&mut self.absent);
        let before = self.run.map_or(self.values.len(), |(_, rows)| rows);
        let nulls = self.nulls.get_or_insert_with(|| NullBufferBuilder::new_with_len(before));
        nulls.append_n_nulls(rows);
        let filler = match self.run {
            Some((same, _)) => same,
            None if self.values.is_empty() => next,
            None => T::default(),
        };
        self.fill(filler, rows);
    }

    /// Writes a run out.
    fn spread(&mut self) {
        if let Some((same, rows)) = self.run.take() {
            self.values.reserve(self.before.max(rows + 1));
            self.values.resize(rows, same);
        }
    }

    /// The values with what is missing; nothing where no row had one. The lane is empty again.
    pub fn finish(&mut self) -> Option<(ScalarBuffer<T>, Option<NullBuffer>)> {
        if self.run.is_none() && self.values.is_empty() {
            self.absent = 0;
            return None;
        }
        if self.absent > 0 {
            self.settle(T::default());
        }
        let nulls = self.nulls.take().and_then(NullBufferBuilder::build);
        let values = match self.run.take() {
            Some((same, rows)) => self.constant(same, rows),
            None => {
                let mut values = std::mem::take(&mut self.values);
                self.before = values.len();
                if values.capacity() > values.len() + values.len() / 2 {
                    values.shrink_to_fit();
                }
                values.into()
            }
        };
        Some((values, nulls))
    }

    fn constant(&mut self, value: T, rows: usize) -> ScalarBuffer<T> {
        if let Some((kept, buffer)) = &self.constant
            && *kept == value
            && buffer.len() >= rows
        {
            return buffer.slice(0, rows);
        }
        let buffer = ScalarBuffer::from(vec![value; rows]);
        if rows >= WORTH_KEEPING {
            self.constant = Some((value, buffer.clone()));
        }
        buffer
    }
}

/// The array of a lane of plain numbers; nothing where no row has one.
pub(crate) fn numbers<P: ArrowPrimitiveType>(lane: &mut Lane<P::Native>) -> Option<PrimitiveArray<P>> {
    let (values, nulls) = lane.finish()?;
    Some(PrimitiveArray::new(values, nulls))
}

/// The array of a lane of 16 octets each; nothing where no row has them.
pub(crate) fn sixteen(lane: &mut Lane<u128>) -> Option<ArrayRef> {
    let (values, nulls) = lane.finish()?;
    let octets: Buffer = values.into_inner();
    Some(Arc::new(FixedSizeBinaryArray::new(16, octets, nulls)))
}

/// Texts of one column: as long as there are few different ones, their numbers.
#[derive(Debug, Default)]
pub struct TextLane {
    words: Vec<Box<str>>,
    /// Number of the word of the last row.
    last: usize,
    numbers: Lane<u32>,
    /// Room for numbers, used again.
    room: Vec<u32>,
    /// The texts one by one, once there were too many different ones.
    plain: Option<StringViewBuilder>,
    /// A column of one word, as it was made last.
    constant: Option<(Box<str>, ArrayRef)>,
}

impl TextLane {
    /// Appends `rows` rows of one text.
    pub fn push_run(&mut self, text: &str, rows: usize) {
        if rows == 0 {
            return;
        }
        if let Some(number) = self.number(text) {
            return self.numbers.push_run(number, rows);
        }
        // Too many different ones.
        let plain = self.plain.get_or_insert_default();
        for _ in 0..rows {
            plain.append_value(text);
        }
    }

    /// Appends a word of a closed set for each row: the same word is always at the same place in memory.
    pub fn extend(&mut self, words: &[&'static str]) {
        let mut seen: [Option<(&'static str, u32)>; SEEN] = [None; SEEN];
        let mut numbers = std::mem::take(&mut self.room);
        numbers.clear();
        for word in words {
            let found = seen.iter().flatten().find(|(known, _)| std::ptr::eq(*known, *word)).map(|(_, number)| *number);
            let Some(number) = found.or_else(|| self.number(word)) else {
                // Too many different ones.
                words.iter().for_each(|word| self.push_run(word, 1));
                self.room = numbers;
                return;
            };
            if found.is_none() {
                seen.rotate_right(1);
                seen[0] = Some((word, number));
            }
            numbers.push(number);
        }
        self.numbers.extend(&numbers);
        self.room = numbers;
    }

    /// Appends rows without a text.
    #[inline]
    pub fn push_absent(&mut self, rows: usize) {
        match &mut self.plain {
            None => self.numbers.push_absent(rows),
            Some(plain) => {
                for _ in 0..rows {
                    plain.append_null();
                }
            }
        }
    }

    /// Number of a text among the words; nothing where texts are written one by one.
    #[inline]
    fn number(&mut self, text: &str) -> Option<u32> {
        if self.plain.is_some() {
            return None;
        }
        let last = self.words.get(self.last).is_some_and(|word| **word == *text);
        let found = if last { Some(self.last) } else { self.words.iter().position(|word| **word == *text) };
        let number = match found {
            Some(number) => number,
            None if self.words.len() < MAX_WORDS => {
                self.words.push(text.into());
                self.words.len() - 1
            }
            None => {
                self.write_out();
                return None;
            }
        };
        self.last = number;
        u32::try_from(number).ok()
    }

    /// From words to texts one by one.
    fn write_out(&mut self) {
        let mut plain = StringViewBuilder::new();
        let rows = self.numbers.absent + self.numbers.run.map_or(self.numbers.values.len(), |(_, rows)| rows);
        match self.numbers.finish() {
            Some((numbers, nulls)) => {
                for (row, number) in numbers.iter().enumerate() {
                    let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                    let word = self.words.get(number.as_usize()).filter(|_| valid);
                    plain.append_option(word);
                }
            }
            None => (0..rows).for_each(|_| plain.append_null()),
        }
        self.words.clear();
        self.plain = Some(plain);
    }

    /// The texts; nothing where no row had one. The lane is empty again.
    pub fn finish(&mut self) -> Option<ArrayRef> {
        if let Some(mut plain) = self.plain.take() {
            self.words.clear();
            return Some(Arc::new(plain.finish()));
        }
        let words = std::mem::take(&mut self.words);
        let whole = self.numbers.absent == 0 && self.numbers.nulls.is_none();
        if let Some((number, rows)) = self.numbers.run.filter(|_| whole) {
            self.numbers.clear();
            return words.get(number.as_usize()).map(|word| self.constant(word, rows));
        }
        let numbers = numbers::<UInt32Type>(&mut self.numbers)?;
        let words = StringViewArray::from_iter_values(words);
        // Every number is one of a word, so that this cannot fail.
        let texts = take(&words, &numbers, None);
        debug_assert!(texts.is_ok(), "every number has its word");
        texts.ok()
    }

    fn constant(&mut self, word: &str, rows: usize) -> ArrayRef {
        if let Some((kept, array)) = &self.constant
            && **kept == *word
            && array.len() >= rows
        {
            return array.slice(0, rows);
        }
        let array: ArrayRef = Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(word, rows)));
        if rows >= WORTH_KEEPING {
            self.constant = Some((word.into(), Arc::clone(&array)));
        }
        array
    }
}

impl<T: ArrowNativeType> Lane<T> {
    /// Forgets the rows.
    fn clear(&mut self) {
        (self.run, self.absent, self.nulls) = (None, 0, None);
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};

    use super::*;

    fn cells(lane: &mut Lane<u32>) -> Option<Vec<Option<u32>>> {
        numbers::<UInt32Type>(lane).map(|array| array.iter().collect())
    }

    #[test]
    fn values_runs_and_gaps_come_out_in_order() {
        let mut lane = Lane::default();
        lane.push_absent(2);
        lane.push(7);
        lane.push_run(7, 2);
        lane.push_absent(1);
        lane.extend(&[7, 7]);
        lane.extend(&[8, 9]);
        lane.push_absent(1);
        lane.push_run(1, 0);
        lane.push(3);
        lane.push_absent(1);
        let want =
            [None, None, Some(7), Some(7), Some(7), None, Some(7), Some(7), Some(8), Some(9), None, Some(3), None];
        assert_eq!(cells(&mut lane), Some(want.to_vec()));
        lane.push_absent(3);
        assert_eq!(cells(&mut lane), None, "no row has a value");
        lane.extend(&[5, 6]);
        assert_eq!(cells(&mut lane), Some(vec![Some(5), Some(6)]), "nothing is left of the batch before");
    }

    #[test]
    fn a_column_of_one_value_is_shared_between_batches() {
        let mut lane = Lane::<u32>::default();
        let mut finish = |rows: usize| {
            lane.push_run(4, rows);
            lane.finish().expect("values").0
        };
        let (first, second, more) = (finish(2_000), finish(1_500), finish(3_000));
        assert_eq!(first.inner().as_ptr(), second.inner().as_ptr());
        assert_eq!((second.len(), more.len(), more[2_999]), (1_500, 3_000, 4));
    }

    fn texts(lane: &mut TextLane) -> Option<Vec<Option<String>>> {
        lane.finish().map(|array| array.as_string_view().iter().map(|text| text.map(str::to_owned)).collect())
    }

    #[test]
    fn texts_are_words_until_there_are_too_many() {
        let mut lane = TextLane::default();
        let mut want = Vec::new();
        for number in 0..3 * MAX_WORDS {
            let text = format!("a text of more than twelve octets {}", number / 2);
            lane.push_run(&text, 1);
            want.push(Some(text));
            if number % 5 == 0 {
                lane.push_absent(1);
                want.push(None);
            }
            if number == 20 {
                assert!(lane.plain.is_none());
            }
        }
        assert!(lane.plain.is_some());
        assert_eq!(texts(&mut lane), Some(want));
        lane.push_absent(1);
        lane.push_run("x", 2);
        lane.push_run("yy", 1);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts(&mut lane), Some(vec![None, some("x"), some("x"), some("yy")]));
        lane.push_absent(9);
        assert_eq!(texts(&mut lane), None);
    }

    #[test]
    fn words_of_many_rows_are_those_of_each() {
        let all: Vec<&'static str> = (0..3 * MAX_WORDS).map(|n| &*Box::leak(n.to_string().into_boxed_str())).collect();
        for different in [1, 2, 7, MAX_WORDS, 3 * MAX_WORDS] {
            let words: Vec<_> = (0..200).map(|row| all[row * 7 % different]).collect();
            let (mut together, mut alone) = (TextLane::default(), TextLane::default());
            together.push_run("x", 1);
            together.push_absent(1);
            together.extend(&words);
            alone.push_run("x", 1);
            alone.push_absent(1);
            words.iter().for_each(|word| alone.push_run(word, 1));
            assert_eq!(texts(&mut together), texts(&mut alone), "{different} words");
        }
    }

    #[test]
    fn one_word_is_one_array_for_all_batches() {
        let mut lane = TextLane::default();
        let mut finish = |text: &str, rows: usize| {
            lane.push_run(text, rows);
            lane.finish().expect("texts")
        };
        let (first, second) = (finish("netflow9", 2_000), finish("netflow9", 2_000));
        let place = |array: &ArrayRef| array.as_string_view().views().inner().as_ptr();
        assert_eq!(place(&first), place(&second));
        let other = finish("ipfix", 3);
        assert_eq!((other.len(), other.as_string_view().value(2)), (3, "ipfix"));
    }
}
