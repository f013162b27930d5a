// SPDX-License-Identifier: Apache-2.0
//! The words of the language that are not columns: what each means and its help text.

use minamo_model::Table;

use crate::ast::Measure;

/// A word that can start a test.
pub(crate) struct Keyword {
    /// As it is typed, lower case.
    pub(crate) word: &'static str,
    /// What it stands for.
    pub(crate) meaning: Meaning,
    /// Help, in English.
    pub(crate) doc: &'static str,
    /// Help, in Japanese.
    pub(crate) doc_ja: &'static str,
}

/// What a keyword stands for. Names are names of columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meaning {
    /// Every row.
    Any,
    /// The tag of the following name.
    Tag,
    /// The side that the following word is about.
    Side(Side),
    /// The direction that the following property is about: what came in, or what went out.
    Way(Side),
    /// A property that both sides have.
    Pair(&'static str, &'static str),
    /// A number computed from several columns.
    Measure(Measure),
    /// A column under a short name.
    Column(&'static str),
    /// Columns under names of two words: the second word of each, and the column.
    Second(&'static [(&'static str, &'static str)]),
    /// A word of nfdump for something that rows have no column for yet; of that name it would be.
    Lacking(&'static str),
    /// What counts the rows of a group: a condition on groups knows it, a filter does not.
    OfGroups,
    /// IPv4 (true) or IPv6.
    Family(bool),
    /// A column of ICMP messages.
    Icmp(&'static str),
}

/// Words of nfdump for the values of a text column: column, word, and the pattern of what stands in rows (RFC 8158
/// §4.3 for translations, Cisco NSEL for firewalls).
pub(crate) static VALUES: &[(&str, &str, &str)] = &[
    ("firewall_event", "create", "created"),
    ("firewall_event", "delete", "deleted"),
    ("firewall_event", "term", "deleted"),
    ("firewall_event", "deny", "denied"),
    ("firewall_event", "ignore", "ignored"),
    ("nat_event", "add", "*create"),
    ("nat_event", "create", "*create"),
    ("nat_event", "delete", "*delete"),
];

/// A side of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that began.
    Src,
    /// The one that answered.
    Dst,
}

const fn keyword(word: &'static str, meaning: Meaning, doc: &'static str, doc_ja: &'static str) -> Keyword {
    Keyword { word, meaning, doc, doc_ja }
}

/// The words that can start a test.
pub(crate) static KEYWORDS: &[Keyword] = &[
    keyword("ip", Meaning::Pair("src_ip", "dst_ip"), "Address of either side", "いずれかの側のアドレス"),
    keyword("port", Meaning::Pair("src_port", "dst_port"), "Port of either side", "いずれかの側のポート"),
    keyword(
        "net",
        Meaning::Pair("src_ip", "dst_ip"),
        "Network of either side: net 192.0.2.0/24",
        "いずれかの側のネットワーク",
    ),
    keyword("host", Meaning::Pair("src_ip", "dst_ip"), "Address of either side", "いずれかの側のアドレス"),
    keyword("src", Meaning::Side(Side::Src), "The side that began: src ip, src port", "開始側：src ip、src port"),
    keyword("dst", Meaning::Side(Side::Dst), "The side that answered: dst ip, dst port", "応答側：dst ip、dst port"),
    keyword("proto", Meaning::Column("proto"), "IP protocol by name or number", "IP プロトコル（名前または番号）"),
    keyword(
        "flags",
        Meaning::Pair("tcp_src_flags", "tcp_dst_flags"),
        "TCP flags of either side: flags S",
        "TCP フラグ：flags S",
    ),
    keyword("bytes", Meaning::Measure(Measure::Bytes), "Octets of both sides", "両側のオクテット数"),
    keyword("packets", Meaning::Measure(Measure::Packets), "Packets of both sides", "両側のパケット数"),
    keyword(
        "duration",
        Meaning::Measure(Measure::Duration),
        "Length in ms, or with unit: 10s",
        "長さ（ms、または 10s など）",
    ),
    keyword("pps", Meaning::Measure(Measure::Pps), "Packets per second", "毎秒のパケット数"),
    keyword("bps", Meaning::Measure(Measure::Bps), "Bits per second", "毎秒のビット数"),
    keyword("bpp", Meaning::Measure(Measure::Bpp), "Octets per packet", "1 パケットあたりのオクテット数"),
    keyword(
        "as",
        Meaning::Pair("exporter_src_as", "exporter_dst_as"),
        "AS number of either side",
        "いずれかの側の AS 番号",
    ),
    keyword(
        "mac",
        Meaning::Pair("l2_src_mac", "l2_dst_mac"),
        "MAC address of either side",
        "いずれかの側の MAC アドレス",
    ),
    keyword("vlan", Meaning::Column("l2_vlan"), "Outermost VLAN id", "最も外側の VLAN ID"),
    keyword(
        "if",
        Meaning::Pair("exporter_in_if", "exporter_out_if"),
        "Interface, in or out",
        "入力または出力インターフェース",
    ),
    keyword(
        "in",
        Meaning::Way(Side::Src),
        "What came in: in if 3, in bytes > 1M, in src mac …",
        "入力側：in if 3、in bytes > 1M、in src mac …",
    ),
    keyword(
        "out",
        Meaning::Way(Side::Dst),
        "What went out: out if 3, out bytes > 1M, out dst mac …",
        "出力側：out if 3、out bytes > 1M、out dst mac …",
    ),
    keyword("tos", Meaning::Pair("ip_src_tos", "ip_dst_tos"), "Type of service of either side", "いずれかの側の TOS"),
    keyword("ttl", Meaning::Pair("ip_src_ttl", "ip_dst_ttl"), "TTL of either side", "いずれかの側の TTL"),
    keyword(
        "mask",
        Meaning::Pair("exporter_src_mask", "exporter_dst_mask"),
        "Prefix length of the route",
        "経路のプレフィックス長",
    ),
    keyword("icmp-type", Meaning::Icmp("icmp_kind"), "Type of ICMP messages", "ICMP のタイプ"),
    keyword("icmp-code", Meaning::Icmp("icmp_code"), "Code of ICMP messages", "ICMP のコード"),
    keyword("inet", Meaning::Family(true), "IPv4", "IPv4"),
    keyword("ipv4", Meaning::Family(true), "IPv4", "IPv4"),
    keyword("inet6", Meaning::Family(false), "IPv6", "IPv6"),
    keyword("ipv6", Meaning::Family(false), "IPv6", "IPv6"),
    keyword(
        "next",
        Meaning::Second(&[("ip", "exporter_next_hop"), ("hop", "exporter_next_hop"), ("as", "routing_dst_peer_as")]),
        "Next hop: next ip 192.0.2.1",
        "ネクストホップ：next ip 192.0.2.1",
    ),
    keyword(
        "router",
        Meaning::Second(&[("ip", "exporter_ip")]),
        "Exporter: router ip 192.0.2.1",
        "エクスポーター：router ip 192.0.2.1",
    ),
    keyword(
        "exporter",
        Meaning::Second(&[("ip", "exporter_ip"), ("domain", "exporter_domain")]),
        "Exporter: exporter ip 192.0.2.1, exporter domain 7",
        "エクスポーター：exporter ip 192.0.2.1、exporter domain 7",
    ),
    keyword(
        "client",
        Meaning::Second(&[("latency", "npm_src_rtt_micros")]),
        "Round trip to the initiator: client latency > 50ms",
        "開始側までの往復時間：client latency > 50ms",
    ),
    keyword(
        "server",
        Meaning::Second(&[("latency", "npm_dst_rtt_micros")]),
        "Round trip to the responder: server latency > 50ms",
        "応答側までの往復時間：server latency > 50ms",
    ),
    keyword(
        "geo",
        Meaning::Pair("src_country", "dst_country"),
        "Country of either side: geo JP",
        "いずれかの側の国：geo JP",
    ),
    keyword("bgpnext", Meaning::Second(&[("ip", "routing_bgp_next_hop")]), "BGP next hop", "BGP ネクストホップ"),
    keyword("prev", Meaning::Second(&[("as", "routing_src_peer_as")]), "AS before this one", "前の AS"),
    keyword("ident", Meaning::Lacking("exporter_name"), "Name of the exporter", "エクスポーターの名前"),
    keyword("sysid", Meaning::Lacking("exporter_id"), "Number of the exporter", "エクスポーターの番号"),
    keyword("engine-type", Meaning::Lacking("exporter_engine_type"), "Engine type", "エンジンの種類"),
    keyword("engine-id", Meaning::Lacking("exporter_engine_id"), "Engine id", "エンジンの番号"),
    keyword("mpls", Meaning::Column("routing_mpls_labels"), "MPLS labels", "MPLS ラベル"),
    keyword("fwdstat", Meaning::Column("forwarding_status"), "Forwarding status", "転送状態"),
    keyword("flowdir", Meaning::Column("exporter_direction"), "Direction at the exporter", "エクスポーターでの方向"),
    keyword("asa", Meaning::Second(&[("event", "firewall_event")]), "Firewall event", "ファイアウォールのイベント"),
    keyword("nat", Meaning::Second(&[("event", "nat_event")]), "NAT event", "NAT のイベント"),
    keyword("xip", Meaning::Pair("nat_src_ip", "nat_dst_ip"), "Translated address", "変換後のアドレス"),
    keyword("nip", Meaning::Pair("nat_src_ip", "nat_dst_ip"), "Translated address", "変換後のアドレス"),
    keyword("xnet", Meaning::Pair("nat_src_ip", "nat_dst_ip"), "Translated network", "変換後のネットワーク"),
    keyword("xport", Meaning::Pair("nat_src_port", "nat_dst_port"), "Translated port", "変換後のポート"),
    keyword("nport", Meaning::Pair("nat_src_port", "nat_dst_port"), "Translated port", "変換後のポート"),
    keyword(
        "ingress",
        Meaning::Second(&[("vrf", "routing_in_vrf"), ("acl", "firewall_in_acl")]),
        "VRF or access list on the way in",
        "入力側の VRF または ACL",
    ),
    keyword(
        "egress",
        Meaning::Second(&[("vrf", "routing_out_vrf"), ("acl", "firewall_out_acl")]),
        "VRF or access list on the way out",
        "出力側の VRF または ACL",
    ),
    keyword("pblock", Meaning::Lacking("nat_block_start"), "Block of translated ports", "変換後ポートのブロック"),
    keyword("payload", Meaning::Lacking("payload"), "Octets of the content", "内容のオクテット"),
    keyword("flows", Meaning::OfGroups, "Only in a condition on groups", "グループの条件でのみ使用可"),
    keyword("count", Meaning::OfGroups, "Only in a condition on groups", "グループの条件でのみ使用可"),
    keyword(
        "tag",
        Meaning::Tag,
        "Flows with a tag: tag guest-upload, tag in [a b]",
        "タグの付いたフロー：tag guest-upload、tag in [a b]",
    ),
    keyword("any", Meaning::Any, "Every row", "すべての行"),
];

/// Protocol names and numbers of IANA; of several names of a number the first is printed.
pub(crate) static PROTOCOLS: &[(&str, u8)] = &[
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("icmp6", 58),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("igmp", 2),
    ("ipip", 4),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("eigrp", 88),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("udplite", 136),
];

/// Letters of the TCP flags, lowest bit first.
pub(crate) const FLAG_LETTERS: [char; 8] = ['F', 'S', 'R', 'P', 'A', 'U', 'E', 'C'];

/// Words that never are a bare text value.
pub(crate) fn is_joiner(word: &str) -> bool {
    ["and", "or", "not"].iter().any(|w| word.eq_ignore_ascii_case(w))
}

impl Meaning {
    /// The columns without which it has no sense.
    fn needs(self) -> Vec<&'static str> {
        match self {
            Self::Any | Self::OfGroups => vec![],
            // Tags are filters of flows.
            Self::Tag => vec!["src_ip", "flow_id"],
            Self::Side(_) | Self::Family(_) => vec!["src_ip", "dst_ip"],
            Self::Way(_) => vec!["exporter_in_if", "exporter_out_if", "src_bytes", "dst_bytes"],
            Self::Pair(src, dst) => vec![src, dst],
            Self::Measure(measure) => measure.columns().to_vec(),
            Self::Column(name) | Self::Lacking(name) => vec![name],
            Self::Second(_) => vec![],
            Self::Icmp(name) => vec!["proto", name],
        }
    }

    /// True where it can be proposed for rows of that table.
    pub(crate) fn is_for(self, table: &Table) -> bool {
        self != Self::OfGroups && self.lacks(table).is_none()
    }

    /// The first column that the table lacks for it.
    pub(crate) fn lacks(self, table: &Table) -> Option<&'static str> {
        let lacks = |name: &&'static str| table.column(name).is_none();
        match self {
            // One of them is enough.
            Self::Second(names) if names.iter().all(|(_, name)| lacks(name)) => names.first().map(|(_, name)| *name),
            _ => self.needs().into_iter().find(lacks),
        }
    }
}

/// The keyword of that name, in any letter case.
pub(crate) fn find(word: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|k| k.word.eq_ignore_ascii_case(word))
}

/// The word for two columns that are the sides of one property.
pub(crate) fn pair_word(src: &str, dst: &str) -> Option<&'static str> {
    let is_pair = |k: &&Keyword| matches!(k.meaning, Meaning::Pair(s, d) if s == src && d == dst);
    KEYWORDS.iter().find(is_pair).map(|k| k.word)
}

/// Number of a protocol name.
pub(crate) fn protocol(name: &str) -> Option<u8> {
    PROTOCOLS.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, number)| *number)
}

/// Bits of flag letters; `X` is the six flags of RFC 793.
pub(crate) fn flag_bits(letters: &str) -> Option<u8> {
    letters.chars().try_fold(0, |bits, letter| {
        let letter = letter.to_ascii_uppercase();
        let at = FLAG_LETTERS.iter().position(|l| *l == letter);
        match (at, letter) {
            (Some(at), _) => Some(bits | 1 << at),
            (None, 'X') => Some(bits | 0x3f),
            _ => None,
        }
    })
}

/// Letters of flag bits.
pub(crate) fn flag_letters(bits: u8) -> String {
    FLAG_LETTERS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, letter)| *letter).collect()
}
