// SPDX-License-Identifier: Apache-2.0
//! The catalog: an SQLite database that says which segments are live and how far the log is sealed. Each
//! change is one durable transaction; what it does not name does not exist.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use minamo_base::Time;
use rusqlite::{Connection, OpenFlags, Transaction, params};

use crate::StoreError;
use crate::retention::{Hold, HoldKind, Retained, Rule};
use crate::segment::Segment;
use crate::span::Span;
use crate::start;
use crate::tables::{PerTable, TABLES, tables};

/// Steps from one schema version to the next; the version is how many were taken. Append only.
const MIGRATIONS: [&str; 5] = [
    "
    CREATE TABLE sealed (table_name TEXT PRIMARY KEY, through INTEGER NOT NULL) STRICT;
    CREATE TABLE next (one INTEGER PRIMARY KEY CHECK (one = 1), segment INTEGER NOT NULL) STRICT;
    INSERT INTO next VALUES (1, 1);
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, path TEXT NOT NULL UNIQUE, hour INTEGER,
        rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
        min_start INTEGER NOT NULL, max_start INTEGER NOT NULL, min_end INTEGER NOT NULL, max_end INTEGER NOT NULL,
        frame_first INTEGER NOT NULL, frame_last INTEGER NOT NULL
    ) STRICT;
    ",
    "
    ALTER TABLE segments ADD COLUMN sums BLOB;
    ALTER TABLE segments ADD COLUMN class TEXT NOT NULL DEFAULT '';
    CREATE TABLE holds (
        id INTEGER PRIMARY KEY AUTOINCREMENT, from_time INTEGER NOT NULL, to_time INTEGER NOT NULL,
        reason TEXT NOT NULL, made INTEGER NOT NULL
    ) STRICT;
    ",
    "
    ALTER TABLE holds ADD COLUMN kind TEXT NOT NULL DEFAULT 'other';
    ALTER TABLE holds ADD COLUMN owner TEXT NOT NULL DEFAULT '';
    ",
    "
    CREATE TABLE retained (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, rule TEXT NOT NULL, segments INTEGER NOT NULL,
        rows INTEGER NOT NULL, bytes INTEGER NOT NULL
    ) STRICT;
    ",
    // Of the other columns of a row, so that a flipped bit does not change what is true of a segment.
    "
    ALTER TABLE segments ADD COLUMN row_sum INTEGER;
    ALTER TABLE sealed ADD COLUMN row_sum INTEGER;
    ",
];

/// Runs of retention that are remembered; the oldest are forgotten.
pub(crate) const RETAINED: usize = 1_000;

/// The open database.
pub(crate) struct Catalog {
    connection: Connection,
    path: PathBuf,
}

/// What the catalog says of one table.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// Live segments.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// All frames up to this number are in segments.
    pub(crate) through: u64,
}

impl Catalog {
    /// Opens the catalog in `dir`, makes it where there is none, and brings it to the newest version. One that knows
    /// nothing beside segments is refused.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("catalog.db");
        let failed = StoreError::catalog(&path);
        let mut connection = Connection::open(&path).map_err(&failed)?;
        // FULL: a commit that returned survives a power cut.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;")
            .map_err(&failed)?;
        let version = Self::version(&connection, &path)?;
        if version == 0 {
            start::refuse_segments(dir, path.clone())?;
        }
        let sound: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(&failed)?;
        if sound != "ok" {
            return Err(StoreError::bad_catalog(&path, sound.lines().next().unwrap_or_default()));
        }
        for (at, step) in MIGRATIONS.iter().enumerate().skip(version) {
            let change = connection.transaction().map_err(&failed)?;
            change.execute_batch(step).map_err(&failed)?;
            let version = u32::try_from(at + 1).unwrap_or(u32::MAX);
            change.pragma_update(None, "user_version", version).map_err(&failed)?;
            change.commit().map_err(&failed)?;
        }
        Ok(Self { connection, path: path.clone() })
    }

    /// Puts everything into the one file and closes it.
    pub(crate) fn complete(self) -> Result<(), StoreError> {
        self.connection.execute_batch("PRAGMA journal_mode = DELETE;").map_err(StoreError::catalog(&self.path))
    }

    /// Opens the catalog in `dir` for reading, while another process may write it.
    pub(crate) fn open_read_only(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("catalog.db");
        let failed = StoreError::catalog(&path);
        let log = dir.join("catalog.db-wal");
        // Without a log nobody has it open: `immutable` then spares SQLite its lock and shared-memory files.
        let immutable = std::fs::metadata(&log).map_or(true, |log| log.len() == 0);
        let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let uri = format!("file:{text}?mode=ro{}", if immutable { "&immutable=1" } else { "" });
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(uri, flags).map_err(&failed)?;
        connection.execute_batch("PRAGMA busy_timeout = 5000;").map_err(&failed)?;
        if Self::version(&connection, &path)? < MIGRATIONS.len() {
            let reason = "written by an older version: open it once for writing".to_owned();
            return Err(StoreError::Damaged { path: path.clone(), reason });
        }
        Ok(Self { connection, path: path.clone() })
    }

    fn version(connection: &Connection, path: &Path) -> Result<usize, StoreError> {
        let found: u32 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(StoreError::catalog(path))?;
        let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
        if found > known {
            return Err(StoreError::Version { path: path.to_owned(), found, known });
        }
        usize::try_from(found).map_err(|e| StoreError::Engine(e.to_string()))
    }

    /// All that it says, as of one instant.
    pub(crate) fn load(&self, dir: &Path) -> Result<PerTable<Entry>, StoreError> {
        let failed = StoreError::catalog(&self.path);
        let read = self.connection.unchecked_transaction().map_err(&failed)?;
        let mut out: PerTable<Entry> = Default::default();
        for (entry, table) in out.iter_mut().zip(tables()) {
            entry.through = self.through_of(&read, table.name)?;
            for (segment, sum) in segments(&read, table.name, dir).map_err(&failed)? {
                // Rows of older versions have none.
                if sum.is_some_and(|sum| sum != row_sum(table.name, &segment)) {
                    let what = format!("segment {} is not noted as it was", segment.id);
                    return Err(StoreError::bad_catalog(&self.path, &what));
                }
                entry.segments.push(segment);
            }
        }
        let count = read.query_row("SELECT count(*) FROM segments", [], |row| row.get::<_, i64>(0)).map_err(&failed)?;
        if usize::try_from(count).ok() != Some(out.iter().map(|entry| entry.segments.len()).sum()) {
            return Err(StoreError::bad_catalog(&self.path, "segments are of no table"));
        }
        Ok(out)
    }

    /// How far each table is sealed.
    pub(crate) fn through(&self) -> Result<PerTable<u64>, StoreError> {
        let failed = StoreError::catalog(&self.path);
        let read = self.connection.unchecked_transaction().map_err(&failed)?;
        let mut out = [0; TABLES];
        for (to, table) in out.iter_mut().zip(tables()) {
            *to = self.through_of(&read, table.name)?;
        }
        Ok(out)
    }

    fn through_of(&self, read: &Transaction<'_>, table: &str) -> Result<u64, StoreError> {
        let found = through(read, table).map_err(StoreError::catalog(&self.path))?;
        let Some((through, sum)) = found else { return Ok(0) };
        if sum.is_some_and(|sum| sum != through_sum(table, through)) {
            return Err(StoreError::bad_catalog(
                &self.path,
                &format!("how far {table} are sealed is not noted as it was"),
            ));
        }
        Ok(through)
    }

    /// Identity for the next segment; never given twice to a segment that got into the catalog.
    pub(crate) fn next_id(&self) -> Result<i64, StoreError> {
        self.connection
            .query_row("SELECT max(segment, (SELECT coalesce(max(id), 0) + 1 FROM segments)) FROM next", [], |row| {
                row.get(0)
            })
            .map_err(StoreError::catalog(&self.path))
    }

    /// Adds segments and notes how far the log is sealed by them.
    pub(crate) fn seal(&mut self, table: &str, new: &[Arc<Segment>], through: u64) -> Result<(), StoreError> {
        self.change(|change| {
            insert(change, table, new)?;
            change.execute(
                "INSERT INTO sealed VALUES (?1, ?2, ?3)
                 ON CONFLICT (table_name) DO UPDATE SET through = excluded.through, row_sum = excluded.row_sum
                 WHERE excluded.through > through",
                params![table, signed(through), through_sum(table, through)],
            )?;
            Ok(())
        })
    }

    /// Replaces segments by others.
    pub(crate) fn replace(
        &mut self,
        table: &str,
        old: &[Arc<Segment>],
        new: &[Arc<Segment>],
    ) -> Result<(), StoreError> {
        self.change(|change| {
            for segment in old {
                change.execute("DELETE FROM segments WHERE id = ?1", [segment.id])?;
            }
            insert(change, table, new)
        })
    }

    /// Ranges from which nothing is deleted.
    pub(crate) fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let failed = StoreError::catalog(&self.path);
        let mut query = self
            .connection
            .prepare("SELECT id, from_time, to_time, reason, made, kind, owner FROM holds ORDER BY id")
            .map_err(&failed)?;
        let rows = query.query_map([], |row| {
            let (from, to, made) = (Time(row.get(1)?), Time(row.get(2)?), Time(row.get(4)?));
            let kind = HoldKind::of(&row.get::<_, String>(5)?).unwrap_or_default();
            Ok(Hold { id: row.get(0)?, from, to, kind, owner: row.get(6)?, reason: row.get(3)?, made })
        });
        rows.and_then(Iterator::collect).map_err(&failed)
    }

    /// Adds a hold; gives its number.
    pub(crate) fn hold(&mut self, hold: &Hold) -> Result<i64, StoreError> {
        let mut id = 0;
        self.change(|change| {
            change.execute(
                "INSERT INTO holds (from_time, to_time, reason, made, kind, owner) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![hold.from.0, hold.to.0, hold.reason, hold.made.0, hold.kind.word(), hold.owner],
            )?;
            id = change.last_insert_rowid();
            Ok(())
        })?;
        Ok(id)
    }

    /// Ends a hold; gives 1, or 0 where there is none of that number.
    pub(crate) fn release(&mut self, id: i64) -> Result<u64, StoreError> {
        let mut rows = 0;
        self.change(|change| {
            rows = change.execute("DELETE FROM holds WHERE id = ?1", [id])? as u64;
            Ok(())
        })?;
        Ok(rows)
    }

    /// What retention deleted, oldest first.
    pub(crate) fn retained(&self) -> Result<Vec<Retained>, StoreError> {
        let failed = StoreError::catalog(&self.path);
        let mut query = self
            .connection
            .prepare("SELECT at, rule, segments, rows, bytes FROM retained ORDER BY id")
            .map_err(&failed)?;
        let rows = query.query_map([], |row| {
            let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
            // A rule of a newer version is still a deletion: it is told without its reason.
            let rule = Rule::of(&row.get::<_, String>(1)?).map_or("", Rule::name);
            Ok(Retained { at: Time(row.get(0)?), rule, segments: number(2)?, rows: number(3)?, bytes: number(4)? })
        });
        rows.and_then(Iterator::collect).map_err(&failed)
    }

    /// Notes what retention deleted.
    pub(crate) fn note_retained(&mut self, run: &Retained) -> Result<(), StoreError> {
        self.change(|change| {
            change.execute(
                "INSERT INTO retained (at, rule, segments, rows, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![run.at.0, run.rule, signed(run.segments), signed(run.rows), signed(run.bytes)],
            )?;
            let last = change.last_insert_rowid();
            change.execute("DELETE FROM retained WHERE id <= ?1", [last - RETAINED as i64]).map(drop)
        })
    }

    fn change(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        let failed = StoreError::catalog(&self.path);
        let change = self.connection.transaction().map_err(&failed)?;
        work(&change).map_err(&failed)?;
        change.commit().map_err(&failed)
    }
}

fn through(read: &Transaction<'_>, table: &str) -> rusqlite::Result<Option<(u64, Option<u32>)>> {
    let mut query = read.prepare("SELECT through, row_sum FROM sealed WHERE table_name = ?1")?;
    let mut rows = query.query([table])?;
    rows.next()?.map(|row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))).transpose()
}

/// The checksum of how far a table is sealed.
fn through_sum(table: &str, through: u64) -> u32 {
    crc32fast::hash(format!("{table}\n{through}").as_bytes())
}

/// The segments of a table, each with the checksum of its row.
fn segments(read: &Transaction<'_>, table: &str, dir: &Path) -> rusqlite::Result<Vec<(Arc<Segment>, Option<u32>)>> {
    let mut query = read.prepare(
        "SELECT id, path, hour, rows, bytes, min_start, max_start, min_end, max_end, frame_first, frame_last, sums, class,
                row_sum
         FROM segments WHERE table_name = ?1 ORDER BY id",
    )?;
    let rows = query.query_map([table], |row| {
        let path: String = row.get(1)?;
        let unsigned = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let time = |at: usize| row.get(at).map(Time);
        let span = Span { min_start: time(5)?, max_start: time(6)?, min_end: time(7)?, max_end: time(8)? };
        let segment = Arc::new(Segment {
            id: row.get(0)?,
            file: dir.join(&path),
            path,
            hour: row.get(2)?,
            rows: unsigned(3)?,
            bytes: unsigned(4)?,
            span,
            frames: (unsigned(9)?, unsigned(10)?),
            sums: row.get::<_, Option<Vec<u8>>>(11)?.map_or_else(Arc::default, |sums| unpack(&sums)),
            class: row.get(12)?,
            doomed: AtomicBool::new(false),
        });
        Ok((segment, row.get(13)?))
    })?;
    rows.collect()
}

fn insert(change: &Transaction<'_>, table: &str, new: &[Arc<Segment>]) -> rusqlite::Result<()> {
    for segment in new {
        let Span { min_start, max_start, min_end, max_end } = segment.span;
        change.execute(
            "INSERT INTO segments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                segment.id,
                table,
                segment.path,
                segment.hour,
                signed(segment.rows),
                signed(segment.bytes),
                min_start.0,
                max_start.0,
                min_end.0,
                max_end.0,
                signed(segment.frames.0),
                signed(segment.frames.1),
                segment.sums.iter().flat_map(|sum| sum.to_le_bytes()).collect::<Vec<u8>>(),
                segment.class,
                row_sum(table, segment)
            ],
        )?;
        change.execute("UPDATE next SET segment = max(segment, ?1 + 1)", [segment.id])?;
    }
    Ok(())
}

/// The checksum of what is noted of a segment.
fn row_sum(table: &str, segment: &Segment) -> u32 {
    let Segment { id, path, hour, rows, bytes, span, frames, sums, class, .. } = segment;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(format!("{table}\n{id}\n{path}\n{hour:?}\n{rows}\n{bytes}\n{frames:?}\n{class}\n").as_bytes());
    for at in [span.min_start, span.max_start, span.min_end, span.max_end] {
        hasher.update(&at.0.to_le_bytes());
    }
    sums.iter().for_each(|sum| hasher.update(&sum.to_le_bytes()));
    hasher.finalize()
}

fn unpack(sums: &[u8]) -> Arc<[u32]> {
    sums.chunks_exact(4).map(|sum| u32::from_le_bytes(sum.try_into().unwrap_or_default())).collect()
}

/// SQLite's numbers are signed; the bits stay.
fn signed(number: u64) -> i64 {
    number.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_catalog_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        drop(Catalog::open(dir.path()).expect("a catalog"));
        Catalog::open(dir.path())
            .expect("opens again")
            .connection
            .pragma_update(None, "user_version", 99)
            .expect("set");
        let message = Catalog::open(dir.path()).err().expect("refused").to_string();
        assert!(message.contains("format version 99, want at most 5"), "{message}");
    }
    #[test]
    fn holds_of_an_older_catalog_are_kept_and_have_no_kind() {
        let dir = tempfile::tempdir().expect("a directory");
        let old = Connection::open(dir.path().join("catalog.db")).expect("a database");
        for step in &MIGRATIONS[..2] {
            old.execute_batch(step).expect("an older version");
        }
        old.pragma_update(None, "user_version", 2).expect("set");
        old.execute_batch("INSERT INTO holds (from_time, to_time, reason, made) VALUES (1, 2, 'case', 3)")
            .expect("held");
        drop(old);
        let holds = Catalog::open(dir.path()).expect("opens").holds().expect("reads");
        let owner = String::new();
        let want = Hold {
            id: 1,
            from: Time(1),
            to: Time(2),
            kind: HoldKind::Other,
            owner,
            reason: "case".to_owned(),
            made: Time(3),
        };
        assert_eq!(holds, [want]);
    }
}
