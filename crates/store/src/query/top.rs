// SPDX-License-Identifier: Apache-2.0
//! Who sends most: totals per key, and of everything that passes a filter.

use std::sync::Arc;

use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::{count_distinct, max, min, sum};
use datafusion::logical_expr::{Expr, ident, lit, when};
use datafusion::physical_plan::execute_stream_partitioned;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use minamo_base::Time;
use minamo_filter::{CompareOp, Expr as Filter, Predicate, Subject, Test};
use minamo_model::CellReader;
use minamo_schema::{CellType, Value};
use tokio::task::JoinSet;

use super::grouping::Grouping;
use super::groups::{GroupRow, GroupsQuery};
use super::key::IP;
use super::ranking::{COUNTERS, Packed};
use super::running::{collect, follow};
use super::sampling::{Amount, Interval, Intervals, Sides, counted, is_sampled, scaled, variance};
use super::{Key, flows, owned, without_duplicates};
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

/// The answer: the first groups and the total of all, in which each flow counts once. Sampled flows count for what
/// they stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    /// Keys and totals, highest first; equals in the order of their keys.
    pub rows: Vec<(Vec<Value<'static>>, Totals)>,
    /// Total of everything in the range that passes the filter.
    pub total: Totals,
    /// How sure that is, where flows of the range were sampled.
    pub sampled: Option<Sampled>,
}

/// How sure the totals of sampled flows are.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Of each group.
    pub rows: Vec<Intervals>,
    /// Of the total.
    pub total: Intervals,
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
    /// Different addresses that were seen, both sides together.
    pub hosts: u64,
    /// Octets of flows whose content was encrypted.
    pub encrypted_bytes: u64,
    /// Earliest start.
    pub first: Option<Time>,
    /// Latest end.
    pub last: Option<Time>,
    /// How sure the sums are, where flows of the range were sampled.
    pub sampled: Option<Intervals>,
}

impl Lake {
    /// Totals per key, highest first, and the total of all.
    pub async fn top(&self, query: TopQuery) -> Result<Top, QueryError> {
        let groups = self.groups(GroupsQuery::of(&query)).await?;
        let sampled = groups
            .sampled
            .then(|| Sampled { rows: groups.rows.iter().map(intervals).collect(), total: intervals(&groups.total) });
        let total = totals_of(&groups.total);
        let rows = groups.rows.into_iter().map(|row| (totals_of(&row), row)).map(|(sums, row)| (row.key, sums));
        Ok(Top { rows: rows.collect(), total, sampled })
    }

    /// Totals, hosts and times of the flows of a range. Sampled flows count for what they stand for, but for hosts,
    /// where `scaled` says so.
    pub async fn summary_as(&self, query: SummaryQuery, scaled: bool) -> Result<Summary, QueryError> {
        self.limited(Box::pin(async {
            let session = self.session()?;
            let scale = scaled && is_sampled(&self.shared, query.from, query.to)?;
            let frame = flows(&session, query.from, query.to, &without_duplicates(&query.filter)).await?;
            let hosts =
                first_row(both_sides(frame.clone())?.aggregate(vec![], vec![count_distinct(ident(IP))])?).await?;
            let row = first_row(frame.aggregate(vec![], wanted(scale)?)?).await?;
            let time = |at: usize| match row.get(at) {
                Some(Value::Time(at)) => Some(*at),
                _ => None,
            };
            let number = |at: usize| uint(row.get(at));
            let interval = |sum: usize, at: usize, of: fn(u64, f64, u64) -> Interval| match row.get(at) {
                Some(Value::Real(variance)) => of(number(sum), *variance, number(at + 1)),
                _ => Interval { low: number(sum), high: number(sum) },
            };
            let all = || Intervals {
                bytes: interval(0, 6, Interval::of),
                packets: interval(1, 8, Interval::of),
                flows: interval(2, 10, Interval::of_flows),
            };
            Ok(Summary {
                bytes: number(0),
                packets: number(1),
                flows: number(2),
                hosts: uint(hosts.first()),
                encrypted_bytes: number(3),
                first: time(4),
                last: time(5),
                sampled: scale.then(all),
            })
        }))
        .await
    }

    /// [`Lake::summary_as`], scaled.
    pub async fn summary(&self, query: SummaryQuery) -> Result<Summary, QueryError> {
        self.summary_as(query, true).await
    }
}

/// Sums, octets of encrypted flows and times; with `scale` also variance and what was seen of each sum.
fn wanted(scale: bool) -> Result<Vec<Expr>, QueryError> {
    let value = |amount| if scale { scaled(amount, Sides::Both) } else { counted(amount, Sides::Both) };
    let amounts = [Amount::Bytes, Amount::Packets, Amount::Flows];
    let mut wanted: Vec<Expr> = amounts.iter().map(|amount| sum(value(*amount))).collect();
    wanted.push(sum(when(ident("encrypted"), value(Amount::Bytes)).otherwise(lit(0_u64))?));
    wanted.extend([min(ident("time_start")), max(ident("time_end"))]);
    if scale {
        for amount in amounts {
            wanted.push(sum(variance(amount, Sides::Both)?));
            wanted.push(sum(counted(amount, Sides::Both)));
        }
    }
    Ok(wanted.into_iter().enumerate().map(|(at, expr)| expr.alias(format!("s{at}"))).collect())
}

fn totals_of(row: &GroupRow) -> Totals {
    let number = |at: usize| uint(row.figures.get(at).map(|figure| &figure.value));
    Totals { bytes: number(0), packets: number(1), flows: number(2) }
}

fn intervals(row: &GroupRow) -> Intervals {
    let of = |at: usize| row.figures.get(at).and_then(|figure| figure.interval).unwrap_or_default();
    Intervals { bytes: of(0), packets: of(1), flows: of(2) }
}

/// The answer by our own hash tables; nothing where the keys are not for them, or are too many for the memory.
pub(super) async fn quick(
    session: &SessionContext,
    query: &TopQuery,
    memory: usize,
) -> Result<Option<Top>, QueryError> {
    let Some(Packed { columns, parts, second }) = Packed::of(&query.keys) else { return Ok(None) };
    let session = &late(session, &query.filter);
    let frame = flows(session, query.from, query.to, &query.filter).await?;
    let frame = frame.select(columns.into_iter().map(ident).collect::<Vec<_>>())?;
    let plan = frame.create_physical_plan().await?;
    follow(&plan);
    let streams = execute_stream_partitioned(plan, session.task_ctx())?;
    let grouping = Arc::new(Grouping::new(parts, memory, streams.len()));
    let mut tasks = JoinSet::new();
    for mut stream in streams {
        let grouping = Arc::clone(&grouping);
        tasks.spawn(async move {
            let mut found = grouping.found();
            while let Some(batch) = stream.next().await {
                if !grouping.add(&mut found, &batch?, None, &COUNTERS, second)? {
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
    Ok(Some(Top { rows, total, sampled: None }))
}

/// The session for a question that reads few columns: where the filter leaves many rows, it costs more to decode
/// the columns row by row behind it than to decode all of them and drop rows.
fn late(session: &SessionContext, filter: &Filter) -> SessionContext {
    let mut state = session.state();
    state.config_mut().options_mut().execution.parquet.pushdown_filters = is_selective(filter);
    SessionContext::new_with_state(state)
}

/// True where the filter mostly leaves few rows: it asks for one address, text or list item.
pub(crate) fn is_selective(filter: &Filter) -> bool {
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

/// The address of each flow's sides in turn, as `ip`; once where both are the same.
fn both_sides(frame: DataFrame) -> Result<DataFrame, QueryError> {
    let second =
        frame.clone().filter(ident("dst_ip").not_eq(ident("src_ip")))?.select(vec![ident("dst_ip").alias(IP)])?;
    Ok(frame.select(vec![ident("src_ip").alias(IP)])?.union(second)?)
}

/// The values of an answer that is one row.
pub(super) async fn first_row(frame: DataFrame) -> Result<Vec<Value<'static>>, QueryError> {
    let batches = collect(frame).await?;
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok(Vec::new()) };
    Ok(CellReader::all(batch).iter().map(|reader| owned(reader.value(0))).collect())
}

fn uint(value: Option<&Value<'_>>) -> u64 {
    match value {
        Some(Value::Uint(n)) => *n,
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    }
}
