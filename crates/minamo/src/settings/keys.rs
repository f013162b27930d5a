// SPDX-License-Identifier: Apache-2.0
//! Tables in lists, such as those of `[[export]]`, whose keys are read one by one.

use anyhow::{Context as _, bail};

use super::table::Kind;

/// The keys of a table in a list, each asked for once.
pub(super) struct Keys<'a> {
    table: &'a toml::Table,
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    /// Of this table.
    pub(super) fn of(table: &'a toml::Table) -> Self {
        Self { table, known: Vec::new() }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a toml::Value> {
        self.known.push(key);
        self.table.get(key)
    }

    /// A text, where it is there.
    pub(super) fn text(&mut self, key: &'static str) -> anyhow::Result<Option<&'a str>> {
        let value = self.value(key);
        value.map(|value| value.as_str().with_context(|| format!("{key}: got {value}, want a text"))).transpose()
    }

    /// A list of texts; empty where it is not there.
    pub(super) fn texts(&mut self, key: &'static str) -> anyhow::Result<Vec<&'a str>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|list| list.iter().map(toml::Value::as_str).collect());
        texts.with_context(|| format!("{key}: got {value}, want a list of texts"))
    }

    /// True or false; false where it is not there.
    pub(super) fn flag(&mut self, key: &'static str) -> anyhow::Result<bool> {
        Ok(self.given_flag(key)?.unwrap_or(false))
    }

    /// True or false, where it is there.
    pub(super) fn given_flag(&mut self, key: &'static str) -> anyhow::Result<Option<bool>> {
        let value = self.value(key);
        value
            .map(|value| value.as_bool().with_context(|| format!("{key}: got {value}, want true or false")))
            .transpose()
    }

    /// A whole number from 1 on, where it is there.
    pub(super) fn count(&mut self, key: &'static str) -> anyhow::Result<Option<usize>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let count = value.as_integer().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        count.map(Some).with_context(|| format!("{key}: got {value}, want {}", Kind::Count.want()))
    }

    /// An error for a key that nobody asked for.
    pub(super) fn end(self) -> anyhow::Result<()> {
        match self.table.keys().find(|key| !self.known.contains(&key.as_str())) {
            Some(key) => bail!("{key}: no such key; want one of {}", self.known.join(", ")),
            None => Ok(()),
        }
    }
}
