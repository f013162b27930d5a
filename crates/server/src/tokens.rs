// SPDX-License-Identifier: Apache-2.0
//! Tokens of programs: made by a person with a name and a scope, shown once, kept as SHA-256, good until they are taken back.
//! A program sends one as `Authorization: Bearer …`.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{Method, StatusCode};
use minamo_base::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{Answer, Body};
use crate::auth::User;
use crate::{ApiError, Deps, StateError};

/// Tokens that there may be.
const MOST: usize = 1_000;
/// Characters of a name.
const LONGEST_NAME: usize = 64;
/// What tokens begin with, so that scanners of leaked secrets know them.
pub(crate) const PREFIX: &str = "minamo_";

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// `GET /metrics` alone.
    Metrics,
    /// All that reads: counters, questions, events, exports.
    Read,
}

impl Scope {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Read => "read",
        }
    }

    /// The one with this word.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Metrics, Self::Read].into_iter().find(|scope| scope.name() == name)
    }

    /// True where the request is within it. Questions have a body, and change nothing.
    pub(crate) fn allows(self, method: &Method, path: &str) -> bool {
        let reads = method == Method::GET || method == Method::HEAD;
        match self {
            Self::Metrics => reads && path == "/metrics",
            Self::Read if reads => !path.starts_with("/api/v1/tokens"),
            Self::Read => {
                let asks = ["/api/v1/query/", "/api/v1/sql", "/api/v1/rules/try", "/api/v1/suppressions/preview"];
                let chart = path.starts_with("/api/v1/profiles/") && path.ends_with("/chart");
                method == Method::POST && (chart || asks.iter().any(|begin| path.starts_with(begin)))
            }
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenInfo {
    /// Its name, of which there is one.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: String,
    /// When it was used last, to the hour; nothing where it was not.
    #[schema(required)]
    pub used_at: Option<String>,
}

/// The tokens.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// By their names.
    pub tokens: Vec<TokenInfo>,
}

/// A token that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenWanted {
    /// Its name: 1 to 64 letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// What it shall be good for.
    pub scope: Scope,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenMade {
    /// What it is.
    pub token: TokenInfo,
    /// The secret, which is shown only now.
    pub secret: String,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The name cannot be one.
    #[error("name: got {0:?}, want 1 to {LONGEST_NAME} letters, digits, -, _ and .")]
    Name(String),
    /// There is one of this name.
    #[error("there is a token {0} already: take it back first, or choose another name")]
    Taken(String),
    /// There are too many.
    #[error("there are {MOST} tokens already: take some back")]
    Full,
    /// The state could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A name that a token may have.
fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(good)
}

impl crate::State {
    /// Makes a token; gives its secret.
    pub fn make_token(&self, name: &str, scope: Scope, made_by: &str, now: Time) -> Result<TokenMade, TokenError> {
        if !is_name(name) {
            return Err(TokenError::Name(name.chars().take(80).collect()));
        }
        let known = self.tokens()?;
        if known.iter().any(|token| token.name == name) {
            return Err(TokenError::Taken(name.to_owned()));
        }
        if known.len() >= MOST {
            return Err(TokenError::Full);
        }
        let secret = self.put_token(name, scope, made_by, now)?;
        let made_at = Time::from_secs_nanos(now.secs(), 0).to_string();
        let token = TokenInfo { name: name.to_owned(), scope, made_by: made_by.to_owned(), made_at, used_at: None };
        Ok(TokenMade { token, secret })
    }
}

fn refused(error: TokenError) -> ApiError {
    let en = error.to_string();
    match error {
        TokenError::Name(name) => {
            let ja = format!("name: {name:?} は使えません（英数字と - _ . で 1～{LONGEST_NAME} 文字）");
            ApiError::bad("name", en, ja)
        }
        TokenError::Taken(name) => {
            let ja = format!("トークン {name} はすでにあります。取り消すか、別の名前にしてください");
            ApiError::new(StatusCode::CONFLICT, "exists", en, ja).at_path("name")
        }
        TokenError::Full => {
            let ja = format!("トークンがすでに {MOST} 個あります。不要なものを取り消してください");
            ApiError::new(StatusCode::CONFLICT, "full", en, ja)
        }
        TokenError::State(error) => ApiError::internal(error),
    }
}

/// The tokens of programs.
#[utoipa::path(get, path = "/api/v1/tokens", responses((status = 200, body = Tokens)))]
pub(crate) async fn tokens(State(deps): State<Deps>) -> Answer<Tokens> {
    Ok(Json(Tokens { tokens: deps.state.tokens().map_err(ApiError::internal)? }))
}

/// Make a token for a program; its secret is in the answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tokens", request_body = TokenWanted,
    responses((status = 200, body = TokenMade), (status = 400, body = ApiError), (status = 409, body = ApiError)))]
pub(crate) async fn create_token(
    State(deps): State<Deps>,
    Extension(User(user)): Extension<User>,
    body: Body<TokenWanted>,
) -> Answer<TokenMade> {
    let Json(wanted) = body?;
    let made = deps.state.make_token(&wanted.name, wanted.scope, &user, (deps.clock)()).map_err(refused)?;
    tracing::info!(token = made.token.name, scope = wanted.scope.name(), user, "a token was made");
    Ok(Json(made))
}

/// Take a token back: it is good for nothing from now on.
#[utoipa::path(delete, path = "/api/v1/tokens/{name}", params(("name" = String, Path, description = "Name of the token")),
    responses((status = 204), (status = 404, body = ApiError)))]
pub(crate) async fn revoke_token(
    State(deps): State<Deps>,
    Extension(User(user)): Extension<User>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    if deps.state.revoke_token(&name).map_err(ApiError::internal)? {
        tracing::info!(token = name, user, "a token was taken back");
        return Ok(StatusCode::NO_CONTENT);
    }
    let (en, ja) = (format!("there is no token {name}"), format!("トークン {name} はありません"));
    Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_allow_what_they_say() {
        let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
        assert!(Scope::Metrics.allows(&get, "/metrics") && !Scope::Metrics.allows(&get, "/api/v1/status"));
        assert!(Scope::Read.allows(&get, "/metrics") && Scope::Read.allows(&get, "/api/v1/events"));
        assert!(
            Scope::Read.allows(&post, "/api/v1/query/top") && Scope::Read.allows(&post, "/api/v1/profiles/web/chart")
        );
        assert!(!Scope::Read.allows(&post, "/api/v1/suppressions") && !Scope::Read.allows(&put, "/api/v1/rules/x"));
        assert!(!Scope::Read.allows(&get, "/api/v1/tokens") && !Scope::Read.allows(&post, "/api/v1/tokens"));
        assert!(!Scope::Read.allows(&Method::DELETE, "/api/v1/session"));
    }

    #[test]
    fn names_are_checked() {
        assert!(is_name("prometheus-1.example_x"));
        assert!(!is_name("") && !is_name("a b") && !is_name(&"x".repeat(65)) && !is_name("名前"));
    }
}
