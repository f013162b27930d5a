// SPDX-License-Identifier: Apache-2.0
//! Operations on the lake itself, and downloads.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_lake_tells_what_it_holds_and_a_hold_can_be_made_and_ended() {
    let service = service().await;
    let (_, lake) = service.json("GET", "/api/v1/lake", None).await;
    assert_eq!((&lake["tables"][0]["name"], &lake["tables"][0]["rows"]), (&json!("flows"), &json!(3)));
    assert_eq!((&lake["holds"], &lake["retention"]["keep_secs"]), (&json!([]), &Value::Null));
    assert_eq!(lake["retention"]["classes"][0]["name"], "", "the rest is told too");
    let body = json!({"from": "2026-01-05T09:00:00Z", "to": "2026-01-05T11:00:00Z", "kind": "legal", "owner": null, "reason": " case 7 "});
    let (status, hold) = service.json("POST", "/api/v1/lake/holds", Some(body.clone())).await;
    assert_eq!((status, &hold["kind"]), (StatusCode::CREATED, &json!("legal")));
    assert_eq!((&hold["owner"], &hold["reason"]), (&json!("admin"), &json!("case 7")), "who asks answers for it");
    for (member, value) in [("to", json!("2026-01-05T09:00:00Z")), ("from", json!("yesterday")), ("reason", json!(" "))]
    {
        let mut wrong = body.clone();
        wrong[member] = value;
        let (status, error) = service.json("POST", "/api/v1/lake/holds", Some(wrong)).await;
        assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!(member)));
    }
    let (_, holds) = service.json("GET", "/api/v1/lake/holds", None).await;
    assert_eq!(holds.as_array().map(Vec::len), Some(1));
    let path = format!("/api/v1/lake/holds/{}", hold["id"]);
    assert_eq!(service.send("DELETE", &path, None).await.status(), StatusCode::NO_CONTENT);
    let (status, error) = service.json("DELETE", &path, None).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
}

/// Starts a job and waits for its end.
async fn done(service: &Service, kind: &str) -> Value {
    let (status, _) = service.json("POST", "/api/v1/lake/jobs", Some(json!({"kind": kind}))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    loop {
        let (_, jobs) = service.json("GET", "/api/v1/lake/jobs", None).await;
        let job = jobs.as_array().and_then(|jobs| jobs.iter().find(|job| job["kind"] == kind)).cloned();
        if let Some(job) = job.filter(|job| !job["ended_at"].is_null()) {
            return job;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_run_and_tell_what_came_of_them() {
    let service = service().await;
    assert_eq!(done(&service, "seal").await["rows"], 3);
    let verified = done(&service, "verify").await;
    assert_eq!((&verified["rows"], &verified["done"], &verified["all"]), (&json!(3), &json!(1), &json!(1)));
    assert_eq!(verified["problems"], json!([]));
    assert_eq!(done(&service, "compact").await["rows"], 0);
    assert_eq!(done(&service, "retain").await["rows"], 0);
    let (_, lake) = service.json("GET", "/api/v1/lake", None).await;
    assert_eq!((&lake["days"][0]["day"], &lake["days"][0]["rows"]), (&json!("2026-01-05"), &json!(3)));
    let (_, segments) = service.json("GET", "/api/v1/lake/segments?to=2026-01-05T00:00:00Z", None).await;
    assert_eq!(segments, json!([]));
    let (_, segments) = service.json("GET", "/api/v1/lake/segments", None).await;
    let file = service.folder.path().join("lake").join(segments[0]["path"].as_str().expect("a path"));
    let (_, columns) = service.json("GET", "/api/v1/lake/columns", None).await;
    assert!(columns.as_array().is_some_and(|columns| columns.iter().any(|column| column["column"] == "src_ip")));
    let mut octets = std::fs::read(&file).expect("a segment");
    octets[10] ^= 1;
    std::fs::write(&file, octets).expect("written");
    let verified = done(&service, "verify").await;
    assert_eq!(verified["problems"].as_array().map(Vec::len), Some(1), "{verified}");
}

async fn downloaded(service: &Service, path: &str) -> (String, String, Vec<u8>) {
    let answer = service.send("GET", path, None).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let header = |name| answer.headers()[name].to_str().expect("text").to_owned();
    let (kind, name) = (header(header::CONTENT_TYPE), header(header::CONTENT_DISPOSITION));
    (kind, name, to_bytes(answer.into_body(), 1 << 24).await.expect("a body").to_vec())
}

#[tokio::test]
async fn answers_are_downloaded_as_files() {
    let service = service().await;
    let range = "from=2026-01-05T09:00:00Z&to=2026-01-05T11:00:00Z";
    let (kind, name, csv) =
        downloaded(&service, &format!("/api/v1/export/flows?format=csv&{range}&filter=port%20443")).await;
    assert!(kind.starts_with("text/csv"), "{kind}");
    assert_eq!(name, "attachment; filename=\"minamo-flows-20260105100000.csv\"");
    assert_eq!(String::from_utf8(csv).expect("UTF-8").lines().count(), 2, "a header and a row");
    let (_, _, lines) = downloaded(&service, &format!("/api/v1/export/flows?format=jsonl&{range}&limit=2")).await;
    assert_eq!(String::from_utf8(lines).expect("UTF-8").lines().count(), 2);
    let (_, _, parquet) = downloaded(&service, &format!("/api/v1/export/flows?format=parquet&{range}")).await;
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let sql = "/api/v1/export/sql?format=csv&sql=SELECT%20src_ip,%20dst_port%20FROM%20flows%20ORDER%20BY%20dst_port";
    let (_, _, csv) = downloaded(&service, sql).await;
    assert_eq!(csv, b"src_ip,dst_port\r\n192.0.2.1,443\r\n192.0.2.1,444\r\n192.0.2.1,445\r\n");
    for (path, member) in [
        (format!("/api/v1/export/flows?format=xls&{range}"), "format"),
        (format!("/api/v1/export/flows?format=csv&{range}&filter=src_ipp"), "filter"),
        ("/api/v1/export/sql?format=joy&sql=SELECT%201".to_owned(), "format"),
        ("/api/v1/export/sql?format=csv&sql=DROP%20TABLE%20flows".to_owned(), "sql"),
    ] {
        let (status, error) = service.json("GET", &path, None).await;
        assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!(member)), "{path}");
    }
}
