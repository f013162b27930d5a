// SPDX-License-Identifier: Apache-2.0
//! Each format on the same rows.

use std::sync::{Arc, Mutex};

use minamo_base::{Ip, Time};
use minamo_model::{FLOWS, Flow, FlowBuilder};

use super::*;

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("one thread").extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(name: &str) -> Vec<u8> {
    let mut builder = FlowBuilder::default();
    let mut flow = Flow::default();
    flow.core.src_ip = Ip::v4([192, 0, 2, 1]);
    flow.core.dst_ip = "2001:db8::1".parse().expect("an address");
    (flow.core.src_port, flow.core.dst_port, flow.core.proto) = (50_000, 443, 6);
    (flow.core.time_start, flow.core.time_end) = (Time::from_millis(1_000), Time::from_millis(2_500));
    flow.core.app = "TLS.YouTube".into();
    flow.tls.get_or_insert_default().sni = Some("a,\"b\"".to_owned());
    let splt = flow.splt.get_or_insert_default();
    (splt.lengths, splt.times_micros) = (Some(vec![517, -1_400]), Some(vec![0, 21_500]));
    builder.append(&flow);
    flow.tls.get_or_insert_default().sni = Some("=cmd()".to_owned());
    builder.append(&flow);
    let shared = Shared::default();
    let mut sink = (format(name).expect("known").open)(Box::new(shared.clone()), &FLOWS).expect("opened");
    sink.write(&builder.finish().expect("a batch")).expect("written");
    sink.finish().expect("finished");
    shared.0.lock().expect("one thread").clone()
}

fn text(name: &str) -> String {
    String::from_utf8(written(name)).expect("UTF-8")
}

#[test]
fn json_lines_parse_and_leave_out_what_is_not_there() {
    let text = text("jsonl");
    let rows: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["dst_ip"], "2001:db8::1");
    assert_eq!(rows[0]["tls_sni"], "a,\"b\"");
    assert_eq!(rows[0]["splt_lengths"], serde_json::json!([517, -1400]));
    assert!(rows[0].get("dns_query").is_none());
}

#[test]
fn csv_quotes_and_disarms() {
    let text = text("csv");
    let mut lines = text.split("\r\n");
    assert_eq!(lines.next().expect("a header").split(',').count(), FLOWS.columns().count());
    assert!(lines.next().expect("a row").contains(r#""a,""b""""#));
    assert!(lines.next().expect("a row").contains(",'=cmd(),"));
}

#[test]
fn table_shows_endpoints_and_application() {
    let text = text("table");
    assert!(text.contains("[2001:db8::1]:443") && text.contains("TLS.YouTube") && text.contains("1.500"));
}

#[test]
fn joy_has_its_own_names() {
    let first = text("joy").lines().next().map(str::to_owned).expect("a row");
    let row: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!((&row["sa"], &row["dp"], &row["pr"]), (&"192.0.2.1".into(), &443.into(), &6.into()));
    assert_eq!(row["packets"][1], serde_json::json!({"b": 1400, "dir": "<", "ipt": 21}));
    assert_eq!(row["time_end"], 2.5);
}

#[test]
fn joy_has_both_sides_octets_and_numbers_of_versions_and_suites() {
    let mut flow = Flow::default();
    let tls = flow.tls.get_or_insert_default();
    (tls.version, tls.cipher) = (Some("TLS 1.3".into()), Some("TLS_AES_128_GCM_SHA256".into()));
    let splt = flow.splt.get_or_insert_default();
    (splt.lengths, splt.times_micros) = (Some(vec![1; 4]), Some(vec![0, 1_600, 1_600, 1_600]));
    let eta = flow.eta.get_or_insert_default();
    let counts = |at: usize, count: u32| (0..256).map(|value| if value == at { count } else { 0 }).collect::<Vec<_>>();
    (eta.src_byte_counts, eta.dst_byte_counts) = (Some(counts(2, 512)), Some(counts(4, 512)));
    eta.src_initial_packet = Some("4500".into());
    (eta.record_lengths, eta.record_times_micros) = (Some(vec![-9]), Some(vec![0]));
    eta.record_types = Some(vec![23]);
    let row = |flow: &Flow| -> serde_json::Value {
        let mut builder = FlowBuilder::default();
        builder.append(flow);
        let shared = Shared::default();
        let mut sink = (format("joy").expect("known").open)(Box::new(shared.clone()), &FLOWS).expect("opened");
        sink.write(&builder.finish().expect("a batch")).expect("written");
        sink.finish().expect("finished");
        serde_json::from_slice(&shared.0.lock().expect("one thread")).expect("JSON")
    };
    let joy = row(&flow);
    let ipts: Vec<_> = joy["packets"].as_array().expect("packets").iter().map(|packet| packet["ipt"].clone()).collect();
    assert_eq!(ipts, [0, 1, 2, 1], "instants of 0, 1.6, 3.2 and 4.8 ms");
    assert_eq!(
        (&joy["byte_dist"][2], &joy["byte_dist"][4], &joy["byte_dist"][5]),
        (&128.into(), &128.into(), &0.into())
    );
    assert_eq!((&joy["byte_dist_mean"], &joy["byte_dist_std"]), (&3.0.into(), &1.0.into()));
    assert_eq!((&joy["entropy"], &joy["total_entropy"]), (&1.0.into(), &1_024.0.into()));
    assert_eq!((&joy["idp_out"], &joy["idp_len_out"], joy.get("idp_in")), (&"4500".into(), &2.into(), None));
    assert_eq!(joy["tls"]["srlt"][0], serde_json::json!({"b": 9, "dir": "<", "ipt": 0, "tp": 23}));
    assert_eq!((&joy["tls"]["s_version"], &joy["tls"]["scs"]), (&6.into(), &"1301".into()));
    for (version, number) in [("SSL 2.0", Some(1)), ("SSL 3.0", Some(2)), ("TLS 1.0", Some(3)), ("DTLS 1.2", None)] {
        flow.tls.get_or_insert_default().version = Some(version.into());
        assert_eq!(row(&flow)["tls"].get("s_version").and_then(serde_json::Value::as_u64), number, "{version}");
    }
}

#[test]
fn parquet_is_parquet() {
    let octets = written("parquet");
    assert!(octets.starts_with(b"PAR1") && octets.ends_with(b"PAR1"));
}

#[test]
fn answers_of_any_columns_are_written_in_each_format_of_theirs() {
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    let columns: [(&str, ArrayRef); 2] =
        [("a,b", Arc::new(StringArray::from(vec![Some("x"), None]))), ("n", Arc::new(Int64Array::from(vec![1, 2])))];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let written = |name: &str| {
        let shared = Shared::default();
        let mut sink = open_answer(name, Box::new(shared.clone()), batch.schema())?.expect("opened");
        sink.write(&batch).expect("written");
        sink.finish().expect("finished");
        Some(shared.0.lock().expect("one thread").clone())
    };
    assert_eq!(written("csv").as_deref(), Some(&b"\"a,b\",n\r\nx,1\r\n,2\r\n"[..]));
    assert_eq!(written("jsonl").as_deref(), Some(&b"{\"a,b\":\"x\",\"n\":1}\n{\"n\":2}\n"[..]));
    assert!(written("parquet").is_some_and(|octets| octets.ends_with(b"PAR1")));
    assert!(written("joy").is_none(), "joy has names of its own, for flows");
    assert!(ANSWER_FORMATS.iter().all(|name| written(name).is_some()));
}
