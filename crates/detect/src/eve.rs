// SPDX-License-Identifier: Apache-2.0
//! Alerts of another intrusion detection system, as Suricata writes them to `eve.json` (one JSON object a line; its user
//! guide, "EVE JSON format"). Other kinds of lines are stepped over.

use std::collections::BTreeMap;

use minamo_base::{Ip, Time};
use serde::Deserialize;

use crate::Severity;

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
    let at = line
        .timestamp
        .as_deref()
        .and_then(moment)
        .ok_or("timestamp: want a time such as 2026-01-05T10:00:05.000000+0000")?;
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
        cve: listed("cve")
            .iter()
            .take(MOST_REFERENCES)
            .map(|id: &String| id.replace('_', "-").chars().take(32).collect())
            .collect(),
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
    // The first instants that there are have none before them.
    Time::parse(&format!("{plain}Z"))?.0.checked_sub(seconds * 1_000_000_000).map(Time)
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const LINE: &str = r#"{"timestamp":"2026-01-05T19:00:05.500000+0900","event_type":"alert","src_ip":"192.0.2.66","src_port":40000,"dest_ip":"10.0.0.5","dest_port":8080,"proto":"TCP","community_id":"1:abc=","alert":{"action":"allowed","gid":1,"signature_id":2034647,"rev":2,"signature":"EXPLOIT log4j","category":"Attempted Administrator Privilege Gain","severity":1,"metadata":{"cve":["CVE_2021_44228"],"mitre_technique_id":["T1190"]}}}"#;

    #[test]
    fn an_alert_is_read_with_what_it_refers_to() {
        let alert = read(LINE, "ids").expect("good").expect("an alert");
        assert_eq!(alert.at.to_string(), "2026-01-05T10:00:05.500Z");
        assert_eq!((alert.ports, alert.proto, alert.severity), ((40_000, 8_080), 6, Severity::High));
        assert_eq!((alert.cve, alert.attack), (vec!["CVE-2021-44228".to_owned()], vec!["T1190".to_owned()]));
        assert_eq!(alert.sensor, "ids");
        assert_eq!(read(r#"{"event_type":"stats"}"#, "ids"), Ok(None));
        assert!(read("{", "ids").is_err() && read("", "ids").is_err());
        let wrong = |from: &str, to: &str| read(&LINE.replace(from, to), "ids").expect_err("wrong");
        assert!(wrong("192.0.2.66", "nobody").starts_with("src_ip"));
        assert!(wrong("+0900", "+x9").starts_with("timestamp"));
        assert!(wrong("2026-01-05T", "1013-01-05T").starts_with("timestamp"), "before all time that there is");
        assert!(wrong("2034647", "\"x\"").starts_with("want a JSON"));
    }
}
