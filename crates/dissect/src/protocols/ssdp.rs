// SPDX-License-Identifier: Apache-2.0
//! SSDP (UPnP Device Architecture 2.0 §1): search, notification and answer over datagrams. The UPnP descriptions that
//! it points at are plain HTTP.

use super::text::mentions;
use crate::{Category, Protocol, Side, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SSDP",
    title: "Simple Service Discovery Protocol",
    category: Category::SystemOs,
    spec: &["UPnP Device Architecture 2.0"],
    ports: &[1900],
    max_state: 4096,
    probe,
    sample: &[(Side::Src, b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\nMAN: \"ssdp:discover\"\r\n\r\n")],
    ..Protocol::DATAGRAM
};

/// Requests are HTTP in form with the target `*`. Answers over datagrams are told from other uses of HTTP by a search
/// target.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let request = data.starts_with(b"M-SEARCH * HTTP/1.") || data.starts_with(b"NOTIFY * HTTP/1.");
    let answer = data.starts_with(b"HTTP/1.") && (mentions(data, b"\nST:") || mentions(data, b"\nUSN:"));
    if request || answer { Verdict::Yes } else { Verdict::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_name_a_target() {
        assert_eq!(probe(Side::Dst, b"HTTP/1.1 200 OK\r\nst: upnp:rootdevice\r\n\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"), Verdict::No);
    }
}
