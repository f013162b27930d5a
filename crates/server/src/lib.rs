// SPDX-License-Identifier: Apache-2.0
//! The HTTP side: REST API with its OpenAPI description, login and sessions, metrics, and the web console
//! that is embedded in the program. Handlers are thin: parse, ask the lake, shape.

mod api;
mod auth;
mod console;
mod error;
mod metrics;
pub mod profiles;
mod state;
pub mod types;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use minamo_base::{Sample, Time};
use minamo_detect::Rule;
use minamo_filter::Sets;
use minamo_state::Definitions;
use minamo_store::Lake;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use api::openapi;
pub use error::ApiError;
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
    /// The rules that events are made by.
    pub rules: Arc<Vec<Rule>>,
    /// Counters of the other parts of the program.
    pub counters: Arc<dyn Fn() -> Vec<Sample> + Send + Sync>,
    /// When the program started.
    pub started_at: Time,
    /// The clock.
    pub clock: fn() -> Time,
}

/// The whole HTTP service.
pub fn router(deps: Deps) -> Router {
    let open = Router::new()
        .route("/api/v1/session", post(auth::login))
        .route("/api/openapi.json", get(api::openapi_json))
        .route("/healthz", get(|| async { "ok\n" }));
    let closed = Router::new()
        .route("/api/v1/session", get(auth::session).delete(auth::logout))
        .route("/api/v1/status", get(api::status))
        .route("/api/v1/columns", get(api::columns))
        .route("/api/v1/query/summary", post(api::summary))
        .route("/api/v1/query/top", post(api::top))
        .route("/api/v1/query/series", post(api::series))
        .route("/api/v1/query/flows", post(api::flows))
        .route("/api/v1/flows/{flow_id}", get(api::flow))
        .route("/api/v1/filter/complete", get(api::complete))
        .route("/api/v1/events", get(api::events))
        .route("/api/v1/sql", post(api::sql))
        .route("/api/v1/profiles", get(profiles::api::profiles).post(profiles::api::create_profile))
        .route(
            "/api/v1/profiles/{name}",
            get(profiles::api::profile_versions)
                .put(profiles::api::change_profile)
                .delete(profiles::api::delete_profile),
        )
        .route("/api/v1/profiles/{name}/chart", post(profiles::api::profile_chart))
        .route("/metrics", get(metrics::metrics))
        .route_layer(from_fn_with_state(deps.clone(), auth::require));
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    open.merge(closed)
        .fallback(console::serve)
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
