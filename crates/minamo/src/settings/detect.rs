// SPDX-License-Identifier: Apache-2.0
//! `[[perspective]]`: how much events matter to those who look; `[[alerts]]`: files of other detection systems.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use minamo_base::Prefix;
use minamo_detect::{Perspective, Severity};

use super::Settings;
use super::keys::Keys;

/// Most of each.
const MOST: usize = 100;

/// A file of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlertFile {
    /// Its name, for log and counters, and for the sensor where a line names none.
    pub(crate) name: String,
    /// The file, as Suricata's `eve.json`.
    pub(crate) path: PathBuf,
}

impl Settings {
    /// `perspective`.
    pub(crate) fn perspectives(&self) -> anyhow::Result<Vec<Perspective>> {
        let mut all: Vec<Perspective> = Vec::new();
        for table in self.tables("perspective") {
            let one = perspective(table).context("perspective")?;
            if all.len() >= MOST || all.iter().any(|other| other.name == one.name) {
                bail!("perspective: name: {:?} is there twice, or there are more than {MOST}", one.name);
            }
            all.push(one);
        }
        Ok(all)
    }

    /// `alerts`.
    pub(crate) fn alerts(&self) -> anyhow::Result<Vec<AlertFile>> {
        let mut all: Vec<AlertFile> = Vec::new();
        for table in self.tables("alerts") {
            let one = alerts(table).context("alerts")?;
            if all.len() >= MOST || all.iter().any(|other| other.name == one.name || other.path == one.path) {
                bail!("alerts: name: {:?} or its path is there twice, or there are more than {MOST}", one.name);
            }
            all.push(one);
        }
        Ok(all)
    }
}

fn perspective(table: &toml::Table) -> anyhow::Result<Perspective> {
    let mut keys = Keys::of(table);
    let severity = |text: &str| Severity::parse(text);
    let one = Perspective {
        name: name(&mut keys)?,
        rules: keys.texts("rules")?.into_iter().map(|rule| rule.trim_end_matches('*').to_owned()).collect(),
        src: networks(&mut keys, "src")?,
        dst: networks(&mut keys, "dst")?,
        severity: keys.said("severity", "low, medium, high or critical", severity)?,
    };
    keys.end()?;
    Ok(one)
}

fn name(keys: &mut Keys<'_>) -> anyhow::Result<String> {
    let name = keys.text("name")?.context("name: want a name such as \"servers\"")?;
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > 64 || !name.chars().all(good) {
        bail!("name: got {name:?}, want letters, digits, - and _");
    }
    Ok(name.to_owned())
}

fn networks(keys: &mut Keys<'_>, key: &'static str) -> anyhow::Result<Vec<Prefix>> {
    let net = |text: &str| {
        text.parse::<Prefix>()
            .ok()
            .with_context(|| format!("{key}: got {text:?}, want a network such as \"10.1.0.0/16\""))
    };
    keys.texts(key)?.into_iter().map(net).collect()
}

fn alerts(table: &toml::Table) -> anyhow::Result<AlertFile> {
    let mut keys = Keys::of(table);
    let one = AlertFile {
        name: name(&mut keys)?,
        path: keys.path("path")?.context("path: want a file such as \"/var/log/suricata/eve.json\"")?,
    };
    match keys.text("format")? {
        None | Some("eve") => {}
        Some(other) => bail!("format: got {other:?}, want \"eve\""),
    }
    keys.end()?;
    Ok(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> anyhow::Result<Settings> {
        Settings::parse(text)
    }

    #[test]
    fn perspectives_and_alerts_are_read() {
        let text = "[[perspective]]\nname = \"servers\"\nrules = [\"scan_*\"]\ndst = [\"10.1.0.0/16\", \"10.2.0.9\"]\nseverity = \"critical\"\n\
            [[alerts]]\nname = \"suricata\"\npath = \"/var/log/suricata/eve.json\"\n";
        let settings = settings(text).expect("good");
        let all = settings.perspectives().expect("good");
        assert_eq!((&*all[0].rules[0], all[0].dst.len(), all[0].severity), ("scan_", 2, Some(Severity::Critical)));
        assert_eq!(settings.alerts().expect("good")[0].name, "suricata");
    }

    #[test]
    fn what_is_wrong_names_the_key() {
        let wrong = |text: &str| format!("{:#}", settings(text).expect_err("wrong"));
        assert!(wrong("[[perspective]]\nname = \"a b\"\n").starts_with("perspective: name: got \"a b\""));
        assert!(wrong("[[perspective]]\nname = \"a\"\nsrc = [\"x\"]\n").starts_with("perspective: src: got \"x\""));
        assert!(wrong("[[perspective]]\nname = \"a\"\n[[perspective]]\nname = \"a\"\n").contains("there twice"));
        assert!(wrong("[[alerts]]\nname = \"a\"\n").starts_with("alerts: path: want a file"));
        assert!(wrong("[[alerts]]\nname = \"a\"\npath = \"b\"\nformat = \"cef\"\n").contains("want \"eve\""));
    }
}
