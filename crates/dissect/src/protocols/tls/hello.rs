// SPDX-License-Identifier: Apache-2.0
//! Client hello and server hello of SSL 3.0 to TLS 1.3 and DTLS (RFC 8446 §4.1, RFC 5246 §7.4.1, RFC 9147 §5.3),
//! read from whole handshake messages, and what they write into the row. Shared by TLS, DTLS and QUIC.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::names;
use crate::fingerprint::{Carrier, ClientShape, ServerShape, is_grease, ja3, ja3s, ja4};

/// Handshake message types (RFC 8446 §4).
pub(crate) const CLIENT_HELLO: u8 = 1;
pub(crate) const SERVER_HELLO: u8 = 2;
pub(crate) const CERTIFICATE: u8 = 11;
pub(crate) const SERVER_KEY_EXCHANGE: u8 = 12;
pub(crate) const SERVER_HELLO_DONE: u8 = 14;

const TLS_1_3: u16 = 0x0304;
/// Most ALPN values that are kept, and most octets of one.
const MAX_ALPN: usize = 32;
/// Most octets of a server name (RFC 1035 §3.1 has 255).
const MAX_NAME: usize = 255;

/// What makes a server hello a HelloRetryRequest: this in place of the random number (RFC 8446 §4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A client hello.
#[derive(Debug, Default)]
pub(crate) struct ClientHello {
    pub(crate) shape: ClientShape,
    pub(crate) sni: Option<String>,
    pub(crate) alpn: Vec<String>,
    pub(crate) ech: bool,
    /// Identifier of the session that the client would resume, at most 32 octets.
    pub(crate) session: Vec<u8>,
    /// User agent in QUIC's transport parameters.
    pub(crate) user_agent: Option<String>,
}

impl ClientHello {
    /// Reads the body of the message. Extensions that do not follow their format are counted and not understood.
    pub(crate) fn parse(body: &[u8], carrier: Carrier) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(body);
        let mut hello = Self::default();
        hello.shape.legacy_version = cursor.u16("client_hello.legacy_version")?;
        cursor.skip(32, "client_hello.random")?;
        hello.session = cursor.vec8("client_hello.session_id")?.rest().to_vec();
        if carrier == Carrier::Dtls {
            cursor.vec8("client_hello.cookie")?;
        }
        hello.shape.ciphers = numbers(cursor.vec16("client_hello.cipher_suites")?);
        cursor.vec8("client_hello.compression_methods")?;
        each_extension(cursor, |kind, body| hello.extension(kind, body));
        Ok(hello)
    }

    fn extension(&mut self, kind: u16, body: Cursor<'_>) {
        self.shape.extensions.push(kind);
        // What is broken inside one extension leaves the others readable.
        let _understood: Result<(), WireError> = self.content(kind, body);
    }

    fn content(&mut self, kind: u16, mut body: Cursor<'_>) -> Result<(), WireError> {
        match kind {
            0 => self.sni = server_name(body)?,
            10 => self.shape.groups = numbers(body.vec16("supported_groups.list")?),
            11 => self.shape.point_formats = body.vec8("ec_point_formats.list")?.rest().to_vec(),
            13 => self.shape.signature_algorithms = numbers(body.vec16("signature_algorithms.list")?),
            16 => self.alpn(body.vec16("alpn.list")?)?,
            43 => self.shape.supported_versions = numbers(body.vec8("supported_versions.list")?),
            0x39 | 0xffa5 => self.user_agent = transport_user_agent(body),
            0xfe0d => self.ech = true,
            _ => {}
        }
        Ok(())
    }

    fn alpn(&mut self, mut list: Cursor<'_>) -> Result<(), WireError> {
        let mut first = true;
        while !list.is_empty() && self.alpn.len() < MAX_ALPN {
            let name = list.vec8("alpn.name")?.rest();
            if std::mem::take(&mut first) {
                self.shape.first_alpn = name.to_vec();
            }
            if !is_grease_name(name) {
                self.alpn.push(printable(name));
            }
        }
        Ok(())
    }

    /// The highest version that the client offers and that is not noise.
    fn version(&self) -> u16 {
        let offered = self.shape.supported_versions.iter().copied().filter(|v| !is_grease(*v));
        match self.shape.legacy_version {
            // DTLS counts downwards.
            legacy @ 0xfe00.. => offered.min().unwrap_or(legacy),
            legacy => offered.clone().find(|v| *v == TLS_1_3).or(offered.max()).unwrap_or(legacy),
        }
    }

    /// Writes what the client said. The version stands until the server answers.
    pub(crate) fn write(self, carrier: Carrier, flow: &mut Flow) {
        let tls = flow.tls.get_or_insert_default();
        if tls.version.is_none() {
            tls.version =
                Some(if carrier == Carrier::Quic { "TLS 1.3".into() } else { names::version(self.version()) });
        }
        tls.ja3 = Some(ja3(&self.shape));
        tls.ja4 = Some(ja4(carrier, &self.shape));
        tls.ech = self.ech.then_some(true);
        let mut groups = self.shape.groups.iter().filter(|group| !is_grease(**group)).peekable();
        tls.pq_offered = groups.peek().is_some().then(|| groups.any(|group| names::is_post_quantum(*group)));
        tls.sni = self.sni;
        tls.alpn = (!self.alpn.is_empty()).then_some(self.alpn);
    }
}

/// A server hello or a HelloRetryRequest.
#[derive(Debug, Default)]
pub(crate) struct ServerHello {
    shape: ServerShape,
    selected_version: Option<u16>,
    alpn: Option<String>,
    group: Option<u16>,
    session: Vec<u8>,
    /// True where the server took a pre-shared key (RFC 8446 §4.2.11).
    shared_key: bool,
    /// True for a HelloRetryRequest: the real one follows.
    pub(crate) retry: bool,
}

impl ServerHello {
    /// Reads the body of the message.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(body);
        let mut hello = Self::default();
        hello.shape.legacy_version = cursor.u16("server_hello.legacy_version")?;
        hello.retry = cursor.array("server_hello.random")? == RETRY_RANDOM;
        // The drafts 14 to 21 of TLS 1.3 had neither a session id nor compression here.
        let draft = (0x7f00..=0x7f15).contains(&hello.shape.legacy_version);
        if !draft {
            hello.session = cursor.vec8("server_hello.session_id")?.rest().to_vec();
        }
        hello.shape.cipher = cursor.u16("server_hello.cipher_suite")?;
        if !draft {
            cursor.u8("server_hello.compression_method")?;
        }
        each_extension(cursor, |kind, body| hello.extension(kind, body));
        Ok(hello)
    }

    fn extension(&mut self, kind: u16, body: Cursor<'_>) {
        self.shape.extensions.push(kind);
        // What is broken inside one extension leaves the others readable.
        let _understood: Result<(), WireError> = self.content(kind, body);
    }

    fn content(&mut self, kind: u16, mut body: Cursor<'_>) -> Result<(), WireError> {
        match kind {
            16 => self.alpn = Some(printable(body.vec16("alpn.list")?.vec8("alpn.name")?.rest())),
            43 => self.selected_version = Some(body.u16("supported_versions.selected")?),
            41 => self.shared_key = true,
            51 => self.group = Some(body.u16("key_share.group")?),
            _ => {}
        }
        Ok(())
    }

    /// True where what follows is encrypted: there is no certificate to see.
    pub(crate) fn is_tls13(&self) -> bool {
        matches!(self.selected_version.unwrap_or(self.shape.legacy_version), TLS_1_3 | 0x7f00..=0x7fff | 0xfb00..=0xfbff | 0xfefc)
    }

    /// True where the server says in a message of its own which curve it chose (RFC 8422 §5.4).
    pub(crate) fn names_curve(&self) -> bool {
        let cipher = names::cipher(self.shape.cipher);
        !self.is_tls13() && (cipher.contains("_ECDHE_") || cipher.contains("_ECDH_anon_"))
    }

    /// True where an earlier session goes on: the server took a pre-shared key, or before TLS 1.3 the session that the
    /// client `asked` for (RFC 5246 §7.4.1.3, with tickets RFC 5077 §3.4).
    fn resumes(&self, asked: &[u8]) -> bool {
        if self.is_tls13() { self.shared_key } else { !asked.is_empty() && asked == self.session }
    }

    /// Writes what the server chose; `asked` is the session that the client would resume.
    pub(crate) fn write(self, asked: &[u8], flow: &mut Flow) {
        let tls = flow.tls.get_or_insert_default();
        tls.resumed = (!self.retry).then(|| self.resumes(asked)).or(tls.resumed);
        tls.version = Some(names::version(self.selected_version.unwrap_or(self.shape.legacy_version)));
        tls.cipher = Some(names::cipher(self.shape.cipher));
        tls.ja3s = Some(ja3s(&self.shape));
        tls.group = self.group.map(names::group).or(tls.group.take());
        tls.alpn_selected = self.alpn;
    }
}

/// Writes the curve of a ServerKeyExchange, of which the first octets are enough; false where they are not there yet.
pub(crate) fn write_curve(body: &[u8], flow: &mut Flow) -> bool {
    let [kind, high, low, ..] = body else { return false };
    if *kind == NAMED_CURVE {
        flow.tls.get_or_insert_default().group = Some(names::group(u16::from_be_bytes([*high, *low])));
    }
    true
}

/// A curve by its number (RFC 8422 §5.4); others are told by their parameters, which nobody does any more.
const NAMED_CURVE: u8 = 3;

/// True where a whole hello of `len` octets can start like this: version, and length of the session id.
pub(crate) fn plausible(kind: u8, len: u32, body: &[u8]) -> bool {
    let least = if kind == CLIENT_HELLO { 38 } else { 36 };
    let major = body.first().is_none_or(|v| matches!(v, 1 | 3 | 0x7f | 0xfe));
    let session = body.get(34).is_none_or(|n| *n <= 32 || body.first() == Some(&0x7f));
    (least..=65_535).contains(&len) && major && session
}

/// Calls `take` with type and body of each extension, as far as the lengths hold.
fn each_extension<'a>(mut cursor: Cursor<'a>, mut take: impl FnMut(u16, Cursor<'a>)) {
    let Ok(length) = cursor.u16("hello.extensions") else { return };
    let mut list = cursor.sub(length.into(), "hello.extensions").unwrap_or(cursor);
    while let Ok(kind) = list.u16("extension.type") {
        let Ok(body) = list.vec16("extension.data") else { return };
        take(kind, body);
    }
}

fn numbers(mut list: Cursor<'_>) -> Vec<u16> {
    let mut out = Vec::with_capacity(list.left() / 2);
    while let Ok(number) = list.u16("list.item") {
        out.push(number);
    }
    out
}

/// The first name of type `host_name` (RFC 6066 §3).
fn server_name(mut body: Cursor<'_>) -> Result<Option<String>, WireError> {
    if body.is_empty() {
        return Ok(None);
    }
    let mut list = body.vec16("server_name.list")?;
    while !list.is_empty() {
        let kind = list.u8("server_name.type")?;
        let name = list.vec16("server_name.name")?.rest();
        if kind == 0 && !name.is_empty() {
            return Ok(Some(printable(name.get(..MAX_NAME).unwrap_or(name)).to_ascii_lowercase()));
        }
    }
    Ok(None)
}

/// Text with `?` in place of everything that is not printable.
pub(crate) fn printable(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).chars().map(|c| if c.is_control() || c == '\u{fffd}' { '?' } else { c }).collect()
}

/// ALPN values that RFC 8701 §3.2 reserves for noise.
fn is_grease_name(name: &[u8]) -> bool {
    matches!(name, [a, b] if is_grease(u16::from_be_bytes([*a, *b])))
}

/// Google's parameter for the user agent, among QUIC's transport parameters (RFC 9000 §18).
fn transport_user_agent(mut body: Cursor<'_>) -> Option<String> {
    while !body.is_empty() {
        let id = varint(&mut body).ok()?;
        let length = usize::try_from(varint(&mut body).ok()?).ok()?;
        let value = body.take(length, "transport_parameter.value").ok()?;
        if id == 0x3129 {
            return Some(printable(value.get(..MAX_NAME).unwrap_or(value)));
        }
    }
    None
}

/// An integer of variable length (RFC 9000 §16).
pub(crate) fn varint(cursor: &mut Cursor<'_>) -> Result<u64, WireError> {
    let first = cursor.u8("varint")?;
    let mut value = u64::from(first & 0x3f);
    for _ in 1..1_u8 << (first >> 6) {
        value = value << 8 | u64::from(cursor.u8("varint")?);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_of_variable_length() {
        // The examples of RFC 9000 §A.1.
        for (octets, value) in [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c][..], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
        ] {
            assert_eq!(varint(&mut Cursor::new(octets)), Ok(value));
        }
    }

    #[test]
    fn names_are_made_printable() {
        assert_eq!(printable(b"a\0b\xff"), "a?b?");
    }

    #[test]
    fn the_version_is_the_highest_that_means_something() {
        let mut hello = ClientHello::default();
        hello.shape.legacy_version = 0x0303;
        assert_eq!(hello.version(), 0x0303);
        hello.shape.supported_versions = vec![0x7a7a, 0x7f1c, 0x0304, 0x0303];
        assert_eq!(hello.version(), 0x0304);
        hello.shape.legacy_version = 0xfefd;
        hello.shape.supported_versions = vec![0xfefc, 0xfefd];
        assert_eq!(hello.version(), 0xfefc);
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(body: Vec<u8>) {
            for carrier in [Carrier::Tcp, Carrier::Dtls, Carrier::Quic] {
                let mut flow = Flow::default();
                if let Ok(hello) = ClientHello::parse(&body, carrier) {
                    hello.write(carrier, &mut flow);
                }
            }
            let mut flow = Flow::default();
            if let Ok(hello) = ServerHello::parse(&body) {
                hello.write(&[], &mut flow);
            }
        }

        #[test]
        fn arbitrary_extensions_do_no_harm(extensions: Vec<u8>) {
            let mut body = vec![3, 3];
            body.extend([0; 33]);
            body.extend([0, 2, 0x13, 1, 1, 0]);
            body.extend((extensions.len() as u16).to_be_bytes());
            body.extend(&extensions);
            let hello = ClientHello::parse(&body, Carrier::Tcp).expect("the fixed part is whole");
            hello.write(Carrier::Tcp, &mut Flow::default());
        }
    }
}
