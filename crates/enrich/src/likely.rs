// SPDX-License-Identifier: Apache-2.0
//! Writes into a batch which process or family a table of prevalence holds for the maker of each hello.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, RecordBatch, StringViewBuilder};
use arrow::datatypes::{UInt16Type, UInt32Type};
use arrow::error::ArrowError;

use crate::marks::Columns;
use crate::{Counters, Destination, Processes};

/// Fingerprints that tables have, the more telling first.
const FINGERPRINTS: [&str; 2] = ["tls_ja4", "tls_ja3"];
/// Names of the destination, the client's own word first.
const NAMES: [&str; 2] = ["tls_sni", "host_name"];

/// The batch with what the table says of its hellos; as it came where it says nothing.
pub(crate) fn likely(batch: &RecordBatch, table: &Processes, counters: &Counters) -> Result<RecordBatch, ArrowError> {
    if table.is_empty() || batch.column_by_name("fingerprint_process").is_some() {
        return Ok(batch.clone());
    }
    let texts =
        |names: [&str; 2]| names.map(|name| batch.column_by_name(name).and_then(|array| array.as_string_view_opt()));
    let (fingerprints, names) = (texts(FINGERPRINTS), texts(NAMES));
    let ports = batch.column_by_name("dst_port").and_then(|array| array.as_primitive_opt::<UInt16Type>());
    let systems = batch.column_by_name("dst_as").and_then(|array| array.as_primitive_opt::<UInt32Type>());
    let mut found = 0;
    let (mut process, mut share, mut malware) =
        (StringViewBuilder::new().with_deduplicate_strings(), Float64Builder::new(), Float64Builder::new());
    for row in 0..batch.num_rows() {
        let to = Destination {
            port: ports.filter(|ports| ports.is_valid(row)).map_or(0, |ports| ports.value(row)),
            system: systems.filter(|systems| systems.is_valid(row)).map(|systems| systems.value(row)),
            name: names.iter().flatten().find(|texts| texts.is_valid(row)).map(|texts| texts.value(row)),
        };
        let there = fingerprints.iter().flatten().filter(|texts| texts.is_valid(row));
        let said = there.map(|texts| texts.value(row)).find_map(|value| table.find(value, &to));
        found += usize::from(said.is_some());
        process.append_option(said.map(|said| said.process));
        // Four places: more would be noise.
        let places = |value: f64| (value * 10_000.0).round() / 10_000.0;
        share.append_option(said.map(|said| places(said.share)));
        malware.append_option(said.map(|said| places(said.malware)));
    }
    if found == 0 {
        return Ok(batch.clone());
    }
    counters.likely(found);
    let mut columns = Columns::of(batch);
    columns.put("fingerprint_process", Arc::new(process.finish()) as ArrayRef);
    columns.put("fingerprint_process_share", Arc::new(share.finish()));
    columns.put("fingerprint_malware_share", Arc::new(malware.finish()));
    columns.finish(batch)
}

#[cfg(test)]
mod tests {
    use minamo_model::{CellReader, Flow, FlowBuilder, Row, text_value};

    use super::*;

    #[test]
    fn rows_say_who_most_likely_made_their_hello() {
        let ja3 = "0123456789abcdef0123456789abcdef";
        let table = Processes::read(&format!(
            "{{\"ja3\":\"{ja3}\",\"processes\":[{{\"name\":\"browser\",\"count\":90,\"ports\":{{\"443\":90}}}},{{\"name\":\"Dridex\",\"malware\":true,\"count\":10,\"ports\":{{\"4444\":10}}}}]}}"
        ));
        let mut builder = FlowBuilder::default();
        for (port, hash) in [(443, Some(ja3)), (4_444, Some(ja3)), (443, None)] {
            let mut flow = Flow::default();
            flow.core.dst_port = port;
            flow.tls.get_or_insert_default().ja3 = hash.map(str::to_owned);
            builder.append(&flow);
        }
        let batch = builder.finish().expect("a batch");
        let counters = Counters::default();
        let after = likely(&batch, &table.expect("a table"), &counters).expect("columns");
        let readers = CellReader::all(&after);
        let cell = |row: usize, column: &str| text_value(&Row::new(&readers, row).get(column));
        assert_eq!([0, 1, 2].map(|row| cell(row, "fingerprint_process")), ["browser", "Dridex", ""]);
        assert_eq!(cell(1, "fingerprint_malware_share"), "0.9174");
        assert_eq!(likely(&batch, &Processes::default(), &counters).expect("columns"), batch);
    }
}
