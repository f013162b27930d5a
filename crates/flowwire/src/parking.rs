// SPDX-License-Identifier: Apache-2.0
//! Data that came before its template (RFC 3954 §9, RFC 7011 §8.2 allow it): the sets wait here, within bounds of
//! octets per exporter, of octets in all and of age, and are read when the template comes.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use minamo_base::{Ip, Time};

use crate::Cache;
use crate::cache::Key;
use crate::finish::Header;

/// Octets that a waiting set takes besides its own.
const OVERHEAD: usize = 128;

/// What the parking lot counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ParkingCounters {
    /// Sets that came to wait.
    pub parked: u64,
    /// Sets that were read when their template came.
    pub replayed: u64,
    /// Sets dropped because the template did not come in time.
    pub expired: u64,
    /// Sets dropped or refused because the lot, or the exporter's part of it, was full.
    pub full: u64,
    /// Octets that wait now.
    pub octets: usize,
}

/// A set that waits.
#[derive(Debug)]
pub(crate) struct Parked {
    key: Key,
    id: u16,
    /// What its message's header said.
    pub(crate) header: Header,
    /// Offset of the set's body in its message.
    pub(crate) at: usize,
    pub(crate) octets: Box<[u8]>,
}

impl Parked {
    fn size(&self) -> usize {
        self.octets.len() + OVERHEAD
    }
}

#[derive(Debug, Default)]
struct Lot {
    octets: usize,
    sets: VecDeque<Parked>,
}

/// The sets that wait, by exporter.
#[derive(Debug, Default)]
pub(crate) struct Parking {
    lots: HashMap<Ip, Lot>,
    counters: ParkingCounters,
}

impl Parking {
    pub(crate) fn counters(&self) -> ParkingCounters {
        self.counters
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lots.is_empty()
    }

    /// Takes the sets that wait for that template, oldest first.
    pub(crate) fn take(&mut self, key: Key, id: u16) -> Vec<Parked> {
        let Some(lot) = self.lots.get_mut(&key.exporter) else { return Vec::new() };
        let (found, rest): (VecDeque<_>, VecDeque<_>) =
            lot.sets.drain(..).partition(|parked| parked.key == key && parked.id == id);
        lot.sets = rest;
        let octets: usize = found.iter().map(Parked::size).sum();
        lot.octets = lot.octets.saturating_sub(octets);
        self.counters.octets = self.counters.octets.saturating_sub(octets);
        self.counters.replayed += found.len() as u64;
        if lot.sets.is_empty() {
            self.lots.remove(&key.exporter);
        }
        found.into()
    }

    /// Drops what has waited longer than `limit`.
    pub(crate) fn expire(&mut self, now: Time, limit: Duration) {
        let counters = &mut self.counters;
        self.lots.retain(|_, lot| {
            while let Some(first) = lot.sets.front()
                && u128::try_from(now.since(first.header.received)).is_ok_and(|age| age > limit.as_nanos())
            {
                lot.drop_first(counters);
                counters.expired += 1;
            }
            !lot.sets.is_empty()
        });
    }

    fn park(&mut self, parked: Parked, per_exporter: usize, all: usize) -> bool {
        let size = parked.size();
        if size > per_exporter || self.counters.octets + size > all {
            self.counters.full += 1;
            return false;
        }
        let lot = self.lots.entry(parked.key.exporter).or_default();
        while lot.octets + size > per_exporter {
            lot.drop_first(&mut self.counters);
            self.counters.full += 1;
        }
        lot.octets += size;
        lot.sets.push_back(parked);
        self.counters.octets += size;
        self.counters.parked += 1;
        true
    }
}

impl Lot {
    fn drop_first(&mut self, counters: &mut ParkingCounters) {
        let size = self.sets.pop_front().map_or(self.octets, |first| first.size());
        self.octets = self.octets.saturating_sub(size);
        counters.octets = counters.octets.saturating_sub(size);
    }
}

impl Cache {
    /// Keeps a set for later; false where there is no room.
    pub(crate) fn park(&mut self, key: Key, id: u16, octets: &[u8], at: usize, header: &Header) -> bool {
        let limits = self.limits();
        let parked = Parked { key, id, header: *header, at, octets: octets.into() };
        self.parking.park(parked, limits.parked_per_exporter, limits.parked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked(host: u8, id: u16, secs: i64, octets: usize) -> Parked {
        let exporter = Ip::v4([192, 0, 2, host]);
        let header = Header {
            source: "netflow9",
            exporter,
            domain: 1,
            received: Time::from_secs_nanos(secs, 0),
            exported: Time(0),
            uptime: None,
            rate: None,
        };
        Parked { key: Key { exporter, version: 9, domain: 1 }, id, header, at: 0, octets: vec![0; octets].into() }
    }

    #[test]
    fn sets_wait_in_order_for_their_template_only() {
        let mut parking = Parking::default();
        for (host, id, secs) in [(1, 256, 1), (1, 257, 2), (1, 256, 3), (2, 256, 4)] {
            assert!(parking.park(parked(host, id, secs, 10), 1_000, 10_000));
        }
        let key = parked(1, 0, 0, 0).key;
        let times: Vec<_> = parking.take(key, 256).iter().map(|p| p.header.received.secs()).collect();
        assert_eq!(times, [1, 3]);
        assert!(parking.take(key, 256).is_empty());
        assert_eq!(parking.counters(), ParkingCounters { parked: 4, replayed: 2, octets: 276, ..Default::default() });
    }

    #[test]
    fn octets_are_bounded_per_exporter_and_in_all() {
        let mut parking = Parking::default();
        let size = parked(1, 256, 0, 100).size();
        for secs in 0..50 {
            parking.park(parked(1, 256, secs, 100), 3 * size, 5 * size);
            assert!(parking.counters().octets <= 3 * size);
        }
        assert_eq!(parking.counters().full, 47, "the oldest went");
        assert!(parking.park(parked(2, 256, 0, 100), 3 * size, 5 * size));
        assert!(parking.park(parked(3, 256, 0, 100), 3 * size, 5 * size));
        assert!(!parking.park(parked(4, 256, 0, 100), 3 * size, 5 * size), "nobody pushes out another exporter's");
        assert!(!parking.park(parked(5, 256, 0, 4 * size), 3 * size, 50 * size), "larger than a part");
    }

    #[test]
    fn what_waits_too_long_goes() {
        let mut parking = Parking::default();
        parking.park(parked(1, 256, 10, 100), 10_000, 10_000);
        parking.park(parked(1, 256, 30, 100), 10_000, 10_000);
        parking.expire(Time::from_secs_nanos(45, 0), Duration::from_secs(20));
        assert_eq!((parking.counters().expired, parking.counters().octets), (1, 228));
        parking.expire(Time::from_secs_nanos(99, 0), Duration::from_secs(20));
        assert!(parking.is_empty() && parking.counters().octets == 0);
    }
}
