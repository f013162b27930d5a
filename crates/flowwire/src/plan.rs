// SPDX-License-Identifier: Apache-2.0
//! The quick way of a template: where all of its fields have fixed places and fill plain columns, all records of a set
//! are read column by column ([`crate::columns`]). What a plan cannot say is read record by record
//! ([`crate::record`]); both ways give the same rows.

use minamo_model::{FLOWS, Flow};
use minamo_schema::{CellType, ColumnId};

use crate::element::Coding;
use crate::measure::Measure;
use crate::template::{Action, Guard, Op};

pub(crate) const TIME_START: ColumnId = Flow::at("time_start");
pub(crate) const TIME_END: ColumnId = Flow::at("time_end");
pub(crate) const PROTO: ColumnId = Flow::at("proto");
pub(crate) const SRC_PORT: ColumnId = Flow::at("src_port");
pub(crate) const DST_PORT: ColumnId = Flow::at("dst_port");
pub(crate) const SRC_BYTES: ColumnId = Flow::at("src_bytes");
pub(crate) const DST_BYTES: ColumnId = Flow::at("dst_bytes");
pub(crate) const SRC_PACKETS: ColumnId = Flow::at("src_packets");
pub(crate) const DST_PACKETS: ColumnId = Flow::at("dst_packets");
pub(crate) const SRC_FLAGS: ColumnId = Flow::at("tcp_src_flags");
pub(crate) const DST_FLAGS: ColumnId = Flow::at("tcp_dst_flags");
pub(crate) const ICMP_KIND: ColumnId = Flow::at("icmp_kind");
pub(crate) const ICMP_CODE: ColumnId = Flow::at("icmp_code");
pub(crate) const IN_IF: ColumnId = Flow::at("exporter_in_if");
pub(crate) const EXPORTER_IP: ColumnId = Flow::at("exporter_ip");
pub(crate) const DOMAIN: ColumnId = Flow::at("exporter_domain");

/// Measures that decide columns row by row without a text of their own.
const MEASURES: [Measure; 18] = [
    Measure::StartUptime,
    Measure::EndUptime,
    Measure::BootMillis,
    Measure::StartBeforeExport,
    Measure::EndBeforeExport,
    Measure::DurationMillis,
    Measure::DurationMicros,
    Measure::ObservedSecs,
    Measure::ObservedMillis,
    Measure::IcmpTypeCode,
    Measure::EndReason,
    Measure::Direction,
    Measure::Selector,
    Measure::Rate,
    Measure::Space,
    Measure::ForwardingStatus,
    Measure::SampleSize,
    Measure::Population,
];

/// How the octets of a field become values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Numbers of 8 bits; of a longer field the lowest octet.
    U8,
    U16,
    U32,
    U64,
    Ip,
    Mac,
    /// Instants; where none can be made of the number the row has none.
    Time(Coding),
}

/// A column and the place of its field in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) id: ColumnId,
    pub(crate) kind: Kind,
    pub(crate) at: u16,
    pub(crate) len: u16,
    /// Only rows of TCP have it.
    pub(crate) tcp: bool,
    /// What becomes of the value where a field before filled the column too.
    pub(crate) guard: Guard,
}

/// What a template does, field by field, where all of it is plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Octets of a record.
    pub(crate) size: usize,
    pub(crate) fills: Box<[Fill]>,
    /// Measures with the place and length of their fields.
    pub(crate) measures: Box<[(Measure, u16, u16)]>,
}

impl Plan {
    /// The plan of compiled steps; nothing where one of them is not plain.
    pub(crate) fn of(ops: &[Op]) -> Option<Self> {
        let (mut fills, mut measures, mut at) = (Vec::new(), Vec::new(), 0u16);
        for op in ops {
            let len = u16::try_from(op.len?).ok()?;
            match op.action {
                Action::Ignore => {}
                Action::Column(id, coding, guard) => {
                    let kind = kind(id, coding, len)?;
                    fills.push(Fill { id, kind, at, len, tcp: false, guard });
                }
                Action::Measure(measure) if MEASURES.contains(&measure) && (1..=8).contains(&len) => {
                    measures.push((measure, at, len));
                }
                _ => return None,
            }
            at = at.checked_add(len)?;
        }
        let fills_column = |id| fills.iter().any(|fill: &Fill| fill.id == id);
        // An exporter that hands on others' records may name itself by zeros. The code alone would be taken for the
        // message's only where the message is not told otherwise.
        if fills.is_empty() || fills_column(EXPORTER_IP) || fills_column(ICMP_CODE) && !fills_column(ICMP_KIND) {
            return None;
        }
        Some(Self { size: at.into(), fills: fills.into(), measures: measures.into() })
    }

    /// True where records fill that column themselves.
    pub(crate) fn has(&self, id: ColumnId) -> bool {
        self.fills.iter().any(|fill| fill.id == id)
    }
}

fn kind(id: ColumnId, coding: Coding, len: u16) -> Option<Kind> {
    let cell = FLOWS.places().find(|(place, _)| *place == id)?.1.cell;
    match (cell, coding) {
        (CellType::U8, Coding::LowOctet) if (1..=8).contains(&len) => Some(Kind::U8),
        (CellType::U8, Coding::Uint) if len == 1 => Some(Kind::U8),
        (CellType::U16, Coding::Uint) if (1..=2).contains(&len) => Some(Kind::U16),
        (CellType::U32, Coding::Uint) if (1..=4).contains(&len) => Some(Kind::U32),
        (CellType::U64, Coding::Uint) if (1..=8).contains(&len) => Some(Kind::U64),
        (CellType::Ip, Coding::Ip) if len == 4 || len == 16 => Some(Kind::Ip),
        (CellType::Mac, Coding::Mac) if len == 6 => Some(Kind::Mac),
        (CellType::Time, Coding::Secs | Coding::Millis) if (1..=8).contains(&len) => Some(Kind::Time(coding)),
        (CellType::Time, Coding::Ntp) if len == 8 => Some(Kind::Time(coding)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elements;
    use crate::registry::{Learnt, Names};
    use crate::template::{Field, Template, VARIABLE, min_len};

    fn plan(fields: &[(u16, u16)]) -> Option<Plan> {
        let (configured, learnt) = (Elements::default(), Learnt::default());
        let names = Names { configured: &configured, learnt: &learnt };
        let fields: Vec<_> =
            fields.iter().map(|(id, len)| Field { pen: 0, id: *id, len: *len, scope: false }).collect();
        let len = min_len(&fields);
        Plan::of(&Template::compile(fields, false, len, &names).ops)
    }

    #[test]
    fn a_router_s_template_is_plain() {
        let plan = plan(&[(8, 4), (12, 4), (22, 4), (21, 4), (210, 3), (6, 2), (152, 8), (1, 3)]).expect("a plan");
        assert_eq!((plan.size, plan.fills.len(), plan.measures.len()), (32, 5, 2));
        let flags = plan.fills.iter().find(|fill| fill.id == SRC_FLAGS).expect("flags");
        assert_eq!((flags.kind, flags.at, flags.len), (Kind::U8, 19, 2));
    }

    #[test]
    fn what_is_not_plain_has_no_plan() {
        for (why, fields) in [
            ("a length that varies", &[(8, 4), (96, VARIABLE)][..]),
            ("a text", &[(8, 4), (96, 16)]),
            ("no column at all", &[(22, 4), (21, 4)]),
            ("an element without a column", &[(8, 4), (65_000, 4)]),
            ("a number that is wider than its column", &[(8, 4), (7, 4)]),
            ("a direction that turns rows", &[(8, 4), (239, 1)]),
            ("an exporter that stands for others", &[(8, 4), (130, 4)]),
            ("an application by number", &[(8, 4), (95, 4)]),
            ("a code without its type", &[(8, 4), (177, 1)]),
            ("a measure that is too long", &[(8, 4), (136, 9)]),
        ] {
            assert_eq!(plan(fields), None, "{why}");
        }
    }
}
