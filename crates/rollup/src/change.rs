// SPDX-License-Identifier: Apache-2.0
//! A transaction that changes the rollups.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::cell::{Cell, encode};
use crate::cube::{Cube, Dim, HOUR, Names};
use crate::db::{Channel, DAY, DAY_MINUTES, FIVE, HALF, HALF_MINUTES, Wanted, cells, channels, kept_from};
use crate::{OTHER, RollupError};

/// Applications that a channel tells apart in one hour; those that come later are added up under
/// [`OTHER`]. Our own labels are about 350; an exporter may claim any.
pub const MAX_APPS: usize = 512;

const MINUTES: &str = "SELECT cells FROM minutes WHERE channel = ?1 AND dim = ?2 AND hour = ?3 AND key = ?4";
const FIVES: &str = "SELECT cells FROM fives WHERE channel = ?1 AND dim = ?2 AND half = ?3 AND key = ?4";
const PUT_FIVES: &str = "INSERT OR REPLACE INTO fives VALUES (?1, ?2, ?3, ?4, ?5)";
const HOURS: &str = "SELECT cells FROM hours WHERE channel = ?1 AND dim = ?2 AND day = ?3 AND key = ?4";

/// A transaction; dropped without [`Change::commit`], nothing happened.
#[derive(Debug)]
pub struct Change<'a> {
    change: Transaction<'a>,
    path: &'a Path,
    /// Applications per channel and hour, as far as they were counted.
    apps: HashMap<(i64, i64), usize>,
    /// Additions of keys that had no room of their own.
    crowded: u64,
}

impl<'a> Change<'a> {
    pub(crate) fn new(change: Transaction<'a>, path: &'a Path) -> Self {
        Self { change, path, apps: HashMap::new(), crowded: 0 }
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> RollupError + use<'a> {
        RollupError::sqlite(self.path)
    }

    /// All channels in the order of their numbers.
    pub fn channels(&self) -> Result<Vec<Channel>, RollupError> {
        channels(&self.change).map_err(self.failed())
    }

    /// Minutes before this one were deleted because of their age.
    pub fn kept_from(&self) -> Result<i64, RollupError> {
        kept_from(&self.change).map_err(self.failed())
    }

    /// Additions of applications that had no room of their own, in this change.
    pub fn crowded(&self) -> u64 {
        self.crowded
    }

    /// Adds what a cube holds to a channel.
    pub fn add(&mut self, channel: i64, cube: &Cube, names: &Names) -> Result<(), RollupError> {
        let mut days: BTreeMap<(i64, i64, String), [Cell; DAY]> = BTreeMap::new();
        let mut halves: BTreeMap<(i64, i64, String), [Cell; HALF]> = BTreeMap::new();
        for (number, hour, block) in cube.blocks() {
            let (dim, mut key) = names.key(number);
            let mut old = self.row(MINUTES, channel, dim, hour, &key)?;
            if old.is_none() && dim == Dim::App && key != OTHER && !self.has_room(channel, hour)? {
                key = OTHER.to_owned();
                old = self.row(MINUTES, channel, dim, hour, &key)?;
            }
            let sum = self.merged::<HOUR>(old, block, channel, hour)?;
            self.put("INSERT OR REPLACE INTO minutes VALUES (?1, ?2, ?3, ?4, ?5)", channel, dim, hour, &key, &sum)?;
            let (half, from) = half_of(hour);
            let fives = halves.entry((dim.number(), half, key.clone())).or_insert([Cell::ZERO; HALF]);
            add_minutes(fives, from, block);
            let day = days.entry((dim.number(), hour.div_euclid(DAY as i64), key)).or_insert([Cell::ZERO; DAY]);
            let slot = usize::try_from(hour.rem_euclid(DAY as i64)).unwrap_or(0);
            if let Some(of_hour) = day.get_mut(slot) {
                block.iter().for_each(|cell| of_hour.add(cell));
            }
        }
        for ((dim, day, key), block) in days {
            let dim = Dim::of(dim);
            let old = self.row(HOURS, channel, dim, day, &key)?;
            let sum = self.merged::<DAY>(old, &block, channel, day)?;
            self.put("INSERT OR REPLACE INTO hours VALUES (?1, ?2, ?3, ?4, ?5)", channel, dim, day, &key, &sum)?;
        }
        for ((dim, half, key), block) in halves {
            let dim = Dim::of(dim);
            let old = self.row(FIVES, channel, dim, half, &key)?;
            let sum = self.merged::<HALF>(old, &block, channel, half)?;
            self.put(PUT_FIVES, channel, dim, half, &key, &sum)?;
        }
        Ok(())
    }

    /// Fills the five-minute steps from the minutes, of a database that had none.
    pub(crate) fn coarsen(&self) -> Result<(), RollupError> {
        let mut query = self
            .change
            .prepare("SELECT channel, dim, hour, key, cells FROM minutes ORDER BY channel, dim, hour, key")
            .map_err(self.failed())?;
        let mut rows = query.query([]).map_err(self.failed())?;
        let mut at = None;
        let mut halves: BTreeMap<String, [Cell; HALF]> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(self.failed())? {
            let read = || Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
            let (channel, dim, hour, key, octets): (i64, i64, i64, String, Vec<u8>) = read().map_err(self.failed())?;
            let (half, from) = half_of(hour);
            if at != Some((channel, dim, half)) {
                self.put_halves(at.replace((channel, dim, half)), &mut halves)?;
            }
            let damaged = || RollupError::Cells { path: self.path.to_owned(), channel, at: hour };
            let block = cells::<HOUR>(&octets).ok_or_else(damaged)?;
            add_minutes(halves.entry(key).or_insert([Cell::ZERO; HALF]), from, &block);
        }
        self.put_halves(at, &mut halves)
    }

    fn put_halves(
        &self,
        at: Option<(i64, i64, i64)>,
        halves: &mut BTreeMap<String, [Cell; HALF]>,
    ) -> Result<(), RollupError> {
        let Some((channel, dim, half)) = at else { return Ok(()) };
        for (key, block) in std::mem::take(halves) {
            self.put(PUT_FIVES, channel, Dim::of(dim), half, &key, &encode(&block))?;
        }
        Ok(())
    }

    fn row(&self, sql: &str, channel: i64, dim: Dim, at: i64, key: &str) -> Result<Option<Vec<u8>>, RollupError> {
        let read = || {
            let mut query = self.change.prepare_cached(sql)?;
            query.query_row(params![channel, dim.number(), at, key], |row| row.get(0)).optional()
        };
        read().map_err(self.failed())
    }

    fn merged<const N: usize>(
        &self,
        old: Option<Vec<u8>>,
        more: &[Cell; N],
        channel: i64,
        at: i64,
    ) -> Result<Vec<u8>, RollupError> {
        let Some(old) = old else { return Ok(encode(more)) };
        let damaged = || RollupError::Cells { path: self.path.to_owned(), channel, at };
        let mut sum = cells::<N>(&old).ok_or_else(damaged)?;
        sum.iter_mut().zip(more).for_each(|(cell, more)| cell.add(more));
        Ok(encode(&sum))
    }

    fn put(&self, sql: &str, channel: i64, dim: Dim, at: i64, key: &str, octets: &[u8]) -> Result<(), RollupError> {
        let write =
            || self.change.prepare_cached(sql)?.execute(params![channel, dim.number(), at, key, octets]).map(drop);
        write().map_err(self.failed())
    }

    /// True where an hour has room for one more application; it is then taken.
    fn has_room(&mut self, channel: i64, hour: i64) -> Result<bool, RollupError> {
        let count = match self.apps.get(&(channel, hour)) {
            Some(count) => *count,
            None => {
                let sql = "SELECT count(*) FROM minutes WHERE channel = ?1 AND dim = ?2 AND hour = ?3 AND key <> ''";
                let dim = Dim::App.number();
                let count: i64 = self
                    .change
                    .prepare_cached(sql)
                    .and_then(|mut query| query.query_row(params![channel, dim, hour], |row| row.get(0)))
                    .map_err(self.failed())?;
                usize::try_from(count).unwrap_or(0)
            }
        };
        let room = count < MAX_APPS;
        self.apps.insert((channel, hour), count + usize::from(room));
        self.crowded += u64::from(!room);
        Ok(room)
    }

    /// Notes that all rows of frames up to `through` are in a channel.
    pub fn rolled(&self, channel: i64, through: u64) -> Result<(), RollupError> {
        self.run("UPDATE channels SET through = max(through, ?2) WHERE id = ?1", params![channel, signed(through)])
    }

    /// Notes that the rows of a segment are in a channel.
    pub fn done(&self, channel: i64, segment: i64) -> Result<(), RollupError> {
        self.run("INSERT OR REPLACE INTO done VALUES (?1, ?2)", params![channel, segment])
    }

    /// Notes that the back-fill of a channel is over.
    pub fn filled(&self, channel: i64) -> Result<(), RollupError> {
        self.run("UPDATE channels SET filled = 1 WHERE id = ?1", [channel])?;
        self.run("DELETE FROM done WHERE channel = ?1", [channel])
    }

    /// Makes the channels those that are wanted. New ones begin at frame `base`, with rows that begin at minute
    /// `since`; what nobody wants any more is deleted. A channel whose scope grew is made anew, because what
    /// was outside of it was never counted.
    pub fn sync(&self, wanted: &[Wanted], base: u64, since: Option<i64>) -> Result<(), RollupError> {
        let mut missing: BTreeMap<&str, &Wanted> = wanted.iter().map(|one| (one.filter.as_str(), one)).collect();
        for old in self.channels()? {
            let Some(one) = missing.get(old.filter.as_str()) else {
                self.delete(old.id)?;
                continue;
            };
            if one.scope.start < old.scope.start || one.scope.end > old.scope.end {
                self.delete(old.id)?;
                continue;
            }
            if one.scope != old.scope {
                let sql = "UPDATE channels SET scope_from = ?2, scope_to = ?3 WHERE id = ?1";
                self.run(sql, params![old.id, one.scope.start, one.scope.end])?;
                self.cut(old.id, one)?;
            }
            missing.remove(old.filter.as_str());
        }
        for one in missing.into_values() {
            self.create(one, base, since)?;
        }
        Ok(())
    }

    /// Empties a channel and begins it again at frame `base`.
    pub fn reset(&self, channel: &Channel, base: u64, since: Option<i64>) -> Result<(), RollupError> {
        self.delete(channel.id)?;
        self.create(&Wanted { filter: channel.filter.clone(), scope: channel.scope.clone() }, base, since)
    }

    fn create(&self, wanted: &Wanted, base: u64, since: Option<i64>) -> Result<(), RollupError> {
        let sql = "INSERT INTO channels (filter, scope_from, scope_to, through, base, filled, since)
                   VALUES (?1, ?2, ?3, ?4, ?4, 0, ?5)";
        let Wanted { filter, scope } = wanted;
        self.run(sql, params![filter, scope.start, scope.end, signed(base), since])
    }

    fn delete(&self, channel: i64) -> Result<(), RollupError> {
        for table in ["minutes", "fives", "hours", "done"] {
            self.run(&format!("DELETE FROM {table} WHERE channel = ?1"), [channel])?;
        }
        self.run("DELETE FROM channels WHERE id = ?1", [channel])
    }

    /// Deletes the rows that lie wholly outside of a scope.
    fn cut(&self, channel: i64, wanted: &Wanted) -> Result<(), RollupError> {
        let (from, to) = (wanted.scope.start, wanted.scope.end.saturating_sub(1));
        let tables = [("minutes", "hour", HOUR as i64), ("fives", "half", HALF_MINUTES), ("hours", "day", DAY_MINUTES)];
        for (table, column, minutes) in tables {
            // By dimension, so that the primary key finds them.
            for dim in [Dim::Total, Dim::Protocol, Dim::App] {
                let sql =
                    format!("DELETE FROM {table} WHERE channel = ?1 AND dim = ?2 AND ({column} < ?3 OR {column} > ?4)");
                let bounds = (from.div_euclid(minutes), to.div_euclid(minutes));
                self.run(&sql, params![channel, dim.number(), bounds.0, bounds.1])?;
            }
        }
        Ok(())
    }

    /// Deletes the days that ended before a minute; gives the number of rows. What comes late for such a day is
    /// no longer taken: see [`Change::kept_from`].
    pub fn expire(&self, before: i64) -> Result<u64, RollupError> {
        let kept = before.div_euclid(DAY_MINUTES).saturating_mul(DAY_MINUTES);
        if kept <= self.kept_from()? {
            return Ok(0);
        }
        let mut rows = 0;
        let tables = [("minutes", "hour", HOUR as i64), ("fives", "half", HALF_MINUTES), ("hours", "day", DAY_MINUTES)];
        for (table, column, minutes) in tables {
            let first = kept.div_euclid(minutes);
            let sql = format!("DELETE FROM {table} WHERE {column} < ?1");
            rows += self.change.execute(&sql, [first]).map_err(self.failed())?;
        }
        self.run("INSERT OR REPLACE INTO kept VALUES (1, ?1)", [kept])?;
        Ok(rows as u64)
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), RollupError> {
        self.change.execute(sql, values).map(drop).map_err(self.failed())
    }

    /// Makes it last.
    pub fn commit(self) -> Result<(), RollupError> {
        let failed = RollupError::sqlite(self.path);
        self.change.commit().map_err(failed)
    }
}

/// The half day that an hour is in, and the first of its five-minute slots there.
fn half_of(hour: i64) -> (i64, usize) {
    let hours = HALF_MINUTES / HOUR as i64;
    (hour.div_euclid(hours), usize::try_from(hour.rem_euclid(hours)).unwrap_or(0) * (HOUR / FIVE as usize))
}

/// Adds the minutes of an hour to five-minute slots from `first` on.
fn add_minutes(fives: &mut [Cell; HALF], first: usize, minutes: &[Cell; HOUR]) {
    let slots = fives.iter_mut().skip(first);
    slots.zip(minutes.chunks(FIVE as usize)).for_each(|(slot, minutes)| minutes.iter().for_each(|m| slot.add(m)));
}

fn signed(frame: u64) -> i64 {
    frame.cast_signed()
}
