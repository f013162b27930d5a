// SPDX-License-Identifier: Apache-2.0
//! Git's own transport (gitprotocol-pack, "Git Transport"): told by the first request line. Over HTTP and SSH it
//! shows as those.

use super::label::Label;
use super::text::begins;
use crate::{Protocol, Side, Transport, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Git",
    title: "Git transport",
    spec: &["gitprotocol-pack"],
    transport: Transport::Stream,
    ports: &[9418],
    encrypted: false,
    max_state: 4096,
    probe,
    start: Label::start,
    sample: &[(Side::Src, b"0028git-upload-pack /a.git\x00host=b.test\x00")],
};

/// Four hexadecimal digits of length, and the name of a service.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let digits = data.get(..data.len().min(4)).unwrap_or_default();
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Verdict::No;
    }
    match data.get(4..) {
        None => Verdict::Maybe,
        Some(rest) => begins(rest, b"git-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arbitrary_octets_never_panic() {
        super::super::anything::never_panics(&PROTOCOL);
    }
}
