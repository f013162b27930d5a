// SPDX-License-Identifier: Apache-2.0
//! Labelled sessions: rows of captures with what is known of them. A session is in a data set once, however many captures
//! show it, so that it cannot be on both sides of a split.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use minamo_base::{Ip, Time};
use minamo_model::flow::Flow;
use serde::{Deserialize, Deserializer};

use crate::features::Values;
use crate::measure::{Scratch, extract};
use crate::pairs::{PairContext, Pairs};

/// A labelled session.
#[derive(Clone, Debug)]
pub struct Case {
    /// The row.
    pub flow: Flow,
    /// What earlier sessions of its hosts said.
    pub pair: Option<PairContext>,
    /// True for malware.
    pub malware: bool,
    /// Family of malware; of a benign session in an infection capture, the family of the capture.
    pub family: Option<String>,
    /// Collection that the capture comes from: one laboratory, one way of capturing.
    pub corpus: String,
    /// The capture.
    pub capture: String,
}

impl Case {
    /// The features.
    pub fn values(&self, scratch: &mut Scratch) -> Values {
        extract(&self.flow, self.pair, scratch)
    }

    /// Sessions that are much alike: of one capture, with one server.
    pub fn group(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.corpus, &self.capture, self.flow.core.dst_ip).hash(&mut hasher);
        hasher.finish()
    }
}

/// What the sessions of a capture are. Another word is refused: nobody knows which class it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureKind {
    /// `benign`.
    Benign,
    /// `malicious` or `malware`.
    Malicious,
    /// `doh`: lookups by DNS over HTTPS, which are learnt from apart.
    Doh,
    /// `doh_tunnel`: tunnels in it.
    DohTunnel,
}

impl<'de> Deserialize<'de> for CaptureKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match String::deserialize(deserializer)?.as_str() {
            "benign" => Self::Benign,
            "malicious" | "malware" => Self::Malicious,
            "doh" => Self::Doh,
            "doh_tunnel" => Self::DohTunnel,
            other => {
                let told = format!("label: got {other:?}, want benign, malicious, doh or doh_tunnel");
                return Err(serde::de::Error::custom(told));
            }
        })
    }
}

/// True for the word that says malware of a connection, false for one that says the contrary: `malicious-candidate`,
/// `benign-background`.
fn is_malware<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.split('-').next() {
        Some("malicious" | "malware") => Ok(true),
        Some("benign") => Ok(false),
        _ => Err(serde::de::Error::custom(format!(
            "label: got {text:?}, want benign, malicious, or one of them with - and more"
        ))),
    }
}

/// What a line of an index says of a capture.
#[derive(Clone, Debug, Deserialize)]
pub struct CaptureLabel {
    /// Path below the folder of corpora; its first two parts name the corpus.
    pub pcap: String,
    /// What its sessions are.
    pub label: CaptureKind,
    /// Family, where every session of the capture is of it.
    #[serde(default)]
    pub family: Option<String>,
}

impl CaptureLabel {
    /// The corpus: the first two parts of the path.
    pub fn corpus(&self) -> String {
        self.pcap.split('/').take(2).collect::<Vec<_>>().join("/")
    }

    fn is_malicious(&self) -> bool {
        matches!(self.label, CaptureKind::Malicious | CaptureKind::DohTunnel)
    }

    fn is_doh(&self) -> bool {
        matches!(self.label, CaptureKind::Doh | CaptureKind::DohTunnel)
    }
}

/// What a line says of one connection of an infection capture.
#[derive(Clone, Debug, Deserialize)]
struct ConnectionLine {
    a_ip: std::net::IpAddr,
    a_port: u16,
    b_ip: std::net::IpAddr,
    b_port: u16,
    family: Option<String>,
    #[serde(rename = "label", deserialize_with = "is_malware")]
    malware: bool,
    start_us: i64,
    duration_us: i64,
}

/// Endpoints in a fixed order.
type Ends = [(Ip, u16); 2];

fn ends(a: (Ip, u16), b: (Ip, u16)) -> Ends {
    if a <= b { [a, b] } else { [b, a] }
}

#[derive(Clone, Debug)]
struct ConnectionLabel {
    from: i64,
    to: i64,
    family: Option<String>,
    malware: bool,
}

/// Labels of single connections, found by endpoints and time: a capture may have been renamed or collected twice.
#[derive(Debug, Default)]
pub struct ConnectionLabels(HashMap<Ends, Vec<ConnectionLabel>>);

impl ConnectionLabels {
    /// Reads JSON lines. The error names the line.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut out = Self::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let line: ConnectionLine =
                serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))?;
            let key = ends((Ip::from(line.a_ip), line.a_port), (Ip::from(line.b_ip), line.b_port));
            let second = 1_000_000;
            out.0.entry(key).or_default().push(ConnectionLabel {
                from: line.start_us.saturating_sub(second),
                to: line.start_us.saturating_add(line.duration_us).saturating_add(second),
                family: line.family,
                malware: line.malware,
            });
        }
        Ok(out)
    }

    fn find(&self, flow: &Flow) -> Option<&ConnectionLabel> {
        let core = &flow.core;
        let key = ends((core.src_ip, core.src_port), (core.dst_ip, core.dst_port));
        let micros = core.time_start.0 / 1_000;
        self.0.get(&key)?.iter().find(|label| (label.from..=label.to).contains(&micros))
    }
}

/// Reads an index of captures: JSON lines. The error names the line.
pub fn read_index(text: &str) -> Result<Vec<CaptureLabel>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))).collect()
}

/// Sessions with their labels.
#[derive(Debug, Default)]
pub struct Dataset {
    /// The sessions.
    pub cases: Vec<Case>,
    /// Sessions by DNS over HTTPS: lookups, and tunnels, which `malware` says. Of malware's ways they say nothing.
    pub doh: Vec<Case>,
    /// Sessions that were left out, by reason.
    pub left_out: BTreeMap<&'static str, usize>,
    seen: HashSet<(Ends, Time)>,
}

impl Dataset {
    /// Takes the TLS sessions of a capture, in the order in which the meter told them. Where a capture of an infection says no
    /// family, only connections with a label of their own are taken: much in it is background.
    pub fn add(&mut self, label: &CaptureLabel, flows: Vec<Flow>, connections: &ConnectionLabels) {
        let mut pairs = Pairs::default();
        for flow in flows {
            if !is_session(&flow) {
                continue;
            }
            let pair = pairs.add(&flow);
            let core = &flow.core;
            let key = (ends((core.src_ip, core.src_port), (core.dst_ip, core.dst_port)), core.time_start);
            let (malicious, infection) = (label.is_malicious(), label.label == CaptureKind::Malicious);
            let (malware, family) = match connections.find(&flow).filter(|_| infection) {
                Some(connection) => (connection.malware, connection.family.clone()),
                None if infection && label.family.is_none() => {
                    *self.left_out.entry("no label of its own in a capture of an infection").or_default() += 1;
                    continue;
                }
                None => (malicious, label.family.clone()),
            };
            if !self.seen.insert(key) {
                *self.left_out.entry("the same session as in another capture").or_default() += 1;
                continue;
            }
            let case = Case { pair, malware, family, corpus: label.corpus(), capture: label.pcap.clone(), flow };
            if label.is_doh() { &mut self.doh } else { &mut self.cases }.push(case);
        }
    }

    /// Names of the corpora, sorted.
    pub fn corpora(&self) -> Vec<String> {
        let mut all: Vec<String> = self.cases.iter().map(|case| case.corpus.clone()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Ports of servers that speak TLS from the first octet (IANA: https, https-alt, imaps, pop3s, submissions, domain-s, ldaps).
const TLS_PORTS: &[u16] = &[443, 8443, 993, 995, 465, 853, 636];

/// True for rows that are judged: TLS over TCP, both directions. Of an exporter that sends lengths and times of packets but no
/// first packets the port has to say that it is TLS.
pub fn is_session(flow: &Flow) -> bool {
    let core = &flow.core;
    if core.proto != 6 {
        return false;
    }
    if flow.exporter.is_none() {
        return flow.tls.is_some();
    }
    let lengths = flow.splt.as_ref().and_then(|splt| splt.lengths.as_deref()).unwrap_or_default();
    let both = lengths.first().is_some_and(|&hello| hello > 0) && lengths.iter().any(|&answer| answer < 0);
    both && (flow.tls.is_some() || TLS_PORTS.contains(&core.dst_port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate;

    fn flow(port: u16, second: i64) -> Flow {
        let mut flow = simulate::sessions(1, 1).remove(0).flow;
        flow.core.src_ip = Ip::v4([10, 0, 0, 1]);
        flow.core.dst_ip = Ip::v4([192, 0, 2, 1]);
        (flow.core.src_port, flow.core.dst_port) = (port, 443);
        flow.core.time_start = Time::from_secs_nanos(second, 0);
        flow
    }

    fn infection() -> CaptureLabel {
        read_index(r#"{"pcap": "a/b/c.pcap", "label": "malicious", "family": null}"#).expect("an index").remove(0)
    }

    const LINE: &str = r#"{"a_ip": "192.0.2.1", "a_port": 443, "b_ip": "10.0.0.1", "b_port": 7, "family": "X", "label": "malicious-candidate", "start_us": 5000000, "duration_us": 100}"#;

    #[test]
    fn a_session_is_taken_once_and_only_with_a_label_of_its_own() {
        let mut set = Dataset::default();
        let connections = ConnectionLabels::read(LINE).expect("labels");
        for _ in 0..2 {
            set.add(&infection(), vec![flow(7, 5), flow(7, 50), flow(8, 5)], &connections);
        }
        assert_eq!(set.cases.len(), 1);
        assert_eq!(set.cases.first().map(|case| (case.malware, case.corpus.as_str())), Some((true, "a/b")));
        assert_eq!(set.left_out.values().sum::<usize>(), 5);
    }

    #[test]
    fn tunnels_want_no_family() {
        let mut set = Dataset::default();
        let label = read_index(r#"{"pcap": "a/b/c.pcap", "label": "doh_tunnel"}"#).expect("an index").remove(0);
        set.add(&label, vec![flow(7, 5)], &ConnectionLabels::default());
        assert_eq!(set.doh.first().map(|case| (case.malware, case.family.clone())), Some((true, None)));
        assert!(set.cases.is_empty() && set.left_out.is_empty());
    }

    #[test]
    fn background_of_an_infection_is_benign() {
        let mut set = Dataset::default();
        let connections =
            ConnectionLabels::read(&LINE.replace("malicious-candidate", "benign-background")).expect("labels");
        set.add(&infection(), vec![flow(7, 5)], &connections);
        assert_eq!(set.cases.first().map(|case| case.malware), Some(false));
    }

    #[test]
    fn rows_of_exporters_are_sessions_where_both_directions_are_there_and_the_port_or_the_hello_says_tls() {
        let exported = |lengths: &[i32], port: u16, hello: bool| {
            let mut flow = flow(7, 5);
            flow.exporter.get_or_insert_default().ip = Some(Ip::v4([192, 0, 2, 9]));
            flow.core.dst_port = port;
            flow.tls = flow.tls.filter(|_| hello);
            flow.splt.get_or_insert_default().lengths = Some(lengths.to_vec());
            is_session(&flow)
        };
        assert!(exported(&[517, -3_000], 443, false) && exported(&[517, -3_000], 4_444, true));
        assert!(!exported(&[517, -3_000], 4_444, false), "nothing says that it is TLS");
        assert!(!exported(&[517, 80], 443, true) && !exported(&[-3_000], 443, true), "one direction");
        assert!(!exported(&[], 443, true));
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = ConnectionLabels::read(&format!("{LINE}\n{{}}")).expect_err("a bad line");
        assert!(error.starts_with("line 2:"), "{error}");
        assert!(read_index("x").is_err());
        let unknown = LINE.replace("malicious-candidate", "suspicious");
        let error = ConnectionLabels::read(&unknown).map(|_| ()).expect_err("a word that says nothing");
        assert!(error.starts_with("line 1: label: got \"suspicious\""), "{error}");
        let index = "{\"pcap\": \"a/b/c\", \"label\": \"benign\"}\n{\"pcap\": \"a/b/d\", \"label\": \"bengin\"}";
        let error = read_index(index).map(|_| ()).expect_err("misspelt");
        assert!(error.starts_with("line 2: label: got \"bengin\", want benign"), "{error}");
    }
}
