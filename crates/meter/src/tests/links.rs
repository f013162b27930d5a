// SPDX-License-Identifier: Apache-2.0
//! Frames without IP.

use super::*;

/// One Ethernet frame without IP.
fn link_frame(to: u8, from: u8, kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from], &kind.to_be_bytes()[..], payload].concat()
}

/// An ARP packet between hosts of the documentation network.
fn arp(operation: u8, sender: u8, target: u8) -> Vec<u8> {
    let mut payload = vec![0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, sender, 192, 0, 2, sender];
    payload.extend_from_slice(&[2, 0, 0, 0, 0, target, 192, 0, 2, target]);
    payload
}

impl Run {
    fn frame_at(&mut self, millis: i64, frame: &[u8]) {
        let read = LinkFrame::read(LinkType::ETHERNET, frame).expect("a whole frame");
        self.meter.frame(Time::from_millis(millis), &read, &mut |row| self.rows.push(row));
    }
}

#[test]
fn an_arp_request_to_all_and_its_answer_are_one_flow_of_two_hosts() {
    let mut run = Run::new(Settings::default());
    run.frame_at(0, &link_frame(0xff, 9, 0x0806, &arp(1, 9, 1)));
    run.frame_at(3, &link_frame(9, 1, 0x0806, &arp(2, 1, 9)));
    let (rows, counters) = run.end();
    assert_eq!((rows.len(), counters.frames, counters.packets), (1, 2, 0));
    let row = &rows[0];
    assert_eq!((row.core.src_ip, row.core.dst_ip), (Ip::v4([192, 0, 2, 9]), Ip::v4([192, 0, 2, 1])));
    assert_eq!((row.core.src_packets, row.core.dst_packets, row.core.src_bytes), (1, 1, 28));
    assert_eq!((row.core.app.as_ref(), row.core.app_confidence.as_ref()), ("ARP", "content"));
    assert_eq!(row.core.app_reason.as_deref(), Some("frame type 0x0806"));
}

#[test]
fn goose_publishers_are_told_apart_by_their_number_and_come_in_parts() {
    let mut run = Run::new(Settings { active_timeout: Duration::from_secs(10), ..Settings::default() });
    for second in 0..15 {
        run.frame_at(second * 1_000, &link_frame(1, 7, 0x88b8, &[0, 1, 0, 10, 0, 0, 0, 0, 0x61, 0]));
        run.frame_at(second * 1_000, &link_frame(1, 7, 0x88b8, &[0, 2, 0, 10, 0, 0, 0, 0, 0x61, 0]));
    }
    let (rows, _) = run.end();
    let frames = |id| {
        let of = |row: &&Flow| row.l2.as_ref().is_some_and(|l2| l2.frame_id == Some(id));
        rows.iter().filter(of).map(|row| row.core.src_packets).collect::<Vec<_>>()
    };
    assert_eq!((frames(1), frames(2)), (vec![10, 5], vec![10, 5]));
    assert!(rows.iter().all(|row| row.core.app == "GOOSE" && row.core.src_ip == Ip::default()));
    let done = |row: &Flow| row.control.as_ref().and_then(|control| control.operations.clone());
    assert!(rows.iter().all(|row| done(row) == Some(vec!["goose.publish".to_owned()])));
    assert_ne!(rows[0].core.flow_id, rows[1].core.flow_id);
}

#[test]
fn a_frame_of_an_unknown_type_is_a_flow_without_a_label() {
    let mut run = Run::new(Settings::default());
    run.frame_at(0, &link_frame(1, 7, 0x1234, &[1, 2, 3]));
    run.frame_at(61_001, &link_frame(1, 7, 0x1234, &[1, 2, 3]));
    let (rows, _) = run.end();
    let labels: Vec<_> = rows.iter().map(|row| (row.core.app.as_ref(), row.core.app_confidence.as_ref())).collect();
    assert_eq!(labels, [("Unknown", "none"); 2], "idle for longer than the timeout: two flows");
    assert_eq!(rows[0].l2.as_ref().and_then(|l2| l2.ethertype), Some(0x1234));
}
