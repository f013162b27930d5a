// SPDX-License-Identifier: Apache-2.0
//! What one minute or hour holds, and rows of such cells as octets.
//!
//! A row begins with the octet 254 and has for each slot that is not empty its number (one octet) and the five counters
//! as LEB128; a slot that is missing is empty. Behind them stands, of cells with sampled flows, 255, the slot, and the six
//! numbers of [`Doubt`]; and of cells with flows of which nobody wrote down how sure they are, 253 and the slot. Rows
//! without the first octet are of the time before: all their cells are of the latter kind.

/// How sure the counters of a cell are, where flows in it were sampled: all zero where none was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Doubt {
    /// Variance of the octets of both sides.
    pub bytes: u128,
    /// Variance of the packets of both sides.
    pub packets: u128,
    /// Variance of the flows.
    pub flows: u128,
    /// Octets that the cell has and nobody saw: they stand for those between the packets that were looked at.
    pub unseen_bytes: u64,
    /// Likewise packets.
    pub unseen_packets: u64,
    /// Likewise flows.
    pub unseen_flows: u64,
    /// True where the cell has flows of which that is not known.
    pub unknown: bool,
}

impl Doubt {
    /// Nothing was sampled.
    pub const NONE: Self =
        Self { bytes: 0, packets: 0, flows: 0, unseen_bytes: 0, unseen_packets: 0, unseen_flows: 0, unknown: false };

    fn add(&mut self, other: &Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.packets = self.packets.saturating_add(other.packets);
        self.flows = self.flows.saturating_add(other.flows);
        self.unseen_bytes = self.unseen_bytes.saturating_add(other.unseen_bytes);
        self.unseen_packets = self.unseen_packets.saturating_add(other.unseen_packets);
        self.unseen_flows = self.unseen_flows.saturating_add(other.unseen_flows);
        self.unknown |= other.unknown;
    }

    /// True where sampled flows are in it, and how sure they are is known.
    pub fn is_measured(&self) -> bool {
        Self { unknown: false, ..*self } != Self::NONE
    }
}

/// What some flows moved in some time; of sampled flows what they stand for. Small, because a chart of a month by
/// application has half a million of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// How sure that is, where flows were sampled or it is not known.
    pub doubt: Option<Box<Doubt>>,
}

impl Cell {
    /// Nothing moved.
    pub const ZERO: Self = Self { src_bytes: 0, dst_bytes: 0, src_packets: 0, dst_packets: 0, flows: 0, doubt: None };

    /// A cell without counters that says how sure others are.
    pub(crate) fn of_doubt(doubt: Doubt) -> Self {
        Self { doubt: (doubt != Doubt::NONE).then(|| Box::new(doubt)), ..Self::ZERO }
    }

    /// How sure the counters are.
    pub fn doubt(&self) -> &Doubt {
        self.doubt.as_deref().unwrap_or(&Doubt::NONE)
    }

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
        if let Some(other) = &other.doubt {
            self.doubt.get_or_insert_default().add(other);
        }
    }

    fn counters(&self) -> [u64; 5] {
        [self.src_bytes, self.dst_bytes, self.src_packets, self.dst_packets, self.flows]
    }
}

/// First octet of a row that says how sure its cells are.
const WITH_DOUBT: u8 = 254;
/// Stands before the numbers of a doubt.
const MEASURED: u8 = 255;
/// Stands before the slot of a cell of which it is not known.
const UNKNOWN: u8 = 253;

/// The cells as octets; at most 253 of them.
pub(crate) fn encode(cells: &[Cell]) -> Vec<u8> {
    let mut out = Vec::with_capacity(cells.len() * 12);
    for (slot, cell) in (0..UNKNOWN).zip(cells) {
        if *cell == Cell::ZERO {
            continue;
        }
        if out.is_empty() {
            out.push(WITH_DOUBT);
        }
        out.push(slot);
        cell.counters().into_iter().for_each(|counter| put(&mut out, counter.into()));
        let doubt = cell.doubt();
        if doubt.is_measured() {
            out.extend([MEASURED, slot]);
            [doubt.bytes, doubt.packets, doubt.flows].into_iter().for_each(|number| put(&mut out, number));
            let unseen = [doubt.unseen_bytes, doubt.unseen_packets, doubt.unseen_flows];
            unseen.into_iter().for_each(|number| put(&mut out, number.into()));
        }
        if doubt.unknown {
            out.extend([UNKNOWN, slot]);
        }
    }
    out
}

fn put(out: &mut Vec<u8>, mut number: u128) {
    while number > 0x7f {
        out.push(0x80 | u8::try_from(number & 0x7f).unwrap_or(0));
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

/// Gives the cells that are not empty with their slots, one slot maybe in parts that add up; false where the octets are
/// damaged.
pub(crate) fn decode(octets: &[u8], slots: usize, mut give: impl FnMut(usize, Cell)) -> bool {
    let (known, octets) = match octets.split_first() {
        Some((&WITH_DOUBT, rest)) => (true, rest),
        _ => (false, octets),
    };
    let mut rest = octets.iter();
    while let Some(first) = rest.next() {
        let extra = known && matches!(*first, MEASURED | UNKNOWN);
        let slot = if extra { rest.next().copied() } else { Some(*first) };
        let Some(slot) = slot.map(usize::from).filter(|slot| *slot < slots) else { return false };
        let cell = match *first {
            MEASURED if extra => measured(&mut rest),
            UNKNOWN if extra => Some(Cell::of_doubt(Doubt { unknown: true, ..Doubt::NONE })),
            _ => counted(&mut rest, !known),
        };
        let Some(cell) = cell else { return false };
        give(slot, cell);
    }
    true
}

fn counted<'a>(rest: &mut impl Iterator<Item = &'a u8>, unknown: bool) -> Option<Cell> {
    let mut next = || short(rest);
    let (src_bytes, dst_bytes, src_packets, dst_packets) = (next()?, next()?, next()?, next()?);
    let of = Cell::of_doubt(Doubt { unknown, ..Doubt::NONE });
    Some(Cell { src_bytes, dst_bytes, src_packets, dst_packets, flows: next()?, ..of })
}

fn measured<'a>(rest: &mut impl Iterator<Item = &'a u8>) -> Option<Cell> {
    let (bytes, packets, flows) = (number(rest, 128)?, number(rest, 128)?, number(rest, 128)?);
    let (unseen_bytes, unseen_packets, unseen_flows) = (short(rest)?, short(rest)?, short(rest)?);
    let doubt = Doubt { bytes, packets, flows, unseen_bytes, unseen_packets, unseen_flows, unknown: false };
    Some(Cell::of_doubt(doubt))
}

/// A number of at most 64 bits.
fn short<'a>(octets: &mut impl Iterator<Item = &'a u8>) -> Option<u64> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let octet = *octets.next()?;
        let part = u64::from(octet & 0x7f);
        // The last octet has room for what is left.
        if (part << shift) >> shift != part {
            return None;
        }
        value |= part << shift;
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A number of at most so many bits.
fn number<'a>(octets: &mut impl Iterator<Item = &'a u8>, bits: u32) -> Option<u128> {
    let mut value = 0_u128;
    for shift in (0..bits).step_by(7) {
        let octet = *octets.next()?;
        let part = u128::from(octet & 0x7f);
        // The last octet has room for what is left.
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

    fn read(octets: &[u8]) -> Option<[Cell; 60]> {
        let mut back = [Cell::ZERO; 60];
        decode(octets, 60, |slot, cell| back[slot].add(&cell)).then_some(back)
    }

    #[test]
    fn cells_read_back_and_empty_ones_take_no_room() {
        let mut cells = [Cell::ZERO; 60];
        cells[0] = Cell { src_bytes: u64::MAX, dst_bytes: 1, src_packets: 127, dst_packets: 128, ..Cell::ZERO };
        cells[59] = Cell { flows: 1, ..Cell::ZERO };
        let octets = encode(&cells);
        assert_eq!(octets.len(), 1 + 1 + 10 + 1 + 1 + 2 + 1 + 1 + 5);
        assert_eq!(read(&octets), Some(cells.clone()));
        assert!(encode(&[Cell::ZERO; 60]).is_empty());
        let doubt = Doubt { bytes: u128::MAX, packets: 1, flows: 2, unseen_bytes: u64::MAX, ..Doubt::NONE };
        cells[1] = Cell { flows: 9, ..Cell::of_doubt(doubt) };
        cells[2] = Cell { flows: 9, ..Cell::of_doubt(Doubt { unknown: true, ..doubt }) };
        cells[3] = Cell::of_doubt(Doubt { unseen_flows: 3, ..Doubt::NONE });
        assert_eq!(read(&encode(&cells)), Some(cells));
    }

    #[test]
    fn rows_of_the_time_before_say_nothing_of_doubt() {
        // Slot 2: 300 octets from the initiator, one packet, one flow.
        let old = [2, 0xac, 0x02, 0, 1, 0, 1];
        let cells = read(&old).expect("whole");
        let doubt = Doubt { unknown: true, ..Doubt::NONE };
        assert_eq!(cells[2], Cell { src_bytes: 300, src_packets: 1, flows: 1, ..Cell::of_doubt(doubt) });
        assert_eq!(read(&encode(&cells)), Some(cells.clone()), "what is not known stays so");
        assert!(!doubt.is_measured() && cells[1] == Cell::ZERO);
    }

    #[test]
    fn damaged_octets_are_noticed() {
        let doubt = Doubt { bytes: 300, unseen_bytes: 300, ..Doubt::NONE };
        let whole = encode(&[Cell { src_bytes: 300, ..Cell::of_doubt(doubt) }]);
        // Behind the counters a row may end.
        for cut in (2..whole.len()).filter(|cut| *cut != 8) {
            assert!(read(&whole[..cut]).is_none(), "cut at {cut}");
        }
        assert!(read(&[60, 0, 0, 0, 0, 0]).is_none(), "a slot that is not there");
        assert!(read(&[254, 253, 60]).is_none() && read(&[253, 0]).is_none());
        assert!(read(&[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2, 0, 0, 0, 0]).is_none());
        assert!(!decode(&[0; 3].map(|_: u8| 0xff), 255, |_, _| {}));
    }
}
