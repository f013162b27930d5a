// SPDX-License-Identifier: Apache-2.0
//! Templates (RFC 3954 §5.2, RFC 7011 §3.4), compiled: one operation per field, runs of fields that
//! nobody asks for joined to one, so that reading a record is a plain loop.

use std::borrow::Cow;

use minamo_base::{Cursor, Time, WireError};
use minamo_schema::ColumnId;

use crate::direct;
use crate::element::{Coding, Special, Target, target};
use crate::measure::Measure;
use crate::plan::Plan;
use crate::registry::{Names, Type};

/// Length that says "the field begins with its length" (RFC 7011 §7).
pub(crate) const VARIABLE: u16 = 65_535;

/// One field of a template as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// Enterprise number; 0 for IANA's elements.
    pub(crate) pen: u32,
    /// Number of the element.
    pub(crate) id: u16,
    /// Octets, or [`VARIABLE`].
    pub(crate) len: u16,
    /// True for the scope of an options template.
    pub(crate) scope: bool,
}

/// When a field may set its column, where several fields of a template fill the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Always.
    Always,
    /// Only with a value other than zero: a field of lower rank was there before.
    NotZero,
    /// Only where the column is still empty: a field of higher rank was there before.
    IfEmpty,
    /// By setting further bits.
    Or,
}

/// What to do with the octets of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Step over them.
    Ignore,
    /// Set a column.
    Column(ColumnId, Coding, Guard),
    /// Keep as a measure.
    Measure(Measure),
    /// Fill several columns.
    Special(Special),
    /// Structured data.
    List(Type),
    /// Put into the column `extra`.
    Extra(Option<Type>),
}

/// One step of reading a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Op {
    /// Octets; none where the field begins with its length.
    pub(crate) len: Option<usize>,
    /// What to do with them.
    pub(crate) action: Action,
    /// Position of the field in the template.
    pub(crate) at: u16,
    /// The direct way to the column.
    pub(crate) direct: Option<u8>,
}

/// A compiled template.
#[derive(Debug)]
pub(crate) struct Template {
    /// As it came: a template that is sent again is compared, not compiled.
    pub(crate) fields: Box<[Field]>,
    /// True for options.
    pub(crate) options: bool,
    /// The steps, in the order of the wire.
    pub(crate) ops: Box<[Op]>,
    /// Names of the fields that may go to `extra`, by position.
    pub(crate) names: Box<[(u16, Cow<'static, str>)]>,
    /// Shortest record in octets, at least 1.
    pub(crate) min_len: usize,
    /// True where a record of it fills a column other than `extra`.
    pub(crate) fills: bool,
    /// Elements that no column or measure takes.
    pub(crate) unmapped: Box<[(u32, u16)]>,
    /// The quick way, where all of its fields are plain.
    pub(crate) plan: Option<Box<Plan>>,
    /// Groups that every record of it makes present.
    pub(crate) fixed: Groups,
    /// True where all records have one length.
    pub(crate) even: bool,
    /// Tick of the last use.
    pub(crate) used: u64,
    /// When it was last sent or used.
    pub(crate) seen: Time,
    /// When data was last read by it.
    pub(crate) read: Option<Time>,
    /// True where the session has it from another one of its family.
    pub(crate) borrowed: bool,
    /// Octets of a recent record, at most [`MAX_SAMPLE`].
    pub(crate) sample: Vec<u8>,
    /// Tick at which the sample was taken.
    pub(crate) sampled: u64,
}

/// Longest sample of a record, in octets: one with the first packets (1,300) and counts of octet values (512) of both sides is whole.
pub(crate) const MAX_SAMPLE: usize = 4_608;
/// Datagrams between two samples.
const SAMPLE_EVERY: u64 = 1_024;

impl Template {
    /// Keeps the octets of a record to show, once in a while.
    pub(crate) fn sample(&mut self, octets: &[u8], now: u64) {
        if self.sample.is_empty() || now.saturating_sub(self.sampled) > SAMPLE_EVERY {
            self.sampled = now;
            self.sample.clear();
            let fixed = self.ops.iter().all(|op| op.len.is_some());
            let most = if fixed { self.min_len.min(MAX_SAMPLE) } else { MAX_SAMPLE };
            self.sample.extend_from_slice(octets.get(..most).unwrap_or(octets));
        }
    }
}

/// Groups of columns whose boxes one record hands on to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Groups {
    /// The group of the IP header.
    pub(crate) net: bool,
    /// The group of TCP.
    pub(crate) tcp: bool,
}

impl Template {
    /// Compiles fields whose shortest record has `min_len` octets.
    pub(crate) fn compile(fields: Vec<Field>, options: bool, min_len: usize, known: &Names<'_>) -> Self {
        let (mut ops, mut unmapped, mut seen, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, field) in (0..=u16::MAX).zip(&fields) {
            let action = action(field, &mut seen, known);
            match action {
                Action::Extra(_) if !field.scope => unmapped.push((field.pen, field.id)),
                _ => {}
            }
            if matches!(action, Action::Extra(_) | Action::List(_) | Action::Column(..)) {
                names.push((at, known.of(field.pen, field.id).name));
            }
            let len = (field.len != VARIABLE).then_some(usize::from(field.len));
            let direct = match (action, len) {
                (Action::Column(id, coding, Guard::Always), Some(len)) => direct::of(id, coding, len),
                _ => None,
            };
            push(&mut ops, Op { len, action, at, direct });
        }
        let fills = ops.iter().any(|op| matches!(op.action, Action::Column(..) | Action::Special(_) | Action::List(_)));
        let fixed = direct::groups(ops.iter().filter_map(|op| op.direct));
        let even = ops.iter().all(|op| op.len.is_some());
        let plan = if fills && !options { Plan::of(&ops).map(Box::new) } else { None };
        let (fields, ops, unmapped) = (fields.into(), ops.into(), unmapped.into());
        let (used, seen, read, borrowed, sample, sampled) = (0, Time(0), None, false, Vec::new(), 0);
        let names = names.into();
        Self {
            fields,
            options,
            ops,
            names,
            min_len,
            fills,
            unmapped,
            plan,
            fixed,
            even,
            used,
            seen,
            read,
            borrowed,
            sample,
            sampled,
        }
    }

    /// The same template with names that were learnt since.
    pub(crate) fn renamed(&self, known: &Names<'_>) -> Self {
        let fresh = Self::compile(self.fields.to_vec(), self.options, self.min_len, known);
        let Self { used, seen, read, borrowed, sampled, .. } = *self;
        Self { used, seen, read, borrowed, sampled, sample: self.sample.clone(), ..fresh }
    }

    /// Name of the field at that position.
    pub(crate) fn name(&self, at: u16) -> &str {
        let found = self.names.binary_search_by_key(&at, |(known, _)| *known).ok();
        found.and_then(|at| self.names.get(at)).map_or("", |(_, name)| name)
    }
}

/// Octets of the shortest record of these fields.
pub(crate) fn min_len(fields: &[Field]) -> usize {
    fields.iter().map(|field| if field.len == VARIABLE { 1 } else { usize::from(field.len) }).sum()
}

fn action(field: &Field, seen: &mut Vec<(ColumnId, u8)>, names: &Names<'_>) -> Action {
    // A field without octets tells nothing.
    if field.len == 0 {
        return Action::Ignore;
    }
    match target(field.pen, field.id, field.scope, names) {
        Target::Measure(measure) => Action::Measure(measure),
        Target::Column(place) if field.len == VARIABLE || place.coding.takes(field.len.into()) => {
            let best = seen.iter().filter(|(id, _)| *id == place.id).map(|(_, rank)| *rank).min();
            seen.push((place.id, place.rank));
            let guard = match best {
                None => Guard::Always,
                Some(_) if place.flags => Guard::Or,
                Some(rank) if rank < place.rank => Guard::IfEmpty,
                Some(_) => Guard::NotZero,
            };
            Action::Column(place.id, place.coding, guard)
        }
        // A length that the type cannot have: shown as it is.
        Target::Column(_) => Action::Extra(None),
        Target::Special(special) => Action::Special(special),
        Target::List(kind) => Action::List(kind),
        Target::Extra(kind) => Action::Extra(kind),
        Target::Nowhere => Action::Ignore,
    }
}

fn push(ops: &mut Vec<Op>, op: Op) {
    if let (Some(Op { len: Some(before), action: Action::Ignore, .. }), Some(len), Action::Ignore) =
        (ops.last_mut(), op.len, op.action)
    {
        *before += len;
    } else {
        ops.push(op);
    }
}

/// Reads the octets of one field: the announced number, or the length in front of them (RFC 7011 §7).
pub(crate) fn field<'a>(cursor: &mut Cursor<'a>, len: Option<usize>) -> Result<&'a [u8], WireError> {
    let len = match len {
        Some(len) => len,
        None => match cursor.u8("record.field_length")? {
            255 => cursor.u16("record.field_length")?.into(),
            short => short.into(),
        },
    };
    cursor.take(len, "record.field")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Elements;
    use crate::registry::Learnt;

    fn plain(id: u16, len: u16) -> Field {
        Field { pen: 0, id, len, scope: false }
    }

    fn compile(fields: Vec<Field>) -> Template {
        let (configured, learnt) = (Elements::default(), Learnt::default());
        let len = min_len(&fields);
        Template::compile(fields, false, len, &Names { configured: &configured, learnt: &learnt })
    }

    #[test]
    fn ignored_neighbours_are_one_step() {
        let template = compile(vec![plain(8, 4), plain(210, 3), plain(210, 2), plain(4, 1)]);
        assert_eq!(template.ops.len(), 3);
        assert_eq!(template.ops[1], Op { len: Some(5), action: Action::Ignore, at: 1, direct: None });
        assert!(template.unmapped.is_empty());
    }

    #[test]
    fn what_has_no_column_keeps_its_name() {
        let template = compile(vec![plain(8, 4), plain(60_000, 3), plain(54, 4)]);
        let names: Vec<_> = template.ops.iter().map(|op| template.name(op.at)).collect();
        assert_eq!(names, ["sourceIPv4Address", "60000", "fragmentIdentification"]);
        assert_eq!(*template.unmapped, [(0, 60_000), (0, 54)]);
    }

    #[test]
    fn the_better_source_of_a_column_wins() {
        let fields = vec![plain(8, 4), plain(27, 16), plain(243, 2), plain(58, 2), plain(6, 1), plain(6, 2)];
        let template = compile(fields);
        let guards: Vec<_> = template
            .ops
            .iter()
            .filter_map(|op| if let Action::Column(_, _, guard) = op.action { Some(guard) } else { None })
            .collect();
        assert_eq!(guards, [Guard::Always, Guard::IfEmpty, Guard::Always, Guard::NotZero, Guard::Always, Guard::Or]);
    }

    #[test]
    fn a_length_that_the_type_cannot_have_is_shown_as_it_is() {
        let template = compile(vec![plain(8, 5), plain(1, 9), plain(4, 0)]);
        let actions: Vec<_> = template.ops.iter().map(|op| op.action).collect();
        assert_eq!(actions, [Action::Extra(None), Action::Extra(None), Action::Ignore]);
        assert_eq!(*template.unmapped, [(0, 8), (0, 1)]);
    }

    #[test]
    fn variable_lengths_take_one_or_three_octets() {
        let mut input = vec![2, b'a', b'b', 255, 0, 3];
        input.extend(b"xyz");
        let mut cursor = Cursor::new(&input);
        assert_eq!(field(&mut cursor, None), Ok(&b"ab"[..]));
        assert_eq!(field(&mut cursor, None), Ok(&b"xyz"[..]));
        assert_eq!(
            field(&mut cursor, None).map_err(|e| e.to_string()),
            Err("record.field_length at octet 9: 1 octet(s) missing".to_owned())
        );
    }
}
