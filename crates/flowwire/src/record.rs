// SPDX-License-Identifier: Apache-2.0
//! One record read by its compiled template: columns are set in the row, the rest is kept as measures.

use minamo_base::{Cursor, Ip, Mac, NANOS_PER_SEC, Time, WireError};
use minamo_model::Flow;
use minamo_schema::Value;

use crate::element::Coding;
use crate::measure::{Measure, Measures};
use crate::template::{Action, Guard, Template, field};

/// Longest text taken from a record, in octets.
const MAX_TEXT: usize = 1_024;
/// Seconds from 1900-01-01 to 1970-01-01.
const NTP_EPOCH: i64 = 2_208_988_800;

/// Reads one record. Returns how many of its values did not fit their column.
pub(crate) fn read(
    cursor: &mut Cursor<'_>,
    template: &Template,
    flow: &mut Flow,
    measures: &mut Measures,
) -> Result<u32, WireError> {
    let mut unfit = 0;
    for op in &template.ops {
        let octets = field(cursor, op.len)?;
        match op.action {
            Action::Ignore => {}
            Action::Measure(measure) => match measured(measure, octets) {
                Some(value) => measures.set(measure, value),
                None => unfit += 1,
            },
            Action::Column(id, coding, guard) => {
                let Some(value) = value(coding, octets) else {
                    unfit += u32::from(!octets.is_empty());
                    continue;
                };
                let keep = match guard {
                    Guard::Always => true,
                    Guard::NotZero => !is_zero(&value),
                    Guard::IfEmpty => is_zero(&flow.get(id)),
                };
                if keep && !flow.set(id, &value) {
                    unfit += 1;
                }
            }
        }
    }
    Ok(unfit)
}

/// The number of at most 8 octets, network order.
fn uint(octets: &[u8]) -> Option<u64> {
    if octets.is_empty() || octets.len() > 8 {
        return None;
    }
    Some(octets.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
}

/// A measure's number. The application's number has any length: what is kept is a hash of it.
fn measured(measure: Measure, octets: &[u8]) -> Option<u64> {
    if measure == Measure::Application {
        // FNV-1a.
        let mix = |hash: u64, octet: &u8| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        return Some(octets.iter().fold(0xcbf2_9ce4_8422_2325, mix));
    }
    uint(octets)
}

fn value(coding: Coding, octets: &[u8]) -> Option<Value<'_>> {
    Some(match coding {
        Coding::Uint => Value::Uint(uint(octets)?),
        Coding::LowOctet => Value::Uint(uint(octets)? & 0xff),
        Coding::Bool => match octets {
            [1] => Value::Bool(true),
            [2] => Value::Bool(false),
            _ => return None,
        },
        Coding::Ip => Value::Ip(match octets.len() {
            4 => Ip::v4(octets.try_into().ok()?),
            _ => Ip(octets.try_into().ok()?),
        }),
        Coding::Mac => Value::Mac(Mac(octets.try_into().ok()?)),
        Coding::Text => Value::Text(text(octets)?),
        Coding::Secs => Value::Time(Time::from_secs_nanos(i64::try_from(uint(octets)?).ok()?, 0)),
        Coding::Millis => Value::Time(Time::from_millis(i64::try_from(uint(octets)?).ok()?)),
        Coding::Ntp => Value::Time(ntp(uint(octets)?)),
    })
}

/// Text without the zeros that fill it up; nothing where it is empty.
fn text(octets: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let octets = octets.get(..MAX_TEXT).unwrap_or(octets);
    let end = octets.iter().rposition(|octet| *octet != 0)? + 1;
    Some(String::from_utf8_lossy(octets.get(..end)?))
}

/// An NTP timestamp; one without the highest bit belongs to the era that begins in 2036 (RFC 5905 §6).
fn ntp(stamp: u64) -> Time {
    let era = if stamp >> 63 == 0 { 1 << 32 } else { 0 };
    let secs = i64::try_from(stamp >> 32).unwrap_or(0) + era - NTP_EPOCH;
    let nanos = ((stamp & 0xffff_ffff) * NANOS_PER_SEC.unsigned_abs() + (1 << 31)) >> 32;
    Time::from_secs_nanos(secs, i64::try_from(nanos).unwrap_or(0))
}

/// The NTP timestamp of an instant: the inverse of reading one.
pub(crate) fn to_ntp(time: Time) -> u64 {
    let secs = (time.secs() + NTP_EPOCH).rem_euclid(1 << 32).unsigned_abs();
    let nanos = time.0.rem_euclid(NANOS_PER_SEC).unsigned_abs();
    secs << 32 | ((nanos << 32) / NANOS_PER_SEC.unsigned_abs())
}

fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Uint(number) => *number == 0,
        Value::Ip(ip) => *ip == Ip::default() || ip.as_v4() == Some([0; 4]),
        Value::Mac(mac) => *mac == Mac::default(),
        Value::Time(time) => *time == Time(0),
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_to_eight_octets() {
        assert_eq!((uint(&[1, 2, 3]), uint(&[0xff; 8]), uint(&[])), (Some(0x01_02_03), Some(u64::MAX), None));
        assert_eq!(uint(&[0; 9]), None);
    }

    #[test]
    fn ntp_times_keep_their_nanoseconds_and_pass_2036() {
        for nanos in
            [0, 1, 999_999_999, 1_795_371_319_123_456_789, 2_085_978_496_000_000_000, 2_500_000_000_000_000_001]
        {
            assert_eq!(ntp(to_ntp(Time(nanos))), Time(nanos));
        }
        assert_eq!(ntp(0x83aa_7e80_8000_0000), Time(500_000_000));
    }

    #[test]
    fn text_ends_before_the_zeros() {
        assert_eq!(text(b"ssh\0\0").as_deref(), Some("ssh"));
        assert_eq!((text(b"\0\0"), text(b"")), (None, None));
    }
}
