// SPDX-License-Identifier: Apache-2.0
//! Link-Local Multicast Name Resolution (RFC 4795 §2.1), told from DNS by content: one question for a name of one
//! label or for an address, no recursion flags, no extensions.

use minamo_base::Cursor;

use super::dns::{self, Header, question, yes_if};
use crate::{Category, Protocol, Side};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "LLMNR",
    title: "Link-Local Multicast Name Resolution",
    category: Category::Network,
    spec: &["RFC 4795"],
    ports: &[5355],
    probe: |_, data| yes_if(is_llmnr(data)),
    sample: &[(Side::Src, SAMPLE_QUERY)],
    ..dns::ON_A_LINK
};

/// True for a message of LLMNR. Resolvers ask root servers for names of one label too, but with EDNS.
pub(super) fn is_llmnr(message: &[u8]) -> bool {
    let mut cursor = Cursor::new(message);
    let Ok(header) = Header::read(&mut cursor) else { return false };
    // Everything but QR, C, TC and T is zero (§2.1.1); the latter two only answers set.
    let zero = if header.is_answer() { 0x78ff } else { 0x7bff };
    if header.id == 0 || header.flags & zero != 0 || header.questions != 1 || header.authorities != 0 {
        return false;
    }
    if header.additionals != 0 || (header.answers > 0) != header.is_answer() {
        return false;
    }
    let Ok(asked) = question(&mut cursor) else { return false };
    let label = message.get(12).copied().map_or(0, usize::from);
    let single = (1..=63).contains(&label) && message.get(13 + label) == Some(&0);
    asked.class == 1 && single && matches!(asked.kind, 1 | 28 | 255) && (header.is_answer() || cursor.is_empty())
}

const SAMPLE_QUERY: &[u8] = b"\x3b\x21\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04wpad\x00\x00\x01\x00\x01";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recursion_or_a_second_label_makes_it_plain_dns() {
        dns::asks_for_no_recursion(&PROTOCOL);
        let longer = b"\x3b\x21\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x02bc\x00\x00\x01\x00\x01";
        assert!(!is_llmnr(longer));
    }
}
