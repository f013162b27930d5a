// SPDX-License-Identifier: Apache-2.0
//! Segments: pcapng files of one interface each (draft-ietf-opsawg-pcapng §4.1 to §4.3), named after the time of their first
//! packet, and how old ones go.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use minamo_base::Time;
use minamo_packet::{LinkType, decode_parts};

use super::Counters;
use super::index::{self, Index};
use crate::Frame;

/// Ending of segments.
pub(super) const SEGMENT: &str = "pcapng";

/// Frames as enhanced packet blocks, and what the index says of each.
pub(super) struct Buffer {
    octets: Vec<u8>,
    /// Hash of the conversation and place in `octets`.
    places: Vec<(u32, u32)>,
    span: Option<(Time, Time)>,
}

impl Buffer {
    pub(super) fn with_room(octets: usize) -> Self {
        Self { octets: Vec::with_capacity(octets + (1 << 17)), places: Vec::new(), span: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.octets.len()
    }

    pub(super) fn packets(&self) -> u64 {
        self.places.len() as u64
    }

    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.places.clear();
        self.span = None;
    }

    /// Adds a frame, of which at most `most` octets are kept.
    pub(super) fn push(&mut self, frame: &Frame<'_>, most: usize) {
        let hash = decode_parts(frame.link, frame.data).map_or(index::NO_PACKET, |packet| index::conversation(&packet));
        let place = u32::try_from(self.octets.len()).unwrap_or(u32::MAX);
        self.places.push((hash, place));
        let (first, last) = self.span.unwrap_or((frame.time, frame.time));
        self.span = Some((first.min(frame.time), last.max(frame.time)));
        let kept = frame.data.get(..most).unwrap_or(frame.data);
        packet_block(&mut self.octets, 0, frame.time, kept, frame.data.len());
    }
}

/// An enhanced packet block (§4.3).
pub(super) fn packet_block(out: &mut Vec<u8>, interface: u32, time: Time, kept: &[u8], sent: usize) {
    let padding = kept.len().next_multiple_of(4) - kept.len();
    let length = number(32 + kept.len() + padding).to_le_bytes();
    let nanos = u64::try_from(time.0).unwrap_or(0);
    let [high, low] = [(nanos >> 32) as u32, nanos as u32].map(u32::to_le_bytes);
    out.extend_from_slice(&6u32.to_le_bytes());
    out.extend_from_slice(&length);
    out.extend_from_slice(&interface.to_le_bytes());
    out.extend_from_slice(&high);
    out.extend_from_slice(&low);
    out.extend_from_slice(&number(kept.len()).to_le_bytes());
    out.extend_from_slice(&number(sent).to_le_bytes());
    out.extend_from_slice(kept);
    out.extend_from_slice(&[0; 3][..padding]);
    out.extend_from_slice(&length);
}

/// A section header block (§4.1).
pub(super) fn section_block(out: &mut Vec<u8>) {
    let length = 28u32.to_le_bytes();
    out.extend_from_slice(&0x0a0d_0d0au32.to_le_bytes());
    out.extend_from_slice(&length);
    out.extend_from_slice(&0x1a2b_3c4du32.to_le_bytes());
    out.extend_from_slice(&[1, 0, 0, 0]);
    out.extend_from_slice(&u64::MAX.to_le_bytes());
    out.extend_from_slice(&length);
}

/// An interface description block (§4.2) with its name, and times in nanoseconds.
pub(super) fn interface_block(out: &mut Vec<u8>, link: LinkType, name: &str) {
    let name = name.as_bytes().get(..200).unwrap_or(name.as_bytes());
    let padding = name.len().next_multiple_of(4) - name.len();
    let length = number(20 + 4 + name.len() + padding + 8 + 4).to_le_bytes();
    out.extend_from_slice(&1u32.to_le_bytes());
    out.extend_from_slice(&length);
    out.extend_from_slice(&link.0.to_le_bytes());
    out.extend_from_slice(&[0; 2 + 4]);
    // if_name, if_tsresol (nanoseconds), end of options.
    out.extend_from_slice(&2u16.to_le_bytes());
    out.extend_from_slice(&u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(name);
    out.extend_from_slice(&[0; 3][..padding]);
    out.extend_from_slice(&[9, 0, 1, 0, 9, 0, 0, 0]);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&length);
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What a writer does.
pub(super) struct Plan {
    pub(super) folder: PathBuf,
    pub(super) name: String,
    pub(super) link: LinkType,
    /// Octets after which a segment is whole.
    pub(super) size: u64,
    /// Octets of segments that are whole, of all writers.
    pub(super) budget: u64,
}

/// Writes buffers into segments.
pub(super) struct Writer {
    plan: Plan,
    open: Option<Open>,
    counters: Arc<Counters>,
}

struct Open {
    file: File,
    path: PathBuf,
    length: u64,
    index: Index,
}

impl Writer {
    pub(super) fn new(plan: Plan, counters: Arc<Counters>) -> Self {
        Self { plan, open: None, counters }
    }

    pub(super) fn write(&mut self, buffer: &Buffer) {
        let Some(span) = buffer.span else { return };
        match self.try_write(buffer, span) {
            Ok(()) => {
                self.counters.packets.fetch_add(buffer.packets(), Ordering::Relaxed);
                self.counters.written.fetch_add(buffer.len() as u64, Ordering::Relaxed);
            }
            Err(error) => {
                let before = self.counters.failed.fetch_add(buffer.packets(), Ordering::Relaxed);
                if before == 0 {
                    tracing::error!(folder = %self.plan.folder.display(), %error, "packets are not recorded");
                }
                // What is half written ends the segment: readers go as far as it is whole.
                self.close();
            }
        }
        if self.open.as_ref().is_some_and(|open| open.length >= self.plan.size) {
            self.close();
        }
    }

    fn try_write(&mut self, buffer: &Buffer, (first, last): (Time, Time)) -> io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(Open::create(&self.plan, first)?),
        };
        open.file.write_all(&buffer.octets)?;
        let start = open.length;
        open.length += buffer.octets.len() as u64;
        open.index.extend(first, last, buffer.places.iter().map(|(hash, at)| (*hash, start + u64::from(*at))));
        Ok(())
    }

    /// Ends the segment that is written, and makes room.
    pub(super) fn close(&mut self) {
        let Some(Open { file, path, index, .. }) = self.open.take() else { return };
        drop(file);
        match index.write(&path) {
            Ok(written) => {
                self.counters.written.fetch_add(written, Ordering::Relaxed);
            }
            Err(error) => tracing::warn!(path = %path.display(), %error, "a segment has no index"),
        }
        match remove_oldest(&self.plan.folder, self.plan.budget) {
            Ok(removed) => {
                self.counters.removed.fetch_add(removed, Ordering::Relaxed);
            }
            Err(error) => tracing::error!(%error, "old packets stay"),
        }
    }
}

impl Open {
    fn create(plan: &Plan, first: Time) -> io::Result<Self> {
        let mut head = Vec::new();
        section_block(&mut head);
        interface_block(&mut head, plan.link, &plan.name);
        let mut start = u64::try_from(first.0).unwrap_or(0);
        // Two segments that begin at the same nanosecond are two files.
        for _ in 0..1_000 {
            let path = plan.folder.join(format!("{start:020}.{}.{SEGMENT}", plan.name));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(mut file) => {
                    file.write_all(&head)?;
                    return Ok(Self { file, path, length: head.len() as u64, index: Index::default() });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => start += 1,
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    }
}

/// The segments of a folder, oldest first: path, writer, and time of the first packet.
pub(super) fn segments(folder: &Path) -> io::Result<Vec<(PathBuf, String, Time)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let mut parts = name.split('.');
        if let (Some(start), Some(writer), Some(SEGMENT), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
            && let Ok(start) = start.parse()
        {
            let writer = writer.to_owned();
            found.push((path, writer, Time(start)));
        }
    }
    found.sort_by(|a, b| (a.2, &a.1).cmp(&(b.2, &b.1)));
    Ok(found)
}

/// Removes the oldest segments until the others fit; says how many went.
fn remove_oldest(folder: &Path, budget: u64) -> io::Result<u64> {
    let size = |path: &Path| fs::metadata(path).map_or(0, |data| data.len());
    let found: Vec<_> = segments(folder)?
        .into_iter()
        .map(|(path, ..)| {
            let index = index::path(&path);
            let size = size(&path) + size(&index);
            (path, index, size)
        })
        .collect();
    let mut sum: u64 = found.iter().map(|(.., size)| size).sum();
    let mut removed = 0;
    for (path, index, size) in found {
        if sum <= budget {
            break;
        }
        // Another writer of the folder may have been faster.
        for file in [index, path] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        (sum, removed) = (sum - size, removed + 1);
    }
    Ok(removed)
}
