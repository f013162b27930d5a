// SPDX-License-Identifier: Apache-2.0
//! Signed bundles: a model, tables and lists of fingerprints, and lists of bad addresses and names, as they are installed from a
//! file or an address, with an Ed25519 signature (RFC 8032) of whoever made it.
//!
//! ```text
//! minamo-eta-bundle 2 <public key> <signature>      hexadecimal; what follows is signed, octet for octet
//! {"number":12,"parts":[{"kind":"model","name":"minamo","octets":312345}, …]}
//! the octets of the parts, one after the other
//! ```
//!
//! What a fingerprint table or a list says is checked by whoever reads it, a model here.

use minamo_base::hex;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::model::{Model, ModelError};

const MAGIC: &str = "minamo-eta-bundle";
/// Version that is written and read.
const VERSION: &str = "2";
/// Largest bundle that is read: a million fingerprints take about 100 MB.
pub const MAX_BYTES: usize = 256 << 20;
/// Parts at most.
const MAX_PARTS: usize = 64;
/// Octets of a public key.
pub const KEY_BYTES: usize = 32;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// A model; one at most.
    Model,
    /// What fingerprints stand for: CSV or JSON, as `[[fingerprints]]` reads it.
    Fingerprints,
    /// Which processes and families have which fingerprints, how often: as `enrich.processes` reads it.
    Processes,
    /// Addresses, networks and names, as `[[feed]]` reads them.
    List,
}

impl PartKind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Fingerprints => "fingerprints",
            Self::Processes => "processes",
            Self::List => "list",
        }
    }
}

/// How a part of fingerprints is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Form {
    /// What it lists: `ja3`, `ja4`, `hassh` …
    pub kind: String,
    /// What it lists should not be seen.
    pub bad: bool,
    /// Column or key of the fingerprint, where its form is not enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Column or key of what it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A part of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its name, which rows have: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// How fingerprints are to be read.
    pub form: Option<Form>,
    /// The file.
    pub content: Vec<u8>,
}

/// What a bundle holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Which of its maker's bundles it is: later ones have larger numbers.
    pub number: u64,
    /// Its parts.
    pub parts: Vec<Part>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    number: u64,
    parts: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: PartKind,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<Form>,
    octets: usize,
}

/// Why a bundle is refused, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Something else.
    #[error("this is no bundle: its first line does not say {MAGIC}")]
    NoBundle,
    /// More octets than a bundle has.
    #[error("the bundle has {0} octets, want at most {MAX_BYTES}")]
    Large(usize),
    /// Of another time.
    #[error("the bundle has version {0}, this program reads version {VERSION}")]
    Version(String),
    /// Signed by somebody else.
    #[error("the bundle is signed by {found}, which is none of the keys that are trusted")]
    Stranger {
        /// The key that the bundle names.
        found: String,
    },
    /// Changed, or never signed.
    #[error("the signature of the bundle is wrong: it was changed after it was signed")]
    Signature,
    /// Its list of parts cannot be.
    #[error("the list of the bundle's parts is wrong: {0}")]
    Parts(String),
    /// The model in it is none.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The key cannot be used.
    #[error("the key is no Ed25519 key: want PKCS #8 for signing, {KEY_BYTES} octets in hexadecimal for checking")]
    Key,
    /// The system gives no randomness.
    #[error("the system gives no random numbers")]
    Random,
}

/// A new key for signing, in PKCS #8.
pub fn new_key() -> Result<Vec<u8>, BundleError> {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| BundleError::Random)?;
    Ok(key.as_ref().to_vec())
}

/// The public half of a key for signing, in hexadecimal.
pub fn public_key(key: &[u8]) -> Result<String, BundleError> {
    let pair = Ed25519KeyPair::from_pkcs8(key).map_err(|_| BundleError::Key)?;
    Ok(hex(pair.public_key().as_ref()))
}

impl Bundle {
    /// The model in it, checked; nothing where there is none.
    pub fn model(&self) -> Result<Option<Model>, ModelError> {
        let part = self.parts.iter().find(|part| part.kind == PartKind::Model);
        part.map(|part| Model::from_bytes(&part.content)).transpose()
    }

    /// The parts of that kind.
    pub fn of(&self, kind: PartKind) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.kind == kind)
    }

    /// The bundle as a file, signed.
    pub fn sign(&self, key: &[u8]) -> Result<Vec<u8>, BundleError> {
        let pair = Ed25519KeyPair::from_pkcs8(key).map_err(|_| BundleError::Key)?;
        self.check()?;
        let entry = |part: &Part| Entry {
            kind: part.kind,
            name: part.name.clone(),
            form: part.form.clone(),
            octets: part.content.len(),
        };
        let contents = Contents { number: self.number, parts: self.parts.iter().map(entry).collect() };
        let mut signed = serde_json::to_vec(&contents).map_err(|error| BundleError::Parts(error.to_string()))?;
        signed.push(b'\n');
        self.parts.iter().for_each(|part| signed.extend(&part.content));
        let (public, signature) = (hex(pair.public_key().as_ref()), hex(pair.sign(&signed).as_ref()));
        let mut out = format!("{MAGIC} {VERSION} {public} {signature}\n").into_bytes();
        out.extend(signed);
        if out.len() > MAX_BYTES { Err(BundleError::Large(out.len())) } else { Ok(out) }
    }

    /// Opens a file that one of the trusted keys, in hexadecimal, has signed. Nothing of an unsigned bundle is read.
    pub fn open(bytes: &[u8], trusted: &[String]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BYTES {
            return Err(BundleError::Large(bytes.len()));
        }
        let (head, signed) = split_line(bytes).ok_or(BundleError::NoBundle)?;
        let mut words = head.split_whitespace();
        if words.next() != Some(MAGIC) {
            return Err(BundleError::NoBundle);
        }
        let version = words.next().unwrap_or_default();
        if version != VERSION {
            return Err(BundleError::Version(version.chars().take(20).collect()));
        }
        let (public, signature) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if !trusted.iter().any(|key| key.trim().eq_ignore_ascii_case(public)) {
            return Err(BundleError::Stranger { found: public.chars().take(2 * KEY_BYTES).collect() });
        }
        let key = unhex(public).filter(|key| key.len() == KEY_BYTES).ok_or(BundleError::Key)?;
        let signature = unhex(signature).ok_or(BundleError::Signature)?;
        UnparsedPublicKey::new(&ED25519, key).verify(signed, &signature).map_err(|_| BundleError::Signature)?;
        let (list, mut rest) = split_line(signed).ok_or_else(|| BundleError::Parts("it is missing".to_owned()))?;
        let contents: Contents = serde_json::from_str(list).map_err(|error| BundleError::Parts(error.to_string()))?;
        let mut parts = Vec::new();
        for Entry { kind, name, form, octets } in contents.parts {
            let short = || BundleError::Parts(format!("{name} has {octets} octets, {} are left", rest.len()));
            let (content, more) = rest.split_at_checked(octets).ok_or_else(short)?;
            parts.push(Part { kind, name, form, content: content.to_vec() });
            rest = more;
        }
        if !rest.is_empty() {
            return Err(BundleError::Parts(format!("{} octets follow the last part", rest.len())));
        }
        Self { number: contents.number, parts }.checked()
    }

    fn checked(self) -> Result<Self, BundleError> {
        self.check()?;
        Ok(self)
    }

    fn check(&self) -> Result<(), BundleError> {
        let bad = |text: String| Err(BundleError::Parts(text));
        if self.parts.is_empty() || self.parts.len() > MAX_PARTS {
            return bad(format!("got {} parts, want 1 to {MAX_PARTS}", self.parts.len()));
        }
        let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
        for (at, part) in self.parts.iter().enumerate() {
            let Part { kind, name, form, .. } = part;
            if name.is_empty() || name.len() > 60 || !name.bytes().all(plain) {
                return bad(format!("{name:?}: want up to 60 letters, digits, - _ and . in the name"));
            }
            if self.parts.iter().skip(at + 1).any(|other| other.name == *name && other.kind == *kind) {
                return bad(format!("{name} is there twice"));
            }
            if (*kind == PartKind::Fingerprints) != form.is_some() {
                return bad(format!("{name}: fingerprints have a form, and nothing else has"));
            }
        }
        if self.of(PartKind::Model).count() > 1 {
            return bad("there is more than one model".to_owned());
        }
        self.model()?;
        Ok(())
    }
}

/// The first line, as text, and what follows it.
fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|&octet| octet == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end + 1)?;
    Some((std::str::from_utf8(line).ok()?.trim_end(), rest))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::small;

    fn bundle() -> Bundle {
        let part = |kind, name: &str, content: &[u8]| Part {
            kind,
            name: name.to_owned(),
            form: (kind == PartKind::Fingerprints).then(|| Form {
                kind: "ja3".to_owned(),
                bad: true,
                ..Form::default()
            }),
            content: content.to_vec(),
        };
        let model = small().to_bytes().expect("a file");
        let parts = vec![
            part(PartKind::Model, "model", &model),
            part(PartKind::Fingerprints, "bad", b"00\n"),
            part(PartKind::List, "hosts", b"bad.example\n"),
        ];
        Bundle { number: 3, parts }
    }

    #[test]
    fn a_bundle_of_a_trusted_key_is_opened() {
        let key = new_key().expect("a key");
        let signed = bundle().sign(&key).expect("a bundle");
        let trusted = [public_key(&key).expect("a public key")];
        let opened = Bundle::open(&signed, &trusted).expect("opens");
        assert_eq!(opened, bundle());
        assert_eq!(opened.model(), Ok(Some(small())));
        assert_eq!(opened.of(PartKind::List).count(), 1);
    }

    #[test]
    fn changed_foreign_and_senseless_bundles_are_refused_by_name() {
        let key = new_key().expect("a key");
        let signed = bundle().sign(&key).expect("a bundle");
        let trusted = [public_key(&key).expect("a public key")];
        for at in [signed.len() - 1, 250, 300] {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            assert_eq!(Bundle::open(&changed, &trusted), Err(BundleError::Signature), "octet {at}");
        }
        assert!(matches!(Bundle::open(&signed, &[]), Err(BundleError::Stranger { .. })));
        assert_eq!(Bundle::open(b"GIF89a\n", &trusted), Err(BundleError::NoBundle));
        let mut other = signed;
        other[MAGIC.len() + 1] = b'7';
        assert_eq!(Bundle::open(&other, &trusted), Err(BundleError::Version("7".to_owned())));
        assert_eq!(bundle().sign(b"no key"), Err(BundleError::Key));
    }

    #[test]
    fn senseless_parts_are_named_even_where_they_are_signed() {
        let key = new_key().expect("a key");
        let refused = |change: &dyn Fn(&mut Bundle)| {
            let mut bundle = bundle();
            change(&mut bundle);
            bundle.sign(&key).expect_err("refused").to_string()
        };
        assert!(refused(&|b| b.parts.clear()).contains("got 0 parts"));
        assert!(refused(&|b| b.parts[2].name = "../x".to_owned()).contains("\"../x\""));
        assert!(refused(&|b| b.parts.push(b.parts[2].clone())).contains("hosts is there twice"));
        assert!(refused(&|b| b.parts[1].form = None).contains("bad: fingerprints have a form"));
        assert!(refused(&|b| b.parts[0].content = b"GIF89a".to_vec()).contains("no model file"));
    }
}
