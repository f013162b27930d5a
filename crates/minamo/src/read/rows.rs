// SPDX-License-Identifier: Apache-2.0
//! Rows on their way from the meter to their taker: completed, written where text is wanted, and in the order of all threads.

use std::collections::VecDeque;

use minamo_eta::judge::Judge;
use minamo_meter::{Done, Names};
use minamo_sinks::Line;

use super::Taker;

/// What is known in the order of all rows.
pub(super) struct Order<'a> {
    /// Names, joined where rows leave: what a host asked DNS for may be seen by one thread, its connections by others.
    pub(super) names: &'a Names,
    /// Who judges encrypted sessions, where they are judged: what was said of earlier ones of the same hosts counts.
    pub(super) judge: Option<Judge>,
}

impl Order<'_> {
    /// Looks at a row: judges it, and joins names to it.
    pub(super) fn look(&mut self, done: &mut Done) {
        if let Some(judge) = &mut self.judge {
            judge.judge(&mut done.row);
        }
        self.names.ask(done);
    }

    /// Pairs that were forgotten because there were too many.
    pub(super) fn forgotten_pairs(&self) -> u64 {
        self.judge.as_ref().map_or(0, Judge::forgotten)
    }
}

/// Rows of one thread, the first in front. Large as they are, they are moved by their addresses.
pub(super) type Rows = VecDeque<Box<Done>>;

/// Rows of one thread on their way to their taker, in their order. Used again, it keeps its room.
#[derive(Default)]
pub(super) struct Part {
    /// Those that are not given; none where they became text.
    pub(super) rows: Rows,
    /// Their text, where that is wanted.
    text: Vec<u8>,
    /// Where each row's ends in it.
    ends: Vec<usize>,
    /// Rows of the text that were given.
    given: usize,
}

impl Part {
    /// How many are not given.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.ends.len() - self.given
    }

    /// Adds a row that was looked at.
    fn push(&mut self, done: Box<Done>) {
        self.rows.push_back(done);
    }

    /// Completes the rows, and writes them where text is wanted. What metered them shall do it: it has their memory at hand.
    pub(super) fn make(&mut self, line: Option<Line>) {
        for done in &mut self.rows {
            done.complete();
            if let Some(line) = line {
                line(&done.row, &mut self.text);
                self.ends.push(self.text.len());
            }
        }
        if line.is_some() {
            self.rows.clear();
        }
    }

    /// Hands on the next rows that were made; false where nothing more is wanted.
    pub(super) fn give(&mut self, count: usize, out: &mut dyn Taker) -> bool {
        if self.ends.is_empty() {
            return self.rows.drain(..count.min(self.rows.len())).all(|done| out.row(done.row));
        }
        let end_of = |rows: usize| rows.checked_sub(1).map_or(0, |last| self.ends.get(last).copied().unwrap_or(0));
        let text = self.text.get(end_of(self.given)..end_of(self.given + count)).unwrap_or_default();
        self.given += count;
        text.is_empty() || out.lines(text)
    }

    /// All of it at once: makes the rows, which are in their order, and gives them. False where nothing more is wanted.
    pub(super) fn pass(&mut self, order: &mut Order<'_>, line: Option<Line>, out: &mut dyn Taker) -> bool {
        self.rows.iter_mut().for_each(|done| order.look(done));
        self.make(line);
        let go_on = self.give(self.len(), out);
        *self = std::mem::take(self).emptied();
        go_on
    }

    /// Nothing any more, with its room.
    pub(super) fn emptied(mut self) -> Self {
        self.rows.clear();
        self.text.clear();
        self.ends.clear();
        Self { given: 0, ..self }
    }
}

/// Gives the next rows in the order of the last packets of their flows: of those of a chunk, in any order, and of those that `more`
/// adds in theirs. False where none is left; else those of the chunk that may come behind what `more` adds next time stay.
pub(super) fn next_rows(chunk: &mut Rows, next: &mut Rows, more: impl FnOnce(&mut Rows) -> bool) -> bool {
    let more = more(chunk);
    let known = chunk.back().filter(|_| more).map_or(u64::MAX, |last| last.order);
    chunk.make_contiguous().sort_by_key(|done| done.order);
    let count = chunk.partition_point(|done| done.order <= known);
    next.extend(chunk.drain(..count));
    more
}

/// Some rows of all threads in their order.
#[derive(Default)]
pub(super) struct Bunch {
    /// By thread; nothing while they are made.
    pub(super) parts: Vec<Option<Part>>,
    /// How many rows come from which thread, one after the other.
    pub(super) turns: Vec<(usize, usize)>,
    /// True where for a while nothing came behind them.
    pub(super) paused: bool,
}

impl Bunch {
    /// Adds a row of a thread that was looked at.
    pub(super) fn push(&mut self, thread: usize, done: Box<Done>) {
        if let Some(Some(part)) = self.parts.get_mut(thread) {
            part.push(done);
        }
        match self.turns.last_mut() {
            Some((last, count)) if *last == thread => *count += 1,
            _ => self.turns.push((thread, 1)),
        }
    }

    /// Hands on what was made; false where nothing more is wanted.
    pub(super) fn give(&mut self, out: &mut dyn Taker) -> bool {
        let given = self.turns.drain(..).all(|(thread, count)| match self.parts.get_mut(thread) {
            Some(Some(part)) => part.give(count, out),
            _ => true,
        });
        given && (!self.paused || out.pause())
    }
}

/// The next row of all threads and whose it is; nothing where a thread may have one before it.
pub(super) fn next_of(threads: &mut [Rows], all: &[bool]) -> Option<(usize, Box<Done>)> {
    let mut first: Option<(usize, u64)> = None;
    for (thread, (rows, all)) in threads.iter().zip(all).enumerate() {
        match rows.front() {
            Some(done) if first.is_none_or(|(_, order)| done.order < order) => first = Some((thread, done.order)),
            Some(_) => {}
            None if *all => {}
            None => return None,
        }
    }
    let (thread, _) = first?;
    Some((thread, threads.get_mut(thread)?.pop_front()?))
}

#[cfg(test)]
mod tests {
    use minamo_base::Time;
    use minamo_meter::{Flows, Intake, Settings};
    use minamo_model::Flow;
    use minamo_packet::LinkType;

    use super::*;

    /// The row of a datagram from this port, with this number.
    fn row(port: u16, order: u64) -> Box<Done> {
        let mut packet = Vec::new();
        let built = etherparse::PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(port, 9);
        built.write(&mut packet, b"x").expect("a Vec takes all");
        let (mut intake, mut flows) = (Intake::new(&Settings::default()), Flows::new(Settings::default()));
        let mut rows = Vec::new();
        let taken = intake.frame(Time(0), LinkType::RAW, &packet, &mut |unit| flows.take(unit, &mut |_| {}));
        assert!(taken.is_ok());
        flows.finish(1, &mut |done| rows.push(done));
        let mut done = rows.pop().expect("one row");
        done.order = order;
        done.into()
    }

    /// Takes ports and texts in the order in which they come, and counts pauses.
    #[derive(Default)]
    struct Seen(Vec<u16>, Vec<u8>, usize);

    impl Taker for Seen {
        fn row(&mut self, row: Flow) -> bool {
            self.0.push(row.core.src_port);
            true
        }

        fn lines(&mut self, lines: &[u8]) -> bool {
            self.1.extend_from_slice(lines);
            true
        }

        fn pause(&mut self) -> bool {
            self.2 += 1;
            true
        }
    }

    fn bunch() -> Bunch {
        let mut bunch = Bunch { parts: vec![Some(Part::default()), Some(Part::default())], ..Bunch::default() };
        let mut threads: Vec<Rows> = vec![[row(1, 1), row(4, 4)].into(), [row(2, 2), row(3, 3)].into()];
        while let Some((thread, done)) = next_of(&mut threads, &[true, true]) {
            bunch.push(thread, done);
        }
        bunch
    }

    #[test]
    fn rows_of_several_threads_leave_in_the_order_of_all() {
        let (mut bunch, mut seen) = (bunch(), Seen::default());
        assert_eq!(bunch.turns, [(0, 1), (1, 2), (0, 1)]);
        bunch.paused = true;
        bunch.parts.iter_mut().flatten().for_each(|part| part.make(None));
        assert!(bunch.give(&mut seen));
        assert_eq!((seen.0.as_slice(), seen.2), ([1, 2, 3, 4].as_slice(), 1));
    }

    #[test]
    fn rows_wait_for_those_before_them_that_are_still_to_come() {
        let (mut chunk, mut next): (Rows, _) = ([row(9, 9), row(2, 2), row(4, 4)].into(), Rows::new());
        let orders = |rows: &Rows| rows.iter().map(|done| done.order).collect::<Vec<_>>();
        assert!(next_rows(&mut chunk, &mut next, |rows| {
            rows.extend([row(1, 1), row(3, 3)]);
            true
        }));
        assert_eq!((orders(&next), orders(&chunk)), (vec![1, 2, 3], vec![4, 9]));
        assert!(!next_rows(&mut chunk, &mut next, |rows| {
            rows.push_back(row(5, 5));
            false
        }));
        assert_eq!((orders(&next), orders(&chunk)), (vec![1, 2, 3, 4, 5, 9], vec![]));
    }

    #[test]
    fn so_does_their_text() {
        let line: Line = |flow, out| out.extend_from_slice(flow.core.src_port.to_string().as_bytes());
        let (mut bunch, mut seen) = (bunch(), Seen::default());
        bunch.parts.iter_mut().flatten().for_each(|part| part.make(Some(line)));
        assert!(bunch.parts.iter().flatten().all(|part| part.rows.is_empty() && part.len() == 2));
        assert!(bunch.give(&mut seen));
        assert_eq!((seen.0.len(), seen.1.as_slice()), (0, b"1234".as_slice()));
        let part = bunch.parts.remove(0).expect("made").emptied();
        assert_eq!((part.len(), part.text.len(), part.given), (0, 0, 0));
    }

    #[test]
    fn a_row_waits_for_threads_that_may_have_one_before_it() {
        let mut threads: Vec<Rows> = vec![[row(1, 1), row(4, 4)].into(), [row(2, 2)].into()];
        let mut taken = Vec::new();
        while let Some((thread, done)) = next_of(&mut threads, &[true, false]) {
            taken.push((thread, done.order));
        }
        assert_eq!(taken, [(0, 1), (1, 2)], "the other thread may still have the third");
        assert!(next_of(&mut threads, &[true, true]).is_some_and(|(_, done)| done.order == 4));
    }
}
