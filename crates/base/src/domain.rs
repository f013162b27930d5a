// SPDX-License-Identifier: Apache-2.0
//! The registered domain is what somebody owns of a name: `www.example.co.jp` is part of `example.co.jp`. By a rule, not by the list of
//! public suffixes (<https://publicsuffix.org>): the last two labels, and three where the last has two letters (a country, ISO
//! 3166-1) and the one before is what countries put under them for everybody (`co`, `ac`, `com` …). Known failures: prefectures
//! and cities as suffixes (`tokyo.jp`), hosting suffixes (`github.io`), which count as one domain. Names of addresses below
//! `arpa` are one domain each for IPv4 and IPv6.

/// Labels below a country that stand for a kind of owner.
const KINDS: [&str; 21] = [
    "ac", "ad", "co", "com", "ed", "edu", "go", "gob", "gov", "gr", "ltd", "lg", "me", "mil", "ne", "net", "nom", "or",
    "org", "plc", "sch",
];

/// The registered domain of a name; the name itself where it has too few labels.
pub fn registered_domain(name: &str) -> &str {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return name };
    let after = |at: usize| name.get(at + 1..).unwrap_or(name);
    let kind = name.get(second + 1..last).unwrap_or_default();
    let is_country = after(last).len() == 2 && after(last).bytes().all(|c| c.is_ascii_alphabetic());
    if is_country && KINDS.contains(&kind) { dots.next().map_or(name, after) } else { after(second) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_what_somebody_owns() {
        for (name, owned) in [
            ("www.example.com", "example.com"),
            ("example.com.", "example.com"),
            ("a.b.example.co.jp", "example.co.jp"),
            ("example.co.jp", "example.co.jp"),
            ("co.jp", "co.jp"),
            ("x.example.jp", "example.jp"),
            ("www.gov.uk", "www.gov.uk"),
            ("a.co.example", "co.example"),
            ("7.2.0.192.in-addr.arpa", "in-addr.arpa"),
            ("localhost", "localhost"),
            ("", ""),
            ("日本.例え.jp", "例え.jp"),
            (".", ""),
            ("..", "."),
        ] {
            assert_eq!(registered_domain(name), owned, "{name}");
        }
    }
}
