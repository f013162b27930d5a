// SPDX-License-Identifier: Apache-2.0
//! Parquet with every column of the table, zstd, readable by any engine.

use std::io::Write;

use arrow::array::RecordBatch;
use minamo_model::Table;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::{Format, Sink, SinkError};

pub(crate) static FORMAT: Format = Format {
    name: "parquet",
    help: "Apache Parquet, zstd, all columns",
    binary: true,
    open: |out, table| {
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(compression).build();
        Ok(Box::new(Parquet { writer: ArrowWriter::try_new(out, table.schema(), Some(properties))?, table }))
    },
};

struct Parquet {
    writer: ArrowWriter<Box<dyn Write + Send>>,
    table: &'static Table,
}

impl Sink for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        Ok(self.writer.write(&self.table.align(batch)?)?)
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        let mut out = self.writer.into_inner()?;
        Ok(out.flush()?)
    }
}
