// SPDX-License-Identifier: Apache-2.0
//! The tables that the lake keeps. The place in this list is the table's number on disk: append only.

use minamo_model::{EVENTS, FLOWS, Table};

/// How many tables there are.
pub(crate) const TABLES: usize = 2;

/// One of something per table.
pub(crate) type PerTable<T> = [T; TABLES];

/// The tables.
pub(crate) fn tables() -> PerTable<&'static Table> {
    [&FLOWS, &EVENTS]
}

/// Place of a table by its name.
pub(crate) fn place(name: &str) -> Option<usize> {
    tables().iter().position(|table| table.name == name)
}
