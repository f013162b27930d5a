// SPDX-License-Identifier: Apache-2.0
//! How far the buffers of probes were read. A probe of ours names its buffer at the beginning of a connection
//! (`flowwire::notice`) and sends again, with the same sequence numbers, what it cannot know to have been read; what was read
//! here before is left out. Kept over an orderly end of the program; after a kill the places are older ones, and what
//! had been read since is taken once more, as it may not have been stored.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use minamo_base::Time;

use crate::keeper;

/// Name of the file with the places.
const FILE: &str = "buffers.txt";
/// Buffers that are remembered: that heard longest ago goes first.
const MOST: usize = 4_096;

/// Places by the names of buffers.
#[derive(Debug, Default)]
pub(crate) struct Spools(Mutex<HashMap<u64, Place>>);

#[derive(Debug, Clone, Copy)]
struct Place {
    /// Number of the last message that was taken.
    last: u32,
    heard: Time,
}

impl Spools {
    fn places(&self) -> MutexGuard<'_, HashMap<u64, Place>> {
        // Numbers only: they are whole whatever happened to another thread.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True where the message with this number was taken before; otherwise it is now.
    pub(crate) fn repeated(&self, spool: u64, sequence: u32, now: Time) -> bool {
        let mut places = self.places();
        if places.len() >= MOST && !places.contains_key(&spool) {
            let oldest = places.iter().min_by_key(|(spool, place)| (place.heard, **spool)).map(|(spool, _)| *spool);
            oldest.and_then(|oldest| places.remove(&oldest));
        }
        let Some(place) = places.get_mut(&spool) else {
            places.insert(spool, Place { last: sequence, heard: now });
            return false;
        };
        place.heard = now;
        // On the circle of numbers: what lies behind the last or is it.
        if sequence.wrapping_sub(place.last).cast_signed() <= 0 {
            return true;
        }
        place.last = sequence;
        false
    }

    /// Takes over what was saved. What cannot be read is left out: its messages are taken once more.
    pub(crate) fn restore(&self, folder: &Path) -> io::Result<()> {
        let text = match fs::read_to_string(folder.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            text => text?,
        };
        let mut places = self.places();
        for line in text.lines().take(MOST) {
            let mut words = line.split_whitespace();
            let (spool, last, heard) = (words.next(), words.next(), words.next());
            let spool = spool.and_then(|word| u64::from_str_radix(word, 16).ok());
            let last = last.and_then(|word| word.parse().ok());
            let heard = heard.and_then(|word| word.parse().ok());
            match (spool, last, heard) {
                (Some(spool), Some(last), Some(heard)) => {
                    places.insert(spool, Place { last, heard: Time(heard) });
                }
                _ => tracing::warn!(file = FILE, line, "not a place of a buffer"),
            }
        }
        Ok(())
    }

    /// Saves the places; to be called once everything that was taken was handed on.
    pub(crate) fn save(&self, folder: &Path) -> io::Result<()> {
        let places = self.places();
        if places.is_empty() {
            return Ok(());
        }
        let line = |(spool, place): (&u64, &Place)| format!("{spool:016x} {} {}\n", place.last, place.heard.0);
        let mut lines: Vec<String> = places.iter().map(line).collect();
        lines.sort_unstable();
        keeper::write(&folder.join(FILE), lines.concat().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_once_also_after_a_restart_and_where_numbers_wrap() {
        let spools = Spools::default();
        let taken = |spools: &Spools, spool, sequence| !spools.repeated(spool, sequence, Time(1));
        assert!(taken(&spools, 1, 0) && !taken(&spools, 1, 0) && taken(&spools, 1, 24) && taken(&spools, 2, 0));
        assert!(!taken(&spools, 1, 0) && !taken(&spools, 1, 24));
        assert!(taken(&spools, 1, 5_000), "a gap is a loss, not a repetition");
        assert!(taken(&spools, 3, u32::MAX - 3) && taken(&spools, 3, 7) && !taken(&spools, 3, u32::MAX - 3));
        let folder = tempfile::tempdir().expect("a folder");
        spools.save(folder.path()).expect("saved");
        let restored = Spools::default();
        restored.restore(folder.path()).expect("read");
        assert!(!taken(&restored, 1, 5_000) && taken(&restored, 1, 5_001) && !taken(&restored, 3, 7));
        let bound = u64::try_from(MOST).expect("small") + 10;
        (10..bound + 10).for_each(|spool| assert!(!restored.repeated(spool, 1, Time(2))));
        assert!(restored.places().len() <= MOST);
    }
}
