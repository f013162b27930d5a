// SPDX-License-Identifier: Apache-2.0
//! Users and sessions in `state.db` (SQLite). Passwords are kept as Argon2id hashes, session tokens as
//! SHA-256: who reads the file learns neither.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use minamo_base::{Time, hex};
use rand::RngExt as _;
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest, Sha256};

use crate::lake::types::LakeJob;
use crate::listen::Connections;
use crate::logins::Logins;
use crate::tokens::{PREFIX, Scope, TokenInfo};

/// How long a session lasts.
pub(crate) const SESSION_SECS: i64 = 12 * 3_600;
/// Sessions that are kept; the oldest go first.
const MAX_SESSIONS: i64 = 10_000;
/// How often it is noted that a token was used.
const USED_SECS: i64 = 3_600;
/// Version of the tables.
const VERSION: i64 = 1;

/// The open state.
pub struct State {
    db: Mutex<Connection>,
    /// Who is looked at on login.
    pub(crate) logins: Logins,
    /// The connections that are open.
    pub(crate) connections: Connections,
}

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// SQLite refused.
    #[error("state database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A password cannot be hashed.
    #[error("cannot hash a password: {0}")]
    Hash(String),
    /// Work on the lake cannot be written down.
    #[error("cannot write down what was done with the lake: {0}")]
    Job(String),
    /// The file was written by a newer version.
    #[error("state database has version {found}, want at most {known}: it was written by a newer version")]
    Version {
        /// Version in the file.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
}

impl State {
    /// Opens or makes the database.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > VERSION {
            return Err(StateError::Version { found, known: VERSION });
        }
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, password TEXT NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, user TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS tokens (name TEXT PRIMARY KEY, scope TEXT NOT NULL, secret TEXT NOT NULL UNIQUE,
                 made_by TEXT NOT NULL, made_at INTEGER NOT NULL, used_at INTEGER) STRICT;
             CREATE TABLE IF NOT EXISTS lake_jobs (kind TEXT PRIMARY KEY, ended_at TEXT NOT NULL, job TEXT NOT NULL) STRICT;",
        )?;
        db.pragma_update(None, "user_version", VERSION)?;
        Ok(Self { db: Mutex::new(db), logins: Logins::default(), connections: Connections::default() })
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True where there is no user yet.
    pub fn is_new(&self) -> Result<bool, StateError> {
        Ok(self.db().query_row("SELECT COUNT(*) = 0 FROM users", [], |row| row.get(0))?)
    }

    /// Makes a user, or gives an old one a new password.
    pub fn set_user(&self, name: &str, password: &str) -> Result<(), StateError> {
        let hash: PasswordHash =
            Argon2::default().hash_password(password.as_bytes()).map_err(|e| StateError::Hash(e.to_string()))?;
        let hash = hash.to_string();
        self.db().execute("INSERT OR REPLACE INTO users (name, password) VALUES (?1, ?2)", params![name, hash])?;
        Ok(())
    }

    /// True where name and password belong together. Takes the same time for unknown names.
    pub(crate) fn check_password(&self, name: &str, password: &str) -> Result<bool, StateError> {
        /// Hash of a random password nobody has.
        const NOBODY: &str =
            "$argon2id$v=19$m=19456,t=2,p=1$aOeUJGp1dxqjBFyEZ1ym6g$Ra6iTqkYO9Jvqkpa0xOTJWUURbVDZUn2rhLvLMnCTsA";
        let query = "SELECT password FROM users WHERE name = ?1";
        let stored: Option<String> = self.db().query_row(query, [name], |row| row.get(0)).optional()?;
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.to_owned());
        let hash = PasswordHash::new(&stored).map_err(|e| StateError::Hash(e.to_string()))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && known)
    }

    /// Starts a session; returns its token.
    pub(crate) fn start_session(&self, user: &str, now: Time) -> Result<String, StateError> {
        let token = hex(&rand::rng().random::<[u8; 32]>());
        let db = self.db();
        db.execute("DELETE FROM sessions WHERE expires <= ?1", [now.secs()])?;
        db.execute(
            "DELETE FROM sessions WHERE token IN (SELECT token FROM sessions ORDER BY expires DESC LIMIT -1 OFFSET ?1)",
            [MAX_SESSIONS - 1],
        )?;
        db.execute(
            "INSERT INTO sessions (token, user, expires) VALUES (?1, ?2, ?3)",
            params![digest(&token), user, now.secs() + SESSION_SECS],
        )?;
        Ok(token)
    }

    /// The user of a session that has not expired.
    pub(crate) fn session_user(&self, token: &str, now: Time) -> Result<Option<String>, StateError> {
        let query = "SELECT user FROM sessions WHERE token = ?1 AND expires > ?2";
        Ok(self.db().query_row(query, params![digest(token), now.secs()], |row| row.get(0)).optional()?)
    }

    /// Keeps a new token; gives its secret, of which only the hash is kept.
    pub(crate) fn put_token(&self, name: &str, scope: Scope, made_by: &str, now: Time) -> Result<String, StateError> {
        let secret = format!("{PREFIX}{}", hex(&rand::rng().random::<[u8; 32]>()));
        self.db().execute(
            "INSERT INTO tokens (name, scope, secret, made_by, made_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![name, scope.name(), digest(&secret), made_by, now.secs()],
        )?;
        Ok(secret)
    }

    /// Name and scope of the token with this secret; that it was used is noted once an hour.
    pub(crate) fn token_of(&self, secret: &str, now: Time) -> Result<Option<(String, Scope)>, StateError> {
        let db = self.db();
        let query = "SELECT name, scope, COALESCE(used_at, 0) FROM tokens WHERE secret = ?1";
        let found: Option<(String, String, i64)> =
            db.query_row(query, [digest(secret)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        let Some((name, scope, used_at)) = found else { return Ok(None) };
        if now.secs() >= used_at.saturating_add(USED_SECS) {
            db.execute("UPDATE tokens SET used_at = ?2 WHERE name = ?1", params![name, now.secs()])?;
        }
        Ok(Scope::parse(&scope).map(|scope| (name, scope)))
    }

    /// The tokens by their names. What a newer version made is left out.
    pub fn tokens(&self) -> Result<Vec<TokenInfo>, StateError> {
        let db = self.db();
        let mut query = db.prepare("SELECT name, scope, made_by, made_at, used_at FROM tokens ORDER BY name")?;
        let at = |secs: i64| Time::from_secs_nanos(secs, 0).to_string();
        let rows = query.query_map([], |row| {
            let scope: String = row.get(1)?;
            let used_at: Option<i64> = row.get(4)?;
            let (name, made_by, made_at) = (row.get(0)?, row.get(2)?, at(row.get(3)?));
            Ok(Scope::parse(&scope).map(|scope| TokenInfo { name, scope, made_by, made_at, used_at: used_at.map(at) }))
        })?;
        Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
    }

    /// Takes a token back; false where there is none of this name.
    pub fn revoke_token(&self, name: &str) -> Result<bool, StateError> {
        Ok(self.db().execute("DELETE FROM tokens WHERE name = ?1", [name])? > 0)
    }

    /// The last work on the lake of each kind, the oldest first. What a newer version wrote is left out.
    pub(crate) fn jobs(&self) -> Result<Vec<LakeJob>, StateError> {
        let db = self.db();
        let mut query = db.prepare("SELECT job FROM lake_jobs ORDER BY ended_at, kind")?;
        let texts = query.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
    }

    /// Notes work on the lake that has ended, in place of the last of its kind.
    pub(crate) fn put_job(&self, job: &LakeJob) -> Result<(), StateError> {
        let json = |value| serde_json::to_string(value).map_err(|error| StateError::Job(error.to_string()));
        let (kind, text) = (json(&serde_json::json!(job.kind))?, json(&serde_json::json!(job))?);
        self.db().execute(
            "INSERT OR REPLACE INTO lake_jobs (kind, ended_at, job) VALUES (?1, ?2, ?3)",
            params![kind, job.ended_at.as_deref().unwrap_or_default(), text],
        )?;
        Ok(())
    }

    /// Ends a session.
    pub(crate) fn end_session(&self, token: &str) -> Result<(), StateError> {
        self.db().execute("DELETE FROM sessions WHERE token = ?1", [digest(token)])?;
        Ok(())
    }
}

/// A password for a first login: 20 characters without those that look alike, about 115 bits.
pub fn random_password() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut rng = rand::rng();
    let letter = |_| LETTERS.get(rng.random_range(0..LETTERS.len())).map_or('x', |octet| char::from(*octet));
    (0..20).map(letter).collect()
}

fn digest(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(&folder.path().join("state.db")).expect("opened");
        (folder, state)
    }

    #[test]
    fn passwords_are_checked_and_not_kept() {
        let (folder, state) = state();
        assert!(state.is_new().expect("readable"));
        state.set_user("admin", "correct horse").expect("set");
        assert!(!state.is_new().expect("readable"));
        assert!(state.check_password("admin", "correct horse").expect("checked"));
        assert!(!state.check_password("admin", "wrong").expect("checked"));
        assert!(!state.check_password("nobody", "correct horse").expect("checked"));
        drop(state);
        for entry in std::fs::read_dir(folder.path()).expect("readable") {
            let octets = std::fs::read(entry.expect("readable").path()).expect("readable");
            assert!(!octets.windows(7).any(|w| w == b"correct"));
        }
    }

    #[test]
    fn sessions_expire_and_end() {
        let (_folder, state) = state();
        let now = Time::from_secs_nanos(1_000, 0);
        let token = state.start_session("admin", now).expect("started");
        assert_eq!(state.session_user(&token, now).expect("readable").as_deref(), Some("admin"));
        let later = Time::from_secs_nanos(1_000 + SESSION_SECS, 0);
        assert_eq!(state.session_user(&token, later).expect("readable"), None);
        state.end_session(&token).expect("ended");
        assert_eq!(state.session_user(&token, now).expect("readable"), None);
    }

    #[test]
    fn tokens_last_until_they_are_taken_back_and_are_not_kept() {
        let (folder, state) = state();
        let now = Time::from_secs_nanos(1_000, 0);
        let made = state.make_token("prometheus", Scope::Metrics, "admin", now).expect("made");
        assert!(made.secret.starts_with(PREFIX) && made.secret.len() == PREFIX.len() + 64);
        let later = Time::from_secs_nanos(1_000 + 100 * SESSION_SECS, 0);
        assert_eq!(state.token_of(&made.secret, later).expect("read"), Some(("prometheus".to_owned(), Scope::Metrics)));
        assert_eq!(state.session_user(&made.secret, now).expect("read"), None, "it is no session");
        let told = state.tokens().expect("read");
        assert_eq!((told[0].made_by.as_str(), told[0].used_at.as_deref()), ("admin", Some(later.to_string().as_str())));
        let again = state.make_token("prometheus", Scope::Read, "admin", now).expect_err("there is one").to_string();
        assert!(again.starts_with("there is a token prometheus already"), "{again}");
        for entry in std::fs::read_dir(folder.path()).expect("readable") {
            let octets = std::fs::read(entry.expect("readable").path()).expect("readable");
            assert!(!octets.windows(64).any(|w| made.secret.as_bytes().ends_with(w)));
        }
        assert!(state.revoke_token("prometheus").expect("done") && !state.revoke_token("prometheus").expect("done"));
        assert_eq!(state.token_of(&made.secret, now).expect("read"), None);
    }

    #[test]
    fn the_last_work_of_each_kind_is_remembered() {
        let (folder, state) = state();
        let job = |kind, rows| LakeJob {
            kind,
            started_at: "2026-01-05T10:00:00Z".to_owned(),
            ended_at: Some("2026-01-05T10:00:01Z".to_owned()),
            done: 0,
            all: 0,
            rows: Some(rows),
            problems: vec!["one".to_owned()],
        };
        use crate::lake::types::LakeJobKind::{Compact, Seal};
        for (kind, rows) in [(Seal, 1), (Compact, 2), (Seal, 3)] {
            state.put_job(&job(kind, rows)).expect("written");
        }
        drop(state);
        let again = State::open(&folder.path().join("state.db")).expect("opened");
        let told: Vec<_> = again.jobs().expect("read").into_iter().map(|job| (job.kind, job.rows)).collect();
        assert_eq!(told, [(Compact, Some(2)), (Seal, Some(3))]);
    }

    #[test]
    fn first_passwords_are_long_and_differ() {
        let (a, b) = (random_password(), random_password());
        assert!(a.len() == 20 && a != b);
    }
}
