// SPDX-License-Identifier: Apache-2.0
//! Counters in the text format of Prometheus (exposition format 0.0.4).

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use minamo_base::Sample;

use crate::Deps;

/// All counters of the program.
pub(crate) fn samples(deps: &Deps) -> Vec<Sample> {
    let mut samples = (deps.counters)();
    samples.extend(deps.lake.counters().into_iter().map(|(name, labels, value, doc)| Sample {
        name,
        labels: labels.iter().map(|(label, value)| (*label, (*value).to_owned())).collect(),
        value,
        doc,
    }));
    samples
}

/// The metrics.
#[utoipa::path(get, path = "/metrics", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(deps): State<Deps>) -> impl IntoResponse {
    let kind: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, text(&samples(&deps)))
}

fn text(samples: &[Sample]) -> String {
    let mut families: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        families.entry(sample.name).or_default().push(sample);
    }
    let mut out = String::new();
    for (name, samples) in families {
        let doc = samples.first().map_or("", |sample| sample.doc);
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        out.push_str(&format!("# HELP {name} {doc}\n# TYPE {name} {kind}\n"));
        for sample in samples {
            let labels = sample.label_text();
            let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            out.push_str(&format!("{name}{braces} {}\n", sample.value));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stand_together() {
        let rows = [
            Sample::reason("b_total", "full", 1, "What b is."),
            Sample::plain("a_total", 2, "What a is."),
            Sample::reason("b_total", "old", 3, "What b is."),
        ];
        let want = "# HELP a_total What a is.\n# TYPE a_total counter\na_total 2\n# HELP b_total What b is.\n\
                    # TYPE b_total counter\nb_total{reason=\"full\"} 1\nb_total{reason=\"old\"} 3\n";
        assert_eq!(text(&rows), want);
    }
}
