// SPDX-License-Identifier: Apache-2.0
//! Metrics as a table: [`counters!`](crate::counters) declares what a part of the program counts, each with name,
//! labels, meaning and what to do about it. The values at `/metrics`, the status page and `docs/reference/metrics.md`
//! are folds over these tables. No clock and no registry: each part owns its counters.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A row of a table of metrics.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name with the unit at its end: `minamo_probe_frames_total`.
    pub name: &'static str,
    /// Labels in order. One without a value is open: the value comes with the sample, from a set that has a bound.
    pub labels: &'static [(&'static str, &'static str)],
    /// Meaning.
    pub doc: &'static str,
    /// What to do if it rises; empty where that is as it should be.
    pub action: &'static str,
}

impl Metric {
    /// `counter` where the name ends in `_total`, as Prometheus wants it, and else `gauge`.
    pub fn kind(&self) -> &'static str {
        if self.name.ends_with("_total") { "counter" } else { "gauge" }
    }
}

/// Value of a metric at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What was counted.
    pub metric: &'static Metric,
    /// Values of the open labels, in order.
    pub open: Vec<String>,
    /// The value.
    pub value: u64,
}

impl Sample {
    /// Labels with their values.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let mut open = self.open.iter();
        self.metric.labels.iter().map(move |(name, value)| match *value {
            "" => (*name, open.next().map_or("", String::as_str)),
            value => (*name, value),
        })
    }

    /// The labels as text: `reason="full",format="v9"`.
    pub fn label_text(&self) -> String {
        self.labels().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(",")
    }
}

/// Samples in the text format of Prometheus (0.0.4), families in the order of their names.
pub fn exposition(samples: &[Sample]) -> String {
    let mut families: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        families.entry(sample.metric.name).or_default().push(sample);
    }
    let mut out = String::new();
    for (name, samples) in families {
        // One name can stand for several rows of the table, which then differ in a label.
        let mut docs: Vec<_> = samples.iter().map(|sample| sample.metric.doc).collect();
        docs.dedup();
        let kind = samples.first().map_or("untyped", |sample| sample.metric.kind());
        out.push_str(&format!("# HELP {name} {}\n# TYPE {name} {kind}\n", docs.join(" ")));
        for sample in samples {
            let labels = sample.label_text();
            let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            out.push_str(&format!("{name}{braces} {}\n", sample.value));
        }
    }
    out
}

/// Counts by the value of an open label, behind a lock: for what is rare. Whoever counts bounds the values.
#[derive(Debug)]
pub struct Tally<K>(Mutex<BTreeMap<K, u64>>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord> Tally<K> {
    /// Adds to the count of a value.
    pub fn add(&self, key: K, by: u64) {
        *self.counts().entry(key).or_default() += by;
    }

    /// Takes over a count that is kept elsewhere.
    pub fn set(&self, key: K, count: u64) {
        self.counts().insert(key, count);
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<K, u64>> {
        // The map holds numbers only: it is whole whatever happened to another thread.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What gives the values of a metric; [`counters!`](crate::counters) reads its fields through it.
pub trait Measured {
    /// Each value, with the value of the label that tells it from the others, if there is one.
    fn measured(&self) -> Vec<(Option<String>, u64)>;
}

impl Measured for AtomicU64 {
    fn measured(&self) -> Vec<(Option<String>, u64)> {
        vec![(None, self.load(Ordering::Relaxed))]
    }
}

impl<K: Ord + ToString> Measured for Tally<K> {
    fn measured(&self) -> Vec<(Option<String>, u64)> {
        self.counts().iter().map(|(key, count)| (Some(key.to_string()), *count)).collect()
    }
}

/// Declares what a part of the program counts: a struct of [`AtomicU64`] and [`Tally`] fields with `samples`, and the
/// table of its metrics, one row per field. `samples` takes the values of the open labels that all rows share; the
/// last open label of a tally is its key.
///
/// ```
/// use std::sync::atomic::AtomicU64;
///
/// minamo_base::counters! {
///     /// Counters of an example.
///     pub struct Counters, pub static METRICS {
///         /// Frames read.
///         frames: AtomicU64 = "minamo_example_frames_total" [interface], "";
///         /// Frames lost in the kernel.
///         lost: AtomicU64 = "minamo_example_lost_frames_total" [interface, reason = "buffer"], "Read faster.";
///     }
/// }
/// assert_eq!(Counters::default().samples(&["eth1"])[1].label_text(), r#"interface="eth1",reason="buffer""#);
/// assert_eq!(METRICS[1].action, "Read faster.");
/// ```
#[macro_export]
macro_rules! counters {
    (
        $(#[doc = $about:literal])+
        $visible:vis struct $counters:ident, $shown:vis static $metrics:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty =
                    $name:literal [$($label:ident $(= $value:literal)?),*], $action:literal;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Default)]
        $visible struct $counters {
            $($(#[doc = $doc])+ pub(crate) $field: $type,)+
        }

        /// What is counted here, a row per field of the counters.
        $shown static $metrics: &[$crate::Metric] = &[$($crate::Metric {
            name: $name,
            labels: &[$((stringify!($label), concat!($($value)?))),*],
            doc: concat!($($doc),+).trim_ascii(),
            action: $action,
        }),+];

        impl $counters {
            /// All values at this moment; `open` are the values of the open labels that all metrics share.
            $visible fn samples(&self, open: &[&str]) -> Vec<$crate::Sample> {
                let values = [$($crate::Measured::measured(&self.$field)),+];
                let mut out = Vec::new();
                for (metric, values) in $metrics.iter().zip(values) {
                    for (key, value) in values {
                        let open = open.iter().map(|value| (*value).to_owned()).chain(key).collect();
                        out.push($crate::Sample { metric, open, value });
                    }
                }
                out
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::counters! {
        /// Counters of the test.
        struct Counters, static METRICS {
            /// Rows that
            /// were read.
            rows: AtomicU64 = "minamo_test_rows_total" [], "";
            /// Files that were dropped.
            dropped: AtomicU64 = "minamo_test_dropped_total" [source, reason = "old"], "Look at them.";
            /// Parts by kind.
            parts: Tally<&'static str> = "minamo_test_parts" [source, kind], "";
        }
    }

    #[test]
    fn each_field_is_a_row_and_gives_its_values() {
        let counters = Counters::default();
        counters.rows.fetch_add(3, Ordering::Relaxed);
        counters.parts.add("b", 1);
        counters.parts.add("b", 1);
        counters.parts.set("a", 7);
        let samples: Vec<_> = counters.samples(&["here"]);
        let texts: Vec<_> =
            samples.iter().map(|s| format!("{}{{{}}} {}", s.metric.name, s.label_text(), s.value)).collect();
        let want = [
            "minamo_test_rows_total{} 3",
            "minamo_test_dropped_total{source=\"here\",reason=\"old\"} 0",
            "minamo_test_parts{source=\"here\",kind=\"a\"} 7",
            "minamo_test_parts{source=\"here\",kind=\"b\"} 2",
        ];
        assert_eq!(texts, want);
        let kinds: Vec<_> = METRICS.iter().map(Metric::kind).collect();
        assert_eq!(kinds, ["counter", "counter", "gauge"]);
        assert_eq!((METRICS[0].doc, METRICS[1].action), ("Rows that were read.", "Look at them."));
    }
}
