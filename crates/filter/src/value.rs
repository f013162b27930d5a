// SPDX-License-Identifier: Apache-2.0
//! Values: a word or quoted text to a literal of the wanted kind, and the literal back to text.

use std::fmt;

use minamo_base::{NANOS_PER_SEC, Time};

use crate::ast::Literal;
use crate::check::Sort;
use crate::lex::quoted;
use crate::words::{PROTOCOLS, flag_bits, protocol};

/// Nanoseconds of the units of time.
const TIME_UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Factors of the suffixes of numbers; in any letter case.
const FACTORS: &[(&str, u64)] = &[
    ("", 1),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
];

/// The literal of that text, where it is one of that kind.
pub(crate) fn literal(sort: Sort, text: &str) -> Option<Literal> {
    match sort {
        Sort::Bool if text.eq_ignore_ascii_case("true") => Some(Literal::Bool(true)),
        Sort::Bool => text.eq_ignore_ascii_case("false").then_some(Literal::Bool(false)),
        Sort::Uint { max, nanos } => uint(text, nanos).filter(|n| *n <= max).map(Literal::Uint),
        Sort::Protocol => {
            protocol(text).map(u64::from).or_else(|| uint(text, 0)).filter(|n| *n <= 255).map(Literal::Uint)
        }
        Sort::Flags => flags(text).map(|bits| Literal::Uint(bits.into())),
        Sort::Int => int(text).map(Literal::Int),
        Sort::Real => signed_real(text, FACTORS).map(Literal::Real),
        Sort::Mean { nanos } => mean(text, nanos).map(Literal::Real),
        Sort::Seconds => seconds(text).map(Literal::Real),
        Sort::Text => Some(Literal::Text(text.to_owned())),
        Sort::Ip => text.parse().ok().map(Literal::Ip),
        Sort::Mac => text.parse().ok().map(Literal::Mac),
        Sort::Time => time(text).map(Literal::Time),
    }
}

/// The range of that text, `80-90`, where it is one of that kind.
pub(crate) fn range(sort: Sort, text: &str) -> Option<(u64, u64)> {
    let (Sort::Uint { .. }, Some((low, high))) = (sort, text.split_once('-')) else { return None };
    match (literal(sort, low)?, literal(sort, high)?) {
        (Literal::Uint(low), Literal::Uint(high)) if low <= high => Some((low, high)),
        _ => None,
    }
}

/// Flag bits of letters or of a number.
pub(crate) fn flags(text: &str) -> Option<u8> {
    if text.is_empty() {
        return None;
    }
    flag_bits(text).or_else(|| uint(text, 0).and_then(|n| u8::try_from(n).ok()))
}

/// A number in front and the suffix behind it.
fn split_suffix(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at_checked(end)
}

fn factor(suffix: &str, table: &[(&str, u64)]) -> Option<u64> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(suffix)).map(|(_, factor)| *factor)
}

/// A whole number: decimal with a suffix, or hexadecimal. With `nanos` also a length of time, in units of
/// so many nanoseconds.
fn uint(text: &str, nanos: u64) -> Option<u64> {
    if let Some(hex) = text.strip_prefix("0x").filter(|hex| !hex.starts_with('+')) {
        return u64::from_str_radix(hex, 16).ok();
    }
    let (number, suffix) = split_suffix(text)?;
    let (times, per) = match factor(suffix, TIME_UNITS).filter(|_| nanos > 0) {
        Some(unit) => (unit, nanos),
        None => (factor(suffix, FACTORS)?, 1),
    };
    exact(number, times, per)
}

/// Decimal `number` × `times` / `per`, where that is a whole number.
fn exact(number: &str, times: u64, per: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || whole.len() > 20 || fraction.is_empty() || fraction.len() > 9 || fraction.contains('.') {
        return None;
    }
    let scale = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    let digits = whole.parse::<u128>().ok()? * scale + fraction.parse::<u128>().ok()?;
    let (product, divisor) = (digits.checked_mul(times.into())?, scale * u128::from(per));
    if product.is_multiple_of(divisor) { u64::try_from(product / divisor).ok() } else { None }
}

fn int(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let number = sign * i64::try_from(uint(digits, 0)?).ok()?;
    i32::try_from(number).ok().map(i64::from)
}

fn real(text: &str, table: &[(&str, u64)]) -> Option<f64> {
    let (number, suffix) = split_suffix(text)?;
    if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('.') {
        return None;
    }
    // Factors are below 2^53, so the conversion is exact.
    let times = factor(suffix, table)? as f64;
    number.parse::<f64>().ok().map(|n| n * times).filter(|n| n.is_finite())
}

fn signed_real(text: &str, table: &[(&str, u64)]) -> Option<f64> {
    match text.strip_prefix('-') {
        Some(digits) => real(digits, table).map(|n| -n),
        None => real(text, table),
    }
}

/// Seconds of a length: a plain number is milliseconds.
fn seconds(text: &str) -> Option<f64> {
    if let Some(millis) = real(text, &[("", 1)]) {
        return Some(millis / 1e3);
    }
    let (number, suffix) = split_suffix(text)?;
    let Some(nanos) = factor(suffix, TIME_UNITS) else {
        // `5k` as nfdump has it: thousands of milliseconds.
        return real(text, FACTORS).map(|millis| millis / 1e3);
    };
    let number = real(number, &[("", 1)])?;
    let seconds = if nanos >= 1_000_000_000 {
        number * (nanos / 1_000_000_000) as f64
    } else {
        number / (1_000_000_000 / nanos) as f64
    };
    Some(seconds).filter(|s| s.is_finite())
}

/// A real number, or with `nanos` a length of time too, in units of so many nanoseconds.
fn mean(text: &str, nanos: u64) -> Option<f64> {
    let (number, suffix) = split_suffix(text)?;
    match factor(suffix, TIME_UNITS).filter(|_| nanos > 0) {
        // Both are far below 2^53, so the conversion is exact.
        Some(unit) => real(number, &[("", 1)]).map(|n| n * unit as f64 / nanos as f64).filter(|n| n.is_finite()),
        None => real(text, FACTORS),
    }
}

/// A run of `len` digits at the start of `text`, and what follows.
fn digits(text: &str, len: usize) -> Option<(i64, &str)> {
    let (head, tail) = text.split_at_checked(len)?;
    let all = !head.is_empty() && head.bytes().all(|b| b.is_ascii_digit());
    if all { head.parse().ok().map(|n| (n, tail)) } else { None }
}

/// An instant of RFC 3339; seconds, time of day and zone may be left out, the zone is then UTC.
fn time(text: &str) -> Option<Time> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let days = days_before(year, month) + day - 1;
    let (nanos_of_day, zone) = match rest.strip_prefix(['T', 't']) {
        Some(rest) => time_of_day(rest)?,
        None => (0, rest),
    };
    let nanos = i128::from(days * 86_400 - offset(zone)?) * i128::from(NANOS_PER_SEC) + i128::from(nanos_of_day);
    i64::try_from(nanos).ok().map(Time)
}

/// Nanoseconds of `hh:mm[:ss[.fraction]]`, and what follows.
fn time_of_day(text: &str) -> Option<(i64, &str)> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (mut second, mut nanos) = (0, 0);
    if let Some(more) = rest.strip_prefix(':') {
        (second, rest) = digits(more, 2)?;
        if let Some(more) = rest.strip_prefix('.') {
            let len = more.find(|c: char| !c.is_ascii_digit()).unwrap_or(more.len());
            let (fraction, tail) = digits(more, len).filter(|_| len <= 9)?;
            nanos = fraction * 10i64.pow(u32::try_from(9 - len).ok()?);
            rest = tail;
        }
    }
    let valid = hour < 24 && minute < 60 && second < 60;
    valid.then_some((((hour * 60 + minute) * 60 + second) * NANOS_PER_SEC + nanos, rest))
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = digits(zone.strip_prefix(['+', '-'])?, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    let before = year - 1;
    let of_years = before * 365 + before / 4 - before / 100 + before / 400;
    of_years - 719_162 + (1..month).map(|m| days_in(year, m)).sum::<i64>()
}

/// A literal as text that reads back, for a subject of that kind.
pub(crate) struct Written<'a>(pub(crate) Sort, pub(crate) &'a Literal);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Sort::Protocol, Literal::Uint(n)) => match PROTOCOLS.iter().find(|(_, number)| u64::from(*number) == *n) {
                Some((name, _)) => f.write_str(name),
                None => write!(f, "{n}"),
            },
            (Sort::Seconds, Literal::Real(n)) => write!(f, "{n}s"),
            (_, Literal::Uint(n)) => write!(f, "{n}"),
            (_, Literal::Int(n)) => write!(f, "{n}"),
            (_, Literal::Real(n)) => write!(f, "{n}"),
            (_, Literal::Text(text)) => f.write_str(&quoted(text)),
            (_, Literal::Ip(ip)) => write!(f, "{ip}"),
            (_, Literal::Mac(mac)) => write!(f, "{mac}"),
            (_, Literal::Bool(value)) => write!(f, "{value}"),
            (_, Literal::Time(at)) => write!(f, "{at}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_suffixes() {
        let cases = [
            ("1500", Some(1_500)),
            ("1k", Some(1_000)),
            ("1.5K", Some(1_500)),
            ("10M", Some(10_000_000)),
            ("2Gi", Some(2 << 30)),
            ("0x1f", Some(31)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("1.5", None),
            ("-1", None),
            ("1x", None),
            ("k", None),
            ("", None),
            ("1.2.3", None),
        ];
        for (text, want) in cases {
            assert_eq!(uint(text, 0), want, "{text}");
        }
        assert_eq!((uint("50ms", 1_000), uint("50", 1_000), uint("1ns", 1_000)), (Some(50_000), Some(50), None));
        assert_eq!((seconds("1500"), seconds("1.5s"), seconds("5m")), (Some(1.5), Some(1.5), Some(300.0)));
        assert_eq!((signed_real("-1.5", FACTORS), real("inf", FACTORS), real("1.", FACTORS)), (Some(-1.5), None, None));
        assert_eq!((int("-2147483648"), int("2147483648"), int("--1")), (Some(-2_147_483_648), None, None));
    }

    #[test]
    fn instants_are_rfc_3339() {
        let cases = [
            ("2026-11-22T18:15:19Z", Some(1_795_371_319_000_000_000)),
            ("2000-02-29T12:34:56.123Z", Some(951_827_696_123_000_000)),
            ("1970-01-01", Some(0)),
            ("1970-01-01T09:00+09:00", Some(0)),
            ("1969-12-31T23:59:59.999999999Z", Some(-1)),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T00:00:00.Z", None),
            ("3000-01-01", None),
            ("2026-01-01Q", None),
        ];
        for (text, want) in cases {
            assert_eq!(time(text), want.map(Time), "{text}");
        }
        for at in [i64::MIN, i64::MAX, 0, -1, 68_169_600_000_000_000] {
            assert_eq!(time(&Time(at).to_string()), Some(Time(at)));
        }
    }
}
