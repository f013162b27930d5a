// SPDX-License-Identifier: Apache-2.0
//! Community ids of rows and batches: a function of the row, computed for a whole batch at a time where it is wanted.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringViewArray, StringViewBuilder};
use arrow::datatypes::{Schema, UInt8Type, UInt16Type};
use arrow::error::ArrowError;
use minamo_base::{FiveTuple, Ip};

use crate::identity::ip;
use crate::{FLOWS, Flow};

/// The column.
pub const COMMUNITY_ID: &str = "community_id";

/// Columns that the id of a row follows from; those with `true` may be missing.
pub const COMMUNITY: [(&str, bool); 7] = [
    ("src_ip", false),
    ("dst_ip", false),
    ("src_port", false),
    ("dst_port", false),
    ("proto", false),
    ("icmp_kind", true),
    ("icmp_code", true),
];

/// The conversation as the specification has it: ICMP with type and code in place of the ports. Nothing for frames
/// without IP.
fn conversation(mut tuple: FiveTuple, icmp: Option<(u8, u8)>) -> Option<FiveTuple> {
    // Frames, ARP's too, have protocol 0, which above IPv6 is the hop-by-hop header of a packet without another.
    if tuple.proto == 0 && (tuple.src.as_v4().is_some() || tuple.src == Ip::default()) {
        return None;
    }
    if let (1 | 58, Some((kind, code))) = (tuple.proto, icmp) {
        (tuple.src_port, tuple.dst_port) = (kind.into(), code.into());
    }
    Some(tuple)
}

impl Flow {
    /// The community id of the row; nothing for frames without IP.
    pub fn community_id(&self, seed: u16) -> Option<String> {
        let core = &self.core;
        let (src, dst, src_port, dst_port) = (core.src_ip, core.dst_ip, core.src_port, core.dst_port);
        let icmp = self.icmp.as_deref().and_then(|icmp| icmp.kind.zip(icmp.code));
        let tuple = conversation(FiveTuple { src, dst, src_port, dst_port, proto: core.proto }, icmp)?;
        Some(tuple.community_id(seed))
    }
}

/// The community ids of a batch, which has the columns of [`COMMUNITY`]; nothing where one that must not be missing is
/// missing or of another type.
pub fn community_ids(batch: &RecordBatch, seed: u16) -> Option<StringViewArray> {
    let column = |name: &str| batch.column_by_name(name);
    let (src, dst) = (column("src_ip")?.as_fixed_size_binary_opt()?, column("dst_ip")?.as_fixed_size_binary_opt()?);
    let src_port = column("src_port")?.as_primitive_opt::<UInt16Type>()?;
    let dst_port = column("dst_port")?.as_primitive_opt::<UInt16Type>()?;
    let proto = column("proto")?.as_primitive_opt::<UInt8Type>()?;
    let octet = |name: &str| column(name).and_then(|c| c.as_primitive_opt::<UInt8Type>());
    let (kind, code) = (octet("icmp_kind"), octet("icmp_code"));
    let mut ids = StringViewBuilder::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let (src_port, dst_port) = (src_port.value(row), dst_port.value(row));
        let tuple = FiveTuple { src: ip(src, row), dst: ip(dst, row), src_port, dst_port, proto: proto.value(row) };
        let known = |column: Option<&arrow::array::PrimitiveArray<UInt8Type>>| {
            column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
        };
        match conversation(tuple, known(kind).zip(known(code))) {
            Some(tuple) => ids.append_value(std::str::from_utf8(&tuple.community_digits(seed)).unwrap_or_default()),
            None => ids.append_null(),
        }
    }
    Some(ids.finish())
}

/// A batch of flows with the column of their community ids, in its place; as it is where its rows have no endpoints.
pub fn with_community_ids(batch: &RecordBatch, seed: u16) -> Result<RecordBatch, ArrowError> {
    let Some(ids) = community_ids(batch, seed) else { return Ok(batch.clone()) };
    let ids: ArrayRef = Arc::new(ids);
    let of = FLOWS.schema();
    let columns = of.fields().iter().filter_map(|field| match field.name().as_str() {
        COMMUNITY_ID => Some((Arc::clone(field), Arc::clone(&ids))),
        name => Some((Arc::clone(field), batch.column_by_name(name).cloned()?)),
    });
    let (fields, columns): (Vec<_>, Vec<_>) = columns.unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FlowBuilder;

    #[test]
    fn rows_and_batches_agree_and_frames_have_none() {
        let mut builder = FlowBuilder::default();
        let mut flows = Vec::new();
        for (proto, ports, icmp) in [(6, (34_855, 80), None), (1, (0, 0), Some((8, 0))), (0, (0, 0), None)] {
            let mut flow = Flow::default();
            let core = &mut flow.core;
            (core.src_ip, core.dst_ip) = (Ip::v4([128, 232, 110, 120]), Ip::v4([66, 35, 250, 204]));
            ((core.src_port, core.dst_port), core.proto) = (ports, proto);
            if let Some((kind, code)) = icmp {
                let group = flow.icmp.get_or_insert_default();
                (group.kind, group.code) = (Some(kind), Some(code));
            }
            builder.append(&flow);
            flows.push(flow);
        }
        let batch = builder.finish().expect("a batch");
        let with = with_community_ids(&batch, 0).expect("a batch");
        let ids = with.column_by_name(COMMUNITY_ID).expect("there now").as_string_view();
        let ids: Vec<_> = ids.iter().map(|id| id.map(str::to_owned)).collect();
        assert_eq!(ids, flows.iter().map(|flow| flow.community_id(0)).collect::<Vec<_>>());
        assert_eq!(ids[0].as_deref(), Some("1:LQU9qZlK+B5F3KDmev6m5PMibrg="), "the example of the specification");
        assert!(ids[1].is_some() && ids[2].is_none());
        assert_eq!(with.num_columns(), batch.num_columns() + 1);
        assert!(COMMUNITY.iter().all(|(name, _)| FLOWS.column(name).is_some()));
    }
}
