// SPDX-License-Identifier: Apache-2.0
//! Makes a lost or damaged catalog anew from what the segments say of themselves in their footers.
//!
//! A file counts unless another one that is whole says that it replaces it. Of the last seal all segments must
//! be there: where some are missing it was not completed, and the log still has its rows. What the catalog
//! alone knew is lost: holds, and the checksums that the files had when they were written; each file is read
//! once from end to end instead.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use minamo_model::Table;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::FileMetaData;

use crate::catalog::Catalog;
use crate::checked::sums_of;
use crate::lake::lock;
use crate::merge::whole;
use crate::segment::{HOUR, Segment};
use crate::span::Span;
use crate::start::files_under;
use crate::tables::tables;
use crate::{Lake, StoreError, wal};

/// What making the catalog anew found.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Rebuilt {
    /// Segments that the new catalog names.
    pub segments: usize,
    /// Their rows.
    pub rows: u64,
    /// Files that others replace, or whose rows the log still has.
    pub passed_over: usize,
    /// Files that cannot be read; they were moved to the folder `damaged`.
    pub damaged: Vec<StoreError>,
}

struct Found {
    segment: Segment,
    parts: usize,
    replaces: Vec<i64>,
}

impl Lake {
    /// Makes the catalog of the lake in `dir` anew. The old one, if there is one, stays as `catalog.db.old`.
    /// Files that cannot be read are moved aside and named.
    pub fn rebuild(dir: &Path) -> Result<Rebuilt, StoreError> {
        let held = lock(dir)?;
        let mut out = Rebuilt::default();
        let mut found = Vec::new();
        for table in tables() {
            let folder = dir.join("segments").join(table.name);
            let mut files = Vec::new();
            if folder.is_dir() {
                files_under(&folder, &mut files)?;
            }
            let mut of_table = Vec::new();
            for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "parquet")) {
                match read(dir, table, file) {
                    Ok(segment) => of_table.push(segment),
                    Err(error) => {
                        aside(dir, file)?;
                        out.damaged.push(error);
                    }
                }
            }
            found.push((table, of_table));
        }
        // Beside the old one until it is whole: a crash in between leaves no catalog that names too little.
        let making = dir.join("catalog.new");
        if making.exists() {
            fs::remove_dir_all(&making).map_err(StoreError::io("remove", &making))?;
        }
        fs::create_dir(&making).map_err(StoreError::io("create", &making))?;
        let mut catalog = Catalog::open(&making)?;
        for (table, of_table) in found {
            let all = of_table.len();
            let live = live(of_table);
            let through = live.iter().map(|segment| segment.frames.1).max().unwrap_or(0);
            out.passed_over += all - live.len();
            out.segments += live.len();
            out.rows += live.iter().map(|segment| segment.rows).sum::<u64>();
            catalog.seal(table.name, &live, through)?;
        }
        catalog.complete()?;
        let path = dir.join("catalog.db");
        if path.exists() {
            let old = dir.join("catalog.db.old");
            fs::rename(&path, &old).map_err(StoreError::io("rename to", &old))?;
        }
        for log in ["catalog.db-wal", "catalog.db-shm"] {
            drop(fs::remove_file(dir.join(log)));
        }
        fs::rename(making.join("catalog.db"), &path).map_err(StoreError::io("rename to", &path))?;
        fs::remove_dir_all(&making).map_err(StoreError::io("remove", &making))?;
        wal::sync_dir(dir)?;
        drop(held);
        Ok(out)
    }
}

/// The segments that count.
fn live(found: Vec<Found>) -> Vec<Arc<Segment>> {
    let replaced: HashSet<i64> = found.iter().flat_map(|f| f.replaces.iter().copied()).collect();
    let last = found.iter().map(|f| f.segment.frames).max_by_key(|frames| frames.1);
    // Those of the last seal that a merge took in count as there.
    let of_last = |f: &&Found| Some(f.segment.frames) == last && f.replaces.is_empty();
    let there = found.iter().filter(of_last).count();
    let want = found.iter().find(of_last).map_or(0, |f| f.parts);
    let unfinished =
        there < want && !found.iter().any(|f| !f.replaces.is_empty() && Some(f.segment.frames.1) == last.map(|l| l.1));
    let counts = |f: &Found| {
        let torn = unfinished && Some(f.segment.frames) == last && f.replaces.is_empty();
        !replaced.contains(&f.segment.id) && !torn
    };
    found.into_iter().filter(counts).map(|f| Arc::new(f.segment)).collect()
}

/// Reads a file from end to end.
fn read(dir: &Path, table: &'static Table, file: &Path) -> Result<Found, StoreError> {
    let failed = StoreError::parquet("read", file);
    let opened = fs::File::open(file).map_err(StoreError::io("open", file))?;
    let bytes = opened.metadata().map_err(StoreError::io("read", file))?.len();
    let builder = ParquetRecordBatchReaderBuilder::try_new(opened).map_err(&failed)?;
    let metadata = Arc::clone(builder.metadata());
    let note = |key: &str| note(metadata.file_metadata(), key).unwrap_or_default();
    let damaged = |reason: &str| StoreError::Damaged { path: file.to_owned(), reason: reason.to_owned() };
    if note("table") != table.name {
        return Err(damaged("is no segment of this table"));
    }
    let frames = note("frames").split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let frames = frames.ok_or_else(|| damaged("does not tell where its rows are from"))?;
    let id = file.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
    let id = id.ok_or_else(|| damaged("has no number as its name"))?;
    let (mut span, mut rows) = (Span::NONE, 0);
    for batch in builder.build().map_err(&failed)? {
        let batch = batch.map_err(|error| failed(error.into()))?;
        let types = crate::merge::common(table, std::iter::once(&batch.schema()));
        span = span.join(Span::of(table, &whole(&batch, &types)?)?);
        rows += batch.num_rows() as u64;
    }
    let relative = file.strip_prefix(dir).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let mixed = relative.contains("/mixed/");
    let segment = Segment {
        id,
        path: relative,
        file: file.to_owned(),
        hour: (!mixed).then_some(span.min_start.0.div_euclid(HOUR)),
        rows,
        bytes,
        span,
        frames,
        class: note("class"),
        sums: sums_of(file)?.into(),
        doomed: AtomicBool::new(false),
    };
    let replaces = note("replaces").split_whitespace().filter_map(|id| id.parse().ok()).collect();
    Ok(Found { segment, parts: note("parts").parse().unwrap_or(1), replaces })
}

fn note(file: &FileMetaData, key: &str) -> Option<String> {
    let notes = file.key_value_metadata()?;
    notes.iter().find(|note| note.key.strip_prefix("minamo.") == Some(key))?.value.clone()
}

/// Moves a file out of the way.
fn aside(dir: &Path, file: &Path) -> Result<(), StoreError> {
    let folder = dir.join("damaged");
    fs::create_dir_all(&folder).map_err(StoreError::io("create", &folder))?;
    let to: PathBuf = folder.join(file.file_name().unwrap_or_default());
    fs::rename(file, &to).map_err(StoreError::io("rename to", &to))
}
