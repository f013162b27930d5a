// SPDX-License-Identifier: Apache-2.0
//! Git's own transport (gitprotocol-pack, "Git Transport"): told by the first request line. Over HTTP and SSH it
//! shows as those.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Git",
    title: "Git transport",
    category: Category::Collaborative,
    spec: &["gitprotocol-pack"],
    ports: &[9418],
    max_state: 4096,
    probe,
    sample: &[(Side::Src, b"0028git-upload-pack /a.git\x00host=b.test\x00")],
    ..Protocol::STREAM
};

/// Four hexadecimal digits of length, and the name of a service, or what the server has: a hash of 20 or 32 octets and a
/// reference (gitprotocol-pack, "Reference Discovery"), or the protocol's version.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let digits = data.get(..data.len().min(4)).unwrap_or_default();
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Verdict::No;
    }
    match data.get(4..) {
        None => Verdict::Maybe,
        Some(rest) => either(begins_with_any(rest, &[b"git-", b"version 1\n", b"version 2\n"]), reference(rest)),
    }
}

/// A hash in digits, a blank, a name.
fn reference(rest: &[u8]) -> Verdict {
    let digits =
        rest.iter().take(65).take_while(|octet| octet.is_ascii_digit() || (b'a'..=b'f').contains(octet)).count();
    match rest.get(digits..) {
        Some([b' ', rest @ ..]) if matches!(digits, 40 | 64) => {
            either(begins_with_any(rest, &[b"HEAD\0", b"refs/", b"capabilities^{}\0"]), Verdict::No)
        }
        Some([]) => maybe_if(digits <= 64),
        _ => Verdict::No,
    }
}
