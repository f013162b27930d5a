// SPDX-License-Identifier: Apache-2.0
//! Counters in the text format of Prometheus (exposition format 0.0.4).

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use minamo_base::{Sample, exposition};

use crate::Deps;

/// All counters of the program.
pub(crate) fn samples(deps: &Deps) -> Vec<Sample> {
    let mut samples = (deps.counters)();
    samples.extend(deps.lake.counters());
    samples.extend(deps.state.logins.samples());
    samples.extend(deps.state.connections.samples());
    samples
}

/// The metrics.
#[utoipa::path(get, path = "/metrics", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(deps): State<Deps>) -> impl IntoResponse {
    let kind: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, exposition(&samples(&deps)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    minamo_base::counters! {
        /// Counters of the test.
        struct Counters, static METRICS {
            /// What b is when full.
            full: AtomicU64 = "b_total" [reason = "full"], "";
            /// What a is.
            a: AtomicU64 = "a" [], "";
            /// What b is when old.
            old: AtomicU64 = "b_total" [reason = "old"], "";
        }
    }

    #[test]
    fn families_stand_together() {
        let counters = Counters { full: 1.into(), a: 2.into(), old: 3.into() };
        let want = "# HELP a What a is.\n# TYPE a gauge\na 2\n# HELP b_total What b is when full. What b is when old.\n\
                    # TYPE b_total counter\nb_total{reason=\"full\"} 1\nb_total{reason=\"old\"} 3\n";
        assert_eq!(exposition(&counters.samples(&[])), want);
        assert_eq!(METRICS.len(), 3);
    }
}
