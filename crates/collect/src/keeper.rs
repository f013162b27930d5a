// SPDX-License-Identifier: Apache-2.0
//! What survives a restart, in one folder, a file of each kind per decoder: templates and options, data that waits for
//! its template, and what was counted of each exporter; and the decisions about exporters. Files are written aside,
//! forced to disk and moved into place; those of decoders carry a checksum. A file that cannot be read is kept under
//! another name, said, and counted.
//!
//! Templates are saved shortly after they change. Waiting data and accounts are saved at the end; before it, waiting
//! data while it is little, and accounts once a minute. What a kill loses of them is what came since.

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::DerefMut;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use minamo_base::{Ip, Time};
use minamo_flowwire::Restored;

use crate::counters::{Counters, add};
use crate::exporters::{Access, Desk};

/// Name of the file with the decisions.
pub(crate) const DECISIONS: &str = "exporters.txt";
/// Octets of waiting data that are saved while the program runs.
const LITTLE: usize = 1 << 20;
/// Nanoseconds between two times that accounts are saved.
const ACCOUNTS_EVERY: i64 = 60_000_000_000;

/// A kind of file: how its names begin and end, and what is read from it. Octets to save come from [`Keeper::due`].
struct Kind {
    prefix: &'static str,
    suffix: &'static str,
    /// What it holds, for messages.
    what: &'static str,
    restore: Restore,
}

/// Reads a file into a desk, of the exporters that the last argument names.
type Restore = fn(&[u8], &mut Desk, &dyn Fn(Ip) -> bool) -> Result<Restored, String>;

static KINDS: [Kind; 3] = [
    Kind {
        prefix: "templates-",
        suffix: ".state",
        what: "templates",
        restore: |octets, desk, mine| desk.cache.restore(octets, mine).map_err(|error| error.to_string()),
    },
    Kind {
        prefix: "waiting-",
        suffix: ".state",
        what: "data that waits for its template",
        restore: |octets, desk, mine| {
            let restored = desk.cache.restore_parked(octets, mine).map_err(|error| error.to_string())?;
            tracing::info!(sets = restored, "data of before that waits for its template");
            Ok(Restored::default())
        },
    },
    Kind {
        prefix: "accounts-",
        suffix: ".jsonl",
        what: "accounts of exporters",
        restore: |octets, desk, mine| desk.seen.restore(octets, mine).map(|()| Restored::default()),
    },
];

impl Kind {
    fn path(&self, folder: &Path, decoder: usize) -> PathBuf {
        folder.join(format!("{}{decoder}{}", self.prefix, self.suffix))
    }

    /// The decoder that a file of this kind is of.
    fn decoder(&self, name: &str) -> Option<usize> {
        name.strip_prefix(self.prefix)?.strip_suffix(self.suffix)?.parse().ok()
    }
}

/// Keeps the state of one decoder.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
    decoder: usize,
    templates: u64,
    waiting: u64,
    accounts: Time,
    counters: Arc<Counters>,
}

/// A file to write or, where it has no octets, to remove: by its kind.
pub(crate) type Due = Vec<(usize, Option<Vec<u8>>)>;

impl Keeper {
    pub(crate) fn new(folder: &Path, decoder: usize, counters: Arc<Counters>) -> Self {
        // What was restored is what is on disk; of waiting data it may be at another decoder's.
        Self { folder: folder.to_owned(), decoder, templates: 0, waiting: u64::MAX, accounts: Time(0), counters }
    }

    /// What is to be saved: what changed, and at the end everything that is saved seldom.
    pub(crate) fn due(&mut self, desk: &Desk, now: Time, ended: bool) -> Due {
        let mut due = Due::new();
        let generation = desk.cache.generation();
        if generation != std::mem::replace(&mut self.templates, generation) {
            due.push((0, Some(desk.cache.save())));
        }
        let generation = desk.cache.parked_generation();
        if generation != std::mem::replace(&mut self.waiting, generation) {
            let octets = desk.cache.parking().octets;
            let worth = octets > 0 && (ended || octets <= LITTLE);
            due.push((1, worth.then(|| desk.cache.save_parked())));
        } else if ended && desk.cache.parking().octets > LITTLE {
            due.push((1, Some(desk.cache.save_parked())));
        }
        if ended || now.since(self.accounts) >= ACCOUNTS_EVERY || now < self.accounts {
            self.accounts = now;
            due.push((2, Some(desk.seen.save())));
        }
        due
    }

    /// Writes what was due. A failure is counted, and tried again with the next change.
    pub(crate) fn save(&mut self, due: Due) {
        for (kind, octets) in due {
            let Some(row) = KINDS.get(kind) else { continue };
            let path = row.path(&self.folder, self.decoder);
            let done = match octets {
                Some(octets) => write_checked(&path, octets),
                None => remove(&path),
            };
            match done {
                Ok(()) => add(&self.counters.saves, 1),
                Err(error) => {
                    match kind {
                        0 => self.templates = u64::MAX,
                        1 => self.waiting = u64::MAX,
                        _ => {}
                    }
                    add(&self.counters.save_errors, 1);
                    tracing::error!(file = %path.display(), %error, what = row.what, "state could not be saved");
                }
            }
        }
    }
}

/// Reads all files of a folder into the desks of the decoders. Files are read whatever the number of decoders was.
pub(crate) fn restore(
    folder: &Path,
    desks: &mut [impl DerefMut<Target = Desk>],
    owner: impl Fn(Ip) -> usize,
    counters: &Counters,
) -> io::Result<Restored> {
    fs::create_dir_all(folder)?;
    let mut sum = Restored::default();
    let mut extra = Vec::new();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let kind = KINDS.iter().enumerate().find_map(|(at, kind)| Some((at, kind.decoder(name)?)));
        files.extend(kind.map(|(kind, decoder)| (kind, decoder, path)));
    }
    // Templates first: what else is read may need them.
    files.sort();
    for (at, number, path) in files {
        let Some(kind) = KINDS.get(at) else { continue };
        let octets = fs::read(&path)?;
        let result = checked(&octets).and_then(|octets| {
            for (decoder, desk) in desks.iter_mut().enumerate() {
                let restored = (kind.restore)(octets, desk, &|exporter| owner(exporter) == decoder)?;
                sum.sessions += restored.sessions;
                sum.templates += restored.templates;
            }
            Ok(())
        });
        if let Err(error) = result {
            add(&counters.damaged_states, 1);
            tracing::error!(file = %path.display(), error, what = kind.what, "state cannot be read: kept as *.damaged");
            fs::rename(&path, path.with_extension("damaged"))?;
        } else if number >= desks.len() {
            extra.push(path);
        }
    }
    // What these held is now another decoder's and must be in its file before they go.
    if !extra.is_empty() {
        for (decoder, desk) in desks.iter().enumerate() {
            let all = [desk.cache.save(), desk.cache.save_parked(), desk.seen.save()];
            for (kind, octets) in KINDS.iter().zip(all) {
                write_checked(&kind.path(folder, decoder), octets)?;
            }
        }
        extra.iter().try_for_each(fs::remove_file)?;
    }
    Ok(sum)
}

fn checked(octets: &[u8]) -> Result<&[u8], String> {
    let (body, sum) = octets.split_last_chunk::<4>().ok_or("it is empty")?;
    if crc32fast::hash(body) == u32::from_be_bytes(*sum) { Ok(body) } else { Err("its checksum is wrong".to_owned()) }
}

fn write_checked(path: &Path, mut octets: Vec<u8>) -> io::Result<()> {
    octets.extend(crc32fast::hash(&octets).to_be_bytes());
    write(path, &octets)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Reads the decisions about exporters.
pub(crate) fn decisions(folder: &Path, access: &Access, counters: &Counters) -> io::Result<()> {
    let path = folder.join(DECISIONS);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text?,
    };
    if let Err(error) = access.restore(&text) {
        add(&counters.damaged_states, 1);
        tracing::error!(file = %path.display(), error, "decisions about exporters cannot be read: kept as *.damaged");
        fs::rename(&path, path.with_extension("damaged"))?;
    }
    Ok(())
}

/// Writes a file so that it is whole at every moment.
pub(crate) fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = File::create(&aside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    // The name is in the folder: without this it may be gone after a loss of power.
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use minamo_flowwire::{FORMATS, decode};

    use super::*;

    const NOW: Time = Time(9_000_000_000_000);

    fn empty() -> Box<Desk> {
        Box::new(Desk::unbounded())
    }

    /// A desk with templates, data without one, and accounts.
    fn filled(exporters: u8) -> Box<Desk> {
        let mut desk = empty();
        for last in 0..exporters {
            let exporter = Ip::v4([10, 0, 0, last]);
            for format in FORMATS {
                decode(format.sample, exporter, NOW, &mut desk.cache, &mut |_| {});
            }
            let mut without = FORMATS.iter().find(|format| format.version == 9).expect("NetFlow v9").sample.to_vec();
            // Another number of the template in the data only.
            without[65] = 9;
            let report = decode(&without, exporter, NOW, &mut desk.cache, &mut |_| {});
            assert_eq!(report.parked, 1);
            let (account, _) = desk.seen.exporter(exporter, NOW);
            account.arrive("udp", 100, NOW);
            account.report(&report, NOW);
        }
        desk
    }

    fn keeper(folder: &Path, decoder: usize) -> Keeper {
        Keeper::new(folder, decoder, Arc::default())
    }

    #[test]
    fn everything_finds_its_decoder_when_there_are_more_or_fewer() {
        let folder = tempfile::tempdir().expect("a folder");
        let counters = Counters::default();
        let mut one = keeper(folder.path(), 0);
        let desk = filled(8);
        let due = one.due(&desk, NOW, false);
        one.save(due);
        assert!(one.due(&desk, NOW, false).is_empty(), "nothing new");
        for decoders in [3, 2, 1] {
            let mut desks: Vec<_> = (0..decoders).map(|_| empty()).collect();
            let owner = |exporter| crate::socket::owner(exporter, decoders);
            let restored = restore(folder.path(), &mut desks, owner, &counters).expect("read");
            assert_eq!(restored.templates, desk.cache.templates(), "{decoders} decoders");
            assert_eq!(desks.iter().map(|desk| desk.seen.len()).sum::<usize>(), 8, "{decoders} decoders");
            let waiting = desks.iter().map(|desk| desk.cache.parking().octets).sum::<usize>();
            assert_eq!(waiting, desk.cache.parking().octets, "{decoders} decoders");
            for (decoder, desk) in desks.iter().enumerate() {
                let mut one = keeper(folder.path(), decoder);
                let due = one.due(desk, NOW, true);
                one.save(due);
            }
        }
        assert_eq!(counters.damaged_states.load(Ordering::Relaxed), 0);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 3, "one decoder has a file of each kind");
    }

    #[test]
    fn data_that_waits_no_more_leaves_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut one = keeper(folder.path(), 0);
        let due = one.due(&filled(1), NOW, false);
        one.save(due);
        assert!(folder.path().join("waiting-0.state").exists());
        let due = one.due(&empty(), NOW, false);
        one.save(due);
        assert!(!folder.path().join("waiting-0.state").exists());
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let counters = Counters::default();
        let mut one = keeper(folder.path(), 0);
        let due = one.due(&filled(1), NOW, true);
        one.save(due);
        for name in ["templates-0.state", "waiting-0.state", "accounts-0.jsonl"] {
            let path = folder.path().join(name);
            let mut octets = fs::read(&path).expect("read");
            octets[30] ^= 1;
            fs::write(&path, octets).expect("written");
        }
        let mut desks = [empty()];
        assert_eq!(restore(folder.path(), &mut desks, |_| 0, &counters).expect("read"), Restored::default());
        assert_eq!(counters.damaged_states.load(Ordering::Relaxed), 3);
        assert!(folder.path().join("templates-0.damaged").exists());
        assert_eq!((desks[0].seen.len(), desks[0].cache.parking().octets), (0, 0));
    }
}
