// SPDX-License-Identifier: Apache-2.0
//! The filter language: text in, a typed expression out, and help while typing. `GRAMMAR.md` beside the
//! sources is its reference.

mod ast;
mod check;
mod complete;
mod error;
mod lex;
mod parse;
mod phrase;
mod print;
mod suggest;
mod value;
mod want;
mod words;

#[cfg(test)]
mod tests;

pub use ast::{CompareOp, Expr, Literal, Measure, Predicate, Subject, Test};
pub use complete::{Completion, Item, ItemKind, MAX_ITEMS, complete, complete_for};
pub use error::{Cause, FilterError};
pub use parse::{MAX_DEPTH, MAX_SET, MAX_TEXT, parse, parse_for};
pub use want::operators_of;
