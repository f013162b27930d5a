// SPDX-License-Identifier: Apache-2.0
//! Why a profile is not taken: which member is wrong, where in it, and a sentence in each language.

use minamo_base::Time;
use minamo_filter::{FilterError, SetError};

use super::{LIVE, MAX_CHANNELS, MAX_DEPTH, MAX_PROFILES};
use crate::StateError;

/// Why a profile cannot be written or read.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A member is wrong.
    #[error("{path}: {en}")]
    Bad {
        /// The member: `name`, `parent`, `channels[2].filter`.
        path: String,
        /// Offset in that text, in characters, where it is known.
        at: Option<usize>,
        /// One sentence in English.
        en: String,
        /// One sentence in Japanese.
        ja: String,
    },
    /// There is no such profile.
    #[error("{en}")]
    Missing {
        /// One sentence in English.
        en: String,
        /// One sentence in Japanese.
        ja: String,
    },
    /// There is one of that name already.
    #[error("{en}")]
    Exists {
        /// One sentence in English.
        en: String,
        /// One sentence in Japanese.
        ja: String,
    },
    /// The definitions cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl ProfileError {
    fn bad(path: impl Into<String>, en: impl Into<String>, ja: impl Into<String>) -> Self {
        Self::Bad { path: path.into(), at: None, en: en.into(), ja: ja.into() }
    }

    pub(super) fn exists(name: &str) -> Self {
        let en = format!("there is a profile {name} already: change it, or choose another name");
        Self::Exists {
            en, ja: format!("プロファイル {name} は既にあります。変更するか、別の名前にしてください")
        }
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::Missing {
            en: format!("there is no profile {name}"), ja: format!("プロファイル {name} はありません")
        }
    }

    pub(super) fn no_channel(profile: &str, channel: &str) -> Self {
        let en = format!("profile {profile} has no channel {channel} in this range");
        Self::bad("channels", en, format!("プロファイル {profile} にはこの期間にチャネル {channel} がありません"))
    }

    pub(super) fn name(path: &str, got: &str) -> Self {
        let en =
            format!("got {got:?}, want 1 to 64 characters without / and control characters, no blank at either end");
        let ja = format!("{got:?} は使えません。/ と制御文字を含まない 1～64 文字で、前後に空白を置けません");
        Self::bad(path, en, ja)
    }

    pub(super) fn live() -> Self {
        let en = format!("{LIVE} stands for all flows and cannot be changed or deleted");
        Self::bad("name", en, format!("{LIVE} は全フローを表し、変更も削除もできません"))
    }

    pub(super) fn begin(from: Time, now: Time) -> Self {
        let en = format!("got {from}, want a time up to now ({now})");
        Self::bad("valid_from", en, format!("{from} は未来です。現在（{now}）以前の時刻にしてください"))
    }

    pub(super) fn no_parent(parent: &str, at: Time) -> Self {
        let en = format!("there is no profile {parent} at {at}");
        Self::bad("parent", en, format!("{at} の時点でプロファイル {parent} はありません"))
    }

    pub(super) fn cycle(parent: &str) -> Self {
        let en = format!("{parent} lies below this profile, or there are more than {MAX_DEPTH} levels");
        let ja = format!("{parent} はこのプロファイルの下にあるか、階層が {MAX_DEPTH} を超えます");
        Self::bad("parent", en, ja)
    }

    pub(super) fn too_many_channels(got: usize) -> Self {
        let en = format!("got {got} channels, want at most {MAX_CHANNELS}");
        Self::bad("channels", en, format!("チャネルが {got} 個あります（上限 {MAX_CHANNELS}）"))
    }

    pub(super) fn too_many() -> Self {
        let en = format!("there are {MAX_PROFILES} profiles, which is the most: delete one first");
        Self::bad("name", en, format!("プロファイルは {MAX_PROFILES} 個までです。先にどれかを削除してください"))
    }

    pub(super) fn twice(path: String, name: &str) -> Self {
        Self::bad(path, format!("there are two channels {name}"), format!("チャネル {name} が二つあります"))
    }

    pub(super) fn granularity(got: u32) -> Self {
        let en = format!("got {got}, want whole minutes from 60 to 86400");
        Self::bad("granularity_secs", en, format!("{got} は使えません。60～86400 の分単位（60 の倍数）にしてください"))
    }

    pub(super) fn filter(path: String, error: &FilterError) -> Self {
        Self::Bad { path, at: Some(error.at), en: error.message_en(), ja: error.message_ja() }
    }

    pub(super) fn sets(path: String, error: &SetError) -> Self {
        Self::bad(path, error.to_string(), format!("フィルターの集合やタグを展開できません: {error}"))
    }

    pub(super) fn too_long(path: String) -> Self {
        let en =
            "with its sets and tags written out and those of the profiles above the filter is too long or too deep";
        Self::bad(
            path,
            en,
            "集合とタグを展開し上位のプロファイルのフィルターと合わせると長すぎるか、入れ子が深すぎます",
        )
    }

    pub(super) fn children(names: &[&str]) -> Self {
        let names = names.join(", ");
        let en = format!("it is the parent of {names}: delete these first");
        Self::bad("name", en, format!("{names} の親です。先にそれらを削除してください"))
    }
}
