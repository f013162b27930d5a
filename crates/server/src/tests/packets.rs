// SPDX-License-Identifier: Apache-2.0
//! Packets of a flow and of a filter.

use minamo_capture::Frame;
use minamo_capture::recorder::{Counters, Recorder, Settings};
use minamo_packet::LinkType;

use super::*;

/// A TCP segment without options between the ends of the flows in the lake, as raw IP.
fn segment(port: u16) -> Vec<u8> {
    let tcp = [&50_000u16.to_be_bytes()[..], &port.to_be_bytes(), &[0; 8], &[0x50, 16], &[0; 6]].concat();
    [&[0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2][..], &tcp].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packets_of_a_flow_are_a_file() {
    let service = service().await;
    let (_, told) = service.json("GET", "/api/v1/recorder", None).await;
    assert_eq!(told, json!({"on": true, "oldest": null}));
    let path = "/api/v1/flows/0000000000000001/packets";
    let (status, error) = service.json("GET", path, None).await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &json!("no_packets")));
    let folder = service.folder.path().join("packets");
    let settings = Settings { folder, budget: 1 << 24, packet_bytes: 65_535, recorders: 1 };
    let mut recorder =
        Recorder::open("test", LinkType::RAW, &settings, Arc::new(Counters::default())).expect("a folder");
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
    let range = "from=2026-01-05T09:00:00Z&to=2026-01-05T11:00:00Z";
    assert_eq!(count(&format!("/api/v1/packets?{range}")).await, 4);
    assert_eq!(count(&format!("/api/v1/packets?{range}&filter=port%20445")).await, 1);
    let (status, error) = service.json("GET", &format!("/api/v1/packets?{range}&filter=porrt"), None).await;
    assert_eq!((status, &error["path"]), (StatusCode::BAD_REQUEST, &json!("filter")));
}
