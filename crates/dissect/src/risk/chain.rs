// SPDX-License-Identifier: Apache-2.0
//! Risks of the certificates behind the server's first (RFC 5280 §6.1). A root is trusted for itself: its time and its
//! signature do not count, its key does. Evidence names a certificate by its place, the first being 1, and its subject.

use minamo_base::Time;
use minamo_model::Flow;
use minamo_model::flow::TlsChain;

use super::judge::{is_weak_key, is_weak_signature};
use super::note;
use super::registry::*;

/// Judges the chain at the time of the flow; of each risk the first certificate that has it is told.
pub(super) fn judge(flow: &mut Flow, chain: &TlsChain, at: Time) {
    if chain.order.as_deref() == Some("broken") {
        note(flow, &CERTIFICATE_ORDER, &[&chain.subjects.as_deref().unwrap_or_default().join(" | ")]);
    }
    for number in 0..chain.subjects.as_ref().map_or(0, Vec::len) {
        certificate(flow, chain, number, at);
    }
}

fn certificate(flow: &mut Flow, chain: &TlsChain, number: usize, at: Time) {
    let of = |list: &Option<Vec<String>>| list.as_ref().and_then(|all| all.get(number)).cloned().unwrap_or_default();
    let subject = of(&chain.subjects);
    let told = |what: &str| format!("{what} (#{} {subject})", number.saturating_add(2));
    let key = of(&chain.keys);
    if is_weak_key(&key) {
        note(flow, &WEAK_KEY, &[&told(&key)]);
    }
    if subject == of(&chain.issuers) {
        return;
    }
    let signature = of(&chain.signatures);
    if is_weak_signature(&signature) {
        note(flow, &WEAK_SIGNATURE, &[&told(&signature)]);
    }
    let end = of(&chain.not_after);
    if Time::parse(&end).is_some_and(|end| end < at) {
        note(flow, &CERTIFICATE_EXPIRED, &[&told(&end)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Risks and evidence of a chain of an authority and a root on 2022-01-08.
    fn found(change: fn(&mut TlsChain)) -> Vec<(String, String)> {
        let list = |all: [&str; 2]| Some(all.map(str::to_owned).to_vec());
        let mut chain = TlsChain {
            order: Some("to_root".into()),
            subjects: list(["CN=Issuing", "CN=Root"]),
            issuers: list(["CN=Root", "CN=Root"]),
            not_before: list(["2020-01-01T00:00:00Z", "2000-01-01T00:00:00Z"]),
            not_after: list(["2030-01-01T00:00:00Z", "2020-01-01T00:00:00Z"]),
            keys: list(["EC P-256", "RSA 2048"]),
            signatures: list(["sha256WithRSAEncryption", "sha1WithRSAEncryption"]),
            ..TlsChain::default()
        };
        change(&mut chain);
        let mut flow = Flow::default();
        judge(&mut flow, &chain, Time(19_000 * 86_400 * 1_000_000_000));
        let risk = flow.risk.unwrap_or_default();
        risk.risk.unwrap_or_default().into_iter().zip(risk.risk_evidence.unwrap_or_default()).collect()
    }

    fn set(list: &mut Option<Vec<String>>, at: usize, value: &str) {
        list.as_mut().expect("a list")[at] = value.to_owned();
    }

    #[test]
    fn a_root_is_trusted_for_itself() {
        assert_eq!(found(|_| ()), []);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_name() {
        let old = found(|chain| set(&mut chain.not_after, 0, "2021-01-01T00:00:00Z"));
        assert_eq!(old[0].0, "certificate_expired");
        assert!(old[0].1.contains("2021-01-01T00:00:00Z (#2 CN=Issuing)"), "{old:?}");
        let signature = found(|chain| set(&mut chain.signatures, 0, "sha1WithRSAEncryption"));
        assert!(signature[0].1.ends_with("sha1WithRSAEncryption (#2 CN=Issuing)"), "{signature:?}");
        let key = found(|chain| set(&mut chain.keys, 1, "RSA 1024"));
        assert!(key[0].1.ends_with("RSA 1024 (#3 CN=Root)"), "{key:?}");
        let order = found(|chain| chain.order = Some("broken".into()));
        assert!(order[0].0 == "certificate_order" && order[0].1.contains("CN=Issuing | CN=Root"), "{order:?}");
    }

    #[test]
    fn what_could_not_be_read_is_not_judged() {
        let none = found(|chain| {
            for list in [&mut chain.subjects, &mut chain.not_after, &mut chain.keys, &mut chain.signatures] {
                set(list, 0, "");
            }
        });
        assert_eq!(none, []);
    }
}
