// SPDX-License-Identifier: Apache-2.0
//! `rollups.db`: the rollups on disk (SQLite). A row holds the 60 minutes of an hour, the 144 five-minute steps
//! of half a day, or the 24 hours of a day, of one channel and key, as octets: a month of minutes is 720 rows
//! to read instead of 43,200, and one of five minutes is 60.
//!
//! *Channels.* One per filter, with
//! - `scope`: the minutes that somebody may ask for. A filter of a definition that is in force is wanted for
//!   ever; one that was replaced is wanted for the time in which it was in force.
//! - `through`: the number of the last frame whose rows are in it.
//! - `base`: frames up to this one are not rolled but back-filled from segments; `done` names the segments
//!   whose rows are in, until `filled` says that all are.
//!
//! Each change is one durable transaction. A channel that is made anew gets a number that was never used, so
//! that work for the old one that is still under way finds nothing to add to.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params};

use crate::RollupError;
use crate::cell::{Cell, decode};
use crate::change::Change;
use crate::cube::HOUR;
use crate::grid::{Ask, Grid};

/// Hours of a day, the slots of the coarser table.
pub(crate) const DAY: usize = 24;
/// Minutes of a day.
pub(crate) const DAY_MINUTES: i64 = 1_440;
/// Minutes of a step of the table between minutes and hours.
pub(crate) const FIVE: i64 = 5;
/// Steps of five minutes in half a day; a row's slot is one octet, so a whole day has no room.
pub(crate) const HALF: usize = 144;
/// Minutes of half a day.
pub(crate) const HALF_MINUTES: i64 = 720;
/// All minutes.
pub const EVER: Range<i64> = i64::MIN..i64::MAX;

/// Steps from one schema version to the next; the version is how many were taken. Append only.
const MIGRATIONS: [&str; 3] = [
    "
    CREATE TABLE channels (
        id INTEGER PRIMARY KEY AUTOINCREMENT, filter TEXT NOT NULL UNIQUE,
        scope_from INTEGER NOT NULL, scope_to INTEGER NOT NULL,
        through INTEGER NOT NULL, base INTEGER NOT NULL, filled INTEGER NOT NULL, since INTEGER
    ) STRICT;
    CREATE TABLE done (channel INTEGER, segment INTEGER, PRIMARY KEY (channel, segment)) STRICT, WITHOUT ROWID;
    CREATE TABLE minutes (
        channel INTEGER, dim INTEGER, hour INTEGER, key TEXT, cells BLOB NOT NULL,
        PRIMARY KEY (channel, dim, hour, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE hours (
        channel INTEGER, dim INTEGER, day INTEGER, key TEXT, cells BLOB NOT NULL,
        PRIMARY KEY (channel, dim, day, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE kept (one INTEGER PRIMARY KEY CHECK (one = 1), from_minute INTEGER NOT NULL) STRICT;
    ",
    // Filled from the minutes by [`Change::coarsen`].
    "
    CREATE TABLE fives (
        channel INTEGER, dim INTEGER, half INTEGER, key TEXT, cells BLOB NOT NULL,
        PRIMARY KEY (channel, dim, half, key)
    ) STRICT, WITHOUT ROWID;
    ",
    // Cells say how sure they are: the octets of rows tell by themselves whether they do.
    "",
];
/// The version from which on there are five-minute steps.
const WITH_FIVES: usize = 2;

/// A filter that shall have a rollup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its canonical text.
    pub filter: String,
    /// The minutes that are of interest; [`EVER`] where a definition in force uses it.
    pub scope: Range<i64>,
}

/// The state of one filter's rollup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its number; never used for another.
    pub id: i64,
    /// Canonical text of the filter.
    pub filter: String,
    /// The minutes that are of interest.
    pub scope: Range<i64>,
    /// Number of the last frame whose rows are in it.
    pub through: u64,
    /// Rows of frames up to this number come by back-fill.
    pub base: u64,
    /// True where the back-fill is over.
    pub filled: bool,
    /// Minute of the earliest row that there was when the back-fill began; nothing where there was none.
    pub since: Option<i64>,
}

/// The open database.
#[derive(Debug)]
pub struct Db {
    connection: Connection,
    path: PathBuf,
    /// The version as it was opened; an older one can be read as it is.
    version: usize,
}

impl Db {
    /// Opens the database, makes it where there is none, and brings it to the newest version.
    pub fn open(path: &Path) -> Result<Self, RollupError> {
        let failed = RollupError::sqlite(path);
        let mut connection = Connection::open(path).map_err(&failed)?;
        // FULL: what was rolled is on disk before the lake's catalog says that its rows are sealed.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;")
            .map_err(&failed)?;
        let version = version(&connection, path)?;
        for (at, step) in MIGRATIONS.iter().enumerate().skip(version) {
            let change = connection.transaction().map_err(&failed)?;
            change.execute_batch(step).map_err(&failed)?;
            let version = u32::try_from(at + 1).unwrap_or(u32::MAX);
            change.pragma_update(None, "user_version", version).map_err(&failed)?;
            let change = Change::new(change, path);
            if at + 1 == WITH_FIVES {
                change.coarsen()?;
            }
            change.commit()?;
        }
        Ok(Self { connection, path: path.to_owned(), version: MIGRATIONS.len() })
    }

    /// Opens the database for reading, while this or another process writes it.
    pub fn open_read_only(path: &Path) -> Result<Self, RollupError> {
        let failed = RollupError::sqlite(path);
        let log = path.with_extension("db-wal");
        // Without a log nobody has it open: `immutable` then spares SQLite its lock and shared-memory files.
        let immutable = std::fs::metadata(&log).map_or(true, |log| log.len() == 0);
        let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let uri = format!("file:{text}?mode=ro{}", if immutable { "&immutable=1" } else { "" });
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::reader(Connection::open_with_flags(uri, flags).map_err(&failed)?, path)
    }

    /// A second connection for reading, in the process that writes.
    pub fn open_beside(path: &Path) -> Result<Self, RollupError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::reader(Connection::open_with_flags(path, flags).map_err(RollupError::sqlite(path))?, path)
    }

    fn reader(connection: Connection, path: &Path) -> Result<Self, RollupError> {
        connection.execute_batch("PRAGMA busy_timeout = 5000;").map_err(RollupError::sqlite(path))?;
        let version = version(&connection, path)?;
        Ok(Self { connection, path: path.to_owned(), version })
    }

    /// A change, to be committed; without that nothing of it happened.
    pub fn change(&mut self) -> Result<Change<'_>, RollupError> {
        let failed = RollupError::sqlite(&self.path);
        // Immediate: SQLite does not wait for another writer where a transaction has read before it writes.
        let change = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        Ok(Change::new(change, &self.path))
    }

    /// All that it holds, as of this instant.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, RollupError> {
        let failed = RollupError::sqlite(&self.path);
        let read = self.connection.unchecked_transaction().map_err(&failed)?;
        // A transaction of SQLite begins with its first read.
        read.query_row("SELECT count(*) FROM channels", [], |_| Ok(())).map_err(&failed)?;
        Ok(Snapshot { read, path: &self.path, fives: self.version >= WITH_FIVES })
    }
}

fn version(connection: &Connection, path: &Path) -> Result<usize, RollupError> {
    let found: u32 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(RollupError::sqlite(path))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(RollupError::Version { path: path.to_owned(), found, known });
    }
    Ok(usize::try_from(found).unwrap_or(0))
}

/// The database as of one instant.
#[derive(Debug)]
pub struct Snapshot<'a> {
    read: Transaction<'a>,
    path: &'a Path,
    /// True where there is a table of five-minute steps.
    fives: bool,
}

impl Snapshot<'_> {
    /// All channels in the order of their numbers.
    pub fn channels(&self) -> Result<Vec<Channel>, RollupError> {
        channels(&self.read).map_err(RollupError::sqlite(self.path))
    }

    /// Segments whose rows are in a channel; of use while it is not filled.
    pub fn done(&self, channel: i64) -> Result<HashSet<i64>, RollupError> {
        let list = || {
            let mut query = self.read.prepare_cached("SELECT segment FROM done WHERE channel = ?1")?;
            query.query_map([channel], |row| row.get(0))?.collect::<rusqlite::Result<HashSet<i64>>>()
        };
        list().map_err(RollupError::sqlite(self.path))
    }

    /// Minutes before this one were deleted because of their age.
    pub fn kept_from(&self) -> Result<i64, RollupError> {
        kept_from(&self.read).map_err(RollupError::sqlite(self.path))
    }

    /// Adds what a channel holds to a chart. Whole hours, or five minutes, come from the coarser tables where the
    /// steps allow it.
    pub fn read(&self, channel: i64, ask: &Ask, grid: &mut Grid) -> Result<(), RollupError> {
        let (_, step, _) = grid.shape();
        let level = match step {
            _ if step % HOUR as i64 == 0 => Level::Hours,
            _ if step % FIVE == 0 && self.fives => Level::Fives,
            _ => Level::Minutes,
        };
        let (.., unit) = level.table();
        let Range { start, end } = ask.minutes.clone();
        // The first whole slot at or after the start, and the end of the last one.
        let low = start.checked_add(unit - 1).map_or(i64::MAX, |at| at.div_euclid(unit).saturating_mul(unit));
        let high = end.div_euclid(unit).saturating_mul(unit).max(i64::MIN + 1);
        if low >= high {
            return self.part(channel, ask, start..end, Level::Minutes, grid);
        }
        self.part(channel, ask, start..low, Level::Minutes, grid)?;
        self.part(channel, ask, low..high, level, grid)?;
        self.part(channel, ask, high..end, Level::Minutes, grid)
    }

    fn part(&self, channel: i64, ask: &Ask, of: Range<i64>, level: Level, grid: &mut Grid) -> Result<(), RollupError> {
        if of.is_empty() {
            return Ok(());
        }
        let failed = RollupError::sqlite(self.path);
        let (sql, slots, unit) = level.table();
        let row_minutes = unit * i64::try_from(slots).unwrap_or(1);
        let mut query = self.read.prepare_cached(sql).map_err(&failed)?;
        let bounds = (of.start.div_euclid(row_minutes), (of.end - 1).div_euclid(row_minutes));
        let mut rows = query.query(params![channel, ask.dim.number(), bounds.0, bounds.1]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let at: i64 = row.get(0).map_err(&failed)?;
            let octets = row.get_ref(2).map_err(&failed)?.as_blob().unwrap_or(&[u8::MAX]);
            let key = row.get_ref(1).map_err(&failed)?.as_str().unwrap_or_default();
            let first = at.saturating_mul(row_minutes);
            let mut line = grid.line(ask.line, key);
            let whole = decode(octets, slots, |slot, cell| {
                let minute = first.saturating_add(i64::try_from(slot).unwrap_or(0) * unit);
                if of.contains(&minute) {
                    line.add(minute, &cell);
                }
            });
            if !whole {
                return Err(RollupError::Cells { path: self.path.to_owned(), channel, at });
            }
        }
        Ok(())
    }

    /// Octets that the database takes.
    pub fn bytes(&self) -> Result<u64, RollupError> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        let octets = self.read.query_row(sql, [], |row| row.get::<_, i64>(0));
        octets.map(i64::unsigned_abs).map_err(RollupError::sqlite(self.path))
    }
}

#[derive(Clone, Copy)]
enum Level {
    Minutes,
    Fives,
    Hours,
}

impl Level {
    /// Query, slots of a row, minutes of a slot.
    fn table(self) -> (&'static str, usize, i64) {
        match self {
            Self::Minutes => (
                "SELECT hour, key, cells FROM minutes WHERE channel = ?1 AND dim = ?2 AND hour BETWEEN ?3 AND ?4",
                HOUR,
                1,
            ),
            Self::Fives => (
                "SELECT half, key, cells FROM fives WHERE channel = ?1 AND dim = ?2 AND half BETWEEN ?3 AND ?4",
                HALF,
                FIVE,
            ),
            Self::Hours => (
                "SELECT day, key, cells FROM hours WHERE channel = ?1 AND dim = ?2 AND day BETWEEN ?3 AND ?4",
                DAY,
                HOUR as i64,
            ),
        }
    }
}

pub(crate) fn channels(read: &Connection) -> rusqlite::Result<Vec<Channel>> {
    let mut query = read.prepare_cached(
        "SELECT id, filter, scope_from, scope_to, through, base, filled, since FROM channels ORDER BY id",
    )?;
    let rows = query.query_map([], |row| {
        Ok(Channel {
            id: row.get(0)?,
            filter: row.get(1)?,
            scope: row.get(2)?..row.get(3)?,
            through: row.get::<_, i64>(4)?.cast_unsigned(),
            base: row.get::<_, i64>(5)?.cast_unsigned(),
            filled: row.get(6)?,
            since: row.get(7)?,
        })
    })?;
    rows.collect()
}

pub(crate) fn kept_from(read: &Connection) -> rusqlite::Result<i64> {
    let found = read.query_row("SELECT from_minute FROM kept", [], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or(i64::MIN))
}

/// The cells of a row of the database, or empty ones.
pub(crate) fn cells<const N: usize>(octets: &[u8]) -> Option<[Cell; N]> {
    let mut out = [Cell::ZERO; N];
    let whole = decode(octets, N, |slot, cell| {
        if let Some(place) = out.get_mut(slot) {
            place.add(&cell);
        }
    });
    whole.then_some(out)
}

#[cfg(test)]
mod tests;
