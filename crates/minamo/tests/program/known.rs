// SPDX-License-Identifier: Apache-2.0
//! What was changed today shows the past both ways: a profile, a set, a tag and a network, each asked for as it is and as
//! it was, before and after a restart. The flows are those of our recording for nfdump, whose times are fixed: six hosts
//! ask twice, four seconds apart.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::server::Server;
use super::{minamo, stderr, stdout};

const RECORDING: &str = "fixtures/nfdump/nfcapd.plain";
/// Before all flows, between the two times at which each host asks, and after all flows.
const BEFORE: &str = "2025-12-01T00:00:00Z";
const BETWEEN: &str = "2025-12-31T23:59:53Z";
const AFTER: &str = "2026-01-01T00:05:00Z";
/// [`BETWEEN`] in seconds.
const BETWEEN_SECS: u64 = 1_767_225_593;

/// Writes the networks file as if it had been written at that time.
fn networks(path: &std::path::Path, text: &str, secs: u64) {
    std::fs::write(path, format!("prefix,name\n{text}\n")).expect("written");
    let file = std::fs::File::options().write(true).open(path).expect("opened");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(secs)).expect("a time");
}

fn range(filter: &str, as_known: &str) -> Value {
    json!({"from": BEFORE, "to": AFTER, "filter": filter, "as_known": as_known, "limit": 100})
}

/// Sources and starts of the flows that pass, oldest first; starts as seconds of their minute.
fn flows(server: &Server, filter: &str, as_known: &str) -> Vec<String> {
    let (status, answer) = server.ask("POST /api/v1/query/flows", &range(filter, as_known));
    assert_eq!(status, 200, "{filter}: {answer}");
    let row = |row: &Value| {
        let start = row["time_start"].as_str().expect("a time");
        format!("{} {}", &start[17..19], row["src_ip"].as_str().expect("an address"))
    };
    let mut rows: Vec<String> = answer["rows"].as_array().expect("rows").iter().map(row).collect();
    rows.sort();
    rows
}

const FIRST: [&str; 2] = ["51 192.0.2.1", "55 192.0.2.1"];
const SECOND: [&str; 2] = ["51 192.0.2.2", "55 192.0.2.2"];

/// Flows of the chart of the profile.
fn charted(server: &Server, as_known: &str) -> u64 {
    let ask =
        json!({"from": "2025-12-31T23:55:00Z", "to": AFTER, "by": "flows", "as_known": as_known, "step_secs": 600});
    let (status, answer) = server.ask("POST /api/v1/profiles/calls/chart", &ask);
    assert_eq!(status, 200, "{answer}");
    let values = answer["lines"].as_array().expect("lines").iter().flat_map(|line| line["values"].as_array());
    values.flatten().filter_map(Value::as_u64).sum()
}

/// Tags and their numbers of flows, by name.
fn by_tag(server: &Server, as_known: &str) -> Vec<(Option<String>, u64)> {
    let mut ask = range("src in [192.0.2.1 192.0.2.2]", as_known);
    ask["keys"] = json!(["tag"]);
    ask["by"] = json!("flows");
    let (status, answer) = server.ask("POST /api/v1/query/top", &ask);
    assert_eq!((status, &answer["overlapping"], &answer["total"]["flows"]), (200, &json!(true), &json!(4)), "{answer}");
    let row = |row: &Value| (row["key"][0].as_str().map(str::to_owned), row["flows"].as_u64().expect("a number"));
    let mut rows: Vec<_> = answer["rows"].as_array().expect("rows").iter().map(row).collect();
    rows.sort();
    rows
}

fn both_ways(server: &Server) {
    for filter in ["src in @phones", "tag calling", "src in @office"] {
        assert_eq!(flows(server, filter, "now"), SECOND, "{filter}");
        assert_eq!(flows(server, filter, "then"), [FIRST[0], SECOND[1]], "{filter}");
        let others = format!("src in [192.0.2.1 192.0.2.2] and not {filter}");
        assert_eq!(flows(server, &others, "now"), FIRST, "{others}");
        assert_eq!(flows(server, &others, "then"), [SECOND[0], FIRST[1]], "{others}");
    }
    assert_eq!((charted(server, "now"), charted(server, "then")), (4, 2));
    let tag = |name: Option<&str>, flows| (name.map(str::to_owned), flows);
    for as_known in ["now", "then"] {
        assert_eq!(by_tag(server, as_known), [tag(None, 2), tag(Some("calling"), 2)]);
    }
    let count = |condition: &str| server.number(&format!("SELECT count(*) AS n FROM flows WHERE {condition}"));
    let second = "in_net(src_ip, '192.0.2.2/32')";
    assert_eq!(count(&format!("has_tag('calling') AND {second}")), 2);
    assert_eq!(count(&format!("has_tag('calling', 'then') AND {second}")), 1);
    assert_eq!(count(&format!("NOT has_tag('calling', 'then') AND {second}")), 1);
    assert_eq!(count(&format!("in_set(src_ip, 'phones', 'then') AND {second}")), 1);
    assert_eq!(count(&format!("in_set(src_ip, 'office', 'then') AND {second}")), 1);
    assert_eq!(count(&format!("array_has(tags('then'), 'calling') AND {second}")), 1);
    assert_eq!(count(&format!("array_has(tags(), 'calling') AND {second}")), 2);
}

#[test]
fn what_was_changed_shows_the_past_both_ways_and_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("networks.csv");
    let settings = format!("[enrich]\nnetworks = {:?}\n", file.to_string_lossy());
    let config = folder.path().join("minamo.toml");
    std::fs::write(&config, &settings).expect("written");
    networks(&file, "192.0.2.1/32,office", 1_700_000_000);
    let data = folder.path().to_string_lossy().into_owned();
    stdout(&["import", RECORDING, "--data", &data, "--config", &config.to_string_lossy()]);
    // Changed while nobody looked.
    networks(&file, "192.0.2.2/32,office", BETWEEN_SECS);
    let mut server = Server::start_in(folder, &settings);
    let done = |what: &str, body: Value, want: u16| {
        let (status, answer) = server.ask(what, &body);
        assert_eq!(status, want, "{what}: {answer}");
        answer
    };
    done(
        "POST /api/v1/sets",
        json!({"name": "phones", "of": "addresses", "members": ["192.0.2.1"], "valid_from": BEFORE}),
        201,
    );
    done("PUT /api/v1/sets/phones", json!({"members": ["192.0.2.2"], "valid_from": BETWEEN}), 200);
    done("POST /api/v1/tags", json!({"name": "calling", "filter": "src ip 192.0.2.1", "valid_from": BEFORE}), 201);
    done("PUT /api/v1/tags/calling", json!({"filter": "src ip 192.0.2.2", "valid_from": BETWEEN}), 200);
    let channel = |filter: &str| json!([{"name": "calls", "filter": filter}]);
    done(
        "POST /api/v1/profiles",
        json!({"name": "calls", "channels": channel("tag calling and src ip 192.0.2.1"), "valid_from": BEFORE}),
        201,
    );
    // From a time after all flows on: then is what was before, now is this.
    let now = channel("tag calling or src in @office or src ip 192.0.2.3");
    done("PUT /api/v1/profiles/calls", json!({"channels": now, "valid_from": AFTER}), 200);
    both_ways(&server);
    server.restart();
    both_ways(&server);

    // The history, and what is in use.
    let (_, versions) = server.ask("GET /api/v1/tags/calling", &Value::Null);
    let filters: Vec<_> = versions["tags"].as_array().expect("versions").iter().map(|tag| &tag["filter"]).collect();
    assert_eq!(filters, ["src ip 192.0.2.1", "src ip 192.0.2.2"]);
    let (status, answer) = server.ask("DELETE /api/v1/tags/calling", &Value::Null);
    assert_eq!((status, &answer["code"]), (409, &json!("in_use")), "{answer}");
    assert!(answer["message"].as_str().is_some_and(|text| text.contains("channel calls of profile calls")), "{answer}");
    let (_, found) = server.ask("POST /api/v1/query/flows", &range("src ip 192.0.2.2", "now"));
    let rows = found["rows"].as_array().expect("rows");
    let earlier =
        rows.iter().find(|row| row["time_start"].as_str().is_some_and(|at| at.contains(":51"))).expect("a flow");
    let path = format!("GET /api/v1/flows/{}/tags", earlier["flow_id"].as_str().expect("an identity"));
    assert_eq!(server.ask(&path, &Value::Null).1, json!({"now": ["calling"], "then": []}));
    assert_eq!(server.ask("GET /api/v1/flows/nothing/tags", &Value::Null).0, 404);
    let (status, answer) = server.ask("POST /api/v1/tags", &json!({"name": "x", "filter": "tcp and prt 80"}));
    assert_eq!(
        (status, &answer["code"], &answer["path"], &answer["at"]),
        (400, &json!("bad_filter"), &json!("filter"), &json!(8))
    );

    // Networks that the command line sees without the configuration are those of the server.
    server.stop();
    let data = server.folder().to_string_lossy().into_owned();
    let office = |more: &[&str]| {
        let words = [&["query", "src in @office", "--format", "jsonl", "--data", &data], more].concat();
        stdout(&words).lines().count()
    };
    assert_eq!((office(&[]), office(&["--then"])), (2, 2));
}

#[test]
fn tags_on_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let run = |words: &[&str]| stdout(&[words, &["--data", &data]].concat());
    run(&["import", RECORDING]);
    run(&["set", "create", "phones", "192.0.2.1", "192.0.2.2", "--valid-from", BEFORE]);
    run(&["tag", "create", "calling", "src in @phones", "--note", "who calls", "--valid-from", BEFORE]);
    run(&["tag", "create", "second call", "tag calling and dst_port in [8080-8090]", "--valid-from", BEFORE]);
    assert!(run(&["tag", "list"]).contains("second call  1"));
    let counted =
        |words: &[&str]| run(&[&["query"], words, &["--format", "jsonl", "--limit", "100"]].concat()).lines().count();
    let (all, calling, second) = (counted(&[]), counted(&["tag calling"]), counted(&["tag = \"second call\""]));
    assert!(second > 0 && second < calling && calling < all, "{second} {calling} {all}");
    assert_eq!(counted(&["tag not in [calling \"second call\"]"]), all - calling);
    // A flow with two tags counts under each; the total counts it once.
    let output = minamo(&["query", "--top", "tag", "--by", "flows", "--data", &data]);
    let (text, told) = (String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output));
    assert!(told.contains("a flow may count in several groups"), "{told}");
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).map(|line| line.split_whitespace().last());
    assert_eq!(line("calling").flatten(), Some(calling.to_string().as_str()), "{text}");
    assert_eq!(line("second call").flatten(), Some(second.to_string().as_str()), "{text}");
    assert_eq!(line("total").flatten(), Some(all.to_string().as_str()), "{text}");
    run(&["query", "--top", "src_ip,tag", "--directions"]);
    run(&["query", "--top", "ip,tag", "--order", "p95(bytes)"]);
    run(&["tag", "delete", "second call"]);
    assert_eq!(counted(&["tag \"second call\""]), 0);
    assert_eq!(counted(&["tag \"second call\"", "--then"]), second);
    let shown = run(&["tag", "show", "second call"]);
    assert!(shown.contains("(ended)") && shown.contains("dst_port in [8080-8090]"), "{shown}");
    run(&["sql", "SELECT t, count(*) FROM (SELECT unnest(tags('then')) AS t FROM flows) GROUP BY t"]);
    for (words, want) in [
        (&["tag", "create", "calling", "tcp"][..], "there is a tag calling already: change it"),
        (
            &["tag", "create", "x", "src in @phone"],
            "filter of tag x: character 8: there is no set `@phone`; did you mean",
        ),
        (&["tag", "change", "calling", "tag calling"], "filter of tag calling: tag calling asks for this tag"),
        (&["tag", "show", "x"], "there is no tag x; there is calling"),
        (&["tag", "change", "calling", "tcp", "--valid-from", "2099-01-01T00:00:00Z"], "valid_from: got 2099"),
        (&["set", "delete", "phones"], "tag calling asks for it: change that first"),
        (&["query", "tag caling"], "there is no tag `caling`; did you mean calling?"),
        (&["query", "--paths", "tag,src_ip"], "got the key tag, want one that a flow has once"),
        (&["query", "--top", "tag(x)"], "--top: tag(x): got \"x\", want tag(then) or tag(now)"),
        (&["sql", "SELECT has_tag('caling') FROM flows"], "has_tag: there is no tag caling; did you mean calling?"),
        (&["sql", "SELECT has_tag(app) FROM flows"], "has_tag: want the name of a tag in quotes"),
        (&["sql", "SELECT has_tag('calling', 'x') FROM flows"], "has_tag: want 'then' or 'now' as the last argument"),
        (&["sql", "SELECT has_tag('calling') FROM (SELECT app FROM flows)"], "of flows there, once and under its name"),
    ] {
        let output = minamo(&[words, &["--data", &data]].concat());
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {text}");
        assert!(text.contains(want), "{words:?}: {text}");
    }
}
