// SPDX-License-Identifier: Apache-2.0
//! LDAP (RFC 4511 §4.1.1) over streams, and its connectionless form over datagrams: told by its first request or
//! answer. Who binds and how, what is asked for, the first search and the first error are noted, passwords and what is
//! found are not; StartTLS (§4.14) hands over to TLS.

use std::borrow::Cow;

use minamo_base::Cursor;
use minamo_model::Flow;

use super::text::{is_tls, printable, some_text};
use super::{ber, login, ntlm};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LDAP",
    title: "Lightweight Directory Access Protocol",
    category: Category::SystemOs,
    spec: &["RFC 4511", "RFC 4515", "MS-ADTS"],
    ports: &[389, 3268],
    max_state: 2 * MESSAGE_MAX + 16,
    probe,
    on_port: Some(|_, data| is_wrapped(data)),
    start: |stream| Box::new(Ldap { stream, ..Ldap::default() }),
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::BOTH
};

/// A sequence with a message number and an operation that reads well.
/// A message that a security layer wraps (RFC 4422 §3.7; the token of RFC 4121 §4.2.6.2): what is in it can be in clear or not.
fn is_wrapped(data: &[u8]) -> bool {
    matches!(data, [0, 0..=0x0f, _, _, 5, 4, 0..=7, 0xff, ..])
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    match operation(data) {
        Some(true) => Verdict::Yes,
        None if data.len() < 24 && data.first().is_none_or(|tag| *tag == 0x30) => Verdict::Maybe,
        _ => Verdict::No,
    }
}

/// `None` where the input is too short to tell or is something else.
fn operation(data: &[u8]) -> Option<bool> {
    let mut outer = Cursor::new(data);
    let mut cursor = ber::opened(&mut outer, 0x30)?;
    ber::integer(&mut cursor).filter(|id| *id < 1 << 31)?;
    let tag = cursor.peek()?;
    let mut body = ber::opened(&mut cursor, tag)?;
    Some(match tag {
        // Bind: version 2 or 3, a name, an authentication choice (§4.2).
        0x60 => {
            let version = ber::integer(&mut body)?;
            ber::element(&mut body, 0x04)?;
            matches!(version, 2 | 3) && matches!(body.peek()?, 0x80 | 0xa3)
        }
        // Results start with a code and two strings (§4.1.9).
        0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x78 => {
            let code = ber::element(&mut body, 0x0a)?;
            ber::element(&mut body, 0x04)?;
            code.left() == 1 && body.peek()? == 0x04
        }
        // Search: base object, scope, dereferencing (§4.5.1).
        0x63 => {
            ber::element(&mut body, 0x04)?;
            let scope = ber::element(&mut body, 0x0a)?;
            let aliases = ber::element(&mut body, 0x0a)?;
            scope.peek()? <= 3 && aliases.peek()? <= 3
        }
        // Entry: a name and attributes (§4.5.2).
        0x64 => {
            ber::element(&mut body, 0x04)?;
            body.peek()? == 0x30
        }
        // Modify, add, compare: a name and what of it (§4.6, §4.7, §4.10); another name (§4.9).
        0x66 | 0x68 | 0x6e => {
            ber::element(&mut body, 0x04)?;
            body.peek()? == 0x30
        }
        0x6c => {
            ber::element(&mut body, 0x04)?;
            ber::element(&mut body, 0x04)?;
            body.peek()? == 0x01
        }
        // Unbind has nothing in it (§4.3), abandon the number of what is asked no more (§4.11), deletion a name (§4.8).
        0x42 => body.is_empty() && outer.is_empty(),
        0x50 => (1..=4).contains(&body.left()) && cursor.is_empty() && outer.is_empty(),
        0x4a => body.rest().contains(&b'=') && printable(body.rest()),
        // Extended request: an object identifier in digits (§4.12).
        0x77 => {
            let name = ber::element(&mut body, 0x80)?.rest();
            name.len() > 4 && name.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        }
        _ => false,
    })
}

/// Messages after which the connection is left alone.
const MESSAGES: u32 = 64;
/// Longest message that is read; longer ones are skipped.
const MESSAGE_MAX: usize = 16_384;

#[derive(Default)]
struct Ldap {
    stream: bool,
    messages: u32,
    /// True once StartTLS was asked for.
    tls: bool,
}

impl Dissector for Ldap {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if self.tls && is_tls(data) {
            return Step::Inner(0);
        }
        let Some((head, length)) = header(data) else {
            if let ([0, a, b, c, rest @ ..], true) = (data, self.stream && self.messages > 0) {
                return self.wrapped(usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c), rest, flow);
            }
            return if data.len() < 6 && self.stream { Step::Continue(0) } else { Step::Done };
        };
        let end = head.saturating_add(length);
        let body = data.get(head..end).unwrap_or_default();
        if body.is_empty() && end <= MESSAGE_MAX && self.stream {
            return Step::Continue(0);
        }
        self.messages += 1;
        self.message(body, flow);
        if self.messages > MESSAGES { Step::Done } else { Step::Continue(end.max(1)) }
    }
}

impl Ldap {
    /// A buffer of SASL (RFC 4422 §3.7): its length stood in front. Nothing more is looked at once one is sealed.
    fn wrapped(&mut self, length: usize, rest: &[u8], flow: &mut Flow) -> Step {
        if length > MESSAGE_MAX {
            return Step::Done;
        }
        let Some(buffer) = rest.get(..length) else { return Step::Continue(0) };
        let Some((message, (head, inner))) = in_clear(buffer).and_then(|message| Some((message, header(message)?)))
        else {
            return Step::Done;
        };
        self.messages += 1;
        self.message(message.get(head..head.saturating_add(inner)).unwrap_or_default(), flow);
        if self.messages > MESSAGES { Step::Done } else { Step::Continue(length + 4) }
    }
}

/// What a buffer holds that is signed and not sealed: a token of Kerberos without the flag Sealed, whose checksum is turned to
/// the front or stands at the end (RFC 4121 §4.2.4, §4.2.5), or one of NTLM behind its signature (MS-NLMP §2.2.2.9.1).
fn in_clear(buffer: &[u8]) -> Option<&[u8]> {
    match *buffer {
        [5, 4, flags, 0xff, high, low, turned_high, turned_low, ..] if flags & 2 == 0 => {
            let [checksum, turned] = [[high, low], [turned_high, turned_low]].map(u16::from_be_bytes);
            let body = buffer.get(16..)?;
            match turned {
                0 => body.get(..body.len().checked_sub(checksum.into())?),
                _ if turned == checksum => body.get(checksum.into()..),
                _ => None,
            }
        }
        // Sealed ones begin the same way, with chance behind.
        [1, 0, 0, 0, ..] => buffer.get(16..).filter(|body| operation(body) == Some(true)),
        _ => None,
    }
}

/// Octets of the header of a message, and length of what follows; `None` where it is no message or cut.
fn header(data: &[u8]) -> Option<(usize, usize)> {
    match *data {
        [0x30, short @ 0..=0x7f, ..] => Some((2, short.into())),
        [0x30, 0x81, a, ..] => Some((3, a.into())),
        [0x30, 0x82, a, b, ..] => Some((4, usize::from(a) << 8 | usize::from(b))),
        [0x30, 0x83, a, b, c, ..] => Some((5, usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c))),
        [0x30, 0x84, 0, b, c, d, ..] => Some((6, usize::from(b) << 16 | usize::from(c) << 8 | usize::from(d))),
        _ => None,
    }
}

impl Ldap {
    /// Notes what a message says; one that reads badly says nothing.
    fn message(&mut self, body: &[u8], flow: &mut Flow) -> Option<()> {
        let mut cursor = Cursor::new(body);
        ber::integer(&mut cursor)?;
        let tag = cursor.peek()?;
        let mut body = ber::opened(&mut cursor, tag)?;
        if let Some(operation) = name(tag) {
            let operations = flow.ldap.get_or_insert_default().operations.get_or_insert_default();
            if operations.iter().all(|known| known != operation) {
                operations.push(operation.to_owned());
            }
        }
        match tag {
            0x60 => bind(&mut body, flow)?,
            0x63 => search(&mut body, flow)?,
            0x77 => self.tls |= ber::element(&mut body, 0x80)?.rest() == START_TLS,
            0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x78 => answer(tag, &mut body, flow)?,
            _ => {}
        }
        Some(())
    }
}

/// Requests by their tag (RFC 4511 §4.2 to §4.12); at most eight.
fn name(tag: u8) -> Option<&'static str> {
    Some(match tag {
        0x60 => "bind",
        0x63 => "search",
        0x66 => "modify",
        0x68 => "add",
        0x4a => "delete",
        0x6c => "modify_dn",
        0x6e => "compare",
        0x77 => "extended",
        _ => return None,
    })
}

/// A result: that of a bind stands until something fails; one that asks for the next step of SASL is none yet.
fn answer(tag: u8, body: &mut Cursor<'_>, flow: &mut Flow) -> Option<()> {
    let code = ber::element(body, 0x0a)?.peek()?;
    let ldap = flow.ldap.get_or_insert_default();
    let open = ldap.result.as_deref().is_none_or(|known| known == SUCCESS);
    if open && code != SASL_BIND_IN_PROGRESS && (code != 0 || tag == 0x61) {
        ldap.result = Some(result(code));
    }
    let anonymous = ldap.auth.as_deref() == Some("anonymous");
    match code {
        0 if tag == 0x61 && !anonymous => login::succeeded(flow),
        INVALID_CREDENTIALS if tag == 0x61 => login::failed(flow),
        _ => {}
    }
    Some(())
}

/// Longest name or filter that is kept, in octets.
const TEXT_MAX: usize = 512;

/// Base and filter of the first search (RFC 4511 §4.5.1). One for whatever is there, as of what the server is
/// (RFC 4512 §5.1), gives way to the next.
fn search(body: &mut Cursor<'_>, flow: &mut Flow) -> Option<()> {
    let base = ber::element(body, 0x04)?.rest();
    for tag in [0x0a, 0x0a, 0x02, 0x02, 0x01] {
        ber::element(body, tag)?;
    }
    let ldap = flow.ldap.get_or_insert_default();
    if ldap.filter.as_deref().is_none_or(|filter| filter.eq_ignore_ascii_case("(objectclass=*)")) {
        ldap.base = some_text(base, TEXT_MAX);
        let mut out = String::new();
        let whole = filter(body, &mut out, 0).is_some() && out.len() <= TEXT_MAX;
        ldap.filter = some_text(out.as_bytes(), TEXT_MAX).map(|text| if whole { text } else { text + "…" });
    }
    Some(())
}

/// Filters inside filters that are followed.
const DEPTH: u8 = 16;

/// Writes a filter as RFC 4515 §3 has it, as far as there is room; `None` where it reads badly or is too long.
fn filter(cursor: &mut Cursor<'_>, out: &mut String, depth: u8) -> Option<()> {
    if depth > DEPTH || out.len() > TEXT_MAX {
        return None;
    }
    let tag = cursor.peek()?;
    let mut body = ber::opened(cursor, tag)?;
    out.push('(');
    match tag {
        0xa0..=0xa2 => {
            out.push(match tag {
                0xa0 => '&',
                0xa1 => '|',
                _ => '!',
            });
            while !body.is_empty() {
                filter(&mut body, out, depth + 1)?;
            }
        }
        0xa3 | 0xa5 | 0xa6 | 0xa8 => {
            value(ber::element(&mut body, 0x04)?.rest(), out);
            out.push_str(match tag {
                0xa3 => "=",
                0xa5 => ">=",
                0xa6 => "<=",
                _ => "~=",
            });
            value(ber::element(&mut body, 0x04)?.rest(), out);
        }
        0xa4 => {
            value(ber::element(&mut body, 0x04)?.rest(), out);
            out.push('=');
            substrings(&mut ber::element(&mut body, 0x30)?, out)?;
        }
        0x87 => {
            value(body.rest(), out);
            out.push_str("=*");
        }
        0xa9 => extensible(&mut body, out)?,
        _ => return None,
    }
    out.push(')');
    Some(())
}

/// Parts of a value: its beginning, some in between, its end (RFC 4511 §4.5.1.7.2).
fn substrings(parts: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    let mut last = 0x80;
    while let Some(tag) = parts.peek() {
        let part = ber::element(parts, tag)?.rest();
        if tag != 0x80 {
            out.push('*');
        }
        value(part, out);
        last = tag;
    }
    if last != 0x82 {
        out.push('*');
    }
    Some(())
}

/// A match by a rule, which active directories use for bits: `(userAccountControl:1.2.840.113556.1.4.803:=512)`.
fn extensible(body: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    let (mut rule, mut kind, mut wanted, mut names) = (&[][..], &[][..], &[][..], false);
    while let Some(tag) = body.peek() {
        let part = ber::element(body, tag)?.rest();
        match tag {
            0x81 => rule = part,
            0x82 => kind = part,
            0x83 => wanted = part,
            0x84 => names = part.first().is_some_and(|flag| *flag != 0),
            _ => return None,
        }
    }
    value(kind, out);
    if names {
        out.push_str(":dn");
    }
    if !rule.is_empty() {
        out.push(':');
        value(rule, out);
    }
    out.push_str(":=");
    value(wanted, out);
    Some(())
}

/// A value, with what would be misread or is no text as hexadecimal digits (RFC 4515 §3).
fn value(octets: &[u8], out: &mut String) {
    let octets = octets.get(..TEXT_MAX).unwrap_or(octets);
    let escaped = |octet: u8| format!("\\{octet:02x}");
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            match u8::try_from(c) {
                Ok(octet) if c.is_control() || matches!(c, '*' | '(' | ')' | '\\') => out.push_str(&escaped(octet)),
                _ => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|octet| out.push_str(&escaped(*octet)));
    }
}

/// The object identifier of StartTLS (RFC 4511 §4.14.1).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// Version, name, and a password (`0x80`) or a mechanism of SASL (`0xa3`) (RFC 4511 §4.2).
fn bind(body: &mut Cursor<'_>, flow: &mut Flow) -> Option<()> {
    ber::integer(body)?;
    let name = some_text(ber::element(body, 0x04)?.rest(), TEXT_MAX);
    let kind = body.peek()?;
    let mut proof = ber::opened(body, kind)?;
    let secret = kind == 0x80 && proof.left() > 0;
    let auth = match kind {
        0x80 if secret => "simple".to_owned(),
        0x80 => "anonymous".to_owned(),
        _ => {
            let mechanism = ber::element(&mut proof, 0x04).and_then(|name| some_text(name.rest(), 32));
            ntlm::note(proof.rest(), flow);
            format!("sasl {}", mechanism.unwrap_or_default()).trim_end().to_owned()
        }
    };
    let ldap = flow.ldap.get_or_insert_default();
    if ldap.auth.is_none() {
        ldap.user = name;
        ldap.auth = Some(auth.into());
    }
    if secret {
        risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["LDAP", "bind"]);
    }
    Some(())
}

const SUCCESS: &str = "success";
const SASL_BIND_IN_PROGRESS: u8 = 14;
const INVALID_CREDENTIALS: u8 = 49;

/// Result codes (RFC 4511 §A.1).
fn result(code: u8) -> Cow<'static, str> {
    match code {
        0 => SUCCESS,
        1 => "operations_error",
        2 => "protocol_error",
        3 => "time_limit_exceeded",
        4 => "size_limit_exceeded",
        7 => "auth_method_not_supported",
        8 => "strong_auth_required",
        10 => "referral",
        13 => "confidentiality_required",
        32 => "no_such_object",
        34 => "invalid_dn",
        48 => "inappropriate_authentication",
        49 => "invalid_credentials",
        50 => "insufficient_access_rights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwilling_to_perform",
        68 => "entry_already_exists",
        other => return other.to_string().into(),
    }
    .into()
}

const SAMPLE: &[u8] = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00";

#[cfg(test)]
mod tests {
    use super::super::ber::built;
    use super::*;

    /// A message with an operation and its parts.
    fn message(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        built(0x30, &[vec![2, 1, 7], built(tag, parts)])
    }

    fn text(value: &str) -> Vec<u8> {
        built(0x04, &[value.into()])
    }

    fn search(base: &str, filter: Vec<u8>) -> Vec<u8> {
        let limits = b"\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00".to_vec();
        message(0x63, &[text(base), limits, filter, built(0x30, &[text("cn")])])
    }

    fn result(tag: u8, code: u8) -> Vec<u8> {
        message(tag, &[vec![0x0a, 1, code], text(""), text("why")])
    }

    fn facts(said: &[(Side, Vec<u8>)], cut: usize) -> Flow {
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 389));
        for (side, data) in said {
            data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        flow
    }

    #[test]
    fn who_binds_and_what_is_asked_for_is_noted_and_passwords_are_not() {
        let matched = built(0xa3, &[text("objectCategory"), text("us*r")]);
        let part = built(0xa4, &[text("cn"), built(0x30, &[built(0x80, &[b"a".into()]), built(0x82, &[b"z".into()])])]);
        let bits = [(0x81, "1.2.840.113556.1.4.803"), (0x82, "userAccountControl"), (0x83, "4194304")];
        let bits: Vec<Vec<u8>> = bits.iter().map(|(tag, value)| built(*tag, &[value.as_bytes().into()])).collect();
        let filter = built(0xa0, &[matched, built(0xa2, &[part]), built(0xa9, &bits), built(0x87, &[b"mail".into()])]);
        let said = [
            (Side::Src, message(0x60, &[vec![2, 1, 3], text("cn=a,dc=x"), built(0x80, &[b"hidden".into()])])),
            (Side::Dst, result(0x61, 0)),
            (Side::Src, search("dc=x", filter)),
            (Side::Dst, message(0x64, &[text("cn=b,dc=x"), built(0x30, &[])])),
            (Side::Dst, result(0x65, 50)),
            (Side::Src, search("dc=later", built(0x87, &[b"cn".into()]))),
            (Side::Src, message(0x4a, &[b"cn=b,dc=x".into()])),
        ];
        for cut in [1, 5, 1_000] {
            let flow = facts(&said, cut);
            let want = minamo_model::flow::Ldap {
                user: Some("cn=a,dc=x".into()),
                auth: Some("simple".into()),
                operations: Some(["bind", "search", "delete"].map(str::to_owned).to_vec()),
                result: Some("insufficient_access_rights".into()),
                base: Some("dc=x".into()),
                filter: Some(
                    "(&(objectCategory=us\\2ar)(!(cn=a*z))(userAccountControl:1.2.840.113556.1.4.803:=4194304)(mail=*))"
                        .into(),
                ),
            };
            assert_eq!(flow.ldap.as_deref(), Some(&want), "{cut}");
            assert!(flow.risk.is_some() && !format!("{flow:?}").contains("hidden"));
        }
    }

    #[test]
    fn steps_of_sasl_are_no_result_and_filters_have_an_end() {
        let mechanism = built(0xa3, &[text("GSS-SPNEGO"), text("token")]);
        let mut deep = built(0x87, &[b"cn".into()]);
        (0..200).for_each(|_| deep = built(0xa2, &[deep.clone()]));
        let said = [
            (Side::Src, message(0x60, &[vec![2, 1, 3], text(""), mechanism])),
            (Side::Dst, result(0x61, 14)),
            (Side::Dst, result(0x61, 49)),
            (Side::Src, search("", deep)),
        ];
        let ldap = facts(&said, 1_000).ldap.expect("facts");
        assert_eq!((ldap.user.as_deref(), ldap.auth.as_deref()), (None, Some("sasl GSS-SPNEGO")));
        assert_eq!(ldap.result.as_deref(), Some("invalid_credentials"));
        assert_eq!(ldap.filter, Some(format!("{}…", "(!".repeat(17))));
    }

    #[test]
    fn what_is_signed_and_not_sealed_is_read() {
        let mechanism = built(0xa3, &[text("GSS-SPNEGO"), text("token")]);
        let bind = (Side::Src, message(0x60, &[vec![2, 1, 3], text(""), mechanism]));
        let wrapped = |token: Vec<u8>| {
            let length = u32::try_from(token.len()).expect("short").to_be_bytes();
            (Side::Src, [&length[..], &token].concat())
        };
        let asked = search("dc=x", built(0x87, &[b"cn".into()]));
        let everything = search("", built(0x87, &[b"objectClass".into()]));
        let kerberos = |flags: u8, turned: u8| [&[5, 4, flags, 0xff, 0, 12, 0, turned][..], &[0; 8]].concat();
        let turned = |flags| [kerberos(flags, 12), vec![7; 12], asked.clone()].concat();
        let straight = [kerberos(4, 0), asked.clone(), vec![7; 12]].concat();
        let ntlm = [vec![1, 0, 0, 0], vec![9; 12], asked.clone()].concat();
        for token in [turned(4), straight, ntlm] {
            for cut in [1, 1_000] {
                let said = [bind.clone(), (Side::Src, everything.clone()), wrapped(token.clone())];
                let ldap = facts(&said, cut).ldap.expect("facts");
                assert_eq!((ldap.base.as_deref(), ldap.filter.as_deref()), (Some("dc=x"), Some("(cn=*)")));
            }
        }
        let sealed = facts(&[bind, wrapped(turned(6))], 1_000).ldap.expect("facts");
        assert_eq!(sealed.filter, None);
    }

    #[test]
    fn start_tls_hands_over() {
        let request = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
        let answer = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
        let mut flow = Flow::default();
        let mut classifier = crate::Classifier::new(true, 40_000, 389);
        classifier.stream(Side::Src, Input::Data(request), &mut flow);
        classifier.stream(Side::Dst, Input::Data(answer), &mut flow);
        classifier.stream(Side::Src, Input::Data(include_bytes!("../../samples/tls-client.bin")), &mut flow);
        assert!(flow.tls.is_some_and(|tls| tls.ja4.is_some()));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, body: Vec<u8>) {
            let mut ldap = Ldap { stream: true, ..Ldap::default() };
            ldap.feed(Side::Src, Input::Data(&data), &mut Flow::default());
            ldap.message(&[&[2, 1, 1, 0x60, 0x40][..], &body].concat(), &mut Flow::default());
        }
    }

    #[test]
    fn operations_read_well() {
        assert_eq!(probe(Side::Src, SAMPLE), Verdict::Yes);
        assert_eq!(probe(Side::Src, &SAMPLE[..9]), Verdict::Maybe);
        let search =
            b"\x30\x25\x02\x01\x02\x63\x20\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\
        \x87\x0bobjectclass";
        assert_eq!(probe(Side::Src, search), Verdict::Yes);
        assert_eq!(
            probe(Side::Src, b"\x30\x0c\x02\x01\x01\x30\x07\x02\x01\x03\x04\x00\x80\x00 0123456789"),
            Verdict::No
        );
    }
}
