// SPDX-License-Identifier: Apache-2.0
//! Verdicts on encrypted sessions that exporters tell of: rows that have lengths and times of packets of both directions are
//! judged by the model that the probe judges by.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array as _, ArrayRef, BooleanArray, Float64Builder, RecordBatch, StringViewBuilder};
use arrow::compute::{filter_record_batch, is_not_null, kernels::zip::zip};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use minamo_eta::judge::{InForce, Judge};
use minamo_eta::model::Model;
use minamo_model::{FLOWS, Flow};

use crate::judge;

/// The column without which there is nothing to judge.
const SPLT: &str = "splt_lengths";
/// Columns of a verdict.
const VERDICT: [&str; 3] = ["eta_score", "eta_class", "eta_model"];

minamo_base::counters! {
    /// Counters of verdicts on rows of exporters and of imported files.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Encrypted sessions of exporters and of imported files that were judged.
        judged: AtomicU64 = "minamo_collect_judged_sessions_total" [], "";
        /// Of them, sessions that are unknown to the model: outside of what it was trained on, or too little was seen.
        unknown: AtomicU64 = "minamo_collect_unknown_sessions_total" [], "";
        /// Pairs of hosts whose earlier sessions were forgotten because there were too many.
        forgotten: AtomicU64 = "minamo_collect_forgotten_pairs_total" [], "";
    }
}

impl Counters {
    /// Says on standard error that pairs of hosts were forgotten, where any were.
    pub(crate) fn tell_forgotten(&self) {
        judge::tell_forgotten(self.forgotten.load(Ordering::Relaxed));
    }
}

/// Judges rows that exporters sent, or that are in files.
pub(crate) struct Exported {
    judge: Judge,
    counters: Arc<Counters>,
    /// What of the judge's numbers is counted: judged, unknown, forgotten.
    counted: [u64; 3],
}

impl Exported {
    /// A judge that has seen nothing yet.
    pub(crate) fn new(model: Arc<Model>) -> Self {
        Self::following(Arc::new(InForce::new(model)))
    }

    /// The same, by whatever model is in force.
    pub(crate) fn following(model: Arc<InForce>) -> Self {
        Self { judge: Judge::following(model), counters: Arc::default(), counted: [0; 3] }
    }

    /// Counts where another judge counts, too.
    pub(crate) fn with_counters(self, counters: Arc<Counters>) -> Self {
        Self { counters, ..self }
    }

    /// What it counts.
    pub(crate) fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// The batch with verdicts on its encrypted sessions. A verdict that came with a row stays: whoever gave it saw more.
    pub(crate) fn add(&mut self, batch: RecordBatch) -> RecordBatch {
        let judged = match batch.column_by_name(SPLT) {
            Some(lengths) if lengths.null_count() < lengths.len() => is_not_null(lengths),
            _ => return batch,
        };
        let judged = judged.and_then(|there| self.judged(&batch, &there)).unwrap_or_else(|error| {
            // The columns are our own: this is a fault of the program, and no reason to lose rows.
            tracing::error!(%error, rows = batch.num_rows(), "rows are stored without verdicts");
            batch
        });
        let Counters { judged: sessions, unknown, forgotten } = &*self.counters;
        let now = [self.judge.judged(), self.judge.unknown(), self.judge.forgotten()];
        for ((counter, now), before) in [sessions, unknown, forgotten].into_iter().zip(now).zip(&mut self.counted) {
            counter.fetch_add(now - std::mem::replace(before, now), Ordering::Relaxed);
        }
        judged
    }

    fn judged(&mut self, batch: &RecordBatch, there: &BooleanArray) -> Result<RecordBatch, ArrowError> {
        let mut rows = Flow::rows(&filter_record_batch(batch, there)?);
        let mut verdicts = 0;
        for row in &mut rows {
            let told = row.eta.as_ref().is_some_and(|eta| eta.model.is_some());
            verdicts += usize::from(!told && self.judge.judge(row).is_some());
        }
        if verdicts == 0 {
            return Ok(batch.clone());
        }
        let mut rows = rows.iter();
        let mut scores = Float64Builder::with_capacity(batch.num_rows());
        let [mut classes, mut models] =
            [(); 2].map(|()| StringViewBuilder::with_capacity(batch.num_rows()).with_deduplicate_strings());
        for at in 0..batch.num_rows() {
            let row = there.value(at).then(|| rows.next()).flatten();
            let eta = row.and_then(|row| row.eta.as_deref());
            scores.append_option(eta.and_then(|eta| eta.score));
            classes.append_option(eta.and_then(|eta| eta.class.as_deref()));
            models.append_option(eta.and_then(|eta| eta.model.as_deref()));
        }
        let columns: [ArrayRef; 3] = [Arc::new(scores.finish()), Arc::new(classes.finish()), Arc::new(models.finish())];
        with(batch, columns)
    }
}

/// The batch with a verdict's columns, where they have something; what else stood in them stays.
fn with(batch: &RecordBatch, columns: [ArrayRef; 3]) -> Result<RecordBatch, ArrowError> {
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().map(Arc::clone).collect();
    let mut arrays = batch.columns().to_vec();
    for (name, array) in VERDICT.into_iter().zip(columns) {
        if let Some(told) = batch.schema_ref().index_of(name).ok().and_then(|at| arrays.get_mut(at)) {
            *told = zip(&is_not_null(&array)?, &array, told)?;
        } else if let Some(column) = FLOWS.column(name) {
            fields.push(Arc::new(column.field()));
            arrays.push(array);
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, batch.schema_ref().metadata().clone())), arrays)
}

#[cfg(test)]
mod tests {
    use minamo_base::Ip;
    use minamo_model::FlowBuilder;

    use super::*;
    use crate::judge::model;

    fn session(lengths: &[i32], port: u16) -> Flow {
        let mut flow = Flow::default();
        (flow.core.proto, flow.core.src_port, flow.core.dst_port) = (6, 50_000, port);
        (flow.core.src_packets, flow.core.dst_packets) = (9, 9);
        (flow.core.src_bytes, flow.core.dst_bytes) = (2_000, 6_000);
        flow.exporter.get_or_insert_default().ip = Some(Ip::v4([192, 0, 2, 1]));
        let splt = flow.splt.get_or_insert_default();
        splt.lengths = Some(lengths.to_vec());
        splt.times_micros = Some(vec![20_000; lengths.len()]);
        flow
    }

    #[test]
    fn sessions_of_exporters_are_judged_and_verdicts_that_came_with_a_row_stay() {
        let lengths = [517, -3_200, 80, 300, -900];
        let mut told = session(&lengths, 443);
        let eta = told.eta.get_or_insert_default();
        (eta.score, eta.class, eta.model) = (Some(0.5), Some("benign".into()), Some("theirs@1".into()));
        let rows = [
            Flow::default(),
            session(&lengths, 443),
            told,
            // One direction only; and no TLS.
            session(&[517, 80, 300], 443),
            session(&[20, -300, 40], 22),
        ];
        let mut builder = FlowBuilder::default();
        rows.iter().for_each(|row| builder.append(row));
        let mut exported = Exported::new(model(None).expect("the model that comes with the program"));
        let batch = exported.add(builder.finish().expect("a batch"));
        let models: Vec<Option<String>> = Flow::rows(&batch)
            .into_iter()
            .map(|row| row.eta.and_then(|eta| eta.model).map(|model| model.into_owned()))
            .collect();
        let label = exported.judge.model().label();
        assert_eq!(models, [None, Some(label), Some("theirs@1".to_owned()), None, None]);
        assert_eq!(exported.counters().judged.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn batches_without_lengths_of_packets_stay_as_they_are() {
        let mut builder = FlowBuilder::default();
        builder.append(&Flow::default());
        let batch = builder.finish().expect("a batch");
        let mut exported = Exported::new(model(None).expect("the model that comes with the program"));
        assert_eq!(exported.add(batch.clone()), batch);
    }
}
