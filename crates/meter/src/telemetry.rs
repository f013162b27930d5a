// SPDX-License-Identifier: Apache-2.0
//! Encrypted traffic telemetry of one flow beside the sequence of packet lengths and times: messages (SALT), TLS records
//! (SRLT), bursts, counts of octet values (BD) and each side's first packet (IDP), as Cisco's ETA and Joy define them.
//! Empty acknowledgements and what was sent again are no part of it.
//!
//! What most flows do not have costs them nothing: messages and bursts of a flow follow from the sequence of packet lengths
//! until that is full; the rest is allocated for TLS, or where its group of columns was asked for, within one bound for all
//! flows.

mod messages;
mod octets;
mod records;

use minamo_base::{Cursor, Time, WireError, put_number};
use minamo_dissect::Side;
use minamo_model::Flow;
use minamo_packet::{Packet, Transport};

use crate::Settings;
use messages::Long;
use octets::Octets;
use records::Records;

/// Packets with data from which on messages and bursts are told.
const LEAST_PACKETS: usize = 3;

/// Memory that the telemetry of all flows together may take, and what came of its end.
pub(crate) struct Room {
    left: usize,
    /// Flows, or sides of them, of which something is not told because nothing was left.
    pub(crate) refused: u64,
    /// Sides whose TLS records could not be followed any further: octets are missing, or are no records.
    pub(crate) lost: u64,
}

impl Room {
    pub(crate) fn new(octets: usize) -> Self {
        Self { left: octets, refused: 0, lost: 0 }
    }

    fn take(&mut self, octets: usize) -> bool {
        match self.left.checked_sub(octets) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.refused += 1;
                false
            }
        }
    }

    pub(crate) fn give_back(&mut self, octets: usize) {
        self.left = self.left.saturating_add(octets);
    }
}

/// The telemetry of a flow.
#[derive(Default)]
pub(crate) struct Telemetry {
    /// Sides that sent data.
    begun: [bool; 2],
    /// Octets of the bound that it takes.
    taken: u32,
    records: Option<Box<Records>>,
    octets: Option<Box<Octets>>,
    /// True once the sequence of packets was full.
    is_long: bool,
    /// Messages and bursts of a flow with more packets than the sequence holds.
    long: Option<Box<Long>>,
}

impl Telemetry {
    /// Takes a packet with data that was not sent before, so many microseconds after the one before. `packets` is the
    /// sequence without it.
    pub(crate) fn data(
        &mut self,
        (time, since): (Time, u32),
        side: Side,
        packet: &Packet<'_>,
        packets: &[(i32, u32)],
        settings: &Settings,
        room: &mut Room,
    ) {
        let groups = settings.groups;
        let first = self.begun.get_mut(side.index()).is_some_and(|begun| !std::mem::replace(begun, true));
        if groups.eta {
            self.records(time, side, packet, first, settings, room);
            if packets.len() >= settings.splt_packets {
                self.long(since, side, packet.payload_len, packets, settings, room);
            }
        }
        if groups.bd || groups.idp {
            self.octets(side, packet, first, settings, room);
        }
    }

    /// Octets of the bound that go with it.
    pub(crate) fn taken(&self) -> usize {
        self.taken as usize
    }

    /// True where it has what is not packed: counts of octet values, first packets, and what goes on behind a full sequence.
    pub(crate) fn is_long(&self) -> bool {
        self.octets.is_some() || self.long.is_some()
    }

    /// Appends it without the above; `last` is the time of the flow's last packet.
    pub(crate) fn pack(&self, last: Time, out: &mut Vec<u8>) {
        let Self { begun: [src, dst], taken, records, octets: _, is_long, long: _ } = self;
        let flags = [*src, *dst, *is_long, records.is_some()];
        out.push(flags.into_iter().rev().fold(0, |flags, is| flags << 1 | u8::from(is)));
        put_number((*taken).into(), out);
        if let Some(records) = records {
            records.pack(last, out);
        }
    }

    /// Reads what [`Self::pack`] wrote.
    pub(crate) fn unpack(last: Time, cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let flags = cursor.u8("telemetry.flags")?;
        let [src, dst, is_long, has_records] = [0, 1, 2, 3].map(|bit| flags >> bit & 1 != 0);
        let taken = cursor.number_of("telemetry.taken")?;
        let records = if has_records { Some(Box::new(Records::unpack(last, cursor)?)) } else { None };
        Ok(Self { begun: [src, dst], taken, records, octets: None, is_long, long: None })
    }

    fn take(&mut self, octets: usize, room: &mut Room) -> bool {
        let taken = room.take(octets);
        if taken {
            self.taken = self.taken.saturating_add(u32::try_from(octets).unwrap_or(u32::MAX));
        }
        taken
    }

    fn records(
        &mut self,
        time: Time,
        side: Side,
        packet: &Packet<'_>,
        first: bool,
        settings: &Settings,
        room: &mut Room,
    ) {
        let Transport::Tcp(tcp) = &packet.transport else { return };
        if first && records::begins(packet.payload) {
            let size = size_of::<Records>() + records::size(settings.splt_packets);
            if self.records.is_none() && self.take(size, room) {
                self.records = Some(Box::default());
            }
            if let Some(records) = &mut self.records {
                records.begin(side, tcp);
            }
        }
        if let Some(records) = &mut self.records {
            room.lost += u64::from(records.segment(time, side, tcp, packet, settings.splt_packets));
        }
    }

    fn long(
        &mut self,
        since: u32,
        side: Side,
        octets: u32,
        packets: &[(i32, u32)],
        settings: &Settings,
        room: &mut Room,
    ) {
        // Where there is no memory for it, what the sequence has stands.
        let first = !std::mem::replace(&mut self.is_long, true);
        if first && self.take(size_of::<Long>() + messages::size(packets.len()), room) {
            self.long = Some(Box::new(Long::of(packets, settings.splt_packets)));
        }
        if let Some(long) = &mut self.long {
            long.packet(since, side, octets, settings.splt_packets);
        }
    }

    fn octets(&mut self, side: Side, packet: &Packet<'_>, first: bool, settings: &Settings, room: &mut Room) {
        let mut kept = self.octets.take().unwrap_or_default();
        if first && settings.groups.idp {
            let packet = octets::initial(packet);
            if !packet.is_empty() && self.take(packet.len(), room) {
                kept.keep_initial(side, packet);
            }
        }
        if settings.groups.bd && (kept.counts(side) || (first && self.take(octets::COUNTS, room))) {
            kept.count(side, packet.payload, settings.byte_octets);
        }
        self.octets = Some(kept);
    }

    /// Writes it into the row. `packets` is the whole sequence of lengths and times.
    pub(crate) fn tell(&self, packets: &[(i32, u32)], settings: &Settings, row: &mut Flow) {
        if let Some(octets) = &self.octets {
            octets.tell(row.eta.get_or_insert_default());
        }
        if let Some(records) = &self.records {
            records.tell(row.eta.get_or_insert_default());
        }
        // One question and one answer are two messages as they are two packets.
        if !settings.groups.eta || packets.len() < LEAST_PACKETS {
            return;
        }
        let eta = row.eta.get_or_insert_default();
        match &self.long {
            Some(long) => long.tell(eta),
            None => Long::of(packets, settings.splt_packets).tell(eta),
        }
    }
}
