// SPDX-License-Identifier: Apache-2.0
//! One file of a spool: messages in the order in which they are to be sent, each with a checksum.
//!
//! ```text
//! head    "MNSPOOL1"  spool u64  number u64  first sequence u32  checksum u32
//! message length u32  records u32  checksum u32 (of both and the octets)  octets
//! ```
//! Numbers are big endian. A message that was not written whole, or was damaged, ends the file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What a file begins with: form and version.
const MAGIC: &[u8; 8] = b"MNSPOOL1";
/// Octets of the head.
pub(super) const HEAD: u64 = 32;
/// Octets before each message.
pub(super) const FRAME: usize = 12;
/// No message is longer: IPFIX tells its length in 16 bits.
const LONGEST: u32 = 65_535;

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Identity of the spool.
    pub(super) spool: u64,
    /// Number of the file.
    pub(super) number: u64,
    /// Sequence number of the first message.
    pub(super) sequence: u32,
}

impl Head {
    fn octets(self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(self.spool.to_be_bytes());
        out.extend(self.number.to_be_bytes());
        out.extend(self.sequence.to_be_bytes());
        out.extend(crc32fast::hash(&out).to_be_bytes());
        out
    }

    fn read(octets: &[u8; HEAD as usize]) -> Option<Self> {
        let (body, sum) = octets.split_last_chunk::<4>()?;
        let rest = body.strip_prefix(MAGIC)?;
        if crc32fast::hash(body) != u32::from_be_bytes(*sum) {
            return None;
        }
        let (spool, rest) = rest.split_first_chunk::<8>()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let sequence = rest.first_chunk::<4>()?;
        Some(Self {
            spool: u64::from_be_bytes(*spool),
            number: u64::from_be_bytes(*number),
            sequence: u32::from_be_bytes(*sequence),
        })
    }
}

/// Writes a new file.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    len: u64,
}

impl Writer {
    pub(super) fn create(path: &Path, head: Head) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(&head.octets())?;
        Ok(Self { file, len: HEAD })
    }

    /// Octets that are in it.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Appends messages; where that fails, none of them is there.
    pub(super) fn append(&mut self, messages: &[Message]) -> io::Result<()> {
        let mut out = Vec::new();
        for message in messages {
            let length = u32::try_from(message.octets.len()).unwrap_or(u32::MAX);
            out.extend(length.to_be_bytes());
            out.extend(message.records.to_be_bytes());
            out.extend(sum(length, message.records, &message.octets).to_be_bytes());
            out.extend(&message.octets);
        }
        if let Err(error) = self.file.write_all_at(&out, self.len) {
            self.file.set_len(self.len)?;
            return Err(error);
        }
        self.len += out.len() as u64;
        Ok(())
    }

    /// Forces it to disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn sum(length: u32, records: u32, octets: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(&length.to_be_bytes());
    hash.update(&records.to_be_bytes());
    hash.update(octets);
    hash.finalize()
}

/// A message with the number of flow records in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) octets: Vec<u8>,
    pub(super) records: u32,
}

/// Reads a file that may still grow.
#[derive(Debug)]
pub(super) struct Reader {
    file: File,
    pub(super) head: Head,
    at: u64,
}

impl Reader {
    /// Opens a file; an error of kind `InvalidData` where it is none of a spool.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut head = [0; HEAD as usize];
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it has no head of a spool");
        match file.read_exact_at(&mut head, 0) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(damaged()),
            read => read?,
        }
        let head = Head::read(&head).ok_or_else(damaged)?;
        Ok(Self { file, head, at: HEAD })
    }

    /// Where the next message begins.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Goes back to where a message begins.
    pub(super) fn seek(&mut self, at: u64) {
        self.at = at;
    }

    /// The next message of those up to `end`; an error of kind `InvalidData` where it is cut or damaged.
    pub(super) fn next(&mut self, end: u64) -> io::Result<Option<Message>> {
        if self.at >= end {
            return Ok(None);
        }
        let damaged = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("a message is cut"),
            _ => error,
        };
        let mut frame = [0; FRAME];
        self.file.read_exact_at(&mut frame, self.at).map_err(cut)?;
        let [length, records, want] = words(frame);
        if length > LONGEST {
            return Err(damaged("a message has an impossible length"));
        }
        let mut octets = vec![0; usize::try_from(length).unwrap_or(0)];
        self.file.read_exact_at(&mut octets, self.at + FRAME as u64).map_err(cut)?;
        if sum(length, records, &octets) != want {
            return Err(damaged("a message has another checksum"));
        }
        self.at += FRAME as u64 + u64::from(length);
        Ok(Some(Message { octets, records }))
    }
}

fn words(frame: [u8; FRAME]) -> [u32; 3] {
    let mut words = [0; 3];
    for (word, octets) in words.iter_mut().zip(frame.chunks_exact(4)) {
        *word = octets.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(fill: u8) -> Message {
        Message { octets: vec![fill; 50 + usize::from(fill)], records: fill.into() }
    }

    #[test]
    fn messages_come_back_and_damage_ends_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("1.spool");
        let head = Head { spool: 7, number: 1, sequence: 99 };
        let mut writer = Writer::create(&path, head).expect("new");
        writer.append(&[message(1), message(2), message(3)]).expect("written");
        let mut reader = Reader::open(&path).expect("a spool");
        assert_eq!(reader.head, head);
        let mut ends = vec![reader.at()];
        for fill in 1..4 {
            assert_eq!(reader.next(writer.len()).expect("whole"), Some(message(fill)));
            ends.push(reader.at());
        }
        assert_eq!((reader.next(writer.len()).expect("the end"), reader.at()), (None, writer.len()));
        let whole = std::fs::read(&path).expect("read");
        // Each octet matters; where it is cut, what stands before is read.
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            for octets in [&flipped[..], &whole[..at]] {
                std::fs::write(&path, octets).expect("written");
                let mut good = 0;
                let error = match Reader::open(&path) {
                    Err(error) => error,
                    Ok(mut reader) => loop {
                        match reader.next(whole.len() as u64) {
                            Ok(Some(_)) => good += 1,
                            Ok(None) => panic!("octet {at}"),
                            Err(error) => break error,
                        }
                    },
                };
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                assert_eq!(good, ends.iter().skip(1).filter(|end| **end <= at as u64).count(), "octet {at}");
            }
        }
    }
}
