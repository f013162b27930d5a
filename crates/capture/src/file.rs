// SPDX-License-Identifier: Apache-2.0
//! Capture files, read in one pass through a buffer: pcap (libpcap's savefile format; what is usual of it in
//! `classic.rs`) and pcapng (draft-ietf-opsawg-pcapng), with both byte orders, all timestamp resolutions and several interfaces.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use minamo_base::{NANOS_PER_SEC, Time};
use minamo_packet::LinkType;
use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};

use crate::ahead::Ahead;
use crate::classic::{self, Classic, Fault};
use crate::{CaptureError, Frame, Frames};

/// Buffer at the start; a larger record makes it grow up to [`MAX_BUFFER`].
const BUFFER: usize = 1 << 18;
/// No record is larger: libpcap's own bound is 256 KiB of packet.
const MAX_BUFFER: usize = 1 << 24;
/// Interfaces of one pcapng section that are remembered.
const MAX_INTERFACES: usize = 4_096;

/// An open capture.
pub struct CaptureFile {
    path: PathBuf,
    form: Form,
    /// What ended the last block before the frames in it were given.
    failed: Option<CaptureError>,
}

/// What reads it.
enum Form {
    Classic(Classic),
    Blocks(Blocks),
}

/// Anything but classic captures, and every capture that is followed.
pub(crate) struct Blocks {
    reader: Box<dyn PcapReaderIterator + Send>,
    /// Octets of the block that the last frame borrowed from.
    used: usize,
    offset: u64,
    section: Section,
    /// The last frame: its interface, time in units, where it begins in its block, and captured length.
    found: Option<(Interface, u64, usize, usize)>,
}

/// What packets are read with.
#[derive(Default)]
struct Section {
    interfaces: Vec<Interface>,
    big_endian: bool,
}

/// What a frame inherits from its interface.
#[derive(Debug, Clone, Copy)]
struct Interface {
    link: LinkType,
    /// Time units per second.
    units: u64,
    offset_secs: i64,
}

enum Found {
    /// A frame: its interface, time in units, where it begins in its block, and captured length.
    Frame(Interface, u64, usize, usize),
    Other,
}

impl CaptureFile {
    /// Opens a file, or standard input where the path is `-`.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let io = |cause| CaptureError::Io { path: path.to_owned(), cause };
        let input: Box<dyn Read + Send> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            Box::new(Ahead::new(File::open(path).map_err(io)?))
        };
        Self::from_reader(path, input)
    }

    /// Reads a capture from anything; `path` is its name in errors.
    pub fn from_reader(path: &Path, input: Box<dyn Read + Send>) -> Result<Self, CaptureError> {
        let io = |cause| CaptureError::Io { path: path.to_owned(), cause };
        let mut plain = decompressed(input).map_err(io)?;
        let mut header = Vec::with_capacity(classic::HEADER);
        // What cannot be read says so when the rest is.
        let broken = (&mut plain).take(classic::HEADER as u64).read_to_end(&mut header).is_err();
        let plain = match <[u8; classic::HEADER]>::try_from(header.as_slice()) {
            Ok(header) if !broken => match Classic::open(header, plain, BUFFER, MAX_BUFFER) {
                Ok(classic) => return Ok(Self { path: path.to_owned(), form: Form::Classic(classic), failed: None }),
                Err(plain) => plain,
            },
            _ => plain,
        };
        let whole: Box<dyn Read + Send> = Box::new(Full(io::Cursor::new(header).chain(plain)));
        Ok(Self { path: path.to_owned(), form: Form::Blocks(Blocks::open(path, whole)?), failed: None })
    }

    /// Octets of the decompressed file up to the last frame.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match &self.form {
            Form::Blocks(blocks) => blocks.offset(),
            Form::Classic(classic) => classic.offset(),
        }
    }

    /// The next frame; nothing at the end. After an error there is nothing more to read.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        match &mut self.form {
            Form::Blocks(blocks) => Ok(if blocks.advance(&self.path)? { blocks.again() } else { None }),
            Form::Classic(classic) => {
                let offset = classic.offset();
                classic.next().map_err(|fault| failure(fault, &self.path, offset))
            }
        }
    }

    /// The next frames together, with the octets that they are in; none at the end. An error comes behind all frames before
    /// it. How a capture is divided depends on its octets alone.
    pub fn next_block(&mut self, block: &mut Frames) -> Result<(), CaptureError> {
        if let Form::Classic(classic) = &mut self.form {
            return classic.next_block(block).map_err(|fault| failure(fault, &self.path, classic.offset()));
        }
        block.clear();
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        while !block.is_full() {
            match self.next_frame() {
                Ok(Some(frame)) => block.push(&frame),
                Ok(None) => break,
                Err(error) if block.is_empty() => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(())
    }
}

#[cold]
fn failure(fault: Fault, path: &Path, offset: u64) -> CaptureError {
    let path = path.to_owned();
    match fault {
        Fault::Cut => CaptureError::Truncated { path, offset },
        Fault::TooLong => CaptureError::Malformed { path, offset, what: "want a record of at most 16 MiB" },
        Fault::Io => CaptureError::Io {
            path,
            cause: io::Error::other(format!("cannot be read or decompressed after octet {offset}")),
        },
    }
}

impl Blocks {
    /// Reads a capture of any form that is not compressed.
    pub(crate) fn open(path: &Path, plain: Box<dyn Read + Send>) -> Result<Self, CaptureError> {
        let reader = create_reader(BUFFER, plain).map_err(|error| match error {
            PcapError::ReadError => {
                CaptureError::Io { path: path.to_owned(), cause: io::Error::other("cannot be read or decompressed") }
            }
            _ => CaptureError::NotACapture { path: path.to_owned() },
        })?;
        Ok(Self { reader, used: 0, offset: 0, section: Section::default(), found: None })
    }

    /// Octets up to the last frame.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes to the next frame; false at the end. After an error of an input that pauses it can be asked again.
    pub(crate) fn advance(&mut self, path: &Path) -> Result<bool, CaptureError> {
        loop {
            self.release();
            let (used, found) = match self.reader.next() {
                Ok((used, block)) => (used, self.section.look(&block, used)),
                Err(PcapError::Eof) => return Ok(false),
                Err(PcapError::Incomplete(_)) => {
                    self.refill(path)?;
                    continue;
                }
                Err(PcapError::BufferTooSmall) => {
                    self.grow(path)?;
                    continue;
                }
                Err(PcapError::UnexpectedEof) => return Err(failure(Fault::Cut, path, self.offset)),
                Err(_) => return Err(self.malformed(path, "want a block whose lengths agree")),
            };
            let Some(found) = found else {
                return Err(self.malformed(path, "want a packet of an interface that was described before"));
            };
            self.used = used;
            if let Found::Frame(interface, units, start, captured) = found {
                self.found = Some((interface, units, start, captured));
                return Ok(true);
            }
        }
    }

    /// The frame that was gone to: found again after the borrow of its block ended.
    pub(crate) fn again(&self) -> Option<Frame<'_>> {
        let (interface, units, start, captured) = self.found?;
        let block = self.reader.data().get(..self.used).unwrap_or_default();
        let data = block.get(start..start + captured).unwrap_or_default();
        Some(Frame { time: interface.time(units), link: interface.link, data })
    }

    /// True where a record was read in part.
    pub(crate) fn holds_a_part(&self) -> bool {
        self.reader.data().len() > self.used
    }

    fn release(&mut self) {
        let used = std::mem::take(&mut self.used);
        self.found = None;
        self.offset += used as u64;
        self.reader.consume_noshift(used);
    }

    fn refill(&mut self, path: &Path) -> Result<(), CaptureError> {
        self.reader.refill().map_err(|_| failure(Fault::Io, path, self.offset))
    }

    fn grow(&mut self, path: &Path) -> Result<(), CaptureError> {
        let size = self.reader.data().len().max(BUFFER) * 2;
        if size > MAX_BUFFER || !self.reader.grow(size) {
            return Err(failure(Fault::TooLong, path, self.offset));
        }
        self.refill(path)
    }

    fn malformed(&self, path: &Path, what: &'static str) -> CaptureError {
        CaptureError::Malformed { path: path.to_owned(), offset: self.offset, what }
    }
}

impl Interface {
    fn time(self, units: u64) -> Time {
        let secs = i64::try_from(units / self.units).unwrap_or(i64::MAX);
        let nanos = u128::from(units % self.units) * NANOS_PER_SEC.unsigned_abs() as u128 / u128::from(self.units);
        Time::from_secs_nanos(secs.saturating_add(self.offset_secs), i64::try_from(nanos).unwrap_or(0))
    }
}

/// Where the data of pcapng's blocks begin: an enhanced packet's, an obsolete packet's (draft §4.3 and appendix A), and a simple
/// packet's (§4.4).
const ENHANCED: usize = 28;
const SIMPLE: usize = 12;
/// Type of the obsolete packet block.
const OBSOLETE_PACKET: u32 = 2;

impl Section {
    /// What a block of `used` octets is; nothing where it is a packet of an unknown interface.
    fn look(&mut self, block: &PcapBlockOwned<'_>, used: usize) -> Option<Found> {
        let interfaces = &mut self.interfaces;
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                // The upper bits tell of a frame check sequence (libpcap's savefile manual). The zone is not for
                // readers.
                let link = LinkType(u16::try_from(header.network.0 & 0xffff).unwrap_or(u16::MAX));
                let units = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                *interfaces = vec![Interface { link, units, offset_secs: 0 }];
                Some(Found::Other)
            }
            PcapBlockOwned::Legacy(packet) => {
                let interface = *interfaces.first()?;
                let units = u64::from(packet.ts_sec) * interface.units + u64::from(packet.ts_usec);
                let captured = packet.data.len().min(packet.caplen as usize);
                Some(Found::Frame(interface, units, used.saturating_sub(captured), captured))
            }
            PcapBlockOwned::NG(Block::SectionHeader(section)) => {
                interfaces.clear();
                self.big_endian = section.big_endian();
                Some(Found::Other)
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(idb)) => {
                if interfaces.len() < MAX_INTERFACES {
                    interfaces.push(Interface {
                        link: LinkType(u16::try_from(idb.linktype.0).unwrap_or(u16::MAX)),
                        units: resolution(idb.if_tsresol),
                        offset_secs: idb.if_tsoffset,
                    });
                }
                Some(Found::Other)
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(epb)) => {
                let interface = *interfaces.get(epb.if_id as usize)?;
                let units = u64::from(epb.ts_high) << 32 | u64::from(epb.ts_low);
                Some(Found::Frame(interface, units, ENHANCED, epb.data.len().min(epb.caplen as usize)))
            }
            PcapBlockOwned::NG(Block::SimplePacket(spb)) => {
                // A simple packet has no time: it gets the epoch, which the row shows as what it is.
                let interface = *interfaces.first()?;
                Some(Found::Frame(interface, 0, SIMPLE, spb.data.len().min(spb.origlen as usize)))
            }
            // The parser gives the type in the order of the machine or in that of the file.
            PcapBlockOwned::NG(Block::Unknown(other))
                if [OBSOLETE_PACKET, OBSOLETE_PACKET.swap_bytes()].contains(&other.block_type) =>
            {
                self.obsolete(other.data)
            }
            PcapBlockOwned::NG(_) => Some(Found::Other),
        }
    }

    /// An obsolete packet block: as an enhanced one, but with an interface of 16 bits, and a count of drops.
    fn obsolete(&self, body: &[u8]) -> Option<Found> {
        let word = |at: usize| {
            let octets = body.get(at..)?.first_chunk::<4>().copied()?;
            Some(if self.big_endian { u32::from_be_bytes(octets) } else { u32::from_le_bytes(octets) })
        };
        let number = word(0)?;
        let number = if self.big_endian { number >> 16 } else { number & 0xffff };
        let interface = *self.interfaces.get(number as usize)?;
        let units = u64::from(word(4)?) << 32 | u64::from(word(8)?);
        let room = body.len().saturating_sub(ENHANCED - 8);
        Some(Found::Frame(interface, units, ENHANCED, room.min(word(12)? as usize)))
    }
}

/// Units of a second (pcapng §4.2, if_tsresol): a power of ten, or of two where the highest bit is set. Those that do
/// not fit 64 bits are none that a clock has.
fn resolution(told: u8) -> u64 {
    let exponent = u32::from(told & 0x7f);
    let units = if told & 0x80 == 0 { 10u64.checked_pow(exponent) } else { 1u64.checked_shl(exponent) };
    units.unwrap_or(1_000_000)
}

/// The input without its compression, told by the first octets.
fn decompressed(input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut input = input;
    let mut magic = Vec::with_capacity(4);
    (&mut input).take(4).read_to_end(&mut magic)?;
    let is = |prefix: &[u8]| magic.starts_with(prefix);
    let (gzip, zstd) = (is(&[0x1f, 0x8b]), is(&[0x28, 0xb5, 0x2f, 0xfd]));
    let whole = io::Cursor::new(magic).chain(input);
    Ok(if gzip {
        Box::new(Full(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole))))
    } else if zstd {
        Box::new(Full(zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(BUFFER, whole))?))
    } else {
        Box::new(Full(whole))
    })
}

/// Fills the whole buffer where it can, so that the first read shows a whole header. Asks for nothing where there is
/// no room: the zstd decoder takes an empty buffer for an error.
struct Full<R>(R);

impl<R: Read> Read for Full<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(space) = buffer.get_mut(filled..).filter(|s| !s.is_empty()) {
            match self.0.read(space) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if filled > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// The files behind arguments: files as they are, folders as the files in them, sorted by name.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CaptureError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let io = |cause| CaptureError::Io { path: path.clone(), cause };
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(io)? {
            let file = entry.map_err(io)?.path();
            if file.is_file() {
                inside.push(file);
            }
        }
        inside.sort();
        files.append(&mut inside);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A pcap of two Ethernet frames, microseconds, little endian.
    fn pcap() -> Vec<u8> {
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
        for (secs, frame) in [(10u32, b"first".as_slice()), (11, b"second")] {
            let length = u32::try_from(frame.len()).expect("short").to_le_bytes();
            file.extend([secs.to_le_bytes(), 500_000u32.to_le_bytes(), length, length].concat());
            file.extend_from_slice(frame);
        }
        file
    }

    /// Frames and the error, which are the same frame by frame and block by block.
    fn read(octets: Vec<u8>) -> (Vec<(i64, Vec<u8>)>, Option<String>) {
        let read = read_frames(octets.clone());
        assert!(read == read_blocks(octets));
        read
    }

    fn read_frames(octets: Vec<u8>) -> (Vec<(i64, Vec<u8>)>, Option<String>) {
        let mut frames = Vec::new();
        let mut file = match CaptureFile::from_reader(Path::new("x.pcap"), Box::new(io::Cursor::new(octets))) {
            Ok(file) => file,
            Err(error) => return (frames, Some(error.to_string())),
        };
        loop {
            match file.next_frame() {
                Ok(Some(frame)) => frames.push((frame.time.millis(), frame.data.to_vec())),
                Ok(None) => return (frames, None),
                Err(error) => return (frames, Some(error.to_string())),
            }
        }
    }

    /// The same, block by block.
    fn read_blocks(octets: Vec<u8>) -> (Vec<(i64, Vec<u8>)>, Option<String>) {
        let (mut frames, mut block) = (Vec::new(), Frames::default());
        let mut file = match CaptureFile::from_reader(Path::new("x.pcap"), Box::new(io::Cursor::new(octets))) {
            Ok(file) => file,
            Err(error) => return (frames, Some(error.to_string())),
        };
        loop {
            match file.next_block(&mut block) {
                Ok(()) if block.is_empty() => return (frames, None),
                Ok(()) => frames.extend(block.frames().map(|frame| (frame.time.millis(), frame.data.to_vec()))),
                Err(error) => return (frames, Some(error.to_string())),
            }
        }
    }

    fn both() -> Vec<(i64, Vec<u8>)> {
        vec![(10_500, b"first".to_vec()), (11_500, b"second".to_vec())]
    }

    #[test]
    fn plain_gzip_and_zstd() {
        assert_eq!(read(pcap()), (both(), None));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&pcap()).expect("a Vec takes all");
        assert_eq!(read(gzip.finish().expect("a Vec takes all")), (both(), None));
        assert_eq!(read(zstd::encode_all(pcap().as_slice(), 1).expect("a Vec takes all")), (both(), None));
    }

    #[test]
    fn both_byte_orders_and_both_resolutions() {
        for (magic, part) in [(0xa1b2_c3d4u32, 500_000u32), (0xa1b2_3c4d, 500_000_000)] {
            let mut file = Vec::new();
            for word in [magic, 0x0002_0004, 0, 0, 65_535, 1, 10, part, 5, 5] {
                file.extend(word.to_be_bytes());
            }
            file.extend(b"first");
            for word in [11, part, 6, 600] {
                file.extend(word.to_be_bytes());
            }
            file.extend(b"second");
            assert_eq!(read(file), (both(), None), "{magic:#x}");
        }
    }

    #[test]
    fn a_record_larger_than_the_buffer() {
        let mut file = pcap();
        let length = u32::try_from(3 * BUFFER).expect("few");
        file.extend([12u32.to_le_bytes(), [0; 4], length.to_le_bytes(), length.to_le_bytes()].concat());
        file.resize(file.len() + 3 * BUFFER, 7);
        let (frames, error) = read(file);
        assert_eq!((frames.len(), frames[2].1.len(), error), (3, 3 * BUFFER, None));
    }

    #[test]
    fn captures_larger_than_the_buffer() {
        let mut large = pcap();
        let record = large.split_off(24);
        for _ in 0..20_000 {
            large.extend_from_slice(&record);
        }
        assert!(large.len() > 2 * BUFFER);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&large).expect("a Vec takes all");
        let zstd = zstd::encode_all(large.as_slice(), 1).expect("a Vec takes all");
        for octets in [large, gzip.finish().expect("a Vec takes all"), zstd] {
            let (frames, error) = read(octets);
            assert_eq!((frames.len(), error), (40_000, None));
        }
    }

    #[test]
    fn pcapng_with_nanoseconds() {
        let mut file = Vec::new();
        let mut block = |kind: u32, body: &[u8]| {
            let length = u32::try_from(body.len() + 12).expect("short").to_le_bytes();
            file.extend([&kind.to_le_bytes(), &length[..], body, &length[..]].concat());
        };
        block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
        block(1, &[101, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
        // interface 0, time high 0, time low, lengths, data and padding
        let body: Vec<u8> =
            [&[0u8; 4][..], &[0; 4], &1_500_000_000u32.to_le_bytes(), &[5, 0, 0, 0], &[5, 0, 0, 0], b"hello\0\0\0"]
                .concat();
        block(6, &body);
        assert_eq!(read(file), (vec![(1_500, b"hello".to_vec())], None));
    }

    #[test]
    fn pcapng_with_powers_of_two_and_obsolete_packets_in_both_byte_orders() {
        for big in [false, true] {
            let order = |octets: [u8; 4]| if big { octets.into_iter().rev().collect() } else { octets.to_vec() };
            let word = |value: u32| order(value.to_le_bytes());
            let half = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
            let mut file = Vec::new();
            let mut block = |kind: u32, body: Vec<u8>| {
                let length = word(u32::try_from(body.len() + 12).expect("short"));
                file.extend([word(kind), length.clone(), body, length].concat());
            };
            let section = [word(0x1a2b_3c4d), [half(1), half(0)].concat(), vec![255; 8]].concat();
            block(0x0a0d_0d0a, section);
            // 2^-8 seconds
            let options = [[half(9), half(1)].concat(), vec![0x88, 0, 0, 0], vec![0; 4]].concat();
            block(1, [[half(1), half(0)].concat(), word(0), options].concat());
            let times = [word(0), word(10 * 256 + 128), word(5), word(5)].concat();
            block(2, [[half(0), half(7)].concat(), times, b"first\0\0\0".to_vec()].concat());
            let times = [word(0), word(11 * 256 + 128), word(6), word(6)].concat();
            block(6, [word(0), times, b"second\0\0".to_vec()].concat());
            assert_eq!(read(file), (both(), None), "big endian: {big}");
        }
    }

    #[test]
    fn early_times_and_zones_are_only_times() {
        for secs in 0..12u32 {
            let mut file = pcap();
            file[8..12].copy_from_slice(&3_600u32.to_le_bytes());
            file[24..28].copy_from_slice(&secs.to_le_bytes());
            let (frames, error) = read(file);
            assert_eq!((frames[0].clone(), error), ((i64::from(secs) * 1_000 + 500, b"first".to_vec()), None));
        }
    }

    #[test]
    fn what_is_readable_is_read_and_the_rest_is_named() {
        let mut cut = pcap();
        cut.truncate(cut.len() - 3);
        let (frames, error) = read(cut);
        assert_eq!(frames.len(), 1);
        assert_eq!(
            error.expect("an error"),
            "x.pcap: ends in the middle of a record at octet 45; the records before it were read"
        );
        let mut huge = pcap();
        huge[45 + 8..45 + 12].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
        let (frames, error) = read(huge);
        assert_eq!(frames.len(), 1);
        assert!(error.is_some());
        assert_eq!(
            read(b"hello, this is no capture at all".to_vec()).1.expect("an error"),
            "x.pcap: not a capture file: want pcap or pcapng, plain or compressed with gzip or zstd"
        );
        assert!(read(Vec::new()).1.is_some());
    }

    #[test]
    fn folders_are_read_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.pcap", "a.pcap"] {
            std::fs::write(folder.path().join(name), pcap()).expect("written");
        }
        let files = expand(&[folder.path().to_owned()]).expect("readable");
        assert_eq!(files, [folder.path().join("a.pcap"), folder.path().join("b.pcap")]);
    }
}
