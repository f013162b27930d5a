// SPDX-License-Identifier: Apache-2.0
//! VNC: the remote framebuffer protocol (RFC 6143 §7.1.1), told by its version line.

use super::text::begins;
use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "VNC",
    title: "Remote Framebuffer Protocol",
    category: Category::RemoteAccess,
    spec: &["RFC 6143"],
    ports: &[5900, 5901],
    max_state: 4096,
    probe,
    sample: &[(Side::Dst, b"RFB 003.008\n")],
    ..Protocol::STREAM
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
