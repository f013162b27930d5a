// SPDX-License-Identifier: Apache-2.0
//! What the collector counts: atomics on the way of every datagram, a lock only where something was wrong.

use minamo_base::Sample;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use minamo_flowwire::{Cache, Report, Skipped};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $field:ident = $name:literal;)+) => {
        /// The counters of one collector.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[doc = $doc])+ pub(crate) $field: AtomicU64,)+
            /// Rows by format.
            formats: Mutex<BTreeMap<&'static str, u64>>,
            /// Malformed parts by the field that could not be read.
            malformed: Mutex<BTreeMap<&'static str, u64>>,
            /// Values of elements without a column.
            unmapped: Mutex<BTreeMap<(u32, u16), u64>>,
        }

        impl Counters {
            fn plain(&self) -> Vec<Sample> {
                vec![$(Sample {
                    name: $name,
                    labels: Vec::new(),
                    value: self.$field.load(Ordering::Relaxed),
                    doc: concat!($($doc),+).trim_ascii(),
                }),+]
            }
        }
    };
}

counters! {
    /// Datagrams that arrived.
    datagrams = "collect_datagrams";
    /// Octets of the datagrams that arrived.
    octets = "collect_octets";
    /// Rows that were read from them.
    rows = "collect_rows";
    /// Batches handed on.
    batches = "collect_batches";
    /// Templates that arrived, the repeated ones too.
    templates_received = "collect_templates_received";
    /// Records of options data that were read.
    options = "collect_options_records";
    /// Messages or records lost before they arrived, by the exporters' sequence numbers.
    lost = "collect_lost_before_arrival";
    /// Sets of data skipped because their template had not arrived.
    unknown_template = "collect_skipped_unknown_template_sets";
    /// Octets of these sets.
    unknown_template_octets = "collect_skipped_unknown_template_octets";
    /// Datagrams skipped because no format has their version.
    unknown_version = "collect_skipped_unknown_version_datagrams";
    /// Sets skipped because their number is reserved.
    reserved = "collect_skipped_reserved_sets";
    /// Sets skipped because their template fills no column.
    not_a_flow = "collect_skipped_not_a_flow_sets";
    /// Datagrams dropped because the decoder's queue was full.
    dropped_queue = "collect_dropped_queue_full_datagrams";
    /// Rows dropped because the channel to the next stage stayed full.
    dropped_full = "collect_dropped_channel_full_rows";
    /// Rows dropped because their batch could not be built.
    dropped_batch = "collect_dropped_batch_error_rows";
    /// Errors on receiving.
    receive_errors = "collect_receive_errors";
    /// Templates held now.
    templates = "collect_templates";
    /// Sessions held now: pairs of exporter and observation domain.
    sessions = "collect_sessions";
    /// Application names held now.
    applications = "collect_applications";
    /// Templates forgotten to make room.
    evicted_templates = "collect_evicted_templates";
    /// Sessions forgotten to make room.
    evicted_sessions = "collect_evicted_sessions";
    /// Samplers and application names not remembered for lack of room.
    refused_facts = "collect_refused_facts";
    /// Values that did not fit their column.
    unfit_values = "collect_unfit_values";
    /// Values of elements without a column that are not counted one by one.
    unmapped_rest = "collect_unmapped_rest_values";
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The maps hold numbers only: they are whole whatever happened to another thread.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Counters {
    /// All counters with their present values.
    pub fn snapshot(&self) -> Vec<Sample> {
        let mut out = self.plain();
        let by = |name, label, doc, key: String, value| Sample { name, labels: vec![(label, key)], value, doc };
        for (format, value) in locked(&self.formats).iter() {
            out.push(by("collect_format_rows", "format", "Rows by format.", (*format).to_owned(), *value));
        }
        for (field, value) in locked(&self.malformed).iter() {
            let doc = "Parts of datagrams skipped because a field could not be read.";
            out.push(by("collect_skipped_malformed", "field", doc, (*field).to_owned(), *value));
        }
        for ((pen, element), value) in locked(&self.unmapped).iter() {
            let doc = "Values of elements that no column takes, by enterprise number and element.";
            out.push(by("collect_unmapped_values", "element", doc, format!("{pen}/{element}"), *value));
        }
        out
    }

    /// Counts one decoded datagram.
    pub(crate) fn report(&self, report: &Report) {
        add(&self.rows, report.rows.into());
        add(&self.templates_received, report.templates.into());
        add(&self.options, report.options.into());
        add(&self.lost, report.lost.into());
        if report.rows > 0 {
            *locked(&self.formats).entry(report.format).or_default() += u64::from(report.rows);
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
                Skipped::Malformed(error) => *locked(&self.malformed).entry(error.field).or_default() += 1,
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
        self.unmapped_rest.store(counters.unmapped_rest, Ordering::Relaxed);
        let mut unmapped = locked(&self.unmapped);
        for (element, value) in &counters.unmapped {
            unmapped.insert(*element, *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use minamo_base::{Ip, Time};
    use minamo_flowwire::decode;

    use super::*;

    fn value(counters: &Counters, name: &str, label: Option<&str>) -> Option<u64> {
        let samples = counters.snapshot();
        let found = samples.iter().find(|s| s.name == name && s.labels.first().map(|(_, v)| v.as_str()) == label);
        found.map(|sample| sample.value)
    }

    #[test]
    fn every_reason_has_its_counter() {
        let (counters, mut cache) = (Counters::default(), Cache::default());
        for octets in [&[0, 7][..], &[0, 9, 0], &[0, 5, 0, 0]] {
            counters.report(&decode(octets, Ip::default(), Time(0), &mut cache, &mut |_| {}));
        }
        counters.cache(&cache);
        assert_eq!(value(&counters, "collect_skipped_unknown_version_datagrams", None), Some(1));
        assert_eq!(value(&counters, "collect_skipped_malformed", Some("v9.version")), Some(1));
        assert_eq!(value(&counters, "collect_skipped_malformed", Some("v5.count")), Some(1));
        assert!(
            counters.snapshot().iter().all(|sample| sample.doc.ends_with('.') && sample.name.starts_with("collect_"))
        );
    }
}
