// SPDX-License-Identifier: Apache-2.0
//! The recordings in a lake: the same totals by every door, the scan found, and nothing lost by kill -9.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{flows, minamo, root, stderr, stdout};

/// A folder with the demo's recordings in a lake.
fn demo() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let output = minamo(&["demo", "--once", "--listen", "127.0.0.1:0", "--data", &data]);
    assert!(output.status.success(), "{}", stderr(&output));
    (folder, data)
}

fn sql(data: &str, text: &str) -> Vec<Value> {
    stdout(&["sql", "--json", "--data", data, text]).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}

#[test]
fn filter_sql_and_meter_agree_and_the_scan_is_found() {
    let (_folder, data) = demo();
    // Metered one by one, as the demo does; no other recording has that name.
    let metered =
        ["fixtures/demo/web.pcap.zst", "fixtures/demo/office.pcap.zst"].map(|capture| flows(&[capture])).concat();
    let octets = |rows: &[Value]| {
        rows.iter().map(|r| r["src_bytes"].as_u64().unwrap_or(0) + r["dst_bytes"].as_u64().unwrap_or(0)).sum::<u64>()
    };
    let tls: Vec<_> = metered.iter().filter(|r| r["tls_sni"] == "www.youtube.com").cloned().collect();
    assert!(!tls.is_empty());
    let query = stdout(&[
        "query",
        "--data",
        &data,
        "tls_sni = www.youtube.com and tcp",
        "--top",
        "tls_sni",
        "--format",
        "jsonl",
    ]);
    let top: Value = serde_json::from_str(query.lines().next().expect("a row")).expect("JSON");
    let in_tcp: Vec<_> = tls.iter().filter(|r| r["proto"] == 6).cloned().collect();
    assert_eq!((top["bytes"].as_u64(), top["flows"].as_u64()), (Some(octets(&in_tcp)), Some(in_tcp.len() as u64)));
    let by_sql = sql(
        &data,
        "SELECT SUM(src_bytes + dst_bytes) AS bytes FROM flows WHERE tls_sni = 'www.youtube.com' AND proto = 6",
    );
    assert_eq!(by_sql[0]["bytes"], top["bytes"]);

    // What else is found is in `attacks`.
    let events = sql(&data, "SELECT rule, facts FROM events WHERE src_ip = ip('192.0.2.17') ORDER BY rule");
    // The scan takes half a minute: it can fall into one window or two.
    let mut rules: Vec<_> = events.iter().filter_map(|e| e["rule"].as_str()).collect();
    rules.dedup();
    assert!(["scan_hosts", "scan_ports"].iter().all(|rule| rules.contains(rule)), "{events:?}");
}

#[test]
fn groups_paths_and_bills_are_answered_on_the_command_line() {
    let (_folder, data) = demo();
    let ask = |more: &[&str]| stdout(&[&["query", "--data", &data], more].concat());
    let measures = "flows,distinct(dst_port),p95(duration)";
    let found = ask(&["--top", "net(src_ip,24)", "--measures", measures, "--having", "flows > 5", "--format", "jsonl"]);
    let rows: Vec<Value> = found.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let want = sql(
        &data,
        "SELECT net(src_ip, 24) AS n, COUNT(*) AS f, COUNT(DISTINCT dst_port) AS p FROM flows WHERE src_ip < ip('::ffff:255.255.255.255') \
         GROUP BY 1 HAVING COUNT(*) > 5 ORDER BY 2 DESC, 1 LIMIT 20",
    );
    let v4 = rows.iter().filter(|row| row["net(src_ip,24)"].as_str().is_some_and(|net| net.contains('.')));
    let got: Vec<_> = v4.map(|row| (row["flows"].clone(), row["distinct(dst_port)"].clone())).collect();
    let want: Vec<_> = want.iter().filter(|row| row["n"].as_str().is_some_and(|net| net.contains('.'))).collect();
    assert_eq!(got, want.iter().map(|row| (row["f"].clone(), row["p"].clone())).collect::<Vec<_>>());
    let table = ask(&["--top", "app", "--compare", "7d", "--last", "1h"]);
    assert!(table.contains("before") && table.contains("new") && table.contains("total"), "{table}");
    let through = ["--paths", "src_ip,app,dst_port", "--limit", "3"];
    let paths: Value = serde_json::from_str(&ask(&[&through[..], &["--format", "jsonl"]].concat())).expect("JSON");
    let level = |level: u64| -> u64 {
        let links = paths["links"].as_array().expect("links").iter().filter(|link| link["level"] == level);
        links.filter_map(|link| link["value"].as_u64()).sum()
    };
    let all = sql(&data, "SELECT SUM(src_bytes + dst_bytes) AS b FROM flows");
    assert_eq!((Some(level(0)), level(0)), (all[0]["b"].as_u64(), level(1)), "each level has all octets");
    let rows = ask(&[&through[..], &["--format", "csv"]].concat());
    let head = "src_ip,src_ip_other,app,app_other,dst_port,dst_port_other,bytes";
    assert_eq!(
        (rows.lines().next(), rows.lines().count() - 1),
        (Some(head), paths["paths"].as_array().expect("paths").len())
    );
    let table = ask(&through);
    assert!(table.starts_with("src_ip") && table.contains("(others)"), "{table}");
    let bill = ask(&["--billing", "95", "--format", "csv"]);
    assert!(bill.starts_with("traffic,percentile,bits_per_second,") && bill.lines().count() == 4, "{bill}");
    let steps = ask(&["--billing", "95", "--steps", "--step", "1h", "--format", "csv"]);
    assert!(steps.starts_with("time,bytes_in,bytes_out,bps_in,bps_out"), "{steps}");
    assert!(ask(&["--billing", "95", "--steps"]).contains("bps_out"));
    let output = minamo(&["query", "--data", &data, "--billing", "95", "--format", "joy"]);
    assert!(stderr(&output).contains("--format joy"), "{}", stderr(&output));
    let bill: Value =
        serde_json::from_str(&ask(&["--billing", "100", "--step", "1h", "--format", "jsonl"])).expect("JSON");
    let sum = |name: &str| bill[name].as_array().expect("steps").iter().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!(Some(sum("inward") + sum("outward")), all[0]["b"].as_u64());
    let output = minamo(&["query", "--data", &data, "--top", "app", "--having", "flows >"]);
    assert!(stderr(&output).contains("--having"), "{}", stderr(&output));
}

#[test]
fn a_bad_filter_and_bad_sql_get_one_sentence() {
    let (_folder, data) = demo();
    let output = minamo(&["query", "--data", &data, "tls_snii = x"]);
    assert!(stderr(&output).contains("did you mean tls_sni?"), "{}", stderr(&output));
    let output = minamo(&["sql", "--data", &data, "SELECT nothing FROM flows"]);
    assert_eq!((output.status.code(), stderr(&output).lines().count()), (Some(1), 1), "{}", stderr(&output));
    let output = minamo(&["sql", "--data", &data, "DELETE FROM flows"]);
    assert!(stderr(&output).contains("only SELECT"), "{}", stderr(&output));
}

#[test]
fn files_of_nfdump_come_in_once_and_go_out_as_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let import = |more: &[&str]| stdout(&[&["import", "--data", &data, "fixtures/nfdump"], more].concat());
    assert!(import(&[]).starts_with("208 flows were imported from 4 files; 0 were imported before"));
    assert!(import(&[]).starts_with("0 flows were imported from 0 files; 4 were imported before"));
    assert!(import(&["--again"]).starts_with("208 flows were imported from 4 files"));
    // What nfdump says of one file, eight times: four packings, two imports.
    let sums =
        sql(&data, "SELECT SUM(src_bytes + dst_bytes) AS bytes, SUM(src_packets + dst_packets) AS packets FROM flows");
    assert_eq!(
        (&sums[0]["bytes"], &sums[0]["packets"]),
        (&(25_004_038_652_u64 * 8).into(), &(20_075_783_u64 * 8).into())
    );

    stdout(&["query", "--data", &data, "--format", "csv", "--output", &file("flows.csv")]);
    assert_eq!(std::fs::read_to_string(file("flows.csv")).expect("whole").lines().count(), 417);
    stdout(&["sql", "--data", &data, "SELECT * FROM flows", "--format", "parquet", "--output", &file("flows.parquet")]);
    assert!(std::fs::read(file("flows.parquet")).expect("whole").ends_with(b"PAR1"));
    assert!(!folder.path().join("flows.csv.part").exists());
    let top = stdout(&["query", "--data", &data, "--top", "proto", "--format", "csv", "--limit", "1"]);
    assert_eq!(top.lines().next(), Some("proto,bytes,packets,flows"));
    let output = minamo(&["import", "--data", &data, &file("flows.csv")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("flows.csv: it is no file of nfdump"), "{}", stderr(&output));
}

#[test]
fn kill_9_during_a_replay_loses_no_acknowledged_flow() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let mut child = Command::new(env!("CARGO_BIN_EXE_minamo"))
        .args(["demo", "--listen", "127.0.0.1:0", "--data", &data])
        .current_dir(root())
        .env("MINAMO_LOG", "error")
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    // Wait until a reader sees rows: from then on they are acknowledged.
    let mut seen = 0;
    for _ in 0..600 {
        std::thread::sleep(Duration::from_millis(50));
        let output = minamo(&["sql", "--json", "--data", &data, "SELECT COUNT(*) AS n FROM flows"]);
        let row: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        seen = row.and_then(|row| row["n"].as_u64()).unwrap_or(0);
        if seen > 0 {
            break;
        }
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(seen > 0, "the replay put rows into the lake");
    let after =
        sql(&data, "SELECT COUNT(*) AS n, COUNT(DISTINCT flow_id || CAST(time_start AS VARCHAR)) AS ids FROM flows");
    assert!(after[0]["n"].as_u64().is_some_and(|n| n >= seen), "{after:?} after {seen}");
    assert_eq!(after[0]["n"], after[0]["ids"], "no row is there twice");
}

/// A conversation as Joy writes it with `bidir=0`: a line for each direction.
const JOY: [&str; 2] = [
    r#"{"sa":"10.0.0.5","da":"198.51.100.7","pr":6,"sp":40000,"dp":443,"bytes_out":431,"num_pkts_out":6,"time_start":1502118721.115234,"time_end":1502118721.160674,"packets":[{"b":305,"dir":"<","ipt":0},{"b":126,"dir":"<","ipt":3}],"tls":{"c_version":5,"cs":["c030","c02f"],"c_extensions":[{"supported_groups":"00040017001d"},{"ec_point_formats":"0100"}],"srlt":[{"b":300,"dir":"<","ipt":0,"tp":22}]}}"#,
    r#"{"sa":"198.51.100.7","da":"10.0.0.5","pr":6,"sp":443,"dp":40000,"bytes_out":1684,"num_pkts_out":4,"time_start":1502118721.115476,"time_end":1502118721.120071,"packets":[{"b":1458,"dir":"<","ipt":0},{"b":226,"dir":"<","ipt":1}],"tls":{"s_version":5,"scs":"c030","srlt":[{"b":66,"dir":"<","ipt":0,"tp":22}]}}"#,
];

#[test]
fn files_of_joy_come_in_and_bad_lines_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let path = folder.path().join("joy.json");
    let broken = JOY[0].replace("\"b\":126", "\"b\":-1");
    std::fs::write(&path, format!("{{\"version\":\"1.74\"}}\n{}\n{broken}\n{}\n", JOY[0], JOY[1])).expect("written");
    let output = minamo(&["import", "--data", &data, &path.to_string_lossy()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("line 3: packets[1].b: got -1, want a whole number"), "{}", stderr(&output));
    let rows = sql(
        &data,
        "SELECT source, src_port, src_bytes, dst_bytes, splt_lengths, eta_record_types, tls_version, tls_ja3, eta_class, eta_model FROM flows",
    );
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!((&row["source"], &row["src_port"]), (&"joy".into(), &40_000.into()));
    assert_eq!((&row["src_bytes"], &row["dst_bytes"]), (&(431 + 6 * 40).into(), &(1_684 + 4 * 40).into()));
    assert_eq!(row["splt_lengths"], serde_json::json!([305, -1_458, -226, 126]));
    assert_eq!((&row["eta_record_types"], &row["tls_version"]), (&serde_json::json!([22, 22]), &"TLS 1.2".into()));
    assert!(row["tls_ja3"].is_string());
    assert!(row["eta_class"].is_string() && row["eta_model"].is_string(), "judged as other rows are: {row}");

    // What goes out as Joy's lines comes in as it was.
    let out = folder.path().join("out.json").to_string_lossy().into_owned();
    stdout(&["query", "--data", &data, "--format", "joy", "--output", &out]);
    let again = folder.path().join("again").to_string_lossy().into_owned();
    assert!(stdout(&["import", "--data", &again, &out]).starts_with("1 flows were imported"));
    let back = sql(&again, "SELECT src_bytes, dst_bytes, splt_lengths, eta_record_types, tls_ja3 FROM flows");
    for column in ["src_bytes", "dst_bytes", "splt_lengths", "eta_record_types", "tls_ja3"] {
        assert_eq!(back[0][column], row[column], "{column}");
    }

    // Flows of the lake that filters label are learnt from; what is too little is said.
    let card = folder.path().join("card.md").to_string_lossy().into_owned();
    let train =
        |label: &str| minamo(&["model", "train", "--data", &data, "--label", label, "-o", &out, "--card", &card]);
    let output = train("malware Dridex where src_ip = 10.0.0.5");
    assert!(stderr(&output).contains("there are examples of one class only"), "{}", stderr(&output));
    assert!(stderr(&train("malware Dridex")).contains("want \"benign where FILTER\""));
    assert!(stderr(&train("benign where src_prot = 1")).contains("--label"));
}
