// SPDX-License-Identifier: Apache-2.0
//! The name of a flow's destination, joined from what the conversation said and what its initiator had asked DNS for. Each
//! source can lie or be missing, so the row says which one spoke, and whether another agrees.
//!
//! The outer name of an Encrypted Client Hello is that of the server in front (RFC 9849 §6.1) and never a destination. A
//! client that has no key for the server sends a placeholder that looks the same (GREASE, §6.2): then the name is real.
//! What tells them apart is what the client had asked for, and a certificate, which only TLS 1.2 and older show.

use std::borrow::Cow;

use minamo_model::Flow;

use crate::protocols::tls;

/// Public names of servers in front that their operators document. Others are told by DNS.
const FRONTS: &[&str] = &["cloudflare-ech.com"];

/// A name that was found, and how sure it is.
struct Found {
    name: String,
    source: &'static str,
    confidence: &'static str,
}

/// Writes the name of the destination into the row. `asked` is what the initiator asked for and got the destination's
/// address as the answer, the latest first.
pub fn join_names(flow: &mut Flow, asked: &[&str]) {
    let kind = ech_kind(flow, asked);
    if let Some(tls) = flow.tls.as_deref_mut().filter(|tls| tls.ech == Some(true)) {
        tls.ech_kind = kind.map(Cow::Borrowed);
    }
    let found = said(flow, kind, asked).or_else(|| certified(flow, asked)).or_else(|| resolved(asked));
    match found {
        Some(found) => {
            let host = flow.host.get_or_insert_default();
            host.host_name = Some(found.name);
            host.name_source = Some(found.source.into());
            host.name_confidence = Some(found.confidence.into());
        }
        None if kind == Some(OUTER) => {
            let host = flow.host.get_or_insert_default();
            host.name_source = Some("ech_outer".into());
            host.name_confidence = Some("none".into());
        }
        None => {}
    }
}

const OUTER: &str = "outer";
const GREASE: &str = "grease";

/// What the Encrypted Client Hello of the flow is, where something tells.
fn ech_kind(flow: &Flow, asked: &[&str]) -> Option<&'static str> {
    let tls = flow.tls.as_deref().filter(|tls| tls.ech == Some(true))?;
    let name = tls.sni.as_deref()?;
    if FRONTS.contains(&name) {
        return Some(OUTER);
    }
    let vouched = asked.contains(&name) || tls::certified_for(tls, name) == Some(true);
    match vouched {
        true => Some(GREASE),
        false if !asked.is_empty() => Some(OUTER),
        false => None,
    }
}

/// The name that the initiator said.
fn said(flow: &Flow, ech: Option<&str>, asked: &[&str]) -> Option<Found> {
    let tls = flow.tls.as_deref();
    let sni = tls.and_then(|tls| tls.sni.as_deref()).filter(|_| ech != Some(OUTER));
    if let Some(name) = sni.filter(|name| is_name(name)) {
        let source = if flow.quic.is_some() { "quic" } else { "sni" };
        let proven = tls.and_then(|tls| tls::certified_for(tls, name));
        let confidence = match proven {
            Some(false) => "low",
            Some(true) => "high",
            None if asked.contains(&name) => "high",
            None => "medium",
        };
        return Some(Found { name: name.to_owned(), source, confidence });
    }
    let host = flow.http.as_deref().and_then(|http| http.host.as_deref()).filter(|name| is_name(name))?;
    let confidence = if asked.contains(&host) { "high" } else { "medium" };
    Some(Found { name: host.to_owned(), source: "http", confidence })
}

/// A name of the server's certificate: the one that was asked for, else the first that is whole.
fn certified(flow: &Flow, asked: &[&str]) -> Option<Found> {
    let tls = flow.tls.as_deref()?;
    if let Some(name) = asked.iter().find(|name| tls::certified_for(tls, name) == Some(true)) {
        return Some(Found { name: (*name).to_owned(), source: "dns", confidence: "high" });
    }
    let common = tls.cert_subject.as_deref().and_then(tls::common_name);
    let names = || tls.cert_names.iter().flatten().map(String::as_str).chain(common);
    let whole = names().find(|name| is_name(name));
    if let Some(name) = whole {
        return Some(Found { name: name.to_ascii_lowercase(), source: "certificate", confidence: "medium" });
    }
    let wild = names().find_map(|name| name.strip_prefix("*.").filter(|name| is_name(name)))?;
    Some(Found { name: wild.to_ascii_lowercase(), source: "certificate", confidence: "low" })
}

/// What the initiator had asked for last.
fn resolved(asked: &[&str]) -> Option<Found> {
    let name = asked.first().filter(|name| is_name(name))?;
    // One address serves many names: which of several the connection is for is a guess.
    let confidence = if asked.len() == 1 { "medium" } else { "low" };
    Some(Found { name: (*name).to_owned(), source: "dns", confidence })
}

/// True for a name with a dot, as opposed to an address, a single word and a pattern.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.contains('.')
        && text.len() <= 255
        && text.chars().all(allowed)
        && text.parse::<std::net::IpAddr>().is_err()
        && text.chars().any(|c| c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(sni: Option<&str>, ech: bool, names: &[&str]) -> Flow {
        let mut flow = Flow::default();
        let tls = flow.tls.get_or_insert_default();
        tls.sni = sni.map(str::to_owned);
        tls.ech = ech.then_some(true);
        tls.cert_names = (!names.is_empty()).then(|| names.iter().map(|name| (*name).to_owned()).collect());
        flow
    }

    fn joined(mut flow: Flow, asked: &[&str]) -> (Option<String>, String, String) {
        join_names(&mut flow, asked);
        let host = flow.host.unwrap_or_default();
        let word = |word: Option<Cow<'static, str>>| word.unwrap_or_default().into_owned();
        (host.host_name.clone(), word(host.name_source), word(host.name_confidence))
    }

    fn is(got: (Option<String>, String, String), want: (Option<&str>, &str, &str)) {
        assert_eq!((got.0.as_deref(), got.1.as_str(), got.2.as_str()), want);
    }

    #[test]
    fn what_the_client_says_stands_and_others_make_it_sure() {
        is(joined(tls(Some("a.example"), false, &[]), &[]), (Some("a.example"), "sni", "medium"));
        is(joined(tls(Some("a.example"), false, &["*.example", "a.example"]), &[]), (Some("a.example"), "sni", "high"));
        is(joined(tls(Some("a.example"), false, &[]), &["a.example"]), (Some("a.example"), "sni", "high"));
        is(joined(tls(Some("a.example"), false, &["b.test"]), &["a.example"]), (Some("a.example"), "sni", "low"));
        let mut quic = tls(Some("a.example"), false, &[]);
        quic.quic.get_or_insert_default();
        is(joined(quic, &[]), (Some("a.example"), "quic", "medium"));
    }

    #[test]
    fn an_outer_name_is_never_the_destination() {
        is(joined(tls(Some("cloudflare-ech.com"), true, &[]), &[]), (None, "ech_outer", "none"));
        is(joined(tls(Some("cloudflare-ech.com"), true, &[]), &["a.example"]), (Some("a.example"), "dns", "medium"));
        is(joined(tls(Some("front.example"), true, &[]), &["a.test", "b.test"]), (Some("a.test"), "dns", "low"));
    }

    #[test]
    fn the_name_beside_a_placeholder_is_the_real_one() {
        is(joined(tls(Some("a.example"), true, &[]), &["b.example", "a.example"]), (Some("a.example"), "sni", "high"));
        is(joined(tls(Some("a.example"), true, &["a.example"]), &[]), (Some("a.example"), "sni", "high"));
        is(joined(tls(Some("a.example"), true, &[]), &[]), (Some("a.example"), "sni", "medium"));
        let mut flow = tls(Some("a.example"), true, &[]);
        join_names(&mut flow, &["a.example"]);
        assert_eq!(flow.tls.expect("still there").ech_kind.as_deref(), Some("grease"));
    }

    #[test]
    fn without_a_name_in_the_hello_the_certificate_and_dns_speak() {
        is(
            joined(tls(None, false, &["*.example.com", "www.example.com"]), &[]),
            (Some("www.example.com"), "certificate", "medium"),
        );
        is(joined(tls(None, false, &["*.example.com"]), &[]), (Some("example.com"), "certificate", "low"));
        is(joined(tls(None, false, &["*.example.com"]), &["x.example.com"]), (Some("x.example.com"), "dns", "high"));
        is(joined(Flow::default(), &["a.example"]), (Some("a.example"), "dns", "medium"));
        is(joined(Flow::default(), &[]), (None, "", ""));
    }

    #[test]
    fn addresses_and_patterns_are_no_names() {
        let mut flow = Flow::default();
        flow.http.get_or_insert_default().host = Some("192.0.2.1".to_owned());
        is(joined(flow.clone(), &[]), (None, "", ""));
        flow.http.get_or_insert_default().host = Some("www.example.com".to_owned());
        is(joined(flow, &[]), (Some("www.example.com"), "http", "medium"));
        for bad in ["", "localhost", "2001:db8::1", "*.example.com", "a b.example", "1.2.3", "a.example/x"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
