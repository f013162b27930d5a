// SPDX-License-Identifier: Apache-2.0
//! Where detection rules come from: those that come with the product, those that people wrote in the console, the files of
//! `detect.rules`, and what `[[rule]]` and the console say of all of them. A file that is no rule, or whose query the lake refuses, is told and counted; the others run on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use minamo_detect::{Decided, Instance, Known, Origin, Rule, RuleError, arrange, norikra, shipped_rules, shipped_text};
use minamo_server::detection::{Ruling, plan};
use minamo_state::KeptRule;
use minamo_store::Lake;

use crate::mark::{Mark, mark};

/// Files of rules that are read at most.
const MOST_FILES: usize = 1_000;
/// Octets of a rule's file that are read at most.
const MOST_OCTETS: u64 = 1 << 20;

/// Where rules come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// Folder of `detect.rules`.
    pub(crate) folder: Option<PathBuf>,
    /// What people say in the console; nothing where there is no data folder yet.
    pub(crate) ruling: Option<Arc<Ruling>>,
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
    /// All that there are, those too that do not run.
    pub(crate) known: Vec<Known>,
}

impl Sources {
    /// With what people say in the console, as that `state.db` has it.
    pub(crate) fn with_ruling(self, state: &Path) -> anyhow::Result<Self> {
        let configured = self.instances.iter().map(|instance| instance.rule.clone()).collect();
        let ruling = Ruling::open(state, configured).with_context(|| state.display().to_string())?;
        Ok(Self { ruling: Some(Arc::new(ruling)), ..self })
    }

    /// All rules. An error of the folder or of `state.db` is an error; one of a rule is told beside.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        for rule in shipped_rules()? {
            let text = shipped_text(&rule.name);
            found.push(Known { rule, origin: Origin::Shipped, decided: Decided::Rule, runs: false, text });
        }
        self.written(&mut found, &mut wrong)?;
        for path in self.files()? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            match read(&name, &path) {
                Ok((rule, text)) => take(&mut found, rule, Origin::File, text),
                Err(error) => wrong.push(error),
            }
        }
        found.sort_by(|a, b| a.rule.name.cmp(&b.rule.name));
        let mut said = self.said(&mut wrong)?;
        // One that got instances in the console runs besides them as before, where nobody says otherwise.
        for known in &found {
            let mut of = said.iter().filter(|instance| instance.rule == known.rule.name).peekable();
            if of.peek().is_some() && of.all(|instance| instance.name.is_some()) {
                let (rule, enabled) = (known.rule.name.clone(), known.rule.enabled);
                said.push(Instance { rule, enabled, ..Instance::default() });
            }
        }
        let instances: Vec<_> = self.instances.iter().chain(&said).cloned().collect();
        let rules: Vec<_> = found.iter().map(|known| known.rule.clone()).collect();
        let (rules, more) = arrange(&rules, &instances);
        // What is said of a rule whose file is bad is not wrong for that.
        wrong.extend(
            more.into_iter().filter(|error| !wrong.iter().any(|bad| bad.rule == error.rule)).collect::<Vec<_>>(),
        );
        let decided = |name: &str| match () {
            () if self.instances.iter().any(|instance| instance.rule == name) => Decided::Configuration,
            () if said.iter().any(|instance| instance.rule == name) => Decided::Console,
            () => Decided::Rule,
        };
        let known = found.into_iter().flat_map(|known| {
            let known = Known { decided: decided(&known.rule.name), ..known };
            let mut shown: Vec<_> = (rules.iter())
                .filter(|rule| base(&rule.name) == known.rule.name)
                .map(|rule| Known { rule: rule.clone(), runs: true, ..known.clone() })
                .collect();
            // What does not run is shown as it would: instances of the console, and the rule itself.
            let idle = said.iter().filter(|instance| instance.rule == known.rule.name);
            let idle: Vec<_> = idle.filter_map(|instance| known.rule.instance(instance).ok()).collect();
            for rule in idle.into_iter().chain([known.rule.clone()]) {
                if !shown.iter().any(|other| other.rule.name == rule.name) {
                    shown.push(Known { rule, ..known.clone() });
                }
            }
            shown.sort_by(|a, b| a.rule.name.cmp(&b.rule.name));
            shown
        });
        Ok(Loaded { known: known.collect(), rules, wrong })
    }

    /// Takes in what people wrote in the console.
    fn written(&self, found: &mut Vec<Known>, wrong: &mut Vec<RuleError>) -> anyhow::Result<()> {
        let Some(ruling) = &self.ruling else { return Ok(()) };
        for kept in ruling.stored.texts()? {
            match Rule::parse(&kept.rule, &kept.text) {
                Ok(rule) => take(found, rule, Origin::Console, Some(kept.text)),
                Err(error) => wrong.push(error),
            }
        }
        Ok(())
    }

    /// What people say in the console of rules that the configuration is silent about.
    fn said(&self, wrong: &mut Vec<RuleError>) -> anyhow::Result<Vec<Instance>> {
        let Some(ruling) = &self.ruling else { return Ok(Vec::new()) };
        let mut said = Vec::new();
        let free = |kept: &KeptRule| !ruling.configured.contains(base(&kept.rule));
        for kept in ruling.stored.settings()?.into_iter().filter(free) {
            match serde_json::from_str::<Instance>(&kept.text) {
                Ok(instance) => said.push(instance),
                Err(error) => wrong.push(RuleError { rule: kept.rule, what: format!("its settings: {error}") }),
            }
        }
        Ok(said)
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

/// The name of a rule without that of its instance.
fn base(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

/// Takes in a rule, in place of one of the same name.
fn take(found: &mut Vec<Known>, rule: Rule, origin: Origin, text: Option<String>) {
    found.retain(|other| other.rule.name != rule.name);
    found.push(Known { rule, origin, decided: Decided::Rule, runs: false, text });
}

/// Reads a rule from a file, and its text where it is a rule file.
pub(crate) fn read(name: &str, path: &Path) -> Result<(Rule, Option<String>), RuleError> {
    let bad = |what: String| RuleError { rule: name.to_owned(), what: format!("{}: {what}", path.display()) };
    let size = std::fs::metadata(path).map_err(|e| bad(e.to_string()))?.len();
    if size > MOST_OCTETS {
        return Err(bad(format!("{size} octets, want at most {MOST_OCTETS}")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
    let is_query = path.extension().is_some_and(|ending| ending == "epl");
    let rule = if is_query { norikra::rule(name, &text) } else { Rule::parse(name, &text) };
    Ok((rule.map_err(|error| bad(error.what))?, (!is_query).then_some(text)))
}

/// Leaves out the rules whose query the lake does not understand: an unknown column, a wrong type. Those that come with
/// the product and are as they came are not asked: tests ask them, and planning all takes more than a second.
pub(crate) async fn planned(lake: &Arc<Lake>, loaded: Loaded) -> Loaded {
    let Loaded { rules, mut wrong, mut known } = loaded;
    let mut good = Vec::with_capacity(rules.len());
    let shipped = shipped_rules().unwrap_or_default();
    for rule in rules {
        if shipped.contains(&rule) {
            good.push(rule);
            continue;
        }
        match plan(lake, &rule).await {
            Ok(()) => good.push(rule),
            Err(error) => {
                known.iter_mut().filter(|known| known.rule.name == rule.name).for_each(|known| known.runs = false);
                wrong.push(RuleError { rule: rule.name, what: error.to_string() });
            }
        }
    }
    Loaded { rules: good, wrong, known }
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
        put("syntax.sql", &RULE.replace("flows WHERE", "flows\n  WHERE").replace("GROUP BY", "GROUP BUY"));
        put("kind.sql", &RULE.replace("src_ip FROM", "src_ip, SUM(app) FROM"));
        put("mixed.sql", &RULE.replace("WHERE $range", "WHERE $range AND src_ip > 5"));
        put("all.sql", &RULE.replace("WHERE $range", "WHERE ($range OR proto = 6)"));
        put("inner.sql", &RULE.replace("src_ip FROM", "src_ip, (SELECT COUNT(*) FROM flows) AS n FROM"));
        put("text.sql", &RULE.replace("{src_ip}\", ja", "{dst_ip}\", ja"));
        put("filter.sql", &RULE.replace("src_ip = {src_ip}", "src_port = {src_ip}"));
        put("notes.txt", "no rule");
        put(
            "ports.epl",
            "SELECT ipv4_src_addr, COUNT(distinct l4_dst_port) AS uniq_dport FROM ext.win:time_batch(1 min) WHERE ipv4_src_addr LIKE '192.0.2.%' GROUP BY ipv4_src_addr HAVING COUNT(distinct l4_dst_port) > 100",
        );
        let sources = Sources { folder: Some(folder.path().to_owned()), ..Sources::default() };
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
        // Line and column are those of the file.
        assert!(told.contains("rule typo: there is no column scr_ip; there is src_ip (line 10, column 33)"), "{told}");
        for (rule, why) in [
            ("syntax", "(line 11, "),
            ("kind", "sum"),
            ("mixed", "FixedSizeBinary(16) > Int64"),
            ("all", "reads all flows that there are"),
            ("inner", "reads all flows that there are"),
            ("text", "text: the result has no column dst_ip; it has src_ip"),
            ("filter", "filter: "),
        ] {
            let line = told.lines().find(|line| line.starts_with(&format!("rule {rule}: ")));
            assert!(line.is_some_and(|line| line.contains(why)), "{rule}: {told}");
        }
    }

    #[test]
    fn a_rule_with_instances_of_the_console_runs_besides_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let sources = Sources::default().with_ruling(&folder.path().join("state.db")).expect("opened");
        let stored = &sources.ruling.as_ref().expect("there").stored;
        let keep = |name: Option<&str>, enabled| {
            let named = name.map(str::to_owned);
            let instance = Instance { rule: "scan_ports".into(), name: named, enabled, ..Default::default() };
            let rule = name.map_or("scan_ports".to_owned(), |name| format!("scan_ports:{name}"));
            let text = serde_json::to_string(&instance).expect("JSON");
            stored.set(&KeptRule { rule, text, author: "a".into(), at: Default::default() }).expect("kept");
        };
        let told = || {
            let loaded = sources.load().expect("loaded");
            assert_eq!(loaded.wrong, []);
            let of = loaded.known.into_iter().filter(|known| base(&known.rule.name) == "scan_ports");
            of.map(|known| (known.rule.name, known.runs)).collect::<Vec<_>>()
        };
        let shown =
            |list: &[(&str, bool)]| list.iter().map(|(name, runs)| ((*name).to_owned(), *runs)).collect::<Vec<_>>();
        keep(Some("guests"), true);
        assert_eq!(told(), shown(&[("scan_ports", true), ("scan_ports:guests", true)]));
        keep(None, false);
        keep(Some("lab"), false);
        let want = [("scan_ports", false), ("scan_ports:guests", true), ("scan_ports:lab", false)];
        assert_eq!(told(), shown(&want));
    }

    #[test]
    fn what_is_wrong_with_the_settings_ends_the_start() {
        let instance = Instance {
            rule: "scan_ports".into(),
            enabled: true,
            parameters: BTreeMap::from([("x".into(), 1)]),
            ..Default::default()
        };
        let error =
            Sources { instances: vec![instance], ..Sources::default() }.load_first().expect_err("unknown parameter");
        assert!(error.to_string().starts_with("[[rule]]: rule scan_ports: parameters.x: there is no such parameter"));
        let error =
            Sources { folder: Some("/nonexistent".into()), ..Default::default() }.load().expect_err("no folder");
        assert!(format!("{error:#}").starts_with("detect.rules: /nonexistent: "));
    }
}
