// SPDX-License-Identifier: Apache-2.0
//! Protocols directly above the link layer, a row each: the frame's type says which it is. Of those whose payload
//! begins with a number that tells their conversations apart (GOOSE, sampled values, PROFINET) that number is read, and what they
//! do is noted as of other protocols that control machines; everything else in the payload is left alone.

use minamo_model::flow::Control;
use minamo_packet::FrameKind::{self, Ethertype, Llc, Snap};

use crate::protocols::{Operation, asked_of, commands, reads};

/// A protocol without IP.
#[derive(Debug)]
pub struct LinkProtocol {
    /// Label of its flows.
    pub name: &'static str,
    /// Full name.
    pub title: &'static str,
    /// Where its type is assigned or its format described.
    pub spec: &'static str,
    /// The types of its frames.
    pub kinds: &'static [FrameKind],
    /// True where the payload begins with a number of 16 bits that tells conversations apart: the APPID of
    /// IEC 61850, the FrameID of PROFINET.
    pub numbered: bool,
}

const CISCO: [u8; 3] = [0, 0, 0x0c];

const fn row(
    name: &'static str,
    title: &'static str,
    spec: &'static str,
    kinds: &'static [FrameKind],
    numbered: bool,
) -> LinkProtocol {
    LinkProtocol { name, title, spec, kinds, numbered }
}

/// Every protocol that is told by the type of its frames, in the order of their names.
#[rustfmt::skip]
pub static LINK_PROTOCOLS: &[LinkProtocol] = &[
    row("AARP", "AppleTalk Address Resolution Protocol", "IEEE registry 80F3", &[Ethertype(0x80f3)], false),
    row("AoE", "ATA over Ethernet", "AoEr11 §2", &[Ethertype(0x88a2)], false),
    row("AppleTalk", "AppleTalk over Ethernet", "IEEE registry 809B", &[Ethertype(0x809b), Snap([8, 0, 7], 0x809b)], false),
    row("ARP", "Address Resolution Protocol", "RFC 826", &[Ethertype(0x0806)], false),
    row("AVTP", "Audio Video Transport Protocol", "IEEE 1722 §5", &[Ethertype(0x22f0)], false),
    row("BACnet", "BACnet over Ethernet", "ASHRAE 135 clause 7", &[Llc(0x82)], false),
    row("batman-adv", "B.A.T.M.A.N. advanced mesh routing", "IEEE registry 4305", &[Ethertype(0x4305)], false),
    row("CC-Link_IE", "CC-Link IE field network", "IEEE registry 890F", &[Ethertype(0x890f)], false),
    row("CDP", "Cisco Discovery Protocol", "SNAP 00000C/2000", &[Snap(CISCO, 0x2000)], false),
    row("CFM", "Connectivity Fault Management", "IEEE 802.1Q §20, ITU-T Y.1731", &[Ethertype(0x8902)], false),
    row("DTP", "Dynamic Trunking Protocol", "SNAP 00000C/2004", &[Snap(CISCO, 0x2004)], false),
    row("EAPOL", "Port access control: EAP over LAN", "IEEE 802.1X §11", &[Ethertype(0x888e)], false),
    row("EtherCAT", "EtherCAT", "IEC 61158-4-12", &[Ethertype(0x88a4)], false),
    row("Ethernet_Loopback", "Ethernet configuration test", "IEEE registry 9000", &[Ethertype(0x9000)], false),
    row("FCoE", "Fibre Channel over Ethernet", "INCITS FC-BB-5 §7", &[Ethertype(0x8906), Ethertype(0x8914)], false),
    row("GOOSE", "Generic Object Oriented Substation Event", "IEC 61850-8-1 annex C", &[Ethertype(0x88b8)], true),
    row("GSE_Management", "GSE management", "IEC 61850-8-1 annex C", &[Ethertype(0x88b9)], true),
    row("HomePlug", "HomePlug AV management", "HomePlug AV §11", &[Ethertype(0x88e1), Ethertype(0x887b)], false),
    row("HSR", "High-availability Seamless Redundancy", "IEC 62439-3 §5", &[Ethertype(0x892f)], false),
    row("IEC61850-SV", "Sampled Values", "IEC 61850-9-2 §5", &[Ethertype(0x88ba)], true),
    row("IPX", "Internetwork Packet Exchange", "IEEE registry 8137", &[Ethertype(0x8137), Llc(0xe0)], false),
    row("IS-IS", "Intermediate System to Intermediate System", "ISO 10589", &[Llc(0xfe), Ethertype(0x22f4)], false),
    row("LLDP", "Link Layer Discovery Protocol", "IEEE 802.1AB §7", &[Ethertype(0x88cc)], false),
    row("LWAPP", "Lightweight Access Point Protocol", "RFC 5412", &[Ethertype(0x88bb)], false),
    row("MACsec", "MAC security", "IEEE 802.1AE §9", &[Ethertype(0x88e5)], false),
    row("MPLS", "MPLS without IP inside", "RFC 3032, RFC 5332", &[Ethertype(0x8847), Ethertype(0x8848)], false),
    row("MRP", "Media Redundancy Protocol", "IEC 62439-2", &[Ethertype(0x88e3)], false),
    row("MVRP", "Multiple VLAN Registration Protocol", "IEEE 802.1Q §11", &[Ethertype(0x88f5), Ethertype(0x88f6)], false),
    row("NetBEUI", "NetBIOS frames", "IBM SC30-3587", &[Llc(0xf0)], false),
    row("PAgP", "Port Aggregation Protocol", "SNAP 00000C/0104", &[Snap(CISCO, 0x0104)], false),
    row("Powerlink", "Ethernet POWERLINK", "EPSG DS 301 §4.6", &[Ethertype(0x88ab)], false),
    row("PPPoE", "PPP over Ethernet without IP inside", "RFC 2516", &[Ethertype(0x8863), Ethertype(0x8864)], false),
    row("PROFINET_IO", "PROFINET real time and DCP", "IEC 61158-6-10", &[Ethertype(0x8892)], true),
    row("PRP", "Supervision of redundant networks", "IEC 62439-3 §4", &[Ethertype(0x88fb)], false),
    row("PTPv2", "Precision Time Protocol over Ethernet", "IEEE 1588 annex E", &[Ethertype(0x88f7)], false),
    row("PVST", "Per-VLAN Spanning Tree", "SNAP 00000C/010B", &[Snap(CISCO, 0x010b)], false),
    row("RARP", "Reverse Address Resolution Protocol", "RFC 903", &[Ethertype(0x8035)], false),
    row("Sercos_III", "SERCOS III", "IEC 61158-4-19", &[Ethertype(0x88cd)], false),
    row("Slow_Protocols", "Link aggregation, Ethernet OAM", "IEEE 802.3 annex 57A", &[Ethertype(0x8809)], false),
    row("STP", "Spanning Tree Protocol", "IEEE 802.1D §9", &[Llc(0x42)], false),
    row("UDLD", "Unidirectional Link Detection", "RFC 5171", &[Snap(CISCO, 0x0111)], false),
    row("VTP", "VLAN Trunking Protocol", "SNAP 00000C/2003", &[Snap(CISCO, 0x2003)], false),
    row("Wake-on-LAN", "Magic packet", "IEEE registry 0842", &[Ethertype(0x0842)], false),
];

/// The protocol of a frame.
pub fn link_protocol(kind: FrameKind) -> Option<&'static LinkProtocol> {
    LINK_PROTOCOLS.iter().find(|protocol| protocol.kinds.contains(&kind))
}

impl LinkProtocol {
    /// Notes what a frame does, where the protocol controls machines.
    pub fn note(&self, payload: &[u8], control: &mut Option<Box<Control>>) {
        if let Some(operation) = operation(self.name, payload) {
            asked_of(operation, control.get_or_insert_default());
        }
    }

    /// The number that tells its conversations apart.
    pub fn number(&self, payload: &[u8]) -> Option<u16> {
        let head = payload.first_chunk::<2>().filter(|_| self.numbered)?;
        Some(u16::from_be_bytes(*head))
    }
}

/// What a frame of a protocol with that label does.
fn operation(name: &str, payload: &[u8]) -> Option<Operation> {
    match name {
        // Behind APPID and length the highest bit says that a simulation sent it (IEC 61850-8-1 annex C).
        "GOOSE" if payload.get(4).is_some_and(|reserved| reserved & 0x80 != 0) => {
            Some(reads("goose.publish_simulated"))
        }
        "GOOSE" => Some(reads("goose.publish")),
        "GSE_Management" => Some(reads("gse.management")),
        "IEC61850-SV" => Some(reads("sv.publish")),
        "PROFINET_IO" => profinet(payload),
        _ => None,
    }
}

/// PROFINET by its FrameID (IEC 61158-6-10, "FrameID"): clocks, cyclic data, alarms, and the services of DCP.
fn profinet(payload: &[u8]) -> Option<Operation> {
    let (id, rest) = payload.split_first_chunk::<2>()?;
    Some(match u16::from_be_bytes(*id) {
        0x0020..=0x0083 | 0xff00..=0xff43 => reads("profinet.clock"),
        0x0100..=0xfbff => reads("profinet.cyclic_data"),
        0xfc01 | 0xfe01 => reads("profinet.alarm"),
        0xfefc => reads("dcp.hello"),
        0xfefd => match rest {
            // Service, request; number, reserved, length; option and what it is (IEC 61158-6-10, "DCP").
            [3, ..] => reads("dcp.get"),
            [4, 0, _, _, _, _, _, _, _, _, option, sub, ..] => dcp_set(*option, *sub),
            _ => return None,
        },
        0xfefe | 0xfeff => reads("dcp.identify"),
        _ => return None,
    })
}

fn dcp_set(option: u8, sub: u8) -> Operation {
    match (option, sub) {
        (1, _) => commands("dcp.set_ip"),
        (2, 2) => commands("dcp.set_name"),
        (5, 3) => commands("dcp.blink"),
        (5, 5 | 6) => commands("dcp.factory_reset"),
        // A transaction begins or ends.
        (5, 1 | 2) => reads("dcp.transaction"),
        _ => commands("dcp.set"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_belongs_to_one_protocol_and_names_are_sorted() {
        let mut kinds: Vec<FrameKind> = LINK_PROTOCOLS.iter().flat_map(|row| row.kinds).copied().collect();
        let count = kinds.len();
        kinds.sort_by_key(|kind| format!("{kind:?}"));
        kinds.dedup();
        assert_eq!(kinds.len(), count, "no type twice");
        assert!(LINK_PROTOCOLS.is_sorted_by_key(|row| row.name.to_lowercase()));
        assert!(LINK_PROTOCOLS.iter().all(|row| !row.kinds.is_empty() && !row.spec.is_empty()));
    }

    #[test]
    fn what_frames_do_is_noted() {
        let noted = |kind: u16, payloads: &[&[u8]]| {
            let mut control = None;
            let row = link_protocol(Ethertype(kind)).expect("a row");
            payloads.iter().for_each(|payload| row.note(payload, &mut control));
            control.map(|control| (control.operations.unwrap_or_default().join(" "), control.commands))
        };
        let set = b"\xfe\xfd\x04\x00\x00\x00\x00\x01\x00\x00\x00\x0c\x02\x02\x00\x04\x00\x01plc";
        let answer = b"\xfe\xfd\x04\x01\x00\x00\x00\x01\x00\x00\x00\x08\x05\x04\x00\x03\x02\x02\x00\x00";
        let dcp = noted(0x8892, &[b"\xfe\xfe\x05\x00", set, answer, &set[..11], b"\xfe"]);
        assert_eq!(dcp, Some(("dcp.identify dcp.set_name".to_owned(), Some(1))));
        assert_eq!(noted(0x8892, &[&b"\x80\x01\x00"[..]; 3]), Some(("profinet.cyclic_data".to_owned(), None)));
        let goose: [&[u8]; 2] = [&[0, 1, 0, 10, 0, 0, 0, 0, 0x61, 0], &[0, 1, 0, 10, 0x80, 0, 0, 0, 0x61, 0]];
        assert_eq!(noted(0x88b8, &goose), Some(("goose.publish goose.publish_simulated".to_owned(), None)));
        assert_eq!(noted(0x0806, &[&[0, 1]]), None);
    }

    #[test]
    fn goose_is_told_with_its_number() {
        let goose = link_protocol(Ethertype(0x88b8)).expect("a row");
        assert_eq!((goose.name, goose.number(&[0x3f, 0xff, 0, 8])), ("GOOSE", Some(0x3fff)));
        assert_eq!(goose.number(&[1]), None);
        assert_eq!(link_protocol(Ethertype(0x0806)).and_then(|arp| arp.number(&[0, 1])), None);
        assert!(link_protocol(Ethertype(0x1234)).is_none());
    }
}
