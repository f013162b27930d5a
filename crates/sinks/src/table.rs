// SPDX-License-Identifier: Apache-2.0
//! A table for people: the columns that answer "who with whom, what, how much", aligned.

use std::io::Write;

use arrow::array::RecordBatch;
use minamo_model::{CellReader, Row, text_value};
use minamo_schema::Value;

use crate::{Format, Sink, SinkError};

pub(crate) static FORMAT: Format = Format {
    name: "table",
    help: "aligned columns for reading on a terminal",
    binary: false,
    open: |mut out, _| {
        writeln!(
            out,
            "{:<23} {:>9} {:<5} {:<46} {:<46} {:<24} {:>8} {:>8} {:>12} {:>12}  name",
            "start", "seconds", "proto", "source", "destination", "application", "pkts>", "pkts<", "bytes>", "bytes<"
        )?;
        Ok(Box::new(Table { out }))
    },
    line: None,
};

struct Table {
    out: Box<dyn Write + Send>,
}

impl Sink for Table {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let readers = CellReader::all(batch);
        for row in 0..batch.num_rows() {
            let row = Row::new(&readers, row);
            let text = |name: &str| text_value(&row.get(name));
            let seconds = match (row.get("time_start"), row.get("time_end")) {
                (Value::Time(start), Value::Time(end)) => format!("{:.3}", end.since(start) as f64 / 1e9),
                _ => String::new(),
            };
            let start: String = text("time_start").chars().take(23).collect();
            let name = ["tls_sni", "http_host", "dns_query", "bittorrent_info_hash", "ssh_server"]
                .iter()
                .map(|column| text(column))
                .find(|name| !name.is_empty());
            writeln!(
                self.out,
                "{start:<23} {seconds:>9} {:<5} {:<46} {:<46} {:<24} {:>8} {:>8} {:>12} {:>12}  {}",
                proto_name(&row.get("proto")),
                endpoint(&text("src_ip"), &text("src_port")),
                endpoint(&text("dst_ip"), &text("dst_port")),
                text("app"),
                text("src_packets"),
                text("dst_packets"),
                text("src_bytes"),
                text("dst_bytes"),
                name.unwrap_or_default()
            )?;
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

fn endpoint(ip: &str, port: &str) -> String {
    match (port, ip.contains(':')) {
        ("0" | "", _) => ip.to_owned(),
        (_, true) => format!("[{ip}]:{port}"),
        (_, false) => format!("{ip}:{port}"),
    }
}

fn proto_name(proto: &Value<'_>) -> String {
    match proto {
        Value::Uint(1) => "icmp".to_owned(),
        Value::Uint(6) => "tcp".to_owned(),
        Value::Uint(17) => "udp".to_owned(),
        Value::Uint(58) => "icmp6".to_owned(),
        Value::Uint(132) => "sctp".to_owned(),
        other => text_value(other),
    }
}
