// SPDX-License-Identifier: Apache-2.0
//! Multicast DNS and service discovery (RFC 6762, RFC 6763), told from DNS by content: no recursion asked for or
//! offered (§18), and an identifier of zero, or names under `local` as queriers of one question send them (§6.7).

use minamo_base::Cursor;

use super::dns::{self, Header, question, raw_name, record, yes_if};
use crate::{Category, Protocol, Side};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "MDNS",
    title: "Multicast DNS",
    category: Category::Network,
    spec: &["RFC 6762", "RFC 6763"],
    ports: &[5353],
    probe: |_, data| yes_if(is_mdns(data)),
    sample: &[(Side::Src, SAMPLE_QUERY)],
    ..dns::ON_A_LINK
};

/// True for a message of multicast DNS.
pub(super) fn is_mdns(message: &[u8]) -> bool {
    let mut cursor = Cursor::new(message);
    let Ok(header) = Header::read(&mut cursor) else { return false };
    // Opcode and response code are zero, as are all flags but QR, AA and TC (§18.3 to §18.11).
    if header.flags & 0x79ff != 0 || header.questions == 0 && header.answers == 0 {
        return false;
    }
    // Resolvers choose identifiers at random; their answers repeat the question.
    let mut seen = header.id == 0 && header.is_answer() == (header.questions == 0);
    for at in 0..header.questions.saturating_add(header.answers).min(64) {
        let entry = if at < header.questions { question(&mut cursor) } else { record(&mut cursor) };
        let Ok(entry) = entry else { return seen && at > 0 };
        if entry.kind == 0 || !matches!(entry.class & 0x7fff, 1 | 255) {
            return false;
        }
        let mut raw = [0_u8; 256];
        let length = raw_name(message, entry.name_at, &mut raw).unwrap_or(0);
        let name = raw.get(..length).unwrap_or_default();
        if at == 0 && (name.is_empty() || name.iter().any(u8::is_ascii_control)) {
            return false;
        }
        seen = seen || ends_local(name);
    }
    seen
}

/// True where the last label, with its dot behind it, is `local`.
fn ends_local(name: &[u8]) -> bool {
    name.rsplit(|b| *b == b'.').nth(1).is_some_and(|label| label.eq_ignore_ascii_case(b"local"))
}

const SAMPLE_QUERY: &[u8] =
    b"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05_http\x04_tcp\x05local\x00\x00\x0c\x00\x01";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_for_recursion_makes_it_plain_dns() {
        dns::asks_for_no_recursion(&PROTOCOL);
    }
}
