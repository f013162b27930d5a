// SPDX-License-Identifier: Apache-2.0
//! What can go wrong in the lake, by what the caller can do about it.

use std::path::{Path, PathBuf};

/// Why the lake could not be opened, written or sealed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file operation failed; the disk may be full.
    #[error("{action} {}: {reason}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
        /// True where the disk is full, so that the same call can succeed later.
        full: bool,
    },
    /// Another process has the directory open for writing.
    #[error("{} is in use by another process: stop it, or open the lake read-only", .0.display())]
    InUse(PathBuf),
    /// A file of a format that this version does not know.
    #[error("{} has format version {found}, want at most {known}: it was written by a newer version", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Version that it says.
        found: u32,
        /// Newest version that is known here.
        known: u32,
    },
    /// A file that is not what its name says.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The catalog refused.
    #[error("catalog {}: {reason}", path.display())]
    Catalog {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
        /// True where the disk is full.
        full: bool,
    },
    /// A batch that does not belong in the table.
    #[error("batch for table {table}: {reason}")]
    Batch {
        /// Name of the table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Rows could not be sealed and the hot buffer is full, so nothing more is taken.
    #[error("the hot buffer is full and cannot be sealed: {0}")]
    Stalled(String),
    /// The lake is open for reading only.
    #[error("the lake is open for reading only")]
    ReadOnly,
    /// The lake was closed.
    #[error("the lake is closed")]
    Closed,
    /// Settings out of range.
    #[error("lake settings: {0}")]
    Settings(String),
    /// Something that should not happen in Arrow, Parquet or DataFusion.
    #[error("{0}")]
    Engine(String),
}

impl StoreError {
    /// True where the disk was full: the same call can succeed once there is space.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { full: true, .. } | Self::Catalog { full: true, .. })
    }

    /// For `map_err` on file operations.
    pub(crate) fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |error| Self::Io {
            action,
            path: path.to_owned(),
            full: error.kind() == std::io::ErrorKind::StorageFull,
            reason: error.to_string(),
        }
    }

    /// For `map_err` on SQLite calls.
    pub(crate) fn catalog(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        move |error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::bad_catalog(path, &error.to_string())
            }
            code => Self::Catalog {
                path: path.to_owned(),
                full: code == Some(rusqlite::ErrorCode::DiskFull),
                reason: error.to_string(),
            },
        }
    }

    /// A catalog that is not what was written.
    pub(crate) fn bad_catalog(path: &Path, what: &str) -> Self {
        let reason = format!("is damaged ({what}): bring it back from a backup, or run `minamo lake rebuild`");
        Self::Damaged { path: path.to_owned(), reason }
    }

    /// For `map_err` on Parquet calls that write or read `path`.
    pub(crate) fn parquet<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl Fn(parquet::errors::ParquetError) -> Self + 'a {
        move |error| {
            let reason = error.to_string();
            // The writer wraps the system's error in text; ENOSPC is number 28 on Linux.
            let full = reason.contains("os error 28");
            Self::Io { action, path: path.to_owned(), reason, full }
        }
    }
}

impl From<arrow::error::ArrowError> for StoreError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Engine(error.to_string())
    }
}

impl From<datafusion::error::DataFusionError> for StoreError {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Self::Engine(error.strip_backtrace())
    }
}

/// Why a query has no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The text is not SQL that can be planned.
    #[error("{message}{}", position.map_or_else(String::new, |p| format!(" (line {}, column {})", p.line, p.column)))]
    Sql {
        /// One sentence.
        message: String,
        /// Where in the text, if known.
        position: Option<Position>,
    },
    /// The statement would change something.
    #[error("only SELECT, SHOW, DESCRIBE and EXPLAIN are allowed, got {0}")]
    ReadOnly(String),
    /// A question that makes no sense, such as an unknown column or a step of zero.
    #[error("{0}")]
    Bad(String),
    /// The query took too long and was stopped.
    #[error("the query was stopped after {0} s: narrow the time range or the filter, or raise lake.query_time")]
    Timeout(u64),
    /// The query needed more memory than it may have.
    #[error(
        "the query needs more memory than it may use: narrow the time range, the filter or the groups, or raise \
         lake.query_memory"
    )]
    Memory,
    /// What the query put on the disk because it did not fit into memory is more than allowed.
    #[error(
        "the query needs more space on the disk than queries may use: narrow the time range, the filter or the \
         groups, or raise lake.query_spill"
    )]
    Spill,
    /// Too many queries wait already.
    #[error("{0} queries wait already: ask again later, or raise lake.query_queue")]
    Busy(usize),
    /// Somebody stopped the query.
    #[error("the query was stopped by request")]
    Stopped,
    /// The disk returned something else than was written; nothing of it was used.
    #[error("{0}")]
    Damaged(String),
    /// The lake itself failed.
    #[error("{0}")]
    Failed(String),
}

/// A place in a query's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<datafusion::error::DataFusionError> for QueryError {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        crate::query::explain_error(&error)
    }
}

impl From<arrow::error::ArrowError> for QueryError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Failed(error.to_string())
    }
}
