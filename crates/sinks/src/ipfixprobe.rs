// SPDX-License-Identifier: Apache-2.0
//! Parquet under the names that CESNET's ipfixprobe gives its fields, which data sets of encrypted traffic are published with
//! (CESNET-TLS22, CESNET-QUIC22), for whoever learns from flows. With the community id, by which rows are joined to the logs of
//! Zeek, Suricata and Arkime.
//!
//! Not here: `PPI_PKT_FLAGS` and the histograms of `phists`, since rows have no flags of single packets.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int8Builder, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder, UInt8Builder,
    UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use minamo_model::{COMMUNITY_ID, CellReader, Row, text_value, with_community_ids};
use minamo_schema::Value;

use crate::{Format, Sink, SinkError, parquet};

pub(crate) static FORMAT: Format = Format {
    name: "ipfixprobe",
    help: "Apache Parquet with ipfixprobe's field names (PPI_PKT_LENGTHS, TLS_SNI, …), for flows",
    binary: true,
    open: |out, _| Ok(Box::new(Ipfixprobe { file: parquet::open(out, schema(), None)? })),
    line: None,
};

/// Fields that are a column as it is: name, column, and whether it is a text.
const PLAIN: &[(&str, &str, bool)] = &[
    ("SRC_IP", "src_ip", true),
    ("DST_IP", "dst_ip", true),
    ("SRC_PORT", "src_port", false),
    ("DST_PORT", "dst_port", false),
    ("PROTOCOL", "proto", false),
    ("PACKETS", "src_packets", false),
    ("PACKETS_REV", "dst_packets", false),
    ("BYTES", "src_bytes", false),
    ("BYTES_REV", "dst_bytes", false),
    ("TCP_FLAGS", "tcp_src_flags", false),
    ("TCP_FLAGS_REV", "tcp_dst_flags", false),
    ("TLS_SNI", "tls_sni", true),
    ("TLS_ALPN", "tls_alpn_selected", true),
    ("TLS_VERSION", "tls_version", true),
    ("TLS_JA3", "tls_ja3", true),
    ("TLS_JA4", "tls_ja4", true),
    ("APP", "app", true),
    ("FLOW_ID", "flow_id", true),
    ("COMMUNITY_ID", COMMUNITY_ID, true),
];

struct Ipfixprobe {
    file: Box<dyn Sink>,
}

impl Sink for Ipfixprobe {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), SinkError> {
        let batch = match batch.column_by_name(COMMUNITY_ID) {
            Some(_) => batch.clone(),
            None => with_community_ids(batch, 0)?,
        };
        self.file.write(&rows(&batch)?)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.file.flush()
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        self.file.finish()
    }
}

fn micros() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn list(of: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", of, true)))
}

fn schema() -> SchemaRef {
    let mut fields: Vec<Field> = PLAIN
        .iter()
        .map(|(name, _, text)| Field::new(*name, if *text { DataType::Utf8 } else { DataType::UInt64 }, true))
        .collect();
    fields.extend(["TIME_FIRST", "TIME_LAST"].map(|name| Field::new(name, micros(), false)));
    fields.push(Field::new("PPI_PKT_LENGTHS", list(DataType::UInt16), true));
    fields.push(Field::new("PPI_PKT_DIRECTIONS", list(DataType::Int8), true));
    fields.push(Field::new("PPI_PKT_TIMES", list(micros()), true));
    fields.push(Field::new("TLS_RECORD_LENGTHS", list(DataType::UInt32), true));
    fields.push(Field::new("TLS_RECORD_DIRECTIONS", list(DataType::Int8), true));
    fields.push(Field::new("TLS_RECORD_TYPES", list(DataType::UInt8), true));
    Arc::new(Schema::new(fields))
}

/// The rows of a batch under these names.
fn rows(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let readers = CellReader::all(batch);
    let mut columns: Vec<ArrayRef> = Vec::new();
    let all = || (0..batch.num_rows()).map(|row| Row::new(&readers, row));
    for (_, column, text) in PLAIN {
        columns.push(if *text {
            let mut out = StringBuilder::new();
            all().for_each(|row| match row.get(column) {
                Value::Null => out.append_null(),
                value => out.append_value(text_value(&value)),
            });
            Arc::new(out.finish())
        } else {
            let mut out = UInt64Builder::new();
            all().for_each(|row| match row.get(column) {
                Value::Uint(number) => out.append_value(number),
                _ => out.append_null(),
            });
            Arc::new(out.finish())
        });
    }
    for column in ["time_start", "time_end"] {
        let mut out = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        all().for_each(|row| out.append_value(instant(&row, column)));
        columns.push(Arc::new(out.finish()));
    }
    let (mut lengths, mut directions) = (ListBuilder::new(UInt16Builder::new()), ListBuilder::new(Int8Builder::new()));
    let mut times = ListBuilder::new(TimestampMicrosecondBuilder::new().with_timezone("UTC"));
    let (mut octets, mut sides) = (ListBuilder::new(UInt32Builder::new()), ListBuilder::new(Int8Builder::new()));
    let mut types = ListBuilder::new(UInt8Builder::new());
    for row in all() {
        let mut at = instant(&row, "time_start");
        let (packets, waits) = (numbers(&row, "splt_lengths"), numbers(&row, "splt_times_micros"));
        for (length, wait) in packets.iter().flatten().zip(waits.iter().flatten()) {
            lengths.values().append_value(u16::try_from(length.unsigned_abs()).unwrap_or(u16::MAX));
            directions.values().append_value(if *length < 0 { -1 } else { 1 });
            at = at.saturating_add(*wait);
            times.values().append_value(at);
        }
        lengths.append(packets.is_some());
        directions.append(packets.is_some());
        times.append(packets.is_some());
        let records = numbers(&row, "eta_record_lengths");
        for length in records.iter().flatten() {
            octets.values().append_value(u32::try_from(length.unsigned_abs()).unwrap_or(u32::MAX));
            sides.values().append_value(if *length < 0 { -1 } else { 1 });
        }
        for kind in numbers(&row, "eta_record_types").iter().flatten() {
            types.values().append_value(u8::try_from(*kind).unwrap_or(u8::MAX));
        }
        octets.append(records.is_some());
        sides.append(records.is_some());
        types.append(records.is_some());
    }
    columns.extend([
        Arc::new(lengths.finish()) as ArrayRef,
        Arc::new(directions.finish()),
        Arc::new(times.finish()),
        Arc::new(octets.finish()),
        Arc::new(sides.finish()),
        Arc::new(types.finish()),
    ]);
    RecordBatch::try_new(schema(), columns)
}

/// Microseconds since 1970.
fn instant(row: &Row<'_>, column: &str) -> i64 {
    match row.get(column) {
        Value::Time(time) => time.0.div_euclid(1_000),
        _ => 0,
    }
}

fn numbers(row: &Row<'_>, column: &str) -> Option<Vec<i64>> {
    match row.get(column) {
        Value::Numbers(numbers) => Some(numbers),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array as _, AsArray as _};
    use arrow::datatypes::{Int8Type, TimestampMicrosecondType, UInt16Type, UInt64Type};
    use minamo_base::{Ip, Time};
    use minamo_model::{FLOWS, Flow, FlowBuilder};

    use super::*;

    #[test]
    fn packets_have_lengths_directions_and_instants() {
        let mut builder = FlowBuilder::default();
        let mut flow = Flow::default();
        (flow.core.src_ip, flow.core.dst_ip) = (Ip::v4([192, 0, 2, 1]), Ip::v4([192, 0, 2, 2]));
        (flow.core.proto, flow.core.dst_port, flow.core.src_bytes) = (6, 443, 900);
        flow.core.time_start = Time::from_millis(5);
        builder.append(&flow);
        let splt = flow.splt.get_or_insert_default();
        (splt.lengths, splt.times_micros) = (Some(vec![517, -1_400]), Some(vec![0, 21_500]));
        builder.append(&flow);
        let batch = with_community_ids(&builder.finish().expect("a batch"), 0).expect("ids");
        let out = rows(&batch).expect("rows");
        let column = |name: &str| out.column_by_name(name).expect("there");
        assert_eq!(column("BYTES").as_primitive::<UInt64Type>().value(0), 900);
        assert!(column("COMMUNITY_ID").as_string::<i32>().value(0).starts_with("1:"));
        assert!(column("PPI_PKT_LENGTHS").is_null(0) && column("TLS_SNI").is_null(0));
        let list = |name: &str| column(name).as_list::<i32>().value(1);
        assert_eq!(list("PPI_PKT_LENGTHS").as_primitive::<UInt16Type>().values().to_vec(), [517, 1_400]);
        assert_eq!(list("PPI_PKT_DIRECTIONS").as_primitive::<Int8Type>().values().to_vec(), [1, -1]);
        assert_eq!(list("PPI_PKT_TIMES").as_primitive::<TimestampMicrosecondType>().values().to_vec(), [5_000, 26_500]);
    }

    #[test]
    fn every_column_is_one_of_flows() {
        for (_, column, _) in PLAIN {
            assert!(*column == COMMUNITY_ID || FLOWS.column(column).is_some(), "{column}");
        }
    }
}
