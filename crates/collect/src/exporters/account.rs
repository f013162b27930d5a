// SPDX-License-Identifier: Apache-2.0
//! The account of an exporter as a line of JSON and back, so that it survives a restart. Members that a version does
//! not know are ignored, and those that it misses are zero.

use minamo_base::{Ip, Time};
use minamo_flowwire::FORMATS;
use serde::{Deserialize, Serialize};

use super::day::Day;
use super::exporter::{DomainView, Exporter, ExporterView, MAX_DOMAINS, MAX_ERROR, MAX_FORMATS};
use super::window::Moving;

/// Ways that exporters send on.
const TRANSPORTS: [&str; 3] = ["udp", "tcp", "tls"];

/// What is kept of an exporter.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Account {
    address: String,
    transports: Vec<String>,
    first_seen: i64,
    last_seen: i64,
    formats: Vec<(String, u64)>,
    datagrams: u64,
    octets: u64,
    records: u64,
    options: u64,
    templates_received: u64,
    redefined: u64,
    lost: u64,
    lost_records: u64,
    domains: Vec<(String, u32, u64, bool)>,
    without_template: u64,
    replayed: u64,
    malformed: u64,
    unknown_version: u64,
    last_error: String,
    refused: u64,
    over_rate: u64,
    skew: Option<i64>,
    day: Day,
    window: Moving,
}

/// An exporter as a line.
pub(crate) fn line(exporter: &Exporter) -> Option<String> {
    let (view, skew, day, window) = exporter.parts();
    let account = Account {
        address: view.address.to_string(),
        transports: view.transports.iter().map(ToString::to_string).collect(),
        first_seen: view.first_seen.0,
        last_seen: view.last_seen.0,
        formats: view.formats.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        datagrams: view.datagrams,
        octets: view.octets,
        records: view.records,
        options: view.options,
        templates_received: view.templates_received,
        redefined: view.redefined,
        lost: view.lost,
        lost_records: view.lost_records,
        domains: (view.domains.iter())
            .map(|one| (one.format.to_owned(), one.domain, one.lost, one.unit == "messages"))
            .collect(),
        without_template: view.without_template,
        replayed: view.replayed,
        malformed: view.malformed,
        unknown_version: view.unknown_version,
        last_error: view.last_error.clone(),
        refused: view.refused,
        over_rate: view.over_rate,
        skew,
        day: day.clone(),
        window: window.clone(),
    };
    serde_json::to_string(&account).ok()
}

/// The exporter of a line. The error says what was wrong with it.
pub(crate) fn read(line: &str) -> Result<Exporter, String> {
    let account: Account = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let address: Ip = account.address.parse().map_err(|_| format!("address: got {:?}", account.address))?;
    let known = |name: &str| FORMATS.iter().map(|format| format.name).find(|known| *known == name);
    let transport = |word: &String| TRANSPORTS.into_iter().find(|known| known == word);
    let domain = |(format, domain, lost, messages): &(String, u32, u64, bool)| {
        let unit = if *messages { "messages" } else { "records" };
        Some(DomainView { format: known(format)?, domain: *domain, lost: *lost, unit })
    };
    let view = ExporterView {
        address,
        transports: account.transports.iter().filter_map(transport).collect(),
        first_seen: Time(account.first_seen),
        last_seen: Time(account.last_seen),
        formats: (account.formats.iter())
            .filter_map(|(name, count)| Some((known(name)?, *count)))
            .take(MAX_FORMATS)
            .collect(),
        datagrams: account.datagrams,
        octets: account.octets,
        records: account.records,
        options: account.options,
        templates_received: account.templates_received,
        redefined: account.redefined,
        lost: account.lost,
        lost_records: account.lost_records,
        domains: account.domains.iter().filter_map(domain).take(MAX_DOMAINS).collect(),
        without_template: account.without_template,
        replayed: account.replayed,
        malformed: account.malformed,
        unknown_version: account.unknown_version,
        last_error: account.last_error.chars().take(MAX_ERROR).collect(),
        refused: account.refused,
        over_rate: account.over_rate,
        ..ExporterView::default()
    };
    Ok(Exporter::restored(view, account.skew, account.day, account.window))
}

#[cfg(test)]
mod tests {
    use minamo_flowwire::{Report, Skipped};
    use minamo_model::Flow;

    use super::*;
    use crate::exporters::inventory::Recent;

    #[test]
    fn an_account_survives_as_a_line() {
        let now = Time::from_secs_nanos(1_790_000_000, 0);
        let mut exporter = Exporter::new(Ip::v4([192, 0, 2, 1]), now);
        exporter.arrive("udp", 400, now);
        exporter.row(&Flow::default(), now, &mut Recent::default());
        let skipped = vec![Skipped::UnknownVersion(3)];
        let report = Report { format: "netflow9", rows: 1, lost: 7, exported: Some(now), skipped, ..Report::default() };
        exporter.report(&report, now);
        let saved = line(&exporter).expect("JSON");
        let again = read(&saved).expect("our own line");
        assert_eq!(line(&again).as_deref(), Some(saved.as_str()));
        let view = |of: &Exporter| of.view(now, None, minamo_flowwire::Summary::default(), Vec::new());
        let (before, after) = (view(&exporter), view(&again));
        assert_eq!((after.records, after.lost, after.first_seen), (1, 7, now));
        assert_eq!((before.findings, before.score, before.window), (after.findings, after.score, after.window));
    }

    #[test]
    fn lines_of_other_versions_are_read_and_others_refused() {
        let exporter = read(r#"{"address":"::1","colour":7,"transports":["udp","pigeon"],"formats":[["netflow8",4]]}"#);
        let (view, ..) = exporter.as_ref().map(Exporter::parts).expect("a line");
        assert_eq!((view.transports.as_slice(), view.formats.len()), (&["udp"][..], 0));
        assert!(read("{").is_err());
        assert_eq!(read("{}").err().as_deref(), Some("address: got \"\""));
    }
}
