// SPDX-License-Identifier: Apache-2.0
//! The five-tuple and what is computed from it: the community id (version 1, the published
//! specification by Corelight), shared with Zeek, Suricata and Arkime.

use std::hash::Hasher;

use base64::Engine as _;
use sha1::{Digest, Sha1};
use siphasher::sip::SipHasher13;

use crate::{Ip, Time};

/// Two endpoints and the IP protocol between them. For ICMP the ports carry type and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FiveTuple {
    /// Address of the one side.
    pub src: Ip,
    /// Address of the other side.
    pub dst: Ip,
    /// Port of `src`; 0 where the protocol has none.
    pub src_port: u16,
    /// Port of `dst`.
    pub dst_port: u16,
    /// IANA protocol number.
    pub proto: u8,
}

impl FiveTuple {
    /// The same conversation seen from the other side.
    pub fn reversed(self) -> Self {
        Self { src: self.dst, dst: self.src, src_port: self.dst_port, dst_port: self.src_port, ..self }
    }

    /// True where the ports say that `src` is the server, false where `dst` is; nothing where they do not tell.
    ///
    /// RFC 6335 §6: system, user and dynamic ports; the lower kind is the server's. Of UDP the first packet is more
    /// often the request than a user port is the server's: there only a system port tells.
    pub fn serves_by_port(&self) -> Option<bool> {
        let kind = |port: u16| match port {
            0 => None,
            1..1_024 => Some(0),
            49_152.. if self.proto == 6 => Some(2),
            _ => Some(1),
        };
        let (src, dst) = (kind(self.src_port)?, kind(self.dst_port)?);
        (src != dst).then_some(src < dst)
    }

    /// The community id with the given seed (0 by convention): `1:` and the base64 of a SHA-1.
    pub fn community_id(&self, seed: u16) -> String {
        String::from_utf8_lossy(&self.community_digits(seed)).into_owned()
    }

    /// The characters of the community id, without an allocation.
    pub fn community_digits(&self, seed: u16) -> [u8; 30] {
        let has_ports = matches!(self.proto, 1 | 6 | 17 | 58 | 132);
        let (mut src_port, mut dst_port) = (self.src_port, self.dst_port);
        let mut one_way = false;
        if matches!(self.proto, 1 | 58) {
            (src_port, dst_port, one_way) = icmp_ports(self.proto, self.src_port, self.dst_port);
        }
        let swap = !one_way && (self.src, src_port) > (self.dst, dst_port);
        let (a, b) = if swap {
            ((self.dst, dst_port), (self.src, src_port))
        } else {
            ((self.src, src_port), (self.dst, dst_port))
        };
        let mut hash = Sha1::new();
        hash.update(seed.to_be_bytes());
        for (ip, _) in [a, b] {
            match ip.as_v4() {
                Some(v4) => hash.update(v4),
                None => hash.update(ip.0),
            }
        }
        hash.update([self.proto, 0]);
        if has_ports {
            hash.update(a.1.to_be_bytes());
            hash.update(b.1.to_be_bytes());
        }
        let mut out = *b"1:                            ";
        // 20 octets are 28 characters: they fit.
        if let Some((_, room)) = out.split_at_mut_checked(2) {
            let written = base64::engine::general_purpose::STANDARD.encode_slice(hash.finalize(), room);
            debug_assert_eq!(written, Ok(28));
        }
        out
    }
}

/// Identity of a flow, the same on every machine: the millisecond of its start (48 bits) and 48 bits of a
/// hash (SipHash-1-3 with a zero key) over start, endpoints, protocol and scope. Sorts by time; prints as 24
/// hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId([u8; 12]);

impl FlowId {
    /// Of the flow with these endpoints that began at `start`. VLAN and exporter tell apart what shares
    /// addresses; 0 and the zero address where there is none.
    pub fn new(tuple: FiveTuple, vlan: u16, exporter: Ip, start: Time) -> Self {
        let mut hash = SipHasher13::new();
        hash.write(&tuple.src.0);
        hash.write(&tuple.dst.0);
        hash.write(&exporter.0);
        let ports = u64::from(tuple.src_port) << 48 | u64::from(tuple.dst_port) << 32 | u64::from(vlan) << 16;
        hash.write_u64((ports | u64::from(tuple.proto)).to_le());
        hash.write_u64(start.0.cast_unsigned().to_le());
        let millis = start.0.div_euclid(MILLI).to_be_bytes();
        let hash = hash.finish().to_be_bytes();
        let mut out = [0; 12];
        let octets = millis.iter().skip(2).chain(hash.iter().skip(2));
        out.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        Self(out)
    }

    /// Reads 24 hexadecimal digits; nothing where the text is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut out = [0; 12];
        for (to, pair) in out.iter_mut().zip(digits.chunks(2)) {
            *to = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        (digits.len() == 24).then_some(Self(out))
    }

    /// The millisecond in which the flow began: its first and last instant.
    pub fn start(self) -> (Time, Time) {
        let millis = self.0.iter().take(6).fold(0_i64, |n, octet| n << 8 | i64::from(*octet));
        // The 48 bits are signed.
        let first = (millis << 16 >> 16).saturating_mul(MILLI);
        (Time(first), Time(first.saturating_add(MILLI - 1)))
    }

    /// The 24 digits without an allocation.
    pub fn digits(self) -> [u8; 24] {
        let mut out = [0; 24];
        for (pair, octet) in out.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [digit(octet >> 4), digit(octet & 15)];
        }
        out
    }
}

impl std::fmt::Display for FlowId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

/// ICMP type and code as the specification's pair of ports; true where the message has no counterpart.
fn icmp_ports(proto: u8, kind: u16, code: u16) -> (u16, u16, bool) {
    const V4: [(u16, u16); 10] =
        [(0, 8), (8, 0), (9, 10), (10, 9), (13, 14), (14, 13), (15, 16), (16, 15), (17, 18), (18, 17)];
    const V6: [(u16, u16); 14] = [
        (128, 129),
        (129, 128),
        (130, 131),
        (131, 130),
        (133, 134),
        (134, 133),
        (135, 136),
        (136, 135),
        (139, 140),
        (140, 139),
        (144, 145),
        (145, 144),
        (146, 147),
        (147, 146),
    ];
    let table: &[(u16, u16)] = if proto == 1 { &V4 } else { &V6 };
    match table.iter().find(|(k, _)| *k == kind) {
        Some((_, counterpart)) => (kind, *counterpart, false),
        None => (kind, code, true),
    }
}

/// Lower-case hexadecimal text of `octets`.
pub fn hex(octets: &[u8]) -> String {
    let mut digits = vec![0; octets.len() * 2];
    for (pair, octet) in digits.as_chunks_mut::<2>().0.iter_mut().zip(octets) {
        *pair = [digit(octet >> 4), digit(octet & 15)];
    }
    String::from_utf8(digits).unwrap_or_default()
}

/// The octets of hexadecimal digits, lower or upper case; nothing where the text is something else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks();
    let octets = pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?));
    octets.collect::<Option<_>>().filter(|_| rest.is_empty())
}

fn digit(n: u8) -> u8 {
    if n < 10 { b'0' + n } else { b'a' + (n & 15) - 10 }
}

const MILLI: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn tuple(src: [u8; 4], src_port: u16, dst: [u8; 4], dst_port: u16, proto: u8) -> FiveTuple {
        FiveTuple { src: Ip::v4(src), dst: Ip::v4(dst), src_port, dst_port, proto }
    }

    #[test]
    fn community_id_matches_the_published_examples() {
        let tcp = tuple([128, 232, 110, 120], 34855, [66, 35, 250, 204], 80, 6);
        assert_eq!(tcp.community_id(0), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(tcp.reversed().community_id(0), tcp.community_id(0));
        assert_eq!(tcp.community_id(1), "1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
    }

    #[test]
    fn flow_ids_are_stable_and_differ_by_every_part() {
        let a = tuple([10, 0, 0, 1], 1, [10, 0, 0, 2], 2, 6);
        let (exporter, start) = (Ip::v4([192, 0, 2, 1]), Time(1_700_000_000_123_456_789));
        let id = FlowId::new(a, 7, exporter, start);
        assert_eq!(id.to_string(), "018bcfe5687b5ff8f268bcb2");
        assert_eq!(FlowId::parse(&id.to_string()), Some(id));
        assert_eq!(id.start(), (Time(1_700_000_000_123_000_000), Time(1_700_000_000_123_999_999)));
        let others = [
            FlowId::new(a, 8, exporter, start),
            FlowId::new(a, 7, Ip::default(), start),
            FlowId::new(a, 7, exporter, Time(start.0 + 1)),
            FlowId::new(a.reversed(), 7, exporter, start),
        ];
        assert!(others.iter().all(|other| *other != id));
        for bad in ["", "018bcfe5687b", "018bcfe5687b00000000000g", "018bcfe5687b0000000000000"] {
            assert_eq!(FlowId::parse(bad), None, "{bad}");
        }
        let early = Time(-5);
        assert_eq!(FlowId::new(a, 0, exporter, early).start(), (Time(-1_000_000), Time(-1)));
    }

    #[test]
    fn hex_is_lower_case() {
        assert_eq!(hex(&[0x00, 0xaf, 0x10]), "00af10");
        assert_eq!(unhex("00aF10"), Some(vec![0x00, 0xaf, 0x10]));
        assert_eq!((unhex("0"), unhex("0g"), unhex("")), (None, None, Some(Vec::new())));
    }
}
