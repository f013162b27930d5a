// SPDX-License-Identifier: Apache-2.0
//! Sessions that look like one: by the lengths, directions and times of their first packets (SPLT), whatever their names.
//!
//! The distance of two sessions is 0 where they are the same and 1 where nothing is. Of the signed lengths it is
//! Σ|a−b| / Σ(|a|+|b|) (Bray and Curtis, Ecological Monographs 27, 1957), packet by packet, where the shorter session is
//! filled up with nothing; of the times between packets the same with ln(1+t), so that 10 ms and 12 ms are near and 10 ms and
//! 10 s are far. Lengths weigh three quarters: times change with the way and the load. Known failures: a packet that one
//! session has and the other has not (a retransmission) shifts all that follow.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use minamo_base::Time;
use minamo_model::{CellReader, Row, json_value, text_value};
use minamo_schema::Value;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{Answer, elapsed, limited, no_flow};
use crate::types::{FlowRow, SimilarParams};
use crate::{ApiError, Deps};

/// Sessions of one answer at most.
const MAX_ROWS: usize = 100;
/// Sessions that are compared at most: the latest ones.
const MAX_COMPARED: usize = 50_000;
/// Days before and after at most.
const MAX_DAYS: u64 = 90;
/// Share of the lengths in the distance.
const LENGTHS: f64 = 0.75;

/// What is told of a similar session.
const COLUMNS: [&str; 13] = [
    "flow_id",
    "time_start",
    "src_ip",
    "src_port",
    "dst_ip",
    "dst_port",
    "proto",
    "app",
    "host_name",
    "src_bytes",
    "dst_bytes",
    "splt_lengths",
    "splt_times_micros",
];

/// A session that looks like it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimilarRow {
    /// 0 for the same, 1 for nothing in common.
    pub distance: f64,
    /// Its identity, time, addresses, ports, application, name, octets and packets.
    pub flow: FlowRow,
}

/// Sessions that look like one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Similar {
    /// The sessions, the most similar first.
    pub rows: Vec<SimilarRow>,
    /// Sessions that were compared.
    pub compared: usize,
    /// True where there are more than were compared: the latest 50,000 were.
    pub truncated: bool,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// Sessions that look like this one: by lengths, directions and times of their first packets.
#[utoipa::path(get, path = "/api/v1/flows/{flow_id}/similar",
    params(("flow_id" = String, Path, description = "Identity of the flow"), SimilarParams),
    responses((status = 200, body = Similar), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn similar(
    State(deps): State<Deps>,
    Path(flow_id): Path<String>,
    query: Result<Query<SimilarParams>, QueryRejection>,
) -> Answer<Similar> {
    let Query(params) = query?;
    let start = (deps.clock)();
    let limit = limited(params.limit.unwrap_or(12), MAX_ROWS)?;
    let days = params.days.unwrap_or(7);
    if !(1..=MAX_DAYS).contains(&days) {
        let en = format!("days: got {days}, want 1 to {MAX_DAYS}");
        return Err(ApiError::bad("days", en, format!("days: {days} は 1～{MAX_DAYS} の範囲外です")));
    }
    let found = deps.lake.flow(&flow_id).await?.ok_or_else(|| no_flow(&flow_id))?;
    let readers = CellReader::all(&found);
    let one = Row::new(&readers, 0);
    let (mine, Value::Uint(proto), Value::Time(at)) = (Session::of(&one), one.get("proto"), one.get("time_start"))
    else {
        return Err(no_flow(&flow_id));
    };
    if mine.lengths.is_empty() {
        let (compared, truncated, elapsed_ms) = (0, false, elapsed(&deps, start));
        return Ok(Json(Similar { rows: Vec::new(), compared, truncated, elapsed_ms }));
    }
    let own = text_value(&one.get("flow_id"));
    let sql = candidates(&own, proto, at, days);
    let answer = deps.lake.sql(&sql, MAX_COMPARED).await?;
    let mut near: Vec<SimilarRow> = Vec::new();
    for batch in &answer.batches {
        let readers = CellReader::all(batch);
        for row in (0..batch.num_rows()).map(|at| Row::new(&readers, at)) {
            let distance = mine.distance(&Session::of(&row));
            if near.len() < limit || near.last().is_some_and(|last| distance < last.distance) {
                let place = near.partition_point(|one| one.distance <= distance);
                near.insert(place, SimilarRow { distance, flow: told(&row) });
                near.truncate(limit);
            }
        }
    }
    let compared = answer.num_rows();
    Ok(Json(Similar { rows: near, compared, truncated: answer.truncated, elapsed_ms: elapsed(&deps, start) }))
}

/// The sessions to compare with, the latest first. `flow_id` is of our own making: hexadecimal digits.
fn candidates(flow_id: &str, proto: u64, at: Time, days: u64) -> String {
    let around = Duration::from_secs(days * 86_400);
    let (from, to) = (at - around, at + around);
    format!(
        "SELECT {} FROM flows WHERE proto = {proto} AND splt_lengths IS NOT NULL AND duplicate_of IS NULL \
         AND flow_id <> '{}' AND time_start >= TIMESTAMP '{from}' AND time_start < TIMESTAMP '{to}' \
         ORDER BY time_start DESC LIMIT {}",
        COLUMNS.join(", "),
        flow_id.replace('\'', "''"),
        MAX_COMPARED + 1
    )
}

fn told(row: &Row<'_>) -> FlowRow {
    let cells = COLUMNS.into_iter().map(|name| (name.to_owned(), json_value(&row.get(name))));
    FlowRow(cells.filter(|(_, value)| !value.is_null()).collect())
}

/// First packets of a session.
#[derive(Debug, Default)]
struct Session {
    lengths: Vec<i64>,
    micros: Vec<i64>,
}

impl Session {
    fn of(row: &Row<'_>) -> Self {
        let numbers = |name| match row.get(name) {
            Value::Numbers(list) => list,
            _ => Vec::new(),
        };
        Self { lengths: numbers("splt_lengths"), micros: numbers("splt_times_micros") }
    }

    fn distance(&self, other: &Self) -> f64 {
        let length = |n: &i64| *n as f64;
        let time = |n: &i64| (1.0 + (*n).max(0) as f64).ln();
        let lengths = apart(&self.lengths, &other.lengths, length);
        LENGTHS * lengths + (1.0 - LENGTHS) * apart(&self.micros, &other.micros, time)
    }
}

/// Σ|a−b| / Σ(|a|+|b|); 0 of nothing.
fn apart(a: &[i64], b: &[i64], value: fn(&i64) -> f64) -> f64 {
    let (mut apart, mut all) = (0.0, 0.0);
    for at in 0..a.len().max(b.len()) {
        let (a, b) = (a.get(at).map_or(0.0, value), b.get(at).map_or(0.0, value));
        apart += (a - b).abs();
        all += a.abs() + b.abs();
    }
    if all > 0.0 { apart / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(packets: &[(i64, i64)]) -> Session {
        let (lengths, micros) = packets.iter().copied().unzip();
        Session { lengths, micros }
    }

    #[test]
    fn the_distance_is_nothing_of_the_same_and_grows_with_what_differs() {
        let one = session(&[(517, 0), (-1_400, 9_000), (80, 300)]);
        let near = session(&[(517, 0), (-1_380, 11_000), (80, 280)]);
        let turned = session(&[(-517, 0), (1_400, 9_000), (-80, 300)]);
        let short = session(&[(517, 0)]);
        assert_eq!(one.distance(&one), 0.0);
        assert!(one.distance(&near) > 0.0 && one.distance(&near) < 0.05, "{}", one.distance(&near));
        assert!(one.distance(&short) > one.distance(&near) && one.distance(&short) < one.distance(&turned));
        assert_eq!(one.distance(&turned), 0.75, "all lengths differ, no time does");
        assert_eq!(one.distance(&near), near.distance(&one), "it is the same from both sides");
        assert_eq!(one.distance(&Session::default()), 1.0);
        assert_eq!(Session::default().distance(&Session::default()), 0.0);
    }
}
