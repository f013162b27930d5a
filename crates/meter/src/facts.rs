// SPDX-License-Identifier: Apache-2.0
//! What was found in the content of a flow: groups of columns, or, while the flow is silent and many others are open, the
//! same in a few octets. A group has a place for every column, and each text a piece of memory of its own; packed, a group is
//! its number and the columns that it has, one after the other; what many flows have alike is kept once.

use std::borrow::Cow;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::HashTable;
use minamo_base::{Cursor, Ip, Mac, Time, WireError, put_number, put_octets, put_signed};
use minamo_model::{Flow, FlowGroup};
use minamo_schema::{Column, ColumnId, Kind, Value};
use rapidhash::fast::RandomState;

/// Groups of one flow.
pub(crate) enum Facts {
    Open(Vec<FlowGroup>),
    Packed(Packed),
}

/// Columns in few octets.
pub(crate) struct Packed {
    /// What few other flows have: names, lists, numbers.
    own: Box<[u8]>,
    /// What many have alike ([`is_common`]).
    common: Arc<[u8]>,
}

impl Default for Facts {
    fn default() -> Self {
        Self::Open(Vec::new())
    }
}

/// Behind the last column of a group; no group has as many.
const END: u8 = u8::MAX;

impl Facts {
    /// The groups; none of facts that are packed.
    pub(crate) fn groups(&self) -> &[FlowGroup] {
        match self {
            Self::Open(groups) => groups,
            Self::Packed(_) => &[],
        }
    }

    /// The groups, unpacked where they were packed.
    #[inline]
    pub(crate) fn open(&mut self) -> &mut Vec<FlowGroup> {
        match self {
            Self::Open(groups) => groups,
            Self::Packed(packed) => {
                *self = Self::Open(unpack(packed));
                self.open()
            }
        }
    }

    /// Packs them; `scratch` is a row without groups, and is left as one.
    pub(crate) fn pack(&mut self, packer: &mut Packer, scratch: &mut Flow) {
        if let Self::Open(groups) = self
            && !groups.is_empty()
        {
            *self = Self::Packed(packer.pack(std::mem::take(groups), scratch));
        }
    }
}

/// True for columns that identify, such as the fingerprint of a program and the suite that its server takes, and for what a server
/// says to everybody, its certificates.
fn is_common(column: &Column) -> bool {
    column.kind == Kind::Key || column.name.starts_with("tls_cert_") || column.name.starts_with("tls_chain_")
}

/// Packs the facts of many flows, and keeps once what is alike in them.
pub(crate) struct Packer {
    /// What flows have in common: at most twice as many as sleeping flows have, and [`LEAST_SWEPT`].
    known: HashTable<Arc<[u8]>>,
    /// With so many of them those that nobody has any more are let go.
    full: usize,
    state: RandomState,
    /// Empty between flows: where a flow's own and its common columns are written.
    own: Vec<u8>,
    common: Vec<u8>,
}

/// Parts that are not worth looking through.
const LEAST_SWEPT: usize = 1_024;

impl Default for Packer {
    fn default() -> Self {
        let (known, state) = (HashTable::new(), RandomState::default());
        Self { known, full: LEAST_SWEPT, state, own: Vec::new(), common: Vec::new() }
    }
}

impl Packer {
    fn pack(&mut self, groups: Vec<FlowGroup>, scratch: &mut Flow) -> Packed {
        self.own.clear();
        self.common.clear();
        for group in groups {
            let number = group.number();
            let columns = Flow::GROUPS.get(usize::from(number)).copied().unwrap_or_default();
            scratch.put_group(group);
            let begun = [&mut self.own, &mut self.common].map(|out| {
                out.push(number);
                out.len()
            });
            for (at, column) in (0..END).zip(columns) {
                match scratch.get(ColumnId { group: number, at }) {
                    Value::Null => {}
                    value => {
                        let out = if is_common(column) { &mut self.common } else { &mut self.own };
                        out.push(at);
                        put(&value, out);
                    }
                }
            }
            for (out, begun) in [&mut self.own, &mut self.common].into_iter().zip(begun) {
                // A group without a column is none.
                if out.len() == begun {
                    out.pop();
                } else {
                    out.push(END);
                }
            }
            scratch.take_groups(&mut Vec::new());
        }
        Packed { own: Box::from(self.own.as_slice()), common: self.share() }
    }

    /// The common columns that were just written, as others have them.
    fn share(&mut self) -> Arc<[u8]> {
        let Self { known, full, state, common, .. } = self;
        let hash = state.hash_one(common.as_slice());
        if let Some(same) = known.find(hash, |one| **one == **common) {
            return Arc::clone(same);
        }
        if known.len() >= *full {
            known.retain(|one| Arc::strong_count(one) > 1);
            *full = (2 * known.len()).max(LEAST_SWEPT);
        }
        let shared: Arc<[u8]> = Arc::from(common.as_slice());
        known.insert_unique(hash, Arc::clone(&shared), |one| state.hash_one(&**one));
        shared
    }
}

fn unpack(packed: &Packed) -> Vec<FlowGroup> {
    let (mut flow, mut groups) = (Flow::default(), Vec::new());
    for octets in [&*packed.own, &*packed.common] {
        let read = read(&mut Cursor::new(octets), &mut flow);
        debug_assert!(read.is_ok(), "{read:?}");
    }
    flow.take_groups(&mut groups);
    groups
}

fn read(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<(), WireError> {
    while !cursor.is_empty() {
        let group = cursor.u8("facts.group")?;
        loop {
            let at = cursor.u8("facts.column")?;
            if at == END {
                break;
            }
            let value = take(cursor)?;
            let set = flow.set(ColumnId { group, at }, &value);
            debug_assert!(set, "{value:?} is none of column {at} of group {group}");
        }
    }
    Ok(())
}

/// A text behind the number of its kind; hashes, which most fingerprints are, in two digits an octet.
fn put_words(text: &str, out: &mut Vec<u8>) {
    let is_hash = text.len() >= HASH && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return put_plain(text, out) };
    if !is_hash {
        return put_plain(text, out);
    }
    out.push(11);
    put_number(pairs.len() as u64, out);
    let value = |digit: u8| if digit < b'a' { digit - b'0' } else { digit - b'a' + 10 };
    out.extend(pairs.iter().map(|[high, low]| value(*high) << 4 | value(*low)));
}

fn put_plain(text: &str, out: &mut Vec<u8>) {
    out.push(5);
    put_octets(text.as_bytes(), out);
}

/// Digits from which on a text is packed as a hash.
const HASH: usize = 8;

fn take_hash(cursor: &mut Cursor<'_>) -> Result<String, WireError> {
    let octets = cursor.octets("facts.hash")?;
    let digits = octets.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    Ok(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect())
}

fn take_text<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>, WireError> {
    Ok(String::from_utf8_lossy(cursor.octets("facts.text")?))
}

/// A value behind the number of its kind.
fn put(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Bool(value) => out.extend([1, u8::from(*value)]),
        Value::Uint(number) => {
            out.push(2);
            put_number(*number, out);
        }
        Value::Int(number) => {
            out.push(3);
            put_signed(*number, out);
        }
        Value::Real(number) => {
            out.push(4);
            out.extend(number.to_bits().to_be_bytes());
        }
        Value::Text(text) => put_words(text, out),
        Value::Ip(ip) => {
            out.push(6);
            out.extend(ip.0);
        }
        Value::Mac(mac) => {
            out.push(7);
            out.extend(mac.0);
        }
        Value::Time(time) => {
            out.push(8);
            out.extend(time.0.to_be_bytes());
        }
        Value::Numbers(numbers) => {
            out.push(9);
            put_number(numbers.len() as u64, out);
            numbers.iter().for_each(|number| put_signed(*number, out));
        }
        Value::Texts(texts) => {
            out.push(10);
            put_number(texts.len() as u64, out);
            texts.iter().for_each(|text| put_octets(text.as_bytes(), out));
        }
        other => {
            debug_assert!(*other == Value::Null, "a kind of value that is not packed: {other:?}");
            out.push(0);
        }
    }
}

fn take<'a>(cursor: &mut Cursor<'a>) -> Result<Value<'a>, WireError> {
    Ok(match cursor.u8("facts.kind")? {
        1 => Value::Bool(cursor.u8("facts.bool")? != 0),
        2 => Value::Uint(cursor.number("facts.number")?),
        3 => Value::Int(cursor.signed("facts.number")?),
        4 => Value::Real(f64::from_bits(cursor.u64("facts.real")?)),
        5 => Value::Text(take_text(cursor)?),
        6 => Value::Ip(Ip(cursor.array("facts.ip")?)),
        7 => Value::Mac(Mac(cursor.array("facts.mac")?)),
        8 => Value::Time(Time(cursor.u64("facts.time")?.cast_signed())),
        9 => {
            let count = cursor.number_of::<usize>("facts.count")?;
            Value::Numbers((0..count).map(|_| cursor.signed("facts.number")).collect::<Result<_, _>>()?)
        }
        10 => {
            let count = cursor.number_of::<usize>("facts.count")?;
            let texts = (0..count).map(|_| Ok(take_text(cursor)?.into_owned()));
            Value::Texts(Cow::Owned(texts.collect::<Result<_, WireError>>()?))
        }
        11 => Value::Text(take_hash(cursor)?.into()),
        _ => Value::Null,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use minamo_dissect::{Classifier, Input, PROTOCOLS, Protocol, Transport};

    use super::*;

    fn found(protocol: &Protocol, stream: bool) -> Vec<FlowGroup> {
        let (mut flow, mut groups) = (Flow::default(), Vec::new());
        let mut classifier = Classifier::new(stream, 40_000, protocol.ports.first().copied().unwrap_or(40_001));
        for (side, data) in protocol.sample {
            if stream {
                classifier.stream(*side, Input::Data(data), &mut flow);
            } else {
                classifier.datagram(*side, data, &mut flow);
            }
        }
        flow.take_groups(&mut groups);
        groups
    }

    /// True where a group has a value: one without is not worth its place, and does not come back.
    fn is_filled(group: &FlowGroup) -> bool {
        let (number, mut flow) = (group.number(), Flow::default());
        flow.put_group(group.clone());
        let columns = u8::try_from(Flow::GROUPS[usize::from(number)].len()).expect("few");
        (0..columns).any(|at| !matches!(flow.get(ColumnId { group: number, at }), Value::Null))
    }

    #[test]
    fn what_every_protocol_finds_comes_back_as_it_was() {
        let (mut scratch, mut packer, mut kinds) = (Flow::default(), Packer::default(), BTreeSet::new());
        for (protocol, stream) in PROTOCOLS.iter().flat_map(|protocol| [(*protocol, true), (*protocol, false)]) {
            if protocol.transport == (if stream { Transport::Datagram } else { Transport::Stream }) {
                continue;
            }
            let mut groups = found(protocol, stream);
            kinds.extend(groups.iter().map(FlowGroup::number));
            let mut facts = Facts::Open(groups.clone());
            facts.pack(&mut packer, &mut scratch);
            assert_eq!((facts.groups(), matches!(facts, Facts::Packed(_))), (&[][..], !groups.is_empty()));
            groups.retain(is_filled);
            assert_eq!((facts.open(), &scratch), (&mut groups, &Flow::default()), "{}", protocol.name);
        }
        assert!(kinds.len() >= 8, "the samples fill only the groups {kinds:?}");
    }

    #[test]
    fn every_kind_of_value_comes_back() {
        let texts = ["".to_owned(), "あ".to_owned()];
        for value in [
            Value::Null,
            Value::Bool(true),
            Value::Uint(u64::MAX),
            Value::Uint(127),
            Value::Int(i64::MIN),
            Value::Int(-1),
            Value::Real(-0.5),
            Value::Text("www.example.com".into()),
            Value::Text("e7d705a3286e19ea42f587b344ee6865".into()),
            Value::Text("0123456789abcdeff".into()),
            Value::Text("0123456789ABCDEF".into()),
            Value::Ip(Ip::v4([192, 0, 2, 1])),
            Value::Mac(Mac([1, 2, 3, 4, 5, 6])),
            Value::Time(Time(-5)),
            Value::Numbers(vec![0, -1, 300, i64::MAX]),
            Value::Texts(Cow::Borrowed(&texts)),
        ] {
            let mut out = Vec::new();
            put(&value, &mut out);
            let mut cursor = Cursor::new(&out);
            assert_eq!(take(&mut cursor), Ok(value));
            assert!(cursor.is_empty());
        }
    }

    #[test]
    fn what_flows_have_alike_is_kept_once_and_what_no_flow_has_is_forgotten() {
        let tls = PROTOCOLS.iter().find(|protocol| protocol.name == "TLS").expect("there is TLS");
        let (mut scratch, mut packer) = (Flow::default(), Packer::default());
        let mut packed = |groups: Vec<FlowGroup>| packer.pack(groups, &mut scratch);
        let [one, other] = [packed(found(tls, true)), packed(found(tls, true))];
        assert!(Arc::ptr_eq(&one.common, &other.common) && one.common.len() > 100 && !one.own.is_empty());
        assert_eq!(unpack(&one), unpack(&other));
        let mut held = Vec::new();
        for number in 0..16_384_usize {
            packer.common = number.to_be_bytes().to_vec();
            let shared = packer.share();
            // One in four is still in use.
            held.extend((number % 4 == 0).then_some(shared));
            assert!(packer.known.len() <= (2 * held.len()).max(LEAST_SWEPT));
        }
        packer.common = 0usize.to_be_bytes().to_vec();
        assert!(Arc::ptr_eq(&packer.share(), &held[0]), "what is in use stays known");
    }
}
