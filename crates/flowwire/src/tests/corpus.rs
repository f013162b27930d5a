// SPDX-License-Identifier: Apache-2.0
//! Datagrams of real exporters, where the corpus lies beside the workspace: counts, sums and single rows as
//! the corpus expects them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use minamo_base::{Cursor, Ip, Time, WireError};
use minamo_model::{FLOWS, Flow, text_value};
use serde_json::Value;

use super::RECEIVED;
use super::ways::Ways;
use crate::{Cache, Fact, Report, Skipped, decode};

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/flow-export");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: corpus not there");
    None
}

/// Source address and payload of each UDP datagram of a capture of Ethernet or Linux "cooked" frames.
fn datagrams(pcap: &[u8]) -> Vec<(Ip, Vec<u8>)> {
    let mut cursor = Cursor::new(pcap);
    cursor.skip(20, "pcap.header").expect("a capture");
    let cooked = cursor.u32_le("pcap.link").expect("a capture") == 113;
    let mut out = Vec::new();
    while !cursor.is_empty() {
        cursor.skip(8, "pcap.time").expect("a record");
        let len = cursor.u32_le("pcap.length").expect("a record");
        cursor.skip(4, "pcap.length").expect("a record");
        let frame = cursor.sub(len as usize, "pcap.frame").expect("a record");
        out.extend(udp(frame, cooked).expect("whole frames"));
    }
    out
}

fn udp(mut frame: Cursor<'_>, cooked: bool) -> Result<Option<(Ip, Vec<u8>)>, WireError> {
    frame.skip(if cooked { 14 } else { 12 }, "link")?;
    let mut kind = frame.u16("link.type")?;
    while matches!(kind, 0x8100 | 0x88a8) {
        frame.skip(2, "link.vlan")?;
        kind = frame.u16("link.type")?;
    }
    let (source, proto) = match kind {
        0x0800 => {
            let header = usize::from(frame.u8("ip")? & 15) * 4;
            frame.skip(8, "ip")?;
            let proto = frame.u8("ip.proto")?;
            frame.skip(2, "ip")?;
            let source = Ip::v4(frame.array("ip.source")?);
            frame.skip(header - 16, "ip")?;
            (source, proto)
        }
        0x86dd => {
            frame.skip(6, "ip")?;
            let proto = frame.u8("ip.proto")?;
            frame.skip(1, "ip")?;
            let source = Ip(frame.array("ip.source")?);
            frame.skip(16, "ip")?;
            (source, proto)
        }
        _ => return Ok(None),
    };
    if proto != 17 {
        return Ok(None);
    }
    frame.skip(4, "udp.ports")?;
    let len = usize::from(frame.u16("udp.length")?) - 8;
    frame.skip(2, "udp.checksum")?;
    Ok(Some((source, frame.take(len, "udp.payload")?.to_vec())))
}

#[derive(Default)]
struct Sum {
    rows: Vec<Flow>,
    options: u32,
    facts: usize,
    skipped: Vec<Skipped>,
}

impl Sum {
    fn add(&mut self, exporter: Ip, octets: &[u8], cache: &mut Cache) -> Report {
        let report = decode(octets, exporter, RECEIVED, cache, &mut |flow| self.rows.push(flow.clone()));
        self.options += report.options;
        // Counters of interfaces: one of each sample, whatever stands beside them.
        self.facts += report.facts.iter().filter(|fact| matches!(fact, Fact::Interface(_))).count();
        self.skipped.extend(&report.skipped);
        report
    }

    fn counts(&self) -> (usize, u32, u64, u64) {
        let sum = |of: fn(&Flow) -> u64| self.rows.iter().map(of).sum();
        (self.rows.len(), self.options, sum(|f| f.core.src_bytes), sum(|f| f.core.src_packets))
    }
}

fn decoded(pcap: &Path) -> Sum {
    let (mut sum, mut cache, mut ways) = (Sum::default(), Cache::default(), Ways::default());
    for (exporter, octets) in datagrams(&fs::read(pcap).expect("a readable capture")) {
        // The captures hold other protocols too.
        if matches!(octets.get(..4), Some([0, 5 | 9 | 10, ..] | [0, 0, 0, 5])) {
            sum.add(exporter, &octets, &mut cache);
            ways.take(&octets, exporter, RECEIVED);
        }
    }
    ways.finish();
    sum
}

/// Data records, options records, octets and packets of the messages that another decoder read.
fn expected(json: &str) -> (usize, u32, u64, u64) {
    let (mut records, mut options, mut octets, mut packets) = (0, 0, 0, 0);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for line in json.lines().filter(|line| !line.trim().is_empty()) {
        let message: Value = serde_json::from_str(line).expect("a line of JSON");
        let message = message.as_object().and_then(|m| m.values().next().cloned()).expect("one message");
        for record in list(&message["sets"]).iter().flat_map(|set| list(&set["Data"]["records"])) {
            if !list(&record["scope_fields"]).is_empty() {
                options += 1;
                continue;
            }
            records += 1;
            for field in list(&record["fields"]) {
                octets += field["octetDeltaCount"].as_u64().unwrap_or(0);
                packets += field["packetDeltaCount"].as_u64().unwrap_or(0);
            }
        }
    }
    (records, options, octets, packets)
}

#[test]
fn captures_of_routers_have_the_expected_sums() {
    let Some(corpus) = corpus() else { return };
    let mut checked = 0;
    for folder in fs::read_dir(corpus.join("pmacct-netgauze")).expect("a folder").flatten() {
        for part in ["00", "01"] {
            let json = folder.path().join(format!("netgauze/traffic-{part}-flow.json"));
            let Ok(json) = fs::read_to_string(&json) else { continue };
            let sum = decoded(&folder.path().join(format!("traffic-{part}.pcap")));
            let other: Vec<_> = sum.skipped.iter().filter(|s| !matches!(s, Skipped::UnknownTemplate { .. })).collect();
            println!("{:?} {part}: {:?}, skipped {}", folder.file_name(), sum.counts(), sum.skipped.len());
            assert_eq!(sum.counts(), expected(&json), "{:?} {part}: {:?}", folder.file_name(), sum.skipped);
            assert!(other.is_empty(), "{other:?}");
            checked += 1;
        }
    }
    assert!(checked >= 11);
}

/// What both decoders say of a record in the same words: counters, interfaces, ports, service, VRFs.
type Words = [u64; 9];

fn words_of(flow: &Flow) -> Words {
    let (core, exporter) = (&flow.core, flow.exporter.as_deref());
    let icmp = matches!(core.proto, 1 | 58);
    let port = |port: u16| if icmp { 0 } else { port.into() };
    let routing = flow.routing.as_deref();
    [
        core.src_bytes,
        core.src_packets,
        exporter.and_then(|e| e.in_if).unwrap_or(0).into(),
        exporter.and_then(|e| e.out_if).unwrap_or(0).into(),
        port(core.src_port),
        port(core.dst_port),
        flow.net.as_deref().and_then(|net| net.src_tos).unwrap_or(0).into(),
        routing.and_then(|r| r.in_vrf).unwrap_or(0).into(),
        routing.and_then(|r| r.out_vrf).unwrap_or(0).into(),
    ]
}

/// The words of a record that another decoder read, and its addresses; nothing for options.
fn words_told(record: &Value) -> Option<(Words, Vec<String>)> {
    if record["scope_fields"].as_array().is_some_and(|scope| !scope.is_empty()) {
        return None;
    }
    let fields = record["fields"].as_array()?;
    let field = |name: &str| fields.iter().find_map(|field| field.get(name));
    // A field may stand twice, as for the packet and what it carries: the one that is filled counts.
    let all = |name: &str| fields.iter().filter_map(|field| field.get(name)?.as_u64()).collect::<Vec<_>>();
    let number = |name: &str| all(name).into_iter().find(|number| *number != 0).unwrap_or(0);
    let icmp = field("protocolIdentifier").and_then(Value::as_str).is_some_and(|name| name.contains("ICMP"));
    let port = |name: &str| if icmp { 0 } else { number(name) };
    let words = [
        number("octetDeltaCount"),
        number("packetDeltaCount"),
        number("ingressInterface"),
        number("egressInterface"),
        port("sourceTransportPort"),
        port("destinationTransportPort"),
        number("ipClassOfService"),
        number("ingressVRFID"),
        number("egressVRFID"),
    ];
    let names = ["sourceIPv4Address", "sourceIPv6Address", "destinationIPv4Address", "destinationIPv6Address"];
    let told = fields
        .iter()
        .flat_map(|field| names.iter().filter_map(|name| field.get(*name)?.as_str()))
        .map(|text| text.parse::<Ip>().expect("an address"));
    Some((words, told.map(|ip| ip.to_string()).collect()))
}

/// Every record of the routers' captures by its values, not by sums alone.
#[test]
fn records_of_routers_have_the_expected_values() {
    let Some(corpus) = corpus() else { return };
    let mut checked = 0;
    for folder in fs::read_dir(corpus.join("pmacct-netgauze")).expect("a folder").flatten() {
        for part in ["00", "01"] {
            let json = folder.path().join(format!("netgauze/traffic-{part}-flow.json"));
            let Ok(json) = fs::read_to_string(&json) else { continue };
            let mut rows = decoded(&folder.path().join(format!("traffic-{part}.pcap"))).rows;
            for line in json.lines().filter(|line| !line.trim().is_empty()) {
                let message: Value = serde_json::from_str(line).expect("a line of JSON");
                let message = message.as_object().and_then(|m| m.values().next()).expect("one message");
                let sets = message["sets"].as_array().expect("sets");
                let records = sets.iter().flat_map(|set| set["Data"]["records"].as_array().into_iter().flatten());
                for (words, addresses) in records.filter_map(words_told) {
                    let is = |row: &Flow| {
                        let own = [row.core.src_ip.to_string(), row.core.dst_ip.to_string()];
                        words_of(row) == words && own.iter().all(|ip| addresses.contains(ip) || addresses.is_empty())
                    };
                    let found = rows.iter().position(is);
                    let name = folder.file_name();
                    rows.swap_remove(found.unwrap_or_else(|| panic!("{name:?} {part}: {words:?} {addresses:?}")));
                    checked += 1;
                }
            }
            assert!(rows.is_empty(), "{:?} {part}: {} rows more", folder.file_name(), rows.len());
        }
    }
    assert!(checked > 2_000, "{checked}");
}

/// Number of the protocol that pmacct calls so.
fn protocol(name: &str) -> u8 {
    match name {
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        "ipv6-icmp" => 58,
        "gre" => 47,
        "ipv6" => 41,
        "vrrp" => 112,
        "ospf" => 89,
        "pim" => 103,
        "igmp" => 2,
        "esp" => 50,
        "ah" => 51,
        "sctp" => 132,
        "ip" => 0,
        other => other.parse().unwrap_or_else(|_| panic!("{other}: no number is known here")),
    }
}

/// Cases whose sums by conversation are not those of pmacct, and why ours are right.
const SUMMED: &[(&str, &str)] = &[];

/// pmacct sums records by what its configuration names; here the sums are by endpoints, protocol and interfaces.
#[test]
fn sums_by_conversation_are_those_of_pmacct() {
    type Key = (String, String, u8, u64, u64);
    let Some(corpus) = corpus() else { return };
    let mut different = Vec::new();
    for folder in fs::read_dir(corpus.join("pmacct-netgauze")).expect("a folder").flatten() {
        let Ok(json) = fs::read_to_string(folder.path().join("pmacct/output-flow-00.json")) else { continue };
        let mut sums: HashMap<Key, (i64, i64)> = HashMap::new();
        for part in ["00", "01"] {
            let pcap = folder.path().join(format!("traffic-{part}.pcap"));
            for row in if pcap.exists() { decoded(&pcap).rows } else { Vec::new() } {
                let [octets, packets, input, output, ..] = words_of(&row);
                let core = &row.core;
                let key = (core.src_ip.to_string(), core.dst_ip.to_string(), core.proto, input, output);
                let sum = sums.entry(key).or_default();
                (sum.0, sum.1) = (sum.0 + octets.cast_signed(), sum.1 + packets.cast_signed());
            }
        }
        for line in json.lines().filter(|line| !line.trim().is_empty()) {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let ip = |name: &str| line[name].as_str().and_then(|text| text.parse::<Ip>().ok()).expect("an address");
            let number = |name: &str| line[name].as_i64().expect("a number");
            let proto = protocol(line["ip_proto"].as_str().expect("a name"));
            let side = |name: &str| number(name).cast_unsigned();
            let key = (ip("ip_src").to_string(), ip("ip_dst").to_string(), proto, side("iface_in"), side("iface_out"));
            let sum = sums.entry(key).or_default();
            (sum.0, sum.1) = (sum.0 - number("bytes"), sum.1 - number("packets"));
        }
        sums.retain(|_, sum| *sum != (0, 0));
        let name = folder.file_name().to_string_lossy().into_owned();
        println!("{name}: {} conversations differ, such as {:?}", sums.len(), sums.iter().take(5).collect::<Vec<_>>());
        if !sums.is_empty() {
            different.push(name);
        }
    }
    different.sort();
    assert_eq!(different, SUMMED.iter().map(|(case, _)| *case).collect::<Vec<_>>());
}

#[test]
fn small_captures_give_rows() {
    let Some(corpus) = corpus() else { return };
    for (templates, data, rows) in [
        (&["options-template", "options-data", "template"][..], "data", 4),
        (&["ipfixprobe-templates"], "ipfixprobe-data", 4),
        (&["ipfix-srv6-template"], "ipfix-srv6-data", 1),
        (&[], "nfv5", 29),
    ] {
        let (mut sum, mut cache) = (Sum::default(), Cache::default());
        for name in templates.iter().chain(&[data]) {
            let pcap = fs::read(corpus.join(format!("akvorado/netflow/{name}.pcap"))).expect("a capture");
            for (exporter, octets) in datagrams(&pcap) {
                sum.add(exporter, &octets, &mut cache);
            }
        }
        println!("{data}: {:?}, {:?}", sum.counts(), sum.skipped);
        for row in sum.rows.iter().take(2) {
            println!("  {row:?}");
        }
        assert_eq!((sum.rows.len(), sum.skipped.as_slice()), (rows, &[][..]), "{data}");
    }
}

/// Captures of one feature each: the templates are in a file of their own or beside the data. The numbers of records are
/// those of tshark, which was given the templates first; of 24 in the first header 21 are flows, two templates, one options.
#[test]
fn captures_of_single_features_are_read_whole() {
    let Some(corpus) = corpus() else { return };
    let cases: [(&str, &str, usize, &[&str]); 3] = [
        ("", "data+templates", 21, &["120.120.28.238", "120.120.244.112", "48", "100", "946"]),
        (
            "datalink-template",
            "datalink-data",
            1,
            &["51.51.51.51", "52.52.52.52", "96", "55501", "231", "b4:02:16:55:92:f4"],
        ),
        (
            "ethernet-over-mpls-with-control-word-template",
            "ethernet-over-mpls-with-control-word-data",
            10,
            &["198.51.100.20", "198.51.100.19", "1458", "43908", "80", "02:00:00:00:00:07"],
        ),
    ];
    for (templates, data, rows, values) in cases {
        let (mut sum, mut cache) = (Sum::default(), Cache::default());
        for name in [templates, data].into_iter().filter(|name| !name.is_empty()) {
            let pcap = fs::read(corpus.join(format!("akvorado/netflow/{name}.pcap"))).expect("a capture");
            for (exporter, octets) in datagrams(&pcap) {
                sum.add(exporter, &octets, &mut cache);
            }
        }
        assert_eq!((sum.rows.len(), sum.skipped.as_slice()), (rows, &[][..]), "{data}");
        let told: HashSet<String> = sum.rows.iter().flat_map(said).collect();
        for value in values {
            assert!(told.contains(*value), "{data}: {value} in {told:?}");
        }
    }
}

/// Keys of expected events that are no values of the record: header, template number, and what that decoder makes of
/// a record's own scope.
const NOT_OF_THE_RECORD: [&str; 6] =
    ["version", "flow_seq_num", "flowset_id", "flow_records", "scope_system", "privateEnterpriseNumber"];

/// Where a value is not found as it was expected, and why ours is right.
const DIFFERENT: [(&str, &str); 27] = [
    ("ip_protocol_version", "the addresses tell it"),
    ("ipVersion", "the addresses tell it"),
    ("first_switched", "that decoder cuts the exporter's uptime to seconds; `is_event` compares with that in mind"),
    ("last_switched", "as first_switched"),
    ("flowStartSysUpTime", "an uptime, which is a time here"),
    ("flowEndSysUpTime", "an uptime, which is a time here"),
    ("flowStartMilliseconds", "shown to the second there; `is_event` compares"),
    ("flowEndMilliseconds", "as flowStartMilliseconds"),
    ("flowStartSeconds", "as flowStartMilliseconds"),
    ("flowEndSeconds", "as flowStartMilliseconds"),
    ("flow_start_msec", "a number there, a time here; `is_event` compares"),
    ("event_time_msec", "the end of the flow here, where the record has no other"),
    ("forwarding_status", "status and reason are two columns here"),
    ("flow_end_reason", "a word here: `end_reason`"),
    ("flowEndReason", "a word here: `end_reason`"),
    ("fw_event", "a word here: `firewall_event`"),
    ("application_id", "the name where the exporter told it; else `applicationId` in `extra`"),
    ("direction", "a word here: `exporter_direction`"),
    ("flow_sampler_id", "chooses the sampler, whose rate is on the row"),
    ("mpls_label_stack_octets", "labels are a list here; entries of zeros are labels that the packet did not have"),
    ("Timestamp", "a time here, written as one"),
    ("nprobe_proto_name", "a made-up record whose text is no text: what is not UTF-8 is replaced"),
    ("initialTCPFlags", "or-ed with the later ones: `tcp_src_flags`"),
    ("unionTCPFlags", "as initialTCPFlags"),
    ("reverseInitialTCPFlags", "or-ed with the later ones: `tcp_dst_flags`"),
    ("reverseUnionTCPFlags", "as reverseInitialTCPFlags"),
    ("ipDiffServCodePoint", "the upper six bits of `ip_src_tos` here"),
];

/// Cases whose rows have other times than expected, because those that the record tells are impossible: case, what the
/// row says of its times, and why ours is right.
const REPAIRED: [(&str, &str, &str); 2] = [
    (
        "Netflow 9 nprobe DPI L7",
        "arrival",
        "a made-up record: its uptimes lie years before any export, and make times of 1970",
    ),
    (
        "Netflow 9 Fortigate FortiOS 5.2.1",
        "rebooted",
        "its records have other uptimes than its header, and would end a week after they were sent",
    ),
];

fn number(event: &Value, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| event[*name].as_u64())
}

fn text<'a>(event: &'a Value, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| event[*name].as_str())
}

/// True where a text is that time. The decoder that wrote the texts cuts the uptime to seconds, and does not
/// see that it passed 2^32 ms.
fn is_time(text: &str, ours: Time) -> bool {
    let millis = (0..=1_000).flat_map(|late| [late, late + (1 << 32)]).map(|late| ours.millis() + late);
    let text = text.trim_end_matches('Z').trim_end_matches(".000");
    millis.into_iter().any(|millis| Time::from_millis(millis).to_string().trim_end_matches('Z') == text)
}

/// Everything that a row says, as texts.
fn said(row: &Flow) -> HashSet<String> {
    let mut out = HashSet::new();
    for (id, _) in FLOWS.places() {
        match row.get(id) {
            minamo_schema::Value::Texts(list) => out.extend(list.iter().cloned()),
            value => drop(out.insert(text_value(&value))),
        }
    }
    let extra = row.extra.as_deref().and_then(|group| group.extra.as_deref()).unwrap_or_default();
    out.extend(extra.iter().filter_map(|entry| Some(entry.split_once('=')?.1.to_owned())));
    out
}

/// An expected value as this program writes it.
fn expected_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim_end_matches('\0').to_owned(),
        other => other.to_string(),
    }
}

/// The keys of an event whose values a row does not have; absent is as good as 0 and as an empty text.
fn missing(row: &Flow, event: &Value) -> Vec<String> {
    let said = said(row);
    let found = |value: &Value| {
        let text = expected_text(value);
        matches!(text.as_str(), "" | "0" | "0.0.0.0" | "::" | "00:00:00:00:00:00" | "00000000-00000000-00000000")
            || said.contains(&text)
            || said.contains(&text.to_lowercase())
    };
    let Some(fields) = event.as_object() else { return Vec::new() };
    let fields = fields.iter().filter(|(key, value)| !NOT_OF_THE_RECORD.contains(&key.as_str()) && !found(value));
    fields.map(|(key, _)| key.clone()).collect()
}

fn quality(row: &Flow) -> Option<&str> {
    row.exporter.as_ref().and_then(|exporter| exporter.time_quality.as_deref())
}

/// True where a row says what an expected event says, of the things that both have.
fn is_event(row: &Flow, event: &Value, repaired: &[&str]) -> bool {
    let core = &row.core;
    let ip = |names: &[&str], ours: Ip| text(event, names).is_none_or(|text| text == ours.to_string());
    let count = |names: &[&str], ours: u64| number(event, names).is_none_or(|number| number == ours);
    let time = |names: &[&str], ours: Time| text(event, names).is_none_or(|text| is_time(text, ours));
    let icmp = matches!(core.proto, 1 | 58);
    // The other decoder writes impossible times as they came.
    let replaced = quality(row).is_some_and(|quality| repaired.contains(&quality));
    let time = |names: &[&str], ours: Time| replaced || time(names, ours);
    ip(&["ipv4_src_addr", "sourceIPv4Address"], core.src_ip)
        && ip(&["ipv4_dst_addr", "destinationIPv4Address"], core.dst_ip)
        && (icmp || count(&["l4_src_port", "sourceTransportPort"], core.src_port.into()))
        && (icmp || count(&["l4_dst_port", "destinationTransportPort"], core.dst_port.into()))
        && count(&["protocol", "protocolIdentifier"], core.proto.into())
        && (event["direction"] == 1 || count(&["in_bytes", "octetDeltaCount"], core.src_bytes))
        && (event["direction"] == 1 || count(&["in_pkts", "packetDeltaCount"], core.src_packets))
        && time(&["first_switched", "flowStartMilliseconds", "flowStartSeconds"], core.time_start)
        && time(&["last_switched", "flowEndMilliseconds", "flowEndSeconds"], core.time_end)
}

#[test]
fn datagrams_of_many_exporters_give_the_expected_events() {
    let Some(corpus) = corpus() else { return };
    let cases = fs::read_to_string(corpus.join("logstash-netflow/cases.jsonl")).expect("the cases");
    let (mut wrong, mut used, mut repaired) = (Vec::new(), HashSet::new(), HashSet::new());
    for case in cases.lines() {
        let case: Value = serde_json::from_str(case).expect("a case");
        let (mut sum, mut cache) = (Sum::default(), Cache::default());
        for file in case["files"].as_array().expect("files") {
            let path = corpus.join("logstash-netflow/dat").join(file.as_str().expect("a name"));
            sum.add(Ip::v4([10, 0, 0, 1]), &fs::read(path).expect("a datagram"), &mut cache);
        }
        let (rows, options, ..) = sum.counts();
        let name = case["case"].as_str().unwrap_or_default();
        println!("{name}: {rows} + {options}, want {}, {:?}", case["expected_events"], sum.skipped);
        if let Some(events) = case["expected_events"].as_u64()
            && events != (rows as u64) + u64::from(options)
        {
            wrong.push(format!("{name}: {rows} rows, {options} options records, want {events}"));
        }
        for event in case["expected_json"].as_array().expect("events").iter().map(|event| &event["netflow"]) {
            let is_flow = text(event, &["ipv4_src_addr", "sourceIPv4Address"]).is_some();
            if !is_flow {
                continue;
            }
            let known = REPAIRED.iter().filter(|(case, ..)| *case == name).map(|(_, quality, _)| *quality);
            let known: Vec<_> = known.collect();
            let rows = sum.rows.iter().filter(|row| is_event(row, event, &known));
            let Some(lacks) = rows.map(|row| missing(row, event)).min_by_key(Vec::len) else {
                let qualities: Vec<_> = sum.rows.iter().filter_map(quality).collect();
                wrong.push(format!("{name}: no row for {event}; times {qualities:?}"));
                continue;
            };
            let all = event.as_object().map_or(0, |fields| fields.len());
            let rows = sum.rows.iter().filter(|row| is_event(row, event, &known) && !is_event(row, event, &[]));
            repaired.extend(rows.filter_map(quality).map(|quality| (name.to_owned(), quality.to_owned())));
            println!("  {} of {all} values; differ: {lacks:?}", all - lacks.len());
            used.extend(lacks.iter().cloned());
            let unexplained: Vec<_> =
                lacks.iter().filter(|key| !DIFFERENT.iter().any(|(known, _)| known == key)).collect();
            if !unexplained.is_empty() {
                wrong.push(format!("{name}: {unexplained:?} of {event}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let idle = REPAIRED.iter().filter(|(case, quality, _)| !repaired.contains(&((*case).into(), (*quality).into())));
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&(&str, &str, &str)>::new(), "times that are as expected");
    let idle: Vec<_> = DIFFERENT.iter().filter(|(key, _)| !used.contains(*key)).collect();
    assert!(idle.is_empty(), "differences that are none: {idle:?}");
}

#[test]
fn every_difference_from_the_ground_truth_stands_in_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/explain/collect-ground-truth.md");
    let document = fs::read_to_string(path).expect("in the repository");
    for (key, _) in DIFFERENT {
        assert!(document.contains(&format!("| `{key}` |")), "{key}");
    }
    for (case, quality, _) in REPAIRED {
        assert!(document.contains(&format!("| {case} | `{quality}` |")), "{case}");
    }
}

/// Captures of sFlow agents: rows, counters, and what one row of each says. What the file is named after was looked up
/// in the captures with another decoder.
#[test]
fn captures_of_sflow_agents_give_rows() {
    let Some(corpus) = corpus() else { return };
    let mut files: Vec<_> = fs::read_dir(corpus.join("akvorado/sflow")).expect("a folder").flatten().collect();
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        let sum = decoded(&file.path());
        println!("{:?}: {:?}, {:?}", file.file_name(), sum.counts(), sum.skipped);
        for row in &sum.rows {
            let (core, exporter) = (&row.core, row.exporter.as_deref());
            println!(
                "  {}:{} > {}:{} proto {} {} octets, 1 in {:?}, in {:?} out {:?}, {:?} {:?} {:?}",
                core.src_ip,
                core.src_port,
                core.dst_ip,
                core.dst_port,
                core.proto,
                core.src_bytes,
                row.sampling.as_deref().and_then(|sampling| sampling.rate),
                exporter.and_then(|exporter| exporter.in_if),
                exporter.and_then(|exporter| exporter.out_if),
                row.l2.as_deref().map(|l2| (l2.vlan, l2.inner_vlan)),
                row.tunnel.as_deref().map(|tunnel| (&tunnel.kind, tunnel.src_id)),
                row.extra.as_deref().and_then(|group| group.extra.as_ref()),
            );
        }
        assert!(!sum.rows.is_empty(), "{:?}", file.file_name());
        let bad = sum.skipped.iter().filter(|reason| matches!(reason, Skipped::Malformed(_))).count();
        assert_eq!(bad, 0, "{:?}: {:?}", file.file_name(), sum.skipped);
    }
    let pcap = corpus.join("tcpdump-sflow/sflow-print-v6.pcap");
    let sum = decoded(&pcap);
    println!("tcpdump: {:?}, facts {}, {:?}", sum.counts(), sum.facts, sum.skipped);
    // 61 samples, as the corpus' own print of them says.
    assert_eq!((sum.rows.len(), sum.facts, sum.skipped.len()), (13, 48, 0));
}
