// SPDX-License-Identifier: Apache-2.0
//! The HTTP side: REST API with its OpenAPI description, login and sessions, metrics, and the web console
//! that is embedded in the program. Handlers are thin: parse, ask the lake, shape.

mod api;
mod auth;
mod console;
pub mod detection;
mod error;
pub mod exporters;
pub mod figures;
pub mod find;
pub mod fingerprints;
pub mod lake;
mod listen;
pub mod local;
mod logins;
mod metrics;
pub mod packets;
pub mod profiles;
pub mod query;
pub mod sets;
pub mod similar;
mod state;
pub mod tokens;
pub mod types;
pub mod verdict;

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post, put};
use axum::{Extension, Router};
use minamo_base::{Ip, Sample, Time};
use minamo_capture::recorder::Cutter;
use minamo_collect::Exporters;
use minamo_detect::Rules;
use minamo_eta::judge::InForce;
use minamo_filter::Sets;
use minamo_state::{Definitions, History, Triages};
use minamo_store::Lake;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use api::openapi;
pub use error::ApiError;
use lake::import::Importing;
pub use listen::METRICS as CONNECTION_METRICS;
pub use logins::METRICS;
pub use state::{State, StateError, random_password};

/// All that the handlers need.
#[derive(Clone)]
pub struct Deps {
    /// The lake.
    pub lake: Arc<Lake>,
    /// Users and sessions.
    pub state: Arc<State>,
    /// Profiles and other definitions.
    pub definitions: Arc<Definitions>,
    /// Sets of addresses that filters can name besides those of the definitions.
    pub networks: Arc<dyn Sets + Send + Sync>,
    /// Takes in files of other programs, one at a time.
    pub importing: Importing,
    /// The rules that events are made by.
    pub rules: Arc<Rules>,
    /// The rules that people write, and how they want rules to run.
    pub ruling: Arc<detection::Ruling>,
    /// Which events people do not want to see.
    pub suppressing: Arc<detection::Suppressing>,
    /// What people made of events.
    pub triages: Arc<Triages>,
    /// What was done about events.
    pub history: Arc<History>,
    /// Counters of the other parts of the program.
    pub counters: Arc<dyn Fn() -> Vec<Sample> + Send + Sync>,
    /// The exporters of the collector, where one runs.
    pub exporters: Option<Exporters>,
    /// True for addresses of the own network.
    pub own: Arc<dyn Fn(Ip) -> bool + Send + Sync>,
    /// The packets that are recorded, where some are.
    pub packets: Option<Cutter>,
    /// The model of encrypted sessions that is in force.
    pub model: Arc<InForce>,
    /// When the program started.
    pub started_at: Time,
    /// The clock.
    pub clock: fn() -> Time,
}

/// The HTTP services of a server.
pub struct Services {
    /// For browsers and programs: console, and the API behind a login.
    pub web: Router,
    /// For commands on the same machine ([`local`]): the API without a login.
    pub local: Router,
}

/// The HTTP services: what one has begun the other sees.
pub fn services(deps: Deps) -> Services {
    let jobs = Arc::new(lake::jobs::Jobs::new(Arc::clone(&deps.state)));
    Services {
        web: web(deps.clone(), &jobs),
        local: api_routes(&jobs).route_layer(from_fn(auth::local)).with_state(deps),
    }
}

/// Serves browsers and programs at an address until it fails: with bounds on connections and on how slow they may be.
pub async fn serve(state: &State, listener: tokio::net::TcpListener, web: Router) -> std::io::Result<()> {
    state.connections.serve(listener, web).await
}

/// A path that is there, asked in a way that it is not.
async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let en = format!("{} does not know {method}", uri.path());
    let ja = format!("{} に {method} は使えません", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", en, ja)
}

/// What is there with a login.
fn api_routes(jobs: &Arc<lake::jobs::Jobs>) -> Router<Deps> {
    Router::new()
        .route("/api/v1/session", get(auth::session).delete(auth::logout))
        .route("/api/v1/status", get(api::status))
        .route("/api/v1/columns", get(api::columns))
        .route("/api/v1/query/summary", post(query::summary))
        .route("/api/v1/query/top", post(query::top))
        .route("/api/v1/query/series", post(query::series))
        .route("/api/v1/query/paths", post(query::paths))
        .route("/api/v1/query/billing", post(query::billing))
        .route("/api/v1/query/figures", post(figures::figures))
        .route("/api/v1/query/find", post(find::find))
        .route("/api/v1/queries", get(query::queries))
        .route("/api/v1/queries/{id}", delete(query::stop_query))
        .route("/api/v1/query/flows", post(api::flows))
        .route("/api/v1/flows/{flow_id}", get(api::flow))
        .route("/api/v1/flows/{flow_id}/similar", get(similar::similar))
        .route("/api/v1/flows/{flow_id}/fingerprints", get(fingerprints::fingerprints))
        .route("/api/v1/flows/{flow_id}/verdict", get(verdict::verdict))
        .route("/api/v1/flows/{flow_id}/packets", get(packets::of_flow))
        .route("/api/v1/packets", get(packets::of_filter))
        .route("/api/v1/recorder", get(packets::recorder))
        .route("/api/v1/filter/complete", get(api::complete))
        .merge(detection_routes())
        .route("/api/v1/sql", post(api::sql))
        .route("/api/v1/profiles", get(profiles::api::profiles).post(profiles::api::create_profile))
        .route(
            "/api/v1/profiles/{name}",
            get(profiles::api::profile_versions)
                .put(profiles::api::change_profile)
                .delete(profiles::api::delete_profile),
        )
        .route("/api/v1/sets", get(sets::api::sets).post(sets::api::create_set))
        .route(
            "/api/v1/sets/{name}",
            get(sets::api::set_versions).put(sets::api::change_set).delete(sets::api::delete_set),
        )
        .route("/api/v1/tags", get(sets::api::tags).post(sets::api::create_tag))
        .route(
            "/api/v1/tags/{name}",
            get(sets::api::tag_versions).put(sets::api::change_tag).delete(sets::api::delete_tag),
        )
        .route("/api/v1/flows/{flow_id}/tags", get(sets::api::flow_tags))
        .route("/api/v1/exporters", get(exporters::api::exporters))
        .route("/api/v1/exporters/{address}", get(exporters::api::exporter))
        .route("/api/v1/exporters/{address}/decision", put(exporters::api::decide_exporter))
        .route("/api/v1/profiles/{name}/chart", post(profiles::api::profile_chart))
        .route("/api/v1/lake", get(lake::api::state))
        .route("/api/v1/lake/columns", get(lake::api::columns))
        .route("/api/v1/lake/segments", get(lake::api::segments))
        .route("/api/v1/lake/holds", get(lake::api::holds).post(lake::api::create_hold))
        .route("/api/v1/lake/holds/{id}", delete(lake::api::release_hold))
        .route("/api/v1/lake/jobs", get(lake::api::jobs).post(lake::api::create_job))
        .route("/api/v1/lake/imports", get(lake::imports::imports))
        .route("/api/v1/lake/imports/{hash}", get(lake::imports::import).put(lake::imports::take_import))
        .route("/api/v1/export/flows", get(lake::export::flows))
        .route("/api/v1/export/sql", get(lake::export::sql))
        .route("/api/v1/export/query/{question}", get(lake::export::answer))
        .route("/api/v1/tokens", get(tokens::tokens).post(tokens::create_token))
        .route("/api/v1/tokens/{name}", delete(tokens::revoke_token))
        .route("/metrics", get(metrics::metrics))
        .layer(Extension(Arc::clone(jobs)))
}

/// Events, incidents, hosts at risk, suppressions and rules.
fn detection_routes() -> Router<Deps> {
    Router::new()
        .route("/api/v1/events", get(detection::events::events))
        .route("/api/v1/events/{event_id}", get(detection::events::event))
        .route("/api/v1/events/{event_id}/triage", put(detection::events::set_triage))
        .route("/api/v1/events/{event_id}/packets", get(packets::of_event))
        .route("/api/v1/attack", get(detection::attack::attack))
        .route("/api/v1/incidents", get(detection::incidents::incidents))
        .route("/api/v1/hosts/risk", get(detection::risks::hosts))
        .route("/api/v1/hosts/{address}/risk", get(detection::risks::host))
        .route(
            "/api/v1/suppressions",
            get(detection::suppressions::suppressions).post(detection::suppressions::create_suppression),
        )
        .route("/api/v1/suppressions/preview", post(detection::suppressions::preview))
        .route("/api/v1/suppressions/{id}", delete(detection::suppressions::end_suppression))
        .route("/api/v1/rules", get(detection::rules::rules))
        .route("/api/v1/rules/try", post(detection::rules::try_out))
        .route(
            "/api/v1/rules/{name}",
            get(detection::own_rules::rule_text)
                .put(detection::own_rules::put_rule)
                .delete(detection::own_rules::delete_rule),
        )
        .route(
            "/api/v1/rules/{name}/settings",
            put(detection::own_rules::set_rule).delete(detection::own_rules::reset_rule),
        )
}

fn web(deps: Deps, jobs: &Arc<lake::jobs::Jobs>) -> Router {
    let open = Router::new()
        .route("/api/v1/session", post(auth::login))
        .route("/api/openapi.json", get(api::openapi_json))
        .route("/healthz", get(|| async { "ok\n" }));
    let closed = api_routes(jobs).route_layer(from_fn_with_state(deps.clone(), auth::require));
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    open.merge(closed)
        .fallback(console::serve)
        .method_not_allowed_fallback(wrong_method)
        .layer(CompressionLayer::new())
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(set(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY))
        .layer(set(header::CACHE_CONTROL, "no-store"))
        .with_state(deps)
}

/// The console loads nothing from elsewhere and cannot be framed; charts set inline styles.
const CONTENT_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

#[cfg(test)]
mod tests;
