// SPDX-License-Identifier: Apache-2.0
//! Alerts of other systems, as `[[alerts]]` says: over syslog, and from files, which are read while they grow and over
//! their rotation. Where reading ended is kept in the data folder, so that a restart neither loses nor repeats lines; a
//! line that has no end yet waits for it.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use minamo_detect::eve::{self, Alert};

use self::listen::Listeners;
use crate::settings::{AlertFile, AlertSource};

mod listen;

/// Octets that are read of one file at a look.
const MOST_OCTETS: usize = 16 << 20;
/// Longest line.
const LONGEST_LINE: usize = 1 << 20;
/// Of a file that was never read so many octets at its end are.
const LAST_OCTETS: u64 = 64 << 20;

minamo_base::counters! {
    /// Counters of files of alerts.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Alerts that were read.
        read: AtomicU64 = "minamo_alerts_read_total" [], "";
        /// Lines and messages that are no object of EVE, or alerts without addresses, time or signature.
        malformed: AtomicU64 = "minamo_alerts_dropped_lines_total" [reason = "malformed"], "The log says which file and what is wrong.";
        /// Lines and messages of more than 1 MiB.
        long: AtomicU64 = "minamo_alerts_dropped_lines_total" [reason = "long"], "Leave the payload of packets out of them.";
        /// Alerts for which there was no room, because more than 10,000 came over syslog between two looks.
        full: AtomicU64 = "minamo_alerts_dropped_lines_total" [reason = "full"], "The sensor tells too much: tune its signatures.";
        /// Datagrams and connections of senders that are not listened to.
        foreign: AtomicU64 = "minamo_alerts_refused_senders_total" [reason = "sender"], "See who sends; the senders are named by alerts.senders.";
        /// Connections beyond 64.
        crowded: AtomicU64 = "minamo_alerts_refused_senders_total" [reason = "connections"], "Let sensors send through one relay.";
        /// Octets of a file, never read before, that lie before its last 64 MiB.
        old: AtomicU64 = "minamo_alerts_skipped_octets_total" [], "";
        /// Looks at which a file could not be read, and faults of listening.
        failures: AtomicU64 = "minamo_alerts_failures_total" [], "The log says which source and why.";
        /// Kinds of alerts whose flows were not waited for any more, because too many waited.
        forgotten: AtomicU64 = "minamo_alerts_forgotten_total" [], "The sensor tells too much: tune its signatures.";
    }
}

/// Where alerts come from.
pub(crate) struct AlertSources {
    files: AlertFiles,
    listeners: Listeners,
    pub(crate) counters: Arc<Counters>,
}

impl AlertSources {
    /// Listens, and goes to where reading of files ended, which is kept in `folder`. Wants a runtime where it listens.
    pub(crate) fn start(sources: Vec<AlertSource>, folder: &Path, counters: Arc<Counters>) -> anyhow::Result<Self> {
        let (mut files, mut wanted) = (Vec::new(), Vec::new());
        for source in sources {
            match source {
                AlertSource::File(file) => files.push(file),
                AlertSource::Syslog(listener) => wanted.push(listener),
            }
        }
        let listeners = Listeners::start(wanted, &counters)?;
        Ok(Self { files: AlertFiles::new(files, folder, Arc::clone(&counters)), listeners, counters })
    }

    /// True where there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.files.is_empty() && self.listeners.is_empty()
    }

    /// The alerts that came since the last look.
    pub(crate) fn read(&mut self) -> Vec<Alert> {
        let mut alerts = self.files.read();
        alerts.extend(self.listeners.read());
        self.counters.read.fetch_add(alerts.len() as u64, Ordering::Relaxed);
        alerts
    }
}

/// The files.
struct AlertFiles {
    files: Vec<Followed>,
    counters: Arc<Counters>,
}

impl AlertFiles {
    /// Those of the settings; where reading ended is kept in `folder`.
    fn new(files: Vec<AlertFile>, folder: &Path, counters: Arc<Counters>) -> Self {
        let followed = |file: AlertFile| Followed {
            kept: folder.join(&file.name),
            file,
            open: None,
            rest: Vec::new(),
            skipping: false,
            failing: false,
        };
        Self { files: files.into_iter().map(followed).collect(), counters }
    }

    /// The alerts that came since the last look.
    fn read(&mut self) -> Vec<Alert> {
        let mut alerts = Vec::new();
        for followed in &mut self.files {
            match followed.read(&self.counters, &mut alerts) {
                Ok(()) => followed.failing = false,
                Err(error) => {
                    self.counters.failures.fetch_add(1, Ordering::Relaxed);
                    // It may stay so for long.
                    if !std::mem::replace(&mut followed.failing, true) {
                        tracing::error!("alerts {}: {error:#}; it is looked at again", followed.file.name);
                    }
                }
            }
        }
        alerts
    }
}

/// A file and where reading it stands.
struct Followed {
    file: AlertFile,
    /// File in the data folder that holds where reading ended.
    kept: PathBuf,
    open: Option<Open>,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
    /// True within a line that is too long.
    skipping: bool,
    /// True where the last look failed.
    failing: bool,
}

struct Open {
    file: File,
    /// Number of the file in its file system.
    inode: u64,
    /// Octets that were read.
    at: u64,
}

impl Followed {
    fn read(&mut self, counters: &Counters, alerts: &mut Vec<Alert>) -> anyhow::Result<()> {
        let path = self.file.path.clone();
        let context = || format!("path: {}", path.display());
        if self.open.is_none() {
            self.open = Some(self.begin(counters).with_context(context)?);
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        // It was emptied in place.
        if open.file.metadata().with_context(context)?.len() < open.at {
            open.at = open.file.seek(SeekFrom::Start(0)).with_context(context)?;
            self.rest.clear();
        }
        let mut octets = Vec::new();
        (&open.file).take(MOST_OCTETS as u64).read_to_end(&mut octets).with_context(context)?;
        open.at += octets.len() as u64;
        let (inode, at) = (open.inode, open.at);
        self.lines(&octets, counters, alerts);
        // Another file has taken its place, and this one is read to its end.
        let other = || fs::metadata(&path).is_ok_and(|now| now.ino() != inode);
        if octets.is_empty() && other() {
            self.open = None;
            self.rest.clear();
        }
        if !octets.is_empty() {
            self.keep(inode, at - self.rest.len() as u64)?;
        }
        Ok(())
    }

    /// Opens the file where reading ended, or near its end where it was never read.
    fn begin(&mut self, counters: &Counters) -> std::io::Result<Open> {
        let mut file = File::open(&self.file.path)?;
        let (inode, length) = (file.metadata()?.ino(), file.metadata()?.len());
        let at = match self.ended() {
            Some((known, at)) if known == inode && at <= length => at,
            Some(_) => 0,
            None => {
                let at = length.saturating_sub(LAST_OCTETS);
                counters.old.fetch_add(at, Ordering::Relaxed);
                // The line that lies across is none.
                self.skipping = at > 0;
                at
            }
        };
        file.seek(SeekFrom::Start(at))?;
        Ok(Open { file, inode, at })
    }

    /// Number of the file and place where reading ended.
    fn ended(&self) -> Option<(u64, u64)> {
        let text = fs::read_to_string(&self.kept).ok()?;
        let (inode, at) = text.trim().split_once(' ')?;
        Some((inode.parse().ok()?, at.parse().ok()?))
    }

    fn keep(&self, inode: u64, at: u64) -> anyhow::Result<()> {
        let part = self.kept.with_extension("part");
        let context = || self.kept.display().to_string();
        fs::create_dir_all(self.kept.parent().context("a position wants a folder")?).with_context(context)?;
        fs::write(&part, format!("{inode} {at}\n")).and_then(|()| fs::rename(&part, &self.kept)).with_context(context)
    }

    /// Takes the alerts of whole lines; the beginning of the last one waits.
    fn lines(&mut self, octets: &[u8], counters: &Counters, alerts: &mut Vec<Alert>) {
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            let ends = piece.ends_with(b"\n");
            if !self.skipping {
                self.rest.extend_from_slice(piece);
            }
            if self.rest.len() > LONGEST_LINE {
                counters.long.fetch_add(1, Ordering::Relaxed);
                self.rest.clear();
                self.skipping = true;
            }
            if !ends {
                continue;
            }
            if !std::mem::take(&mut self.skipping) {
                let line = std::mem::take(&mut self.rest);
                match eve::read(&String::from_utf8_lossy(&line), &self.file.name) {
                    Ok(alert) => alerts.extend(alert),
                    Err(what) => {
                        if counters.malformed.fetch_add(1, Ordering::Relaxed).is_multiple_of(1_000) {
                            tracing::warn!("alerts {}: path: {}: {what}", self.file.name, self.file.path.display());
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(signature: u32) -> String {
        format!(
            "{{\"timestamp\":\"2026-01-05T10:00:05.5+0000\",\"event_type\":\"alert\",\"src_ip\":\"192.0.2.66\",\"src_port\":1,\
             \"dest_ip\":\"10.0.0.5\",\"dest_port\":80,\"proto\":\"TCP\",\"alert\":{{\"signature_id\":{signature},\"severity\":1}}}}\n"
        )
    }

    struct Sensor {
        folder: tempfile::TempDir,
        files: AlertFiles,
    }

    impl Sensor {
        fn path(&self) -> PathBuf {
            self.folder.path().join("eve.json")
        }

        fn say(&self, text: &str) {
            use std::io::Write as _;
            let mut file = File::options().append(true).create(true).open(self.path()).expect("opened");
            file.write_all(text.as_bytes()).expect("written");
        }

        /// The signatures of the alerts that came.
        fn heard(&mut self) -> Vec<u64> {
            self.files.read().into_iter().map(|alert| alert.signature.0).collect()
        }

        fn restart(&mut self) {
            let file = AlertFile { name: "ids".to_owned(), path: self.path() };
            self.files = AlertFiles::new(vec![file], &self.folder.path().join("alerts"), Arc::default());
        }
    }

    fn sensor() -> Sensor {
        let folder = tempfile::tempdir().expect("a folder");
        let files = AlertFiles::new(Vec::new(), folder.path(), Arc::default());
        let mut sensor = Sensor { folder, files };
        sensor.restart();
        sensor
    }

    #[test]
    fn a_file_is_followed_over_rotation_emptying_and_a_restart() {
        let mut sensor = sensor();
        assert!(sensor.heard().is_empty(), "it is not there yet");
        assert_eq!(sensor.files.counters.failures.load(Ordering::Relaxed), 1);
        let (whole, half) = (line(2), line(3));
        sensor.say(&format!("{}{whole}{}", line(1), &half[..20]));
        assert_eq!(sensor.heard(), [1, 2]);
        sensor.restart();
        sensor.say(&half[20..]);
        assert_eq!(sensor.heard(), [3], "the half line was kept, and nothing is repeated");
        sensor.say(&line(4));
        fs::rename(sensor.path(), sensor.folder.path().join("eve.json.1")).expect("renamed");
        sensor.say(&line(5));
        assert_eq!(sensor.heard(), [4], "the old file to its end");
        assert!(sensor.heard().is_empty());
        assert_eq!(sensor.heard(), [5]);
        fs::write(sensor.path(), "").expect("emptied");
        assert!(sensor.heard().is_empty());
        sensor.say(&line(6));
        assert_eq!(sensor.heard(), [6]);
    }

    #[test]
    fn what_is_no_line_of_eve_is_counted_and_the_rest_is_read() {
        let mut sensor = sensor();
        let long = "x".repeat(LONGEST_LINE + 1);
        sensor.say(&format!("nonsense\n{long}\n{{\"event_type\":\"stats\"}}\n{}", line(7)));
        assert_eq!(sensor.heard(), [7]);
        let counters = &sensor.files.counters;
        assert_eq!((counters.malformed.load(Ordering::Relaxed), counters.long.load(Ordering::Relaxed)), (1, 1));
    }
}
