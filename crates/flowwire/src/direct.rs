// SPDX-License-Identifier: Apache-2.0
//! The columns that nearly every record fills, each with a function that sets it without a detour over
//! [`minamo_schema::Value`]: two thirds of what reading a record would cost otherwise. A test says that they do what
//! the columns' own setters do.

use std::sync::LazyLock;

use minamo_base::Ip;
use minamo_model::{FLOWS, Flow};
use minamo_schema::ColumnId;

use crate::element::Coding;
use crate::record::uint;
use crate::template::Groups;

/// How a column is set.
#[derive(Clone, Copy)]
enum Set {
    /// A number of at most so many octets.
    Number(usize, fn(&mut Flow, u64)),
    /// An address.
    Address(fn(&mut Flow, Ip)),
}

macro_rules! number {
    ($column:literal, $ty:ty, $flow:ident => $place:expr) => {
        (
            $column,
            Set::Number(size_of::<$ty>(), |$flow, number| {
                // The field has no more octets than the column.
                $place = <$ty>::try_from(number).unwrap_or_default().into();
            }),
        )
    };
}

static DIRECT: [(&str, Set); 18] = [
    ("src_ip", Set::Address(|flow, ip| flow.core.src_ip = ip)),
    ("dst_ip", Set::Address(|flow, ip| flow.core.dst_ip = ip)),
    ("exporter_next_hop", Set::Address(|flow, ip| flow.exporter.get_or_insert_default().next_hop = Some(ip))),
    number!("src_port", u16, flow => flow.core.src_port),
    number!("dst_port", u16, flow => flow.core.dst_port),
    number!("proto", u8, flow => flow.core.proto),
    number!("src_bytes", u64, flow => flow.core.src_bytes),
    number!("dst_bytes", u64, flow => flow.core.dst_bytes),
    number!("src_packets", u64, flow => flow.core.src_packets),
    number!("dst_packets", u64, flow => flow.core.dst_packets),
    number!("ip_src_tos", u8, flow => flow.net.get_or_insert_default().src_tos),
    number!("tcp_src_flags", u8, flow => flow.tcp.get_or_insert_default().src_flags),
    number!("exporter_in_if", u32, flow => flow.exporter.get_or_insert_default().in_if),
    number!("exporter_out_if", u32, flow => flow.exporter.get_or_insert_default().out_if),
    number!("exporter_src_as", u32, flow => flow.exporter.get_or_insert_default().src_as),
    number!("exporter_dst_as", u32, flow => flow.exporter.get_or_insert_default().dst_as),
    number!("exporter_src_mask", u8, flow => flow.exporter.get_or_insert_default().src_mask),
    number!("exporter_dst_mask", u8, flow => flow.exporter.get_or_insert_default().dst_mask),
];

static PLACES: LazyLock<Vec<Option<ColumnId>>> = LazyLock::new(|| {
    let place = |name: &str| FLOWS.places().find(|(_, column)| column.name == name).map(|(id, _)| id);
    DIRECT.iter().map(|(name, _)| place(name)).collect()
});

/// The direct way to a column for a field of `len` octets, where there is one.
pub(crate) fn of(id: ColumnId, coding: Coding, len: usize) -> Option<u8> {
    let at = PLACES.iter().position(|place| *place == Some(id))?;
    let fits = match (DIRECT.get(at)?.1, coding) {
        (Set::Number(most, _), Coding::Uint | Coding::LowOctet) => (1..=most).contains(&len),
        (Set::Address(_), Coding::Ip) => len == 4 || len == 16,
        _ => false,
    };
    fits.then_some(u8::try_from(at).ok()?)
}

/// The groups that these ways make present.
pub(crate) fn groups(ways: impl Iterator<Item = u8>) -> Groups {
    let mut groups = Groups::default();
    for (name, _) in ways.filter_map(|way| DIRECT.get(usize::from(way))) {
        groups.net |= *name == "ip_src_tos";
        groups.tcp |= *name == "tcp_src_flags";
    }
    groups
}

/// Empties a row for the next record of a template. The boxes that the record needs again stay: allocating them
/// anew would be a third of the cost of a row.
pub(crate) fn empty(flow: &mut Flow, groups: Groups) {
    let exporter = flow.exporter.take();
    let net = flow.net.take().filter(|_| groups.net);
    let tcp = flow.tcp.take().filter(|_| groups.tcp);
    *flow = Flow::default();
    flow.exporter = exporter.map(emptied);
    flow.net = net.map(emptied);
    flow.tcp = tcp.map(emptied);
}

fn emptied<T: Default>(mut group: Box<T>) -> Box<T> {
    *group = T::default();
    group
}

/// Sets the column of a field whose length [`of`] was asked about.
#[inline]
pub(crate) fn set(direct: u8, flow: &mut Flow, octets: &[u8]) {
    match DIRECT.get(usize::from(direct)).map(|(_, set)| *set) {
        Some(Set::Number(_, set)) => set(flow, uint(octets).unwrap_or(0)),
        Some(Set::Address(set)) => {
            if let Ok(four) = <[u8; 4]>::try_from(octets) {
                set(flow, Ip::v4(four));
            } else if let Ok(six) = octets.try_into() {
                set(flow, Ip(six));
            }
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use minamo_schema::{CellType, Value};

    use super::*;

    #[test]
    fn an_emptied_row_has_no_values() {
        let mut flow = Flow::default();
        for (id, _) in FLOWS.places() {
            let fits = [Value::Uint(1), Value::Text("x".into()), Value::Bool(true), Value::Ip(Ip::v4([1; 4]))];
            fits.iter().any(|value| flow.set(id, value));
        }
        empty(&mut flow, Groups { net: true, tcp: true });
        let fresh = Flow::default();
        for (id, column) in FLOWS.places() {
            assert_eq!(flow.get(id), fresh.get(id), "{}", column.name);
        }
        let mut flow = Flow::default();
        flow.net.get_or_insert_default().src_tos = Some(1);
        empty(&mut flow, Groups::default());
        assert_eq!(flow, Flow::default());
    }

    #[test]
    fn the_direct_way_ends_where_the_column_is() {
        for (name, way) in DIRECT {
            let (id, column) = FLOWS.places().find(|(_, column)| column.name == name).expect("a column of that name");
            let (coding, octets, value): (_, &[u8], _) = match way {
                Set::Number(..) => (Coding::Uint, &[7], Value::Uint(7)),
                Set::Address(_) => (Coding::Ip, &[192, 0, 2, 7], Value::Ip(Ip::v4([192, 0, 2, 7]))),
            };
            let direct = of(id, coding, octets.len()).expect("a way");
            let (mut ours, mut theirs) = (Flow::default(), Flow::default());
            set(direct, &mut ours, octets);
            assert!(theirs.set(id, &value));
            assert_eq!(ours, theirs, "{name}");
            let width = match column.cell {
                CellType::U8 => 1,
                CellType::U16 => 2,
                CellType::U32 => 4,
                CellType::U64 => 8,
                _ => continue,
            };
            assert!(of(id, coding, width).is_some() && of(id, coding, width + 1).is_none(), "{name}");
        }
    }
}
