// SPDX-License-Identifier: Apache-2.0
//! Filters: what parses prints to a text that parses to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    minamo_filter::complete(text, text.chars().count());
    if let Ok(filter) = minamo_filter::parse(text) {
        assert_eq!(minamo_filter::parse(&filter.to_string()), Ok(filter));
    }
});
