// SPDX-License-Identifier: Apache-2.0
//! Every error of the API in one shape, with a sentence in each language.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use minamo_filter::FilterError;
use minamo_store::QueryError;
use serde::Serialize;
use utoipa::ToSchema;

/// Body of every answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApiError {
    /// Word for programs: `bad_filter`, `bad_request`, `not_logged_in`, …
    pub code: &'static str,
    /// One sentence in English.
    pub message: String,
    /// One sentence in Japanese.
    pub message_ja: String,
    /// Member of the request that is wrong, where it is one.
    #[schema(required)]
    pub path: Option<String>,
    /// Offset in that text, in characters, where it is known.
    #[schema(required)]
    pub at: Option<usize>,
    #[serde(skip)]
    #[schema(ignore)]
    pub(crate) status: StatusCode,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, en: impl Into<String>, ja: impl Into<String>) -> Self {
        Self { code, message: en.into(), message_ja: ja.into(), path: None, at: None, status }
    }

    pub(crate) fn at_path(self, path: &str) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    pub(crate) fn not_logged_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_logged_in", "log in first", "先にログインしてください")
    }

    pub(crate) fn internal(what: impl std::fmt::Display) -> Self {
        let (en, ja) = (format!("the server failed: {what}"), format!("サーバーで失敗しました: {what}"));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", en, ja)
    }

    pub(crate) fn bad(path: &str, en: impl Into<String>, ja: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", en, ja).at_path(path)
    }
}

impl From<FilterError> for ApiError {
    fn from(error: FilterError) -> Self {
        let at = Some(error.at);
        let base = Self::new(StatusCode::BAD_REQUEST, "bad_filter", error.message_en(), error.message_ja());
        Self { at, ..base.at_path("filter") }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let en = error.to_string();
        match error {
            QueryError::Sql { .. } => {
                let ja = format!("SQL を実行できません: {en}");
                Self::new(StatusCode::BAD_REQUEST, "bad_sql", en, ja).at_path("sql")
            }
            QueryError::ReadOnly(_) => {
                let ja = "実行できるのは SELECT、SHOW、DESCRIBE、EXPLAIN だけです";
                Self::new(StatusCode::BAD_REQUEST, "read_only", en, ja).at_path("sql")
            }
            QueryError::Bad(_) => {
                let ja = format!("問い合わせが正しくありません: {en}");
                Self::new(StatusCode::BAD_REQUEST, "bad_request", en, ja)
            }
            QueryError::Timeout(secs) => {
                let ja = format!(
                    "{secs} 秒を超えたため中止しました。期間かフィルターを絞るか、設定 lake.query_time を大きくしてください"
                );
                Self::new(StatusCode::GATEWAY_TIMEOUT, "too_slow", en, ja)
            }
            QueryError::Memory => {
                let ja = "メモリーの上限を超えます。期間、フィルター、集計キーを絞るか、設定 lake.query_memory を大きくしてください";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_large", en, ja)
            }
            QueryError::Spill => {
                let ja = "一時ファイルの上限を超えます。期間、フィルター、集計キーを絞るか、設定 lake.query_spill を大きくしてください";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_large", en, ja)
            }
            QueryError::Busy(waiting) => {
                let ja = format!(
                    "すでに {waiting} 件の問い合わせが待っています。しばらくしてからもう一度試すか、設定 lake.query_queue を大きくしてください"
                );
                Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", en, ja)
            }
            QueryError::Stopped => {
                Self::new(StatusCode::CONFLICT, "stopped", en, "問い合わせは要求により中止されました")
            }
            other => Self::internal(other),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        unread(rejection.status(), &rejection.body_text(), "要求の本文を読めません")
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        unread(rejection.status(), &rejection.body_text(), "要求のパラメーターを読めません")
    }
}

/// A request that does not have the form of what was asked: `text` is the library's, which names the member in front where it
/// is not of the wanted type, as in `limit: invalid value: …`.
fn unread(status: StatusCode, text: &str, ja: &str) -> ApiError {
    let prefixes = [
        "Failed to deserialize the JSON body into the target type: ",
        "Failed to deserialize query string: ",
        "Failed to parse the request body as JSON: ",
    ];
    let what = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    let member = what.split_once("missing field `").and_then(|(_, rest)| rest.split_once('`')).map(|(name, _)| name);
    let named = || what.split_once(": ").map(|(name, _)| name);
    let form = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.[]".contains(c));
    let path = member.or_else(named).filter(form).map(str::to_owned);
    let (en, ja) = (format!("the request cannot be read: {what}"), format!("{ja}: {what}"));
    ApiError { path, ..ApiError::new(status, "bad_request", en, ja) }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(code = self.code, message = self.message, "a request failed");
        }
        (self.status, Json(self)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_the_wrong_form_are_named() {
        let path = |text: &str| unread(StatusCode::BAD_REQUEST, text, "要求の本文を読めません").path;
        let body = "Failed to deserialize the JSON body into the target type: ";
        let wrong = format!("{body}limit: invalid value: integer `-1`, expected usize at line 1 column 9");
        assert_eq!(path(&wrong).as_deref(), Some("limit"));
        assert_eq!(path(&format!("{body}missing field `by` at line 1 column 9")).as_deref(), Some("by"));
        assert_eq!(path("Failed to deserialize query string: missing field `format`").as_deref(), Some("format"));
        assert_eq!(path("Failed to parse the request body as JSON: expected ident at line 1 column 2"), None);
        assert_eq!(path("Expected request with `Content-Type: application/json`"), None);
        let told = unread(StatusCode::BAD_REQUEST, &wrong, "要求の本文を読めません");
        assert!(told.message.starts_with("the request cannot be read: limit: invalid value"), "{}", told.message);
        assert!(told.message_ja.starts_with("要求の本文を読めません: limit"), "{}", told.message_ja);
    }
}
