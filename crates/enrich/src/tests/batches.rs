// SPDX-License-Identifier: Apache-2.0
//! Batches in, batches with more columns out.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use minamo_base::Time;
use minamo_model::{CellReader, FLOWS, Flow, FlowBuilder, Row, text_value};

use super::mmdb::{city, system, write};
use super::{entry, ip, prefix, time};
use crate::{Database, Definitions, Enricher, Entry, Settings, Sources};

const NOON: &str = "2026-06-01T12:00:00Z";

fn flow(src: &str, dst: &str, at: Time) -> Flow {
    let mut flow = Flow::default();
    flow.core.src_ip = ip(src);
    flow.core.dst_ip = ip(dst);
    flow.core.time_start = at;
    flow
}

fn answer(client: &str, query: &str, answers: &[&str], at: Time) -> Flow {
    let mut flow = flow(client, "192.0.2.53", at);
    let dns = flow.dns.get_or_insert_default();
    dns.query = Some(query.to_owned());
    dns.qtype = Some(if query.ends_with(".arpa") { "PTR" } else { "A" }.into());
    dns.answers = Some(answers.iter().map(|a| (*a).to_owned()).collect());
    dns.ttl_secs = Some(30);
    flow
}

fn batch(flows: &[Flow]) -> RecordBatch {
    let mut builder = FlowBuilder::default();
    flows.iter().for_each(|flow| builder.append(flow));
    builder.finish().expect("a batch")
}

fn cell(batch: &RecordBatch, row: usize, column: &str) -> String {
    let readers = CellReader::all(batch);
    text_value(&Row::new(&readers, row).get(column))
}

fn added(before: &RecordBatch, after: &RecordBatch) -> Vec<String> {
    let names = after.schema_ref().fields().iter().map(|f| f.name().clone());
    names.filter(|name| before.column_by_name(name).is_none()).collect()
}

fn counter(enricher: &Enricher, name: &str, label: &str) -> u64 {
    let samples = enricher.control().samples();
    samples.iter().find(|s| s.metric.name == name && s.label_text().contains(label)).map(|s| s.value).expect(name)
}

fn places() -> Vec<Arc<Database>> {
    let cities = write("GeoLite2-City", 6, 28, &[(prefix("198.51.100.0/24"), city("JP", "Tokyo"))]);
    let systems = [
        (prefix("198.51.100.0/24"), system(64500, "Example Networks and Telephones")),
        (prefix("203.0.113.0/24"), system(64501, "Other")),
    ];
    let systems = write("GeoLite2-ASN", 6, 24, &systems);
    [cities, systems].into_iter().map(|octets| Arc::new(Database::open(octets).expect("a database"))).collect()
}

#[test]
fn without_sources_and_answers_a_batch_stays_as_it_is() {
    let mut enricher = Enricher::new(Settings::default(), Sources::default());
    let before = batch(&[flow("192.0.2.1", "198.51.100.1", time(NOON))]);
    let after = enricher.enrich(&before).expect("enriched");
    assert_eq!(before, after);
}

#[test]
fn destinations_get_the_name_that_somebody_told() {
    let at = time(NOON);
    let named = |sni: Option<&str>, host: Option<&str>| {
        let mut flow = flow("192.0.2.1", "198.51.100.1", at);
        flow.tls.get_or_insert_default().sni = sni.map(str::to_owned);
        flow.http.get_or_insert_default().host = host.map(str::to_owned);
        flow
    };
    let mut probe = named(Some("front.example"), None);
    probe.host.get_or_insert_default().name_source = Some("ech_outer".into());
    let flows = [
        named(Some("a.example"), Some("b.example")),
        named(None, Some("192.0.2.9")),
        named(Some("192.0.2.9"), Some("b.example")),
        probe,
        flow("192.0.2.1", "198.51.100.7", at),
    ];
    let mut enricher = Enricher::new(Settings::default(), Sources::default());
    enricher.observe_dns(&batch(&[answer("192.0.2.1", "c.example", &["198.51.100.7"], at)]));
    let after = enricher.enrich(&batch(&flows)).expect("enriched");
    let told = |row| ["host_name", "name_source", "name_confidence"].map(|column| cell(&after, row, column));
    assert_eq!(told(0), ["a.example", "sni", "medium"]);
    assert_eq!(told(1), ["", "", ""]);
    assert_eq!(told(2), ["b.example", "http", "medium"]);
    assert_eq!(told(3), ["", "ech_outer", ""], "what the probe said stands");
    assert_eq!(told(4), ["c.example", "dns", "low"]);
}

#[test]
fn networks_tags_places_and_systems_stand_beside_their_side() {
    let entries = vec![entry("192.0.2.0/24", "office", &["staff", "wired"]), entry("192.0.2.128/25", "lab", &["test"])];
    let sources = Sources::new(Definitions::always(entries).expect("good"), places());
    let mut enricher = Enricher::new(Settings::default(), sources);
    let before = batch(&[
        flow("192.0.2.1", "198.51.100.1", time(NOON)),
        flow("198.51.100.1", "192.0.2.200", time(NOON)),
        flow("10.0.0.1", "203.0.113.1", time(NOON)),
    ]);
    let after = enricher.enrich(&before).expect("enriched");
    let row = |row: usize| {
        added(&before, &after)
            .into_iter()
            .map(|c| format!("{c}={}", cell(&after, row, &c)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let want = [
        "src_net=office dst_net= src_tags=staff,wired dst_tags= src_local=false dst_local=false \
         src_country= dst_country=JP src_city= dst_city=Tokyo src_as= src_as_org= \
         dst_as=64500 dst_as_org=Example Networks and Telephones",
        "src_net= dst_net=lab src_tags= dst_tags=test,staff,wired src_local=false dst_local=false \
         src_country=JP dst_country= src_city=Tokyo dst_city= \
         src_as=64500 src_as_org=Example Networks and Telephones dst_as= dst_as_org=",
        "src_net= dst_net= src_tags= dst_tags= src_local=true dst_local=false \
         src_country= dst_country= src_city= dst_city= src_as= src_as_org= dst_as=64501 dst_as_org=Other",
    ];
    assert_eq!([row(0), row(1), row(2)], want);
    let aligned = FLOWS.align(&after).expect("columns as the table has them");
    for name in added(&before, &after) {
        let column = aligned.column_by_name(&name).expect("a column");
        assert!(column.null_count() < 3, "{name} has the type of the table");
    }
    assert_eq!(counter(&enricher, "minamo_enrich_values_total", "net"), 2);
    assert_eq!(enricher.enrich(&after).expect("again"), after, "once is enough");
}

#[test]
fn a_flow_gets_what_was_valid_when_it_started() {
    let definitions = Definitions::always(vec![entry("192.0.2.0/24", "old", &[])]).expect("good");
    let mut enricher = Enricher::new(Settings::default(), Sources::new(definitions, vec![]));
    let later = Definitions::always(vec![entry("192.0.2.0/24", "new", &[])]).expect("good");
    enricher.control().define(time(NOON), later);
    let before = time(NOON) - std::time::Duration::from_nanos(1);
    let rows = batch(&[flow("192.0.2.1", "198.51.100.1", before), flow("192.0.2.1", "198.51.100.1", time(NOON))]);
    let after = enricher.enrich(&rows).expect("enriched");
    assert_eq!([cell(&after, 0, "src_net"), cell(&after, 1, "src_net")], ["old", "new"]);
    for minute in 0..1_100 {
        let name = format!("n{minute}");
        let at = time(NOON) + std::time::Duration::from_secs(60 * minute);
        enricher.control().define(at, Definitions::always(vec![entry("192.0.2.0/24", &name, &[])]).expect("good"));
    }
    assert_eq!(counter(&enricher, "minamo_enrich_dropped_total", "versions"), 1_101 - 1_000);
    let after = enricher.enrich(&rows).expect("enriched");
    assert_eq!(after, rows, "its version was forgotten, so nothing is known rather than something wrong");
    assert_eq!(counter(&enricher, "minamo_enrich_missed_total", "no_definitions"), 2);
}

#[test]
fn the_exporters_number_goes_before_the_databases_and_takes_no_foreign_name() {
    let mut enricher = Enricher::new(Settings::default(), Sources::new(Definitions::default(), places()));
    let mut told = flow("192.0.2.1", "198.51.100.1", time(NOON));
    told.exporter.get_or_insert_default().dst_as = Some(64999);
    told.exporter.get_or_insert_default().src_as = Some(65000);
    let mut same = told.clone();
    same.exporter.get_or_insert_default().dst_as = Some(64500);
    let mut unknown = told.clone();
    unknown.exporter.get_or_insert_default().dst_as = Some(0);
    let after = enricher.enrich(&batch(&[told, same, unknown])).expect("enriched");
    let column = |name: &str| (0..3).map(|row| cell(&after, row, name)).collect::<Vec<_>>().join("|");
    assert_eq!(column("dst_as"), "64999|64500|64500");
    assert_eq!(column("dst_as_org"), "|Example Networks and Telephones|Example Networks and Telephones");
    assert_eq!(column("src_as"), "65000|65000|65000");
    assert!(after.column_by_name("src_as_org").is_none());
}

#[test]
fn what_another_collector_told_stays_and_the_other_rows_get_ours() {
    let mut enricher = Enricher::new(Settings::default(), Sources::default());
    enricher.control().locate(places());
    let at = time("2024-03-24T10:00:00Z");
    let mut told = flow("198.51.100.7", "198.51.100.8", at);
    told.enrich.get_or_insert_default().src_country = Some("DE".into());
    let batch = batch(&[told, flow("198.51.100.7", "198.51.100.8", at)]);
    let after = enricher.enrich(&batch).expect("enriched");
    let [first, second] = [0, 1].map(|row| cell(&after, row, "src_country"));
    assert_eq!((first.as_str(), second.as_str()), ("DE", cell(&after, 0, "dst_country").as_str()));
    assert!(!second.is_empty() && second != "DE", "{second}");
}

#[test]
fn databases_change_without_a_new_enricher() {
    let mut enricher = Enricher::new(Settings::default(), Sources::default());
    let rows = batch(&[flow("192.0.2.1", "198.51.100.1", time(NOON))]);
    assert!(enricher.enrich(&rows).expect("enriched").column_by_name("dst_country").is_none());
    enricher.control().locate(places());
    assert_eq!(cell(&enricher.enrich(&rows).expect("enriched"), 0, "dst_country"), "JP");
    enricher.control().locate(vec![]);
    assert!(enricher.enrich(&rows).expect("enriched").column_by_name("dst_country").is_none());
}

#[test]
fn a_name_is_the_one_that_the_client_asked_for_and_else_the_last_one() {
    let mut enricher = Enricher::new(Settings::default(), Sources::default());
    let at = |secs| time(NOON) + std::time::Duration::from_secs(secs);
    enricher.observe_dns(&batch(&[
        answer("192.0.2.1", "shop.example", &["cdn.example", "198.51.100.1"], at(0)),
        answer("192.0.2.2", "news.example", &["198.51.100.1", "2001:db8::1"], at(10)),
        answer("192.0.2.9", "9.113.0.203.in-addr.arpa", &["nine.example"], at(10)),
    ]));
    let rows = batch(&[
        flow("192.0.2.1", "198.51.100.1", at(20)),
        flow("192.0.2.2", "198.51.100.1", at(20)),
        flow("192.0.2.3", "198.51.100.1", at(20)),
        flow("2001:db8::1", "192.0.2.2", at(20)),
        flow("192.0.2.1", "203.0.113.9", at(20)),
        flow("192.0.2.1", "203.0.113.10", at(20)),
    ]);
    let after = enricher.enrich(&rows).expect("enriched");
    let names: Vec<_> = (0..6).map(|row| cell(&after, row, "dst_name")).collect();
    assert_eq!(names, ["shop.example", "news.example", "news.example", "", "nine.example", ""]);
    assert_eq!(cell(&after, 3, "src_name"), "news.example");
    assert_eq!(counter(&enricher, "minamo_enrich_names_learned_total", ""), 4);
}

#[test]
fn a_name_counts_from_its_answer_on_and_not_for_ever() {
    let mut enricher = Enricher::new(Settings::default(), Sources::default());
    let name = |enricher: &mut Enricher, secs: i64| {
        let start = Time(time(NOON).0 + secs * 1_000_000_000);
        cell(&enricher.enrich(&batch(&[flow("192.0.2.1", "198.51.100.1", start)])).expect("enriched"), 0, "dst_name")
    };
    let mut old = answer("192.0.2.1", "a.example", &["198.51.100.1"], time(NOON));
    old.dns.as_mut().expect("dns").ttl_secs = Some(7_200);
    enricher.observe_dns(&batch(&[old.clone()]));
    assert_eq!(name(&mut enricher, -60), "", "it was not known yet");
    assert_eq!(name(&mut enricher, 0), "a.example");
    assert_eq!(name(&mut enricher, 7_199), "a.example");
    assert_eq!(name(&mut enricher, 7_200), "", "its time to live is over");
    let hour = std::time::Duration::from_secs(3_600);
    enricher.observe_dns(&batch(&[answer("192.0.2.1", "b.example", &["198.51.100.1"], time(NOON) + hour), old]));
    assert_eq!(name(&mut enricher, 3_700), "b.example", "an answer that arrives late does not go before a later one");
    assert_eq!(name(&mut enricher, 4_199), "b.example", "short times to live are stretched to ten minutes");
    assert_eq!(name(&mut enricher, 4_200), "");
}

#[test]
fn an_answer_in_the_same_batch_counts_and_odd_ones_do_not() {
    let mut enricher = Enricher::new(Settings::default(), Sources::default());
    let mut text = answer("192.0.2.1", "txt.example", &["203.0.113.1"], time(NOON));
    text.dns.as_mut().expect("dns").qtype = Some("TXT".into());
    let rows = batch(&[
        flow("192.0.2.1", "198.51.100.1", time(NOON)),
        flow("192.0.2.1", "203.0.113.1", time(NOON)),
        answer("192.0.2.1", "a.example", &["198.51.100.1"], time(NOON)),
        answer("192.0.2.1", "", &["203.0.113.1"], time(NOON)),
        text,
    ]);
    let after = enricher.enrich(&rows).expect("enriched");
    assert_eq!([cell(&after, 0, "dst_name"), cell(&after, 1, "dst_name")], ["a.example", ""]);
    assert_eq!(counter(&enricher, "minamo_enrich_names_dropped_total", "unusable"), 1);
    let off = Settings { dns_names: false, ..Settings::default() };
    let after = Enricher::new(off, Sources::default()).enrich(&rows).expect("enriched");
    assert!(after.column_by_name("dst_name").is_none());
}

#[test]
fn names_are_bounded_and_what_goes_is_counted() {
    let settings = Settings { dns_names_max: 100, ..Settings::default() };
    let mut enricher = Enricher::new(settings, Sources::default());
    for n in 0..1_000_u32 {
        let address = format!("198.51.{}.{}", n / 250, n % 250);
        enricher.observe_dns(&batch(&[answer("192.0.2.1", "a.example", &[&address], time(NOON))]));
    }
    let held = counter(&enricher, "minamo_enrich_names_held", "");
    assert!(held <= 100, "{held}");
    assert_eq!(counter(&enricher, "minamo_enrich_names_dropped_total", "evicted"), 2_000 - held);
}

#[test]
fn a_batch_without_addresses_is_an_error_that_names_the_column() {
    let rows = batch(&[flow("192.0.2.1", "198.51.100.1", time(NOON))]);
    let mut enricher = Enricher::new(Settings::default(), Sources::default());
    for name in ["src_ip", "dst_ip", "time_start"] {
        let keep: Vec<_> = (0..rows.num_columns()).filter(|at| rows.schema_ref().field(*at).name() != name).collect();
        let error = enricher.enrich(&rows.project(&keep).expect("fewer columns")).expect_err(name).to_string();
        assert_eq!(
            error,
            format!("column {name} is missing or has another type, want it as the table of flows has it")
        );
    }
    assert_eq!(counter(&enricher, "minamo_enrich_passed_rows_total", "columns"), 3);
}

#[test]
fn own_addresses_are_those_that_the_networks_call_so_then_and_private_ones() {
    let local = |text: &str, local| Entry { local: Some(local), ..entry(text, "office", &[]) };
    let mut definitions =
        Definitions::always(vec![local("192.0.2.0/24", true), local("10.9.0.0/16", false)]).expect("good");
    definitions.supersede(time(NOON), Definitions::always(vec![entry("192.0.2.0/24", "sold", &[])]).expect("good"));
    let sources = Sources::new(definitions, vec![]);
    let before = time(NOON) - std::time::Duration::from_secs(1);
    let own = |text: &str, at| sources.is_local(ip(text), at);
    assert_eq!(
        ["192.0.2.7", "10.9.0.1", "10.1.0.1", "198.51.100.1"].map(|text| own(text, before)),
        [true, false, true, false]
    );
    assert_eq!(["192.0.2.7", "10.9.0.1"].map(|text| own(text, time(NOON))), [false, true]);
    let none = Sources::new(Definitions::default(), vec![]);
    assert!(none.is_local(ip("10.0.0.1"), before) && !none.is_local(ip("192.0.2.7"), before));
}
