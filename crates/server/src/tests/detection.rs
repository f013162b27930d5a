// SPDX-License-Identifier: Apache-2.0
//! Events, incidents, triage, suppressions, and rules tried on the past.

use minamo_detect::{Decided, Known, Origin, Rule, shipped_rules, shipped_text};
use minamo_model::event::Finding;
use minamo_model::{EVENTS, Event, EventBuilder};

use super::*;

fn event(id: u8, rule: &str, src: &str, ports: u64) -> Event {
    let start = now() + std::time::Duration::from_secs(60 * u64::from(id));
    Event {
        finding: Finding {
            event_id: format!("{id:016x}"),
            rule: rule.to_owned(),
            severity: "high".into(),
            time_start: start,
            time_end: start + std::time::Duration::from_secs(60),
            time_found: start,
            src_ip: src.parse().ok(),
            facts: format!(r#"{{"ports":{ports},"hosts":1,"src_ip":"{src}"}}"#),
            filter: format!("src_ip = {src}"),
            attack: vec!["T1046".to_owned()],
            ..Finding::default()
        },
    }
}

/// A rule that comes with the product and runs as it says itself.
fn known(rule: Rule) -> Known {
    let text = shipped_text(&rule.name);
    Known { rule, origin: Origin::Shipped, decided: Decided::Rule, runs: true, text }
}

/// What detection does with what it found.
async fn give(service: &Service, mut events: Vec<Event>) {
    service.deps.suppressing.judge(&mut events, now()).expect("judged");
    let mut builder = EventBuilder::default();
    events.iter().for_each(|event| builder.append(event));
    service.deps.lake.append(&EVENTS, builder.finish().expect("a batch")).await.expect("appended");
}

async fn with_events() -> Service {
    let service = service().await;
    let rules = shipped_rules().expect("they parse");
    service.deps.rules.replace(rules.clone(), Vec::new(), rules.into_iter().map(known).collect());
    give(&service, vec![event(1, "scan_ports", "10.0.0.7", 200), event(2, "scan_hosts", "10.0.0.7", 90)]).await;
    give(&service, vec![event(3, "scan_ports", "10.0.0.9", 150)]).await;
    service
}

async fn ids(service: &Service, path: &str) -> Vec<String> {
    let (status, answer) = service.json("GET", path, None).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let rows = answer["rows"].as_array().expect("rows");
    rows.iter().map(|row| row["event_id"].as_str().unwrap_or_default().trim_start_matches('0').to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_told_with_their_story_and_what_people_say_of_them_stays() {
    let service = with_events().await;
    assert_eq!(ids(&service, "/api/v1/events").await, ["3", "2", "1"]);
    let (_, incidents) = service.json("GET", "/api/v1/incidents", None).await;
    let hosts: Vec<_> = incidents["rows"].as_array().expect("rows").iter().map(|row| row["host"].clone()).collect();
    assert_eq!(hosts, [json!("10.0.0.9"), json!("10.0.0.7")], "{incidents}");
    let story = &incidents["rows"][1];
    assert_eq!(
        (story["events"].as_array().map(Vec::len), &story["stages"][0]["tactic"]),
        (Some(2), &json!("discovery"))
    );
    assert!(
        story["narrative"][0]["text"]["ja"].as_str().is_some_and(|text| text.contains("200 個のポート")),
        "{story}"
    );

    let path = "/api/v1/events/0000000000000001/triage";
    let said = json!({"standing": "open", "owner": "kana", "comment": "asking the owner of the scanner"});
    let (status, triage) = service.json("PUT", path, Some(said)).await;
    assert_eq!((status, &triage["standing"]), (StatusCode::OK, &json!("open")));
    service.json("PUT", path, Some(json!({"standing": "false_positive"}))).await;
    let (_, one) = service.json("GET", "/api/v1/events/0000000000000001", None).await;
    let triage = &one["triage"];
    assert_eq!((&triage["standing"], &triage["owner"]), (&json!("false_positive"), &json!("kana")));
    assert_eq!(triage["comments"][0]["author"], "admin");
    let done = |one: &Value| (one["deed"].clone(), one["detail"].clone(), one["who"].clone());
    let history: Vec<_> = triage["history"].as_array().expect("a history").iter().map(done).collect();
    let wanted = [("standing", "open"), ("owner", "kana"), ("standing", "false_positive")];
    assert_eq!(history, wanted.map(|(deed, detail)| (json!(deed), json!(detail), json!("admin"))), "{triage}");
    let (_, incidents) = service.json("GET", "/api/v1/incidents", None).await;
    assert_eq!(incidents["rows"][1]["triage"]["standing"], "false_positive", "the first event stands for the incident");
    let (status, error) = service.json("PUT", "/api/v1/events/ff/triage", Some(json!({"standing": "open"}))).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    let (status, _) = service.json("PUT", path, Some(json!({"standing": "done"}))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suppression_shows_what_it_would_hide_hides_it_and_gives_way_when_behaviour_changes() {
    let service = with_events().await;
    let scope = json!({"rule": "scan_ports", "src": ["10.0.0.0/29"]});
    let (_, preview) = service.json("POST", "/api/v1/suppressions/preview", Some(scope.clone())).await;
    assert_eq!((&preview["events"], &preview["rows"][0]["src_ip"]), (&json!(1), &json!("10.0.0.7")), "{preview}");
    for (body, path) in [
        (json!({"scope": {}, "reason": "all"}), "rule"),
        (json!({"scope": scope, "reason": " "}), "reason"),
        (json!({"scope": {"src": ["10.0.0.300"]}, "reason": "x"}), "src"),
        (json!({"scope": scope, "reason": "x", "valid_to": "2020-01-01T00:00:00Z"}), "valid_to"),
    ] {
        let (status, error) = service.json("POST", "/api/v1/suppressions", Some(body)).await;
        assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!(path)), "{error}");
    }
    let wanted = json!({"scope": scope, "reason": "the audit's scanner", "valid_to": "2026-02-01T00:00:00Z"});
    let (status, made) = service.json("POST", "/api/v1/suppressions", Some(wanted)).await;
    assert_eq!((status, &made["in_force"], &made["owner"]), (StatusCode::CREATED, &json!(true), &json!("admin")));
    give(&service, vec![event(4, "scan_ports", "10.0.0.7", 300), event(5, "scan_ports", "10.0.0.7", 9_000)]).await;
    assert_eq!(ids(&service, "/api/v1/events").await, ["5", "3", "2", "1"], "4 is hidden, 5 is thirty times as much");
    assert_eq!(ids(&service, "/api/v1/events?suppressed=true").await, ["5", "4", "3", "2", "1"], "nothing is lost");
    let (_, five) = service.json("GET", "/api/v1/events/0000000000000005", None).await;
    assert_eq!(five["suppression_broken"], json!(format!("{}: ports", made["id"])));
    let (_, list) = service.json("GET", "/api/v1/suppressions", None).await;
    let told = &list["suppressions"][0];
    assert_eq!((&told["hits"], &told["broken"]), (&json!(1), &json!(1)));
    let path = format!("/api/v1/suppressions/{}", made["id"]);
    assert_eq!(service.send("DELETE", &path, None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(service.send("DELETE", &path, None).await.status(), StatusCode::NOT_FOUND);
    give(&service, vec![event(6, "scan_ports", "10.0.0.7", 300)]).await;
    assert_eq!(ids(&service, "/api/v1/events").await[0], "6");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_narrowed_to_a_host_and_a_technique_and_counted_in_the_matrix() {
    let service = with_events().await;
    let mut guess = event(4, "guess_password", "10.0.0.9", 1);
    guess.finding.attack = vec!["T1110.001".to_owned(), "T1110.003".to_owned()];
    guess.finding.dst_ip = "10.0.0.7".parse().ok();
    give(&service, vec![guess]).await;
    assert_eq!(ids(&service, "/api/v1/events?attack=T1110").await, ["4"], "a sub-technique is of its technique");
    assert_eq!(ids(&service, "/api/v1/events?attack=T1110.003").await, ["4"]);
    assert_eq!(ids(&service, "/api/v1/events?attack=T111").await, [""; 0]);
    assert_eq!(ids(&service, "/api/v1/events?host=10.0.0.7").await, ["4", "2", "1"], "as source or destination");
    let (_, incidents) = service.json("GET", "/api/v1/incidents?attack=T1110", None).await;
    assert_eq!(incidents["rows"].as_array().map(Vec::len), Some(1), "{incidents}");
    let story = &incidents["rows"][0];
    assert!(
        story["hosts"].as_array().is_some_and(|hosts| hosts.contains(&json!({"address": "10.0.0.7", "own": true})))
    );
    let of = story["events"].as_array().expect("events").iter().find(|one| one["rule"] == "guess_password");
    let of = of.expect("it is of the story");
    assert_eq!((&of["dst_ip"], &of["tactics"]), (&json!("10.0.0.7"), &json!(["credential_access"])), "{story}");

    let (_, matrix) = service.json("GET", "/api/v1/attack", None).await;
    assert_eq!((&matrix["events"], &matrix["without"]), (&json!(4), &json!(0)), "{matrix}");
    let column = |word: &str| {
        let all = matrix["tactics"].as_array().expect("tactics").iter();
        all.clone().find(|column| column["tactic"] == word).expect("a tactic")["techniques"].clone()
    };
    let access = column("credential_access");
    let access = access.as_array().and_then(|all| all.iter().find(|one| one["whole"]["id"] == "T1110")).expect("there");
    assert_eq!(access["whole"]["events"], 1, "{access}");
    assert!(access["whole"]["rules"].as_u64() > Some(0) && access["parts"].as_array().map(Vec::len) >= Some(2));
    assert!(column("discovery").as_array().is_some_and(|all| all.iter().any(|one| one["whole"]["events"] == 3)));
    for (path, field) in
        [("attack?host=nobody", "host"), ("events?attack=guess", "attack"), ("incidents?attack=T1'", "attack")]
    {
        let (status, error) = service.json("GET", &format!("/api/v1/{path}"), None).await;
        assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!(field)), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suppression_is_for_hours_of_the_day() {
    let service = with_events().await;
    // The events are of shortly after 10:00 UTC, which is 19:00 in Tokyo.
    let scope =
        |from: &str, to: &str| json!({"rule": "scan_ports", "hours": {"from": from, "to": to, "offset_minutes": 540}});
    let seen = async |scope: Value| service.json("POST", "/api/v1/suppressions/preview", Some(scope)).await;
    assert_eq!(seen(scope("19:00", "20:00")).await.1["events"], 2);
    assert_eq!(seen(scope("20:00", "19:00")).await.1["events"], 0);
    let (status, error) = seen(scope("19:00", "25:00")).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("hours")), "{error}");
    let wanted = json!({"scope": scope("19:00", "20:00"), "reason": "the nightly audit"});
    let (status, made) = service.json("POST", "/api/v1/suppressions", Some(wanted)).await;
    assert_eq!((status, &made["scope"]["hours"]["to"]), (StatusCode::CREATED, &json!("20:00")), "{made}");
    give(&service, vec![event(4, "scan_ports", "10.0.0.7", 200)]).await;
    assert_eq!(ids(&service, "/api/v1/events").await, ["3", "2", "1"]);
}

const RULE: &str = r#"+++
title = { en = "Any talk", ja = "通信" }
question = { en = "Who talks?", ja = "誰が通信したか。" }
severity = "low"
window = "1m"
text = { en = "{src_ip}: {flows} flows", ja = "{src_ip}：{flows} フロー" }
filter = "src_ip = {src_ip}"
benign = [{ en = "work", ja = "業務" }]
[parameters.flows]
default = 1
reason = { en = "any", ja = "任意" }
+++
SELECT $window AS window_start, src_ip, count(*) AS flows FROM flows WHERE $range GROUP BY 1, src_ip HAVING count(*) > $flows
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_tried_on_the_past_before_it_is_in_force() {
    let service = with_events().await;
    let asked = json!({"name": "talk", "text": RULE, "from": "2026-01-05T09:00:00Z", "to": "2026-01-05T11:00:00Z"});
    let (status, tried) = service.json("POST", "/api/v1/rules/try", Some(asked.clone())).await;
    assert_eq!((status, &tried["events"], &tried["pairs"]), (StatusCode::OK, &json!(1), &json!(1)), "{tried}");
    assert_eq!(tried["rows"][0]["text"]["en"], "192.0.2.1: 3 flows");
    let mut narrow = asked.clone();
    narrow["parameters"] = json!({"flows": 3});
    let (_, tried) = service.json("POST", "/api/v1/rules/try", Some(narrow)).await;
    assert_eq!(tried["events"], 0);
    assert_eq!(ids(&service, "/api/v1/events").await.len(), 3, "nothing was stored");
    for (text, said) in [("SELECT 1", "front matter"), (&*RULE.replace("src_ip, count", "scr_ip, count"), "scr_ip")] {
        let mut wrong = asked.clone();
        wrong["text"] = json!(text);
        let (status, error) = service.json("POST", "/api/v1/rules/try", Some(wrong)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(error["message"].as_str().is_some_and(|text| text.contains(said)), "{error}");
    }
    let (_, list) = service.json("GET", "/api/v1/rules", None).await;
    assert!(list["rules"].as_array().expect("rules").iter().any(|rule| rule["name"] == "scan_ports"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_risk_of_a_host_is_what_its_events_make_it_and_halves_with_each_day() {
    let service = with_events().await;
    let (status, hosts) = service.json("GET", "/api/v1/hosts/risk?at=2026-01-05T11:00:00Z", None).await;
    assert_eq!(status, StatusCode::OK, "{hosts}");
    let told = |row: &Value| (row["host"].clone(), row["score"].clone(), row["events"].clone());
    let rows: Vec<_> = hosts["rows"].as_array().expect("rows").iter().map(told).collect();
    assert_eq!(rows[0], (json!("10.0.0.7"), json!(88), json!(2)), "two rules of severity high, an hour old: {hosts}");
    assert_eq!(rows[1], (json!("10.0.0.9"), json!(44), json!(1)));
    let trend = "/api/v1/hosts/risk?at=2026-01-05T11:00:00Z&from=2026-01-05T09:00:00Z&points=2";
    let (_, over_time) = service.json("GET", trend, None).await;
    assert_eq!(over_time["rows"][0]["scores"], json!([0, 88]), "before the events and after: {over_time}");
    let part = &hosts["rows"][0]["parts"][0];
    assert!(
        part["text"]["ja"].as_str().is_some_and(|text| text.contains("台のホスト")) && part["points"] == 44,
        "{part}"
    );

    // What was wrong does not count, from the beginning on.
    let path = "/api/v1/events/0000000000000002/triage";
    service.json("PUT", path, Some(json!({"standing": "false_positive"}))).await;
    let over = "/api/v1/hosts/10.0.0.7/risk?from=2026-01-04T10:02:00Z&to=2026-01-06T10:02:00Z&points=2";
    let (_, risk) = service.json("GET", over, None).await;
    let scores: Vec<_> =
        risk["points"].as_array().expect("points").iter().map(|point| point["score"].clone()).collect();
    assert_eq!(scores, [json!(45), json!(23)], "{risk}");
    assert_eq!(risk["end"]["score"], 23);
    let (_, quiet) = service.json("GET", "/api/v1/hosts/10.0.0.99/risk", None).await;
    assert_eq!((&quiet["end"]["score"], &quiet["end"]["parts"]), (&json!(0), &json!([])));
    for (path, field) in [
        ("/api/v1/hosts/nobody/risk", "address"),
        ("/api/v1/hosts/10.0.0.7/risk?points=0", "points"),
        ("/api/v1/hosts/10.0.0.7/risk?from=2026-01-06T00:00:00Z&to=2026-01-05T00:00:00Z", "to"),
        ("/api/v1/hosts/risk?at=soon", "at"),
        ("/api/v1/hosts/risk?points=201", "points"),
    ] {
        let (status, error) = service.json("GET", path, None).await;
        assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!(field)), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_and_want_of_rules_is_checked_and_kept() {
    let service = with_events().await;
    let write = |text: &str| Some(json!({"text": text}));
    let (status, kept) = service.json("PUT", "/api/v1/rules/talk", write(RULE)).await;
    assert_eq!((status, &kept["in_force"]), (StatusCode::OK, &json!(false)), "no detection runs in this test: {kept}");
    let texts = service.deps.ruling.stored.texts().expect("read");
    assert_eq!(
        texts.iter().map(|kept| (&*kept.rule, &*kept.text, &*kept.author)).collect::<Vec<_>>(),
        [("talk", RULE, "admin")]
    );
    for (path, text, said) in [
        ("talk", "SELECT 1", "front matter"),
        ("talk", &*RULE.replace("src_ip, count", "scr_ip, count"), "scr_ip"),
        ("Talk%20", RULE, "small letters"),
    ] {
        let (status, error) = service.json("PUT", &format!("/api/v1/rules/{path}"), write(text)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(said)), "{error}");
    }
    let (_, text) = service.json("GET", "/api/v1/rules/scan_ports", None).await;
    assert!(text["text"].as_str().is_some_and(|text| text.starts_with("+++")) && text["origin"] == "shipped", "{text}");

    let settings =
        json!({"enabled": false, "severity": "low", "only": "src_net = 'guests'", "parameters": {"ports": 50}});
    let (status, told) = service.json("PUT", "/api/v1/rules/scan_ports/settings", Some(settings.clone())).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let kept = service.deps.ruling.stored.settings().expect("read").remove(0);
    let instance: minamo_detect::Instance = serde_json::from_str(&kept.text).expect("an instance");
    assert_eq!((instance.enabled, instance.only.as_deref()), (false, Some("src_net = 'guests'")));
    let wrong = |change: fn(&mut Value)| {
        let mut wrong = settings.clone();
        change(&mut wrong);
        Some(wrong)
    };
    for (body, path) in [
        (wrong(|body| body["severity"] = json!("bad")), "severity"),
        (wrong(|body| body["only"] = json!("scr_net = 1")), "only"),
        (wrong(|body| body["parameters"] = json!({"pots": 1})), "parameters"),
    ] {
        let (status, error) = service.json("PUT", "/api/v1/rules/scan_ports/settings", body).await;
        assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!(path)), "{error}");
    }
    // The configuration of the test says how this one runs.
    let (status, _) = service.json("PUT", "/api/v1/rules/scan_hosts/settings", Some(settings.clone())).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, made) = service.json("PUT", "/api/v1/rules/scan_ports:lab/settings", Some(settings.clone())).await;
    assert_eq!(
        (status, &made["name"], &made["enabled"]),
        (StatusCode::OK, &json!("scan_ports:lab"), &json!(false)),
        "{made}"
    );
    let (status, error) = service.json("PUT", "/api/v1/rules/scan_ports:a%20b/settings", Some(settings.clone())).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
    for name in ["scan_ports:lab", "scan_ports"] {
        let (status, _) = service.json("DELETE", &format!("/api/v1/rules/{name}/settings"), None).await;
        assert_eq!(status, StatusCode::OK);
    }
    let (status, _) = service.json("DELETE", "/api/v1/rules/talk", None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = service.json("DELETE", "/api/v1/rules/talk", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
