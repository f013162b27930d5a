// SPDX-License-Identifier: Apache-2.0
//! What is counted of one exporter.

use minamo_base::{Ip, Time};
use minamo_flowwire::{Report, SessionView, Skipped};
use minamo_model::Flow;
use minamo_schema::Block;

use super::facts::{BlockFacts, Facts, exporter_key, parts, parts_of};
use super::inventory::Recent;
use super::score::{Finding, Missing, missing, score};
use super::window::Moving;
use super::{Standing, Window};
use crate::settings::Known;

/// Domains whose gaps are counted each for itself; the others count together.
const MAX_DOMAINS: usize = 64;
/// Formats of one exporter.
const MAX_FORMATS: usize = 8;
/// Octets of the text of an error that are kept.
const MAX_ERROR: usize = 200;
const SECOND: i64 = 1_000_000_000;
/// Length of the span that a rate is taken over.
const SPAN: i64 = 60 * SECOND;

/// Gaps of one observation domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainView {
    /// Name of the format.
    pub format: &'static str,
    /// Number of the domain.
    pub domain: u32,
    /// Missing by the sequence number.
    pub lost: u64,
    /// What is counted by it: `records`, or `messages` in NetFlow v9 and sFlow.
    pub unit: &'static str,
}

/// An exporter as it is shown.
#[derive(Debug, Clone, Default)]
pub struct ExporterView {
    /// Its address.
    pub address: Ip,
    /// How it stands.
    pub standing: Standing,
    /// What is known of it beforehand.
    pub known: Option<Known>,
    /// Ways that it sends on: `udp`, `tcp`, `tls`.
    pub transports: Vec<&'static str>,
    /// First arrival.
    pub first_seen: Time,
    /// Last arrival.
    pub last_seen: Time,
    /// Records by format.
    pub formats: Vec<(&'static str, u64)>,
    /// Datagrams or messages.
    pub datagrams: u64,
    /// Their octets.
    pub octets: u64,
    /// Records that became rows.
    pub records: u64,
    /// Records a second, over the last minute.
    pub records_per_second: f64,
    /// Records of options.
    pub options: u64,
    /// Templates that came, the repeated ones too.
    pub templates_received: u64,
    /// Templates that came with other fields than before.
    pub redefined: u64,
    /// Missing by sequence numbers, in the units of the domains.
    pub lost: u64,
    /// Records missing, of formats that count records.
    pub lost_records: u64,
    /// Missing, by domain.
    pub domains: Vec<DomainView>,
    /// Sets whose template was not known.
    pub without_template: u64,
    /// Those of them that were read later.
    pub replayed: u64,
    /// Parts of datagrams that break the format.
    pub malformed: u64,
    /// Datagrams of a version that is not read.
    pub unknown_version: u64,
    /// The last of what was wrong, with its offset.
    pub last_error: String,
    /// Records or datagrams that were not taken because of how it stands.
    pub refused: u64,
    /// Records dropped above its rate.
    pub over_rate: u64,
    /// Its clock against ours at the last message: positive where it is ahead.
    pub skew_millis: Option<i64>,
    /// Active timeout that it told of itself, in seconds.
    pub active_timeout: Option<u32>,
    /// What its rows were like lately.
    pub window: Window,
    /// Its score from 0 to 100.
    pub score: u8,
    /// Why the score is not a hundred, the heaviest first.
    pub findings: Vec<Finding>,
    /// What no row of it has.
    pub missing: Vec<&'static Missing>,
    /// Its sessions with templates and names; in the detail only.
    pub sessions: Vec<SessionView>,
}

impl ExporterView {
    /// How many in a thousand were lost: records of the records, or messages of the messages, whichever is worse.
    pub fn lost_per_mille(&self) -> u64 {
        let share = |lost: u64, arrived: u64| lost * 1_000 / (lost + arrived).max(1);
        share(self.lost_records, self.records).max(share(self.lost - self.lost_records, self.datagrams))
    }
}

/// The account of one exporter.
#[derive(Debug, Default)]
pub(crate) struct Exporter {
    view: ExporterView,
    window: Moving,
    /// Span that rows are counted in now: its begin and the rows, and the same of the one before.
    span: (Time, u64),
    span_before: Option<u64>,
    skew: Option<i64>,
    /// The address, for fingerprints of rows.
    key: u64,
    /// Records that the rate still allows, and when that was reckoned.
    tokens: (f64, Time),
    pub(crate) rate: Option<u32>,
    pub(crate) standing: Standing,
    /// Generation of the decisions that the standing follows from.
    pub(crate) decided: u64,
    pub(crate) redefined: u64,
}

impl Exporter {
    pub(crate) fn new(address: Ip, now: Time, rate: Option<u32>) -> Self {
        let view = ExporterView { address, first_seen: now, ..ExporterView::default() };
        let tokens = (f64::from(rate.unwrap_or(0)), now);
        Self { view, span: (now, 0), key: exporter_key(address), tokens, rate, ..Self::default() }
    }

    pub(crate) fn last_seen(&self) -> Time {
        self.view.last_seen
    }

    pub(crate) fn arrive(&mut self, transport: &'static str, octets: usize, now: Time) {
        self.view.last_seen = now;
        self.view.datagrams += 1;
        self.view.octets += octets as u64;
        if !self.view.transports.contains(&transport) {
            self.view.transports.push(transport);
        }
        if now.since(self.span.0) >= SPAN {
            let whole = now.since(self.span.0) < 2 * SPAN;
            self.span_before = Some(if whole { self.span.1 } else { 0 });
            self.span = (now, 0);
        }
        if let Some(rate) = self.rate {
            // Precision is of no matter: a rate is a limit, not a count.
            let passed = now.since(self.tokens.1).max(0) as f64 / SECOND as f64;
            let most = f64::from(rate);
            self.tokens = ((self.tokens.0 + passed * most).min(most), now);
        }
    }

    pub(crate) fn refuse(&mut self, count: u64) {
        self.view.refused += count;
    }

    /// Counts a row. True where it is to be taken.
    pub(crate) fn row(&mut self, flow: &Flow, received: Time, recent: &mut Recent) -> Verdict {
        let exported = self.skew.map(|skew| Time(received.0.saturating_add(skew)));
        let facts = Facts::of(flow);
        let seen_before = recent.contains(&facts, self.key);
        let window = self.window.at(received);
        window.row(&facts, exported, seen_before);
        window.has(parts(flow));
        self.view.records += 1;
        self.span.1 += 1;
        if !self.standing.is_taken() {
            self.view.refused += 1;
            return Verdict::NotAllowed;
        }
        if self.rate.is_some() {
            if self.tokens.0 < 1.0 {
                self.view.over_rate += 1;
                return Verdict::OverRate;
            }
            self.tokens.0 -= 1.0;
        }
        Verdict::Take
    }

    /// Counts the rows of a block. How many are to be taken, the first ones, and what becomes of the others.
    pub(crate) fn block(&mut self, block: &Block, received: Time, recent: &mut Recent) -> (usize, Verdict) {
        let exported = self.skew.map(|skew| Time(received.0.saturating_add(skew)));
        let window = self.window.at(received);
        let (facts, rows) = (BlockFacts::of(block), block.rows());
        for row in 0..rows {
            let facts = facts.at(row);
            let seen_before = recent.contains(&facts, self.key);
            window.row(&facts, exported, seen_before);
        }
        window.has(parts_of(block));
        self.view.records += rows as u64;
        self.span.1 += rows as u64;
        if !self.standing.is_taken() {
            self.view.refused += rows as u64;
            return (0, Verdict::NotAllowed);
        }
        if self.rate.is_none() {
            return (rows, Verdict::Take);
        }
        let mut taken = 0;
        while taken < rows && self.tokens.0 >= 1.0 {
            self.tokens.0 -= 1.0;
            taken += 1;
        }
        self.view.over_rate += (rows - taken) as u64;
        (taken, Verdict::OverRate)
    }

    /// Takes over the account of a datagram.
    pub(crate) fn report(&mut self, report: &Report, received: Time) {
        let view = &mut self.view;
        view.options += u64::from(report.options);
        view.templates_received += u64::from(report.templates);
        view.without_template += u64::from(report.parked);
        view.replayed += u64::from(report.replayed);
        view.lost += u64::from(report.lost);
        view.redefined = self.redefined;
        if let Some(exported) = report.exported {
            self.skew = Some(exported.0.saturating_sub(received.0));
        }
        let rows = u64::from(report.rows);
        if let Some((_, count)) = view.formats.iter_mut().find(|(name, _)| *name == report.format) {
            *count += rows;
        } else if view.formats.len() < MAX_FORMATS && !report.format.is_empty() {
            view.formats.push((report.format, rows));
        }
        if report.lost > 0 {
            let format = report.format;
            // RFC 3954 §5.1 numbers messages, and so does sFlow version 5; the others number records.
            let unit = if matches!(format, "netflow9" | "sflow5" | "sflow") { "messages" } else { "records" };
            view.lost_records += if unit == "records" { report.lost.into() } else { 0 };
            let known = view.domains.iter_mut().find(|d| d.format == format && d.domain == report.domain);
            if let Some(known) = known {
                known.lost += u64::from(report.lost);
            } else if view.domains.len() < MAX_DOMAINS {
                view.domains.push(DomainView { format, domain: report.domain, lost: report.lost.into(), unit });
            }
        }
        for skipped in &report.skipped {
            match skipped {
                Skipped::UnknownVersion(_) => view.unknown_version += 1,
                Skipped::UnknownTemplate { .. } => view.without_template += 1,
                Skipped::Malformed(_) | Skipped::ReservedSet { .. } => view.malformed += 1,
                _ => continue,
            }
            if !view.last_error.is_empty() && !matches!(skipped, Skipped::Malformed(_)) {
                continue;
            }
            view.last_error = skipped.to_string().chars().take(MAX_ERROR).collect();
        }
    }

    /// The exporter to show, at `now`, without its sessions.
    pub(crate) fn view(&self, now: Time, known: Option<&Known>, sessions: Vec<SessionView>) -> ExporterView {
        let mut view = self.view.clone();
        view.standing = self.standing;
        view.known = known.cloned();
        view.skew_millis = self.skew.map(|skew| skew / 1_000_000);
        view.window = self.window.sum();
        let idle = now.since(view.last_seen);
        view.records_per_second = match (self.span_before, now.since(self.span.0)) {
            _ if idle > 2 * SPAN => 0.0,
            (Some(before), age) if age < SPAN / 6 => before as f64 / (SPAN / SECOND) as f64,
            (_, age) => self.span.1 as f64 / (age.max(SECOND) as f64 / SECOND as f64),
        };
        view.active_timeout = sessions.iter().find_map(|session| session.taught.active_timeout);
        view.sessions = sessions;
        (view.score, view.findings) = score(&view);
        view.missing = missing(&view.window);
        view
    }
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Take,
    NotAllowed,
    OverRate,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Time {
        Time::from_secs_nanos(secs, 0)
    }

    #[test]
    fn a_rate_lets_through_what_it_says_and_counts_the_rest() {
        let mut exporter = Exporter::new(Ip::default(), at(100), Some(10));
        let mut taken = 0;
        let (mut recent, mut block) = (Recent::default(), Block::default());
        block.begin(15);
        for second in 100..110 {
            exporter.arrive("udp", 100, at(second));
            let row = |_: &i32| exporter.row(&Flow::default(), at(second), &mut recent) == Verdict::Take;
            taken += (0..15).filter(row).count();
            taken += exporter.block(&block, at(second), &mut recent).0;
        }
        assert_eq!(taken, 100);
        let view = exporter.view(at(110), None, Vec::new());
        assert_eq!((view.records, view.over_rate), (300, 200));
        assert!(view.findings.iter().any(|finding| finding.id == "over_rate"));
        assert!((view.records_per_second - 30.0).abs() < 0.01);
    }

    #[test]
    fn gaps_are_kept_by_domain_in_the_units_of_the_format() {
        let mut exporter = Exporter::new(Ip::default(), at(1), None);
        for (format, domain, lost) in [("netflow9", 1, 5), ("ipfix", 1, 7), ("netflow9", 1, 1), ("netflow9", 2, 0)] {
            exporter.report(&Report { format, domain, lost, ..Report::default() }, at(1));
        }
        let view = exporter.view(at(1), None, Vec::new());
        let domains: Vec<_> = view.domains.iter().map(|d| (d.format, d.lost, d.unit)).collect();
        assert_eq!(domains, [("netflow9", 6, "messages"), ("ipfix", 7, "records")]);
        assert_eq!((view.lost, view.lost_records), (13, 7));
        assert_eq!(view.lost_per_mille(), 1_000, "nothing else arrived");
    }
}
