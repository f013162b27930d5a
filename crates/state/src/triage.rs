// SPDX-License-Identifier: Apache-2.0
//! What people made of events and incidents, in `state.db`: where each stands, who looks after it, and what was said
//! about it. Kept by the identity of the event, or of the incident's first event.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minamo_base::Time;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::StateError;
use crate::definitions::failed;

const TABLES: &str = "
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS triage (
        event TEXT PRIMARY KEY, standing TEXT NOT NULL, owner TEXT, at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS triage_comments (
        event TEXT NOT NULL, at INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS triage_comments_event ON triage_comments (event, at);
    ";

/// Comments on one event that are kept.
pub const MAX_COMMENTS: u32 = 200;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nobody has looked.
    #[default]
    New,
    /// Somebody looks at it.
    Open,
    /// It was what it said.
    Confirmed,
    /// It was something else.
    FalsePositive,
    /// It is over.
    Closed,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::New, Self::Open, Self::Confirmed, Self::FalsePositive, Self::Closed];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::FalsePositive => "false_positive",
            Self::Closed => "closed",
        }
    }

    /// The one with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

/// What is known of an event besides what detection says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Triage {
    /// Where it stands.
    pub standing: Standing,
    /// Who looks after it.
    pub owner: Option<String>,
    /// When that was said last.
    pub at: Option<Time>,
    /// What was said about it, the oldest first.
    pub comments: Vec<Comment>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// When it was written.
    pub at: Time,
    /// By whom.
    pub author: String,
    /// What it says.
    pub text: String,
}

/// The tables.
pub struct Triages {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl Triages {
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

    /// What is known of the event.
    pub fn get(&self, event: &str) -> Result<Triage, StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, i64>(2)?));
        let known = connection
            .query_row("SELECT standing, owner, at FROM triage WHERE event = ?1", [event], row)
            .optional()
            .map_err(&failed)?;
        let mut query = connection
            .prepare_cached("SELECT at, author, text FROM triage_comments WHERE event = ?1 ORDER BY at")
            .map_err(&failed)?;
        let comment =
            |row: &rusqlite::Row<'_>| Ok(Comment { at: Time(row.get(0)?), author: row.get(1)?, text: row.get(2)? });
        let comments = query.query_map([event], comment).and_then(Iterator::collect).map_err(&failed)?;
        let (standing, owner, at) = match known {
            Some((standing, owner, at)) => (Standing::parse(&standing).unwrap_or_default(), owner, Some(Time(at))),
            None => Default::default(),
        };
        Ok(Triage { standing, owner, at, comments })
    }

    /// The events that stand there.
    pub fn of(&self, standing: Standing) -> Result<HashSet<String>, StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let mut query = connection.prepare_cached("SELECT event FROM triage WHERE standing = ?1").map_err(&failed)?;
        query.query_map([standing.name()], |row| row.get(0)).and_then(Iterator::collect).map_err(&failed)
    }

    /// Says where an event stands and who looks after it.
    pub fn set(&self, event: &str, standing: Standing, owner: Option<&str>, at: Time) -> Result<(), StateError> {
        let sql = "INSERT OR REPLACE INTO triage (event, standing, owner, at) VALUES (?1, ?2, ?3, ?4)";
        let values = params![event, standing.name(), owner, at.0];
        self.connection().execute(sql, values).map(drop).map_err(failed(&self.path))
    }

    /// Adds a comment; the oldest goes where there are too many.
    pub fn comment(&self, event: &str, comment: &Comment) -> Result<(), StateError> {
        let failed = failed(&self.path);
        let connection = self.connection();
        let sql = "INSERT INTO triage_comments (event, at, author, text) VALUES (?1, ?2, ?3, ?4)";
        connection.execute(sql, params![event, comment.at.0, comment.author, comment.text]).map_err(&failed)?;
        let sql = "DELETE FROM triage_comments WHERE event = ?1 AND rowid NOT IN
                   (SELECT rowid FROM triage_comments WHERE event = ?1 ORDER BY at DESC LIMIT ?2)";
        connection.execute(sql, params![event, MAX_COMMENTS]).map(drop).map_err(&failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_an_event_is_there_after_a_restart() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("state.db");
        let table = Triages::open(&path).expect("opens");
        assert_eq!(table.get("a").expect("reads"), Triage::default());
        table.set("a", Standing::FalsePositive, Some("kana"), Time(7)).expect("set");
        let comment = |at: i64| Comment { at: Time(at), author: "kana".into(), text: format!("text {at}") };
        (0..205).for_each(|at| table.comment("a", &comment(at)).expect("added"));
        drop(table);
        let known = Triages::open(&path).expect("opens again").get("a").expect("reads");
        assert_eq!(
            (known.standing, known.owner.as_deref(), known.at),
            (Standing::FalsePositive, Some("kana"), Some(Time(7)))
        );
        assert_eq!((known.comments.len(), &known.comments[0]), (200, &comment(5)));
        let table = Triages::open(&path).expect("opens again");
        assert_eq!(table.of(Standing::FalsePositive).expect("reads"), HashSet::from(["a".to_owned()]));
        assert!(table.of(Standing::Closed).expect("reads").is_empty());
    }

    #[test]
    fn standings_have_names() {
        assert!(Standing::ALL.into_iter().all(|one| Standing::parse(one.name()) == Some(one)));
        assert_eq!(Standing::parse("done"), None);
    }
}
