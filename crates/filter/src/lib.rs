// SPDX-License-Identifier: Apache-2.0
//! The filter language: text in, a typed expression out, and help while typing. `GRAMMAR.md` beside the
//! sources is its reference.

mod aggregate;
mod ast;
mod check;
mod complete;
mod error;
mod having;
mod lex;
mod parse;
mod phrase;
mod print;
mod sets;
mod suggest;
mod value;
mod want;
mod words;

#[cfg(test)]
mod tests;

pub use aggregate::{Aggregate, Function, Having};
pub use ast::{CompareOp, Expr, Literal, Measure, Predicate, Subject, Test};
pub use complete::{Completion, Item, ItemKind, MAX_ITEMS, complete, complete_for, complete_having, complete_with};
pub use error::{Cause, FilterError};
pub use having::{parse_aggregate, parse_having};
pub use parse::{MAX_DEPTH, MAX_SET, MAX_TEXT, MAX_WRITTEN_OUT, parse, parse_for, parse_with, parse_written_out};
pub use sets::{
    AsOf, MAX_MEMBERS, Members, NoSets, SetError, SetKind, SetVersion, Sets, TagVersion, asks_for_names,
    members_in_force,
};
pub use suggest::{nearest_column, nearest_set, nearest_tag};
pub use want::operators_of;
