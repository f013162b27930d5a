// SPDX-License-Identifier: Apache-2.0
//! Tables in lists, such as those of `[[export]]`, whose keys are read one by one.

use std::collections::BTreeMap;
use std::path::PathBuf;

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
        self.flag_or(key, false)
    }

    /// True or false; `otherwise` where it is not there.
    pub(super) fn flag_or(&mut self, key: &'static str, otherwise: bool) -> anyhow::Result<bool> {
        let Some(value) = self.value(key) else { return Ok(otherwise) };
        value.as_bool().with_context(|| format!("{key}: got {value}, want true or false"))
    }

    /// A path, where it is there.
    pub(super) fn path(&mut self, key: &'static str) -> anyhow::Result<Option<PathBuf>> {
        Ok(self.text(key)?.map(PathBuf::from))
    }

    /// A value that a text says, where it is there; `want` is how it looks.
    pub(super) fn said<T>(
        &mut self,
        key: &'static str,
        want: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> anyhow::Result<Option<T>> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        read(text).map(Some).with_context(|| format!("{key}: got {text:?}, want {want}"))
    }

    /// A whole number of 32 bits from `least` on, where it is there.
    pub(super) fn number_from(&mut self, key: &'static str, least: u32) -> anyhow::Result<Option<u32>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok()).filter(|number| *number >= least);
        number
            .map(Some)
            .with_context(|| format!("{key}: got {value}, want a whole number from {least} to {}", u32::MAX))
    }

    /// A whole number from 1 on, where it is there.
    pub(super) fn count(&mut self, key: &'static str) -> anyhow::Result<Option<usize>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let count = value.as_integer().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        count.map(Some).with_context(|| format!("{key}: got {value}, want {}", Kind::Count.want()))
    }

    /// A whole number, where it is there.
    pub(super) fn number(&mut self, key: &'static str) -> anyhow::Result<Option<u64>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
        number.map(Some).with_context(|| format!("{key}: got {value}, want a whole number"))
    }

    /// Whole numbers by name; none where they are not there.
    pub(super) fn numbers(&mut self, key: &'static str) -> anyhow::Result<BTreeMap<String, u64>> {
        let Some(value) = self.value(key) else { return Ok(BTreeMap::new()) };
        let number = |(name, value): (&String, &toml::Value)| {
            value.as_integer().and_then(|number| u64::try_from(number).ok()).map(|number| (name.clone(), number))
        };
        let numbers = value.as_table().and_then(|table| table.iter().map(number).collect());
        numbers.with_context(|| format!("{key}: got {value}, want a table of whole numbers such as {{ ports = 300 }}"))
    }

    /// An error for a key that nobody asked for.
    pub(super) fn end(self) -> anyhow::Result<()> {
        match self.table.keys().find(|key| !self.known.contains(&key.as_str())) {
            Some(key) => bail!("{key}: no such key; want one of {}", self.known.join(", ")),
            None => Ok(()),
        }
    }
}
