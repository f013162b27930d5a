// SPDX-License-Identifier: Apache-2.0
//! On how many hosts a fingerprint was seen before, and since when.

use minamo_base::{Ip, Time};
use minamo_model::{Flow, text_value};
use minamo_store::Prevalences;

use crate::rows::*;

const DAYS: i64 = 24 * HOUR;

/// A session of host 10.0.0.`host`, so many hours after the first day.
fn session(number: u64, host: u8, hours: i64, ja4: Option<&str>) -> Flow {
    let mut flow = Flow::default();
    flow.core.flow_id = Some(format!("{number:024x}"));
    flow.core.time_start = Time(DAY + hours * HOUR);
    flow.core.time_end = flow.core.time_start;
    (flow.core.src_ip, flow.core.dst_ip) = (Ip::v4([10, 0, 0, host]), Ip::v4([198, 51, 100, 9]));
    let tls = flow.tls.get_or_insert_default();
    tls.ja4 = ja4.map(str::to_owned);
    tls.ja3 = Some(format!("ja3 of {host}"));
    flow
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fingerprint_is_known_by_its_hosts_and_since_when() {
    let dir = tempfile::tempdir().expect("a folder");
    let lake = open(dir.path());
    let from_outside = |number| {
        let mut flow = session(number, 1, 5, Some("rare"));
        flow.core.src_ip = Ip::v4([203, 0, 113, 7]);
        flow
    };
    let mut twice = session(8, 9, 3, Some("it's"));
    twice.merge.get_or_insert_default().duplicate_of = Some(Ip::v4([192, 0, 2, 77]));
    append(
        &lake,
        &[
            session(1, 1, 0, Some("usual")),
            session(2, 2, 1, Some("usual")),
            session(3, 3, 2, Some("it's")),
            session(4, 1, 6, Some("it's")),
            session(5, 1, 7, Some("it's")),
            session(6, 4, 8, Some("it's")),
            from_outside(7),
            twice,
            session(9, 5, 9, None),
        ],
    )
    .await;
    let at = |hours: i64| Time(DAY + hours * HOUR);
    let known = async |number: u64, days: u64| -> Prevalences {
        lake.prevalence(&format!("{number:024x}"), days).await.expect("an answer").expect("a flow")
    };
    let first = known(4, 30).await;
    assert_eq!((first.own, first.at, first.since), (true, at(6), at(0)));
    let row = &first.rows[0];
    assert_eq!((row.column, row.value.as_str()), ("tls_ja4", "it's"));
    assert_eq!((row.hosts, row.of_hosts, row.sessions), (2, 3, 2), "neither what comes later nor what was told twice");
    assert_eq!((row.first, row.first_on_host), (at(2), at(6)));
    assert_eq!((first.rows[1].column, first.rows[1].hosts, first.rows[1].first), ("tls_ja3", 1, at(0)));

    let again = known(5, 30).await;
    assert_eq!((again.rows[0].sessions, again.rows[0].first_on_host), (3, at(6)));
    let outside = known(7, 30).await;
    assert_eq!((outside.own, outside.rows[0].hosts, outside.rows[0].of_hosts), (false, 1, 1), "hosts of elsewhere");
    let told_twice = known(8, 30).await;
    assert_eq!((told_twice.rows[0].hosts, told_twice.rows[0].first_on_host), (1, at(3)), "it stands for itself");
    let none = known(9, 30).await;
    assert_eq!(none.rows.iter().map(|row| row.column).collect::<Vec<_>>(), ["tls_ja3"]);
    assert_eq!(lake.prevalence("ffff", 30).await.expect("an answer"), None);

    append(&lake, &[session(10, 1, 24 * 5, Some("usual"))]).await;
    let short = known(10, 2).await;
    assert_eq!((short.rows[0].hosts, short.rows[0].of_hosts), (1, 1), "only the days that were asked for count");
    assert_eq!(short.since, Time(short.at.0 - 2 * DAYS));

    let batch = Prevalences::batch(&[("a".to_owned(), first), ("b".to_owned(), again)]).expect("rows");
    let readers = minamo_model::CellReader::all(&batch);
    let new = readers.iter().find(|reader| reader.name() == "new_on_host").expect("a column");
    let told: Vec<_> = (0..batch.num_rows()).map(|at| text_value(&new.value(at))).collect();
    assert_eq!(told, ["true", "false", "false", "false"]);
}
