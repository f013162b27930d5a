// SPDX-License-Identifier: Apache-2.0
//! Counters of enrichment.

use std::sync::atomic::{AtomicU64, Ordering};

minamo_base::counters! {
    /// What happened; shared by the one that enriches and whoever shows it.
    pub struct Counters, pub static METRICS {
        /// Flow rows that were looked at.
        rows: AtomicU64 = "minamo_enrich_rows_total" [], "";
        /// Addresses of flows that got a name.
        named: AtomicU64 = "minamo_enrich_values_total" [what = "name"], "";
        /// Addresses of flows that got a network.
        in_nets: AtomicU64 = "minamo_enrich_values_total" [what = "net"], "";
        /// Addresses of flows that got a country.
        placed: AtomicU64 = "minamo_enrich_values_total" [what = "country"], "";
        /// Addresses of flows that got an autonomous system.
        numbered: AtomicU64 = "minamo_enrich_values_total" [what = "as"], "";
        /// Names learned from DNS answers.
        learned: AtomicU64 = "minamo_enrich_names_learned_total" [], "";
        /// Names in memory, by address and asker.
        held: AtomicU64 = "minamo_enrich_names_held" [], "";
        /// Names forgotten to bound memory.
        evicted: AtomicU64 = "minamo_enrich_names_dropped_total" [reason = "evicted"], "Raise enrich.dns_names_max.";
        /// Names of answers that were empty, too long or with control characters.
        refused: AtomicU64 = "minamo_enrich_names_dropped_total" [reason = "unusable"],
            "Somebody answers with names that are none: look at the DNS flows.";
        /// Times that new sources came into force.
        reloads: AtomicU64 = "minamo_enrich_reloads_total" [], "";
        /// Rows stored as they came because addresses or times were missing or of another type.
        columns: AtomicU64 = "minamo_enrich_passed_rows_total" [reason = "columns"], "A fault of the program: report it.";
        /// Rows stored as they came because enrichment broke.
        panicked: AtomicU64 = "minamo_enrich_passed_rows_total" [reason = "panicked"],
            "Report it, and try without the databases.";
        /// Rows of flows that started at a time for which no networks are defined.
        undefined: AtomicU64 = "minamo_enrich_missed_total" [reason = "no_definitions"], "";
        /// Addresses whose record in a database could not be read.
        database: AtomicU64 = "minamo_enrich_missed_total" [reason = "database"], "Get the file again.";
        /// Decoded records of databases forgotten to bound memory; they are decoded again.
        records_dropped: AtomicU64 = "minamo_enrich_dropped_total" [reason = "database_records"],
            "It costs time only: as it should be with many addresses.";
        /// Oldest versions of definitions forgotten to bound memory; flows of that time get no networks.
        versions_dropped: AtomicU64 = "minamo_enrich_dropped_total" [reason = "versions"],
            "Change the networks file less often.";
        /// Feeds of fingerprints that cannot be read: those before stay in force.
        fingerprints_refused: AtomicU64 = "minamo_enrich_refused_files_total" [reason = "fingerprints"], "The log says why.";
        /// Flows with a fingerprint that a feed knows.
        matched: AtomicU64 = "minamo_enrich_fingerprints_total" [], "";
        /// Tables of processes that cannot be read: those before stay in force.
        processes_refused: AtomicU64 = "minamo_enrich_refused_files_total" [reason = "processes"], "The log says why.";
        /// Flows of which a table of processes says who most likely made the hello.
        likely: AtomicU64 = "minamo_enrich_processes_total" [], "";
        /// Flows with an address or name that a feed of threats knows.
        threatened: AtomicU64 = "minamo_enrich_threats_total" [], "";
        /// Networks files with errors: what was known before stays in force.
        networks_refused: AtomicU64 = "minamo_enrich_refused_files_total" [reason = "networks"], "The log says why.";
        /// Databases that cannot be read: those before stay in force.
        databases_refused: AtomicU64 = "minamo_enrich_refused_files_total" [reason = "database"], "The log says why.";
    }
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

    /// Feeds of fingerprints could not be used, and those before stay in force.
    pub fn fingerprints_refused(&self) {
        add(&self.fingerprints_refused, 1);
    }

    /// Tables of processes could not be used, and those before stay in force.
    pub fn processes_refused(&self) {
        add(&self.processes_refused, 1);
    }

    pub(crate) fn likely(&self, flows: usize) {
        add(&self.likely, flows as u64);
    }

    pub(crate) fn threatened(&self, flows: usize) {
        add(&self.threatened, flows as u64);
    }

    pub(crate) fn matched(&self, flows: usize) {
        add(&self.matched, flows as u64);
    }

    /// A networks file could not be used, and what was known before stays in force.
    pub fn networks_refused(&self) {
        add(&self.networks_refused, 1);
    }

    /// A database could not be used, and the one before stays in force.
    pub fn database_refused(&self) {
        add(&self.databases_refused, 1);
    }
}
