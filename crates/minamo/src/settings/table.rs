// SPDX-License-Identifier: Apache-2.0
//! The table of settings: each with type, default and meaning. The check, the sample file and the reference come from it.

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
    /// Length of time that somebody waits for, of a day at most.
    Timeout,
    /// Octets with their unit.
    Size,
    /// Whole number from 1 on.
    Count,
    /// Whole number of 16 bits.
    Seed,
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
    /// Address on the web, or none.
    Url,
    /// Keys of 32 octets in hexadecimal.
    Keys,
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
    /// Tables that name feeds of fingerprints.
    Fingerprints,
    /// Tables that say how detection rules run.
    Rules,
    /// Tables that say who is told of events.
    Actions,
    /// Tables that name feeds of threats.
    Feeds,
    /// Tables that say how much events matter.
    Perspectives,
    /// Tables that name where alerts come from.
    Alerts,
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
            Self::Timeout => "a length with a unit, of at most a day, such as \"30s\" or \"5m\"",
            Self::Size => "a size with a unit such as \"64MiB\"",
            Self::Count => "a whole number of at least 1",
            Self::Seed => "a whole number from 0 to 65535",
            Self::Flag => "true or false",
            Self::Age => "a length with a unit such as \"90d\", or \"forever\"",
            Self::Budget => "a size with a unit such as \"500GiB\", or \"unlimited\"",
            Self::Classes => "a list such as [\"voice keep 30d max 10GiB where port 5060\"]",
            Self::CaptureFilter => "a filter such as \"not port 22\", or \"\" for all frames",
            Self::File => "the path of a file, or \"\" for none",
            Self::Files => "a list of paths such as [\"/usr/share/GeoIP/GeoLite2-Country.mmdb\"]",
            Self::Url => "an address such as \"https://models.example/our.bundle\", or \"\" for none",
            Self::Keys => "a list of public keys, each of 64 hexadecimal digits as `minamo model key` prints it",
            Self::Prefixes => "a list of prefixes such as [\"192.0.2.0/24\", \"2001:db8::/32\"]",
            Self::Unknown => "\"accept\", \"ask\" or \"refuse\"",
            Self::Limit => "a whole number of at least 1, or \"unlimited\"",
            Self::Forwards => "tables [[collect.forward]] with `to` and if need be `exporters` and `keep_source`",
            Self::Exports => {
                "tables [[export]] with `url` and if need be `filter`, `template`, `sides`, `domain`, `enterprise`, `nanoseconds`, `eta`, `ca`, `certificate`, `key`, `buffer`, `buffer_size`, `keep` and `rate`"
            }
            Self::Interfaces => {
                "tables [[probe.interface]] with `name` and if need be `filter`, `threads`, `sampling`, `groups`, `idle_timeout`, `active_timeout`, `max_flows`, `promiscuous`"
            }
            Self::Sampling => "\"none\", or a method and one in how many: \"count:100\", \"random:100\", \"flow:100\"",
            Self::Columns => "\"all\", \"light\", \"none\", or names joined by commas such as \"ip,tcp,npm\"",
            Self::Ring => "a size with a unit such as \"20GiB\", or \"off\"",
            Self::Fingerprints => {
                "tables [[fingerprints]] with `file`, `kind` and if need be `name`, `bad`, `value`, `label`"
            }
            Self::Rules => {
                "tables [[rule]] with `name` and if need be `enabled`, `instance`, `only`, `severity`, `parameters`"
            }
            Self::Actions => "tables [[action]] with `name` and `kind`, and what that kind needs",
            Self::Feeds => "tables [[feed]] with `name` and `url` or `path`",
            Self::Perspectives => "tables [[perspective]] with `name` and if need be `rules`, `src`, `dst`, `severity`",
            Self::Alerts => "tables [[alerts]] with `name` and `path` or `listen`",
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
        key: "fingerprints",
        kind: Kind::Fingerprints,
        default: "[]",
        doc: "Feeds of fingerprints, CSV or JSON, read again when they change: `file`; `kind` \"ja3\", \"ja3s\", \"ja4\", \"hassh\", \"hassh_server\", \"cert_sha1\", \"cert_sha256\" or \"dhcp\"; `name` in rows; `bad` true where it lists what should not be seen; `value` and `label` for its columns. See docs/guide/visibility.md.",
    },
    Setting {
        key: "export",
        kind: Kind::Exports,
        default: "[]",
        doc: "Collectors that get flows: `url` as \"ipfix://192.0.2.9:4739\", `filter` for some flows only, `template` with nProbe's labels or names of columns, `sides` \"one\" or \"both\", `domain` the number of the observation domain, `enterprise` the number that our own elements stand under (32473 if not set, 0 for none of them), `nanoseconds` for times finer than milliseconds, `eta` for what encrypted traffic shows in Cisco's elements, `buffer` a folder for the time that the collector is away (`buffer_size`, `keep`, `rate`: as of minamo probe), `ca`, `certificate` and `key` for TLS. See docs/guide/export.md.",
    },
    Setting {
        key: "rule",
        kind: Kind::Rules,
        default: "[]",
        doc: "How detection rules run: `name`; `enabled = false` turns one off; `parameters = { ports = 300 }`, `severity`, and `only`, a condition in SQL on the flows, change it; with `instance` one rule runs several times. See docs/guide/rules.md.",
    },
    Setting {
        key: "action",
        kind: Kind::Actions,
        default: "[]",
        doc: "Who is told of new events: `name`; `kind` \"webhook\", \"slack\", \"teams\", \"syslog\", \"cef\", \"mail\" or \"script\"; where: `url` or `url_file`, `address`, `to` or `path`; which events: `severity`, `rules`, `most_a_minute`; `language` \"en\" or \"ja\", `console` for links. See docs/guide/actions.md.",
    },
    Setting {
        key: "perspective",
        kind: Kind::Perspectives,
        default: "[]",
        doc: "How much events matter: `name`, `rules`, `src` and `dst` say which events it covers, `severity` what theirs is. The first that covers an event counts. See docs/guide/rules.md.",
    },
    Setting {
        key: "alerts",
        kind: Kind::Alerts,
        default: "[]",
        doc: "Where alerts of another intrusion detection system come from, which become events: `name`, and `path` of an `eve.json` of Suricata, which is followed while it grows and is rotated, or `listen` for syslog: a port of this machine such as `\":5514\"`, or an address and port; `transport` \"udp\" or \"tcp\"; `senders`, the networks that may send. See docs/guide/rules.md.",
    },
    Setting {
        key: "feed",
        kind: Kind::Feeds,
        default: "[]",
        doc: "Lists of bad addresses and names: `name`; `url`, fetched `every` \"6h\", with the header of `header_file` where it wants one, or `path`; `hunt` \"30d\" searches the past for what is new. See docs/guide/feeds.md.",
    },
    Setting {
        key: "detect.rules",
        kind: Kind::File,
        default: "\"\"",
        doc: "Folder with detection rules of one's own, a file `NAME.sql` each; read again when it changes. One with the name of a rule that comes with the product takes its place.",
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
        key: "probe.wait",
        kind: Kind::Flag,
        default: "false",
        doc: "Wait for interfaces that are not there at the start, instead of ending. One that is removed later is waited for in any case. Not together with probe.user, as opening needs privileges.",
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
        doc: "Groups of columns that are filled; \"light\" leaves out applications, performance, the sequence of lengths and what else encrypted traffic shows, which cost the most time and memory; \"all,bd\" counts octet values too, \"full\" also keeps the first packet of each side, which has content.",
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
        key: "meter.telemetry",
        kind: Kind::Size,
        default: "\"64MiB\"",
        doc: "Memory of each thread for messages, TLS records, counts of octet values and first packets; beyond it flows go without.",
    },
    Setting {
        key: "meter.byte_octets",
        kind: Kind::Count,
        default: "4096",
        doc: "Octets of each side's payload whose values are counted, at most 65535, where probe.groups has `bd`.",
    },
    Setting {
        key: "meter.splt_packets",
        kind: Kind::Count,
        default: "50",
        doc: "Packets with data of a flow whose lengths and times are kept, and messages and TLS records of which as many, at most 200; Cisco's elements carry 50, and verdicts look at no more.",
    },
    Setting {
        key: "meter.idle_timeout",
        kind: Kind::Timeout,
        default: "\"60s\"",
        doc: "A flow without a packet for this long has ended.",
    },
    Setting {
        key: "meter.active_timeout",
        kind: Kind::Timeout,
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
        key: "eta.model",
        kind: Kind::File,
        default: "\"\"",
        doc: "Model that judges encrypted sessions, as `minamo model train` or `minamo model install` writes it; without one the program's own.",
    },
    Setting {
        key: "bundle.keys",
        kind: Kind::Keys,
        default: "[]",
        doc: "Public keys whose bundles are taken: a signed bundle has a model, fingerprints, processes and lists. Without one no bundle is used.",
    },
    Setting {
        key: "bundle.url",
        kind: Kind::Url,
        default: "\"\"",
        doc: "Address from which bundles are fetched; without one they come by `minamo model install` only.",
    },
    Setting { key: "bundle.every", kind: Kind::Length, default: "\"6h\"", doc: "How often a bundle is fetched." },
    Setting {
        key: "bundle.folder",
        kind: Kind::File,
        default: "\"\"",
        doc: "Folder of the installed bundles, of which the latest five are kept; without one `bundles` in the data folder.",
    },
    Setting {
        key: "collect.listen",
        kind: Kind::Addresses,
        default: "[]",
        doc: "UDP addresses for NetFlow v1, v5, v7, v9, IPFIX and sFlow v2, v4, v5; none by default.",
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
        doc: "File with names, sites, tags, sampling, rates, permission (`allow`) and interfaces of exporters, TOML. Read again when it changes.",
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
        key: "applications.file",
        kind: Kind::File,
        default: "\"\"",
        doc: "File with your own services by host name, a line each: pattern, service and, if you like, category. Read again when it changes; needs probe.interfaces. See docs/guide/applications.md.",
    },
    Setting {
        key: "applications.signatures",
        kind: Kind::File,
        default: "\"\"",
        doc: "File with your own signatures of applications, TOML: octets at a place, expressions, host names. Read again when it changes; needs probe.interfaces. See docs/guide/applications.md.",
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
        key: "enrich.processes",
        kind: Kind::Files,
        default: "[]",
        doc: "Tables of prevalence: which processes and families of malware have which JA3 or JA4, where they go and how often, one JSON object a line; the most trusted one first; read again when one changes.",
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
        key: "lake.community_seed",
        kind: Kind::Seed,
        default: "0",
        doc: "Seed of the column community_id; other programs give the same ids where theirs is the same.",
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
