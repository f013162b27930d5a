// SPDX-License-Identifier: Apache-2.0
//! What the collector counts: atomics on the way of every datagram, a lock only where something was wrong.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use minamo_base::Tally;
use minamo_flowwire::{Cache, CacheCounters, ParkingCounters, Report, Skipped};

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
        /// Datagrams that the kernel dropped because a socket's buffer was full.
        kernel_drops: AtomicU64 = "minamo_collect_dropped_datagrams_total" [reason = "kernel"],
            "Raise `sysctl net.core.rmem_max` and `collect.receive_buffer`, or use more `collect.sockets`.";
        /// Datagrams dropped because the decoder's queue was full.
        dropped_queue: AtomicU64 = "minamo_collect_dropped_datagrams_total" [reason = "queue_full"],
            "Give the collector more processor time, or spread the exporters over several collectors.";
        /// Datagrams of exporters that are denied or refused.
        refused_datagrams: AtomicU64 = "minamo_collect_refused_datagrams_total" [],
            "See the page of exporters: allow them there, or by `collect.allow`.";
        /// Rows of exporters that nobody has allowed yet.
        refused_rows: AtomicU64 = "minamo_collect_dropped_rows_total" [reason = "not_allowed"],
            "See the page of exporters: allow them there, or by `collect.allow`.";
        /// First packets of flows that came in records and went through the dissectors.
        initial_packets: AtomicU64 = "minamo_collect_initial_packets_total" [outcome = "read"], "";
        /// First packets that cannot be their flow's: other endpoints, or cut within their headers.
        unfit_packets: AtomicU64 = "minamo_collect_initial_packets_total" [outcome = "unfit"],
            "Look with `minamo collect --proof` what the exporter puts into the element.";
        /// Rows above the rate of their exporter.
        over_rate: AtomicU64 = "minamo_collect_dropped_rows_total" [reason = "over_rate"],
            "The page of exporters says which: raise `collect.exporter_rate`, or look at what it sends.";
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
        /// Exporters held now.
        exporters: AtomicU64 = "minamo_collect_exporters" [], "";
        /// Exporters forgotten to make room.
        evicted_exporters: AtomicU64 = "minamo_collect_evicted_total" [reason = "exporters"],
            "More addresses send than `collect.max_exporters`: raise it, or filter the port.";
        /// Sets of data that came to wait for their template.
        parked: AtomicU64 = "minamo_collect_parked_sets_total" [], "";
        /// Sets of data that had waited and were read.
        replayed: AtomicU64 = "minamo_collect_replayed_sets_total" [], "";
        /// Octets of data that wait for their template now.
        parked_octets: AtomicU64 = "minamo_collect_parked_octets" [], "";
        /// Sets of data that waited for their template too long.
        parked_expired: AtomicU64 = "minamo_collect_parked_dropped_total" [reason = "age"],
            "An exporter sends no templates: let it send them every minute.";
        /// Sets of data that found no room to wait, or lost it.
        parked_full: AtomicU64 = "minamo_collect_parked_dropped_total" [reason = "full"],
            "An exporter sends much data before its templates: let it send them more often.";
        /// Templates that came again with other fields.
        redefined_templates: AtomicU64 = "minamo_collect_redefined_templates_total" [],
            "Its exporter restarts or is set up anew often, or several come through one port (NAT): give each its own domain.";
        /// Templates withdrawn by their exporters.
        withdrawn_templates: AtomicU64 = "minamo_collect_withdrawn_templates_total" [], "";
        /// Withdrawals over UDP, which have no effect.
        ignored_withdrawals: AtomicU64 = "minamo_collect_ignored_withdrawals_total" [], "";
        /// Templates that were neither sent again nor used for a day.
        expired_templates: AtomicU64 = "minamo_collect_expired_templates_total" [], "";
        /// Names of interfaces and VRFs not remembered for lack of room.
        refused_names: AtomicU64 = "minamo_collect_refused_names_total" [],
            "An exporter sends more names than there is room for.";
        /// Times that templates and options were saved.
        saves: AtomicU64 = "minamo_collect_saves_total" [], "";
        /// Times that they could not be saved.
        save_errors: AtomicU64 = "minamo_collect_save_errors_total" [],
            "After a restart data waits for new templates: the log says why, look at the disk of `data.folder`.";
        /// Files of saved state that could not be read at the start.
        damaged_states: AtomicU64 = "minamo_collect_damaged_states_total" [],
            "Templates of before are lost and come again with time; the file is kept as `*.damaged`.";
        /// TCP and TLS connections open now.
        connections: AtomicU64 = "minamo_collect_connections" [], "";
        /// TCP and TLS connections that were accepted.
        accepted: AtomicU64 = "minamo_collect_accepted_connections_total" [], "";
        /// Connections turned away because too many were open.
        refused_connections: AtomicU64 = "minamo_collect_refused_connections_total" [reason = "full"],
            "Raise `collect.connections`, or look at who connects.";
        /// Connections whose TLS handshake failed.
        failed_handshakes: AtomicU64 = "minamo_collect_refused_connections_total" [reason = "tls"],
            "The log says why: a certificate is missing, expired or of another authority.";
        /// Connections ended because what came was no message of IPFIX.
        broken_streams: AtomicU64 = "minamo_collect_broken_streams_total" [],
            "Something that is no IPFIX exporter connects, or the exporter has a fault: the log has the offset.";
        /// Rows that probes sent again and that were read before.
        repeated_rows: AtomicU64 = "minamo_collect_repeated_rows_total" [], "";
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
        /// Files that were refused when they were read again.
        refused_elements: AtomicU64 = "minamo_collect_refused_files_total" [file = "elements"],
            "The log says which line of `collect.elements` is wrong; what was read before stays in force.";
        /// Files that were refused when they were read again.
        refused_exporters: AtomicU64 = "minamo_collect_refused_files_total" [file = "exporters"],
            "The log says which entry of `collect.exporters` is wrong; what was read before stays in force.";
        /// Counters of interfaces, VLANs and the like (sFlow) not shown because an exporter has too many of them.
        refused_counters: AtomicU64 = "minamo_collect_refused_counters_total" [],
            "The page shows 1,024 interfaces and 256 other things of an exporter; these are more, or an agent that lies.";
        /// Sets of data that wait although another exporter behind the same address has a template of that number.
        ambiguous_sets: AtomicU64 = "minamo_collect_ambiguous_sets_total" [],
            "Several exporters send from one address: give each an address or a domain of its own.";
        /// Templates that a session took from another port of the same exporter and domain.
        borrowed_templates: AtomicU64 = "minamo_collect_borrowed_templates_total" [],
            "Nothing, where exporters start anew; many say that an exporter changes its port all the time.";
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

    /// Counts that a changed file of elements was refused.
    pub fn elements_refused(&self) {
        add(&self.refused_elements, 1);
    }

    /// Counts that a changed file of exporters was refused.
    pub fn exporters_refused(&self) {
        add(&self.refused_exporters, 1);
    }

    /// Takes over what the cache of a decoder counts, as far as it was not taken over before.
    pub(crate) fn cache(&self, cache: &Cache, last: &mut Last) {
        let now = Last::of(cache);
        let gauge = |counter: &AtomicU64, now: usize, before: usize| {
            // Wrapping, so that a gauge can fall.
            counter.fetch_add((now as u64).wrapping_sub(before as u64), Ordering::Relaxed);
        };
        gauge(&self.templates, now.templates, last.templates);
        gauge(&self.sessions, now.sessions, last.sessions);
        gauge(&self.applications, now.applications, last.applications);
        gauge(&self.parked_octets, now.parking.octets, last.parking.octets);
        let (new, old) = (&now.counters, &last.counters);
        add(&self.evicted_templates, new.evicted_templates - old.evicted_templates);
        add(&self.evicted_sessions, new.evicted_sessions - old.evicted_sessions);
        add(&self.refused_facts, new.refused_facts - old.refused_facts);
        add(&self.unfit_values, new.unfit_values - old.unfit_values);
        add(&self.cut_values, new.cut_values - old.cut_values);
        add(&self.unmapped_rest, new.unmapped_rest - old.unmapped_rest);
        add(&self.redefined_templates, new.redefined_templates - old.redefined_templates);
        add(&self.withdrawn_templates, new.withdrawn_templates - old.withdrawn_templates);
        add(&self.ignored_withdrawals, new.ignored_withdrawals - old.ignored_withdrawals);
        add(&self.expired_templates, new.expired_templates - old.expired_templates);
        add(&self.borrowed_templates, new.borrowed_templates - old.borrowed_templates);
        add(&self.ambiguous_sets, new.ambiguous_sets - old.ambiguous_sets);
        add(&self.refused_names, new.refused_names - old.refused_names);
        for ((pen, element), value) in &new.unmapped {
            let before = old.unmapped.get(&(*pen, *element)).copied().unwrap_or(0);
            if *value > before {
                self.unmapped.add(Element(*pen, *element), value - before);
            }
        }
        add(&self.parked, now.parking.parked - last.parking.parked);
        add(&self.replayed, now.parking.replayed - last.parking.replayed);
        add(&self.parked_expired, now.parking.expired - last.parking.expired);
        add(&self.parked_full, now.parking.full - last.parking.full);
        *last = now;
    }
}

/// What was taken over of a cache's counters.
#[derive(Debug, Default)]
pub(crate) struct Last {
    templates: usize,
    sessions: usize,
    applications: usize,
    counters: CacheCounters,
    parking: ParkingCounters,
}

impl Last {
    fn of(cache: &Cache) -> Self {
        Self {
            templates: cache.templates(),
            sessions: cache.sessions(),
            applications: cache.applications(),
            counters: cache.counters().clone(),
            parking: cache.parking(),
        }
    }

    /// The counters as they stand, and nothing held: for the end of a cache.
    pub(crate) fn ended(self, counters: &Counters) {
        let fall = |counter: &AtomicU64, by: usize| counter.fetch_sub(by as u64, Ordering::Relaxed);
        fall(&counters.templates, self.templates);
        fall(&counters.sessions, self.sessions);
        fall(&counters.applications, self.applications);
        fall(&counters.parked_octets, self.parking.octets);
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
        counters.cache(&cache, &mut Last::default());
        assert_eq!(value(&counters, "minamo_collect_skipped_datagrams_total", Some("unknown_version")), Some(1));
        assert_eq!(value(&counters, "minamo_collect_skipped_malformed_total", Some("v9.version")), Some(1));
        assert_eq!(value(&counters, "minamo_collect_skipped_malformed_total", Some("header.count")), Some(1));
    }
}
