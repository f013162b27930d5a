// SPDX-License-Identifier: Apache-2.0
//! The rules in force: those that come with the product and those of the user, each in the instances that the user
//! wants, with parameters of their own.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::{Rule, RuleError, Severity};

/// How a rule is to run: as it is where nobody says otherwise.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
pub struct Instance {
    /// Name of the rule.
    pub rule: String,
    /// Name of this instance, where one rule runs several times.
    pub name: Option<String>,
    /// False where it does not run.
    pub enabled: bool,
    /// Condition in SQL that narrows the flows it looks at.
    pub only: Option<String>,
    /// Severity of its events.
    pub severity: Option<Severity>,
    /// Parameters with other values than the rule's own.
    pub parameters: BTreeMap<String, u64>,
}

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It comes with the product.
    Shipped,
    /// A file of the folder `detect.rules`.
    File,
    /// Somebody wrote it in the console.
    Console,
}

/// Who says how a rule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It itself.
    Rule,
    /// `[[rule]]` of the configuration.
    Configuration,
    /// Somebody in the console.
    Console,
}

/// A rule that there is, in force or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The rule, as it runs where it does.
    pub rule: Rule,
    /// Where it comes from.
    pub origin: Origin,
    /// Who says how it runs.
    pub decided: Decided,
    /// True where it runs.
    pub runs: bool,
    /// The rule file; nothing where it was made of a query of another kind.
    pub text: Option<String>,
}

impl Rule {
    /// The rule as an instance wants it. Its name is `rule:instance` where the instance has one.
    pub fn instance(&self, wanted: &Instance) -> Result<Self, RuleError> {
        let bad = |what: String| RuleError { rule: self.name.clone(), what };
        let mut rule = self.clone();
        if let Some(name) = &wanted.name {
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) || name.is_empty() {
                return Err(bad(format!("instance: got {name:?}, want letters, digits, - and _")));
            }
            rule.name = format!("{}:{name}", self.name);
        }
        if self.alerts && wanted.only.is_some() {
            return Err(bad("only: does not go with alerts, which are no flows".to_owned()));
        }
        rule.only.clone_from(&wanted.only);
        rule.severity = wanted.severity.unwrap_or(self.severity);
        for (name, value) in &wanted.parameters {
            let Some(parameter) = rule.parameters.get_mut(name) else {
                let known = self.parameters.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err(bad(format!("parameters.{name}: there is no such parameter; there is {known}")));
            };
            parameter.default = *value;
        }
        Ok(rule)
    }
}

/// The rules as the instances want them; a rule of which no instance speaks runs as it is. What is wrong with an
/// instance is given beside.
pub fn arrange(rules: &[Rule], instances: &[Instance]) -> (Vec<Rule>, Vec<RuleError>) {
    let (mut arranged, mut wrong): (Vec<Rule>, _) = (Vec::new(), Vec::new());
    for rule in rules {
        let mut own = instances.iter().filter(|instance| instance.rule == rule.name).peekable();
        if own.peek().is_none() && rule.enabled {
            arranged.push(rule.clone());
        }
        for instance in own.filter(|instance| instance.enabled) {
            match rule.instance(instance) {
                Ok(made) if arranged.iter().any(|other| other.name == made.name) => {
                    let what = "runs twice under one name: give each an instance of its own".to_owned();
                    wrong.push(RuleError { rule: made.name, what });
                }
                Ok(made) => arranged.push(made),
                Err(error) => wrong.push(error),
            }
        }
    }
    for instance in instances.iter().filter(|instance| !rules.iter().any(|rule| rule.name == instance.rule)) {
        let what =
            format!("there is no such rule; `minamo rule list` shows those that are{}", near(&instance.rule, rules));
        wrong.push(RuleError { rule: instance.rule.clone(), what });
    }
    (arranged, wrong)
}

/// The rule with the most similar beginning, as a hint.
fn near(name: &str, rules: &[Rule]) -> String {
    let alike = |rule: &Rule| rule.name.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    let best = rules.iter().max_by_key(|rule| alike(rule)).filter(|rule| alike(rule) >= 3);
    best.map(|rule| format!(", among them {}", rule.name)).unwrap_or_default()
}

/// The rules in force, shared by those who run them and those who show them.
#[derive(Debug, Default)]
pub struct Rules {
    live: RwLock<Arc<Vec<Rule>>>,
    wrong: RwLock<Arc<Vec<RuleError>>>,
    known: RwLock<Arc<Vec<Known>>>,
}

impl Rules {
    /// The rules in force now.
    pub fn now(&self) -> Arc<Vec<Rule>> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is wrong with those that cannot run.
    pub fn wrong(&self) -> Arc<Vec<RuleError>> {
        Arc::clone(&self.wrong.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// All rules that there are, those too that do not run.
    pub fn known(&self) -> Arc<Vec<Known>> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in their place.
    pub fn replace(&self, rules: Vec<Rule>, wrong: Vec<RuleError>, known: Vec<Known>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
        *self.wrong.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(wrong);
    }

    /// Stops a rule, which is then one that cannot run, until the rules are put in force again.
    pub fn stop(&self, error: RuleError) {
        let live: Vec<_> = self.now().iter().filter(|rule| rule.name != error.rule).cloned().collect();
        let mut known = (*self.known()).clone();
        known.iter_mut().filter(|known| known.rule.name == error.rule).for_each(|known| known.runs = false);
        let wrong = self.wrong().iter().cloned().chain([error]).collect();
        self.replace(live, wrong, known);
    }

    /// A rule by its name; one that is not in force any more is none.
    pub fn get(&self, name: &str) -> Option<Rule> {
        self.now().iter().find(|rule| rule.name == name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(rule: &str, name: Option<&str>, enabled: bool) -> Instance {
        Instance { rule: rule.to_owned(), name: name.map(str::to_owned), enabled, ..Instance::default() }
    }

    #[test]
    fn instances_change_what_a_rule_asks() {
        let rules = crate::shipped_rules().expect("they parse");
        let guests = Instance {
            only: Some("src_net = 'guests'".to_owned()),
            severity: Some(Severity::Low),
            parameters: BTreeMap::from([("ports".to_owned(), 500)]),
            ..want("scan_ports", Some("guests"), true)
        };
        let (arranged, wrong) =
            arrange(&rules, &[want("scan_ports", None, true), guests, want("scan_hosts", None, false)]);
        assert_eq!(wrong, []);
        assert!(arranged.iter().all(|rule| rule.name != "scan_hosts"));
        let guests = arranged.iter().find(|rule| rule.name == "scan_ports:guests").expect("an instance");
        let asked = crate::Engine::questions(guests, Default::default(), Default::default()).sql.concat();
        assert!(asked.contains("AND (src_net = 'guests'))") && asked.contains("> 500"), "{asked}");
        assert_eq!(guests.severity, Severity::Low);
        assert!(guests.counted().expect("it counts").ends_with("AND (src_net = 'guests')"));
    }

    #[test]
    fn a_rule_that_is_stopped_says_why() {
        let rules = Rules::default();
        let rule = crate::shipped_rules().expect("they parse").remove(0);
        let known = Known { rule: rule.clone(), origin: Origin::File, decided: Decided::Rule, runs: true, text: None };
        rules.replace(vec![rule.clone()], vec![], vec![known]);
        rules.stop(RuleError { rule: rule.name.clone(), what: "it takes too long".to_owned() });
        assert!(rules.get(&rule.name).is_none() && !rules.known()[0].runs);
        assert_eq!(rules.wrong()[0].what, "it takes too long");
    }

    #[test]
    fn what_is_wrong_names_the_rule_and_what_there_is() {
        let rules = crate::shipped_rules().expect("they parse");
        let unknown =
            Instance { parameters: BTreeMap::from([("pots".to_owned(), 5)]), ..want("scan_ports", None, true) };
        let wrong = |instances: &[Instance]| {
            arrange(&rules, instances).1.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            wrong(&[unknown]),
            "rule scan_ports: parameters.pots: there is no such parameter; there is packets, ports"
        );
        assert!(wrong(&[want("scan_prots", None, true)]).contains("there is no such rule"));
        assert!(wrong(&[want("scan_ports", None, true), want("scan_ports", None, true)]).contains("twice"));
        assert!(wrong(&[want("scan_ports", Some("a b"), true)]).contains("instance: got \"a b\""));
        let narrowed = Instance { only: Some("true".to_owned()), ..want("ids_alert", None, true) };
        assert!(wrong(&[narrowed]).contains("only: does not go with alerts"));
    }
}
