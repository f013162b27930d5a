// SPDX-License-Identifier: Apache-2.0
//! `minamo rule`: the detection rules, and trying one on the past.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use minamo_base::Time;
use minamo_detect::{Known, Rule};
use minamo_server::detection::try_rule;

use crate::cli::{Place, RuleCommand};
use crate::clock;
use crate::commands::place::{open_to_read, place as find, say};
use crate::commands::set::all_sets;
use crate::commands::sql::aligned;
use crate::rules::{Loaded, read};

/// Events of a table.
const SHOWN: usize = 50;

pub(crate) async fn run(command: RuleCommand) -> anyhow::Result<()> {
    match command {
        RuleCommand::List { place } => list(&load(&place)?),
        RuleCommand::Show { name, place } => show(&of_name(&load(&place)?, &name)?),
        RuleCommand::Try { rule, last, from, to, set, json, place } => {
            let mut rule = wanted(&rule, &place)?;
            for (name, value) in set {
                let known = rule.parameters.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let parameter = rule.parameters.get_mut(&name);
                parameter.with_context(|| format!("--set {name}: the rule has {known}"))?.default = value;
            }
            let to = to.unwrap_or_else(clock::now);
            let from = from.unwrap_or(to - last);
            anyhow::ensure!(from < to, "--from: got {from}, want a time before {to}");
            attempt(&rule, &place, (from, to), json).await?;
        }
    }
    Ok(())
}

fn load(place: &Place) -> anyhow::Result<Loaded> {
    let (settings, folder) = find(place)?;
    let (sources, state) = (settings.rules()?, folder.join("state.db"));
    // Without a server there was nobody yet to write rules in its console.
    if state.is_file() { sources.with_ruling(&state)?.load() } else { sources.load() }
}

fn of_name(loaded: &Loaded, name: &str) -> anyhow::Result<Rule> {
    if let Some(wrong) = loaded.wrong.iter().find(|error| error.rule == name) {
        bail!("{wrong}");
    }
    let rule = loaded.known.iter().find(|known| known.rule.name == name).map(|known| known.rule.clone());
    rule.with_context(|| format!("there is no rule {name}; `minamo rule list` shows those that are"))
}

/// The rule of that name, or in that file.
fn wanted(rule: &str, place: &Place) -> anyhow::Result<Rule> {
    let path = Path::new(rule);
    if path.extension().is_some_and(|ending| ending == "sql" || ending == "epl") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        return Ok(read(&name, path)?.0);
    }
    of_name(&load(place)?, rule)
}

fn list(loaded: &Loaded) {
    let names = ["rule", "runs", "severity", "window", "attack", "title", "日本語"].map(str::to_owned);
    let row = |known: &Known| {
        let rule = &known.rule;
        let window = format!("{} s", rule.window.as_secs());
        vec![
            rule.name.clone(),
            if known.runs { "yes" } else { "no" }.to_owned(),
            rule.severity.name().to_owned(),
            window,
            rule.attack.join(","),
            rule.title.en.clone(),
            rule.title.ja.clone(),
        ]
    };
    say(&aligned(&names, &loaded.known.iter().map(row).collect::<Vec<_>>()));
    for error in &loaded.wrong {
        eprintln!("minamo: {error}");
    }
}

fn show(rule: &Rule) {
    let mut out =
        format!("{}: {} / {}\n{}\n{}\n", rule.name, rule.title.en, rule.title.ja, rule.question.en, rule.question.ja);
    out.push_str(&format!("severity {}, window {} s", rule.severity.name(), rule.window.as_secs()));
    if !rule.attack.is_empty() {
        out.push_str(&format!(", ATT&CK {}", rule.attack.join(", ")));
    }
    out.push('\n');
    for (name, parameter) in &rule.parameters {
        out.push_str(&format!(
            "\n{name} = {}\n  {}\n  {}\n",
            parameter.default, parameter.reason.en, parameter.reason.ja
        ));
    }
    out.push_str("\nharmless causes\n");
    for cause in &rule.benign {
        out.push_str(&format!("  {}\n  {}\n", cause.en, cause.ja));
    }
    say(&format!("{out}\n{}\n", rule.sql));
}

async fn attempt(rule: &Rule, place: &Place, (from, to): (Time, Time), json: bool) -> anyhow::Result<()> {
    let lake = Arc::new(open_to_read(place)?);
    lake.know_sets(all_sets(place)?);
    let tried = try_rule(&lake, rule, from, to).await.with_context(|| format!("rule {}", rule.name))?;
    let line = |event: &minamo_model::Event| {
        let event = &event.finding;
        let address = |ip: Option<minamo_base::Ip>| ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
        vec![
            event.time_start.to_string(),
            event.time_end.to_string(),
            address(event.src_ip),
            address(event.dst_ip),
            rule.text_of(&event.facts).en,
        ]
    };
    if json {
        for event in &tried.events {
            let event = &event.finding;
            let value = serde_json::json!({
                "event_id": event.event_id, "rule": event.rule, "time_start": event.time_start.to_string(), "time_end": event.time_end.to_string(),
                "src_ip": event.src_ip.map(|ip| ip.to_string()), "dst_ip": event.dst_ip.map(|ip| ip.to_string()),
                "facts": serde_json::from_str::<serde_json::Value>(&event.facts)?, "filter": event.filter,
            });
            say(&format!("{value}\n"));
        }
    } else {
        let rows: Vec<_> = tried.events.iter().rev().take(SHOWN).map(line).collect();
        say(&aligned(&["from", "to", "src_ip", "dst_ip", "event"].map(str::to_owned), &rows));
    }
    let pairs: BTreeSet<_> = tried.events.iter().map(|e| (e.finding.src_ip, e.finding.dst_ip)).collect();
    eprintln!(
        "minamo: {} would have fired {} times between {from} and {to}, for {} pairs",
        rule.name,
        tried.events.len(),
        pairs.len()
    );
    if tried.cut || tried.left_out > 0 {
        eprintln!("minamo: not all was looked at: take a shorter range ({} windows were left out)", tried.left_out);
    }
    Ok(())
}
