// SPDX-License-Identifier: Apache-2.0
//! TLS records of a TCP connection: lengths, content types and times (SRLT), from their headers (RFC 8446 §5.1, RFC 5246
//! §6.2.1), which are in clear. Octets that are missing are stepped over where they lie inside of one record; elsewhere
//! the beginning of the next is lost, and the side says nothing more.
//!
//! Not here: DTLS, and TLS that begins behind another protocol (STARTTLS).

use minamo_base::{Cursor, Time, WireError, put_number, put_octets, put_signed};
use minamo_dissect::Side;
use minamo_model::flow::Eta;
use minamo_packet::{Packet, TcpHeader};

use crate::tcp::{distance, first_octet};

/// Octets of a record's header.
const HEADER: usize = 5;
/// Most octets of a record: 2^14 of data and 2,048 of encryption (RFC 5246 §6.2.3).
const LONGEST: u16 = 16_384 + 2_048;

/// A record: octets without the header, negative from the responder; microseconds since the one before; content type.
struct Record {
    since: u32,
    length: i16,
    kind: u8,
}

/// Octets of memory that so many records take.
pub(super) fn size(records: usize) -> usize {
    records * size_of::<Record>()
}

/// True where a side's first octets are the beginning of a record.
pub(super) fn begins(payload: &[u8]) -> bool {
    payload.first_chunk().is_some_and(|head| content(*head).is_some())
}

/// Content type and length of a header: change of cipher, alert, handshake, data, heartbeat.
fn content([kind, major, minor, high, low]: [u8; HEADER]) -> Option<(u8, u16)> {
    let length = u16::from_be_bytes([high, low]);
    (matches!(kind, 20..=24) && major == 3 && minor <= 4 && length <= LONGEST).then_some((kind, length))
}

/// The records of both sides.
#[derive(Default)]
pub(super) struct Records {
    sides: [Reader; 2],
    /// Time of the last record, once there is one.
    last: Time,
    list: Vec<Record>,
}

/// Where one side is.
#[derive(Default)]
struct Reader {
    state: State,
    /// The octet that is awaited.
    next: u32,
    /// Octets of the record that are still to come.
    left: u16,
    /// What came of a header, and how much that is.
    header: [u8; HEADER],
    held: u8,
}

#[derive(Default, PartialEq)]
enum State {
    /// The side has not begun, or not with a record.
    #[default]
    Silent,
    Following,
    Lost,
}

impl Records {
    /// The side begins with a record.
    pub(super) fn begin(&mut self, side: Side, tcp: &TcpHeader) {
        if let Some(reader) = self.sides.get_mut(side.index()) {
            (reader.state, reader.next) = (State::Following, first_octet(tcp));
        }
    }

    /// Takes a segment; true where its side is lost by it.
    pub(super) fn segment(
        &mut self,
        time: Time,
        side: Side,
        tcp: &TcpHeader,
        packet: &Packet<'_>,
        most: usize,
    ) -> bool {
        let Self { sides, last, list } = self;
        let Some(reader) = sides.get_mut(side.index()).filter(|reader| reader.state == State::Following) else {
            return false;
        };
        if list.len() >= most {
            return false;
        }
        let followed = reader.segment(first_octet(tcp), packet, &mut |kind, length| {
            if list.len() < most {
                let before = std::mem::replace(last, time);
                let since = if list.is_empty() { 0 } else { time.since(before).max(0) / 1_000 };
                let since = u32::try_from(since).unwrap_or(u32::MAX);
                if list.len() == list.capacity() {
                    list.reserve_exact(list.len().max(4).min(most - list.len()));
                }
                // No record is longer than LONGEST.
                let length = i16::try_from(length).unwrap_or(i16::MAX);
                list.push(Record { length: if side == Side::Src { length } else { -length }, since, kind });
            }
        });
        if !followed {
            reader.state = State::Lost;
        }
        !followed
    }

    pub(super) fn tell(&self, eta: &mut Eta) {
        if self.list.is_empty() {
            return;
        }
        eta.record_lengths = Some(self.list.iter().map(|record| record.length.into()).collect());
        eta.record_types = Some(self.list.iter().map(|record| record.kind.into()).collect());
        eta.record_times_micros = Some(self.list.iter().map(|record| record.since).collect());
    }
}

impl Records {
    /// Appends them; `last` is the time of the flow's last packet.
    pub(super) fn pack(&self, last: Time, out: &mut Vec<u8>) {
        let Self { sides, last: latest, list } = self;
        for Reader { state, next, left, header, held } in sides {
            out.push(match state {
                State::Silent => 0,
                State::Following => 1,
                State::Lost => 2,
            });
            if *state == State::Following {
                out.extend(next.to_be_bytes());
                put_number((*left).into(), out);
                put_octets(header.get(..usize::from(*held)).unwrap_or_default(), out);
            }
        }
        put_number(list.len() as u64, out);
        if !list.is_empty() {
            put_signed(latest.0.wrapping_sub(last.0), out);
        }
        for Record { since, length, kind } in list {
            put_number((*since).into(), out);
            put_signed((*length).into(), out);
            out.push(*kind);
        }
    }

    /// Reads what [`Self::pack`] wrote.
    pub(super) fn unpack(last: Time, cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let mut records = Self { sides: [Reader::unpack(cursor)?, Reader::unpack(cursor)?], ..Self::default() };
        let count = cursor.number_of::<usize>("records.count")?;
        if count > 0 {
            records.last = Time(cursor.signed("records.last")?.wrapping_add(last.0));
        }
        records.list.reserve_exact(count.min(cursor.left()));
        for _ in 0..count {
            let (since, length) = (cursor.number_of("records.since")?, cursor.signed("records.length")?);
            let length = i16::try_from(length).unwrap_or(i16::MAX);
            records.list.push(Record { since, length, kind: cursor.u8("records.kind")? });
        }
        Ok(records)
    }
}

impl Reader {
    fn unpack(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let state = match cursor.u8("records.state")? {
            0 => State::Silent,
            1 => State::Following,
            _ => State::Lost,
        };
        let mut reader = Self { state, ..Self::default() };
        if reader.state == State::Following {
            (reader.next, reader.left) = (cursor.u32("records.next")?, cursor.number_of("records.left")?);
            let held = cursor.octets("records.header")?;
            reader.header.iter_mut().zip(held).for_each(|(place, octet)| *place = *octet);
            reader.held = u8::try_from(held.len()).unwrap_or(0);
        }
        Ok(reader)
    }

    /// Takes the octets from `start` on; false where they cannot be followed.
    fn segment(&mut self, start: u32, packet: &Packet<'_>, record: &mut dyn FnMut(u8, u16)) -> bool {
        let ahead = distance(start, self.next);
        let known = if ahead < 0 { ahead.unsigned_abs() } else { 0 };
        let Some(sent) = packet.payload_len.checked_sub(known).filter(|sent| *sent > 0) else { return true };
        if ahead > 0 && !self.skip(ahead.unsigned_abs()) {
            return false;
        }
        let octets = packet.payload.get(known as usize..).unwrap_or_default();
        self.next = start.wrapping_add(packet.payload_len);
        let missing = sent.saturating_sub(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        self.read(octets, record) && (missing == 0 || self.skip(missing))
    }

    /// Steps over octets that are not there.
    fn skip(&mut self, octets: u32) -> bool {
        match u16::try_from(octets).ok().and_then(|octets| self.left.checked_sub(octets)) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    fn read(&mut self, mut octets: &[u8], record: &mut dyn FnMut(u8, u16)) -> bool {
        while !octets.is_empty() {
            if self.left > 0 {
                let inside = octets.len().min(self.left.into());
                self.left -= u16::try_from(inside).unwrap_or(self.left);
                octets = octets.get(inside..).unwrap_or_default();
                continue;
            }
            for place in self.header.iter_mut().skip(self.held.into()) {
                let Some((octet, rest)) = octets.split_first() else { return true };
                (*place, octets) = (*octet, rest);
                self.held += 1;
            }
            self.held = 0;
            let Some((kind, length)) = content(self.header) else { return false };
            self.left = length;
            record(kind, length);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use minamo_packet::{LinkType, Packet, Transport, decode};

    use super::*;

    /// Feeds pieces of one side, each with its first octet's number; gives lengths, and true where the side is lost.
    fn follow(pieces: &[(u32, &[u8], u32)]) -> (Vec<i32>, bool) {
        let mut frame = Vec::new();
        let builder = etherparse::PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(1, 443, 0, 9);
        builder.write(&mut frame, &[]).expect("a Vec takes all");
        let packet = decode(LinkType::RAW, &frame).expect("a good packet");
        let Transport::Tcp(header) = packet.transport else { panic!("TCP") };
        let (mut records, mut lost) = (Records::default(), false);
        for (at, (seq, payload, payload_len)) in pieces.iter().enumerate() {
            let tcp = TcpHeader { seq: *seq, ..header };
            if at == 0 {
                records.begin(Side::Src, &tcp);
            }
            let packet = Packet { payload, payload_len: *payload_len, ..packet };
            lost |= records.segment(Time::from_millis(0), Side::Src, &tcp, &packet, 50);
        }
        (records.list.iter().map(|record| i32::from(record.length)).collect(), lost)
    }

    const STREAM: [u8; 22] = [22, 3, 1, 0, 3, 1, 2, 3, 20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 2, 9, 9, 0];

    #[test]
    fn records_are_found_wherever_the_stream_is_cut() {
        let stream = &STREAM[..21];
        for first in 0..stream.len() {
            for second in first..stream.len() {
                let cuts = [&stream[..first], &stream[first..second], &stream[second..]];
                let mut at = 1_000u32;
                let pieces: Vec<_> = cuts
                    .iter()
                    .map(|piece| {
                        let start = at;
                        at += piece.len() as u32;
                        (start, *piece, piece.len() as u32)
                    })
                    .collect();
                assert_eq!(follow(&pieces), (vec![3, 1, 2], false), "{first} {second}");
            }
        }
    }

    #[test]
    fn octets_missing_inside_of_a_record_are_stepped_over() {
        assert_eq!(follow(&[(0, &STREAM[..6], 6), (8, &STREAM[8..14], 6)]), (vec![3, 1], false), "a gap");
        assert_eq!(follow(&[(0, &STREAM[..6], 8), (8, &STREAM[8..14], 6)]), (vec![3, 1], false), "a cut capture");
        assert_eq!(follow(&[(0, &STREAM[..8], 8), (4, &STREAM[4..14], 10)]), (vec![3, 1], false), "sent again in part");
        assert_eq!(follow(&[(0, &STREAM[..6], 6), (9, &STREAM[9..], 13)]), (vec![3], true), "a header is missing");
        assert_eq!(follow(&[(0, &[22, 3, 1, 0, 0, 80, 3, 1, 0, 0], 10)]), (vec![0], true), "no record");
        assert!(begins(&STREAM) && !begins(b"GET / HTTP/1.1") && !begins(&[22, 3, 1]));
    }
}
