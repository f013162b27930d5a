// SPDX-License-Identifier: Apache-2.0
//! Services by host name: a suffix table in `data/services.tsv`, looked up label by label.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Lines of `suffix<TAB>service`; `#` starts a comment. The names are those that nDPI prints.
static TABLE: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("../data/services.tsv").lines();
    lines.filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once('\t')).collect()
});

/// The service behind a host name: that of the longest suffix in the table, matched at label borders.
pub fn service_of(host: &str) -> Option<&'static str> {
    let mut rest = host;
    loop {
        if let Some(service) = TABLE.get(rest) {
            return Some(service);
        }
        rest = rest.split_once('.')?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_match_at_label_borders() {
        assert_eq!(service_of("www.youtube.com"), Some("YouTube"));
        assert_eq!(service_of("youtube.com"), Some("YouTube"));
        assert_eq!(service_of("notyoutube.com"), None);
        assert_eq!(service_of(""), None);
    }

    #[test]
    fn the_table_is_well_formed() {
        for line in include_str!("../data/services.tsv").lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
            let (suffix, service) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line:?}"));
            assert!(suffix.contains('.') && suffix == suffix.to_lowercase() && !suffix.starts_with('.'), "{line:?}");
            assert!(!service.is_empty() && !service.contains(char::is_whitespace), "{line:?}");
        }
    }
}
