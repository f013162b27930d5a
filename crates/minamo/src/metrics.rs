// SPDX-License-Identifier: Apache-2.0
//! Everything that the program counts, from the tables of its parts: `docs/reference/metrics.md` is written from here,
//! and a test of the running program compares it with what `/metrics` shows.

use minamo_base::Metric;

use crate::{actions, alerts, applications, bundles, detector, exported, feeds, ingest, pairing, probe};

/// The metrics of each part, in the order of the data's way.
pub static METRICS: &[(&str, &[Metric])] = &[
    ("Probe", probe::METRICS),
    ("Recorder", minamo_capture::recorder::METRICS),
    ("Applications", applications::METRICS),
    ("Collector", minamo_collect::METRICS),
    ("Forwarding", minamo_collect::FORWARD_METRICS),
    ("Pairing", pairing::METRICS),
    ("Verdicts on rows of exporters", exported::METRICS),
    ("Ingest", ingest::METRICS),
    ("Enrichment", minamo_enrich::METRICS),
    ("Actions", actions::METRICS),
    ("Alerts", alerts::METRICS),
    ("Feeds", feeds::METRICS),
    ("Bundles", bundles::METRICS),
    ("Export", minamo_sinks::export::METRICS),
    ("Buffer", minamo_sinks::export::spool::METRICS),
    ("Lake", minamo_store::METRICS),
    ("Detection", detector::METRICS),
    ("Logins", minamo_server::METRICS),
    ("Connections", minamo_server::CONNECTION_METRICS),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_metric_is_complete_and_stands_once() {
        let mut seen = HashSet::new();
        for metric in METRICS.iter().flat_map(|(_, metrics)| *metrics) {
            assert!(metric.name.starts_with("minamo_"), "{}", metric.name);
            assert!(metric.doc.ends_with('.'), "{}: {}", metric.name, metric.doc);
            assert!(metric.action.is_empty() || metric.action.ends_with('.'), "{}: {}", metric.name, metric.action);
            assert!(seen.insert((metric.name, metric.labels)), "{} {:?} stands twice", metric.name, metric.labels);
            let labels: Vec<_> = metric.labels.iter().map(|(name, _)| *name).collect();
            for other in METRICS.iter().flat_map(|(_, m)| *m).filter(|other| other.name == metric.name) {
                let others: Vec<_> = other.labels.iter().map(|(name, _)| *name).collect();
                assert_eq!(labels, others, "one name, one set of labels: {}", metric.name);
            }
        }
    }

    #[test]
    fn what_is_lost_says_what_to_do() {
        for metric in METRICS.iter().flat_map(|(_, metrics)| *metrics) {
            let lost = ["dropped", "error", "failures", "lost", "evicted", "refused"];
            let closing = metric.labels.contains(&("reason", "closed"));
            if lost.iter().any(|word| metric.name.contains(word)) && !closing {
                assert!(!metric.action.is_empty(), "{} {:?}: what is to be done?", metric.name, metric.labels);
            }
        }
    }
}
