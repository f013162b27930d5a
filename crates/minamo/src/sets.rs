// SPDX-License-Identifier: Apache-2.0
//! The networks and tags of enrichment as named sets of filters: `src in @guests`.

use std::collections::BTreeMap;
use std::sync::Arc;

use minamo_base::Time;
use minamo_enrich::{Control, Definitions};
use minamo_filter::{Members, SetKind, SetVersion, Sets};

use crate::clock;

/// Networks and tags, versioned in time.
pub(crate) enum Networks {
    /// Those in force in a running server.
    Live(Arc<Control>),
    /// Those that the networks file holds.
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
