// SPDX-License-Identifier: Apache-2.0
//! Lakes that older versions wrote: read as they are, and merged into the newest format. The files in
//! `fixtures/formats` are never changed; what they must answer was recorded when they were made.

use std::fs;
use std::path::Path;

use minamo_base::Time;
use minamo_model::{FLOWS, FlowBuilder, text_value};
use minamo_store::{By, Key, Lake, TopQuery};

use crate::rows::{flow, open};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

async fn largest(lake: &Lake) -> String {
    let keys = vec![Key::named("src_ip").expect("a key"), Key::named("app").expect("a key")];
    let filter = minamo_filter::Expr::All;
    let query = TopQuery { from: None, to: None, filter, keys, by: By::Bytes, limit: 12 };
    let line = |(key, totals): &(Vec<minamo_schema::Value<'static>>, minamo_store::Totals)| {
        let text = |at: usize| key.get(at).map(text_value).unwrap_or_default();
        let minamo_store::Totals { bytes, packets, flows } = totals;
        let (ip, app) = (text(0), text(1));
        format!("{{\"app\":\"{app}\",\"bytes\":{bytes},\"flows\":{flows},\"packets\":{packets},\"src_ip\":\"{ip}\"}}\n")
    };
    lake.top(query).await.expect("an answer").rows.iter().map(line).collect()
}

#[tokio::test]
async fn a_lake_of_the_second_format_answers_as_before_and_is_merged_with_new_rows() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats/lake-2");
    let dir = tempfile::tempdir().expect("a directory");
    copy(&fixture, dir.path());
    let want = fs::read_to_string(fixture.join("expected.jsonl")).expect("readable");
    let lake = open(dir.path());
    assert_eq!(largest(&lake).await, want);
    let before = lake.stats().table("flows").expect("flows").clone();
    assert_eq!((before.rows, before.segments), (2_235, 1));
    // Of the same hour, one with a counter that 32 bits do not hold, in flows too small for the ranking otherwise.
    let mut builder = FlowBuilder::default();
    for n in 0..3 {
        let mut row = flow(n);
        (row.core.time_start, row.core.time_end) = (before.first.expect("a time"), before.first.expect("a time"));
        (row.core.src_bytes, row.core.dst_bytes, row.core.app) = (n, 0, "unlike the others".into());
        if n == 2 {
            row.core.src_packets = 1 << 40;
        }
        builder.append(&row);
    }
    lake.append(&FLOWS, builder.finish().expect("a batch")).await.expect("appended");
    lake.seal().await.expect("sealed");
    lake.compact().await.expect("merged");
    let after = lake.stats().table("flows").expect("flows").clone();
    assert_eq!((after.rows, after.segments), (2_238, 1));
    assert_eq!(largest(&lake).await, want);
    let keys = vec![Key::named("proto").expect("a key")];
    let filter = minamo_filter::parse("packets > 1000000000").expect("a filter");
    let query = TopQuery { from: None, to: Some(Time(i64::MAX)), filter, keys, by: By::Packets, limit: 5 };
    let large = lake.top(query).await.expect("an answer");
    assert_eq!((large.total.flows, large.total.packets >> 40), (1, 1));
    lake.close().await.expect("closed");
}
