// SPDX-License-Identifier: Apache-2.0
//! Sets: what NetFlow v9 (RFC 3954 §5.2, §5.3, §6.1) and IPFIX (RFC 7011 §3.3, §3.4) have in common.
//! Lenient on padding and unknown elements, strict on lengths.

use minamo_base::{Cause, Cursor, WireError};
use minamo_model::Flow;

use crate::cache::{Cache, Key, Parts, Session};
use crate::element::V9_SCOPE;
use crate::finish::{self, Header};
use crate::format::shifted;
use crate::measure::Measures;
use crate::record::{Context, Tally};
use crate::registry::Names;
use crate::template::{Field, Template, min_len};
use crate::{Output, Skipped, direct, options, record};

/// Lowest number of a template; sets below carry templates or are reserved.
const FIRST_TEMPLATE: u16 = 256;

/// What differs between the two formats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Number of template sets; options templates have the next.
    pub(crate) templates: u16,
    /// Reads an options template's head: fields of scope and fields in all.
    pub(crate) options_head: fn(&mut Cursor<'_>) -> Result<(usize, usize), WireError>,
    /// True where bit 15 of an element's number says that an enterprise number follows.
    pub(crate) enterprise: bool,
    /// True where a template without fields withdraws an older one.
    pub(crate) withdrawals: bool,
}

/// A walk over the sets of one message.
pub(crate) struct Walk<'a, 'b> {
    pub(crate) layout: &'static Layout,
    pub(crate) key: Key,
    pub(crate) header: Header,
    pub(crate) cache: &'a mut Cache,
    pub(crate) out: &'a mut Output<'b>,
}

impl Walk<'_, '_> {
    /// Walks the sets that `cursor` has left. Returns the number of data records, or nothing where a set
    /// could not be counted.
    pub(crate) fn sets(&mut self, cursor: &mut Cursor<'_>) -> Option<u32> {
        (self.out.report.exported, self.out.report.domain) = (Some(self.header.exported), self.header.domain);
        let mut records = Some(0u32);
        for id in self.cache.take_settled(self.key) {
            self.replay(id);
        }
        // Fewer octets than a set's header has are padding.
        while cursor.left() >= 4 {
            match self.set(cursor) {
                Ok(found) => records = records.zip(found).map(|(sum, n)| sum.saturating_add(n)),
                Err(error) => {
                    self.out.skip(Skipped::Malformed(error));
                    return None;
                }
            }
        }
        records
    }

    /// One set. What is there of a cut set is still read.
    fn set(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<u32>, WireError> {
        let id = cursor.u16("set.id")?;
        let len = usize::from(cursor.u16("set.length")?);
        let Some(wanted) = len.checked_sub(4) else {
            return Err(cursor.bad(2, "set.length", u64::try_from(len).unwrap_or(0), "at least 4"));
        };
        let base = cursor.at();
        let missing = wanted.saturating_sub(cursor.left());
        let body = cursor.take(wanted.saturating_sub(missing), "set.body")?;
        let records = self.body(id, body, base);
        if missing > 0 {
            return Err(WireError { at: base, field: "set.body", cause: Cause::Short { missing } });
        }
        Ok(records)
    }

    fn body(&mut self, id: u16, body: &[u8], base: usize) -> Option<u32> {
        if id >= FIRST_TEMPLATE {
            return self.data(id, body, base);
        }
        let options = id == self.layout.templates + 1;
        if id != self.layout.templates && !options {
            self.out.skip(Skipped::ReservedSet { id, octets: body.len() });
            return Some(0);
        }
        let mut cursor = Cursor::new(body);
        while cursor.left() >= 4 {
            match self.template(&mut cursor, options, base) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.out.skip(Skipped::Malformed(shifted(error, base)));
                    break;
                }
            }
        }
        Some(0)
    }

    /// One template of a set; false where only padding is left.
    fn template(&mut self, cursor: &mut Cursor<'_>, options: bool, base: usize) -> Result<bool, WireError> {
        if cursor.rest().iter().all(|octet| *octet == 0) {
            return Ok(false);
        }
        let start = *cursor;
        let id = cursor.u16("template.id")?;
        let (scopes, count) =
            if options { (self.layout.options_head)(cursor)? } else { (0, cursor.u16("template.field_count")?.into()) };
        if count == 0 {
            return if self.layout.withdrawals {
                self.cache.withdraw(self.key, id);
                Ok(true)
            } else {
                Err(cursor.bad(2, "template.field_count", 0, "at least 1"))
            };
        }
        let fields = self.fields(cursor, scopes, count)?;
        if let Err(error) = self.define(&start, id, options, fields) {
            self.out.skip(Skipped::Malformed(shifted(error, base)));
        }
        Ok(true)
    }

    fn fields(&self, cursor: &mut Cursor<'_>, scopes: usize, count: usize) -> Result<Vec<Field>, WireError> {
        let mut fields = Vec::with_capacity(count.min(cursor.left() / 4));
        for at in 0..count {
            let id = cursor.u16("template.element")?;
            let len = cursor.u16("template.field_length")?;
            let scope = at < scopes;
            let (pen, id) = if !self.layout.enterprise {
                (if scope { V9_SCOPE } else { 0 }, id)
            } else if id & 0x8000 != 0 {
                (cursor.u32("template.enterprise")?, id & 0x7fff)
            } else {
                (0, id)
            };
            fields.push(Field { pen, id, len, scope });
        }
        Ok(fields)
    }

    fn define(&mut self, cursor: &Cursor<'_>, id: u16, options: bool, fields: Vec<Field>) -> Result<(), WireError> {
        if id < FIRST_TEMPLATE {
            return Err(cursor.bad(0, "template.id", id.into(), "at least 256"));
        }
        if fields.len() > self.cache.limits().template_fields {
            let count = u64::try_from(fields.len()).unwrap_or(u64::MAX);
            return Err(cursor.bad(0, "template.field_count", count, "no more than the configured bound"));
        }
        let octets = min_len(&fields);
        if octets == 0 || octets > usize::from(u16::MAX) {
            let octets = u64::try_from(octets).unwrap_or(u64::MAX);
            return Err(cursor.bad(0, "template.record_length", octets, "1 to 65535"));
        }
        self.cache.define(self.key, id, fields, options, octets);
        self.out.report.templates += 1;
        self.replay(id);
        Ok(())
    }

    /// Reads the data that waited for this template, as it would have been read when it came.
    fn replay(&mut self, id: u16) {
        if self.cache.parking.is_empty() {
            return;
        }
        let header = self.header;
        for parked in self.cache.take_parked(self.key, id) {
            self.header = parked.header;
            self.out.report.replayed += 1;
            self.data(id, &parked.octets, parked.at);
        }
        self.header = header;
    }

    fn data(&mut self, id: u16, body: &[u8], base: usize) -> Option<u32> {
        let Parts { session, counters, applications, names: told, generation, limits, elements, now, bench } =
            self.cache.parts(self.key);
        let Session { templates, learned, seen, .. } = session;
        let Some(template) = templates.get_mut(&id) else {
            if self.cache.borrow_template(self.key, id, body) {
                // What waited for it is older than this.
                self.replay(id);
                return self.data(id, body, base);
            }
            if self.cache.park(self.key, id, body, base, &self.header) {
                self.out.report.parked += 1;
            } else {
                self.out.skip(Skipped::UnknownTemplate { id, octets: body.len() });
            }
            return None;
        };
        (template.used, template.seen, template.read) = (now, *seen, Some(*seen));
        template.sample(body, now);
        if let Some(plan) = template.plan.as_deref().filter(|_| self.out.takes_blocks()) {
            counters.unfit_values += u64::from(bench.all(plan, body, &self.header, learned, self.out));
            return u32::try_from(body.len() / plan.size).ok();
        }
        let template = templates.get(&id)?;
        if !template.fills && !template.options {
            self.out.skip(Skipped::NotAFlow { id, octets: body.len() });
        }
        let mut cursor = Cursor::new(body);
        let mut records = 0u32;
        let (mut flow, mut measures) = (Flow::default(), Measures::default());
        let (mut tally, mut learnt) = (Tally::default(), Vec::new());
        let mut whole = true;
        // What is left and shorter than a record is padding.
        while cursor.left() >= template.min_len {
            let at = cursor.at();
            direct::empty(&mut flow, template.fixed);
            measures.clear();
            let names = Names { configured: elements, learnt: &learned.elements };
            let context = Context { templates, names };
            if let Err(error) = record::read(&mut cursor, template, &context, &mut flow, &mut measures, &mut tally) {
                self.out.skip(Skipped::Malformed(shifted(error, base)));
                whole = false;
                break;
            }
            records = records.saturating_add(1);
            if template.options {
                self.out.report.options += 1;
                let kept = finish::learn(&flow, &measures, learned, applications, &limits, &mut learnt);
                counters.refused_facts += u64::from(!kept);
                if let Some(octets) = body.get(at..cursor.at()) {
                    learned.changed |=
                        options::learn(octets, &template.fields, &mut learned.taught, told, &limits, counters);
                    *generation += u64::from(std::mem::take(&mut learned.changed));
                }
            } else if template.fills {
                finish::row(&mut flow, &measures, &self.header, learned);
                self.out.row(&flow);
            }
        }
        counters.unmapped(&template.unmapped, records.into(), limits.unmapped);
        counters.unfit_values += u64::from(tally.unfit);
        counters.cut_values += u64::from(tally.cut);
        if let Some((id, octets)) = tally.unknown {
            self.out.skip(Skipped::UnknownTemplate { id, octets });
        }
        if !learnt.is_empty() {
            let names = Names { configured: elements, learnt: &learned.elements };
            let knows = |template: &Template| template.fields.iter().any(|f| learnt.contains(&(f.pen, f.id)));
            for template in templates.values_mut().filter(|template| knows(template)) {
                *template = template.renamed(&names);
            }
        }
        whole.then_some(records)
    }
}
