// SPDX-License-Identifier: Apache-2.0
//! `minamo meter`: captures to rows in a file or on standard output.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use minamo_model::{BATCH_ROWS, FLOWS, Flow, FlowBuilder, with_community_ids};
use minamo_sinks::export::Exporter;
use minamo_sinks::{Format, Line, Sink, SinkError};

use crate::commands::export;
use crate::read::{self, Job, Taker};
use crate::{cli, judge};

/// Rows that are exported together: they share datagrams by their columns.
const EXPORTED_TOGETHER: usize = 2_048;

pub(crate) fn run(args: &cli::Meter) -> anyhow::Result<()> {
    let format = minamo_sinks::format(&args.format).context("no such format")?;
    let follow = args.follow.then(minamo_capture::when_interrupted).transpose().context("--follow")?;
    let files = if args.follow { args.captures.clone() } else { minamo_capture::expand(&args.captures)? };
    if files.is_empty() {
        bail!("there are no files in the folder(s) given");
    }
    let groups = export::groups(args.light, args.groups, &args.export)?;
    let export = export::open(&args.export)?;
    let own = args.own.files().load()?;
    let settings = own.within(minamo_meter::Settings {
        idle_timeout: args.idle_timeout,
        active_timeout: args.active_timeout,
        sampling: args.sample.map(|sampling| minamo_meter::Sampling { seed: args.sample_seed, ..sampling }),
        splt_packets: args.splt_packets.into(),
        groups,
        ..Default::default()
    });
    let written = Written::default();
    let (way, told) = match export {
        Some(export) => (Way::Export(Box::new(export.exporter), Vec::new()), Some(export.told)),
        None => {
            written.open(output(args, format)?);
            let way = match (format.line, args.community.seed) {
                (Some(line), None) => Way::Lines(line, written.clone()),
                (_, seed) => Way::Sink((format.open)(Box::new(written.clone()), &FLOWS)?, Box::default(), seed),
            };
            (way, None)
        }
    };
    let model = Some(judge::model(args.model.as_deref())?);
    let mut rows = Rows { way, written, failed: None };
    let filter = args.capture_filter.as_ref();
    let job = Job { filter, threads: args.threads.into(), follow, model, ..Job::of(&files, settings) };
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
fn output(args: &cli::Meter, format: &Format) -> anyhow::Result<Box<dyn Write + Send>> {
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
struct Written(Arc<Mutex<Option<Buffered>>>);

/// An output that collects what is written to it.
type Buffered = BufWriter<Box<dyn Write + Send>>;

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

/// Rows on their way out.
struct Rows {
    way: Way,
    written: Written,
    failed: Option<SinkError>,
}

impl Rows {
    /// Keeps the first error; false where there is one.
    fn held(&mut self, outcome: Result<(), SinkError>) -> bool {
        if let Err(error) = outcome {
            self.failed.get_or_insert(error);
        }
        self.failed.is_none()
    }

    fn finish(mut self) -> Result<(), SinkError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.way.finish()?;
        Ok(self.written.flush()?)
    }
}

impl Taker for Rows {
    fn line(&self) -> Option<Line> {
        match self.way {
            Way::Lines(line, _) => Some(line),
            Way::Sink(..) | Way::Export(..) => None,
        }
    }

    fn row(&mut self, row: Flow) -> bool {
        if self.failed.is_some() {
            return false;
        }
        let taken = self.way.take(row);
        self.held(taken)
    }

    fn lines(&mut self, lines: &[u8]) -> bool {
        let written = self.written.write_all(lines);
        self.held(written.map_err(SinkError::from))
    }

    fn pause(&mut self) -> bool {
        if self.failed.is_some() {
            return false;
        }
        let flushed = if self.way.is_empty() { Ok(()) } else { self.way.flush() };
        let flushed = flushed.and_then(|()| Ok(self.written.flush()?));
        self.held(flushed)
    }
}

/// Where rows go.
enum Way {
    /// By lines that stand alone.
    Lines(Line, Written),
    /// By batches, with community ids of a seed where they are wanted.
    Sink(Box<dyn Sink>, Box<FlowBuilder>, Option<u16>),
    /// As they are.
    Export(Box<Exporter>, Vec<Flow>),
}

impl Way {
    fn is_empty(&self) -> bool {
        match self {
            Self::Lines(..) => true,
            Self::Sink(_, builder, _) => builder.is_empty(),
            Self::Export(_, rows) => rows.is_empty(),
        }
    }

    fn take(&mut self, row: Flow) -> Result<(), SinkError> {
        match self {
            Self::Lines(line, written) => {
                let mut octets = Vec::new();
                line(&row, &mut octets);
                Ok(written.write_all(&octets)?)
            }
            Self::Sink(_, builder, _) => {
                builder.append(&row);
                if builder.len() < BATCH_ROWS { Ok(()) } else { self.flush() }
            }
            Self::Export(_, rows) => {
                rows.push(row);
                if rows.len() < EXPORTED_TOGETHER { Ok(()) } else { self.flush() }
            }
        }
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        match self {
            Self::Lines(..) => Ok(()),
            Self::Sink(sink, builder, community) => {
                let batch = builder.finish()?;
                match community {
                    Some(seed) => sink.write(&with_community_ids(&batch, *seed)?),
                    None => sink.write(&batch),
                }
            }
            Self::Export(exporter, rows) => {
                let sent = exporter.send_rows(rows);
                rows.clear();
                sent
            }
        }
    }

    fn finish(mut self) -> Result<(), SinkError> {
        // An answer without rows has a header all the same.
        self.flush()?;
        match self {
            Self::Sink(sink, ..) => sink.finish(),
            Self::Lines(..) | Self::Export(..) => Ok(()),
        }
    }
}
