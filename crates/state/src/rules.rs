// SPDX-License-Identifier: Apache-2.0
//! The detection rules that people write in the console, and how they want rules to run, in `state.db`. It keeps texts
//! and knows nothing of what they say.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use rusqlite::{Connection, params};

use crate::StateError;
use crate::definitions::failed;

const TABLES: &str = "
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS rules (
        name TEXT PRIMARY KEY, text TEXT NOT NULL, author TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS rule_settings (
        rule TEXT PRIMARY KEY, settings TEXT NOT NULL, author TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT;
    ";

/// Rules of people that are kept at most.
pub const MAX_OWN_RULES: u32 = 500;
/// Octets of the text of one.
pub const MAX_RULE_TEXT: usize = 1 << 16;

/// What people keep of a rule: its text, or how it is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRule {
    /// Name of the rule.
    pub rule: String,
    /// What is kept.
    pub text: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: Time,
}

/// The tables.
pub struct OwnRules {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl std::fmt::Debug for OwnRules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OwnRules").field(&self.path).finish()
    }
}

impl OwnRules {
    /// Opens the tables in that database; makes all where they are missing.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let failed = failed(path);
        let connection = Connection::open(path).map_err(&failed)?;
        connection.execute_batch(TABLES).map_err(&failed)?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned() })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self, sql: &str) -> Result<Vec<KeptRule>, StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let mut query = connection.prepare_cached(sql).map_err(&failed)?;
        let row = |row: &rusqlite::Row<'_>| {
            Ok(KeptRule { rule: row.get(0)?, text: row.get(1)?, author: row.get(2)?, at: Time(row.get(3)?) })
        };
        query.query_map([], row).and_then(Iterator::collect).map_err(&failed)
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize, StateError> {
        self.connection().execute(sql, values).map_err(failed(&self.path))
    }

    /// The texts of rules, by name.
    pub fn texts(&self) -> Result<Vec<KeptRule>, StateError> {
        self.all("SELECT name, text, author, at FROM rules ORDER BY name")
    }

    /// How rules are to run, by name of the rule.
    pub fn settings(&self) -> Result<Vec<KeptRule>, StateError> {
        self.all("SELECT rule, settings, author, at FROM rule_settings ORDER BY rule")
    }

    /// Keeps the text of a rule, in place of an older one. False where there are too many already.
    pub fn put(&self, kept: &KeptRule) -> Result<bool, StateError> {
        let sql = "INSERT OR REPLACE INTO rules (name, text, author, at) SELECT ?1, ?2, ?3, ?4
                   WHERE (SELECT count(*) FROM rules WHERE name <> ?1) < ?5";
        let values = params![kept.rule, kept.text, kept.author, kept.at.0, MAX_OWN_RULES];
        Ok(self.run(sql, values)? == 1)
    }

    /// Says how a rule is to run.
    pub fn set(&self, kept: &KeptRule) -> Result<(), StateError> {
        let sql = "INSERT OR REPLACE INTO rule_settings (rule, settings, author, at) VALUES (?1, ?2, ?3, ?4)";
        self.run(sql, params![kept.rule, kept.text, kept.author, kept.at.0]).map(drop)
    }

    /// Forgets the text of a rule; false where there is none.
    pub fn remove(&self, name: &str) -> Result<bool, StateError> {
        Ok(self.run("DELETE FROM rules WHERE name = ?1", [name])? == 1)
    }

    /// Forgets how a rule is to run; false where nothing was said.
    pub fn reset(&self, rule: &str) -> Result<bool, StateError> {
        Ok(self.run("DELETE FROM rule_settings WHERE rule = ?1", [rule])? == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(rule: &str, text: &str) -> KeptRule {
        KeptRule { rule: rule.into(), text: text.into(), author: "kana".into(), at: Time(7) }
    }

    #[test]
    fn what_people_keep_of_rules_is_there_after_a_restart() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("state.db");
        let table = OwnRules::open(&path).expect("opens");
        assert!(table.put(&kept("a", "one")).expect("kept") && table.put(&kept("a", "two")).expect("kept"));
        table.set(&kept("a", "off")).expect("set");
        drop(table);
        let table = OwnRules::open(&path).expect("opens again");
        assert_eq!(table.texts().expect("read"), [kept("a", "two")]);
        assert_eq!(table.settings().expect("read"), [kept("a", "off")]);
        assert!(table.remove("a").expect("removed") && !table.remove("a").expect("nothing"));
        assert!(table.reset("a").expect("reset") && table.settings().expect("read").is_empty());
    }

    #[test]
    fn there_are_no_more_than_a_bound_and_these_can_be_changed() {
        let dir = tempfile::tempdir().expect("a directory");
        let table = OwnRules::open(&dir.path().join("state.db")).expect("opens");
        for number in 0..MAX_OWN_RULES {
            assert!(table.put(&kept(&number.to_string(), "")).expect("kept"));
        }
        assert!(!table.put(&kept("more", "")).expect("asked"));
        assert!(table.put(&kept("7", "changed")).expect("kept"));
    }
}
