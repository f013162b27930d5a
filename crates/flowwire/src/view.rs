// SPDX-License-Identifier: Apache-2.0
//! What is remembered of an exporter, to show: its sessions with templates, the fields of each, a recent record of
//! it field by field, and what its options told.

use std::collections::HashMap;

use minamo_base::{Cursor, Ip, Time};
use minamo_model::{FLOWS, Flow};
use minamo_schema::Value;

use crate::cache::{Key, Sampled, Session};
use crate::element::{Special, Target, V9_SCOPE, target};
use crate::eta;
use crate::measure::Measures;
use crate::options::{Interface, Taught};
use crate::record::{Context, Tally};
use crate::registry::Names;
use crate::template::{Field, Template, VARIABLE, field};
use crate::{Cache, Elements, record};

/// A session of an exporter.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Version in the header: 5, 9, 10.
    pub version: u16,
    /// Observation domain.
    pub domain: u32,
    /// Source port; 0 where it is of no matter.
    pub port: u16,
    /// Arrival of the last message.
    pub seen: Time,
    /// Templates by number.
    pub templates: Vec<TemplateView>,
    /// Sampling: what it holds for (empty for everything), and one in how many.
    pub rates: Vec<(String, u32)>,
    /// Names of applications told.
    pub applications: usize,
    /// What options records told.
    pub taught: Taught,
}

/// What is remembered of an exporter in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// How many exporters seem to send from this address; 0 where there is one.
    pub sharing: usize,
    /// Active timeout that it told of itself, in seconds.
    pub active_timeout: Option<u32>,
}

/// A template.
#[derive(Debug, Clone)]
pub struct TemplateView {
    /// Its number.
    pub id: u16,
    /// True for options.
    pub options: bool,
    /// When it was last sent or used.
    pub seen: Time,
    /// True where it came from another port of the same exporter and domain.
    pub borrowed: bool,
    /// Its fields.
    pub fields: Vec<FieldView>,
    /// A recent record as columns of the flow table: name and value; empty where none came.
    pub columns: Vec<(&'static str, Value<'static>)>,
}

/// A field of a template.
#[derive(Debug, Clone)]
pub struct FieldView {
    /// Enterprise number; 0 for IANA's elements, and nothing where `element` is a scope type of NetFlow v9.
    pub enterprise: Option<u32>,
    /// Number of the element.
    pub element: u16,
    /// Its name in the registries, the configuration, or as the exporter says; empty where nobody knows it.
    pub name: String,
    /// Octets; nothing where they vary.
    pub length: Option<u16>,
    /// True for the scope of an options template.
    pub scope: bool,
    /// Column that it fills, `extra` where none is its own; `""` where the value decides how columns are filled,
    /// nothing where it fills none.
    pub column: Option<&'static str>,
    /// Octets of a recent record.
    pub sample: Option<Vec<u8>>,
}

impl Cache {
    /// What is remembered of an exporter, at most `max` sessions.
    pub fn view(&self, exporter: Ip, max: usize) -> Vec<SessionView> {
        let mine = self.sessions.iter().filter(|(key, _)| key.exporter == exporter);
        let elements = self.elements();
        let mut found: Vec<_> = mine.map(|(key, session)| session_view(key, session, elements)).collect();
        found.sort_unstable_by_key(|view| (view.version, view.domain, view.port));
        found.truncate(max);
        found
    }
}

impl Cache {
    /// Exporters of which there is something to say in short.
    pub fn summaries(&self) -> HashMap<Ip, Summary> {
        let mut found: HashMap<Ip, Summary> = HashMap::new();
        for (exporter, sharing) in self.sharing() {
            found.entry(exporter).or_default().sharing = sharing;
        }
        for (key, session) in &self.sessions {
            if let Some(secs) = session.learned.taught.active_timeout {
                let longest = &mut found.entry(key.exporter).or_default().active_timeout;
                *longest = Some(longest.unwrap_or(0).max(secs));
            }
        }
        found
    }

    /// The interfaces that exporters told of: exporter, index, and what they are called.
    pub fn interfaces(&self) -> impl Iterator<Item = (Ip, u32, &Interface)> {
        self.sessions.iter().flat_map(|(key, session)| {
            session.learned.taught.interfaces.iter().map(|(index, interface)| (key.exporter, *index, interface))
        })
    }
}

fn session_view(key: &Key, session: &Session, elements: &Elements) -> SessionView {
    let names = Names { configured: elements, learnt: &session.learned.elements };
    let context = Context { templates: &session.templates, names };
    let all = session.templates.iter();
    let mut templates: Vec<_> = all.map(|(id, template)| template_view(*id, template, &context)).collect();
    templates.sort_unstable_by_key(|view| view.id);
    let what = |sampled: &Sampled| match sampled {
        Sampled::All => String::new(),
        Sampled::Selector(id) => format!("sampler {id}"),
        Sampled::Interface(index) => format!("interface {index}"),
    };
    SessionView {
        version: key.version,
        domain: key.domain,
        port: key.port,
        seen: session.seen,
        templates,
        rates: session.learned.rates.iter().map(|(sampled, rate)| (what(sampled), *rate)).collect(),
        applications: session.learned.applications.len(),
        taught: session.learned.taught.clone(),
    }
}

fn template_view(id: u16, template: &Template, context: &Context<'_>) -> TemplateView {
    // Nothing is known of the fields behind the one that the sample's end cuts.
    let mut cursor = Some(Cursor::new(&template.sample));
    let fields = template.fields.iter().map(|one| {
        let length = (one.len != VARIABLE).then_some(one.len);
        FieldView {
            enterprise: (one.pen != V9_SCOPE).then_some(one.pen),
            element: one.id,
            name: context.names.of(one.pen, one.id).name.into_owned(),
            length,
            scope: one.scope,
            column: column(one, &context.names),
            sample: match cursor.as_mut().map(|cursor| field(cursor, length.map(usize::from))) {
                Some(Ok(octets)) => Some(octets.to_vec()),
                _ => {
                    cursor = None;
                    None
                }
            },
        }
    });
    TemplateView {
        id,
        options: template.options,
        seen: template.seen,
        borrowed: template.borrowed,
        fields: fields.collect(),
        columns: columns(template, context),
    }
}

fn column(field: &Field, names: &Names<'_>) -> Option<&'static str> {
    match target(field.pen, field.id, field.scope, names) {
        Target::Column(place) => FLOWS.places().find(|(id, _)| *id == place.id).map(|(_, column)| column.name),
        Target::Special(Special::Eta(part, reverse)) => Some(eta::column(part, reverse)),
        Target::Extra(_) => Some("extra"),
        Target::Measure(_) | Target::Special(_) | Target::List(_) => Some(""),
        Target::Nowhere => None,
    }
}

/// The sample as the columns that it fills by itself, before times, direction and sampling are finished.
fn columns(template: &Template, context: &Context<'_>) -> Vec<(&'static str, Value<'static>)> {
    let (mut flow, mut measures, mut tally) = (Flow::default(), Measures::default(), Tally::default());
    let mut cursor = Cursor::new(&template.sample);
    if record::read(&mut cursor, template, context, &mut flow, &mut measures, &mut tally).is_err() {
        return Vec::new();
    }
    let filled = template.fields.iter().filter_map(|one| match target(one.pen, one.id, one.scope, &context.names) {
        Target::Column(place) => Some(place.id),
        Target::Special(Special::Eta(part, reverse)) => {
            let name = eta::column(part, reverse);
            FLOWS.places().find(|(_, column)| column.name == name).map(|(id, _)| id)
        }
        _ => None,
    });
    let named = |id| FLOWS.places().find(|(known, _)| *known == id).map(|(_, column)| column.name);
    filled.filter_map(|id| Some((named(id)?, owned(flow.get(id))))).collect()
}

fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Uint(number) => Value::Uint(number),
        Value::Ip(ip) => Value::Ip(ip),
        Value::Mac(mac) => Value::Mac(mac),
        Value::Bool(flag) => Value::Bool(flag),
        Value::Time(time) => Value::Time(time),
        Value::Text(text) => Value::Text(text.into_owned().into()),
        Value::Numbers(numbers) => Value::Numbers(numbers),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FORMATS, decode};

    #[test]
    fn templates_show_their_fields_and_a_recent_record() {
        let mut cache = Cache::default();
        let exporter = Ip::v4([192, 0, 2, 1]);
        let sample = FORMATS.iter().find(|format| format.version == 9).expect("NetFlow v9").sample;
        decode(sample, exporter, Time(7), &mut cache, &mut |_| {});
        let view = cache.view(exporter, 9);
        let template = &view[0].templates[0];
        assert_eq!((view[0].version, template.id, template.fields.len()), (9, 256, 9));
        assert_eq!(template.fields[0].column, Some("src_ip"));
        assert_eq!(template.fields[0].sample.as_deref(), Some(&[198, 168, 1, 12][..]));
        let port = template.columns.iter().find(|(name, _)| *name == "dst_port").map(|(_, value)| value.clone());
        assert_eq!(port, Some(Value::Uint(80)));
        assert!(cache.view(Ip::v4([192, 0, 2, 2]), 9).is_empty());
    }

    #[test]
    fn nothing_is_shown_of_fields_behind_the_end_of_a_sample() {
        let (long, set): (u16, u16) = (5_000, 5_012);
        let number = |number: u16| number.to_be_bytes();
        let mut datagram = [number(9), number(2)].concat();
        datagram.extend([0; 16]);
        for part in [0, 20, 256, 3, 8, 4, 44_940, long, 12, 4, 256, set] {
            datagram.extend(number(part));
        }
        datagram.extend([192, 0, 2, 1]);
        datagram.extend(vec![0x45; usize::from(long)]);
        datagram.extend([192, 0, 2, 2]);
        let (mut cache, exporter) = (Cache::default(), Ip::v4([192, 0, 2, 9]));
        decode(&datagram, exporter, Time(7), &mut cache, &mut |_| {});
        let view = cache.view(exporter, 9);
        let samples = view[0].templates[0].fields.iter().map(|field| field.sample.as_deref());
        assert_eq!(samples.collect::<Vec<_>>(), [Some(&[192, 0, 2, 1][..]), None, None]);
    }
}
