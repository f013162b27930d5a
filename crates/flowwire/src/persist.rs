// SPDX-License-Identifier: Apache-2.0
//! The cache as octets and back, so that templates and options survive a restart. Versioned: every version that was
//! ever written is read. What cannot be believed any more after a restart (sequence numbers, waiting data, counters)
//! is not part of it. Reading uses the bounds of the cache: a file cannot make it larger than datagrams can.
//!
//! ```text
//! "minamoFC" | version (2) | sessions (4) | session …
//! session:  exporter (16) | version (2) | domain (4) | port (2, not in version 1) | seen (8) | boot (8, 0 = none)
//!           | templates (2) | template … | rates (2) | rate … | applications (4) | application …
//!           | interfaces (4) | interface … | VRFs (4) | VRF … | active timeout (4) | idle timeout (4)
//! template: id (2) | options (1) | fields (2) | { enterprise (4) | element (2) | length (2) | scope (1) } …
//! ```

use minamo_base::{Cursor, Ip, Time, WireError};

use crate::Cache;
use crate::cache::{Key, Sampled, Session};
use crate::options::Interface;
use crate::template::{Field, min_len};

const MAGIC: &[u8; 8] = b"minamoFC";
const VERSION: u16 = 2;

/// What came back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    /// Sessions.
    pub sessions: usize,
    /// Templates.
    pub templates: usize,
}

impl Cache {
    /// Everything that shall survive a restart.
    pub fn save(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend(VERSION.to_be_bytes());
        // Sessions without templates and options (NetFlow v5) have nothing to remember.
        let worth = |session: &Session| !session.templates.is_empty() || !session.learned.rates.is_empty();
        let mut sessions: Vec<_> = self.sessions.iter().filter(|(_, session)| worth(session)).collect();
        sessions.sort_unstable_by_key(|(_, session)| session.used);
        out.extend(count32(sessions.len()));
        sessions.iter().for_each(|(key, session)| write_session(&mut out, key, session));
        out
    }

    /// Takes over what [`Cache::save`] wrote, of the exporters that `mine` names. Stops at the first thing that is
    /// wrong; what came before it is kept.
    pub fn restore(&mut self, octets: &[u8], mine: &dyn Fn(Ip) -> bool) -> Result<Restored, WireError> {
        let mut cursor = Cursor::new(octets);
        if cursor.array::<8>("state.magic")? != *MAGIC {
            return Err(Cursor::new(octets).bad(0, "state.magic", 0, "minamoFC"));
        }
        let version = cursor.u16("state.version")?;
        if !(1..=VERSION).contains(&version) {
            return Err(cursor.bad(2, "state.version", version.into(), "1 or 2"));
        }
        let mut restored = Restored::default();
        for _ in 0..cursor.u32("state.sessions")? {
            let (key, read) = read_session(&mut cursor, version)?;
            if mine(key.exporter) {
                restored.sessions += 1;
                restored.templates += self.adopt(key, read);
            }
        }
        // What was just read is what is on disk.
        self.generation = 0;
        Ok(restored)
    }

    fn adopt(&mut self, key: Key, read: Read) -> usize {
        let limits = self.limits();
        self.begin(read.seen);
        if !self.reliable && [9, 10].contains(&key.version) {
            self.enter(key);
        }
        let mut count = 0;
        for (id, options, fields) in read.templates {
            let octets = min_len(&fields);
            let good = id >= 256 && fields.len() <= limits.template_fields;
            if good && octets > 0 && octets <= usize::from(u16::MAX) {
                self.define(key, id, fields, options, octets);
                count += 1;
            }
        }
        let applications = limits.all_applications.saturating_sub(self.applications).min(limits.applications);
        let names = limits.names.saturating_sub(self.names);
        let learned = &mut self.parts(key).session.learned;
        learned.boot = read.boot;
        learned.rates = read.rates;
        learned.rates.truncate(limits.samplers);
        learned.applications = read.applications.into_iter().take(applications).collect();
        learned.taught.interfaces = read.interfaces.into_iter().take(names).collect();
        let names = names.saturating_sub(learned.taught.interfaces.len());
        learned.taught.vrfs = read.vrfs.into_iter().take(names).collect();
        (learned.taught.active_timeout, learned.taught.idle_timeout) = read.timeouts;
        let (applications, names) = (learned.applications.len(), learned.taught.names());
        self.applications += applications;
        self.names += names;
        count
    }
}

fn count32(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

fn count16(count: usize) -> [u8; 2] {
    u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes()
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.extend(count16(text.len()));
    out.extend_from_slice(text.as_bytes().get(..usize::from(u16::MAX)).unwrap_or(text.as_bytes()));
}

pub(crate) fn write_key(out: &mut Vec<u8>, key: &Key) {
    out.extend(key.exporter.0);
    out.extend(key.version.to_be_bytes());
    out.extend(key.domain.to_be_bytes());
    out.extend(key.port.to_be_bytes());
}

/// A key as the version of the state has it: version 1 has no port.
pub(crate) fn read_key(cursor: &mut Cursor<'_>, saved: u16) -> Result<Key, WireError> {
    Ok(Key {
        exporter: Ip(cursor.array("state.exporter")?),
        version: cursor.u16("state.format")?,
        domain: cursor.u32("state.domain")?,
        port: if saved < 2 { 0 } else { cursor.u16("state.port")? },
    })
}

fn write_session(out: &mut Vec<u8>, key: &Key, session: &Session) {
    write_key(out, key);
    out.extend(session.seen.0.to_be_bytes());
    let learned = &session.learned;
    out.extend(learned.boot.map_or(0, |boot| boot.0).to_be_bytes());
    out.extend(count16(session.templates.len()));
    let mut templates: Vec<_> = session.templates.iter().collect();
    templates.sort_unstable_by_key(|(id, _)| **id);
    for (id, template) in templates {
        out.extend(id.to_be_bytes());
        out.push(template.options.into());
        out.extend(count16(template.fields.len()));
        for field in &template.fields {
            out.extend(field.pen.to_be_bytes());
            out.extend(field.id.to_be_bytes());
            out.extend(field.len.to_be_bytes());
            out.push(field.scope.into());
        }
    }
    out.extend(count16(learned.rates.len()));
    for (what, rate) in &learned.rates {
        let (kind, id) = match what {
            Sampled::All => (0, 0),
            Sampled::Selector(id) => (1, *id),
            Sampled::Interface(index) => (2, *index),
        };
        out.push(kind);
        out.extend(id.to_be_bytes());
        out.extend(rate.to_be_bytes());
    }
    out.extend(count32(learned.applications.len()));
    for (hash, name) in &learned.applications {
        out.extend(hash.to_be_bytes());
        write_text(out, name);
    }
    let taught = &learned.taught;
    out.extend(count32(taught.interfaces.len()));
    for (index, interface) in &taught.interfaces {
        out.extend(index.to_be_bytes());
        out.extend(interface.speed.to_be_bytes());
        write_text(out, &interface.name);
        write_text(out, &interface.description);
    }
    out.extend(count32(taught.vrfs.len()));
    for (id, name) in &taught.vrfs {
        out.extend(id.to_be_bytes());
        write_text(out, name);
    }
    out.extend(taught.active_timeout.unwrap_or(0).to_be_bytes());
    out.extend(taught.idle_timeout.unwrap_or(0).to_be_bytes());
}

#[derive(Default)]
struct Read {
    seen: Time,
    boot: Option<Time>,
    templates: Vec<(u16, bool, Vec<Field>)>,
    rates: Vec<(Sampled, u32)>,
    applications: Vec<(u64, Box<str>)>,
    interfaces: Vec<(u32, Interface)>,
    vrfs: Vec<(u32, String)>,
    timeouts: (Option<u32>, Option<u32>),
}

fn read_text(cursor: &mut Cursor<'_>) -> Result<String, WireError> {
    let len = cursor.u16("state.text_length")?;
    let octets = cursor.take(len.into(), "state.text")?;
    Ok(String::from_utf8_lossy(octets).into_owned())
}

fn time(cursor: &mut Cursor<'_>, field: &'static str) -> Result<Time, WireError> {
    Ok(Time(i64::from_be_bytes(cursor.array(field)?)))
}

fn read_session(cursor: &mut Cursor<'_>, saved: u16) -> Result<(Key, Read), WireError> {
    let key = read_key(cursor, saved)?;
    let mut read = Read { seen: time(cursor, "state.seen")?, ..Read::default() };
    read.boot = Some(time(cursor, "state.boot")?).filter(|boot| *boot != Time(0));
    for _ in 0..cursor.u16("state.templates")? {
        let (id, options) = (cursor.u16("state.template_id")?, cursor.u8("state.template_kind")? != 0);
        let mut fields = Vec::new();
        for _ in 0..cursor.u16("state.fields")? {
            fields.push(Field {
                pen: cursor.u32("state.enterprise")?,
                id: cursor.u16("state.element")?,
                len: cursor.u16("state.length")?,
                scope: cursor.u8("state.scope")? != 0,
            });
        }
        read.templates.push((id, options, fields));
    }
    for _ in 0..cursor.u16("state.rates")? {
        let (kind, id) = (cursor.u8("state.rate_kind")?, cursor.u64("state.rate_id")?);
        let what = match kind {
            1 => Sampled::Selector(id),
            2 => Sampled::Interface(id),
            _ => Sampled::All,
        };
        read.rates.push((what, cursor.u32("state.rate")?));
    }
    for _ in 0..cursor.u32("state.applications")? {
        read.applications.push((cursor.u64("state.application")?, read_text(cursor)?.into()));
    }
    for _ in 0..cursor.u32("state.interfaces")? {
        let (index, speed) = (cursor.u32("state.interface")?, cursor.u64("state.speed")?);
        read.interfaces.push((index, Interface { speed, name: read_text(cursor)?, description: read_text(cursor)? }));
    }
    for _ in 0..cursor.u32("state.vrfs")? {
        read.vrfs.push((cursor.u32("state.vrf")?, read_text(cursor)?));
    }
    let given = |seconds: u32| (seconds > 0).then_some(seconds);
    read.timeouts = (given(cursor.u32("state.active_timeout")?), given(cursor.u32("state.idle_timeout")?));
    Ok((key, read))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{FORMATS, Limits, decode};

    fn filled() -> (Cache, Ip) {
        let exporter = Ip::v4([192, 0, 2, 1]);
        let mut cache = Cache::default();
        for format in FORMATS {
            decode(format.sample, exporter, Time::from_secs_nanos(7, 0), &mut cache, &mut |_| {});
        }
        for session in cache.sessions.values_mut() {
            let learned = &mut session.learned;
            learned.rates = vec![(Sampled::All, 5), (Sampled::Selector(3), 100), (Sampled::Interface(9), 7)];
            learned.boot = Some(Time(99));
            learned.applications.insert(4, "ssh".into());
            learned.taught.vrfs.insert(1, "red".into());
            let interface = Interface { name: "Gi0/1".into(), description: "uplink".into(), speed: 1_000 };
            learned.taught.interfaces.insert(1, interface);
            learned.taught.active_timeout = Some(60);
        }
        (cache, exporter)
    }

    #[test]
    fn what_is_saved_comes_back_and_data_without_template_is_read_at_once() {
        let (cache, exporter) = filled();
        let mut again = Cache::default();
        let octets = cache.save();
        let restored = again.restore(&octets, &|_| true).expect("our own octets");
        assert_eq!(restored.templates, cache.templates());
        assert_eq!((again.save(), again.generation()), (octets, 0));
        let sample = FORMATS.iter().find(|format| format.version == 9).expect("NetFlow v9").sample;
        // The sample's header and data set, without its template.
        let data = [&sample[..20], &sample[64..]].concat();
        let report = decode(&data, exporter, Time::from_secs_nanos(8, 0), &mut again, &mut |_| {});
        assert_eq!((report.rows, report.skipped.len()), (1, 0));
    }

    #[test]
    fn only_the_own_exporters_are_taken() {
        let (cache, _) = filled();
        let mut other = Cache::default();
        assert_eq!(other.restore(&cache.save(), &|_| false), Ok(Restored::default()));
        assert_eq!(other.sessions(), 0);
    }

    #[test]
    fn files_of_another_kind_are_refused_with_the_reason() {
        let mut cache = Cache::default();
        let error = |octets: &[u8], cache: &mut Cache| cache.restore(octets, &|_| true).map_err(|e| e.to_string());
        let later = [&MAGIC[..], &[0, 9]].concat();
        assert_eq!(error(&later, &mut cache), Err("state.version at octet 8: got 9, want 1 or 2".to_owned()));
        assert!(error(b"something else", &mut cache).is_err());
    }

    proptest! {
        #[test]
        fn no_file_breaks_it(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>()) {
            let mut octets = filled().0.save();
            for (at, value) in flips {
                let at = at.index(octets.len());
                octets[at] = value;
            }
            octets.truncate(cut.index(octets.len()) + 1);
            let mut cache = Cache::new(Limits { sessions: 4, fields: 64, ..Limits::default() });
            let result = cache.restore(&octets, &|_| true);
            prop_assert!(cache.sessions() <= 4 && cache.save().len() <= octets.len() + 64, "{result:?}");
        }
    }
}
