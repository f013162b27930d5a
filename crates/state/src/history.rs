// SPDX-License-Identifier: Apache-2.0
//! What was done about events, in `state.db`: who said where one stands and who looks after it, and which targets were
//! told. Kept by the identity of the event, or of the incident's first event.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use rusqlite::{Connection, params};

use crate::StateError;
use crate::definitions::failed;

const TABLES: &str = "
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS event_history (
        id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS event_history_event ON event_history (event, id);
    ";

/// What is kept of all events.
pub const MAX_HISTORY: i64 = 200_000;
/// What is given of one event.
const MAX_OF_EVENT: i64 = 200;
/// Longest detail, in letters.
const LONGEST: usize = 300;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Somebody said where it stands.
    Standing,
    /// Somebody said who looks after it.
    Owner,
    /// A target was told.
    Told,
    /// A target was not told.
    Lost,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Standing, Self::Owner, Self::Told, Self::Lost];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Owner => "owner",
            Self::Told => "told",
            Self::Lost => "lost",
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Time,
    /// Who did it: a person, or the name of an action.
    pub who: String,
    /// What was done.
    pub deed: Deed,
    /// The standing, the owner, or why a target was not told.
    pub detail: String,
}

/// The table.
pub struct History {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl History {
    /// Opens the table in that database; makes it where it is missing.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let failed = failed(path);
        let connection = Connection::open(path).map_err(&failed)?;
        connection.execute_batch(TABLES).map_err(&failed)?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned() })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry; the oldest of all go where there are more than [`MAX_HISTORY`].
    pub fn add(&self, event: &str, one: &Happened) -> Result<(), StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let detail: String = one.detail.chars().take(LONGEST).collect();
        let sql = "INSERT INTO event_history (event, at, who, kind, detail) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![event, one.at.0, one.who, one.deed.name(), detail];
        connection.execute(sql, values).map_err(&failed)?;
        let oldest = connection.last_insert_rowid() - MAX_HISTORY;
        connection.execute("DELETE FROM event_history WHERE id <= ?1", [oldest]).map(drop).map_err(&failed)
    }

    /// The newest entries of an event, the oldest of them first.
    pub fn of(&self, event: &str) -> Result<Vec<Happened>, StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let sql = "SELECT at, who, kind, detail FROM event_history WHERE event = ?1 ORDER BY id DESC LIMIT ?2";
        let mut query = connection.prepare_cached(sql).map_err(&failed)?;
        let row = |row: &rusqlite::Row<'_>| {
            let kind: String = row.get(2)?;
            let deed = Deed::ALL.into_iter().find(|deed| deed.name() == kind);
            Ok(deed.map(|deed| (row.get(0), row.get(1), deed, row.get(3))))
        };
        let mut all = Vec::new();
        for found in query.query_map(params![event, MAX_OF_EVENT], row).map_err(&failed)? {
            // A kind of a newer version is none of this one.
            let Some((at, who, deed, detail)) = found.map_err(&failed)? else { continue };
            let (at, who, detail) = (at.map_err(&failed)?, who.map_err(&failed)?, detail.map_err(&failed)?);
            all.push(Happened { at: Time(at), who, deed, detail });
        }
        all.reverse();
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_there_after_a_restart_and_has_a_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.db");
        let history = History::open(&path).expect("opens");
        let one = |at: i64| Happened { at: Time(at), who: "noc".into(), deed: Deed::Told, detail: String::new() };
        (0..205).for_each(|at| history.add("a", &one(at)).expect("added"));
        history.add("b", &Happened { deed: Deed::Lost, detail: "x".repeat(400), ..one(7) }).expect("added");
        drop(history);
        let history = History::open(&path).expect("opens again");
        let of_a = history.of("a").expect("reads");
        assert_eq!((of_a.len(), &of_a[0], &of_a[199]), (200, &one(5), &one(204)));
        assert_eq!(history.of("b").expect("reads")[0].detail.len(), LONGEST);
        history
            .connection()
            .execute("UPDATE event_history SET id = id + ?1 WHERE event = 'b'", [MAX_HISTORY])
            .expect("aged");
        history.add("c", &one(9)).expect("added");
        assert!(history.of("a").expect("reads").is_empty(), "the oldest go");
        assert_eq!(history.of("b").expect("reads").len(), 1);
    }
}
