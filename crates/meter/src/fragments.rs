// SPDX-License-Identifier: Apache-2.0
//! Ports of fragmented packets: the first fragment has them, the later ones share its identification.

use hashbrown::HashMap;
use minamo_base::{FiveTuple, Ip};
use minamo_packet::IpHeader;
use rapidhash::fast::RandomState;

/// Fragmented packets that are remembered.
const BOUND: usize = 4_096;

/// Ports by addresses, protocol and identification.
#[derive(Default)]
pub(crate) struct Fragments {
    ports: HashMap<(Ip, Ip, u8, u32), (u16, u16), RandomState>,
}

impl Fragments {
    /// Remembers the ports of a first fragment; returns how many others were forgotten for it.
    pub(crate) fn remember(&mut self, ip: &IpHeader, id: u32, tuple: FiveTuple) -> u64 {
        let mut forgotten = 0;
        if self.ports.len() >= BOUND {
            forgotten = self.ports.len() as u64;
            self.ports.clear();
        }
        self.ports.insert((ip.src, ip.dst, ip.proto, id), (tuple.src_port, tuple.dst_port));
        forgotten
    }

    /// Ports of the packet that a later fragment belongs to.
    pub(crate) fn ports(&self, ip: &IpHeader, id: u32) -> Option<(u16, u16)> {
        self.ports.get(&(ip.src, ip.dst, ip.proto, id)).copied()
    }
}
