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

/// Ports by the packet that the fragments are of.
#[derive(Default)]
pub(crate) struct Fragments {
    ports: HashMap<Whole, Ports, RandomState>,
}

/// What the fragments of a packet share (RFC 791 §3.2, RFC 8200 §4.5), and its address space.
#[derive(PartialEq, Eq, Hash)]
struct Whole {
    src: Ip,
    dst: Ip,
    proto: u8,
    id: u32,
    space: u64,
}

struct Ports {
    src: u16,
    dst: u16,
    seen: Time,
}

impl Fragments {
    /// Remembers the ports of a first fragment; returns how many others were forgotten for it.
    pub(crate) fn remember(&mut self, time: Time, packet: &Packet<'_>, id: u32, tuple: FiveTuple) -> u64 {
        let mut forgotten = 0;
        if self.ports.len() >= BOUND {
            self.ports.retain(|_, ports| time.since(ports.seen) <= AGE);
            if self.ports.len() >= BOUND {
                forgotten = self.ports.len() as u64;
                self.ports.clear();
            }
        }
        let ports = Ports { src: tuple.src_port, dst: tuple.dst_port, seen: time };
        self.ports.insert(Whole::of(packet, id), ports);
        forgotten
    }

    /// Ports of the packet that a later fragment belongs to.
    pub(crate) fn ports(&self, time: Time, packet: &Packet<'_>, id: u32) -> Option<(u16, u16)> {
        let ports = self.ports.get(&Whole::of(packet, id))?;
        (time.since(ports.seen) <= AGE).then_some((ports.src, ports.dst))
    }
}

impl Whole {
    fn of(packet: &Packet<'_>, id: u32) -> Self {
        let ip = &packet.ip;
        Self { src: ip.src, dst: ip.dst, proto: ip.proto, id, space: packet.tunnels.space() }
    }
}
