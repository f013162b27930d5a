// SPDX-License-Identifier: Apache-2.0
//! Webhooks: signed JSON for programs, and the messages of chats that take them by a secret address (Slack, Teams).

use std::path::Path;
use std::sync::Arc;

use minamo_base::hex;
use ring::hmac;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::{Notice, Notify, NotifyError, PATIENCE};

/// Where Debian, and most others by a link, keep the authorities that the system trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A program that takes JSON.
pub struct Webhook {
    post: Post,
    key: Option<hmac::Key>,
}

impl Webhook {
    /// To this address. With a secret each message has the header `X-Minamo-Signature`: `sha256=` and the HMAC-SHA-256
    /// (RFC 2104) of the body, in hexadecimal.
    pub fn new(url: &str, secret: Option<&[u8]>) -> Result<Self, NotifyError> {
        Ok(Self { post: Post::new(url)?, key: secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret)) })
    }
}

impl Notify for Webhook {
    fn send(&self, notice: &Notice) -> Result<(), NotifyError> {
        let body = notice.json().to_string();
        let signature =
            self.key.as_ref().map(|key| format!("sha256={}", hex(hmac::sign(key, body.as_bytes()).as_ref())));
        self.post.send(&body, signature.as_deref())
    }
}

/// A chat's channel, whose address is a secret: errors name the host alone.
pub struct Chat {
    post: Post,
    message: fn(&Notice) -> Value,
}

impl Chat {
    /// A channel of Slack ("incoming webhook"); Mattermost and Rocket.Chat take the same.
    pub fn slack(url: &str) -> Result<Self, NotifyError> {
        Ok(Self { post: Post::new(url)?, message: slack })
    }

    /// A channel of Microsoft Teams (workflow "when a webhook request is received"): an Adaptive Card.
    pub fn teams(url: &str) -> Result<Self, NotifyError> {
        Ok(Self { post: Post::new(url)?, message: teams })
    }
}

impl Notify for Chat {
    fn send(&self, notice: &Notice) -> Result<(), NotifyError> {
        self.post.send(&(self.message)(notice).to_string(), None)
    }
}

/// Slack's three reserved characters (api.slack.com, "Formatting text for app surfaces").
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn slack(notice: &Notice) -> Value {
    let mut text = format!("*[{}] {}*\n{}", notice.severity, escaped(&notice.title), escaped(&notice.text));
    if let Some(link) = &notice.link {
        text.push_str(&format!("\n<{link}|{}>", notice.event_id));
    }
    json!({"text": text})
}

fn teams(notice: &Notice) -> Value {
    let block = |text: String, weight: &str| json!({"type": "TextBlock", "text": text, "weight": weight, "wrap": true});
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [block(format!("[{}] {}", notice.severity, notice.title), "Bolder"), block(notice.text.clone(), "Default")],
    });
    if let Some(link) = &notice.link {
        card["actions"] = json!([{"type": "Action.OpenUrl", "title": notice.event_id, "url": link}]);
    }
    json!({"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]})
}

/// An address that takes JSON by POST.
struct Post {
    agent: Agent,
    url: String,
    /// The host, for errors.
    host: String,
}

impl Post {
    fn new(url: &str) -> Result<Self, NotifyError> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).filter(|host| !host.is_empty());
        let Some(host) = host else {
            return Err(NotifyError::never("url", "want such as https://hooks.example.com/x"));
        };
        let host = host.rsplit('@').next().unwrap_or(host).to_owned();
        let tls = TlsConfig::builder().root_certs(authorities()).build();
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .tls_config(tls)
            .build();
        Ok(Self { agent: config.into(), url: url.to_owned(), host })
    }

    fn send(&self, body: &str, signature: Option<&str>) -> Result<(), NotifyError> {
        let mut request = self.agent.post(&self.url).header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header("x-minamo-signature", signature);
        }
        // The address may hold a secret, and an error of the library may hold the address.
        let answer = request
            .send(body)
            .map_err(|error| NotifyError::again(&self.host, error.to_string().replace(&self.url, "…")))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status @ (408 | 425 | 429 | 500..=599) => {
                Err(NotifyError::again(&self.host, format!("answered with status {status}")))
            }
            status => Err(NotifyError::never(&self.host, format!("answered with status {status}"))),
        }
    }
}

/// The authorities that the system trusts; those that the library brings where the system has no list.
fn authorities() -> RootCerts {
    let of_system = std::fs::read(Path::new(SYSTEM)).ok().map(|pem| {
        let certificates = parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        certificates.collect::<Vec<Certificate<'static>>>()
    });
    match of_system {
        Some(list) if !list.is_empty() => RootCerts::Specific(Arc::new(list)),
        _ => RootCerts::WebPki,
    }
}
