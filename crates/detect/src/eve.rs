// SPDX-License-Identifier: Apache-2.0
//! Alerts of another intrusion detection system, as Suricata writes them to `eve.json` (one JSON object a line; its user
//! guide, "EVE JSON format"). Alerts of one signature between two hosts are one event; flows and events of ours that
//! know of it are told with it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use minamo_base::{Ip, Time};
use minamo_schema::Value;
use serde::Deserialize;

use crate::Severity;
use crate::method::Judged;

/// Alerts are counted in windows of this length.
const WINDOW: Duration = Duration::from_secs(300);
/// Kinds of alerts whose flows are waited for; the oldest go.
const MOST: usize = 10_000;
/// A flow comes so long after its alert at the latest: it ends when it is idle, or is cut.
const WAIT: Duration = Duration::from_secs(900);
/// Longest text that is kept, in letters.
const LONGEST: usize = 512;
/// Most references of one alert.
const MOST_REFERENCES: usize = 16;

/// An alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// When the packet was seen.
    pub at: Time,
    /// Source and destination of the packet.
    pub ends: (Ip, Ip),
    /// Their ports; 0 where there are none.
    pub ports: (u16, u16),
    /// Protocol number.
    pub proto: u8,
    /// Community id, where the sensor gives it.
    pub community_id: Option<String>,
    /// Number and text of the signature.
    pub signature: (u64, String),
    /// Category.
    pub category: String,
    /// How bad the signature calls it.
    pub severity: Severity,
    /// Numbers of vulnerabilities, as `CVE-2021-44228`.
    pub cve: Vec<String>,
    /// Techniques of ATT&CK that the signature names.
    pub attack: Vec<String>,
    /// The sensor.
    pub sensor: String,
}

#[derive(Deserialize)]
struct Line {
    event_type: Option<String>,
    timestamp: Option<String>,
    src_ip: Option<String>,
    dest_ip: Option<String>,
    #[serde(default)]
    src_port: u16,
    #[serde(default)]
    dest_port: u16,
    proto: Option<String>,
    community_id: Option<String>,
    host: Option<String>,
    alert: Option<Body>,
}

#[derive(Deserialize)]
struct Body {
    signature_id: Option<u64>,
    signature: Option<String>,
    category: Option<String>,
    severity: Option<u64>,
    #[serde(default)]
    metadata: BTreeMap<String, serde_json::Value>,
}

/// The alert of a line; nothing where it tells something else. `sensor` is who it is from where the line does not say.
pub fn read(line: &str, sensor: &str) -> Result<Option<Alert>, &'static str> {
    let line: Line = serde_json::from_str(line).map_err(|_| "want a JSON object of EVE")?;
    if line.event_type.as_deref() != Some("alert") {
        return Ok(None);
    }
    let body = line.alert.ok_or("alert: want an object")?;
    let end = |text: Option<String>| text.and_then(|text| text.parse::<Ip>().ok());
    let at = line.timestamp.as_deref().and_then(moment).ok_or("timestamp: want a time such as 2026-01-05T10:00:05.000000+0000")?;
    let src = end(line.src_ip).ok_or("src_ip: want an address")?;
    let dst = end(line.dest_ip).ok_or("dest_ip: want an address")?;
    let listed = |key: &str| match body.metadata.get(key) {
        Some(serde_json::Value::Array(list)) => list.iter().filter_map(|v| v.as_str()).map(str::to_owned).collect(),
        Some(serde_json::Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    };
    let technique = |id: &String| crate::Tactic::of(id).is_some();
    let kept = |text: Option<String>| text.unwrap_or_default().chars().take(LONGEST).collect::<String>();
    Ok(Some(Alert {
        at,
        ends: (src, dst),
        ports: (line.src_port, line.dest_port),
        proto: line.proto.as_deref().map_or(0, protocol),
        community_id: line.community_id.filter(|id| id.len() <= 64),
        signature: (body.signature_id.ok_or("alert.signature_id: want a number")?, kept(body.signature)),
        category: kept(body.category),
        severity: match body.severity {
            Some(1) => Severity::High,
            Some(2) => Severity::Medium,
            _ => Severity::Low,
        },
        cve: listed("cve").iter().take(MOST_REFERENCES).map(|id: &String| id.replace('_', "-").chars().take(32).collect()).collect(),
        attack: listed("mitre_technique_id").into_iter().filter(technique).take(MOST_REFERENCES).collect(),
        sensor: kept(line.host.or_else(|| Some(sensor.to_owned()))),
    }))
}

/// An instant with its offset, which EVE writes without a colon.
fn moment(text: &str) -> Option<Time> {
    let (plain, offset) = match text.get(text.len().checked_sub(5)?..) {
        Some(end) if end.starts_with(['+', '-']) => (text.get(..text.len() - 5)?, end),
        _ => return Time::parse(text),
    };
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let part = |range| offset.get(range).and_then(|digits: &str| digits.parse::<i64>().ok());
    let seconds = sign * (part(1..3)? * 3_600 + part(3..5)? * 60);
    Some(Time(Time::parse(&format!("{plain}Z"))?.0 - seconds * 1_000_000_000))
}

fn protocol(name: &str) -> u8 {
    match name {
        "ICMP" => 1,
        "TCP" => 6,
        "UDP" => 17,
        "IPv6-ICMP" => 58,
        "SCTP" => 132,
        other => other.parse().unwrap_or(0),
    }
}

/// What ties alerts of one kind together: window, ends, port of the destination, signature.
pub type Kind = (Time, Ip, Ip, u16, u64);

/// What our own flows and events know of alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Flows with the same ends, ports and protocol.
    pub flows: u64,
    /// Octets from the initiator and back.
    pub octets: (u64, u64),
    /// Application of the flows.
    pub app: Option<String>,
    /// Rules of ours that say something of the same two hosts.
    pub rules: Vec<String>,
}

/// Alerts of one kind.
#[derive(Debug, Clone)]
pub struct Alike {
    /// The latest of them.
    pub last: Alert,
    /// How many.
    pub count: u64,
    /// What is known of them.
    pub known: Known,
    changed: bool,
}

/// Alerts whose flows may still come.
#[derive(Debug, Default)]
pub struct Alerts {
    kinds: BTreeMap<Kind, Alike>,
}

impl Alerts {
    /// Takes in an alert; gives how many kinds were forgotten for it.
    pub fn add(&mut self, alert: Alert) -> u64 {
        let length = i64::try_from(WINDOW.as_nanos()).unwrap_or(i64::MAX);
        let start = Time(alert.at.0.div_euclid(length).saturating_mul(length));
        let kind = (start, alert.ends.0, alert.ends.1, alert.ports.1, alert.signature.0);
        let new = Alike { last: alert.clone(), count: 0, known: Known::default(), changed: true };
        let alike = self.kinds.entry(kind).or_insert(new);
        (alike.last, alike.changed) = (alert, true);
        alike.count += 1;
        if self.kinds.len() <= MOST { 0 } else { self.kinds.pop_first().map_or(0, |_| 1) }
    }

    /// Those whose flows or events are not known yet, or that were added to, up to a number.
    pub fn open(&self, most: usize) -> Vec<(Kind, Alike)> {
        let open = self.kinds.iter().filter(|(_, alike)| alike.changed || alike.known.flows == 0 || alike.known.rules.is_empty());
        open.rev().take(most).map(|(kind, alike)| (*kind, alike.clone())).collect()
    }

    /// Says what is known of a kind.
    pub fn know(&mut self, kind: &Kind, known: Known) {
        if let Some(alike) = self.kinds.get_mut(kind)
            && alike.known != known
        {
            (alike.known, alike.changed) = (known, true);
        }
    }

    /// What there is to tell since it was asked last. Kinds whose flows would have come by now are forgotten.
    pub fn take(&mut self, now: Time) -> Vec<Judged<'static>> {
        let told = self.kinds.iter_mut().filter(|(_, alike)| std::mem::take(&mut alike.changed));
        let told = told.map(|(kind, alike)| alike.told(kind)).collect();
        self.kinds.retain(|kind, _| kind.0 + WINDOW + WAIT > now);
        told
    }
}

impl Alike {
    fn told(&self, (start, src, dst, port, signature): &Kind) -> Judged<'static> {
        let (alert, known) = (&self.last, &self.known);
        let words = |list: &[String]| Value::Text(if list.is_empty() { "-".into() } else { Cow::Owned(list.join(", ")) });
        let severity = if known.rules.is_empty() { alert.severity } else { alert.severity.worse() };
        let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
        let mut values: BTreeMap<&'static str, Value<'static>> = BTreeMap::from([
            ("window_start", Value::Time(*start)),
            ("src_ip", Value::Ip(*src)),
            ("dst_ip", Value::Ip(*dst)),
            ("dst_port", Value::Uint((*port).into())),
            ("proto", Value::Uint(alert.proto.into())),
            ("signature_id", Value::Uint(*signature)),
            ("signature", text(&alert.signature.1)),
            ("category", text(&alert.category)),
            ("cve", words(&alert.cve)),
            ("sensor", text(&alert.sensor)),
            ("alerts", Value::Uint(self.count)),
            ("flows", Value::Uint(known.flows)),
            ("src_bytes", Value::Uint(known.octets.0)),
            ("dst_bytes", Value::Uint(known.octets.1)),
            ("app", text(known.app.as_deref().unwrap_or("-"))),
            ("confirmed_by", words(&known.rules)),
            ("event_severity", text(severity.name())),
        ]);
        if let Some(id) = &alert.community_id {
            values.insert("community_id", text(id));
        }
        if !alert.attack.is_empty() {
            values.insert("event_attack", Value::Texts(Cow::Owned(alert.attack.clone())));
        }
        Judged { values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"timestamp":"2026-01-05T19:00:05.500000+0900","event_type":"alert","src_ip":"192.0.2.66","src_port":40000,"dest_ip":"10.0.0.5","dest_port":8080,"proto":"TCP","community_id":"1:abc=","alert":{"action":"allowed","gid":1,"signature_id":2034647,"rev":2,"signature":"EXPLOIT log4j","category":"Attempted Administrator Privilege Gain","severity":1,"metadata":{"cve":["CVE_2021_44228"],"mitre_technique_id":["T1190"]}}}"#;

    #[test]
    fn an_alert_is_read_with_what_it_refers_to() {
        let alert = read(LINE, "ids").expect("good").expect("an alert");
        assert_eq!(alert.at.to_string(), "2026-01-05T10:00:05.5Z");
        assert_eq!((alert.ports, alert.proto, alert.severity), ((40_000, 8_080), 6, Severity::High));
        assert_eq!((alert.cve, alert.attack), (vec!["CVE-2021-44228".to_owned()], vec!["T1190".to_owned()]));
        assert_eq!(alert.sensor, "ids");
        assert_eq!(read(r#"{"event_type":"stats"}"#, "ids"), Ok(None));
        assert!(read("{", "ids").is_err() && read("", "ids").is_err());
        let wrong = |from: &str, to: &str| read(&LINE.replace(from, to), "ids").expect_err("wrong");
        assert!(wrong("192.0.2.66", "nobody").starts_with("src_ip"));
        assert!(wrong("+0900", "+x9").starts_with("timestamp"));
        assert!(wrong("2034647", "\"x\"").starts_with("want a JSON"));
    }

    #[test]
    fn alerts_of_a_kind_are_counted_and_told_again_when_more_is_known() {
        let mut alerts = Alerts::default();
        let alert = read(LINE, "ids").expect("good").expect("an alert");
        let now = alert.at;
        (0..3).for_each(|_| assert_eq!(alerts.add(alert.clone()), 0));
        let told = alerts.take(now);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].values["alerts"], Value::Uint(3));
        assert_eq!(told[0].values["confirmed_by"], Value::Text("-".into()));
        assert!(alerts.take(now).is_empty(), "nothing new");
        let (kind, _) = alerts.open(10).remove(0);
        let known = Known { flows: 1, octets: (900, 1), app: None, rules: vec!["http_attack".to_owned()] };
        alerts.know(&kind, known.clone());
        alerts.know(&kind, known);
        let told = alerts.take(now);
        assert_eq!((&told[0].values["event_severity"], told.len()), (&Value::Text("critical".into()), 1));
        assert!(alerts.take(now + WAIT + WINDOW).is_empty() && alerts.open(10).is_empty(), "forgotten");
    }
}
