// SPDX-License-Identifier: Apache-2.0
//! What versioned definitions of every kind have in common: which version is in force when, and how a checked one is
//! written while others write too.

use std::collections::BTreeMap;

use minamo_base::Time;
use serde::Serialize;

use crate::{Definition, Definitions, Kind, StateError};

/// One version of a definition.
pub(crate) trait Version {
    /// True where it is in force at an instant and says something.
    fn holds_at(&self, at: Time) -> bool;
}

/// All versions of definitions of a kind, by name, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Named<V>(pub(crate) BTreeMap<String, Vec<V>>);

impl<V> Default for Named<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V: Version> Named<V> {
    /// One version more.
    pub(crate) fn add(&mut self, name: &str, version: V) {
        self.0.entry(name.to_owned()).or_default().push(version);
    }

    /// The version in force at an instant. Of versions that hold the one with the highest number counts; by their ends
    /// there is only one.
    pub(crate) fn at(&self, name: &str, at: Time) -> Option<&V> {
        self.0.get(name)?.iter().rev().find(|version| version.holds_at(at))
    }

    /// All versions of a name, oldest first; nothing where there was never one.
    pub(crate) fn history(&self, name: &str) -> Option<&[V]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// What is in force at an instant, by name.
    pub(crate) fn list(&self, at: Time) -> Vec<&V> {
        self.0.keys().filter_map(|name| self.at(name, at)).collect()
    }
}

/// Writes a version that passes `check`, which gives the generation that it looked at. Where somebody else has written
/// since, it is checked again.
pub(crate) fn write<E: From<StateError>>(
    definitions: &Definitions,
    (kind, name): (Kind, &str),
    body: Option<&impl Serialize>,
    (from, now): (Time, Time),
    check: impl Fn() -> Result<i64, E>,
) -> Result<Definition, E> {
    let body = body.map(serde_json::to_value).transpose().map_err(|error| StateError::Body {
        kind: kind.word(),
        name: name.to_owned(),
        version: 0,
        reason: error.to_string(),
    })?;
    loop {
        let generation = check()?;
        if let Some(written) = definitions.put(kind, name, body.as_ref(), from, now, Some(generation))? {
            return Ok(written);
        }
    }
}

/// What a stored version says, read as its kind says it.
pub(crate) fn body<B: serde::de::DeserializeOwned>(definition: &mut Definition) -> Result<Option<B>, StateError> {
    definition.body.take().map(serde_json::from_value).transpose().map_err(|error| StateError::Body {
        kind: definition.kind.word(),
        name: definition.name.clone(),
        version: definition.version,
        reason: error.to_string(),
    })
}
