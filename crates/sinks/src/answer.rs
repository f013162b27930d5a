// SPDX-License-Identifier: Apache-2.0
//! Answers of any columns, such as those of SQL, in the formats that need no table of ours.

use std::io::Write;

use arrow::datatypes::SchemaRef;

use crate::{Sink, SinkError, csv, jsonl, parquet};

/// Names of the formats that [`open_answer`] knows.
pub const ANSWER_FORMATS: [&str; 3] = ["csv", "jsonl", "parquet"];

/// Starts writing rows with these columns; nothing where the format is for flows only.
pub fn open_answer(
    format: &str,
    out: Box<dyn Write + Send>,
    schema: SchemaRef,
) -> Option<Result<Box<dyn Sink>, SinkError>> {
    let names = || schema.fields().iter().map(|field| field.name().clone()).collect();
    Some(match format {
        "csv" => csv::open(out, names()),
        "jsonl" => jsonl::open(out),
        "parquet" => parquet::open(out, schema, None),
        _ => return None,
    })
}
