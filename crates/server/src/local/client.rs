// SPDX-License-Identifier: Apache-2.0
//! The side of the commands: one request at a time to the server of a data folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{SOCKET, connect};

/// Longest answer that is read.
const MAX_ANSWER: usize = 64 << 20;
/// How long an answer may take to begin, where the request is no upload: a hold waits for a seal that is on its way.
const PATIENCE: Duration = Duration::from_secs(120);

/// Speaks to the server of a data folder.
#[derive(Debug, Clone)]
pub struct Client {
    folder: PathBuf,
}

/// Why the server did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody answers at the socket.
    #[error("no server answers at {path}: {error}")]
    Silent {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The connection ended, or what came is no answer.
    #[error("the server broke off: {0}")]
    Broken(String),
    /// Nothing came in time.
    #[error("the server has not answered for {0} s; it may still do what it was asked for")]
    Late(u64),
    /// The server refused, and says why.
    #[error("{message}")]
    Refused {
        /// Status of HTTP.
        status: u16,
        /// Its sentence.
        message: String,
    },
}

impl ClientError {
    fn broken(error: impl std::fmt::Display) -> Self {
        Self::Broken(error.to_string())
    }

    /// True where there is no such thing.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == StatusCode::NOT_FOUND.as_u16())
    }
}

impl Client {
    /// Of the server that has the data folder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The server that has the data folder; nothing where none runs.
    pub async fn find(folder: &Path) -> Result<Option<Self>, ClientError> {
        match connect(folder).await {
            Ok(_) => Ok(Some(Self::new(folder))),
            // No socket, or one that a server left behind when it was killed.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(ClientError::Silent { path: folder.join(SOCKET), error }),
        }
    }

    /// Asks for something.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.json(Method::GET, path, None::<&Value>).await
    }

    /// Has something made or done.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        self.json(Method::POST, path, Some(body)).await
    }

    /// Has something removed.
    pub async fn delete(&self, path: &str) -> Result<(), ClientError> {
        let request = Request::builder().method(Method::DELETE).uri(uri(path)).body(Body::empty());
        self.send(request.map_err(ClientError::broken)?, Some(PATIENCE)).await.map(drop)
    }

    /// Sends octets as they come, however long that takes, and gives the answer.
    pub async fn upload<T: DeserializeOwned>(&self, path: &str, octets: Body) -> Result<T, ClientError> {
        let request = Request::builder().method(Method::PUT).uri(uri(path));
        let request = request.header(header::CONTENT_TYPE, "application/octet-stream").body(octets);
        let answer = self.send(request.map_err(ClientError::broken)?, None).await?;
        serde_json::from_slice(&answer).map_err(ClientError::broken)
    }

    async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let mut request = Request::builder().method(method).uri(uri(path));
        let mut content = Body::empty();
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json");
            content = Body::from(serde_json::to_vec(body).map_err(ClientError::broken)?);
        }
        let answer = self.send(request.body(content).map_err(ClientError::broken)?, Some(PATIENCE)).await?;
        serde_json::from_slice(&answer).map_err(ClientError::broken)
    }

    /// Sends a request over a connection of its own; gives the body of a success.
    async fn send(&self, mut request: Request<Body>, patience: Option<Duration>) -> Result<Vec<u8>, ClientError> {
        let silent = |error| ClientError::Silent { path: self.folder.join(SOCKET), error };
        let stream = connect(&self.folder).await.map_err(silent)?;
        // The name stands for the socket: HTTP/1.1 wants one.
        request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("localhost"));
        let talk = async {
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(ClientError::broken)?;
            // It moves what request and answer exchange, and ends with them; its errors arrive at both.
            let moving = tokio::spawn(connection);
            let answer = sender.send_request(request).await.map_err(ClientError::broken)?;
            let status = answer.status();
            let body = to_bytes(Body::new(answer.into_body()), MAX_ANSWER).await.map_err(ClientError::broken)?;
            moving.abort();
            Ok::<_, ClientError>((status, body))
        };
        let (status, body) = match patience {
            Some(patience) => {
                let late = |_| ClientError::Late(patience.as_secs());
                tokio::time::timeout(patience, talk).await.map_err(late)??
            }
            None => talk.await?,
        };
        if status.is_success() {
            return Ok(body.to_vec());
        }
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        let message = said.and_then(|said| Some(said.get("message")?.as_str()?.to_owned()));
        let message = message.unwrap_or_else(|| format!("the server answered {status}"));
        Err(ClientError::Refused { status: status.as_u16(), message })
    }
}

fn uri(path: &str) -> String {
    format!("/api/v1{path}")
}
