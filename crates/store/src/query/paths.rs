// SPDX-License-Identifier: Apache-2.0
//! What goes where: sums over paths through several keys, such as source → application → destination, for a Sankey
//! picture. Of each key the largest values keep their names, all others are one.

use std::collections::BTreeMap;

use datafusion::logical_expr::{Expr, ident, lit, when};
use datafusion::scalar::ScalarValue;
use minamo_base::Time;
use minamo_filter::{Expr as Filter, Having};
use minamo_model::{CellReader, text_value};
use minamo_schema::Value;

use super::functions::{ip_literal, mac_literal};
use super::groups::{GroupsQuery, sampled};
use super::key::Key;
use super::measure::{Measure, Sums};
use super::running::collect;
use super::{owned, time};
use crate::{Lake, QueryError};

/// Paths that an answer may have.
const MOST: usize = 20_000;

/// A question for paths.
#[derive(Debug, Clone)]
pub struct PathsQuery {
    /// Flows that ended before are left out.
    pub from: Option<Time>,
    /// Flows that started here or later are left out.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
    /// The levels, two to four of them.
    pub keys: Vec<Key>,
    /// What is summed: octets, packets or flows.
    pub by: Measure,
    /// Values of each level that keep their names.
    pub limit: usize,
    /// Counters of sampled flows count for what they stand for.
    pub scaled: bool,
}

/// A value of a level; nothing stands for all values without a name of their own.
pub type Stop = Option<Value<'static>>;

/// What goes where.
#[derive(Debug, Clone, PartialEq)]
pub struct Paths {
    /// Each path, a value per level, with its sum; the largest first.
    pub paths: Vec<(Vec<Stop>, u64)>,
    /// Sums between neighbouring levels: number of the first level, its value, the next one's value, sum; by level,
    /// then the largest first.
    pub links: Vec<(usize, Stop, Stop, u64)>,
}

impl Lake {
    /// Sums over the paths through some keys.
    pub async fn paths(&self, query: PathsQuery) -> Result<Paths, QueryError> {
        let bad = |text: String| Err(QueryError::Bad(text));
        let levels = u32::try_from(query.keys.len()).unwrap_or(u32::MAX);
        if !(2..=4).contains(&levels) {
            return bad(format!("got {levels} keys, want 2 to 4"));
        }
        if let Some(key) = query.keys.iter().find(|key| key.overlaps()) {
            return bad(format!("got the key {key}, want one that a flow has once, such as src_ip"));
        }
        if !query.by.is_sum() {
            return bad(format!("got {}, want a sum such as bytes, packets or flows", query.by));
        }
        if query.limit == 0 || query.limit.saturating_add(1).saturating_pow(levels) > MOST {
            return bad(format!(
                "got {} values of {levels} keys, want 1 or more and at most {MOST} paths",
                query.limit
            ));
        }
        self.limited(Box::pin(self.run_paths(query))).await
    }

    async fn run_paths(&self, query: PathsQuery) -> Result<Paths, QueryError> {
        let groups = GroupsQuery {
            from: query.from,
            to: query.to,
            filter: query.filter,
            keys: query.keys,
            measures: vec![query.by],
            order: 0,
            ascending: false,
            having: Having::All,
            limit: query.limit,
            directions: false,
            scaled: query.scaled,
            compare: None,
        };
        let session = self.session()?;
        let scale = groups.scaled && sampled(&self.shared, &groups)?;
        let mut stops = Vec::new();
        for (at, key) in groups.keys.iter().enumerate() {
            let found = self.run_groups(GroupsQuery { keys: vec![*key], ..groups.clone() }).await?;
            let values = found.rows.into_iter().filter_map(|mut row| row.key.pop());
            let named = named(&ident(format!("k{at}")), &values.collect::<Vec<_>>());
            let value = when(named.clone(), ident(format!("k{at}"))).end()?;
            let rest = when(named, lit(false)).otherwise(lit(true))?;
            stops.extend([value.alias(format!("n{at}")), rest.alias(format!("r{at}"))]);
        }
        let width = groups.keys.len();
        let by: Vec<Expr> = (0..width).flat_map(|at| [ident(format!("n{at}")), ident(format!("r{at}"))]).collect();
        let frame = groups.rows(&session, true).await?;
        stops.extend(groups.columns().into_iter().map(ident));
        let mut sums = Sums::default();
        let sum = query.by.terms(&mut sums, scale, None)?.value.alias("m");
        let wanted = by.iter().cloned().chain([sum]).collect::<Vec<_>>();
        let frame = frame.select(stops)?.aggregate(by.clone(), sums.into_exprs())?.select(wanted)?;
        let mut order = vec![ident("m").sort(false, false)];
        order.extend(by.into_iter().map(|key| key.sort(true, true)));
        let mut paths = Vec::new();
        for batch in collect(frame.sort(order)?).await? {
            let readers = CellReader::all(&batch);
            for row in 0..batch.num_rows() {
                let cell = |at: usize| readers.get(at).map_or(Value::Null, |reader| owned(reader.value(row)));
                let stop = |at: usize| (cell(2 * at + 1) != Value::Bool(true)).then(|| cell(2 * at));
                let Value::Uint(sum) = cell(2 * width) else { continue };
                paths.push(((0..width).map(stop).collect::<Vec<Stop>>(), sum));
            }
        }
        let links = links(&paths);
        Ok(Paths { paths, links })
    }
}

/// True where a value is one of those with a name.
fn named(value: &Expr, names: &[Value<'static>]) -> Expr {
    let literal = |name: &Value<'static>| {
        Some(match name {
            Value::Bool(of) => lit(*of),
            Value::Uint(of) => lit(*of),
            Value::Int(of) => lit(*of),
            Value::Real(of) => lit(*of),
            Value::Text(of) => Expr::Literal(ScalarValue::Utf8View(Some(of.to_string())), None),
            Value::Ip(of) => ip_literal(*of),
            Value::Mac(of) => mac_literal(*of),
            Value::Time(of) => time(*of),
            _ => return None,
        })
    };
    let list: Vec<Expr> = names.iter().filter_map(literal).collect();
    let listed = if list.is_empty() { lit(false) } else { value.clone().in_list(list, false) };
    // A missing value can be one of the largest, too.
    if names.contains(&Value::Null) {
        value.clone().is_null().or(listed)
    } else {
        value.clone().is_not_null().and(listed)
    }
}

fn links(paths: &[(Vec<Stop>, u64)]) -> Vec<(usize, Stop, Stop, u64)> {
    let name = |stop: &Stop| stop.as_ref().map(|value| (matches!(value, Value::Null), text_value(value)));
    let mut sums: BTreeMap<_, (Stop, Stop, u64)> = BTreeMap::new();
    for (stops, sum) in paths {
        for (level, pair) in stops.windows(2).enumerate() {
            let [a, b] = pair else { continue };
            let link = sums.entry((level, name(a), name(b))).or_insert_with(|| (a.clone(), b.clone(), 0));
            link.2 = link.2.saturating_add(*sum);
        }
    }
    let mut out: Vec<_> = sums.into_iter().map(|((level, ..), (a, b, sum))| (level, a, b, sum)).collect();
    out.sort_by_key(|(level, _, _, sum)| (*level, std::cmp::Reverse(*sum)));
    out
}
