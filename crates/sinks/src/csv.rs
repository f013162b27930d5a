// SPDX-License-Identifier: Apache-2.0
//! CSV (RFC 4180): a header with every column of the table, empty cells where nothing was observed.

use std::io::Write;

use arrow::array::RecordBatch;
use minamo_model::{CellReader, Row, text_value};

use crate::{Format, Sink, SinkError};

pub(crate) static FORMAT: Format = Format {
    name: "csv",
    help: "comma-separated values with a header of all columns (RFC 4180)",
    binary: false,
    open: |out, table| open(out, table.columns().map(|c| c.name.to_owned()).collect()),
    line: None,
};

/// Writes the header; cells of later rows stand under their names.
pub(crate) fn open(mut out: Box<dyn Write + Send>, names: Vec<String>) -> Result<Box<dyn Sink>, SinkError> {
    let header: Vec<_> = names.iter().map(|name| quoted(name.clone())).collect();
    write!(out, "{}\r\n", header.join(","))?;
    Ok(Box::new(Csv { out, names }))
}

struct Csv {
    out: Box<dyn Write + Send>,
    names: Vec<String>,
}

impl Sink for Csv {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let readers = CellReader::all(batch);
        for row in 0..batch.num_rows() {
            let row = Row::new(&readers, row);
            let cells: Vec<_> = self.names.iter().map(|name| quoted(text_value(&row.get(name)))).collect();
            write!(self.out, "{}\r\n", cells.join(","))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(self.out.flush()?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), SinkError> {
        self.flush()
    }
}

/// RFC 4180 §2: quotes where the text has a comma, a quote or a line end. A text that a spreadsheet would take for
/// a formula gets an apostrophe in front, since names in traffic are chosen by strangers.
fn quoted(text: String) -> String {
    let text =
        if text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err() { format!("'{text}") } else { text };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
