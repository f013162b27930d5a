// SPDX-License-Identifier: Apache-2.0
//! From capture files to flow rows: reads, decodes, meters, and tells what could not be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use minamo_base::Time;
use minamo_capture::{CaptureError, CaptureFile, Expression, ExpressionError, Frame, Program};
use minamo_meter::{Counters, Meter};
use minamo_model::Flow;
use minamo_packet::{LinkFrame, LinkType, Skip, decode};

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

/// Meters captures one after the other; rows go to `out`, which can stop it by returning false.
pub(crate) fn meter(
    files: &[PathBuf],
    mut meter: Meter,
    filter: Option<&Expression>,
    shift: impl Fn(Time) -> Time,
    progress: &ProgressBar,
    out: &mut dyn FnMut(Flow) -> bool,
) -> Report {
    let mut report = Report::default();
    let mut filter = filter.map(Filter::new);
    let mut go_on = true;
    for path in files {
        progress.set_message(path.display().to_string());
        let mut file = match CaptureFile::open(path) {
            Ok(file) => file,
            Err(error) => {
                report.errors.push(error);
                continue;
            }
        };
        loop {
            match file.next_frame() {
                Ok(Some(frame)) if go_on => {
                    report.frames += 1;
                    if report.frames.is_multiple_of(4_096) {
                        progress.set_position(report.frames);
                    }
                    if report.passes(filter.as_mut(), &frame, path) {
                        match decode(frame.link, frame.data) {
                            Ok(packet) => meter.packet(shift(frame.time), &packet, &mut |row| go_on &= out(row)),
                            Err(skip) => match LinkFrame::read(frame.link, frame.data).filter(|_| skip.is_not_ip()) {
                                Some(read) => meter.frame(shift(frame.time), &read, &mut |row| go_on &= out(row)),
                                None => report.skip(skip, &frame, path),
                            },
                        }
                    }
                }
                Ok(_) => break,
                Err(error) => {
                    report.errors.push(error);
                    break;
                }
            }
        }
    }
    meter.finish(&mut |row| go_on &= out(row));
    progress.finish_and_clear();
    report.meter = meter.counters();
    report
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
