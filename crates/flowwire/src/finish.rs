// SPDX-License-Identifier: Apache-2.0
//! From what a record said to a complete row: times, ICMP, direction, sampling, application, end reason,
//! exporter; and from an options record to what is remembered.

use std::borrow::Cow;

use minamo_base::{Ip, Time};
use minamo_model::Flow;

use crate::cache::{Learned, Limits, Sampled};
use crate::clock;
use crate::extra;
use crate::measure::{Measure, Measures};
use crate::own::EXAMPLE_ENTERPRISE;
use crate::record::{self, Tally};
use crate::registry::{Type, known};

/// A tenth of a second.
const TENTH: i64 = 100_000_000;
/// Longest application name that is remembered, in octets.
const MAX_NAME: usize = 128;
/// Most elements that a session may describe.
const MAX_ELEMENTS: usize = 1_024;
/// Longest name of such an element, in characters.
const MAX_ELEMENT_NAME: usize = 64;

/// What the header of a datagram says of all its records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// Value of the column `source`.
    pub(crate) source: &'static str,
    pub(crate) exporter: Ip,
    pub(crate) domain: u32,
    pub(crate) received: Time,
    /// Time of export by the exporter's clock.
    pub(crate) exported: Time,
    /// Milliseconds since the exporter started, where the header has them.
    pub(crate) uptime: Option<u32>,
    /// Sampling rate, where the header has one.
    pub(crate) rate: Option<u32>,
}

/// Completes a row of which the record's own columns are set.
pub(crate) fn row(flow: &mut Flow, measures: &Measures, header: &Header, learned: &Learned) {
    icmp(flow, measures);
    times(flow, measures, header, learned.boot);
    clock::check(flow, measures, header);
    direction(flow, measures);
    sampling(flow, measures, header, learned);
    application(flow, measures, learned);
    end_reason(flow, measures);
    decisions(flow, measures);
    let exporter = flow.exporter.get_or_insert_default();
    // A collector that hands records on tells whose they are (IANA, "exporterIPv4Address").
    exporter.ip = exporter.ip.filter(|ip| !is_nobody(*ip)).or(Some(header.exporter));
    exporter.domain.get_or_insert(header.domain);
    flow.core.source = header.source.into();
    flow.core.time_received = Some(arrival(header.received));
    flow.core.orientation.get_or_insert(ORIENTATION.into());
}

/// True for the addresses that stand for none.
fn is_nobody(ip: Ip) -> bool {
    ip == Ip::default() || ip.as_v4() == Some([0; 4])
}

/// What the column `orientation` says of every exporter's rows.
pub(crate) const ORIENTATION: &str = "exporter";
/// Application of a row that nobody named.
pub(crate) const UNKNOWN: &str = "Unknown";
/// How sure that is.
pub(crate) const NOT_SURE: &str = "none";

/// Keeps what a record of options data tells. False where there was no room.
pub(crate) fn learn(
    flow: &Flow,
    measures: &Measures,
    learned: &mut Learned,
    applications: &mut usize,
    limits: &Limits,
    learnt: &mut Vec<(u32, u16)>,
) -> bool {
    if let Some(millis) = measures.nonzero(Measure::BootMillis) {
        learned.boot = i64::try_from(millis).ok().map(Time::from_millis);
    }
    let mut room = true;
    if let Some(rate) = rate(measures) {
        let what = match (measures.get(Measure::Selector), measures.get(Measure::ScopeInterface)) {
            (Some(id), _) => Sampled::Selector(id),
            (None, Some(id)) => Sampled::Interface(id),
            (None, None) => Sampled::All,
        };
        room = learned.learn_rate(what, rate, limits.samplers);
    }
    room &= element(flow, measures, learned, applications, limits, learnt);
    if let Some(number) = measures.get(Measure::Application)
        && !flow.core.app.is_empty()
    {
        let name = || flow.core.app.chars().take(MAX_NAME).collect::<String>().into_boxed_str();
        if let Some(known) = learned.applications.get_mut(&number) {
            if **known != *flow.core.app {
                *known = name();
                learned.changed = true;
            }
        } else if learned.applications.len() < limits.applications && *applications < limits.all_applications {
            learned.applications.insert(number, name());
            learned.changed = true;
            *applications += 1;
        } else {
            room = false;
        }
    }
    room
}

/// Keeps what a record says of an element: enterprise, number, type and name (RFC 5610 §3). Those that a registry or
/// the configuration knows need no word of the exporter. False where there was no room.
fn element(
    flow: &Flow,
    measures: &Measures,
    learned: &mut Learned,
    applications: &mut usize,
    limits: &Limits,
    learnt: &mut Vec<(u32, u16)>,
) -> bool {
    let number = |measure| measures.get(measure);
    let pen = number(Measure::ElementPen).and_then(|pen| u32::try_from(pen).ok());
    let id = number(Measure::ElementId).and_then(|id| u16::try_from(id & 0x7fff).ok());
    let kind = number(Measure::ElementType).and_then(Type::numbered);
    let (Some(pen), Some(id), Some(kind)) = (pen, id, kind) else { return true };
    let extra = flow.extra.as_deref().and_then(|group| group.extra.as_deref()).unwrap_or_default();
    let Some(name) = extra.iter().find_map(|entry| entry.strip_prefix("informationElementName=")) else { return true };
    // The name stands before `=` in `extra`.
    let name: String = name.chars().filter(|c| *c != '=' && !c.is_control()).take(MAX_ELEMENT_NAME).collect();
    // Elements under the number for examples are whose the exporter says they are.
    let registered = match known(pen, id) {
        Some((known, _)) => pen != EXAMPLE_ENTERPRISE || *known == *name && !learned.elements.contains_key(&(pen, id)),
        None => false,
    };
    if pen == 0 || name.is_empty() || registered {
        return true;
    }
    let entry = (name.into_boxed_str(), kind);
    if learned.elements.get(&(pen, id)).is_some_and(|old| *old == entry) {
        return true;
    }
    let new = !learned.elements.contains_key(&(pen, id));
    if new && (learned.elements.len() >= MAX_ELEMENTS || *applications >= limits.all_applications) {
        return false;
    }
    *applications += usize::from(new);
    learned.elements.insert((pen, id), entry);
    learnt.push((pen, id));
    true
}

/// Numbers that are words in the row: what became of the packets, of the translation, at the firewall; and the octet of
/// service where the record has its upper six bits only.
fn decisions(flow: &mut Flow, measures: &Measures) {
    if let Some(status) = measures.get(Measure::ForwardingStatus) {
        let group = flow.forwarding.get_or_insert_default();
        let (word, reason) = forwarding(status);
        group.status = FORWARDING.get(word).map(|word| (*word).into());
        group.reason = Some(reason);
    }
    if let Some(event) = measures.get(Measure::FirewallEvent) {
        flow.firewall.get_or_insert_default().event = Some(named(&FIREWALL_EVENTS, event));
    }
    if let Some(event) = measures.get(Measure::NatEvent) {
        flow.nat.get_or_insert_default().event = Some(named(&NAT_EVENTS, event));
    }
    if let Some(dscp) = measures.get(Measure::Dscp).and_then(|dscp| u8::try_from(dscp).ok()).filter(|dscp| *dscp < 64) {
        flow.net.get_or_insert_default().src_tos.get_or_insert(dscp << 2);
    }
    if let Some(word) = measures.get(Measure::Direction).and_then(way).and_then(|way| WAYS.get(way)) {
        flow.exporter.get_or_insert_default().direction = Some((*word).into());
    }
}

/// IANA, "forwardingStatus": RFC 7270 §4.12.
pub(crate) const FORWARDING: [&str; 4] = ["unknown", "forwarded", "dropped", "consumed"];

/// Number of the word and reason of a forwarding status. RFC 7270 §4.12: two bits of status and six of reason; in
/// fields of four octets these are the lowest ones.
pub(crate) fn forwarding(status: u64) -> (usize, u32) {
    (usize::from((status >> 6 & 3) as u8), u32::from((status & 0x3f) as u8))
}

/// Words for the direction at an interface.
pub(crate) const WAYS: [&str; 2] = ["ingress", "egress"];

/// Number of the word of a direction.
pub(crate) fn way(direction: u64) -> Option<usize> {
    usize::try_from(direction).ok().filter(|way| *way < WAYS.len())
}

/// IANA, "firewallEvent": RFC 8158 and Cisco NSEL.
pub(crate) const FIREWALL_EVENTS: [&str; 6] = ["ignored", "created", "deleted", "denied", "alert", "updated"];

/// IANA, "natEvent": RFC 8158 §5.
pub(crate) const NAT_EVENTS: [&str; 19] = [
    "reserved",
    "create",
    "delete",
    "pool_exhausted",
    "session44_create",
    "session44_delete",
    "session64_create",
    "session64_delete",
    "bib44_create",
    "bib44_delete",
    "bib64_create",
    "bib64_delete",
    "ports_exhausted",
    "quota_exceeded",
    "address_binding_create",
    "address_binding_delete",
    "port_block_allocate",
    "port_block_release",
    "threshold_reached",
];

fn named(words: &[&'static str], number: u64) -> Cow<'static, str> {
    match usize::try_from(number).ok().and_then(|at| words.get(at)) {
        Some(word) => (*word).into(),
        None => number.to_string().into(),
    }
}

/// Type and code have columns of their own. Where no element tells them, the destination port does, as
/// type × 256 + code: so NetFlow carries them.
fn icmp(flow: &mut Flow, measures: &Measures) {
    if !matches!(flow.core.proto, 1 | 58) {
        return;
    }
    let told = flow.icmp.as_deref().is_some_and(|icmp| icmp.kind.is_some());
    let message = message(measures.get(Measure::IcmpTypeCode), (flow.core.src_port, flow.core.dst_port));
    (flow.core.src_port, flow.core.dst_port) = (0, 0);
    if let Some([kind, code]) = message.filter(|_| !told) {
        let icmp = flow.icmp.get_or_insert_default();
        (icmp.kind, icmp.code) = (Some(kind), Some(code));
    }
}

/// Type and code of ICMP, from the element of both or from source and destination port.
pub(crate) fn message(both: Option<u64>, ports: (u16, u16)) -> Option<[u8; 2]> {
    let both = both.and_then(|value| u16::try_from(value).ok());
    let port = (ports.0 == 0 && ports.1 != 0).then_some(ports.1);
    both.or(port).map(u16::to_be_bytes)
}

fn times(flow: &mut Flow, measures: &Measures, header: &Header, boot: Option<Time>) {
    let core = &mut flow.core;
    (core.time_start, core.time_end) =
        span((core.time_start, core.time_end), |measure| measures.get(measure), header, boot);
}

/// First and last instant of a flow: as told, where the columns have them (0 where not), else from the measures.
#[inline]
pub(crate) fn span(
    told: (Time, Time),
    get: impl Fn(Measure) -> Option<u64>,
    header: &Header,
    boot: Option<Time>,
) -> (Time, Time) {
    let nonzero = |measure| get(measure).filter(|value| *value != 0);
    let boot = nonzero(Measure::BootMillis).and_then(|v| i64::try_from(v).ok()).map(Time::from_millis).or(boot);
    let (start_at, end_at) = (get(Measure::StartUptime), get(Measure::EndUptime));
    let before = |measure| get(measure).map(|v| later(header.exported, v, -1_000));
    let given = |time: Time| (time != Time(0)).then_some(time);
    let start = given(told.0)
        .or_else(|| uptime(start_at?, header, boot, end_at))
        .or_else(|| before(Measure::StartBeforeExport));
    let end =
        given(told.1).or_else(|| uptime(end_at?, header, boot, end_at)).or_else(|| before(Measure::EndBeforeExport));
    let millis = get(Measure::DurationMillis).map(|v| later(Time(0), v, 1_000_000).0);
    let length = get(Measure::DurationMicros).map(|v| later(Time(0), v, 1_000).0).or(millis).unwrap_or(0);
    let observed = || {
        let millis = nonzero(Measure::ObservedMillis).map(|v| later(Time(0), v, 1_000_000));
        millis.or_else(|| nonzero(Measure::ObservedSecs).map(|v| later(Time(0), v, 1_000_000_000)))
    };
    match (start, end) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) => (start, Time(start.0.saturating_add(length))),
        (None, end) => {
            let end = end.or_else(observed).unwrap_or(header.exported);
            (Time(end.0.saturating_sub(length)), end)
        }
    }
}

/// `time` moved by `count` units of so many nanoseconds.
fn later(time: Time, count: u64, unit: i64) -> Time {
    Time(time.0.saturating_add(i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(unit)))
}

/// An uptime as an instant. The header's clock counts where it is there: the 32-bit count wraps after 49.7
/// days, and the difference to the header's does not. Else the exporter's start, as it told it. Else the
/// flow ended when it was exported.
#[inline]
fn uptime(millis: u64, header: &Header, boot: Option<Time>, end: Option<u64>) -> Option<Time> {
    if let Some(now) = header.uptime {
        let age = now.wrapping_sub(u32::try_from(millis).ok()?).cast_signed();
        return Some(Time(header.exported.0.saturating_sub(i64::from(age) * 1_000_000)));
    }
    if let Some(boot) = boot {
        return Some(later(boot, millis, 1_000_000));
    }
    let age = u32::try_from(end?).ok()?.wrapping_sub(u32::try_from(millis).ok()?).cast_signed();
    Some(Time(header.exported.0.saturating_sub(i64::from(age).saturating_mul(1_000_000))))
}

/// On the way out some exporters count in the "out" elements only; these are then the source's. A record
/// whose source is the responder is turned round (RFC 5103 §6.3).
fn direction(flow: &mut Flow, measures: &Measures) {
    let core = &mut flow.core;
    if measures.get(Measure::Direction) == Some(1) && core.src_bytes == 0 && core.src_packets == 0 {
        std::mem::swap(&mut core.src_bytes, &mut core.dst_bytes);
        std::mem::swap(&mut core.src_packets, &mut core.dst_packets);
    }
    if measures.get(Measure::BiflowDirection) == Some(2) {
        flow.turn();
    }
}

/// One in how many, from an interval and its gap (RFC 5477 §8.2) or from n out of N.
fn rate(measures: &Measures) -> Option<u32> {
    rate_of(|measure| measures.get(measure))
}

/// The same, of measures by their names.
pub(crate) fn rate_of(get: impl Fn(Measure) -> Option<u64>) -> Option<u32> {
    let nonzero = |measure| get(measure).filter(|value| *value != 0);
    if let (Some(size), Some(population)) = (nonzero(Measure::SampleSize), nonzero(Measure::Population)) {
        return u32::try_from(population / size).ok().filter(|rate| *rate > 0);
    }
    let interval = nonzero(Measure::Rate)?;
    let rate = match get(Measure::Space) {
        Some(space) => interval.saturating_add(space) / interval,
        None => interval,
    };
    u32::try_from(rate).ok()
}

fn sampling(flow: &mut Flow, measures: &Measures, header: &Header, learned: &Learned) {
    let interface = flow.exporter.as_deref().and_then(|exporter| exporter.in_if).map(u64::from);
    let found = sampled(rate(measures), measures.get(Measure::Selector), interface, header, learned);
    if let Some((rate, origin)) = found {
        let sampling = flow.sampling.get_or_insert_default();
        sampling.rate = Some(rate);
        let origin = ORIGINS.get(origin).map(|origin| (*origin).into());
        sampling.origin = sampling.origin.take().or(origin);
    }
}

/// Words for where a sampling rate came from.
pub(crate) const ORIGINS: [&str; 4] = ["record", "options", "header", "configuration"];

/// The sampling rate of a record and the number of the word for where it came from: the record's own, of what options
/// told for its selector or interface, of the header, of the configuration.
pub(crate) fn sampled(
    own: Option<u32>,
    selector: Option<u64>,
    interface: Option<u64>,
    header: &Header,
    learned: &Learned,
) -> Option<(u32, usize)> {
    let known = own.map(|rate| (rate, 0)).or_else(|| learned.rate(selector, interface).map(|rate| (rate, 1)));
    known.or(header.rate.map(|rate| (rate, 2))).or(learned.configured.map(|rate| (rate, 3)))
}

fn application(flow: &mut Flow, measures: &Measures, learned: &Learned) {
    let core = &mut flow.core;
    if core.app.is_empty()
        && let Some(number) = measures.get(Measure::Application)
    {
        match learned.applications.get(&number) {
            Some(name) => core.app = name.to_string().into(),
            // 0 is "not classified" with every engine.
            None => {
                if let Some((engine, selector)) = record::application(number).filter(|(_, selector)| *selector != 0) {
                    let shown = format!("{engine}:{selector}");
                    extra::push(flow, "applicationId", &shown, &mut Tally::default());
                }
            }
        }
    }
    let core = &mut flow.core;
    let told = !core.app.is_empty() && !core.app.eq_ignore_ascii_case("unknown");
    if !told {
        core.app = UNKNOWN.into();
    }
    if core.app_confidence.is_empty() {
        core.app_confidence = if told { "exporter" } else { NOT_SURE }.into();
    }
}

/// flowEndReason (element 136). "End of flow" is what TCP's flags say it was; other protocols have no end.
fn end_reason(flow: &mut Flow, measures: &Measures) {
    let Some(reason) = measures.get(Measure::EndReason) else { return };
    let flags = flow.tcp.as_deref().map_or(0, |tcp| tcp.src_flags.unwrap_or(0) | tcp.dst_flags.unwrap_or(0));
    if let Some(word) = ended(reason, flow.core.proto, flags).and_then(|word| ENDS.get(word)) {
        flow.core.end_reason = Some((*word).into());
    }
}

/// Words for why a row ended.
pub(crate) const ENDS: [&str; 6] = ["idle", "active", "tcp_fin", "tcp_rst", "end_of_input", "evicted"];

/// Number of the word for an end reason; nothing where it has none.
pub(crate) fn ended(reason: u64, proto: u8, flags: u8) -> Option<usize> {
    match reason {
        1 => Some(0),
        2 => Some(1),
        3 if proto == 6 => Some(if flags & 0x04 == 0 { 2 } else { 3 }),
        4 => Some(4),
        5 => Some(5),
        _ => None,
    }
}

/// Arrival, as rows have it: more digits tell nothing of a record that waited for seconds, and would be its largest
/// column on disk.
pub(crate) fn arrival(received: Time) -> Time {
    Time(received.0.div_euclid(TENTH) * TENTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            source: "netflow9",
            exporter: Ip::v4([192, 0, 2, 9]),
            domain: 3,
            received: Time::from_millis(2_000_000),
            exported: Time::from_millis(1_000_000),
            uptime: Some(5_000),
            rate: None,
        }
    }

    fn measured(list: &[(Measure, u64)]) -> Measures {
        let mut measures = Measures::default();
        list.iter().for_each(|(measure, value)| measures.set(*measure, *value));
        measures
    }

    fn timed(list: &[(Measure, u64)], header: &Header, boot: Option<Time>) -> (i64, i64) {
        let mut flow = Flow::default();
        times(&mut flow, &measured(list), header, boot);
        (flow.core.time_start.millis(), flow.core.time_end.millis())
    }

    #[test]
    fn times_come_from_the_best_clock_there_is() {
        let both = [(Measure::StartUptime, 1_000), (Measure::EndUptime, 4_000)];
        assert_eq!(timed(&both, &header(), None), (996_000, 999_000));
        let wrapped = [(Measure::StartUptime, u64::from(u32::MAX)), (Measure::EndUptime, 4_000)];
        assert_eq!(timed(&wrapped, &header(), None), (994_999, 999_000), "the uptime passed 2^32 on the way");
        let no_uptime = Header { uptime: None, ..header() };
        assert_eq!(timed(&both, &no_uptime, Some(Time::from_millis(7))), (1_007, 4_007));
        assert_eq!(timed(&both, &no_uptime, None), (997_000, 1_000_000));
        assert_eq!(timed(&[(Measure::DurationMillis, 250)], &header(), None), (999_750, 1_000_000));
        assert_eq!(timed(&[(Measure::ObservedMillis, 42)], &header(), None), (42, 42));
        let before = [(Measure::StartBeforeExport, 3_000), (Measure::EndBeforeExport, 1_000)];
        assert_eq!(timed(&before, &header(), None), (999_997, 999_999));
    }

    #[test]
    fn icmp_type_and_code_have_their_columns() {
        for (list, port, want) in [
            (&[(Measure::IcmpTypeCode, 0x0301)][..], 0, Some((Some(3), Some(1)))),
            (&[], 0x0b01, Some((Some(11), Some(1)))),
            (&[], 0, None),
        ] {
            let mut flow = Flow::default();
            (flow.core.proto, flow.core.dst_port) = (1, port);
            icmp(&mut flow, &measured(list));
            assert_eq!((flow.core.src_port, flow.core.dst_port), (0, 0));
            assert_eq!(flow.icmp.map(|icmp| (icmp.kind, icmp.code)), want);
        }
    }

    #[test]
    fn sampling_rates_are_one_in_so_many() {
        assert_eq!(rate(&measured(&[(Measure::Rate, 1), (Measure::Space, 999)])), Some(1_000));
        assert_eq!(rate(&measured(&[(Measure::Rate, 512)])), Some(512));
        assert_eq!(rate(&measured(&[(Measure::SampleSize, 2), (Measure::Population, 200)])), Some(100));
        assert_eq!(rate(&measured(&[(Measure::Rate, 0)])), None);
    }

    #[test]
    fn a_record_of_the_responder_is_turned_round() {
        let mut flow = Flow::default();
        flow.core.src_ip = Ip::v4([1, 1, 1, 1]);
        flow.core.src_bytes = 10;
        flow.tcp.get_or_insert_default().src_flags = Some(2);
        direction(&mut flow, &measured(&[(Measure::BiflowDirection, 2)]));
        assert_eq!((flow.core.dst_ip, flow.core.dst_bytes, flow.core.src_bytes), (Ip::v4([1, 1, 1, 1]), 10, 0));
        let tcp = flow.tcp.expect("a group");
        assert_eq!((tcp.src_flags, tcp.dst_flags), (None, Some(2)));
        assert!(flow.l2.is_none());
    }
}
