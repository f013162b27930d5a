// SPDX-License-Identifier: Apache-2.0
//! Who may bring records: decisions of people, what the configuration says of single exporters and of prefixes, and
//! what happens to all others.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use minamo_base::{Ip, Prefix};

use crate::settings::{Known, Unknown};

/// Decisions that are remembered at most.
const MAX_DECISIONS: usize = 65_536;

/// What a person decided about an exporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Its records are taken.
    Allow,
    /// Its datagrams are counted and not decoded.
    Deny,
}

/// How an exporter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Its records are taken; nobody has said whether they should be.
    #[default]
    Unknown,
    /// Its records are taken: the configuration or a person allows it.
    Allowed,
    /// Its records are decoded and wait for nobody: they are not taken until a person allows it.
    Waiting,
    /// Its datagrams are counted only, because it is unknown and the configuration refuses those.
    Refused,
    /// Its datagrams are counted only, because a person or the configuration denied it.
    Denied,
}

impl Standing {
    /// The word that API and console use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Allowed => "allowed",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Denied => "denied",
        }
    }

    pub(crate) fn is_decoded(self) -> bool {
        !matches!(self, Self::Refused | Self::Denied)
    }

    pub(crate) fn is_taken(self) -> bool {
        matches!(self, Self::Unknown | Self::Allowed)
    }
}

/// The rules and decisions; decoders ask again when the generation has changed.
#[derive(Debug, Default)]
pub struct Access {
    unknown: Unknown,
    allow: Vec<Prefix>,
    /// What is known of exporters beforehand; replaced as a whole.
    known: Mutex<Arc<HashMap<Ip, Known>>>,
    decisions: Mutex<BTreeMap<Ip, Decision>>,
    generation: AtomicU64,
}

impl Access {
    pub(crate) fn new(unknown: Unknown, allow: Vec<Prefix>, known: HashMap<Ip, Known>) -> Self {
        Self { unknown, allow, known: Mutex::new(Arc::new(known)), ..Self::default() }
    }

    /// What is known of exporters beforehand.
    pub(crate) fn known(&self) -> Arc<HashMap<Ip, Known>> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what is known of exporters from now on.
    pub(crate) fn set_known(&self, known: HashMap<Ip, Known>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// How an exporter stands now.
    pub fn standing(&self, exporter: Ip) -> Standing {
        let decided = self.decisions.lock().unwrap_or_else(PoisonError::into_inner).get(&exporter).copied();
        let configured = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&exporter).and_then(|k| k.allow);
        match (decided, self.unknown) {
            (Some(Decision::Allow), _) => Standing::Allowed,
            (Some(Decision::Deny), _) => Standing::Denied,
            (None, _) if configured == Some(true) => Standing::Allowed,
            (None, _) if configured == Some(false) => Standing::Denied,
            (None, _) if self.allow.iter().any(|prefix| prefix.contains(exporter)) => Standing::Allowed,
            (None, Unknown::Accept) => Standing::Unknown,
            (None, Unknown::Ask) => Standing::Waiting,
            (None, Unknown::Refuse) => Standing::Refused,
        }
    }

    /// Rises with every decision, and when something else is known of exporters.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Takes a decision, or takes one back. False where there is no room for another one.
    pub(crate) fn decide(&self, exporter: Ip, decision: Option<Decision>) -> bool {
        let mut decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        match decision {
            Some(_) if decisions.len() >= MAX_DECISIONS && !decisions.contains_key(&exporter) => return false,
            Some(decision) => drop(decisions.insert(exporter, decision)),
            None => drop(decisions.remove(&exporter)),
        }
        self.generation.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// The decisions as lines, to keep.
    pub(crate) fn save(&self) -> String {
        let decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        let word = |decision: &Decision| if *decision == Decision::Allow { "allow" } else { "deny" };
        let lines = decisions.iter().map(|(exporter, decision)| format!("{} {exporter}\n", word(decision)));
        std::iter::once(format!("{HEAD}\n")).chain(lines).collect()
    }

    /// Takes over kept decisions; the error names the first line that is none.
    pub(crate) fn restore(&self, text: &str) -> Result<(), String> {
        let mut lines = text.lines().enumerate();
        if lines.next().is_none_or(|(_, line)| line != HEAD) {
            return Err(format!("line 1: want {HEAD:?}"));
        }
        for (at, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let parsed = line.split_once(' ').and_then(|(word, exporter)| {
                let decision = match word {
                    "allow" => Decision::Allow,
                    "deny" => Decision::Deny,
                    _ => return None,
                };
                Some((exporter.parse::<Ip>().ok()?, decision))
            });
            let Some((exporter, decision)) = parsed else {
                return Err(format!("line {}: got {line:?}, want `allow` or `deny` and an address", at + 1));
            };
            self.decide(exporter, Some(decision));
        }
        Ok(())
    }
}

/// First line of the file with the decisions: its format and version.
const HEAD: &str = "minamo exporters 1";

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> Ip {
        Ip::v4([192, 0, 2, last])
    }

    #[test]
    fn decisions_go_before_prefixes_and_prefixes_before_the_rest() {
        let prefix: Prefix = "192.0.2.0/28".parse().expect("a prefix");
        for (unknown, other) in [
            (Unknown::Accept, Standing::Unknown),
            (Unknown::Ask, Standing::Waiting),
            (Unknown::Refuse, Standing::Refused),
        ] {
            let access = Access::new(unknown, vec![prefix], HashMap::new());
            assert_eq!((access.standing(ip(1)), access.standing(ip(99))), (Standing::Allowed, other));
            assert!(access.decide(ip(1), Some(Decision::Deny)) && access.decide(ip(99), Some(Decision::Allow)));
            assert_eq!((access.standing(ip(1)), access.standing(ip(99))), (Standing::Denied, Standing::Allowed));
            assert!(access.decide(ip(1), None));
            assert_eq!((access.standing(ip(1)), access.generation()), (Standing::Allowed, 3));
        }
    }

    #[test]
    fn the_file_of_exporters_goes_before_prefixes_and_behind_decisions() {
        let known = |allow| HashMap::from([(ip(1), Known { allow, ..Known::default() })]);
        let access = Access::new(Unknown::Ask, vec!["192.0.2.0/28".parse().expect("a prefix")], known(Some(false)));
        assert_eq!((access.standing(ip(1)), access.standing(ip(2))), (Standing::Denied, Standing::Allowed));
        let before = access.generation();
        access.set_known(known(None));
        assert_eq!((access.standing(ip(1)), access.generation()), (Standing::Allowed, before + 1));
        access.set_known(known(Some(true)));
        assert!(access.decide(ip(1), Some(Decision::Deny)));
        assert_eq!(access.standing(ip(1)), Standing::Denied);
    }

    #[test]
    fn decisions_survive_as_lines() {
        let access = Access::new(Unknown::Ask, Vec::new(), HashMap::new());
        access.decide(ip(1), Some(Decision::Deny));
        access.decide("2001:db8::1".parse().expect("an address"), Some(Decision::Allow));
        let again = Access::new(Unknown::Ask, Vec::new(), HashMap::new());
        assert_eq!(again.restore(&access.save()), Ok(()));
        assert_eq!(again.save(), access.save());
        assert_eq!(
            again.restore("minamo exporters 1\nallow everyone\n"),
            Err("line 2: got \"allow everyone\", want `allow` or `deny` and an address".to_owned())
        );
        assert!(again.restore("minamo exporters 2\n").is_err());
    }
}
