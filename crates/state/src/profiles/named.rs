// SPDX-License-Identifier: Apache-2.0
//! The named sets and tags that channels ask for, with all their versions, as of one moment of reading.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use minamo_base::Time;
use minamo_filter::{Expr, SetKind, SetVersion, Sets, TagVersion, asks_for_names};
use minamo_model::FLOWS;

use crate::{Called, Definitions, NamedSets, SetsWith, StateError};

/// The sets and tags of some filters.
#[derive(Debug, Clone, Default)]
pub(super) struct AskedSets {
    sets: BTreeMap<String, (SetKind, Vec<SetVersion>)>,
    tags: BTreeMap<String, Vec<TagVersion>>,
    /// The names in each filter that asks for some, by its text.
    asked: HashMap<String, Names>,
}

/// What a filter asks for, also by the tags in it.
#[derive(Debug, Clone, Default)]
struct Names {
    sets: BTreeSet<String>,
    tags: BTreeSet<String>,
}

impl Names {
    /// Adds what a filter asks for, by any version of its tags.
    fn add(&mut self, filter: &Expr, known: &dyn Sets) {
        self.sets.extend(filter.sets().into_iter().map(str::to_owned));
        for tag in filter.tags() {
            // One that is there already was followed: cycles end here.
            if self.tags.insert(tag.to_owned()) {
                let versions = known.tag(tag).unwrap_or_default();
                let read = |version: TagVersion| minamo_filter::parse_with(&version.filter, &FLOWS, known).ok();
                versions.into_iter().filter_map(read).for_each(|filter| self.add(&filter, known));
            }
        }
    }
}

impl AskedSets {
    /// Those of `filters`. A name that is not known any more is left out: the filter then says so when it is read.
    pub(super) fn of<'f>(
        filters: impl Iterator<Item = &'f str>,
        definitions: &Definitions,
        outer: &dyn Sets,
    ) -> Result<Self, StateError> {
        let asking: Vec<&str> = filters.filter(|text| asks_for_names(text)).collect();
        if asking.is_empty() {
            return Ok(Self::default());
        }
        let own = NamedSets::load(definitions)?;
        let known = SetsWith { own: &own, outer };
        let mut all = Self::default();
        for text in asking {
            let Ok(filter) = minamo_filter::parse_with(text, &FLOWS, &known) else { continue };
            let mut names = Names::default();
            names.add(&filter, &known);
            for name in &names.sets {
                if let Some(kind) = known.kind(name) {
                    all.sets.entry(name.clone()).or_insert_with(|| (kind, known.versions(name)));
                }
            }
            for name in &names.tags {
                all.tags.entry(name.clone()).or_insert_with(|| known.tag(name).unwrap_or_default());
            }
            all.asked.insert(text.to_owned(), names);
        }
        Ok(all)
    }

    /// True where a filter asks for a set or a tag.
    pub(super) fn asks(&self, filter: &str, called: &Called) -> bool {
        self.asked.get(filter).is_some_and(|names| match called {
            Called::Set(name) => names.sets.contains(name),
            Called::Tag(name) => names.tags.contains(name),
        })
    }

    /// When the sets and tags of a filter begin, change and end.
    pub(super) fn changes_of(&self, filter: &str) -> impl Iterator<Item = Time> {
        let names = self.asked.get(filter);
        let sets = names.into_iter().flat_map(|names| &names.sets).filter_map(|name| self.sets.get(name));
        let tags = names.into_iter().flat_map(|names| &names.tags).filter_map(|name| self.tags.get(name));
        ends_of_sets(sets).chain(ends_of_tags(tags))
    }

    /// When any of the sets and tags begins, changes or ends.
    pub(super) fn changes(&self) -> impl Iterator<Item = Time> {
        ends_of_sets(self.sets.values()).chain(ends_of_tags(self.tags.values()))
    }
}

fn ends_of_sets<'a>(sets: impl Iterator<Item = &'a (SetKind, Vec<SetVersion>)>) -> impl Iterator<Item = Time> {
    sets.flat_map(|(_, versions)| versions).flat_map(|version| version.from.into_iter().chain(version.to))
}

fn ends_of_tags<'a>(tags: impl Iterator<Item = &'a Vec<TagVersion>>) -> impl Iterator<Item = Time> {
    tags.flatten().flat_map(|version| version.from.into_iter().chain(version.to))
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

    fn tag(&self, name: &str) -> Option<Vec<TagVersion>> {
        self.tags.get(name).cloned()
    }

    fn tags(&self) -> Vec<String> {
        self.tags.keys().cloned().collect()
    }
}
