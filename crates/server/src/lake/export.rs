// SPDX-License-Identifier: Apache-2.0
//! Downloads: flows and answers of SQL as files of any size, written while they are read. An error on the way breaks
//! the transfer off, so that half a file is not taken for a whole one.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use minamo_model::FLOWS;
use minamo_sinks::{ANSWER_FORMATS, Sink, SinkError};
use minamo_store::{Rows, RowsQuery};

use super::types::{ExportAnswerParams, ExportFlowsParams, ExportSqlParams};
use crate::api::{filter, parse_time};
use crate::{ApiError, Deps};

/// Formats of flows: those that are files.
const FLOW_FORMATS: [&str; 4] = ["csv", "joy", "jsonl", "parquet"];

/// Download flows.
#[utoipa::path(get, path = "/api/v1/export/flows", params(ExportFlowsParams),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), (status = 400, body = ApiError)))]
pub(crate) async fn flows(
    State(deps): State<Deps>,
    query: Result<Query<ExportFlowsParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = query?;
    let (from, to) = (parse_time(&params.from, "from")?, parse_time(&params.to, "to")?);
    if from >= to {
        return Err(ApiError::bad("to", "the range ends before it begins", "期間の終わりが始まりより前です"));
    }
    let filter = filter(&deps, &params.filter, params.as_known)?;
    let format = FLOW_FORMATS.contains(&params.format.as_str()).then(|| minamo_sinks::format(&params.format)).flatten();
    let format = format.ok_or_else(|| unknown(&params.format, &FLOW_FORMATS))?;
    let rows = deps.lake.flow_rows(RowsQuery { from: Some(from), to: Some(to), filter, limit: params.limit }).await?;
    let written = Written::default();
    let sink = (format.open)(Box::new(written.clone()), &FLOWS).map_err(ApiError::internal)?;
    Ok(download("flows", format.name, &deps, Export { rows, sink: Some(sink), written }))
}

/// Download the whole answer to a statement that reads.
#[utoipa::path(get, path = "/api/v1/export/sql", params(ExportSqlParams),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), (status = 400, body = ApiError)))]
pub(crate) async fn sql(
    State(deps): State<Deps>,
    query: Result<Query<ExportSqlParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = query?;
    if !ANSWER_FORMATS.contains(&params.format.as_str()) {
        return Err(unknown(&params.format, &ANSWER_FORMATS));
    }
    let rows = deps.lake.sql_rows(&params.sql).await?;
    let written = Written::default();
    let sink = minamo_sinks::open_answer(&params.format, Box::new(written.clone()), rows.schema());
    let sink = sink.ok_or_else(|| unknown(&params.format, &ANSWER_FORMATS))?.map_err(ApiError::internal)?;
    Ok(download("answer", &params.format, &deps, Export { rows, sink: Some(sink), written }))
}

/// Download the answer to a question: groups, a course, paths, a bill or its steps.
#[utoipa::path(get, path = "/api/v1/export/query/{question}", params(
        ("question" = String, Path, description = "`top`, `series`, `paths`, `billing` or `billing_steps`"), ExportAnswerParams),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), (status = 400, body = ApiError)))]
pub(crate) async fn answer(
    State(deps): State<Deps>,
    Path(question): Path<String>,
    query: Result<Query<ExportAnswerParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(ExportAnswerParams { format, ask }) = query?;
    if !ANSWER_FORMATS.contains(&format.as_str()) {
        return Err(unknown(&format, &ANSWER_FORMATS));
    }
    let batch = crate::query::rows(&deps, &question, &ask).await?;
    let written = Written::default();
    let sink = minamo_sinks::open_answer(&format, Box::new(written.clone()), batch.schema());
    let mut sink = sink.ok_or_else(|| unknown(&format, &ANSWER_FORMATS))?.map_err(ApiError::internal)?;
    write(sink.as_mut(), &batch).and_then(|()| sink.finish()).map_err(ApiError::internal)?;
    let name = question.replace('_', "-");
    Ok((headers(&name, &format, &deps), written.take()).into_response())
}

fn unknown(format: &str, known: &[&str]) -> ApiError {
    let known = known.join(", ");
    let ja = format!("format: {format:?} は使えません（使えるのは {known}）");
    ApiError::bad("format", format!("format: got {format:?}, want one of {known}"), ja)
}

fn headers(what: &str, format: &str, deps: &Deps) -> [(HeaderName, String); 2] {
    let now: String = (deps.clock)().to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    let name = format!("attachment; filename=\"minamo-{what}-{now}.{format}\"");
    let kind = match format {
        "csv" => "text/csv; charset=utf-8; header=present",
        "parquet" => "application/vnd.apache.parquet",
        _ => "application/x-ndjson",
    };
    [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)]
}

fn download(what: &str, format: &str, deps: &Deps, export: Export) -> Response {
    let chunks = stream::try_unfold(export, |mut export| async move {
        Ok::<_, std::io::Error>(export.chunk().await?.map(|chunk| (chunk, export)))
    });
    (headers(what, format, deps), Body::from_stream(chunks)).into_response()
}

/// A download on its way.
struct Export {
    rows: Rows,
    /// Gone once the file is whole.
    sink: Option<Box<dyn Sink>>,
    written: Written,
}

impl Export {
    /// The next octets; nothing at the end.
    async fn chunk(&mut self) -> Result<Option<Bytes>, std::io::Error> {
        while let Some(sink) = self.sink.as_mut() {
            let batch = self.rows.next().await.map_err(broken)?;
            match batch {
                Some(batch) => write(sink.as_mut(), &batch).map_err(broken)?,
                None => {
                    if let Some(sink) = self.sink.take() {
                        sink.finish().map_err(broken)?;
                    }
                }
            }
            let chunk = self.written.take();
            if !chunk.is_empty() {
                return Ok(Some(chunk.into()));
            }
        }
        Ok(None)
    }
}

fn write(sink: &mut dyn Sink, batch: &RecordBatch) -> Result<(), SinkError> {
    if batch.num_rows() > 0 { sink.write(batch) } else { Ok(()) }
}

fn broken(error: impl std::fmt::Display) -> std::io::Error {
    tracing::error!(%error, "a download was broken off");
    std::io::Error::other(error.to_string())
}

/// What the sink wrote and the reader has not taken.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
