// SPDX-License-Identifier: Apache-2.0
//! Who sends: a thread that follows the files in order, and begins again where it cannot be sure.
//!
//! Over TCP and TLS a file is a connection; when it is read to its end the file counts as read.
//!
//! Over UDP a port that nobody listens at refuses datagrams (ICMP port unreachable, RFC 1122 §4.1.3.1), which the
//! kernel tells with a later call on the socket. What was sent less than [`ECHO`] before the last look without a
//! refusal is sent again then, once the port has stopped to refuse: templates are sent as a question, since whoever listens
//! anew needs them anyway, and two questions without a refusal count as "back". A collector whose whole machine is
//! away refuses nothing: datagrams to it are lost, as UDP has it.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use minamo_base::Time;
use minamo_flowwire::notice;

use super::add;
use super::file::{Message, Reader};
use super::ledger::Templates;
use super::shelf::{Entry, Shelf};
use crate::export::link::{BURST, REST, udp};
use crate::export::stream::{Ended, Stream};
use crate::export::{Target, Transport};

/// First and longest wait between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
/// A wait is cut into such pieces, so that the end of the program is not late.
const MOMENT: Duration = Duration::from_millis(100);
/// A refusal comes back within this time.
const ECHO: Duration = Duration::from_millis(300);
/// Time between two questions: systems refuse once a second at most (Linux: icmp_ratelimit).
const ASK: Duration = Duration::from_millis(1_200);
/// Questions without a refusal that count as "back".
const CLEAN: u32 = 2;
/// Old files are sent in so many pieces a second.
const SLICES: u32 = 20;

/// The thread.
pub(super) struct Courier {
    thread: JoinHandle<()>,
    shelf: Arc<Shelf>,
    /// When it shall end, also where something is left.
    until: Arc<AtomicI64>,
}

impl Courier {
    pub(super) fn start(target: Target, shelf: Arc<Shelf>) -> io::Result<Self> {
        let until = Arc::new(AtomicI64::new(i64::MAX));
        let errand = Errand {
            target,
            shelf: Arc::clone(&shelf),
            until: Arc::clone(&until),
            number: 0,
            highest: (0, 0),
            confirmed: 0,
            socket: None,
            pace: Pace::default(),
        };
        let thread = std::thread::Builder::new().name("export".to_owned()).spawn(move || errand.run())?;
        Ok(Self { thread, shelf, until })
    }

    pub(super) fn close(self, patience: Duration) {
        let until = (self.shelf.clock)() + patience;
        self.until.store(until.0, Ordering::Relaxed);
        self.shelf.end();
        if self.thread.join().is_err() {
            tracing::error!("the thread of the export broke; what it had not sent stays in the buffer");
        }
        self.shelf.clear_read();
    }
}

/// What became of a file.
enum Sent {
    /// Sent to its end.
    Whole,
    /// Time is over.
    Over,
}

struct Errand {
    target: Target,
    shelf: Arc<Shelf>,
    until: Arc<AtomicI64>,
    /// The next file.
    number: u64,
    /// The last message that was sent, by file and place: what is not behind it is sent again.
    highest: (u64, u64),
    /// Files up to here were counted as confirmed.
    confirmed: u64,
    socket: Option<UdpSocket>,
    pace: Pace,
}

/// Records sent since a moment.
#[derive(Default)]
struct Pace {
    since: Time,
    records: u32,
    datagrams: u32,
}

impl Errand {
    fn run(mut self) {
        let mut pause = PAUSES.0;
        while !self.is_over() {
            let Some(entry) = self.shelf.first_from(self.number, MOMENT) else {
                if self.shelf.has_ended() {
                    return;
                }
                continue;
            };
            let sent = match self.target.transport {
                Transport::Udp => self.datagrams(entry),
                Transport::Tcp | Transport::Tls => self.stream(entry),
            };
            match sent {
                Ok(Sent::Whole) => {
                    self.number = entry.number + 1;
                    pause = PAUSES.0;
                }
                Ok(Sent::Over) => return,
                Err(error) if self.lost(entry, &error) => self.number = entry.number + 1,
                Err(error) => {
                    tracing::debug!(%error, "the collector is away");
                    self.shelf.export.connected.store(0, Ordering::Relaxed);
                    self.number = self.shelf.after_failure();
                    self.rest(pause);
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        (self.shelf.clock)().0 > self.until.load(Ordering::Relaxed)
    }

    fn rest(&self, length: Duration) {
        let mut left = length;
        while !left.is_zero() && !self.is_over() {
            let piece = left.min(MOMENT);
            std::thread::sleep(piece);
            left -= piece;
        }
    }

    /// True where the file itself is what is wrong; it is given up then.
    fn lost(&self, entry: Entry, error: &io::Error) -> bool {
        match error.kind() {
            // Dropped for lack of room, and counted there.
            io::ErrorKind::NotFound if !self.shelf.path(entry.number).exists() => true,
            io::ErrorKind::InvalidData => {
                add(&self.shelf.counters.damaged, entry.len);
                let path = self.shelf.path(entry.number);
                tracing::error!(file = %path.display(), %error, "a file of the buffer is damaged: kept as *.damaged");
                if let Err(error) = std::fs::rename(&path, path.with_extension("damaged")) {
                    tracing::error!(file = %path.display(), %error, "it stays where it is");
                }
                self.shelf.forget(entry.number);
                true
            }
            _ => false,
        }
    }

    /// The next message up to `end`. What is damaged ends the file and is counted.
    fn next(&self, reader: &mut Reader, end: u64) -> io::Result<Option<Message>> {
        match reader.next(end) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let number = reader.head.number;
                tracing::error!(number, at = reader.at(), %error, "the rest of a file of the buffer is damaged");
                add(&self.shelf.counters.damaged, end - reader.at());
                reader.seek(end);
                Ok(None)
            }
            read => read,
        }
    }

    fn stream(&mut self, mut entry: Entry) -> io::Result<Sent> {
        let mut reader = Reader::open(&self.shelf.path(entry.number))?;
        let mut stream = Stream::connect(&self.target).inspect_err(|_| add(&self.shelf.export.connect_failures, 1))?;
        add(&self.shelf.export.connections, 1);
        self.shelf.export.connected.store(1, Ordering::Relaxed);
        let secs = u32::try_from((self.shelf.clock)().secs()).unwrap_or(0);
        stream.write_all(&notice::write(reader.head.spool, self.target.domain, reader.head.sequence, secs))?;
        let mut records = 0;
        loop {
            let old = !entry.open;
            while let Some(message) = self.next(&mut reader, entry.len)? {
                stream.write_all(&message.octets).inspect_err(|_| add(&self.shelf.export.send_errors, 1))?;
                records += u64::from(message.records);
                self.count(entry.number, reader.at(), &message);
                if old {
                    self.slow_down(message.records);
                }
                if self.is_over() {
                    return Ok(Sent::Over);
                }
            }
            stream.flush()?;
            if !entry.open {
                break;
            }
            if self.is_over() {
                return Ok(Sent::Over);
            }
            // Where it was dropped for lack of room, what was read of it still counts.
            let Some(now) = self.shelf.more_than(entry.number, reader.at(), MOMENT) else { break };
            entry = now;
        }
        if stream.finish()? == Ended::Unsaid {
            add(&self.shelf.counters.unsaid, records);
        }
        self.was_read(entry.number, records);
        Ok(Sent::Whole)
    }

    fn was_read(&mut self, number: u64, records: u64) {
        if number > self.confirmed {
            self.confirmed = number;
            add(&self.shelf.counters.confirmed, records);
        }
        self.shelf.was_read(number);
    }

    fn count(&mut self, number: u64, at: u64, message: &Message) {
        let export = &self.shelf.export;
        add(&export.messages, 1);
        add(&export.records, message.records.into());
        if (number, at) <= self.highest {
            add(&self.shelf.counters.repeated, message.records.into());
        } else {
            self.highest = (number, at);
        }
    }

    /// Keeps to the rate at which old files are sent.
    fn slow_down(&mut self, records: u32) {
        let now = (self.shelf.clock)();
        let slice = Duration::from_secs(1) / SLICES;
        let spent = now.since(self.pace.since);
        if !(0..=i64::try_from(slice.as_nanos()).unwrap_or(0)).contains(&spent) {
            (self.pace.since, self.pace.records) = (now, 0);
        }
        self.pace.records = self.pace.records.saturating_add(records);
        if self.pace.records >= (self.shelf.settings.rate / SLICES).max(1) {
            let spent = Duration::from_nanos(u64::try_from(now.since(self.pace.since)).unwrap_or(0));
            std::thread::sleep(slice.saturating_sub(spent));
            (self.pace.since, self.pace.records) = ((self.shelf.clock)(), 0);
        }
    }

    fn datagrams(&mut self, mut entry: Entry) -> io::Result<Sent> {
        let mut reader = Reader::open(&self.shelf.path(entry.number))?;
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.open_socket()?,
        };
        let mut window = Window::default();
        let mut templates = Templates::default();
        let mut records = 0;
        loop {
            while let Some(message) = self.next(&mut reader, entry.len)? {
                templates.learn(&message.octets);
                let before = reader.at() - message.octets.len() as u64 - super::file::FRAME as u64;
                let sent = window.look(&socket, (self.shelf.clock)()).and_then(|()| socket.send(&message.octets));
                if let Err(error) = sent {
                    let (from, fewer) = window.again(before);
                    records -= fewer;
                    reader.seek(from);
                    if self.until_back(&socket, &templates, &message, &error) {
                        continue;
                    }
                    return Ok(Sent::Over);
                }
                window.sent((self.shelf.clock)(), before, message.records.into());
                records += u64::from(message.records);
                self.count(entry.number, reader.at(), &message);
                self.burst();
                if !entry.open {
                    self.slow_down(message.records);
                }
            }
            if !entry.open {
                std::thread::sleep(ECHO);
            }
            if let Err(error) = window.look(&socket, (self.shelf.clock)()) {
                let (from, fewer) = window.again(reader.at());
                records -= fewer;
                reader.seek(from);
                let next = self.next(&mut reader, entry.len)?;
                reader.seek(from);
                let back = next.is_none_or(|next| self.until_back(&socket, &templates, &next, &error));
                if !back {
                    return Ok(Sent::Over);
                }
                continue;
            }
            if !entry.open {
                break;
            }
            if self.is_over() {
                return Ok(Sent::Over);
            }
            let Some(now) = self.shelf.more_than(entry.number, reader.at(), MOMENT) else { break };
            entry = now;
        }
        self.socket = Some(socket);
        self.was_read(entry.number, records);
        Ok(Sent::Whole)
    }

    fn open_socket(&self) -> io::Result<UdpSocket> {
        let socket = udp(&self.target).inspect_err(|_| add(&self.shelf.export.connect_failures, 1))?;
        add(&self.shelf.export.connections, 1);
        self.shelf.export.connected.store(1, Ordering::Relaxed);
        Ok(socket)
    }

    /// Rests after so many datagrams, so that the receiver's buffer keeps up.
    fn burst(&mut self) {
        self.pace.datagrams += 1;
        if self.pace.datagrams >= BURST {
            self.pace.datagrams = 0;
            std::thread::sleep(REST);
        }
    }

    /// Asks until nobody refuses; false where time is over before. `next` is the message that will follow.
    fn until_back(&self, socket: &UdpSocket, templates: &Templates, next: &Message, error: &io::Error) -> bool {
        tracing::debug!(%error, "the collector refuses datagrams");
        let export = &self.shelf.export;
        add(&export.send_errors, 1);
        export.connected.store(0, Ordering::Relaxed);
        let questions = match templates.messages(&next.octets) {
            none if none.is_empty() => vec![next.octets.clone()],
            some => some,
        };
        let mut clean = 0;
        while clean < CLEAN {
            if self.is_over() {
                return false;
            }
            let asked = questions.iter().try_for_each(|question| socket.send(question).map(|_| ()));
            self.rest(ECHO);
            // What was said between counts, too.
            let refused = asked.is_err() || !matches!(socket.take_error(), Ok(None));
            clean = if refused { 0 } else { clean + 1 };
            if clean < CLEAN {
                self.rest(ASK - ECHO);
            }
        }
        export.connected.store(1, Ordering::Relaxed);
        true
    }
}

/// Datagrams that may still be refused.
#[derive(Default)]
struct Window(VecDeque<(Time, u64, u64)>);

impl Window {
    /// An error where something was refused; without, what was sent long enough ago is out of it.
    fn look(&mut self, socket: &UdpSocket, now: Time) -> io::Result<()> {
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
        let echo = i64::try_from(ECHO.as_nanos()).unwrap_or(0);
        while self.0.front().is_some_and(|(sent, ..)| !(0..echo).contains(&now.since(*sent))) {
            self.0.pop_front();
        }
        Ok(())
    }

    fn sent(&mut self, now: Time, at: u64, records: u64) {
        self.0.push_back((now, at, records));
    }

    /// Where sending begins again, which is `at` where nothing is in question, and the records that are behind it.
    fn again(&mut self, at: u64) -> (u64, u64) {
        let from = self.0.front().map_or(at, |(_, first, _)| *first);
        let records = self.0.drain(..).map(|(.., records)| records).sum();
        (from, records)
    }
}
