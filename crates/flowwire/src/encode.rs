// SPDX-License-Identifier: Apache-2.0
//! Rows to datagrams of NetFlow v1, v5, v7, v9 and IPFIX. Templates are made from the columns' own sources:
//! one for each set of columns that rows have a value in, so that "not observed" stays absent on the wire. Of our own
//! elements, type information goes in front of the first template that has them ([`crate::types`], RFC 5610).

use std::collections::HashMap;
use std::sync::LazyLock;

use minamo_base::Time;
use minamo_model::{FLOWS, Flow, names};
use minamo_schema::{CellType, ColumnId, Source, Value};

use crate::element::{Coding, coding};
use crate::eta;
use crate::finish;
use crate::formats::{netflow1, netflow5, netflow7};
use crate::own::{EXAMPLE_ENTERPRISE, Member};
use crate::record::{MAX_MEMBERS, MAX_TEXT, to_ntp};
use crate::template::VARIABLE;
use crate::types::Types;

/// Columns that one bit each of a layout's key can stand for.
const MAX_COLUMNS: usize = 512;
/// Templates made before the numbers start again.
const MAX_LAYOUTS: usize = 4_096;
/// Octets of a text in NetFlow v9, which has no variable lengths.
const V9_TEXT: usize = 32;
/// Most octets of a list.
const MAX_LIST: usize = 16_384;
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

    /// True where the format has an element for a column, with `own` ones of ours too; version 5 has fixed fields and
    /// no choice.
    pub fn carries(self, column: ColumnId, own: bool) -> bool {
        matches!(self, Self::Netflow9 | Self::Ipfix)
            && columns(self, own, false).iter().any(|known| known.four.column == column)
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

/// One bit for each column that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
struct Bits([u128; MAX_COLUMNS / 128]);

impl Bits {
    fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 128) {
            *word |= 1 << (at % 128);
        }
    }

    fn has(&self, at: usize) -> bool {
        self.0.get(at / 128).is_some_and(|word| word >> (at % 128) & 1 == 1)
    }
}

/// The columns that a row has a value in, and those of them that hold an IPv6 address, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    present: Bits,
    six: Bits,
}

#[derive(Debug)]
struct Layout {
    id: u16,
    fields: Vec<Piece>,
    /// Number of datagrams sent when the template was sent last.
    sent: Option<u64>,
}

/// One field of a template and its column.
#[derive(Debug, Clone, Copy)]
struct Piece {
    column: ColumnId,
    pen: u32,
    element: u16,
    len: u16,
    coding: Coding,
    /// An element of encrypted traffic: it is made of the row.
    eta: Option<eta::Field>,
}

/// A column that can be written: its field in IPv4 and in IPv6 records.
#[derive(Debug, Clone, Copy)]
struct Writable {
    four: Piece,
    six: Piece,
    /// True for our own element of a column that a public one has too, which joins the members of a list with commas, or
    /// has numbers for names: it is written where that loses something.
    spare: bool,
}

static IPFIX: LazyLock<Vec<Writable>> = LazyLock::new(|| writable(Wire::Ipfix, false));
static IPFIX_OWN: LazyLock<Vec<Writable>> = LazyLock::new(|| writable(Wire::Ipfix, true));
static NETFLOW9: LazyLock<Vec<Writable>> = LazyLock::new(|| writable(Wire::Netflow9, false));
static IPFIX_ETA: LazyLock<Vec<Writable>> = LazyLock::new(|| with_eta(&IPFIX, true));
static IPFIX_OWN_ETA: LazyLock<Vec<Writable>> = LazyLock::new(|| with_eta(&IPFIX_OWN, true));
static NETFLOW9_ETA: LazyLock<Vec<Writable>> = LazyLock::new(|| with_eta(&NETFLOW9, false));

fn columns(wire: Wire, own: bool, eta: bool) -> &'static [Writable] {
    match (wire, own, eta) {
        (Wire::Ipfix, true, true) => &IPFIX_OWN_ETA,
        (Wire::Ipfix, false, true) => &IPFIX_ETA,
        (Wire::Ipfix, true, false) => &IPFIX_OWN,
        (Wire::Ipfix, false, false) => &IPFIX,
        (_, _, true) => &NETFLOW9_ETA,
        _ => &NETFLOW9,
    }
}

/// The same columns with Cisco's elements of encrypted traffic in place of our own for the same thing.
fn with_eta(columns: &[Writable], ipfix: bool) -> Vec<Writable> {
    let places: HashMap<&str, ColumnId> = FLOWS.places().map(|(id, column)| (column.name, id)).collect();
    let told = |column: ColumnId| places.iter().any(|(name, id)| *id == column && eta::tells(name));
    let others = columns.iter().filter(|column| !told(column.four.column)).copied();
    let fields = eta::fields(ipfix).filter_map(|field| {
        let column = *places.get(field.column)?;
        let eta::Field { pen, element, len, .. } = field;
        let piece = Piece { column, pen, element, len, coding: Coding::Uint, eta: Some(field) };
        Some(Writable { four: piece, six: piece, spare: false })
    });
    others.chain(fields).take(MAX_COLUMNS).collect()
}

fn writable(wire: Wire, own: bool) -> Vec<Writable> {
    let fits = |pen: u32, element: u16| (wire == Wire::Ipfix && element < 0x8000) || (pen == 0 && element < 128);
    let all = FLOWS.places().flat_map(|(id, column)| {
        let piece = |pen, element, six| {
            let coding = coding(column, pen, element)?;
            let len = match coding {
                Coding::DnsType | Coding::DnsRcode | Coding::TlsVersion | Coding::TlsCipher => 2,
                // Octets are read only: their columns are text, and the next source of the column has text too.
                Coding::Digest => return None,
                Coding::Texts | Coding::Numbers | Coding::Signed => VARIABLE,
                // Of ours there is one element for both families.
                Coding::Ip if pen == EXAMPLE_ENTERPRISE => 16,
                _ => width(wire, column.cell, element, six),
            };
            Some(Piece { column: id, pen, element, len, coding, eta: None })
        };
        let public = column.sources.iter().find_map(|source| match *source {
            Source::Ie(pen, element) if fits(pen, element) => piece(pen, element, false),
            _ => None,
        });
        let six = column.sources.iter().find_map(|source| match *source {
            Source::Ie6(pen, element) if fits(pen, element) => piece(pen, element, true),
            _ => None,
        });
        let ours = column.sources.iter().find_map(|source| match *source {
            Source::Own(element) if own => piece(EXAMPLE_ENTERPRISE, element, false),
            _ => None,
        });
        let spare = public.is_some();
        let public = public.map(|four| Writable { four, six: six.unwrap_or(four), spare: false });
        let ours = ours.map(|four| Writable { four, six: four, spare });
        public.into_iter().chain(ours)
    });
    let words = WORDS.iter().filter(|(_, element)| fits(0, *element)).filter_map(|(name, element)| {
        let (id, _) = FLOWS.places().find(|(_, column)| column.name == *name)?;
        let piece = Piece { column: id, pen: 0, element: *element, len: 1, coding: Coding::Uint, eta: None };
        Some(Writable { four: piece, six: piece, spare: false })
    });
    // One bit each in a layout's key; a test says that there are no more.
    all.chain(words).take(MAX_COLUMNS).collect()
}

fn width(wire: Wire, cell: CellType, element: u16, six: bool) -> u16 {
    match cell {
        CellType::U8 | CellType::Bool => 1,
        CellType::U16 => 2,
        CellType::U32 => 4,
        CellType::Time if matches!(element, 21 | 22 | 150 | 151 | 496 | 497) => 4,
        CellType::Ip if six => 16,
        CellType::Ip => 4,
        CellType::Mac => 6,
        CellType::Text | CellType::TextList if wire == Wire::Ipfix => VARIABLE,
        CellType::Text | CellType::TextList => 32,
        _ => 8,
    }
}

/// Columns that have words for the numbers of these elements.
const WORDS: [(&str, u16); 5] = [
    ("exporter_direction", 61),
    ("forwarding_status", 89),
    ("end_reason", 136),
    ("nat_event", 230),
    ("firewall_event", 233),
];

/// The number of a word of these columns; nothing where the element has none for it.
fn numbered(element: u16, word: &str) -> Option<u64> {
    let words: &[&str] = match element {
        61 => &["ingress", "egress"],
        89 => &finish::FORWARDING,
        136 => {
            let reasons =
                [("idle", 1), ("active", 2), ("tcp_fin", 3), ("tcp_rst", 3), ("end_of_input", 4), ("evicted", 5)];
            return reasons.iter().find(|(known, _)| *known == word).map(|(_, number)| *number);
        }
        230 => &finish::NAT_EVENTS,
        233 => &finish::FIREWALL_EVENTS,
        _ => return None,
    };
    let place = words.iter().position(|known| *known == word).and_then(|at| u64::try_from(at).ok());
    place.or_else(|| word.parse().ok().filter(|number| *number < 256))
}

/// The value of a field that is not the column's as it stands: type and code of ICMP in the destination port of NetFlow
/// v9, which has no elements of its own for them, and numbers for words.
fn derived(row: &Flow, piece: &Piece, wire: Wire) -> Option<u64> {
    match (piece.pen, piece.element) {
        (0, DESTINATION_PORT) if wire == Wire::Netflow9 => message(row),
        (0, element) if WORDS.iter().any(|(_, known)| *known == element) => {
            let Value::Text(word) = row.get(piece.column) else { return None };
            let number = numbered(element, &word)?;
            // RFC 7270 §4.12: two bits of status and six of reason.
            let reason = row.forwarding.as_deref().and_then(|group| group.reason).filter(|reason| *reason < 64);
            Some(if element == 89 { number << 6 | u64::from(reason.unwrap_or(0)) } else { number })
        }
        _ => None,
    }
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
            let mut told = Draft { body, options, ..Draft::default() };
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

/// Room for the longer of the two headers.
const HEADER_ROOM: usize = 20;

/// A datagram in the making: its sets.
#[derive(Debug, Default)]
struct Draft {
    body: Vec<u8>,
    /// Template and first octet of the open data set.
    open: Option<(u16, usize)>,
    records: usize,
    /// Records of options.
    options: usize,
    templates: usize,
}

impl Draft {
    /// Ends the open set: pads it to whole words and writes its length.
    fn close(&mut self) {
        let Some((_, start)) = self.open.take() else { return };
        self.end_set(start);
    }

    fn end_set(&mut self, start: usize) {
        while !self.body.len().is_multiple_of(4) {
            self.body.push(0);
        }
        let length = u16::try_from(self.body.len() - start).unwrap_or(u16::MAX).to_be_bytes();
        if let Some(place) = self.body.get_mut(start + 2..start + 4) {
            place.copy_from_slice(&length);
        }
    }

    fn begin_set(&mut self, id: u16) -> usize {
        let start = self.body.len();
        self.body.extend(id.to_be_bytes());
        self.body.extend([0, 0]);
        start
    }

    fn template(&mut self, layout: &Layout, wire: Wire, enterprise: u32) {
        self.close();
        let start = self.begin_set(if wire == Wire::Ipfix { 2 } else { 0 });
        self.body.extend(layout.id.to_be_bytes());
        self.body.extend(u16::try_from(layout.fields.len()).unwrap_or(0).to_be_bytes());
        for piece in &layout.fields {
            let bit = if piece.pen == 0 { 0 } else { 0x8000 };
            self.body.extend((piece.element | bit).to_be_bytes());
            self.body.extend(piece.len.to_be_bytes());
            if piece.pen != 0 {
                let pen = if piece.pen == EXAMPLE_ENTERPRISE { enterprise } else { piece.pen };
                self.body.extend(pen.to_be_bytes());
            }
        }
        self.end_set(start);
        self.templates += 1;
    }

    fn record(&mut self, id: u16, octets: &[u8]) {
        if self.open.is_none_or(|(open, _)| open != id) {
            self.close();
            self.open = Some((id, self.begin_set(id)));
        }
        self.body.extend(octets);
        self.records += 1;
    }
}

/// True for a list whose members are the same when they were joined by commas and cut apart again.
fn joins(list: &[String]) -> bool {
    let plain = |member: &String| !member.is_empty() && !member.contains(',') && member.trim() == member;
    let octets: usize = list.iter().map(|member| member.len() + 1).sum();
    list.len() <= MAX_MEMBERS && octets <= MAX_TEXT && list.iter().all(plain)
}

/// True for a word that a receiver gives the row where nothing is said.
fn is_implied(row: &Flow, column: ColumnId, word: &str) -> bool {
    let unknown = |app: &str| app.is_empty() || app.eq_ignore_ascii_case(finish::UNKNOWN);
    match column {
        // An unknown application is one that has no name to send.
        APP => word == finish::UNKNOWN,
        APP_CONFIDENCE => word == if unknown(&row.core.app) { finish::NOT_SURE } else { "exporter" },
        ORIENTATION => word == finish::ORIENTATION,
        SAMPLING_ORIGIN => {
            let rate = row.sampling.as_deref().and_then(|sampling| sampling.rate).is_some();
            rate && finish::ORIGINS.first() == Some(&word)
        }
        _ => false,
    }
}

const APP: ColumnId = Flow::at("app");
const APP_CONFIDENCE: ColumnId = Flow::at("app_confidence");
const ORIENTATION: ColumnId = Flow::at("orientation");
const TLS_CIPHER: ColumnId = Flow::at("tls_cipher");
const SAMPLING_ORIGIN: ColumnId = Flow::at("sampling_origin");

/// The element of the destination port.
const DESTINATION_PORT: u16 = 11;

/// The number of a cipher suite; nothing for texts that are no name of one, which our own element carries.
fn cipher(name: &str) -> Option<u16> {
    names::tls_cipher_number(name).filter(|number| *number != 0)
}

/// Type and code of an ICMP message as the destination port has them: type × 256 + code.
fn message(row: &Flow) -> Option<u64> {
    let icmp = row.icmp.as_deref().filter(|_| matches!(row.core.proto, 1 | 58))?;
    Some(u64::from(icmp.kind?) << 8 | u64::from(icmp.code.unwrap_or(0)))
}

/// Appends the octets of one field.
fn write(out: &mut Vec<u8>, piece: &Piece, value: &Value<'_>, boot: Time, enterprise: u32) {
    let number = match (value, piece.coding) {
        (Value::Null, _) if piece.len == VARIABLE => return out.push(0),
        (Value::Null, _) => return out.resize(out.len() + usize::from(piece.len), 0),
        (Value::Text(text), Coding::Uint) => u64::from_str_radix(text, 16).unwrap_or(0),
        (Value::Text(text), Coding::DnsType) => names::dns_type_number(text).unwrap_or(0).into(),
        (Value::Text(text), Coding::DnsRcode) => names::dns_rcode_number(text).unwrap_or(0).into(),
        (Value::Text(text), Coding::TlsCipher) => cipher(text).unwrap_or(0).into(),
        (Value::Text(text), Coding::TlsVersion) => names::tls_version_number(text).unwrap_or(0).into(),
        (Value::Text(text), _) => return write_text(out, piece.len, text),
        (Value::Texts(list), Coding::Texts) => return write_texts(out, list, enterprise),
        (Value::Texts(list), _) => return write_text(out, piece.len, &list.join(",")),
        (Value::Numbers(list), _) => return write_numbers(out, list, piece.coding, enterprise),
        (Value::Ip(ip), _) => {
            match (piece.len, ip.as_v4()) {
                (4, Some(four)) => out.extend(four),
                // An element of IPv4 has no room for it.
                (4, None) => out.extend([0; 4]),
                _ => out.extend(ip.0),
            }
            return;
        }
        (Value::Mac(mac), _) => return out.extend(mac.0),
        (Value::Real(number), _) => return out.extend(number.to_be_bytes()),
        (Value::Bool(truth), _) => return out.push(if *truth { 1 } else { 2 }),
        (Value::Uint(number), _) => *number,
        (Value::Time(time), Coding::Ntp) => to_ntp(*time),
        (Value::Time(time), Coding::Millis) => u64::try_from(time.millis()).unwrap_or(0),
        (Value::Time(time), Coding::Secs) => u64::try_from(time.secs()).unwrap_or(0),
        (Value::Time(time), _) => netflow5::uptime(*time, boot).into(),
        _ => 0,
    };
    let octets = number.to_be_bytes();
    out.extend(octets.get(octets.len().saturating_sub(piece.len.into())..).unwrap_or(&octets));
}

/// Text is cut between characters where it is too long.
fn write_text(out: &mut Vec<u8>, len: u16, text: &str) {
    let max = if len == VARIABLE { MAX_TEXT } else { V9_TEXT };
    let text = text.get(..text.floor_char_boundary(max)).unwrap_or_default();
    if len == VARIABLE {
        return write_variable(out, text.as_bytes());
    }
    out.extend(text.as_bytes());
    out.resize(out.len() + V9_TEXT - text.len(), 0);
}

/// Octets with their length in front: one octet, or three from 255 on (RFC 7011 §7).
pub(crate) fn write_variable(out: &mut Vec<u8>, octets: &[u8]) {
    let len = u16::try_from(octets.len()).unwrap_or(u16::MAX);
    match u8::try_from(len) {
        Ok(short @ 0..=254) => out.push(short),
        _ => {
            out.push(255);
            out.extend(len.to_be_bytes());
        }
    }
    out.extend(octets.get(..len.into()).unwrap_or(octets));
}

/// Head of a list of one element (RFC 6313 §4.5.1); its order says something: "ordered".
fn list_head(member: Member, len: u16, enterprise: u32) -> Vec<u8> {
    let mut list = vec![4];
    list.extend((member as u16 | 0x8000).to_be_bytes());
    list.extend(len.to_be_bytes());
    list.extend(enterprise.to_be_bytes());
    list
}

fn write_texts(out: &mut Vec<u8>, texts: &[String], enterprise: u32) {
    let mut list = list_head(Member::Text, VARIABLE, enterprise);
    for text in texts {
        let text = text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default();
        // What is too long for a list ends it.
        if list.len() + text.len() + 3 > MAX_LIST {
            break;
        }
        write_variable(&mut list, text.as_bytes());
    }
    write_variable(out, &list);
}

fn write_numbers(out: &mut Vec<u8>, numbers: &[i64], coding: Coding, enterprise: u32) {
    let member = if coding == Coding::Signed { Member::Signed } else { Member::Unsigned };
    let mut list = list_head(member, 4, enterprise);
    for number in numbers.iter().take(MAX_LIST / 4) {
        let [_, _, _, _, low @ ..] = number.to_be_bytes();
        list.extend(low);
    }
    write_variable(out, &list);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_with_an_element_has_a_bit() {
        assert!(IPFIX_OWN.len() < MAX_COLUMNS && IPFIX_OWN_ETA.len() < MAX_COLUMNS);
        assert!(IPFIX.len() < IPFIX_OWN.len() && NETFLOW9.len() < IPFIX.len());
    }

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
