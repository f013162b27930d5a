// SPDX-License-Identifier: Apache-2.0
//! Packets that the recorder keeps: whether there are some, and those of a flow, of an event or of a filter as a pcapng
//! file. What is cut has a bound, as it is put together in memory.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use minamo_base::{FiveTuple, Time};
use minamo_capture::Expression;
use minamo_capture::recorder::{Cut, CutError, Cutter, Selection};
use minamo_store::FlowsQuery;

use crate::api::{Answer, filter, flow, flow_rows, parse_time};
use crate::detection::events::one;
use crate::types::{AsKnown, FlowPacketsParams, FlowRow, PacketsParams, Recorded};
use crate::{ApiError, Deps};

/// Octets of packets in one answer.
const MOST: u64 = 256 << 20;
/// How much of its conversation before and after a flow is cut with it, where nothing else is asked for: a flow may be a
/// part of a longer one.
const AROUND_SECS: u32 = 10;
/// Flows of an event whose packets are cut.
const MOST_FLOWS: usize = 200;
/// An event's flows are looked for so long before and after it, as the console does.
const EDGE: std::time::Duration = std::time::Duration::from_secs(60);

/// Whether packets are recorded, and since when.
#[utoipa::path(get, path = "/api/v1/recorder", responses((status = 200, body = Recorded)))]
pub(crate) async fn recorder(State(deps): State<Deps>) -> Answer<Recorded> {
    let Some(cutter) = deps.packets.clone() else { return Ok(Json(Recorded { on: false, oldest: None })) };
    let oldest = tokio::task::spawn_blocking(move || cutter.oldest()).await.map_err(ApiError::internal)?;
    Ok(Json(Recorded { on: true, oldest: oldest.map_err(failed)?.map(|time| time.to_string()) }))
}

/// The packets of a flow, as pcapng.
#[utoipa::path(get, path = "/api/v1/flows/{flow_id}/packets", params(("flow_id" = String, Path, description = "Identity of the flow"), FlowPacketsParams),
    responses((status = 200, description = "The packets", content_type = "application/x-pcapng"), (status = 404, body = ApiError)))]
pub(crate) async fn of_flow(
    State(deps): State<Deps>,
    Path(flow_id): Path<String>,
    query: Result<Query<FlowPacketsParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = query?;
    let Json(row) = flow(State(deps.clone()), Path(flow_id.clone())).await?;
    let (tuple, start, end) = conversation(&row).ok_or_else(none)?;
    let around = |secs: Option<u32>| std::time::Duration::from_secs(secs.unwrap_or(AROUND_SECS).into());
    let selection = Selection {
        from: Some(start - around(params.before)),
        to: Some(end + around(params.after)),
        tuples: vec![tuple],
        ..Selection::default()
    };
    answer(&deps, selection, &flow_id).await
}

/// The packets of the flows of an event, of the newest 200 of them, as pcapng.
#[utoipa::path(get, path = "/api/v1/events/{event_id}/packets", params(("event_id" = String, Path, description = "Identity of the event"), FlowPacketsParams),
    responses((status = 200, description = "The packets", content_type = "application/x-pcapng"), (status = 404, body = ApiError)))]
pub(crate) async fn of_event(
    State(deps): State<Deps>,
    Path(event_id): Path<String>,
    query: Result<Query<FlowPacketsParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = query?;
    let event = one(&deps, &event_id).await?;
    if deps.packets.is_none() {
        return Err(off());
    }
    let around = |secs: Option<u32>| std::time::Duration::from_secs(secs.unwrap_or(AROUND_SECS).into());
    let query = FlowsQuery {
        from: Some(event.time_start - EDGE),
        to: Some(event.time_end + EDGE),
        filter: filter(&deps, &event.filter, AsKnown::Now)?,
        limit: MOST_FLOWS,
        cursor: None,
    };
    let page = deps.lake.flows(query).await?;
    let found: Vec<_> = flow_rows(&page.batch).iter().filter_map(conversation).collect();
    let Some(start) = found.iter().map(|(_, start, _)| *start).min() else { return Err(without_flows()) };
    let end = found.iter().map(|(.., end)| *end).max();
    let selection = Selection {
        from: Some(start - around(params.before)),
        to: end.map(|end| end + around(params.after)),
        tuples: found.into_iter().map(|(tuple, ..)| tuple).collect(),
        ..Selection::default()
    };
    answer(&deps, selection, &event_id).await
}

/// Packets of a range that pass a filter, as pcapng.
#[utoipa::path(get, path = "/api/v1/packets", params(PacketsParams),
    responses((status = 200, description = "The packets", content_type = "application/x-pcapng"), (status = 400, body = ApiError), (status = 404, body = ApiError)))]
pub(crate) async fn of_filter(
    State(deps): State<Deps>,
    query: Result<Query<PacketsParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(params) = query?;
    let (from, to) = (parse_time(&params.from, "from")?, parse_time(&params.to, "to")?);
    let passes = Expression::parse(&params.filter).map_err(|error| {
        let ja = format!("キャプチャフィルターを読めません：{error}");
        ApiError::bad("filter", error.to_string(), ja)
    })?;
    let selection = Selection { from: Some(from), to: Some(to), filter: Some(passes), ..Selection::default() };
    answer(&deps, selection, "cut").await
}

/// Ends and times of a flow that has addresses.
fn conversation(FlowRow(row): &FlowRow) -> Option<(FiveTuple, Time, Time)> {
    let text = |name: &str| row.get(name)?.as_str();
    let number = |name: &str| row.get(name).map_or(Some(0), serde_json::Value::as_u64);
    let port = |name: &str| u16::try_from(number(name)?).ok();
    let tuple = FiveTuple {
        src: text("src_ip")?.parse().ok()?,
        dst: text("dst_ip")?.parse().ok()?,
        src_port: port("src_port")?,
        dst_port: port("dst_port")?,
        proto: u8::try_from(number("proto")?).ok()?,
    };
    Some((tuple, Time::parse(text("time_start")?)?, Time::parse(text("time_end")?)?))
}

async fn answer(deps: &Deps, selection: Selection, name: &str) -> Result<Response, ApiError> {
    let cutter = deps.packets.clone().ok_or_else(off)?;
    let selection = Selection { most: Some(MOST), ..selection };
    let until = selection.to;
    let made = tokio::task::spawn_blocking(move || Ok((cut(&cutter, &selection)?, cutter.oldest()?)));
    let ((octets, cut), oldest) = made.await.map_err(ApiError::internal)?.map_err(failed)?;
    if cut.packets == 0 {
        return Err(match oldest {
            Some(oldest) if until.is_some_and(|until| until < oldest) => gone(oldest),
            _ => none(),
        });
    }
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let file = format!("attachment; filename=\"minamo-{name}.pcapng\"");
    let headers = [(header::CONTENT_TYPE, "application/x-pcapng".to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, octets).into_response())
}

fn cut(cutter: &Cutter, selection: &Selection) -> Result<(Vec<u8>, Cut), CutError> {
    let mut octets = Vec::new();
    let cut = cutter.cut(selection, &mut octets)?;
    Ok((octets, cut))
}

fn none() -> ApiError {
    let (en, ja) = ("there are no packets of it", "該当するパケットはありません");
    ApiError::new(StatusCode::NOT_FOUND, "no_packets", en, ja)
}

fn gone(oldest: Time) -> ApiError {
    let en = format!("its packets are no longer kept: the oldest ones are of {oldest}");
    let ja = format!("パケットはすでに残っていません。残っている最も古いものは {oldest} です");
    ApiError::new(StatusCode::NOT_FOUND, "no_packets", en, ja)
}

fn off() -> ApiError {
    let (en, ja) =
        ("no packets are recorded: recorder.size is off", "パケットは記録されていません（recorder.size が無効）");
    ApiError::new(StatusCode::NOT_FOUND, "recorder_off", en, ja)
}

fn without_flows() -> ApiError {
    let (en, ja) =
        ("no flows with addresses belong to the event", "このイベントに対応する、アドレスを持つフローはありません");
    ApiError::new(StatusCode::NOT_FOUND, "no_packets", en, ja)
}

fn failed(error: CutError) -> ApiError {
    match error {
        CutError::Filter(error) => {
            ApiError::bad("filter", error.to_string(), format!("記録されたパケットに使えないフィルターです：{error}"))
        }
        other => ApiError::internal(other),
    }
}
