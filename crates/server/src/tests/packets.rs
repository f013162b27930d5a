// SPDX-License-Identifier: Apache-2.0
//! Packets of a flow and of a filter.

use minamo_capture::Frame;
use minamo_capture::recorder::{Counters, Recorder, Settings};
use minamo_model::event::Finding;
use minamo_model::{EVENTS, Event, EventBuilder};
use minamo_packet::LinkType;

use super::*;

/// A TCP segment without options between the ends of the flows in the lake, as raw IP.
fn segment(port: u16) -> Vec<u8> {
    let tcp = [&50_000u16.to_be_bytes()[..], &port.to_be_bytes(), &[0; 8], &[0x50, 16], &[0; 6]].concat();
    [&[0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2][..], &tcp].concat()
}

/// Events of the minute of the flows, with these identities and filters.
async fn give(service: &Service, events: &[(&str, &str)]) {
    let mut builder = EventBuilder::default();
    for (id, filter) in events {
        let (id, filter) = ((*id).to_owned(), (*filter).to_owned());
        let end = now() + std::time::Duration::from_secs(60);
        let finding = Finding { event_id: id, filter, time_start: now(), time_end: end, ..Finding::default() };
        builder.append(&Event { finding });
    }
    service.deps.lake.append(&EVENTS, builder.finish().expect("a batch")).await.expect("appended");
}

/// A recorder in the folder of the service.
fn recorder(service: &Service) -> Recorder {
    let folder = service.folder.path().join("packets");
    let settings = Settings { folder, budget: 1 << 24, packet_bytes: 65_535, recorders: 1 };
    Recorder::open("test", LinkType::RAW, &settings, Arc::new(Counters::default())).expect("a folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn why_there_are_no_packets_is_said() {
    let mut service = service().await;
    give(&service, &[("aa", "dst_port = 443")]).await;
    let late = now() + std::time::Duration::from_secs(3_600);
    let mut later = recorder(&service);
    later.frame(&Frame { time: late, link: LinkType::RAW, data: &segment(443) });
    drop(later);
    for path in ["/api/v1/events/aa/packets", "/api/v1/flows/0000000000000000/packets"] {
        let (status, error) = service.json("GET", path, None).await;
        assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("no_packets")));
        assert_eq!(error["message"], "its packets are no longer kept: the oldest ones are of 2026-01-05T11:00:00Z");
    }
    service.router = services(Deps { packets: None, ..service.deps.clone() }).web;
    let (status, error) = service.json("GET", "/api/v1/events/aa/packets", None).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("recorder_off")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packets_of_a_flow_are_a_file() {
    let service = service().await;
    let (_, told) = service.json("GET", "/api/v1/recorder", None).await;
    assert_eq!(told, json!({"on": true, "oldest": null}));
    let path = "/api/v1/flows/0000000000000001/packets";
    let (status, error) = service.json("GET", path, None).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("no_packets")));
    let mut recorder = recorder(&service);
    // The flows of the lake have no source port.
    let mut frames = [(443, 0), (444, 0), (445, 0), (444, 30)].map(|(port, after)| (segment(port), after));
    for (data, after) in &mut frames {
        data[20..22].copy_from_slice(&[0; 2]);
        let time = now() + std::time::Duration::from_secs(*after);
        recorder.frame(&Frame { time, link: LinkType::RAW, data });
    }
    drop(recorder);
    let (_, told) = service.json("GET", "/api/v1/recorder", None).await;
    assert_eq!(told["oldest"], json!("2026-01-05T10:00:00Z"));
    let count = async |path: &str| {
        let answer = service.send("GET", path, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/x-pcapng");
        let octets = to_bytes(answer.into_body(), 1 << 20).await.expect("a body").to_vec();
        let input = Box::new(std::io::Cursor::new(octets));
        let mut file = minamo_capture::CaptureFile::from_reader(std::path::Path::new("cut"), input).expect("pcapng");
        let mut count = 0;
        while file.next_frame().expect("whole").is_some() {
            count += 1;
        }
        count
    };
    assert_eq!(count(path).await, 1, "ten seconds after its end the other is not yet there");
    assert_eq!(count(&format!("{path}?after=60")).await, 2);
    let (status, error) = service.json("GET", "/api/v1/events/0000000000000009/packets", None).await;
    assert_eq!((status, &error["path"]), (StatusCode::NOT_FOUND, &json!("event_id")));
    give(&service, &[("aa", "dst_port in [443, 445]"), ("bb", "dst_port = 1")]).await;
    let of = |id: &str| format!("/api/v1/events/{id}/packets");
    assert_eq!(count(&of("aa")).await, 2, "those of the two flows that the filter shows");
    let (status, error) = service.json("GET", &of("bb"), None).await;
    assert_eq!(
        (status, &error["message"]),
        (StatusCode::NOT_FOUND, &json!("no flows with addresses belong to the event"))
    );
    let range = "from=2026-01-05T09:00:00Z&to=2026-01-05T11:00:00Z";
    assert_eq!(count(&format!("/api/v1/packets?{range}")).await, 4);
    assert_eq!(count(&format!("/api/v1/packets?{range}&filter=port%20445")).await, 1);
    let (status, error) = service.json("GET", &format!("/api/v1/packets?{range}&filter=porrt"), None).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("filter")));
}
