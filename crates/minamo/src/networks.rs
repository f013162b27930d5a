// SPDX-License-Identifier: Apache-2.0
//! The home of the networks of the networks file: versions in `state.db`. The file is an input. Each time its contents
//! are others than those that were read last, they are a new version, in force from the time of the change on; the
//! times that stand in the file hold within it. What rows are enriched with and what `@office` in a filter stands for
//! comes from these versions, so a restart forgets nothing.

use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::Context as _;
use minamo_base::Time;
use minamo_enrich::Definitions;
use minamo_state::Kind;

/// Name of the definition: there is one networks file.
const NAME: &str = "networks";
/// Most versions that are kept.
const MAX_VERSIONS: u32 = 1_000;
/// Most octets of all versions that are kept; the newest stays, whatever it has.
const MAX_OCTETS: u64 = 256 << 20;

/// The versions as they were read.
#[derive(Default)]
pub(crate) struct Stored {
    /// All contents over time.
    pub(crate) definitions: Definitions,
    /// The contents that were read last, and from when on they hold.
    last: Option<(Definitions, Time)>,
}

impl Stored {
    /// Reads all versions.
    pub(crate) fn load(home: &minamo_state::Definitions) -> anyhow::Result<Self> {
        let mut stored = Self::default();
        for version in home.history(Kind::NetworksFile, NAME)? {
            let said = version.body.unwrap_or_else(|| serde_json::json!({"versions": []}));
            let read: Definitions = serde_json::from_value(said)
                .with_context(|| format!("networks of {}, version {}", version.valid_from, version.version))?;
            stored.add(read, version.valid_from, version.version == 1);
        }
        stored.definitions.keep_newest();
        Ok(stored)
    }

    /// What is the same as what was read last, is no version.
    pub(crate) fn is_new(&self, read: &Definitions) -> bool {
        self.last.as_ref().is_none_or(|(last, _)| last != read)
    }

    /// Contents from an instant on. The very first ones are those of the time before too, as nobody knows better.
    pub(crate) fn add(&mut self, read: Definitions, from: Time, first: bool) {
        if first {
            self.definitions = read.clone();
        } else {
            self.definitions.supersede(from, read.clone());
        }
        self.last = Some((read, from));
    }

    /// True where nothing was ever read.
    pub(crate) fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// From when on contents hold that changed at about `at`: after those before.
    pub(crate) fn begin(&self, at: Time) -> Time {
        self.last.as_ref().map_or(at, |(_, from)| at.max(Time(from.0.saturating_add(1))))
    }
}

/// Writes contents that hold from an instant on.
pub(crate) fn write(home: &minamo_state::Definitions, read: &Definitions, from: Time, now: Time) -> anyhow::Result<()> {
    let body = serde_json::to_value(read)?;
    home.put(Kind::NetworksFile, NAME, Some(&body), from, now, None)?;
    let forgotten = home.forget(Kind::NetworksFile, NAME, MAX_VERSIONS, MAX_OCTETS)?;
    if forgotten > 0 {
        tracing::warn!(versions = forgotten, "enrich.networks: the oldest contents are forgotten, there are too many");
    }
    Ok(())
}

/// When a file was changed, as far as that is known, and not after `now`.
pub(crate) fn changed_at(path: &Path, now: Time) -> Time {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let since = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_nanos()).ok()).map_or(now, |at| Time(at).min(now))
}

#[cfg(test)]
mod tests {
    use minamo_enrich::Format;

    use super::*;

    fn read(text: &str) -> Definitions {
        Format::Csv.read(&format!("prefix,name\n{text}\n")).expect("a networks file")
    }

    fn names(of: &Definitions, at: i64) -> Vec<&str> {
        of.names(Time(at)).into_iter().collect()
    }

    #[test]
    fn contents_come_back_as_they_were_at_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = minamo_state::Definitions::open(&folder.path().join("state.db")).expect("opens");
        assert!(Stored::load(&home).expect("read").is_empty());
        for (text, from) in [("192.0.2.0/24,first", 100), ("192.0.2.0/24,second", 200), ("192.0.2.0/24,third", 300)] {
            let stored = Stored::load(&home).expect("read");
            assert!(stored.is_new(&read(text)));
            write(&home, &read(text), Time(from), Time(from)).expect("written");
        }
        drop(home);
        let home = minamo_state::Definitions::open_read_only(&folder.path().join("state.db")).expect("opens");
        let stored = Stored::load(&home).expect("read");
        assert!(!stored.is_new(&read("192.0.2.0/24,third")) && stored.is_new(&read("192.0.2.0/24,first")));
        let found = [1, 199, 200, 299, 300].map(|at| names(&stored.definitions, at));
        assert_eq!(found, [["first"], ["first"], ["second"], ["second"], ["third"]]);
        assert_eq!((stored.begin(Time(250)), stored.begin(Time(400))), (Time(301), Time(400)));
    }

    #[test]
    fn what_is_too_much_is_forgotten_from_the_oldest_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = minamo_state::Definitions::open(&folder.path().join("state.db")).expect("opens");
        for at in 1..=4 {
            write(&home, &read(&format!("192.0.2.0/24,n{at}")), Time(at * 100), Time(at * 100)).expect("written");
        }
        assert_eq!(home.forget(Kind::NetworksFile, NAME, 2, u64::MAX).expect("done"), 2);
        let stored = Stored::load(&home).expect("read");
        // Of the time before nothing is said, rather than what held later.
        assert!(names(&stored.definitions, 299).is_empty());
        assert_eq!((names(&stored.definitions, 300), names(&stored.definitions, 400)), (vec!["n3"], vec!["n4"]));
        assert_eq!(home.forget(Kind::NetworksFile, NAME, 9, 1).expect("done"), 1, "the newest stays");
    }
}
