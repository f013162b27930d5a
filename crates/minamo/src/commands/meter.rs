// SPDX-License-Identifier: Apache-2.0
//! `minamo meter`: captures to rows in a file or on standard output.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::{Context as _, bail};
use minamo_eta::judge::Judge;
use minamo_model::{BATCH_ROWS, FLOWS, Flow, FlowBuilder, with_community_ids};
use minamo_sinks::export::Exporter;
use minamo_sinks::{Format, Sink, SinkError};

use crate::cli::Meter;
use crate::commands::export;
use crate::judge;
use crate::read;

/// Rows that are exported together: they share datagrams by their columns.
const EXPORTED_TOGETHER: usize = 2_048;

pub(crate) fn run(args: &Meter) -> anyhow::Result<()> {
    let format = minamo_sinks::format(&args.format).context("no such format")?;
    let files = minamo_capture::expand(&args.captures)?;
    if files.is_empty() {
        bail!("there are no files in the folder(s) given");
    }
    let export = export::open(&args.export)?;
    let settings = minamo_meter::Settings {
        idle_timeout: args.idle_timeout,
        active_timeout: args.active_timeout,
        ..Default::default()
    };
    let (mut rows, told) = match export {
        Some(export) => (Rows::Export(Box::new(export.exporter), Vec::new()), Some(export.told)),
        None => (Rows::sink((format.open)(output(args, format)?, &FLOWS)?, args.community.seed), None),
    };
    let mut judge = Judge::new(judge::model(args.model.as_deref())?);
    let mut failed = None;
    let filter = args.capture_filter.as_ref();
    let report = read::meter(&files, settings, filter, |time| time, &read::progress(), &mut |mut row| {
        judge.judge(&mut row);
        if let Err(error) = rows.take(row) {
            failed = Some(error);
        }
        failed.is_none()
    });
    let written = match failed {
        Some(error) => Err(error),
        None => rows.finish(),
    };
    match written {
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
        Some(path) => Box::new(BufWriter::new(File::create(path).with_context(|| path.display().to_string())?)),
        None if format.binary && io::stdout().is_terminal() => {
            bail!("{} is not for terminals: name a file with --output", format.name)
        }
        None => Box::new(BufWriter::new(io::stdout())),
    })
}

/// Rows on their way out.
enum Rows {
    /// By batches, with community ids of a seed where they are wanted.
    Sink(Box<dyn Sink>, Box<FlowBuilder>, Option<u16>),
    /// As they are.
    Export(Box<Exporter>, Vec<Flow>),
}

impl Rows {
    fn sink(sink: Box<dyn Sink>, community: Option<u16>) -> Self {
        Self::Sink(sink, Box::default(), community)
    }

    fn take(&mut self, row: Flow) -> Result<(), SinkError> {
        match self {
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
        self.flush()?;
        match self {
            Self::Sink(sink, ..) => sink.finish(),
            Self::Export(..) => Ok(()),
        }
    }
}
