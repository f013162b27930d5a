// SPDX-License-Identifier: Apache-2.0
//! Alerts of other systems: read, asked of flows and events, and told as events of ours.

use std::sync::atomic::Ordering;

use anyhow::Context as _;
use minamo_base::{Ip, Time};
use minamo_detect::alerts::{Alerts, Question, Talk, Word};
use minamo_model::{Row, text_value};
use minamo_schema::Value;

use super::{Detector, MAX_ROWS, rows};
use crate::alerts::AlertSources;
use crate::clock;

/// Alerts of other systems.
pub(super) struct Heard {
    pub(super) sources: AlertSources,
    pub(super) alerts: Alerts,
}

impl Detector {
    /// Reads the alerts of other systems, asks what flows and events know of them, and tells them.
    pub(super) async fn hear(&mut self, now: Time) {
        let rules = self.rules.now();
        let own: Vec<String> = rules.iter().filter(|rule| rule.alerts).map(|rule| rule.name.clone()).collect();
        if own.is_empty() || self.heard.sources.is_empty() {
            return;
        }
        for alert in tokio::task::block_in_place(|| self.heard.sources.read()) {
            let forgotten = self.heard.alerts.add(alert, now);
            self.heard.sources.counters.forgotten.fetch_add(forgotten, Ordering::Relaxed);
        }
        for question in self.heard.alerts.ask(now) {
            match self.known(&question).await {
                Ok((talks, words)) => self.heard.alerts.know(&question.kinds, &talks, &words, &own),
                Err(error) => {
                    self.counters.failures.fetch_add(1, Ordering::Relaxed);
                    tracing::error!("alerts: what is known of them could not be asked: {error:#}");
                }
            }
        }
        let judged = self.heard.alerts.take();
        for rule in rules.iter().filter(|rule| rule.alerts && !judged.is_empty()) {
            let found = self.engine.judged(rule, &judged, clock::now());
            if let Err(error) = self.store(rule, found).await {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(rule = rule.name, "alerts are not stored: {error:#}");
            }
        }
    }

    /// What flows and events know of alerts.
    async fn known(&self, question: &Question) -> anyhow::Result<(Vec<Talk>, Vec<Word>)> {
        let flows = self.lake.sql(&question.flows, MAX_ROWS).await.context("flows")?;
        let events = self.lake.sql(&question.events, MAX_ROWS).await.context("events")?;
        self.counters.cut.fetch_add(u64::from(flows.truncated) + u64::from(events.truncated), Ordering::Relaxed);
        Ok((rows(&flows.batches, talk), rows(&events.batches, word)))
    }
}

fn address(row: &Row<'_>, name: &str) -> Option<Ip> {
    match row.get(name) {
        Value::Ip(ip) => Some(ip),
        _ => None,
    }
}

fn talk(row: &Row<'_>) -> Talk {
    let number = |name| match row.get(name) {
        Value::Uint(number) => number,
        Value::Int(number) => u64::try_from(number).unwrap_or(0),
        _ => 0,
    };
    let port = |name| u16::try_from(number(name)).unwrap_or(0);
    Talk {
        ends: (address(row, "src_ip").unwrap_or_default(), address(row, "dst_ip").unwrap_or_default()),
        ports: (port("src_port"), port("dst_port")),
        proto: u8::try_from(number("proto")).unwrap_or(0),
        flows: number("flows"),
        octets: (number("src_bytes"), number("dst_bytes")),
        app: Some(text_value(&row.get("app"))).filter(|app| !app.is_empty()),
    }
}

fn word(row: &Row<'_>) -> Word {
    Word { rule: text_value(&row.get("rule")), ends: (address(row, "src_ip"), address(row, "dst_ip")) }
}
