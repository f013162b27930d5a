// SPDX-License-Identifier: Apache-2.0
//! The networks and tags of enrichment as named sets of filters: `src in @guests`; and all sets together, with the tags
//! of flows, for SQL and groups.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minamo_base::Time;
use minamo_enrich::{Control, Definitions};
use minamo_filter::{Members, SetKind, SetVersion, Sets, TagVersion};
use minamo_state::{NamedSets, SetsWith, StateError};

use crate::clock;

/// Networks and tags, versioned in time.
pub(crate) enum Networks {
    /// Those in force in a running server.
    Live(Arc<Control>),
    /// Those that were read.
    Read(Definitions),
}

impl Networks {
    /// Changes whenever the networks do.
    pub(crate) fn mark(&self) -> (usize, Option<Time>) {
        self.with(|definitions| {
            let versions = definitions.versions();
            (versions.len(), versions.last().and_then(|version| version.valid_from))
        })
    }

    fn with<T>(&self, ask: impl FnOnce(&Definitions) -> T) -> T {
        match self {
            Self::Live(control) => ask(control.sources().definitions()),
            Self::Read(definitions) => ask(definitions),
        }
    }
}

impl Sets for Networks {
    fn kind(&self, name: &str) -> Option<SetKind> {
        let known = |of: &Definitions| of.versions().iter().flat_map(|v| &v.entries).any(|entry| entry.is_called(name));
        self.with(known).then_some(SetKind::Addresses)
    }

    fn versions(&self, name: &str) -> Vec<SetVersion> {
        let periods = self.with(|definitions| definitions.set_over_time(name)).unwrap_or_default();
        let version = |period: minamo_enrich::Period| SetVersion {
            from: period.valid_from,
            to: period.valid_to,
            members: Members::Addresses(vec![period.prefix]),
        };
        periods.into_iter().map(version).collect()
    }

    fn names(&self) -> BTreeMap<String, SetKind> {
        self.with(|definitions| {
            definitions.names(clock::now()).into_iter().map(|name| (name.to_owned(), SetKind::Addresses)).collect()
        })
    }
}

/// All sets, as they are when they are asked for: those that people have defined, and networks and tags.
pub(crate) struct AllSets {
    pub(crate) own: Own,
    pub(crate) networks: Networks,
}

/// The sets that people have defined.
pub(crate) enum Own {
    /// Those of a running server, which the command line may change.
    Live(Kept),
    /// Those that were read.
    Read(NamedSets),
}

/// The sets of a running server as they were read last; they are read again where somebody has changed some.
pub(crate) struct Kept {
    definitions: Arc<minamo_state::Definitions>,
    read: Mutex<Option<Arc<NamedSets>>>,
}

impl Kept {
    /// Of these definitions; nothing is read yet.
    pub(crate) fn new(definitions: Arc<minamo_state::Definitions>) -> Self {
        Self { definitions, read: Mutex::new(None) }
    }

    fn newest(&self) -> Result<Arc<NamedSets>, StateError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = self.definitions.generation()?;
        if let Some(same) = read.as_ref().filter(|sets| sets.generation() == generation) {
            return Ok(Arc::clone(same));
        }
        let newest = Arc::new(NamedSets::load(&self.definitions)?);
        *read = Some(Arc::clone(&newest));
        Ok(newest)
    }
}

impl AllSets {
    fn with<T>(&self, ask: impl FnOnce(&SetsWith<'_>) -> T) -> T {
        let outer = &self.networks;
        match &self.own {
            Own::Read(own) => ask(&SetsWith { own, outer }),
            Own::Live(kept) => {
                let own = kept.newest().unwrap_or_else(|error| {
                    tracing::error!(%error, "questions know the sets of the networks file only, and no tags");
                    Arc::default()
                });
                ask(&SetsWith { own: &own, outer })
            }
        }
    }
}

impl Sets for AllSets {
    fn kind(&self, name: &str) -> Option<SetKind> {
        self.with(|sets| sets.kind(name))
    }

    fn versions(&self, name: &str) -> Vec<SetVersion> {
        self.with(|sets| sets.versions(name))
    }

    fn names(&self) -> BTreeMap<String, SetKind> {
        self.with(|sets| sets.names())
    }

    fn tag(&self, name: &str) -> Option<Vec<TagVersion>> {
        self.with(|sets| sets.tag(name))
    }

    fn tags(&self) -> Vec<String> {
        self.with(|sets| sets.tags())
    }

    fn tags_ever(&self) -> Vec<String> {
        self.with(|sets| sets.tags_ever())
    }
}
