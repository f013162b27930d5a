// SPDX-License-Identifier: Apache-2.0
//! JSON lines: one object per row, of the cells that have a value, under their column names.

use std::io::Write;

use arrow::array::RecordBatch;
use minamo_model::{CellReader, Row};

use crate::{Format, Sink, SinkError};

pub(crate) static FORMAT: Format = Format {
    name: "jsonl",
    help: "one JSON object per line, only the columns that have a value",
    binary: false,
    open: |out, _| open(out),
    line: Some(|row, out| {
        row.push_json(out);
        out.push(b'\n');
    }),
};

pub(crate) fn open(out: Box<dyn Write + Send>) -> Result<Box<dyn Sink>, SinkError> {
    Ok(Box::new(Jsonl { out, line: Vec::new() }))
}

struct Jsonl {
    out: Box<dyn Write + Send>,
    line: Vec<u8>,
}

impl Sink for Jsonl {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let readers = CellReader::all(batch);
        for row in 0..batch.num_rows() {
            self.line.clear();
            Row::new(&readers, row).push_json(&mut self.line);
            self.line.push(b'\n');
            self.out.write_all(&self.line)?;
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
