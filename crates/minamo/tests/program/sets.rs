// SPDX-License-Identifier: Apache-2.0
//! Named sets on the command line: made for the past, changed, asked for as they are and as they were; and what does
//! not fit is named. The flows are those of our recording for nfdump, whose times are fixed: six hosts ask twice, four
//! seconds apart.

use serde_json::Value;

use super::{minamo, stderr, stdout};

const RECORDING: &str = "fixtures/nfdump/nfcapd.plain";
/// Before all flows, and between the two times at which each host asks.
const BEFORE: &str = "2025-12-01T00:00:00Z";
const BETWEEN: &str = "2025-12-31T23:59:53Z";

fn imported() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    stdout(&["import", RECORDING, "--data", &data]);
    (folder, data)
}

/// Source and start of the flows that pass, oldest first.
fn sources(data: &str, filter: &str, more: &[&str]) -> Vec<String> {
    let lines = stdout(&[&["query", filter, "--format", "jsonl", "--limit", "100", "--data", data], more].concat());
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).expect("JSON");
        format!("{} {}", row["time_start"].as_str().expect("a time"), row["src_ip"].as_str().expect("an address"))
    };
    let mut rows: Vec<String> = lines.lines().map(row).collect();
    rows.sort();
    rows
}

const FIRST: [&str; 2] = ["2025-12-31T23:59:51Z 192.0.2.1", "2025-12-31T23:59:55Z 192.0.2.1"];
const SECOND: [&str; 2] = ["2025-12-31T23:59:51.001Z 192.0.2.2", "2025-12-31T23:59:55.001Z 192.0.2.2"];

#[test]
fn a_changed_set_is_asked_for_as_it_is_and_as_it_was() {
    let (_folder, data) = imported();
    let place = ["--data", data.as_str()];
    let set = |words: &[&str]| stdout(&[&["set"], words, &place].concat());
    set(&["create", "phones", "192.0.2.1", "--valid-from", BEFORE]);
    assert_eq!(sources(&data, "src in @phones", &[]), FIRST);
    assert_eq!(sources(&data, "src in @phones", &["--then"]), FIRST);
    set(&["change", "@phones", "192.0.2.2", "--valid-from", BETWEEN]);
    assert_eq!(sources(&data, "src in @phones", &[]), SECOND);
    assert_eq!(sources(&data, "src in @phones", &["--then"]), [FIRST[0], SECOND[1]]);
    // What is not in the set, each time by the same members.
    let others = "src in [192.0.2.1 192.0.2.2] and not src in @phones";
    assert_eq!(sources(&data, others, &[]), FIRST);
    assert_eq!(sources(&data, others, &["--then"]), [SECOND[0], FIRST[1]]);
    let counted = |condition: &str| {
        stdout(&["sql", "--json", &format!("SELECT count(*) AS n FROM flows WHERE {condition}"), "--data", &data])
    };
    assert_eq!(counted("in_set(src_ip, 'phones')"), "{\"n\":2}\n");
    assert_eq!(counted("in_set(src_ip, 'phones') AND time_start < '2025-12-31T23:59:53Z'"), "{\"n\":1}\n");
    assert_eq!(counted("NOT in_set(src_ip, '@phones') AND in_net(src_ip, '192.0.2.1/32')"), "{\"n\":2}\n");
    // A set in a set has its versions within the time of the outer one.
    set(&["create", "all phones", "@phones", "192.0.2.3", "--valid-from", BETWEEN]);
    let third = "2025-12-31T23:59:55.002Z 192.0.2.3";
    assert_eq!(sources(&data, "src in @\"all phones\"", &["--then"]), [SECOND[1], third]);
    assert_eq!(counted("in_set(src_ip, 'all phones')"), "{\"n\":4}\n");
    // After its end it has no members, and its past stays.
    set(&["delete", "all phones"]);
    set(&["delete", "phones"]);
    assert!(sources(&data, "src in @phones", &[]).is_empty());
    assert_eq!(counted("in_set(src_ip, 'phones')"), "{\"n\":0}\n");
    assert_eq!(counted("NOT in_set(src_ip, 'phones') AND in_net(src_ip, '192.0.2.1/32')"), "{\"n\":2}\n");
    assert_eq!(sources(&data, "src in @phones", &["--then"]), [FIRST[0], SECOND[1]]);
    let shown = set(&["show", "phones"]);
    assert!(shown.contains("192.0.2.1\n") && shown.contains("192.0.2.2\n") && shown.contains("(ended)"), "{shown}");
}

#[test]
fn sets_of_ports_and_names_and_of_the_networks_file_are_asked_for() {
    let (folder, data) = imported();
    let networks = folder.path().join("networks.csv");
    std::fs::write(&networks, "prefix,name\n192.0.2.1/32,printer\n").expect("written");
    let config = folder.path().join("minamo.toml");
    std::fs::write(&config, format!("[enrich]\nnetworks = {:?}\n", networks.to_string_lossy())).expect("written");
    let place = ["--data", data.as_str(), "--config", &config.to_string_lossy()].map(str::to_owned);
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    stdout(&[&["set", "create", "proxies", "--of", "ports", "8080-8090"], place.as_slice()].concat());
    assert_eq!(sources(&data, "dst_port in @proxies and src in @printer", &place[2..]), FIRST[1..]);
    stdout(&[&["set", "create", "soon", "--of", "names", "HTTP", "TLS"], place.as_slice()].concat());
    let text = "SELECT count(*) AS n FROM flows WHERE in_set(src_ip, 'printer') AND in_set(dst_port, 'proxies') \
                AND NOT in_set(app, 'soon')";
    assert_eq!(stdout(&[&["sql", "--json", text], place.as_slice()].concat()), "{\"n\":1}\n");
    let text = "SELECT in_set(ip('192.0.2.1'), 'printer') AS a, in_set(ip('192.0.2.2'), 'printer') AS b";
    assert_eq!(stdout(&[&["sql", "--json", text], place.as_slice()].concat()), "{\"a\":true,\"b\":false}\n");
    let listed = stdout(&[&["set", "list"], place.as_slice()].concat());
    assert!(listed.contains("proxies") && listed.contains("(1 of the networks file)"), "{listed}");
    assert!(stdout(&[&["set", "show", "@printer"], place.as_slice()].concat()).contains("(1 of the networks file)"));
}

#[test]
fn what_does_not_fit_is_named() {
    let (_folder, data) = imported();
    stdout(&["set", "create", "guests", "192.0.2.0/28", "--valid-from", BEFORE, "--data", &data]);
    stdout(&["set", "create", "web", "--of", "ports", "80", "443", "--data", &data]);
    for (words, want) in [
        (&["set", "create", "guests", "192.0.2.1"][..], "there is a set @guests already: change it"),
        (&["set", "create", "x", "192.0.2.300"], "member 1: got \"192.0.2.300\", want an address, a network or @set"),
        (&["set", "create", "x", "@web"], "@web holds ports, want addresses"),
        (&["set", "create", "x", "192.0.2.1", "--valid-from", "2099-01-01T00:00:00Z"], "valid_from: got 2099"),
        (&["set", "change", "x", "192.0.2.1"], "there is no set @x"),
        (&["set", "show", "x"], "there is no set @x; there is @guests, @web"),
        (&["query", "src in @guest"], "there is no set `@guest`; did you mean @guests?"),
        (&["query", "src in @web"], "`@web` holds ports, and src_ip wants addresses"),
        (&["query", "--top", "src_prt"], "--top: flows have no column src_prt, there is src_port; want a column, ip,"),
        (&["query", "--top", "app", "--order", "p95(byts)"], "--order: p95(byts): flows have no column byts"),
        (&["query", "--top", "app", "--having", "nonsense > 1"], "--having: character 1: `nonsense` is no column"),
        (&["query", "--top", "app", "--compare", "1h"], "--compare: want a range with both ends: --last"),
        (&["query", "--from", BETWEEN, "--to", BEFORE], "--to: got 2025-12-01T00:00:00Z, want a time after"),
        (&["query", "--paths", "src_ip"], "--paths: got 1 keys, want 2 to 4"),
        (&["query", "--billing", "95", "--format", "joy"], "--format joy: it is for flows; "),
        (&["query", "--format", "csv", "--output", "/nowhere/x.csv"], "--output: /nowhere/x.csv: No such file"),
        (&["sql", "SELECT src_prt FROM flows"], "there is no column src_prt; there is src_port (line 1, column 8)"),
        (&["sql", "SELECT * FROM flow"], "there is no table flow; there are flows and events"),
        (&["sql", "SELECT in_net(src_ip, 'x') FROM flows"], "in_net: got \"x\", want an IPv4 or IPv6 address"),
        (
            &["sql", "SELECT in_set(src_ip, 'guest') FROM flows"],
            "in_set: there is no set @guest; did you mean @guests?",
        ),
        (
            &["sql", "SELECT in_set(src_ip, 'web') FROM flows"],
            "in_set: @web holds ports, and the column wants addresses",
        ),
        (&["sql", "SELECT in_set(src_ip, app) FROM flows"], "in_set: want the name of a set in quotes"),
        (&["sql", "SELECT in_set(time_start, 'web') FROM flows"], "want a column of addresses, numbers or texts"),
        (&["import", "README.md"], "README.md: it is no file of nfdump"),
    ] {
        let output = minamo(&[words, &["--data", &data]].concat());
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {text}");
        assert!(text.contains(want), "{words:?}: {text}");
    }
    let output = minamo(&["set", "list", "--data", "/nowhere"]);
    assert!(stderr(&output).contains("/nowhere: not there; name the data folder"), "{}", stderr(&output));
}

#[test]
fn a_chart_goes_by_the_sets_of_now_and_of_then() {
    let (_folder, data) = imported();
    let run = |words: &[&str]| stdout(&[words, &["--data", &data]].concat());
    run(&["set", "create", "phones", "192.0.2.1", "--valid-from", BEFORE]);
    run(&["profile", "create", "calls", "--channel", "phones=src in @phones", "--valid-from", BEFORE]);
    run(&["set", "change", "phones", "192.0.2.2", "192.0.2.3", "--valid-from", "2026-01-01T00:00:00Z"]);
    let chart = |more: &[&str]| {
        let range =
            ["--from", "2025-12-31T23:55:00Z", "--to", "2026-01-01T00:05:00Z", "--step", "10m", "--by", "flows"];
        let text = run(&[&["profile", "chart", "calls"], range.as_slice(), more].concat());
        text.lines().filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum::<u64>()
    };
    // Two flows of each host, all before the change.
    assert_eq!((chart(&[]), chart(&["--then"])), (4, 2));
    let output = minamo(&["profile", "create", "x", "--channel", "a=src in @phone", "--data", &data]);
    assert!(stderr(&output).contains("did you mean @phones?"), "{}", stderr(&output));
    let output = minamo(&["set", "delete", "phones", "--data", &data]);
    assert!(stderr(&output).contains("channel phones of profile calls asks for it"), "{}", stderr(&output));
}
