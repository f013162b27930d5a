// SPDX-License-Identifier: Apache-2.0
//! What survives a restart, in one folder: a file of templates and options per decoder, and the decisions about
//! exporters. Files are written aside, forced to disk and moved into place; each templates file carries a checksum.
//! A file that cannot be read is kept under another name, said, and counted.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use minamo_base::Ip;
use minamo_flowwire::{Cache, Restored};

use crate::counters::{Counters, add};
use crate::exporters::Access;

/// Name of the file with the decisions.
pub(crate) const DECISIONS: &str = "exporters.txt";
/// How names of the files with templates begin and end.
const TEMPLATES: (&str, &str) = ("templates-", ".state");

/// Keeps the state of one decoder.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    saved: u64,
    counters: Arc<Counters>,
}

impl Keeper {
    pub(crate) fn new(folder: &Path, decoder: usize, counters: Arc<Counters>) -> Self {
        let path = folder.join(format!("{}{decoder}{}", TEMPLATES.0, TEMPLATES.1));
        Self { path, saved: 0, counters }
    }

    /// The octets to save, where something changed since the last time.
    pub(crate) fn due(&mut self, cache: &Cache) -> Option<Vec<u8>> {
        let generation = cache.generation();
        (generation != std::mem::replace(&mut self.saved, generation)).then(|| cache.save())
    }

    /// Writes what was due. A failure is counted, and tried again with the next change.
    pub(crate) fn save(&mut self, mut octets: Vec<u8>) {
        octets.extend(crc32fast::hash(&octets).to_be_bytes());
        match write(&self.path, &octets) {
            Ok(()) => add(&self.counters.saves, 1),
            Err(error) => {
                self.saved = u64::MAX;
                add(&self.counters.save_errors, 1);
                tracing::error!(file = %self.path.display(), %error, "templates could not be saved");
            }
        }
    }
}

/// Reads all files of a folder into the caches of the decoders. Files are read whatever the number of decoders was.
pub(crate) fn restore(
    folder: &Path,
    caches: &mut [Cache],
    owner: impl Fn(Ip) -> usize,
    counters: &Counters,
) -> io::Result<Restored> {
    fs::create_dir_all(folder)?;
    let mut sum = Restored::default();
    let mut extra = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix(TEMPLATES.0).and_then(|rest| rest.strip_suffix(TEMPLATES.1));
        let Some(number) = number.and_then(|number| number.parse::<usize>().ok()) else { continue };
        let octets = fs::read(&path)?;
        let result = checked(&octets).and_then(|octets| {
            for (decoder, cache) in caches.iter_mut().enumerate() {
                let restored = cache.restore(octets, &|exporter| owner(exporter) == decoder);
                let restored = restored.map_err(|error| error.to_string())?;
                sum.sessions += restored.sessions;
                sum.templates += restored.templates;
            }
            Ok(())
        });
        if let Err(error) = result {
            add(&counters.damaged_states, 1);
            tracing::error!(file = %path.display(), error, "saved templates cannot be read: kept as *.damaged");
            fs::rename(&path, path.with_extension("damaged"))?;
        } else if number >= caches.len() {
            extra.push(path);
        }
    }
    // What these held is now another decoder's and must be in its file before they go.
    if !extra.is_empty() {
        for (decoder, cache) in caches.iter().enumerate() {
            let mut octets = cache.save();
            octets.extend(crc32fast::hash(&octets).to_be_bytes());
            write(&folder.join(format!("{}{decoder}{}", TEMPLATES.0, TEMPLATES.1)), &octets)?;
        }
        extra.iter().try_for_each(fs::remove_file)?;
    }
    Ok(sum)
}

fn checked(octets: &[u8]) -> Result<&[u8], String> {
    let (body, sum) = octets.split_last_chunk::<4>().ok_or("it is empty")?;
    if crc32fast::hash(body) == u32::from_be_bytes(*sum) { Ok(body) } else { Err("its checksum is wrong".to_owned()) }
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

    use minamo_base::Time;
    use minamo_flowwire::{FORMATS, decode};

    use super::*;

    fn filled(exporters: u8) -> Cache {
        let mut cache = Cache::default();
        for last in 0..exporters {
            for format in FORMATS {
                decode(format.sample, Ip::v4([10, 0, 0, last]), Time(9), &mut cache, &mut |_| {});
            }
        }
        cache
    }

    #[test]
    fn templates_find_their_decoder_when_there_are_more_or_fewer() {
        let folder = tempfile::tempdir().expect("a folder");
        let counters = Arc::<Counters>::default();
        let mut keeper = Keeper::new(folder.path(), 0, Arc::clone(&counters));
        let cache = filled(8);
        let octets = keeper.due(&cache).expect("new templates");
        keeper.save(octets);
        assert!(keeper.due(&cache).is_none(), "nothing new");
        for decoders in [3, 2, 1] {
            let mut caches: Vec<_> = (0..decoders).map(|_| Cache::default()).collect();
            let owner = |exporter| crate::socket::owner(exporter, decoders);
            let restored = restore(folder.path(), &mut caches, owner, &counters).expect("read");
            assert_eq!(restored.templates, cache.templates(), "{decoders} decoders");
            for (decoder, cache) in caches.iter().enumerate() {
                let mut keeper = Keeper::new(folder.path(), decoder, Arc::clone(&counters));
                keeper.save(cache.save());
            }
        }
        assert_eq!(counters.damaged_states.load(Ordering::Relaxed), 0);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1, "one decoder has one file");
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let counters = Arc::<Counters>::default();
        let mut keeper = Keeper::new(folder.path(), 0, Arc::clone(&counters));
        keeper.save(filled(1).save());
        let path = folder.path().join("templates-0.state");
        let mut octets = fs::read(&path).expect("read");
        octets[30] ^= 1;
        fs::write(&path, octets).expect("written");
        let mut caches = [Cache::default()];
        assert_eq!(restore(folder.path(), &mut caches, |_| 0, &counters).expect("read"), Restored::default());
        assert_eq!(counters.damaged_states.load(Ordering::Relaxed), 1);
        assert!(folder.path().join("templates-0.damaged").exists());
    }
}
