// SPDX-License-Identifier: Apache-2.0
//! Rows to datagrams of NetFlow v1, v5, v7, v9 and IPFIX. Templates are made from the columns' own sources:
//! one for each set of columns that rows have a value in, so that "not observed" stays absent on the wire. Of our own
//! elements, type information goes in front of the first template that has them ([`crate::types`], RFC 5610).

use std::collections::HashMap;

use minamo_base::Time;
use minamo_model::{FLOWS, Flow};
use minamo_schema::{ColumnId, Value};

use self::draft::{Draft, HEADER_ROOM, Layout};
use self::value::{TLS_CIPHER, WORDS, cipher, derived, is_implied, joins, write};
use self::writable::{Bits, Piece, Writable, columns};
use crate::element::Coding;
use crate::eta;
use crate::formats::{netflow1, netflow5, netflow7};
use crate::own::EXAMPLE_ENTERPRISE;
use crate::types::Types;

pub(crate) use self::value::write_variable;

mod draft;
mod value;
mod writable;

/// Templates made before the numbers start again.
const MAX_LAYOUTS: usize = 4_096;
/// Most octets of a record with its template: a message of IPFIX tells its length in 16 bits.
const MAX_RECORD: usize = 64_000;

/// The format to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// NetFlow version 1: as version 5, without routes and sequence numbers.
    Netflow1,
    /// NetFlow version 5: IPv4 and one side only.
    Netflow5,
    /// NetFlow version 7: as version 5.
    Netflow7,
    /// NetFlow version 9: the elements that it shares with IPFIX.
    Netflow9,
    /// IPFIX.
    Ipfix,
}

impl Wire {
    /// The formats that flows are exported in, by the names that the column `source` has.
    const NAMES: [(Self, &'static str); 3] =
        [(Self::Netflow5, "netflow5"), (Self::Netflow9, "netflow9"), (Self::Ipfix, "ipfix")];

    /// The format of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(wire, _)| *wire)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(wire, _)| *wire == self).map_or("", |(_, name)| *name)
    }

    /// True where the format has an element for a column, with `own` ones of ours and with `eta` Cisco's of encrypted traffic too;
    /// version 5 has fixed fields and no choice.
    pub fn carries(self, column: ColumnId, own: bool, eta: bool) -> bool {
        let implied = || FLOWS.places().any(|(id, known)| id == column && eta::implies(known.name));
        matches!(self, Self::Netflow9 | Self::Ipfix)
            && (columns(self, own, eta).iter().any(|known| known.four.column == column) || (eta && implied()))
    }
}

/// What became of the rows of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoded {
    /// Datagrams handed out.
    pub datagrams: usize,
    /// Rows in them.
    pub rows: usize,
    /// Rows that the format cannot carry.
    pub refused: usize,
}

/// Writes rows as datagrams of one session, with its templates and sequence numbers.
#[derive(Debug)]
pub struct Encoder {
    wire: Wire,
    domain: u32,
    boot: Time,
    max_octets: usize,
    refresh: u64,
    sequence: u32,
    sent: u64,
    layouts: HashMap<Key, Layout>,
    chosen: Option<Chosen>,
    millis: bool,
    /// Cisco's elements of encrypted traffic are written.
    eta: bool,
    /// The enterprise number of our own elements, where they are written.
    enterprise: Option<u32>,
    types: Types,
}

/// The columns that are written where not all are: as bits, and in their order.
#[derive(Debug)]
struct Chosen {
    columns: Bits,
    order: Vec<usize>,
}

/// The columns that a row has a value in, and those of them that hold an IPv6 address, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    present: Bits,
    six: Bits,
}

impl Encoder {
    /// An encoder for one observation domain. `boot` is when this exporter started: the older formats tell
    /// times from there.
    pub fn new(wire: Wire, domain: u32, boot: Time) -> Self {
        Self {
            wire,
            domain,
            boot,
            max_octets: 1_400,
            refresh: 32,
            sequence: 0,
            sent: 0,
            layouts: HashMap::new(),
            chosen: None,
            millis: false,
            eta: false,
            enterprise: None,
            types: Types::default(),
        }
    }

    /// Sets the largest datagram (512 to 65,000 octets) and after how many datagrams a template is sent again.
    pub fn with_limits(mut self, max_octets: usize, refresh: u64) -> Self {
        (self.max_octets, self.refresh) = (max_octets.clamp(512, 65_000), refresh.max(1));
        self
    }

    /// Writes these columns only, in this order and in every record: where a row has no value, zeros. Columns that
    /// the format has no element for are left out; see [`Wire::carries`].
    pub fn with_columns(mut self, columns: &[ColumnId]) -> Self {
        let place = |id: &ColumnId| self.columns().iter().position(|column| column.four.column == *id);
        let order: Vec<usize> = columns.iter().filter_map(place).collect();
        let mut columns = Bits::default();
        order.iter().for_each(|at| columns.set(*at));
        self.chosen = Some(Chosen { columns, order });
        self
    }

    /// Tells times in milliseconds (elements 152 and 153), which every receiver knows, instead of nanoseconds.
    pub fn with_milliseconds(mut self) -> Self {
        self.millis = true;
        self
    }

    /// Writes our own elements too, for columns that have no other, under this enterprise number; IPFIX only. To be
    /// called before [`Encoder::with_columns`].
    pub fn with_enterprise(mut self, number: u32) -> Self {
        self.enterprise = Some(number).filter(|_| self.wire == Wire::Ipfix);
        self
    }

    /// Writes what encrypted traffic shows with Cisco's elements (44940 to 44945), in IPFIX in place of our own, which have
    /// more packets and finer times. Rows of NetFlow v9 tell the initiator's side: split them first. To be called before
    /// [`Encoder::with_columns`].
    pub fn with_eta(mut self) -> Self {
        self.eta = true;
        self
    }

    /// Begins with this sequence number instead of 0: the session goes on where another encoder ended.
    pub fn with_sequence(mut self, sequence: u32) -> Self {
        self.sequence = sequence;
        self
    }

    /// The sequence number that the next message will have.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Sends every template again before its next record.
    pub fn refresh_templates(&mut self) {
        self.layouts.values_mut().for_each(|layout| layout.sent = None);
        self.types = Types::default();
    }

    /// Encodes rows, exported at `now`, and hands each datagram to `out`.
    pub fn encode(&mut self, rows: &[Flow], now: Time, out: &mut dyn FnMut(&[u8])) -> Encoded {
        let mut done = Encoded::default();
        if let Some(fixed) = Fixed::of(self.wire) {
            self.fixed(&fixed, rows, now, &mut done, out);
            return done;
        }
        let mut groups: Vec<(Key, Vec<&Flow>)> = Vec::new();
        for row in rows {
            let key = self.key(row);
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, members)) => members.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        let mut draft = Draft::default();
        for (key, members) in groups {
            for row in members {
                self.put(&mut draft, key, row, now, &mut done, out);
            }
        }
        self.flush(&mut draft, now, &mut done, out);
        done
    }

    fn columns(&self) -> &'static [Writable] {
        columns(self.wire, self.enterprise.is_some(), self.eta)
    }

    fn key(&self, row: &Flow) -> Key {
        let six = row.core.src_ip.as_v4().is_none() || row.core.dst_ip.as_v4().is_none();
        let mut key = Key { present: Bits::default(), six: Bits::default() };
        for (at, column) in self.columns().iter().enumerate() {
            let value = row.get(column.four.column);
            let absent = match &value {
                Value::Null => true,
                Value::Text(_)
                    if WORDS.iter().any(|(_, known)| (0, *known) == (column.four.pen, column.four.element)) =>
                {
                    derived(row, &column.four, self.wire).is_none()
                }
                Value::Text(text) if column.four.coding == Coding::TlsCipher => cipher(text).is_none(),
                Value::Text(text) if column.four.column == TLS_CIPHER && column.spare => {
                    text.is_empty() || cipher(text).is_some()
                }
                Value::Text(text) => text.is_empty() || is_implied(row, column.four.column, text),
                Value::Texts(list) => column.spare && joins(list),
                _ => false,
            };
            let absent = column.four.eta.map_or(absent, |field| !field.is_in(row));
            let written = self.chosen.as_ref().map_or(!absent, |chosen| chosen.columns.has(at));
            if !written {
                continue;
            }
            let own = match &value {
                // The endpoints have one family, so that one template tells both; other addresses have their own.
                Value::Ip(ip) if !matches!(column.four.element, 8 | 12) => ip.as_v4().is_none(),
                _ => six,
            };
            key.present.set(at);
            if own {
                key.six.set(at);
            }
        }
        key
    }

    fn layout(&mut self, key: Key) -> &mut Layout {
        if self.layouts.len() >= MAX_LAYOUTS && !self.layouts.contains_key(&key) {
            self.layouts.clear();
        }
        let columns = self.columns();
        let (order, millis) = (self.chosen.as_ref().map(|chosen| chosen.order.clone()), self.millis);
        let id = u16::try_from(256 + self.layouts.len()).unwrap_or(u16::MAX);
        self.layouts.entry(key).or_insert_with(|| {
            let order = order.unwrap_or_else(|| (0..columns.len()).collect());
            let present = order.into_iter().filter(|at| key.present.has(*at));
            let field = |at: usize| columns.get(at).map(|c| if key.six.has(at) { c.six } else { c.four });
            let coarse = |piece: Piece| match (piece.pen, piece.element) {
                (0, element @ (156 | 157)) if millis => Piece { element: element - 4, coding: Coding::Millis, ..piece },
                _ => piece,
            };
            Layout { id, fields: present.filter_map(field).map(coarse).collect(), sent: None }
        })
    }

    fn put(
        &mut self,
        draft: &mut Draft,
        key: Key,
        row: &Flow,
        now: Time,
        done: &mut Encoded,
        out: &mut dyn FnMut(&[u8]),
    ) {
        let (boot, max, sent, refresh, wire) = (self.boot, self.max_octets, self.sent, self.refresh, self.wire);
        let enterprise = self.enterprise.unwrap_or(EXAMPLE_ENTERPRISE);
        let layout = self.layout(key);
        let mut record = Vec::new();
        for piece in &layout.fields {
            if let Some(field) = &piece.eta {
                field.write(row, &mut record);
                continue;
            }
            let value = derived(row, piece, wire).map_or_else(|| row.get(piece.column), Value::Uint);
            write(&mut record, piece, &value, boot, enterprise);
        }
        let template = layout.fields.len() * 8 + 8;
        if record.len() + template > MAX_RECORD {
            done.refused += 1;
            return;
        }
        let due = layout.sent.is_none_or(|at| at.saturating_add(refresh) <= sent);
        // The header, the template and the set's header and padding stand beside the record.
        let needed = record.len() + 8 + if due { template } else { 0 };
        if due {
            let own = layout.fields.iter().filter(|piece| piece.pen == EXAMPLE_ENTERPRISE).map(|piece| piece.element);
            let own: Vec<u16> = own.collect();
            self.tell_types(&own, enterprise, draft, now, done, out);
        }
        if !draft.body.is_empty() && HEADER_ROOM + draft.body.len() + needed > max {
            self.flush(draft, now, done, out);
        }
        let sent = self.sent;
        let layout = self.layout(key);
        if layout.sent.is_none_or(|at| at.saturating_add(refresh) <= sent) {
            layout.sent = Some(sent);
            draft.template(layout, wire, enterprise);
        }
        draft.record(layout.id, &record);
    }

    /// Sends what receivers need to know of our elements, where it was not sent yet, in messages of its own.
    fn tell_types(
        &mut self,
        own: &[u16],
        enterprise: u32,
        draft: &mut Draft,
        now: Time,
        done: &mut Encoded,
        out: &mut dyn FnMut(&[u8]),
    ) {
        let room = self.max_octets - HEADER_ROOM;
        let bodies = self.types.untold(own, enterprise, room);
        if !bodies.is_empty() {
            self.flush(draft, now, done, out);
        }
        for (body, options) in bodies {
            let mut told = Draft::of_options(body, options);
            self.flush(&mut told, now, done, out);
        }
    }

    fn flush(&mut self, draft: &mut Draft, now: Time, done: &mut Encoded, out: &mut dyn FnMut(&[u8])) {
        draft.close();
        if draft.body.is_empty() {
            return;
        }
        let secs = u32::try_from(now.secs()).unwrap_or(0).to_be_bytes();
        let records = u32::try_from(draft.records + draft.options).unwrap_or(0);
        let count = u16::try_from(draft.records + draft.templates).unwrap_or(u16::MAX);
        let mut datagram = Vec::with_capacity(HEADER_ROOM + draft.body.len());
        if self.wire == Wire::Ipfix {
            let length = u16::try_from(16 + draft.body.len()).unwrap_or(u16::MAX);
            datagram.extend([0, 10]);
            datagram.extend(length.to_be_bytes());
            datagram.extend(secs);
        } else {
            datagram.extend([0, 9]);
            datagram.extend(count.to_be_bytes());
            // The header has whole seconds: its uptime is the one at that second.
            datagram.extend(netflow5::uptime(Time::from_secs_nanos(now.secs(), 0), self.boot).to_be_bytes());
            datagram.extend(secs);
        }
        datagram.extend(self.sequence.to_be_bytes());
        datagram.extend(self.domain.to_be_bytes());
        datagram.append(&mut draft.body);
        out(&datagram);
        // RFC 7011 §3.1 counts data records, those of options too, RFC 3954 §5.1 datagrams.
        self.sequence = self.sequence.wrapping_add(if self.wire == Wire::Ipfix { records } else { 1 });
        self.sent += 1;
        done.datagrams += 1;
        done.rows += draft.records;
        *draft = Draft::default();
    }

    fn fixed(&mut self, fixed: &Fixed, rows: &[Flow], now: Time, done: &mut Encoded, out: &mut dyn FnMut(&[u8])) {
        let records: Vec<_> = rows.iter().filter_map(|row| (fixed.encode)(row, self.boot)).collect();
        done.refused = rows.len() - records.len();
        for chunk in records.chunks(fixed.records) {
            let count = u16::try_from(chunk.len()).unwrap_or(0);
            let mut datagram = Vec::with_capacity(netflow5::HEADER + chunk.iter().map(Vec::len).sum::<usize>());
            datagram.extend(fixed.version.to_be_bytes());
            datagram.extend(count.to_be_bytes());
            datagram.extend(netflow5::uptime(now, self.boot).to_be_bytes());
            datagram.extend(u32::try_from(now.secs()).unwrap_or(0).to_be_bytes());
            // To the millisecond, as the uptime is.
            let nanos = now.millis().rem_euclid(1_000) * 1_000_000;
            datagram.extend(u32::try_from(nanos).unwrap_or(0).to_be_bytes());
            if fixed.version > 1 {
                datagram.extend(self.sequence.to_be_bytes());
                let [_, _, engine @ ..] = self.domain.to_be_bytes();
                datagram.extend(if fixed.version == 5 { engine } else { [0, 0] });
                datagram.extend([0, 0]);
            }
            chunk.iter().for_each(|record| datagram.extend(record));
            out(&datagram);
            self.sequence = self.sequence.wrapping_add(count.into());
            done.datagrams += 1;
            done.rows += chunk.len();
        }
    }
}

/// A version with fixed records.
struct Fixed {
    version: u16,
    encode: fn(&Flow, Time) -> Option<Vec<u8>>,
    /// Most records of a datagram.
    records: usize,
}

impl Fixed {
    fn of(wire: Wire) -> Option<Self> {
        Some(match wire {
            Wire::Netflow1 => Self { version: 1, encode: netflow1::encode, records: 24 },
            Wire::Netflow5 => Self { version: 5, encode: netflow5::encode, records: 30 },
            Wire::Netflow7 => Self { version: 7, encode: netflow7::encode, records: 27 },
            Wire::Netflow9 | Wire::Ipfix => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_that_need_not_come_again_is_sent_once() {
        let mut encoder = Encoder::new(Wire::Ipfix, 1, Time(0)).with_limits(1_400, u64::MAX);
        let mut lengths = Vec::new();
        for src in ["10.0.0.1", "2001:db8::1", "2001:db8::1", "10.0.0.1"] {
            let mut flow = Flow::default();
            let address = src.parse().expect("an address");
            (flow.core.src_ip, flow.core.dst_ip) = (address, address);
            encoder.encode(&[flow], Time(9), &mut |message| lengths.push(message.len()));
        }
        assert!(lengths[0] > lengths[3] && lengths[1] > lengths[2], "{lengths:?}");
    }
}
