// SPDX-License-Identifier: Apache-2.0
//! `minamo meter`: captures to rows in a file or on standard output.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use minamo_model::{BATCH_ROWS, FLOWS, Flow, FlowBuilder};
use minamo_sinks::{Format, Sink, SinkError};

use crate::cli::Meter;
use crate::commands::export;
use crate::read::{self, Job, Taker};

pub(crate) fn run(args: &Meter) -> anyhow::Result<()> {
    let format = minamo_sinks::format(&args.format).context("no such format")?;
    let follow = args.follow.then(minamo_capture::when_interrupted).transpose().context("--follow")?;
    let files = if args.follow { args.captures.clone() } else { minamo_capture::expand(&args.captures)? };
    if files.is_empty() {
        bail!("there are no files in the folder(s) given");
    }
    let export = export::open(&args.export)?;
    let settings = minamo_meter::Settings {
        idle_timeout: args.idle_timeout,
        active_timeout: args.active_timeout,
        sampling: args.sample.map(|sampling| minamo_meter::Sampling { seed: args.seed, ..sampling }),
        groups: if args.light { minamo_meter::Groups::LIGHT } else { args.groups },
        ..Default::default()
    };
    let written = Written::default();
    let (sink, told) = match export {
        Some(export) => (export.sink, Some(export.told)),
        None => {
            written.open(output(args, format)?);
            ((format.open)(Box::new(written.clone()), &FLOWS)?, None)
        }
    };
    let mut rows = Rows { sink, builder: FlowBuilder::default(), written, failed: None };
    let filter = args.capture_filter.as_ref();
    let job = Job { filter, threads: args.threads.into(), follow, ..Job::of(&files, settings) };
    let report = read::meter(&job, &read::progress(), &mut rows);
    match rows.finish() {
        Err(error) if !error.is_broken_pipe() => return Err(error.into()),
        _ => {}
    }
    report.tell();
    if let Some(told) = told {
        told.tell();
    }
    if report.nothing_read() {
        bail!("nothing could be read");
    }
    Ok(())
}

/// Where a format is written.
fn output(args: &Meter, format: &Format) -> anyhow::Result<Box<dyn Write + Send>> {
    Ok(match &args.output {
        Some(path) => Box::new(File::create(path).with_context(|| path.display().to_string())?),
        None if format.binary && io::stdout().is_terminal() => {
            bail!("{} is not for terminals: name a file with --output", format.name)
        }
        None => Box::new(io::stdout()),
    })
}

/// What the sink writes to, which can be flushed from outside: who follows a capture wants to see rows soon.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Option<BufWriter<Box<dyn Write + Send>>>>>);

impl Written {
    fn open(&self, out: Box<dyn Write + Send>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(BufWriter::new(out));
    }
}

impl Write for Written {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(out) => out.write(octets),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(out) => out.flush(),
            None => Ok(()),
        }
    }
}

/// Rows on their way to the sink.
struct Rows {
    sink: Box<dyn Sink>,
    builder: FlowBuilder,
    written: Written,
    failed: Option<SinkError>,
}

impl Rows {
    /// Writes the rows so far; false where that failed now or before.
    fn flush(&mut self) -> bool {
        if self.failed.is_none() && !self.builder.is_empty() {
            let batch = self.builder.finish().map_err(SinkError::from);
            self.failed = batch.and_then(|batch| self.sink.write(&batch)).err();
        }
        self.failed.is_none()
    }

    fn finish(mut self) -> Result<(), SinkError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        // An answer without rows has a header all the same.
        self.sink.write(&self.builder.finish()?)?;
        self.sink.finish()?;
        Ok(self.written.flush()?)
    }
}

impl Taker for Rows {
    fn row(&mut self, row: Flow) -> bool {
        self.builder.append(&row);
        if self.builder.len() >= BATCH_ROWS { self.flush() } else { self.failed.is_none() }
    }

    fn pause(&mut self) -> bool {
        let flushed = self.flush();
        if let Err(error) = self.written.flush() {
            self.failed.get_or_insert(error.into());
        }
        flushed && self.failed.is_none()
    }
}
