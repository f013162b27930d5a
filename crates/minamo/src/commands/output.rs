// SPDX-License-Identifier: Apache-2.0
//! Answers to standard output or to a file, batch by batch as they come. A file gets its name when it is whole.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use minamo_model::FLOWS;
use minamo_sinks::{Sink, SinkError};
use minamo_store::Rows;

/// Where an answer goes.
pub(super) struct Output {
    sink: Box<dyn Sink>,
    /// Name of the file while it is written, and the one that it gets.
    file: Option<(PathBuf, PathBuf)>,
}

impl Output {
    /// For flows, in any format.
    pub(super) fn flows(format: &str, path: Option<&Path>) -> anyhow::Result<Self> {
        let format = minamo_sinks::format(format).context("no such format")?;
        let (out, file) = open(path, format.binary, format.name)?;
        Ok(Self { sink: (format.open)(out, &FLOWS)?, file })
    }

    /// For rows of any columns.
    pub(super) fn answer(format: &str, path: Option<&Path>, schema: SchemaRef) -> anyhow::Result<Self> {
        let binary = minamo_sinks::format(format).is_some_and(|format| format.binary);
        let (out, file) = open(path, binary, format)?;
        let sink = minamo_sinks::open_answer(format, out, schema);
        let sink =
            sink.with_context(|| format!("--format {format}: it is for flows; want table, csv, jsonl or parquet"))?;
        Ok(Self { sink: sink?, file })
    }

    /// Writes all rows of a stream; gives their number.
    pub(super) async fn all(mut self, mut rows: Rows) -> anyhow::Result<u64> {
        let mut count = 0;
        while let Some(batch) = rows.next().await? {
            count += batch.num_rows() as u64;
            if gone(self.sink.write(&batch))? {
                return Ok(count);
            }
        }
        self.finish()?;
        Ok(count)
    }

    /// Writes one batch, which is everything.
    pub(super) fn one(mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        if gone(self.sink.write(batch))? { Ok(()) } else { self.finish() }
    }

    fn finish(self) -> anyhow::Result<()> {
        if !gone(self.sink.finish())?
            && let Some((part, path)) = &self.file
        {
            std::fs::rename(part, path).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

/// True where the reader of the pipe went away, which is no failure.
fn gone(written: Result<(), SinkError>) -> anyhow::Result<bool> {
    match written {
        Err(error) if error.is_broken_pipe() => Ok(true),
        written => Ok(written.map(|()| false)?),
    }
}

type Opened = (Box<dyn Write + Send>, Option<(PathBuf, PathBuf)>);

fn open(path: Option<&Path>, binary: bool, format: &str) -> anyhow::Result<Opened> {
    let Some(path) = path else {
        if binary && io::stdout().is_terminal() {
            bail!("{format} is not for terminals: name a file with --output");
        }
        return Ok((Box::new(BufWriter::new(io::stdout())), None));
    };
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let file = File::create(&part).with_context(|| format!("--output: {}", path.display()))?;
    Ok((Box::new(BufWriter::new(file)), Some((part, path.to_owned()))))
}
