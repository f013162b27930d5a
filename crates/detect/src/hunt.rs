// SPDX-License-Identifier: Apache-2.0
//! Retro-hunt: when a feed has something new, the past is searched for it, with the same events as if it had been known.

use minamo_base::{Ip, Prefix, Time};

/// Indicators of one question: each is some comparisons.
const OF_A_QUESTION: usize = 200;
/// Columns that hold names, in lower case.
pub const NAME_COLUMNS: [&str; 3] = ["tls_sni", "http_host", "dns_query"];

/// What to ask for new indicators of a feed over a range: the rows have the columns of the rule `feed_match`. The window is
/// a day.
pub fn questions(feed: &str, addresses: &[Prefix], names: &[String], from: Time, to: Time) -> Vec<String> {
    let of_addresses = addresses.chunks(OF_A_QUESTION).flat_map(|part| {
        ["src_ip", "dst_ip"].map(|column| {
            let tests: Vec<String> = part.iter().map(|prefix| within(column, prefix)).collect();
            question(feed, column, &format!("ip_text({column})"), &tests.join(" OR "), from, to)
        })
    });
    let of_names = names.chunks(OF_A_QUESTION).flat_map(|part| {
        NAME_COLUMNS.map(|column| {
            let whole: Vec<String> = part.iter().map(|name| format!("'{}'", quoted(name))).collect();
            let below: Vec<String> = part.iter().map(|name| format!("{column} LIKE '%.{}'", pattern(name))).collect();
            let test = format!("{column} IN ({}) OR {}", whole.join(", "), below.join(" OR "));
            question(feed, column, column, &test, from, to)
        })
    });
    of_addresses.chain(of_names).collect()
}

fn question(feed: &str, column: &str, indicator: &str, test: &str, from: Time, to: Time) -> String {
    format!(
        "SELECT date_bin(INTERVAL '1 day', time_start) AS window_start, src_ip, dst_ip, dst_port, proto, \
         '{}' AS threat_feed, {indicator} AS threat_indicator, '{column}' AS threat_matched, \
         COUNT(*) AS flows, SUM(src_bytes) AS src_bytes, SUM(dst_bytes) AS dst_bytes \
         FROM flows WHERE time_start >= TIMESTAMP '{from}' AND time_start < TIMESTAMP '{to}' AND ({test}) \
         GROUP BY 1, src_ip, dst_ip, dst_port, proto, {indicator}",
        quoted(feed)
    )
}

fn within(column: &str, prefix: &Prefix) -> String {
    let whole = prefix.len() == if prefix.first().is_v4() { 32 } else { 128 };
    let address = |ip: Ip| format!("'{ip}'");
    if whole { format!("{column} = {}", address(prefix.first())) } else { format!("in_net({column}, '{prefix}')") }
}

fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}

/// A text as `LIKE` takes it literally. Names have no other characters with a meaning than the underscore.
fn pattern(name: &str) -> String {
    quoted(name).replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_asked_for_in_parts() {
        let addresses: Vec<Prefix> =
            ["203.0.113.9/32", "198.51.100.0/24"].iter().map(|p| p.parse().expect("a prefix")).collect();
        let names = vec!["bad_one.example".to_owned(); 201];
        let (from, to) = (Time::from_millis(0), Time::from_millis(1));
        let asked = questions("it's", &addresses, &names, from, to);
        assert_eq!(asked.len(), 2 + 2 * 3);
        assert!(asked[0].contains("src_ip = '203.0.113.9' OR in_net(src_ip, '198.51.100.0/24')"), "{}", asked[0]);
        assert!(asked[0].contains("'it''s' AS threat_feed"));
        assert!(asked[2].contains("LIKE '%.bad\\_one.example'"), "{}", asked[2]);
    }
}
