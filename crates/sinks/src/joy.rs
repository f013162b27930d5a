// SPDX-License-Identifier: Apache-2.0
//! JSON lines under the names that Joy (Cisco's open flow analyser) gave them, for tools built on it. Joy counts octets of
//! payload: the least headers of every packet are taken off what rows count. `minamo import` reads them back.

use std::io::Write;

use arrow::array::RecordBatch;
use minamo_model::names::{joy_version, tls_cipher_number, tls_version_number};
use minamo_model::{CellReader, Row, byte_moments, json_value, least_header, text_value};
use minamo_schema::Value;
use serde_json::{Map, json};

use crate::{Format, Sink, SinkError};

pub(crate) static FORMAT: Format = Format {
    name: "joy",
    help: "JSON lines with Joy's field names (sa, da, pr, packets, tls, …)",
    binary: false,
    open: |out, _| Ok(Box::new(Joy { out })),
    line: None,
};

struct Joy {
    out: Box<dyn Write + Send>,
}

impl Sink for Joy {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let readers = CellReader::all(batch);
        for row in 0..batch.num_rows() {
            writeln!(self.out, "{}", object(&Row::new(&readers, row)))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(self.out.flush()?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), SinkError> {
        self.flush()
    }
}

/// Columns that go over as they are, by Joy's name.
const PLAIN: &[(&str, &str)] = &[
    ("sa", "src_ip"),
    ("da", "dst_ip"),
    ("pr", "proto"),
    ("sp", "src_port"),
    ("dp", "dst_port"),
    ("num_pkts_out", "src_packets"),
    ("num_pkts_in", "dst_packets"),
];

/// Octets of a side: Joy's name, and columns of its octets, packets and address.
const OCTETS: &[(&str, [&str; 3])] =
    &[("bytes_out", ["src_bytes", "src_packets", "src_ip"]), ("bytes_in", ["dst_bytes", "dst_packets", "dst_ip"])];

/// Members of `tls` that go over as they are, by column.
const TLS: &[(&str, &str)] = &[("sni", "tls_sni"), ("alpn", "tls_alpn"), ("ja3", "tls_ja3"), ("ja4", "tls_ja4")];

/// First packets from the IP header on: Joy's name, that of their octets, and the column.
const INITIAL: &[(&str, &str, &str)] =
    &[("idp_out", "idp_len_out", "eta_src_initial_packet"), ("idp_in", "idp_len_in", "eta_dst_initial_packet")];

fn object(row: &Row<'_>) -> serde_json::Value {
    let mut out = members(row, PLAIN);
    for (name, column) in [("time_start", "time_start"), ("time_end", "time_end")] {
        if let Value::Time(time) = row.get(column) {
            out.insert(name.to_owned(), json!(time.0 as f64 / 1e9));
        }
    }
    for (name, [octets, packets, ip]) in OCTETS {
        if let (Value::Uint(octets), Value::Uint(packets), Value::Ip(ip), Value::Uint(proto)) =
            (row.get(octets), row.get(packets), row.get(ip), row.get("proto"))
        {
            let headers = packets.saturating_mul(least_header(ip, u8::try_from(proto).unwrap_or(0)));
            out.insert((*name).to_owned(), json!(octets.saturating_sub(headers)));
        }
    }
    out.insert("packets".to_owned(), sequence(row, ["splt_lengths", "splt_times_micros"], None).into());
    octets(row, &mut out);
    for (name, length, column) in INITIAL {
        if let digits @ Value::Text(_) = row.get(column) {
            let digits = text_value(&digits);
            out.insert((*length).to_owned(), json!(digits.len() / 2));
            out.insert((*name).to_owned(), digits.into());
        }
    }
    let tls = tls(row);
    if !tls.is_empty() {
        out.insert("tls".to_owned(), tls.into());
    }
    if let name @ Value::Text(_) = row.get("app") {
        out.insert("app".to_owned(), text_value(&name).into());
    }
    out.into()
}

fn members(row: &Row<'_>, names: &[(&str, &str)]) -> Map<String, serde_json::Value> {
    let cells = names.iter().map(|(name, column)| ((*name).to_owned(), json_value(&row.get(column))));
    cells.filter(|(_, value)| !value.is_null()).collect()
}

/// Counts of octets of both sides together, as Joy has them: divided by two until each fits an octet; moments and entropy are
/// those of the whole counts.
fn octets(row: &Row<'_>, out: &mut Map<String, serde_json::Value>) {
    let sides = ["eta_src_byte_counts", "eta_dst_byte_counts"].map(|name| match row.get(name) {
        Value::Numbers(counts) => counts,
        _ => Vec::new(),
    });
    let mut counts = [0u64; 256];
    for side in &sides {
        for (sum, count) in counts.iter_mut().zip(side) {
            *sum += count.unsigned_abs();
        }
    }
    let Some([entropy, mean, deviation]) = byte_moments(counts) else { return };
    let octets = counts.iter().sum::<u64>();
    let mut shift = 0;
    while counts.iter().any(|count| count >> shift > u64::from(u8::MAX)) {
        shift += 1;
    }
    out.insert("byte_dist".to_owned(), counts.iter().map(|count| count >> shift).collect());
    let measures = [
        ("byte_dist_mean", mean),
        ("byte_dist_std", deviation),
        ("entropy", entropy),
        ("total_entropy", entropy * octets as f64),
    ];
    out.extend(measures.map(|(name, value)| (name.to_owned(), json!(value))));
}

/// Facts of TLS: the version and the suite that the server chose by Joy's numbers, where they have such.
fn tls(row: &Row<'_>) -> Map<String, serde_json::Value> {
    let mut out = members(row, TLS);
    if let name @ Value::Text(_) = row.get("tls_version")
        && let Some(version) = tls_version_number(&text_value(&name)).and_then(joy_version)
    {
        out.insert("s_version".to_owned(), version.into());
    }
    if let name @ Value::Text(_) = row.get("tls_cipher")
        && let Some(suite) = tls_cipher_number(&text_value(&name))
    {
        out.insert("scs".to_owned(), format!("{suite:04x}").into());
    }
    let columns = ["eta_record_lengths", "eta_record_times_micros"];
    let records = sequence(row, columns, Some("eta_record_types"));
    if !records.is_empty() {
        out.insert("srlt".to_owned(), records.into());
    }
    out
}

/// Packets, or records with their content type (`tp`): octets, direction (`>` sent by the initiator) and milliseconds since the
/// one before. Instants are cut to milliseconds, not the times between them: else they would come to less and less.
fn sequence(row: &Row<'_>, [lengths, times]: [&str; 2], types: Option<&str>) -> Vec<serde_json::Value> {
    let (Value::Numbers(lengths), Value::Numbers(times)) = (row.get(lengths), row.get(times)) else {
        return Vec::new();
    };
    let types = match types.map(|name| row.get(name)) {
        Some(Value::Numbers(types)) => types,
        _ => Vec::new(),
    };
    let (mut micros, mut told) = (0, 0);
    let mut one = |at: usize, length: i64, wait: i64| {
        micros += wait;
        let before = std::mem::replace(&mut told, micros / 1_000);
        let mut out = json!({"b": length.abs(), "dir": if length < 0 { "<" } else { ">" }, "ipt": told - before});
        if let Some(kind) = types.get(at) {
            out["tp"] = json!(kind);
        }
        out
    };
    lengths.into_iter().zip(times).enumerate().map(|(at, (length, wait))| one(at, length, wait)).collect()
}
