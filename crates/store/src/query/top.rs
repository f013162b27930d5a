// SPDX-License-Identifier: Apache-2.0
//! Who sends most: totals per key, and of everything that passes a filter.

use std::sync::Arc;

use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::{count, count_distinct, max, min, sum};
use datafusion::logical_expr::{Expr, ident, lit, when};
use datafusion::physical_plan::execute_stream_partitioned;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use minamo_base::Time;
use minamo_filter::{CompareOp, Expr as Filter, Predicate, Subject, Test};
use minamo_model::CellReader;
use minamo_schema::{CellType, Value};
use tokio::task::JoinSet;

use super::grouping::{Counters, Grouping, Part, can_pack};
use super::{Key, counted, flows, owned};
use crate::{Lake, QueryError};

/// What a ranking goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Octets of both sides.
    Bytes,
    /// Packets of both sides.
    Packets,
    /// Flows.
    Flows,
}

impl By {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Packets => "packets",
            Self::Flows => "flows",
        }
    }
}

/// Totals of some flows, both sides together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Octets.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
}

/// A question for totals per key.
#[derive(Debug, Clone)]
pub struct TopQuery {
    /// Flows that ended before are left out.
    pub from: Option<Time>,
    /// Flows that started here or later are left out.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
    /// What they are grouped by.
    pub keys: Vec<Key>,
    /// What the groups are ranked by.
    pub by: By,
    /// Groups to give.
    pub limit: usize,
}

/// The answer: the first groups and the total of all, in which each flow counts once.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    /// Keys and totals, highest first; equals in the order of their keys.
    pub rows: Vec<(Vec<Value<'static>>, Totals)>,
    /// Total of everything in the range that passes the filter.
    pub total: Totals,
}

/// A question for one overview.
#[derive(Debug, Clone)]
pub struct SummaryQuery {
    /// Flows that ended before are left out.
    pub from: Option<Time>,
    /// Flows that started here or later are left out.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
}

/// The overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Octets of both sides.
    pub bytes: u64,
    /// Packets of both sides.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
    /// Different addresses, both sides together.
    pub hosts: u64,
    /// Octets of flows whose content was encrypted.
    pub encrypted_bytes: u64,
    /// Earliest start.
    pub first: Option<Time>,
    /// Latest end.
    pub last: Option<Time>,
}

impl Lake {
    /// Totals per key, highest first, and the total of all.
    pub async fn top(&self, query: TopQuery) -> Result<Top, QueryError> {
        self.limited(Box::pin(async {
            let session = self.session()?;
            if let Some(top) = quick(&session, &query, self.shared.settings.query_memory).await? {
                return Ok(top);
            }
            let rows = general(&session, &query).await?;
            let frame = flows(&session, query.from, query.to, &counted(&query.filter)).await?;
            let total = first_row(frame.aggregate(vec![], totals()?)?).await?;
            Ok(Top { rows, total: read_totals(&total) })
        }))
        .await
    }

    /// Totals, hosts and times of the flows of a range.
    pub async fn summary(&self, query: SummaryQuery) -> Result<Summary, QueryError> {
        self.limited(Box::pin(async {
            let session = self.session()?;
            let frame = flows(&session, query.from, query.to, &counted(&query.filter)).await?;
            let sides = both_sides(frame.clone(), &[])?;
            let hosts = first_row(sides.aggregate(vec![], vec![count_distinct(ident(IP))])?).await?;
            let mut wanted = totals()?;
            let encrypted = when(ident("encrypted"), bytes()).otherwise(lit(0_u64))?;
            wanted.extend([sum(encrypted), min(ident("time_start")), max(ident("time_end"))]);
            let row = first_row(frame.aggregate(vec![], wanted)?).await?;
            let Totals { bytes, packets, flows } = read_totals(&row);
            let time = |at: usize| match row.get(at) {
                Some(Value::Time(at)) => Some(*at),
                _ => None,
            };
            let (hosts, encrypted_bytes) = (uint(hosts.first()), uint(row.get(3)));
            Ok(Summary { bytes, packets, flows, hosts, encrypted_bytes, first: time(4), last: time(5) })
        }))
        .await
    }
}

/// Name of the column that has each side's address in turn.
const IP: &str = "ip";

/// The first groups of a question.
pub(crate) async fn groups(
    session: &SessionContext,
    query: &TopQuery,
    memory: usize,
) -> Result<Vec<(Vec<Value<'static>>, Totals)>, QueryError> {
    match quick(session, query, memory).await? {
        Some(top) => Ok(top.rows),
        None => general(session, query).await,
    }
}

/// The answer by our own hash tables; nothing where the keys are not for them, or are too many for the memory.
async fn quick(session: &SessionContext, query: &TopQuery, memory: usize) -> Result<Option<Top>, QueryError> {
    let mut columns = vec!["src_bytes", "dst_bytes", "src_packets", "dst_packets"];
    let mut place = |name: &'static str| {
        columns.iter().position(|column| *column == name).unwrap_or_else(|| {
            columns.push(name);
            columns.len() - 1
        })
    };
    let mut parts = Vec::new();
    let mut second = None;
    for (at, key) in query.keys.iter().enumerate() {
        parts.push(match key {
            Key::Column(column) => Part { cell: column.cell, column: place(column.name) },
            Key::Ip => {
                second = Some((at, Part { cell: CellType::Ip, column: place("dst_ip") }));
                Part { cell: CellType::Ip, column: place("src_ip") }
            }
        });
    }
    let cells: Vec<CellType> = parts.iter().map(|part| part.cell).collect();
    if query.keys.is_empty() || !can_pack(&cells) {
        return Ok(None);
    }
    let session = &late(session, &query.filter);
    let frame = flows(session, query.from, query.to, &counted(&query.filter)).await?;
    let frame = frame.select(columns.into_iter().map(ident).collect::<Vec<_>>())?;
    let plan = frame.create_physical_plan().await?;
    let streams = execute_stream_partitioned(plan, session.task_ctx())?;
    let grouping = Arc::new(Grouping::new(parts, memory, streams.len()));
    let mut tasks = JoinSet::new();
    for mut stream in streams {
        let grouping = Arc::clone(&grouping);
        tasks.spawn(async move {
            let mut found = grouping.found();
            while let Some(batch) = stream.next().await {
                if !grouping.add(&mut found, &batch?, &COUNTERS, second)? {
                    return Ok(None);
                }
            }
            Ok::<_, QueryError>(Some(found))
        });
    }
    let mut found = Vec::new();
    while let Some(one) = tasks.join_next().await {
        match one.map_err(|error| QueryError::Failed(error.to_string()))?? {
            Some(one) => found.push(one),
            None => return Ok(None),
        }
    }
    let (rows, total) = grouping.finish(found, query.by, query.limit);
    Ok(Some(Top { rows, total }))
}

/// The session for a question that reads few columns: where the filter leaves many rows, it costs more to decode
/// the columns row by row behind it than to decode all of them and drop rows.
fn late(session: &SessionContext, filter: &Filter) -> SessionContext {
    let mut state = session.state();
    state.config_mut().options_mut().execution.parquet.pushdown_filters = is_selective(filter);
    SessionContext::new_with_state(state)
}

/// True where the filter mostly leaves few rows: it asks for one address, text or list item.
fn is_selective(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().any(is_selective),
        Filter::Or(parts) => parts.iter().all(is_selective),
        Filter::Test(Test { subject: Subject::Column(column), predicate }) => {
            let one = !matches!(predicate, Predicate::Compare(CompareOp::Ne, _) | Predicate::InPrefixes(_));
            one && !matches!(predicate, Predicate::Flags { .. } | Predicate::Present)
                && !matches!(column.cell, CellType::U8 | CellType::U16 | CellType::Bool | CellType::U64)
        }
        _ => false,
    }
}

/// Places of the counters in the columns of [`quick`].
const COUNTERS: Counters = Counters { bytes: [0, 1], packets: [2, 3] };

/// The first groups by the SQL engine, which spills to disk.
async fn general(session: &SessionContext, query: &TopQuery) -> Result<Vec<(Vec<Value<'static>>, Totals)>, QueryError> {
    if query.keys.is_empty() {
        return Err(QueryError::Bad("want at least one key".to_owned()));
    }
    let mut frame = flows(session, query.from, query.to, &counted(&query.filter)).await?;
    if query.keys.contains(&Key::Ip) {
        let others: Vec<&str> = query.keys.iter().map(Key::name).filter(|name| *name != IP).collect();
        frame = both_sides(frame, &others)?;
    }
    let keys: Vec<Expr> = query.keys.iter().map(|key| ident(key.name())).collect();
    let mut order = vec![ident(query.by.name()).sort(false, false)];
    order.extend(keys.iter().map(|key| key.clone().sort(true, true)));
    let width = keys.len();
    let frame = frame.aggregate(keys, totals()?)?.sort(order)?.limit(0, Some(query.limit))?;
    let mut out = Vec::new();
    for batch in frame.collect().await? {
        let readers = CellReader::all(&batch);
        for row in 0..batch.num_rows() {
            let mut cells: Vec<Value<'static>> = readers.iter().map(|reader| owned(reader.value(row))).collect();
            let totals = read_totals(cells.get(width..).unwrap_or_default());
            cells.truncate(width);
            out.push((cells, totals));
        }
    }
    Ok(out)
}

/// Each flow once for each of its sides, with the side's address as `ip`; once where both are the same.
fn both_sides(frame: DataFrame, others: &[&str]) -> Result<DataFrame, QueryError> {
    let columns = |side: &str| {
        let mut columns = vec![ident(side).alias(IP)];
        let counters = ["src_bytes", "dst_bytes", "src_packets", "dst_packets"];
        let others = others.iter().filter(|other| !counters.contains(other));
        columns.extend(counters.iter().chain(others).map(|name| ident(*name)));
        columns
    };
    let second = frame.clone().filter(ident("dst_ip").not_eq(ident("src_ip")))?.select(columns("dst_ip"))?;
    Ok(frame.select(columns("src_ip"))?.union(second)?)
}

fn bytes() -> Expr {
    ident("src_bytes") + ident("dst_bytes")
}

fn totals() -> Result<Vec<Expr>, QueryError> {
    let packets = ident("src_packets") + ident("dst_packets");
    let zero = lit(0_u64);
    let filled = |expr: Expr| datafusion::functions::core::expr_fn::coalesce(vec![expr, zero.clone()]);
    Ok(vec![filled(sum(bytes())).alias("bytes"), filled(sum(packets)).alias("packets"), count(lit(1)).alias("flows")])
}

async fn first_row(frame: DataFrame) -> Result<Vec<Value<'static>>, QueryError> {
    let batches = frame.collect().await?;
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok(Vec::new()) };
    Ok(CellReader::all(batch).iter().map(|reader| owned(reader.value(0))).collect())
}

fn read_totals(cells: &[Value<'static>]) -> Totals {
    Totals { bytes: uint(cells.first()), packets: uint(cells.get(1)), flows: uint(cells.get(2)) }
}

fn uint(value: Option<&Value<'_>>) -> u64 {
    match value {
        Some(Value::Uint(n)) => *n,
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    }
}
