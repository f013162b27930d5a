// SPDX-License-Identifier: Apache-2.0
//! Parquet with every column of the table, zstd, readable by any engine.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use minamo_model::Table;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::{Format, Sink, SinkError};

pub(crate) static FORMAT: Format = Format {
    name: "parquet",
    help: "Apache Parquet, zstd, all columns",
    binary: true,
    open: |out, table| open(out, table.schema(), Some(table)),
    line: None,
};

/// Rows of most row groups: what a reader has to hold at once, and what is held here before it is written.
const GROUP_ROWS: usize = 131_072;

/// Writes rows of that schema; those of a table are brought to it first.
pub(crate) fn open(
    out: Box<dyn Write + Send>,
    schema: SchemaRef,
    table: Option<&'static Table>,
) -> Result<Box<dyn Sink>, SinkError> {
    let compression = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(compression);
    let properties = properties.set_max_row_group_row_count(Some(GROUP_ROWS)).build();
    Ok(Box::new(Parquet { writer: ArrowWriter::try_new(out, schema, Some(properties))?, table }))
}

struct Parquet {
    writer: ArrowWriter<Box<dyn Write + Send>>,
    table: Option<&'static Table>,
}

impl Sink for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        match self.table {
            Some(table) => Ok(self.writer.write(&table.align(batch)?)?),
            None => Ok(self.writer.write(batch)?),
        }
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        let mut out = self.writer.into_inner()?;
        Ok(out.flush()?)
    }
}
