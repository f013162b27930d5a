// SPDX-License-Identifier: Apache-2.0
//! One line of Joy's: an object as Joy's `p2f.c` prints it. In lines of both directions `>` is what the side of `sa` sent; in
//! lines of one direction everything is.

use std::net::IpAddr;

use minamo_base::{Ip, Time, hex, unhex};
use minamo_model::flow::{Eta, Splt, Tls};
use minamo_model::{Flow, least_header};
use serde_json::{Map, Value};

use super::{Ends, time, tls};

/// Most packets, and TLS records, that are taken of a line: Joy writes 200 of each at most.
const MOST: usize = 400;
/// Largest length of a packet.
const MOST_OCTETS: u64 = i32::MAX as u64;
/// Largest length of a record: that of its field (RFC 8446 §5.1).
const MOST_RECORD: u64 = u16::MAX as u64;
/// Most octets of a first packet, as the meter keeps them.
const MOST_INITIAL: usize = 1_300;

pub(super) type Object = Map<String, Value>;
/// Field and what is wrong with it.
pub(super) type Bad = (String, String);

/// What a line is.
pub(super) enum Line {
    /// Joy's configuration, or an empty line.
    Nothing,
    /// A conversation.
    Whole(Box<Flow>),
    /// One direction of it.
    Half(Box<Half>),
}

/// Packets or records of one side: octets, nanoseconds of its time, and content type.
type Seen = (i32, i64, u16);

/// One direction of a conversation.
#[derive(Debug, Clone, Default)]
pub(super) struct Half {
    flow: Flow,
    packets: Vec<Seen>,
    records: Vec<Seen>,
    /// Its handshake says that it is the client's, or the server's.
    client: Option<bool>,
}

impl Half {
    pub(super) fn ends(&self) -> Ends {
        let core = &self.flow.core;
        (core.src_ip, core.dst_ip, core.src_port, core.dst_port, core.proto)
    }

    /// True where the other half is not further away than the pause.
    pub(super) fn near(&self, other: &Self, pause: i64) -> bool {
        let (a, b) = (&self.flow.core, &other.flow.core);
        a.time_start.since(b.time_end) <= pause && b.time_start.since(a.time_end) <= pause
    }

    /// The row of one direction.
    pub(super) fn alone(mut self) -> Flow {
        fill(&mut self.flow, &self.packets, &self.records);
        self.flow
    }

    /// The row of both: the initiator is whose handshake says so, else who came first.
    pub(super) fn with(self, other: Self) -> Flow {
        let second = match (self.client, other.client) {
            (Some(false), _) | (None, Some(true)) => true,
            (Some(true), _) | (None, Some(false)) => false,
            (None, None) => other.flow.core.time_start < self.flow.core.time_start,
        };
        let (first, second) = if second { (other, self) } else { (self, other) };
        let mut flow = first.flow;
        let theirs = second.flow;
        (flow.core.dst_bytes, flow.core.dst_packets) = (theirs.core.src_bytes, theirs.core.src_packets);
        flow.core.time_start = flow.core.time_start.min(theirs.core.time_start);
        flow.core.time_end = flow.core.time_end.max(theirs.core.time_end);
        if let Some(eta) = theirs.eta {
            let own = flow.eta.get_or_insert_default();
            own.dst_byte_counts = eta.src_byte_counts;
            (own.dst_entropy, own.dst_byte_mean) = (eta.src_entropy, eta.src_byte_mean);
            own.dst_byte_deviation = eta.src_byte_deviation;
            own.dst_initial_packet = eta.src_initial_packet;
        }
        if let Some(theirs) = theirs.tls {
            tls::join(flow.tls.get_or_insert_default(), *theirs);
        }
        let joined = |ours: Vec<Seen>, theirs: Vec<Seen>| {
            let back = theirs.into_iter().map(|(length, at, kind)| (-length, at, kind));
            let mut all: Vec<Seen> = ours.into_iter().chain(back).collect();
            // Stable: of equal times the initiator's come first.
            all.sort_by_key(|(_, at, _)| *at);
            all
        };
        fill(&mut flow, &joined(first.packets, second.packets), &joined(first.records, second.records));
        flow
    }
}

/// Reads a line; an error names the field.
pub(super) fn read(text: &[u8]) -> Result<Line, Bad> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(Line::Nothing);
    }
    let value: Value =
        serde_json::from_slice(text).map_err(|error| (String::new(), format!("it is no JSON: {error}")))?;
    let Value::Object(object) = value else { return Err((String::new(), "want an object".to_owned())) };
    if !object.contains_key("sa") && object.contains_key("version") {
        return Ok(Line::Nothing);
    }
    let mut half = Half::default();
    let core = &mut half.flow.core;
    (core.src_ip, core.dst_ip) = (address(&object, "sa")?, address(&object, "da")?);
    core.proto = number(&object, "pr", u8::MAX.into())?.unwrap_or(0) as u8;
    (core.src_port, core.dst_port) = (port(&object, "sp")?, port(&object, "dp")?);
    core.time_start = instant(&object, "time_start")?;
    core.time_end = instant(&object, "time_end")?;
    if core.time_end < core.time_start {
        return Err(("time_end".to_owned(), format!("got {}, want no less than time_start", core.time_end)));
    }
    core.source = "joy".into();
    (core.app, core.app_confidence) = ("Unknown".into(), "none".into());
    (core.src_packets, core.src_bytes) = amounts(&object, ["num_pkts_out", "bytes_out"], core.proto, core.src_ip)?;
    (core.dst_packets, core.dst_bytes) = amounts(&object, ["num_pkts_in", "bytes_in"], core.proto, core.dst_ip)?;
    let both = ["bytes_in", "num_pkts_in"].iter().any(|name| object.contains_key(*name));
    let start = core.time_start.0;
    half.packets = seen(list(&object, "packets", "packets")?, "packets", MOST_OCTETS, start, both)?;
    // Without data: what `zeros=1` adds.
    half.packets.retain(|(length, ..)| *length != 0);
    match object.get("tls") {
        None | Some(Value::Null) => {}
        Some(Value::Object(of)) => {
            half.records = seen(list(of, "srlt", "tls.srlt")?, "tls.srlt", MOST_RECORD, start, both)?;
            let (facts, client) = tls::read(of)?;
            half.client = client;
            half.flow.tls = facts.map(Box::new);
        }
        Some(other) => return Err(("tls".to_owned(), format!("got {}, want an object", short(other)))),
    }
    octets(&object, both, &mut half.flow)?;
    initial(&object, &mut half.flow)?;
    if let Some(Tls { .. }) = half.flow.tls.as_deref() {
        (half.flow.core.app, half.flow.core.app_confidence) = ("TLS".into(), "content".into());
        half.flow.core.encrypted = Some(true);
    }
    if both {
        fill(&mut half.flow, &half.packets, &half.records);
        return Ok(Line::Whole(Box::new(half.flow)));
    }
    Ok(Line::Half(Box::new(half)))
}

/// Lengths and times of packets and records, in the order of time.
fn fill(flow: &mut Flow, packets: &[Seen], records: &[Seen]) {
    let waits = |all: &[Seen]| -> Vec<u32> {
        let mut before = all.first().map_or(0, |(_, at, _)| *at);
        let wait = |(_, at, _): &Seen| {
            let micros = at.saturating_sub(std::mem::replace(&mut before, *at)) / 1_000;
            u32::try_from(micros).unwrap_or(u32::MAX)
        };
        all.iter().map(wait).collect()
    };
    let lengths = |all: &[Seen]| all.iter().map(|(length, ..)| *length).collect();
    if !packets.is_empty() {
        flow.splt = Some(Box::new(Splt { lengths: Some(lengths(packets)), times_micros: Some(waits(packets)) }));
    }
    if !records.is_empty() {
        let eta: &mut Eta = flow.eta.get_or_insert_default();
        eta.record_lengths = Some(lengths(records));
        eta.record_times_micros = Some(waits(records));
        eta.record_types = Some(records.iter().map(|(.., kind)| *kind).collect());
    }
}

/// The member `name`; empty where it is missing or null.
fn list<'a>(object: &'a Object, name: &str, path: &str) -> Result<&'a [Value], Bad> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(other) => Err((path.to_owned(), format!("got {}, want a list", short(other)))),
    }
}

/// Packets or records: `b` octets, `dir` direction, `ipt` milliseconds since the one before, `tp` content type.
///
/// Joy writes `rep` instead of `b` where a length is above 32,767, and counts from 65,536 down: it is the run of equal lengths
/// that Cisco's elements have, or, where there cannot be so many, such a length.
fn seen(list: &[Value], path: &str, most: u64, start: i64, both: bool) -> Result<Vec<Seen>, Bad> {
    let mut at = start;
    let mut all: Vec<Seen> = Vec::new();
    for (place, value) in list.iter().take(MOST).enumerate() {
        let bad = |(field, cause): Bad| (format!("{path}[{place}].{field}"), cause);
        let Value::Object(of) = value else {
            return Err((format!("{path}[{place}]"), format!("got {}, want an object", short(value))));
        };
        let before = all.last().map_or(0, |(length, ..): &Seen| length.abs());
        let (length, times) = match (number(of, "b", most).map_err(bad)?, number(of, "rep", 32_768).map_err(bad)?) {
            (Some(length), _) => (length as i32, 1),
            (None, Some(run)) if run <= MOST as u64 => (before, run as usize),
            (None, Some(down)) => (65_536 - down as i32, 1),
            (None, None) => return Err(bad(("b".to_owned(), "it is missing".to_owned()))),
        };
        let wait = number(of, "ipt", u32::MAX.into()).map_err(bad)?.unwrap_or(0);
        let back = match of.get("dir").and_then(Value::as_str) {
            _ if !both => false,
            Some(">") => false,
            Some("<") => true,
            _ => return Err(bad(("dir".to_owned(), "want \"<\" or \">\"".to_owned()))),
        };
        at = at.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX).saturating_mul(1_000_000));
        // A number, or `content:handshake` in older versions.
        let kind = match of.get("tp") {
            Some(Value::String(text)) => text.split(':').next().and_then(|kind| kind.parse().ok()).unwrap_or(0),
            _ => number(of, "tp", u16::MAX.into()).map_err(bad)?.unwrap_or(0) as u16,
        };
        let times = times.min(MOST - all.len());
        all.extend(std::iter::repeat_n((if back { -length } else { length }, at, kind), times));
    }
    Ok(all)
}

/// Counts of octets. Joy adds up those of both directions, which nothing can take apart again, and divides counts that do
/// not fit an octet: only lines of one direction with all counts whole are taken.
fn octets(object: &Object, both: bool, flow: &mut Flow) -> Result<(), Bad> {
    let mut counts = Vec::new();
    for (at, value) in list(object, "byte_dist", "byte_dist")?.iter().enumerate() {
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        counts.push(count.ok_or_else(|| (format!("byte_dist[{at}]"), format!("got {}, want a count", short(value))))?);
    }
    if !matches!(counts.len(), 0 | 256) {
        return Err(("byte_dist".to_owned(), format!("got {} counts, want 256", counts.len())));
    }
    let found = [measure(object, "byte_dist_mean")?, measure(object, "byte_dist_std")?, measure(object, "entropy")?];
    if both {
        return Ok(());
    }
    let told = number(object, "bytes_out", u64::MAX)?.unwrap_or(0);
    let whole = told > 0 && counts.iter().map(|count| u64::from(*count)).sum::<u64>() == told;
    if whole || found != [None; 3] {
        let eta = flow.eta.get_or_insert_default();
        eta.src_byte_counts = whole.then_some(counts);
        [eta.src_byte_mean, eta.src_byte_deviation, eta.src_entropy] = found;
    }
    Ok(())
}

/// A measure that is not negative.
fn measure(object: &Object, name: &str) -> Result<Option<f64>, Bad> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64().filter(|value| value.is_finite() && *value >= 0.0) {
            Some(measure) => Ok(Some(measure)),
            None => Err((name.to_owned(), format!("got {}, want a number, 0 or above", short(value)))),
        },
    }
}

/// First packets, from the IP header on (`idp_out`, `idp_in`), in hexadecimal; what they tell is read of the row.
fn initial(object: &Object, flow: &mut Flow) -> Result<(), Bad> {
    let packet = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(digits)) if digits.is_empty() => Ok(None),
        Some(value) => {
            let octets =
                value.as_str().and_then(unhex).map(|octets| hex(octets.get(..MOST_INITIAL).unwrap_or(&octets)));
            octets.map(Some).ok_or_else(|| (name.to_owned(), format!("got {}, want hexadecimal digits", short(value))))
        }
    };
    let packets = (packet("idp_out")?, packet("idp_in")?);
    if packets != (None, None) {
        let eta = flow.eta.get_or_insert_default();
        (eta.src_initial_packet, eta.dst_initial_packet) = packets;
    }
    Ok(())
}

/// Packets and octets of a side, headers included.
fn amounts(object: &Object, [packets, octets]: [&str; 2], proto: u8, ip: Ip) -> Result<(u64, u64), Bad> {
    let packets = number(object, packets, u64::MAX)?.unwrap_or(0);
    let octets = number(object, octets, u64::MAX)?.unwrap_or(0);
    Ok((packets, octets.saturating_add(packets.saturating_mul(least_header(ip, proto)))))
}

fn address(object: &Object, name: &str) -> Result<Ip, Bad> {
    let Some(value) = object.get(name) else { return Err((name.to_owned(), "it is missing".to_owned())) };
    let parsed = value.as_str().and_then(|text| text.parse::<IpAddr>().ok());
    parsed.map(Ip::from).ok_or_else(|| (name.to_owned(), format!("got {}, want an address", short(value))))
}

fn port(object: &Object, name: &str) -> Result<u16, Bad> {
    // Protocols without ports have null.
    Ok(number(object, name, u16::MAX.into())?.unwrap_or(0) as u16)
}

fn instant(object: &Object, name: &str) -> Result<Time, Bad> {
    let Some(value) = object.get(name) else { return Err((name.to_owned(), "it is missing".to_owned())) };
    let parsed = value.as_f64().and_then(time);
    parsed.ok_or_else(|| (name.to_owned(), format!("got {}, want seconds since 1970", short(value))))
}

/// A whole number up to `most`; nothing where the member is missing or null.
pub(super) fn number(object: &Object, name: &str, most: u64) -> Result<Option<u64>, Bad> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) if number <= most => Ok(Some(number)),
            _ => Err((name.to_owned(), format!("got {}, want a whole number up to {most}", short(value)))),
        },
    }
}

/// A value as it is told in an error.
pub(super) fn short(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(40).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}
