// SPDX-License-Identifier: Apache-2.0
//! Key figures: shares of the traffic, each by the two filters that it comes from, so that everybody can look behind it.

mod table;
pub mod types;

use axum::Json;
use axum::extract::State;
use minamo_base::Time;
use minamo_filter::Expr;
use minamo_store::{PartsQuery, Totals};

use crate::api::{Answer, Body, Scope, elapsed};
use crate::query::types::Question as _;
use crate::types::Text2;
use crate::{ApiError, Deps, api, detection};
use table::{FIGURES, Row};
use types::*;

/// Events of one answer that are looked behind.
const MAX_EVENTS: usize = 200;

/// Shares of the traffic, each with the filters that it comes from.
#[utoipa::path(post, path = "/api/v1/query/figures", request_body = FiguresRequest,
    responses((status = 200, body = Figures), (status = 400, body = ApiError)))]
pub(crate) async fn figures(State(deps): State<Deps>, body: Body<FiguresRequest>) -> Answer<Figures> {
    let Json(request) = body?;
    let start = (deps.clock)();
    let Scope { from, to, filter } = request.scope(&deps)?;
    let rows: Vec<&Row> =
        FIGURES.iter().filter(|row| request.page.is_none_or(|page| row.pages.contains(&page))).collect();
    let mut parts = Vec::with_capacity(rows.len() * 2);
    for row in &rows {
        let of = minamo_filter::parse(row.of)?;
        parts.push(of.clone().and(minamo_filter::parse(row.part)?));
        parts.push(of);
    }
    let query = PartsQuery { from: Some(from), to: Some(to), filter: filter.clone(), parts };
    let sums = deps.lake.parts(query).await?;
    let figures = rows.iter().zip(sums.chunks(2)).map(|(row, sums)| figure(row, sums)).collect();
    let threats = if request.threats { Some(threats(&deps, from, to, filter).await?) } else { None };
    Ok(Json(Figures { figures, threats, elapsed_ms: elapsed(&deps, start) }))
}

fn figure(row: &Row, sums: &[Totals]) -> Figure {
    let amount = |at: usize| {
        sums.get(at).map_or(Amount { bytes: 0, flows: 0 }, |sums| Amount { bytes: sums.bytes, flows: sums.flows })
    };
    let text = |(en, ja): (&str, &str)| Text2 { en: en.to_owned(), ja: ja.to_owned() };
    Figure {
        name: row.name.to_owned(),
        title: text(row.title),
        meaning: text(row.meaning),
        by: row.by,
        wish: row.wish,
        of: row.of.to_owned(),
        filter: joined(row),
        part: amount(0),
        whole: amount(1),
    }
}

/// The filter of what a figure counts.
fn joined(row: &Row) -> String {
    let guard = |text: &str| if text.contains(" or ") { format!("({text})") } else { text.to_owned() };
    if row.of.is_empty() { row.part.to_owned() } else { format!("{} and {}", guard(row.of), guard(row.part)) }
}

/// Of the latest events of a range, how many have flows with encrypted content behind them; of those with flows that pass the filter.
async fn threats(deps: &Deps, from: Time, to: Time, narrowed: Expr) -> Result<Threats, ApiError> {
    let events = detection::events::read(deps, Some(from), Some(to)).await?;
    let shown: Vec<_> = events.iter().filter(|event| event.suppressed_by.is_none()).collect();
    let latest = shown.get(..MAX_EVENTS.min(shown.len())).unwrap_or_default();
    let encrypted = minamo_filter::parse("encrypted = true")?;
    let (mut parts, mut span) = (Vec::new(), None::<(Time, Time)>);
    for event in latest {
        // A filter that cannot be read any more (a named set that is gone) leaves its event out.
        let Ok(filter) = api::filter(deps, &event.filter, crate::types::AsKnown::Now) else { continue };
        let (first, last) = (event.time_start, event.time_end);
        let time = format!("time_start <= {last} and time_end >= {first}");
        let time = minamo_filter::parse(&time)?;
        let flows = filter.and(time);
        parts.push(flows.clone().and(encrypted.clone()));
        parts.push(flows);
        span = Some(span.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
    }
    let looked_at = parts.len() as u64 / 2;
    let sums = match span {
        Some((first, last)) => {
            let to = last + std::time::Duration::from_nanos(1);
            let query = PartsQuery { from: Some(first), to: Some(to), filter: narrowed.clone(), parts };
            deps.lake.parts(query).await?
        }
        None => Vec::new(),
    };
    let with_flows =
        |at: usize| sums.chunks(2).filter(|sums| sums.get(at).is_some_and(|sums| sums.flows > 0)).count() as u64;
    let (encrypted, passing) = (with_flows(0), with_flows(1));
    // Without a filter an event counts whose flows are gone, too.
    let (events, looked_at) = if narrowed == Expr::All { (shown.len() as u64, looked_at) } else { (passing, passing) };
    Ok(Threats { events, looked_at, encrypted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_can_be_asked_for_and_looked_behind() {
        let mut names: Vec<&str> = FIGURES.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FIGURES.len(), "names are unique");
        for row in FIGURES {
            minamo_filter::parse(row.of).unwrap_or_else(|e| panic!("{}: {}", row.of, e.message_en()));
            minamo_filter::parse(row.part).unwrap_or_else(|e| panic!("{}: {}", row.part, e.message_en()));
            minamo_filter::parse(&joined(row)).unwrap_or_else(|e| panic!("{}: {}", joined(row), e.message_en()));
            assert!(!row.title.1.is_empty() && !row.meaning.1.is_empty() && !row.pages.is_empty(), "{}", row.name);
        }
    }
}
