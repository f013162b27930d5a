// SPDX-License-Identifier: Apache-2.0
//! Answers as streams: all rows once, the newest first where a number is asked for, SQL that only reads.

use minamo_filter::Expr;
use minamo_store::{Lake, QueryError, RowsQuery};

use crate::rows::*;

async fn streamed(lake: &Lake, limit: Option<usize>) -> Vec<String> {
    let query = RowsQuery { from: None, to: None, filter: Expr::All, limit };
    let mut rows = lake.flow_rows(query).await.expect("a stream");
    let mut out = Vec::new();
    while let Some(batch) = rows.next().await.expect("rows") {
        out.extend(column(&batch, "flow_id"));
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_gives_every_row_once_and_the_newest_where_asked() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..800)).await;
    lake.seal().await.expect("sealed");
    append(&lake, &flows(800..1_000)).await;
    let mut all = streamed(&lake, None).await;
    all.sort();
    assert_eq!(all, ids_of(&flows(0..1_000)));
    let newest = streamed(&lake, Some(25)).await;
    assert_eq!(newest, column(&ask_batch(&lake).await, "flow_id"));
}

async fn ask_batch(lake: &Lake) -> arrow::array::RecordBatch {
    let query = minamo_store::FlowsQuery { from: None, to: None, filter: Expr::All, limit: 25, cursor: None };
    lake.flows(query).await.expect("a page").batch
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_streams_only_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..300)).await;
    let mut rows = lake.sql_rows("SELECT flow_id FROM flows").await.expect("a stream");
    let mut count = 0;
    while let Some(batch) = rows.next().await.expect("rows") {
        count += batch.num_rows();
    }
    assert_eq!(count, 300);
    let error = lake.sql_rows("DELETE FROM flows").await.err().expect("refused");
    assert!(matches!(error, QueryError::ReadOnly(_)), "{error}");
}
