// SPDX-License-Identifier: Apache-2.0
//! `minamo meter`: captures to rows in a file or on standard output.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::{Context as _, bail};
use minamo_model::{BATCH_ROWS, FLOWS, FlowBuilder, with_community_ids};
use minamo_sinks::{Format, Sink, SinkError};

use crate::cli::Meter;
use crate::commands::export;
use crate::read;

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
    let (sink, told) = match export {
        Some(export) => (export.sink, Some(export.told)),
        None => ((format.open)(output(args, format)?, &FLOWS)?, None),
    };
    let mut rows = Rows { sink, builder: FlowBuilder::default(), community: args.community.seed };
    let mut failed = None;
    let filter = args.capture_filter.as_ref();
    let report = read::meter(&files, settings, filter, |time| time, &read::progress(), &mut |row| {
        rows.builder.append(&row);
        if rows.builder.len() >= BATCH_ROWS
            && let Err(error) = rows.flush()
        {
            failed = Some(error);
        }
        failed.is_none()
    });
    let written = match failed {
        Some(error) => Err(error),
        None => rows.flush().and_then(|()| rows.sink.finish()),
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

/// Rows on their way to the sink.
struct Rows {
    sink: Box<dyn Sink>,
    builder: FlowBuilder,
    /// Seed of the community ids, where they are wanted.
    community: Option<u16>,
}

impl Rows {
    fn flush(&mut self) -> Result<(), SinkError> {
        let batch = self.builder.finish()?;
        match self.community {
            Some(seed) => self.sink.write(&with_community_ids(&batch, seed)?),
            None => self.sink.write(&batch),
        }
    }
}
