// SPDX-License-Identifier: Apache-2.0
//! The model file: a line that says what it is, with the SHA-256 of what follows, and a JSON document. What does not fit this
//! program is refused by name.

use minamo_base::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::calibrate::Calibration;
use crate::drift::{self, Spread};
use crate::features::{FEATURES, Source, Values};
use crate::forest::{Forest, Ranks};
use crate::pairs::after;
use crate::seen::Seen;
use crate::train::Recipe;
use crate::trees::Trees;
use crate::tunnel::{self, Tunnel};

/// Version of the file that is written; older ones that can still be read are none yet.
pub const VERSION: u32 = 1;
/// Largest file that is read.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// What the first line begins with.
const MAGIC: &str = "minamo-eta-model";
/// The model that comes with the program, trained by `make model`.
static EMBEDDED: &[u8] = include_bytes!("../model/default.model");

/// What a session is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// An ordinary program's.
    Benign,
    /// Malware with its controller.
    MalwareC2,
    /// A tunnel through a resolver of DNS over HTTPS.
    DohTunnel,
    /// Not judged: outside of what was trained on, or too little was seen.
    Unknown,
}

impl Class {
    /// Name in the column `eta_class`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Benign => "benign",
            Self::MalwareC2 => "malware_c2",
            Self::DohTunnel => "doh_tunnel",
            Self::Unknown => "unknown",
        }
    }
}

/// What the model says of a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Calibrated probability: of a tunnel where it is taken for one, else of malware.
    pub probability: f64,
    /// What it is taken for.
    pub class: Class,
}

/// What a model was trained on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Real sessions of each class: benign, malware.
    pub sessions: [usize; 2],
    /// Simulated sessions.
    pub simulated: usize,
    /// Sessions by DNS over HTTPS: lookups, tunnels.
    #[serde(default)]
    pub doh: [usize; 2],
    /// Corpora, with their sessions of each class.
    pub corpora: Vec<(String, [usize; 2])>,
    /// Families of malware.
    pub families: Vec<String>,
}

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Name of the model.
    pub name: String,
    /// Names of the features, in the order of the columns.
    pub features: Vec<String>,
    /// The trees.
    pub trees: Trees,
    /// From their log-odds to probabilities.
    pub calibration: Calibration,
    /// Probability from which a session is taken for malware.
    pub threshold: f64,
    /// What tells tunnels in DNS over HTTPS, where it was trained to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tunnel: Option<Tunnel>,
    /// Smallest and largest value of each feature in training ([`ranges`](crate::seen::ranges)).
    pub ranges: Vec<Option<[f32; 2]>>,
    /// How each feature was spread in the benign sessions of training, to tell drift from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spreads: Vec<Spread>,
    /// How it was trained.
    pub recipe: Recipe,
    /// On what.
    pub summary: Summary,
}

/// Why a file is no model for this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// More octets than a model has.
    #[error("the file has {0} octets, a model at most {MAX_BYTES}")]
    Large(usize),
    /// Something else.
    #[error("this is no model file: its first line does not say {MAGIC}")]
    NoModel,
    /// Of another time.
    #[error("the model file has version {0}, this program reads version {VERSION}")]
    Version(String),
    /// Changed after it was written.
    #[error("the model file is damaged: its SHA-256 is {found}, its first line says {said}")]
    Damaged {
        /// What it is.
        found: String,
        /// What it should be.
        said: String,
    },
    /// Not JSON of the form.
    #[error("the model file cannot be read: {0}")]
    Form(String),
    /// Trained for other features.
    #[error("the model asks for the feature {wanted} in column {column}, this program has {found} there")]
    Feature {
        /// Column, from 0.
        column: usize,
        /// What the model wants.
        wanted: String,
        /// What the program has.
        found: &'static str,
    },
    /// Numbers that cannot be.
    #[error("the model is unsound: {0}")]
    Unsound(&'static str),
}

/// A model that can judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    body: Body,
    forest: Forest,
    /// Those of tunnels, and the lowest log-odds of one.
    tunnels: Option<(Forest, f32)>,
    seen: Seen,
    sha256: String,
    /// The content as it was read: written again, some numbers would have other last digits.
    text: String,
}

impl Model {
    /// The model that comes with the program.
    pub fn embedded() -> Result<Self, ModelError> {
        Self::from_bytes(EMBEDDED)
    }

    /// Of its parts, checked as if it were read.
    pub fn new(body: Body) -> Result<Self, ModelError> {
        check(&body)?;
        let text = serde_json::to_string(&body).map_err(|error| ModelError::Form(error.to_string()))?;
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        Ok(Self::of(body, sha256, text))
    }

    /// Reads a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.len() > MAX_BYTES {
            return Err(ModelError::Large(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ModelError::NoModel)?;
        let (head, body) = text.split_once('\n').ok_or(ModelError::NoModel)?;
        let mut head = head.split(' ');
        if head.next() != Some(MAGIC) {
            return Err(ModelError::NoModel);
        }
        let version = head.next().unwrap_or_default();
        if version != VERSION.to_string() {
            return Err(ModelError::Version(version.chars().take(20).collect()));
        }
        let text = body.trim_end();
        let (found, said) = (hex(&Sha256::digest(text.as_bytes())), head.next().unwrap_or_default());
        if found != said {
            return Err(ModelError::Damaged { found, said: said.chars().take(64).collect() });
        }
        let body: Body = serde_json::from_str(text).map_err(|error| ModelError::Form(error.to_string()))?;
        check(&body)?;
        Ok(Self::of(body, found, text.to_owned()))
    }

    fn of(body: Body, sha256: String, text: String) -> Self {
        let tunnels = body
            .tunnel
            .as_ref()
            .map(|tunnel| (Forest::new(&tunnel.trees), tunnel.calibration.lowest_score(tunnel.threshold) as f32));
        Self { forest: Forest::new(&body.trees), tunnels, seen: Seen::new(&body.ranges), body, sha256, text }
    }

    /// The file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        Ok(format!("{MAGIC} {VERSION} {}\n{}\n", self.sha256, self.text).into_bytes())
    }

    /// What its training has seen.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What it was made of.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// SHA-256 of its content in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// How it is called in the column `eta_model`: name and the first 8 digits of the SHA-256.
    pub fn label(&self) -> String {
        format!("{}@{}", self.body.name, self.sha256.get(..8).unwrap_or_default())
    }

    /// What its trees ask for: where rows do not have it, these questions are answered as for a missing value.
    pub fn asks(&self) -> Vec<Source> {
        let trees = &self.body.trees;
        let nodes = trees.feature.iter().zip(&trees.threshold).zip(&trees.missing_left);
        // A node that does not divide sends everything to the left.
        let asked = nodes.filter(|((_, threshold), missing_left)| **threshold < f32::MAX || !**missing_left);
        let features: Vec<_> = asked.filter_map(|((feature, _), _)| FEATURES.get(*feature as usize)).collect();
        Source::ALL.iter().copied().filter(|source| features.iter().any(|feature| feature.source == *source)).collect()
    }

    /// The probability of malware by a session's own features.
    pub fn own(&self, values: &Values) -> f64 {
        self.malware(&Ranks::new(values))
    }

    fn malware(&self, ranks: &Ranks) -> f64 {
        self.body.calibration.probability(f64::from(self.forest.predict(ranks)))
    }

    /// Judges a session by its features, and by the highest probability that an earlier one of the same hosts was told.
    pub fn judge(&self, values: &Values, told: Option<f64>) -> Verdict {
        let ranks = Ranks::new(values);
        let unknown = !self.seen.judges(values);
        let may_be = !unknown && tunnel::may_be(values);
        if let Some(probability) = may_be.then(|| self.tunnel(&ranks)).flatten() {
            return Verdict { probability, class: Class::DohTunnel };
        }
        let probability = after(self.malware(&ranks), told);
        let class = if unknown {
            Class::Unknown
        } else if probability >= self.body.threshold {
            Class::MalwareC2
        } else {
            Class::Benign
        };
        Verdict { probability, class }
    }

    /// The probability of a tunnel by DNS over HTTPS, of what is taken for one.
    fn tunnel(&self, ranks: &Ranks) -> Option<f64> {
        let ((forest, lowest), tunnel) = self.tunnels.as_ref().zip(self.body.tunnel.as_ref())?;
        let score = forest.reaches(ranks, *lowest)?;
        Some(tunnel.calibration.probability(f64::from(score)))
    }

    /// Trees and threshold of a class, those of malware for all but tunnels.
    pub fn of_class(&self, class: Class) -> (&Trees, f64) {
        let tunnel = self.body.tunnel.as_ref().filter(|_| class == Class::DohTunnel);
        tunnel.map_or((&self.body.trees, self.body.threshold), |tunnel| (&tunnel.trees, tunnel.threshold))
    }
}

/// What is wrong with a model, if anything. One that was trained before the last features were known is sound: it does not ask
/// for them.
fn check(body: &Body) -> Result<(), ModelError> {
    for (column, wanted) in body.features.iter().enumerate() {
        let found = FEATURES.get(column).map_or("none", |feature| feature.name);
        if wanted != found {
            return Err(ModelError::Feature { column, wanted: wanted.chars().take(60).collect(), found });
        }
    }
    if body.features.is_empty() || body.ranges.len() != body.features.len() {
        return Err(ModelError::Unsound("its columns are not as many as its features"));
    }
    let own = (&body.trees, &body.calibration, body.threshold);
    let tunnel = body.tunnel.as_ref().map(|tunnel| (&tunnel.trees, &tunnel.calibration, tunnel.threshold));
    for (trees, calibration, threshold) in std::iter::once(own).chain(tunnel) {
        if trees.feature.iter().any(|feature| usize::from(*feature) >= body.features.len()) {
            return Err(ModelError::Unsound("a tree asks for a feature that the model does not name"));
        }
        if !(0.0..=1.0).contains(&threshold) {
            return Err(ModelError::Unsound("its threshold is no probability"));
        }
        if let Some(fault) = trees.fault().or_else(|| calibration.fault()) {
            return Err(ModelError::Unsound(fault));
        }
    }
    if !body.spreads.is_empty() && body.spreads.len() != body.features.len() {
        return Err(ModelError::Unsound("its columns are not as many as its features"));
    }
    drift::fault(&body.spreads).map_or(Ok(()), |fault| Err(ModelError::Unsound(fault)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::features::COUNT;

    /// A model that takes self-signed certificates for malware.
    pub(crate) fn small() -> Model {
        let trees = Trees {
            depth: 1,
            base: 0.0,
            feature: vec![0],
            threshold: vec![0.5],
            missing_left: vec![true],
            leaf: vec![-3.0, 3.0],
            expectation: vec![0.0],
        };
        Model::new(Body {
            name: "test".to_owned(),
            features: FEATURES.iter().map(|f| f.name.to_owned()).collect(),
            trees,
            calibration: Calibration::default(),
            threshold: 0.9,
            tunnel: None,
            ranges: vec![Some([0.0, 1.0]); COUNT],
            spreads: Vec::new(),
            recipe: Recipe::default(),
            summary: Summary::default(),
        })
        .expect("a sound model")
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let bytes = small().to_bytes().expect("a file");
        assert_eq!(Model::from_bytes(&bytes), Ok(small()));
        assert_eq!(small().asks(), [Source::Certificate]);
        assert!(small().label().starts_with("test@"));
    }

    #[test]
    fn a_tunnel_is_said_where_the_client_asks_often_and_its_trees_say_so() {
        let mut body = small().body().clone();
        let (column, _) = FEATURES.iter().enumerate().find(|(_, f)| f.name == "median_request").expect("a feature");
        let mut trees = body.trees.clone();
        (trees.feature, trees.threshold) = (vec![column as u16], vec![200.0]);
        body.tunnel = Some(Tunnel { trees, calibration: Calibration::default(), threshold: 0.9 });
        body.ranges = vec![Some([0.0, 1e6]); COUNT];
        let model = Model::new(body).expect("sound");
        let of = |turns: f32, request: f32| {
            let mut values = [0.0; COUNT];
            for (value, feature) in values.iter_mut().zip(FEATURES) {
                match feature.name {
                    "turns" => *value = turns,
                    "median_request" => *value = request,
                    "up" => *value = 9.0,
                    _ => {}
                }
            }
            model.judge(&values, None)
        };
        assert_eq!(of(9.0, 300.0).class, Class::DohTunnel);
        assert!(of(9.0, 300.0).probability > 0.9, "that of the tunnel");
        assert_eq!((of(9.0, 100.0).class, of(3.0, 300.0).class), (Class::Benign, Class::Benign));
        let bytes = model.to_bytes().expect("a file");
        assert_eq!(Model::from_bytes(&bytes).as_ref(), Ok(&model));
        let mut body = model.body().clone();
        body.tunnel.as_mut().expect("trees").threshold = 2.0;
        assert_eq!(Model::new(body), Err(ModelError::Unsound("its threshold is no probability")));
    }

    #[test]
    fn wrong_files_are_named_and_refused() {
        let text = String::from_utf8(small().to_bytes().expect("a file")).expect("text");
        let refused = |text: &str| Model::from_bytes(text.as_bytes()).expect_err("refused").to_string();
        assert!(refused("GIF89a\n").contains("no model file"));
        assert!(refused(&text.replacen(" 1 ", " 7 ", 1)).contains("version 7"));
        assert!(refused(&text.replacen("3.0", "4.0", 1)).contains("damaged"));
        let again = |change: &dyn Fn(&mut Body)| {
            let mut body = small().body().clone();
            change(&mut body);
            Model::new(body).expect_err("refused").to_string()
        };
        let message = again(&|body| body.features.swap(0, 1));
        assert!(message.contains("cert_validity in column 0"), "{message}");
        assert!(again(&|body| body.trees.depth = 60).contains("depth"));
        assert!(again(&|body| body.features.truncate(0)).contains("columns"));
        assert!(again(&|body| body.features.push("later".to_owned())).contains("later"));
        assert!(again(&|body| body.threshold = 7.0).contains("threshold"));
        let large = vec![b' '; MAX_BYTES + 1];
        assert!(matches!(Model::from_bytes(&large), Err(ModelError::Large(_))));
    }

    #[test]
    fn a_model_from_before_the_last_features_is_sound_as_far_as_it_does_not_ask_for_them() {
        let mut body = small().body().clone();
        body.features.truncate(3);
        body.ranges.truncate(3);
        let mut values = [f32::NAN; COUNT];
        values[0] = 1.0;
        let model = Model::new(body.clone()).expect("sound");
        assert_eq!(model.judge(&values, None).probability, small().judge(&values, None).probability);
        body.trees.feature = vec![3];
        let error = Model::new(body).expect_err("refused").to_string();
        assert!(error.contains("does not name"), "{error}");
    }

    #[test]
    fn what_is_outside_the_training_data_is_unknown() {
        let mut values = [0.5; COUNT];
        values[0] = 1.0;
        assert_eq!(small().judge(&values, None).class, Class::MalwareC2);
        values[0] = 0.0;
        assert_eq!(small().judge(&values, None).class, Class::Benign);
        values[3..8].fill(7.0);
        assert_eq!(small().judge(&values, None).class, Class::Unknown);
        assert_eq!(small().judge(&[f32::NAN; COUNT], None).class, Class::Unknown);
    }

    #[test]
    fn the_embedded_model_is_sound_and_small() {
        let model = Model::embedded().expect("the embedded model");
        assert!(EMBEDDED.len() < MAX_BYTES && !model.body().trees.is_empty());
    }
}
