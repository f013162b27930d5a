// SPDX-License-Identifier: Apache-2.0
//! Why an encrypted session is taken for what it is: the model in force judges it once more, from what the lake holds of it and
//! of the sessions of the same hosts before it, and says what moved the verdict.
//!
//! The verdict can differ from the one in the row: by another model, or where the row had less or more than is kept, such as
//! earlier sessions that another thread of the probe saw. Both are told.

use axum::Json;
use axum::extract::{Path, State};
use minamo_base::Time;
use minamo_eta::dataset::is_session;
use minamo_eta::explain::{Evidence, explain};
use minamo_eta::measure::{Scratch, extract};
use minamo_eta::model::Class;
use minamo_eta::pairs::{PairContext, Pairs};
use minamo_model::Flow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{Answer, no_flow};
use crate::types::Text2;
use crate::{ApiError, Deps};

/// Reasons that are told at most.
const MOST: usize = 8;
/// Earlier sessions that the model looks at: what it remembers of a pair of hosts.
const EARLIER: usize = 16;

/// What moved a verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictReason {
    /// Name of the feature, as in the model's card.
    pub feature: String,
    /// What it added to the log-odds: above 0 towards malware, or a tunnel where the class is that, below 0 away from it; 0 of why it is
    /// not judged.
    pub contribution: f32,
    /// The reason in words.
    pub text: Text2,
}

/// A verdict on an encrypted session, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictWhy {
    /// The model in force; nothing where the flow is no session that is judged.
    #[schema(required)]
    pub model: Option<String>,
    /// Probability, 0 to 1, that this model gives: of a tunnel where the class is that, else of malware.
    #[schema(required)]
    pub score: Option<f64>,
    /// `benign`, `malware_c2`, `doh_tunnel`, or `unknown` where too little was seen or it lies outside of what the model was trained on.
    #[schema(required)]
    pub class: Option<String>,
    /// Probability from which on a session is taken for malware, or for a tunnel where the class is that.
    #[schema(required)]
    pub threshold: Option<f64>,
    /// Earlier sessions of the same hosts and port that were looked at.
    pub earlier: usize,
    /// What moved it, the strongest first.
    pub reasons: Vec<VerdictReason>,
}

/// Why an encrypted session is taken for what it is.
#[utoipa::path(get, path = "/api/v1/flows/{flow_id}/verdict",
    params(("flow_id" = String, Path, description = "Identity of the flow")),
    responses((status = 200, body = VerdictWhy), (status = 404, body = ApiError)))]
pub(crate) async fn verdict(State(deps): State<Deps>, Path(flow_id): Path<String>) -> Answer<VerdictWhy> {
    let found = deps.lake.flow(&flow_id).await?.ok_or_else(|| no_flow(&flow_id))?;
    let flow = Flow::rows(&found).into_iter().next().ok_or_else(|| no_flow(&flow_id))?;
    if !is_session(&flow) {
        let (model, score, class, threshold) = (None, None, None, None);
        return Ok(Json(VerdictWhy { model, score, class, threshold, earlier: 0, reasons: Vec::new() }));
    }
    let Before { pair, told, earlier } = before(&deps, &flow).await?;
    let model = deps.model.get();
    let evidence = Evidence { values: extract(&flow, pair, &mut Scratch::default()), told };
    let judged = model.judge(&evidence.values, told);
    let reason = |reason: minamo_eta::explain::Reason| VerdictReason {
        feature: reason.feature.to_owned(),
        contribution: reason.contribution,
        text: Text2 { en: reason.en, ja: reason.ja },
    };
    Ok(Json(VerdictWhy {
        model: Some(model.label()),
        score: Some(judged.probability),
        class: Some(judged.class.name().to_owned()),
        threshold: Some(model.of_class(judged.class).1),
        earlier,
        reasons: explain(&model, &evidence, MOST).into_iter().map(reason).collect(),
    }))
}

/// What the sessions of the same hosts before this one say, and how many there are.
struct Before {
    pair: Option<PairContext>,
    told: Option<f64>,
    earlier: usize,
}

async fn before(deps: &Deps, flow: &Flow) -> Result<Before, ApiError> {
    let core = &flow.core;
    let sql = earlier((&core.src_ip.to_string(), &core.dst_ip.to_string(), core.dst_port), core.time_start);
    let mut sessions = Vec::new();
    for batch in &deps.lake.sql(&sql, EARLIER).await?.batches {
        sessions.extend(Flow::rows(batch));
    }
    let mut pairs = Pairs::default();
    for session in sessions.iter().rev() {
        let told = [Class::Benign, Class::MalwareC2].map(|class| Some(class.name()));
        let eta = session.eta.as_deref().filter(|eta| told.contains(&eta.class.as_deref()));
        let earlier = pairs.look(session);
        if let Some(score) = eta.and_then(|eta| eta.score) {
            earlier.tell(score);
        }
    }
    let own = pairs.look(flow);
    Ok(Before { pair: own.context, told: own.told, earlier: sessions.len() })
}

/// The sessions of a pair that were judged, the latest first.
fn earlier((src, dst, port): (&str, &str, u16), at: Time) -> String {
    format!(
        "SELECT time_start, src_ip, dst_ip, dst_port, src_bytes, dst_bytes, eta_score, eta_class FROM flows \
         WHERE src_ip = ip('{src}') \
         AND dst_ip = ip('{dst}') AND dst_port = {port} AND proto = 6 AND eta_score IS NOT NULL AND duplicate_of IS NULL \
         AND time_start < TIMESTAMP '{at}' ORDER BY time_start DESC LIMIT {EARLIER}"
    )
}
