// SPDX-License-Identifier: Apache-2.0
//! What the rules say about captures of others: `make score-detect` writes it to `docs/detections.md`.
//!
//! Each capture gets ten days of its own in a lake, shifted by whole days, and every rule that is on is asked over all of them.
//! Rules that look back are left out: a capture has no past. What a capture shows is told by its corpus (labels or names),
//! not by us; which rules ought to see it is written in [`EXPECTED`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use minamo_base::Time;
use minamo_detect::{Engine, Rule, Severity, most_rows};
use minamo_model::{CellReader, FLOWS, FlowBuilder, Row, text_value};
use minamo_store::{Lake, Settings};
use serde_json::{Map, Value};

use super::{minamo, root, rules};

/// Captures in one lake.
const TOGETHER: usize = 300;
/// Days that a capture has for itself.
const DAYS: u64 = 10;
/// Rows that a rule without a method may give over one lake.
const MOST_ROWS: usize = 100_000;

/// What a capture of the threats is named after or labelled with, and the rules of which one ought to fire.
const EXPECTED: &[(&str, &[&str])] = &[
    ("cryptomining-nesfit", &["miner"]),
    ("dns-tunnel-pcap/iodine", &["tunnel_dns", "tunnel_dns_volume"]),
    ("ppa-captures/activeosfingerprinting", &["scan_os"]),
    ("ppa-captures/dns_axfr", &["dns_zone_transfer"]),
    ("ppa-captures/http_dvwa_sqlinjection", &["http_attack"]),
    ("ppa-captures/synscan", &["scan_ports"]),
    ("pcap_log4shell", &["http_attack"]),
    ("kerbrute_passwordspray", &["guess_kerberos", "guess_accounts"]),
    ("slips/test12-icmp-portscan", &["icmp_sweep", "icmp_sweep_bare"]),
    ("slips/test7-malicious", &["scan_hosts", "scan_mixed", "scan_ports", "scan_slow"]),
    ("empire_smbexec", &["rpc_execution"]),
    ("zeek-asyncrat", &["tls_c2_certificate", "tls_unnamed"]),
    ("PetitPotam__PatchedDCUnauthenticated", &["rpc_coercion"]),
    ("zerologon__CVE-2020-1472", &["rpc_zerologon"]),
    ("mimikatz_CVE-2020-1472", &["rpc_zerologon"]),
    ("zerologon_mimikatz", &["rpc_zerologon"]),
    ("getdomaingroup_ldap", &["ldap_reconnaissance"]),
    ("empire_find_localadmin", &["rpc_discovery"]),
    ("empire_getsession", &["rpc_discovery"]),
    ("empire_shell_rpc_samr", &["rpc_discovery"]),
    ("empire_shell_samr", &["rpc_discovery"]),
    ("sc_query_dcerpc", &["rpc_discovery"]),
    ("sharpsc_query_dcerpc", &["rpc_discovery"]),
    ("sharpsc_start", &["rpc_execution"]),
    ("sharpwmi", &["rpc_execution"]),
    ("empire_wmi", &["rpc_execution"]),
    ("covenant_dcom_registerxll", &["rpc_execution"]),
    ("psremoting", &["winrm"]),
    ("Remote_Pwd_Reset", &["rpc_account_changed"]),
    ("NetShareEnum", &["rpc_discovery"]),
    ("impacket_rpcdump", &["rpc_discovery"]),
    ("scan_dcerpc_endpoint_mapper", &["rpc_discovery"]),
    ("remote_eventservice_crash", &["rpc_log_cleared"]),
    ("quantuminsert", &["stream_injected"]),
    ("cve-2020-1350", &["dns_old_signature"]),
    ("SMBGhost", &["exploit_attempt"]),
    ("ppa-captures/aurora", &["shell_clear"]),
];

/// Captures of the threats in which the flows do not show the threat, and why not.
const NOT_TOLD: &[(&str, &str)] = &[
    ("PetitPotam__PatchedDCAuthenticated", "the calls are inside encrypted SMB 3"),
    ("BackupMasterKey", "one call through a pipe that was opened before the capture"),
    ("DCShadow", "a sealed change over LDAP, begun before the capture; no call of replication is in it"),
    ("samr_lookupnames", "a login and sealed calls; the names of groups are asked for by every system"),
    ("dns_isp_hijack", "an answer with another address: nothing tells which is right"),
    ("http_dvwa_clearlogin", "one login over clear HTTP by a form"),
    (
        "ppa-captures/ratinfected",
        "eight connections inside one network within two minutes: no pace can be told from work",
    ),
    ("C2_Foudre_Backdoor_DGA", "one made-up name in one request, no DNS: one odd name is nothing"),
    (
        "covenant_dcom_executeexcel4macro",
        "a connection to the endpoint mapper that was begun before the capture, and one of HTTP",
    ),
    (
        "empire_ninjacopy",
        "the attack is sealed in a connection that is not in the capture; the flows are of name resolution",
    ),
    ("rubeus_asktgt", "one ticket with one valid key, as every login asks for"),
    ("agenttesla", "two or three uploads by FTP or mail, which look as those of a person"),
    ("strrat", "one connection of a protocol of its own, three minutes long"),
    ("slips/test-cc", "a beacon of two seconds from a public address: nothing says that it is inside"),
    ("facefish", "one or two connections of a protocol of its own"),
    ("ppa-captures/cryptowall4", "three requests for pages"),
    ("ppa-captures/sessionhijacking", "a cookie that two hosts send: cookies are not noted"),
];

/// Words in the names of captures of the other corpora that tell of an attack: these captures count for neither side.
const NOT_BENIGN: &[&str] = &[
    "sshguess",
    "scan",
    "nmap",
    "dga",
    "malware",
    "exploit",
    "attack",
    "attacks",
    "cve",
    "brute",
    "bruteforce",
    "bruteforcing",
    "guess",
    "guessing",
    "tunnel",
    "iodine",
    "dnscat",
    "exfil",
    "log4j",
    "jndi",
    "zerologon",
    "miner",
    "mining",
    "stratum",
    "tor",
    "flood",
    "ddos",
    "dos",
    "shell",
    "shellcode",
    "trickbot",
    "emotet",
    "xss",
    "sqli",
    "injection",
    "rce",
    "facefish",
    "strrat",
    "agenttesla",
    "eternalsafety",
    "ripple20",
    "sigred",
    "s4",
    "sniffpass",
    "httpattacks",
    "heartbleed",
    "slowloris",
    "backdoor",
    "evader",
    "evasion",
    "synscan",
    "bitcoin",
    "monero",
    "ethereum",
    "psiphon",
    "bad",
    "fuzz",
    "exfiltration",
    "eternalblue",
    "webattacksqlinj",
];

/// Captures of the other corpora that hold what the rules say of them, by what they are: they count for neither side.
const HOLDS_IT: &[(&str, &str)] = &[
    (
        "arkime/dcerpc_synthetic",
        "made for tests of a dissector: one call of each interface, among them DRSGetNCChanges and EfsRpc from hosts that are no controllers",
    ),
    ("suricata-verify/dcerpc/dcerpc-dce-iface-many", "a proof of zeros to Netlogon: CVE-2020-1472"),
    ("suricata-verify/smb-dce_iface", "a printer driver installed over RPC: CVE-2021-1675"),
    ("suricata-verify/smb2-09-trunc-file-logging", "EternalBlue (MS17-010)"),
    ("ndpi/pcap/smbv1.pcap", "DoublePulsar, which EternalBlue leaves behind"),
    ("suricata-verify/output-multi-eve", "Log4Shell (CVE-2021-44228) and the shell that it opens"),
    ("ndpi/pcap/dnp3.pcap", "an application of a DNP3 station stopped"),
    ("arkime/dnp3_synthetic", "made for tests of a dissector: a DNP3 station restarted"),
    ("suricata-verify/bug-814", "Nikto at work"),
    ("suricata-verify/compress_ipv6-01", "Nikto at work"),
    ("suricata-verify/netflow_compress_ipv6", "Nikto at work"),
    ("suricata-verify/http-protocol-nodup", "the scripts of Nmap at work"),
    (
        "suricata-verify/pcap-file-delete-non-alerts-only",
        "a program in a laboratory whose server (INetSim) shows its own certificate for www.apple.com",
    ),
    ("suricata-verify/tls/tls-random-6989", "the same laboratory"),
    ("suricata-verify/tcp-fastopen", "a page asked for /etc/passwd by a path that climbs up"),
    ("zeek/pcap/tcp/qi_internet", "QuantumInsert: an answer put in before the server's"),
    ("zeek/pcap/tcp/payload-synack", "a page asked for /etc/passwd by a path that climbs up"),
    ("zeek/pcap/tcp/tcp-fast-open", "a page asked for /etc/passwd by a path that climbs up"),
];

/// What one capture is and what was said of it.
struct Scored {
    name: String,
    threat: bool,
    flows: usize,
    fired: BTreeSet<String>,
}

#[tokio::test]
#[ignore = "takes minutes and wants the corpora: make score-detect"]
async fn the_rules_on_captures_of_others() {
    let corpora = root().join("../shared/corpora");
    if !corpora.is_dir() {
        println!("skipped: {} is not there", corpora.display());
        return;
    }
    let mut captures = Vec::new();
    for (folder, threat) in [("threats", true), ("dpi", false), ("general", false)] {
        let mut files = Vec::new();
        find(&corpora.join(folder), &mut files);
        files.sort();
        captures.extend(files.into_iter().map(|path| {
            let name = path.to_string_lossy().into_owned();
            let listed = EXPECTED.iter().map(|(part, _)| part).chain(NOT_TOLD.iter().map(|(part, _)| part));
            // A book's captures are of ordinary protocols as well.
            let ordinary = name.contains("ppa-captures") && !listed.into_iter().any(|part| name.contains(part));
            (path, threat && !ordinary)
        }));
    }
    let rules: Vec<Rule> = rules::rules().into_iter().filter(|rule| rule.enabled && rule.history.is_none()).collect();
    let mut scored = Vec::new();
    for some in captures.chunks(TOGETHER) {
        scored.extend(score(&corpora, some, &rules).await);
    }
    let attacks = attacks(&rules).await;
    let names = names(&corpora, &rules).await;
    let report = format!("{}{attacks}{names}", report(&scored, &rules));
    match report_file() {
        Some(path) => std::fs::write(path, report).expect("written"),
        None => println!("{report}"),
    }
    let crying: Vec<_> = benign(&scored).filter(|capture| loud(capture, &rules)).map(|capture| &capture.name).collect();
    assert!(crying.is_empty(), "events of severity high or more on benign captures: {crying:?}");
}

/// The attacks of a moment ago alone, which takes a minute: their part of the report is written anew.
#[tokio::test]
#[ignore = "`make score-attacks`: plays attacks in network namespaces"]
async fn the_rules_on_attacks_that_are_played() {
    let rules: Vec<Rule> = rules::rules().into_iter().filter(|rule| rule.enabled && rule.history.is_none()).collect();
    let attacks = attacks(&rules).await;
    if let Some(path) = report_file() {
        let report = std::fs::read_to_string(&path).expect("a report");
        let (before, rest) = report.split_once("\n## Live attacks\n").expect("the part about attacks");
        let (_, after) = rest.split_once("\n## Names\n").expect("the part behind it");
        std::fs::write(path, format!("{before}{attacks}\n## Names\n{after}")).expect("written");
    }
    println!("{attacks}");
    assert!(!attacks.contains("**missed**"), "an attack was not seen");
}

/// Where the report is written, if anywhere.
fn report_file() -> Option<PathBuf> {
    std::env::var_os("MINAMO_SCORE_TO").map(PathBuf::from)
}

/// What the rules say of attacks that `benches/attacks.py` played a moment ago: `MINAMO_SCORE_ATTACKS` names its folder.
async fn attacks(rules: &[Rule]) -> String {
    let Ok(folder) = std::env::var("MINAMO_SCORE_ATTACKS") else { return String::new() };
    let folder = PathBuf::from(folder);
    let list = std::fs::read_to_string(folder.join("attacks.jsonl")).expect("the list that attacks.py writes");
    let list: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let played: Vec<&Value> = list.iter().filter(|attack| attack["capture"].is_string()).collect();
    let path = |attack: &Value| (folder.join(attack["capture"].as_str().unwrap_or_default()), true);
    let captures: Vec<_> = played.iter().map(|attack| path(attack)).collect();
    let scored = score(&folder, &captures, rules).await;
    // Where a tool is not installed here, what was measured where it was stays.
    let before = report_file().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let mut out = String::from(
        "\n## Live attacks\n\nPlayed by `benches/attacks.py` in two network namespaces with the tools of Debian that were installed (rows of a tool that is \
         not installed stay as they were); one of the rules wanted is enough.\n\n| attack | by | flows | wanted | seen by |\n|---|---|---|---|---|\n",
    );
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for attack in &list {
        let at = played.iter().position(|one| one == &attack);
        let Some(capture) = at.and_then(|at| scored.get(at)) else {
            let first = format!("| {} | {} |", text(&attack["attack"]), text(&attack["tool"]));
            let earlier = before.lines().find(|row| row.starts_with(&first));
            let row = earlier
                .map_or_else(|| format!("{first} – | – | not played: {} |", text(&attack["skipped"])), str::to_owned);
            _ = writeln!(out, "{row}");
            continue;
        };
        let wanted: Vec<_> = attack["rules"].as_array().into_iter().flatten().map(text).collect();
        let seen = if wanted.is_empty() || wanted.iter().any(|rule| capture.fired.contains(rule)) {
            ""
        } else {
            "**missed** "
        };
        let code = |names: Vec<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let by = code(capture.fired.iter().cloned().collect());
        _ = writeln!(
            out,
            "| {} | {} | {} | {} | {seen}{by} |",
            text(&attack["attack"]),
            text(&attack["tool"]),
            capture.flows,
            code(wanted)
        );
    }
    out
}

/// Names that one host asks for in an hour, of a list of them.
const NAMES_TOGETHER: usize = 40;
/// The same of a tunnel, which asks for many more.
const TUNNEL_NAMES_TOGETHER: usize = 400;

/// What the rules about names say of lists of names with labels: each so many of one label are asked for by one host.
async fn names(corpora: &Path, rules: &[Rule]) -> String {
    let mut out = String::from(
        "\n## Names\n\nLists of names with labels; each so many names of one label are asked for by one host within an hour. Made-up names do not exist, \
         the others do. Of single names the letters are judged alone.\n\n\
         | list | label | rule | names | odd by their letters | hosts | with an event |\n|---|---|---|---|---|---|---|\n",
    );
    let text = std::fs::read_to_string(corpora.join("threats/dga-ndpi/domains.jsonl")).unwrap_or_default();
    for made in [true, false] {
        let names: Vec<String> = labelled(&text, "domain", |row| row["dga"] == made);
        let label = if made { "made by programs" } else { "of people" };
        let (hosts, odd) = asked(&names, NAMES_TOGETHER, made, "dns_names_random", rules).await;
        let row = format!("| dga-ndpi | {label} | `dns_names_random` | {} | {odd} |", names.len());
        _ = writeln!(out, "{row} {} | {} |", names.len().div_ceil(NAMES_TOGETHER), hosts);
    }
    let file = corpora.join("threats/dns-tunnel-names/names.jsonl.gz");
    let unpacked = std::process::Command::new("gzip").arg("-dc").arg(&file).output().map(|output| output.stdout);
    let text = String::from_utf8_lossy(&unpacked.unwrap_or_default()).into_owned();
    for label in ["dns2tcp", "dnscapy", "iodine", "plain"] {
        let names: Vec<String> = labelled(&text, "name", |row| row["label"] == label);
        if names.is_empty() {
            continue;
        }
        let (hosts, _) = asked(&names, TUNNEL_NAMES_TOGETHER, false, "tunnel_dns", rules).await;
        let row = format!("| dns-tunnel-names | {label} | `tunnel_dns` | {} | – |", names.len());
        _ = writeln!(out, "{row} {} | {hosts} |", names.len().div_ceil(TUNNEL_NAMES_TOGETHER));
    }
    out
}

/// Names of the rows of a list that are wanted.
fn labelled(text: &str, column: &str, wanted: impl Fn(&Value) -> bool) -> Vec<String> {
    let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    rows.filter(wanted).filter_map(|row| Some(row[column].as_str()?.trim_end_matches('.').to_owned())).collect()
}

/// Hosts of which a rule speaks, where each asks for some of the names; and how many of the domains that its query gives
/// look made up.
async fn asked(names: &[String], together: usize, missing: bool, wanted: &str, rules: &[Rule]) -> (usize, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = || Time::parse("2026-01-05T12:00:00Z").unwrap_or_default();
    let lake = Lake::open(folder.path(), Settings::default(), clock).expect("opened");
    let mut builder = FlowBuilder::default();
    for (host, some) in names.chunks(together).enumerate() {
        for name in some {
            let rcode = if missing { "nxdomain" } else { "noerror" };
            let row = serde_json::json!({
                "time_start": "2026-01-05T10:00:05Z", "src_ip": format!("10.0.{}.{}", host / 250, host % 250 + 1), "dst_ip": "10.9.9.9",
                "dst_port": 53, "proto": 17, "src_packets": 1, "dst_packets": 1, "app": "DNS", "dns_query": name, "dns_rcode": rcode,
            });
            builder.append(&rules::flow(row.as_object().expect("an object")));
        }
    }
    lake.append(&FLOWS, builder.finish().expect("a batch")).await.expect("appended");
    let (from, to) = lake.time_range().await.expect("there are rows");
    let (mut hosts, mut odd) = (BTreeSet::new(), 0);
    let rule = rules.iter().find(|rule| rule.name == wanted).expect("a rule");
    for sql in Engine::questions(rule, from, to).sql {
        let answer = lake.sql(&sql, MOST_ROWS.max(most_rows(rule))).await.expect("an answer");
        for batch in &answer.batches {
            let readers = CellReader::all(batch);
            let made = |row| minamo_detect::method::looks_made(&text_value(&Row::new(&readers, row).get("domain")));
            odd += (0..batch.num_rows()).filter(|row| made(*row)).count();
        }
        let events = Engine::default().events(rule, &answer.batches, to).events;
        hosts.extend(events.iter().map(|event| event.finding.src_ip));
    }
    (hosts.len(), odd)
}

/// The captures of a folder, one of each content.
fn find(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            find(&path, out);
        } else if path.extension().is_some_and(|e| ["pcap", "pcapng", "cap", "trace"].iter().any(|x| e == *x)) {
            out.push(path);
        }
    }
}

/// Flows of a capture as JSON; kept in a folder where one is named, to try rules quickly.
fn metered(corpora: &Path, capture: &Path) -> String {
    let kept = std::env::var("MINAMO_SCORE_KEEP").ok().map(|folder| {
        let name = capture.strip_prefix(corpora).expect("inside").to_string_lossy().replace('/', "__");
        PathBuf::from(folder).join(name)
    });
    if let Some(text) = kept.as_ref().and_then(|path| std::fs::read_to_string(path).ok()) {
        return text;
    }
    // Some captures are broken on purpose: what can be read of them counts.
    let output = minamo(&["meter", &capture.to_string_lossy()]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    if let Some(path) = kept {
        std::fs::write(path, &text).expect("written");
    }
    text
}

async fn score(corpora: &Path, captures: &[(PathBuf, bool)], rules: &[Rule]) -> Vec<Scored> {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = || Time::parse("2026-01-05T12:00:00Z").unwrap_or_default();
    // A lake of three thousand days, on a machine that may have other things to do.
    let settings = Settings { query_time: Duration::from_secs(1_800), ..Settings::default() };
    let lake = Lake::open(folder.path(), settings, clock).expect("opened");
    let first = Time::parse("2001-01-01T00:00:00Z").expect("a time");
    let day = Duration::from_secs(86_400);
    let slot = i64::try_from(day.as_nanos()).expect("small") * i64::try_from(DAYS).expect("small");
    let mut scored = Vec::new();
    for (at, (path, threat)) in captures.iter().enumerate() {
        let text = metered(corpora, path);
        let mut flows: Vec<_> = text
            .lines()
            .map(|line| rules::flow(&serde_json::from_str::<Map<String, Value>>(line).expect("JSON")))
            .collect();
        let begin = flows.iter().map(|flow| flow.core.time_start.0).min().unwrap_or_default();
        let days = i64::try_from(day.as_nanos()).expect("small");
        let shift = first.0 + slot * i64::try_from(at).expect("few") - begin.div_euclid(days) * days;
        // What lies days after the first packet is a broken clock, and not the capture's.
        flows.retain(|flow| flow.core.time_start.0 - begin < slot - days);
        let mut builder = FlowBuilder::default();
        for flow in &mut flows {
            flow.core.time_start.0 += shift;
            flow.core.time_end.0 = (flow.core.time_end.0 + shift).max(flow.core.time_start.0);
            builder.append(flow);
        }
        if !builder.is_empty() {
            lake.append(&FLOWS, builder.finish().expect("a batch")).await.expect("appended");
        }
        let name = path.strip_prefix(corpora).expect("inside").to_string_lossy().into_owned();
        scored.push(Scored { name, threat: *threat, flows: flows.len(), fired: BTreeSet::new() });
    }
    lake.seal().await.expect("sealed");
    let (from, to) = lake.time_range().await.expect("there are rows");
    for rule in rules {
        for sql in Engine::questions(rule, from, to).sql {
            let answer = lake
                .sql(&sql, MOST_ROWS.max(most_rows(rule)))
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", rule.name));
            assert!(!answer.truncated, "{} gives too many rows", rule.name);
            for event in Engine::default().events(rule, &answer.batches, to).events {
                let at = usize::try_from((event.finding.time_start.0 - first.0).div_euclid(slot)).expect("a slot");
                if std::env::var("MINAMO_SCORE_TELL").is_ok() {
                    println!("{} {} {}", scored[at].name, rule.name, event.finding.facts);
                }
                scored[at].fired.insert(rule.name.clone());
            }
        }
    }
    scored
}

/// The captures that count as benign.
fn benign(scored: &[Scored]) -> impl Iterator<Item = &Scored> {
    let odd = |name: &str| {
        let name = name.to_lowercase();
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| NOT_BENIGN.contains(&word))
    };
    let holds = |name: &str| HOLDS_IT.iter().any(|(part, _)| name.contains(part));
    scored.iter().filter(move |capture| !capture.threat && !odd(&capture.name) && !holds(&capture.name))
}

fn severity(rules: &[Rule], name: &str) -> Severity {
    rules.iter().find(|rule| rule.name == name).map_or(Severity::Low, |rule| rule.severity)
}

/// Whether a capture has an event that wants somebody at once.
fn loud(capture: &Scored, rules: &[Rule]) -> bool {
    capture.fired.iter().any(|name| severity(rules, name) >= Severity::High)
}

fn report(scored: &[Scored], rules: &[Rule]) -> String {
    let mut out = String::from(
        "<!-- Generated by `make score-detect`. Do not edit. -->\n\n# Detection on captures of others\n\n\
         Every rule that is on and does not look back, with its shipped parameters, on captures that others published. What a capture shows is \
         told by its corpus; which rules ought to see it is written in `crates/minamo/tests/program/score.rs`. Captures are counted, not events.\n\n",
    );
    let threats: Vec<_> = scored.iter().filter(|capture| capture.threat).collect();
    let quiet: Vec<_> = benign(scored).collect();
    let with = |captures: &[&Scored], least| {
        captures.iter().filter(|c| c.fired.iter().any(|name| severity(rules, name) >= least)).count()
    };
    _ = writeln!(
        out,
        "| captures | number | with flows | with an event | of severity medium or more | high or more |\n|---|---|---|---|---|---|"
    );
    for (title, captures) in [("threats", &threats), ("benign", &quiet)] {
        let full = captures.iter().filter(|capture| capture.flows > 0).count();
        let [any, medium, high] = [Severity::Low, Severity::Medium, Severity::High].map(|least| with(captures, least));
        _ = writeln!(out, "| {title} | {} | {full} | {any} | {medium} | {high} |", captures.len());
    }
    _ = writeln!(
        out,
        "\n## What ought to be seen\n\nOne of the rules named is enough.\n\n| captures | number | seen | by |\n|---|---|---|---|"
    );
    for (part, wanted) in EXPECTED {
        let of: Vec<_> = threats.iter().filter(|capture| capture.name.contains(part)).collect();
        let seen = of.iter().filter(|capture| wanted.iter().any(|rule| capture.fired.contains(*rule))).count();
        let by: BTreeSet<_> = of.iter().flat_map(|capture| &capture.fired).map(|rule| format!("`{rule}`")).collect();
        _ = writeln!(out, "| {part} | {} | {seen} | {} |", of.len(), by.into_iter().collect::<Vec<_>>().join(", "));
    }
    _ = writeln!(
        out,
        "\n## What flows do not show\n\nThreats of which no event is expected, and why.\n\n| captures | number | why | events |\n|---|---|---|---|"
    );
    for (part, why) in NOT_TOLD {
        let of: Vec<_> = threats.iter().filter(|capture| capture.name.contains(part)).collect();
        let by: BTreeSet<_> = of.iter().flat_map(|capture| &capture.fired).map(|rule| format!("`{rule}`")).collect();
        _ = writeln!(out, "| {part} | {} | {why} | {} |", of.len(), by.into_iter().collect::<Vec<_>>().join(", "));
    }
    _ = writeln!(
        out,
        "\n## Benign captures with an event of severity medium or more\n\nMost of them hold what the rule says: they are test data of other \
         products, among them tries of known holes and tools of attack.\n\n| capture | told by |\n|---|---|"
    );
    for (part, why) in HOLDS_IT {
        _ = writeln!(out, "| {part} (not counted) | {why} |");
    }
    for capture in &quiet {
        let said: Vec<_> = capture.fired.iter().filter(|name| severity(rules, name) >= Severity::Medium).collect();
        if !said.is_empty() {
            let said: Vec<_> = said.iter().map(|name| format!("`{name}`")).collect();
            _ = writeln!(out, "| {} | {} |", capture.name, said.join(", "));
        }
    }
    _ = writeln!(
        out,
        "\n## By rule\n\nA rule of severity low tells what is there (a protocol, a tool), so that it may speak on benign captures.\n\n| rule | severity | threats | benign | benign captures |\n|---|---|---|---|---|"
    );
    let mut told: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
    threats.iter().for_each(|c| c.fired.iter().for_each(|rule| told.entry(rule).or_default().0 += 1));
    quiet.iter().for_each(|c| c.fired.iter().for_each(|rule| told.entry(rule).or_default().1.push(&c.name)));
    for rule in rules {
        let (hits, false_ones) = told.remove(&*rule.name).unwrap_or_default();
        let few: Vec<_> = false_ones.iter().take(3).map(|name| name.rsplit('/').next().unwrap_or(name)).collect();
        let more = if false_ones.len() > 3 { ", …" } else { "" };
        _ = writeln!(
            out,
            "| `{}` | {} | {hits} | {} | {}{more} |",
            rule.name,
            rule.severity.name(),
            false_ones.len(),
            few.join(", ")
        );
    }
    out
}
