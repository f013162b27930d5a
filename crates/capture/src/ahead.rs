// SPDX-License-Identifier: Apache-2.0
//! A file that is read from its start to its end: the system is told early what will be wanted, so that nobody waits for the disk.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroU64;

use rustix::fs::{Advice, fadvise};

/// Octets that are asked for at once, and of which at least half is asked for before it is wanted.
const WINDOW: NonZeroU64 = match NonZeroU64::new(8 << 20) {
    Some(window) => window,
    None => NonZeroU64::MIN,
};

/// Reads a file, and has the system read what follows.
pub(crate) struct Ahead {
    file: File,
    /// Octets read.
    at: u64,
    /// Octets that were asked for. Nothing where the system takes no advice: it is a pipe.
    asked: Option<u64>,
}

impl Ahead {
    pub(crate) fn new(file: File) -> Self {
        Self { file, at: 0, asked: Some(0) }
    }

    fn ask(&mut self) {
        if let Some(asked) = self.asked.filter(|asked| asked.saturating_sub(self.at) < WINDOW.get() / 2) {
            // An error says that advice makes no sense here, and nothing of reading.
            let taken = fadvise(&self.file, asked, Some(WINDOW), Advice::WillNeed);
            self.asked = taken.is_ok().then_some(asked.saturating_add(WINDOW.get()));
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.ask();
        let read = self.file.read(buffer)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_is_read_as_it_is_and_asked_for_in_windows() {
        let mut file = tempfile::tempfile().expect("a file");
        let octets: Vec<u8> = (0..9_000_000_u32).map(|at| at.to_le_bytes()[0]).collect();
        file.write_all(&octets).expect("written");
        io::Seek::rewind(&mut file).expect("a file");
        let (mut ahead, mut read) = (Ahead::new(file), Vec::new());
        ahead.read_to_end(&mut read).expect("read");
        assert!(read == octets);
        assert_eq!(ahead.asked, Some(2 * WINDOW.get()));
    }

    #[test]
    fn a_pipe_takes_no_advice_and_is_read_all_the_same() {
        let (from, mut to) = io::pipe().expect("a pipe");
        to.write_all(b"hello").expect("room");
        drop(to);
        let (mut ahead, mut read) = (Ahead::new(std::os::fd::OwnedFd::from(from).into()), Vec::new());
        ahead.read_to_end(&mut read).expect("read");
        assert_eq!((read.as_slice(), ahead.asked), (b"hello".as_slice(), None));
    }
}
