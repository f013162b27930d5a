// SPDX-License-Identifier: Apache-2.0
//! NTLM (MS-NLMP §2.2.1.3): who logs in, from where. It is no protocol of its own: SMB, HTTP, LDAP and TDS carry it, bare or
//! inside SPNEGO (RFC 4178). Only the last of its three messages is read; proofs are not noted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minamo_base::Cursor;
use minamo_model::Flow;

use super::text::{some_text, utf16};

/// What the last message begins with: its name and its number.
const AUTHENTICATE: &[u8] = b"NTLMSSP\0\x03\0\0\0";
/// The flag of texts in UTF-16 (MS-NLMP §2.2.2.5); others are in the code page of the client.
const UNICODE: u32 = 1;
/// Longest name that is kept, in octets.
const NAME_MAX: usize = 128;
/// Longest base64 that is read: names stand in front of proofs, which can be long.
const ENCODED_MAX: usize = 4_096;

/// Notes who logs in where the octets hold the last message of NTLM, at whatever place; the first login stands.
pub(super) fn note(octets: &[u8], flow: &mut Flow) {
    if flow.ntlm.is_some() {
        return;
    }
    let message = memchr::memmem::find(octets, AUTHENTICATE).and_then(|at| octets.get(at..)).unwrap_or_default();
    let _read: Option<()> = authenticate(message, flow);
}

/// The same for a field of HTTP, `Authorization` or `Proxy-Authorization` (RFC 4559 §4.2).
pub(super) fn note_field(value: &[u8], flow: &mut Flow) {
    let value = value.trim_ascii();
    let encoded = [&b"NTLM "[..], b"Negotiate "].iter().find_map(|scheme| super::text::after(value, scheme));
    let encoded = encoded.unwrap_or_default().trim_ascii();
    // A multiple of four can be decoded without the rest.
    let encoded = encoded.get(..ENCODED_MAX).unwrap_or(encoded);
    if let Ok(octets) = STANDARD.decode(encoded) {
        note(&octets, flow);
    }
}

/// Places and lengths of the names stand behind those of the proofs.
fn authenticate(message: &[u8], flow: &mut Flow) -> Option<()> {
    let mut head = Cursor::new(message);
    head.skip(28, "ntlm.head").ok()?;
    let mut places = [(0, 0); 3];
    for place in &mut places {
        let length = usize::from(head.u16_le("ntlm.length").ok()?);
        head.skip(2, "ntlm.room").ok()?;
        *place = (usize::try_from(head.u32_le("ntlm.place").ok()?).ok()?, length);
    }
    head.skip(8, "ntlm.session_key").ok()?;
    let wide = head.u32_le("ntlm.flags").ok()? & UNICODE != 0;
    let [domain, user, host] = places.map(|(place, length)| {
        let octets = message.get(place..place.checked_add(length.min(2 * NAME_MAX))?)?;
        if wide { some_text(utf16(octets, NAME_MAX).as_bytes(), NAME_MAX) } else { some_text(octets, NAME_MAX) }
    });
    if domain.is_some() || user.is_some() || host.is_some() {
        let facts = flow.ntlm.get_or_insert_default();
        (facts.domain, facts.user, facts.host) = (domain, user, host);
    }
    Some(())
}

#[cfg(test)]
pub(super) mod tests {
    use minamo_model::flow::Ntlm;

    use super::*;

    /// The last message of a login.
    pub(crate) fn message(domain: &str, user: &str, host: &str) -> Vec<u8> {
        let mut body = Vec::new();
        let mut place = |octets: Vec<u8>| {
            let length = u16::try_from(octets.len()).expect("short").to_le_bytes();
            let at = u32::try_from(64 + body.len()).expect("short").to_le_bytes();
            body.extend(octets);
            [&length[..], &length, &at].concat()
        };
        let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let names = [domain, user, host].map(|name| place(wide(name))).concat();
        let proofs = [place(vec![0; 24]), place(vec![0xaa; 24])].concat();
        let key = place(Vec::new());
        [AUTHENTICATE, &proofs, &names, &key, &[5, 2, 8, 0xa2], &body].concat()
    }

    pub(crate) fn login() -> Ntlm {
        Ntlm { user: Some("alice".into()), domain: Some("EXAMPLE".into()), host: Some("DESK-7".into()) }
    }

    #[test]
    fn names_are_read_wherever_the_message_stands() {
        let mut flow = Flow::default();
        note(&[b"spnego", &message("EXAMPLE", "alice", "DESK-7")[..]].concat(), &mut flow);
        assert_eq!(flow.ntlm.as_deref(), Some(&login()));
        note(&message("OTHER", "bob", "X"), &mut flow);
        assert_eq!(flow.ntlm.as_deref(), Some(&login()), "the first login stands");
    }

    #[test]
    fn a_field_of_http_is_decoded() {
        let field = format!("ntlm {}", STANDARD.encode(message("EXAMPLE", "alice", "DESK-7")));
        let mut flow = Flow::default();
        note_field(field.as_bytes(), &mut flow);
        assert_eq!(flow.ntlm.as_deref(), Some(&login()));
        let mut flow = Flow::default();
        ["NTLM !", "Basic eDp5", "NTLM"].iter().for_each(|field| note_field(field.as_bytes(), &mut flow));
        assert_eq!(flow, Flow::default());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>) {
            note(&[AUTHENTICATE, &data].concat(), &mut Flow::default());
            note_field(&[b"NTLM ", &data[..]].concat(), &mut Flow::default());
        }
    }
}
