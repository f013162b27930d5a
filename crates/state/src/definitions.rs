// SPDX-License-Identifier: Apache-2.0
//! Definitions in `state.db` (SQLite), in one append-only table.
//!
//! *Versions.* A change is a new version that is in force from some instant on, which may lie in the past; from
//! that instant on it stands before all versions with lower numbers. So at any instant the version with the
//! highest number that began by then is the one in force, and what was in force between two changes stays as it
//! was. The end of a definition is a version without a body. Rows are never changed but for `valid_to`, which
//! says the same as the rule above, for whoever reads the table with SQL.
//!
//! Several processes may have the file open: the command line changes definitions while the server runs.
//! [`Definitions::generation`] tells whether somebody did.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, TransactionBehavior, params};
use serde_json::Value;

/// Steps from one version of the tables to the next; append only. The version is kept in a table of its own,
/// because other tables of the file have theirs in `user_version`.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE definitions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
        valid_from INTEGER NOT NULL, valid_to INTEGER,
        body TEXT, created_at INTEGER NOT NULL,
        UNIQUE (kind, name, version)
    ) STRICT;
    "];

/// What is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Channels of traffic.
    Profile,
    /// A name for addresses.
    Network,
    /// A name for ports.
    Ports,
    /// A mark on flows.
    Tag,
    /// A name for applications.
    Application,
    /// The contents of the networks file.
    NetworksFile,
}

impl Kind {
    /// The word in the table: never changed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Network => "network",
            Self::Ports => "ports",
            Self::Tag => "tag",
            Self::Application => "application",
            Self::NetworksFile => "networks-file",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Profile, Self::Network, Self::Ports, Self::Tag, Self::Application, Self::NetworksFile]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// One version of one definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// What is defined.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Number of the version, from 1.
    pub version: u32,
    /// From when on it is in force.
    pub valid_from: Time,
    /// Until when it is in force, not in it; never where it equals `valid_from`. Open where absent.
    pub valid_to: Option<Time>,
    /// What it says; nothing where it is the end of the definition.
    pub body: Option<Value>,
    /// When it was written.
    pub created_at: Time,
}

impl Definition {
    /// True where it is in force at an instant and says something.
    pub fn holds_at(&self, at: Time) -> bool {
        self.body.is_some() && self.valid_from <= at && self.valid_to.is_none_or(|to| at < to)
    }
}

/// Why definitions could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// SQLite refused.
    #[error("definitions {}: {reason}", path.display())]
    Sqlite {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// The tables were written by a newer version.
    #[error("{}: definitions have version {found}, want at most {known}: written by a newer version", path.display())]
    Version {
        /// The database file.
        path: PathBuf,
        /// Version that it says.
        found: usize,
        /// Newest version that is known here.
        known: usize,
    },
    /// What a version says is not what its kind says.
    #[error("{kind} {name}, version {version}: {reason}")]
    Body {
        /// Kind of the definition.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Its version.
        version: u32,
        /// What is wrong.
        reason: String,
    },
    /// A row that cannot be read back.
    #[error("{}: {kind} {name}, version {version}: {reason}", path.display())]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// Kind of the definition.
        kind: String,
        /// Its name.
        name: String,
        /// Its version.
        version: u32,
        /// What is wrong.
        reason: String,
    },
}

/// The open definitions.
#[derive(Debug)]
pub struct Definitions {
    db: Mutex<Connection>,
    path: PathBuf,
}

impl Definitions {
    /// Opens the database, makes it where there is none, and brings it to the newest version.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let failed = failed(path);
        let mut db = Connection::open(path).map_err(&failed)?;
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
             CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;",
        )
        .map_err(&failed)?;
        let change = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let version = version(&change, path)?;
        for step in MIGRATIONS.iter().skip(version) {
            change.execute_batch(step).map_err(&failed)?;
        }
        let sql = "INSERT OR REPLACE INTO parts VALUES ('definitions', ?1)";
        change.execute(sql, [i64::try_from(MIGRATIONS.len()).unwrap_or(0)]).map_err(&failed)?;
        change.commit().map_err(&failed)?;
        Ok(Self { db: Mutex::new(db), path: path.to_owned() })
    }

    /// Opens the database for reading. Where it has no definitions yet, they are those of an empty one.
    pub fn open_read_only(path: &Path) -> Result<Self, StateError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let found = Connection::open_with_flags(path, flags).and_then(|db| {
            let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('definitions', 'parts')";
            let tables: i64 = db.query_row(sql, [], |row| row.get(0))?;
            Ok((tables == 2).then_some(db))
        });
        let db = match found.map_err(failed(path))? {
            Some(db) => db,
            None => {
                let memory = Self::open(Path::new(":memory:"))?;
                return Ok(Self { path: path.to_owned(), ..memory });
            }
        };
        version(&db, path)?;
        Ok(Self { db: Mutex::new(db), path: path.to_owned() })
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that rises with every change, whoever makes it.
    pub fn generation(&self) -> Result<i64, StateError> {
        let sql = "SELECT coalesce(max(id), 0) FROM definitions";
        self.db().query_row(sql, [], |row| row.get(0)).map_err(failed(&self.path))
    }

    /// Adds a version that is in force from `from` on; `body` absent ends the definition there. `now` is when it
    /// is written. Where `expected` is given and is not the generation any more, nothing is done and the answer
    /// is nothing: what the caller had checked may no longer hold.
    pub fn put(
        &self,
        kind: Kind,
        name: &str,
        body: Option<&Value>,
        from: Time,
        now: Time,
        expected: Option<i64>,
    ) -> Result<Option<Definition>, StateError> {
        let failed = failed(&self.path);
        let mut db = self.db();
        let change = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let sql = "SELECT coalesce(max(id), 0) FROM definitions";
        let generation: i64 = change.query_row(sql, [], |row| row.get(0)).map_err(&failed)?;
        if expected.is_some_and(|expected| expected != generation) {
            return Ok(None);
        }
        let work = || {
            let sql = "SELECT coalesce(max(version), 0) + 1 FROM definitions WHERE kind = ?1 AND name = ?2";
            let version: u32 = change.query_row(sql, params![kind.word(), name], |row| row.get(0))?;
            // What began later never comes into force; what is in force ends here.
            change.execute(
                "UPDATE definitions SET valid_to = max(valid_from, ?3)
                 WHERE kind = ?1 AND name = ?2 AND (valid_to IS NULL OR valid_to > ?3)",
                params![kind.word(), name, from.0],
            )?;
            change.execute(
                "INSERT INTO definitions (kind, name, version, valid_from, valid_to, body, created_at)
                 VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6)",
                params![kind.word(), name, version, from.0, body.map(Value::to_string), now.0],
            )?;
            Ok(version)
        };
        let version = work().map_err(&failed)?;
        change.commit().map_err(&failed)?;
        let (name, body) = (name.to_owned(), body.cloned());
        Ok(Some(Definition { kind, name, version, valid_from: from, valid_to: None, body, created_at: now }))
    }

    /// Forgets the oldest versions of a definition, so that at most `versions` of them and `octets` of what they say are
    /// left; the newest stays. Gives how many are gone.
    pub fn forget(&self, kind: Kind, name: &str, versions: u32, octets: u64) -> Result<usize, StateError> {
        let sql = "DELETE FROM definitions WHERE id IN (SELECT id FROM (
                     SELECT id, row_number() OVER newest AS place, sum(coalesce(length(body), 0)) OVER newest AS octets
                     FROM definitions WHERE kind = ?1 AND name = ?2 WINDOW newest AS (ORDER BY version DESC))
                   WHERE place > 1 AND (place > ?3 OR octets > ?4))";
        let octets = i64::try_from(octets).unwrap_or(i64::MAX);
        self.db().execute(sql, params![kind.word(), name, versions, octets]).map_err(failed(&self.path))
    }

    /// What was in force at an instant.
    pub fn at(&self, kind: Kind, name: &str, at: Time) -> Result<Option<Definition>, StateError> {
        let sql =
            "kind = ?1 AND name = ?2 AND valid_from <= ?3 AND (valid_to IS NULL OR ?3 < valid_to) AND body NOTNULL";
        Ok(self.read(sql, params![kind.word(), name, at.0])?.pop())
    }

    /// All versions, oldest first, ends included.
    pub fn history(&self, kind: Kind, name: &str) -> Result<Vec<Definition>, StateError> {
        self.read("kind = ?1 AND name = ?2", params![kind.word(), name])
    }

    /// All that was in force at an instant, by name.
    pub fn list(&self, kind: Kind, at: Time) -> Result<Vec<Definition>, StateError> {
        let sql = "kind = ?1 AND valid_from <= ?2 AND (valid_to IS NULL OR ?2 < valid_to) AND body NOTNULL";
        self.read(sql, params![kind.word(), at.0])
    }

    /// All versions of a kind with the generation that they are of.
    pub fn all(&self, kind: Kind) -> Result<(i64, Vec<Definition>), StateError> {
        // Before the rows: a change in between shows as a generation that is too old.
        let generation = self.generation()?;
        Ok((generation, self.read("kind = ?1", params![kind.word()])?))
    }

    fn read(&self, which: &str, values: impl rusqlite::Params) -> Result<Vec<Definition>, StateError> {
        let sql = format!(
            "SELECT kind, name, version, valid_from, valid_to, body, created_at FROM definitions
             WHERE {which} ORDER BY name, version"
        );
        let db = self.db();
        let failed = failed(&self.path);
        let mut query = db.prepare_cached(&sql).map_err(&failed)?;
        let mut rows = query.query(values).map_err(&failed)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            out.push(self.definition(row)?);
        }
        Ok(out)
    }

    fn definition(&self, row: &Row<'_>) -> Result<Definition, StateError> {
        let failed = failed(&self.path);
        let cells = || {
            let (kind, name, version): (String, String, u32) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (from, to, created): (i64, Option<i64>, i64) = (row.get(3)?, row.get(4)?, row.get(6)?);
            Ok((kind, name, version, from, to, row.get::<_, Option<String>>(5)?, created))
        };
        let (kind, name, version, from, to, body, created) = cells().map_err(failed)?;
        let damaged = |reason: String| StateError::Damaged {
            path: self.path.clone(),
            kind: kind.clone(),
            name: name.clone(),
            version,
            reason,
        };
        let body = body.map(|body| serde_json::from_str(&body)).transpose().map_err(|e| damaged(e.to_string()))?;
        Ok(Definition {
            kind: Kind::of(&kind).ok_or_else(|| damaged("no such kind".to_owned()))?,
            version,
            valid_from: Time(from),
            valid_to: to.map(Time),
            body,
            created_at: Time(created),
            name,
        })
    }
}

pub(crate) fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> StateError + '_ {
    move |error| StateError::Sqlite { path: path.to_owned(), reason: error.to_string() }
}

fn version(db: &Connection, path: &Path) -> Result<usize, StateError> {
    let sql = "SELECT version FROM parts WHERE name = 'definitions'";
    let found: Option<i64> = db.query_row(sql, [], |row| row.get(0)).optional().map_err(failed(path))?;
    let (found, known) = (usize::try_from(found.unwrap_or(0)).unwrap_or(usize::MAX), MIGRATIONS.len());
    if found > known {
        return Err(StateError::Version { path: path.to_owned(), found, known });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definitions() -> (tempfile::TempDir, Definitions) {
        let dir = tempfile::tempdir().expect("a directory");
        let definitions = Definitions::open(&dir.path().join("state.db")).expect("opens");
        (dir, definitions)
    }

    fn put(of: &Definitions, body: Option<u32>, from: i64) -> u32 {
        let body = body.map(|n| json!(n));
        of.put(Kind::Tag, "x", body.as_ref(), Time(from), Time(100), None).expect("put").expect("done").version
    }

    fn at(of: &Definitions, at: i64) -> Option<Value> {
        of.at(Kind::Tag, "x", Time(at)).expect("read").and_then(|found| found.body)
    }

    #[test]
    fn each_instant_has_the_version_that_was_in_force() {
        let (_dir, d) = definitions();
        assert_eq!((put(&d, Some(1), 10), put(&d, Some(2), 20), put(&d, None, 30), put(&d, Some(4), 40)), (1, 2, 3, 4));
        let found: Vec<_> = [9, 10, 19, 20, 29, 30, 39, 40, 99].map(|t| at(&d, t)).to_vec();
        let want = [None, Some(1), Some(1), Some(2), Some(2), None, None, Some(4), Some(4)];
        assert_eq!(found, want.map(|n| n.map(|n: u32| json!(n))));
        // A change in the past stands before all that was said of later times.
        put(&d, Some(5), 15);
        let found: Vec<_> = [10, 14, 15, 25, 35, 99].map(|t| at(&d, t)).to_vec();
        assert_eq!(found, [Some(1), Some(1), Some(5), Some(5), Some(5), Some(5)].map(|n| n.map(|n: u32| json!(n))));
        let history = d.history(Kind::Tag, "x").expect("read");
        assert_eq!(
            history.iter().map(|v| (v.valid_from.0, v.valid_to.map(|t| t.0))).collect::<Vec<_>>(),
            [(10, Some(15)), (20, Some(20)), (30, Some(30)), (40, Some(40)), (15, None)]
        );
        assert_eq!(d.list(Kind::Tag, Time(50)).expect("read").len(), 1);
        assert!(d.list(Kind::Network, Time(50)).expect("read").is_empty());
    }

    #[test]
    fn a_change_by_another_process_is_noticed() {
        let (dir, d) = definitions();
        let other = Definitions::open(&dir.path().join("state.db")).expect("opens");
        let before = d.generation().expect("read");
        put(&other, Some(1), 10);
        assert!(d.generation().expect("read") > before);
        let body = json!(2);
        let stale = d.put(Kind::Tag, "x", Some(&body), Time(20), Time(20), Some(before)).expect("no failure");
        assert_eq!((stale, at(&d, 30)), (None, Some(json!(1))));
    }

    #[test]
    fn it_reads_beside_other_tables_and_refuses_newer_ones() {
        let (dir, d) = definitions();
        let path = dir.path().join("state.db");
        d.db().pragma_update(None, "user_version", 7).expect("set");
        put(&d, Some(1), 10);
        let reader = Definitions::open_read_only(&path).expect("opens");
        assert_eq!(at(&reader, 10), Some(json!(1)));
        d.db().execute("UPDATE definitions SET body = '{'", []).expect("changed");
        let error = d.history(Kind::Tag, "x").expect_err("refused").to_string();
        assert!(error.contains("tag x, version 1"), "{error}");
        d.db().execute("UPDATE parts SET version = 9", []).expect("changed");
        assert!(Definitions::open(&path).expect_err("refused").to_string().contains("version 9, want at most 1"));
        let empty = dir.path().join("empty.db");
        Connection::open(&empty).and_then(|db| db.execute_batch("CREATE TABLE users (x)")).expect("made");
        assert!(Definitions::open_read_only(&empty).expect("opens").all(Kind::Tag).expect("read").1.is_empty());
    }
}
