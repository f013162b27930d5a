// SPDX-License-Identifier: Apache-2.0
//! What is counted of one exporter.

use std::collections::BTreeMap;

use minamo_base::{Ip, Time};
use minamo_flowwire::{DeviceCounters, Fact, InterfaceCounters, OtherCounters, Report, SessionView, Skipped, Summary};
use minamo_model::Flow;
use minamo_schema::Block;

use super::day::{Counts, Day};
use super::facts::{BlockFacts, Facts, exporter_key, parts, parts_of};
use super::inventory::Recent;
use super::score::{Finding, Missing, missing, score};
use super::window::Moving;
use super::{Standing, Window};
use crate::settings::Known;

/// Domains whose gaps are counted each for itself; the others count together.
pub(crate) const MAX_DOMAINS: usize = 64;
/// Formats of one exporter.
pub(crate) const MAX_FORMATS: usize = 8;
/// Octets of the text of an error that are kept.
pub(crate) const MAX_ERROR: usize = 200;
/// Interfaces of one exporter whose counters are kept; the other ones count for nothing.
const MAX_INTERFACES: usize = 1_024;
/// Other things that it has, whose counters are kept.
const MAX_OTHERS: usize = 256;
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

/// An interface by the counters that the exporter sends of it (sFlow).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InterfaceView {
    /// The last counters.
    pub counters: InterfaceCounters,
    /// When they came.
    pub seen: Time,
    /// Packets with errors since the first counters, in and out.
    pub errors: u64,
    /// Packets that were discarded since the first counters, in and out.
    pub discards: u64,
    /// Bits a second that came in and that went out, between the last two counters.
    pub bits_per_second: Option<[u64; 2]>,
}

impl InterfaceView {
    /// Takes newer counters. A counter that went back wrapped, or the device started anew: both add what it counts now.
    fn update(&mut self, counters: InterfaceCounters, now: Time) {
        let step = |old: Option<u32>, new: Option<u32>| match (old, new) {
            (Some(old), Some(new)) => u64::from(new.checked_sub(old).unwrap_or(new)),
            _ => 0,
        };
        let (old, secs) = (self.counters, now.since(self.seen) / SECOND);
        self.errors += step(old.in_errors, counters.in_errors) + step(old.out_errors, counters.out_errors);
        self.discards += step(old.in_discards, counters.in_discards) + step(old.out_discards, counters.out_discards);
        let bits = |old: Option<u64>, new: Option<u64>| {
            let octets = new?.checked_sub(old?)?;
            octets.saturating_mul(8).checked_div(u64::try_from(secs).ok()?)
        };
        let pace = (bits(old.in_octets, counters.in_octets), bits(old.out_octets, counters.out_octets));
        self.bits_per_second = match pace {
            (Some(incoming), Some(outgoing)) => Some([incoming, outgoing]),
            _ => None,
        };
        (self.counters, self.seen) = (counters, now);
    }
}

/// Counters of something else that the exporter has (sFlow): a VLAN, a radio, a virtual machine, an optical module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherView {
    /// The last counters.
    pub counters: OtherCounters,
    /// When they came.
    pub seen: Time,
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
    /// Exporters that seem to send from this address; 0 where there is one.
    pub sharing: usize,
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
    /// What was counted over the last 24 hours; the score follows from this.
    pub lately: Counts,
    /// What its rows were like over the last five to ten minutes.
    pub window: Window,
    /// How the device is doing, where it sends counters of itself.
    pub device: DeviceCounters,
    /// Interfaces by index, of exporters that send counters; in the detail only.
    pub interfaces: BTreeMap<u32, InterfaceView>,
    /// Other things with counters; in the detail only.
    pub others: Vec<OtherView>,
    /// Its score from 0 to 100.
    pub score: u8,
    /// Why the score is not a hundred, the heaviest first.
    pub findings: Vec<Finding>,
    /// What no row of it has.
    pub missing: Vec<&'static Missing>,
    /// Its sessions with templates and names; in the detail only.
    pub sessions: Vec<SessionView>,
}

/// The account of one exporter.
#[derive(Debug, Default)]
pub(crate) struct Exporter {
    view: ExporterView,
    window: Moving,
    day: Day,
    interfaces: BTreeMap<u32, InterfaceView>,
    /// By kind, source and number.
    others: BTreeMap<(&'static str, u32, u32), OtherView>,
    /// Span that rows are counted in now: its begin and the rows, and the same of the one before.
    span: (Time, u64),
    span_before: Option<u64>,
    skew: Option<i64>,
    /// The address, for fingerprints of rows.
    key: u64,
    /// Records that the rate still allows, and when that was reckoned.
    tokens: (f64, Time),
    rate: Option<u32>,
    pub(crate) standing: Standing,
    /// Generation of the rules that standing and rate follow from; nothing where they were not looked up yet.
    pub(crate) decided: Option<u64>,
    pub(crate) redefined: u64,
}

impl Exporter {
    pub(crate) fn new(address: Ip, now: Time) -> Self {
        let view = ExporterView { address, first_seen: now, ..ExporterView::default() };
        Self { view, span: (now, 0), key: exporter_key(address), ..Self::default() }
    }

    /// Sets the most records a second; a second's worth is allowed at once.
    pub(crate) fn limit(&mut self, rate: Option<u32>, now: Time) {
        if self.rate != rate {
            (self.rate, self.tokens) = (rate, (f64::from(rate.unwrap_or(0)), now));
        }
    }

    /// An exporter of before a restart; its rate and its standing are set when it sends again.
    pub(crate) fn restored(view: ExporterView, skew: Option<i64>, day: Day, window: Moving) -> Self {
        let (span, redefined) = ((view.last_seen, 0), view.redefined);
        let key = exporter_key(view.address);
        Self { view, skew, day, window, span, key, redefined, ..Self::default() }
    }

    /// What survives a restart.
    pub(crate) fn parts(&self) -> (&ExporterView, Option<i64>, &Day, &Moving) {
        (&self.view, self.skew, &self.day, &self.window)
    }

    /// Other things with counters, in the detail.
    pub(crate) fn others(&self) -> Vec<OtherView> {
        self.others.values().cloned().collect()
    }

    /// Interfaces with counters, in the detail.
    pub(crate) fn interfaces(&self) -> &BTreeMap<u32, InterfaceView> {
        &self.interfaces
    }

    #[cfg(test)]
    pub(crate) fn rate(&self) -> Option<u32> {
        self.rate
    }

    pub(crate) fn last_seen(&self) -> Time {
        self.view.last_seen
    }

    pub(crate) fn arrive(&mut self, transport: &'static str, octets: usize, now: Time) {
        self.view.last_seen = now;
        self.view.datagrams += 1;
        self.day.at(now).datagrams += 1;
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

    /// Counts a datagram that is not decoded.
    pub(crate) fn refuse(&mut self, now: Time) {
        self.view.refused += 1;
        self.day.at(now).refused += 1;
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
            self.day.at(received).refused += 1;
            return Verdict::NotAllowed;
        }
        if self.rate.is_some() {
            if self.tokens.0 < 1.0 {
                self.view.over_rate += 1;
                self.day.at(received).over_rate += 1;
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
            self.day.at(received).refused += rows as u64;
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
        if taken < rows {
            self.day.at(received).over_rate += (rows - taken) as u64;
        }
        (taken, Verdict::OverRate)
    }

    /// Takes over the account of a datagram; returns how many counters of new things found no room.
    pub(crate) fn report(&mut self, report: &Report, received: Time) -> u64 {
        let refused = self.facts(&report.facts, received);
        let view = &mut self.view;
        let hour = self.day.at(received);
        hour.records += u64::from(report.rows);
        hour.lost += u64::from(report.lost);
        hour.without_template += u64::from(report.parked);
        hour.replayed += u64::from(report.replayed);
        hour.redefined += self.redefined.saturating_sub(view.redefined);
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
            let records = if unit == "records" { report.lost.into() } else { 0 };
            view.lost_records += records;
            hour.lost_records += records;
            let known = view.domains.iter_mut().find(|d| d.format == format && d.domain == report.domain);
            if let Some(known) = known {
                known.lost += u64::from(report.lost);
            } else if view.domains.len() < MAX_DOMAINS {
                view.domains.push(DomainView { format, domain: report.domain, lost: report.lost.into(), unit });
            }
        }
        for skipped in &report.skipped {
            let counts = match skipped {
                Skipped::UnknownVersion(_) => [&mut view.unknown_version, &mut hour.unknown_version],
                Skipped::UnknownTemplate { .. } => [&mut view.without_template, &mut hour.without_template],
                Skipped::Malformed(_) | Skipped::ReservedSet { .. } => [&mut view.malformed, &mut hour.malformed],
                _ => continue,
            };
            counts.into_iter().for_each(|count| *count += 1);
            if !view.last_error.is_empty() && !matches!(skipped, Skipped::Malformed(_)) {
                continue;
            }
            view.last_error = skipped.to_string().chars().take(MAX_ERROR).collect();
        }
        refused
    }

    /// Takes what the exporter said of what it has; returns how many counters of new things found no room.
    fn facts(&mut self, facts: &[Fact], now: Time) -> u64 {
        let mut refused = 0;
        for fact in facts {
            let is_kept = match fact {
                Fact::Interface(counters) => self.interface(counters, now),
                Fact::Other(counters) => self.other(counters, now),
                Fact::Device(told) => {
                    tell(&mut self.view.device, told);
                    true
                }
                _ => true,
            };
            refused += u64::from(!is_kept);
        }
        refused
    }

    /// Keeps the counters of an interface where there is room.
    fn interface(&mut self, counters: &InterfaceCounters, now: Time) -> bool {
        if let Some(known) = self.interfaces.get_mut(&counters.index) {
            known.update(*counters, now);
            return true;
        }
        let has_room = self.interfaces.len() < MAX_INTERFACES;
        if has_room {
            let first = InterfaceView { counters: *counters, seen: now, ..InterfaceView::default() };
            self.interfaces.insert(counters.index, first);
        }
        has_room
    }

    /// Keeps the counters of something else where there is room.
    fn other(&mut self, counters: &OtherCounters, now: Time) -> bool {
        let key = (counters.kind, counters.source, counters.number);
        let has_room = self.others.len() < MAX_OTHERS || self.others.contains_key(&key);
        if has_room {
            self.others.insert(key, OtherView { counters: counters.clone(), seen: now });
        }
        has_room
    }

    /// The exporter to show, at `now`, without its sessions.
    pub(crate) fn view(
        &self,
        now: Time,
        known: Option<&Known>,
        summary: Summary,
        sessions: Vec<SessionView>,
    ) -> ExporterView {
        let mut view = self.view.clone();
        view.standing = self.standing;
        view.known = known.cloned();
        (view.sharing, view.active_timeout) = (summary.sharing, summary.active_timeout);
        view.skew_millis = self.skew.map(|skew| skew / 1_000_000);
        view.lately = self.day.sum(now);
        view.window = self.window.sum();
        let idle = now.since(view.last_seen);
        view.records_per_second = match (self.span_before, now.since(self.span.0)) {
            _ if idle > 2 * SPAN => 0.0,
            (Some(before), age) if age < SPAN / 6 => before as f64 / (SPAN / SECOND) as f64,
            (_, age) => self.span.1 as f64 / (age.max(SECOND) as f64 / SECOND as f64),
        };
        view.sessions = sessions;
        (view.score, view.findings) = score(&view);
        view.missing = missing(&view.window);
        view
    }
}

/// Takes what a sample told of the device; samples tell different things.
fn tell(device: &mut DeviceCounters, told: &DeviceCounters) {
    if told.name.is_some() {
        device.name.clone_from(&told.name);
    }
    if told.load_percent.iter().any(Option::is_some) {
        device.load_percent = told.load_percent;
    }
    if told.memory.is_some() {
        (device.memory, device.memory_free) = (told.memory, told.memory_free);
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
        let mut exporter = Exporter::new(Ip::default(), at(100));
        exporter.limit(Some(10), at(100));
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
        let view = exporter.view(at(110), None, Summary::default(), Vec::new());
        assert_eq!((view.records, view.over_rate), (300, 200));
        assert!(view.findings.iter().any(|finding| finding.id == "over_rate"));
        assert!((view.records_per_second - 30.0).abs() < 0.01);
    }

    #[test]
    fn gaps_are_kept_by_domain_in_the_units_of_the_format() {
        let mut exporter = Exporter::new(Ip::default(), at(1));
        for (format, domain, lost) in [("netflow9", 1, 5), ("ipfix", 1, 7), ("netflow9", 1, 1), ("netflow9", 2, 0)] {
            exporter.report(&Report { format, domain, lost, ..Report::default() }, at(1));
        }
        let view = exporter.view(at(1), None, Summary::default(), Vec::new());
        let domains: Vec<_> = view.domains.iter().map(|d| (d.format, d.lost, d.unit)).collect();
        assert_eq!(domains, [("netflow9", 6, "messages"), ("ipfix", 7, "records")]);
        assert_eq!((view.lost, view.lost_records), (13, 7));
        assert_eq!(view.lately.lost_per_mille(), 1_000, "nothing else arrived");
    }

    #[test]
    fn interfaces_have_their_pace_and_what_went_wrong_since() {
        let mut exporter = Exporter::new(Ip::default(), at(1));
        let mut send = |secs, octets, errors, discards| {
            let counters = InterfaceCounters {
                index: 3,
                speed: Some(1_000_000_000),
                in_octets: Some(octets),
                out_octets: Some(2 * octets),
                in_errors: Some(errors),
                out_discards: Some(discards),
                ..InterfaceCounters::default()
            };
            let report = Report { facts: vec![Fact::Interface(Box::new(counters))], ..Report::default() };
            exporter.report(&report, at(secs));
            exporter.interfaces()[&3]
        };
        assert_eq!((send(10, 1_000, 5, 7).errors, send(10, 1_000, 5, 7).bits_per_second), (0, None), "the first ones");
        let second = send(30, 6_000, 6, 9);
        assert_eq!((second.errors, second.discards, second.bits_per_second), (1, 2, Some([2_000, 4_000])));
        let anew = send(50, 100, 3, 0);
        assert_eq!((anew.errors, anew.discards, anew.bits_per_second), (4, 2, None), "the device started anew");
    }
    #[test]
    fn counters_of_more_things_than_there_is_room_for_are_counted() {
        let mut exporter = Exporter::new(Ip::default(), at(1));
        let vlan = |number| Fact::Other(Box::new(OtherCounters { kind: "vlan", number, ..OtherCounters::default() }));
        let interface = |index| Fact::Interface(Box::new(InterfaceCounters { index, ..InterfaceCounters::default() }));
        let mut send = |facts: Vec<Fact>| exporter.report(&Report { facts, ..Report::default() }, at(2));
        assert_eq!(send((0..260).map(vlan).collect()), 4);
        assert_eq!(send((0..1_030).map(interface).collect()), 6);
        assert_eq!(send(vec![vlan(0), interface(0), vlan(300)]), 1, "known ones are kept");
        assert_eq!((exporter.others().len(), exporter.interfaces().len()), (256, 1_024));
    }
}
