// SPDX-License-Identifier: Apache-2.0
//! The versions of QUIC: which numbers there are, how their headers look, and which salts protect their Initial
//! packets (RFC 9001 §5.2, RFC 9369 §3.3.1, and the drafts of both; for Google's versions and Meta's, their sources).

use std::borrow::Cow;
use std::sync::LazyLock;

use rustls::crypto::hmac::Tag;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::crypto::tls13::{Hkdf, HkdfExpander, OkmBlock};
use rustls::quic::{Keys, Version as Labels};
use rustls::{CipherSuiteCommon, Side, Tls13CipherSuite};

/// How the header after the version looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One octet in front of each connection id (RFC 8999 §5.1).
    Ietf,
    /// The same, with the types of RFC 9369 §3.2.
    IetfV2,
    /// Both lengths in one octet, and an Initial in clear: Google's Q044 to Q049.
    Google,
    /// Known to be QUIC, and nothing else is known of it.
    Opaque,
}

/// A version of QUIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) number: u32,
    pub(super) layout: Layout,
    salts: &'static [Salt],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Salt {
    Draft22,
    Draft23,
    Draft29,
    V1,
    V2,
    Q050,
    T050,
    T051,
}

impl Version {
    /// The version of that number, if there is one.
    pub(super) fn of(number: u32) -> Option<Self> {
        use Layout::{Google, Ietf, IetfV2, Opaque};
        let (layout, salts): (Layout, &'static [Salt]) = match number {
            1 => (Ietf, &[Salt::V1]),
            0x6b33_43cf => (IetfV2, &[Salt::V2]),
            0xff00_0016 => (Ietf, &[Salt::Draft22]),
            0xff00_0017..=0xff00_001c => (Ietf, &[Salt::Draft23]),
            0xff00_001d..=0xff00_0020 => (Ietf, &[Salt::Draft29]),
            0xff00_0021..=0xff00_0022 => (Ietf, &[Salt::V1]),
            0xface_b001 => (Ietf, &[Salt::Draft22, Salt::Draft23]),
            0xface_b002 => (Ietf, &[Salt::Draft23, Salt::Draft29]),
            0xface_b003..=0xface_b01f => (Ietf, &[Salt::Draft23, Salt::Draft29, Salt::V1]),
            Q050 => (Ietf, &[Salt::Q050]),
            T050 => (Ietf, &[Salt::T050]),
            T051 => (Ietf, &[Salt::T051]),
            Q044..=Q049 => (Google, &[]),
            // MsQuic, picoquic, quant, and the numbers that RFC 9000 §15 reserves.
            0xabcd_0000..=0xabcd_000f | 0x5043_5130..=0x5043_5133 | 0x4547_4700..=0x4547_47ff => (Opaque, &[]),
            // Drafts before 22 have Google's form of connection ids; drafts of version 2 have keys that were given up.
            0xff00_0001..=0xff00_0015 => (Google, &[]),
            0xff00_0023..=0xff00_002f | 0xff02_0000..=0xff02_00ff | 0x709a_50c4 => (Opaque, &[]),
            T048..=T049 => (Opaque, &[]),
            _ if number & 0x0f0f_0f0f == 0x0a0a_0a0a => (Opaque, &[]),
            _ => return None,
        };
        Some(Self { number, layout, salts })
    }

    /// As people write it: `1`, `2`, `draft-29`, `Q050`, `mvfst-2`.
    pub(super) fn name(self) -> Cow<'static, str> {
        match self.number {
            1 => "1".into(),
            0x6b33_43cf => "2".into(),
            0xff00_0000..=0xff00_00ff => format!("draft-{}", self.number & 0xff).into(),
            0xface_b000..=0xface_bfff => format!("mvfst-{:x}", self.number & 0xfff).into(),
            Q044..=Q050 | T050 | T051 => String::from_utf8_lossy(&self.number.to_be_bytes()).into_owned().into(),
            number => format!("0x{number:08x}").into(),
        }
    }

    /// True for Google's versions that speak QUIC Crypto rather than TLS.
    pub(super) fn is_quic_crypto(self) -> bool {
        matches!(self.number, Q044..=Q050)
    }

    /// The keys of Initial packets, for each salt that the version may use. `dcid` is the client's first choice of
    /// the server's connection id. Local is the server, remote the client.
    pub(super) fn initial_keys(self, dcid: &[u8]) -> impl Iterator<Item = Keys> {
        self.salts.iter().filter_map(move |salt| salt.keys(dcid))
    }
}

const Q044: u32 = u32::from_be_bytes(*b"Q044");
const Q049: u32 = u32::from_be_bytes(*b"Q049");
const Q050: u32 = u32::from_be_bytes(*b"Q050");
const T048: u32 = u32::from_be_bytes(*b"T048");
const T049: u32 = u32::from_be_bytes(*b"T049");
const T050: u32 = u32::from_be_bytes(*b"T050");
const T051: u32 = u32::from_be_bytes(*b"T051");

impl Salt {
    fn keys(self, dcid: &[u8]) -> Option<Keys> {
        let standard = TLS13_AES_128_GCM_SHA256.tls13()?;
        let (labels, suite) = match self {
            Self::V1 => (Labels::V1, standard),
            Self::V2 => (Labels::V2, standard),
            Self::Draft29 => (Labels::V1Draft, standard),
            Self::Draft22 => (Labels::V1Draft, DRAFT_22.as_ref()?),
            Self::Draft23 => (Labels::V1Draft, DRAFT_23.as_ref()?),
            Self::Q050 => (Labels::V1Draft, GOOGLE_Q050.as_ref()?),
            Self::T050 => (Labels::V1Draft, GOOGLE_T050.as_ref()?),
            Self::T051 => (Labels::V1Draft, GOOGLE_T051.as_ref()?),
        };
        Some(Keys::initial(labels, suite, suite.quic?, dcid, Side::Server))
    }
}

/// HKDF with a salt of its own in place of the one that is asked for: `rustls` knows only those of draft 29 and later.
struct Salted {
    inner: &'static dyn Hkdf,
    salt: [u8; 20],
}

impl Hkdf for Salted {
    fn extract_from_zero_ikm(&self, _: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        self.inner.extract_from_zero_ikm(Some(&self.salt))
    }

    fn extract_from_secret(&self, _: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        self.inner.extract_from_secret(Some(&self.salt), secret)
    }

    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        self.inner.expander_for_okm(okm)
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> Tag {
        self.inner.hmac_sign(key, message)
    }
}

type Suite = LazyLock<Option<Tls13CipherSuite>>;

/// The standard suite with another salt. Made once for each static below, so what is leaked is bounded.
fn salted(salt: [u8; 20]) -> Option<Tls13CipherSuite> {
    let standard = TLS13_AES_128_GCM_SHA256.tls13()?;
    let CipherSuiteCommon { suite, hash_provider, confidentiality_limit } = standard.common;
    Some(Tls13CipherSuite {
        common: CipherSuiteCommon { suite, hash_provider, confidentiality_limit },
        hkdf_provider: Box::leak(Box::new(Salted { inner: standard.hkdf_provider, salt })),
        aead_alg: standard.aead_alg,
        quic: standard.quic,
    })
}

static DRAFT_22: Suite = LazyLock::new(|| salted(DRAFT_22_SALT));
static DRAFT_23: Suite = LazyLock::new(|| salted(DRAFT_23_SALT));
static GOOGLE_Q050: Suite = LazyLock::new(|| salted(GOOGLE_Q050_SALT));
static GOOGLE_T050: Suite = LazyLock::new(|| salted(GOOGLE_T050_SALT));
static GOOGLE_T051: Suite = LazyLock::new(|| salted(GOOGLE_T051_SALT));

const DRAFT_22_SALT: [u8; 20] = [
    0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64,
    0x4a,
];

const DRAFT_23_SALT: [u8; 20] = [
    0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5,
    0x02,
];

const GOOGLE_Q050_SALT: [u8; 20] = [
    0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b,
    0x45,
];

const GOOGLE_T050_SALT: [u8; 20] = [
    0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83,
    0x10,
];

const GOOGLE_T051_SALT: [u8; 20] = [
    0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03,
    0x3d,
];
