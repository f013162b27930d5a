// SPDX-License-Identifier: Apache-2.0
//! OpenWire (Apache ActiveMQ, "OpenWire Version 2 Specification"): length, the type that describes the format, magic.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "OpenWire",
    title: "OpenWire",
    category: Category::Rpc,
    spec: &["OpenWire specification"],
    ports: &[61616],
    first: First::Of(&[0x00]),
    probe,
    sample: &[(Side::Src, b"\x00\x00\x00\xf0\x01ActiveMQ\x00\x00\x00\x0c")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if !matches!(data, [0] | [0, 0] | [0, 0, _] | [0, 0, _, _] | [0, 0, _, _, 1, ..]) {
        return Verdict::No;
    }
    begins(data.get(5..).unwrap_or_default(), b"ActiveMQ")
}
