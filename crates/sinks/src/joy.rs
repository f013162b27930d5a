// SPDX-License-Identifier: Apache-2.0
//! JSON lines under the names that Joy (Cisco's open flow analyser) gave them, for tools built on it. Joy counts octets of
//! payload: the least headers of every packet are taken off what rows count. `minamo import` reads them back.

use std::io::Write;

use arrow::array::RecordBatch;
use minamo_model::{CellReader, Row, json_value, least_header, text_value};
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

/// Members of `tls`, by column.
const TLS: &[(&str, &str)] = &[
    ("sni", "tls_sni"),
    ("s_version", "tls_version"),
    ("scs", "tls_cipher"),
    ("alpn", "tls_alpn"),
    ("ja3", "tls_ja3"),
    ("ja4", "tls_ja4"),
];

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
    out.insert("packets".to_owned(), packets(row));
    let mut tls = members(row, TLS);
    let records = records(row);
    if !records.is_empty() {
        tls.insert("srlt".to_owned(), records.into());
    }
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

/// TLS records: as packets, with the content type.
fn records(row: &Row<'_>) -> Vec<serde_json::Value> {
    let columns = ["eta_record_lengths", "eta_record_times_micros", "eta_record_types"].map(|name| row.get(name));
    let [Value::Numbers(lengths), Value::Numbers(times), Value::Numbers(types)] = columns else { return Vec::new() };
    let all = lengths.into_iter().zip(times).zip(types);
    all.map(|((length, micros), kind)| {
        json!({"b": length.abs(), "dir": if length < 0 { "<" } else { ">" }, "ipt": micros / 1_000, "tp": kind})
    })
    .collect()
}

/// Length, direction (`>` sent by the initiator) and milliseconds since the packet before.
fn packets(row: &Row<'_>) -> serde_json::Value {
    let (Value::Numbers(lengths), Value::Numbers(times)) = (row.get("splt_lengths"), row.get("splt_times_micros"))
    else {
        return json!([]);
    };
    let packet = |(length, micros): (i64, i64)| json!({"b": length.abs(), "dir": if length < 0 { "<" } else { ">" }, "ipt": micros / 1_000});
    lengths.into_iter().zip(times).map(packet).collect()
}
