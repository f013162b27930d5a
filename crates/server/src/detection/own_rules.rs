// SPDX-License-Identifier: Apache-2.0
//! Rules that people write in the console, and how they want rules to run. What cannot run is refused; what is kept is in
//! force at once.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use minamo_detect::{Decided, Instance, Known, Origin, Rule, Severity};
use minamo_state::{KeptRule, MAX_OWN_RULES, MAX_RULE_TEXT};

use super::plan::plan;
use super::rules::{info, no_rule};
use super::types::*;
use crate::api::{Answer, Body};
use crate::auth::User;
use crate::{ApiError, Deps};

/// The rule itself, without its instance.
fn base(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

fn known(deps: &Deps, name: &str) -> Result<Known, ApiError> {
    deps.rules.known().iter().find(|known| known.rule.name == name).cloned().ok_or_else(|| no_rule(name))
}

fn refused(path: &str, error: &impl std::fmt::Display) -> ApiError {
    ApiError::bad(path, error.to_string(), format!("ルールが正しくありません: {error}"))
}

fn conflict(en: impl Into<String>, ja: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "conflict", en, ja)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(plain) {
        return Ok(());
    }
    let en = format!("name: got {name:?}, want at most 64 small letters, digits and _");
    let ja = format!("name: {name:?} は使えません。英小文字・数字・_ で 64 文字までにしてください");
    Err(ApiError::bad("name", en, ja))
}

/// The text of a rule, to read it or to begin one's own with it.
#[utoipa::path(get, path = "/api/v1/rules/{name}", params(("name" = String, Path, description = "name of the rule")),
    responses((status = 200, body = RuleText), (status = 404, body = ApiError)))]
pub(crate) async fn rule_text(State(deps): State<Deps>, Path(name): Path<String>) -> Answer<RuleText> {
    let known = known(&deps, &name)?;
    let text = known.text.unwrap_or_else(|| known.rule.sql.clone());
    Ok(Json(RuleText { name, text, origin: origin(known.origin) }))
}

/// The word for where a rule comes from.
pub(crate) fn origin(origin: Origin) -> String {
    let word = match origin {
        Origin::Shipped => "shipped",
        Origin::File => "file",
        Origin::Console => "console",
    };
    word.to_owned()
}

/// Keeps a rule that somebody wrote, in place of an older one of theirs or of one that comes with the product, and puts it
/// in force.
#[utoipa::path(put, path = "/api/v1/rules/{name}", params(("name" = String, Path, description = "name of the rule")),
    request_body = RuleWrite, responses((status = 200, body = RuleKept), (status = 400, body = ApiError),
    (status = 409, body = ApiError)))]
pub(crate) async fn put_rule(
    State(deps): State<Deps>,
    Extension(User(author)): Extension<User>,
    Path(name): Path<String>,
    body: Body<RuleWrite>,
) -> Answer<RuleKept> {
    let Json(wanted) = body?;
    check_name(&name)?;
    if wanted.text.len() > MAX_RULE_TEXT {
        let en = format!("text: {} octets, want at most {MAX_RULE_TEXT}", wanted.text.len());
        let ja = format!("text: {} オクテットは長すぎます（上限 {MAX_RULE_TEXT}）", wanted.text.len());
        return Err(ApiError::bad("text", en, ja));
    }
    let of_file = deps.rules.known().iter().any(|known| base(&known.rule.name) == name && known.origin == Origin::File);
    if of_file {
        let en = format!("{name} is a file of the folder detect.rules: change it there");
        let ja = format!("{name} は detect.rules フォルダーのファイルです。ファイルを変更してください");
        return Err(conflict(en, ja));
    }
    let rule = Rule::parse(&name, &wanted.text).map_err(|error| refused("text", &error))?;
    plan(&deps.lake, &rule).await.map_err(|error| refused("text", &error))?;
    let kept = KeptRule { rule: name.clone(), text: wanted.text, author: author.clone(), at: (deps.clock)() };
    if !deps.ruling.stored.put(&kept).map_err(ApiError::internal)? {
        let en = format!("there are {MAX_OWN_RULES} rules of your own already: delete one");
        return Err(conflict(en, format!("自作ルールは {MAX_OWN_RULES} 個までです。どれかを削除してください")));
    }
    tracing::info!(rule = name, author, "a rule was written");
    let in_force = deps.ruling.changed().await;
    Ok(Json(RuleKept { name, in_force }))
}

/// Deletes a rule that somebody wrote; one that comes with the product under that name is in force again.
#[utoipa::path(delete, path = "/api/v1/rules/{name}", params(("name" = String, Path, description = "name of the rule")),
    responses((status = 200, body = RuleKept), (status = 404, body = ApiError)))]
pub(crate) async fn delete_rule(
    State(deps): State<Deps>,
    Extension(User(author)): Extension<User>,
    Path(name): Path<String>,
) -> Answer<RuleKept> {
    if !deps.ruling.stored.remove(&name).map_err(ApiError::internal)? {
        return Err(no_rule(&name));
    }
    for kept in deps.ruling.stored.settings().map_err(ApiError::internal)? {
        if base(&kept.rule) == name {
            deps.ruling.stored.reset(&kept.rule).map_err(ApiError::internal)?;
        }
    }
    tracing::info!(rule = name, author, "a rule was deleted");
    let in_force = deps.ruling.changed().await;
    Ok(Json(RuleKept { name, in_force }))
}

/// Refuses to say of a rule what the configuration says of it.
fn check_free(deps: &Deps, name: &str) -> Result<(), ApiError> {
    if !deps.ruling.configured.contains(base(name)) {
        return Ok(());
    }
    let en = format!("[[rule]] of the configuration says how {name} runs: change it there");
    Err(conflict(en, format!("{name} の動作は設定ファイルの [[rule]] で決まっています。そちらを変更してください")))
}

/// Instances of one rule that are made in the console.
const MOST_INSTANCES: usize = 50;

/// The rule as it is without instances, and the name of the instance that is wanted of it.
fn wanted_of(deps: &Deps, name: &str) -> Result<(Known, Option<String>), ApiError> {
    let Some((base, instance)) = name.split_once(':') else { return Ok((known(deps, name)?, None)) };
    let kept = deps.ruling.stored.settings().map_err(ApiError::internal)?;
    let others = kept.iter().filter(|kept| kept.rule != name && kept.rule.starts_with(&format!("{base}:"))).count();
    if others >= MOST_INSTANCES {
        let en = format!("there are {MOST_INSTANCES} instances of {base} already: remove one");
        return Err(conflict(
            en,
            format!("{base} のインスタンスは {MOST_INSTANCES} 個までです。どれかを削除してください"),
        ));
    }
    Ok((known(deps, base)?, Some(instance.to_owned())))
}

/// Says how a rule runs: whether, with which numbers, over which flows, how bad its events are. With the name `rule:instance` it is
/// another instance of the rule, made where there is none of that name, which runs besides it.
#[utoipa::path(put, path = "/api/v1/rules/{name}/settings",
    params(("name" = String, Path, description = "name of the rule")), request_body = RuleSettings,
    responses((status = 200, body = RuleInfo), (status = 400, body = ApiError), (status = 404, body = ApiError),
    (status = 409, body = ApiError)))]
pub(crate) async fn set_rule(
    State(deps): State<Deps>,
    Extension(User(author)): Extension<User>,
    Path(name): Path<String>,
    body: Body<RuleSettings>,
) -> Answer<RuleInfo> {
    let Json(wanted) = body?;
    check_free(&deps, &name)?;
    let (found, of) = wanted_of(&deps, &name)?;
    let severity = match wanted.severity.as_deref() {
        None => None,
        Some(word) => Some(Severity::parse(word).ok_or_else(|| {
            let en = format!("severity: got {word:?}, want low, medium, high or critical");
            ApiError::bad(
                "severity",
                en,
                format!("severity: {word:?} ではなく low・medium・high・critical のどれかです"),
            )
        })?),
    };
    let instance = Instance {
        rule: base(&name).to_owned(),
        name: of,
        enabled: wanted.enabled,
        only: wanted.only.filter(|only| !only.trim().is_empty()),
        severity,
        parameters: wanted.parameters.into_iter().collect(),
    };
    let arranged = found.rule.instance(&instance).map_err(|error| refused("parameters", &error))?;
    plan(&deps.lake, &arranged).await.map_err(|error| refused("only", &error))?;
    let text = serde_json::to_string(&instance).map_err(ApiError::internal)?;
    let kept = KeptRule { rule: name.clone(), text, author: author.clone(), at: (deps.clock)() };
    deps.ruling.stored.set(&kept).map_err(ApiError::internal)?;
    tracing::info!(rule = name, author, enabled = wanted.enabled, "how a rule runs was changed");
    deps.ruling.changed().await;
    // A new instance is listed once it is in force.
    let soon = Known { rule: arranged, decided: Decided::Console, runs: wanted.enabled, ..found };
    Ok(Json(info(&known(&deps, &name).unwrap_or(soon))))
}

/// Lets a rule run as it says itself; removes an instance.
#[utoipa::path(delete, path = "/api/v1/rules/{name}/settings",
    params(("name" = String, Path, description = "name of the rule")),
    responses((status = 200, body = RuleKept), (status = 404, body = ApiError)))]
pub(crate) async fn reset_rule(
    State(deps): State<Deps>,
    Extension(User(author)): Extension<User>,
    Path(name): Path<String>,
) -> Answer<RuleKept> {
    if !deps.ruling.stored.reset(&name).map_err(ApiError::internal)? {
        return Err(no_rule(&name));
    }
    tracing::info!(rule = name, author, "how a rule runs was left to it again");
    let in_force = deps.ruling.changed().await;
    Ok(Json(RuleKept { name, in_force }))
}
