// SPDX-License-Identifier: Apache-2.0
//! What opening a lake does with what it finds: unfinished files go, live segments and logged rows come in.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::StoreError;
use crate::catalog::Entry;
use crate::counters::add;
use crate::shared::{HotBatch, Shared};
use crate::span::Span;
use crate::tables::{PerTable, TABLES, tables};
use crate::wal::Recovered;

/// Refuses a directory with segments but without the catalog that tells which of them count: made anew, it
/// would name none, and all would be deleted.
pub(crate) fn check_catalog(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join("catalog.db");
    match fs::metadata(&path) {
        Ok(file) if file.len() > 0 => Ok(()),
        // An empty file is a new catalog to SQLite.
        _ => refuse_segments(dir, path),
    }
}

/// Refuses a directory with segments of which its catalog knows nothing at all.
pub(crate) fn refuse_segments(dir: &Path, path: PathBuf) -> Result<(), StoreError> {
    let (segments, mut found) = (dir.join("segments"), Vec::new());
    if segments.is_dir() {
        files_under(&segments, &mut found)?;
    }
    if found.iter().any(|file| file.extension().is_some_and(|e| e == "parquet")) {
        let reason =
            "is missing or empty, but there are segments: bring it back from a backup, or run `minamo lake rebuild`"
                .to_owned();
        return Err(StoreError::Damaged { path, reason });
    }
    Ok(())
}

/// Deletes the files that the catalog does not name: left by a crash in the middle of a write, or replaced
/// before the last end. Where files that it does name are missing, it may be the catalog that is wrong: nothing is
/// deleted then.
pub(crate) fn clean(shared: &Shared, entries: &PerTable<Entry>) -> Result<(), StoreError> {
    let live: HashSet<&Path> =
        entries.iter().flat_map(|entry| &entry.segments).map(|segment| segment.file.as_path()).collect();
    let mut found = Vec::new();
    files_under(&shared.dir.join("segments"), &mut found)?;
    let missing = live.iter().filter(|file| !file.is_file()).count();
    if missing > 0 {
        let kept = found.iter().filter(|file| !live.contains(file.as_path())).count();
        tracing::error!(
            missing,
            kept,
            "files that the catalog names are missing: others that it does not name are kept"
        );
        return Ok(());
    }
    for file in found.iter().filter(|file| !live.contains(file.as_path())) {
        fs::remove_file(file).map_err(StoreError::io("remove", file))?;
        add(&shared.counters.orphan_files, 1);
    }
    Ok(())
}

/// Deletes what is in a directory: data that queries had spilled before a crash.
pub(crate) fn empty(dir: &Path) -> Result<(), StoreError> {
    fs::remove_dir_all(dir).map_err(StoreError::io("remove", dir))?;
    fs::create_dir(dir).map_err(StoreError::io("create", dir))
}

/// All files under a directory.
pub(crate) fn files_under(dir: &Path, out: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(StoreError::io("list", dir))? {
        let entry = entry.map_err(StoreError::io("list", dir))?;
        if entry.file_type().map_err(StoreError::io("list", dir))?.is_dir() {
            files_under(&entry.path(), out)?;
        } else {
            out.push(entry.path());
        }
    }
    Ok(())
}

/// Takes in what the catalog says; gives how far each table is sealed. A segment whose file is gone is
/// counted and left out, so that the rest can be asked.
pub(crate) fn load(shared: &Shared, entries: PerTable<Entry>) -> PerTable<u64> {
    let mut through = [0; TABLES];
    for (table, (entry, to)) in entries.into_iter().zip(&mut through).enumerate() {
        *to = entry.through;
        let (there, gone): (Vec<_>, Vec<_>) = entry.segments.into_iter().partition(|segment| segment.file.is_file());
        for segment in gone {
            tracing::error!(path = %segment.file.display(), rows = segment.rows, "segment file is missing");
            add(&shared.counters.missing_files, 1);
        }
        shared.load(table, there, entry.through);
    }
    through
}

/// Puts the batches of the log into the hot buffer.
pub(crate) fn fill(shared: &Arc<Shared>, batches: Vec<Recovered>) {
    for Recovered { table, seq, batch } in batches {
        let Some(of) = tables().get(table).copied() else { continue };
        match Span::of(of, &batch) {
            Ok(span) => shared.push_hot(table, HotBatch::new(seq, batch, span)),
            Err(error) => {
                tracing::error!(%error, seq, "batch of the log is unusable");
                add(&shared.counters.unknown_frames, 1);
            }
        }
    }
}
