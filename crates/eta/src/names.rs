// SPDX-License-Identifier: Apache-2.0
//! Shapes of names: of the server that the client asked for, and of the certificate's subject and issuer. No lists of good
//! or bad names: what is written here holds for names that nobody has seen.

/// Top-level domains under which most of the world's sites are. A name elsewhere is no sign of malice, only less common.
const COMMON_TOP: &[&str] = &["com", "net", "org", "edu", "gov", "jp", "de", "uk", "fr", "io", "eu"];

/// What a host name looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NameShape {
    pub(crate) labels: f32,
    pub(crate) length: f32,
    /// Share of digits.
    pub(crate) digits: f32,
    /// Longest run of consonants in one label: pronounceable names have short ones.
    pub(crate) consonants: f32,
    pub(crate) common_top: bool,
}

/// True for letters that are no vowels.
fn is_consonant(octet: u8) -> bool {
    /// A bit for each letter of "aeiouy".
    const VOWELS: u32 = 1 | 1 << 4 | 1 << 8 | 1 << 14 | 1 << 20 | 1 << 24;
    let letter = (octet | 0x20).wrapping_sub(b'a');
    letter < 26 && VOWELS >> letter & 1 == 0
}

/// Measures a host name.
pub(crate) fn shape(name: &str) -> NameShape {
    let (mut run, mut longest, mut digits, mut labels) = (0u32, 0u32, 0u32, 1u32);
    for octet in name.bytes() {
        digits += u32::from(octet.is_ascii_digit());
        labels += u32::from(octet == b'.');
        run = if is_consonant(octet) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let top = name.rsplit('.').next().unwrap_or(name);
    NameShape {
        labels: labels as f32,
        length: name.len() as f32,
        digits: digits as f32 / (name.len().max(1)) as f32,
        consonants: longest as f32,
        common_top: COMMON_TOP.iter().any(|common| common.eq_ignore_ascii_case(top)),
    }
}

/// The parts of a distinguished name as this program writes it: `C=US, O=Example, CN=host`.
fn parts(distinguished: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(distinguished);
    std::iter::from_fn(move || {
        let all = rest?;
        let ends = all.bytes().zip(all.bytes().skip(1)).position(|pair| pair == (b',', b' '));
        let (part, left) = match ends {
            Some(end) => (all.get(..end)?, all.get(end + 2..)),
            None => (all, None),
        };
        rest = left;
        Some(part)
    })
}

/// The first value of an attribute in a distinguished name.
pub(crate) fn attribute<'a>(distinguished: &'a str, name: &str) -> Option<&'a str> {
    parts(distinguished).find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

/// True where the name of a certificate covers the host (RFC 6125 §6.4): the same, or a wildcard for its first label.
pub(crate) fn covers(pattern: &str, host: &str) -> bool {
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(rest), Some((_, parent))) = (pattern.strip_prefix("*."), host.split_once('.')) else { return false };
    rest.eq_ignore_ascii_case(parent)
}

/// True where a common name is a host name: it has a dot and no blank.
pub(crate) fn is_host(name: &str) -> bool {
    name.contains('.') && !name.contains(' ')
}

/// True where the issuer has the shape that the Baseline Requirements of the CA/Browser Forum (§7.1.4) give public
/// authorities: country, organisation and common name, no place, and another organisation than the subject's.
pub(crate) fn is_public_issuer(issuer: &str, subject: &str) -> bool {
    let (mut country, mut organisation, mut common) = (None, None, false);
    for part in parts(issuer) {
        match part.split_once('=') {
            Some(("C", value)) if country.is_none() => country = Some(value),
            Some(("O", value)) if organisation.is_none() => organisation = Some(value),
            Some(("CN", _)) => common = true,
            Some(("L" | "ST", _)) => return false,
            _ => {}
        }
    }
    country.is_some_and(|country| country.len() == 2)
        && organisation.is_some()
        && common
        && organisation != attribute(subject, "O")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_a_name_is_measured() {
        let shape = shape("cdn7.xkrtq.top");
        assert_eq!((shape.labels, shape.length, shape.consonants, shape.common_top), (3.0, 14.0, 5.0, false));
        assert!(super::shape("www.example.COM").common_top);
        assert_eq!(super::shape("").digits, 0.0);
    }

    #[test]
    fn letters_are_vowels_or_consonants() {
        let consonants: Vec<u8> = (0..=u8::MAX).filter(|octet| is_consonant(*octet)).collect();
        assert_eq!(consonants, b"BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz");
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        assert!(covers("*.example.com", "www.EXAMPLE.com") && covers("a.b", "A.B"));
        assert!(!covers("*.example.com", "a.b.example.com") && !covers("*.example.com", "example.com"));
    }

    #[test]
    fn a_public_issuer_is_another_organisation_with_a_country() {
        assert!(is_public_issuer("C=US, O=Trust, CN=Trust CA 1", "CN=example.com"));
        assert!(!is_public_issuer("C=AU, ST=Some-State, O=Widgits", "CN=localhost"));
        assert!(!is_public_issuer("C=US, O=Us, CN=Us CA", "C=US, O=Us, CN=host"));
        assert_eq!(attribute("C=US, CN=a.b", "CN"), Some("a.b"));
        assert_eq!(attribute("C=US, O=Example,Inc, CN=a.b", "O"), Some("Example,Inc"));
        assert_eq!(
            (attribute("", "CN"), attribute("CN=a, ", "O"), attribute("日本, CN=名", "CN")),
            (None, None, Some("名"))
        );
    }
}
