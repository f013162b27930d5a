// SPDX-License-Identifier: Apache-2.0
//! Risks of a flow: what should not be, or is seldom, with the evidence that was seen. One registry; a dissector notes what
//! only it can see, the rest is concluded from the facts when the row is made. Time is the flow's own.
//!
//! A risk is a hint and no verdict: each row of the registry says what harmless causes it has. Where a check is a heuristic,
//! its file says what it was measured on and what it misses.

mod chain;
mod judge;
mod lexical;
mod registry;
mod web;

use minamo_model::Flow;

use crate::Protocol;
use crate::reason::Reason;

pub use registry::*;

/// How bad a risk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing in an inventory.
    Low,
    /// Should be changed, or looked at together with others.
    Medium,
    /// Should be looked at.
    High,
    /// Should be looked at now.
    Critical,
}

impl Severity {
    /// The word that stands for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// What it adds to the score of a flow.
    pub fn points(self) -> u8 {
        match self {
            Self::Low => 10,
            Self::Medium => 30,
            Self::High => 60,
            Self::Critical => MAX_SCORE,
        }
    }
}

/// Most points of a flow.
pub const MAX_SCORE: u8 = 100;
/// Most characters of a value in a sentence.
const MAX_VALUE: usize = 160;

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// In English.
    pub en: &'static str,
    /// In Japanese.
    pub ja: &'static str,
}

/// A row of the registry.
#[derive(Debug)]
pub struct Risk {
    /// Name in rows and filters.
    pub name: &'static str,
    /// Number of its bit in `risk_bits`; never used for another risk.
    pub bit: u8,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub title: Text,
    /// The sentence that rows have as evidence.
    pub evidence: Reason,
    /// Harmless causes.
    pub benign: &'static [Text],
    /// Where it is described, and why the limits are what they are.
    pub source: &'static str,
}

impl Risk {
    /// Its bit in `risk_bits`.
    pub fn mask(&self) -> u64 {
        1_u64.checked_shl(self.bit.into()).unwrap_or(0)
    }
}

/// The risk of that name.
pub fn risk_of(name: &str) -> Option<&'static Risk> {
    RISKS.iter().copied().find(|risk| risk.name == name)
}

/// Writes a risk into the row, once, with the evidence.
pub fn note(flow: &mut Flow, risk: &'static Risk, values: &[&str]) {
    let group = flow.risk.get_or_insert_default();
    let bits = group.risk_bits.unwrap_or(0);
    if bits & risk.mask() != 0 {
        return;
    }
    let values: Vec<String> = values.iter().map(|value| shown(value)).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let (names, evidence) = (group.risk.get_or_insert_default(), group.risk_evidence.get_or_insert_default());
    // Severest first; of the same severity in the order in which they were seen.
    let place =
        names.iter().filter_map(|name| risk_of(name)).take_while(|other| other.severity >= risk.severity).count();
    names.insert(place.min(names.len()), risk.name.to_owned());
    evidence.insert(place.min(evidence.len()), risk.evidence.fill(&values));
    group.risk_bits = Some(bits | risk.mask());
    group.risk_score = Some(group.risk_score.unwrap_or(0).saturating_add(risk.severity.points()).min(MAX_SCORE));
}

/// A value as a sentence shows it: short, and without what would break a line.
fn shown(value: &str) -> String {
    let clean = |c: char| if c.is_control() { '?' } else { c };
    let mut out: String = value.chars().map(clean).take(MAX_VALUE).collect();
    if out.len() < value.len() {
        out.push('…');
    }
    out
}

/// Concludes the risks of a row that is being made, beside those that its dissector has noted. `protocol` is what its
/// content was recognised as.
pub fn assess(flow: &mut Flow, protocol: Option<&'static Protocol>) {
    judge::transport(flow, protocol);
    if flow.tls.is_some() {
        judge::tls(flow);
    }
    if flow.http.is_some() {
        web::judge(flow);
    }
    if flow.dns.is_some() {
        judge::dns(flow);
    }
    if flow.ssh.is_some() {
        judge::ssh(flow);
    }
    if flow.smb.is_some() {
        judge::smb(flow);
    }
    judge::names(flow);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_complete_and_its_bits_are_one_each() {
        let mut seen = 0_u64;
        for risk in RISKS {
            assert!(risk.bit < 64 && seen & risk.mask() == 0, "{} shares its bit", risk.name);
            seen |= risk.mask();
            assert!(
                risk.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
                "{}",
                risk.name
            );
            assert!(std::ptr::eq(risk_of(risk.name).expect("by its name"), *risk), "{} stands twice", risk.name);
            assert!(!risk.benign.is_empty(), "{} has no harmless cause: say why it can be wrong", risk.name);
            assert!(!risk.source.is_empty(), "{}", risk.name);
            for text in risk.benign.iter().chain([&risk.title]) {
                assert!(!text.en.is_empty() && !text.ja.is_empty() && text.en != text.ja, "{}: {text:?}", risk.name);
            }
            let holes = |text: &str| (0..4).filter(|n| text.contains(&format!("{{{n}}}"))).collect::<Vec<_>>();
            assert_eq!(holes(risk.evidence.en), holes(risk.evidence.ja), "{}", risk.name);
        }
    }

    #[test]
    fn a_risk_is_noted_once_and_the_severest_stands_first() {
        let mut flow = Flow::default();
        note(&mut flow, &CERTIFICATE_EXPIRES_SOON, &["a\nb", "2020"]);
        note(&mut flow, &CLEAR_TEXT_CREDENTIALS, &["FTP", "PASS"]);
        note(&mut flow, &CERTIFICATE_EXPIRES_SOON, &["again", "2020"]);
        let risk = flow.risk.expect("noted");
        assert_eq!(
            risk.risk.as_deref(),
            Some(&["clear_text_credentials".to_owned(), "certificate_expires_soon".to_owned()][..])
        );
        assert_eq!(risk.risk_bits, Some(CERTIFICATE_EXPIRES_SOON.mask() | CLEAR_TEXT_CREDENTIALS.mask()));
        assert_eq!(risk.risk_score, Some(70));
        assert!(risk.risk_evidence.expect("two").iter().all(|text| !text.contains('\n')));
    }

    #[test]
    fn the_score_has_an_end() {
        let mut flow = Flow::default();
        RISKS.iter().for_each(|risk| note(&mut flow, risk, &[&"x".repeat(1_000)]));
        let risk = flow.risk.expect("noted");
        assert_eq!(risk.risk_score, Some(MAX_SCORE));
        assert!(risk.risk_evidence.expect("all").iter().all(|text| text.len() < 600));
    }
}
