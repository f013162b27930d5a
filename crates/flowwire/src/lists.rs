// SPDX-License-Identifier: Apache-2.0
//! Structured data (RFC 6313 §4.5): lists of values and of records inside a record. What they hold fills
//! columns that are empty still, and goes to `extra` otherwise.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use crate::extra;
use crate::record::{Context, Filling, add, ntp, uint};
use crate::registry::Type;
use crate::template::{Template, VARIABLE, field};

/// Lists inside one another that are opened.
const MAX_DEPTH: u8 = 4;
/// Values of a basic list that are read.
const MAX_VALUES: usize = 512;
/// Values of a basic list that are shown in `extra`.
const MAX_SHOWN: usize = 64;
/// Records of one list that are read.
const MAX_RECORDS: usize = 256;
/// Enterprise number of CESNET, whose probe sends packet lengths as lists.
const CESNET: u32 = 8_057;

/// Reads a list that is the content of a field. What is cut or wrong ends it, and is counted.
pub(crate) fn read(kind: Type, name: &str, octets: &[u8], context: &Context<'_>, into: &mut Filling<'_>, depth: u8) {
    if octets.is_empty() {
        return;
    }
    if depth >= MAX_DEPTH {
        into.tally.cut += 1;
        return;
    }
    let mut cursor = Cursor::new(octets);
    let done = match kind {
        Type::BasicList => basic(&mut cursor, name, context, into, depth),
        Type::SubTemplateList => same_template(&mut cursor, context, into, depth),
        _ => many_templates(&mut cursor, context, into, depth),
    };
    into.tally.unfit += u32::from(done.is_err());
}

/// The values of a basic list whose element is known from where it stands; nothing where it is cut or wrong.
pub(crate) fn values(octets: &[u8]) -> Option<Vec<&[u8]>> {
    let mut cursor = Cursor::new(octets);
    let (_, _, len) = head(&mut cursor).ok()?;
    let mut values = Vec::new();
    while !cursor.is_empty() && len != Some(0) && values.len() < MAX_VALUES {
        values.push(field(&mut cursor, len).ok()?);
    }
    Some(values)
}

/// Enterprise and number of a basic list's element, and its length.
fn head(cursor: &mut Cursor<'_>) -> Result<(u32, u16, Option<usize>), WireError> {
    cursor.skip(1, "list.semantic")?;
    let id = cursor.u16("list.element")?;
    let len = cursor.u16("list.field_length")?;
    let (pen, id) = if id & 0x8000 == 0 { (0, id) } else { (cursor.u32("list.enterprise")?, id & 0x7fff) };
    Ok((pen, id, (len != VARIABLE).then_some(usize::from(len))))
}

/// RFC 6313 §4.5.1: semantic, element, its length, and the values.
fn basic(
    cursor: &mut Cursor<'_>,
    name: &str,
    context: &Context<'_>,
    into: &mut Filling<'_>,
    depth: u8,
) -> Result<(), WireError> {
    let (pen, id, len) = head(cursor)?;
    // Values without octets would never end.
    if len == Some(0) {
        return if cursor.is_empty() { Ok(()) } else { Err(cursor.bad(2, "list.field_length", 0, "at least 1")) };
    }
    let mut values = Vec::new();
    while !cursor.is_empty() {
        if values.len() >= MAX_VALUES {
            into.tally.cut += 1;
            break;
        }
        values.push(field(cursor, len)?);
    }
    if values.is_empty() || sequence(pen, id, &values, into.flow) {
        return Ok(());
    }
    let element = context.names.of(pen, id);
    if let Some(list @ (Type::BasicList | Type::SubTemplateList | Type::SubTemplateMultiList)) = element.kind {
        for value in values {
            read(list, &element.name, value, context, into, depth + 1);
        }
        return Ok(());
    }
    if (pen, id) == (0, 483) && into.flow.routing.as_ref().is_none_or(|routing| routing.communities.is_none()) {
        let communities = values.iter().filter_map(|value| uint(value)).take(MAX_SHOWN);
        let communities = communities.map(|value| format!("{}:{}", value >> 16 & 0xffff, value & 0xffff)).collect();
        into.flow.routing.get_or_insert_default().communities = Some(communities);
        return Ok(());
    }
    into.tally.cut += u32::from(values.len() > MAX_SHOWN);
    let shown = values.iter().take(MAX_SHOWN).filter_map(|value| extra::shown(element.kind, value));
    let shown = shown.collect::<Vec<_>>().join(",");
    // The list says what it is of; its own element mostly says only that it is a list.
    let name = if matches!(name, "basicList" | "") { &element.name } else { name };
    extra::push(into.flow, name, &shown, into.tally);
    Ok(())
}

/// The packet sequence of CESNET's probe: lengths, times and directions are a list each. True where it was one.
fn sequence(pen: u32, id: u16, values: &[&[u8]], flow: &mut Flow) -> bool {
    if pen != CESNET || !matches!(id, 1_013 | 1_014 | 1_016) {
        return false;
    }
    let group = flow.splt.get_or_insert_default();
    match id {
        1_013 => {
            let lengths = values.iter().map(|value| uint(value).and_then(|n| i32::try_from(n).ok()).unwrap_or(0));
            group.lengths = Some(lengths.collect());
        }
        1_014 => {
            let mut before = None;
            let gaps = values.iter().map(|value| {
                let now = instant(uint(value).unwrap_or(0));
                let gap = now.saturating_sub(before.replace(now).unwrap_or(now));
                u32::try_from(gap.max(0)).unwrap_or(u32::MAX)
            });
            group.times_micros = Some(gaps.collect());
        }
        _ => {
            let Some(lengths) = &mut group.lengths else { return false };
            for (length, direction) in lengths.iter_mut().zip(values) {
                if extra::signed(direction).is_some_and(|direction| direction < 0) {
                    *length = length.saturating_neg();
                }
            }
        }
    }
    true
}

/// Microseconds of a time that is milliseconds in some versions of the probe and an NTP stamp in others: the latter
/// are larger than any date in milliseconds before the year 10,000.
fn instant(value: u64) -> i64 {
    if value > 253_402_300_800_000 { ntp(value).0 / 1_000 } else { i64::try_from(value).unwrap_or(0) * 1_000 }
}

/// RFC 6313 §4.5.2: semantic, template, and records of it.
fn same_template(
    cursor: &mut Cursor<'_>,
    context: &Context<'_>,
    into: &mut Filling<'_>,
    depth: u8,
) -> Result<(), WireError> {
    cursor.skip(1, "list.semantic")?;
    let id = cursor.u16("list.template")?;
    records(id, cursor, context, into, depth)
}

/// RFC 6313 §4.5.3: semantic, and for each template its number, the length of the block and the records.
fn many_templates(
    cursor: &mut Cursor<'_>,
    context: &Context<'_>,
    into: &mut Filling<'_>,
    depth: u8,
) -> Result<(), WireError> {
    cursor.skip(1, "list.semantic")?;
    while !cursor.is_empty() {
        let id = cursor.u16("list.template")?;
        let length = cursor.u16("list.length")?;
        let Some(length) = usize::from(length).checked_sub(4) else {
            return Err(cursor.bad(2, "list.length", length.into(), "at least 4"));
        };
        records(id, &mut cursor.sub(length, "list.records")?, context, into, depth)?;
    }
    Ok(())
}

fn records(
    id: u16,
    cursor: &mut Cursor<'_>,
    context: &Context<'_>,
    into: &mut Filling<'_>,
    depth: u8,
) -> Result<(), WireError> {
    if cursor.is_empty() {
        return Ok(());
    }
    let Some(template) = context.templates.get(&id) else {
        into.tally.unknown = Some((id, cursor.left()));
        return Ok(());
    };
    let mut count = 0;
    while cursor.left() >= template.min_len {
        if count >= MAX_RECORDS {
            into.tally.cut += 1;
            break;
        }
        record(cursor, template, context, into, depth)?;
        count += 1;
    }
    Ok(())
}

fn record(
    cursor: &mut Cursor<'_>,
    template: &Template,
    context: &Context<'_>,
    into: &mut Filling<'_>,
    depth: u8,
) -> Result<(), WireError> {
    for op in &template.ops {
        let octets = field(cursor, op.len)?;
        add(op, template, octets, context, into, depth + 1);
    }
    Ok(())
}
