// SPDX-License-Identifier: Apache-2.0
//! Frames of every link type: the first two octets are its number.

use std::path::Path;

use minamo_packet::{LinkFrame, LinkType, decode, decode_parts, glance};

use crate::{Target, recordings};

pub(crate) static TARGET: Target = Target { name: "packet", run, seeds };

/// Numbers of link types that are tried; none that we know is beyond.
const LINK_TYPES: u16 = 300;

fn run(octets: &[u8]) {
    let Some((link, frame)) = octets.split_first_chunk::<2>() else { return };
    let link = LinkType(u16::from_be_bytes(*link) % LINK_TYPES);
    if let Some(read) = LinkFrame::read(link, frame) {
        assert!(read.payload.len() < frame.len());
        assert!(read.arp_addresses().is_none() || read.payload.len() >= 28, "ARP of IPv4 has 28 octets");
    }
    if let Some(told) = glance(link, frame) {
        let packet = decode_parts(link, frame);
        let same = packet.is_ok_and(|packet| {
            (packet.tuple(), packet.vlans[0], packet.ip_octets()) == (told.tuple(), told.vlan, told.octets.into())
        });
        assert!(same, "a glance tells what decoding tells");
    }
    if let Ok(packet) = decode(link, frame) {
        assert!(packet.payload.len() <= frame.len());
        assert!(packet.payload_len as usize >= packet.payload.len(), "what was captured was sent");
    }
}

/// The first frames of the recordings as they are, and their IP packets in every link type that has a name.
fn seeds(root: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    let mut inside = Vec::new();
    for file in recordings::files(root, "protocols")? {
        for (link, frame) in recordings::frames(&file)?.into_iter().take(2) {
            seeds.push([&link.0.to_be_bytes(), frame.as_slice()].concat());
            inside = frame.get(14..).unwrap_or_default().to_vec();
        }
    }
    for number in (0..LINK_TYPES).filter(|number| LinkType(*number).name().is_some()) {
        for header in [0, 2, 4, 8, 14, 16, 20, 24, 30, 32] {
            seeds.push([&number.to_be_bytes(), vec![0; header].as_slice(), &inside].concat());
        }
    }
    Ok(seeds)
}
