// SPDX-License-Identifier: Apache-2.0
//! Where rows go: one file per format, one line in [`FORMATS`]; to other collectors by [`export`]. A sink takes batches of any table and
//! never names columns unless its format fixed them.

mod answer;
mod csv;
pub mod export;
mod ipfixprobe;
mod joy;
mod jsonl;
pub mod notify;
mod parquet;
mod table;

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use minamo_model::{Flow, Table};

pub use answer::{ANSWER_FORMATS, open_answer};

/// Makes the sink of a format over an output.
pub type Open = fn(Box<dyn Write + Send>, &'static Table) -> Result<Box<dyn Sink>, SinkError>;

/// Appends a flow.
pub type Line = fn(&Flow, &mut Vec<u8>);

/// A file format for rows.
pub struct Format {
    /// Name on the command line.
    pub name: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// True where a person cannot read it on a terminal.
    pub binary: bool,
    /// Starts writing rows of the table.
    pub open: Open,
    /// Appends a flow as the sink would write it, of formats whose rows stand alone: no columns have to be made of them first.
    pub line: Option<Line>,
}

/// Every format.
pub static FORMATS: &[&Format] =
    &[&csv::FORMAT, &ipfixprobe::FORMAT, &joy::FORMAT, &jsonl::FORMAT, &parquet::FORMAT, &table::FORMAT];

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|f| f.name == name)
}

/// Takes rows.
pub trait Sink: Send {
    /// Writes the rows of a batch.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError>;
    /// Hands over what is whole so far, for a reader who waits for it. Formats that cannot be read before their end hand
    /// over nothing.
    fn flush(&mut self) -> Result<(), SinkError>;
    /// Writes what is left; without it a file may be incomplete.
    fn finish(self: Box<Self>) -> Result<(), SinkError>;
}

/// Why rows could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The destination does not take octets.
    #[error("cannot write the output: {0}")]
    Io(#[from] io::Error),
    /// Columns do not fit together.
    #[error("cannot form the output: {0}")]
    Arrow(#[from] ArrowError),
    /// The Parquet writer refused.
    #[error("cannot write Parquet: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

impl SinkError {
    /// True where the reader of a pipe went away, which is no failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

#[cfg(test)]
mod tests;
