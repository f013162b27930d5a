// SPDX-License-Identifier: Apache-2.0
//! The language as a whole: tables of texts with their meaning or error, and properties of all texts.

use minamo_base::{Ip, Mac, Prefix, Time};
use minamo_model::{EVENTS, FLOWS};
use minamo_schema::Column;
use proptest::prelude::*;

use crate::check::{Sort, Target};
use crate::parse::{Context, parse_within};
use crate::*;

/// Texts and the canonical text of their meaning.
const MEANINGS: &[(&str, &str)] = &[
    ("", "any"),
    ("  # nothing but a comment", "any"),
    ("any", "any"),
    ("ip 192.0.2.1", "ip = 192.0.2.1"),
    ("host 2001:db8::1", "ip = 2001:db8::1"),
    ("192.0.2.1", "ip = 192.0.2.1"),
    ("10/8", "ip in [10.0.0.0/8]"),
    ("SRC IP 192.0.2.1 AND NOT DST PORT 80", "src_ip = 192.0.2.1 and not dst_port = 80"),
    ("src 192.0.2.1 && dst 10/8", "src_ip = 192.0.2.1 and dst_ip in [10.0.0.0/8]"),
    ("src net 192.0.2.0/24", "src_ip in [192.0.2.0/24]"),
    ("net 192.0.2.7 255.255.255.0", "ip in [192.0.2.0/24]"),
    ("net 192.0.2.7 255.255.255.0 and port 80", "ip in [192.0.2.0/24] and port = 80"),
    ("src or dst ip 192.0.2.1", "ip = 192.0.2.1"),
    ("src and dst port 53", "src_port = 53 and dst_port = 53"),
    ("dst or src port != 53", "src_port != 53 or dst_port != 53"),
    ("port != 53", "port != 53"),
    ("src_port != 53 and dst_port != 53", "port != 53"),
    ("src_port = 53 or dst_port = 53", "port = 53"),
    ("ip != 10/8", "not ip in [10.0.0.0/8]"),
    ("src and dst ip not in 10/8", "not ip in [10.0.0.0/8]"),
    ("src or dst ip not in 10/8", "not (src_ip in [10.0.0.0/8] and dst_ip in [10.0.0.0/8])"),
    ("port > 1024", "port > 1024"),
    ("port gt 1024 or src port le 9", "port > 1024 or src_port <= 9"),
    ("port in [80, 443 8080]", "port in [80 443 8080]"),
    ("port in [80, 8000-8100]", "port in [80 8000-8100]"),
    ("dst port 6000-6010 and src port != 1-1023", "dst_port in [6000-6010] and not src_port in [1-1023]"),
    ("bytes in [1k-2k]", "bytes in [1000-2000]"),
    ("port not in [80 443]", "not port in [80 443]"),
    ("dst port in 80", "dst_port in [80]"),
    ("ip in [10/8, 192.0.2.1]", "ip in [10.0.0.0/8 192.0.2.1/32]"),
    ("src in [10/8]", "src_ip in [10.0.0.0/8]"),
    ("as 64500 or src as 64501", "as = 64500 or exporter_src_as = 64501"),
    ("in if 3 or out if 4 or if 5", "exporter_in_if = 3 or exporter_out_if = 4 or if = 5"),
    ("mac 0:1b:21:a:b:c and vlan 10", "mac = 00:1b:21:0a:0b:0c and l2_vlan = 10"),
    ("mac present", "mac present"),
    (
        "proto tcp or proto 17 or proto = icmp6 or proto > 100",
        "proto = tcp or proto = udp or proto = icmp6 or proto > 100",
    ),
    ("tcp||udp||!icmp", "proto = tcp or proto = udp or not proto = icmp"),
    ("proto in [tcp 17 200]", "proto in [tcp udp 200]"),
    ("inet", "src_ip in [0.0.0.0/0] and not l2_ethertype = 2054"),
    ("ipv6", "not src_ip in [0.0.0.0/0] and (not src_ip = :: or not dst_ip = ::)"),
    ("flags S", "flags S"),
    ("src flags SA", "tcp_src_flags flags SA/SA"),
    ("flags S/SA", "flags S/SA"),
    ("flags 2 and not flags 0x12", "flags S/FSRPAUEC and not flags SA/FSRPAUEC"),
    ("dst flags /AF", "tcp_dst_flags flags /FA"),
    ("tcp_src_flags = 18 or tcp_src_flags flags 18", "tcp_src_flags = 18 or tcp_src_flags flags SA/FSRPAUEC"),
    ("flags S and not flags AF", "flags S and not (flags F or flags A)"),
    ("not (flags AF)", "not flags FA/FA"),
    ("packets > 1k and bytes >= 1.5M", "packets > 1000 and bytes >= 1500000"),
    ("src bytes > 1Ki", "src_bytes > 1024"),
    ("pps > 1.5 and bps < 10M and bpp = 64", "pps > 1.5 and bps < 10000000 and bpp = 64"),
    ("duration > 1500", "duration > 1.5s"),
    ("duration > 10s or duration > 5m", "duration > 10s or duration > 300s"),
    ("tos 8 or src tos 0x10", "tos = 8 or ip_src_tos = 16"),
    ("icmp-type 8", "proto in [icmp icmp6] and icmp_kind = 8"),
    ("icmp-code != 0", "proto in [icmp icmp6] and icmp_code != 0"),
    (
        "in bytes > 1k and out packets < 5 or src or dst bytes > 7",
        "(src_bytes > 1000 and dst_packets < 5) or (src_bytes > 7 or dst_bytes > 7)",
    ),
    (
        "in src mac 0:1b:21:a:b:c or out dst mac 0:1b:21:a:b:d",
        "l2_src_mac = 00:1b:21:0a:0b:0c or l2_dst_mac = 00:1b:21:0a:0b:0d",
    ),
    ("in mac present and not out mac present", "mac present and not l2_dst_mac present"),
    ("src vlan 10 or src vlan in [20 30]", "l2_vlan = 10 or l2_vlan in [20 30]"),
    ("next hop 192.0.2.1 or exporter ip 192.0.2.2", "exporter_next_hop = 192.0.2.1 or exporter_ip = 192.0.2.2"),
    ("exporter domain 7", "exporter_domain = 7"),
    (
        "client latency > 50ms and server latency < 100 and app latency > 1s",
        "npm_src_rtt_micros > 50000 and npm_dst_rtt_micros < 100 and npm_response_micros > 1000000",
    ),
    ("geo JP or src geo in [JP US]", r#"geo = "JP" or src_country in ["JP" "US"]"#),
    ("duration > 5k", "duration > 5s"),
    ("next ip 192.0.2.1", "exporter_next_hop = 192.0.2.1"),
    ("router ip in 192.0.2.0/24", "exporter_ip in [192.0.2.0/24]"),
    (r#"tls_sni ~ "*.example.com""#, r#"tls_sni ~ "*.example.com""#),
    ("tls_sni ~ *.example.com", r#"tls_sni ~ "*.example.com""#),
    (r"tls_sni =~ '^a\d+\.'", r#"tls_sni =~ "^a\\d+\\.""#),
    ("tls_sni matches ^www", r#"tls_sni =~ "^www""#),
    ("tls_sni !~ *.com", r#"not tls_sni ~ "*.com""#),
    ("app = SSH", r#"app = "SSH""#),
    (r#"APP in ["SSH" TLS]"#, r#"app in ["SSH" "TLS"]"#),
    ("dns_rcode = nxdomain", r#"dns_rcode = "nxdomain""#),
    ("src_ip in 192.0.2.0/24", "src_ip in [192.0.2.0/24]"),
    ("encrypted", "encrypted = true"),
    ("not encrypted and tcp", "not encrypted = true and proto = tcp"),
    ("encrypted = false", "encrypted = false"),
    ("tls_sni present or tls_sni exists", "tls_sni present or tls_sni present"),
    ("not tls_sni present", "not tls_sni present"),
    ("time_start > 2026-01-01T09:00:00+09:00", "time_start > 2026-01-01T00:00:00Z"),
    ("npm_response_micros > 50ms and dns_ttl_secs < 5m", "npm_response_micros > 50000 and dns_ttl_secs < 300"),
    ("splt_lengths < -1000", "splt_lengths < -1000"),
    ("dns_answers = 192.0.2.1 and tls_alpn in [h2 h3]", r#"dns_answers = "192.0.2.1" and tls_alpn in ["h2" "h3"]"#),
    ("tcp and (udp or (icmp))", "proto = tcp and (proto = udp or proto = icmp)"),
    ("tcp and udp or icmp and gre", "(proto = tcp and proto = udp) or (proto = icmp and proto = gre)"),
    ("port <> 1 # the end\n or tcp", "port != 1 or proto = tcp"),
];

#[test]
fn texts_mean_what_they_should() {
    for (text, want) in MEANINGS {
        let expr = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(expr.to_string(), *want, "{text}");
        assert_eq!(parse(want).as_ref(), Ok(&expr), "{text}");
    }
}

/// Texts with place, length and a part of the message.
const ERRORS: &[(&str, usize, usize, &str)] = &[
    ("tls_snii = x", 0, 8, "did you mean tls_sni?"),
    ("tcp and L4_DST_PORT = 5", 8, 11, "did you mean dst_port?"),
    ("qqqqqqq", 0, 7, "is no column or word, want `not`, ( or a test such as `port 443`"),
    ("port", 4, 0, "the filter ends, want =, !=, <, <=, >, >=, in, present or a number from 0 to 65535"),
    ("port 70000", 5, 5, "`70000` is no value of port, want a number from 0 to 65535"),
    ("port 80 443", 8, 3, "got `443`, want `and` or `or`"),
    ("(tcp", 4, 0, "the filter ends, want `and`, `or` or )"),
    ("tcp)", 3, 1, "got `)`, want `and` or `or`"),
    ("tcp and", 7, 0, "the filter ends, want `not`, ( or a test"),
    ("()", 1, 1, "got `)`"),
    ("not", 3, 0, "the filter ends"),
    ("src", 3, 0, "want ip, port or another property"),
    ("src tcp", 4, 3, "got `tcp`, want ip, port or another property"),
    ("src or dst", 10, 0, "want ip, port or another property"),
    ("tls_sni > 3", 8, 1, "tls_sni does not know `>`, want =, !=, ~, !~, =~, in or present"),
    ("src_port ~ x", 9, 1, "src_port does not know `~`"),
    ("bytes present", 6, 7, "bytes does not know `present`"),
    ("tls_sni", 7, 0, "want =, !=, ~"),
    ("src_port 80", 9, 2, "got `80`, want ="),
    ("tls_sni =~ '('", 11, 3, "is no regular expression: "),
    ("app = \"SSH", 6, 4, "the closing quote is missing"),
    ("app = and", 6, 3, "got `and`, want text such as"),
    ("tcp & udp", 4, 1, "got `&`, want &&"),
    ("nonsense_x & udp", 0, 10, "is no column"),
    ("src in @guests", 7, 7, "there is no set `@guests`"),
    ("port in [90-80]", 9, 5, "`90-80` is no value of port"),
    ("port 80-x", 5, 4, "`80-x` is no value of port"),
    ("proto in [1-6]", 10, 3, "`1-6` is no value of proto"),
    ("ip in []", 7, 1, "got `]`, want an address or prefix"),
    ("ip in [10/8,]", 12, 1, "got `]`"),
    ("ip in [10/8", 11, 0, "want a comma, ] or "),
    ("ip 10/33", 3, 5, "`10/33` is no value of ip, want an address or prefix"),
    ("net 10.0.0.0 255.0.255.0", 13, 11, "`255.0.255.0` is no value of net, want a mask"),
    ("tcp and sysid 7", 8, 5, "`sysid` needs the column exporter_id, which these rows do not have"),
    ("next port 5", 5, 4, "got `port`, want ip, hop or as"),
    ("dst vlan 5", 4, 4, "`vlan` needs the column l2_out_vlan"),
    ("out src mac 0:1b:21:a:b:c", 8, 3, "`mac` needs the column l2_out_src_mac"),
    ("in port 5", 3, 4, "got `port`, want if, bytes, packets or mac"),
    ("ident here", 0, 5, "`ident` needs the column exporter_name"),
    ("flows > 1", 0, 5, "`flows` counts the flows of a group: write it in the condition on groups"),
    ("flags Q", 6, 1, "`Q` is no value of flags, want flag letters of FSRPAUEC"),
    ("flags S/A", 6, 3, "is no value of flags"),
    ("encrypted = 3", 12, 1, "want true or false"),
    ("time_start > yesterday", 13, 9, "want an instant such as"),
    ("東京 = 1", 0, 2, "character 1: `東京` is no column or word"),
    ("duration > -1", 11, 2, "want milliseconds or a length"),
    ("app in [SSH\n# c\n", 16, 0, "want a comma, ] or "),
];

#[test]
fn errors_name_place_and_remedy() {
    for (text, at, len, part) in ERRORS {
        let error = parse(text).expect_err(text);
        let message = error.message_en();
        assert_eq!((error.at, error.len), (*at, *len), "{text}: {message}");
        assert!(message.contains(part), "{text}: {message}");
        let ja = error.message_ja();
        assert!(
            ja.starts_with(&format!("{} 文字目：", at + 1)) && error.expected.len() == error.expected_ja.len(),
            "{ja}"
        );
    }
    let error = parse("tls_snii = x").expect_err("misspelt");
    assert_eq!(error.suggestion(), Some("tls_sni"));
    assert_eq!(error.message_ja(), "1 文字目：「tls_snii」という列や語はありません。もしかして tls_sni ですか");
}

#[test]
fn bounds_have_errors_of_their_own() {
    let nested = |n: usize| format!("{}tcp{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    let deep = parse(&nested(MAX_DEPTH + 1)).expect_err("too deep");
    assert_eq!((deep.at, &deep.cause), (MAX_DEPTH, &Cause::TooDeep { max: MAX_DEPTH }));
    let nots = format!("{} tcp", "!".repeat(MAX_TEXT - 9));
    assert_eq!(parse(&nots).map_err(|e| e.cause), Err(Cause::TooDeep { max: MAX_DEPTH }));
    let mixed = format!("{}tcp{}", "not (udp or ".repeat(40), ")".repeat(40));
    assert_eq!(parse(&mixed).map_err(|e| e.cause), Err(Cause::TooDeep { max: MAX_DEPTH }));
    let long = " ".repeat(MAX_TEXT);
    assert_eq!(parse(&long), Ok(Expr::All));
    assert_eq!(parse(&format!("{long} ")).map_err(|e| e.cause), Err(Cause::TooLong { max: MAX_TEXT }));
    let written_out = vec!["tcp"; MAX_TEXT / 8].join("||");
    assert_eq!(parse(&written_out).map_err(|e| e.cause), Err(Cause::TooLong { max: MAX_TEXT }));
    let many = parse_within("port in [1 2 3 4]", Context { max_set: 3, ..Context::of(&FLOWS) }).expect_err("too many");
    assert_eq!((many.at, many.cause), (15, Cause::TooMany { max: 3 }));
}

#[test]
fn other_tables_have_their_own_columns() {
    let expr = parse_for("severity = high and ip 192.0.2.1 and inet6", &EVENTS).expect("a filter");
    let want = r#"severity = "high" and ip = 192.0.2.1 and (src_ip present and not src_ip in [0.0.0.0/0])"#;
    assert_eq!(expr.to_string(), want);
    for text in ["port 80", "tcp", "bytes > 5", "src port 80"] {
        let error = parse_for(text, &EVENTS).expect_err(text);
        assert!(matches!(error.cause, Cause::NoColumn { .. }), "{text}: {error}");
    }
    assert!(parse_for("tls_sni = x", &EVENTS).is_err());
}

/// Words of nfdump for which rows have no column yet: they give an error that names it.
const WITHOUT_COLUMN: &[&str] = &["ident", "sysid", "engine-type", "engine-id", "pblock", "payload"];

#[test]
fn events_have_the_words_of_nfdump() {
    let text = |text: &str| parse(text).expect(text).to_string();
    assert_eq!(text("asa event deny"), "firewall_event ~ \"denied\"");
    assert_eq!(text("nat event ADD and src xport 80"), "nat_event ~ \"*create\" and nat_src_port = 80");
    assert_eq!(text("asa event = alert"), "firewall_event = \"alert\"");
    assert_eq!(text("mpls 100 or next as 5"), text("routing_mpls_labels = 100 or routing_dst_peer_as = 5"));
}

#[test]
fn words_of_the_language_are_no_columns() {
    for table in [&*FLOWS, &*EVENTS] {
        for column in table.columns().filter(|c| c.name != "proto") {
            assert!(words::find(column.name).is_none(), "{} is a word of the language", column.name);
            assert!(words::protocol(column.name).is_none(), "{} is a protocol", column.name);
        }
    }
    let without = words::KEYWORDS.iter().filter(|k| k.meaning.lacks(&FLOWS).is_some()).map(|k| k.word);
    assert_eq!(without.collect::<Vec<_>>(), WITHOUT_COLUMN);
}

#[test]
fn filters_join_and_tell_their_columns() {
    let one = parse("port 80 and bpp > 5").expect("a filter");
    let names: Vec<_> = one.columns().into_iter().collect();
    assert_eq!(names, ["dst_bytes", "dst_packets", "dst_port", "src_bytes", "src_packets", "src_port"]);
    let other = parse("tcp or udp").expect("a filter");
    assert_eq!(one.clone().and(other.clone()).to_string(), "port = 80 and bpp > 5 and (proto = tcp or proto = udp)");
    assert_eq!(other.clone().and(one).to_string(), "(proto = tcp or proto = udp) and port = 80 and bpp > 5");
    assert_eq!(Expr::All.and(other.clone()), other);
}

/// Texts with the cursor at `|`, the start of the word, and the first proposals.
const COMPLETIONS: &[(&str, usize, &[&str])] = &[
    ("", 0, &["ip", "port", "net", "host"]),
    ("tcp and |", 8, &["not", "(", "ip", "port"]),
    ("tls_sn|", 0, &["tls_sni"]),
    ("sni|", 0, &["tls_sni"]),
    ("tcp and src_po| and udp", 8, &["src_port"]),
    ("src |", 4, &["ip", "port", "net", "host"]),
    ("src po|", 4, &["port"]),
    ("tls_sni |", 8, &["=", "!=", "~", "!~", "=~", "in", "present"]),
    ("src_port >|", 10, &[]),
    ("proto |", 6, &["=", "!=", "<", "<=", ">", ">=", "in", "present", "tcp", "udp"]),
    ("proto = ic|", 8, &["icmp", "icmp6", "icmpv6"]),
    ("proto in [|", 10, &["tcp", "udp"]),
    ("port in [80 |", 12, &[",", "]"]),
    ("icmp-|", 0, &["icmp-type", "icmp-code"]),
    ("encrypted = |", 12, &["true", "false"]),
    ("encrypted |", 10, &["=", "!=", "present", "and", "or"]),
    ("(tcp |", 5, &["and", "or", ")"]),
    ("flags |", 6, &["flags", "="]),
    ("app = |", 6, &[]),
    ("app = \"SS|", 6, &[]),
    ("tcp # por|", 9, &[]),
    ("nonsense por|", 9, &[]),
];

#[test]
fn proposals_fit_the_place() {
    for (marked, start, want) in COMPLETIONS {
        let at = marked.find('|').unwrap_or(0);
        let completion = complete(&marked.replacen('|', "", 1), at);
        let texts: Vec<_> = completion.items.iter().map(|i| i.text.as_str()).take(want.len().max(1)).collect();
        assert_eq!((completion.start, texts.as_slice()), (*start, *want), "{marked}");
    }
    let port = complete("tls_sni", 7).items.remove(0);
    assert!(port.kind == ItemKind::Column && port.doc.starts_with("Server name") && !port.doc_ja.is_empty());
    assert!(complete_for("po", 2, &EVENTS).items.iter().all(|i| i.text != "port"));
    assert!(complete("tcp", 3).error.is_none() && complete("tcp an", 6).error.is_some());
}

fn words() -> impl Strategy<Value = String> {
    let known: Vec<String> = MEANINGS
        .iter()
        .flat_map(|(text, _)| text.split(' '))
        .chain(["(", ")", "[", "]", ",", "!", "\"", "'", "#", "\\", "=", "@a", "\n", "\u{3000}", "é"])
        .map(str::to_owned)
        .collect();
    prop::collection::vec(prop::sample::select(known), 0..12).prop_map(|words| words.join(" "))
}

pub(crate) fn literal(sort: Sort) -> BoxedStrategy<Literal> {
    match sort {
        Sort::Bool => any::<bool>().prop_map(Literal::Bool).boxed(),
        Sort::Uint { max, .. } => (0..=max).prop_map(Literal::Uint).boxed(),
        Sort::Protocol | Sort::Flags => (0..=255u64).prop_map(Literal::Uint).boxed(),
        Sort::Int => any::<i32>().prop_map(|n| Literal::Int(n.into())).boxed(),
        Sort::Mean { .. } => (0.0..1e15f64).prop_map(Literal::Real).boxed(),
        Sort::Real => any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Literal::Real).boxed(),
        Sort::Seconds => (0.0..1e12f64).prop_map(Literal::Real).boxed(),
        Sort::Text => any::<String>().prop_map(Literal::Text).boxed(),
        Sort::Ip => any::<[u8; 16]>().prop_map(|o| Literal::Ip(Ip(o))).boxed(),
        Sort::Mac => any::<[u8; 6]>().prop_map(|o| Literal::Mac(Mac(o))).boxed(),
        Sort::Time => any::<i64>().prop_map(|n| Literal::Time(Time(n))).boxed(),
    }
}

fn prefixes() -> impl Strategy<Value = Vec<Prefix>> {
    let v4 = (any::<[u8; 4]>(), 0..=32u8).prop_map(|(ip, len)| Prefix::new(Ip::v4(ip), len).expect("a length of IPv4"));
    let v6 = (any::<[u8; 16]>(), 0..=128u8).prop_filter_map("IPv6", |(ip, len)| Prefix::new(Ip(ip), len).ok());
    prop::collection::vec(prop_oneof![v4, v6], 1..4)
}

fn predicate(subject: Subject) -> BoxedStrategy<Predicate> {
    let sort = Target::One(subject).sort();
    let ops = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];
    let known = ops.into_iter().filter(|op| sort.operators().contains(&op.symbol())).collect::<Vec<_>>();
    let mut all =
        vec![(prop::sample::select(known), literal(sort)).prop_map(|(op, l)| Predicate::Compare(op, l)).boxed()];
    if sort == Sort::Ip {
        all.push(prefixes().prop_map(Predicate::InPrefixes).boxed());
    } else if sort.operators().contains(&"in") {
        all.push(prop::collection::vec(literal(sort), 1..4).prop_map(Predicate::OneOf).boxed());
    }
    if matches!(sort, Sort::Uint { nanos: 0, .. }) {
        let both = (literal(sort), literal(sort)).prop_filter_map("a range", |ends| match ends {
            (Literal::Uint(low), Literal::Uint(high)) if low < high => Some(vec![(low, high), (low, low)]),
            _ => None,
        });
        all.push(both.prop_map(Predicate::InRanges).boxed());
    }
    match subject {
        Subject::Column(_) => {
            all.push(Just(Predicate::Present).boxed());
            if sort == Sort::Flags {
                let masks = (any::<u8>(), 1..=255u8);
                all.push(
                    masks.prop_map(|(set, mask)| Predicate::Flags { set: set & mask, clear: mask & !set }).boxed(),
                );
            }
        }
        Subject::Measure(_) => {}
    }
    if sort == Sort::Text {
        all.push(any::<String>().prop_map(Predicate::Glob).boxed());
        all.push(any::<String>().prop_map(|text| Predicate::Regex(regex::escape(&text))).boxed());
    }
    prop::strategy::Union::new(all).boxed()
}

fn subjects() -> impl Strategy<Value = Subject> {
    let columns: Vec<&'static Column> = FLOWS.columns().collect();
    let sides: Vec<&'static Column> = FLOWS.columns().filter(|c| c.mirror.is_some()).collect();
    prop_oneof![
        prop::sample::select(columns).prop_map(Subject::Column),
        prop::sample::select(sides).prop_map(Subject::Column),
        prop::sample::select(Measure::ALL.to_vec()).prop_map(Subject::Measure),
    ]
}

/// A test, or the same test of both sides joined in either way.
fn test() -> impl Strategy<Value = Expr> {
    let parts = subjects().prop_flat_map(|subject| (Just(subject), predicate(subject), 0..4u8));
    parts.prop_map(|(subject, predicate, form)| {
        let one = Expr::Test(Test { subject, predicate: predicate.clone() });
        let Subject::Column(column) = subject else { return one };
        let Some(mirror) = column.mirror.and_then(|name| FLOWS.column(name)) else { return one };
        let other = Expr::Test(Test::column(mirror, predicate));
        match form {
            0 => Expr::And(vec![one, other]),
            1 => Expr::Or(vec![one, other]),
            _ => one,
        }
    })
}

fn exprs() -> impl Strategy<Value = Expr> {
    prop_oneof![9 => test(), 1 => Just(Expr::All)].prop_recursive(4, 24, 4, |inner| {
        let some = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            some.clone().prop_map(Expr::And),
            some.prop_map(Expr::Or),
            inner.prop_map(|part| Expr::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_text_reads_back(expr in exprs()) {
        let text = expr.to_string();
        if text.len() <= MAX_TEXT {
            prop_assert_eq!(parse(&text), Ok(expr), "{}", text);
        }
    }

    #[test]
    fn places_lie_inside_any_text(text in prop_oneof![any::<String>(), words()], at in 0..80usize) {
        let len = text.chars().count();
        match parse(&text) {
            Ok(expr) => prop_assert_eq!(parse(&expr.to_string()), Ok(expr)),
            Err(error) => {
                prop_assert!(error.at + error.len <= len, "{:?}", error);
                prop_assert!(!error.message_en().is_empty() && !error.message_ja().is_empty());
            }
        }
        let completion = complete(&text, at);
        prop_assert!(completion.start <= at.min(len) && completion.items.len() <= MAX_ITEMS);
    }
}
