// SPDX-License-Identifier: Apache-2.0
//! The octets of a segment that a question needs, known before they are read: neighbouring pages are read and
//! compared with their checksums at once, where page by page each block would be compared again and again.

use std::io::Cursor;
use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::StoreError;
use crate::checked::{CheckedFile, external};

/// Octets between two pages that are read along with them: a block, which would be read for either.
const NEAR: u64 = 64 << 10;

/// A file of which some ranges are wanted.
#[derive(Debug)]
pub(crate) struct Runs {
    file: CheckedFile,
    runs: Vec<(Range<u64>, OnceLock<Bytes>)>,
    failed: OnceLock<StoreError>,
}

impl Runs {
    /// The file, of which these ranges will be asked for.
    pub(crate) fn new(file: CheckedFile, mut wanted: Vec<Range<u64>>) -> Self {
        wanted.sort_by_key(|range| range.start);
        let mut runs: Vec<(Range<u64>, OnceLock<Bytes>)> = Vec::new();
        for range in wanted {
            match runs.last_mut() {
                Some((last, _)) if range.start <= last.end.saturating_add(NEAR) => last.end = last.end.max(range.end),
                _ => runs.push((range, OnceLock::new())),
            }
        }
        Self { file, runs, failed: OnceLock::new() }
    }

    /// Why a read failed: Parquet's reader passes errors on as text.
    pub(crate) fn failure(&self) -> Option<&StoreError> {
        self.failed.get()
    }

    fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let at = self.runs.partition_point(|(run, _)| run.end < range.end);
        let Some((run, octets)) = self.runs.get(at).filter(|(run, _)| run.start <= range.start) else {
            return self.file.read(range);
        };
        let octets = match octets.get() {
            Some(octets) => octets,
            None => {
                let read = self.file.read(run.clone())?;
                octets.get_or_init(|| read)
            }
        };
        let place = |at: u64| usize::try_from(at - run.start).unwrap_or(usize::MAX);
        let (start, end) = (place(range.start), place(range.end));
        if end > octets.len() {
            return Err(StoreError::Engine("a read beyond what was asked for".to_owned()));
        }
        Ok(octets.slice(start..end))
    }
}

impl Length for Runs {
    fn len(&self) -> u64 {
        self.file.len()
    }
}

impl ChunkReader for Runs {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.read(start..start.saturating_add(length as u64)).map_err(|error| {
            drop(self.failed.set(error.clone()));
            external(error)
        })
    }
}
