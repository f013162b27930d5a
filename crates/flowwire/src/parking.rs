// SPDX-License-Identifier: Apache-2.0
//! Data that came before its template (RFC 3954 §9, RFC 7011 §8.2 allow it): the sets wait here, within bounds of
//! octets per exporter, of octets in all and of age, and are read when the template comes.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use minamo_base::{Cursor, Ip, Time, WireError};

use crate::cache::Key;
use crate::finish::Header;
use crate::persist::{read_key, write_key};
use crate::{Cache, FORMATS};

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
    pub(crate) key: Key,
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

    /// Takes the sets of an exporter that wait for that template and whose session is wanted, oldest first.
    pub(crate) fn take(&mut self, exporter: Ip, id: u16, wanted: impl Fn(Key, &[u8]) -> bool) -> Vec<Parked> {
        let Some(lot) = self.lots.get_mut(&exporter) else { return Vec::new() };
        let (found, rest): (VecDeque<_>, VecDeque<_>) =
            lot.sets.drain(..).partition(|parked| parked.id == id && wanted(parked.key, &parked.octets));
        lot.sets = rest;
        let octets: usize = found.iter().map(Parked::size).sum();
        lot.octets = lot.octets.saturating_sub(octets);
        self.counters.octets = self.counters.octets.saturating_sub(octets);
        self.counters.replayed += found.len() as u64;
        if lot.sets.is_empty() {
            self.lots.remove(&exporter);
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

const MAGIC: &[u8; 8] = b"minamoFP";
const VERSION: u16 = 1;

/// The waiting sets as octets, so that they wait on after a restart.
///
/// ```text
/// "minamoFP" | version (2) | sets (4) | set …
/// set: exporter (16) | version (2) | domain (4) | port (2) | template (2) | received (8) | exported (8)
///      | uptime follows (1) | uptime (4) | offset (4) | octets (4) | …
/// ```
impl Cache {
    /// The sets that wait for their template.
    pub fn save_parked(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_be_bytes());
        let sets = || self.parking.lots.values().flat_map(|lot| &lot.sets);
        out.extend(short(sets().count()));
        for parked in sets() {
            let header = &parked.header;
            write_key(&mut out, &parked.key);
            out.extend(parked.id.to_be_bytes());
            out.extend(header.received.0.to_be_bytes());
            out.extend(header.exported.0.to_be_bytes());
            out.push(header.uptime.is_some().into());
            out.extend(header.uptime.unwrap_or(0).to_be_bytes());
            out.extend(short(parked.at));
            out.extend(short(parked.octets.len()));
            out.extend_from_slice(&parked.octets);
        }
        out
    }

    /// Lets the sets that [`Cache::save_parked`] wrote wait again, of the exporters that `mine` names, within the same
    /// bounds; returns how many.
    ///
    /// # Errors
    /// The first thing that is wrong; what came before it is kept.
    pub fn restore_parked(&mut self, octets: &[u8], mine: &dyn Fn(Ip) -> bool) -> Result<usize, WireError> {
        let mut cursor = Cursor::new(octets);
        if cursor.array::<8>("parked.magic")? != *MAGIC {
            return Err(Cursor::new(octets).bad(0, "parked.magic", 0, "minamoFP"));
        }
        let version = cursor.u16("parked.version")?;
        if version != VERSION {
            return Err(cursor.bad(2, "parked.version", version.into(), "1"));
        }
        let mut count = 0;
        for _ in 0..cursor.u32("parked.sets")? {
            let key = read_key(&mut cursor, 2)?;
            let Some(format) = FORMATS.iter().find(|format| format.version == key.version) else {
                return Err(cursor.bad(0, "parked.format", key.version.into(), "a format with templates"));
            };
            let id = cursor.u16("parked.template")?;
            let received = Time(i64::from_be_bytes(cursor.array("parked.received")?));
            let exported = Time(i64::from_be_bytes(cursor.array("parked.exported")?));
            let (given, uptime) = (cursor.u8("parked.uptime_follows")? != 0, cursor.u32("parked.uptime")?);
            let at = usize::try_from(cursor.u32("parked.offset")?).unwrap_or(usize::MAX);
            let len = usize::try_from(cursor.u32("parked.length")?).unwrap_or(usize::MAX);
            let octets = cursor.take(len, "parked.octets")?;
            let header = Header {
                source: format.name,
                exporter: key.exporter,
                domain: key.domain,
                received,
                exported,
                uptime: given.then_some(uptime),
                rate: None,
            };
            count += usize::from(mine(key.exporter) && self.park(key, id, octets, at, &header));
        }
        Ok(count)
    }

    /// Differs where other sets wait than before.
    pub fn parked_generation(&self) -> u64 {
        let counters = self.parking.counters;
        counters.parked + counters.replayed + counters.expired + counters.full
    }

    /// Keeps a set for later; false where there is no room.
    pub(crate) fn park(&mut self, key: Key, id: u16, octets: &[u8], at: usize, header: &Header) -> bool {
        let limits = self.limits();
        let parked = Parked { key, id, header: *header, at, octets: octets.into() };
        self.parking.park(parked, limits.parked_per_exporter, limits.parked)
    }
}

fn short(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        Parked {
            key: Key { exporter, version: 9, domain: 1, port: 0 },
            id,
            header,
            at: 0,
            octets: vec![0; octets].into(),
        }
    }

    #[test]
    fn sets_wait_in_order_for_their_template_only() {
        let mut parking = Parking::default();
        for (host, id, secs) in [(1, 256, 1), (1, 257, 2), (1, 256, 3), (2, 256, 4)] {
            assert!(parking.park(parked(host, id, secs, 10), 1_000, 10_000));
        }
        let key = parked(1, 0, 0, 0).key;
        let mut take = || parking.take(key.exporter, 256, |known, _| known == key);
        let times: Vec<_> = take().iter().map(|p| p.header.received.secs()).collect();
        assert_eq!(times, [1, 3]);
        assert!(take().is_empty());
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

    fn waiting() -> Cache {
        let mut cache = Cache::default();
        for (host, id) in [(1, 256), (2, 257), (1, 300)] {
            let Parked { key, header, octets, at, .. } = parked(host, id, 5, 40);
            assert!(cache.park(key, id, &octets, at, &header));
        }
        cache
    }

    #[test]
    fn what_waits_waits_on_after_a_restart_at_its_own_decoder() {
        let saved = waiting().save_parked();
        let mut again = Cache::default();
        assert_eq!(again.restore_parked(&saved, &|_| true), Ok(3));
        let restored = |cache: &Cache| cache.parking().octets;
        assert_eq!((restored(&again), again.save_parked().len()), (restored(&waiting()), saved.len()));
        let mut other = Cache::default();
        assert_eq!(other.restore_parked(&saved, &|exporter| exporter == Ip::v4([192, 0, 2, 2])), Ok(1));
        let error = |octets: &[u8]| Cache::default().restore_parked(octets, &|_| true).map_err(|e| e.to_string());
        assert_eq!(error(&[&MAGIC[..], &[0, 7]].concat()), Err("parked.version at octet 8: got 7, want 1".into()));
        assert!(error(b"minamoFC and more").is_err());
    }

    proptest! {
        #[test]
        fn no_file_breaks_it(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>()) {
            let mut octets = waiting().save_parked();
            for (at, value) in flips {
                let at = at.index(octets.len());
                octets[at] = value;
            }
            octets.truncate(cut.index(octets.len()) + 1);
            let mut cache = Cache::default();
            let result = cache.restore_parked(&octets, &|_| true);
            prop_assert!(cache.parking().octets <= octets.len() + 3 * OVERHEAD, "{result:?}");
        }
    }
}
