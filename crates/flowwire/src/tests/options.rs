// SPDX-License-Identifier: Apache-2.0
//! What options data teaches: sampling rates, application names, the exporter's start.

use super::{ipfix, rows, v9, words};
use crate::Cache;

fn rate(flow: &minamo_model::Flow) -> Option<(u32, &str)> {
    let sampling = flow.sampling.as_deref()?;
    Some((sampling.rate?, sampling.origin.as_deref()?))
}

#[test]
fn a_sampler_told_once_holds_for_later_records() {
    let mut cache = Cache::default();
    // RFC 3954 §6.1: one scope field (system), then sampler, mode and interval.
    let options = words(&[257, 4, 12, 1, 4, 48, 1, 49, 1, 50, 4]);
    let told = [0, 0, 0, 0, 3, 2, 0, 0, 0, 100, 0, 0, 0, 0, 4, 2, 0, 0, 3, 232];
    let (_, report) = rows(&v9(&[(1, &options), (257, &told)]), &mut cache);
    assert_eq!((report.options, report.rows, report.skipped.len()), (2, 0, 0));
    let template = words(&[256, 2, 8, 4, 48, 1]);
    let data = [1, 1, 1, 1, 3, 2, 2, 2, 2, 4, 3, 3, 3, 3, 5];
    let (flows, _) = rows(&v9(&[(0, &template), (256, &data)]), &mut cache);
    let rates: Vec<_> = flows.iter().map(rate).collect();
    assert_eq!(rates, [Some((100, "options")), Some((1_000, "options")), None]);
}

#[test]
fn a_rate_of_the_record_goes_before_one_of_the_options() {
    let mut cache = Cache::default();
    let options = words(&[257, 4, 8, 1, 4, 34, 4, 35, 1]);
    rows(&v9(&[(1, &options), (257, &[0, 0, 0, 0, 0, 0, 0, 64, 1])]), &mut cache);
    let template = words(&[256, 2, 8, 4, 34, 4]);
    let (flows, _) = rows(&v9(&[(0, &template), (256, &[1, 1, 1, 1, 0, 0, 0, 16])]), &mut cache);
    assert_eq!(rate(&flows[0]), Some((16, "record")));
    let template = words(&[258, 1, 8, 4]);
    let (flows, _) = rows(&v9(&[(0, &template), (258, &[1, 1, 1, 1])]), &mut cache);
    assert_eq!(rate(&flows[0]), Some((64, "options")));
}

#[test]
fn application_numbers_get_their_names() {
    let mut cache = Cache::default();
    let options = words(&[257, 2, 1, 95, 4, 96, 65_535]);
    let told = [3, 0, 0, 53, 3, b'd', b'n', b's', 13, 0, 0, 1, 5, b's', b'k', b'y', b'p', b'e'];
    let (_, report) = rows(&ipfix(&[(3, &options), (257, &told)]), &mut cache);
    assert_eq!((report.options, report.skipped.len(), cache.applications()), (2, 0, 2));
    let template = words(&[256, 2, 8, 4, 95, 4]);
    let data = [1, 1, 1, 1, 13, 0, 0, 1, 2, 2, 2, 2, 9, 9, 9, 9];
    let (flows, _) = rows(&ipfix(&[(2, &template), (256, &data)]), &mut cache);
    assert_eq!((&*flows[0].core.app, &*flows[0].core.app_confidence), ("skype", "exporter"));
    assert_eq!((&*flows[1].core.app, &*flows[1].core.app_confidence), ("Unknown", "none"));
}

#[test]
fn an_uptime_counts_from_the_start_that_the_options_told() {
    let mut cache = Cache::default();
    let options = words(&[257, 2, 1, 149, 4, 160, 8]);
    rows(&ipfix(&[(3, &options), (257, &[0, 0, 0, 7, 0, 0, 1, 0x8e, 0x6f, 0xa3, 0xf5, 0x80])]), &mut cache);
    let template = words(&[256, 3, 8, 4, 22, 4, 21, 4]);
    let (flows, _) = rows(&ipfix(&[(2, &template), (256, &[1, 1, 1, 1, 0, 0, 0, 5, 0, 0, 0, 9])]), &mut cache);
    assert_eq!(
        (flows[0].core.time_start.millis(), flows[0].core.time_end.millis()),
        (1_711_270_000_005, 1_711_270_000_009)
    );
}

#[test]
fn data_that_comes_before_its_template_is_read_when_that_comes() {
    let mut cache = Cache::default();
    let template = words(&[256, 2, 8, 4, 1, 4]);
    let (early, report) = rows(&v9(&[(256, &[192, 0, 2, 1, 0, 0, 0, 9])]), &mut cache);
    assert_eq!((early.len(), report.parked, report.skipped.len()), (0, 1, 0));
    let (flows, report) = rows(&v9(&[(0, &template), (256, &[192, 0, 2, 2, 0, 0, 0, 8])]), &mut cache);
    assert_eq!((report.rows, report.replayed, cache.parking().octets), (2, 1, 0));
    assert_eq!(flows.iter().map(|flow| flow.core.src_bytes).collect::<Vec<_>>(), [9, 8]);
}

#[test]
fn data_of_an_options_template_waits_too() {
    let mut cache = Cache::default();
    rows(&ipfix(&[(300, &[0, 0, 0, 7, 0, 0, 0, 50])]), &mut cache);
    let options = words(&[300, 2, 1, 149, 4, 305, 4]);
    assert_eq!(rows(&ipfix(&[(3, &options)]), &mut cache).1.options, 1);
    let template = words(&[256, 1, 8, 4]);
    let (flows, _) = rows(&ipfix(&[(2, &template), (256, &[192, 0, 2, 1])]), &mut cache);
    assert_eq!(flows[0].sampling.as_ref().and_then(|sampling| sampling.rate), Some(50));
}

#[test]
fn the_configuration_gives_a_rate_where_the_exporter_tells_none() {
    let mut cache = Cache::default();
    cache.set_rates([(minamo_base::Ip::v4(super::EXPORTER), 1_000)].into());
    let template = words(&[256, 1, 8, 4]);
    let (flows, _) = rows(&v9(&[(0, &template), (256, &[192, 0, 2, 1])]), &mut cache);
    let sampling = flows[0].sampling.as_deref().expect("a rate");
    assert_eq!((sampling.rate, sampling.origin.as_deref()), (Some(1_000), Some("configuration")));
}
