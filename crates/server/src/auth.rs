// SPDX-License-Identifier: Apache-2.0
//! Login, logout, and the guard in front of everything that shows data.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use minamo_store::{Asker, asked_by};

use crate::logins::Checked;
use crate::state::SESSION_SECS;
use crate::types::{Login, Session};
use crate::{ApiError, Deps};

const COOKIE: &str = "minamo_session";

/// The user of the request, put there by [`require`].
#[derive(Debug, Clone)]
pub(crate) struct User(pub(crate) String);

/// Log in; the answer sets the session's cookie.
#[utoipa::path(post, path = "/api/v1/session", request_body = Login, responses((status = 204), (status = 401, body = ApiError), (status = 429, body = ApiError)))]
pub(crate) async fn login(
    State(deps): State<Deps>,
    body: Result<Json<Login>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(Login { user, password }) = body?;
    match deps.state.logins.check(&deps.state, &user, &password).await.map_err(ApiError::internal)? {
        Checked::Right => {}
        Checked::Wrong => {
            let user: String = user.chars().take(64).collect();
            tracing::warn!(user, "login refused");
            let (en, ja) = ("user name or password is wrong", "ユーザー名またはパスワードが違います");
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "wrong_password", en, ja));
        }
        Checked::Busy => {
            let en = "too many others log in at the moment: try again in some seconds";
            let ja = "ログインの要求が集中しています。数秒待ってからもう一度試してください";
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "busy", en, ja));
        }
    }
    let token = deps.state.start_session(&user, (deps.clock)()).map_err(ApiError::internal)?;
    let cookie = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={SESSION_SECS}");
    let value = HeaderValue::from_str(&cookie).map_err(ApiError::internal)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, value)]).into_response())
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/v1/session", responses((status = 200, body = Session), (status = 401, body = ApiError)))]
pub(crate) async fn session(Extension(User(user)): Extension<User>) -> Json<Session> {
    Json(Session { user })
}

/// Log out.
#[utoipa::path(delete, path = "/api/v1/session", responses((status = 204)))]
pub(crate) async fn logout(State(deps): State<Deps>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(token) = token(&headers) {
        deps.state.end_session(token).map_err(ApiError::internal)?;
    }
    let gone = HeaderValue::from_static("minamo_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// Lets a request pass only with a session: by cookie, or by `Authorization: Bearer` for programs.
pub(crate) async fn require(State(deps): State<Deps>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let token = token(request.headers()).ok_or_else(ApiError::not_logged_in)?;
    let user = deps.state.session_user(token, (deps.clock)()).map_err(ApiError::internal)?;
    let user = user.ok_or_else(ApiError::not_logged_in)?;
    request.extensions_mut().insert(User(user.clone()));
    let what = request.uri().path().to_owned();
    Ok(asked_by(Asker { user, what }, next.run(request)).await)
}

/// The name under which commands on the same machine ask.
const LOCAL: &str = "command line";

/// Lets every request pass that came over the socket of [`crate::local`]: who connects there was looked at.
pub(crate) async fn local(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(User(LOCAL.to_owned()));
    let what = request.uri().path().to_owned();
    asked_by(Asker { user: LOCAL.to_owned(), what }, next.run(request)).await
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    bearer.or_else(|| pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value))
}
