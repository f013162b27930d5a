// SPDX-License-Identifier: Apache-2.0
//! The index beside a segment: its time range, and for each packet a hash of its conversation with its place. Without one, or
//! with one that is wrong, a segment is read from its beginning.
//!
//! Format, little endian: "MNRI" and version 1; first and last time in nanoseconds; number of entries; entries in order of their
//! hash, each hash and place of 4 octets. Segments are smaller than 4 GiB.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use minamo_base::{FiveTuple, Time};
use minamo_packet::{Fragment, Packet};

/// First octets of an index.
const MAGIC: &[u8; 8] = b"MNRI\x01\0\0\0";
/// Octets before the entries.
const HEAD: usize = 8 + 8 + 8 + 4;

/// Hash of what is no packet.
pub(super) const NO_PACKET: u32 = 0;

/// Hash of the conversation of a packet; fragments have no ports, as all but the first do not know them.
pub(super) fn conversation(packet: &Packet<'_>) -> u32 {
    let tuple = packet.tuple();
    match packet.ip.fragment {
        Fragment::Whole => of_tuple(tuple),
        _ => of_tuple(FiveTuple { src_port: 0, dst_port: 0, ..tuple }),
    }
}

/// Hash of a conversation, the same in both directions; that of ICMP has no ports.
pub(super) fn of_tuple(tuple: FiveTuple) -> u32 {
    let ports = if matches!(tuple.proto, 1 | 58) { (0, 0) } else { (tuple.src_port, tuple.dst_port) };
    let (one, other) = ((tuple.src, ports.0), (tuple.dst, ports.1));
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    let octets = low.0.0.into_iter().chain(low.1.to_be_bytes()).chain(high.0.0).chain(high.1.to_be_bytes());
    // FNV-1a, and never that of no packet.
    let hash = |hash: u32, octet: u8| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193);
    octets.chain([tuple.proto]).fold(0x811c_9dc5, hash).max(NO_PACKET + 1)
}

/// Where the index of a segment is.
pub(super) fn path(segment: &Path) -> PathBuf {
    segment.with_extension("index")
}

/// What is known of a segment.
#[derive(Default)]
pub(super) struct Index {
    span: Option<(Time, Time)>,
    entries: Vec<(u32, u32)>,
}

impl Index {
    pub(super) fn extend(&mut self, first: Time, last: Time, entries: impl Iterator<Item = (u32, u64)>) {
        let (start, end) = self.span.unwrap_or((first, last));
        self.span = Some((start.min(first), end.max(last)));
        self.entries.extend(entries.map(|(hash, at)| (hash, u32::try_from(at).unwrap_or(u32::MAX))));
    }

    /// Writes it beside its segment; gives its octets.
    pub(super) fn write(mut self, segment: &Path) -> io::Result<u64> {
        self.entries.sort_unstable();
        let (first, last) = self.span.unwrap_or_default();
        let mut out = Vec::with_capacity(HEAD + self.entries.len() * 8);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&first.0.to_le_bytes());
        out.extend_from_slice(&last.0.to_le_bytes());
        out.extend_from_slice(&u32::try_from(self.entries.len()).unwrap_or(0).to_le_bytes());
        for (hash, at) in &self.entries {
            out.extend_from_slice(&hash.to_le_bytes());
            out.extend_from_slice(&at.to_le_bytes());
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path(segment))?;
        file.write_all(&out)?;
        Ok(out.len() as u64)
    }

    /// Reads that of a segment; nothing where there is none that is right.
    pub(super) fn read(segment: &Path) -> Option<Self> {
        let octets = fs::read(path(segment)).ok()?;
        let rest = octets.strip_prefix(MAGIC)?;
        let (first, rest) = rest.split_first_chunk()?;
        let (last, rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let pair = |entry: &[u8]| {
            let (hash, at) = entry.split_first_chunk()?;
            Some((u32::from_le_bytes(*hash), u32::from_le_bytes(*at.first_chunk()?)))
        };
        let entries: Vec<_> = rest.chunks_exact(8).map(pair).collect::<Option<_>>()?;
        let whole = rest.len() % 8 == 0 && entries.len() == u32::from_le_bytes(*count) as usize;
        let span = (Time(i64::from_le_bytes(*first)), Time(i64::from_le_bytes(*last)));
        (whole && entries.is_sorted()).then_some(Self { span: Some(span), entries })
    }

    /// The times of the first and the last packet.
    pub(super) fn span(&self) -> (Time, Time) {
        self.span.unwrap_or_default()
    }

    /// The places of packets with these hashes, in the order of the segment.
    pub(super) fn places(&self, hashes: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut places = Vec::new();
        for hash in hashes {
            let start = self.entries.partition_point(|entry| entry.0 < hash);
            let of = self.entries.iter().skip(start).take_while(|entry| entry.0 == hash);
            places.extend(of.map(|entry| entry.1));
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}
