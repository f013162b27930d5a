// SPDX-License-Identifier: Apache-2.0
//! Labelled sessions out of the lake: `benign where FILTER`, `malware FAMILY where FILTER`. A network of the own side counts as a
//! corpus, a host as a capture, so that what is left out in an evaluation is whole networks and whole hosts.

use anyhow::{Context as _, ensure};
use minamo_base::Time;
use minamo_eta::dataset::{CaptureKind, CaptureLabel, ConnectionLabels, Dataset, is_session};
use minamo_filter::Expr;
use minamo_model::Flow;
use minamo_store::{FlowsQuery, Lake};

use crate::cli::Labelled;
use crate::clock;
use crate::commands::place::{block_on, open_to_read};
use crate::commands::set::filter;

/// Rows that are asked for together.
const PAGE: usize = 10_000;
/// Most sessions of one label: training keeps all of them in memory, some 2 KB each.
const MOST: usize = 200_000;

/// A label as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Label {
    malware: bool,
    family: Option<String>,
    filter: String,
}

impl Label {
    /// Reads `malware Dridex where src_ip in @sandbox`.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let want = || format!("--label {text:?}: want \"benign where FILTER\" or \"malware FAMILY where FILTER\"");
        let (head, filter) = text.split_once(" where ").with_context(want)?;
        let mut words = head.split_whitespace();
        let malware = match words.next() {
            Some("malware") => true,
            Some("benign") => false,
            _ => anyhow::bail!(want()),
        };
        let family = words.next().map(str::to_owned);
        ensure!(words.next().is_none() && (malware || family.is_none()), want());
        ensure!(!filter.trim().is_empty(), want());
        Ok(Self { malware, family, filter: filter.trim().to_owned() })
    }
}

/// Adds the sessions of the lake that have a label.
pub(super) fn add(labelled: &Labelled, set: &mut Dataset) -> anyhow::Result<()> {
    let mut wanted = Vec::new();
    for text in &labelled.label {
        let label = Label::parse(text)?;
        let filter = filter(&label.filter, &labelled.place, false).with_context(|| format!("--label {text:?}"))?;
        wanted.push((label, filter));
    }
    let from = labelled.last.map(|length| clock::now() - length);
    block_on(async {
        let lake = open_to_read(&labelled.place)?;
        let mut before: Option<Expr> = None;
        for (label, filter) in wanted {
            // What an earlier label took is not taken again.
            let filter = match &before {
                Some(before) => filter.clone().and(Expr::Not(Box::new(before.clone()))),
                None => filter,
            };
            before = Some(match before {
                Some(before) => Expr::Or(vec![before, filter.clone()]),
                None => filter.clone(),
            });
            let rows = rows(&lake, filter, from).await?;
            let sessions = rows.len();
            take(&label, rows, set);
            eprintln!("minamo: {sessions} TLS session(s) where {}", label.filter);
        }
        Ok(())
    })
}

/// The sessions that pass, in the order of time.
async fn rows(lake: &Lake, filter: Expr, from: Option<Time>) -> anyhow::Result<Vec<Flow>> {
    let (mut out, mut cursor) = (Vec::new(), None);
    loop {
        let query = FlowsQuery { from, to: None, filter: filter.clone(), limit: PAGE, cursor };
        let page = lake.flows(query).await?;
        out.extend(Flow::rows(&page.batch).into_iter().filter(is_session));
        ensure!(out.len() <= MOST, "more than {MOST} sessions have the label: narrow the filter, or --last");
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    out.sort_by_key(|flow| flow.core.time_start);
    Ok(out)
}

/// Takes flows into the data set, each host's as a capture.
fn take(label: &Label, rows: Vec<Flow>, set: &mut Dataset) {
    let mut hosts: std::collections::BTreeMap<String, Vec<Flow>> = std::collections::BTreeMap::new();
    for flow in rows {
        let net = flow.enrich.as_deref().and_then(|enrich| enrich.src_net.clone()).unwrap_or_else(|| "own".to_owned());
        // What this program said of a flow is no lesson for its successor, and no octets were counted for it.
        hosts.entry(format!("lake/{}/{}", net.replace('/', "-"), flow.core.src_ip)).or_default().push(flow);
    }
    for (host, flows) in hosts {
        let capture = CaptureLabel {
            pcap: host,
            label: if label.malware { CaptureKind::Malicious } else { CaptureKind::Benign },
            // Without a family the sessions of a capture of an infection want labels of their own.
            family: label.malware.then(|| label.family.clone().unwrap_or_else(|| "unnamed".to_owned())),
        };
        set.add(&capture, flows, &ConnectionLabels::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_a_class_and_a_filter() {
        let family = Some("Dridex".to_owned());
        let filter = "src_ip in @sandbox".to_owned();
        let label = Label::parse("malware Dridex where src_ip in @sandbox").expect("good");
        assert_eq!(label, Label { malware: true, family, filter });
        assert!(!Label::parse("benign where port 443").expect("good").malware);
        for bad in
            ["malware", "bad where port 443", "benign Dridex where port 443", "malware a b where x", "malware where "]
        {
            let error = Label::parse(bad).expect_err("refused").to_string();
            assert!(error.starts_with(&format!("--label {bad:?}: want")), "{error}");
        }
    }
}
