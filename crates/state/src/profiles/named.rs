// SPDX-License-Identifier: Apache-2.0
//! The named sets that channels ask for, with all their versions, as of one moment of reading.

use std::collections::{BTreeMap, HashMap};

use minamo_base::Time;
use minamo_filter::{SetKind, SetVersion, Sets};
use minamo_model::FLOWS;

use crate::{Definitions, NamedSets, SetsWith, StateError};

/// The sets of some filters.
#[derive(Debug, Clone, Default)]
pub(super) struct AskedSets {
    sets: BTreeMap<String, (SetKind, Vec<SetVersion>)>,
    /// The names in each filter that asks for sets, by its text.
    names: HashMap<String, Vec<String>>,
}

impl AskedSets {
    /// Those of `filters`. A set that is not known any more is left out: the filter then says so when it is read.
    pub(super) fn of<'f>(
        filters: impl Iterator<Item = &'f str>,
        definitions: &Definitions,
        outer: &dyn Sets,
    ) -> Result<Self, StateError> {
        let asking: Vec<&str> = filters.filter(|text| text.contains('@')).collect();
        if asking.is_empty() {
            return Ok(Self::default());
        }
        let own = NamedSets::load(definitions)?;
        let known = SetsWith { own: &own, outer };
        let mut all = Self::default();
        for text in asking {
            let Ok(filter) = minamo_filter::parse_with(text, &FLOWS, &known) else { continue };
            for name in filter.sets() {
                if let Some(kind) = known.kind(name) {
                    all.sets.entry(name.to_owned()).or_insert_with(|| (kind, known.versions(name)));
                }
            }
            all.names.insert(text.to_owned(), filter.sets().into_iter().map(str::to_owned).collect());
        }
        Ok(all)
    }

    /// The names of the sets that a filter asks for.
    pub(super) fn named(&self, filter: &str) -> impl Iterator<Item = &str> {
        self.names.get(filter).into_iter().flatten().map(String::as_str)
    }

    /// When the sets of a filter begin, change and end.
    pub(super) fn changes_of(&self, filter: &str) -> impl Iterator<Item = Time> {
        let versions = self.named(filter).filter_map(|name| self.sets.get(name)).flat_map(|(_, versions)| versions);
        versions.flat_map(|version| version.from.into_iter().chain(version.to))
    }

    /// When any of the sets begins, changes or ends.
    pub(super) fn changes(&self) -> impl Iterator<Item = Time> {
        let versions = self.sets.values().flat_map(|(_, versions)| versions);
        versions.flat_map(|version| version.from.into_iter().chain(version.to))
    }
}

impl Sets for AskedSets {
    fn kind(&self, name: &str) -> Option<SetKind> {
        self.sets.get(name).map(|(kind, _)| *kind)
    }

    fn versions(&self, name: &str) -> Vec<SetVersion> {
        self.sets.get(name).map(|(_, versions)| versions.clone()).unwrap_or_default()
    }

    fn names(&self) -> BTreeMap<String, SetKind> {
        self.sets.iter().map(|(name, (kind, _))| (name.clone(), *kind)).collect()
    }
}
