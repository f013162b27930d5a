// SPDX-License-Identifier: Apache-2.0
//! Datagrams on their way from a socket to a decoder: many in one buffer, which is used again. What waits is bounded
//! in octets; a parcel that finds no room is dropped and counted: the socket never waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use minamo_base::Time;
use minamo_flowwire::Sender as Peer;

use crate::counters::{Counters, add};

/// Buffers that grew beyond this are not kept.
const KEEP: usize = 1 << 20;
/// Buffers kept.
const SPARE: usize = 64;
/// Octets that a datagram in the queue takes besides its own.
const OVERHEAD: usize = 32;

/// Datagrams that arrived together.
#[derive(Debug, Default)]
pub(crate) struct Parcel {
    octets: Vec<u8>,
    index: Vec<(Peer, usize)>,
    received: Time,
}

impl Parcel {
    /// The datagrams with who sent them, in the order of arrival.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Peer, &[u8])> {
        let mut start = 0;
        self.index.iter().filter_map(move |(from, end)| {
            let octets = self.octets.get(start..*end)?;
            start = *end;
            Some((*from, octets))
        })
    }

    /// When they arrived.
    pub(crate) fn received(&self) -> Time {
        self.received
    }

    pub(crate) fn push(&mut self, from: Peer, octets: &[u8], received: Time) {
        self.octets.extend_from_slice(octets);
        self.index.push((from, self.octets.len()));
        self.received = received;
    }

    fn size(&self) -> usize {
        self.octets.len() + self.index.len() * OVERHEAD
    }
}

#[derive(Debug, Default)]
struct Shared {
    waiting: AtomicUsize,
    spare: Mutex<Vec<Parcel>>,
}

/// The end of a queue where parcels go in.
#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    sender: Sender<Parcel>,
    shared: Arc<Shared>,
    max: usize,
}

/// The end of a queue where parcels come out.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) receiver: Receiver<Parcel>,
    shared: Arc<Shared>,
}

/// A queue that holds at most `max` octets: the channel itself has no bound, what goes in is counted.
pub(crate) fn queue(max: usize) -> (Inbox, Outbox) {
    let (sender, receiver) = channel();
    let shared = Arc::new(Shared::default());
    (Inbox { sender, shared: Arc::clone(&shared), max }, Outbox { receiver, shared })
}

impl Inbox {
    /// An empty parcel.
    pub(crate) fn empty(&self) -> Parcel {
        self.shared.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Sends a parcel off, where there is room.
    pub(crate) fn send(&self, parcel: Parcel, counters: &Counters) {
        let (size, count) = (parcel.size(), parcel.index.len() as u64);
        if count == 0 {
            self.shared.keep(parcel);
        } else if self.shared.waiting.fetch_add(size, Ordering::AcqRel) + size > self.max {
            self.shared.waiting.fetch_sub(size, Ordering::AcqRel);
            add(&counters.dropped_queue, count);
            self.shared.keep(parcel);
        } else if self.sender.send(parcel).is_err() {
            // The decoder is gone: the program ends.
            add(&counters.dropped_queue, count);
        }
    }
}

impl Outbox {
    /// Takes a parcel back that was read.
    pub(crate) fn give_back(&self, parcel: Parcel) {
        self.shared.waiting.fetch_sub(parcel.size(), Ordering::AcqRel);
        self.shared.keep(parcel);
    }
}

impl Shared {
    fn keep(&self, mut parcel: Parcel) {
        parcel.octets.clear();
        parcel.index.clear();
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE && parcel.octets.capacity() <= KEEP {
            spare.push(parcel);
        }
    }
}

#[cfg(test)]
mod tests {
    use minamo_base::Ip;

    use super::*;

    #[test]
    fn a_full_queue_drops_and_counts_and_has_room_again_when_read() {
        let (inbox, outbox) = queue(300);
        let counters = Counters::default();
        let one = |len: usize| {
            let mut parcel = inbox.empty();
            parcel.push(Ip::default().into(), &vec![7; len], Time(1));
            parcel.push(Ip::v4([1, 2, 3, 4]).into(), &[], Time(1));
            inbox.send(parcel, &counters);
        };
        one(100);
        one(150);
        assert_eq!(counters.dropped_queue.load(Ordering::Relaxed), 2, "two datagrams found no room");
        let parcel = outbox.receiver.try_recv().expect("the first");
        let lengths: Vec<_> = parcel.iter().map(|(from, octets)| (from.address.is_v4(), octets.len())).collect();
        assert_eq!(lengths, [(false, 100), (true, 0)]);
        outbox.give_back(parcel);
        one(150);
        assert_eq!(counters.dropped_queue.load(Ordering::Relaxed), 2);
    }
}
