// SPDX-License-Identifier: Apache-2.0
//! A flow from the other side: which column takes the place of which follows from the table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use minamo_schema::{ColumnId, Value};

use crate::{FLOWS, Flow};

static MIRRORS: LazyLock<Vec<(ColumnId, ColumnId)>> = LazyLock::new(|| {
    let places: HashMap<_, _> = FLOWS.places().map(|(id, column)| (column.name, id)).collect();
    let pairs = FLOWS.places().filter_map(|(id, column)| Some((id, *places.get(column.mirror?)?)));
    pairs.filter(|(id, other)| (id.group, id.at) < (other.group, other.at)).collect()
});

impl Flow {
    /// Exchanges the sides: the initiator becomes the responder. Sequences whose sign is the side change it; other
    /// columns without a mirror stay.
    pub fn turn(&mut self) {
        for (id, other) in MIRRORS.iter() {
            let (here, there) = (owned(self.get(*id)), owned(self.get(*other)));
            if here != there {
                // Mirrored columns have one type, so neither can be refused.
                let fits = self.set(*id, &there) && self.set(*other, &here);
                debug_assert!(fits, "mirrors have one type");
            }
        }
        for lengths in self.signed() {
            lengths.iter_mut().for_each(|length| *length = length.saturating_neg());
        }
    }

    /// The sequences of lengths that are positive from the initiator and negative from the responder.
    fn signed(&mut self) -> impl Iterator<Item = &mut Vec<i32>> {
        let splt = self.splt.as_deref_mut().and_then(|splt| splt.lengths.as_mut());
        let eta = self.eta.as_deref_mut().map(|eta| [eta.message_lengths.as_mut(), eta.record_lengths.as_mut()]);
        splt.into_iter().chain(eta.into_iter().flatten().flatten())
    }
}

fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Null => Value::Null,
        Value::Bool(v) => Value::Bool(v),
        Value::Uint(v) => Value::Uint(v),
        Value::Int(v) => Value::Int(v),
        Value::Real(v) => Value::Real(v),
        Value::Text(v) => Value::Text(Cow::Owned(v.into_owned())),
        Value::Ip(v) => Value::Ip(v),
        Value::Mac(v) => Value::Mac(v),
        Value::Time(v) => Value::Time(v),
        Value::Numbers(v) => Value::Numbers(v),
        Value::Texts(v) => Value::Texts(Cow::Owned(v.into_owned())),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use minamo_base::Ip;

    use super::*;

    #[test]
    fn turning_twice_gives_the_same_flow() {
        let mut flow = Flow::default();
        (flow.core.src_ip, flow.core.src_bytes, flow.core.dst_port) = (Ip::v4([1, 1, 1, 1]), 7, 53);
        flow.splt.get_or_insert_default().lengths = Some(vec![517, -1_400]);
        flow.enrich.get_or_insert_default().src_tags = Some(vec!["a".to_owned()]);
        let before = flow.clone();
        flow.turn();
        assert_eq!((flow.core.dst_ip, flow.core.dst_bytes, flow.core.src_port), (Ip::v4([1, 1, 1, 1]), 7, 53));
        assert_eq!(flow.enrich.as_ref().and_then(|e| e.dst_tags.clone()), Some(vec!["a".to_owned()]));
        assert_eq!(flow.splt.as_ref().and_then(|splt| splt.lengths.clone()), Some(vec![-517, 1_400]));
        assert!(flow.l2.is_none(), "absent groups stay absent");
        flow.turn();
        assert_eq!(flow, before);
    }
}
