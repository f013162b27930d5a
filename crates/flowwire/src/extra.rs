// SPDX-License-Identifier: Apache-2.0
//! The column `extra`: values of elements without a column of their own, as `name=value`. Bounded per row.

use minamo_base::{Ip, Mac, Time, hex};
use minamo_model::Flow;

use crate::record::{Tally, ntp, text, uint};
use crate::registry::Type;

/// Most entries of a row.
const MAX_ENTRIES: usize = 64;
/// Longest value, in characters.
const MAX_VALUE: usize = 256;

/// Adds the value of an element. Nothing is added where there are no octets, or a text is empty.
pub(crate) fn note(flow: &mut Flow, name: &str, kind: Option<Type>, octets: &[u8], tally: &mut Tally) {
    if let Some(value) = shown(kind, octets) {
        push(flow, name, &value, tally);
    }
}

/// Adds one entry, where there is room.
pub(crate) fn push(flow: &mut Flow, name: &str, value: &str, tally: &mut Tally) {
    let list = flow.extra.get_or_insert_default().extra.get_or_insert_default();
    if list.len() >= MAX_ENTRIES {
        tally.cut += 1;
        return;
    }
    let end = value.char_indices().nth(MAX_VALUE).map_or(value.len(), |(at, _)| at);
    tally.cut += u32::from(end < value.len());
    let value = value.get(..end).unwrap_or_default();
    let mut entry = String::with_capacity(name.len() + 1 + value.len());
    entry.push_str(name);
    entry.push('=');
    entry.push_str(value);
    list.push(entry);
}

/// A value as text. Without a type up to eight octets are a number, more are shown in hexadecimal; so is a value
/// whose length its type cannot have.
pub(crate) fn shown(kind: Option<Type>, octets: &[u8]) -> Option<String> {
    if octets.is_empty() {
        return None;
    }
    let raw = || hex(octets.get(..MAX_VALUE / 2 + 1).unwrap_or(octets));
    let typed = match kind {
        Some(Type::Text) => return text(octets).map(|text| text.into_owned()),
        Some(Type::Octets) => return Some(raw()),
        Some(Type::Uint) | None => uint(octets).map(|number| number.to_string()),
        Some(Type::Int) => signed(octets).map(|number| number.to_string()),
        Some(Type::Real) => match octets.len() {
            4 => octets.try_into().ok().map(|octets| f32::from_be_bytes(octets).to_string()),
            _ => octets.try_into().ok().map(|octets| f64::from_be_bytes(octets).to_string()),
        },
        Some(Type::Bool) => match octets {
            [1] => Some("true".to_owned()),
            [2] => Some("false".to_owned()),
            _ => None,
        },
        Some(Type::Mac) => octets.try_into().ok().map(|octets| Mac(octets).to_string()),
        Some(Type::Ip) => match octets.len() {
            4 => octets.try_into().ok().map(|octets| Ip::v4(octets).to_string()),
            _ => octets.try_into().ok().map(|octets| Ip(octets).to_string()),
        },
        Some(Type::Secs) => moment(octets, |n| Time::from_secs_nanos(n, 0)),
        Some(Type::Millis) => moment(octets, Time::from_millis),
        Some(Type::Ntp) if octets.len() == 8 => uint(octets).map(|stamp| ntp(stamp).to_string()),
        Some(Type::Ntp | Type::BasicList | Type::SubTemplateList | Type::SubTemplateMultiList) => None,
    };
    typed.or_else(|| Some(raw()))
}

fn moment(octets: &[u8], of: fn(i64) -> Time) -> Option<String> {
    i64::try_from(uint(octets)?).ok().map(|number| of(number).to_string())
}

/// A signed number of 1 to 8 octets (reduced-size encoding keeps the sign, RFC 7011 §6.2).
pub(crate) fn signed(octets: &[u8]) -> Option<i64> {
    let spare = 64u32.checked_sub(u32::try_from(octets.len()).ok()?.checked_mul(8)?)?;
    Some((uint(octets)? << spare).cast_signed() >> spare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_by_their_type() {
        let is = |kind, octets: &[u8], want: &str| assert_eq!(shown(kind, octets).as_deref(), Some(want), "{kind:?}");
        is(Some(Type::Uint), &[1, 0], "256");
        is(Some(Type::Int), &[0xff, 0xfe], "-2");
        is(Some(Type::Real), &1.5f32.to_be_bytes(), "1.5");
        is(Some(Type::Real), &[1, 2], "0102");
        is(Some(Type::Bool), &[2], "false");
        is(Some(Type::Mac), &[0, 1, 2, 3, 4, 0xff], "00:01:02:03:04:ff");
        is(Some(Type::Ip), &[192, 0, 2, 1], "192.0.2.1");
        is(Some(Type::Ip), &[1, 2], "0102");
        is(Some(Type::Text), b"a\0\0", "a");
        is(Some(Type::Secs), &[0, 0, 0, 1], "1970-01-01T00:00:01Z");
        is(None, &[1; 9], "010101010101010101");
        is(Some(Type::Octets), &[1, 2], "0102");
        assert_eq!((shown(Some(Type::Text), &[0, 0]), shown(None, &[])), (None, None));
    }

    #[test]
    fn entries_and_values_are_bounded_and_counted() {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        for _ in 0..70 {
            push(&mut flow, "a", &"é".repeat(300), &mut tally);
        }
        let list = flow.extra.and_then(|group| group.extra).expect("entries");
        assert_eq!((list.len(), list[0].chars().count(), tally.cut), (64, 258, 70));
    }
}
