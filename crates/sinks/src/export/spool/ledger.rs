// SPDX-License-Identifier: Apache-2.0
//! Who writes: rows to messages, messages to files. Each file begins with the templates that its messages need.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_flowwire::{Encoder, Wire, type_records};
use minamo_model::Flow;

use super::add;
use super::file::{HEAD, Head, Message, Writer};
use super::shelf::Shelf;
use crate::export::{AGE, TOGETHER, Target, encoder, fitting, records};

pub(super) struct Ledger {
    target: Target,
    shelf: Arc<Shelf>,
    page: Option<Page>,
}

/// The file that is written to.
struct Page {
    writer: Writer,
    encoder: Encoder,
    boot: Time,
    begun: Time,
    /// True where it has octets that may not be on disk.
    loose: bool,
}

impl Ledger {
    pub(super) fn new(target: Target, shelf: Arc<Shelf>) -> Self {
        Self { target, shelf, page: None }
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) {
        for rows in Flow::rows(batch).chunks(TOGETHER) {
            let rows: Vec<Flow> = rows.iter().flat_map(|row| records(&self.target, row)).collect();
            if let Err(error) = self.put(&rows) {
                add(&self.shelf.counters.dropped_disk, rows.len() as u64);
                tracing::error!(%error, "rows were not written to the buffer");
                // What was encoded and not written leaves a hole in the numbers: the file ends before it.
                self.end_file();
            }
        }
        self.tick();
    }

    fn put(&mut self, rows: &[Flow]) -> io::Result<()> {
        let now = (self.shelf.clock)();
        let page = match &mut self.page {
            Some(page) => page,
            none => none.insert(Page::begin(&self.target, &self.shelf, now)?),
        };
        let rows = fitting(&self.target, rows, page.boot, &self.shelf.export);
        let mut messages: Vec<Vec<u8>> = Vec::new();
        let encoded = page.encoder.encode(&rows, now, &mut |octets| messages.push(octets.to_vec()));
        self.shelf.export.refused_format.fetch_add(encoded.refused as u64, Ordering::Relaxed);
        let next = page.encoder.sequence();
        let messages = counted(self.target.wire, messages, next);
        page.writer.append(&messages)?;
        page.loose = true;
        self.shelf.grown(page.writer.len(), encoded.rows as u64, next);
        Ok(())
    }

    /// Forces to disk what is not there yet, and ends a file that is large or old.
    pub(super) fn tick(&mut self) {
        let Some(page) = &mut self.page else { return self.shelf.clear_old() };
        let settings = &self.shelf.settings;
        let age = (self.shelf.clock)().since(page.begun);
        let old = age >= i64::try_from(settings.file_age.as_nanos()).unwrap_or(i64::MAX);
        // A clock that went back would keep it open for long.
        if page.writer.len() > HEAD && (old || age < 0 || page.writer.len() >= settings.file_octets) {
            return self.end_file();
        }
        self.sync();
        self.shelf.clear_old();
    }

    fn sync(&mut self) {
        let Some(page) = self.page.as_mut().filter(|page| page.loose) else { return };
        page.loose = false;
        if let Err(error) = page.writer.sync() {
            add(&self.shelf.counters.sync_errors, 1);
            tracing::error!(%error, "the buffer was not forced to disk");
        }
    }

    pub(super) fn end_file(&mut self) {
        self.sync();
        if self.page.take().is_some() {
            self.shelf.end_file();
        }
    }
}

impl Page {
    fn begin(target: &Target, shelf: &Shelf, now: Time) -> io::Result<Self> {
        let (number, sequence) = shelf.next();
        let writer = Writer::create(&shelf.path(number), Head { spool: shelf.spool, number, sequence })?;
        shelf.begin(number, writer.len());
        let encoder = encoder(target, now).with_sequence(sequence);
        Ok(Self { writer, encoder, boot: now - AGE, begun: now, loose: false })
    }
}

/// Messages with the number of records in each; `next` is the sequence number behind the last.
fn counted(wire: Wire, messages: Vec<Vec<u8>>, next: u32) -> Vec<Message> {
    let starts: Vec<u32> = messages.iter().map(|octets| sequence(wire, octets)).collect();
    let ends = starts.iter().copied().skip(1).chain([next]);
    let records = |octets: &[u8], start: u32, end: u32| match wire {
        Wire::Netflow9 => header_count(octets).saturating_sub(templates(octets)),
        // Type information is numbered as records are, and is none of a flow.
        Wire::Ipfix if type_records(octets).is_some() => 0,
        // Version 5 and IPFIX number records.
        _ => end.wrapping_sub(start),
    };
    let counts: Vec<u32> = messages.iter().zip(&starts).zip(ends).map(|((o, s), e)| records(o, *s, e)).collect();
    messages.into_iter().zip(counts).map(|(octets, records)| Message { octets, records }).collect()
}

fn word(octets: &[u8], at: usize) -> u32 {
    octets.get(at..at + 4).unwrap_or_default().iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet))
}

fn half(octets: &[u8], at: usize) -> u16 {
    octets.get(at..at + 2).unwrap_or_default().iter().fold(0, |sum, octet| sum << 8 | u16::from(*octet))
}

/// Sequence number of a message (RFC 7011 §3.1, RFC 3954 §5.1; NetFlow v5 has it where IPFIX has sets).
fn sequence(wire: Wire, octets: &[u8]) -> u32 {
    word(octets, sequence_at(wire))
}

fn sequence_at(wire: Wire) -> usize {
    match wire {
        Wire::Ipfix => 8,
        Wire::Netflow9 => 12,
        _ => 16,
    }
}

/// Records and templates of a message of NetFlow v9.
fn header_count(octets: &[u8]) -> u32 {
    half(octets, 2).into()
}

/// Octets of the header before the first set; nothing where a format has no sets.
fn header(octets: &[u8]) -> Option<usize> {
    match half(octets, 0) {
        10 => Some(16),
        9 => Some(20),
        _ => None,
    }
}

/// Sets with templates, which our encoder gives one of.
fn template_sets(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = header(octets).and_then(|at| octets.get(at..)).unwrap_or_default();
    std::iter::from_fn(move || {
        while rest.len() >= 4 {
            let (id, length) = (half(rest, 0), usize::from(half(rest, 2)).max(4));
            let (set, behind) = rest.split_at(length.min(rest.len()));
            rest = behind;
            if matches!(id, 0 | 2 | 3) {
                return Some(set);
            }
        }
        None
    })
}

fn templates(octets: &[u8]) -> u32 {
    u32::try_from(template_sets(octets).count()).unwrap_or(0)
}

/// Sequence number that follows a message.
pub(super) fn after(message: &Message) -> u32 {
    let (wire, units) = match half(&message.octets, 0) {
        10 => (Wire::Ipfix, type_records(&message.octets).unwrap_or(message.records)),
        9 => (Wire::Netflow9, 1),
        _ => (Wire::Netflow5, message.records),
    };
    sequence(wire, &message.octets).wrapping_add(units)
}

/// Templates that a receiver needs for the messages that follow.
#[derive(Debug, Default)]
pub(super) struct Templates(Vec<Vec<u8>>);

impl Templates {
    /// Octets of templates that fit one datagram with its header.
    const ROOM: usize = 1_380;
    /// Most templates; beyond it they come again with their records.
    const MOST: usize = 256;

    /// Takes those of a message.
    pub(super) fn learn(&mut self, octets: &[u8]) {
        for set in template_sets(octets) {
            if self.0.len() < Self::MOST && !self.0.iter().any(|known| known == set) {
                self.0.push(set.to_vec());
            }
        }
    }

    /// Messages with all of them and nothing else, numbered as `next`, which will follow.
    pub(super) fn messages(&self, next: &[u8]) -> Vec<Vec<u8>> {
        let Some(header) = header(next).and_then(|octets| next.get(..octets)) else { return Vec::new() };
        let mut groups: Vec<Vec<&Vec<u8>>> = Vec::new();
        let mut room = 0;
        for set in &self.0 {
            if groups.is_empty() || set.len() > room {
                groups.push(Vec::new());
                room = Self::ROOM;
            }
            room = room.saturating_sub(set.len());
            if let Some(group) = groups.last_mut() {
                group.push(set);
            }
        }
        let message = |sets: Vec<&Vec<u8>>| {
            let mut message = header.to_vec();
            sets.iter().for_each(|set| message.extend(*set));
            let number = if half(&message, 0) == 10 { message.len() } else { sets.len() };
            let number = u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
            message.iter_mut().skip(2).zip(number).for_each(|(to, from)| *to = from);
            message
        };
        groups.into_iter().map(message).collect()
    }
}
