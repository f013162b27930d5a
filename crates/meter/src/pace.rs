// SPDX-License-Identifier: Apache-2.0
//! Lengths and times of one flow's packets with data, and what is told of them.

use minamo_base::{Cursor, Time, WireError, put_number, put_signed};
use minamo_dissect::Side;
use minamo_model::Flow;
use minamo_packet::{Packet, TcpHeader};

use crate::Settings;
use crate::npm::Paces;
use crate::tcp::Latest;
use crate::telemetry::{Room, Telemetry};

/// Lengths and times of packets with data.
#[derive(Default)]
pub(crate) struct Pace {
    paces: Paces,
    /// Length, negative from the responder, and microseconds since the one before.
    packets: Vec<(i32, u32)>,
    telemetry: Telemetry,
    /// Of TCP, what the latest segments begin with.
    latest: [Latest; 2],
}

/// Packets with data of a flow whose segments are compared with those that come again: who puts an answer in does so to the
/// first ones.
const COMPARED: usize = 32;

impl Pace {
    /// Takes a packet with data that was not sent before.
    pub(crate) fn data(&mut self, time: Time, side: Side, packet: &Packet<'_>, settings: &Settings, room: &mut Room) {
        let since = self.paces.data(time, side).map_or(0, |before| time.since(before) / 1_000);
        let (since, octets) = (u32::try_from(since).unwrap_or(u32::MAX), packet.payload_len);
        self.telemetry.data((time, since), side, packet, &self.packets, settings, room);
        if settings.groups.splt && self.packets.len() < settings.splt_packets {
            let length = i32::try_from(octets).unwrap_or(i32::MAX);
            let length = if side == Side::Src { length } else { -length };
            self.make_room(settings.splt_packets);
            self.packets.push((length, since));
        }
    }

    /// True where a segment came before with other octets.
    pub(crate) fn contradicts(&mut self, side: Side, tcp: &TcpHeader, data: &[u8], settings: &Settings) -> bool {
        let is_early = self.packets.len() < COMPARED.min(settings.splt_packets);
        let latest = self.latest.get_mut(side.index()).filter(|_| is_early);
        latest.is_some_and(|latest| latest.contradicts(tcp, data))
    }

    /// Makes room for more packets, and for no more than there will be: most flows have few.
    fn make_room(&mut self, most: usize) {
        let count = self.packets.len();
        if count == self.packets.capacity() {
            self.packets.reserve_exact(count.max(2).min(most.saturating_sub(count)));
        }
    }

    /// Octets of the bound on telemetry that it takes.
    pub(crate) fn taken(&self) -> usize {
        self.telemetry.taken()
    }

    /// Writes delays and jitters into the row.
    pub(crate) fn tell_paces(&self, row: &mut Flow) {
        self.paces.tell(row);
    }

    /// Writes telemetry and the sequence of packets into the row.
    pub(crate) fn tell(&self, settings: &Settings, row: &mut Flow) {
        self.telemetry.tell(&self.packets, settings, row);
        if settings.groups.splt && !self.packets.is_empty() {
            let splt = row.splt.get_or_insert_default();
            splt.lengths = Some(self.packets.iter().map(|(length, _)| *length).collect());
            splt.times_micros = Some(self.packets.iter().map(|(_, since)| *since).collect());
        }
    }

    /// True where it has what is not packed.
    pub(crate) fn is_long(&self) -> bool {
        self.telemetry.is_long()
    }

    /// Appends it; `last` is the time of the flow's last packet.
    pub(crate) fn pack(&self, last: Time, out: &mut Vec<u8>) {
        self.paces.pack(last, out);
        self.telemetry.pack(last, out);
        self.latest.iter().for_each(|latest| latest.pack(out));
        put_number(self.packets.len() as u64, out);
        for (length, since) in &self.packets {
            put_signed((*length).into(), out);
            put_number((*since).into(), out);
        }
    }

    /// Reads what [`Self::pack`] wrote.
    pub(crate) fn unpack(last: Time, cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let (paces, telemetry) = (Paces::unpack(last, cursor)?, Telemetry::unpack(last, cursor)?);
        let latest = [Latest::unpack(cursor)?, Latest::unpack(cursor)?];
        let count = cursor.number_of::<usize>("pace.packets")?;
        let mut packets = Vec::with_capacity(count.min(cursor.left()));
        for _ in 0..count {
            let length = i32::try_from(cursor.signed("pace.length")?).unwrap_or(i32::MAX);
            packets.push((length, cursor.number_of("pace.time")?));
        }
        Ok(Self { paces, packets, telemetry, latest })
    }
}
