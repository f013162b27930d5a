// SPDX-License-Identifier: Apache-2.0
//! Conditions on groups and aggregates: what parses prints to a text that means the same.

use std::path::Path;

use crate::Target;

pub(crate) static TARGET: Target = Target { name: "having", run, seeds };

fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    minamo_filter::complete_having(text, text.chars().count());
    if let Ok(having) = minamo_filter::parse_having(text) {
        let printed = having.to_string();
        assert_eq!(minamo_filter::parse_having(&printed).as_ref(), Ok(&having), "{text:?} is printed as {printed:?}");
    }
    if let Ok(aggregate) = minamo_filter::parse_aggregate(text) {
        assert_eq!(minamo_filter::parse_aggregate(&aggregate.to_string()), Ok(aggregate), "{text:?}");
    }
}

fn seeds(_: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let texts = [
        "flows > 100 and distinct(dst_port) >= 20",
        "bytes > 1G or not (avg(duration) > 5s || p95(bps) < 1.5M)",
        "median(npm_response_micros) > 2.5ms and max(time_end) < 2026-02-01T09:00:00+09:00",
        "sum(src_bytes)",
        "min(bpp) != 0x40 # the smallest",
    ];
    Ok(texts.iter().map(|text| text.as_bytes().to_vec()).collect())
}
