// SPDX-License-Identifier: Apache-2.0
//! The web console, embedded in the program when `web/dist` was built before it.

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::ApiError;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Console;

/// A file of the console; its start page for the paths of its views.
pub(crate) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        let (en, ja) = (format!("there is no {}", uri.path()), format!("{} はありません", uri.path()));
        return ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).into_response();
    }
    let (path, file) = match Console::get(path) {
        Some(file) if !path.is_empty() => (path, Some(file)),
        _ => ("index.html", Console::get("index.html")),
    };
    let Some(file) = file else {
        let text = "The console was not built into this program: run `make web` and build again.\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    // Names under assets/ carry a hash of their content.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind =
        HeaderValue::from_str(file.metadata.mimetype()).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static(cache))];
    (headers, file.data.into_owned()).into_response()
}
