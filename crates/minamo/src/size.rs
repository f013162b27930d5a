// SPDX-License-Identifier: Apache-2.0
//! Sizes and lengths of time with their unit.

/// Octets of a size such as `64MiB`.
pub(crate) fn parse_size(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..)? {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit).filter(|size| *size > 0)
}

/// Silence or age after which a live flow is reported, such as `30s` or `5m`, of a day at most.
pub(crate) fn parse_timeout(text: &str) -> Option<std::time::Duration> {
    minamo_detect::parse_length(text).filter(|length| *length <= std::time::Duration::from_secs(86_400))
}
