// SPDX-License-Identifier: Apache-2.0
//! Detection: rules as files, windows, and the events they give. Sans-I/O: it says which SQL to run and
//! makes events of the rows that come back; who runs the SQL and stores the events is not its business. Rules that
//! say what their query counts are counted as rows come ([`Counter`]).

pub mod alerts;
mod count;
mod engine;
pub mod eve;
pub mod hunt;
mod incident;
pub mod method;
pub mod norikra;
mod part;
mod perspective;
mod question;
mod risk;
mod rule;
mod rules;
mod said;
mod suppress;
pub mod syslog;
mod tactic;
mod technique;

pub use count::{Count, Counter, Due};
pub use engine::{Engine, Fired, Found};
pub use incident::{Incident, Seen, Sentence, incidents};
pub use perspective::Perspective;
pub use question::{Questions, in_place, most_rows};
pub use risk::{MEMORY as RISK_MEMORY, Part, Risk, risks};
pub use rule::{Parameter, Rule, RuleError, Session, Severity, Text};
pub use rules::{Decided, Instance, Known, Origin, Rules, arrange};
pub use suppress::{Hours, Scope, ScopeError, Suppression, Verdict, usual, verdict};
pub use tactic::{TACTICS, Tactic};
pub use technique::technique;

/// The rules that come with the product, from `rules/` of the repository.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../rules"]
#[include = "*.sql"]
struct Shipped;

/// The rules that come with the product, by name.
pub fn shipped_rules() -> Result<Vec<Rule>, RuleError> {
    let mut names: Vec<_> = Shipped::iter().filter(|file| !file.contains('/')).collect();
    names.sort();
    let rule = |file: &str| {
        let name = file.trim_end_matches(".sql");
        Rule::parse(name, &shipped_text(name).unwrap_or_default())
    };
    names.iter().map(|file| rule(file)).collect()
}

/// The file of a rule that comes with the product.
pub fn shipped_text(name: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&Shipped::get(&format!("{name}.sql"))?.data).into_owned())
}

/// Reads a length of time such as `30s`, `5m`, `1h`, `7d`.
pub fn parse_length(text: &str) -> Option<std::time::Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    let unit = match text.get(digits.len()..)? {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    Some(std::time::Duration::from_secs(number.checked_mul(unit)?)).filter(|length| !length.is_zero())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_shipped_rules_are_well_formed() {
        let rules = shipped_rules().expect("all parse");
        assert!(rules.iter().any(|rule| rule.name == "scan_ports"));
        for rule in &rules {
            assert!(!rule.benign.is_empty(), "{} names no benign cause", rule.name);
        }
    }

    #[test]
    fn lengths_have_units() {
        assert_eq!(parse_length("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_length("2h"), Some(Duration::from_secs(7_200)));
        assert_eq!([parse_length("5"), parse_length("m"), parse_length("0s"), parse_length("5y")], [None; 4]);
    }
}
