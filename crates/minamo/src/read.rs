// SPDX-License-Identifier: Apache-2.0
//! From capture files to flow rows: reads, decodes, meters, and tells what could not be read.

mod rows;
mod shared;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use minamo_base::Time;
use minamo_capture::{
    CaptureError, CaptureFile, Expression, ExpressionError, Followed, Follower, Frame, Frames, Program,
};
use minamo_eta::judge::Judge;
use minamo_eta::model::Model;
use minamo_meter::{Counters, Flows, Forgotten, Intake, Names, Settings, Unit};
use minamo_model::Flow;
use minamo_packet::{LinkType, Skip};
use minamo_sinks::Line;

use crate::{clock, judge};
use rows::{Order, Part, Rows, next_rows};

/// What reading gave besides the rows.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Frames that were read.
    pub(crate) frames: u64,
    /// Frames that a filter left out.
    pub(crate) filtered: u64,
    /// Frames that are no packets of a flow, by reason.
    pub(crate) skipped: BTreeMap<String, u64>,
    /// Files that could not be read, or not to their end.
    pub(crate) errors: Vec<CaptureError>,
    /// Counters of the meter.
    pub(crate) meter: Counters,
    /// Pairs of hosts whose earlier sessions were forgotten, because there were too many.
    pub(crate) forgotten_pairs: u64,
}

impl Report {
    /// Says on standard error what was left out; nothing where all was read.
    pub(crate) fn tell(&self) {
        for error in &self.errors {
            eprintln!("minamo: {error}");
        }
        if self.filtered > 0 {
            eprintln!("minamo: {} frame(s) left out by the capture filter", self.filtered);
        }
        for (reason, count) in &self.skipped {
            eprintln!("minamo: {count} frame(s) not metered: {reason}");
        }
        if self.meter.evicted > 0 {
            eprintln!("minamo: {} flow(s) reported early: the flow table was full", self.meter.evicted);
        }
        if self.meter.evicted_opening > 0 {
            eprintln!("minamo: {} of them in a flood: only a SYN was seen", self.meter.evicted_opening);
        }
        judge::tell_forgotten(self.forgotten_pairs);
    }

    /// True where there was something to read and none of it could be.
    pub(crate) fn nothing_read(&self) -> bool {
        self.frames == 0 && !self.errors.is_empty()
    }

    /// Adds what another run gave.
    #[cfg(feature = "lake")]
    pub(crate) fn add(&mut self, other: Self) {
        self.frames += other.frames;
        self.filtered += other.filtered;
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        self.errors.extend(other.errors);
        self.meter += other.meter;
        self.forgotten_pairs += other.forgotten_pairs;
    }

    /// True where the frame passes the filter; counts where it does not, or cannot be filtered.
    fn passes(&mut self, filter: Option<&mut Filter<'_>>, frame: &Frame<'_>, path: &Path) -> bool {
        match filter.map_or(Ok(true), |filter| filter.passes(frame)) {
            Ok(true) => return true,
            Ok(false) => self.filtered += 1,
            Err(error) => *self.skipped.entry(format!("{}: {error}", path.display())).or_default() += 1,
        }
        false
    }

    fn skip(&mut self, skip: Skip, frame: &Frame<'_>, path: &Path) {
        let known = frame.link.name().is_some();
        let reason = match skip {
            Skip::NotIp(_) => "they carry no IP".to_owned(),
            Skip::Malformed(_) if !known => {
                format!("{}: link type {} is none that carries IP for us", path.display(), frame.link.0)
            }
            Skip::Malformed(error) => format!("{}: {error}", path.display()),
            other => other.to_string(),
        };
        // A hostile capture can be wrong in many ways; the first hundred tell enough.
        let reason = if self.skipped.len() < 100 { reason } else { "other reasons".to_owned() };
        *self.skipped.entry(reason).or_default() += 1;
    }
}

/// A filter with its program for the link type of the frames that come.
struct Filter<'a> {
    expression: &'a Expression,
    program: Option<(LinkType, Result<Program, ExpressionError>)>,
}

impl<'a> Filter<'a> {
    fn new(expression: &'a Expression) -> Self {
        Self { expression, program: None }
    }

    fn passes(&mut self, frame: &Frame<'_>) -> Result<bool, ExpressionError> {
        if self.program.as_ref().is_none_or(|(link, _)| *link != frame.link) {
            self.program = Some((frame.link, self.expression.compile(frame.link)));
        }
        match &self.program {
            Some((_, Ok(program))) => Ok(program.passes(frame.data, frame.data.len())),
            Some((_, Err(error))) => Err(error.clone()),
            None => Ok(true),
        }
    }
}

/// Captures and what is done with them.
pub(crate) struct Job<'a> {
    /// Captures, one after the other.
    pub(crate) files: &'a [PathBuf],
    /// What the meter is asked to do.
    pub(crate) settings: Settings,
    /// Frames that are metered; all without.
    pub(crate) filter: Option<&'a Expression>,
    /// What becomes of the times of frames.
    pub(crate) shift: &'a (dyn Fn(Time) -> Time + Sync),
    /// Threads that share the work.
    pub(crate) threads: usize,
    /// Captures are still written and folders filled: they are read as they grow, until this is set.
    pub(crate) follow: Option<&'a AtomicBool>,
    /// By what encrypted sessions are judged; they are not without.
    pub(crate) model: Option<Arc<Model>>,
}

/// Takes rows. False where nothing more is wanted.
pub(crate) trait Taker {
    /// How rows become text, where text is wanted: it may be done for several at once.
    fn line(&self) -> Option<Line> {
        None
    }

    /// One row.
    fn row(&mut self, row: Flow) -> bool;

    /// Text of some rows, where it is wanted.
    fn lines(&mut self, _lines: &[u8]) -> bool {
        true
    }

    /// For a while nothing comes.
    fn pause(&mut self) -> bool {
        true
    }
}

impl<F: FnMut(Flow) -> bool> Taker for F {
    fn row(&mut self, row: Flow) -> bool {
        self(row)
    }
}

impl<'a> Job<'a> {
    /// Everything in these captures, at its own times, by one thread.
    pub(crate) fn of(files: &'a [PathBuf], settings: Settings) -> Self {
        Self { files, settings, filter: None, shift: &|time| time, threads: 1, follow: None, model: None }
    }

    /// What is known in the order of rows.
    fn order<'n>(&self, names: &'n Names) -> Order<'n> {
        Order { names, judge: self.model.clone().map(Judge::new) }
    }
}

/// Meters captures; rows go to `out`, which can stop it by returning false. The rows and their order are the same whatever
/// the number of threads, as long as the flow table is not full.
pub(crate) fn meter(job: &Job<'_>, progress: &ProgressBar, out: &mut dyn Taker) -> Report {
    let source = Source::new(job, progress);
    let report = if job.threads > 1 { shared::meter(source, job, out) } else { alone(source, job, out) };
    progress.finish_and_clear();
    report
}

/// The captures, block by block. After each block rows are given in order, whatever the number of threads.
struct Source<'a> {
    files: std::slice::Iter<'a, PathBuf>,
    /// The file of the last block, or the last one that could be opened.
    path: PathBuf,
    open: Option<CaptureFile>,
    filter: Option<Filter<'a>>,
    shift: &'a (dyn Fn(Time) -> Time + Sync),
    progress: &'a ProgressBar,
    follow: Option<(Follower, &'a AtomicBool)>,
    /// True where the last block ended because nothing more is written yet.
    paused: bool,
    intake: Intake,
    report: Report,
}

/// What is done with a frame, of which the number in its block and the time are told.
type Take<'a> = dyn FnMut(&mut Intake, usize, Time, &Frame<'_>) -> Result<(), Skip> + 'a;

impl<'a> Source<'a> {
    fn new(job: &Job<'a>, progress: &'a ProgressBar) -> Self {
        Self {
            files: job.files.iter(),
            path: PathBuf::new(),
            open: None,
            filter: job.filter.map(Filter::new),
            shift: job.shift,
            progress,
            follow: job.follow.map(|stop| (Follower::new(job.files), stop)),
            paused: false,
            intake: Intake::new(&job.settings),
            report: Report::default(),
        }
    }

    /// Reads the next block; false where it was the last one.
    fn read(&mut self, block: &mut Frames) -> bool {
        let more = match self.follow.take() {
            Some((mut follower, stop)) => {
                let more = self.followed(&mut follower, stop, block);
                self.follow = Some((follower, stop));
                more
            }
            None => self.next_block(block),
        };
        self.report.frames += block.len() as u64;
        self.progress.set_position(self.report.frames);
        more
    }

    fn next_block(&mut self, block: &mut Frames) -> bool {
        block.clear();
        loop {
            let Some(file) = &mut self.open else {
                if self.next_file() {
                    continue;
                }
                return false;
            };
            match file.next_block(block) {
                Ok(()) if block.is_empty() => self.open = None,
                Ok(()) => return true,
                Err(error) => {
                    self.report.errors.push(error);
                    self.open = None;
                }
            }
        }
    }

    /// A block of captures that grow; it ends where nothing more is written yet, and with each file.
    fn followed(&mut self, follower: &mut Follower, stop: &AtomicBool, block: &mut Frames) -> bool {
        block.clear();
        let mut opened = None;
        self.paused = false;
        while !block.is_full() {
            match follower.next_frame() {
                Followed::Frame(frame) => block.push(&frame),
                Followed::Pause => {
                    self.paused = true;
                    break;
                }
            }
            if opened.replace(follower.opened()).is_some_and(|before| before != follower.opened()) {
                break;
            }
        }
        self.path = follower.path().unwrap_or(Path::new("")).to_owned();
        for error in follower.errors() {
            tracing::warn!("{error}");
            self.report.errors.push(error);
        }
        // Years of broken files shall not fill the memory; each was logged.
        self.report.errors.truncate(100);
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        if self.paused && block.is_empty() {
            std::thread::sleep(PAUSE);
        }
        true
    }

    /// Opens the next file, or says why it cannot be; false where there is none.
    fn next_file(&mut self) -> bool {
        let Some(path) = self.files.next() else { return false };
        self.progress.set_message(path.display().to_string());
        match CaptureFile::open(path) {
            Ok(file) => (self.open, self.path) = (Some(file), path.clone()),
            Err(error) => self.report.errors.push(error),
        }
        true
    }

    /// Gives every frame of a block that passes the filter to the intake, with its number and its time; counts those that
    /// cannot be taken.
    fn take(&mut self, block: &Frames, take: &mut Take<'_>) {
        for (number, frame) in block.frames().enumerate() {
            if self.report.passes(self.filter.as_mut(), &frame, &self.path)
                && let Err(skip) = take(&mut self.intake, number, (self.shift)(frame.time), &frame)
            {
                self.report.skip(skip, &frame, &self.path);
            }
        }
    }

    /// Gives what no frame gives: at the end, and where nothing comes for a while.
    fn take_rest(&mut self, more: bool, out: &mut dyn FnMut(&Unit<'_>)) {
        if !more {
            self.intake.finish(out);
        } else if self.paused {
            self.intake.advance(clock::now(), out);
        }
    }

    /// What reading gave, with what `metered` counted.
    fn end(mut self, metered: Counters, forgotten_pairs: u64) -> Report {
        self.report.forgotten_pairs = forgotten_pairs;
        self.report.meter = self.intake.counters();
        self.report.meter += metered;
        self.report
    }
}

/// How long nothing is looked for where nothing more was written.
const PAUSE: Duration = Duration::from_millis(200);

fn alone(mut source: Source<'_>, job: &Job<'_>, out: &mut dyn Taker) -> Report {
    let names = Names::new(job.settings.dns_names);
    let (mut order, line) = (job.order(&names), out.line());
    let mut flows = Flows::new(job.settings.clone());
    let (mut block, mut part, mut rows) = (Frames::default(), Part::default(), Rows::default());
    let (mut go_on, mut more, mut forgotten) = (true, true, Forgotten::default());
    while more && go_on {
        more = source.read(&mut block);
        source.take(&block, &mut |intake, _, time, frame| {
            intake.frame(time, frame.link, frame.data, &mut |unit| {
                flows.take_alone(unit, &mut |done| rows.push_back(done.into()))
            })
        });
        source.take_rest(more, &mut |unit| flows.take_alone(unit, &mut |done| rows.push_back(done.into())));
        forgotten += names.learn(flows.learnt());
        let (mut rest, now) = (true, source.intake.now());
        while go_on && rest {
            rest = next_rows(&mut rows, &mut part.rows, |rows| end_some(&mut flows, now, !more, rows));
            go_on = part.pass(&mut order, line, out);
        }
        go_on = go_on && (!source.paused || out.pause());
    }
    let mut counters = flows.counters();
    counters += forgotten;
    source.end(counters, order.forgotten_pairs())
}

/// Rows that are made together.
const ROWS: usize = 256;

/// Some rows of flows that end without a packet that says so, in their order: by silence, and by the end of the input all that are
/// open. A pause may end a whole table: they are about [`ROWS`]. False where none is left.
fn end_some(flows: &mut Flows, now: Time, end_of_input: bool, rows: &mut Rows) -> bool {
    flows.end_silent(now, ROWS, &mut |done| rows.push_back(done.into()))
        || end_of_input && flows.finish(ROWS, &mut |done| rows.push_back(done.into()))
}

#[cfg(feature = "lake")]
/// Time of the first and last frame of a capture, as far as it can be read.
pub(crate) fn time_span(path: &Path) -> Result<Option<(Time, Time)>, CaptureError> {
    let mut file = CaptureFile::open(path)?;
    let mut span: Option<(Time, Time)> = None;
    // An unreadable tail is reported when the file is metered.
    while let Ok(Some(frame)) = file.next_frame() {
        let (first, last) = span.unwrap_or((frame.time, frame.time));
        span = Some((first.min(frame.time), last.max(frame.time)));
    }
    Ok(span)
}

/// A progress bar on a terminal, nothing elsewhere.
pub(crate) fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} packets, {per_sec}, {elapsed}  {msg}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
