// SPDX-License-Identifier: Apache-2.0
//! Numbers in few octets, for what a process keeps for itself: groups of seven bits, the lowest first; the highest bit of an
//! octet says that more follow.

use crate::{Cursor, WireError};

/// Appends a number.
pub fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

/// Appends a signed number: small ones of either sign have few octets.
pub fn put_signed(number: i64, out: &mut Vec<u8>) {
    put_number((number << 1 ^ number >> 63).cast_unsigned(), out);
}

/// Appends octets behind their number.
pub fn put_octets(octets: &[u8], out: &mut Vec<u8>) {
    put_number(octets.len() as u64, out);
    out.extend_from_slice(octets);
}

impl<'a> Cursor<'a> {
    /// A number as [`put_number`] writes it; bits above 64 are dropped.
    pub fn number(&mut self, field: &'static str) -> Result<u64, WireError> {
        let (mut number, mut shift) = (0, 0u32);
        loop {
            let octet = self.u8(field)?;
            number |= u64::from(octet & 0x7f).checked_shl(shift).unwrap_or(0);
            if octet & 0x80 == 0 {
                return Ok(number);
            }
            shift = shift.saturating_add(7);
        }
    }

    /// The same as a narrower number.
    pub fn number_of<T: TryFrom<u64>>(&mut self, field: &'static str) -> Result<T, WireError> {
        let number = self.number(field)?;
        T::try_from(number).map_err(|_| self.bad(1, field, number, "a smaller number"))
    }

    /// A signed number as [`put_signed`] writes it.
    pub fn signed(&mut self, field: &'static str) -> Result<i64, WireError> {
        let number = self.number(field)?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// Octets as [`put_octets`] writes them.
    pub fn octets(&mut self, field: &'static str) -> Result<&'a [u8], WireError> {
        let length = self.number_of(field)?;
        self.take(length, field)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number: u64, signed: i64, octets: Vec<u8>) {
            let mut out = Vec::new();
            put_number(number, &mut out);
            put_signed(signed, &mut out);
            put_octets(&octets, &mut out);
            let mut cursor = Cursor::new(&out);
            prop_assert_eq!((cursor.number("n"), cursor.signed("s")), (Ok(number), Ok(signed)));
            prop_assert_eq!(cursor.octets("o"), Ok(&octets[..]));
            prop_assert!(cursor.is_empty());
        }
    }

    #[test]
    fn small_numbers_have_one_octet_and_wrong_ones_are_refused() {
        let mut out = Vec::new();
        [0, 127].into_iter().for_each(|number| put_number(number, &mut out));
        [-64, 63].into_iter().for_each(|number| put_signed(number, &mut out));
        assert_eq!(out.len(), 4);
        assert!(Cursor::new(&[0x80]).number("n").is_err(), "more was to follow");
        assert!(Cursor::new(&[0x80, 2]).number_of::<u8>("n").is_err(), "256");
        assert!(Cursor::new(&[0xff; 40]).number("n").is_err());
    }
}
