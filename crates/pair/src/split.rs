// SPDX-License-Identifier: Apache-2.0
//! A bidirectional row as one-sided records: for formats and receivers that know one direction only, and to have back
//! the two records that a row was made of.

use std::sync::LazyLock;

use minamo_base::{Ip, Mac, Time};
use minamo_model::{FLOWS, Flow, initiators};
use minamo_schema::{CellType, Column, ColumnId, Kind, Value};

/// The record of the initiator's packets, and that of the responder's where it sent any. Counters and flags are those
/// of the side; of a row that was paired also the times and what the second record said otherwise. Cells that only
/// one of the two records had stand in both.
pub fn split(flow: &Flow) -> (Flow, Option<Flow>) {
    let mut first = flow.clone();
    one_side(&mut first);
    let merge = flow.merge.as_deref();
    let answered = flow.core.dst_bytes > 0 || flow.core.dst_packets > 0;
    if !answered {
        return (first, None);
    }
    let mut second = flow.clone();
    second.turn();
    one_side(&mut second);
    if let Some(merge) = merge {
        times(&mut first, merge.record_src_start, merge.record_src_end);
        times(&mut second, merge.record_dst_start, merge.record_dst_end);
        for text in merge.record_dst_differs.iter().flatten() {
            differ(text, &mut first, &mut second);
        }
    } else {
        // Counters without sides stand in the first record only, so that a sum stays one.
        for id in &*SIDELESS {
            if flow.get(*id) != Value::Null {
                let fits = second.set(*id, &Value::Null);
                debug_assert!(fits, "a nullable column takes null");
            }
        }
    }
    (first.merge, second.merge) = (None, None);
    if merge.is_some_and(|merge| merge.record_count.is_some()) {
        (first.core.flow_id, second.core.flow_id) = (None, None);
    }
    (first, Some(second))
}

/// Counters and flags of the side that `dst` names, and whether they may be absent.
static THEIRS: LazyLock<Vec<(ColumnId, bool)>> = LazyLock::new(|| {
    let theirs = |column: &Column| column.mirror.is_some() && column.name.split('_').any(|word| word == "dst");
    let counts = |column: &Column| matches!(column.kind, Kind::Counter | Kind::Flags);
    let found = FLOWS.places().filter(|(_, column)| theirs(column) && counts(column));
    found.map(|(id, column)| (id, column.nullable)).collect()
});

/// Counters without sides, which may be absent.
static SIDELESS: LazyLock<Vec<ColumnId>> = LazyLock::new(|| {
    let sideless = |column: &Column| column.kind == Kind::Counter && column.mirror.is_none() && column.nullable;
    FLOWS.places().filter(|(_, column)| sideless(column)).map(|(id, _)| id).collect()
});

/// Takes away what belongs to the responder's packets: counters and flags of the side that `dst` names.
fn one_side(flow: &mut Flow) {
    for (id, nullable) in &*THEIRS {
        if flow.get(*id) == Value::Null {
            continue;
        }
        let nothing = if *nullable { Value::Null } else { Value::Uint(0) };
        let fits = flow.set(*id, &nothing);
        debug_assert!(fits, "a counter takes nothing");
    }
    sequences(flow);
    flow.core.orientation = Some("exporter".into());
}

/// Leaves the initiator's packets, messages and TLS records of the sequences.
fn sequences(flow: &mut Flow) {
    if let Some(splt) = flow.splt.as_deref_mut() {
        one_direction(&mut splt.lengths, &mut splt.times_micros, &mut None);
    }
    if let Some(eta) = flow.eta.as_deref_mut() {
        one_direction(&mut eta.message_lengths, &mut eta.message_times_micros, &mut None);
        one_direction(&mut eta.record_lengths, &mut eta.record_times_micros, &mut eta.record_types);
    }
}

fn one_direction(lengths: &mut Option<Vec<i32>>, times: &mut Option<Vec<u32>>, marks: &mut Option<Vec<u16>>) {
    let (Some(all), since) = (lengths.as_deref(), times.as_deref().unwrap_or_default()) else { return };
    let kept = initiators(all, since, marks.as_deref().unwrap_or_default());
    *lengths = Some(kept.0).filter(|lengths| !lengths.is_empty());
    *times = Some(kept.1).filter(|times| !times.is_empty());
    *marks = Some(kept.2).filter(|marks| !marks.is_empty());
}

fn times(flow: &mut Flow, start: Option<Time>, end: Option<Time>) {
    if let (Some(start), Some(end)) = (start, end) {
        (flow.core.time_start, flow.core.time_end) = (start, end);
    }
}

/// Applies one `column=value` to the second record; a sum without sides loses it in the first.
fn differ(text: &str, first: &mut Flow, second: &mut Flow) {
    let Some((name, value)) = text.split_once('=') else { return };
    let Some((id, column)) = FLOWS.places().find(|(_, column)| column.name == name) else { return };
    let Some(value) = parse(column.cell, value) else { return };
    if let (Kind::Counter, Value::Uint(part), Value::Uint(sum)) = (column.kind, &value, first.get(id)) {
        set(first, id, &Value::Uint(sum.saturating_sub(*part)));
    }
    set(second, id, &value);
}

fn set(flow: &mut Flow, id: ColumnId, value: &Value<'_>) {
    let fits = flow.set(id, value);
    debug_assert!(fits, "the text was written from a cell of this column");
}

fn parse(cell: CellType, text: &str) -> Option<Value<'static>> {
    Some(match cell {
        CellType::Bool => Value::Bool(text.parse().ok()?),
        CellType::U8 | CellType::U16 | CellType::U32 | CellType::U64 => Value::Uint(text.parse().ok()?),
        CellType::F64 => Value::Real(text.parse().ok()?),
        CellType::Text => Value::Text(text.to_owned().into()),
        CellType::Ip => Value::Ip(text.parse::<Ip>().ok()?),
        CellType::Mac => Value::Mac(text.parse::<Mac>().ok()?),
        CellType::Time => Value::Time(Time::parse(text)?),
        _ if text.is_empty() => return None,
        CellType::TextList => Value::Texts(text.split(',').map(str::to_owned).collect::<Vec<_>>().into()),
        _ => Value::Numbers(text.split(',').map(|n| n.parse().ok()).collect::<Option<_>>()?),
    })
}
