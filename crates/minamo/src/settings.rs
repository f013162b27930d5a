// SPDX-License-Identifier: Apache-2.0
//! The configuration file: a table of settings, each with type, default and meaning, from which the check,
//! the sample file and the reference come. Text → [`Settings::parse`] (all keys known, all values good) → use.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use minamo_detect::parse_length;

use crate::enrichment;

/// Type of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Path of a folder.
    Folder,
    /// Address and port.
    Address,
    /// Addresses and ports.
    Addresses,
    /// Names.
    Names,
    /// Length of time with its unit.
    Length,
    /// Octets with their unit.
    Size,
    /// Whole number from 1 on.
    Count,
    /// Yes or no.
    Flag,
    /// Length of time, or forever.
    Age,
    /// Octets with their unit, or unlimited.
    Budget,
    /// Classes of flows, a line each.
    Classes,
    /// Path of a file, or none.
    File,
    /// Paths of files.
    Files,
    /// Filter of frames as tcpdump has them.
    CaptureFilter,
    /// Prefixes of addresses.
    Prefixes,
    /// What happens to exporters that nobody knows.
    Unknown,
    /// Whole number from 1 on, or unlimited.
    Limit,
    /// Groups of exporters' addresses, a line each.
    Groups,
    /// Tables that name other collectors for datagrams.
    Forwards,
    /// Tables that name other collectors for flows.
    Exports,
    /// Tables that name interfaces with settings of their own.
    Interfaces,
    /// A sample, or none.
    Sampling,
    /// Groups of columns that the meter fills.
    Columns,
    /// Octets with their unit, or off.
    Ring,
}

impl Kind {
    /// What a value looks like.
    pub fn want(self) -> &'static str {
        match self {
            Self::Folder => "a folder",
            Self::Address => "an address and port such as \"127.0.0.1:8470\"",
            Self::Addresses => "a list of addresses and ports such as [\"127.0.0.1:2055\"]",
            Self::Names => "a list of names such as [\"eth1\"]",
            Self::Length => "a length with a unit such as \"30s\" or \"5m\"",
            Self::Size => "a size with a unit such as \"64MiB\"",
            Self::Count => "a whole number of at least 1",
            Self::Flag => "true or false",
            Self::Age => "a length with a unit such as \"90d\", or \"forever\"",
            Self::Budget => "a size with a unit such as \"500GiB\", or \"unlimited\"",
            Self::Classes => "a list such as [\"voice keep 30d max 10GiB where port 5060\"]",
            Self::CaptureFilter => "a filter such as \"not port 22\", or \"\" for all frames",
            Self::File => "the path of a file, or \"\" for none",
            Self::Files => "a list of paths such as [\"/usr/share/GeoIP/GeoLite2-Country.mmdb\"]",
            Self::Prefixes => "a list of prefixes such as [\"192.0.2.0/24\", \"2001:db8::/32\"]",
            Self::Unknown => "\"accept\", \"ask\" or \"refuse\"",
            Self::Limit => "a whole number of at least 1, or \"unlimited\"",
            Self::Forwards => "tables [[collect.forward]] with `to` and if need be `exporters` and `keep_source`",
            Self::Interfaces => {
                "tables [[probe.interface]] with `name` and if need be `filter`, `threads`, `sampling`, `groups`, `idle_timeout`, `active_timeout`, `max_flows`, `promiscuous`"
            }
            Self::Sampling => "\"none\", or a method and one in how many: \"count:100\", \"random:100\", \"flow:100\"",
            Self::Columns => "\"all\", \"light\", \"none\", or names joined by commas such as \"ip,tcp,npm\"",
            Self::Ring => "a size with a unit such as \"20GiB\", or \"off\"",
            Self::Exports => "tables [[export]] with `url` and if need be `template` and `sides`",
            Self::Groups => "a list of groups of addresses such as [\"192.0.2.1 192.0.2.2\"]",
        }
    }
}

/// A row of the table of settings.
pub struct Setting {
    /// Key: table and name.
    pub key: &'static str,
    /// Type.
    pub kind: Kind,
    /// Default, as written in the file.
    pub default: &'static str,
    /// Meaning.
    pub doc: &'static str,
}

/// Every setting.
pub static SETTINGS: &[Setting] = &[
    Setting {
        key: "export",
        kind: Kind::Exports,
        default: "[]",
        doc: "Collectors that get all flows: `url` as \"ipfix://192.0.2.9:4739\", `template` with nProbe's labels or names of columns, `sides` \"one\" or \"both\". See docs/guide/export.md.",
    },
    Setting {
        key: "data.folder",
        kind: Kind::Folder,
        default: "\"/var/lib/minamo\"",
        doc: "Where the lake and the state are kept.",
    },
    Setting {
        key: "server.listen",
        kind: Kind::Address,
        default: "\"127.0.0.1:8470\"",
        doc: "Address of the console and the API. Put a proxy with TLS in front before you open it to a network.",
    },
    Setting {
        key: "probe.interfaces",
        kind: Kind::Names,
        default: "[]",
        doc: "Interfaces to meter; none by default. Needs CAP_NET_RAW.",
    },
    Setting {
        key: "probe.promiscuous",
        kind: Kind::Flag,
        default: "true",
        doc: "See all frames of a mirror port, not only our own.",
    },
    Setting {
        key: "probe.filter",
        kind: Kind::CaptureFilter,
        default: "\"\"",
        doc: "Frames that are metered, in the language of tcpdump; the kernel drops the others.",
    },
    Setting {
        key: "probe.threads",
        kind: Kind::Count,
        default: "1",
        doc: "Threads that meter each interface; they share its conversations, and each may hold meter.max_flows.",
    },
    Setting {
        key: "probe.ring",
        kind: Kind::Size,
        default: "\"64MiB\"",
        doc: "Memory of each thread in which frames wait to be metered; the kernel drops what does not fit. A second of a busy line is enough.",
    },
    Setting {
        key: "probe.interface",
        kind: Kind::Interfaces,
        default: "[]",
        doc: "Interfaces to meter that have settings of their own: `name`, and any of `filter`, `threads`, `sampling`, `groups`, `idle_timeout`, `active_timeout`, `max_flows`, `promiscuous`; the rest is as for the others.",
    },
    Setting {
        key: "probe.sampling",
        kind: Kind::Sampling,
        default: "\"none\"",
        doc: "Meter a part of the traffic, for lines that are too fast: every Nth packet, each packet with probability 1/N, or all packets of one flow in N. Rows say so, and sums are scaled.",
    },
    Setting {
        key: "probe.groups",
        kind: Kind::Columns,
        default: "\"all\"",
        doc: "Groups of columns that are filled; \"light\" leaves out applications, performance and the sequence of lengths, which cost the most time and memory.",
    },
    Setting {
        key: "probe.hardware_times",
        kind: Kind::Flag,
        default: "false",
        doc: "Have the card stamp the packets it receives, for every program that looks at it; where it cannot the kernel's times are used.",
    },
    Setting {
        key: "probe.user",
        kind: Kind::File,
        default: "\"\"",
        doc: "User that the program runs as once interfaces and ports are open, by name; it must own data.folder. Without one the program stays who it is.",
    },
    Setting {
        key: "recorder.size",
        kind: Kind::Ring,
        default: "\"off\"",
        doc: "Keep the packets of the probe's interfaces in a ring of this size on disk, to cut those of a flow out of it later. Packets have content: mind who may read it.",
    },
    Setting {
        key: "recorder.folder",
        kind: Kind::File,
        default: "\"\"",
        doc: "Where packets are kept; without one in `packets` of data.folder. For the program's user only.",
    },
    Setting {
        key: "recorder.packet_bytes",
        kind: Kind::Size,
        default: "\"64KiB\"",
        doc: "Octets of each packet that are kept; \"128B\" keeps headers and next to no content.",
    },
    Setting {
        key: "meter.held",
        kind: Kind::Size,
        default: "\"64MiB\"",
        doc: "Memory of each thread for TCP segments that came early; beyond it gaps are not waited for.",
    },
    Setting {
        key: "meter.idle_timeout",
        kind: Kind::Length,
        default: "\"60s\"",
        doc: "A flow without a packet for this long has ended.",
    },
    Setting {
        key: "meter.active_timeout",
        kind: Kind::Length,
        default: "\"5m\"",
        doc: "A flow that lasts longer is reported in parts of this length.",
    },
    Setting {
        key: "meter.max_flows",
        kind: Kind::Count,
        default: "400000",
        doc: "Most flows at a time per interface; beyond it the one idle for longest is reported early, in a flood of SYNs the oldest of those. A flow takes about 1 KiB, a third of it where probe.groups is \"light\".",
    },
    Setting {
        key: "collect.listen",
        kind: Kind::Addresses,
        default: "[]",
        doc: "UDP addresses for NetFlow v1, v5, v7, v9, IPFIX and sFlow v5; none by default.",
    },
    Setting {
        key: "collect.elements",
        kind: Kind::File,
        default: "\"\"",
        doc: "File with information elements of one's own exporters, TOML: names, types and columns.",
    },
    Setting {
        key: "collect.tcp",
        kind: Kind::Addresses,
        default: "[]",
        doc: "TCP addresses for IPFIX; none by default.",
    },
    Setting {
        key: "collect.tls",
        kind: Kind::Addresses,
        default: "[]",
        doc: "TCP addresses for IPFIX over TLS; none by default.",
    },
    Setting {
        key: "collect.tls_certificate",
        kind: Kind::File,
        default: "\"\"",
        doc: "Our certificate with what leads to its authority, PEM.",
    },
    Setting { key: "collect.tls_key", kind: Kind::File, default: "\"\"", doc: "Its private key, PEM." },
    Setting {
        key: "collect.tls_client_authority",
        kind: Kind::File,
        default: "\"\"",
        doc: "Authorities of the exporters' certificates, PEM; with it only exporters with such a certificate are let in.",
    },
    Setting {
        key: "collect.connections",
        kind: Kind::Count,
        default: "64",
        doc: "TCP and TLS connections at a time; more are turned away.",
    },
    Setting {
        key: "collect.sockets",
        kind: Kind::Count,
        default: "1",
        doc: "UDP sockets per address. More let the kernel spread exporters over several receiving threads.",
    },
    Setting {
        key: "collect.decoders",
        kind: Kind::Count,
        default: "1",
        doc: "Threads that decode; each exporter belongs to one. One decodes some millions of records a second and core.",
    },
    Setting {
        key: "collect.receive_buffer",
        kind: Kind::Size,
        default: "\"32MiB\"",
        doc: "Datagrams that the kernel holds for each socket; above `sysctl net.core.rmem_max` it grants less, and the log says so.",
    },
    Setting {
        key: "collect.queue",
        kind: Kind::Size,
        default: "\"64MiB\"",
        doc: "Datagrams that wait for each decoder; beyond it they are dropped and counted.",
    },
    Setting {
        key: "collect.batch_age",
        kind: Kind::Length,
        default: "\"1s\"",
        doc: "Rows wait no longer than this until they are stored.",
    },
    Setting {
        key: "collect.save_delay",
        kind: Kind::Length,
        default: "\"2s\"",
        doc: "Templates and options are saved this long after they changed, so that nothing is lost by a restart.",
    },
    Setting {
        key: "collect.template_age",
        kind: Kind::Length,
        default: "\"24h\"",
        doc: "A template that was neither sent again nor used for this long is forgotten.",
    },
    Setting {
        key: "collect.parked_per_exporter",
        kind: Kind::Size,
        default: "\"1MiB\"",
        doc: "Data of one exporter that waits for its template.",
    },
    Setting {
        key: "collect.parked",
        kind: Kind::Size,
        default: "\"64MiB\"",
        doc: "Data of all exporters that waits for its template.",
    },
    Setting {
        key: "collect.parked_age",
        kind: Kind::Length,
        default: "\"35m\"",
        doc: "How long data waits for its template.",
    },
    Setting {
        key: "collect.unknown",
        kind: Kind::Unknown,
        default: "\"accept\"",
        doc: "Exporters that are neither allowed nor denied: accept their records, ask on the page of exporters first, or refuse them. They are shown in any case.",
    },
    Setting {
        key: "collect.allow",
        kind: Kind::Prefixes,
        default: "[]",
        doc: "Exporters that are allowed; people allow and deny others on the page of exporters.",
    },
    Setting {
        key: "collect.exporter_rate",
        kind: Kind::Limit,
        default: "\"unlimited\"",
        doc: "Records a second that one exporter may bring; more are dropped and counted.",
    },
    Setting {
        key: "collect.max_exporters",
        kind: Kind::Count,
        default: "16384",
        doc: "Exporters that are remembered at a time; beyond it those silent for longest are forgotten.",
    },
    Setting {
        key: "collect.exporters",
        kind: Kind::File,
        default: "\"\"",
        doc: "File with names, sites, tags, sampling, rates and interfaces of exporters, TOML.",
    },
    Setting {
        key: "collect.forward",
        kind: Kind::Forwards,
        default: "[]",
        doc: "Collectors that get the datagrams as they came: `to` as \"192.0.2.9:2055\", `exporters` as [\"198.51.100.0/24\"] for some only, `keep_source` for the exporter's own address as the source (needs CAP_NET_RAW).",
    },
    Setting {
        key: "collect.pair",
        kind: Kind::Flag,
        default: "true",
        doc: "Join the two one-sided records of a conversation to one row; records of both directions pass as they are.",
    },
    Setting {
        key: "collect.pair_wait",
        kind: Kind::Length,
        default: "\"10s\"",
        doc: "How long a one-sided record waits for the other direction before it is stored as it came, and the longest silence between the two. The active timeout of your exporters added finds the most pairs; one-sided flows are seen later by as much.",
    },
    Setting {
        key: "collect.pair_max",
        kind: Kind::Count,
        default: "500000",
        doc: "Most records that wait for the other direction, about 500 bytes each; beyond it the oldest are stored as they came.",
    },
    Setting {
        key: "collect.pair_groups",
        kind: Kind::Groups,
        default: "[]",
        doc: "Exporters that see one direction each of the same conversations, a group a line: their records pair with each other's. An exporter alone in a group pairs across its observation domains.",
    },
    Setting {
        key: "collect.duplicates",
        kind: Kind::Flag,
        default: "true",
        doc: "Mark rows of flows that another exporter tells as well (`duplicate_of`), so that totals count them once.",
    },
    Setting {
        key: "collect.duplicate_window",
        kind: Kind::Length,
        default: "\"5m\"",
        doc: "How long a conversation is remembered after its last row for marking other exporters' rows: at least the longest active timeout of your exporters.",
    },
    Setting {
        key: "collect.duplicate_max",
        kind: Kind::Count,
        default: "500000",
        doc: "Most conversations that are remembered for marking, about 250 bytes each.",
    },
    Setting {
        key: "enrich.networks",
        kind: Kind::File,
        default: "\"\"",
        doc: "File with the names and tags of networks, TOML or CSV; read again when it changes.",
    },
    Setting {
        key: "enrich.mmdb",
        kind: Kind::Files,
        default: "[]",
        doc: "Databases of countries, cities and autonomous systems in the MaxMind DB format, the most trusted one first; read again when one changes.",
    },
    Setting {
        key: "enrich.dns_names",
        kind: Kind::Flag,
        default: "true",
        doc: "Name addresses by the DNS answers that were seen.",
    },
    Setting {
        key: "enrich.dns_names_max",
        kind: Kind::Count,
        default: "200000",
        doc: "Most names in memory, by address and who asked, about 150 bytes each; beyond it those not used for longest are forgotten.",
    },
    Setting {
        key: "lake.seal_rows",
        kind: Kind::Count,
        default: "524288",
        doc: "Rows in memory that are written to a segment together.",
    },
    Setting {
        key: "lake.seal_after",
        kind: Kind::Length,
        default: "\"5m\"",
        doc: "Rows are written to a segment after this time even where they are few.",
    },
    Setting {
        key: "lake.keep",
        kind: Kind::Age,
        default: "\"forever\"",
        doc: "Flows are deleted at this age, by whole segments.",
    },
    Setting {
        key: "lake.keep_events",
        kind: Kind::Age,
        default: "\"forever\"",
        doc: "Events are deleted at this age.",
    },
    Setting {
        key: "lake.keep_rollups",
        kind: Kind::Age,
        default: "\"forever\"",
        doc: "Rollups of profiles are deleted at this age; they are small and may outlive the flows.",
    },
    Setting {
        key: "lake.max_size",
        kind: Kind::Budget,
        default: "\"unlimited\"",
        doc: "Flows on disk take no more than this: the oldest go.",
    },
    Setting {
        key: "lake.min_free",
        kind: Kind::Size,
        default: "\"1GiB\"",
        doc: "Space of the disk that stays free: the oldest flows go. Below half of it nothing more is taken.",
    },
    Setting {
        key: "lake.classes",
        kind: Kind::Classes,
        default: "[]",
        doc: "Flows that are kept differently, the first that fits counts: [\"voice keep 30d max 10GiB where port 5060\"].",
    },
    Setting {
        key: "lake.query_memory",
        kind: Kind::Size,
        default: "\"1GiB\"",
        doc: "Memory that one query may use before it spills to disk.",
    },
    Setting {
        key: "lake.query_time",
        kind: Kind::Length,
        default: "\"60s\"",
        doc: "Time after which a query is stopped.",
    },
    Setting {
        key: "lake.query_spill",
        kind: Kind::Size,
        default: "\"16GiB\"",
        doc: "Space on the disk that all queries together may use for what does not fit into memory.",
    },
    Setting {
        key: "lake.query_slots",
        kind: Kind::Count,
        default: "8",
        doc: "Queries that run at the same time; users take turns.",
    },
    Setting {
        key: "lake.query_queue",
        kind: Kind::Count,
        default: "256",
        doc: "Queries that may wait for their turn; what comes then is refused.",
    },
];

/// Checked settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    values: BTreeMap<&'static str, toml::Value>,
}

impl Settings {
    /// The settings of a file; the defaults without one.
    pub(crate) fn load(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Self::parse("") };
        let text = std::fs::read_to_string(path).with_context(|| format!("configuration {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("configuration {}", path.display()))
    }

    /// The settings of a text. Unknown keys and bad values are errors that name the key.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let file: toml::Table =
            text.parse().map_err(|e: toml::de::Error| anyhow::anyhow!("{}", e.to_string().trim_end()))?;
        let mut given = BTreeMap::new();
        for (table, keys) in file {
            if keys.is_array() {
                given.insert(table, keys);
                continue;
            }
            let toml::Value::Table(keys) = keys else { bail!("{table}: want a table [{table}]") };
            given.extend(keys.into_iter().map(|(name, value)| (format!("{table}.{name}"), value)));
        }
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let value = match given.remove(setting.key) {
                Some(value) => value,
                None => default(setting)?,
            };
            if !fits(setting.kind, &value) {
                bail!("{}: got {value}, want {}", setting.key, setting.kind.want());
            }
            values.insert(setting.key, value);
        }
        if let Some(key) = given.keys().next() {
            bail!("{key}: no such setting; `minamo check-config` prints those that are");
        }
        let settings = Self { values };
        settings.lake()?;
        settings.collect()?;
        settings.forwards()?;
        settings.exports()?;
        settings.probed()?;
        Ok(settings)
    }

    /// The settings in force, as a file with the meaning of each.
    pub(crate) fn describe(&self) -> String {
        let mut out = String::new();
        let mut table = "";
        for setting in SETTINGS {
            let (group, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
            if group != table {
                out.push_str(&format!("{}[{group}]\n", if table.is_empty() { "" } else { "\n" }));
                table = group;
            }
            let value = self.values.get(setting.key).map(toml::Value::to_string).unwrap_or_default();
            out.push_str(&format!("# {} Default: {}\n{name} = {value}\n", setting.doc, setting.default));
        }
        out
    }

    fn text(&self, key: &str) -> &str {
        self.values.get(key).and_then(toml::Value::as_str).unwrap_or_default()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let list = self.values.get(key).and_then(toml::Value::as_array);
        list.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    fn length(&self, key: &str) -> Duration {
        parse_length(self.text(key)).unwrap_or_default()
    }

    fn flag(&self, key: &str) -> bool {
        self.values.get(key).and_then(toml::Value::as_bool).unwrap_or(true)
    }

    fn count(&self, key: &str) -> usize {
        let value = self.values.get(key).and_then(toml::Value::as_integer);
        value.and_then(|n| usize::try_from(n).ok()).unwrap_or_default()
    }

    /// `data.folder`.
    pub(crate) fn folder(&self) -> PathBuf {
        self.text("data.folder").into()
    }

    /// `server.listen`.
    pub(crate) fn listen(&self) -> anyhow::Result<SocketAddr> {
        self.text("server.listen").parse().context("server.listen")
    }

    /// `probe.interfaces` and `probe.interface`: the interfaces to meter, each with its settings.
    pub(crate) fn probed(&self) -> anyhow::Result<Vec<Interface>> {
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
        })
    }

    /// `probe.hardware_times`.
    pub(crate) fn hardware_times(&self) -> bool {
        self.flag("probe.hardware_times")
    }

    /// `meter.*`.
    pub(crate) fn meter(&self) -> minamo_meter::Settings {
        minamo_meter::Settings {
            idle_timeout: self.length("meter.idle_timeout"),
            active_timeout: self.length("meter.active_timeout"),
            max_flows: self.count("meter.max_flows"),
            held_bytes: self.size("meter.held"),
            sampling: self.text("probe.sampling").parse::<minamo_meter::Sampling>().ok(),
            groups: self.text("probe.groups").parse().unwrap_or(minamo_meter::Groups::ALL),
            ..Default::default()
        }
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
    if let Some(promiscuous) = keys.given_flag("promiscuous")? {
        common.live.promiscuous = promiscuous;
    }
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
            let want = Kind::Length.want();
            *length = parse_length(text).with_context(|| format!("{key}: got {text:?}, want {want}"))?;
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

/// The keys of a table in a list, each asked for once.
struct Keys<'a> {
    table: &'a toml::Table,
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    fn of(table: &'a toml::Table) -> Self {
        Self { table, known: Vec::new() }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a toml::Value> {
        self.known.push(key);
        self.table.get(key)
    }

    fn text(&mut self, key: &'static str) -> anyhow::Result<Option<&'a str>> {
        let value = self.value(key);
        value.map(|value| value.as_str().with_context(|| format!("{key}: got {value}, want a text"))).transpose()
    }

    fn texts(&mut self, key: &'static str) -> anyhow::Result<Vec<&'a str>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|list| list.iter().map(toml::Value::as_str).collect());
        texts.with_context(|| format!("{key}: got {value}, want a list of texts"))
    }

    fn flag(&mut self, key: &'static str) -> anyhow::Result<bool> {
        Ok(self.given_flag(key)?.unwrap_or(false))
    }

    fn given_flag(&mut self, key: &'static str) -> anyhow::Result<Option<bool>> {
        let value = self.value(key);
        value
            .map(|value| value.as_bool().with_context(|| format!("{key}: got {value}, want true or false")))
            .transpose()
    }

    fn count(&mut self, key: &'static str) -> anyhow::Result<Option<usize>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let count = value.as_integer().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        count.map(Some).with_context(|| format!("{key}: got {value}, want {}", Kind::Count.want()))
    }

    /// An error for a key that nobody asked for.
    fn end(self) -> anyhow::Result<()> {
        match self.table.keys().find(|key| !self.known.contains(&key.as_str())) {
            Some(key) => bail!("{key}: no such key; want one of {}", self.known.join(", ")),
            None => Ok(()),
        }
    }
}

const FOREVER: &str = "forever";
const UNLIMITED: &str = "unlimited";

/// A class of flows: `NAME [keep LENGTH] [max SIZE] where FILTER`.
fn class(text: &str) -> anyhow::Result<minamo_store::Class> {
    let (head, filter) = text.split_once(" where ").context("want `where` and a filter")?;
    let filter = minamo_filter::parse(filter).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut words = head.split_whitespace();
    let name = words.next().context("want a name")?.to_owned();
    let mut class = minamo_store::Class { name, filter, keep: None, max_bytes: None };
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        match word {
            "keep" => class.keep = Some(parse_length(value).with_context(|| format!("keep {value:?}: want 30d"))?),
            "max" => {
                class.max_bytes = Some(parse_size(value).with_context(|| format!("max {value:?}: want 10GiB"))? as u64);
            }
            other => bail!("got {other:?}, want `keep`, `max` or `where`"),
        }
    }
    Ok(class)
}

fn default(setting: &Setting) -> anyhow::Result<toml::Value> {
    let line = format!("v = {}", setting.default);
    let mut table: toml::Table = line.parse().with_context(|| format!("default of {}", setting.key))?;
    table.remove("v").context("a default")
}

fn fits(kind: Kind, value: &toml::Value) -> bool {
    let text = value.as_str();
    let list = value.as_array();
    let all = |good: fn(&str) -> bool| list.is_some_and(|l| l.iter().all(|v| v.as_str().is_some_and(good)));
    let is_address = |text: &str| text.parse::<SocketAddr>().is_ok();
    match kind {
        Kind::Folder => text.is_some_and(|t| !t.is_empty()),
        Kind::Address => text.is_some_and(is_address),
        Kind::Addresses => all(is_address),
        Kind::Names => all(|name| !name.is_empty()),
        Kind::Length => text.is_some_and(|t| parse_length(t).is_some()),
        Kind::Size => text.is_some_and(|t| parse_size(t).is_some()),
        Kind::Count => value.as_integer().is_some_and(|n| n >= 1 && usize::try_from(n).is_ok()),
        Kind::Flag => value.is_bool(),
        Kind::Age => text.is_some_and(|t| t == FOREVER || parse_length(t).is_some()),
        Kind::Budget => text.is_some_and(|t| t == UNLIMITED || parse_size(t).is_some()),
        Kind::Classes => list.is_some_and(|l| l.iter().all(toml::Value::is_str)),
        Kind::CaptureFilter => text.is_some_and(|t| minamo_capture::Expression::parse(t).is_ok()),
        Kind::File => text.is_some(),
        Kind::Files => all(|path| !path.is_empty()),
        Kind::Prefixes => all(|text| text.parse::<minamo_base::Prefix>().is_ok()),
        Kind::Unknown => text.is_some_and(|text| unknown(text).is_some()),
        Kind::Sampling => text.is_some_and(|t| t == "none" || t.parse::<minamo_meter::Sampling>().is_ok()),
        Kind::Columns => text.is_some_and(|t| t.parse::<minamo_meter::Groups>().is_ok()),
        Kind::Ring => text.is_some_and(|t| t == "off" || parse_size(t).is_some()),
        Kind::Forwards | Kind::Exports | Kind::Interfaces => list.is_some_and(|l| l.iter().all(toml::Value::is_table)),
        Kind::Groups => all(|group| addresses(group).is_some_and(|group| !group.is_empty())),
        Kind::Limit => {
            text == Some(UNLIMITED) || value.as_integer().is_some_and(|n| u32::try_from(n).is_ok_and(|n| n > 0))
        }
    }
}

/// The word of `collect.unknown`.
fn unknown(text: &str) -> Option<minamo_collect::Unknown> {
    match text {
        "accept" => Some(minamo_collect::Unknown::Accept),
        "ask" => Some(minamo_collect::Unknown::Ask),
        "refuse" => Some(minamo_collect::Unknown::Refuse),
        _ => None,
    }
}

/// Addresses with spaces between them.
fn addresses(text: &str) -> Option<Vec<minamo_base::Ip>> {
    text.split_whitespace().map(|address| address.parse().ok()).collect()
}

/// Octets of a size such as `64MiB`.
fn parse_size(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..)? {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit).filter(|size| *size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", Settings::parse(text).expect_err("must be refused"))
    }

    #[test]
    fn defaults_are_good_and_describe_themselves() {
        let settings = Settings::parse("").expect("defaults");
        let text = settings.describe();
        let again = Settings::parse(&text).expect("its own description");
        assert_eq!(settings.values, again.values);
        assert_eq!(settings.meter(), minamo_meter::Settings::default());
        let none = minamo_collect::Settings { listen: Vec::new(), ..Default::default() };
        assert_eq!(settings.collect().expect("defaults"), none);
        assert_eq!(settings.enrich().enricher, minamo_enrich::Settings::default());
        assert_eq!((settings.enrich().networks, settings.enrich().databases.len()), (None, 0));
        assert!(settings.listen().expect("an address").ip().is_loopback());
        assert_eq!(settings.pairing(), Some(minamo_pair::PairSettings::default()));
        assert_eq!(settings.duplicates(), Some(minamo_pair::DuplicateSettings::default()));
    }

    #[test]
    fn errors_name_the_setting() {
        assert_eq!(
            error("[server]\nlisten = \"everywhere\""),
            "server.listen: got \"everywhere\", want an address and port such as \"127.0.0.1:8470\""
        );
        assert_eq!(
            error("[meter]\nidle_timeout = 60"),
            "meter.idle_timeout: got 60, want a length with a unit such as \"30s\" or \"5m\""
        );
        assert_eq!(
            error("[meter]\nidle = \"1s\""),
            "meter.idle: no such setting; `minamo check-config` prints those that are"
        );
        assert_eq!(
            error("[collect]\nunknown = \"maybe\""),
            "collect.unknown: got \"maybe\", want \"accept\", \"ask\" or \"refuse\""
        );
        assert!(error("[collect]\nallow = [\"10.0.0.0/33\"]").starts_with("collect.allow: got"));
        assert!(error("[collect]\nqueue = 5").contains("want a size with a unit"));
        assert!(error("[collect]\nexporter_rate = 0").contains("or \"unlimited\""));
        assert!(error("[collect]\ntls = [\"127.0.0.1:4740\"]").contains("collect.tls_certificate"));
        assert!(error("[collect]\nexporters = \"/nowhere\"").starts_with("collect.exporters: /nowhere"));
        assert!(error("[meter\n").contains("line 1"));
        assert_eq!(error("meter = 1"), "meter: want a table [meter]");
    }

    #[test]
    fn classes_are_lines() {
        let read = |text: &str| Settings::parse(&format!("[lake]\nclasses = [{text:?}]")).and_then(|s| s.lake());
        let class = read("voice keep 30d max 10GiB where port 5060").expect("good").classes.remove(0);
        assert_eq!((class.name.as_str(), class.max_bytes), ("voice", Some(10 << 30)));
        assert_eq!(class.keep, Some(Duration::from_secs(30 * 86_400)));
        let error = |text: &str| format!("{:#}", read(text).expect_err("bad"));
        assert!(error("voice keep 30d").contains("want `where` and a filter"));
        assert!(error("voice keep x where port 1").contains("lake.classes: \"voice keep x where port 1\": keep \"x\""));
        assert!(error("voice where portt 1").contains("portt"));
    }

    #[test]
    fn other_collectors_are_tables() {
        let text = "[[collect.forward]]\nto = \"192.0.2.9:2055\"\nexporters = [\"198.51.100.0/24\"]\nkeep_source = true\n\
            [[export]]\nurl = \"netflow9://192.0.2.8:9995\"\ntemplate = \"%IN_BYTES src_ip\"\nsides = \"both\"\n";
        let settings = Settings::parse(text).expect("good");
        let forward = settings.forwards().expect("checked").remove(0);
        assert!(forward.keep_source && forward.exporters.len() == 1 && forward.to.port() == 2055);
        let export = settings.exports().expect("checked").remove(0);
        assert!(export.biflow && export.template.is_some_and(|template| template.columns().len() == 2));
        let again = Settings::parse(&settings.describe()).expect("its own description");
        assert_eq!(settings.values, again.values);
        assert_eq!(
            error("[[collect.forward]]\nto = \"192.0.2.9:2055\"\nfrom = 1"),
            "collect.forward: from: no such key; want one of to, exporters, keep_source"
        );
        assert!(
            error("[[export]]\nurl = \"ipfix://192.0.2.9:1\"\ntemplate = \"%NO\"")
                .starts_with("export: template: \"%NO\"")
        );
        let own = "[collect]\nlisten = [\"127.0.0.1:2055\"]\nforward = [{ to = \"127.0.0.1:2055\" }]";
        assert!(error(own).contains("our own address"), "{}", error(own));
    }

    #[test]
    fn interfaces_can_have_settings_of_their_own() {
        let text = "[probe]\ninterfaces = [\"eth1\", \"eth2\"]\nsampling = \"count:10\"\nthreads = 2\n\
            [[probe.interface]]\nname = \"eth2\"\nsampling = \"none\"\ngroups = \"ip,tcp\"\nidle_timeout = \"5s\"\nthreads = 1\n";
        let settings = Settings::parse(text).expect("good");
        let probed = settings.probed().expect("checked");
        let told: Vec<_> =
            probed.iter().map(|of| (of.name.as_str(), of.threads, of.meter.sampling.is_some())).collect();
        assert_eq!(told, [("eth1", 2, true), ("eth2", 1, false)]);
        assert_eq!((probed[1].meter.idle_timeout, probed[1].meter.groups.app), (Duration::from_secs(5), false));
        let again = Settings::parse(&settings.describe()).expect("its own description");
        assert_eq!(settings.values, again.values);
        assert!(error("[[probe.interface]]\nthreads = 1").starts_with("probe.interface: name: want"));
        assert!(error("[[probe.interface]]\nname = \"a\"\nspeed = 1").contains("speed: no such key"));
        assert!(error("[[probe.interface]]\nname = \"a\"\nsampling = \"7\"").contains("sampling: got \"7\""));
        assert!(error("[probe]\nsampling = \"7\"").contains("\"random:100\""));
    }

    #[test]
    fn packets_are_kept_where_a_size_says_so() {
        assert_eq!(Settings::parse("").expect("defaults").recorder(Path::new("/data"), 1), None);
        let settings = Settings::parse("[recorder]\nsize = \"20GiB\"\npacket_bytes = \"128B\"").expect("good");
        let recorder = settings.recorder(Path::new("/data"), 3).expect("on");
        assert_eq!((recorder.folder, recorder.budget), (PathBuf::from("/data/packets"), 20 << 30));
        assert_eq!((recorder.packet_bytes, recorder.recorders), (128, 3));
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("64MiB"), Some(64 << 20));
        assert_eq!([parse_size("64"), parse_size("MiB"), parse_size("0B")], [None; 3]);
    }
}
