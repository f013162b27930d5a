// SPDX-License-Identifier: Apache-2.0
//! SSDP (UPnP Device Architecture 2.0 §1): search, notification and answer over datagrams. The UPnP descriptions that
//! it points at are plain HTTP.

use super::label::Label;
use super::text::mentions;
use crate::{Protocol, Side, Transport, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SSDP",
    title: "Simple Service Discovery Protocol",
    spec: &["UPnP Device Architecture 2.0"],
    transport: Transport::Datagram,
    ports: &[1900],
    encrypted: false,
    max_state: 4096,
    probe,
    start: Label::start,
    sample: &[(Side::Src, b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\nMAN: \"ssdp:discover\"\r\n\r\n")],
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

    #[test]
    fn arbitrary_octets_never_panic() {
        super::super::anything::never_panics(&PROTOCOL);
    }
}
