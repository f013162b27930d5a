// SPDX-License-Identifier: Apache-2.0
//! Measures: values of a record that are no column themselves but decide how columns are filled (times
//! relative to the exporter's boot, sampling, ICMP type and code, end reason). RFC 7012, IANA registry
//! "IPFIX Information Elements".

/// What a value that is no column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// First packet, milliseconds since the exporter started.
    StartUptime,
    /// Last packet, milliseconds since the exporter started.
    EndUptime,
    /// Start of the exporter, milliseconds since the epoch.
    BootMillis,
    /// First packet, microseconds before the time of export.
    StartBeforeExport,
    /// Last packet, microseconds before the time of export.
    EndBeforeExport,
    /// Length of the flow in milliseconds.
    DurationMillis,
    /// Length of the flow in microseconds.
    DurationMicros,
    /// Time of an event, seconds since the epoch.
    ObservedSecs,
    /// Time of an event, milliseconds since the epoch.
    ObservedMillis,
    /// ICMP type × 256 + code.
    IcmpTypeCode,
    /// Why the record was exported.
    EndReason,
    /// 0 on the way in, 1 on the way out.
    Direction,
    /// 2 where the source of the record is the responder (RFC 5103 §6.3).
    BiflowDirection,
    /// Number of the sampler or selector.
    Selector,
    /// Interface that an options record is about.
    ScopeInterface,
    /// One in this many, or the length of a sampling interval in packets.
    Rate,
    /// Packets between two sampling intervals (RFC 5477 §8.2.3).
    Space,
    /// n of "n out of N" (RFC 5477 §8.2.5).
    SampleSize,
    /// N of "n out of N".
    Population,
    /// Hash of the application's number.
    Application,
    /// Differentiated services code point, where the record has no whole octet (RFC 2474).
    Dscp,
    /// How packets were forwarded: status in two bits, reason in six (RFC 7270 §4.12).
    ForwardingStatus,
    /// What a firewall did (IANA, "firewallEvent").
    FirewallEvent,
    /// What happened to a translation (RFC 8158 §5, IANA "natEvent").
    NatEvent,
    /// Enterprise of an element that options data describe (RFC 5610 §3).
    ElementPen,
    /// Number of that element.
    ElementId,
    /// Type of that element.
    ElementType,
}

/// Number of measures.
pub(crate) const COUNT: usize = Measure::ElementType as usize + 1;

/// Elements without a column of their own. Those with one find their measure through the column.
const MEASURES: [(u16, Measure); 25] = [
    (32, Measure::IcmpTypeCode),
    (48, Measure::Selector),
    (61, Measure::Direction),
    (89, Measure::ForwardingStatus),
    (95, Measure::Application),
    (136, Measure::EndReason),
    (139, Measure::IcmpTypeCode),
    (158, Measure::StartBeforeExport),
    (159, Measure::EndBeforeExport),
    (160, Measure::BootMillis),
    (161, Measure::DurationMillis),
    (162, Measure::DurationMicros),
    (195, Measure::Dscp),
    (230, Measure::NatEvent),
    (233, Measure::FirewallEvent),
    (239, Measure::BiflowDirection),
    (302, Measure::Selector),
    (303, Measure::ElementId),
    (306, Measure::Space),
    (309, Measure::SampleSize),
    (310, Measure::Population),
    (322, Measure::ObservedSecs),
    (323, Measure::ObservedMillis),
    (339, Measure::ElementType),
    (346, Measure::ElementPen),
];

/// The measure that an element carries: one of IANA's, or of NetFlow v9 beyond them.
pub(crate) fn measure_of(pen: u32, id: u16) -> Option<Measure> {
    if (pen, id) == (0, 40_005) {
        return Some(Measure::FirewallEvent);
    }
    MEASURES.iter().filter(|_| pen == 0).find(|(element, _)| *element == id).map(|(_, measure)| *measure)
}

/// The measures of one record.
#[derive(Debug, Clone)]
pub(crate) struct Measures {
    present: u64,
    values: [u64; COUNT],
}

impl Default for Measures {
    fn default() -> Self {
        Self { present: 0, values: [0; COUNT] }
    }
}

impl Measures {
    pub(crate) fn set(&mut self, measure: Measure, value: u64) {
        if let Some(place) = self.values.get_mut(measure as usize) {
            *place = value;
            self.present |= 1 << measure as u64;
        }
    }

    pub(crate) fn get(&self, measure: Measure) -> Option<u64> {
        if self.present & (1 << measure as u64) == 0 {
            return None;
        }
        self.values.get(measure as usize).copied()
    }

    /// The value where it is there and not 0.
    pub(crate) fn nonzero(&self, measure: Measure) -> Option<u64> {
        self.get(measure).filter(|value| *value != 0)
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        self.present = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_there_once_it_was_set() {
        let mut measures = Measures::default();
        measures.set(Measure::Rate, 7);
        measures.set(Measure::Space, 0);
        assert_eq!(measures.get(Measure::Rate), Some(7));
        assert_eq!((measures.get(Measure::Space), measures.nonzero(Measure::Space)), (Some(0), None));
        assert_eq!(measures.get(Measure::StartUptime), None);
        measures.clear();
        assert_eq!(measures.get(Measure::Rate), None);
    }

    #[test]
    fn an_element_has_a_column_or_a_measure_and_not_both() {
        for (id, _) in MEASURES {
            assert!(crate::element::column_of(0, id).is_none(), "element {id} has a column");
        }
    }
}
