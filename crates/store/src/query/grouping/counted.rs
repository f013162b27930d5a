// SPDX-License-Identifier: Apache-2.0
//! Counters of the rows of a batch, and adding them up where keys have places instead of tables.

use arrow::array::{Array as _, AsArray as _, BooleanArray, RecordBatch, UInt64Array};
use arrow::datatypes::UInt64Type;

use super::{Found, mismatch};
use crate::QueryError;
use crate::query::top::Totals;

/// Where rows are added up that a mask leaves out: behind the places of keys of two octets.
pub(super) const LEFT_OUT: usize = 1 << 16;
/// Places of the counters in the batches: those of both sides, to be added up.
pub(crate) struct Counters {
    /// `src_bytes` and `dst_bytes`.
    pub(crate) bytes: [usize; 2],
    /// `src_packets` and `dst_packets`.
    pub(crate) packets: [usize; 2],
}

/// Counters of rows, none of them missing.
pub(super) struct Counted<'a> {
    bytes: [&'a [u64]; 2],
    packets: [&'a [u64]; 2],
}

impl Counted<'_> {
    /// Adds each row where its key says, those that the mask leaves out to a place of their own. False, and nothing is
    /// done, where totals could be too large for their numbers.
    pub(super) fn placed(
        &self,
        keys: impl ExactSizeIterator<Item = u32>,
        mask: Option<&BooleanArray>,
        found: &mut Found,
    ) -> bool {
        let sums = self.sum(0..keys.len());
        let left_out = found.places.get(LEFT_OUT).copied().unwrap_or_default();
        let (all, more) = (sums.totals(), found.total);
        // A sum that fits has parts that fit.
        let fits =
            |a: u64, b: u64, c: u64| a.checked_add(b).and_then(|sum| sum.checked_add(c)).is_some_and(|n| n < u64::MAX);
        if !fits(all.bytes, more.bytes, left_out.bytes) || !fits(all.packets, more.packets, left_out.packets) {
            return false;
        }
        match mask {
            None => self.each(keys.map(|key| key as usize), &mut found.places, &sums),
            Some(mask) => {
                let mut places: Vec<u32> = keys.collect();
                let words = mask.values().bit_chunks();
                for (places, word) in places.chunks_mut(64).zip(words.iter_padded()) {
                    for (at, place) in places.iter_mut().enumerate() {
                        *place = if word >> at & 1 == 1 { *place } else { LEFT_OUT as u32 };
                    }
                }
                self.each(places.iter().map(|key| *key as usize), &mut found.places, &sums);
            }
        }
        let now = found.places.get(LEFT_OUT).copied().unwrap_or_default();
        found.total.add(Totals {
            bytes: all.bytes - (now.bytes - left_out.bytes),
            packets: all.packets - (now.packets - left_out.packets),
            flows: all.flows - (now.flows - left_out.flows),
        });
        true
    }

    /// Adds each row where its key says; no total can be too large.
    fn each(&self, keys: impl Iterator<Item = usize>, places: &mut [Totals], sums: &Sums) {
        let mut add = |key: usize, bytes: u64, packets: u64| {
            if let Some(place) = places.get_mut(key) {
                place.bytes = place.bytes.wrapping_add(bytes);
                place.packets = place.packets.wrapping_add(packets);
                place.flows = place.flows.wrapping_add(1);
            }
        };
        let ([a, b], [c, d]) = (self.bytes, self.packets);
        // Exporters mostly tell one direction.
        if sums.bytes[1] == 0 && sums.packets[1] == 0 {
            keys.zip(a).zip(c).for_each(|((key, bytes), packets)| add(key, *bytes, *packets));
        } else {
            let rows = keys.zip(a).zip(b).zip(c).zip(d);
            rows.for_each(|((((key, a), b), c), d)| add(key, a.wrapping_add(*b), c.wrapping_add(*d)));
        }
    }

    /// The sums of some rows.
    pub(super) fn sum(&self, rows: std::ops::Range<usize>) -> Sums {
        let of = |columns: [&[u64]; 2]| columns.map(|column| sum(column.get(rows.clone()).unwrap_or_default()));
        Sums { bytes: of(self.bytes), packets: of(self.packets), rows: rows.len() }
    }
}

/// Sums of the counters of some rows, by side.
pub(super) struct Sums {
    bytes: [u128; 2],
    packets: [u128; 2],
    rows: usize,
}

impl Sums {
    pub(super) fn totals(&self) -> Totals {
        let both = |[a, b]: [u128; 2]| u64::try_from(a + b).unwrap_or(u64::MAX);
        Totals { bytes: both(self.bytes), packets: both(self.packets), flows: self.rows as u64 }
    }
}

/// The sum of the numbers of a batch.
fn sum(numbers: &[u64]) -> u128 {
    let (mut bits, mut total) = (0_u64, 0_u64);
    for number in numbers {
        bits |= number;
        total = total.wrapping_add(*number);
    }
    // None is above `bits`: so many of them cannot be too large for 64 bits.
    if bits.checked_mul(numbers.len() as u64).is_some() {
        return u128::from(total);
    }
    numbers.iter().map(|number| u128::from(*number)).sum()
}

impl Counters {
    /// The counters of a batch in which none is missing.
    pub(super) fn full<'a>(&self, batch: &'a RecordBatch) -> Result<Option<Counted<'a>>, QueryError> {
        let column = |at: usize| -> Result<Option<&'a [u64]>, QueryError> {
            let column = batch.columns().get(at).and_then(|c| c.as_primitive_opt::<UInt64Type>());
            let column = column.ok_or_else(mismatch)?;
            Ok((column.null_count() == 0).then(|| column.values().as_ref()))
        };
        let both = |[a, b]: [usize; 2]| Ok::<_, QueryError>(column(a)?.zip(column(b)?).map(|(a, b)| [a, b]));
        let counted = both(self.bytes)?.zip(both(self.packets)?);
        Ok(counted.map(|(bytes, packets)| Counted { bytes, packets }))
    }

    pub(super) fn read(&self, batch: &RecordBatch) -> Result<Vec<Totals>, QueryError> {
        let column = |at: usize| -> Result<&UInt64Array, QueryError> {
            batch.columns().get(at).and_then(|c| c.as_primitive_opt::<UInt64Type>()).ok_or_else(mismatch)
        };
        let mut out = vec![Totals { flows: 1, ..Totals::default() }; batch.num_rows()];
        for at in self.bytes {
            each(column(at)?, &mut out, |totals, n| totals.bytes = totals.bytes.saturating_add(n));
        }
        for at in self.packets {
            each(column(at)?, &mut out, |totals, n| totals.packets = totals.packets.saturating_add(n));
        }
        Ok(out)
    }
}

fn each(column: &UInt64Array, out: &mut [Totals], add: impl Fn(&mut Totals, u64)) {
    if column.null_count() == 0 {
        out.iter_mut().zip(column.values()).for_each(|(totals, n)| add(totals, *n));
    } else {
        out.iter_mut().zip(column).for_each(|(totals, n)| add(totals, n.unwrap_or(0)));
    }
}
