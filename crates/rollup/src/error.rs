// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with the database of rollups. None of it loses anything but time: rollups are derived.

use std::path::{Path, PathBuf};

/// Why rollups could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RollupError {
    /// SQLite refused.
    #[error("rollups {}: {reason}", path.display())]
    Sqlite {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
        /// True where the disk is full.
        full: bool,
        /// True where the file is not, or no longer, a database.
        damaged: bool,
    },
    /// The file was written by a newer version.
    #[error("{} has format version {found}, want at most {known}: it was written by a newer version", path.display())]
    Version {
        /// The database file.
        path: PathBuf,
        /// Version that it says.
        found: u32,
        /// Newest version that is known here.
        known: u32,
    },
    /// A row of numbers that cannot be read back.
    #[error("rollups {}: numbers of channel {channel} at {at} cannot be read", path.display())]
    Cells {
        /// The database file.
        path: PathBuf,
        /// Whose numbers.
        channel: i64,
        /// Hour or day since the epoch.
        at: i64,
    },
    /// A batch without a column that is needed, or with another type.
    #[error("column {0} is missing or has an unexpected type")]
    Column(&'static str),
}

impl RollupError {
    /// For `map_err` on SQLite calls.
    pub(crate) fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase};
        move |error| Self::Sqlite {
            path: path.to_owned(),
            full: error.sqlite_error_code() == Some(DiskFull),
            damaged: matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)),
            reason: error.to_string(),
        }
    }

    /// True where the file can only be made anew.
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Sqlite { damaged: true, .. } | Self::Cells { .. })
    }
}
