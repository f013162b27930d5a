// SPDX-License-Identifier: Apache-2.0
//! Login, logout, and the guard in front of everything that shows data.

use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::extract::connect_info::ConnectInfo;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use minamo_store::{Asker, asked_by};

use crate::logins::{Checked, Tried};
use crate::state::SESSION_SECS;
use crate::tokens::PREFIX;
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
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    body: Result<Json<Login>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(Login { user, password }) = body?;
    let from = address(peer.map(|Extension(ConnectInfo(peer))| peer), &headers);
    let tried = Tried { user: &user, password: &password, from, now: (deps.clock)() };
    match deps.state.logins.check(&deps.state, &tried).await.map_err(ApiError::internal)? {
        Checked::Right => {}
        Checked::Wrong => {
            let user: String = user.chars().take(64).collect();
            let from = from.map(|from| from.to_string()).unwrap_or_default();
            tracing::warn!(user, from, "login refused");
            let (en, ja) = ("user name or password is wrong", "ユーザー名またはパスワードが違います");
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "wrong_password", en, ja));
        }
        Checked::TooOften => {
            let en = "too many wrong passwords came from this address: try again in five minutes";
            let ja = "このアドレスからの誤ったパスワードが多すぎます。5 分後にもう一度試してください";
            return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_often", en, ja));
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

/// Lets a request pass only with a session (by cookie, or by `Authorization: Bearer`), or with a program's token, within its scope.
pub(crate) async fn require(State(deps): State<Deps>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let token = token(request.headers()).ok_or_else(ApiError::not_logged_in)?;
    let user = user_of(&deps, token, &request)?;
    request.extensions_mut().insert(User(user.clone()));
    let what = request.uri().path().to_owned();
    Ok(asked_by(Asker { user, what }, next.run(request)).await)
}

/// Who asks by this token, where that may ask so.
fn user_of(deps: &Deps, token: &str, request: &Request) -> Result<String, ApiError> {
    let now = (deps.clock)();
    if !token.starts_with(PREFIX) {
        let user = deps.state.session_user(token, now).map_err(ApiError::internal)?;
        return user.ok_or_else(ApiError::not_logged_in);
    }
    let known = deps.state.token_of(token, now).map_err(ApiError::internal)?;
    let (name, scope) = known.ok_or_else(ApiError::not_logged_in)?;
    if scope.allows(request.method(), request.uri().path()) {
        return Ok(format!("token {name}"));
    }
    let en = format!("the token {name} has the scope {}, which does not allow this", scope.name());
    let ja = format!("トークン {name} の範囲（{}）では、この操作はできません", scope.name());
    Err(ApiError::new(StatusCode::FORBIDDEN, "out_of_scope", en, ja))
}

/// The address that logs in: that of the connection, or what a proxy on this machine says of it.
fn address(peer: Option<SocketAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = peer?.ip().to_canonical();
    let told =
        headers.get("x-forwarded-for").and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    Some(told.filter(|_| peer.is_loopback()).unwrap_or(peer))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proxy_on_this_machine_says_counts_and_of_others_does_not() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("192.0.2.1, 198.51.100.7"));
        let from = |peer: &str| address(Some(peer.parse().expect("an address")), &headers).expect("known").to_string();
        assert_eq!(from("127.0.0.1:9"), "198.51.100.7", "the last one is what the proxy saw");
        assert_eq!(from("203.0.113.9:9"), "203.0.113.9");
        assert_eq!(from("[::ffff:203.0.113.9]:9"), "203.0.113.9");
        assert_eq!(address(None, &headers), None);
    }
}
