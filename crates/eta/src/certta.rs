// SPDX-License-Identifier: Apache-2.0
//! Lists of packet lengths and times as the artefacts of CertTA have them (2025): a JSON array of connections with signed
//! lengths of IP packets and seconds. Most are cut out of the middle of a connection; nothing but its lengths is known. They are judged
//! for a model's card, as sessions of a laboratory that no training saw.

use std::collections::BTreeMap;

use minamo_model::flow::{Flow, Splt, Tls};
use serde::Deserialize;

/// Packets that the meter keeps of a session.
const PACKETS: usize = 50;
/// Octets of IPv4 and TCP headers, without options and with time stamps (RFC 7323 §3).
const HEADERS: [i32; 2] = [40, 52];
/// Octets of an acknowledgement's options that name what came out of order (RFC 2018 §3).
const SELECTIVE: i32 = 12;
/// A handshake of TLS 1.3 for connections that are seen from their middle on: hello, first flight, end (RFC 8446 §2).
const HANDSHAKE: [i32; 3] = [517, -2_800, 80];
/// Octets of the shortest first message that is taken for a hello.
const HELLO: i32 = 180;

#[derive(Deserialize)]
struct Connection {
    timestamp: Vec<f64>,
    direction_length: Vec<i32>,
    label: i64,
}

/// Connections with the names of their labels; `names` is the JSON object of names and numbers that is beside the file. The error names
/// what is wrong.
pub fn read(connections: &str, names: &str) -> Result<Vec<(String, Flow)>, String> {
    let names: BTreeMap<String, i64> =
        serde_json::from_str(names).map_err(|error| format!("names of labels: {error}"))?;
    let all: Vec<Connection> = serde_json::from_str(connections).map_err(|error| error.to_string())?;
    let one = |(at, connection): (usize, Connection)| {
        let name = names.iter().find(|(_, number)| **number == connection.label);
        let (name, _) = name.ok_or_else(|| format!("connection {at}: label {} has no name", connection.label))?;
        if connection.timestamp.len() != connection.direction_length.len() {
            return Err(format!("connection {at}: not as many timestamps as lengths"));
        }
        Ok((name.to_lowercase(), session(&connection)))
    };
    all.into_iter().enumerate().map(one).collect()
}

fn session(connection: &Connection) -> Flow {
    let [bare, stamped] = HEADERS;
    let headers =
        if connection.direction_length.iter().any(|length| length.saturating_abs() < stamped) { bare } else { stamped };
    let (mut lengths, mut times): (Vec<i32>, Vec<u32>) = Default::default();
    let mut before = None;
    for (length, second) in connection.direction_length.iter().zip(&connection.timestamp) {
        let payload = length.saturating_abs().saturating_sub(headers);
        let acknowledges = headers == stamped && payload == SELECTIVE;
        if payload <= 0 || acknowledges {
            continue;
        }
        lengths.push(payload * length.signum());
        let wait = before.map_or(0.0, |before: f64| (second - before) * 1e6);
        times.push(wait.clamp(0.0, f64::from(u32::MAX)) as u32);
        before = Some(*second);
    }
    let whole =
        lengths.first().is_some_and(|first| *first >= HELLO) && lengths.get(1).is_some_and(|next| *next < -HELLO);
    // A question of a tunnel may be as long as a hello; what follows a hello is a flight of more than a packet, or its certificate's.
    if !whole
        || lengths.iter().skip(1).take_while(|length| **length < 0).map(|length| i64::from(*length)).sum::<i64>()
            > -1_000
    {
        lengths.splice(0..0, HANDSHAKE);
        times.splice(0..0, [0, 20_000, 1_000]);
    }
    let sum = |up: bool| lengths.iter().filter(|l| (**l > 0) == up).map(|l| u64::from(l.unsigned_abs())).sum();
    let mut flow = Flow::default();
    flow.core.proto = 6;
    (flow.core.src_bytes, flow.core.dst_bytes) = (sum(true), sum(false));
    lengths.truncate(PACKETS);
    times.truncate(PACKETS);
    flow.splt = Some(Box::new(Splt { lengths: Some(lengths), times_micros: Some(times) }));
    flow.tls = Some(Box::new(Tls { version: Some("TLS 1.3".into()), ..Tls::default() }));
    flow
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = r#"{"Benign": 0, "Iodine": 3}"#;

    #[test]
    fn payloads_are_lengths_without_headers_and_a_middle_gets_a_handshake() {
        let text = r#"[{"timestamp": [0.0, 0.01, 0.02, 0.03, 0.05], "direction_length": [408, -64, -243, 52, 504], "packet_num": 5, "label": 3}]"#;
        let (name, flow) = read(text, NAMES).expect("connections").remove(0);
        assert_eq!(name, "iodine");
        let splt = flow.splt.expect("lengths");
        assert_eq!(splt.lengths, Some(vec![517, -2_800, 80, 356, -191, 452]), "acknowledgements are no messages");
        assert_eq!(splt.times_micros, Some(vec![0, 20_000, 1_000, 0, 20_000, 30_000]));
        let text = r#"[{"timestamp": [0.0, 0.0, 0.0], "direction_length": [557, -1500, 40], "label": 0}]"#;
        let (_, flow) = read(text, NAMES).expect("connections").remove(0);
        assert_eq!(flow.splt.expect("lengths").lengths, Some(vec![517, -1_460]), "seen from its hello on");
    }

    #[test]
    fn lengths_and_times_that_cannot_be_are_taken_as_they_come() {
        let lengths = [i32::MAX, i32::MIN, i32::MIN, i32::MIN, 0, i32::MAX].map(|length| length.to_string()).join(", ");
        let text =
            format!(r#"[{{"timestamp": [9, -1e300, 1e300, 0, 0, 0], "direction_length": [{lengths}], "label": 0}}]"#);
        let (_, flow) = read(&text, NAMES).expect("connections").remove(0);
        let splt = flow.splt.expect("lengths");
        assert_eq!((splt.lengths.map(|l| l.len()), splt.times_micros.map(|t| t.len())), (Some(5), Some(5)));
        assert_eq!(
            read(r#"[{"timestamp": [], "direction_length": [], "label": 0}]"#, NAMES).map(|all| all.len()),
            Ok(1)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let of = |text: &str| read(text, NAMES).expect_err("refused");
        assert!(of(r#"[{"timestamp": [0.0], "direction_length": [], "label": 0}]"#).contains("connection 0"));
        assert!(of(r#"[{"timestamp": [], "direction_length": [], "label": 7}]"#).contains("label 7"));
        assert!(of("{}").contains("expected"));
        assert!(read("[]", "[]").is_err());
    }
}
