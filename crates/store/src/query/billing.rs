// SPDX-License-Identifier: Apache-2.0
//! Billing by percentile: traffic into and out of some networks per step, and the rate below which 95 of 100 steps
//! lie.

use std::time::Duration;

use minamo_base::{Prefix, Time};
use minamo_filter::{Expr as Filter, Predicate, Subject, Test};
use minamo_model::FLOWS;

use super::sampling::Sides;
use super::series::{Counting, SeriesQuery, percentile};
use super::top::By;
use crate::{Lake, QueryError};

/// A question for a bill.
#[derive(Debug, Clone)]
pub struct BillingQuery {
    /// Start of the range.
    pub from: Option<Time>,
    /// End of the range.
    pub to: Option<Time>,
    /// Flows that do not pass are left out.
    pub filter: Filter,
    /// The networks whose traffic is charged. Without any, initiators are inside and responders outside.
    pub inside: Vec<Prefix>,
    /// Length of a step, mostly five minutes.
    pub step: Duration,
    /// The percentile, mostly 95.
    pub percent: u8,
    /// Sampled flows count for what they stand for.
    pub scaled: bool,
}

/// A bill.
#[derive(Debug, Clone, PartialEq)]
pub struct Billing {
    /// Start of the first step.
    pub start: Time,
    /// Length of a step.
    pub step: Duration,
    /// Octets into the networks, per step.
    pub inward: Vec<u64>,
    /// Octets out of the networks, per step.
    pub outward: Vec<u64>,
    /// Octets of the step at the percentile: into the networks …
    pub inward_percentile: u64,
    /// … out of them …
    pub outward_percentile: u64,
    /// … and of the larger of the two, step by step.
    pub larger_percentile: u64,
}

impl Billing {
    /// Octets of a step as bits per second.
    pub fn bits_per_second(&self, octets: u64) -> f64 {
        octets as f64 * 8.0 / self.step.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

impl Lake {
    /// Traffic into and out of networks per step, and its percentiles. Traffic between two addresses that are both
    /// inside, or both outside, is not counted.
    pub async fn billing(&self, query: BillingQuery) -> Result<Billing, QueryError> {
        if !(1..=100).contains(&query.percent) {
            return Err(QueryError::Bad(format!("got the percentile {}, want 1 to 100", query.percent)));
        }
        self.limited(Box::pin(self.run_billing(query))).await
    }

    async fn run_billing(&self, query: BillingQuery) -> Result<Billing, QueryError> {
        let counting = |sides| Counting { sides, spread: true, scaled: query.scaled };
        let line = async |filter: &Filter, sides| {
            let series = SeriesQuery {
                from: query.from,
                to: query.to,
                filter: filter.clone(),
                split: None,
                by: By::Bytes,
                limit: 0,
                step: Some(query.step),
            };
            let found = self.run_series(series, counting(sides)).await?;
            let values = found.lines.into_iter().next().map(|(_, values)| values).unwrap_or_default();
            Ok::<_, QueryError>((found.start, values))
        };
        let (start, inward, outward) = if query.inside.is_empty() {
            let (start, outward) = line(&query.filter, Sides::Src).await?;
            (start, line(&query.filter, Sides::Dst).await?.1, outward)
        } else {
            let [ours_first, theirs_first] = query.sides()?;
            let (start, mut outward) = line(&ours_first, Sides::Src).await?;
            let mut inward = line(&ours_first, Sides::Dst).await?.1;
            add(&mut inward, &line(&theirs_first, Sides::Src).await?.1);
            add(&mut outward, &line(&theirs_first, Sides::Dst).await?.1);
            (start, inward, outward)
        };
        let larger: Vec<u64> = inward.iter().zip(&outward).map(|(a, b)| *a.max(b)).collect();
        let of = |values: &[u64]| percentile(values, query.percent).unwrap_or(0);
        Ok(Billing {
            start,
            step: query.step,
            inward_percentile: of(&inward),
            outward_percentile: of(&outward),
            larger_percentile: of(&larger),
            inward,
            outward,
        })
    }
}

impl BillingQuery {
    /// Flows from inside to outside, and from outside to inside.
    fn sides(&self) -> Result<[Filter; 2], QueryError> {
        let inside = |name: &str| {
            let column =
                FLOWS.column(name).ok_or_else(|| QueryError::Failed(format!("flows have no column {name}")))?;
            let predicate = Predicate::InPrefixes(self.inside.clone());
            Ok::<_, QueryError>(Filter::Test(Test { subject: Subject::Column(column), predicate }))
        };
        let not = |filter| Filter::Not(Box::new(filter));
        Ok([
            self.filter.clone().and(inside("src_ip")?).and(not(inside("dst_ip")?)),
            self.filter.clone().and(inside("dst_ip")?).and(not(inside("src_ip")?)),
        ])
    }
}

fn add(to: &mut [u64], from: &[u64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = to.saturating_add(*from));
}
