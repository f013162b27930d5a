// SPDX-License-Identifier: Apache-2.0
//! Git's own transport (gitprotocol-pack, "Git Transport"): told by the first request line. Over HTTP and SSH it
//! shows as those.

use super::text::begins;
use crate::{Category, Protocol, Side, Verdict};

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
