// SPDX-License-Identifier: Apache-2.0
//! The five-tuple and what is computed from it: the community id (version 1, the published
//! specification by Corelight), shared with Zeek, Suricata and Arkime.

use base64::Engine as _;
use sha1::{Digest, Sha1};

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

    /// The community id with the given seed (0 by convention): `1:` and the base64 of a SHA-1.
    pub fn community_id(&self, seed: u16) -> String {
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
        format!("1:{}", base64::engine::general_purpose::STANDARD.encode(hash.finalize()))
    }
}

/// Identity of the flow with these endpoints that began at `start`: 16 hexadecimal digits, the same on every
/// machine. `scope` tells apart what shares addresses: a VLAN id, or the exporter that sent the record.
pub fn flow_id(tuple: FiveTuple, scope: &[u8], start: Time) -> String {
    let mut hash = Sha1::new();
    hash.update(tuple.src.0);
    hash.update(tuple.dst.0);
    hash.update(tuple.src_port.to_be_bytes());
    hash.update(tuple.dst_port.to_be_bytes());
    hash.update([tuple.proto]);
    hash.update(scope);
    hash.update(start.0.to_be_bytes());
    hex(hash.finalize().get(..8).unwrap_or_default())
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
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |n: u8| DIGITS.get(usize::from(n)).copied().unwrap_or('0');
    octets.iter().flat_map(|o| [digit(o >> 4), digit(o & 15)]).collect()
}

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
        let a = tuple([192, 0, 2, 1], 1, [192, 0, 2, 2], 2, 6);
        assert_eq!(flow_id(a, &[], Time(5)), flow_id(a, &[], Time(5)));
        let others = [flow_id(a, &[7], Time(5)), flow_id(a, &[], Time(6)), flow_id(a.reversed(), &[], Time(5))];
        assert!(others.iter().all(|id| *id != flow_id(a, &[], Time(5)) && id.len() == 16));
    }

    #[test]
    fn hex_is_lower_case() {
        assert_eq!(hex(&[0x00, 0xaf, 0x10]), "00af10");
    }
}
