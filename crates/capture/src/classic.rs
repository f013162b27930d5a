// SPDX-License-Identifier: Apache-2.0
//! The classic capture format (libpcap's savefile manual), which most captures have: records follow each other with
//! a header of 16 octets. Both byte orders, microseconds and nanoseconds; frames are handed out from the buffer.
//!
//! Readers ignore the header's time zone (draft-ietf-opsawg-pcap §4: reserved).
//!
//! Not here: the modified format with longer record headers, and pcapng.

use std::io::{self, Read};

use minamo_base::Time;
use minamo_packet::LinkType;

use crate::Frame;
use crate::frames::{BLOCK, Frames};

/// Octets of the file's header.
pub(crate) const HEADER: usize = 24;
/// Octets of a record's header.
const RECORD: usize = 16;

/// Why there is no next frame.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file ends in the middle of a record.
    Cut,
    /// A record is longer than any.
    TooLong,
    /// The input cannot be read.
    Io,
}

/// What comes next in the buffer.
enum Record {
    /// A record: its time, and where its frame begins and ends.
    Whole(Time, usize, usize),
    /// The beginning of one of so many octets, as far as they are known, or the end.
    Cut { needed: usize },
}

/// An open capture.
pub(crate) struct Classic {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer is filled and not used.
    start: usize,
    end: usize,
    /// Octets of records before `start`.
    offset: u64,
    most: usize,
    swapped: bool,
    /// Nanoseconds of one unit of the smaller part of times.
    unit: i64,
    link: LinkType,
}

impl Classic {
    /// A capture whose header was read from its input before; nothing where it is of another format. Records are
    /// read through `buffer` octets, which grow up to `most`.
    pub(crate) fn open(
        header: [u8; HEADER],
        input: Box<dyn Read + Send>,
        buffer: usize,
        most: usize,
    ) -> Result<Self, Box<dyn Read + Send>> {
        let (swapped, unit) = match header {
            [0xd4, 0xc3, 0xb2, 0xa1, ..] => (false, 1_000),
            [0x4d, 0x3c, 0xb2, 0xa1, ..] => (false, 1),
            [0xa1, 0xb2, 0xc3, 0xd4, ..] => (true, 1_000),
            [0xa1, 0xb2, 0x3c, 0x4d, ..] => (true, 1),
            _ => return Err(input),
        };
        // The upper bits tell of a frame check sequence.
        let link = LinkType(u16::try_from(word(&header, 20, swapped) & 0xffff).unwrap_or(u16::MAX));
        Ok(Self { input, buffer: vec![0; buffer], start: 0, end: 0, offset: HEADER as u64, most, swapped, unit, link })
    }

    /// Where the next record begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame; nothing at the end.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Frame<'_>>, Fault> {
        let (time, from, to) = loop {
            match self.record()? {
                Record::Whole(time, from, to) => break (time, from, to),
                Record::Cut { needed } => {
                    let left = self.end - self.start;
                    if !self.fill(needed)? {
                        return if left == 0 { Ok(None) } else { Err(Fault::Cut) };
                    }
                }
            }
        };
        let data = self.buffer.get(from..to).unwrap_or_default();
        Ok(Some(Frame { time, link: self.link, data }))
    }

    /// The next frames, with the buffer that they are in; none at the end. Faults come behind the frames before them.
    pub(crate) fn next_block(&mut self, block: &mut Frames) -> Result<(), Fault> {
        block.clear();
        let mut buffer = std::mem::take(&mut block.octets);
        let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
        if buffer.len() < BLOCK.max(rest.len()) {
            buffer.resize(BLOCK.max(rest.len()), 0);
        }
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        (self.start, self.end, self.buffer) = (0, rest.len(), buffer);
        let outcome = loop {
            match self.record() {
                Ok(Record::Whole(time, from, to)) => block.place(time, self.link, from, to),
                Ok(Record::Cut { needed }) if block.is_empty() => {
                    let left = self.end - self.start;
                    match self.fill(needed) {
                        Ok(true) => {}
                        Ok(false) => break if left == 0 { Ok(()) } else { Err(Fault::Cut) },
                        Err(fault) => break Err(fault),
                    }
                }
                Err(fault) if block.is_empty() => break Err(fault),
                Ok(Record::Cut { .. }) | Err(_) => break Ok(()),
            }
        };
        let rest = self.buffer.get(self.start..self.end).unwrap_or_default().to_vec();
        (self.start, self.end) = (0, rest.len());
        block.octets = std::mem::replace(&mut self.buffer, rest);
        outcome
    }

    /// Goes past the next record, where all of it is in the buffer.
    #[inline]
    fn record(&mut self) -> Result<Record, Fault> {
        let filled = self.buffer.get(self.start..self.end).unwrap_or_default();
        let Some(header) = filled.first_chunk::<RECORD>() else { return Ok(Record::Cut { needed: RECORD }) };
        let length = word(header, 8, self.swapped) as usize;
        let needed = RECORD + length;
        if needed > self.most {
            return Err(Fault::TooLong);
        }
        if needed > filled.len() {
            return Ok(Record::Cut { needed });
        }
        let (time, from) = (self.time(header), self.start + RECORD);
        self.start = from + length;
        self.offset += needed as u64;
        Ok(Record::Whole(time, from, self.start))
    }

    fn time(&self, header: &[u8; RECORD]) -> Time {
        let secs = i64::from(word(header, 0, self.swapped));
        Time::from_secs_nanos(secs, i64::from(word(header, 4, self.swapped)) * self.unit)
    }

    /// Reads more, so that `needed` octets can be there; false where nothing more comes.
    #[cold]
    fn fill(&mut self, needed: usize) -> Result<bool, Fault> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.buffer.len() < needed {
            self.buffer.resize(needed.next_power_of_two(), 0);
        }
        let space = self.buffer.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.input.read(space) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Fault::Io),
            }
        }
    }
}

#[inline]
fn word(octets: &[u8], at: usize, swapped: bool) -> u32 {
    let four = octets.get(at..).and_then(<[u8]>::first_chunk::<4>).copied().unwrap_or_default();
    if swapped { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}
