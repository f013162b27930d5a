// SPDX-License-Identifier: Apache-2.0
//! Files whose every block has a checksum: what a disk returns is compared with what was written before it is
//! used, so that a flipped bit gives an error that names the file and never a wrong answer. The checksums
//! are kept in the catalog, away from the blocks.

use std::fs::File;
use std::io::{Cursor, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;

use crate::StoreError;

/// Octets of a block.
const BLOCK: u64 = 64 << 10;

/// Writes to `W` and sums up what passes: one CRC-32 per block.
pub(crate) struct Summing<W> {
    inner: W,
    hasher: crc32fast::Hasher,
    /// Octets in the block at hand.
    filled: u64,
    sums: Vec<u32>,
}

impl<W> Summing<W> {
    /// Nothing written yet.
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hasher: crc32fast::Hasher::new(), filled: 0, sums: Vec::new() }
    }

    /// The checksums of everything that was written.
    pub(crate) fn finish(mut self) -> (W, Vec<u32>) {
        if self.filled > 0 {
            self.sums.push(self.hasher.finalize());
        }
        (self.inner, self.sums)
    }

    fn sum(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            let room = usize::try_from(BLOCK - self.filled).unwrap_or(usize::MAX).min(octets.len());
            let (block, rest) = octets.split_at(room);
            self.hasher.update(block);
            self.filled += block.len() as u64;
            if self.filled == BLOCK {
                self.sums.push(std::mem::take(&mut self.hasher).finalize());
                self.filled = 0;
            }
            octets = rest;
        }
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(octets)?;
        self.sum(octets.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// A file that is compared with its checksums as it is read. Without checksums it is read as it is: files of
/// the first version have none.
#[derive(Debug, Clone)]
pub(crate) struct CheckedFile {
    file: Arc<File>,
    path: PathBuf,
    length: u64,
    sums: Arc<[u32]>,
}

impl CheckedFile {
    /// Opens the file at `path`, which has `length` octets.
    pub(crate) fn open(path: &Path, length: u64, sums: &Arc<[u32]>) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let found = file.metadata().map_err(StoreError::io("read", path))?.len();
        if found != length {
            let reason = format!("has {found} octets, want {length}: bring it back from a backup");
            return Err(StoreError::Damaged { path: path.to_owned(), reason });
        }
        Ok(Self { file: Arc::new(file), path: path.to_owned(), length, sums: Arc::clone(sums) })
    }

    /// Octets of a range.
    pub(crate) fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let first = range.start / BLOCK;
        let (start, end) = if self.sums.is_empty() {
            (range.start, range.end)
        } else {
            (first * BLOCK, range.end.div_ceil(BLOCK).saturating_mul(BLOCK).min(self.length))
        };
        let size = |n: u64| usize::try_from(n).map_err(|error| StoreError::Engine(error.to_string()));
        let octets =
            self.octets(start, size(end.saturating_sub(start))?).map_err(StoreError::io("read", &self.path))?;
        if !self.sums.is_empty() {
            let sums = self.sums.get(size(first)?..).unwrap_or_default();
            for ((block, sum), at) in octets.chunks(size(BLOCK)?).zip(sums).zip(first..) {
                self.check(block, *sum, at)?;
            }
        }
        let from = size(range.start - start)?;
        Ok(Bytes::from(octets).slice(from..from + size(range.end.saturating_sub(range.start))?))
    }

    /// Octets of the file as they are; the room for them is not cleared before.
    fn octets(&self, start: u64, length: usize) -> std::io::Result<Vec<u8>> {
        let mut octets = Vec::with_capacity(length);
        while octets.len() < length {
            let at = start + octets.len() as u64;
            match rustix::io::pread(&self.file, spare_capacity(&mut octets), at) {
                Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // The room may be larger than what was asked for.
        octets.truncate(length);
        Ok(octets)
    }

    fn check(&self, block: &[u8], sum: u32, at: u64) -> Result<(), StoreError> {
        if crc32fast::hash(block) == sum {
            return Ok(());
        }
        let reason = format!("octets from {} on are not what was written: bring it back from a backup", at * BLOCK);
        Err(StoreError::Damaged { path: self.path.clone(), reason })
    }

    /// Compares the whole file with its checksums.
    pub(crate) fn verify(&self) -> Result<(), StoreError> {
        for start in (0..self.length).step_by(16 << 20) {
            self.read(start..(start + (16 << 20)).min(self.length))?;
        }
        Ok(())
    }
}

/// The checksums of a file that was written elsewhere.
pub(crate) fn sums_of(path: &Path) -> Result<Vec<u32>, StoreError> {
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let mut summing = Summing::new(std::io::sink());
    std::io::copy(&mut file, &mut summing).map_err(StoreError::io("read", path))?;
    Ok(summing.finish().1)
}

impl Length for CheckedFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for CheckedFile {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        // Asked for page headers only: a block holds what is wanted.
        let end = (start / BLOCK + 2).saturating_mul(BLOCK).min(self.length);
        Ok(Cursor::new(self.read(start..end).map_err(external)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.read(start..start.saturating_add(length as u64)).map_err(external)
    }
}

/// The error as Parquet carries it.
pub(crate) fn external(error: StoreError) -> ParquetError {
    ParquetError::External(Box::new(error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;

    fn written(octets: &[u8]) -> (tempfile::TempDir, PathBuf, Arc<[u32]>) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("f");
        let mut summing = Summing::new(File::create(&path).expect("created"));
        for part in octets.chunks(70_001) {
            summing.write_all(part).expect("written");
        }
        let (_, sums) = summing.finish();
        assert_eq!(sums_of(&path).expect("readable"), sums);
        (dir, path, sums.into())
    }

    #[test]
    fn any_range_reads_back_and_any_flipped_bit_is_told() {
        let octets: Vec<u8> = (0..200_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        let (_dir, path, sums) = written(&octets);
        let open = || CheckedFile::open(&path, 200_000, &sums).expect("opens");
        for range in [0..1, 65_535..65_537, 0..200_000, 131_072..131_072, 199_999..200_000] {
            let want = octets.get(range.start as usize..range.end as usize).expect("inside");
            assert_eq!(open().read(range).expect("good"), want);
        }
        open().verify().expect("good");
        let file = File::options().write(true).open(&path).expect("opens");
        file.write_all_at(&[octets[70_000] ^ 4], 70_000).expect("written");
        open().read(0..65_536).expect("another block");
        let message = open().read(70_005..70_006).expect_err("a bad block").to_string();
        assert!(message.contains("octets from 65536 on are not what was written"), "{message}");
        assert!(open().verify().is_err());
        file.set_len(100).expect("cut");
        assert!(CheckedFile::open(&path, 200_000, &sums).is_err());
    }
}
