// SPDX-License-Identifier: Apache-2.0
//! VNC: the remote framebuffer protocol (RFC 6143 §7.1.1), told by its version line.

use super::label::Label;
use super::text::begins;
use crate::{Protocol, Side, Transport, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "VNC",
    title: "Remote Framebuffer Protocol",
    spec: &["RFC 6143"],
    transport: Transport::Stream,
    ports: &[5900, 5901],
    encrypted: false,
    max_state: 4096,
    probe,
    start: Label::start,
    sample: &[(Side::Dst, b"RFB 003.008\n")],
};

/// `RFB xxx.yyy`, with versions that were ever in use.
fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"RFB 00") {
        Verdict::Yes => match data.get(6..8) {
            Some([b'3' | b'4' | b'5', b'.']) => Verdict::Yes,
            Some(_) => Verdict::No,
            None => Verdict::Maybe,
        },
        other => other,
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
