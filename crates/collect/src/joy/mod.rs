// SPDX-License-Identifier: Apache-2.0
//! JSON lines of Joy (Cisco, github.com/cisco/joy) as rows: one object a line, plain or packed by gzip. Read are the forms of
//! Joy 1.x to 4.x and what this program writes itself: endpoints, counters, lengths and times of packets (SPLT), octet counts
//! of one-sided lines (BD), first packets (IDP), hellos, certificates and TLS records (SRLT).
//!
//! Joy writes a conversation as one line (`bidir=1`) or as two: two lines of opposite endpoints that overlap in time are put
//! together. Joy counts octets of payload; rows count from the IP header on, so that the least headers of every packet are
//! added. A line that breaks the form is left out and told with line and field; what a row has no column for is passed over.

mod line;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use minamo_base::{Ip, Time};
use minamo_model::Flow;

use crate::initial;
use line::{Half, Line};

/// Largest line: hellos and certificates of a flow with all of Joy's features take some ten thousand octets.
const MAX_LINE: usize = 1 << 20;
/// Faults that are kept with their place; all are counted.
const MAX_FAULTS: usize = 20;
/// Lines of one direction that wait for their other half.
const MAX_WAITING: usize = 65_536;
/// Longest pause, in nanoseconds, between the halves of a conversation.
const PAUSE: i64 = 60_000_000_000;
/// First octets of a file that gzip packed (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A line that gave no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1 on.
    pub line: u64,
    /// Field, with its place in lists: `packets[3].b`; empty where the line is no JSON.
    pub field: String,
    /// What is wrong with it.
    pub cause: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, field, cause } = self;
        if field.is_empty() { write!(f, "line {line}: {cause}") } else { write!(f, "line {line}: {field}: {cause}") }
    }
}

/// What a file gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Rows handed out.
    pub rows: u64,
    /// Rows of which only one direction is there.
    pub one_sided: u64,
    /// First packets that cannot be the flow's; they are kept as they are.
    pub unfit_packets: u64,
    /// Lines that gave no row, but for Joy's configuration and empty ones.
    pub bad_lines: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
}

/// True where a file that begins like this may be Joy's: gzip, or an object.
pub fn may_be_joy(beginning: &[u8]) -> bool {
    beginning.starts_with(&GZIP) || beginning.iter().find(|octet| !octet.is_ascii_whitespace()) == Some(&b'{')
}

/// Reads a file to its end, or until `sink` says false. An error where it cannot be read or unpacked.
pub fn read(input: impl Read, sink: &mut dyn FnMut(Flow) -> bool) -> io::Result<Account> {
    let mut input = BufReader::new(input);
    if input.fill_buf()?.starts_with(&GZIP) {
        return lines(BufReader::new(MultiGzDecoder::new(input)), sink);
    }
    lines(input, sink)
}

fn lines(mut input: impl BufRead, sink: &mut dyn FnMut(Flow) -> bool) -> io::Result<Account> {
    let (mut decoder, mut text) = (Decoder::default(), Vec::new());
    for number in 1.. {
        text.clear();
        let read = input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        if read > MAX_LINE {
            input.skip_until(b'\n')?;
            let cause = format!("it has more than {MAX_LINE} octets");
            decoder.fault(Fault { line: number, field: String::new(), cause });
            continue;
        }
        if !decoder.line(number, &text, sink) {
            return Ok(decoder.account);
        }
    }
    decoder.finish(sink);
    Ok(decoder.account)
}

/// Endpoints of a direction: addresses, ports, protocol.
type Ends = (Ip, Ip, u16, u16, u8);

/// Turns lines into rows.
#[derive(Default)]
struct Decoder {
    waiting: HashMap<Ends, Half>,
    /// Endpoints that wait, the oldest first; some do not wait any more.
    order: VecDeque<Ends>,
    account: Account,
}

impl Decoder {
    fn fault(&mut self, fault: Fault) {
        self.account.bad_lines += 1;
        if self.account.faults.len() < MAX_FAULTS {
            self.account.faults.push(fault);
        }
    }

    /// Takes a line; false where `sink` wants no more.
    fn line(&mut self, number: u64, text: &[u8], sink: &mut dyn FnMut(Flow) -> bool) -> bool {
        match line::read(text) {
            Ok(Line::Nothing) => true,
            Ok(Line::Whole(flow)) => self.give(*flow, sink),
            Ok(Line::Half(half)) => self.half(*half, sink),
            Err((field, cause)) => {
                self.fault(Fault { line: number, field, cause });
                true
            }
        }
    }

    fn give(&mut self, mut flow: Flow, sink: &mut dyn FnMut(Flow) -> bool) -> bool {
        self.account.rows += 1;
        if initial::has(&flow) {
            let looked = initial::look(&mut flow);
            self.account.unfit_packets += looked.unfit;
        }
        sink(flow)
    }

    fn alone(&mut self, half: Half, sink: &mut dyn FnMut(Flow) -> bool) -> bool {
        self.account.one_sided += 1;
        self.give(half.alone(), sink)
    }

    fn half(&mut self, half: Half, sink: &mut dyn FnMut(Flow) -> bool) -> bool {
        let (src, dst, src_port, dst_port, proto) = half.ends();
        let other = (dst, src, dst_port, src_port, proto);
        if let Some(found) = self.waiting.remove(&other) {
            if found.near(&half, PAUSE) {
                return self.give(found.with(half), sink);
            }
            if !self.alone(found, sink) {
                return false;
            }
        }
        let ends = half.ends();
        self.order.push_back(ends);
        let before = self.waiting.insert(ends, half);
        let oldest = if self.waiting.len() > MAX_WAITING { self.oldest() } else { None };
        // Places of halves that found their other one are left behind.
        if self.order.len() > 2 * MAX_WAITING {
            let waiting = &self.waiting;
            self.order.retain(|ends| waiting.contains_key(ends));
        }
        before.into_iter().chain(oldest).all(|half| self.alone(half, sink))
    }

    fn oldest(&mut self) -> Option<Half> {
        while let Some(ends) = self.order.pop_front() {
            if let Some(half) = self.waiting.remove(&ends) {
                return Some(half);
            }
        }
        None
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Flow) -> bool) {
        while let Some(half) = self.oldest() {
            if !self.alone(half, sink) {
                return;
            }
        }
    }
}

/// Seconds since 1970 as Joy writes them, to the microsecond.
fn time(seconds: f64) -> Option<Time> {
    let micros = (seconds * 1e6).round();
    (0.0..9e15).contains(&micros).then(|| Time((micros as i64).saturating_mul(1_000)))
}
