// SPDX-License-Identifier: Apache-2.0
//! The bounded reader: the only way the codecs touch octets, with one error that names offset and field.

use std::fmt;

/// Why a field could not be read, and where. Small and `Copy`, so that a hot path can return it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireError {
    /// Offset of the field, in octets from the start of the reader's input.
    pub at: usize,
    /// Name of the field as the specification has it, with the structure as prefix: `set.length`.
    pub field: &'static str,
    /// What was wrong with it.
    pub cause: Cause,
}

/// What was wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The input ended: a stream parser waits, a datagram parser reports truncation.
    Short {
        /// Octets that are missing.
        missing: usize,
    },
    /// The value is not one that the specification allows.
    Bad {
        /// The value that was seen.
        value: u64,
        /// What was wanted, to follow "want".
        expect: &'static str,
    },
}

impl WireError {
    /// True where more input could make the field readable.
    pub fn is_short(&self) -> bool {
        matches!(self.cause, Cause::Short { .. })
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, field, cause } = self;
        match cause {
            Cause::Short { missing } => write!(f, "{field} at octet {at}: {missing} octet(s) missing"),
            Cause::Bad { value, expect } => write!(f, "{field} at octet {at}: got {value}, want {expect}"),
        }
    }
}

impl std::error::Error for WireError {}

/// A position in a slice of octets that never leaves it.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A reader at the start of `input`.
    #[inline]
    pub fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    /// Octets read so far.
    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Octets left.
    #[inline]
    pub fn left(&self) -> usize {
        self.input.len().saturating_sub(self.at)
    }

    /// True when nothing is left.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// What is left, without reading it.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// The next octet, without reading it.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    /// The next `n` octets.
    #[inline]
    pub fn take(&mut self, n: usize, field: &'static str) -> Result<&'a [u8], WireError> {
        let end = self.at.saturating_add(n);
        let Some(slice) = self.input.get(self.at..end) else { return Err(self.short(n, field)) };
        self.at = end;
        Ok(slice)
    }

    #[cold]
    fn short(&self, wanted: usize, field: &'static str) -> WireError {
        WireError { at: self.at, field, cause: Cause::Short { missing: wanted.saturating_sub(self.left()) } }
    }

    /// The next `N` octets as an array.
    #[inline]
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], WireError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, field)?);
        Ok(out)
    }

    /// Skips `n` octets.
    #[inline]
    pub fn skip(&mut self, n: usize, field: &'static str) -> Result<(), WireError> {
        self.take(n, field).map(|_| ())
    }

    /// A reader over the next `n` octets; offsets in it start at 0 again.
    #[inline]
    pub fn sub(&mut self, n: usize, field: &'static str) -> Result<Cursor<'a>, WireError> {
        self.take(n, field).map(Cursor::new)
    }

    /// One octet.
    #[inline]
    pub fn u8(&mut self, field: &'static str) -> Result<u8, WireError> {
        self.array::<1>(field).map(|[v]| v)
    }

    /// Two octets, network order.
    #[inline]
    pub fn u16(&mut self, field: &'static str) -> Result<u16, WireError> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// Three octets, network order.
    #[inline]
    pub fn u24(&mut self, field: &'static str) -> Result<u32, WireError> {
        self.array::<3>(field).map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// Four octets, network order.
    #[inline]
    pub fn u32(&mut self, field: &'static str) -> Result<u32, WireError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// Eight octets, network order.
    #[inline]
    pub fn u64(&mut self, field: &'static str) -> Result<u64, WireError> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// Two octets, little endian (SMB, RDP and other protocols of that family).
    #[inline]
    pub fn u16_le(&mut self, field: &'static str) -> Result<u16, WireError> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// Four octets, little endian.
    #[inline]
    pub fn u32_le(&mut self, field: &'static str) -> Result<u32, WireError> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// A block with a one-octet length in front.
    #[inline]
    pub fn vec8(&mut self, field: &'static str) -> Result<Cursor<'a>, WireError> {
        let n = self.u8(field)?;
        self.sub(n.into(), field)
    }

    /// A block with a two-octet length in front.
    #[inline]
    pub fn vec16(&mut self, field: &'static str) -> Result<Cursor<'a>, WireError> {
        let n = self.u16(field)?;
        self.sub(n.into(), field)
    }

    /// The error that says "this value is wrong" for a field just read (`width` octets ago).
    #[cold]
    pub fn bad(&self, width: usize, field: &'static str, value: u64, expect: &'static str) -> WireError {
        WireError { at: self.at.saturating_sub(width), field, cause: Cause::Bad { value, expect } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_offset_and_field() {
        let mut cursor = Cursor::new(&[1, 2, 3]);
        assert_eq!(cursor.u16("set.id"), Ok(0x0102));
        let error = cursor.u32("set.length").expect_err("one octet is not four");
        assert_eq!(error.to_string(), "set.length at octet 2: 3 octet(s) missing");
        assert!(error.is_short());
        assert_eq!(cursor.u8("x"), Ok(3), "a failed read consumes nothing");
        assert_eq!(cursor.bad(1, "x", 3, "at least 4").to_string(), "x at octet 2: got 3, want at least 4");
    }

    #[test]
    fn lengths_in_front_are_bounded() {
        let mut cursor = Cursor::new(&[2, 9, 8, 7]);
        let mut inner = cursor.vec8("v").expect("two octets are there");
        assert_eq!(inner.u16("x"), Ok(0x0908));
        assert!(inner.is_empty());
        assert!(cursor.vec8("v").is_err());
        assert!(Cursor::new(&[]).take(usize::MAX, "x").is_err());
    }
}
