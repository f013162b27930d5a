// SPDX-License-Identifier: Apache-2.0
//! Signed bundles: a model, as it is installed from a file, with an Ed25519 signature (RFC 8032) of whoever made it. The first
//! line holds format, version, public key and signature in hexadecimal; what follows is signed, octet for octet.

use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::model::{MAX_BYTES as MAX_MODEL, Model, ModelError, hex};

/// Version of the bundle that is written and read.
const VERSION: &str = "1";
const MAGIC: &str = "minamo-eta-bundle";
/// Largest bundle that is read: a model and its first line.
pub const MAX_BYTES: usize = MAX_MODEL + 1_024;
/// Octets of a public key.
pub const KEY_BYTES: usize = 32;

/// Why a bundle is refused, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Something else.
    #[error("this is no bundle: its first line does not say {MAGIC}")]
    NoBundle,
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

/// A bundle of the model.
pub fn sign(model: &Model, key: &[u8]) -> Result<Vec<u8>, BundleError> {
    let pair = Ed25519KeyPair::from_pkcs8(key).map_err(|_| BundleError::Key)?;
    let content = model.to_bytes()?;
    let (public, signature) = (hex(pair.public_key().as_ref()), hex(pair.sign(&content).as_ref()));
    let mut out = format!("{MAGIC} {VERSION} {public} {signature}\n").into_bytes();
    out.extend(content);
    Ok(out)
}

/// The model of a bundle that one of the trusted keys, in hexadecimal, has signed. Nothing of an unsigned bundle is read.
pub fn open(bytes: &[u8], trusted: &[String]) -> Result<Model, BundleError> {
    if bytes.len() > MAX_BYTES {
        return Err(ModelError::Large(bytes.len()).into());
    }
    let end = bytes.iter().position(|&octet| octet == b'\n').ok_or(BundleError::NoBundle)?;
    let (head, content) = bytes.split_at_checked(end + 1).ok_or(BundleError::NoBundle)?;
    let head = std::str::from_utf8(head).map_err(|_| BundleError::NoBundle)?;
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
    UnparsedPublicKey::new(&ED25519, key).verify(content, &signature).map_err(|_| BundleError::Signature)?;
    Ok(Model::from_bytes(content)?)
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

    #[test]
    fn a_bundle_of_a_trusted_key_is_opened() {
        let key = new_key().expect("a key");
        let bundle = sign(&small(), &key).expect("a bundle");
        let trusted = [public_key(&key).expect("a public key")];
        assert_eq!(open(&bundle, &trusted), Ok(small()));
    }

    #[test]
    fn changed_foreign_and_senseless_bundles_are_refused_by_name() {
        let key = new_key().expect("a key");
        let bundle = sign(&small(), &key).expect("a bundle");
        let trusted = [public_key(&key).expect("a public key")];
        let mut changed = bundle.clone();
        *changed.last_mut().expect("an octet") ^= 1;
        assert_eq!(open(&changed, &trusted), Err(BundleError::Signature));
        assert!(matches!(open(&bundle, &[]), Err(BundleError::Stranger { .. })));
        assert_eq!(open(b"GIF89a\n", &trusted), Err(BundleError::NoBundle));
        let text = String::from_utf8(bundle).expect("text").replacen(" 1 ", " 2 ", 1);
        assert_eq!(open(text.as_bytes(), &trusted), Err(BundleError::Version("2".to_owned())));
        assert_eq!(sign(&small(), b"no key"), Err(BundleError::Key));
    }
}
