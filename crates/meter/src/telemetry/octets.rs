// SPDX-License-Identifier: Apache-2.0
//! Counts of octet values (byte distribution, BD) and the initial data packet (IDP) of each side.

use minamo_base::hex;
use minamo_dissect::Side;
use minamo_model::flow::Eta;
use minamo_packet::Packet;

/// Most octets of an initial packet: what Cisco's element 44940 holds.
const INITIAL: usize = 1_300;
/// Octets of memory that the counts of a side take.
pub(super) const COUNTS: usize = size_of::<Counts>();

/// What is kept of the octets of both sides.
#[derive(Default)]
pub(super) struct Octets {
    initial: [Option<Box<[u8]>>; 2],
    counts: [Option<Box<Counts>>; 2],
}

/// How often each value was seen.
struct Counts {
    counts: [u16; 256],
    total: u32,
}

/// What is kept of a side's first packet: from its IP header on. Nothing where it came in fragments.
pub(super) fn initial<'a>(packet: &Packet<'a>) -> &'a [u8] {
    packet.whole.get(..packet.whole.len().min(INITIAL)).unwrap_or_default()
}

impl Octets {
    pub(super) fn keep_initial(&mut self, side: Side, packet: &[u8]) {
        if let Some(place) = self.initial.get_mut(side.index()) {
            *place = Some(packet.into());
        }
    }

    /// True where octets of the side are counted already.
    pub(super) fn counts(&self, side: Side) -> bool {
        self.counts.get(side.index()).is_some_and(Option::is_some)
    }

    /// Counts what is among the side's first `most` octets.
    pub(super) fn count(&mut self, side: Side, payload: &[u8], most: u16) {
        let Some(place) = self.counts.get_mut(side.index()) else { return };
        let counts = place.get_or_insert_with(|| Box::new(Counts { counts: [0; 256], total: 0 }));
        let room = u32::from(most).saturating_sub(counts.total) as usize;
        let octets = payload.get(..payload.len().min(room)).unwrap_or_default();
        for octet in octets {
            // No more are counted than a counter holds.
            if let Some(count) = counts.counts.get_mut(usize::from(*octet)) {
                *count = count.wrapping_add(1);
            }
        }
        counts.total += u32::try_from(octets.len()).unwrap_or(0);
    }

    pub(super) fn tell(&self, eta: &mut Eta) {
        let [src, dst] = &self.initial;
        eta.src_initial_packet = src.as_deref().map(hex);
        eta.dst_initial_packet = dst.as_deref().map(hex);
        let [src, dst] = &self.counts;
        if let Some(counts) = src.as_deref().filter(|counts| counts.total > 0) {
            eta.src_byte_counts = Some(counts.list());
            (eta.src_entropy, eta.src_byte_mean, eta.src_byte_deviation) = counts.moments();
        }
        if let Some(counts) = dst.as_deref().filter(|counts| counts.total > 0) {
            eta.dst_byte_counts = Some(counts.list());
            (eta.dst_entropy, eta.dst_byte_mean, eta.dst_byte_deviation) = counts.moments();
        }
    }
}

impl Counts {
    fn list(&self) -> Vec<u32> {
        self.counts.iter().map(|count| u32::from(*count)).collect()
    }

    /// Entropy in bits per octet, mean and standard deviation.
    fn moments(&self) -> (Option<f64>, Option<f64>, Option<f64>) {
        let moments = minamo_model::byte_moments(self.counts.iter().map(|count| u64::from(*count)));
        moments.map_or((None, None, None), |[entropy, mean, deviation]| (Some(entropy), Some(mean), Some(deviation)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_octets_of_each_side_are_counted() {
        let mut octets = Octets::default();
        octets.count(Side::Src, &[0, 0, 255, 255], 6);
        octets.count(Side::Src, &[7, 7, 7, 7], 6);
        octets.count(Side::Dst, &[], 6);
        let mut eta = Eta::default();
        octets.tell(&mut eta);
        let counts = eta.src_byte_counts.expect("counts");
        assert_eq!((counts.len(), counts[0], counts[7], counts[255]), (256, 2, 2, 2));
        assert_eq!(eta.src_byte_mean, Some((510.0 + 14.0) / 6.0));
        assert!((eta.src_entropy.expect("entropy") - 3f64.log2()).abs() < 1e-9);
        assert_eq!((eta.dst_byte_counts, eta.dst_entropy), (None, None), "nothing of a side without octets");
    }
}
