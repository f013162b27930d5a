// SPDX-License-Identifier: Apache-2.0
//! Kerberos 5 (RFC 4120 §5, §7.2): messages over datagrams, and over streams with a length of four octets in front. Who
//! asks, for what, with which ciphers, and the first error are noted; what is encrypted is not looked into.

use minamo_base::Cursor;
use minamo_model::Flow;
use minamo_model::flow::Kerberos as Facts;

use super::text::some_text;
use super::{ber, login};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Kerberos",
    title: "Kerberos 5",
    category: Category::Network,
    spec: &["RFC 4120"],
    ports: &[88, 464],
    max_state: 2 * MESSAGE_MAX,
    probe,
    start: |stream| Box::new(Kerberos { stream, ..Kerberos::default() }),
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::BOTH
};

/// An application tag whose sequence holds the version, 5, and the message type that goes with the tag.
fn is_message(data: &[u8]) -> bool {
    let Some(tag) = data.first().copied() else { return false };
    // AS-REQ to KRB-CRED and KRB-ERROR: [APPLICATION n] with n the message type (§5.10).
    let kind = tag & 0x1f;
    if tag & 0xe0 != 0x60 || !matches!(kind, 10..=15 | 20..=22 | 30) {
        return false;
    }
    let mut cursor = Cursor::new(data);
    let Some(mut application) = ber::opened(&mut cursor, tag) else { return false };
    let Some(mut fields) = ber::opened(&mut application, 0x30) else { return false };
    // Requests to the key server number their fields from 1, all others from 0.
    let first = if matches!(kind, 10 | 12) { 0xa1 } else { 0xa0 };
    let mut numbered = |tag| ber::element(&mut fields, tag).and_then(|mut field| ber::integer(&mut field));
    numbered(first) == Some(5) && numbered(first + 1) == Some(kind.into())
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if is_message(data) {
        return Verdict::Yes;
    }
    match data {
        [0, high, _, _, message @ ..] if *high < 2 && is_message(message) => Verdict::Yes,
        [0, high, _, _, message @ ..] if *high < 2 && message.len() < 24 => match message.first() {
            Some(tag) if tag & 0xe0 != 0x60 => Verdict::No,
            _ => Verdict::Maybe,
        },
        [] | [0] | [0, _] | [0, _, _] => Verdict::Maybe,
        _ => Verdict::No,
    }
}

/// Longest message that is read; longer ones, whose tickets have long lists of groups, are skipped.
const MESSAGE_MAX: usize = 16_384;
/// Messages after which the flow is left alone.
const MESSAGES: u32 = 16;

#[derive(Default)]
struct Kerberos {
    stream: bool,
    messages: u32,
    /// Whether the last request for a first ticket came with a proof; nothing where none was seen or it is hidden.
    proved: Option<bool>,
}

impl Dissector for Kerberos {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (message, used) = match data {
            _ if !self.stream => (data, data.len()),
            [0, a, b, c, rest @ ..] => {
                let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
                match rest.get(..length) {
                    Some(message) if length <= MESSAGE_MAX => (message, length + 4),
                    None if length <= MESSAGE_MAX => return Step::Continue(0),
                    _ => (&[][..], length + 4),
                }
            }
            [0, ..] => return Step::Continue(0),
            _ => return Step::Done,
        };
        self.messages += 1;
        let _read: Option<()> = self.message(message, flow);
        if self.messages > MESSAGES { Step::Done } else { Step::Continue(used) }
    }
}

impl Kerberos {
    /// Notes what a message says; `None` where it reads badly from somewhere on.
    fn message(&mut self, message: &[u8], flow: &mut Flow) -> Option<()> {
        if !is_message(message) {
            return None;
        }
        let tag = *message.first()?;
        let mut fields = ber::opened(&mut ber::opened(&mut Cursor::new(message), tag)?, 0x30)?;
        let kind = tag & 0x1f;
        let facts = flow.kerberos.get_or_insert_default();
        facts.message = facts.message.take().or(Some(name(kind).into()));
        if kind == AS_REQ {
            self.proved = Some(false);
        }
        if kind == AS_REP {
            facts.preauth = facts.preauth.or(self.proved);
        }
        if kind == AS_REP && self.proved == Some(true) {
            login::succeeded(flow);
        }
        let facts = flow.kerberos.get_or_insert_default();
        let mut refused = false;
        while let Some(number) = fields.peek() {
            let mut field = ber::opened(&mut fields, number)?;
            match (kind, number) {
                // What is sent before the body of a request to the key server, and its body (§5.4.1).
                (AS_REQ, 0xa3) => self.proved = proof(&mut field),
                (AS_REQ | TGS_REQ, 0xa4) => request(&mut ber::opened(&mut field, 0x30)?, facts)?,
                // Its answer (§5.4.2).
                (AS_REP | TGS_REP, 0xa3) => put(&mut facts.realm, string(&mut field)),
                (AS_REP | TGS_REP, 0xa4) => put(&mut facts.client, principal(&mut field)),
                // A ticket that is given or shown (§5.5.1).
                (AS_REP | TGS_REP, 0xa5) | (AP_REQ, 0xa3) => ticket(&mut field, facts)?,
                (ERROR, 0xa6) => {
                    let code = ber::integer(&mut field)?;
                    // That a proof is wanted is a step of every login: what follows says more.
                    let step = facts.error.as_deref() == Some(WANTS_PROOF);
                    facts.error = facts.error.take().filter(|_| !step).or(Some(error(code)));
                    refused |= matches!(code, 6 | 18 | 24);
                }
                (ERROR, 0xa8) => put(&mut facts.client, principal(&mut field)),
                (ERROR, 0xa9) => put(&mut facts.realm, string(&mut field)),
                (ERROR, 0xaa) => put(&mut facts.service, principal(&mut field)),
                _ => {}
            }
        }
        // An unknown or locked account, or a wrong key, in answer to a request for a first ticket.
        if refused && self.proved.is_some() {
            login::failed(flow);
        }
        Some(())
    }
}

const AS_REQ: u8 = 10;
const AS_REP: u8 = 11;
const TGS_REQ: u8 = 12;
const TGS_REP: u8 = 13;
const AP_REQ: u8 = 14;
const ERROR: u8 = 30;

/// Whether a request shows that the client has its key: an encrypted time, a signature, a challenge (RFC 4120 §7.5.2, RFC
/// 4556 §3.1.3, RFC 6113 §5.4.6). Nothing where that is hidden (RFC 6113 §5.4.2).
fn proof(field: &mut Cursor<'_>) -> Option<bool> {
    let (mut list, mut hidden) = (ber::opened(field, 0x30)?, false);
    while !list.is_empty() {
        let mut entry = ber::opened(&mut list, 0x30)?;
        match ber::integer(&mut ber::element(&mut entry, 0xa1)?) {
            Some(2 | 16 | 138) => return Some(true),
            Some(136) => hidden = true,
            _ => {}
        }
    }
    if hidden { None } else { Some(false) }
}

/// Names and ciphers of a request.
fn request(fields: &mut Cursor<'_>, facts: &mut Facts) -> Option<()> {
    while let Some(number) = fields.peek() {
        let mut field = ber::opened(fields, number)?;
        match number {
            0xa1 => put(&mut facts.client, principal(&mut field)),
            0xa2 => put(&mut facts.realm, string(&mut field)),
            0xa3 => put(&mut facts.service, principal(&mut field)),
            0xa8 if facts.etypes.is_none() => facts.etypes = etypes(&mut field),
            _ => {}
        }
    }
    Some(())
}

/// Realm, service and cipher of a ticket.
fn ticket(field: &mut Cursor<'_>, facts: &mut Facts) -> Option<()> {
    let mut fields = ber::opened(&mut ber::opened(field, 0x61)?, 0x30)?;
    while let Some(number) = fields.peek() {
        let mut field = ber::opened(&mut fields, number)?;
        match number {
            0xa1 => put(&mut facts.realm, string(&mut field)),
            0xa2 => put(&mut facts.service, principal(&mut field)),
            0xa3 if facts.ticket_etype.is_none() => {
                let mut encrypted = ber::opened(&mut field, 0x30)?;
                let etype = ber::integer(&mut ber::element(&mut encrypted, 0xa0)?);
                facts.ticket_etype = etype.and_then(|etype| u16::try_from(etype).ok());
            }
            _ => {}
        }
    }
    Some(())
}

/// The first value stands.
fn put(place: &mut Option<String>, value: Option<String>) {
    *place = place.take().or(value);
}

/// A KerberosString (RFC 4120 §5.2.1).
fn string(field: &mut Cursor<'_>) -> Option<String> {
    some_text(ber::opened(field, 0x1b)?.rest(), 255)
}

/// The parts of a PrincipalName, joined as they are written (§5.2.2).
fn principal(field: &mut Cursor<'_>) -> Option<String> {
    let mut name = ber::opened(field, 0x30)?;
    ber::opened(&mut name, 0xa0)?;
    let mut parts = ber::opened(&mut ber::opened(&mut name, 0xa1)?, 0x30)?;
    let mut out = String::new();
    while let Some(part) = string(&mut parts) {
        if out.len() + part.len() > 255 {
            break;
        }
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(&part);
    }
    (!out.is_empty()).then_some(out)
}

/// Most encryption types that are kept.
const MAX_ETYPES: usize = 16;

/// Encryption types; those of experiments are negative and left out.
fn etypes(field: &mut Cursor<'_>) -> Option<Vec<u16>> {
    let mut list = ber::opened(field, 0x30)?;
    let mut out = Vec::new();
    while list.peek() == Some(0x02) && out.len() < MAX_ETYPES {
        let octets = ber::opened(&mut list, 0x02)?.rest();
        if octets.first().is_some_and(|first| first & 0x80 == 0) && octets.len() <= 2 {
            out.push(octets.iter().fold(0, |sum, octet| sum << 8 | u16::from(*octet)));
        }
    }
    Some(out)
}

/// Message types (§5.10).
fn name(kind: u8) -> &'static str {
    match kind {
        10 => "as_req",
        11 => "as_rep",
        12 => "tgs_req",
        13 => "tgs_rep",
        14 => "ap_req",
        15 => "ap_rep",
        20 => "safe",
        21 => "priv",
        22 => "cred",
        _ => "error",
    }
}

const WANTS_PROOF: &str = "preauth_required";

/// Error codes (§7.5.9).
fn error(code: u64) -> std::borrow::Cow<'static, str> {
    match code {
        6 => "client_unknown",
        7 => "service_unknown",
        12 => "policy",
        14 => "etype_not_supported",
        18 => "client_revoked",
        23 => "key_expired",
        24 => "preauth_failed",
        25 => WANTS_PROOF,
        31 => "bad_integrity",
        32 => "ticket_expired",
        34 => "repeat",
        37 => "skew",
        41 => "modified",
        52 => "response_too_big",
        60 => "generic",
        68 => "wrong_realm",
        other => return other.to_string().into(),
    }
    .into()
}

const SAMPLE: &[u8] = b"\x6a\x0e\x30\x0c\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\xa3\x00";

#[cfg(test)]
mod tests {
    use super::super::ber::built;
    use super::*;

    fn text_of(text: &str) -> Vec<u8> {
        built(0x1b, &[text.into()])
    }

    fn name_of(kind: u8, parts: &[&str]) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| text_of(part)).collect();
        built(0x30, &[built(0xa0, &[vec![2, 1, kind]]), built(0xa1, &[built(0x30, &parts)])])
    }

    /// A message with its version, its kind and what follows.
    fn message(kind: u8, fields: &[Vec<u8>]) -> Vec<u8> {
        let first = if matches!(kind, AS_REQ | TGS_REQ) { 0xa1 } else { 0xa0 };
        let head = [built(first, &[vec![2, 1, 5]]), built(first + 1, &[vec![2, 1, kind]])];
        built(0x60 | kind, &[built(0x30, &[&head[..], fields].concat())])
    }

    fn ask(padata: &[u8]) -> Vec<u8> {
        let entries: Vec<Vec<u8>> = padata
            .iter()
            .map(|kind| {
                built(0x30, &[built(0xa1, &[vec![2, 2, 0, *kind]]), built(0xa2, &[built(0x04, &[vec![0; 40]])])])
            })
            .collect();
        let body = [
            built(0xa0, &[vec![3, 5, 0, 0x40, 0x81, 0, 0x10]]),
            built(0xa1, &[name_of(1, &["alice"])]),
            built(0xa2, &[text_of("EXAMPLE.ORG")]),
            built(0xa3, &[name_of(2, &["krbtgt", "EXAMPLE.ORG"])]),
            built(0xa8, &[built(0x30, &[vec![2, 1, 18, 2, 1, 23, 2, 1, 0x80]])]),
        ];
        message(AS_REQ, &[built(0xa3, &[built(0x30, &entries)]), built(0xa4, &[built(0x30, &body)])])
    }

    fn ticket_for(service: &[&str], etype: u8) -> Vec<u8> {
        let encrypted = built(0x30, &[built(0xa0, &[vec![2, 1, etype]]), built(0xa2, &[built(0x04, &[vec![7; 300]])])]);
        let fields = [
            built(0xa0, &[vec![2, 1, 5]]),
            built(0xa1, &[text_of("EXAMPLE.ORG")]),
            built(0xa2, &[name_of(2, service)]),
            built(0xa3, &[encrypted]),
        ];
        built(0x61, &[built(0x30, &fields)])
    }

    fn given(kind: u8, service: &[&str]) -> Vec<u8> {
        let client = [built(0xa3, &[text_of("EXAMPLE.ORG")]), built(0xa4, &[name_of(1, &["alice"])])];
        message(kind, &[&client[..], &[built(0xa5, &[ticket_for(service, 23)])]].concat())
    }

    fn facts(said: &[(Side, Vec<u8>)]) -> Facts {
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(false, 40_000, 88));
        said.iter().for_each(|(side, data)| classifier.datagram(*side, data, &mut flow));
        *flow.kerberos.expect("facts")
    }

    #[test]
    fn who_asks_for_what_with_what_and_the_error() {
        let refused = message(ERROR, &[built(0xa6, &[vec![2, 1, 25]]), built(0xa9, &[text_of("EXAMPLE.ORG")])]);
        let want = Facts {
            message: Some("as_req".into()),
            realm: Some("EXAMPLE.ORG".into()),
            client: Some("alice".into()),
            service: Some("krbtgt/EXAMPLE.ORG".into()),
            error: Some("preauth_required".into()),
            etypes: Some(vec![18, 23]),
            ticket_etype: None,
            preauth: None,
        };
        assert_eq!(facts(&[(Side::Src, ask(&[])), (Side::Dst, refused.clone())]), want);
        let said = [
            (Side::Src, ask(&[])),
            (Side::Dst, refused),
            (Side::Src, ask(&[149, 2])),
            (Side::Dst, given(AS_REP, &["krbtgt", "EXAMPLE.ORG"])),
        ];
        assert_eq!(facts(&said), Facts { ticket_etype: Some(23), preauth: Some(true), ..want });
    }

    #[test]
    fn a_ticket_without_a_proof_and_a_ticket_that_is_shown() {
        let granted = [(Side::Src, ask(&[128])), (Side::Dst, given(AS_REP, &["krbtgt"]))];
        assert_eq!(facts(&granted).preauth, Some(false), "the key of this user can be guessed at leisure");
        let hidden = [(Side::Src, ask(&[136])), (Side::Dst, given(AS_REP, &["krbtgt"]))];
        assert_eq!(facts(&hidden).preauth, None);
        let service = facts(&[(Side::Dst, given(TGS_REP, &["cifs", "files"]))]);
        assert_eq!((service.service.as_deref(), service.ticket_etype), (Some("cifs/files"), Some(23)));
        let shown = message(AP_REQ, &[built(0xa2, &[vec![3, 1, 0]]), built(0xa3, &[ticket_for(&["http", "w"], 18)])]);
        let shown = facts(&[(Side::Src, shown)]);
        assert_eq!((shown.service.as_deref(), shown.ticket_etype), (Some("http/w"), Some(18)));
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let message = given(TGS_REP, &["cifs", "files"]);
        let framed = [&u32::try_from(message.len()).expect("short").to_be_bytes()[..], &message].concat();
        for cut in [1, 3, 1_000] {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 88));
            framed.chunks(cut).for_each(|piece| classifier.stream(Side::Dst, Input::Data(piece), &mut flow));
            assert_eq!(flow.kerberos.expect("facts").service.as_deref(), Some("cifs/files"), "{cut}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, body: Vec<u8>, kind in 10u8..31) {
            let mut kerberos = Kerberos { stream: true, ..Kerberos::default() };
            kerberos.feed(Side::Src, Input::Data(&data), &mut Flow::default());
            kerberos.message(&message(kind, &[body]), &mut Flow::default());
        }
    }

    #[test]
    fn type_and_tag_must_agree() {
        assert_eq!(probe(Side::Src, SAMPLE), Verdict::Yes);
        assert_eq!(probe(Side::Src, &[&[0, 0, 0, 16], SAMPLE].concat()), Verdict::Yes);
        let mut other = SAMPLE.to_vec();
        other[13] = 12;
        assert_eq!(probe(Side::Src, &other), Verdict::No);
    }
}
