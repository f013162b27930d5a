// SPDX-License-Identifier: Apache-2.0
//! Writes into a batch what feeds of threats say of its addresses and names. Names say more than addresses, and the
//! responder more than the initiator: the first that a feed knows counts.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch, StringViewArray, StringViewBuilder};
use arrow::error::ArrowError;
use minamo_base::Ip;

use crate::marks::Columns;
use crate::{Counters, ThreatTable};

/// Columns of names, in the order in which they count.
const NAMES: [&str; 3] = ["tls_sni", "http_host", "dns_query"];

/// The batch with what the feeds say of its rows; as it came where they say nothing.
pub(crate) fn threatened(
    batch: &RecordBatch,
    table: &ThreatTable,
    counters: &Counters,
) -> Result<RecordBatch, ArrowError> {
    if table.is_empty() || batch.column_by_name("threat_feed").is_some() {
        return Ok(batch.clone());
    }
    let column = |name: &'static str| batch.column_by_name(name).map(|array| (name, array));
    let names: Vec<(&'static str, &StringViewArray)> = NAMES
        .iter()
        .filter_map(|name| column(name))
        .filter_map(|(name, array)| Some((name, array.as_string_view_opt()?)))
        .collect();
    let addresses: Vec<(&'static str, &FixedSizeBinaryArray)> = ["dst_ip", "src_ip"]
        .iter()
        .filter_map(|name| column(name))
        .filter_map(|(name, array)| Some((name, array.as_fixed_size_binary_opt()?)))
        .collect();
    let mut found = 0;
    let mut builders = [(); 3].map(|()| StringViewBuilder::new().with_deduplicate_strings());
    for row in 0..batch.num_rows() {
        let of_name = || {
            names.iter().find_map(|(name, texts)| {
                let text = texts.is_valid(row).then(|| texts.value(row))?;
                let lower = text.to_ascii_lowercase();
                Some((table.name(&lower)?.feed, lower, *name))
            })
        };
        let of_address = || {
            addresses.iter().find_map(|(name, array)| {
                let ip = array.is_valid(row).then(|| <[u8; 16]>::try_from(array.value(row)).ok()).flatten().map(Ip)?;
                Some((table.address(ip)?.feed, ip.to_string(), *name))
            })
        };
        let [feed, indicator, matched] = &mut builders;
        match of_name().or_else(of_address) {
            Some((by, what, column)) => {
                found += 1;
                feed.append_value(by);
                indicator.append_value(what);
                matched.append_value(column);
            }
            None => [feed, indicator, matched].into_iter().for_each(StringViewBuilder::append_null),
        }
    }
    if found == 0 {
        return Ok(batch.clone());
    }
    counters.threatened(found);
    let mut columns = Columns::of(batch);
    for (name, mut builder) in ["threat_feed", "threat_indicator", "threat_matched"].into_iter().zip(builders) {
        columns.put(name, Arc::new(builder.finish()) as ArrayRef);
    }
    columns.finish(batch)
}

#[cfg(test)]
mod tests {
    use minamo_model::{Flow, FlowBuilder};

    use super::*;
    use crate::Indicators;

    #[test]
    fn rows_say_which_feed_knows_what() {
        let feed = Indicators::parse("203.0.113.0/24\nbad.example\n");
        let table = ThreatTable::new([("list", &feed)]);
        let mut builder = FlowBuilder::default();
        for (src, dst, sni) in [
            ([10, 0, 0, 1], [203, 0, 113, 9], None),
            ([10, 0, 0, 1], [203, 0, 113, 9], Some("C2.bad.example")),
            ([203, 0, 113, 1], [10, 0, 0, 1], None),
            ([10, 0, 0, 1], [10, 0, 0, 2], Some("good.example")),
        ] {
            let mut flow = Flow::default();
            (flow.core.src_ip, flow.core.dst_ip) = (Ip::v4(src), Ip::v4(dst));
            flow.tls.get_or_insert_default().sni = sni.map(str::to_owned);
            builder.append(&flow);
        }
        let batch = builder.finish().expect("a batch");
        let counters = Counters::default();
        let marked = threatened(&batch, &table, &counters).expect("columns");
        let texts = |name: &str| {
            marked
                .column_by_name(name)
                .expect("there")
                .as_string_view()
                .iter()
                .map(|t| t.map(str::to_owned))
                .collect::<Vec<_>>()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts("threat_matched"), [some("dst_ip"), some("tls_sni"), some("src_ip"), None]);
        assert_eq!(texts("threat_indicator"), [some("203.0.113.9"), some("c2.bad.example"), some("203.0.113.1"), None]);
        assert_eq!(texts("threat_feed")[0], some("list"));
        assert_eq!(
            threatened(&batch, &ThreatTable::default(), &counters).expect("as it came").num_columns(),
            batch.num_columns()
        );
    }
}
