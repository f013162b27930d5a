// SPDX-License-Identifier: Apache-2.0
//! Perspectives: how much an event matters to those who look, by rule, source and target. The same scan is one thing
//! from the guests' network and another one from a server. The first perspective that fits says the severity.

use minamo_base::{Ip, Prefix};
use minamo_model::event::Finding;

use crate::Severity;

/// A perspective.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Perspective {
    /// Its name, which its events bear.
    pub name: String,
    /// Beginnings of names of rules; all where there is none.
    pub rules: Vec<String>,
    /// Networks that hold the source; any where there is none.
    pub src: Vec<Prefix>,
    /// Networks that hold the target; any where there is none.
    pub dst: Vec<Prefix>,
    /// Severity of its events; that of the rule where nothing is said.
    pub severity: Option<Severity>,
}

impl Perspective {
    /// Whether an event is of this perspective.
    pub fn covers(&self, event: &Finding) -> bool {
        let within = |nets: &[Prefix], ip: Option<Ip>| {
            nets.is_empty() || ip.is_some_and(|ip| nets.iter().any(|net| net.contains(ip)))
        };
        let named = self.rules.is_empty() || self.rules.iter().any(|start| event.rule.starts_with(start.as_str()));
        named && within(&self.src, event.src_ip) && within(&self.dst, event.dst_ip)
    }

    /// Gives an event the first perspective that covers it, and its severity.
    pub fn apply(all: &[Self], event: &mut Finding) {
        let Some(first) = all.iter().find(|perspective| perspective.covers(event)) else { return };
        event.perspective = Some(first.name.clone());
        if let Some(severity) = first.severity {
            event.severity = severity.name().into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_fits_says_the_severity() {
        let net = |text: &str| vec![text.parse::<Prefix>().expect("a prefix")];
        let all = [
            Perspective {
                name: "guests".into(),
                rules: vec!["scan_".into()],
                src: net("10.9.0.0/16"),
                severity: Some(Severity::Low),
                ..Perspective::default()
            },
            Perspective { name: "servers".into(), dst: net("10.1.0.0/24"), ..Perspective::default() },
        ];
        let seen = |rule: &str, src: &str, dst: &str| {
            let mut event = Finding {
                rule: rule.into(),
                severity: "high".into(),
                src_ip: src.parse().ok(),
                dst_ip: dst.parse().ok(),
                ..Finding::default()
            };
            Perspective::apply(&all, &mut event);
            (event.perspective, event.severity.into_owned())
        };
        assert_eq!(seen("scan_ports", "10.9.1.1", "10.1.0.5"), (Some("guests".into()), "low".into()));
        assert_eq!(seen("miner", "10.9.1.1", "10.1.0.5"), (Some("servers".into()), "high".into()));
        assert_eq!(seen("miner", "10.9.1.1", ""), (None, "high".into()));
    }
}
