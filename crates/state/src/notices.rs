// SPDX-License-Identifier: Apache-2.0
//! Notices of events that wait for their target, in `state.db`, so that the end of the program loses none. What a notice
//! says is its owner's business.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, params};

use crate::StateError;
use crate::definitions::failed;

const TABLES: &str = "
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS notices (
        id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, body TEXT NOT NULL
    ) STRICT;
    ";

/// Notices that are kept for one action.
pub const MAX_NOTICES: usize = 1_000;

/// The table.
pub struct Notices {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl Notices {
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

    /// Keeps a notice for an action; gives its number.
    pub fn add(&self, action: &str, body: &str) -> Result<i64, StateError> {
        let connection = self.connection();
        let added = connection.execute("INSERT INTO notices (action, body) VALUES (?1, ?2)", params![action, body]);
        added.map(|_| connection.last_insert_rowid()).map_err(failed(&self.path))
    }

    /// Forgets a notice: it was told, or given up.
    pub fn done(&self, id: i64) -> Result<(), StateError> {
        self.connection().execute("DELETE FROM notices WHERE id = ?1", [id]).map(drop).map_err(failed(&self.path))
    }

    /// Notices that wait for an action, the oldest first, up to [`MAX_NOTICES`].
    pub fn waiting(&self, action: &str) -> Result<Vec<(i64, String)>, StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let sql = "SELECT id, body FROM notices WHERE action = ?1 ORDER BY id LIMIT ?2";
        let mut query = connection.prepare_cached(sql).map_err(&failed)?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        query.query_map(params![action, MAX_NOTICES as i64], row).and_then(Iterator::collect).map_err(&failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_wait_over_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.db");
        let notices = Notices::open(&path).expect("opens");
        let first = notices.add("noc", "a").expect("kept");
        notices.add("noc", "b").expect("kept");
        notices.add("soar", "c").expect("kept");
        drop(notices);
        let notices = Notices::open(&path).expect("opens");
        notices.done(first).expect("forgotten");
        let bodies: Vec<_> = notices.waiting("noc").expect("read").into_iter().map(|(_, body)| body).collect();
        assert_eq!(bodies, ["b"]);
    }
}
