// SPDX-License-Identifier: Apache-2.0
//! Counters of enrichment.

use std::sync::atomic::{AtomicU64, Ordering};

use minamo_base::Sample;

/// What happened; shared by the one that enriches and whoever shows it.
#[derive(Debug, Default)]
pub struct Counters {
    rows: AtomicU64,
    undefined: AtomicU64,
    columns: AtomicU64,
    database: AtomicU64,
    panicked: AtomicU64,
    named: AtomicU64,
    in_nets: AtomicU64,
    placed: AtomicU64,
    numbered: AtomicU64,
    learned: AtomicU64,
    refused: AtomicU64,
    evicted: AtomicU64,
    held: AtomicU64,
    records_dropped: AtomicU64,
    versions_dropped: AtomicU64,
    reloads: AtomicU64,
    networks_refused: AtomicU64,
    databases_refused: AtomicU64,
}

fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn rows(&self, n: usize) {
        add(&self.rows, n as u64);
    }

    pub(crate) fn undefined(&self, n: usize) {
        add(&self.undefined, n as u64);
    }

    pub(crate) fn columns_unusable(&self, rows: usize) {
        add(&self.columns, rows as u64);
    }

    /// Rows that passed as they came because enrichment broke; the caller caught it.
    pub fn panicked(&self, rows: usize) {
        add(&self.panicked, rows as u64);
    }

    pub(crate) fn database_error(&self) {
        add(&self.database, 1);
    }

    pub(crate) fn filled(&self, column: &str, values: usize) {
        let counter = match column {
            "src_name" | "dst_name" => &self.named,
            "src_net" | "dst_net" => &self.in_nets,
            "src_country" | "dst_country" => &self.placed,
            "src_as" | "dst_as" => &self.numbered,
            _ => return,
        };
        add(counter, values as u64);
    }

    pub(crate) fn name_learned(&self) {
        add(&self.learned, 1);
    }

    pub(crate) fn name_refused(&self) {
        add(&self.refused, 1);
    }

    pub(crate) fn names_evicted(&self, n: u64) {
        add(&self.evicted, n);
    }

    pub(crate) fn names_held(&self, n: usize) {
        self.held.store(n as u64, Ordering::Relaxed);
    }

    pub(crate) fn records_dropped(&self, n: usize) {
        add(&self.records_dropped, n as u64);
    }

    pub(crate) fn versions_dropped(&self, n: usize) {
        add(&self.versions_dropped, n as u64);
    }

    pub(crate) fn reloaded(&self) {
        add(&self.reloads, 1);
    }

    /// A networks file could not be used, and what was known before stays in force.
    pub fn networks_refused(&self) {
        add(&self.networks_refused, 1);
    }

    /// A database could not be used, and the one before stays in force.
    pub fn database_refused(&self) {
        add(&self.databases_refused, 1);
    }

    /// All counters as they are shown.
    pub fn samples(&self) -> Vec<Sample> {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut samples = vec![
            Sample::plain("minamo_enrich_rows_total", get(&self.rows), "Flow rows that were looked at."),
            Sample::plain("minamo_enrich_names_learned_total", get(&self.learned), "Names learned from DNS answers."),
            Sample::plain("minamo_enrich_names_held", get(&self.held), "Names in memory, by address and asker."),
            Sample::plain("minamo_enrich_reloads_total", get(&self.reloads), "Times that new sources came into force."),
        ];
        let doc = "Addresses of flows that got a value.";
        for (what, counter) in
            [("name", &self.named), ("net", &self.in_nets), ("country", &self.placed), ("as", &self.numbered)]
        {
            let labels = vec![("what", what.to_owned())];
            samples.push(Sample { name: "minamo_enrich_values_total", labels, value: get(counter), doc });
        }
        let reason = |name, reason, counter: &AtomicU64, doc| Sample::reason(name, reason, get(counter), doc);
        samples.extend([
            reason(
                "minamo_enrich_passed_rows_total",
                "columns",
                &self.columns,
                "Rows stored as they came because addresses or times were missing or of another type.",
            ),
            reason(
                "minamo_enrich_passed_rows_total",
                "panicked",
                &self.panicked,
                "Rows stored as they came because enrichment broke: report it, and try without the databases.",
            ),
            reason(
                "minamo_enrich_missed_total",
                "no_definitions",
                &self.undefined,
                "Rows of flows that started at a time for which no networks are defined.",
            ),
            reason(
                "minamo_enrich_missed_total",
                "database",
                &self.database,
                "Addresses whose record in a database could not be read: get the file again.",
            ),
            reason(
                "minamo_enrich_names_dropped_total",
                "evicted",
                &self.evicted,
                "Names forgotten to bound memory: raise enrich.dns_names_max.",
            ),
            reason(
                "minamo_enrich_names_dropped_total",
                "unusable",
                &self.refused,
                "Names of answers that were empty, too long or with control characters.",
            ),
            reason(
                "minamo_enrich_dropped_total",
                "database_records",
                &self.records_dropped,
                "Decoded records of databases forgotten to bound memory; they are decoded again.",
            ),
            reason(
                "minamo_enrich_dropped_total",
                "versions",
                &self.versions_dropped,
                "Oldest versions of definitions forgotten to bound memory; flows of that time get no networks.",
            ),
            reason(
                "minamo_enrich_refused_files_total",
                "networks",
                &self.networks_refused,
                "Networks files with errors: what was known before stays in force, and the log says why.",
            ),
            reason(
                "minamo_enrich_refused_files_total",
                "database",
                &self.databases_refused,
                "Databases that cannot be read: those before stay in force, and the log says why.",
            ),
        ]);
        samples
    }
}
