// SPDX-License-Identifier: Apache-2.0
//! A counter or gauge as it is shown: the one shape in which all parts of the program tell what happened.

/// Value of a metric at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Name with the unit at its end: `minamo_probe_frames_total`.
    pub name: &'static str,
    /// What tells it from others of the same name.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: u64,
    /// Meaning.
    pub doc: &'static str,
}

impl Sample {
    /// A sample without labels.
    pub fn plain(name: &'static str, value: u64, doc: &'static str) -> Self {
        Self { name, labels: Vec::new(), value, doc }
    }

    /// A sample with the label `reason`.
    pub fn reason(name: &'static str, reason: &str, value: u64, doc: &'static str) -> Self {
        Self { name, labels: vec![("reason", reason.to_owned())], value, doc }
    }

    /// The labels as text: `reason="full",format="v9"`.
    pub fn label_text(&self) -> String {
        self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(",")
    }
}
