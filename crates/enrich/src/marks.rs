// SPDX-License-Identifier: Apache-2.0
//! Writes into a batch what feeds say of its fingerprints, and the risk of those that should not be seen.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListBuilder, RecordBatch, RecordBatchOptions, StringViewBuilder, UInt8Builder,
    UInt64Builder,
};
use arrow::datatypes::{Field, Schema, UInt8Type, UInt64Type};
use arrow::error::ArrowError;
use minamo_dissect::risk::{BAD_FINGERPRINT, note};
use minamo_model::{FLOWS, Flow};

use crate::{Counters, Fingerprints, Said};

/// Most statements for one flow.
const MAX_SAID: usize = 8;

/// What was found in one row: each with its fingerprint.
type Found<'a> = Vec<(&'static str, &'a str, Said<'a>)>;

/// The batch with what the feeds say of its rows; as it came where they say nothing.
pub(crate) fn marked(
    batch: &RecordBatch,
    fingerprints: &Fingerprints,
    counters: &Counters,
) -> Result<RecordBatch, ArrowError> {
    if fingerprints.is_empty() || batch.column_by_name("fingerprint_names").is_some() {
        return Ok(batch.clone());
    }
    let mut found: Vec<Found<'_>> = Vec::new();
    for kind in fingerprints.kinds() {
        let Some(texts) = batch.column_by_name(kind.column()).and_then(|array| array.as_string_view_opt()) else {
            continue;
        };
        for row in (0..texts.len()).filter(|row| texts.is_valid(*row)) {
            let value = texts.value(row);
            for said in fingerprints.find(kind, value) {
                found.resize_with(batch.num_rows(), Vec::new);
                if let Some(row) = found.get_mut(row).filter(|row| row.len() < MAX_SAID) {
                    row.push((kind.name(), value, said));
                }
            }
        }
    }
    if found.is_empty() {
        return Ok(batch.clone());
    }
    counters.matched(found.iter().filter(|row| !row.is_empty()).count());
    let mut columns = Columns::of(batch);
    let texts = |pick: fn(&(&'static str, &str, Said<'_>)) -> String| -> ArrayRef {
        let mut list = ListBuilder::new(StringViewBuilder::new().with_deduplicate_strings());
        for row in &found {
            row.iter().for_each(|said| list.values().append_value(pick(said)));
            list.append(!row.is_empty());
        }
        Arc::new(list.finish())
    };
    columns.put("fingerprint_names", texts(|(.., said)| said.label.to_owned()));
    columns.put("fingerprint_feeds", texts(|(.., said)| said.feed.name.clone()));
    columns.put("fingerprint_kinds", texts(|(kind, ..)| (*kind).to_owned()));
    if found.iter().flatten().any(|(.., said)| said.feed.bad) {
        columns.put_risks(batch, &found);
    }
    columns.finish(batch)
}

/// The columns of a batch, some of them new.
pub(crate) struct Columns {
    fields: Vec<Arc<Field>>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    pub(crate) fn of(batch: &RecordBatch) -> Self {
        let fields = batch.schema_ref().fields().iter().map(Arc::clone).collect();
        Self { fields, arrays: batch.columns().to_vec() }
    }

    /// Sets a column, in the place of one of that name.
    pub(crate) fn put(&mut self, name: &str, array: ArrayRef) {
        let Some(column) = FLOWS.column(name) else { return };
        match self.fields.iter().position(|field| field.name() == name).and_then(|at| self.arrays.get_mut(at)) {
            Some(place) => *place = array,
            None => {
                self.fields.push(Arc::new(column.field()));
                self.arrays.push(array);
            }
        }
    }

    /// Adds the risk to those that the rows have.
    fn put_risks(&mut self, batch: &RecordBatch, found: &[Found<'_>]) {
        let list = || ListBuilder::new(StringViewBuilder::new().with_deduplicate_strings());
        let (mut names, mut evidence) = (list(), list());
        let (mut bits, mut score) = (UInt64Builder::new(), UInt8Builder::new());
        for (row, said) in found.iter().enumerate() {
            let mut flow = risks_of(batch, row);
            if let Some((kind, value, said)) = said.iter().find(|(.., said)| said.feed.bad) {
                note(&mut flow, &BAD_FINGERPRINT, &[kind, value, said.label, &said.feed.name]);
            }
            let group = flow.risk.unwrap_or_default();
            for (builder, texts) in [(&mut names, &group.risk), (&mut evidence, &group.risk_evidence)] {
                texts.iter().flatten().for_each(|text| builder.values().append_value(text));
                builder.append(texts.is_some());
            }
            bits.append_option(group.risk_bits);
            score.append_option(group.risk_score);
        }
        self.put("risk", Arc::new(names.finish()));
        self.put("risk_bits", Arc::new(bits.finish()));
        self.put("risk_score", Arc::new(score.finish()));
        self.put("risk_evidence", Arc::new(evidence.finish()));
    }

    pub(crate) fn finish(self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let schema = Schema::new_with_metadata(self.fields, batch.schema_ref().metadata().clone());
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(schema), self.arrays, &options)
    }
}

/// A flow with nothing but the risks of a row.
fn risks_of(batch: &RecordBatch, row: usize) -> Flow {
    let mut flow = Flow::default();
    let column = |name: &str| batch.column_by_name(name).filter(|array| array.is_valid(row));
    let texts = |name: &str| -> Option<Vec<String>> {
        let list = column(name)?.as_list_opt::<i32>()?.value(row);
        Some(list.as_string_view_opt()?.iter().flatten().map(str::to_owned).collect())
    };
    let bits = column("risk_bits").and_then(|array| array.as_primitive_opt::<UInt64Type>());
    if let Some(bits) = bits {
        let group = flow.risk.get_or_insert_default();
        group.risk_bits = Some(bits.value(row));
        group.risk = texts("risk");
        group.risk_evidence = texts("risk_evidence");
        let score = column("risk_score").and_then(|array| array.as_primitive_opt::<UInt8Type>());
        group.risk_score = score.map(|score| score.value(row));
    }
    flow
}

#[cfg(test)]
mod tests {
    use minamo_dissect::risk::OLD_TLS;
    use minamo_model::{CellReader, FlowBuilder, Row, text_value};

    use super::*;
    use crate::{Feed, FeedForm, FingerprintKind};

    const BAD: &str = "0123456789abcdef0123456789abcdef";
    const GOOD: &str = "ffffffffffffffffffffffffffffffff";

    fn feed(name: &str, bad: bool, text: &str) -> Arc<Feed> {
        let form = FeedForm { kind: FingerprintKind::Ja3, name: name.to_owned(), bad, value: None, label: None };
        Arc::new(Feed::read(form, text).expect("good"))
    }

    fn batch(hashes: &[Option<&str>]) -> RecordBatch {
        let mut builder = FlowBuilder::default();
        for hash in hashes {
            let mut flow = Flow::default();
            if let Some(hash) = hash {
                flow.tls.get_or_insert_default().ja3 = Some((*hash).to_owned());
                note(&mut flow, &OLD_TLS, &["TLS 1.0"]);
            }
            builder.append(&flow);
        }
        builder.finish().expect("a batch")
    }

    fn cell(batch: &RecordBatch, row: usize, column: &str) -> String {
        let readers = CellReader::all(batch);
        text_value(&Row::new(&readers, row).get(column))
    }

    #[test]
    fn what_feeds_say_stands_in_the_row_and_a_bad_one_is_a_risk() {
        let feeds = Fingerprints::new(vec![
            feed("malware", true, &format!("{BAD},Gozi\n")),
            feed("programs", false, &format!("{BAD},Library\n{GOOD},Browser\n")),
        ]);
        let counters = Counters::default();
        let after = marked(&batch(&[Some(BAD), Some(GOOD), None]), &feeds, &counters).expect("a batch");
        assert_eq!(cell(&after, 0, "fingerprint_names"), "Gozi,Library");
        assert_eq!(cell(&after, 0, "fingerprint_feeds"), "malware,programs");
        assert_eq!(cell(&after, 1, "fingerprint_kinds"), "ja3");
        assert_eq!(cell(&after, 2, "fingerprint_names"), "");
        assert_eq!(cell(&after, 0, "risk"), "bad_fingerprint,old_tls");
        assert_eq!(cell(&after, 0, "risk_score"), "90");
        assert!(cell(&after, 0, "risk_evidence").contains("ja3 0123456789abcdef0123456789abcdef is Gozi in malware"));
        assert_eq!(cell(&after, 1, "risk"), "old_tls", "a program that is known is no risk");
        assert_eq!(cell(&after, 2, "risk"), "");
    }

    #[test]
    fn rows_that_no_feed_knows_stay_as_they_are() {
        let before = batch(&[Some(GOOD), None]);
        let feeds = Fingerprints::new(vec![feed("malware", true, &format!("{BAD},Gozi\n"))]);
        assert_eq!(marked(&before, &feeds, &Counters::default()).expect("a batch"), before);
        assert_eq!(marked(&before, &Fingerprints::default(), &Counters::default()).expect("a batch"), before);
    }
}
