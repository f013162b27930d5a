// SPDX-License-Identifier: Apache-2.0
//! Values on the command line, from their texts.

pub(super) fn format_names() -> clap::builder::PossibleValuesParser {
    minamo_sinks::FORMATS
        .iter()
        .map(|f| clap::builder::PossibleValue::new(f.name).help(f.help))
        .collect::<Vec<_>>()
        .into()
}

pub(super) fn capture_filter(text: &str) -> Result<minamo_capture::Expression, String> {
    minamo_capture::Expression::parse(text).map_err(|error| error.to_string())
}

pub(super) fn groups(text: &str) -> Result<minamo_meter::Groups, String> {
    text.parse()
}

pub(super) fn splt_packets() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=minamo_meter::MAX_SPLT_PACKETS.into())
}

pub(super) fn sampling(text: &str) -> Result<minamo_meter::Sampling, String> {
    text.parse()
}

pub(super) fn length(text: &str) -> Result<std::time::Duration, String> {
    minamo_detect::parse_length(text).ok_or_else(|| "want a length with a unit, such as 30s, 5m, 1h or 7d".to_owned())
}

/// How long a live flow may be silent or last: much longer, and nothing would ever be reported.
pub(super) fn timeout(text: &str) -> Result<std::time::Duration, String> {
    crate::size::parse_timeout(text)
        .ok_or_else(|| "want a length with a unit, of at most a day, such as 30s or 5m".to_owned())
}

/// As [`timeout`], for files, whose flows may all be in one part.
pub(super) fn long_timeout(text: &str) -> Result<std::time::Duration, String> {
    let most = std::time::Duration::from_secs(4_000 * 86_400);
    length(text)
        .ok()
        .filter(|length| *length <= most)
        .ok_or_else(|| "want a length with a unit, of at most 4000d, such as 30s or 5m".to_owned())
}

pub(super) fn size(text: &str) -> Result<usize, String> {
    crate::size::parse_size(text).ok_or_else(|| "want a size with a unit, such as 64MiB or 1GiB".to_owned())
}

/// The name of a set, as it is typed in filters or alone.
#[cfg(feature = "lake")]
pub(super) fn set_name(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(text.strip_prefix('@').unwrap_or(text).to_owned())
}

#[cfg(feature = "lake")]
pub(super) fn hold_number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "want the number of a hold; `minamo lake` lists those that are".to_owned())
}

#[cfg(feature = "lake")]
pub(super) fn time(text: &str) -> Result<minamo_base::Time, String> {
    minamo_base::Time::parse(text).ok_or_else(|| "want a time such as 2026-01-31T09:00:00Z".to_owned())
}
