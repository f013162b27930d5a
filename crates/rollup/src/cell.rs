// SPDX-License-Identifier: Apache-2.0
//! What one minute or hour holds, and rows of such cells as octets: for each slot that is not empty its number
//! (one octet) and the five counters as LEB128. A slot that is missing is empty.

/// What some flows moved in some time; of sampled flows what they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Octets from initiators.
    pub src_bytes: u64,
    /// Octets from responders.
    pub dst_bytes: u64,
    /// Packets from initiators.
    pub src_packets: u64,
    /// Packets from responders.
    pub dst_packets: u64,
    /// Flows that started in this time.
    pub flows: u64,
}

impl Cell {
    /// Nothing moved.
    pub const ZERO: Self = Self { src_bytes: 0, dst_bytes: 0, src_packets: 0, dst_packets: 0, flows: 0 };

    /// Octets of both sides.
    pub fn bytes(&self) -> u64 {
        self.src_bytes.saturating_add(self.dst_bytes)
    }

    /// Packets of both sides.
    pub fn packets(&self) -> u64 {
        self.src_packets.saturating_add(self.dst_packets)
    }

    /// Adds another cell; a counter that would overflow stays at its highest value.
    pub fn add(&mut self, other: &Self) {
        self.src_bytes = self.src_bytes.saturating_add(other.src_bytes);
        self.dst_bytes = self.dst_bytes.saturating_add(other.dst_bytes);
        self.src_packets = self.src_packets.saturating_add(other.src_packets);
        self.dst_packets = self.dst_packets.saturating_add(other.dst_packets);
        self.flows = self.flows.saturating_add(other.flows);
    }

    fn counters(&self) -> [u64; 5] {
        [self.src_bytes, self.dst_bytes, self.src_packets, self.dst_packets, self.flows]
    }
}

/// The cells as octets; at most 256 of them.
pub(crate) fn encode(cells: &[Cell]) -> Vec<u8> {
    let mut out = Vec::with_capacity(cells.len() * 12);
    for (slot, cell) in (0_u8..=u8::MAX).zip(cells) {
        if *cell == Cell::ZERO {
            continue;
        }
        out.push(slot);
        for mut counter in cell.counters() {
            while counter > 0x7f {
                out.push(0x80 | u8::try_from(counter & 0x7f).unwrap_or(0));
                counter >>= 7;
            }
            out.push(u8::try_from(counter).unwrap_or(0));
        }
    }
    out
}

/// Gives the cells that are not empty with their slots; false where the octets are damaged.
pub(crate) fn decode(octets: &[u8], slots: usize, mut give: impl FnMut(usize, Cell)) -> bool {
    let mut rest = octets.iter();
    while let Some(slot) = rest.next() {
        let mut counters = [0; 5];
        for counter in &mut counters {
            let Some(value) = number(&mut rest) else { return false };
            *counter = value;
        }
        let slot = usize::from(*slot);
        if slot >= slots {
            return false;
        }
        let [src_bytes, dst_bytes, src_packets, dst_packets, flows] = counters;
        give(slot, Cell { src_bytes, dst_bytes, src_packets, dst_packets, flows });
    }
    true
}

fn number<'a>(octets: &mut impl Iterator<Item = &'a u8>) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let octet = *octets.next()?;
        let part = u64::from(octet & 0x7f);
        // The tenth octet has room for one bit.
        if part.checked_shl(shift)? >> shift != part {
            return None;
        }
        value |= part << shift;
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_read_back_and_empty_ones_take_no_room() {
        let mut cells = [Cell::ZERO; 60];
        cells[0] = Cell { src_bytes: u64::MAX, dst_bytes: 1, src_packets: 127, dst_packets: 128, flows: 0 };
        cells[59] = Cell { flows: 1, ..Cell::ZERO };
        let octets = encode(&cells);
        assert_eq!(octets.len(), 1 + 10 + 1 + 1 + 2 + 1 + 1 + 5);
        let mut back = [Cell::ZERO; 60];
        assert!(decode(&octets, 60, |slot, cell| back[slot] = cell));
        assert_eq!(back, cells);
        assert!(encode(&[Cell::ZERO; 60]).is_empty());
    }

    #[test]
    fn damaged_octets_are_noticed() {
        let octets = encode(&[Cell { src_bytes: 300, ..Cell::ZERO }]);
        for cut in 1..octets.len() {
            assert!(!decode(&octets[..cut], 60, |_, _| {}), "cut at {cut}");
        }
        assert!(!decode(&[60, 0, 0, 0, 0, 0], 60, |_, _| {}), "a slot that is not there");
        assert!(!decode(&[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2, 0, 0, 0, 0], 60, |_, _| {}));
        assert!(!decode(&[0; 3].map(|_: u8| 0xff), 255, |_, _| {}));
    }
}
