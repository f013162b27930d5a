// SPDX-License-Identifier: Apache-2.0
//! Groups of flows by any keys, with any measures, ordered by any of them, compared with an earlier range where
//! asked. The common question (sums of unsampled flows by plain columns) goes to our own hash tables, everything
//! else is a DataFusion plan, which spills to disk.

use std::time::Duration;

use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::prelude::SessionContext;
use minamo_base::Time;
use minamo_filter::{Expr as Filter, Having};
use minamo_model::{CellReader, FLOWS};
use minamo_schema::Value;

use super::aggregate::having_expr;
use super::key::{IP, Key};
use super::measure::{Measure, Sums, Terms};
use super::ranking::Ranked;
use super::running::collect;
use super::sampling::{Interval, is_sampled};
use super::tags::{TAG, each_tag};
use super::top::{By, Top, TopQuery, Totals, quick};
use super::{flows, owned, without_duplicates};
use crate::shared::Shared;
use crate::{Lake, QueryError};

/// A question for groups of flows.
#[derive(Debug, Clone)]
pub struct GroupsQuery {
    /// Flows that ended before are left out.
    pub from: Option<Time>,
    /// Flows that started here or later are left out.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
    /// What they are grouped by, one to eight.
    pub keys: Vec<Key>,
    /// What each group is measured by, one to sixteen.
    pub measures: Vec<Measure>,
    /// Place of the measure that orders the groups.
    pub order: usize,
    /// The lowest first.
    pub ascending: bool,
    /// Groups for which it does not hold are left out; it sees what is shown: scaled, of the later range.
    pub having: Having,
    /// Groups to give.
    pub limit: usize,
    /// Each flow counts as two, one per direction: for the second, columns change places with their mirrors.
    pub directions: bool,
    /// Counters of sampled flows count for what they stand for.
    pub scaled: bool,
    /// So much earlier lies the range to compare with.
    pub compare: Option<Duration>,
}

/// A measure of some flows.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its value; null where there is none.
    pub value: Value<'static>,
    /// Where the true value of a sum lies, where flows of the range were sampled.
    pub interval: Option<Interval>,
}

/// A group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    /// Values of the keys.
    pub key: Vec<Value<'static>>,
    /// The measures.
    pub figures: Vec<Figure>,
    /// The measures in the earlier range; empty without a comparison.
    pub before: Vec<Value<'static>>,
    /// True where the earlier range has flows of it; also without a comparison.
    pub known: bool,
}

/// The groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// The first groups; equals in the order of their keys.
    pub rows: Vec<GroupRow>,
    /// Of everything that passes the filter; a flow counts once (with directions, twice).
    pub total: GroupRow,
    /// Groups that the earlier range has and this one has not, the largest first.
    pub gone: Vec<GroupRow>,
    /// True where flows of the range were sampled and sums are scaled.
    pub sampled: bool,
    /// True where a flow may count in more than one group, so that groups together may be more than the total: by either
    /// address, and by tags.
    pub overlapping: bool,
}

/// Keys and measures that a question may have.
const MOST_KEYS: usize = 8;
const MOST_MEASURES: usize = 16;
/// Name of the column that says which range a row is of.
const PERIOD: &str = "period";

impl GroupsQuery {
    /// The question of a plain ranking.
    pub(super) fn of(query: &TopQuery) -> Self {
        let order = match query.by {
            By::Bytes => 0,
            By::Packets => 1,
            By::Flows => 2,
        };
        Self {
            from: query.from,
            to: query.to,
            filter: query.filter.clone(),
            keys: query.keys.clone(),
            measures: vec![Measure::Bytes, Measure::Packets, Measure::Flows],
            order,
            ascending: false,
            having: Having::All,
            limit: query.limit,
            directions: false,
            scaled: true,
            compare: None,
        }
    }

    fn check(&self) -> Result<(), QueryError> {
        let bad = |text: String| Err(QueryError::Bad(text));
        match self {
            Self { keys, .. } if keys.is_empty() => bad("want at least one key".to_owned()),
            Self { keys, .. } if keys.len() > MOST_KEYS => {
                bad(format!("got {} keys, want at most {MOST_KEYS}", keys.len()))
            }
            Self { keys, .. } if keys.iter().filter(|key| key.tagged().is_some()).count() > 1 => {
                bad("got the key tag twice, want it once".to_owned())
            }
            Self { measures, .. } if measures.is_empty() || measures.len() > MOST_MEASURES => {
                bad(format!("got {} measures, want 1 to {MOST_MEASURES}", measures.len()))
            }
            Self { measures, order, .. } if *order >= measures.len() => {
                bad("want an order that is one of the measures".to_owned())
            }
            Self { compare: Some(length), .. } if length.is_zero() => bad("compare: want a length above 0".to_owned()),
            Self { compare: Some(_), from, to, .. } if from.is_none() || to.is_none() => {
                bad("compare: want a range with start and end".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn overlaps(&self) -> bool {
        self.keys.iter().any(|key| key.overlaps())
    }

    /// The question as one for our own hash tables, where it is one.
    fn plain(&self) -> Option<TopQuery> {
        let by = |measure: &Measure| match measure {
            Measure::Bytes => Some(By::Bytes),
            Measure::Packets => Some(By::Packets),
            Measure::Flows => Some(By::Flows),
            _ => None,
        };
        let plain = !self.ascending && self.having == Having::All && !self.directions && self.compare.is_none();
        if !plain || !self.measures.iter().all(|measure| by(measure).is_some()) {
            return None;
        }
        let by = self.measures.get(self.order).and_then(by)?;
        let (filter, keys) = (self.filter.clone(), self.keys.clone());
        Some(TopQuery { from: self.from, to: self.to, filter, keys, by, limit: self.limit })
    }

    /// Columns of the flows that the question reads.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let mut columns: Vec<&'static str> = Vec::new();
        for name in self.keys.iter().filter_map(|key| key.column()) {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        let conditions = self.having.aggregates().into_iter().map(Measure::from);
        self.measures.iter().copied().chain(conditions).for_each(|measure| measure.columns(&mut columns));
        columns
    }

    /// The rows of both ranges: keys `k0` …, the columns, and which range it is.
    pub(super) async fn rows(&self, session: &SessionContext, grouped: bool) -> Result<DataFrame, QueryError> {
        let now = self.period(session, grouped, 0).await?;
        match self.compare {
            None => Ok(now),
            Some(length) => {
                let shift = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
                Ok(now.union(self.period(session, grouped, shift).await?)?)
            }
        }
    }

    async fn period(&self, session: &SessionContext, grouped: bool, shift: i64) -> Result<DataFrame, QueryError> {
        let moved = |at: Option<Time>| at.map(|at| Time(at.0.saturating_sub(shift)));
        let mut columns = self.columns();
        let mut frame = flows(session, moved(self.from), moved(self.to), &self.filter).await?;
        if let Some(then) = self.keys.iter().filter(|_| grouped).find_map(|key| key.tagged()) {
            frame = each_tag(session, frame, then)?;
            columns.push(TAG);
        }
        let either = grouped && self.keys.iter().any(|key| key.is_either());
        let mut read = columns.clone();
        if either {
            read.extend(["src_ip", "dst_ip"].iter().filter(|name| !columns.contains(name)));
        }
        if self.directions {
            frame = two_ways(frame, &read)?;
        }
        if either {
            let of = |side: &str| {
                let columns = columns.iter().map(|name| ident(*name));
                columns.chain([ident(side).alias(IP)]).collect::<Vec<_>>()
            };
            let second = frame.clone().filter(ident("dst_ip").not_eq(ident("src_ip")))?.select(of("dst_ip"))?;
            frame = frame.select(of("src_ip"))?.union(second)?;
        }
        let mut wanted = Vec::new();
        if grouped {
            for (at, key) in self.keys.iter().enumerate() {
                wanted.push(key.value(shift)?.alias(format!("k{at}")));
            }
        }
        wanted.extend(columns.iter().map(|name| ident(*name)));
        wanted.push(lit(i32::from(shift != 0)).alias(PERIOD));
        Ok(frame.select(wanted)?)
    }

    /// The aggregated frame: keys, then for each measure value, variance, what was seen and the earlier value,
    /// then the numbers of rows of both ranges.
    fn aggregated(&self, frame: DataFrame, grouped: bool, scale: bool) -> Result<DataFrame, QueryError> {
        let period = |of: i32| self.compare.map(|_| ident(PERIOD).eq(lit(of)));
        let (now, before) = (period(0), period(1));
        let mut sums = Sums::default();
        let mut wanted: Vec<Expr> = Vec::new();
        let keys: Vec<Expr> =
            if grouped { (0..self.keys.len()).map(|at| ident(format!("k{at}"))).collect() } else { Vec::new() };
        wanted.extend(keys.iter().cloned());
        for (at, measure) in self.measures.iter().enumerate() {
            let Terms { value, spread } = measure.terms(&mut sums, scale, now.as_ref())?;
            wanted.push(value.alias(format!("m{at}")));
            if let Some((variance, seen)) = spread {
                wanted.extend([variance.alias(format!("v{at}")), seen.alias(format!("s{at}"))]);
            }
            if before.is_some() {
                wanted.push(measure.terms(&mut sums, scale, before.as_ref())?.value.alias(format!("b{at}")));
            }
        }
        for aggregate in self.having.aggregates() {
            let terms = Measure::from(aggregate).terms(&mut sums, scale, now.as_ref())?;
            wanted.push(terms.value.alias(aggregate.to_string()));
        }
        wanted.push(sums.rows(now.as_ref())?.alias("rows"));
        if before.is_some() {
            wanted.push(sums.rows(before.as_ref())?.alias("rows_before"));
        }
        Ok(frame.aggregate(keys, sums.into_exprs())?.select(wanted)?)
    }

    async fn ranked(&self, frame: DataFrame, by: &str, ascending: bool) -> Result<Vec<GroupRow>, QueryError> {
        let mut order = vec![ident(format!("{by}{}", self.order)).sort(ascending, false)];
        order.extend((0..self.keys.len()).map(|at| ident(format!("k{at}")).sort(true, true)));
        self.read(frame.sort(order)?.limit(0, Some(self.limit))?, self.keys.len()).await
    }

    async fn read(&self, frame: DataFrame, keys: usize) -> Result<Vec<GroupRow>, QueryError> {
        let mut out = Vec::new();
        for batch in collect(frame).await? {
            let readers = CellReader::all(&batch);
            for row in 0..batch.num_rows() {
                let cell = |name: &str| {
                    let reader = readers.iter().find(|reader| reader.name() == name);
                    reader.map_or(Value::Null, |reader| owned(reader.value(row)))
                };
                let figure = |at: usize| {
                    let value = cell(&format!("m{at}"));
                    let interval = match (&value, cell(&format!("v{at}")), cell(&format!("s{at}"))) {
                        (Value::Uint(of), Value::Real(variance), Value::Uint(seen)) => {
                            let flows = self.measures.get(at) == Some(&Measure::Flows);
                            let interval = if flows { Interval::of_flows } else { Interval::of };
                            Some(interval(*of, variance, seen))
                        }
                        _ => None,
                    };
                    Figure { value, interval }
                };
                let places = 0..self.measures.len();
                let before = match self.compare {
                    Some(_) => places.clone().map(|at| cell(&format!("b{at}"))).collect(),
                    None => Vec::new(),
                };
                let earlier = cell("rows_before");
                out.push(GroupRow {
                    key: (0..keys).map(|at| cell(&format!("k{at}"))).collect(),
                    figures: places.map(figure).collect(),
                    before,
                    known: self.compare.is_none() || !matches!(earlier, Value::Int(0) | Value::Null),
                });
            }
        }
        Ok(out)
    }
}

impl Lake {
    /// Groups of flows.
    pub async fn groups(&self, query: GroupsQuery) -> Result<Groups, QueryError> {
        query.check()?;
        self.limited(Box::pin(self.run_groups(query))).await
    }

    /// The answer without the general engine, where there is one.
    async fn plain(&self, session: &SessionContext, query: &TopQuery) -> Result<Option<Top>, QueryError> {
        match self.ranking(query).await? {
            Ranked::Done(top) => Ok(Some(top)),
            Ranked::TooMany => Ok(None),
            Ranked::Other => quick(session, query, self.shared.settings.query_memory).await,
        }
    }

    pub(super) async fn run_groups(&self, mut query: GroupsQuery) -> Result<Groups, QueryError> {
        query.filter = without_duplicates(&query.filter);
        let session = self.session()?;
        let sampled = query.scaled && sampled(&self.shared, &query)?;
        if let Some(plain) = query.plain().filter(|_| !sampled)
            && let Some(top) = self.plain(&session, &plain).await?
        {
            return Ok(of_top(&query, top));
        }
        let frame = query.rows(&session, true).await?;
        let groups = query.aggregated(frame, true, sampled)?;
        let (current, gone) = match query.compare {
            None => (groups, Vec::new()),
            Some(_) => {
                let gone = groups.clone().filter(ident("rows").eq(lit(0_i64)))?;
                let gone = query.ranked(gone, "b", false).await?;
                (groups.filter(ident("rows").gt(lit(0_i64)))?, gone)
            }
        };
        let current = match query.having {
            Having::All => current,
            ref having => current.filter(having_expr(having))?,
        };
        let rows = query.ranked(current, "m", query.ascending).await?;
        let all = query.rows(&session, false).await?;
        let total = query.read(query.aggregated(all, false, sampled)?, 0).await?.pop();
        let total = total.ok_or_else(|| QueryError::Failed("a total is missing".to_owned()))?;
        Ok(Groups { rows, total, gone, sampled, overlapping: query.overlaps() })
    }
}

/// True where flows of the ranges were sampled.
pub(super) fn sampled(shared: &Shared, query: &GroupsQuery) -> Result<bool, QueryError> {
    if is_sampled(shared, query.from, query.to)? {
        return Ok(true);
    }
    let Some(length) = query.compare else { return Ok(false) };
    let earlier = |at: Option<Time>| at.map(|at| at - length);
    is_sampled(shared, earlier(query.from), earlier(query.to))
}

/// Each flow once per direction in which something went; both sides' counters are then the one's that sent.
fn two_ways(frame: DataFrame, columns: &[&'static str]) -> Result<DataFrame, QueryError> {
    let is_core = |name: &str| matches!(name, "src_bytes" | "dst_bytes" | "src_packets" | "dst_packets");
    let side = |name: &'static str, turned: bool| match name {
        "dst_bytes" | "dst_packets" => lit(0_u64).alias(name),
        name if turned => {
            let mirror = FLOWS.column(name).and_then(|column| column.mirror).unwrap_or(name);
            ident(mirror).alias(name)
        }
        name if is_core(name) => ident(name).alias(name),
        name => ident(name),
    };
    let of = |turned: bool| columns.iter().map(|name| side(name, turned)).collect::<Vec<_>>();
    let answered = ident("dst_packets").gt(lit(0_u64)).or(ident("dst_bytes").gt(lit(0_u64)));
    let back = frame.clone().filter(answered)?.select(of(true))?;
    Ok(frame.select(of(false))?.union(back)?)
}

fn of_top(query: &GroupsQuery, top: Top) -> Groups {
    let row = |(key, totals): (Vec<Value<'static>>, Totals)| {
        let figure = |measure: &Measure| {
            let value = match measure {
                Measure::Packets => totals.packets,
                Measure::Flows => totals.flows,
                _ => totals.bytes,
            };
            Figure { value: Value::Uint(value), interval: None }
        };
        GroupRow { key, figures: query.measures.iter().map(figure).collect(), before: Vec::new(), known: true }
    };
    let total = row((Vec::new(), top.total));
    Groups {
        rows: top.rows.into_iter().map(row).collect(),
        total,
        gone: Vec::new(),
        sampled: false,
        overlapping: query.overlaps(),
    }
}
