// SPDX-License-Identifier: Apache-2.0
//! NetBIOS over UDP: name service and datagram service (RFC 1002 §4.2, §4.4). Names are decoded from their
//! half-octet form (RFC 1001 §14.1). The session service is read with SMB.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::dns::Header;
use super::text::some_text;
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NetBIOS",
    title: "NetBIOS name and datagram service",
    category: Category::SystemOs,
    spec: &["RFC 1001", "RFC 1002"],
    ports: &[137, 138],
    max_state: 64,
    probe,
    on_port: Some(|_, data| has_form(data)),
    start: |_| Box::new(NetBios::default()),
    sample: &[(Side::Src, SAMPLE_QUERY)],
    ..Protocol::DATAGRAM
};

/// A first-level encoded name: 32 letters from A to P behind their length.
fn encoded<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], WireError> {
    let length = cursor.u8("netbios.label")?;
    let label = cursor.take(32, "netbios.label")?;
    if length == 32 && label.iter().all(|b| (b'A'..=b'P').contains(b)) {
        Ok(label)
    } else {
        Err(cursor.bad(33, "netbios.label", length.into(), "32 letters from A to P"))
    }
}

/// Name and type of the name service's first question or record.
fn name_service(data: &[u8]) -> Option<(Header, &[u8], u16)> {
    let mut cursor = Cursor::new(data);
    let header = Header::read(&mut cursor).ok()?;
    let sections = header.questions.saturating_add(header.answers).saturating_add(header.authorities);
    if sections == 0 || sections > 4 || header.additionals > 2 || !matches!(header.opcode(), 0 | 5..=9 | 15) {
        return None;
    }
    let label = encoded(&mut cursor).ok()?;
    // A scope may follow; it is walked over as labels.
    for _ in 0..8 {
        match cursor.u8("netbios.scope").ok()? {
            0 => break,
            n if n < 64 => cursor.skip(n.into(), "netbios.scope").ok()?,
            _ => return None,
        }
    }
    let (kind, class) = (cursor.u16("netbios.type").ok()?, cursor.u16("netbios.class").ok()?);
    (matches!(kind, 0x20 | 0x21) && class == 1).then_some((header, label, kind))
}

/// True for a message of the name service.
pub(super) fn is_name_service(data: &[u8]) -> bool {
    name_service(data).is_some()
}

/// True for a message of the datagram service with two names (RFC 1002 §4.4.2).
fn is_datagram_service(data: &[u8]) -> bool {
    let mut cursor = Cursor::new(data);
    let Ok(kind) = cursor.u8("netbios.msg_type") else { return false };
    let Ok(flags) = cursor.u8("netbios.flags") else { return false };
    if !(0x10..=0x16).contains(&kind) || flags & 0xf0 != 0 || cursor.skip(8, "netbios.source").is_err() {
        return false;
    }
    if kind == 0x13 {
        return cursor.u8("netbios.error").is_ok_and(|e| (0x82..=0x84).contains(&e)) && cursor.is_empty();
    }
    // Queries name the destination only; messages tell length and offset first, and then both names.
    kind > 0x13 && encoded(&mut cursor).is_ok()
        || cursor.skip(4, "netbios.length").is_ok() && encoded(&mut cursor).is_ok()
}

/// Whether this can be a damaged message: the place of a name has 32 letters, most of them from A to P, or the source port
/// stands in a message of the datagram service (RFC 1002 §4.4.1).
fn has_form(data: &[u8]) -> bool {
    let letters = |label: &[u8]| label.iter().filter(|letter| (b'A'..=b'P').contains(letter)).count() >= 28;
    let named = |place: usize| data.get(place + 1..place + 33).is_some_and(letters);
    let datagram = matches!(data, [0x10..=0x16, _, _, _, _, _, _, _, 0, 138, ..]);
    named(12) || named(14) || datagram
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if name_service(data).is_some() || is_datagram_service(data) { Verdict::Yes } else { Verdict::No }
}

#[derive(Default)]
struct NetBios {
    asked: bool,
    /// SMB stands in a datagram (MS-MAIL, MS-BRWS).
    smb: bool,
}

impl Dissector for NetBios {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Continue(0) };
        let Some((header, label, kind)) = name_service(data) else {
            self.smb |= memchr::memmem::find(data, b"\xffSMB").is_some();
            return Step::Continue(data.len());
        };
        let facts = flow.dns.get_or_insert_default();
        if !header.is_answer() {
            facts.queries = Some(facts.queries.unwrap_or(0).saturating_add(1));
        }
        if !self.asked {
            self.asked = true;
            facts.query = decoded(label);
            facts.qtype = Some(if kind == 0x20 { "NB" } else { "NBSTAT" }.into());
        }
        Step::Continue(data.len())
    }

    fn name(&self) -> Option<&'static str> {
        self.smb.then_some("NetBIOS.SMBv1")
    }
}

/// The name behind the half octets, lower case, without padding and without the octet that tells its kind.
fn decoded(label: &[u8]) -> Option<String> {
    let mut raw = [0_u8; 16];
    for (out, pair) in raw.iter_mut().zip(label.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *out = high.wrapping_sub(b'A') << 4 | low.wrapping_sub(b'A') & 15;
    }
    let (name, _) = raw.split_at(15);
    some_text(name, 64).map(|name| name.to_lowercase())
}

const SAMPLE_QUERY: &[u8] =
    b"\x80\x01\x01\x10\x00\x01\x00\x00\x00\x00\x00\x00\x20EOEJEOEBCACACACACACACACACACACAAA\x00\x00\x20\
        \x00\x01";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded() {
        let mut flow = Flow::default();
        NetBios::default().feed(Side::Src, Input::Data(SAMPLE_QUERY), &mut flow);
        let facts = flow.dns.expect("facts");
        assert_eq!((facts.query.as_deref(), facts.qtype.as_deref()), (Some("nina"), Some("NB")));
    }
}
