// SPDX-License-Identifier: Apache-2.0
//! Files of nfdump and nfcapd, layout 2 (nfdump 1.7): a header, then blocks of records, packed or not, at the end the
//! appendix with the file's own statistics. Sans-I/O: [`Decoder::wants`] says how many octets come next,
//! [`Decoder::take`] takes them and gives the rows, so that a file of any size needs the memory of one block.
//!
//! ```text
//! file    magic u16 = a50c, layout u16 = 2, version of nfdump u32, made u64, packing u8, encryption u8,
//!         blocks of the appendix u16, creator u32, offset of the appendix u64, block size u32, blocks u32
//! block   records u32, octets u32, kind u16 = 3, flags u16, then the octets, packed as the file says
//! record  kind u16, octets u16, content
//! flow    kind 11: extensions u16, engine u16, exporter u16, flags u8, version of the export u8, then the extensions:
//!         number u16, octets u16 (these four included), values
//! ```
//!
//! All numbers are little endian, as on the machines that write such files today. A bad block is skipped and named, a
//! bad record too; only lengths of blocks that cannot be end the reading. Files of layout 1 (nfdump 1.6) and encrypted
//! ones are refused. Counters of sampled exporters are scaled in the file already, so their rows have no rate.

mod extension;
mod lz;
mod record;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use record::Exporters;

/// Octets of the file's header.
const HEADER: usize = 40;
/// Octets of a block's header.
const BLOCK: usize = 12;
/// Most octets of a block, packed or not: nfdump's own blocks have a few million.
const MAX_BLOCK: usize = 16 << 20;
/// Faults that are kept with their place; all are counted.
const MAX_FAULTS: usize = 20;
/// First two octets of every file.
const MAGIC: u16 = 0xa50c;
/// Kind of the blocks that hold records.
const RECORDS: u16 = 3;

/// Reads one file.
pub struct Decoder {
    at: u64,
    next: Next,
    packing: Packing,
    /// Data blocks that the header announces; 0 where it was never brought up to date.
    announced: u32,
    exporters: Exporters,
    unpacked: Vec<u8>,
    account: Account,
}

/// What comes next in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Header,
    Block,
    Body { octets: usize, kind: u16 },
    Nothing,
}

/// How the blocks of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Lzo,
    Bzip2,
    Lz4,
    Zstd,
}

/// What a file gave so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Account {
    /// Rows handed out.
    pub rows: u64,
    /// Rows whose counters nfcapd scaled by the exporter's sampling rate.
    pub scaled: u64,
    /// Blocks read.
    pub blocks: u64,
    /// Blocks that could not be read, or not to their end.
    pub bad_blocks: u64,
    /// Flow records that break the layout.
    pub bad_records: u64,
    /// The first faults.
    pub faults: Vec<Fault>,
    /// Records that are not flows and not understood, by kind.
    pub unread_records: BTreeMap<u16, u64>,
    /// Extensions that fill no column, by number.
    pub unread_extensions: BTreeMap<u16, u64>,
    /// Values that did not fit their column.
    pub unfit: u64,
}

/// What an extension of that number holds; nothing where it is not known.
pub fn extension_name(number: u16) -> Option<&'static str> {
    extension::name(number)
}

/// A part of a file that gave no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Octet of the file at which the block begins.
    pub block: u64,
    /// What is wrong in it.
    pub cause: Cause,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The block cannot be unpacked.
    Unpack(&'static str),
    /// The block, once unpacked, breaks the layout; the offset counts in it.
    Layout(WireError),
    /// The file ends in it.
    Cut {
        /// Octets that are missing.
        missing: u64,
    },
    /// The file ends where its header announces more blocks.
    Fewer {
        /// Blocks announced.
        announced: u32,
        /// Blocks found.
        found: u64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let block = self.block;
        match &self.cause {
            Cause::Unpack(packing) => write!(f, "block at octet {block}: it cannot be unpacked with {packing}"),
            Cause::Layout(error) => write!(f, "block at octet {block}: {error}"),
            Cause::Cut { missing } => write!(f, "block at octet {block}: the file ends {missing} octet(s) too early"),
            Cause::Fewer { announced, found } => {
                write!(f, "the file ends at octet {block} after {found} blocks, its header announces {announced}")
            }
        }
    }
}

/// Why a file is not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// It is no file of nfdump.
    NotNfdump(WireError),
    /// It has another layout.
    Layout(u16),
    /// It was written by a machine with the other order of octets.
    BigEndian,
    /// Its blocks are encrypted.
    Encrypted(u8),
    /// Its blocks are packed in a way that is not known.
    Packing(u8),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNfdump(error) => write!(f, "it is no file of nfdump: {error}"),
            Self::Layout(1) => write!(
                f,
                "it has layout 1 of nfdump 1.6, want layout 2: convert it with `nfdump -r FILE -w NEW` of nfdump 1.7, or \
                 import it with `--through nfdump`"
            ),
            Self::Layout(layout) => {
                write!(f, "it has layout {layout}, want layout 2 of nfdump 1.7: try `--through nfdump`")
            }
            Self::BigEndian => {
                write!(f, "it was written by a big endian machine: convert it there with `nfdump -o csv`")
            }
            Self::Encrypted(how) => write!(f, "it is encrypted (method {how}): only nfdump with its key reads it"),
            Self::Packing(how) => {
                write!(f, "its blocks are packed by method {how}, which is not known: try `--through nfdump`")
            }
        }
    }
}

impl std::error::Error for Refused {}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            at: 0,
            next: Next::Header,
            packing: Packing::Plain,
            announced: 0,
            exporters: Exporters::default(),
            unpacked: Vec::new(),
            account: Account::default(),
        }
    }
}

impl Decoder {
    /// Octets that [`Self::take`] wants next: never more than 16 MiB, 0 where nothing more can be read.
    pub fn wants(&self) -> usize {
        match self.next {
            Next::Header => HEADER,
            Next::Block => BLOCK,
            Next::Body { octets, .. } => octets,
            Next::Nothing => 0,
        }
    }

    /// The account so far.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Takes as many octets as are wanted, or the fewer ones that the file ends with; rows go to `sink`, which may
    /// keep nothing of the row that it is lent.
    pub fn take(&mut self, octets: &[u8], sink: &mut dyn FnMut(&Flow)) -> Result<(), Refused> {
        let wanted = self.wants();
        if octets.len() < wanted {
            return self.end(octets, wanted);
        }
        let begin = self.at;
        self.at += octets.len() as u64;
        match self.next {
            Next::Header => self.header(octets)?,
            Next::Block => self.block(begin, octets),
            Next::Body { kind, .. } => {
                self.next = Next::Block;
                self.body(begin - BLOCK as u64, kind, octets, sink);
            }
            Next::Nothing => {}
        }
        Ok(())
    }

    fn end(&mut self, octets: &[u8], wanted: usize) -> Result<(), Refused> {
        let missing = (wanted - octets.len()) as u64;
        match self.next {
            Next::Header => self.header(octets)?,
            Next::Block if octets.is_empty() => {
                let found = self.account.blocks;
                if found < u64::from(self.announced) {
                    let cause = Cause::Fewer { announced: self.announced, found };
                    self.fault(self.at, cause);
                }
            }
            Next::Block => self.fault(self.at, Cause::Cut { missing }),
            Next::Body { .. } => self.fault(self.at - BLOCK as u64, Cause::Cut { missing }),
            Next::Nothing => {}
        }
        self.next = Next::Nothing;
        Ok(())
    }

    fn fault(&mut self, block: u64, cause: Cause) {
        self.account.bad_blocks += 1;
        self.note(block, cause);
    }

    fn note(&mut self, block: u64, cause: Cause) {
        if self.account.faults.len() < MAX_FAULTS {
            self.account.faults.push(Fault { block, cause });
        }
    }

    fn header(&mut self, octets: &[u8]) -> Result<(), Refused> {
        self.next = Next::Nothing;
        let mut cursor = Cursor::new(octets);
        let magic = cursor.u16_le("file.magic").map_err(Refused::NotNfdump)?;
        if magic.swap_bytes() == MAGIC {
            return Err(Refused::BigEndian);
        }
        if magic != MAGIC {
            return Err(Refused::NotNfdump(cursor.bad(2, "file.magic", magic.into(), "42252 (hexadecimal a50c)")));
        }
        let layout = cursor.u16_le("file.layout").map_err(Refused::NotNfdump)?;
        if layout != 2 {
            return Err(Refused::Layout(layout));
        }
        cursor.skip(12, "file.version").map_err(Refused::NotNfdump)?;
        self.packing = match cursor.u8("file.packing").map_err(Refused::NotNfdump)? {
            0 => Packing::Plain,
            1 => Packing::Lzo,
            2 => Packing::Bzip2,
            3 => Packing::Lz4,
            4 => Packing::Zstd,
            other => return Err(Refused::Packing(other)),
        };
        match cursor.u8("file.encryption").map_err(Refused::NotNfdump)? {
            0 => {}
            how => return Err(Refused::Encrypted(how)),
        }
        cursor.skip(18, "file.appendix").map_err(Refused::NotNfdump)?;
        self.announced = cursor.u32_le("file.blocks").map_err(Refused::NotNfdump)?;
        self.next = Next::Block;
        Ok(())
    }

    fn block(&mut self, begin: u64, octets: &[u8]) {
        let mut cursor = Cursor::new(octets);
        let read = (|| {
            cursor.skip(4, "block.records")?;
            let size = cursor.u32_le("block.octets")?;
            let octets = usize::try_from(size).unwrap_or(usize::MAX);
            if !(1..=MAX_BLOCK).contains(&octets) {
                return Err(cursor.bad(4, "block.octets", size.into(), "1 to 16777216"));
            }
            Ok(Next::Body { octets, kind: cursor.u16_le("block.kind")? })
        })();
        match read {
            Ok(next) => self.next = next,
            Err(error) => {
                // Where the next block begins, only this length could have told.
                self.fault(begin, Cause::Layout(error));
                self.next = Next::Nothing;
            }
        }
    }

    fn body(&mut self, begin: u64, kind: u16, octets: &[u8], sink: &mut dyn FnMut(&Flow)) {
        self.account.blocks += 1;
        if kind != RECORDS {
            let error = WireError {
                at: 8,
                field: "block.kind",
                cause: minamo_base::Cause::Bad { value: kind.into(), expect: "3" },
            };
            return self.fault(begin, Cause::Layout(error));
        }
        let mut unpacked = std::mem::take(&mut self.unpacked);
        match unpack(self.packing, octets, &mut unpacked) {
            Some(records) => self.records(begin, records, sink),
            None => self.fault(begin, Cause::Unpack(self.packing.name())),
        }
        self.unpacked = unpacked;
    }

    fn records(&mut self, begin: u64, octets: &[u8], sink: &mut dyn FnMut(&Flow)) {
        let mut cursor = Cursor::new(octets);
        while !cursor.is_empty() {
            let at = cursor.at();
            let (kind, body) = match record::next(&mut cursor) {
                Ok(record) => record,
                // Without this length the next record cannot be found.
                Err(error) => return self.fault(begin, Cause::Layout(error)),
            };
            if let Err(error) = self.record(kind, body, sink) {
                self.account.bad_records += 1;
                let error = crate::format::shifted(error, at + record::HEAD);
                self.note(begin, Cause::Layout(error));
            }
        }
    }

    fn record(&mut self, kind: u16, body: &[u8], sink: &mut dyn FnMut(&Flow)) -> Result<(), WireError> {
        match kind {
            record::FLOW => {
                let flow = record::flow(body, &self.exporters, &mut self.account)?;
                self.account.rows += 1;
                sink(&flow);
            }
            record::EXPORTER => self.exporters.learn(body)?,
            kind if record::STATISTICS.contains(&kind) => {}
            other => *self.account.unread_records.entry(other).or_default() += 1,
        }
        Ok(())
    }
}

impl Packing {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "nothing",
            Self::Lzo => "LZO",
            Self::Bzip2 => "bzip2",
            Self::Lz4 => "LZ4",
            Self::Zstd => "zstd",
        }
    }
}

/// The records of a block; nothing where it cannot be unpacked or holds more than a block may.
fn unpack<'a>(packing: Packing, octets: &'a [u8], out: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let read = |input: &mut dyn Read, out: &mut Vec<u8>| {
        out.clear();
        input.take(MAX_BLOCK as u64 + 1).read_to_end(out).ok().filter(|len| *len <= MAX_BLOCK).map(drop)
    };
    match packing {
        Packing::Plain => return Some(octets),
        Packing::Lzo => lz::lzo(octets, out, MAX_BLOCK)?,
        Packing::Lz4 => lz::lz4(octets, out, MAX_BLOCK)?,
        Packing::Bzip2 => read(&mut bzip2::read::BzDecoder::new(octets), out)?,
        Packing::Zstd => read(&mut zstd::stream::read::Decoder::new(octets).ok()?, out)?,
    }
    Some(out)
}
