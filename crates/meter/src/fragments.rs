// SPDX-License-Identifier: Apache-2.0
//! Ports of fragmented packets: the first fragment has them, the later ones share its identification.

use hashbrown::HashMap;
use minamo_base::{FiveTuple, Ip, Time};
use minamo_packet::Packet;
use rapidhash::fast::RandomState;

/// Fragmented packets that are remembered.
const BOUND: usize = 4_096;

/// Longest time between fragments of a packet, in nanoseconds: identifications are used again, and RFC 791 §3.2 lets
/// reassembly wait for at least 15 seconds, RFC 8200 §4.5 for 60.
const AGE: i64 = 60_000_000_000;

/// Ports by addresses, protocol, identification and address space.
#[derive(Default)]
pub(crate) struct Fragments {
    ports: HashMap<(Ip, Ip, u8, u32, u64), (u16, u16, Time), RandomState>,
}

impl Fragments {
    /// Remembers the ports of a first fragment; returns how many others were forgotten for it.
    pub(crate) fn remember(&mut self, time: Time, packet: &Packet<'_>, id: u32, tuple: FiveTuple) -> u64 {
        let mut forgotten = 0;
        if self.ports.len() >= BOUND {
            let before = self.ports.len();
            self.ports.retain(|_, (_, _, seen)| time.since(*seen) <= AGE);
            if self.ports.len() >= BOUND {
                forgotten = before as u64;
                self.ports.clear();
            }
        }
        self.ports.insert(key(packet, id), (tuple.src_port, tuple.dst_port, time));
        forgotten
    }

    /// Ports of the packet that a later fragment belongs to.
    pub(crate) fn ports(&self, time: Time, packet: &Packet<'_>, id: u32) -> Option<(u16, u16)> {
        let (src, dst, seen) = self.ports.get(&key(packet, id))?;
        (time.since(*seen) <= AGE).then_some((*src, *dst))
    }
}

fn key(packet: &Packet<'_>, id: u32) -> (Ip, Ip, u8, u32, u64) {
    (packet.ip.src, packet.ip.dst, packet.ip.proto, id, packet.tunnels.space())
}
