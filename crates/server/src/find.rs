// SPDX-License-Identifier: Apache-2.0
//! Search by any fact: in which columns does a value occur? One pass over the range, whatever the number of columns.

use axum::Json;
use axum::extract::State;
use minamo_base::{Ip, Mac};
use minamo_filter::{CompareOp, Expr, Literal, Predicate, Test};
use minamo_model::FLOWS;
use minamo_schema::{CellType, Column};
use minamo_store::{PartsQuery, Totals};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{Answer, Body, Scope, elapsed};
use crate::query::types::{Question as _, question};
use crate::{ApiError, Deps};

/// Characters of a text at least, and at most.
const SHORTEST: usize = 2;
const LONGEST: usize = 200;
/// Columns of text that are not looked at: words of our own, and octets in hexadecimal, where any short text occurs by chance.
const LEFT_OUT: [&str; 9] = [
    "flow_id",
    "app_reason",
    "app_confidence",
    "risk_evidence",
    "eta_initial_packet",
    "orientation",
    "end_reason",
    "source",
    "name_confidence",
];

question! {
    /// A value of which the column is not known.
    pub struct FindRequest {
        /// The value, or a piece of a text: 2 to 200 characters. Letter case does not count; `*` is any run and `?` any one
        /// character. A whole address, MAC address or port is found in columns of its type, too.
        pub text: String,
    }
}

/// A column in which it occurs.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundColumn {
    /// Name of the column.
    pub column: String,
    /// Filter that shows the flows.
    pub filter: String,
    /// Flows.
    pub flows: u64,
    /// Octets of both sides.
    pub bytes: u64,
    /// One of the values; nothing for columns that are lists.
    #[schema(required)]
    pub example: Option<String>,
}

/// Where it occurs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    /// The columns, the one with the most flows first.
    pub columns: Vec<FoundColumn>,
    /// Columns that were looked at.
    pub looked_at: usize,
    /// Milliseconds that the query took.
    pub elapsed_ms: u64,
}

/// In which columns a value occurs.
#[utoipa::path(post, path = "/api/v1/query/find", request_body = FindRequest,
    responses((status = 200, body = Found), (status = 400, body = ApiError)))]
pub(crate) async fn find(State(deps): State<Deps>, body: Body<FindRequest>) -> Answer<Found> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let Scope { from, to, filter } = request.scope(&deps)?;
    let text = request.text.trim();
    let length = text.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        let en = format!("text: got {length} characters, want {SHORTEST} to {LONGEST}");
        return Err(ApiError::bad(
            "text",
            en,
            format!("text: {SHORTEST}～{LONGEST} 文字にしてください（{length} 文字）"),
        ));
    }
    let query = PartsQuery { from: Some(from), to: Some(to), filter, parts: Vec::new() };
    let exact = exact(text);
    let filters = exact.iter().map(|(_, filter)| filter.clone()).collect();
    let sums = deps.lake.parts(PartsQuery { parts: filters, ..query.clone() }).await?;
    let whole = exact
        .iter()
        .zip(&sums)
        .filter(|(_, sums)| sums.flows > 0)
        .map(|((column, filter), sums)| found(column, filter, *sums, Some(text.to_owned())));
    let mut columns: Vec<FoundColumn> = whole.collect();
    let hits = deps.lake.find_text(query, text, is_searched).await?;
    columns.extend(hits.iter().map(|hit| found(hit.column, &hit.filter, hit.totals, hit.example.clone())));
    columns.sort_by(|a, b| (b.flows, &a.column).cmp(&(a.flows, &b.column)));
    let texts = FLOWS.columns().filter(|c| matches!(c.cell, CellType::Text | CellType::TextList) && is_searched(c));
    let looked_at = texts.count() + exact.len();
    Ok(Json(Found { columns, looked_at, elapsed_ms: elapsed(&deps, start) }))
}

fn is_searched(column: &Column) -> bool {
    !LEFT_OUT.contains(&column.name)
}

fn found(column: &Column, filter: &Expr, sums: Totals, example: Option<String>) -> FoundColumn {
    let (flows, bytes) = (sums.flows, sums.bytes);
    FoundColumn { column: column.name.to_owned(), filter: filter.to_string(), flows, bytes, example }
}

/// Tests of the columns that hold addresses, MAC addresses or ports, where the whole text is such a value.
fn exact(text: &str) -> Vec<(&'static Column, Expr)> {
    let of = |literal: Literal, wanted: fn(&Column) -> bool| {
        let columns = FLOWS.columns().filter(move |column| wanted(column));
        columns.map(move |column| {
            (column, Expr::Test(Test::column(column, Predicate::Compare(CompareOp::Eq, literal.clone()))))
        })
    };
    if let Ok(ip) = text.parse::<Ip>() {
        return of(Literal::Ip(ip), |column| column.cell == CellType::Ip).collect();
    }
    if let Ok(mac) = text.parse::<Mac>() {
        return of(Literal::Mac(mac), |column| column.cell == CellType::Mac).collect();
    }
    match text.parse::<u16>() {
        Ok(port) => of(Literal::Uint(port.into()), |column| matches!(column.name, "src_port" | "dst_port")).collect(),
        Err(_) => Vec::new(),
    }
}
