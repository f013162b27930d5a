// SPDX-License-Identifier: Apache-2.0
//! What each part of the program is given of the settings.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use minamo_detect::{Instance, Severity, parse_length};
use minamo_enrich::{FeedForm, FingerprintKind};
use minamo_meter::MAX_SPLT_PACKETS;

use super::keys::Keys;
use super::table::Kind;
use super::value::{addresses, class, unknown};
use super::{Export, Settings};
use crate::bundles::Place;
use crate::size::parse_size;
use crate::{applications, enrichment};

impl Settings {
    /// `data.folder`.
    pub(crate) fn folder(&self) -> PathBuf {
        self.text("data.folder").into()
    }

    /// The same in another data folder, where its path is text.
    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.values.insert("data.folder", toml::Value::String(folder.to_string_lossy().into_owned()));
        self
    }

    /// `server.listen`.
    pub(crate) fn listen(&self) -> anyhow::Result<SocketAddr> {
        self.text("server.listen").parse().context("server.listen")
    }

    /// `probe.interfaces` and `probe.interface`: the interfaces to meter, each with its settings.
    pub(crate) fn probed(&self) -> anyhow::Result<Vec<Interface>> {
        ensure!(
            !self.waits() || self.probe_user().is_none(),
            "probe.wait: opening an interface later needs the privileges that probe.user gives up"
        );
        let common = Interface {
            name: String::new(),
            live: self.live()?,
            threads: self.count("probe.threads"),
            meter: self.meter(),
        };
        let mut interfaces: Vec<_> =
            self.texts("probe.interfaces").into_iter().map(|name| Interface { name, ..common.clone() }).collect();
        for table in self.tables("probe.interface") {
            let interface = own(table, common.clone()).context("probe.interface")?;
            interfaces.retain(|known| known.name != interface.name);
            interfaces.push(interface);
        }
        Ok(interfaces)
    }

    /// `probe.user`.
    pub(crate) fn probe_user(&self) -> Option<String> {
        Some(self.text("probe.user").to_owned()).filter(|user| !user.is_empty())
    }

    /// `recorder.*`, for so many recorders; nothing where packets are not kept. `data` is the folder of the data.
    pub(crate) fn recorder(&self, data: &Path, recorders: usize) -> Option<minamo_capture::recorder::Settings> {
        let budget = parse_size(self.text("recorder.size"))? as u64;
        Some(minamo_capture::recorder::Settings {
            folder: self.path("recorder.folder").unwrap_or_else(|| data.join("packets")),
            budget,
            packet_bytes: self.size("recorder.packet_bytes"),
            recorders: recorders as u64,
        })
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
            hardware_times: self.flag("probe.hardware_times"),
        })
    }

    /// `probe.wait`.
    pub(crate) fn waits(&self) -> bool {
        self.flag("probe.wait")
    }

    /// `meter.*`.
    pub(crate) fn meter(&self) -> minamo_meter::Settings {
        minamo_meter::Settings {
            idle_timeout: self.length("meter.idle_timeout"),
            active_timeout: self.length("meter.active_timeout"),
            max_flows: self.count("meter.max_flows"),
            held_bytes: self.size("meter.held"),
            telemetry_bytes: self.size("meter.telemetry"),
            byte_octets: self.byte_octets().unwrap_or(u16::MAX),
            splt_packets: self.count("meter.splt_packets").min(MAX_SPLT_PACKETS.into()),
            sampling: self.text("probe.sampling").parse::<minamo_meter::Sampling>().ok(),
            groups: self.text("probe.groups").parse().unwrap_or(minamo_meter::Groups::ALL),
            ..Default::default()
        }
    }

    /// `meter.byte_octets`; an error where a counter does not hold as many.
    pub(super) fn byte_octets(&self) -> anyhow::Result<u16> {
        let count = self.count("meter.byte_octets");
        u16::try_from(count).ok().with_context(|| format!("meter.byte_octets: got {count}, want at most 65535"))
    }

    /// An error where `meter.splt_packets` is more than a row shall have.
    pub(super) fn check_splt_packets(&self) -> anyhow::Result<()> {
        let count = self.count("meter.splt_packets");
        ensure!(count <= MAX_SPLT_PACKETS.into(), "meter.splt_packets: got {count}, want at most {MAX_SPLT_PACKETS}");
        Ok(())
    }

    /// `bundle.folder` and `bundle.keys`; nothing where no key is trusted.
    pub(crate) fn bundles(&self) -> Option<Place> {
        let keys = self.texts("bundle.keys");
        let folder = self.path("bundle.folder").unwrap_or_else(|| self.folder().join("bundles"));
        (!keys.is_empty()).then_some(Place { folder, keys })
    }

    /// `bundle.url` and `bundle.every`; an error where nobody's bundles are taken.
    pub(crate) fn bundle_source(&self) -> anyhow::Result<(Option<String>, Duration)> {
        let url = Some(self.text("bundle.url")).filter(|url| !url.is_empty()).map(str::to_owned);
        ensure!(url.is_none() || self.bundles().is_some(), "bundle.url: want a key in bundle.keys, too");
        Ok((url, self.length("bundle.every")))
    }

    /// Where the model of encrypted traffic comes from.
    pub(crate) fn model(&self) -> crate::judge::Origin {
        crate::judge::Origin { file: self.path("eta.model"), bundles: self.bundles() }
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
        let known = self.collect_exporters().map(|path| crate::exporters::load(&path)).transpose()?;
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
            known: known.unwrap_or_default(),
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

    /// `collect.exporters`, where it is set.
    pub(crate) fn collect_exporters(&self) -> Option<PathBuf> {
        self.path("collect.exporters")
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
    pub(crate) fn exports(&self) -> anyhow::Result<Vec<Export>> {
        self.tables("export").map(Export::read).collect::<anyhow::Result<_>>().context("export")
    }

    /// `detect.rules` and `rule`, without what people say in the console.
    pub(crate) fn rules(&self) -> anyhow::Result<crate::rules::Sources> {
        let instances = self.tables("rule").map(|table| {
            let mut keys = Keys::of(table);
            let severity = keys.text("severity")?.map(|text| {
                Severity::parse(text)
                    .with_context(|| format!("severity: got {text:?}, want low, medium, high or critical"))
            });
            let instance = Instance {
                rule: keys.text("name")?.context("name: want the name of a rule such as \"scan_ports\"")?.to_owned(),
                name: keys.text("instance")?.map(str::to_owned),
                enabled: keys.flag_or("enabled", true)?,
                only: keys.text("only")?.map(str::to_owned),
                severity: severity.transpose()?,
                parameters: keys.numbers("parameters")?,
            };
            keys.end().map(|()| instance)
        });
        let folder = Some(self.text("detect.rules")).filter(|path| !path.is_empty()).map(Into::into);
        let instances = instances.collect::<anyhow::Result<_>>().context("rule")?;
        Ok(crate::rules::Sources { folder, ruling: None, instances })
    }

    pub(super) fn tables(&self, key: &str) -> impl Iterator<Item = &toml::Table> {
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

    /// `[[fingerprints]]`: the file of each feed and how it is read.
    pub(crate) fn fingerprints(&self) -> anyhow::Result<Vec<(PathBuf, FeedForm)>> {
        let feeds = self.tables("fingerprints").map(|table| {
            let mut keys = Keys::of(table);
            let file = PathBuf::from(keys.text("file")?.context("file: want the path of a feed")?);
            let kind = keys.text("kind")?.context("kind: want such as \"ja3\"")?;
            let kinds = || FingerprintKind::ALL.map(FingerprintKind::name).join(", ");
            let kind =
                FingerprintKind::of(kind).with_context(|| format!("kind: got {kind:?}, want one of {}", kinds()))?;
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let name = keys.text("name")?.map(str::to_owned).or(stem).unwrap_or_default();
            let (value, label) = (keys.text("value")?.map(str::to_owned), keys.text("label")?.map(str::to_owned));
            let form = FeedForm { kind, name, bad: keys.flag("bad")?, value, label };
            keys.end().map(|()| (file, form))
        });
        feeds.collect::<anyhow::Result<_>>().context("fingerprints")
    }

    /// `applications.*`.
    pub(crate) fn applications(&self) -> applications::Files {
        let file = |key| Some(self.text(key)).filter(|path| !path.is_empty()).map(PathBuf::from);
        applications::Files { services: file("applications.file"), signatures: file("applications.signatures") }
    }

    /// `enrich.*`.
    pub(crate) fn enrich(&self) -> enrichment::Settings {
        let networks = Some(self.text("enrich.networks")).filter(|path| !path.is_empty());
        enrichment::Settings {
            // They were good when the settings were read.
            fingerprints: self.fingerprints().unwrap_or_default(),
            processes: self.texts("enrich.processes").into_iter().map(PathBuf::from).collect(),
            bundles: self.bundles(),
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

/// An interface to meter.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    /// Its name.
    pub(crate) name: String,
    /// How it is opened by a thread that is alone on it.
    pub(crate) live: minamo_capture::LiveSettings,
    /// Threads that share it.
    pub(crate) threads: usize,
    /// What is metered.
    pub(crate) meter: minamo_meter::Settings,
}

/// An interface with settings of its own.
fn own(table: &toml::Table, mut common: Interface) -> anyhow::Result<Interface> {
    let mut keys = Keys::of(table);
    common.name = keys.text("name")?.context("name: want the name of an interface")?.to_owned();
    if let Some(text) = keys.text("filter")? {
        common.live.filter = Some(minamo_capture::Expression::parse(text).context("filter")?);
    }
    common.live.promiscuous = keys.flag_or("promiscuous", common.live.promiscuous)?;
    if let Some(threads) = keys.count("threads")? {
        common.threads = threads;
    }
    if let Some(max_flows) = keys.count("max_flows")? {
        common.meter.max_flows = max_flows;
    }
    for (key, length) in
        [("idle_timeout", &mut common.meter.idle_timeout), ("active_timeout", &mut common.meter.active_timeout)]
    {
        if let Some(text) = keys.text(key)? {
            let want = Kind::Timeout.want();
            *length = crate::size::parse_timeout(text).with_context(|| format!("{key}: got {text:?}, want {want}"))?;
        }
    }
    if let Some(text) = keys.text("sampling")? {
        let sampling = if text == "none" { Ok(None) } else { text.parse::<minamo_meter::Sampling>().map(Some) };
        common.meter.sampling = sampling.map_err(|error| anyhow::anyhow!("sampling: {error}"))?;
    }
    if let Some(text) = keys.text("groups")? {
        let groups = text.parse::<minamo_meter::Groups>();
        common.meter.groups = groups.map_err(|error| anyhow::anyhow!("groups: {error}"))?;
    }
    keys.end().map(|()| common)
}
