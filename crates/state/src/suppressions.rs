// SPDX-License-Identifier: Apache-2.0
//! Suppressions in `state.db`: who hides which events, why, until when, and how often that happened. What a scope
//! means is the business of detection; here it is a text. One that was ended stays, for the record.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::StateError;
use crate::definitions::failed;

const TABLE: &str = "
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS suppressions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, usual TEXT NOT NULL, reason TEXT NOT NULL,
        owner TEXT NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL,
        hits INTEGER NOT NULL DEFAULT 0, last_hit INTEGER, broken INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    ";
const COLUMNS: &str = "id, scope, usual, reason, owner, valid_from, valid_to, hits, last_hit, broken";

/// Suppressions that are kept, those that are over too; the oldest that is over goes.
pub const MAX_SUPPRESSIONS: u32 = 10_000;

/// A suppression as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSuppression {
    /// Its number.
    pub id: u32,
    /// Which events it hides, as JSON.
    pub scope: String,
    /// What was usual when it was made, as JSON.
    pub usual: String,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub owner: String,
    /// It hides events from then …
    pub valid_from: Time,
    /// … to then; [`FOREVER`](Self::FOREVER) where it has no end.
    pub valid_to: Time,
    /// Events that it hid.
    pub hits: u64,
    /// When it hid one last.
    pub last_hit: Option<Time>,
    /// Events that it would have hidden, had they been as usual.
    pub broken: u64,
}

impl StoredSuppression {
    /// The end of one without an end.
    pub const FOREVER: Time = Time(i64::MAX);
}

/// The table.
pub struct Suppressions {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl Suppressions {
    /// Opens the table in that database; makes both where they are missing.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let failed = failed(path);
        let connection = Connection::open(path).map_err(&failed)?;
        connection.execute_batch(TABLE).map_err(&failed)?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned() })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, the newest first.
    pub fn all(&self) -> Result<Vec<StoredSuppression>, StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let mut query =
            connection.prepare(&format!("SELECT {COLUMNS} FROM suppressions ORDER BY id DESC")).map_err(&failed)?;
        query.query_map([], stored).and_then(Iterator::collect).map_err(&failed)
    }

    /// One of them.
    pub fn get(&self, id: u32) -> Result<Option<StoredSuppression>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM suppressions WHERE id = ?1");
        self.connection().query_row(&sql, [id], stored).optional().map_err(failed(&self.path))
    }

    /// Keeps a new one, with a number of its own in place of the one given.
    pub fn add(&self, new: &StoredSuppression) -> Result<StoredSuppression, StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        connection
            .execute(
                "DELETE FROM suppressions WHERE id IN (SELECT id FROM suppressions WHERE valid_to <= ?1 ORDER BY id
                 LIMIT max(0, (SELECT count(*) FROM suppressions) - ?2))",
                params![new.valid_from.0, MAX_SUPPRESSIONS - 1],
            )
            .map_err(&failed)?;
        connection
            .execute(
                "INSERT INTO suppressions (scope, usual, reason, owner, valid_from, valid_to) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![new.scope, new.usual, new.reason, new.owner, new.valid_from.0, new.valid_to.0],
            )
            .map_err(&failed)?;
        let id = u32::try_from(connection.last_insert_rowid()).unwrap_or(u32::MAX);
        Ok(StoredSuppression { id, hits: 0, last_hit: None, broken: 0, ..new.clone() })
    }

    /// Ends one at that time; false where there is none that is in force then.
    pub fn end(&self, id: u32, at: Time) -> Result<bool, StateError> {
        let sql = "UPDATE suppressions SET valid_to = ?2 WHERE id = ?1 AND valid_to > ?2";
        self.connection().execute(sql, params![id, at.0]).map(|rows| rows > 0).map_err(failed(&self.path))
    }

    /// Counts events that one hid, and those that broke it.
    pub fn count(&self, id: u32, hidden: u64, broken: u64, at: Time) -> Result<(), StateError> {
        let sql = "UPDATE suppressions SET hits = hits + ?2, broken = broken + ?3,
                   last_hit = CASE WHEN ?2 > 0 THEN ?4 ELSE last_hit END WHERE id = ?1";
        let values = params![id, hidden.cast_signed(), broken.cast_signed(), at.0];
        self.connection().execute(sql, values).map(drop).map_err(failed(&self.path))
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredSuppression> {
    Ok(StoredSuppression {
        id: row.get(0)?,
        scope: row.get(1)?,
        usual: row.get(2)?,
        reason: row.get(3)?,
        owner: row.get(4)?,
        valid_from: Time(row.get(5)?),
        valid_to: Time(row.get(6)?),
        hits: row.get::<_, i64>(7)?.cast_unsigned(),
        last_hit: row.get::<_, Option<i64>>(8)?.map(Time),
        broken: row.get::<_, i64>(9)?.cast_unsigned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(to: i64) -> StoredSuppression {
        StoredSuppression {
            id: 0,
            scope: "{}".to_owned(),
            usual: "{}".to_owned(),
            reason: "audit".to_owned(),
            owner: "admin".to_owned(),
            valid_from: Time(5),
            valid_to: Time(to),
            hits: 0,
            last_hit: None,
            broken: 0,
        }
    }

    #[test]
    fn it_is_there_again_with_its_counts_after_a_restart() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("state.db");
        let table = Suppressions::open(&path).expect("opens");
        let first = table.add(&new(100)).expect("added");
        let second = table.add(&new(i64::MAX)).expect("added");
        assert_ne!(first.id, second.id);
        table.count(first.id, 2, 0, Time(9)).expect("counted");
        table.count(first.id, 0, 1, Time(10)).expect("counted");
        drop(table);
        let table = Suppressions::open(&path).expect("opens again");
        let known = table.get(first.id).expect("reads").expect("is there");
        assert_eq!((known.hits, known.last_hit, known.broken), (2, Some(Time(9)), 1));
        assert!(table.end(second.id, Time(50)).expect("ends") && !table.end(second.id, Time(60)).expect("is over"));
        assert_eq!(table.all().expect("reads").iter().map(|one| one.id).collect::<Vec<_>>(), [second.id, first.id]);
        assert_eq!(table.get(99).expect("reads"), None);
    }
}
