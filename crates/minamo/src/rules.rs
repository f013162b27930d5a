// SPDX-License-Identifier: Apache-2.0
//! Where detection rules come from: those that come with the product, the files of `detect.rules`, and what `[[rule]]`
//! says of both. A file that is no rule, or whose query the lake refuses, is told and counted; the others run on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use minamo_base::Time;
use minamo_detect::{Engine, Instance, Rule, RuleError, arrange, norikra, shipped_rules};
use minamo_store::Lake;

use crate::enrichment::{Mark, mark};

/// Files of rules that are read at most.
const MOST_FILES: usize = 1_000;
/// Octets of a rule's file that are read at most.
const MOST_OCTETS: u64 = 1 << 20;

/// Where rules come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// Folder of `detect.rules`.
    pub(crate) folder: Option<PathBuf>,
    /// Tables of `[[rule]]`.
    pub(crate) instances: Vec<Instance>,
}

/// Rules that can run, and why others cannot.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Those that can.
    pub(crate) rules: Vec<Rule>,
    /// What is wrong with the others.
    pub(crate) wrong: Vec<RuleError>,
}

impl Sources {
    /// All rules. An error of the folder is an error; one of a file is told beside.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        let mut rules = shipped_rules()?;
        let mut wrong = Vec::new();
        for path in self.files()? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            match read(&name, &path) {
                Ok(rule) => {
                    rules.retain(|other| other.name != rule.name);
                    rules.push(rule);
                }
                Err(error) => wrong.push(error),
            }
        }
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        let (rules, more) = arrange(&rules, &self.instances);
        // What is said of a rule whose file is bad is not wrong for that.
        wrong.extend(
            more.into_iter().filter(|error| !wrong.iter().any(|bad| bad.rule == error.rule)).collect::<Vec<_>>(),
        );
        Ok(Loaded { rules, wrong })
    }

    /// As `load`, where anything wrong with `[[rule]]` is an error: at the start somebody is there to put it right.
    pub(crate) fn load_first(&self) -> anyhow::Result<Loaded> {
        let loaded = self.load()?;
        let named = |error: &&RuleError| self.instances.iter().any(|i| error.rule.split(':').next() == Some(&*i.rule));
        match loaded.wrong.iter().find(named) {
            Some(error) => bail!("[[rule]]: {error}"),
            None => Ok(loaded),
        }
    }

    fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let context = || format!("detect.rules: {}", folder.display());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(context)? {
            let path = entry.with_context(context)?.path();
            if path.extension().is_some_and(|ending| ending == "sql" || ending == "epl") {
                files.push(path);
            }
        }
        if files.len() > MOST_FILES {
            bail!("detect.rules: {}: {} files, want at most {MOST_FILES}", folder.display(), files.len());
        }
        files.sort();
        Ok(files)
    }

    /// What tells whether a file was added, changed or removed.
    pub(crate) fn marks(&self) -> Vec<(PathBuf, Mark)> {
        let files = self.files().unwrap_or_default();
        files.into_iter().map(|path| (path.clone(), mark(&path))).collect()
    }
}

/// Reads a rule from a file.
pub(crate) fn read(name: &str, path: &Path) -> Result<Rule, RuleError> {
    let bad = |what: String| RuleError { rule: name.to_owned(), what: format!("{}: {what}", path.display()) };
    let size = std::fs::metadata(path).map_err(|e| bad(e.to_string()))?.len();
    if size > MOST_OCTETS {
        return Err(bad(format!("{size} octets, want at most {MOST_OCTETS}")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
    let is_query = path.extension().is_some_and(|ending| ending == "epl");
    if is_query { norikra::rule(name, &text) } else { Rule::parse(name, &text) }.map_err(|error| bad(error.what))
}

/// Leaves out the rules whose query the lake does not understand: an unknown column, a wrong type.
pub(crate) async fn planned(lake: &Arc<Lake>, loaded: Loaded) -> Loaded {
    let Loaded { rules, mut wrong } = loaded;
    let mut good = Vec::with_capacity(rules.len());
    for rule in rules {
        match plan(lake, &rule).await {
            Ok(()) => good.push(rule),
            Err(error) => wrong.push(RuleError { rule: rule.name, what: format!("{error:#}") }),
        }
    }
    Loaded { rules: good, wrong }
}

/// Plans the query of a rule without running it.
pub(crate) async fn plan(lake: &Lake, rule: &Rule) -> anyhow::Result<()> {
    for sql in Engine::questions(rule, Time::default(), Time::default()).sql {
        lake.sql(&format!("EXPLAIN {sql}"), 1).await?;
    }
    if let Some(condition) = rule.counted() {
        lake.condition(&condition).context("count.where")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const RULE: &str = r#"+++
title = { en = "T", ja = "題" }
question = { en = "Q?", ja = "問" }
severity = "low"
window = "1m"
text = { en = "{src_ip}", ja = "{src_ip}" }
filter = "src_ip = {src_ip}"
benign = [{ en = "b", ja = "無害" }]
+++
SELECT $window AS window_start, src_ip FROM flows WHERE $range GROUP BY 1, src_ip
"#;

    #[tokio::test]
    async fn a_bad_file_is_told_and_the_others_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        put("mine.sql", RULE);
        put("broken.sql", "SELECT 1");
        put("typo.sql", &RULE.replace("src_ip FROM", "scr_ip FROM"));
        put("notes.txt", "no rule");
        put(
            "ports.epl",
            "SELECT ipv4_src_addr, COUNT(distinct l4_dst_port) AS uniq_dport FROM ext.win:time_batch(1 min) WHERE ipv4_src_addr LIKE '192.0.2.%' GROUP BY ipv4_src_addr HAVING COUNT(distinct l4_dst_port) > 100",
        );
        let sources = Sources { folder: Some(folder.path().to_owned()), instances: Vec::new() };
        let lake = Lake::open(&folder.path().join("lake"), Default::default(), crate::clock::now).expect("a lake");
        let loaded = planned(&Arc::new(lake), sources.load_first().expect("loaded")).await;
        let names: Vec<_> = loaded.rules.iter().map(|rule| &*rule.name).collect();
        assert!(
            names.contains(&"mine")
                && names.contains(&"ports")
                && names.contains(&"scan_ports")
                && !names.contains(&"typo"),
            "{names:?}"
        );
        let told = loaded.wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(told.contains("broken.sql: want a front matter"), "{told}");
        assert!(told.contains("rule typo") && told.contains("scr_ip"), "{told}");
    }

    #[test]
    fn what_is_wrong_with_the_settings_ends_the_start() {
        let instance = Instance {
            rule: "scan_ports".into(),
            enabled: true,
            parameters: BTreeMap::from([("x".into(), 1)]),
            ..Default::default()
        };
        let error = Sources { folder: None, instances: vec![instance] }.load_first().expect_err("unknown parameter");
        assert!(error.to_string().starts_with("[[rule]]: rule scan_ports: parameters.x: there is no such parameter"));
        let error =
            Sources { folder: Some("/nonexistent".into()), ..Default::default() }.load().expect_err("no folder");
        assert!(format!("{error:#}").starts_with("detect.rules: /nonexistent: "));
    }
}
