// SPDX-License-Identifier: Apache-2.0
//! One cell's value, borrowed, in a form that every reader and writer of rows can match on.

use std::borrow::Cow;

use minamo_base::{Ip, Mac, Time};

/// A value of any cell type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Not observed.
    Null,
    /// True or false.
    Bool(bool),
    /// Any unsigned number.
    Uint(u64),
    /// A signed number.
    Int(i64),
    /// A real number.
    Real(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// IP address.
    Ip(Ip),
    /// MAC address.
    Mac(Mac),
    /// Instant.
    Time(Time),
    /// List of numbers.
    Numbers(Vec<i64>),
    /// List of texts.
    Texts(Cow<'a, [String]>),
}
