// SPDX-License-Identifier: Apache-2.0
//! Looks at a lake of one flow: what is asked, what is left, and what is asked after the next start.

use minamo_base::Ip;

use super::*;

mod replay;

#[test]
fn detection_rests_four_times_as_long_as_it_took() {
    assert_eq!(pause_after(-1), PAUSE);
    assert_eq!(pause_after(100_000_000), PAUSE);
    assert_eq!(pause_after(2_000_000_000), Duration::from_secs(8));
    assert_eq!(pause_after(i64::MAX), LONGEST_PAUSE);
}

const TALK: &str = r#"+++
title = { en = "Talk", ja = "会話" }
question = { en = "Who talks?", ja = "誰が話すか。" }
severity = "low"
attack = ["T1046"]
window = "1m"
text = { en = "{src_ip} talked.", ja = "{src_ip} が通信。" }
filter = "src_ip = {src_ip}"

[parameters.flows]
default = 0
reason = { en = "all", ja = "すべて" }

[[benign]]
en = "a test"
ja = "試験"
+++
SELECT $window AS window_start, src_ip, COUNT(*) AS flows FROM flows WHERE $range GROUP BY 1, src_ip HAVING COUNT(*) > $flows
"#;

async fn detector(folder: &std::path::Path, lake: &Arc<Lake>, rule: &Rule) -> Detector {
    detector_with(folder, lake, vec![rule.clone()], &Fresh::default()).await
}

async fn detector_with(folder: &std::path::Path, lake: &Arc<Lake>, rules: Vec<Rule>, fresh: &Fresh) -> Detector {
    let state = folder.join("state.db");
    let around = Around {
        suppressing: Arc::new(Suppressing::open(&state).expect("opens")),
        perspectives: Vec::new(),
        actions: Actions::default(),
        alerts: AlertSources::start(Vec::new(), folder, Arc::default()).expect("none"),
    };
    let sources = Sources::default().with_ruling(&state).expect("opens");
    let loaded = Loaded { rules, ..Loaded::default() };
    Detector::new(Arc::clone(lake), sources, loaded, around, fresh, Arc::default()).await.expect("a detector")
}

async fn lake_of_one_flow(folder: &std::path::Path, at: Time) -> Arc<Lake> {
    let lake = Lake::open(&folder.join("lake"), minamo_store::Settings::default(), clock::now).expect("opened");
    let mut flow = minamo_model::Flow::default();
    (flow.core.src_ip, flow.core.time_start, flow.core.time_end) = (Ip::v4([192, 0, 2, 1]), at, at);
    let mut builder = minamo_model::FlowBuilder::default();
    builder.append(&flow);
    lake.append(&FLOWS, builder.finish().expect("a batch")).await.expect("appended");
    Arc::new(lake)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_comes_too_late_is_asked_after_the_next_start_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = Time::parse("2026-01-05T10:00:05Z").expect("a time");
    let lake = lake_of_one_flow(folder.path(), at).await;
    let (rule, fresh) = (Rule::parse("talk", TALK).expect("a rule"), Fresh::default());
    let counted = |detector: &Detector| {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&detector.counters.left), read(&detector.counters.runs), read(&detector.counters.events))
    };
    let mut ending = detector(folder.path(), &lake, &rule).await;
    let late = |now| Late { told: watch::channel([now; 2]).1, is_large: true };
    ending.look_with(&rule, &fresh, Some((at, at)), late(true)).await.expect("left");
    assert_eq!((counted(&ending).0, counted(&ending).2), (1, 0));
    drop(ending);
    let mut next = detector(folder.path(), &lake, &rule).await;
    next.look(&fresh, false, &late(false)).await;
    assert_eq!(counted(&next), (0, 1, 1), "asked, and found");
    next.look(&fresh, false, &late(false)).await;
    assert_eq!(counted(&next).1, 1, "not asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_when_the_program_is_killed_is_asked_after_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = Time::parse("2026-01-05T10:00:05Z").expect("a time");
    let lake = lake_of_one_flow(folder.path(), at).await;
    let seldom = TALK.replace("window = \"1m\"", "window = \"1m\"\nevery = \"5m\"");
    let (rule, fresh, late) = (
        Rule::parse("talk", &seldom).expect("a rule"),
        Fresh::default(),
        Late { told: watch::channel([false; 2]).1, is_large: true },
    );
    let owed = |detector: &Detector| detector.left.of("talk");
    let mut killed = detector(folder.path(), &lake, &rule).await;
    assert_eq!(owed(&killed), None, "there was none before");
    killed.aside.add("talk", (at, at), at);
    killed.look(&fresh, false, &late).await;
    drop(killed);
    let mut next = detector(folder.path(), &lake, &rule).await;
    assert_eq!(owed(&next), Some((at, at)), "it waited");
    next.look(&fresh, true, &late).await;
    next.finish_aside(&late).await;
    assert_eq!(next.counters.events.load(Ordering::Relaxed), 1, "asked, and found");
    next.note(None, clock::now() + Duration::from_secs(60));
    drop(next);
    let ended = detector(folder.path(), &lake, &rule).await;
    assert_eq!(owed(&ended), None, "nothing waited, and nothing came");
    let mut flow = minamo_model::Flow::default();
    (flow.core.time_start, flow.core.time_end) = (at, at);
    flow.core.time_received = Some(clock::now() + Duration::from_secs(90));
    let mut builder = minamo_model::FlowBuilder::default();
    builder.append(&flow);
    lake.append(&FLOWS, builder.finish().expect("a batch")).await.expect("appended");
    drop(ended);
    let mut next = detector(folder.path(), &lake, &rule).await;
    assert_eq!(owed(&next), Some((at, at)), "it came after the last look");
    next.left.end().expect("noted");
    drop(next);
    assert_eq!(owed(&detector(folder.path(), &lake, &rule).await), None, "it came to its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_looks_seldom_is_asked_beside_the_others_and_left_where_time_is_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = Time::parse("2026-01-05T10:00:05Z").expect("a time");
    let lake = lake_of_one_flow(folder.path(), at).await;
    let seldom = TALK.replace("window = \"1m\"", "window = \"1m\"\nevery = \"5m\"");
    let (rule, fresh) = (Rule::parse("talk", &seldom).expect("a rule"), Fresh::default());
    let mut detector = detector(folder.path(), &lake, &rule).await;
    detector.aside.add("talk", (at, at), at);
    detector.aside.add("gone", (at, at), at + Duration::from_secs(5));
    assert_eq!(detector.aside.since(), Some(at), "of the one that waits longest");
    detector.next_aside();
    assert!(!detector.aside.is_idle() && detector.aside.next().is_none(), "one at a time");
    let given_up = detector.aside.give_up();
    assert_eq!(given_up, [("talk".to_owned(), (at, at)), ("gone".to_owned(), (at, at))]);
    for (rule, span) in given_up {
        detector.left.leave(&rule, span).expect("left");
    }
    let late = Late { told: watch::channel([false; 2]).1, is_large: true };
    detector.look(&fresh, true, &late).await;
    detector.finish_aside(&late).await;
    assert_eq!(detector.counters.events.load(Ordering::Relaxed), 1, "asked, and found");
    assert_eq!(detector.left.of("talk"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_query_in_several_steps_begins_and_ends_with_its_flows() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = Time::parse("2026-01-05T10:00:05Z").expect("a time");
    let lake = lake_of_one_flow(folder.path(), at).await;
    let query = "WITH talks AS (SELECT $window AS window_start, src_ip, COUNT(*) AS flows FROM flows WHERE $range \
                 GROUP BY 1, src_ip) SELECT * FROM talks WHERE flows > $flows\n";
    let (front, _) = TALK.rsplit_once("+++\n").expect("a front matter");
    let rule = Rule::parse("talk", &format!("{front}+++\n{query}")).expect("a rule");
    let mut detector = detector(folder.path(), &lake, &rule).await;
    detector.ask(&rule, (at, at)).await.expect("asked");
    let times = "SELECT time_start AS first, time_end AS last FROM events";
    let told = lake.sql(times, 10).await.expect("asked");
    let found = rows(&told.batches, |row| row.get("first") == Value::Time(at) && row.get("last") == Value::Time(at));
    assert_eq!(found, [true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_for_which_one_direction_is_enough_sees_what_waits_and_tells_it_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = Time::parse("2026-01-05T10:00:05Z").expect("a time");
    let lake = lake_of_one_flow(folder.path(), at).await;
    let early =
        TALK.replace("window = \"1m\"", "window = \"1m\"\none_sided = true").replace("default = 0", "default = 1");
    let (rule, fresh) = (Rule::parse("talk", &early).expect("a rule"), Fresh::default());
    let mut detector = detector(folder.path(), &lake, &rule).await;
    let late = Late { told: watch::channel([false; 2]).1, is_large: true };
    detector.look(&fresh, false, &late).await;
    assert_eq!(detector.counters.runs.load(Ordering::Relaxed), 0, "nothing waits, nothing came");
    let mut flow = minamo_model::Flow::default();
    (flow.core.src_ip, flow.core.time_start, flow.core.time_end) = (Ip::v4([192, 0, 2, 1]), at, at);
    let mut builder = minamo_model::FlowBuilder::default();
    builder.append(&flow);
    let waits = builder.finish().expect("a batch");
    let mut asked = fresh.waiting.asked();
    let answer = waits.clone();
    let pairing = tokio::spawn(async move {
        let ask = asked.recv().await.expect("asked");
        assert!(ask.wanted.contains("src_ip"));
        drop(ask.answer.send(vec![answer]));
    });
    detector.look(&fresh, false, &late).await;
    pairing.await.expect("answered");
    let told = |detector: &Detector| detector.counters.events.load(Ordering::Relaxed);
    assert_eq!(told(&detector), 1, "with the one that is stored there are two");
    lake.append(&FLOWS, waits).await.expect("appended");
    detector.ask(&rule, (at, at)).await.expect("asked");
    assert_eq!(told(&detector), 1, "stored it says the same");
}
