// SPDX-License-Identifier: Apache-2.0
//! What the collector counts: atomics on the way of every datagram, a lock only where something was wrong.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use minamo_base::Tally;
use minamo_flowwire::{Cache, Report, Skipped};

minamo_base::counters! {
    /// The counters of one collector.
    pub struct Counters, pub static METRICS {
        /// Datagrams that arrived.
        datagrams: AtomicU64 = "minamo_collect_datagrams_total" [], "";
        /// Octets of the datagrams that arrived.
        octets: AtomicU64 = "minamo_collect_octets_total" [], "";
        /// Rows that were read from them.
        rows: AtomicU64 = "minamo_collect_rows_total" [], "";
        /// Batches handed on.
        batches: AtomicU64 = "minamo_collect_batches_total" [], "";
        /// Templates that arrived, the repeated ones too.
        templates_received: AtomicU64 = "minamo_collect_templates_received_total" [], "";
        /// Records of options data that were read.
        options: AtomicU64 = "minamo_collect_options_records_total" [], "";
        /// Messages or records lost before they arrived, by the exporters' sequence numbers.
        lost: AtomicU64 = "minamo_collect_lost_before_arrival_total" [],
            "Look for loss on the way from the exporter, and at the drops of the UDP socket (`ss -uam`).";
        /// Sets of data skipped because their template had not arrived.
        unknown_template: AtomicU64 = "minamo_collect_skipped_sets_total" [reason = "unknown_template"],
            "After a start it ends with the exporter's next templates; let it send them more often where it does not.";
        /// Octets of sets skipped because their template had not arrived.
        unknown_template_octets: AtomicU64 = "minamo_collect_skipped_octets_total" [reason = "unknown_template"],
            "As for the sets.";
        /// Sets skipped because their number is reserved.
        reserved: AtomicU64 = "minamo_collect_skipped_sets_total" [reason = "reserved"],
            "The exporter breaks the specification: look at one of its datagrams.";
        /// Sets skipped because their template fills no column.
        not_a_flow: AtomicU64 = "minamo_collect_skipped_sets_total" [reason = "not_a_flow"], "";
        /// Datagrams skipped because no format has their version.
        unknown_version: AtomicU64 = "minamo_collect_skipped_datagrams_total" [reason = "unknown_version"],
            "Set the exporter to a version that is supported.";
        /// Datagrams dropped because the decoder's queue was full.
        dropped_queue: AtomicU64 = "minamo_collect_dropped_datagrams_total" [reason = "queue_full"],
            "Give the collector more processor time, or spread the exporters over several collectors.";
        /// Rows dropped because the channel to the next stage stayed full.
        dropped_full: AtomicU64 = "minamo_collect_dropped_rows_total" [reason = "channel_full"],
            "The lake does not keep up: look at its disk.";
        /// Rows dropped because their batch could not be built.
        dropped_batch: AtomicU64 = "minamo_collect_dropped_rows_total" [reason = "batch_error"],
            "A fault of the program; the log says which.";
        /// Errors on receiving.
        receive_errors: AtomicU64 = "minamo_collect_receive_errors_total" [], "The log says which socket and why.";
        /// Templates held now.
        templates: AtomicU64 = "minamo_collect_templates" [], "";
        /// Sessions held now: pairs of exporter and observation domain.
        sessions: AtomicU64 = "minamo_collect_sessions" [],
            "More than you have exporters: somebody else sends to the port, or addresses are forged.";
        /// Application names held now.
        applications: AtomicU64 = "minamo_collect_applications" [], "";
        /// Templates forgotten to make room.
        evicted_templates: AtomicU64 = "minamo_collect_evicted_total" [reason = "templates"],
            "An exporter makes ever new templates: look at its configuration.";
        /// Sessions forgotten to make room.
        evicted_sessions: AtomicU64 = "minamo_collect_evicted_total" [reason = "sessions"],
            "Too many exporters or forged addresses: filter the port, or use several collectors.";
        /// Samplers and application names not remembered for lack of room.
        refused_facts: AtomicU64 = "minamo_collect_refused_facts_total" [],
            "An exporter sends more names than a session has room for; their rows lack the name.";
        /// Values that did not fit their column.
        unfit_values: AtomicU64 = "minamo_collect_unfit_values_total" [],
            "The exporter sends a value outside the element's range; the cell is empty.";
        /// Values without a column that were cut or left out for lack of room in `extra`.
        cut_values: AtomicU64 = "minamo_collect_cut_values_total" [],
            "A record says more than a row keeps beside its columns: give the elements that matter a column (`collect.elements`).";
        /// Sampled frames that are no IP packets and gave no row.
        not_ip: AtomicU64 = "minamo_collect_skipped_samples_total" [reason = "not_ip"], "";
        /// Values of elements without a column that are not counted one by one.
        unmapped_rest: AtomicU64 = "minamo_collect_unmapped_rest_values_total" [], "";
        /// Rows by format.
        formats: Tally<&'static str> = "minamo_collect_format_rows_total" [format], "";
        /// Parts of datagrams skipped because a field could not be read.
        malformed: Tally<&'static str> = "minamo_collect_skipped_malformed_total" [field],
            "The exporter breaks the specification, or datagrams are cut on their way.";
        /// Values of elements that no column takes, by enterprise number and element.
        unmapped: Tally<Element> = "minamo_collect_unmapped_values_total" [element], "";
    }
}

/// An element by enterprise number and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Element(u32, u16);

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

pub(crate) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Counters {
    /// Counts one decoded datagram.
    pub(crate) fn report(&self, report: &Report) {
        add(&self.rows, report.rows.into());
        add(&self.templates_received, report.templates.into());
        add(&self.options, report.options.into());
        add(&self.lost, report.lost.into());
        if report.rows > 0 {
            self.formats.add(report.format, report.rows.into());
        }
        for skipped in &report.skipped {
            match skipped {
                Skipped::UnknownVersion(_) => add(&self.unknown_version, 1),
                Skipped::UnknownTemplate { octets, .. } => {
                    add(&self.unknown_template, 1);
                    add(&self.unknown_template_octets, u64::try_from(*octets).unwrap_or(u64::MAX));
                }
                Skipped::ReservedSet { .. } => add(&self.reserved, 1),
                Skipped::NotAFlow { .. } => add(&self.not_a_flow, 1),
                Skipped::NotIp { .. } => add(&self.not_ip, 1),
                Skipped::Malformed(error) => self.malformed.add(error.field, 1),
                _ => {}
            }
        }
    }

    /// Takes over what the cache counts.
    pub(crate) fn cache(&self, cache: &Cache) {
        let set = |counter: &AtomicU64, value: usize| {
            counter.store(u64::try_from(value).unwrap_or(u64::MAX), Ordering::Relaxed);
        };
        set(&self.templates, cache.templates());
        set(&self.sessions, cache.sessions());
        set(&self.applications, cache.applications());
        let counters = cache.counters();
        self.evicted_templates.store(counters.evicted_templates, Ordering::Relaxed);
        self.evicted_sessions.store(counters.evicted_sessions, Ordering::Relaxed);
        self.refused_facts.store(counters.refused_facts, Ordering::Relaxed);
        self.unfit_values.store(counters.unfit_values, Ordering::Relaxed);
        self.cut_values.store(counters.cut_values, Ordering::Relaxed);
        self.unmapped_rest.store(counters.unmapped_rest, Ordering::Relaxed);
        for ((pen, element), value) in &counters.unmapped {
            self.unmapped.set(Element(*pen, *element), *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use minamo_base::{Ip, Sample, Time};
    use minamo_flowwire::decode;

    use super::*;

    fn value(counters: &Counters, name: &str, label: Option<&str>) -> Option<u64> {
        let samples = counters.samples(&[]);
        let is = |s: &&Sample| s.metric.name == name && s.labels().next().map(|(_, value)| value) == label;
        samples.iter().find(is).map(|sample| sample.value)
    }

    #[test]
    fn every_reason_has_its_counter() {
        let (counters, mut cache) = (Counters::default(), Cache::default());
        for octets in [&[0, 8][..], &[0, 9, 0], &[0, 5, 0, 0]] {
            counters.report(&decode(octets, Ip::default(), Time(0), &mut cache, &mut |_| {}));
        }
        counters.cache(&cache);
        assert_eq!(value(&counters, "minamo_collect_skipped_datagrams_total", Some("unknown_version")), Some(1));
        assert_eq!(value(&counters, "minamo_collect_skipped_malformed_total", Some("v9.version")), Some(1));
        assert_eq!(value(&counters, "minamo_collect_skipped_malformed_total", Some("header.count")), Some(1));
    }
}
