// SPDX-License-Identifier: Apache-2.0
//! Which files were imported, by the hash of their content, so that none is imported twice. In `state.db`, beside
//! the definitions: a file that moved or was packed anew under another name is another matter, its content is not.
//!
//! A file is noted before its first row and brought up to date after each batch: an import that was interrupted goes
//! on where it was. What was appended between two notes is imported again, at most one batch.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::StateError;
use crate::definitions::failed;

const TABLE: &str = "
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS imports (
        hash TEXT PRIMARY KEY, name TEXT NOT NULL, bytes INTEGER NOT NULL,
        rows INTEGER NOT NULL, finished INTEGER NOT NULL, at INTEGER NOT NULL
    ) STRICT;
    ";

/// The table.
pub struct Imports {
    connection: Mutex<Connection>,
    path: PathBuf,
}

/// A file that was imported, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// SHA-256 of the content, hexadecimal.
    pub hash: String,
    /// Name of the file, as it was given.
    pub name: String,
    /// Octets of the file.
    pub bytes: u64,
    /// Rows that were appended.
    pub rows: u64,
    /// True where the file was read to its end.
    pub finished: bool,
    /// When the import began or was brought up to date.
    pub at: Time,
}

impl Imports {
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

    /// What is known of the file with that hash.
    pub fn find(&self, hash: &str) -> Result<Option<Import>, StateError> {
        self.connection()
            .query_row("SELECT hash, name, bytes, rows, finished, at FROM imports WHERE hash = ?1", [hash], import)
            .optional()
            .map_err(failed(&self.path))
    }

    /// The latest imports, newest first.
    pub fn latest(&self, limit: u32) -> Result<Vec<Import>, StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let mut query = connection
            .prepare("SELECT hash, name, bytes, rows, finished, at FROM imports ORDER BY at DESC, hash LIMIT ?1")
            .map_err(&failed)?;
        query.query_map([limit], import).and_then(Iterator::collect).map_err(&failed)
    }

    /// Writes what is known of a file now.
    pub fn put(&self, import: &Import) -> Result<(), StateError> {
        let Import { hash, name, bytes, rows, finished, at } = import;
        self.connection()
            .execute(
                "INSERT OR REPLACE INTO imports VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![hash, name, bytes.cast_signed(), rows.cast_signed(), finished, at.0],
            )
            .map(drop)
            .map_err(failed(&self.path))
    }
}

fn import(row: &Row<'_>) -> rusqlite::Result<Import> {
    Ok(Import {
        hash: row.get(0)?,
        name: row.get(1)?,
        bytes: row.get::<_, i64>(2)?.cast_unsigned(),
        rows: row.get::<_, i64>(3)?.cast_unsigned(),
        finished: row.get(4)?,
        at: Time(row.get(5)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_there_when_it_is_opened_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("state.db");
        let first = Import {
            hash: "aa".to_owned(),
            name: "nfcapd.1".to_owned(),
            bytes: 7,
            rows: 3,
            finished: false,
            at: Time(5),
        };
        let imports = Imports::open(&path).expect("opens");
        imports.put(&first).expect("written");
        let done = Import { rows: 9, finished: true, at: Time(6), ..first.clone() };
        imports.put(&done).expect("written");
        imports.put(&Import { hash: "bb".to_owned(), at: Time(1), ..first }).expect("written");
        drop(imports);
        let imports = Imports::open(&path).expect("opens again");
        assert_eq!(imports.find("aa").expect("reads"), Some(done));
        assert_eq!(imports.find("cc").expect("reads"), None);
        let hashes: Vec<_> = imports.latest(5).expect("reads").into_iter().map(|import| import.hash).collect();
        assert_eq!(hashes, ["aa", "bb"]);
    }
}
