// SPDX-License-Identifier: Apache-2.0
//! Values of settings: whether they are of their kind, and the words that some are made of.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use minamo_detect::parse_length;

use super::table::{Kind, Setting};
use crate::size::{parse_size, parse_timeout};

/// The age of what is never deleted.
const FOREVER: &str = "forever";
/// The size, or number, of what has no bound.
const UNLIMITED: &str = "unlimited";

/// A class of flows: `NAME [keep LENGTH] [max SIZE] where FILTER`.
pub(super) fn class(text: &str) -> anyhow::Result<minamo_store::Class> {
    let (head, filter) = text.split_once(" where ").context("want `where` and a filter")?;
    let filter = minamo_filter::parse(filter).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut words = head.split_whitespace();
    let name = words.next().context("want a name")?.to_owned();
    let mut class = minamo_store::Class { name, filter, keep: None, max_bytes: None };
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        match word {
            "keep" => class.keep = Some(parse_length(value).with_context(|| format!("keep {value:?}: want 30d"))?),
            "max" => {
                class.max_bytes = Some(parse_size(value).with_context(|| format!("max {value:?}: want 10GiB"))? as u64);
            }
            other => bail!("got {other:?}, want `keep`, `max` or `where`"),
        }
    }
    Ok(class)
}

/// The default of a setting.
pub(super) fn default(setting: &Setting) -> anyhow::Result<toml::Value> {
    let line = format!("v = {}", setting.default);
    let mut table: toml::Table = line.parse().with_context(|| format!("default of {}", setting.key))?;
    table.remove("v").context("a default")
}

/// True where a value is of that kind.
pub(super) fn fits(kind: Kind, value: &toml::Value) -> bool {
    let text = value.as_str();
    let list = value.as_array();
    let all = |good: fn(&str) -> bool| list.is_some_and(|l| l.iter().all(|v| v.as_str().is_some_and(good)));
    let is_address = |text: &str| text.parse::<SocketAddr>().is_ok();
    match kind {
        Kind::Folder => text.is_some_and(|t| !t.is_empty()),
        Kind::Address => text.is_some_and(is_address),
        Kind::Addresses => all(is_address),
        Kind::Names => all(|name| !name.is_empty()),
        Kind::Length => text.is_some_and(|t| parse_length(t).is_some()),
        Kind::Timeout => text.is_some_and(|t| parse_timeout(t).is_some()),
        Kind::Size => text.is_some_and(|t| parse_size(t).is_some()),
        Kind::Count => value.as_integer().is_some_and(|n| n >= 1 && usize::try_from(n).is_ok()),
        Kind::Seed => value.as_integer().is_some_and(|n| u16::try_from(n).is_ok()),
        Kind::Flag => value.is_bool(),
        Kind::Age => text.is_some_and(|t| t == FOREVER || parse_length(t).is_some()),
        Kind::Budget => text.is_some_and(|t| t == UNLIMITED || parse_size(t).is_some()),
        Kind::Classes => list.is_some_and(|l| l.iter().all(toml::Value::is_str)),
        Kind::CaptureFilter => text.is_some_and(|t| minamo_capture::Expression::parse(t).is_ok()),
        Kind::File => text.is_some(),
        Kind::Files => all(|path| !path.is_empty()),
        Kind::Url => text.is_some_and(|t| t.is_empty() || t.starts_with("https://") || t.starts_with("http://")),
        Kind::Keys => all(|key| key.len() == 64 && key.bytes().all(|digit| digit.is_ascii_hexdigit())),
        Kind::Prefixes => all(|text| text.parse::<minamo_base::Prefix>().is_ok()),
        Kind::Unknown => text.is_some_and(|text| unknown(text).is_some()),
        Kind::Sampling => text.is_some_and(|t| t == "none" || t.parse::<minamo_meter::Sampling>().is_ok()),
        Kind::Columns => text.is_some_and(|t| t.parse::<minamo_meter::Groups>().is_ok()),
        Kind::Ring => text.is_some_and(|t| t == "off" || parse_size(t).is_some()),
        Kind::Forwards
        | Kind::Exports
        | Kind::Interfaces
        | Kind::Fingerprints
        | Kind::Rules
        | Kind::Actions
        | Kind::Feeds
        | Kind::Perspectives
        | Kind::Alerts => list.is_some_and(|l| l.iter().all(toml::Value::is_table)),
        Kind::Groups => all(|group| addresses(group).is_some_and(|group| !group.is_empty())),
        Kind::Limit => {
            text == Some(UNLIMITED) || value.as_integer().is_some_and(|n| u32::try_from(n).is_ok_and(|n| n > 0))
        }
    }
}

/// The word of `collect.unknown`.
pub(super) fn unknown(text: &str) -> Option<minamo_collect::Unknown> {
    match text {
        "accept" => Some(minamo_collect::Unknown::Accept),
        "ask" => Some(minamo_collect::Unknown::Ask),
        "refuse" => Some(minamo_collect::Unknown::Refuse),
        _ => None,
    }
}

/// Addresses with spaces between them.
pub(super) fn addresses(text: &str) -> Option<Vec<minamo_base::Ip>> {
    text.split_whitespace().map(|address| address.parse().ok()).collect()
}
