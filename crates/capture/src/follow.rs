// SPDX-License-Identifier: Apache-2.0
//! Captures that others are writing: a file that grows, and a folder in which files appear one after the other (tcpdump
//! with -G or -C, dumpcap's ring buffer). The end of what was written is no end but a pause; a record that is
//! written in part is waited for. Compressed files are left alone: what compresses finished captures would have them read
//! twice.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use crate::file::Blocks;
use crate::{CaptureError, Frame};

/// Captures that are followed.
pub struct Follower {
    paths: Vec<PathBuf>,
    /// Captures that were read, and what they were then: one that is another by now, or shorter, is read again.
    read: HashMap<PathBuf, Mark>,
    open: Option<Open>,
    errors: Vec<CaptureError>,
    found: u64,
}

/// What came.
pub enum Followed<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// Nothing more is written yet.
    Pause,
}

struct Open {
    path: PathBuf,
    mark: Mark,
    file: Blocks,
    dry: Arc<AtomicBool>,
    /// True where another capture was there at the last pause: what comes until the next one is the rest.
    last: bool,
}

/// What tells a file from another of the same name.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    length: u64,
    changed: Option<SystemTime>,
}

impl Follower {
    /// Follows files, and the files of folders, in the order in which they appear.
    pub fn new(paths: &[PathBuf]) -> Self {
        Self { paths: paths.to_vec(), read: HashMap::new(), open: None, errors: Vec::new(), found: 0 }
    }

    /// Captures that were opened so far.
    pub fn opened(&self) -> u64 {
        self.found
    }

    /// Path of the capture that is read, once there is one.
    pub fn path(&self) -> Option<&Path> {
        self.open.as_ref().map(|open| open.path.as_path())
    }

    /// What was wrong with captures since the last call.
    pub fn errors(&mut self) -> Vec<CaptureError> {
        std::mem::take(&mut self.errors)
    }

    /// The next frame, or a pause.
    pub fn next_frame(&mut self) -> Followed<'_> {
        // The borrow of a frame that is returned in a loop would last for the loop: find one first, then take it.
        if !self.find() {
            return Followed::Pause;
        }
        match self.open.as_ref().and_then(|open| open.file.again()) {
            Some(frame) => Followed::Frame(frame),
            None => Followed::Pause,
        }
    }

    /// Goes to the next frame; false where there is none yet.
    fn find(&mut self) -> bool {
        loop {
            let Some(open) = &mut self.open else {
                if self.open_next() {
                    continue;
                }
                return false;
            };
            match open.file.advance(&open.path) {
                Ok(true) => return true,
                // A pcapng that ends with a block ends for the reader.
                Ok(false) => {}
                Err(_) if open.dry.swap(false, Ordering::Relaxed) => {}
                Err(error) => {
                    self.errors.push(error);
                    self.close();
                    continue;
                }
            }
            if !self.is_over() {
                return false;
            }
        }
    }

    /// At a pause: true, and the capture is closed, where its writer has gone on to another.
    fn is_over(&mut self) -> bool {
        let other = self.unread().is_some();
        let Some(open) = &mut self.open else { return true };
        if !std::mem::replace(&mut open.last, other) || !other {
            return false;
        }
        if open.file.holds_a_part() {
            self.errors.push(CaptureError::Truncated { path: open.path.clone(), offset: open.file.offset() });
        }
        self.close();
        true
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            let mark = Mark::of(&open.path).filter(|now| open.mark.same_file(now)).unwrap_or(open.mark);
            self.read.insert(open.path, mark);
        }
    }

    /// Opens the next capture that begins with a whole header.
    fn open_next(&mut self) -> bool {
        let Some((path, mark)) = self.unread() else { return false };
        let dry = Arc::new(AtomicBool::new(false));
        let begun = Arc::new(AtomicBool::new(false));
        let (to_dry, to_begun) = (Arc::clone(&dry), Arc::clone(&begun));
        let opened = File::open(&path).map(|file| Growing { file, dry: to_dry, begun: to_begun });
        let opened = match opened {
            Ok(growing) => Blocks::open(&path, Box::new(growing)),
            Err(cause) => Err(CaptureError::Io { path: path.clone(), cause }),
        };
        match opened {
            Ok(file) => {
                begun.store(true, Ordering::Relaxed);
                self.found += 1;
                self.open = Some(Open { path, mark, file, dry, last: false });
                true
            }
            // The header may be on its way, as long as nothing came after it.
            Err(_) if mark.length < HEADER => false,
            Err(error) => {
                self.errors.push(error);
                self.read.insert(path, mark);
                true
            }
        }
    }

    /// The oldest capture that was not read.
    fn unread(&mut self) -> Option<(PathBuf, Mark)> {
        let mut found: Vec<(Option<SystemTime>, PathBuf, Mark)> = Vec::new();
        let reading = self.open.as_ref().map(|open| (open.path.clone(), open.mark));
        for path in &self.paths {
            for path in files(path) {
                let Some(mark) = Mark::of(&path) else { continue };
                let same = |(known, then): &(PathBuf, Mark)| *known == path && then.same_file(&mark);
                let known = self.read.get(&path).is_some_and(|then| then.same_file(&mark));
                if known || reading.as_ref().is_some_and(same) || is_compressed(&path) {
                    continue;
                }
                found.push((mark.changed, path, mark));
            }
        }
        self.read.retain(|path, _| path.exists());
        found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        found.into_iter().next().map(|(_, path, mark)| (path, mark))
    }
}

/// Octets below which a file may not have its whole header: 24 of pcap, and a section header with comments of pcapng.
const HEADER: u64 = 4_096;

impl Mark {
    fn of(path: &Path) -> Option<Self> {
        let data = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some(Self { device: data.dev(), inode: data.ino(), length: data.len(), changed: data.modified().ok() })
    }

    fn same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode) && other.length >= self.length
    }
}

/// The path itself, or the files of a folder.
fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).into_iter().flatten();
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()
}

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "gz" || ending == "zst")
}

/// A file whose end is a pause.
struct Growing {
    file: File,
    /// Set at the end of what was written.
    dry: Arc<AtomicBool>,
    /// False while the header is looked for, which ends where the file does.
    begun: Arc<AtomicBool>,
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.file.read(buffer)? {
            0 if !buffer.is_empty() && self.begun.load(Ordering::Relaxed) => {
                self.dry.store(true, Ordering::Relaxed);
                Err(io::ErrorKind::WouldBlock.into())
            }
            count => Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use super::*;

    const HEAD: [u8; 24] = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];

    /// A record of pcap with the second as its only octet.
    fn record(second: u8) -> Vec<u8> {
        let words = [u32::from(second), 0, 1, 1].map(u32::to_le_bytes);
        [&words.concat()[..], &[second]].concat()
    }

    fn append(path: &Path, octets: &[u8]) {
        let mut file = OpenOptions::new().append(true).create(true).open(path).expect("writable");
        file.write_all(octets).expect("written");
    }

    /// Frames up to the next pause; two pauses where another capture waits.
    fn seen(follower: &mut Follower) -> Vec<u8> {
        let mut seen = Vec::new();
        for _ in 0..4 {
            while let Followed::Frame(frame) = follower.next_frame() {
                assert_eq!(frame.time.millis(), i64::from(frame.data[0]) * 1_000);
                seen.push(frame.data[0]);
            }
        }
        seen
    }

    #[test]
    fn a_growing_file_is_read_as_it_grows_and_half_a_record_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.pcap");
        let mut follower = Follower::new(std::slice::from_ref(&path));
        assert_eq!(seen(&mut follower), [], "the file is not there yet");
        append(&path, &HEAD[..10]);
        assert_eq!(seen(&mut follower), [], "half a header");
        append(&path, &HEAD[10..]);
        append(&path, &record(1));
        append(&path, &record(2)[..9]);
        assert_eq!(seen(&mut follower), [1]);
        append(&path, &record(2)[9..16]);
        assert_eq!(seen(&mut follower), []);
        append(&path, &record(2)[16..]);
        append(&path, &record(3));
        assert_eq!(seen(&mut follower), [2, 3]);
        assert!(follower.errors().is_empty());
    }

    #[test]
    fn a_growing_pcapng_is_read_as_it_grows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.pcapng");
        let mut follower = Follower::new(std::slice::from_ref(&path));
        let mut octets = Vec::new();
        crate::recorder::write_head(&mut octets);
        append(&path, &octets);
        for second in 1..4u8 {
            let mut block = Vec::new();
            let time = minamo_base::Time::from_millis(i64::from(second) * 1_000);
            crate::recorder::write_packet(&mut block, time, &[second]);
            append(&path, &block[..20]);
            assert_eq!(seen(&mut follower), []);
            append(&path, &block[20..]);
            assert_eq!(seen(&mut follower), [second]);
        }
    }

    #[test]
    fn files_that_appear_in_a_folder_are_read_one_after_the_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        append(&path("b9.pcap"), &[&HEAD[..], &record(1)].concat());
        append(&path("old.pcap.gz"), b"not read");
        let mut follower = Follower::new(&[folder.path().to_owned()]);
        assert_eq!(seen(&mut follower), [1]);
        append(&path("b9.pcap"), &record(2));
        assert_eq!(seen(&mut follower), [2]);
        // The next begins; the writer has closed the first.
        append(&path("b9.pcap"), &record(3));
        append(&path("b10.pcap"), &[&HEAD[..], &record(4)].concat());
        assert_eq!(seen(&mut follower), [3, 4]);
        append(&path("b10.pcap"), &record(5)[..7]);
        append(&path("b11.pcap"), &[&HEAD[..], &record(6)].concat());
        assert_eq!(seen(&mut follower), [6]);
        let errors = follower.errors();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].to_string().contains("b10.pcap: ends in the middle of a record"), "{}", errors[0]);
        // A ring writes its first file anew.
        fs::write(path("b9.pcap"), [&HEAD[..], &record(7)].concat()).expect("written");
        assert_eq!(seen(&mut follower), [7]);
        fs::write(path("c.txt"), vec![b'x'; 5_000]).expect("written");
        append(&path("d.pcap"), &[&HEAD[..], &record(8)].concat());
        assert_eq!(seen(&mut follower), [8]);
        assert!(follower.errors()[0].to_string().contains("c.txt: not a capture"));
    }
}
