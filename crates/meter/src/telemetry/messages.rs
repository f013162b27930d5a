// SPDX-License-Identifier: Apache-2.0
//! Messages and bursts. A message is what one side sends until the other does (SALT, Joy's application lengths); a burst is
//! three or more packets with data of one side, each at most a second after the one before (the values of CESNET's
//! ipfixprobe, plugin bstats).

use minamo_dissect::Side;
use minamo_model::flow::Eta;

/// Packets of a burst.
const BURST_PACKETS: u32 = 3;
/// Longest time between two packets of a burst, in microseconds.
const BURST_MICROS: u64 = 1_000_000;

/// Octets of memory that so many messages take.
pub(super) fn size(messages: usize) -> usize {
    messages * size_of::<(i32, u32)>()
}

/// Messages and bursts so far.
#[derive(Default)]
pub(super) struct Long {
    /// Microseconds from the first packet to the latest.
    now: u64,
    /// When the latest message began.
    began: u64,
    /// The side that it came from.
    side: Option<Side>,
    /// True once a message came that there was no place for.
    full: bool,
    /// Octets, negative from the responder, and microseconds from the beginning of the one before.
    messages: Vec<(i32, u32)>,
    bursts: [Burst; 2],
}

#[derive(Default)]
struct Burst {
    packets: u32,
    octets: u64,
    last: u64,
    count: u32,
    largest: u64,
}

impl Long {
    /// What the sequence of lengths and times comes to; `most` messages will be kept.
    pub(super) fn of(packets: &[(i32, u32)], most: usize) -> Self {
        let mut long = Self { messages: Vec::with_capacity(packets.len().min(most)), ..Self::default() };
        for (length, since) in packets {
            let side = if *length > 0 { Side::Src } else { Side::Dst };
            long.packet(*since, side, length.unsigned_abs(), most);
        }
        long
    }

    /// Takes a packet so many microseconds after the one before.
    pub(super) fn packet(&mut self, since: u32, side: Side, octets: u32, most: usize) {
        self.now = self.now.saturating_add(since.into());
        if let Some(burst) = self.bursts.get_mut(side.index()) {
            burst.packet(self.now, octets);
        }
        if self.full {
            return;
        }
        let octets = i32::try_from(octets).unwrap_or(i32::MAX);
        let octets = if side == Side::Src { octets } else { -octets };
        if self.side == Some(side) {
            if let Some((length, _)) = self.messages.last_mut() {
                *length = length.saturating_add(octets);
            }
            return;
        }
        if self.messages.len() >= most {
            self.full = true;
            return;
        }
        let waited = if self.side.is_none() { 0 } else { self.now.saturating_sub(self.began) };
        self.messages.push((octets, u32::try_from(waited).unwrap_or(u32::MAX)));
        (self.side, self.began) = (Some(side), self.now);
    }

    pub(super) fn tell(&self, eta: &mut Eta) {
        eta.message_lengths = Some(self.messages.iter().map(|(length, _)| *length).collect());
        eta.message_times_micros = Some(self.messages.iter().map(|(_, since)| *since).collect());
        let [src, dst] = &self.bursts;
        let told = |burst: &Burst| (burst.count > 0).then_some((burst.count, burst.largest)).unzip();
        (eta.src_bursts, eta.src_burst_bytes) = told(src);
        (eta.dst_bursts, eta.dst_burst_bytes) = told(dst);
    }
}

impl Burst {
    fn packet(&mut self, now: u64, octets: u32) {
        if self.packets == 0 || now.saturating_sub(self.last) > BURST_MICROS {
            (self.packets, self.octets) = (0, 0);
        }
        self.last = now;
        self.packets = self.packets.saturating_add(1);
        self.octets = self.octets.saturating_add(octets.into());
        if self.packets == BURST_PACKETS {
            self.count = self.count.saturating_add(1);
        }
        if self.packets >= BURST_PACKETS {
            self.largest = self.largest.max(self.octets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(packets: &[(i32, u32)], most: usize) -> Eta {
        let mut eta = Eta::default();
        Long::of(packets, most).tell(&mut eta);
        eta
    }

    #[test]
    fn packets_of_one_side_are_one_message_until_the_other_speaks() {
        let eta = told(&[(300, 0), (200, 10), (-1_400, 1_000), (-100, 50), (7, 900)], 50);
        assert_eq!(eta.message_lengths, Some(vec![500, -1_500, 7]));
        assert_eq!(eta.message_times_micros, Some(vec![0, 1_010, 950]), "from beginning to beginning");
        assert_eq!((eta.src_bursts, eta.dst_bursts), (Some(1), None), "the initiator's three within a second");
        let eta = told(&[(1, 0), (-2, 1), (3, 1), (4, 1), (-5, 1), (-6, 1)], 3);
        assert_eq!(eta.message_lengths, Some(vec![1, -2, 7]), "what has no place ends the sequence");
    }

    #[test]
    fn a_burst_is_three_packets_within_a_second_of_each_other() {
        let eta = told(&[(10, 0), (20, 999_000), (30, 1_000_000), (40, 1_000_001), (50, 5), (60, 5), (70, 5)], 50);
        assert_eq!((eta.src_bursts, eta.src_burst_bytes), (Some(2), Some(220)));
        let eta = told(&[(10, 0), (20, 1_000_001), (30, 1_000_001)], 50);
        assert_eq!((eta.src_bursts, eta.src_burst_bytes), (None, None));
    }
}
