// SPDX-License-Identifier: Apache-2.0
//! The recorder: a ring of recent packets on disk, from which the packets of a flow, or of a filter, can be cut
//! afterwards. Whoever reads frames never waits for the disk: frames go into a buffer, full buffers to a thread that
//! writes them, and where that is behind they are dropped and counted.
//!
//! A folder holds segments, which are pcapng files (draft-ietf-opsawg-pcapng) that any program reads, and an index beside each. Its
//! size has a bound: the oldest segments go.
//!
//! Packets have content. The folder is for its owner only, and [`Settings::packet_bytes`] keeps headers without it.

mod cut;
mod index;
mod segment;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use minamo_base::Time;
use minamo_packet::LinkType;

use crate::Frame;

pub use cut::{Cut, CutError, Cutter, Selection};

/// What is recorded, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Folder of the segments; made where it is missing.
    pub folder: PathBuf,
    /// Octets of all segments and indexes together.
    pub budget: u64,
    /// Octets of each packet that are kept.
    pub packet_bytes: usize,
    /// Recorders that share the folder.
    pub recorders: u64,
}

minamo_base::counters! {
    /// Counters of the recorder.
    pub struct Counters, pub static METRICS {
        /// Packets that were recorded.
        packets: AtomicU64 = "minamo_recorder_packets_total" [interface], "";
        /// Octets that were written, of packets and indexes.
        written: AtomicU64 = "minamo_recorder_written_bytes_total" [interface], "";
        /// Packets that were not recorded because the disk was behind.
        behind: AtomicU64 = "minamo_recorder_dropped_packets_total" [interface, reason = "disk_behind"],
            "The disk is too slow for this traffic: record less of each packet (recorder.packet_bytes), or use a faster disk.";
        /// Packets that were not recorded because the disk refused them.
        failed: AtomicU64 = "minamo_recorder_dropped_packets_total" [interface, reason = "disk_error"],
            "The log says what the disk said; look for space and permissions in recorder.folder.";
        /// Segments removed to stay within the budget.
        removed: AtomicU64 = "minamo_recorder_removed_segments_total" [interface, reason = "budget"], "";
    }
}

/// Octets of a buffer at most.
const BUFFER: usize = 1 << 20;
/// Buffers between reading and the disk.
const BUFFERS: usize = 16;
/// Segments that the budget is divided into: what goes at a time.
const SEGMENTS: u64 = 64;
/// Octets of a segment at least and at most.
const SEGMENT: (u64, u64) = (1 << 16, 256 << 20);
/// Longest that a packet waits in a buffer.
const AGE: Duration = Duration::from_secs(1);

/// Takes frames of one reader.
pub struct Recorder {
    buffer: segment::Buffer,
    since: Time,
    packet_bytes: usize,
    /// Octets after which a buffer is full: no more than a segment has.
    room: usize,
    full: SyncSender<segment::Buffer>,
    empty: Receiver<segment::Buffer>,
    writer: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Recorder {
    /// A recorder of frames of this link type; `name` tells it from others that share the folder.
    pub fn open(name: &str, link: LinkType, settings: &Settings, counters: Arc<Counters>) -> io::Result<Self> {
        make_folder(&settings.folder)?;
        let size = (settings.budget / SEGMENTS / settings.recorders.max(1)).clamp(SEGMENT.0, SEGMENT.1);
        let plan = segment::Plan {
            folder: settings.folder.clone(),
            name: file_name(name),
            link,
            size,
            // Each has a segment open, which the last buffer may make twice as large.
            budget: settings.budget.saturating_sub(size.saturating_mul(2 * settings.recorders.max(1))),
        };
        let (full, to_write) = sync_channel::<segment::Buffer>(BUFFERS);
        let (give_back, empty) = sync_channel(BUFFERS);
        let counted = Arc::clone(&counters);
        let write = move || {
            let mut writer = segment::Writer::new(plan, counted);
            while let Ok(mut buffer) = to_write.recv() {
                writer.write(&buffer);
                buffer.clear();
                // Nobody takes it back at the end.
                drop(give_back.try_send(buffer));
            }
            writer.close();
        };
        let writer = std::thread::Builder::new().name("recorder".into()).spawn(write)?;
        let packet_bytes = settings.packet_bytes.max(1);
        let room = usize::try_from(size).unwrap_or(BUFFER).min(BUFFER);
        let buffer = segment::Buffer::with_room(room);
        Ok(Self { buffer, since: Time(i64::MIN), packet_bytes, room, full, empty, writer: Some(writer), counters })
    }

    /// Records one frame.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        if self.buffer.is_empty() {
            self.since = frame.time;
        }
        self.buffer.push(frame, self.packet_bytes);
        if self.buffer.len() >= self.room {
            self.flush();
        }
    }

    /// Hands on what has waited for long enough by `now`.
    pub fn advance(&mut self, now: Time) {
        if !self.buffer.is_empty() && now.since(self.since) >= i64::try_from(AGE.as_nanos()).unwrap_or(i64::MAX) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let next = self.empty.try_recv().unwrap_or_else(|_| segment::Buffer::with_room(self.room));
        let buffer = std::mem::replace(&mut self.buffer, next);
        let packets = buffer.packets();
        let counter = match self.full.try_send(buffer) {
            Ok(()) => return,
            Err(TrySendError::Full(_)) => &self.counters.behind,
            Err(TrySendError::Disconnected(_)) => &self.counters.failed,
        };
        counter.fetch_add(packets, Ordering::Relaxed);
    }
}

impl Drop for Recorder {
    /// Writes what is left and waits for it.
    fn drop(&mut self) {
        if !self.buffer.is_empty() {
            self.flush();
        }
        let (closed, _) = sync_channel(1);
        drop(std::mem::replace(&mut self.full, closed));
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the recorder broke");
        }
    }
}

/// Makes the folder, for its owner only; what is there already stays as it is.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::metadata(folder).map(|_| ())
}

/// A name that is one of a file.
fn file_name(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    name.chars().map(|c| if fits(c) { c } else { '_' }).collect()
}

/// The head of a pcapng file of Ethernet.
#[cfg(test)]
pub(crate) fn write_head(out: &mut Vec<u8>) {
    segment::section_block(out);
    segment::interface_block(out, LinkType::ETHERNET, "test");
}

/// One packet of such a file.
#[cfg(test)]
pub(crate) fn write_packet(out: &mut Vec<u8>, time: Time, octets: &[u8]) {
    segment::packet_block(out, 0, time, octets, octets.len());
}

#[cfg(test)]
mod tests;
