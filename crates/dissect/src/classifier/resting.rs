// SPDX-License-Identifier: Apache-2.0
//! A classifier of a flow that is silent, in few octets: there may be a million. What is a number or an octet that waits is
//! packed; what runs stays as it is.

use minamo_base::{Cursor, WireError, put_number, put_octets};

use super::{Classifier, State, place};
use crate::candidates::Rows;
use crate::signature::Seen;
use crate::{Dissector, PROTOCOLS, Protocol, Side};

/// A classifier at rest.
pub struct Resting {
    packed: Box<[u8]>,
    dissector: Option<Box<dyn Dissector>>,
    aside: Option<Box<Aside>>,
}

/// What few classifiers have.
struct Aside {
    known: Option<Box<Rows>>,
    exact: Option<&'static str>,
    carried: Option<Box<Classifier>>,
    seen: Option<Box<Seen>>,
}

/// What the first octet says.
mod flag {
    pub(super) const STREAM: u8 = 1;
    /// A protocol's number follows, of the one that runs.
    pub(super) const RUNNING: u8 = 2;
    pub(super) const DONE: u8 = 4;
    pub(super) const NAMED: u8 = 8;
    pub(super) const LIKELY: u8 = 16;
    pub(super) const PENDING: u8 = 32;
    pub(super) const WAITING: u8 = 64;
    pub(super) const SKIP: u8 = 128;
}

impl Classifier {
    /// The same in few octets, until it is woken.
    pub fn rest(self) -> Resting {
        let base = self.known();
        let pending = self.pending.as_deref().filter(|both| both.iter().any(|octets| !octets.is_empty()));
        let mut flags = 0;
        for (is, flag) in [
            (self.stream, flag::STREAM),
            (matches!(self.state, State::Running(..)), flag::RUNNING),
            (matches!(self.state, State::Done), flag::DONE),
            (self.named.is_some(), flag::NAMED),
            (self.likely.is_some(), flag::LIKELY),
            (pending.is_some(), flag::PENDING),
            (!self.waiting.is_empty(), flag::WAITING),
            (self.skip != [0; 2], flag::SKIP),
        ] {
            flags |= if is { flag } else { 0 };
        }
        let out = &mut Vec::with_capacity(64);
        out.push(flags);
        out.extend(self.ports.0.to_be_bytes());
        out.extend(self.ports.1.to_be_bytes());
        out.extend([self.inputs, self.strays]);
        self.candidates.iter().for_each(|rows| put_rows(&base.without(rows), out));
        if let State::Running(protocol, _) = &self.state {
            put_protocol(protocol, out);
        }
        if let Some(named) = self.named {
            put_protocol(named, out);
        }
        if let Some((likely, port)) = self.likely {
            put_protocol(likely, out);
            out.extend(port.to_be_bytes());
        }
        pending.into_iter().flatten().for_each(|octets| put_octets(octets, out));
        if !self.waiting.is_empty() {
            put_number(self.waiting.len() as u64, out);
        }
        for (side, data) in &self.waiting {
            out.push(u8::from(*side == Side::Dst));
            put_octets(data, out);
        }
        if self.skip != [0; 2] {
            self.skip.into_iter().for_each(|skip| put_number(skip, out));
        }
        let Self { state, known, exact, carried, seen, .. } = self;
        let aside = Aside { known, exact, carried, seen };
        Resting {
            packed: out.as_slice().into(),
            dissector: if let State::Running(_, dissector) = state { Some(dissector) } else { None },
            aside: (!aside.is_empty()).then(|| Box::new(aside)),
        }
    }
}

impl Aside {
    fn is_empty(&self) -> bool {
        self.known.is_none() && self.exact.is_none() && self.carried.is_none() && self.seen.is_none()
    }
}

impl Resting {
    /// The classifier as it was.
    pub fn wake(self) -> Classifier {
        let Self { packed, mut dissector, aside } = self;
        let mut classifier = Classifier::new(false, 0, 0);
        if let Some(aside) = aside {
            let Aside { known, exact, carried, seen } = *aside;
            (classifier.known, classifier.exact, classifier.carried, classifier.seen) = (known, exact, carried, seen);
        }
        let read = classifier.read(&mut Cursor::new(&packed), &mut dissector);
        debug_assert!(read.is_ok() && dissector.is_none(), "{read:?}");
        classifier
    }
}

impl Classifier {
    fn read(&mut self, cursor: &mut Cursor<'_>, dissector: &mut Option<Box<dyn Dissector>>) -> Result<(), WireError> {
        let flags = cursor.u8("resting.flags")?;
        let has = |flag| flags & flag != 0;
        self.stream = has(flag::STREAM);
        self.ports = (cursor.u16("resting.port")?, cursor.u16("resting.port")?);
        (self.inputs, self.strays) = (cursor.u8("resting.inputs")?, cursor.u8("resting.strays")?);
        let base = self.known();
        self.candidates = [base.without(&take_rows(cursor)?), base.without(&take_rows(cursor)?)];
        if has(flag::RUNNING) {
            let protocol = take_protocol(cursor)?;
            if let (Some(protocol), Some(dissector)) = (protocol, dissector.take()) {
                self.state = State::Running(protocol, dissector);
            }
        } else if has(flag::DONE) {
            self.state = State::Done;
        }
        if has(flag::NAMED) {
            self.named = take_protocol(cursor)?;
        }
        if has(flag::LIKELY) {
            let (protocol, port) = (take_protocol(cursor)?, cursor.u16("resting.port")?);
            self.likely = protocol.map(|protocol| (protocol, port));
        }
        if has(flag::PENDING) {
            let [src, dst] = [cursor.octets("resting.pending")?, cursor.octets("resting.pending")?];
            self.pending = Some(Box::new([src.to_vec(), dst.to_vec()]));
        }
        if has(flag::WAITING) {
            for _ in 0..cursor.number("resting.waiting")? {
                let side = if cursor.u8("resting.side")? == 0 { Side::Src } else { Side::Dst };
                self.waiting.push((side, cursor.octets("resting.datagram")?.to_vec()));
            }
        }
        if has(flag::SKIP) {
            self.skip = [cursor.number("resting.skip")?, cursor.number("resting.skip")?];
        }
        Ok(())
    }
}

/// A protocol as its place in the registry.
fn put_protocol(protocol: &'static Protocol, out: &mut Vec<u8>) {
    put_number(place(protocol).unwrap_or(PROTOCOLS.len()) as u64, out);
}

fn take_protocol(cursor: &mut Cursor<'_>) -> Result<Option<&'static Protocol>, WireError> {
    Ok(PROTOCOLS.get(cursor.number_of::<usize>("resting.protocol")?).copied())
}

/// Longest list of places that takes less than the words of a set.
const LISTED: usize = size_of::<Rows>() - 1;

/// A set: the places of few rows behind their number, or the words of it behind 255.
fn put_rows(rows: &Rows, out: &mut Vec<u8>) {
    let places = || rows.iter().map(|(at, _)| at);
    let listed = places().count() <= LISTED && places().all(|at| at <= usize::from(u8::MAX));
    if !listed {
        out.push(u8::MAX);
        return rows.words().into_iter().for_each(|word| out.extend(word.to_be_bytes()));
    }
    out.push(u8::try_from(places().count()).unwrap_or(0));
    out.extend(places().filter_map(|at| u8::try_from(at).ok()));
}

fn take_rows(cursor: &mut Cursor<'_>) -> Result<Rows, WireError> {
    let (mut rows, count) = (Rows::NONE, cursor.u8("resting.rows")?);
    if count == u8::MAX {
        for word in rows.words_mut() {
            *word = cursor.u64("resting.rows")?;
        }
        return Ok(rows);
    }
    cursor.take(count.into(), "resting.rows")?.iter().for_each(|at| rows.insert(usize::from(*at)));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use minamo_model::Flow;

    use super::*;
    use crate::{Input, Transport};

    /// Gives a protocol's sample to a classifier in pieces; with `rest` it rests before each.
    fn found(protocol: &Protocol, stream: bool, piece: usize, rest: bool) -> Flow {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(stream, 40_000, protocol.ports.first().copied().unwrap_or(40_001));
        for (side, data) in protocol.sample {
            for data in data.chunks(piece) {
                if rest {
                    classifier = classifier.rest().wake();
                }
                match stream {
                    true => classifier.stream(*side, Input::Data(data), &mut flow),
                    false => classifier.datagram(*side, data, &mut flow),
                }
            }
        }
        if rest {
            classifier = classifier.rest().wake();
        }
        classifier.label(&mut flow);
        flow
    }

    #[test]
    fn rest_changes_nothing_of_what_is_found() {
        for protocol in PROTOCOLS {
            for (stream, none) in [(true, Transport::Datagram), (false, Transport::Stream)] {
                for piece in if stream { [7, 100, usize::MAX] } else { [usize::MAX; 3] } {
                    if protocol.transport != none {
                        let [woken, awake] = [true, false].map(|rest| found(protocol, stream, piece, rest));
                        assert_eq!(woken, awake, "{} in pieces of {piece}", protocol.name);
                    }
                }
            }
        }
    }

    #[test]
    fn sets_come_back() {
        for few in [0, 1, LISTED, LISTED + 1, PROTOCOLS.len()] {
            let (mut rows, mut out) = (Rows::NONE, Vec::new());
            (0..few).for_each(|at| rows.insert(PROTOCOLS.len() - 1 - at));
            put_rows(&rows, &mut out);
            assert!(out.len() <= size_of::<Rows>() + 1);
            assert_eq!(take_rows(&mut Cursor::new(&out)), Ok(rows));
        }
    }

    #[test]
    fn a_classifier_at_rest_is_small() {
        let mut classifier = Classifier::new(true, 40_000, 80);
        classifier.stream(Side::Src, Input::Data(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"), &mut Flow::default());
        let resting = classifier.rest();
        assert!(resting.dissector.is_some() && resting.aside.is_none());
        assert!(size_of::<Resting>() <= 40 && resting.packed.len() <= 50, "{}", resting.packed.len());
    }
}
