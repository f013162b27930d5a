// SPDX-License-Identifier: Apache-2.0
//! Why a set or a tag is not taken, with a sentence in each language.

use minamo_base::Time;
use minamo_filter::{FilterError, SetError, SetKind};

use super::{MAX_LEVELS, MAX_TEXT};
use crate::StateError;

/// A set or a tag, as it is named in sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// A set.
    Set(String),
    /// A tag.
    Tag(String),
}

impl std::fmt::Display for Called {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Set(name) => write!(f, "set @{name}"),
            Self::Tag(name) => write!(f, "tag {name}"),
        }
    }
}

impl Called {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Set(name) | Self::Tag(name) => name,
        }
    }

    fn ja(&self) -> String {
        match self {
            Self::Set(name) => format!("集合 @{name}"),
            Self::Tag(name) => format!("タグ {name}"),
        }
    }
}

/// Why a set or a tag cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetFault {
    /// The name cannot be typed.
    #[error(
        "name: got {0:?}, want 1 to {MAX_TEXT} octets without quotes, backslashes and control characters, no blank at either end"
    )]
    Name(String),
    /// It is there already.
    #[error("there is a {0} already: change it, or choose another name")]
    Exists(Called),
    /// It is not there.
    #[error("there is no {0}")]
    Missing(Called),
    /// It was made for something else.
    #[error("@{name} holds {}, want {}", kind.name(), want.name())]
    Kind {
        /// The set.
        name: String,
        /// What it holds.
        kind: SetKind,
        /// What is wanted.
        want: SetKind,
    },
    /// A member is none.
    #[error("member {at}: got {got:?}, want {want}")]
    Member {
        /// Its place, from 1.
        at: usize,
        /// What was given.
        got: String,
        /// What was wanted.
        want: &'static str,
        /// The same in Japanese.
        want_ja: &'static str,
    },
    /// The filter of a tag is none.
    #[error("filter of tag {name}: {error}")]
    Filter {
        /// The tag.
        name: String,
        /// What is wrong, and where.
        error: Box<FilterError>,
    },
    /// The filter of a tag cannot be written out.
    #[error("filter of tag {name}: {error}")]
    Unwritable {
        /// The tag.
        name: String,
        /// What is wrong.
        error: SetError,
    },
    /// Written out, the filter of a tag is too long.
    #[error("filter of tag {0}: written out with its sets and tags it is too long or too deep")]
    TooLong(String),
    /// Sets contain each other.
    #[error("@{0} contains this set, or there are more than {MAX_LEVELS} levels")]
    Cycle(String),
    /// Tags ask for each other.
    #[error("filter of tag {name}: tag {other} asks for this tag, or there are more than {MAX_LEVELS} levels")]
    TagCycle {
        /// The tag.
        name: String,
        /// The one that it asks for.
        other: String,
    },
    /// Too much of something.
    #[error("got {got} {what}, want 1 to {max}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        got: usize,
        /// The bound.
        max: usize,
    },
    /// It begins in the future.
    #[error("valid_from: got {0}, want a time up to now ({1})")]
    Begin(Time, Time),
    /// Others contain it.
    #[error("it is a member of @{0}: change that one first")]
    Used(String),
    /// A tag asks for it.
    #[error("tag {0} asks for it: change that first")]
    Tagging(String),
    /// A profile asks for it.
    #[error("channel {channel} of profile {profile} asks for it: change that first")]
    Asked {
        /// The profile.
        profile: String,
        /// Its channel.
        channel: String,
    },
    /// The definitions cannot be read or written.
    #[error("{0}")]
    State(String),
}

impl From<StateError> for SetFault {
    fn from(error: StateError) -> Self {
        Self::State(error.to_string())
    }
}

impl SetFault {
    /// The sentence in Japanese.
    pub fn message_ja(&self) -> String {
        match self {
            Self::Name(got) => format!(
                "{got:?} は名前に使えません。引用符・バックスラッシュ・制御文字を含まない 1～{MAX_TEXT} オクテットで、前後に空白を置けません"
            ),
            Self::Exists(of) => format!("{} は既にあります。変更するか、別の名前にしてください", of.ja()),
            Self::Missing(of) => format!("{} はありません", of.ja()),
            Self::Kind { name, kind, want } => {
                format!("集合 @{name} の中身は{}ですが、要るのは{}です", kind.name_ja(), want.name_ja())
            }
            Self::Member { at, got, want_ja, .. } => {
                format!("要素 {at} の {got:?} は使えません。{want_ja}を書いてください")
            }
            Self::Filter { name, error } => format!("タグ {name} のフィルター：{}", error.message_ja()),
            Self::Unwritable { name, error } => format!("タグ {name} のフィルターを展開できません: {error}"),
            Self::TooLong(name) => format!("タグ {name} のフィルターは、展開すると長すぎるか、入れ子が深すぎます"),
            Self::Cycle(other) => format!("集合 @{other} がこの集合を含むか、階層が {MAX_LEVELS} を超えます"),
            Self::TagCycle { name, other } => {
                format!("タグ {name} のフィルター：タグ {other} がこのタグを参照するか、階層が {MAX_LEVELS} を超えます")
            }
            Self::TooMany { what, got, max } => {
                let what = match *what {
                    "members" => "要素",
                    "sets as members" => "要素としての集合",
                    "tags" => "タグ",
                    _ => "集合",
                };
                format!("{what}が {got} 個あります。1～{max} 個にしてください")
            }
            Self::Begin(from, now) => format!("{from} は未来です。現在（{now}）以前の時刻にしてください"),
            Self::Used(other) => format!("集合 @{other} の要素です。先にそちらを変更してください"),
            Self::Tagging(tag) => format!("タグ {tag} が参照しています。先にそちらを変更してください"),
            Self::Asked { profile, channel } => {
                format!("プロファイル {profile} のチャネル {channel} が参照しています。先にそちらを変更してください")
            }
            Self::State(what) => format!("定義を読み書きできません: {what}"),
        }
    }
}
