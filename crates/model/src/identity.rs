// SPDX-License-Identifier: Apache-2.0
//! The identity of flows as a function of their rows: what follows from the rest of the row need not be reckoned
//! for every record nor kept by a store. Rows and batches leave `flow_id` out where it follows; who shows it asks
//! for it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch, RecordBatchOptions, StringViewBuilder, new_null_array,
};
use arrow::datatypes::{Schema, TimestampNanosecondType, UInt8Type, UInt16Type};
use arrow::error::ArrowError;
use minamo_base::{FiveTuple, FlowId, Ip, Time};

use crate::{FLOWS, Flow};

/// The column.
const FLOW_ID: &str = "flow_id";

/// Columns that the identity of a row follows from; those with `true` may be missing.
pub const IDENTITY: [(&str, bool); 8] = [
    ("time_start", false),
    ("src_ip", false),
    ("dst_ip", false),
    ("src_port", false),
    ("dst_port", false),
    ("proto", false),
    ("l2_vlan", true),
    ("exporter_ip", true),
];

impl Flow {
    /// The identity that follows from the row. A flow that is reported in parts keeps that of its first one.
    pub fn identity(&self) -> FlowId {
        let core = &self.core;
        let (src, dst, src_port, dst_port) = (core.src_ip, core.dst_ip, core.src_port, core.dst_port);
        let tuple = FiveTuple { src, dst, src_port, dst_port, proto: core.proto };
        let vlan = self.l2.as_deref().and_then(|l2| l2.vlan).unwrap_or(0);
        let exporter = self.exporter.as_deref().and_then(|exporter| exporter.ip).unwrap_or_default();
        FlowId::new(tuple, vlan, exporter, core.time_start)
    }
}

/// The batch with the identities of all of its rows: those that it has, and those that follow. Other columns of the
/// table stay, in the table's order. An error where the keys of the flows are missing.
pub fn identified(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let rows = batch.num_rows();
    let of = FLOWS.schema();
    let inputs = IDENTITY.iter().filter_map(|(name, _)| {
        let field = of.field_with_name(name).ok()?;
        let column = batch.column_by_name(name).cloned();
        Some((*name, column.unwrap_or_else(|| new_null_array(field.data_type(), rows))))
    });
    let inputs = RecordBatch::try_from_iter(inputs)?;
    let without = || ArrowError::SchemaError("flows without their keys".to_owned());
    let found = identities(&inputs).ok_or_else(without)?;
    let own = batch.column_by_name(FLOW_ID).and_then(|own| own.as_string_view_opt());
    let mut ids = StringViewBuilder::with_capacity(rows);
    for (row, found) in found.enumerate() {
        match own.filter(|own| own.is_valid(row)) {
            Some(own) => ids.append_value(own.value(row)),
            None => ids.append_value(std::str::from_utf8(&found.digits()).unwrap_or_default()),
        }
    }
    let ids: ArrayRef = Arc::new(ids.finish());
    let columns = of.fields().iter().filter_map(|field| match field.name().as_str() {
        FLOW_ID => Some((Arc::clone(field), Arc::clone(&ids))),
        name => Some((Arc::clone(field), batch.column_by_name(name).cloned()?)),
    });
    let (fields, columns): (Vec<_>, Vec<_>) = columns.unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// The identities that follow from the rows of a batch, which has the columns of [`IDENTITY`] at least;
/// nothing where one is missing or of another type.
pub fn identities(batch: &RecordBatch) -> Option<impl Iterator<Item = FlowId>> {
    let column = |name: &str| batch.column_by_name(name);
    let starts = column("time_start")?.as_primitive_opt::<TimestampNanosecondType>()?;
    let (src, dst) = (column("src_ip")?.as_fixed_size_binary_opt()?, column("dst_ip")?.as_fixed_size_binary_opt()?);
    let src_port = column("src_port")?.as_primitive_opt::<UInt16Type>()?;
    let dst_port = column("dst_port")?.as_primitive_opt::<UInt16Type>()?;
    let proto = column("proto")?.as_primitive_opt::<UInt8Type>()?;
    let vlan = column("l2_vlan").and_then(|c| c.as_primitive_opt::<UInt16Type>());
    let exporter = column("exporter_ip").and_then(|c| c.as_fixed_size_binary_opt());
    Some((0..batch.num_rows()).map(move |row| {
        let (src_port, dst_port) = (src_port.value(row), dst_port.value(row));
        let tuple = FiveTuple { src: ip(src, row), dst: ip(dst, row), src_port, dst_port, proto: proto.value(row) };
        let vlan = vlan.filter(|vlan| vlan.is_valid(row)).map_or(0, |vlan| vlan.value(row));
        let exporter = exporter.map(|exporter| ip(exporter, row)).unwrap_or_default();
        FlowId::new(tuple, vlan, exporter, Time(starts.value(row)))
    }))
}

/// Address of a row; zeros where there is none.
pub(crate) fn ip(column: &FixedSizeBinaryArray, row: usize) -> Ip {
    let octets = column.is_valid(row).then(|| column.value(row).try_into().ok()).flatten();
    octets.map(Ip).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FlowBuilder;

    #[test]
    fn rows_and_batches_agree() {
        let mut builder = FlowBuilder::default();
        let mut flows = Vec::new();
        for n in 0..4_u8 {
            let mut flow = Flow::default();
            flow.core.src_ip = Ip::v4([10, 0, 0, n]);
            flow.core.time_start = Time(i64::from(n) * 1_000_000_007);
            if n > 1 {
                flow.l2.get_or_insert_default().vlan = Some(u16::from(n));
            }
            if n > 2 {
                flow.exporter.get_or_insert_default().ip = Some(Ip::v4([192, 0, 2, n]));
            }
            builder.append(&flow);
            flows.push(flow);
        }
        let batch = builder.finish().expect("a batch");
        let found: Vec<FlowId> = identities(&batch).expect("all columns").collect();
        assert_eq!(found, flows.iter().map(Flow::identity).collect::<Vec<_>>());
        assert!(batch.column_by_name(FLOW_ID).is_none(), "no row has one of its own");
        let shown = identified(&batch).expect("the keys are there");
        let ids = shown.column_by_name(FLOW_ID).expect("shown").as_string_view().iter();
        assert_eq!(
            ids.collect::<Vec<_>>(),
            found.iter().map(ToString::to_string).collect::<Vec<_>>().iter().map(|id| Some(&**id)).collect::<Vec<_>>()
        );
        assert!(IDENTITY.iter().all(|(name, _)| FLOWS.column(name).is_some()));
    }
}
