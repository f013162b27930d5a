// SPDX-License-Identifier: Apache-2.0
//! What each part of the program is given of the settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use minamo_detect::parse_length;

use super::Settings;
use super::keys::Keys;
use super::value::{addresses, class, unknown};
use crate::enrichment;
use crate::size::parse_size;

impl Settings {
    /// `data.folder`.
    pub(crate) fn folder(&self) -> PathBuf {
        self.text("data.folder").into()
    }

    /// `server.listen`.
    pub(crate) fn listen(&self) -> anyhow::Result<SocketAddr> {
        self.text("server.listen").parse().context("server.listen")
    }

    /// `probe.interfaces`.
    pub(crate) fn interfaces(&self) -> Vec<String> {
        self.texts("probe.interfaces")
    }

    /// How interfaces are opened by a thread that is alone on them.
    pub(crate) fn live(&self) -> anyhow::Result<minamo_capture::LiveSettings> {
        let filter = self.text("probe.filter");
        let filter = minamo_capture::Expression::parse(filter).context("probe.filter")?;
        Ok(minamo_capture::LiveSettings {
            filter: Some(filter),
            promiscuous: self.flag("probe.promiscuous"),
            ring_bytes: parse_size(self.text("probe.ring")).unwrap_or_default(),
            group: None,
        })
    }

    /// `probe.threads`.
    pub(crate) fn probe_threads(&self) -> usize {
        self.count("probe.threads")
    }

    /// `meter.*`.
    pub(crate) fn meter(&self) -> minamo_meter::Settings {
        minamo_meter::Settings {
            idle_timeout: self.length("meter.idle_timeout"),
            active_timeout: self.length("meter.active_timeout"),
            max_flows: self.count("meter.max_flows"),
            ..Default::default()
        }
    }

    /// The model of encrypted traffic.
    pub(crate) fn model(&self) -> anyhow::Result<Arc<minamo_eta::model::Model>> {
        crate::judge::model(self.path("eta.model").as_deref()).context("eta.model")
    }

    fn addresses(&self, key: &str) -> Vec<SocketAddr> {
        self.texts(key).iter().filter_map(|text| text.parse().ok()).collect()
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        Some(self.text(key)).filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    fn size(&self, key: &str) -> usize {
        parse_size(self.text(key)).unwrap_or_default()
    }

    /// `collect.*`. An error where the file of exporters is wrong, or certificates are missing.
    pub(crate) fn collect(&self) -> anyhow::Result<minamo_collect::Settings> {
        let tls = self.addresses("collect.tls");
        let certificates = match (self.path("collect.tls_certificate"), self.path("collect.tls_key")) {
            (Some(certificate), Some(key)) => {
                let client_authority = self.path("collect.tls_client_authority");
                Some(minamo_collect::Tls { certificate, key, client_authority })
            }
            _ if tls.is_empty() => None,
            _ => bail!("collect.tls: want `collect.tls_certificate` and `collect.tls_key` too"),
        };
        let known = self.path("collect.exporters").map(|path| crate::exporters::load(&path)).transpose();
        let rate = self.values.get("collect.exporter_rate").and_then(toml::Value::as_integer);
        Ok(minamo_collect::Settings {
            listen: self.addresses("collect.listen"),
            tcp: self.addresses("collect.tcp"),
            tls,
            certificates,
            connections: self.count("collect.connections"),
            sockets: self.count("collect.sockets"),
            decoders: self.count("collect.decoders"),
            receive_buffer: self.size("collect.receive_buffer"),
            queue: self.size("collect.queue"),
            batch_age: self.length("collect.batch_age"),
            save_delay: self.length("collect.save_delay"),
            unknown: unknown(self.text("collect.unknown")).unwrap_or_default(),
            allow: self.texts("collect.allow").iter().filter_map(|text| text.parse().ok()).collect(),
            exporter_rate: rate.and_then(|rate| u32::try_from(rate).ok()),
            max_exporters: self.count("collect.max_exporters"),
            known: known.context("collect.exporters")?.unwrap_or_default(),
            limits: minamo_flowwire::Limits {
                parked_per_exporter: self.size("collect.parked_per_exporter"),
                parked: self.size("collect.parked"),
                parked_age: self.length("collect.parked_age"),
                template_age: self.length("collect.template_age"),
                ..Default::default()
            },
            ..Default::default()
        })
    }

    /// The elements of `collect.elements`; none where it is not set.
    pub(crate) fn elements(&self) -> anyhow::Result<Arc<minamo_collect::Elements>> {
        Ok(self.collect_elements().map(|path| crate::elements::load(&path)).transpose()?.unwrap_or_default())
    }

    /// `collect.elements`, where it is set.
    pub(crate) fn collect_elements(&self) -> Option<PathBuf> {
        Some(self.text("collect.elements")).filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// `collect.forward`.
    pub(crate) fn forwards(&self) -> anyhow::Result<Vec<minamo_collect::ForwardTarget>> {
        let listen = self.addresses("collect.listen");
        let forwards = self.tables("collect.forward").map(|table| {
            let mut keys = Keys::of(table);
            let to: SocketAddr = keys.text("to")?.context("to: want an address such as \"192.0.2.9:2055\"")?.parse()?;
            anyhow::ensure!(!listen.contains(&to), "to: {to} is our own address in collect.listen");
            let exporters = keys.texts("exporters")?.iter().map(|text| text.parse()).collect::<Result<_, _>>();
            let target = minamo_collect::ForwardTarget {
                to,
                exporters: exporters.context("exporters")?,
                keep_source: keys.flag("keep_source")?,
            };
            keys.end().map(|()| target)
        });
        forwards.collect::<anyhow::Result<_>>().context("collect.forward")
    }

    /// `export`.
    pub(crate) fn exports(&self) -> anyhow::Result<Vec<minamo_sinks::export::Target>> {
        let exports = self.tables("export").map(|table| {
            let mut keys = Keys::of(table);
            let url = keys.text("url")?.context("url: want such as \"ipfix://192.0.2.9:4739\"")?;
            let biflow = match keys.text("sides")? {
                None => None,
                Some("one") => Some(false),
                Some("both") => Some(true),
                Some(other) => bail!("sides: got {other:?}, want \"one\" or \"both\""),
            };
            let target = crate::commands::export::target(url, keys.text("template")?, biflow)?;
            keys.end().map(|()| target)
        });
        exports.collect::<anyhow::Result<_>>().context("export")
    }

    fn tables(&self, key: &str) -> impl Iterator<Item = &toml::Table> {
        self.values.get(key).and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_table)
    }

    /// `collect.pair*`; nothing where records are not paired.
    pub(crate) fn pairing(&self) -> Option<minamo_pair::PairSettings> {
        let wait = self.length("collect.pair_wait");
        let groups = self.texts("collect.pair_groups");
        self.flag("collect.pair").then(|| minamo_pair::PairSettings {
            wait,
            gap: wait,
            max_rows: self.count("collect.pair_max"),
            max_octets: self.count("collect.pair_max").saturating_mul(minamo_pair::PairSettings::ROW_OCTETS),
            groups: groups.iter().filter_map(|group| addresses(group)).collect(),
        })
    }

    /// `collect.duplicate*`; nothing where rows are not marked.
    pub(crate) fn duplicates(&self) -> Option<minamo_pair::DuplicateSettings> {
        self.flag("collect.duplicates").then(|| minamo_pair::DuplicateSettings {
            window: self.length("collect.duplicate_window"),
            max_flows: self.count("collect.duplicate_max"),
            ..Default::default()
        })
    }

    /// `enrich.*`.
    pub(crate) fn enrich(&self) -> enrichment::Settings {
        let networks = Some(self.text("enrich.networks")).filter(|path| !path.is_empty());
        enrichment::Settings {
            networks: networks.map(PathBuf::from),
            databases: self.texts("enrich.mmdb").into_iter().map(PathBuf::from).collect(),
            enricher: minamo_enrich::Settings {
                dns_names: self.flag("enrich.dns_names"),
                dns_names_max: self.count("enrich.dns_names_max"),
            },
        }
    }

    /// `lake.seal_after`.
    pub(crate) fn seal_after(&self) -> Duration {
        self.length("lake.seal_after")
    }

    /// `lake.keep_rollups`.
    pub(crate) fn keep_rollups(&self) -> Option<Duration> {
        parse_length(self.text("lake.keep_rollups"))
    }

    /// `lake.*`.
    pub(crate) fn lake(&self) -> anyhow::Result<minamo_store::Settings> {
        let bytes = |key: &str| parse_size(self.text(key)).map(|size| size as u64);
        let class = |text: &String| class(text).with_context(|| format!("lake.classes: {text:?}"));
        Ok(minamo_store::Settings {
            seal_rows: self.count("lake.seal_rows"),
            keep: parse_length(self.text("lake.keep")),
            keep_events: parse_length(self.text("lake.keep_events")),
            max_bytes: bytes("lake.max_size"),
            min_free: bytes("lake.min_free").unwrap_or_default(),
            classes: self.texts("lake.classes").iter().map(class).collect::<anyhow::Result<_>>()?,
            community_seed: self.seed("lake.community_seed"),
            query_memory: parse_size(self.text("lake.query_memory")).unwrap_or_default(),
            query_time: self.length("lake.query_time"),
            query_spill: bytes("lake.query_spill").unwrap_or_default(),
            query_slots: self.count("lake.query_slots"),
            query_queue: self.count("lake.query_queue"),
            ..Default::default()
        })
    }
}
