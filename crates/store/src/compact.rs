// SPDX-License-Identifier: Apache-2.0
//! Which segments are merged, and the thread that merges them, one merge at a time.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use minamo_base::Time;
use minamo_model::Table;

use crate::maintain::Job;
use crate::segment::{HOUR, Origin, Segment};
use crate::shared::Shared;
use crate::tables::tables;
use crate::{Settings, StoreError, merge};

/// Segments that one merge reads at the same time.
const MOST_INPUTS: usize = 64;

/// A merge that ended.
pub(crate) struct Merged {
    /// Place of the table.
    pub(crate) place: usize,
    /// The table.
    pub(crate) table: &'static Table,
    /// What was merged.
    pub(crate) old: Vec<Arc<Segment>>,
    /// What came of it.
    pub(crate) result: Result<Segment, StoreError>,
}

struct Work {
    place: usize,
    table: &'static Table,
    old: Vec<Arc<Segment>>,
    origin: Origin,
}

/// The thread and what it is at.
pub(crate) struct Compactor {
    shared: Arc<Shared>,
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
    busy: bool,
    /// Segments whose merge failed: they are not tried again before the next start.
    failed: HashSet<i64>,
    /// True after a merge for which there was no room on the disk: it is tried again a while later.
    resting: bool,
}

impl Compactor {
    /// Starts the thread.
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let (work, queue) = channel();
        let of = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("lake-merge".to_owned()).spawn(move || run(&of, &queue));
        let thread = Some(thread.map_err(StoreError::io("start the threads of", &shared.dir))?);
        Ok(Self { work: Some(work), thread, busy: false, failed: HashSet::new(), resting: false, shared })
    }

    /// True while a merge runs.
    pub(crate) fn busy(&self) -> bool {
        self.busy
    }

    /// The merge that ran has ended.
    pub(crate) fn done(&mut self) {
        self.busy = false;
    }

    /// These segments cannot be merged; not now, where the disk is full.
    pub(crate) fn failed(&mut self, old: &[Arc<Segment>], full: bool) {
        if full {
            self.resting = true;
        } else {
            self.failed.extend(old.iter().map(|segment| segment.id));
        }
    }

    /// There may be room again.
    pub(crate) fn rested(&mut self) {
        self.resting = false;
    }

    /// Begins the next merge, into the segment `id`; false where there is none to begin.
    pub(crate) fn choose(&mut self, id: i64, fully: bool) -> bool {
        // What replaces segments lies beside them for a while: short space is not for merging by itself.
        if self.resting || (self.shared.is_short() && !fully) {
            return false;
        }
        let now = (self.shared.clock)();
        for (place, table) in tables().into_iter().enumerate() {
            let mut segments = self.shared.rollups.movable(place, self.shared.segments(place));
            segments.retain(|segment| !self.failed.contains(&segment.id));
            let Some(old) = choose(&segments, &self.shared.settings, now, fully) else { continue };
            let Some(first) = old.first() else { continue };
            let frames = old.iter().fold(first.frames, |f, s| (f.0.min(s.frames.0), f.1.max(s.frames.1)));
            let replaces = old.iter().map(|segment| segment.id).collect();
            let origin = Origin { id, hour: first.hour, class: first.class.clone(), frames, parts: 1, replaces };
            let sent = self.work.as_ref().is_some_and(|work| work.send(Work { place, table, old, origin }).is_ok());
            self.busy = sent;
            return sent;
        }
        false
    }

    /// Ends the thread; a merge at hand is given up.
    pub(crate) fn stop(&mut self) {
        self.shared.stop();
        self.work = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for Compactor {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(shared: &Shared, queue: &Receiver<Work>) {
    while let Ok(Work { place, table, old, origin }) = queue.recv() {
        let result = merge::merge(shared, table, &old, origin);
        let merged = Box::new(Merged { place, table, old, result });
        // The maintainer may be at its end: it then waits for this thread, not for its queue.
        let mut job = Some(Job::Merged(merged));
        while let Some(next) = job.take() {
            match shared.offer(next) {
                Ok(()) => {}
                Err(back) if !shared.is_stopping() => {
                    job = Some(back);
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                Err(Job::Merged(merged)) => {
                    if let Ok(new) = &merged.result {
                        new.doomed.store(true, std::sync::atomic::Ordering::Release);
                    }
                }
                Err(_) => {}
            }
        }
    }
}

/// Segments to merge next, of one hour and class. While an hour fills, many of about one size become one; once
/// it is over, its small ones become one, as long as no much larger one would have to be rewritten for them.
/// With `fully` everything that may be in one segment is brought there.
fn choose(segments: &[Arc<Segment>], settings: &Settings, now: Time, fully: bool) -> Option<Vec<Arc<Segment>>> {
    let mut groups: BTreeMap<(Option<i64>, &str), Vec<&Arc<Segment>>> = BTreeMap::new();
    for segment in segments.iter().filter(|s| s.rows < settings.compact_rows as u64) {
        groups.entry((segment.hour, &segment.class)).or_default().push(segment);
    }
    let closed = now - settings.compact_after;
    for ((hour, _), mut group) in groups {
        group.sort_by_key(|segment| (segment.rows, segment.id));
        let over = hour.is_some_and(|hour| (hour + 1).saturating_mul(HOUR) < closed.0);
        let (least, ratio) = if over || fully { (2, 4) } else { (settings.compact_segments, 1) };
        let mut rows = 0;
        let mut chosen: Vec<Arc<Segment>> = Vec::new();
        for segment in group {
            let much = !fully && chosen.len() > 1 && segment.rows > rows * ratio;
            if much || rows + segment.rows > settings.compact_rows as u64 || chosen.len() >= MOST_INPUTS {
                if chosen.len() >= least {
                    break;
                }
                chosen.clear();
                rows = 0;
            }
            rows += segment.rows;
            chosen.push(Arc::clone(segment));
        }
        if chosen.len() >= least {
            return Some(chosen);
        }
    }
    None
}
