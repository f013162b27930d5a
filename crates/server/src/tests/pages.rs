// SPDX-License-Identifier: Apache-2.0
//! Key figures, search by any fact, similar sessions, how known fingerprints are, why a verdict is what it is.

use minamo_model::event::Finding;
use minamo_model::flow::{Dns, Host, Splt, Tls};
use minamo_model::{EVENTS, Event, EventBuilder};

use super::*;

async fn give(service: &Service, flows: &[Flow]) {
    let mut builder = FlowBuilder::default();
    flows.iter().for_each(|flow| builder.append(flow));
    service.deps.lake.append(&FLOWS, builder.finish().expect("a batch")).await.expect("appended");
}

fn flow(id: u64) -> Flow {
    let mut flow = Flow::default();
    flow.core.flow_id = Some(format!("{id:024x}"));
    (flow.core.time_start, flow.core.time_end) = (now(), now() + std::time::Duration::from_secs(1));
    flow.core.src_ip = Ip::v4([192, 0, 2, 7]);
    flow.core.dst_ip = Ip::v4([198, 51, 100, 9]);
    (flow.core.dst_port, flow.core.proto, flow.core.src_bytes) = (443, 6, 500);
    flow.core.app = "TLS.Example".into();
    flow.core.encrypted = Some(true);
    flow
}

fn session(id: u64, lengths: &[i32]) -> Flow {
    let times = vec![1_000; lengths.len()];
    Flow { splt: Some(Box::new(Splt { lengths: Some(lengths.to_vec()), times_micros: Some(times) })), ..flow(id) }
}

#[tokio::test(flavor = "multi_thread")]
async fn key_figures_say_what_they_are_made_of() {
    let service = service().await;
    let tls = |version: &str| {
        let cipher = Some("TLS_AES_128_GCM_SHA256".into());
        Some(Box::new(Tls { version: Some(version.to_owned().into()), cipher, ..Tls::default() }))
    };
    let named = Some(Box::new(Host { host_name: Some("www.example.com".into()), ..Host::default() }));
    // What a client offers without an answer is nothing agreed on.
    let offered = Some(Box::new(Tls { version: Some("TLS 1.3".into()), ..Tls::default() }));
    let mut clear = Flow { tls: offered, ..flow(3) };
    (clear.core.encrypted, clear.core.src_bytes) = (None, 0);
    give(
        &service,
        &[Flow { tls: tls("TLS 1.3"), host: named, ..flow(1) }, Flow { tls: tls("TLS 1.2"), ..flow(2) }, clear],
    )
    .await;
    let event = Event {
        finding: Finding {
            event_id: "01".to_owned(),
            severity: "high".into(),
            time_start: now(),
            time_end: now() + std::time::Duration::from_secs(60),
            time_found: now(),
            filter: "src_ip = 192.0.2.7".to_owned(),
            ..Finding::default()
        },
    };
    let other = Finding { event_id: "02".to_owned(), filter: "src_ip = 192.0.2.1".to_owned(), ..event.finding.clone() };
    let mut builder = EventBuilder::default();
    [event, Event { finding: other }].iter().for_each(|event| builder.append(event));
    service.deps.lake.append(&EVENTS, builder.finish().expect("a batch")).await.expect("appended");

    let (status, answer) = service.json("POST", "/api/v1/query/figures", range(json!({"threats": true}))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let figure = |name: &str| {
        let figures = answer["figures"].as_array().expect("a list");
        figures.iter().find(|figure| figure["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    let encrypted = figure("encrypted");
    assert_eq!((&encrypted["part"]["bytes"], &encrypted["whole"]["bytes"]), (&json!(1_000), &json!(4_000)));
    let nameable = figure("nameable");
    assert_eq!((&nameable["part"]["bytes"], &nameable["whole"]["bytes"]), (&json!(500), &json!(1_000)));
    assert_eq!(nameable["filter"], "encrypted = true and host_name present");
    let new = figure("tls13");
    assert_eq!((&new["part"]["flows"], &new["whole"]["flows"]), (&json!(1), &json!(2)));
    assert_eq!(figure("compliant")["part"]["flows"], 2, "flows without risks");
    assert_eq!(answer["threats"], json!({"events": 2, "looked_at": 2, "encrypted": 1}), "one of them is in clear");
    let narrow = |filter: &str| range(json!({"threats": true, "filter": filter}));
    let (_, answer) = service.json("POST", "/api/v1/query/figures", narrow("dst_port = 443")).await;
    assert_eq!(answer["threats"], json!({"events": 2, "looked_at": 2, "encrypted": 1}), "{answer}");
    let (_, answer) = service.json("POST", "/api/v1/query/figures", narrow("dst_port = 444")).await;
    assert_eq!(answer["threats"], json!({"events": 1, "looked_at": 1, "encrypted": 0}), "{answer}");
    let (_, answer) = service.json("POST", "/api/v1/query/figures", narrow("dst_port = 80")).await;
    assert_eq!(answer["threats"]["events"], 0, "{answer}");

    let (_, answer) = service.json("POST", "/api/v1/query/figures", range(json!({"page": "overview"}))).await;
    let names: Vec<_> = answer["figures"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["encrypted", "nameable", "compliant", "ech_nameable"]);
    assert!(answer.get("threats").is_none());
    let (status, _) = service.json("POST", "/api/v1/query/figures", range(json!({"page": "none"}))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_fact_is_found_with_its_column() {
    let service = service().await;
    let dns = Some(Box::new(Dns { query: Some("mail.example.net".into()), ..Dns::default() }));
    let names = Some(vec!["example.com".to_owned(), "www.example.net".to_owned()]);
    let tls = Some(Box::new(Tls { sni: Some("WWW.example.com".into()), cert_names: names, ..Tls::default() }));
    give(&service, &[Flow { dns, ..flow(1) }, Flow { tls, ..flow(2) }]).await;
    let find = async |text: &str| service.json("POST", "/api/v1/query/find", range(json!({"text": text}))).await;
    let columns = |answer: &Value| -> Vec<String> {
        let list = answer["columns"].as_array().expect("a list").iter();
        list.map(|one| format!("{} {}", one["column"].as_str().expect("text"), one["flows"])).collect()
    };
    let (status, answer) = find("example.net").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(columns(&answer), ["dns_query 1", "tls_cert_names 1"]);
    assert_eq!(answer["columns"][0]["example"], "mail.example.net");
    for one in answer["columns"].as_array().expect("a list") {
        let (status, found) =
            service.json("POST", "/api/v1/query/flows", range(json!({"filter": one["filter"], "limit": 10}))).await;
        assert_eq!((status, found["rows"].as_array().map(Vec::len)), (StatusCode::OK, Some(1)), "{one}");
    }
    let (_, answer) = find("www.EXAMPLE.com").await;
    assert_eq!(columns(&answer), ["tls_sni 1"]);
    let (_, answer) = find("198.51.100.9").await;
    assert_eq!(columns(&answer), ["dst_ip 2"]);
    let (_, answer) = find("443").await;
    assert_eq!(columns(&answer), ["dst_port 3"]);
    let (_, answer) = find("nowhere").await;
    assert_eq!(answer["columns"], json!([]));
    let (status, error) = find("x").await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("text")));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_look_alike_come_first() {
    let service = service().await;
    let rows = [
        session(1, &[517, -1_400, 80]),
        session(2, &[-40, 40, -40]),
        session(3, &[520, -1_380, 80]),
        session(4, &[517, -1_400, 80]),
        Flow { splt: None, ..flow(5) },
    ];
    give(&service, &rows).await;
    let path = |id: u64| format!("/api/v1/flows/{id:024x}/similar");
    let (status, answer) = service.json("GET", &path(1), None).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let ids: Vec<_> =
        answer["rows"].as_array().expect("rows").iter().map(|row| row["flow"]["flow_id"].clone()).collect();
    assert_eq!(ids, [4, 3, 2].map(|id| json!(format!("{id:024x}"))));
    assert_eq!((&answer["rows"][0]["distance"], &answer["compared"]), (&json!(0.0), &json!(3)));
    assert_eq!(answer["rows"][0]["flow"]["splt_lengths"], json!([517, -1_400, 80]));
    let (_, answer) = service.json("GET", &format!("{}?limit=1", path(1)), None).await;
    assert_eq!(answer["rows"].as_array().map(Vec::len), Some(1));
    let (_, answer) = service.json("GET", &path(5), None).await;
    assert_eq!(answer["rows"], json!([]), "without a picture nothing can be compared");
    let (status, _) = service.json("GET", &path(99), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, error) = service.json("GET", &format!("{}?days=0", path(1)), None).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("days")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_says_how_known_its_fingerprints_are() {
    let service = service().await;
    let hello = |id: u64, host: u8, earlier: u64| {
        let mut flow = flow(id);
        flow.core.src_ip = Ip::v4([10, 0, 0, host]);
        flow.core.time_start = now() - std::time::Duration::from_secs(earlier);
        Flow { tls: Some(Box::new(Tls { ja4: Some("t13d".to_owned()), ..Tls::default() })), ..flow }
    };
    give(&service, &[hello(1, 1, 60), hello(2, 2, 30), flow(3)]).await;
    let path = |id: u64| format!("/api/v1/flows/{id:024x}/fingerprints");
    let (status, answer) = service.json("GET", &path(2), None).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let row = &answer["rows"][0];
    assert_eq!((&row["column"], &row["hosts"], &row["of_hosts"]), (&json!("tls_ja4"), &json!(2), &json!(2)));
    assert_eq!((&row["new_on_host"], &answer["own"]), (&json!(true), &json!(true)));
    let (_, answer) = service.json("GET", &path(3), None).await;
    assert_eq!(answer["rows"], json!([]), "it has none");
    let (status, _) = service.json("GET", &path(99), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, error) = service.json("GET", &format!("{}?days=91", path(1)), None).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("days")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_says_why_and_looks_at_the_sessions_before() {
    let service = service().await;
    let call = |id: u64, earlier: u64| {
        let mut flow = session(id, &[517, -1_400, -900, 126, -51, 300, -90]);
        flow.core.time_start = now() - std::time::Duration::from_secs(earlier);
        (flow.core.dst_packets, flow.core.dst_bytes) = (4, 2_441);
        let eta = flow.eta.get_or_insert_default();
        (eta.score, eta.class) = (Some(0.99), Some("malware_c2".into()));
        let certificate = Tls {
            version: Some("TLS 1.2".into()),
            ja4: Some("t12d".to_owned()),
            cert_subject: Some("CN=x".to_owned()),
            cert_issuer: Some("CN=x".to_owned()),
            cert_self_signed: Some(true),
            ..Tls::default()
        };
        Flow { tls: Some(Box::new(certificate)), ..flow }
    };
    let calls: Vec<Flow> = (0..20).map(|n| call(n + 1, 60 * (20 - n))).collect();
    give(&service, &calls).await;
    give(&service, &[flow(50)]).await;
    // Something else that the same hosts do.
    let mut other = call(60, 0);
    if let Some(tls) = other.tls.as_deref_mut() {
        (tls.cert_subject, tls.cert_self_signed) = (Some("CN=www.example.org".to_owned()), Some(false));
        tls.cert_issuer = Some("C=US, O=Public Trust, CN=Public Trust CA 1".to_owned());
        (tls.sni, tls.cert_names) = (Some("www.example.org".to_owned()), Some(vec!["www.example.org".to_owned(); 6]));
    }
    give(&service, &[other]).await;
    let path = |id: u64| format!("/api/v1/flows/{id:024x}/verdict");
    let (status, last) = service.json("GET", &path(20), None).await;
    assert_eq!(status, StatusCode::OK, "{last}");
    assert_eq!((&last["class"], &last["earlier"]), (&json!("malware_c2"), &json!(16)), "{last}");
    let features = |answer: &Value| -> Vec<String> {
        let reasons = answer["reasons"].as_array().expect("reasons").iter();
        reasons.map(|reason| reason["feature"].as_str().expect("a name").to_owned()).collect()
    };
    let repeated = |answer: &Value| features(answer).iter().any(|name| ["rhythm", "regular"].contains(&name.as_str()));
    assert!(repeated(&last), "{last}");
    assert!(last["reasons"][0]["text"]["ja"].as_str().is_some_and(|text| !text.is_empty()));
    let (_, other) = service.json("GET", &path(60), None).await;
    assert!(features(&other).iter().any(|name| name == "earlier_verdict"), "{other}");
    let (_, first) = service.json("GET", &path(1), None).await;
    assert_eq!(first["earlier"], 0);
    assert!(!repeated(&first), "nothing was repeated yet: {first}");
    assert!(first["score"].as_f64() < last["score"].as_f64(), "{first} {last}");
    let (_, none) = service.json("GET", &path(50), None).await;
    assert_eq!((&none["model"], &none["reasons"]), (&Value::Null, &json!([])), "it is no session that is judged");
    let (status, _) = service.json("GET", &path(99), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
