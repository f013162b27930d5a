// SPDX-License-Identifier: Apache-2.0
//! Packet time: nanoseconds since 1970-01-01T00:00:00Z. Never read from a clock here; always handed in.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use crate::letters::{Letters, Written};

/// Nanoseconds in a second.
pub const NANOS_PER_SEC: i64 = 1_000_000_000;

/// An instant in nanoseconds since the epoch, UTC. Arithmetic saturates: absurd times stay absurd, never wrap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Time(pub i64);

impl Time {
    /// Of whole seconds and nanoseconds.
    pub fn from_secs_nanos(secs: i64, nanos: i64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SEC).saturating_add(nanos))
    }

    /// Of milliseconds since the epoch.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Reads RFC 3339: date and time with `T` or a blank between, fraction and offset (`Z`, `+09:00`) as they come;
    /// without an offset UTC is meant.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let (clock, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
        let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let mut parts = whole.split(':').map(|part| part.parse::<i64>().ok());
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
        let in_range = (1..=12).contains(&month) && (1..=31).contains(&day);
        if !in_range || hour > 23 || minute > 59 || second > 60 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let nanos: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        let offset = match zone.split_at_checked(1) {
            None | Some(("Z" | "z", _)) => 0,
            Some((sign, offset)) => {
                let (hours, minutes) = offset.split_once(':')?;
                let seconds = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
                if sign == "-" { -seconds } else { seconds }
            }
        };
        Some(Self::from_secs_nanos(
            days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset,
            nanos,
        ))
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(NANOS_PER_SEC)
    }

    /// Milliseconds since the epoch, rounded down.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Nanoseconds from `earlier` to here; 0 where `earlier` is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Time {
    /// RFC 3339 in UTC with nanoseconds trimmed to what is there.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "64 bits of nanoseconds are years of four digits"
    )]
    fn letters(self) -> Letters<40> {
        let (days, second) = (self.secs().div_euclid(86_400), self.secs().rem_euclid(86_400) as u32);
        let (year, month, day) = civil(days);
        let mut letters = Letters::new();
        letters.padded::<4>(year as u32);
        letters.push(b'-');
        letters.padded::<2>(month as u32);
        letters.push(b'-');
        letters.padded::<2>(day as u32);
        letters.push(b'T');
        letters.padded::<2>(second / 3600);
        letters.push(b':');
        letters.padded::<2>(second / 60 % 60);
        letters.push(b':');
        letters.padded::<2>(second % 60);
        let nanos = self.0.rem_euclid(NANOS_PER_SEC) as u32;
        if nanos > 0 {
            letters.push(b'.');
            match nanos {
                millis if millis % 1_000_000 == 0 => letters.padded::<3>(millis / 1_000_000),
                micros if micros % 1_000 == 0 => letters.padded::<6>(micros / 1_000),
                nanos => letters.padded::<9>(nanos),
            }
        }
        letters.push(b'Z');
        letters
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC with nanoseconds trimmed to what is there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letters().as_str())
    }
}

impl Written for Time {
    fn push_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.letters().as_bytes());
    }
}

/// Days since 1970-01-01 of a date: the inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = year - i64::from(month <= 2);
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// Year, month and day of a count of days since 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_rfc3339() {
        assert_eq!(Time(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Time::from_secs_nanos(951_827_696, 123_000_000).to_string(), "2000-02-29T12:34:56.123Z");
        assert_eq!(Time(-1).to_string(), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(Time::from_millis(1_795_371_319_000).to_string(), "2026-11-22T18:15:19Z");
    }

    #[test]
    fn reads_what_it_prints_and_offsets() {
        for nanos in [0, 951_827_696_123_000_000, -1, 1_795_371_319_000_000_000, 4_102_444_799_999_999_999] {
            assert_eq!(Time::parse(&Time(nanos).to_string()), Some(Time(nanos)));
        }
        assert_eq!(Time::parse("2026-01-05T19:00:00+09:00"), Time::parse("2026-01-05 10:00"));
        for bad in
            ["", "2026-13-01T00:00:00Z", "2026-01-05", "2026-01-05T25:00:00Z", "2026-01-05T10:00:00.xZ", "yesterday"]
        {
            assert_eq!(Time::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn saturates() {
        assert_eq!(Time(i64::MAX) + Duration::from_secs(1), Time(i64::MAX));
        assert_eq!(Time(5).since(Time(9)), 0);
    }
}
