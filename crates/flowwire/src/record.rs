// SPDX-License-Identifier: Apache-2.0
//! One record read by its compiled template: columns are set in the row, the rest is kept as measures.

use std::borrow::Cow;

use minamo_base::{Cursor, Ip, Mac, NANOS_PER_SEC, Time, WireError, hex};
use minamo_model::{Flow, names, text_value};
use minamo_schema::{ColumnId, Value};

use crate::cache::Templates;
use crate::element::Coding;
use crate::measure::{Measure, Measures};
use crate::registry::Names;
use crate::template::{Action, Guard, Op, Template, field};
use crate::{direct, extra, lists, special};

/// Longest text taken from a record or written to one, in octets.
pub(crate) const MAX_TEXT: usize = 4_096;
/// Longest name of an access list or digest, in octets of the text.
const MAX_DIGITS: usize = 1_024;
/// Seconds from 1900-01-01 to 1970-01-01.
const NTP_EPOCH: i64 = 2_208_988_800;

/// What reading a record needs beside its template.
pub(crate) struct Context<'a> {
    /// Templates of the session, for lists of records.
    pub(crate) templates: &'a Templates,
    pub(crate) names: Names<'a>,
}

/// What reading records could not use.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Values that did not fit their column.
    pub(crate) unfit: u32,
    /// Values without a column for which `extra` had no room.
    pub(crate) cut: u32,
    /// A list of records whose template is not known, with its octets.
    pub(crate) unknown: Option<(u16, usize)>,
}

/// Reads one record.
pub(crate) fn read(
    cursor: &mut Cursor<'_>,
    template: &Template,
    context: &Context<'_>,
    flow: &mut Flow,
    measures: &mut Measures,
    tally: &mut Tally,
) -> Result<(), WireError> {
    // Of records of one length the octets are taken at once, and cut into fields.
    let mut rest = if template.even { Some(cursor.take(template.min_len, "record.octets")?) } else { None };
    for op in &template.ops {
        let octets = match (rest, op.len) {
            (Some(octets), Some(len)) => {
                let cut = octets.split_at_checked(len);
                let (own, others) = cut.ok_or_else(|| cursor.bad(0, "record.field", 0, "the template's length"))?;
                rest = Some(others);
                own
            }
            (_, len) => field(cursor, len)?,
        };
        if let Some(way) = op.direct {
            direct::set(way, flow, octets);
            continue;
        }
        match op.action {
            Action::Ignore => {}
            Action::Measure(measure) => match measured(measure, octets) {
                Some(value) => measures.set(measure, value),
                None => tally.unfit += u32::from(!octets.is_empty()),
            },
            Action::Column(id, coding, guard) => column(id, coding, guard, octets, flow, tally),
            Action::Extra(kind) => extra::note(flow, template.name(op.at), kind, octets, tally),
            Action::Special(special) => special::fill(special, octets, flow, tally),
            Action::List(kind) => {
                lists::read(kind, template.name(op.at), octets, context, &mut Filling { flow, measures, tally }, 0);
            }
        }
    }
    Ok(())
}

fn column(id: ColumnId, coding: Coding, guard: Guard, octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
    let Some(mut value) = value(coding, octets) else {
        tally.unfit += u32::from(!octets.iter().all(|octet| *octet == 0));
        return;
    };
    let keep = match guard {
        Guard::Always => true,
        Guard::NotZero => !is_zero(&value),
        Guard::IfEmpty => is_zero(&flow.get(id)),
        Guard::Or => {
            if let (Value::Uint(new), Value::Uint(old)) = (&mut value, flow.get(id)) {
                *new |= old;
            }
            true
        }
    };
    if keep && !flow.set(id, &value) {
        tally.unfit += 1;
    }
}

/// A row in the making, for lists.
pub(crate) struct Filling<'a> {
    pub(crate) flow: &'a mut Flow,
    pub(crate) measures: &'a mut Measures,
    pub(crate) tally: &'a mut Tally,
}

/// Applies one field of a record inside a list: it may add to the row, and never changes what the row has.
pub(crate) fn add(
    op: &Op,
    template: &Template,
    octets: &[u8],
    context: &Context<'_>,
    into: &mut Filling<'_>,
    depth: u8,
) {
    match op.action {
        Action::Ignore => {}
        Action::Measure(measure) => {
            if let (None, Some(value)) = (into.measures.get(measure), measured(measure, octets)) {
                into.measures.set(measure, value);
            }
        }
        Action::Column(id, coding, _) => {
            let Some(value) = value(coding, octets).filter(|value| !is_zero(value)) else { return };
            let old = into.flow.get(id);
            if is_zero(&old) {
                into.tally.unfit += u32::from(!into.flow.set(id, &value));
            } else if old != value {
                extra::push(into.flow, template.name(op.at), &text_value(&value), into.tally);
            }
        }
        Action::Extra(kind) => extra::note(into.flow, template.name(op.at), kind, octets, into.tally),
        Action::Special(special) => special::fill(special, octets, into.flow, into.tally),
        Action::List(kind) => lists::read(kind, template.name(op.at), octets, context, into, depth),
    }
}

/// The number of at most 8 octets, network order.
pub(crate) fn uint(octets: &[u8]) -> Option<u64> {
    Some(match *octets {
        [one] => one.into(),
        [a, b] => u16::from_be_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_be_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        [] | [_, _, _, _, _, _, _, _, _, ..] => return None,
        _ => octets.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet)),
    })
}

/// A measure's number. The application's number has any length: up to seven octets are kept with their length in the
/// highest one, of longer ones a hash.
fn measured(measure: Measure, octets: &[u8]) -> Option<u64> {
    if measure != Measure::Application {
        return uint(octets);
    }
    if octets.len() < 8 {
        return Some(u64::try_from(octets.len()).unwrap_or(0) << 56 | uint(octets)?);
    }
    // FNV-1a, marked by a length that no number has.
    let mix = |hash: u64, octet: &u8| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
    Some(octets.iter().fold(0xcbf2_9ce4_8422_2325, mix) | 0xff << 56)
}

/// Engine and selector of an application's number (RFC 6759 §4.1), where it is short enough to be kept.
pub(crate) fn application(number: u64) -> Option<(u64, u64)> {
    let selector = (number >> 56).checked_sub(1).filter(|octets| *octets < 7)? * 8;
    Some((number >> selector & 0xff, number & ((1 << selector) - 1)))
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
        Coding::Real => Value::Real(match octets.len() {
            4 => f32::from_be_bytes(octets.try_into().ok()?).into(),
            _ => f64::from_be_bytes(octets.try_into().ok()?),
        }),
        Coding::Ip => Value::Ip(match octets.len() {
            4 => Ip::v4(octets.try_into().ok()?),
            _ => Ip(octets.try_into().ok()?),
        }),
        Coding::Mac => Value::Mac(Mac(octets.try_into().ok()?)),
        Coding::Text => Value::Text(text(octets)?),
        Coding::Decimal => Value::Text(uint(octets)?.to_string().into()),
        Coding::Hex => Value::Text(grouped(octets)?.into()),
        Coding::Digest if octets.iter().all(|octet| *octet == 0) => return None,
        Coding::Digest => Value::Text(hex(octets.get(..MAX_DIGITS / 2).unwrap_or(octets)).into()),
        Coding::Joined => Value::Texts(members(octets)?.into()),
        Coding::Texts => {
            let shown = |octets| text(octets).map_or_else(String::new, Cow::into_owned);
            Value::Texts(lists::values(octets)?.into_iter().map(shown).collect::<Vec<_>>().into())
        }
        Coding::Numbers => Value::Numbers(numbers(octets, |item| i64::try_from(uint(item)?).ok())?),
        Coding::Signed => Value::Numbers(numbers(octets, extra::signed)?),
        Coding::DnsType => Value::Text(names::dns_type(short(octets)?)),
        Coding::DnsRcode => Value::Text(names::dns_rcode(short(octets)?)),
        Coding::TlsVersion => Value::Text(names::tls_version(short(octets)?)?.into()),
        // Exporters write 0 where there is none.
        Coding::TlsCipher => Value::Text(names::tls_cipher(short(octets).filter(|number| *number != 0)?)),
        // The application's number begins with its engine, below 32; a plain text does not.
        Coding::Tagged => Value::Text(text(match octets {
            [0..32, _, _, _, _, _, rest @ ..] => rest,
            plain => plain,
        })?),
        Coding::Secs | Coding::Millis | Coding::Ntp => Value::Time(moment(coding, uint(octets)?)?),
    })
}

/// The instant that a number is in a coding of times.
pub(crate) fn moment(coding: Coding, number: u64) -> Option<Time> {
    match coding {
        Coding::Secs => i64::try_from(number).ok().map(|secs| Time::from_secs_nanos(secs, 0)),
        Coding::Millis => i64::try_from(number).ok().map(Time::from_millis),
        Coding::Ntp => Some(ntp(number)),
        _ => None,
    }
}

/// The members of a list of numbers; nothing where one of them is none.
fn numbers(octets: &[u8], of: impl Fn(&[u8]) -> Option<i64>) -> Option<Vec<i64>> {
    lists::values(octets)?.into_iter().map(of).collect()
}

fn short(octets: &[u8]) -> Option<u16> {
    u16::try_from(uint(octets)?).ok()
}

/// Most members of a list that is a text with commas.
pub(crate) const MAX_MEMBERS: usize = 64;

/// The members of a text with commas; nothing where there are none.
fn members(octets: &[u8]) -> Option<Vec<String>> {
    let text = text(octets)?;
    let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    let members: Vec<_> = members.take(MAX_MEMBERS).map(str::to_owned).collect();
    (!members.is_empty()).then_some(members)
}

/// Hexadecimal in groups of four octets, as access lists are shown; nothing where all are zero.
fn grouped(octets: &[u8]) -> Option<String> {
    let octets = octets.get(..MAX_DIGITS / 4).unwrap_or(octets);
    if octets.iter().all(|octet| *octet == 0) {
        return None;
    }
    Some(octets.chunks(4).map(hex).collect::<Vec<_>>().join("-"))
}

/// Text without the zeros that fill it up; nothing where it is empty.
pub(crate) fn text(octets: &[u8]) -> Option<Cow<'_, str>> {
    let octets = octets.get(..MAX_TEXT).unwrap_or(octets);
    let end = octets.iter().rposition(|octet| *octet != 0)? + 1;
    Some(String::from_utf8_lossy(octets.get(..end)?))
}

/// An NTP timestamp; one without the highest bit belongs to the era that begins in 2036 (RFC 5905 §6).
pub(crate) fn ntp(stamp: u64) -> Time {
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
        Value::Texts(list) => list.is_empty(),
        Value::Numbers(list) => list.is_empty(),
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

    #[test]
    fn the_number_of_an_application_is_engine_and_selector() {
        let parts = |octets: &[u8]| measured(Measure::Application, octets).and_then(application);
        assert_eq!(parts(&[13, 0, 0, 1]), Some((13, 1)));
        assert_eq!(parts(&[3, 0xff]), Some((3, 0xff)));
        assert_eq!((parts(&[20; 9]), parts(&[])), (None, None));
    }

    #[test]
    fn numbers_of_protocols_become_their_names() {
        let shown = |coding, octets: &[u8]| value(coding, octets).map(|value| text_value(&value));
        assert_eq!(shown(Coding::DnsType, &[0, 0, 0, 28]).as_deref(), Some("AAAA"));
        assert_eq!(shown(Coding::DnsRcode, &[3]).as_deref(), Some("nxdomain"));
        assert_eq!(shown(Coding::TlsVersion, &[3, 4]).as_deref(), Some("TLS 1.3"));
        assert_eq!(shown(Coding::TlsCipher, &[0x13, 1]).as_deref(), Some("TLS_AES_128_GCM_SHA256"));
        assert_eq!((shown(Coding::TlsCipher, &[0, 0]), shown(Coding::TlsCipher, &[1, 0, 0])), (None, None));
        assert_eq!((shown(Coding::TlsVersion, &[0, 0]), shown(Coding::DnsType, &[1, 0, 0])), (None, None));
    }

    #[test]
    fn octets_and_tags_become_text() {
        let shown = |coding, octets: &[u8]| value(coding, octets).map(|value| text_value(&value));
        assert_eq!(shown(Coding::Hex, &[0x0f, 0x8e, 1, 2, 9]).as_deref(), Some("0f8e0102-09"));
        assert_eq!(shown(Coding::Hex, &[0; 12]), None);
        assert_eq!(shown(Coding::Tagged, b"\x03\0\0\x50\x34\x02a.example").as_deref(), Some("a.example"));
        assert_eq!(shown(Coding::Tagged, b"a.example").as_deref(), Some("a.example"));
        assert_eq!(shown(Coding::Decimal, &[1, 0]).as_deref(), Some("256"));
        assert_eq!(shown(Coding::Digest, &[0x0f, 0x8e, 1, 2, 9]).as_deref(), Some("0f8e010209"));
        assert_eq!(shown(Coding::Joined, b"h2, http/1.1,,\0").as_deref(), Some("h2,http/1.1"));
        assert_eq!(shown(Coding::Joined, b", ,"), None);
    }
}
