// SPDX-License-Identifier: Apache-2.0
//! OpenVPN (openvpn-wire-protocol draft; security overview of its manual), over datagrams and, with a length in front,
//! over streams: told by the first reset of the client and the server's answer, plain or under `tls-auth`,
//! `tls-crypt` and `tls-crypt-v2`; from the middle by data packets of version 2 whose numbers go up. Static keys and older data
//! packets look random.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::tell::{at, be32};
use crate::{Category, Dissector, Heard, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "OpenVPN",
    title: "OpenVPN",
    category: Category::Vpn,
    spec: &["draft-openvpn-wire-protocol", "OpenVPN security overview"],
    ports: &[1194],
    encrypted: true,
    max_state: 2_048,
    probe,
    together: Some(together),
    start: |stream| Box::new(OpenVpn { stream, client: None }),
    sample: &[(Side::Src, SAMPLE_CLIENT), (Side::Dst, SAMPLE_SERVER)],
    ..Protocol::BOTH
};

/// Opcode and key number 0 in one octet: resets of the client (version 2 and 3) and of the server.
const CLIENT_2: u8 = 7 << 3;
const CLIENT_3: u8 = 10 << 3;
const SERVER: u8 = 8 << 3;
/// Octets of a HMAC in front of the packet: none, MD5, SHA-1, SHA-256, SHA-512.
const HMACS: [usize; 5] = [0, 16, 20, 32, 64];
/// Packet numbers that a first packet may have: the client repeats it.
const FIRST: std::ops::RangeInclusive<u32> = 1..=16;

/// Kinds of first packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reset {
    /// From the client, with its session identifier. True where fixed octets leave no doubt.
    Client([u8; 8], bool),
    /// From the server; with the identifier that it echoes, where that is in clear.
    Server(Option<[u8; 8]>),
}

fn reset(packet: &[u8]) -> Result<Reset, WireError> {
    let mut cursor = Cursor::new(packet);
    let opcode = cursor.u8("openvpn.opcode")?;
    let session: [u8; 8] = cursor.array("openvpn.session_id")?;
    let rest = cursor.rest();
    let found = match opcode {
        _ if session == [0; 8] => None,
        CLIENT_2 => client(rest).map(|sure| Reset::Client(session, sure)),
        CLIENT_3 => (rest.len() > 45 && wrapped(rest)).then_some(Reset::Client(session, false)),
        SERVER => server(rest),
        _ => None,
    };
    found.ok_or_else(|| cursor.bad(9, "openvpn.opcode", opcode.into(), "a reset"))
}

/// Behind the session identifier: [HMAC, packet number, time,] no acknowledgements, message number 0.
fn client(rest: &[u8]) -> Option<bool> {
    for hmac in HMACS {
        let mut cursor = Cursor::new(rest);
        let good = cursor.skip(hmac, "openvpn.hmac").is_ok()
            && (hmac == 0 || numbered(&mut cursor))
            && cursor.array::<5>("openvpn.message").is_ok_and(|m| m == [0; 5])
            && cursor.is_empty();
        if good {
            return Some(hmac > 0);
        }
    }
    // tls-crypt: packet number, time, HMAC of 32 octets, and five octets encrypted.
    (rest.len() == 45 && wrapped(rest)).then_some(false)
}

/// Behind the session identifier: [HMAC, packet number, time,] one acknowledgement of message 0 with the identifier
/// of the other side, message number 0. Under tls-crypt all of that is encrypted.
fn server(rest: &[u8]) -> Option<Reset> {
    for hmac in HMACS {
        let mut cursor = Cursor::new(rest);
        let front = cursor.skip(hmac, "openvpn.hmac").is_ok() && (hmac == 0 || numbered(&mut cursor));
        if !front || cursor.array::<5>("openvpn.ack") != Ok([1, 0, 0, 0, 0]) {
            continue;
        }
        if let (Ok(echoed), Ok([0, 0, 0, 0]), true) =
            (cursor.array("openvpn.remote"), cursor.array::<4>("openvpn.message"), cursor.is_empty())
        {
            return Some(Reset::Server(Some(echoed)));
        }
    }
    (rest.len() >= 57 && wrapped(rest)).then_some(Reset::Server(None))
}

/// A small packet number and a time after 2001 and before 2100.
fn numbered(cursor: &mut Cursor<'_>) -> bool {
    cursor.u32("openvpn.packet_id").is_ok_and(|id| FIRST.contains(&id))
        && cursor.u32("openvpn.net_time").is_ok_and(|t| (1_000_000_000..4_100_000_000).contains(&t))
}

/// The same in front of a HMAC. Version 3 marks early negotiation in the packet number's upper octet.
fn wrapped(rest: &[u8]) -> bool {
    let mut cursor = Cursor::new(rest);
    numbered(&mut cursor) || rest.starts_with(&[0x0f, 0, 0])
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if reset(data).is_ok() {
        return Verdict::Yes;
    }
    if is_numbered(data) {
        return Verdict::Maybe;
    }
    let Some((length, packet)) = data.split_first_chunk::<2>() else { return Verdict::Maybe };
    let length = usize::from(u16::from_be_bytes(*length));
    let opcode = packet.first().is_none_or(|o| matches!(*o, CLIENT_2 | CLIENT_3 | SERVER));
    match packet.get(..length) {
        Some(packet) if length >= 14 && reset(packet).is_ok() => Verdict::Yes,
        None if (14..=1_500).contains(&length) && opcode && packet.len() < length => Verdict::Maybe,
        _ => Verdict::No,
    }
}

/// A data packet of version 2 with a packet number in clear, as ciphers with authentication have it ("Data channel packet
/// format"): opcode and key, peer, number, and a tag of 16 octets at least. Peers are counted from 0, or have none yet; no
/// key lives for 2^28 packets. Text begins with the same octet.
fn is_numbered(data: &[u8]) -> bool {
    matches!(data, [0x48..=0x4f, 0, _, _, 0..=0x0f, ..] | [0x48..=0x4f, 0xff, 0xff, 0xff, 0..=0x0f, ..])
        && (24..=1_600).contains(&data.len())
}

/// Three data packets of one side and to one peer, each with a number a little above that of the one before.
fn together(heard: &Heard<'_>) -> Verdict {
    let (mut last, mut run) = (None, 0);
    for data in heard.same() {
        let (peer, number) = (at(data, 0, 4), be32(data, 4).unwrap_or_default());
        let follows = is_numbered(data)
            && last.is_none_or(|(before, low): (Option<&[u8]>, usize)| {
                before == peer && (1..=16).contains(&number.wrapping_sub(low))
            });
        run = if follows { run + 1 } else { u8::from(is_numbered(data)) };
        last = Some((peer, number));
    }
    if run >= 3 { Verdict::Yes } else { Verdict::Maybe }
}

struct OpenVpn {
    stream: bool,
    /// Side and session identifier of the client's reset.
    client: Option<(Side, [u8; 8])>,
}

impl Dissector for OpenVpn {
    fn feed(&mut self, side: Side, input: Input<'_>, _: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let (packet, used) = if self.stream {
            let Some((length, rest)) = data.split_first_chunk::<2>() else { return Step::Continue(0) };
            let length = usize::from(u16::from_be_bytes(*length));
            match rest.get(..length) {
                Some(packet) => (packet, length + 2),
                None if length <= 1_500 => return Step::Continue(0),
                None => return Step::Mistaken,
            }
        } else {
            (data, data.len())
        };
        match (reset(packet), self.client) {
            (Ok(Reset::Client(session, _)), None) => {
                self.client = Some((side, session));
                Step::Continue(used)
            }
            // The server has to name the session that it answers to.
            (Ok(Reset::Server(Some(echoed))), Some((_, session))) if echoed != session => Step::Mistaken,
            (Ok(Reset::Server(_)), _) => Step::Done,
            // The client repeats its reset until it is answered.
            (_, Some((from, _))) if from == side => Step::Continue(used),
            // From the middle: several of these were judged together.
            (_, None) if !self.stream && is_numbered(packet) => Step::Done,
            _ => Step::Mistaken,
        }
    }
}

const SAMPLE_CLIENT: &[u8] = b"\x38SESSION1\x00\x00\x00\x00\x00";
const SAMPLE_SERVER: &[u8] = b"\x40session2\x01\x00\x00\x00\x00SESSION1\x00\x00\x00\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_must_echo_the_session() {
        let mut flow = Flow::default();
        let mut vpn = (PROTOCOL.start)(false);
        assert_eq!(vpn.feed(Side::Src, Input::Data(SAMPLE_CLIENT), &mut flow), Step::Continue(14));
        let mut other = SAMPLE_SERVER.to_vec();
        other[14] ^= 1;
        assert_eq!(vpn.feed(Side::Dst, Input::Data(&other), &mut flow), Step::Mistaken);
        assert_eq!(vpn.feed(Side::Dst, Input::Data(SAMPLE_SERVER), &mut flow), Step::Done);
    }

    #[test]
    fn a_session_is_told_from_its_middle() {
        let label = |numbers: [u32; 3]| {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(false, 40_000, 40_001));
            for number in numbers {
                let packet = [&[0x48, 0, 0, 1][..], &number.to_be_bytes(), &[0xa7; 32]].concat();
                classifier.datagram(Side::Src, &packet, &mut flow);
            }
            classifier.label(&mut flow);
            flow.core.app.to_string()
        };
        assert_eq!(label([99, 100, 102]), "OpenVPN");
        assert_eq!(label([99, 7, 100]), "Unknown");
    }

    #[test]
    fn authenticated_resets() {
        let mut packet =
            [&b"\x38SESSION1"[..], &[0xaa; 20], b"\x00\x00\x00\x01\x60\x00\x00\x00\x00\x00\x00\x00\x00"].concat();
        assert_eq!(probe(Side::Src, &packet), Verdict::Yes);
        let framed = [&[0, packet.len() as u8][..], &packet].concat();
        assert_eq!(probe(Side::Src, &framed), Verdict::Yes);
        assert_eq!(probe(Side::Src, &framed[..20]), Verdict::Maybe);
        packet[29] = 1;
        assert_eq!(probe(Side::Src, &packet), Verdict::No);
    }
}
