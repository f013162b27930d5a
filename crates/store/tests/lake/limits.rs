// SPDX-License-Identifier: Apache-2.0
//! What queries may not do: write, take too long, take too much.

use std::time::Duration;

use minamo_store::{Lake, QueryError, Settings};

use crate::rows::*;

#[tokio::test(flavor = "multi_thread")]
async fn only_reading_is_allowed() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..10)).await;
    for (sql, word) in [
        ("DROP TABLE flows", "DROP"),
        ("DELETE FROM flows", "DELETE"),
        ("INSERT INTO flows (flow_id) VALUES ('x')", "INSERT"),
        ("UPDATE flows SET app = 'x'", "UPDATE"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("CREATE VIEW v AS SELECT 1", "CREATE"),
        ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'", "CREATE"),
        ("COPY flows TO '/tmp/x.csv'", "COPY"),
        ("SET datafusion.execution.batch_size = 1", "SET"),
        ("EXPLAIN DROP TABLE flows", "DROP"),
        ("TRUNCATE TABLE flows", "TRUNCATE"),
    ] {
        let error = lake.sql(sql, 10).await.expect_err(sql).to_string();
        assert_eq!(error, format!("only SELECT, SHOW, DESCRIBE and EXPLAIN are allowed, got {word}"), "{sql}");
    }
    for sql in ["SELECT * FROM '/etc/passwd'", "SELECT 1; SELECT 2", "SELECT * INTO t FROM flows"] {
        assert!(lake.sql(sql, 10).await.is_err(), "{sql}");
    }
    for sql in [
        "SHOW TABLES",
        "DESCRIBE flows",
        "EXPLAIN SELECT 1",
        "SHOW COLUMNS FROM flows",
        "WITH a AS (SELECT 1) SELECT * FROM a",
    ] {
        assert!(lake.sql(sql, 10).await.expect(sql).num_rows() > 0, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_do_not_make_much_of_little() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..1_000)).await;
    for sql in [
        "SELECT repeat('x', 2000000000)",
        "SELECT repeat(repeat(app, 1000), 1000000000) FROM flows",
        "SELECT lpad(app, 2000000000) FROM flows",
        "SELECT rpad('x', 2000000000, 'y')",
        "SELECT replace(repeat(app, 10000), '', repeat('x', 1000)) FROM flows",
        "SELECT regexp_replace(repeat('x', 10000), 'x', repeat('y', 10000), 'g')",
        "SELECT array_repeat(1, 2000000000)",
        "SELECT list_repeat(app, 2000000000) FROM flows",
        "SELECT array_repeat(array_repeat(1, 1000), 10000000)",
        "SELECT array_resize([1], 2000000000)",
        "SELECT range(2000000000)",
        "SELECT range(1, 2000000000)",
        "SELECT generate_series(2000000000, 1, -1)",
        "SELECT generate_series(DATE '1970-01-01', DATE '9999-01-01', INTERVAL '1' DAY)",
        "SELECT generate_series(TIMESTAMP '2026-01-01', TIMESTAMP '2026-02-01', INTERVAL '1' SECOND)",
    ] {
        let error = lake.sql(sql, 10).await.expect_err(sql).to_string();
        assert!(error.contains("the answer may get too large: at most 1048576 octets a value"), "{sql}: {error}");
    }
    // Each value may be as large, all together not.
    let error = lake.sql("SELECT repeat(app, 300000) FROM flows", 10).await.expect_err("too large").to_string();
    assert!(error.contains("268435456 for"), "{error}");
    for (sql, rows) in [
        ("SELECT repeat(app, 3), lpad(app, 9, '.'), rpad(app, 9), replace(app, 'S', 'z') FROM flows", 1_000),
        ("SELECT regexp_replace(app, '^.*?([A-Z]).*$', '\\1') FROM flows", 1_000),
        ("SELECT repeat(app, -1), repeat(NULL, 3), array_repeat(app, 2), array_resize([1, 2], 4, 0) FROM flows", 1_000),
        ("SELECT unnest(range(5))", 5),
        ("SELECT unnest(range(1, 6, 2))", 3),
        ("SELECT unnest(generate_series(5, 1, -2))", 3),
        ("SELECT unnest(range(5, 1))", 0),
        ("SELECT unnest(generate_series(TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-02', INTERVAL '1' HOUR))", 25),
        ("SELECT unnest(generate_series(DATE '2026-01-01', DATE '2026-12-01', INTERVAL '1' MONTH))", 12),
    ] {
        assert_eq!(lake.sql(sql, 10_000).await.expect(sql).num_rows(), rows, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_cut_at_the_limit() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = open(dir.path());
    append(&lake, &flows(0..1_000)).await;
    for (limit, rows, truncated) in
        [(10, 10, true), (999, 999, true), (1_000, 1_000, false), (5_000, 1_000, false), (0, 0, true)]
    {
        let answer = lake.sql("SELECT flow_id FROM flows", limit).await.expect("an answer");
        assert_eq!((answer.num_rows(), answer.truncated), (rows, truncated));
        assert_eq!(answer.schema.fields().len(), 1);
    }
    let none = lake.sql("SELECT flow_id, src_ip FROM flows WHERE app = 'none'", 10).await.expect("an answer");
    assert_eq!((none.num_rows(), none.schema.fields().len(), none.truncated), (0, 2, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn time_and_memory_have_limits() {
    let dir = tempfile::tempdir().expect("a directory");
    let settings = Settings { query_time: Duration::from_millis(50), ..small() };
    let lake = Lake::open(dir.path(), settings, clock).expect("opens");
    append(&lake, &flows(0..1_000)).await;
    let heavy = "SELECT count(*) FROM flows a, flows b, flows c WHERE a.src_bytes + b.src_bytes > c.dst_bytes";
    let error = lake.sql(heavy, 10).await.expect_err("stopped");
    assert!(matches!(error, QueryError::Timeout(_)), "{error}");
    assert_eq!(counter(&lake, "minamo_lake_query_stopped_total"), 1);
    drop(lake);
    let settings = Settings { query_memory: 1 << 20, query_spill: 0, ..small() };
    let lake = Lake::open(dir.path(), settings, clock).expect("opens");
    let wide = "SELECT a.flow_id, b.flow_id, count(*) FROM flows a, flows b GROUP BY 1, 2 ORDER BY 3";
    let error = lake.sql(wide, 10).await.expect_err("refused");
    assert!(matches!(error, QueryError::Memory | QueryError::Spill), "{error}");
    assert_eq!(counter(&lake, "minamo_lake_query_refused_total"), 1);
    let kept = "WITH a AS MATERIALIZED (SELECT a.flow_id FROM flows a, flows b) SELECT count(*) FROM a";
    let error = lake.sql(kept, 10).await.expect_err("a million rows are kept");
    assert!(matches!(error, QueryError::Memory), "{error}");
    assert_eq!(counter(&lake, "minamo_lake_query_refused_total"), 2);
}
