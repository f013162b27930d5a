// SPDX-License-Identifier: Apache-2.0
//! Type information of our own elements as options data (RFC 5610 §3.9): enterprise, number, type, semantics, unit and
//! name, in messages that carry nothing else. Descriptions are not sent: `docs/reference/elements.md` has them.

use std::collections::BTreeSet;

use crate::encode::write_variable;
use crate::own::{Member, OwnElement, numbered};
use crate::template::VARIABLE;

/// Number of the options template: the last one, which data templates do not reach.
const TEMPLATE: u16 = u16::MAX;
/// Its fields, the first two of which are the scope: enterprise, element, type, semantics, units, name.
const FIELDS: [(u16, u16); 6] = [(346, 4), (303, 2), (339, 1), (344, 1), (345, 2), (341, VARIABLE)];
/// Number of a set of options templates (RFC 7011 §3.3.2).
const OPTIONS_TEMPLATES: u16 = 3;

/// What a session has told of our elements.
#[derive(Debug, Default)]
pub(crate) struct Types {
    told: BTreeSet<u16>,
}

impl Types {
    /// Bodies of messages of at most `room` octets that tell what was not told yet of these elements, each with the
    /// number of its records; nothing where all is known.
    pub(crate) fn untold(&mut self, elements: &[u16], enterprise: u32, room: usize) -> Vec<(Vec<u8>, usize)> {
        let members = [Member::Text, Member::Unsigned, Member::Signed].map(|member| member as u16);
        let new = elements.iter().copied().filter(|id| !self.told.contains(id)).collect::<Vec<_>>();
        if new.is_empty() {
            return Vec::new();
        }
        let with_members = members.into_iter().filter(|id| !self.told.contains(id)).chain(new);
        let records: Vec<_> = with_members.filter_map(numbered).map(|own| (own.id, record(own, enterprise))).collect();
        self.told.extend(records.iter().map(|(id, _)| *id));
        let mut bodies: Vec<(Vec<u8>, usize)> = Vec::new();
        let template = template();
        let mut data: Vec<u8> = Vec::new();
        let mut count = 0;
        for (_, record) in records {
            if count > 0 && template.len() + 4 + data.len() + record.len() + 3 > room {
                bodies.push((body(&template, &data), count));
                (data, count) = (Vec::new(), 0);
            }
            data.extend(record);
            count += 1;
        }
        bodies.push((body(&template, &data), count));
        bodies
    }
}

/// Records of a message that begins with our options template: it has nothing but type information. Nothing of other
/// messages.
pub fn type_records(message: &[u8]) -> Option<u32> {
    let sets = message.get(16..)?;
    let template = template();
    let data = sets.strip_prefix(template.as_slice())?;
    let mut rest = data.get(4..)?;
    let mut count = 0;
    // Padding is shorter than a record.
    while let Some(length) = rest.get(10).filter(|length| **length > 0) {
        rest = rest.get(11 + usize::from(*length)..)?;
        count += 1;
    }
    Some(count)
}

fn template() -> Vec<u8> {
    let mut set = Vec::new();
    // With two octets of padding, so that the next set begins at a whole word.
    for word in [OPTIONS_TEMPLATES, 12 + 4 * FIELDS.len() as u16, TEMPLATE, FIELDS.len() as u16, 2] {
        set.extend(word.to_be_bytes());
    }
    for (element, len) in FIELDS {
        set.extend(element.to_be_bytes());
        set.extend(len.to_be_bytes());
    }
    set.extend([0, 0]);
    set
}

fn record(own: &OwnElement, enterprise: u32) -> Vec<u8> {
    let mut record = enterprise.to_be_bytes().to_vec();
    record.extend(own.id.to_be_bytes());
    record.extend([own.data_type, own.semantics]);
    record.extend(own.units.to_be_bytes());
    write_variable(&mut record, own.name.as_bytes());
    record
}

/// The template, and a set of its data that is padded to whole words.
fn body(template: &[u8], data: &[u8]) -> Vec<u8> {
    let padding = data.len().wrapping_neg() % 4;
    let length = u16::try_from(4 + data.len() + padding).unwrap_or(u16::MAX);
    let mut body = template.to_vec();
    body.extend(TEMPLATE.to_be_bytes());
    body.extend(length.to_be_bytes());
    body.extend(data);
    body.resize(body.len() + padding, 0);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_told_once_in_messages_that_fit() {
        let mut types = Types::default();
        let all: Vec<u16> = (1..=60).collect();
        let bodies = types.untold(&all, 32_473, 500);
        assert!(bodies.len() > 3 && bodies.iter().all(|(body, _)| body.len() <= 500 && body.len() % 4 == 0));
        assert_eq!(bodies.iter().map(|(_, count)| count).sum::<usize>(), 63, "and the members of lists");
        for (body, count) in &bodies {
            let message = [&[0; 16][..], body].concat();
            assert_eq!(type_records(&message), u32::try_from(*count).ok());
        }
        assert!(types.untold(&all, 32_473, 500).is_empty());
        assert_eq!(types.untold(&[1, 61], 32_473, 500).first().map(|(_, count)| *count), Some(1));
        assert_eq!((type_records(&[0; 40]), type_records(&[])), (None, None));
    }
}
