// SPDX-License-Identifier: Apache-2.0
//! QUIC (RFC 9000, RFC 9001, RFC 9369), its drafts from 22 on, and Google's and Meta's versions. The keys of Initial
//! packets come from what is in clear (RFC 9001 §5.2), so both hellos can be read; what follows them stays closed.

mod google;
mod header;
mod version;

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;
use rustls::quic::Keys;

use super::tls::Assembly;
use super::tls::hello::{CLIENT_HELLO, ClientHello, SERVER_HELLO, ServerHello, varint};
use crate::fingerprint::Carrier;
use crate::{Category, Dissector, First, Heard, Input, Protocol, Side, Step, Verdict};
use header::{Kind, Long, MIN_FIRST_ID};
use version::{Layout, Version};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "QUIC",
    title: "QUIC",
    category: Category::Web,
    spec: &["RFC 9000", "RFC 9001", "RFC 9369", "RFC 8999"],
    ports: &[443, 80, 853, 4433, 8443],
    encrypted: true,
    max_state: 65_536,
    probe,
    start: |_| Box::new(Quic::default()),
    sample: &[
        (Side::Src, include_bytes!("../../../samples/quic-client.bin")),
        (Side::Dst, include_bytes!("../../../samples/quic-server.bin")),
    ],
    ..Protocol::DATAGRAM
};

/// The registry's row of connections that were under way when the meter began.
pub(super) static CONTINUED: Protocol = Protocol {
    name: "QUIC",
    title: "QUIC, a connection under way",
    category: Category::Web,
    spec: &["RFC 9000 §17.3", "RFC 9001 §5.4"],
    ports: &[443],
    first: First::Within(0x40, 0x7f),
    late: true,
    encrypted: true,
    probe: |_, data| if data.len() >= MIN_SHORT { Verdict::Maybe } else { Verdict::No },
    together: Some(continued),
    sample: &[
        (Side::Src, b"\x53\x01\xdf\xc0\xfe\x62\xc6\x40\x77\xae\x81\x46\x60\xb6\x28\x43\xb7\xaf\x95\x10\x54\xae\xe4\xf0\xe5\xa8\x51\x2e\x9c\xfe"),
        (Side::Src, b"\x4f\x01\xdf\xc0\xfe\x62\xc6\x40\x77\x5b\xb2\x12\x48\x2b\xbd\xcd\x95\xbd\xf1\x2f\xfe\x79\x5a\xf6\xf7\xa4\x3b\xde\xea\xc6"),
        (Side::Src, b"\x45\x01\xdf\xc0\xfe\x62\xc6\x40\x77\x60\xd2\xeb\xff\x1e\x4c\x27\x80\x02\xb9\x2c\xaa\x03\xc4\x90\x3d\xb0\x8a\x4b\x6b\x13"),
    ],
    ..Protocol::DATAGRAM
};

/// Most octets of a handshake message in CRYPTO frames.
const MAX_MESSAGE: usize = 16_384;
/// Datagrams after which no hello is expected any more.
const PATIENCE: u8 = 24;
/// Datagrams after the client hello that are waited through for the server hello.
const PATIENCE_FOR_ANSWER: u8 = 8;
/// Datagrams that are waited through for media.
const PATIENCE_FOR_MEDIA: u8 = 64;
/// Least octets of a datagram with a client's Initial (RFC 9000 §14.1).
const MIN_INITIAL: usize = 1_200;

/// Least octets of a packet with a short header and an id of eight (RFC 9001 §5.4.2).
const MIN_SHORT: usize = 1 + MIN_FIRST_ID + 4 + 16;

fn probe(_: Side, data: &[u8]) -> Verdict {
    if google::version(data).is_some() || google::is_rejection(data) {
        return Verdict::Yes;
    }
    let mut cursor = Cursor::new(data);
    let Ok(long) = Long::read(&mut cursor) else { return Verdict::No };
    if convincing(&long, data, cursor.peek()) { Verdict::Yes } else { Verdict::No }
}

/// Whether datagrams of one side go on with a connection whose beginning was not seen (RFC 9000 §17.3): the same
/// connection id of eight octets or more, and round it what is protected, the lower bits of the first octet among it
/// (RFC 9001 §5.4). Connections whose side chose a shorter id are not told.
fn continued(heard: &Heard<'_>) -> Verdict {
    let [mut alike, mut firsts] = [0_u8; 2];
    for other in heard.same().filter(|other| !std::ptr::eq(*other, heard.data)) {
        let (one, next) = (other.get(1..).unwrap_or_default(), heard.data.get(1..).unwrap_or_default());
        let same = one.iter().zip(next).take_while(|(one, next)| one == next).count();
        let protected = one.iter().zip(next).skip(same).take(8).filter(|(one, next)| one != next).count();
        if !matches!(other, [0x40..=0x7f, ..]) || !(MIN_FIRST_ID..24).contains(&same) || protected < 6 {
            return Verdict::Maybe;
        }
        alike += 1;
        firsts |= other.first().zip(heard.data.first()).map_or(0, |(one, next)| (one ^ next) & 0x1f);
    }
    if alike >= 2 && firsts != 0 { Verdict::Yes } else { Verdict::Maybe }
}

/// Whether a first packet that reads well is one, by its size and what follows it.
fn convincing(long: &Long<'_>, data: &[u8], next: Option<u8>) -> bool {
    let Some(version) = long.version else { return true };
    // The first datagram of a client has a least size, and so has a server's answer (RFC 9000 §14.1).
    let first = data.len() >= MIN_INITIAL && long.dcid.len() >= MIN_FIRST_ID;
    match version.layout {
        // Of versions that nothing is known of, nothing else is believed.
        Layout::Opaque => first,
        Layout::Google => long.body().len() >= 17,
        Layout::Ietf | Layout::IetfV2 => {
            // Others name at least one side, have room for packet number and tag, and end with the datagram or are
            // followed by another packet, which has the fixed bit (§12.2, §17).
            let named = !long.dcid.is_empty() || long.scid_length > 0;
            first || named && long.body().len() >= 17 && next.is_none_or(|octet| octet & 0x40 != 0)
        }
    }
}

#[derive(Default)]
struct Quic {
    client: Option<Side>,
    /// The client's first choice of the server's connection id.
    dcid: Vec<u8>,
    keys: Option<(u32, Box<Keys>)>,
    /// CRYPTO frames of each side.
    crypto: [Assembly; 2],
    asked: bool,
    datagrams: u8,
    left: Option<u8>,
    /// Whether media share the ports.
    media: Media,
}

/// Media between the datagrams of a connection whose client names no server, in Google's version: Snapchat's calls, as
/// others describe them.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Media {
    #[default]
    None,
    /// There may be some.
    Listening,
    /// The source of one.
    From(u32),
    /// Two of one source.
    Told,
}

impl Dissector for Quic {
    fn name(&self) -> Option<&'static str> {
        (self.media == Media::Told).then_some("QUIC.SnapchatCall")
    }

    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Continue(0) };
        if self.media != Media::None {
            self.datagrams = self.datagrams.saturating_add(1);
            self.media = self.media.hear(data);
            let enough = self.media == Media::Told || self.datagrams >= PATIENCE_FOR_MEDIA;
            return if enough { Step::Done } else { Step::Continue(data.len()) };
        }
        if let Some(version) = google::version(data) {
            flow.quic.get_or_insert_default().version.get_or_insert(version);
            if google::client_hello(data, flow) {
                return Step::Done;
            }
        }
        let mut cursor = Cursor::new(data);
        while let Ok(long) = Long::read(&mut cursor) {
            if self.packet(side, &long, flow) {
                return Step::Done;
            }
        }
        self.datagrams = self.datagrams.saturating_add(1);
        let enough = match &mut self.left {
            Some(left) => {
                *left = left.saturating_sub(1);
                *left == 0
            }
            None => {
                self.left = self.asked.then_some(PATIENCE_FOR_ANSWER);
                self.datagrams >= PATIENCE
            }
        };
        if enough { Step::Done } else { Step::Continue(data.len()) }
    }
}

impl Media {
    /// The same, with a datagram more: one without QUIC's fixed bit (RFC 9000 §17.2) may be media, or their control with
    /// the source in front (RFC 3550 §5.1, §6.4; RFC 5761 §4).
    fn hear(self, data: &[u8]) -> Self {
        let (Some(0x80..=0xbf), Some(kind)) = (data.first(), data.get(1)) else { return self };
        let place = if (192..=223).contains(kind) { 4 } else { 8 };
        match (data.get(place..).and_then(|data| data.first_chunk()).map(|source| u32::from_be_bytes(*source)), self) {
            (Some(source), Self::From(before)) if source == before => Self::Told,
            (Some(source), Self::Listening | Self::From(_)) if source != 0 => Self::From(source),
            _ => self,
        }
    }
}

impl Quic {
    /// True where nothing more is to be learnt.
    fn packet(&mut self, side: Side, long: &Long<'_>, flow: &mut Flow) -> bool {
        let Some(version) = long.version else { return false };
        let quic = flow.quic.get_or_insert_default();
        quic.version.get_or_insert_with(|| version.name());
        if long.kind != Kind::Initial {
            return false;
        }
        if version.layout == Layout::Google {
            let asked = google::client_hello(long.body(), flow);
            if asked && flow.tls.as_ref().is_none_or(|tls| tls.sni.is_none()) {
                self.media = Media::Listening;
            }
            return asked && self.media == Media::None;
        }
        let Some(payload) = self.open(side, version, long) else { return false };
        if version.is_quic_crypto() {
            return google::client_hello(&payload, flow);
        }
        quic.version = Some(version.name());
        // What stands before a frame that cannot be read is kept.
        let _read: Result<(), WireError> = self.frames(side, &payload);
        self.message(side, flow)
    }

    /// Opens an Initial packet: with the keys at hand, or as the first of a client, which also follows a Retry.
    fn open(&mut self, side: Side, version: Version, long: &Long<'_>) -> Option<Vec<u8>> {
        let from_client = self.client.is_none_or(|client| client == side);
        if let Some((number, keys)) = &self.keys {
            if *number == version.number {
                let keys = if from_client { &keys.remote } else { &keys.local };
                if let Some(payload) = long.open(keys) {
                    return Some(payload);
                }
            } else if let Some(payload) = self.try_keys(version, &self.dcid.clone(), from_client, long) {
                return Some(payload);
            }
        }
        if !from_client {
            return None;
        }
        let payload = self.try_keys(version, long.dcid, true, long)?;
        self.client = Some(side);
        self.dcid = long.dcid.to_vec();
        Some(payload)
    }

    fn try_keys(&mut self, version: Version, dcid: &[u8], from_client: bool, long: &Long<'_>) -> Option<Vec<u8>> {
        version.initial_keys(dcid).find_map(|keys| {
            let payload = long.open(if from_client { &keys.remote } else { &keys.local })?;
            self.keys = Some((version.number, Box::new(keys)));
            Some(payload)
        })
    }

    /// Collects CRYPTO frames (RFC 9000 §12.4: an Initial holds few kinds of frames).
    fn frames(&mut self, side: Side, payload: &[u8]) -> Result<(), WireError> {
        let [src, dst] = &mut self.crypto;
        let crypto = if side == Side::Src { src } else { dst };
        let mut cursor = Cursor::new(payload);
        while !cursor.is_empty() {
            match cursor.u8("frame.type")? {
                0x00 | 0x01 => {}
                kind @ (0x02 | 0x03) => acknowledgement(&mut cursor, kind == 0x03)?,
                // 0x08 is CRYPTO in Google's T050.
                0x06 | 0x08 => {
                    let at = usize::try_from(varint(&mut cursor)?).unwrap_or(usize::MAX);
                    let length = usize::try_from(varint(&mut cursor)?).unwrap_or(usize::MAX);
                    crypto.put(at, cursor.take(length, "crypto.data")?, MAX_MESSAGE);
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// Reads the hello of a side once it is whole; true where nothing more is to be learnt.
    fn message(&mut self, side: Side, flow: &mut Flow) -> bool {
        let [src, dst] = &self.crypto;
        let mut cursor = Cursor::new(if side == Side::Src { src.prefix() } else { dst.prefix() });
        let (Ok(kind), Ok(length)) = (cursor.u8("handshake.type"), cursor.u24("handshake.length")) else {
            return false;
        };
        let Ok(body) = cursor.take(length as usize, "handshake.body") else { return false };
        match kind {
            CLIENT_HELLO if !self.asked => {
                let Ok(mut hello) = ClientHello::parse(body, Carrier::Quic) else { return false };
                if let Some(agent) = hello.user_agent.take() {
                    flow.quic.get_or_insert_default().user_agent = Some(agent);
                }
                hello.write(Carrier::Quic, flow);
                self.asked = true;
                false
            }
            SERVER_HELLO => {
                let Ok(hello) = ServerHello::parse(body) else { return false };
                let last = !hello.retry;
                hello.write(&[], flow);
                last
            }
            _ => false,
        }
    }
}

/// An ACK frame (RFC 9000 §19.3).
fn acknowledgement(cursor: &mut Cursor<'_>, with_counts: bool) -> Result<(), WireError> {
    varint(cursor)?;
    varint(cursor)?;
    let ranges = varint(cursor)?;
    varint(cursor)?;
    let rest = ranges.saturating_mul(2).saturating_add(if with_counts { 3 } else { 0 });
    for _ in 0..rest {
        varint(cursor)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;
    use proptest::prelude::*;

    /// A client's Initial with these frames, padded to the least size.
    fn initial(number: u32, dcid: &[u8], packet_number: u8, frames: &[u8]) -> Vec<u8> {
        let version = Version::of(number).expect("known");
        let keys = version.initial_keys(dcid).next().expect("keys");
        let first = if version.layout == Layout::IetfV2 { 0xd0 } else { 0xc0 };
        let mut packet = vec![first];
        packet.extend(number.to_be_bytes());
        packet.push(dcid.len() as u8);
        packet.extend(dcid);
        packet.extend([0, 0]);
        let mut payload = frames.to_vec();
        payload.resize(payload.len().max(1_160), 0);
        packet.extend((0x4000 | (payload.len() as u16 + 17)).to_be_bytes());
        let at = packet.len();
        packet.push(packet_number);
        let tag = keys.remote.packet.encrypt_in_place(packet_number.into(), &packet, &mut payload).expect("sealed");
        packet.extend(payload);
        packet.extend(tag.as_ref());
        let (head, tail) = packet.split_at_mut(at);
        let (number, body) = tail.split_at_mut(1);
        keys.remote.header.encrypt_in_place(&body[3..19], &mut head[0], number).expect("protected");
        packet
    }

    #[test]
    fn media_between_the_datagrams_of_a_nameless_connection_are_a_call() {
        let label = |entries: &[u8], second: u8| {
            let mut hello = b"\xc3Q046\x50abcdefgh\x00\x00\x00\x01############\xa0\x01CHLO\x01\x00\x00\x00".to_vec();
            hello.extend(entries);
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
            classifier.datagram(Side::Src, &hello, &mut flow);
            classifier.datagram(Side::Dst, b"\x40\x05\x08\x7b\xd4\xc8\xcd\xad\x32\xd6", &mut flow);
            for source in [1, second] {
                let report = [0x80, 201, 0, 1, 9, 9, 9, source, 7, 7, 7, 7];
                classifier.datagram(Side::Src, &report, &mut flow);
            }
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        let (padding, name) = (b"PAD\x00\x04\x00\x00\x00----", b"SNI\x00\x04\x00\x00\x00a.bc");
        assert_eq!(label(padding, 1), "QUIC.SnapchatCall");
        assert_eq!(label(padding, 2), "QUIC");
        assert_eq!(label(name, 1), "QUIC");
    }

    fn crypto_frame(at: usize, data: &[u8]) -> Vec<u8> {
        let mut out = vec![6];
        out.extend((0x4000 | at as u16).to_be_bytes());
        out.extend((0x4000 | data.len() as u16).to_be_bytes());
        out.extend(data);
        out
    }

    /// The hello of TLS's sample, as a handshake message.
    fn hello() -> &'static [u8] {
        &super::super::tls::PROTOCOL.sample[0].1[5..]
    }

    fn run(datagrams: &[(Side, &[u8])]) -> (Flow, bool) {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(false, 1, 2);
        for (side, data) in datagrams {
            classifier.datagram(*side, data, &mut flow);
        }
        classifier.label(&mut flow);
        (flow, classifier.is_done())
    }

    #[test]
    fn what_the_sample_says() {
        let (flow, done) = run(PROTOCOL.sample);
        assert!(done);
        let (tls, quic) = (flow.tls.expect("facts"), flow.quic.expect("facts"));
        assert_eq!((quic.version.as_deref(), quic.user_agent.as_deref()), (Some("1"), Some("Example/1.0")));
        assert_eq!((tls.sni.as_deref(), tls.version.as_deref()), (Some("www.example.org"), Some("TLS 1.3")));
        assert_eq!(tls.ja4.as_deref().map(|j| &j[..10]), Some("q13d0107h3"));
        assert_eq!(tls.cipher.as_deref(), Some("TLS_AES_128_GCM_SHA256"));
        assert_eq!(tls.group.as_deref(), Some("x25519"));
    }

    #[test]
    fn the_initial_of_rfc_9001() {
        // Only header protection and packet number of §A.2; the payload is another.
        let dcid = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
        let keys = Version::of(1).expect("known").initial_keys(&dcid).next().expect("keys");
        let sample = [0xd1, 0xb1, 0xc9, 0x8d, 0xd7, 0x68, 0x9f, 0xb8, 0xec, 0x11, 0xd2, 0x42, 0xb1, 0x23, 0xdc, 0x9b];
        let (mut first, mut number) = (0xc3, [0, 0, 0, 2]);
        keys.remote.header.encrypt_in_place(&sample, &mut first, &mut number).expect("protected");
        assert_eq!((first, number), (0xc0, [0x7b, 0x9a, 0xec, 0x34]));
    }

    #[test]
    fn every_version_is_opened() {
        for number in [1, 0x6b33_43cf, 0xff00_0016, 0xff00_001b, 0xff00_001d, 0xff00_0022, 0xface_b002, 0x5430_3531] {
            let data = initial(number, b"12345678", 0, &crypto_frame(0, hello()));
            let (flow, _) = run(&[(Side::Src, &data)]);
            assert!(flow.tls.is_some_and(|tls| tls.sni.is_some()), "{number:x}");
        }
    }

    #[test]
    fn frames_in_any_order_over_several_datagrams() {
        let (a, b, c) = (&hello()[..50], &hello()[50..90], &hello()[90..]);
        let first = initial(1, b"abcdefgh", 0, &[crypto_frame(90, c), vec![1], crypto_frame(0, a)].concat());
        let second = initial(1, b"abcdefgh", 1, &crypto_frame(50, b));
        let (flow, _) = run(&[(Side::Src, &first), (Side::Src, &second)]);
        assert_eq!(flow.tls.expect("facts").sni.as_deref(), Some("www.example.org"));
        let (flow, _) = run(&[(Side::Src, &second), (Side::Src, &first)]);
        assert_eq!(flow.tls.expect("facts").sni.as_deref(), Some("www.example.org"));
    }

    #[test]
    fn after_a_retry_the_keys_are_others() {
        let first = initial(1, b"abcdefgh", 0, &crypto_frame(0, &hello()[..50]));
        let mut retry = vec![0xf0, 0, 0, 0, 1, 0, 8];
        retry.extend(b"newchoicetoken0123456789abcdef");
        let second = initial(1, b"newchoic", 1, &crypto_frame(0, hello()));
        let (flow, _) = run(&[(Side::Src, &first), (Side::Dst, &retry), (Side::Src, &second)]);
        assert!(flow.tls.is_some_and(|tls| tls.sni.is_some()));
    }

    #[test]
    fn negotiation_and_unknown_versions() {
        let start = [0x80, 0, 0, 0, 0, 0, 8, 7, 7, 7, 7, 7, 7, 7, 7];
        let negotiation = [&start[..], &[0x1a, 0x2a, 0x3a, 0x4a, 0, 0, 0, 1]].concat();
        assert_eq!(probe(Side::Dst, &negotiation), Verdict::Yes);
        assert_eq!(probe(Side::Dst, &negotiation[..19]), Verdict::No, "none of the versions is known");
        let padded = [&negotiation[..], &[0; 4]].concat();
        assert_eq!(probe(Side::Dst, &padded), Verdict::No, "zero is no version");
        let mut greased = vec![0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8];
        greased.resize(1_200, 0);
        assert_eq!(probe(Side::Src, &greased), Verdict::Yes);
        assert_eq!(probe(Side::Src, &greased[..1_199]), Verdict::No);
        greased[1] = 0x1b;
        assert_eq!(probe(Side::Src, &greased), Verdict::No);
    }

    #[test]
    fn patience_ends() {
        let mut data = PROTOCOL.sample[0].1.to_vec();
        let last = data.len() - 1;
        data[last] ^= 1;
        let datagrams: Vec<(Side, &[u8])> = (0..PATIENCE).map(|_| (Side::Src, &data[..])).collect();
        let (flow, done) = run(&datagrams);
        assert!(done && flow.core.app == "QUIC" && flow.tls.is_none());
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(rest: Vec<u8>, frames in proptest::collection::vec(0_u8..9, 0..200), first: u8) {
            for version in [&[0, 0, 0, 1][..], &[0; 4], b"Q046", b"Q050", &[0x6b, 0x33, 0x43, 0xcf]] {
                let data = [&[first | 0xc0], version, &rest].concat();
                let _: Verdict = probe(Side::Src, &data);
                Quic::default().feed(Side::Src, Input::Data(&data), &mut Flow::default());
            }
            let data = initial(1, b"abcdefgh", 0, &frames);
            Quic::default().feed(Side::Src, Input::Data(&data), &mut Flow::default());
        }
    }
}
