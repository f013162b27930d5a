// SPDX-License-Identifier: Apache-2.0
//! Requests and answers about exporters, and how they follow from what the collector knows.

use std::collections::BTreeMap;

use minamo_base::{Time, hex};
use minamo_collect::{ExporterView, Finding, Missing, OtherView};
use minamo_flowwire::{FieldView, SessionView, TemplateView};
use minamo_model::text_value;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Sample octets of a field that are told.
const MAX_SAMPLE: usize = 64;

/// The exporters that were seen.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterList {
    /// True where a collector runs.
    pub collecting: bool,
    /// Exporters by address.
    pub exporters: Vec<ExporterInfo>,
}

/// An exporter.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterInfo {
    /// Address.
    pub address: String,
    /// Name that the configuration gives it; empty without one.
    pub name: String,
    /// Place; empty without one.
    pub site: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// How it stands: `unknown` (taken, nobody said whether it should be), `allowed`, `waiting` (not taken until
    /// allowed), `refused` (unknown, and the configuration refuses those), `denied`.
    pub state: String,
    /// Formats with records, the most used first.
    pub formats: Vec<ExporterFormat>,
    /// Ways that it sends on: `udp`, `tcp`, `tls`.
    pub transports: Vec<String>,
    /// First arrival.
    pub first_seen: String,
    /// Last arrival.
    pub last_seen: String,
    /// Datagrams or messages.
    pub datagrams: u64,
    /// Records that became rows.
    pub records: u64,
    /// Records a second over the last minute.
    pub records_per_second: f64,
    /// Missing by sequence numbers, since the first arrival.
    pub lost: u64,
    /// Share of what was missing over the last 24 hours, from 0 to 1.
    pub lost_share: f64,
    /// Records or datagrams not taken because of its state or its rate.
    pub not_taken: u64,
    /// Quality from 0 to 100: of what was counted over the last 24 hours, and of what records looked like over the last
    /// five to ten minutes.
    pub score: u8,
    /// Why the quality is not 100, the heaviest reason first.
    pub reasons: Vec<ExporterReason>,
}

/// Records by format.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterFormat {
    /// Name, as the column `source` has it.
    pub name: String,
    /// Records.
    pub records: u64,
}

/// A reason, or something that is missing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterReason {
    /// Name, for programs.
    pub id: String,
    /// Points that it takes away; 0 for what is missing.
    pub points: u8,
    /// What it is and what to do, in English.
    pub text: String,
    /// The same in Japanese.
    pub text_ja: String,
}

/// An exporter with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterDetail {
    /// What the list has.
    pub exporter: ExporterInfo,
    /// What no record of it has, and what that costs.
    pub missing: Vec<ExporterReason>,
    /// Missing by domain, in the units of its format.
    pub gaps: Vec<ExporterGap>,
    /// Its clock against ours in milliseconds, positive where it is ahead.
    pub skew_millis: Option<i64>,
    /// Templates that came, the repeated ones too.
    pub templates_received: u64,
    /// Templates that came with other fields.
    pub templates_changed: u64,
    /// Sets of data whose template was not known when they came.
    pub without_template: u64,
    /// Those of them that were read when it came.
    pub replayed: u64,
    /// The last of what was wrong, with its offset; empty where nothing was.
    pub last_error: String,
    /// What the records of the last minutes were like.
    pub recent: ExporterRecent,
    /// Templates with a recent record.
    pub templates: Vec<ExporterTemplate>,
    /// Interfaces with names or counters.
    pub interfaces: Vec<ExporterInterface>,
    /// Counters of other things that it has.
    pub counters: Vec<ExporterCounters>,
    /// Name that the device gives itself, where it sends counters of itself.
    pub device_name: Option<String>,
    /// Load of its processor over five minutes, in percent.
    pub load_percent: Option<u32>,
    /// Octets of its memory that are in use.
    pub memory_used: Option<u64>,
    /// Octets of its memory.
    pub memory: Option<u64>,
    /// Sampling that it told of, in words: `sampler 1: 1 in 1000`.
    pub sampling: Vec<String>,
}

/// Gaps of a domain.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterGap {
    /// Format.
    pub format: String,
    /// Observation domain.
    pub domain: u32,
    /// Missing.
    pub lost: u64,
    /// What is counted: `records` or `messages`.
    pub unit: String,
}

/// Records of the last five to ten minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterRecent {
    /// Records.
    pub records: u64,
    /// Records without anything from the responder.
    pub one_sided: u64,
    /// Records that came twice.
    pub duplicates: u64,
    /// Seconds of the longest record.
    pub longest_secs: u32,
}

/// A template with a recent record.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterTemplate {
    /// Version in the header.
    pub version: u16,
    /// Observation domain.
    pub domain: u32,
    /// Source port that it came from; 0 where that is of no matter.
    pub port: u16,
    /// True where it was taken over from another port of the same exporter and domain.
    pub borrowed: bool,
    /// Number.
    pub id: u16,
    /// True for options.
    pub options: bool,
    /// When it was last sent or used.
    pub seen: String,
    /// Fields in order.
    pub fields: Vec<ExporterField>,
}

/// A field of a template.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterField {
    /// Enterprise number, 0 for IANA's elements; nothing for a scope type of NetFlow v9.
    pub enterprise: Option<u32>,
    /// Number of the element.
    pub element: u16,
    /// Its name, as the registries, the configuration or the exporter have it; empty where nobody knows it.
    pub name: String,
    /// Octets; nothing where they vary.
    pub length: Option<u16>,
    /// True for the scope of options.
    pub scope: bool,
    /// Column that it fills; empty where it decides how columns are filled, nothing where it has no place.
    pub column: Option<String>,
    /// Value of the recent record in that column.
    pub value: Option<String>,
    /// Its octets in hexadecimal digits, 64 octets at most.
    pub octets: Option<String>,
}

/// An interface of an exporter.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ExporterInterface {
    /// Index.
    pub index: u32,
    /// Short name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Bits a second; 0 where unknown.
    pub speed: u64,
    /// True where it shall be up; nothing where the exporter sends no counters, as all that follows.
    pub admin_up: Option<bool>,
    /// True where it is up.
    pub up: Option<bool>,
    /// Bits a second that came in, between the last two counters.
    pub in_bits_per_second: Option<u64>,
    /// Bits a second that went out.
    pub out_bits_per_second: Option<u64>,
    /// Packets with errors since the first counters, in and out.
    pub errors: Option<u64>,
    /// Packets that were discarded since the first counters, in and out.
    pub discards: Option<u64>,
    /// When the last counters came.
    pub counted: Option<String>,
}

/// Counters of a VLAN, a radio, a virtual machine, an optical module … (sFlow).
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterCounters {
    /// What they are of: `vlan`, `wlan`, `lag`, `optics`, `lane`, `radio`, `cpu`, `disk`, `network`, `hypervisor`, `vm_cpu`,
    /// `vm_memory`, `vm_disk`, `vm_network`.
    pub kind: String,
    /// Index of the interface or virtual machine.
    pub source: u32,
    /// Number of the VLAN, module or lane; 0 without one.
    pub number: u32,
    /// Name of the virtual machine; empty without one.
    pub name: String,
    /// The counters, as the structure of sFlow calls them.
    pub values: Vec<ExporterCounter>,
    /// When they came.
    pub counted: String,
}

/// A counter.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExporterCounter {
    /// Name.
    pub name: String,
    /// Value.
    pub value: i64,
}

/// A decision about an exporter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExporterDecision {
    /// `allow`, `deny`, or `undecided` to take a decision back.
    pub decision: String,
}

fn time(at: Time) -> String {
    at.to_string()
}

impl From<&ExporterView> for ExporterInfo {
    fn from(view: &ExporterView) -> Self {
        let known = view.known.clone().unwrap_or_default();
        let mut formats: Vec<_> = view
            .formats
            .iter()
            .map(|(name, records)| ExporterFormat { name: (*name).to_owned(), records: *records })
            .collect();
        formats.sort_by_key(|format| std::cmp::Reverse(format.records));
        Self {
            address: view.address.to_string(),
            name: known.name,
            site: known.site,
            tags: known.tags,
            state: view.standing.word().to_owned(),
            formats,
            transports: view.transports.iter().map(|word| (*word).to_owned()).collect(),
            first_seen: time(view.first_seen),
            last_seen: time(view.last_seen),
            datagrams: view.datagrams,
            records: view.records,
            records_per_second: (view.records_per_second * 10.0).round() / 10.0,
            lost: view.lost,
            lost_share: view.lately.lost_per_mille() as f64 / 1_000.0,
            not_taken: view.refused + view.over_rate,
            score: view.score,
            reasons: view.findings.iter().map(ExporterReason::from).collect(),
        }
    }
}

impl From<&Finding> for ExporterReason {
    fn from(finding: &Finding) -> Self {
        let (text, text_ja) = (finding.en.clone(), finding.ja.clone());
        Self { id: finding.id.to_owned(), points: finding.points, text, text_ja }
    }
}

impl From<&&Missing> for ExporterReason {
    fn from(missing: &&Missing) -> Self {
        let (text, text_ja) = (missing.en.to_owned(), missing.ja.to_owned());
        Self { id: missing.id.to_owned(), points: 0, text, text_ja }
    }
}

impl From<&ExporterView> for ExporterDetail {
    fn from(view: &ExporterView) -> Self {
        let sampling = |(what, rate): &(String, u32)| {
            if what.is_empty() { format!("1 in {rate}") } else { format!("{what}: 1 in {rate}") }
        };
        Self {
            exporter: view.into(),
            missing: view.missing.iter().map(ExporterReason::from).collect(),
            gaps: (view.domains.iter())
                .map(|gap| ExporterGap {
                    format: gap.format.to_owned(),
                    domain: gap.domain,
                    lost: gap.lost,
                    unit: gap.unit.to_owned(),
                })
                .collect(),
            skew_millis: view.skew_millis,
            templates_received: view.templates_received,
            templates_changed: view.redefined,
            without_template: view.without_template,
            replayed: view.replayed,
            last_error: view.last_error.clone(),
            recent: ExporterRecent {
                records: view.window.rows,
                one_sided: view.window.one_sided,
                duplicates: view.window.duplicates,
                longest_secs: view.window.longest_secs,
            },
            templates: view.sessions.iter().flat_map(templates).collect(),
            interfaces: interfaces(view),
            counters: view.others.iter().map(ExporterCounters::from).collect(),
            device_name: view.device.name.clone(),
            load_percent: view.device.load_percent[2].or(view.device.load_percent[1]),
            memory_used: view.device.memory.zip(view.device.memory_free).map(|(all, free)| all.saturating_sub(free)),
            memory: view.device.memory,
            sampling: view.sessions.iter().flat_map(|session| session.rates.iter().map(sampling)).collect(),
        }
    }
}

impl From<&OtherView> for ExporterCounters {
    fn from(view: &OtherView) -> Self {
        let OtherView { counters, seen } = view;
        let value = |(name, value): &(&str, i64)| ExporterCounter { name: (*name).to_owned(), value: *value };
        Self {
            kind: counters.kind.to_owned(),
            source: counters.source,
            number: counters.number,
            name: counters.name.clone().unwrap_or_default(),
            values: counters.values.iter().map(value).collect(),
            counted: time(*seen),
        }
    }
}

/// Interfaces by index: what options and the configuration call them, and what counters say of them.
fn interfaces(view: &ExporterView) -> Vec<ExporterInterface> {
    let mut all: BTreeMap<u32, ExporterInterface> = BTreeMap::new();
    for (index, interface) in view.sessions.iter().flat_map(|session| &session.taught.interfaces) {
        let one = all.entry(*index).or_default();
        one.name.clone_from(&interface.name);
        one.description.clone_from(&interface.description);
        one.speed = interface.speed;
    }
    for (index, counted) in &view.interfaces {
        let (one, counters) = (all.entry(*index).or_default(), &counted.counters);
        if one.speed == 0 {
            one.speed = counters.speed.unwrap_or(0);
        }
        (one.admin_up, one.up) = (counters.admin_up, counters.up);
        let [incoming, outgoing] = counted.bits_per_second.map_or([None, None], |pace| pace.map(Some));
        (one.in_bits_per_second, one.out_bits_per_second) = (incoming, outgoing);
        (one.errors, one.discards) = (Some(counted.errors), Some(counted.discards));
        one.counted = Some(time(counted.seen));
    }
    all.into_iter().map(|(index, one)| ExporterInterface { index, ..one }).collect()
}

fn templates(session: &SessionView) -> impl Iterator<Item = ExporterTemplate> {
    session.templates.iter().map(|template| ExporterTemplate {
        version: session.version,
        domain: session.domain,
        port: session.port,
        borrowed: template.borrowed,
        id: template.id,
        options: template.options,
        seen: time(template.seen),
        fields: template.fields.iter().map(|one| field(one, template)).collect(),
    })
}

fn field(field: &FieldView, template: &TemplateView) -> ExporterField {
    let value = template.columns.iter().find(|(name, _)| Some(*name) == field.column);
    ExporterField {
        enterprise: field.enterprise,
        element: field.element,
        name: field.name.clone(),
        length: field.length,
        scope: field.scope,
        column: field.column.map(str::to_owned),
        value: value.map(|(_, value)| text_value(value)),
        octets: field.sample.as_deref().map(|octets| hex(octets.get(..MAX_SAMPLE).unwrap_or(octets))),
    }
}
