// SPDX-License-Identifier: Apache-2.0
//! The API over HTTP, without a socket.

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use minamo_model::{FLOWS, Flow, FlowBuilder};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;

mod detection;
mod lake;
mod packets;
mod pages;

struct Service {
    router: Router,
    /// The same for commands on this machine.
    local: Router,
    cookie: String,
    folder: tempfile::TempDir,
    deps: Deps,
}

fn now() -> Time {
    Time::from_secs_nanos(1_767_607_200, 0) // 2026-01-05T10:00:00Z
}

async fn service() -> Service {
    service_at(now).await
}

async fn service_at(clock: fn() -> Time) -> Service {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(&folder.path().join("lake"), minamo_store::Settings::default(), now).expect("opened");
    let mut builder = FlowBuilder::default();
    for port in 0..3u16 {
        let mut flow = Flow::default();
        flow.core.flow_id = Some(format!("{port:016x}"));
        (flow.core.time_start, flow.core.time_end) = (now(), now() + std::time::Duration::from_secs(10));
        flow.core.src_ip = Ip::v4([192, 0, 2, 1]);
        flow.core.dst_ip = Ip::v4([198, 51, 100, 2]);
        (flow.core.dst_port, flow.core.proto) = (443 + port, 6);
        (flow.core.src_bytes, flow.core.src_packets) = (1_000, 10);
        flow.core.app = "TLS".into();
        builder.append(&flow);
    }
    lake.append(&FLOWS, builder.finish().expect("a batch")).await.expect("appended");
    let state = State::open(&folder.path().join("state.db")).expect("opened");
    state.set_user("admin", "secret").expect("set");
    let definitions = Arc::new(Definitions::open(&folder.path().join("state.db")).expect("opened"));
    let (batches, _) = tokio::sync::mpsc::channel(1);
    let collector = minamo_collect::Collector::new(minamo_collect::Settings::default(), batches, clock);
    let lake = Arc::new(lake);
    let imports = minamo_state::Imports::open(&folder.path().join("state.db")).expect("opened");
    let importer = crate::lake::import::Importer::new(Arc::clone(&lake), imports, Box::new(|batch| batch), clock);
    let deps = Deps {
        importing: importer.into(),
        definitions,
        networks: Arc::new(minamo_filter::NoSets),
        lake,
        state: Arc::new(state),
        rules: Arc::default(),
        ruling: Arc::new(
            crate::detection::Ruling::open(&folder.path().join("state.db"), ["scan_hosts".to_owned()].into())
                .expect("opened"),
        ),
        suppressing: Arc::new(crate::detection::Suppressing::open(&folder.path().join("state.db")).expect("opened")),
        triages: Arc::new(Triages::open(&folder.path().join("state.db")).expect("opened")),
        history: Arc::new(History::open(&folder.path().join("state.db")).expect("opened")),
        counters: Arc::new(Vec::new),
        exporters: Some(collector.exporters()),
        own: Arc::new(|ip| ip.is_private()),
        packets: Some(Cutter::new(&folder.path().join("packets"))),
        model: Arc::new(InForce::new(Arc::new(
            minamo_eta::model::Model::embedded().expect("the model that comes with the program"),
        ))),
        started_at: now(),
        clock,
    };
    let Services { web: router, local } = services(deps.clone());
    let mut service = Service { router, local, cookie: String::new(), folder, deps };
    let answer = service.send("POST", "/api/v1/session", Some(json!({"user": "admin", "password": "secret"}))).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    service.cookie = cookie.split(';').next().expect("a pair").to_owned();
    service
}

impl Service {
    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path).header(header::COOKIE, &self.cookie);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
        self.router.clone().oneshot(request.body(body).expect("a request")).await.expect("infallible")
    }

    async fn json(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let answer = self.send(method, path, body).await;
        let status = answer.status();
        let octets = to_bytes(answer.into_body(), 1 << 24).await.expect("a body");
        (status, serde_json::from_slice(&octets).expect("JSON"))
    }
}

fn range(extra: Value) -> Option<Value> {
    let mut body = json!({"from": "2026-01-05T09:00:00Z", "to": "2026-01-05T11:00:00Z", "filter": ""});
    body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
    Some(body)
}

#[tokio::test]
async fn nothing_is_shown_without_a_login() {
    let mut service = service().await;
    service.cookie.clear();
    for (method, path) in
        [("GET", "/api/v1/status"), ("POST", "/api/v1/sql"), ("GET", "/metrics"), ("GET", "/api/v1/events")]
    {
        let (status, error) = service.json(method, path, None).await;
        assert_eq!((status, &error["code"]), (StatusCode::UNAUTHORIZED, &json!("not_logged_in")), "{path}");
    }
    let wrong = Some(json!({"user": "admin", "password": "wrong"}));
    let (status, error) = service.json("POST", "/api/v1/session", wrong).await;
    assert_eq!((status, &error["code"]), (StatusCode::UNAUTHORIZED, &json!("wrong_password")));
    assert!(!error["message_ja"].as_str().expect("text").is_empty());
}

#[tokio::test]
async fn exporters_are_listed_and_decided_about() {
    let service = service().await;
    let (status, list) = service.json("GET", "/api/v1/exporters", None).await;
    assert_eq!((status, list), (StatusCode::OK, json!({"collecting": true, "exporters": []})));
    let (status, error) = service.json("GET", "/api/v1/exporters/192.0.2.1", None).await;
    assert_eq!((status, &error["path"]), (StatusCode::NOT_FOUND, &json!("address")));
    let decide = |decision: &'static str| Some(json!({"decision": decision}));
    for decision in ["allow", "deny", "undecided"] {
        let answer = service.send("PUT", "/api/v1/exporters/192.0.2.1/decision", decide(decision)).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{decision}");
    }
    let (status, error) = service.json("PUT", "/api/v1/exporters/192.0.2.1/decision", decide("maybe")).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("decision")));
    let (status, error) = service.json("GET", "/api/v1/exporters/nobody", None).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("address")));
}

#[tokio::test]
async fn programs_ask_by_tokens_within_their_scope() {
    let mut service = service().await;
    let wanted = |name: &str, scope: &str| Some(json!({"name": name, "scope": scope}));
    let (status, made) = service.json("POST", "/api/v1/tokens", wanted("prometheus", "metrics")).await;
    assert_eq!((status, &made["token"]["made_by"]), (StatusCode::OK, &json!("admin")), "{made}");
    let (status, error) = service.json("POST", "/api/v1/tokens", wanted("prometheus", "read")).await;
    assert_eq!((status, &error["path"]), (StatusCode::CONFLICT, &json!("name")));
    let (status, error) = service.json("POST", "/api/v1/tokens", wanted("a b", "read")).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("name")));
    let (_, reads) = service.json("POST", "/api/v1/tokens", wanted("reads", "read")).await;
    let secret = |made: &Value| made["secret"].as_str().expect("a secret").to_owned();
    let session = std::mem::take(&mut service.cookie);
    let asked = async |secret: &str, method: &str, path: &str| {
        let request =
            Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {secret}"));
        let answer = service.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await;
        answer.expect("infallible").status()
    };
    assert_eq!(asked(&secret(&made), "GET", "/metrics").await, StatusCode::OK);
    assert_eq!(asked(&secret(&made), "GET", "/api/v1/status").await, StatusCode::FORBIDDEN);
    assert_eq!(asked(&secret(&reads), "GET", "/api/v1/status").await, StatusCode::OK);
    assert_eq!(asked(&secret(&reads), "DELETE", "/api/v1/tokens/prometheus").await, StatusCode::FORBIDDEN);
    assert_eq!(asked("minamo_0", "GET", "/metrics").await, StatusCode::UNAUTHORIZED);
    service.cookie = session;
    let (_, list) = service.json("GET", "/api/v1/tokens", None).await;
    assert_eq!((&list["tokens"][0]["name"], list["tokens"][0].get("secret")), (&json!("prometheus"), None));
    assert_eq!(service.send("DELETE", "/api/v1/tokens/prometheus", None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(service.send("DELETE", "/api/v1/tokens/prometheus", None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wrong_method_is_told_in_the_shape_of_errors() {
    let (status, error) = service().await.json("PATCH", "/api/v1/status", None).await;
    assert_eq!((status, &error["code"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("wrong_method")), "{error}");
}

#[tokio::test]
async fn a_session_ends_with_logout() {
    let service = service().await;
    assert_eq!(service.json("GET", "/api/v1/session", None).await.1["user"], "admin");
    assert_eq!(service.send("DELETE", "/api/v1/session", None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(service.send("GET", "/api/v1/session", None).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn queries_answer_from_the_lake() {
    let service = service().await;
    let (_, summary) = service.json("POST", "/api/v1/query/summary", range(json!({}))).await;
    assert_eq!((&summary["bytes"], &summary["flows"], &summary["hosts"]), (&json!(3_000), &json!(3), &json!(2)));
    let top = range(json!({"keys": ["src_ip"], "by": "bytes", "limit": 5}));
    let (_, top) = service.json("POST", "/api/v1/query/top", top).await;
    assert_eq!(top["rows"][0]["key"], json!(["192.0.2.1"]));
    let series = range(json!({"split": "app", "by": "bytes", "limit": 5, "step_secs": 60}));
    let (_, series) = service.json("POST", "/api/v1/query/series", series).await;
    let values = series["series"][0]["values"].as_array().expect("values");
    assert_eq!(values.iter().filter_map(Value::as_u64).sum::<u64>(), 3_000);
    let (_, flows) = service.json("POST", "/api/v1/query/flows", range(json!({"limit": 2, "cursor": null}))).await;
    assert_eq!(flows["rows"].as_array().map(Vec::len), Some(2));
    let next = range(json!({"limit": 2, "cursor": flows["next"]}));
    let (_, rest) = service.json("POST", "/api/v1/query/flows", next).await;
    assert_eq!((rest["rows"].as_array().map(Vec::len), &rest["next"]), (Some(1), &Value::Null));
    let (_, flow) = service.json("GET", "/api/v1/flows/0000000000000001", None).await;
    assert_eq!(flow["dst_port"], 444);
    let sql =
        Some(json!({"sql": "SELECT src_ip, COUNT(*) AS n FROM flows WHERE src_ip LIKE '192.0.2.%' GROUP BY src_ip"}));
    let (_, sql) = service.json("POST", "/api/v1/sql", sql).await;
    assert_eq!(sql["rows"], json!([["192.0.2.1", 3]]));
}

#[tokio::test]
async fn groups_paths_bills_and_comparisons_are_questions_of_one_call() {
    let service = service().await;
    let top = range(json!({"keys": ["net(src_ip,24)", "time(1h)"], "by": "bytes", "limit": 5, "compare": "1d",
        "measures": ["distinct(dst_port)", "p50(bytes)", "bytes"], "having": "flows > 2", "order": "bpp"}));
    let (status, top) = service.json("POST", "/api/v1/query/top", top).await;
    assert_eq!(status, StatusCode::OK, "{top}");
    let row = &top["rows"][0];
    assert_eq!(row["key"], json!(["192.0.2.0/24", "2026-01-05T10:00:00Z"]));
    assert_eq!((&row["values"], &row["is_new"], &row["flows"]), (&json!([3, 1000.0, 3000]), &json!(true), &json!(3)));
    assert_eq!((&row["before"], &top["measures"][1]), (&json!([0, null, 0]), &json!("p50(bytes)")));
    assert!(row["intervals"].is_null(), "nothing was sampled");
    let plain = range(json!({"keys": ["dst_port"], "by": "bytes", "limit": 5}));
    let (_, plain) = service.json("POST", "/api/v1/query/top", plain).await;
    assert_eq!(plain["measures"], json!(["bytes", "packets", "flows"]));
    let ask = range(json!({"keys": ["src_ip", "app", "dst_port"], "by": "bytes", "limit": 2}));
    let (_, paths) = service.json("POST", "/api/v1/query/paths", ask).await;
    assert_eq!(paths["paths"].as_array().map(Vec::len), Some(3));
    let other = paths["links"].as_array().expect("links").iter().find(|link| link["target"]["other"] == true);
    assert_eq!(other.map(|link| (&link["level"], &link["value"])), Some((&json!(1), &json!(1_000))));
    let ask = range(json!({"inside": ["198.51.100.0/24"], "step_secs": 3600, "percentile": 100}));
    let (_, bill) = service.json("POST", "/api/v1/query/billing", ask).await;
    assert_eq!((&bill["inward"], &bill["outward"]), (&json!([0, 3_000]), &json!([0, 0])));
    assert_eq!(bill["inward_bps"].as_f64().map(f64::round), Some(7.0));
    let ask = range(json!({"split": null, "by": "bytes", "limit": 1, "step_secs": 3600, "side": "src",
        "percentile": 95, "compare": "1h", "spread": false}));
    let (_, series) = service.json("POST", "/api/v1/query/series", ask).await;
    assert_eq!(
        (&series["series"][0]["values"], &series["series"][0]["percentile"]),
        (&json!([0, 3_000]), &json!(3_000))
    );
    assert_eq!(series["before"]["values"], json!([0, 0]));
    let (_, summary) = service.json("POST", "/api/v1/query/summary", range(json!({"compare": "1d"}))).await;
    assert_eq!((&summary["before"]["flows"], &summary["flows"]), (&json!(0), &json!(3)));
    for (path, body, member) in [
        ("top", json!({"keys": ["net(app,8)"], "by": "bytes", "limit": 5}), "keys"),
        ("top", json!({"keys": ["app"], "by": "bytes", "limit": 5, "having": "flows >"}), "having"),
        ("top", json!({"keys": ["app"], "by": "bytes", "limit": 5, "measures": ["nonsense"]}), "measures"),
        ("top", json!({"keys": ["app"], "by": "bytes", "limit": 5, "compare": "soon"}), "compare"),
        ("billing", json!({"inside": ["x"], "step_secs": 300, "percentile": 95}), "inside"),
        ("billing", json!({"step_secs": 300, "percentile": 0}), "percentile"),
    ] {
        let (status, error) = service.json("POST", &format!("/api/v1/query/{path}"), range(body)).await;
        assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!(member)), "{error}");
        assert!(!error["message_ja"].as_str().expect("text").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_listed_by_who_asked_it_and_can_be_stopped() {
    let service = service().await;
    // Two billion pairs of three: no machine answers before it is stopped.
    let numbers = "(SELECT * FROM (VALUES (1),(2),(3),(4),(5),(6),(7),(8)) AS v(x))";
    let sql =
        format!("SELECT COUNT(*) FROM {}", (0..14).map(|n| format!("{numbers} t{n}")).collect::<Vec<_>>().join(", "));
    let sql = sql + " WHERE t0.x + t13.x > t7.x";
    let ask = service.json("POST", "/api/v1/sql", Some(json!({"sql": sql})));
    let stop = async {
        loop {
            let (_, list) = service.json("GET", "/api/v1/queries", None).await;
            if let Some(query) = list["queries"].get(0) {
                assert_eq!((&query["user"], &query["what"]), (&json!("admin"), &json!("/api/v1/sql")));
                let path = format!("/api/v1/queries/{}", query["id"]);
                assert_eq!(service.send("DELETE", &path, None).await.status(), StatusCode::NO_CONTENT);
                assert_eq!(service.send("DELETE", "/api/v1/queries/999", None).await.status(), StatusCode::NOT_FOUND);
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    let ((status, error), ()) = tokio::join!(ask, stop);
    assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &json!("stopped")));
}

#[tokio::test]
async fn wrong_input_is_named() {
    let service = service().await;
    let (status, error) = service.json("POST", "/api/v1/query/summary", range(json!({"filter": "src_ipp = 1"}))).await;
    assert_eq!((status, &error["code"], &error["at"]), (StatusCode::BAD_REQUEST, &json!("bad_filter"), &json!(0)));
    let (status, error) = service.json("POST", "/api/v1/query/summary", range(json!({"from": "yesterday"}))).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("from")));
    let (status, error) =
        service.json("POST", "/api/v1/query/top", range(json!({"keys": ["x"], "by": "bytes", "limit": 5}))).await;
    assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")));
    let (status, error) = service.json("POST", "/api/v1/sql", Some(json!({"sql": "DROP TABLE flows"}))).await;
    assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &json!("read_only")));
    let (status, _) = service.json("GET", "/api/v1/flows/ffffffffffffffff", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = service.json("GET", "/api/v1/nothing", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn completion_helps_and_columns_are_listed() {
    let service = service().await;
    let (_, completion) = service.json("GET", "/api/v1/filter/complete?text=tls_s&at=5", None).await;
    let texts: Vec<_> = completion["items"].as_array().expect("items").iter().map(|i| i["text"].clone()).collect();
    assert!(texts.contains(&json!("tls_sni")), "{texts:?}");
    let (_, columns) = service.json("GET", "/api/v1/columns", None).await;
    assert_eq!(columns.as_array().map(Vec::len), Some(FLOWS.columns().count()));
}

/// An hour after the flows.
fn later() -> Time {
    Time::from_secs_nanos(now().secs() + 3_600, 0)
}

#[tokio::test]
async fn a_channel_that_asks_for_a_set_is_charted_with_its_members_of_now_and_of_then() {
    let service = service_at(later).await;
    let definitions = Definitions::open(&service.folder.path().join("state.db")).expect("opened");
    let when = |text: &str| (Time::parse(text), later());
    let body = |member: &str| minamo_state::SetBody { members: vec![member.to_owned()], note: None };
    let kind = minamo_filter::SetKind::Numbers;
    let (from, none) = (when("2026-01-05T09:00:00Z"), minamo_filter::NoSets);
    minamo_state::NamedSets::create(&definitions, "web", kind, &body("443"), from, &none).expect("made");
    let make = json!({"name": "web", "valid_from": "2026-01-05T09:00:00Z",
        "channels": [{"name": "in", "filter": "dst port in @web"}, {"name": "out", "filter": "not port in @web"}]});
    assert_eq!(service.json("POST", "/api/v1/profiles", Some(make)).await.0, StatusCode::CREATED);
    // The change is made by the command line: charts know it at once, rollups when they are brought in line.
    let from = when("2026-01-05T10:30:00Z");
    minamo_state::NamedSets::change(&definitions, "web", &body("444-445"), from, &none).expect("changed");
    let chart = |as_known: &str| {
        let body = json!({"from": "2026-01-05T10:00:00Z", "to": "2026-01-05T11:00:00Z", "by": "flows",
            "step_secs": 3600, "as_known": as_known});
        service.json("POST", "/api/v1/profiles/web/chart", Some(body))
    };
    let values = |answer: &Value| -> Vec<Value> {
        answer["lines"].as_array().expect("lines").iter().map(|line| line["values"].clone()).collect()
    };
    for rolled in [false, true] {
        let (_, then) = chart("then").await;
        assert_eq!((values(&then), &then["missing"]), (vec![json!([1]), json!([2])], &json!([])), "rolled: {rolled}");
        let (_, now) = chart("now").await;
        assert_eq!((values(&now), &now["missing"]), (vec![json!([2]), json!([1])], &json!([])), "rolled: {rolled}");
        let other = json!({"name": format!("other{rolled}"), "channels": []});
        assert_eq!(service.json("POST", "/api/v1/profiles", Some(other)).await.0, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn a_profile_that_was_changed_shows_the_past_both_ways() {
    let service = service_at(later).await;
    let make = json!({"name": "web", "valid_from": "2026-01-05T09:00:00Z",
        "channels": [{"name": "tls", "filter": "dst_port = 443"}, {"name": "old", "filter": "dst_port = 444"}]});
    let (status, made) = service.json("POST", "/api/v1/profiles", Some(make.clone())).await;
    assert_eq!((status, &made["version"], &made["parent"]), (StatusCode::CREATED, &json!(1), &json!("live")));
    let change = json!({"valid_from": "2026-01-05T10:30:00Z",
        "channels": [{"name": "tls", "filter": "dst_port in [443 445]"}]});
    let (status, changed) = service.json("PUT", "/api/v1/profiles/web", Some(change)).await;
    assert_eq!((status, &changed["version"]), (StatusCode::OK, &json!(2)));
    let chart = |extra: Value| {
        let mut body =
            json!({"from": "2026-01-05T09:00:00Z", "to": "2026-01-05T11:00:00Z", "by": "bytes", "step_secs": 3600});
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        service.json("POST", "/api/v1/profiles/web/chart", Some(body))
    };
    let lines = |answer: &Value| -> Vec<(String, Value)> {
        let lines = answer["lines"].as_array().expect("lines").iter();
        lines.map(|line| (line["channel"].as_str().expect("text").to_owned(), line["values"].clone())).collect()
    };
    let (_, then) = chart(json!({"as_known": "then"})).await;
    assert_eq!(lines(&then), [("tls".to_owned(), json!([0, 1_000])), ("old".to_owned(), json!([0, 1_000]))]);
    let (_, now) = chart(json!({"as_known": "now"})).await;
    assert_eq!(lines(&now), [("tls".to_owned(), json!([0, 2_000]))]);
    assert_eq!((&now["missing"], &now["start"]), (&json!([]), &json!("2026-01-05T09:00:00Z")));
    let (_, apps) = chart(json!({"split": "app", "by": "flows"})).await;
    assert_eq!((&apps["lines"][0]["key"], &apps["lines"][0]["values"]), (&json!("TLS"), &json!([0, 2])));
    let (_, list) = service.json("GET", "/api/v1/profiles", None).await;
    let names: Vec<_> = list["profiles"].as_array().expect("profiles").iter().map(|p| p["name"].clone()).collect();
    assert_eq!(names, [json!("live"), json!("web")]);
    let (_, old) = service.json("GET", "/api/v1/profiles?at=2026-01-05T10:00:00Z", None).await;
    assert_eq!(old["profiles"][1]["version"], 1);
    assert_eq!(service.send("DELETE", "/api/v1/profiles/web", None).await.status(), StatusCode::NO_CONTENT);
    let (_, versions) = service.json("GET", "/api/v1/profiles/web", None).await;
    let ended: Vec<_> = versions["profiles"].as_array().expect("versions").iter().map(|p| p["ended"].clone()).collect();
    assert_eq!(ended, [json!(false), json!(false), json!(true)]);
    assert_eq!(chart(json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(chart(json!({"as_known": "then"})).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_profile_is_refused_by_member_and_place() {
    let service = service().await;
    let refused = async |body: Value| {
        let (status, error) = service.json("POST", "/api/v1/profiles", Some(body)).await;
        assert!(!error["message_ja"].as_str().expect("text").is_empty());
        (status.as_u16(), error["code"].clone(), error["path"].clone(), error["at"].clone())
    };
    let channel = |filter: &str| json!({"name": "x", "channels": [{"name": "a", "filter": filter}]});
    let want = (400, json!("bad_filter"), json!("channels[0].filter"), json!(0));
    assert_eq!(refused(channel("dst_prt = 1")).await, want);
    assert_eq!(refused(json!({"name": "live"})).await, (400, json!("bad_request"), json!("name"), Value::Null));
    assert_eq!(refused(json!({"name": "x", "parent": "y"})).await.2, json!("parent"));
    assert_eq!(refused(json!({"name": "x", "valid_from": "soon"})).await.2, json!("valid_from"));
    let (status, _) = service.json("POST", "/api/v1/profiles", Some(channel("dst_port = 1"))).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(refused(channel("dst_port = 1")).await.0, 409);
    let (status, _) = service.json("PUT", "/api/v1/profiles/nobody", Some(json!({}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let body = json!({"from": "2026-01-05T09:00:00Z", "to": "2026-01-05T11:00:00Z", "by": "bytes", "step_secs": 90});
    let (status, error) = service.json("POST", "/api/v1/profiles/live/chart", Some(body)).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("step_secs")));
}

#[test]
fn the_description_names_every_operation() {
    let document: Value = serde_json::from_str(&openapi()).expect("JSON");
    assert!(document["paths"]["/api/v1/query/series"]["post"].is_object());
    assert!(document["components"]["schemas"]["EventRow"]["properties"]["filter"].is_object());
}
