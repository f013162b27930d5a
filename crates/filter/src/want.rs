// SPDX-License-Identifier: Apache-2.0
//! What the grammar allows at a place: the ground of "want …" in errors and of completion.

use crate::aggregate::{Aggregate, Function};
use crate::check::{Sort, Target};
use crate::sets::SetKind;

/// The signs that compare numbers.
pub(crate) const COMPARE: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

/// One thing that may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Want {
    /// The start of a test.
    Test,
    /// A property after `src` or `dst`.
    Property,
    /// A property after `in` or `out`.
    WayProperty,
    /// An operator.
    Operator(Target),
    /// A value.
    Value(Target),
    /// The name of a set.
    Set(SetKind),
    /// The name of a tag.
    Tag,
    /// A text pattern.
    Pattern,
    /// Flag letters, with a mask or without.
    Flags,
    /// A network mask.
    Mask,
    /// A number over the flows of a group.
    Aggregate,
    /// What a function is over.
    Argument(Function),
    /// A sign that compares.
    Compare,
    /// What a number over flows is compared with.
    Number(Aggregate),
    /// That very word or sign.
    Word(&'static str),
}

impl Want {
    /// Its names in English and Japanese.
    pub(crate) fn labels(self) -> Vec<(String, String)> {
        let one = |en: &str, ja: &str| vec![(en.to_owned(), ja.to_owned())];
        match self {
            Self::Test => one("a test such as `port 443`", "条件（port 443 など）"),
            Self::Property => one("ip, port or another property of a side", "ip、port など片側の性質"),
            Self::WayProperty => one("if, bytes, packets or mac", "if、bytes、packets、mac"),
            Self::Operator(target) => operators(target).map(|word| (word.to_owned(), word.to_owned())).collect(),
            Self::Value(target) => vec![target.sort().label()],
            Self::Tag => one("the name of a tag", "タグの名前"),
            // Told by what else could stand there.
            Self::Set(_) => Vec::new(),
            Self::Pattern => one("a pattern such as \"*.example.com\"", "パターン（\"*.example.com\" など）"),
            Self::Flags => vec![Sort::Flags.label()],
            Self::Mask => one("a mask such as 255.255.255.0", "マスク（255.255.255.0 など）"),
            Self::Aggregate => one(
                "a number of a group such as bytes, flows or distinct(dst_port)",
                "グループの数値（bytes、flows、distinct(dst_port) など）",
            ),
            Self::Argument(_) => one("a column", "列"),
            Self::Compare => COMPARE.iter().map(|sign| ((*sign).to_owned(), (*sign).to_owned())).collect(),
            Self::Number(aggregate) => vec![aggregate.sort().label()],
            Self::Word(",") => one("a comma", "コンマ"),
            Self::Word(word) => one(word, word),
        }
    }
}

/// The operators of a target, as they are typed.
pub(crate) fn operators(target: Target) -> impl Iterator<Item = &'static str> {
    let present = target.is_column().then_some("present");
    target.sort().operators().iter().copied().chain(present)
}

/// The operators that a filter can use on a column, as they are typed.
pub fn operators_of(column: &'static minamo_schema::Column) -> Vec<&'static str> {
    operators(Target::column(column)).collect()
}
