// SPDX-License-Identifier: Apache-2.0
//! JSON-RPC (JSON-RPC 2.0 §4, §5; 1.0) without HTTP: an object that names the version, or a method with parameters and
//! an identifier. Mining pools speak it too and have a row of their own.

use super::stratum;
use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "JSON-RPC",
    title: "JSON-RPC",
    category: Category::Rpc,
    spec: &["JSON-RPC 2.0"],
    first: First::Of(b"{["),
    probe,
    sample: &[(Side::Src, b"{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1}")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let start = data.get(..256).unwrap_or(data);
    let compact = start.trim_ascii_start().strip_prefix(b"[").unwrap_or(start).trim_ascii_start();
    if !printable_lines(start) || compact.first().is_some_and(|first| *first != b'{') || stratum::is_mining(data) {
        return Verdict::No;
    }
    // The order of members is anybody's.
    let version = contains(data.get(..2_048).unwrap_or(data), b"\"jsonrpc\"");
    let call = contains(start, b"\"method\":") && contains(start, b"\"params\":") && contains(start, b"\"id\":");
    if version || call { Verdict::Yes } else { maybe_if(start.len() < 200) }
}

/// Text that may have line ends in it.
fn printable_lines(data: &[u8]) -> bool {
    data.iter().all(|octet| *octet >= 0x20 || matches!(octet, b'\t' | b'\r' | b'\n'))
}
