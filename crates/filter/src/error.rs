// SPDX-License-Identifier: Apache-2.0
//! The one error of the language: where, what stood there, what was wanted, in English and Japanese.

use std::fmt::Write as _;

use crate::aggregate::Function;
use crate::lex::{set_name, tag_name};
use crate::sets::SetKind;

/// Most characters of the text that an error quotes.
const MAX_FOUND: usize = 60;

/// Why a text is no filter, and where. Offsets count characters, not octets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message_en())]
#[non_exhaustive]
pub struct FilterError {
    /// Offset of the place; the length of the text where more of it was wanted.
    pub at: usize,
    /// Length of the place; 0 at the end of the text.
    pub len: usize,
    /// What stands there, shortened; empty at the end of the text.
    pub found: String,
    /// What could have stood there, in English.
    pub expected: Vec<String>,
    /// What could have stood there, in Japanese.
    pub expected_ja: Vec<String>,
    /// What was wrong.
    pub cause: Cause,
}

/// What was wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Something else was wanted there.
    Unexpected,
    /// No column and no word of the language has that name.
    UnknownName {
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// The word needs a column that the table lacks.
    NoColumn {
        /// The column.
        column: &'static str,
    },
    /// The word counts rows of a group and says nothing of one row.
    OfGroups,
    /// The column or word does not know that operator.
    BadOperator {
        /// The column or word.
        subject: &'static str,
    },
    /// The value does not fit the column or word.
    BadValue {
        /// The column or word.
        subject: &'static str,
    },
    /// The name alone says not how values of many flows become one.
    NeedsFunction {
        /// The column or word.
        subject: &'static str,
    },
    /// The function makes no sense of that column or word.
    BadArgument {
        /// The function.
        function: Function,
        /// The column or word.
        subject: &'static str,
    },
    /// The regular expression is none.
    BadRegex {
        /// What the expression's reader says.
        reason: String,
    },
    /// The closing quote is missing.
    UnclosedText,
    /// No set has that name.
    UnknownSet {
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// The set of that name holds something else than the column or word has.
    WrongSet {
        /// What it holds.
        kind: SetKind,
        /// The column or word.
        subject: &'static str,
        /// What that has.
        want: SetKind,
    },
    /// No tag has that name.
    UnknownTag {
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// The text, or its written-out form, is too long.
    TooLong {
        /// Most octets.
        max: usize,
    },
    /// Parentheses, `not`, `and` and `or` stand in each other too deep.
    TooDeep {
        /// Most levels.
        max: usize,
    },
    /// A set has too many items.
    TooMany {
        /// Most items.
        max: usize,
    },
}

impl FilterError {
    pub(crate) fn new(at: usize, len: usize, found: &str, cause: Cause) -> Self {
        let mut short: String = found.chars().take(MAX_FOUND).collect();
        if short.len() < found.len() {
            short.push('…');
        }
        Self { at, len, found: short, expected: Vec::new(), expected_ja: Vec::new(), cause }
    }

    /// The name that was probably meant, where there is one.
    pub fn suggestion(&self) -> Option<&str> {
        match &self.cause {
            Cause::UnknownName { suggestion } | Cause::UnknownSet { suggestion } | Cause::UnknownTag { suggestion } => {
                suggestion.as_deref()
            }
            _ => None,
        }
    }

    /// The error in one English sentence, place included; places count from 1.
    pub fn message_en(&self) -> String {
        let Self { found, .. } = self;
        let what = match &self.cause {
            Cause::Unexpected if self.len == 0 => "the filter ends".to_owned(),
            Cause::Unexpected => format!("got `{found}`"),
            Cause::UnknownName { suggestion: Some(name) } => {
                format!("`{found}` is no column or word; did you mean {name}?")
            }
            Cause::UnknownName { suggestion: None } => format!("`{found}` is no column or word"),
            Cause::NoColumn { column } => format!("`{found}` needs the column {column}, which these rows do not have"),
            Cause::OfGroups => format!("`{found}` counts the flows of a group: write it in the condition on groups"),
            Cause::BadOperator { subject } => format!("{subject} does not know `{found}`"),
            Cause::BadValue { subject } => format!("`{found}` is no value of {subject}"),
            Cause::NeedsFunction { subject } => {
                format!("{subject} needs a function such as max({subject}) or distinct({subject})")
            }
            Cause::BadArgument { function, subject } => format!("{function} makes no sense of {subject}"),
            Cause::BadRegex { reason } => format!("`{found}` is no regular expression: {reason}"),
            Cause::UnclosedText => "the closing quote is missing".to_owned(),
            Cause::UnknownSet { suggestion: Some(name) } => {
                format!("there is no set `{found}`; did you mean {}?", set_name(name))
            }
            Cause::UnknownSet { suggestion: None } => format!("there is no set `{found}`"),
            Cause::UnknownTag { suggestion: Some(name) } => {
                format!("there is no tag `{found}`; did you mean {}?", tag_name(name))
            }
            Cause::UnknownTag { suggestion: None } => format!("there is no tag `{found}`"),
            Cause::WrongSet { kind, subject, want } => {
                format!("`{found}` holds {}, and {subject} wants {}", kind.name(), want.name())
            }
            Cause::TooLong { max } => format!("the filter is too long, written out; at most {max} octets"),
            Cause::TooDeep { max } => format!("the filter is nested too deep; at most {max} levels"),
            Cause::TooMany { max } => format!("the set is too large; at most {max} items"),
        };
        let mut message = format!("character {}: {what}", self.at + 1);
        if !self.expected.is_empty() && self.suggestion().is_none() {
            append(&mut message, format_args!(", want {}", join(&self.expected, ", ", " or ")));
        }
        message
    }

    /// The error in one Japanese sentence, place included; places count from 1.
    pub fn message_ja(&self) -> String {
        let Self { found, .. } = self;
        let what = match &self.cause {
            Cause::Unexpected if self.len == 0 => "フィルターが途中で終わっています".to_owned(),
            Cause::Unexpected => format!("「{found}」はここに書けません"),
            Cause::UnknownName { suggestion: Some(name) } => {
                format!("「{found}」という列や語はありません。もしかして {name} ですか")
            }
            Cause::UnknownName { suggestion: None } => format!("「{found}」という列や語はありません"),
            Cause::NoColumn { column } => format!("「{found}」に要る列 {column} がこの表にはありません"),
            Cause::OfGroups => format!("「{found}」はグループのフロー数です。グループの条件に書いてください"),
            Cause::BadOperator { subject } => format!("{subject} に「{found}」は使えません"),
            Cause::BadValue { subject } => format!("「{found}」は {subject} の値になりません"),
            Cause::NeedsFunction { subject } => {
                format!("{subject} には関数が必要です（max({subject})、distinct({subject}) など）")
            }
            Cause::BadArgument { function, subject } => format!("{function} は {subject} に使えません"),
            Cause::BadRegex { reason } => format!("「{found}」は正規表現として読めません（{reason}）"),
            Cause::UnclosedText => "閉じる引用符がありません".to_owned(),
            Cause::UnknownSet { suggestion: Some(name) } => {
                format!("「{found}」という集合はありません。もしかして {} ですか", set_name(name))
            }
            Cause::UnknownSet { suggestion: None } => format!("「{found}」という集合はありません"),
            Cause::UnknownTag { suggestion: Some(name) } => {
                format!("「{found}」というタグはありません。もしかして {} ですか", tag_name(name))
            }
            Cause::UnknownTag { suggestion: None } => format!("「{found}」というタグはありません"),
            Cause::WrongSet { kind, subject, want } => {
                format!("「{found}」の中身は{}ですが、{subject} に要るのは{}です", kind.name_ja(), want.name_ja())
            }
            Cause::TooLong { max } => format!("フィルターが長すぎます（展開後も含め最大 {max} オクテット）"),
            Cause::TooDeep { max } => format!("入れ子が深すぎます（最大 {max} 段）"),
            Cause::TooMany { max } => format!("集合の要素が多すぎます（最大 {max} 個）"),
        };
        let mut message = format!("{} 文字目：{what}", self.at + 1);
        if !self.expected_ja.is_empty() && self.suggestion().is_none() {
            append(&mut message, format_args!("。書けるもの：{}", self.expected_ja.join("、")));
        }
        message
    }
}

/// Appends to a message; writing to a `String` cannot fail.
fn append(message: &mut String, more: std::fmt::Arguments<'_>) {
    let written = message.write_fmt(more);
    debug_assert!(written.is_ok(), "a String takes everything");
}

/// The words as a list; `and` and `or` of the language are told from those of the list.
fn join(words: &[String], comma: &str, last: &str) -> String {
    let quoted = |word: &String| match word.as_str() {
        "and" | "or" | "not" => format!("`{word}`"),
        _ => word.clone(),
    };
    let words: Vec<String> = words.iter().map(quoted).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., tail] => format!("{}{last}{tail}", head.join(comma)),
    }
}
