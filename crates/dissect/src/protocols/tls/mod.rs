// SPDX-License-Identifier: Apache-2.0
//! TLS over a stream: SSL 3.0 to TLS 1.3 (RFC 6101, RFC 2246, RFC 4346, RFC 5246 §6.2, RFC 8446 §5.1) and the hello of
//! SSL 2.0 that old clients begin with (RFC 5246 §E.2). Reads the handshake as far as it is in clear; what is
//! encrypted stays so. Nothing is verified.

mod assembly;
mod certificate;
mod chain;
pub(super) mod dtls;
pub(crate) mod hello;
mod names;

pub(crate) use assembly::Assembly;
pub(crate) use certificate::{certified_for, common_name};

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use crate::fingerprint::Carrier;
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};
use hello::{
    CERTIFICATE, CLIENT_HELLO, ClientHello, SERVER_HELLO, SERVER_HELLO_DONE, SERVER_KEY_EXCHANGE, ServerHello,
    write_curve,
};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "TLS",
    title: "Transport Layer Security",
    category: Category::Web,
    spec: &["RFC 8446", "RFC 5246", "RFC 4346", "RFC 2246", "RFC 6101", "RFC 6066", "RFC 7301"],
    ports: &[443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 4433, 5061, 8443],
    encrypted: true,
    max_state: 65_536,
    probe,
    start: |_| Box::new(Tls::default()),
    sample: &[
        (Side::Src, include_bytes!("../../../samples/tls-client.bin")),
        (Side::Dst, include_bytes!("../../../samples/tls-server.bin")),
    ],
    ..Protocol::STREAM
};

/// Content types of records (RFC 8446 §5.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const HEARTBEAT: u8 = 24;

/// Octets of a record's header.
const HEADER: usize = 5;
/// Most octets of a record: 2^14 and what the old versions allow on top (RFC 5246 §6.2.3).
const MAX_RECORD: u16 = 16_384 + 2_048;
/// Most octets of a handshake message that is kept whole.
const MAX_MESSAGE: usize = 32_768;
/// Records of one side that are waited through for the other side's hello.
const PATIENCE: u8 = 32;
/// Octets after which a first record that is still not whole is taken for one: the classifier keeps no more.
const ENOUGH: usize = 4_000;

/// Header of a record.
#[derive(Clone, Copy)]
struct Record {
    kind: u8,
    length: u16,
}

impl Record {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let kind = cursor.u8("record.type")?;
        if !(CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&kind) {
            return Err(cursor.bad(1, "record.type", kind.into(), "20 to 24"));
        }
        let version = cursor.u16("record.version")?;
        if !(0x0300..=0x0304).contains(&version) && version >> 8 != 0x7f {
            return Err(cursor.bad(2, "record.version", version.into(), "0x0300 to 0x0304"));
        }
        let length = cursor.u16("record.length")?;
        let most = if kind == CHANGE_CIPHER_SPEC { 1 } else { MAX_RECORD };
        if length > most || length == 0 && kind != APPLICATION_DATA {
            return Err(cursor.bad(2, "record.length", length.into(), "1 to 18432"));
        }
        Ok(Self { kind, length })
    }
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    let mut cursor = Cursor::new(data);
    let record = match Record::read(&mut cursor) {
        Ok(record) => record,
        Err(_) if is_old_hello(data) => return Verdict::Yes,
        Err(error) if error.is_short() || may_become_old_hello(data) => return Verdict::Maybe,
        Err(_) => return Verdict::No,
    };
    if record.kind == HANDSHAKE && record.length >= 4 {
        let verdict = probe_handshake(cursor);
        if verdict != Verdict::No {
            return verdict;
        }
    }
    probe_sequence(record, cursor, data.len())
}

/// A hello at the start of a handshake record.
fn probe_handshake(mut cursor: Cursor<'_>) -> Verdict {
    let Ok(kind) = cursor.u8("handshake.type") else { return Verdict::Maybe };
    if kind != CLIENT_HELLO && kind != SERVER_HELLO {
        return Verdict::No;
    }
    let Ok(length) = cursor.u24("handshake.length") else { return Verdict::Maybe };
    if !hello::plausible(kind, length, cursor.rest()) {
        return Verdict::No;
    }
    if cursor.left() < 2 { Verdict::Maybe } else { Verdict::Yes }
}

/// Records of a conversation whose start was not seen: two in a row, one that ends where the data ends (37 bits agree
/// then), or one that is too long to wait for.
fn probe_sequence(first: Record, mut cursor: Cursor<'_>, seen: usize) -> Verdict {
    if cursor.skip(first.length.into(), "record.body").is_err() {
        return if seen >= ENOUGH { Verdict::Yes } else { Verdict::Maybe };
    }
    if cursor.is_empty() && first.length > 0 {
        return Verdict::Yes;
    }
    match Record::read(&mut cursor) {
        Ok(_) => Verdict::Yes,
        Err(error) if error.is_short() => Verdict::Maybe,
        Err(_) => Verdict::No,
    }
}

/// Version, and lengths of ciphers, session id and challenge, of a client hello in the form of SSL 2.0.
fn old_hello(data: &[u8]) -> Result<(u16, u16, u16, u16, u16), WireError> {
    let mut cursor = Cursor::new(data);
    let length = cursor.u16("sslv2.length")? & 0x7fff;
    if data.first().is_none_or(|v| v & 0x80 == 0) || cursor.u8("sslv2.type")? != CLIENT_HELLO {
        return Err(cursor.bad(1, "sslv2.type", 0, "1"));
    }
    let version = cursor.u16("sslv2.version")?;
    let ciphers = cursor.u16("sslv2.cipher_spec_length")?;
    let session = cursor.u16("sslv2.session_id_length")?;
    let challenge = cursor.u16("sslv2.challenge_length")?;
    Ok((length, version, ciphers, session, challenge))
}

fn is_old_hello(data: &[u8]) -> bool {
    let Ok((length, version, ciphers, session, challenge)) = old_hello(data) else { return false };
    matches!(version, 0x0002 | 0x0300..=0x0303)
        && ciphers > 0
        && ciphers.is_multiple_of(3)
        && matches!(session, 0 | 16)
        && (16..=32).contains(&challenge)
        && u32::from(length) == 9 + u32::from(ciphers) + u32::from(session) + u32::from(challenge)
}

fn may_become_old_hello(data: &[u8]) -> bool {
    data.len() < 11 && old_hello(data).is_err_and(|e| e.is_short())
}

/// What is known of one side's stream.
#[derive(Default)]
struct Half {
    /// Octets of handshake messages that are not whole yet.
    message: Vec<u8>,
    /// The record that is being read, with what is left of it.
    record: Option<(u8, usize)>,
    /// Octets of a handshake message that nobody wants.
    skip: usize,
    /// From here on nothing of this side can be read: it is encrypted, or octets are missing.
    opaque: bool,
    records: u8,
}

#[derive(Default)]
struct Tls {
    halves: [Half; 2],
    client: Option<Side>,
    /// Session that the client would resume.
    session: Vec<u8>,
    answered: bool,
    retried: bool,
    started: bool,
    /// True once a certificate was read.
    certified: bool,
    /// True where the server will name a curve behind its certificate.
    curve: bool,
}

/// What a handshake message leads to.
enum Next {
    /// More messages.
    On,
    /// Everything that can be learnt has been.
    Done,
}

impl Dissector for Tls {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        match input {
            Input::Gap(_) => self.give_up(side, 0),
            Input::Data(data) => self.data(side, data, flow),
        }
    }
}

impl Tls {
    fn half(&mut self, side: Side) -> &mut Half {
        let [src, dst] = &mut self.halves;
        match side {
            Side::Src => src,
            Side::Dst => dst,
        }
    }

    /// Nothing of this side can be read from here on; the other side's hello can still come. `seen` octets are used up.
    fn give_up(&mut self, side: Side, seen: usize) -> Step {
        *self.half(side) = Half { opaque: true, ..Half::default() };
        let both = self.halves.iter().all(|half| half.opaque);
        if both || self.client == Some(side.other()) { Step::Done } else { Step::Continue(seen) }
    }

    fn data(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        let half = self.half(side);
        if half.opaque {
            half.records = half.records.saturating_add(1);
            return if half.records >= PATIENCE { Step::Done } else { Step::Continue(data.len()) };
        }
        if let Some((kind, left)) = half.record {
            let part = data.get(..left).unwrap_or(data);
            half.record = (part.len() < left).then_some((kind, left - part.len()));
            return match self.fragment(side, kind, part, flow) {
                Next::On => Step::Continue(part.len()),
                Next::Done => Step::Done,
            };
        }
        self.header(side, data, flow)
    }

    fn header(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        if !self.started && is_old_hello(data) {
            return self.old_hello(side, data, flow);
        }
        let record = match Record::read(&mut Cursor::new(data)) {
            Ok(record) => record,
            Err(error) if error.is_short() => return Step::Continue(0),
            Err(error) if self.started => {
                risk::note(flow, &risk::MALFORMED, &["TLS", &error.to_string()]);
                return self.give_up(side, data.len());
            }
            Err(_) => return Step::Mistaken,
        };
        self.started = true;
        let (client, retried) = (self.client, self.retried);
        let answered = self.answered && !retried;
        let half = self.half(side);
        // A message under assembly is bounded by its own length.
        half.records = half.records.saturating_add(u8::from(half.message.is_empty()));
        let impatient = half.records >= PATIENCE;
        let length = usize::from(record.length);
        match record.kind {
            // Early data of a client (RFC 8446 §2.3) stands before the answer; other data stands after all hellos.
            APPLICATION_DATA if client != Some(side) || impatient => Step::Done,
            // TLS 1.3 sends one for show after a HelloRetryRequest; otherwise the encryption starts.
            CHANGE_CIPHER_SPEC if client != Some(side) && !retried => Step::Done,
            CHANGE_CIPHER_SPEC if answered => self.give_up(side, data.len()),
            _ if impatient => Step::Done,
            APPLICATION_DATA | CHANGE_CIPHER_SPEC | HEARTBEAT => Step::Continue(HEADER + length),
            kind => {
                half.record = Some((kind, length));
                Step::Continue(HEADER)
            }
        }
    }

    /// Ciphers of SSL 2.0 are no input of the fingerprints, so only the version is told.
    fn old_hello(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        let Ok((length, version, ..)) = old_hello(data) else { return Step::Mistaken };
        self.started = true;
        self.client = Some(side);
        flow.tls.get_or_insert_default().version = Some(names::version(version));
        if version == 0x0002 { Step::Done } else { Step::Continue(2 + usize::from(length)) }
    }

    /// Takes a part of a record's body.
    fn fragment(&mut self, side: Side, kind: u8, part: &[u8], flow: &mut Flow) -> Next {
        if kind == ALERT {
            // Both sides fall silent after a fatal one (RFC 5246 §7.2). A long one is encrypted.
            let fatal = part.first() == Some(&2) || part.len() > 2;
            if let [2, description] = part {
                let tls = flow.tls.get_or_insert_default();
                tls.alert = tls.alert.take().or(Some(names::alert(*description)));
            }
            return if fatal && self.client.is_some() { Next::Done } else { Next::On };
        }
        let half = self.half(side);
        let skipped = half.skip.min(part.len());
        half.skip -= skipped;
        half.message.extend_from_slice(part.get(skipped..).unwrap_or_default());
        self.messages(side, flow)
    }

    /// Takes the handshake messages that are whole.
    fn messages(&mut self, side: Side, flow: &mut Flow) -> Next {
        let message = std::mem::take(&mut self.half(side).message);
        let mut cursor = Cursor::new(&message);
        let mut used = 0;
        while let (Ok(kind), Ok(length)) = (cursor.u8("handshake.type"), cursor.u24("handshake.length")) {
            let length = length as usize;
            let whole = cursor.left() >= length;
            let body = cursor.rest().get(..length).unwrap_or(cursor.rest());
            let taken = match kind {
                CLIENT_HELLO | SERVER_HELLO if whole => self.hello(side, kind, body, flow),
                CERTIFICATE => self.certificate(side, body, whole, flow),
                SERVER_KEY_EXCHANGE if self.curve && self.client != Some(side) => self.key_exchange(body, whole, flow),
                SERVER_HELLO_DONE => Some(Next::Done),
                CLIENT_HELLO | SERVER_HELLO => None,
                _ => Some(Next::On),
            };
            match taken {
                None if length <= MAX_MESSAGE && !whole => break,
                Some(Next::Done) => return Next::Done,
                None | Some(Next::On) => {}
            }
            used = cursor.at() + length;
            if cursor.skip(length, "handshake.body").is_err() {
                break;
            }
        }
        let half = self.half(side);
        half.skip = used.saturating_sub(message.len());
        half.message = message;
        half.message.drain(..used.min(half.message.len()));
        Next::On
    }

    fn hello(&mut self, side: Side, kind: u8, body: &[u8], flow: &mut Flow) -> Option<Next> {
        if kind == CLIENT_HELLO {
            // The second one, after a HelloRetryRequest, says nothing new.
            if self.client.is_none()
                && let Ok(hello) = ClientHello::parse(body, Carrier::Tcp)
            {
                self.client = Some(side);
                self.session.clone_from(&hello.session);
                hello.write(Carrier::Tcp, flow);
            }
            return Some(if self.answered && !self.retried { Next::Done } else { Next::On });
        }
        if self.client == Some(side) {
            return Some(Next::On);
        }
        let Ok(hello) = ServerHello::parse(body) else { return Some(Next::On) };
        self.answered = true;
        self.retried = hello.retry;
        self.curve = hello.names_curve();
        let encrypted = hello.is_tls13() && !hello.retry;
        hello.write(&self.session, flow);
        Some(if encrypted && self.client.is_some() { Next::Done } else { Next::On })
    }

    /// None where the message is not all there yet. The first certificate is read as soon as it is, as the others may not come.
    fn certificate(&mut self, side: Side, body: &[u8], whole: bool, flow: &mut Flow) -> Option<Next> {
        if self.client == Some(side) {
            return Some(Next::On);
        }
        match certificate::leaf(body) {
            Ok(der) if !self.certified => {
                self.certified = true;
                certificate::write(der, flow);
            }
            Err(error) if !error.is_short() => return Some(Next::On),
            _ => {}
        }
        if !whole {
            return None;
        }
        if self.certified {
            chain::write(body, flow);
        }
        Some(if self.certified && self.client.is_some() && !self.curve { Next::Done } else { Next::On })
    }

    /// The last that can be learnt; None where its beginning is not there yet.
    fn key_exchange(&mut self, body: &[u8], whole: bool, flow: &mut Flow) -> Option<Next> {
        if !write_curve(body, flow) && !whole {
            return None;
        }
        Some(if self.client.is_some() { Next::Done } else { Next::On })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;
    use proptest::prelude::*;

    /// The client hello of `sample`, in one handshake message.
    fn client_message() -> &'static [u8] {
        &PROTOCOL.sample[0].1[HEADER..]
    }

    fn records(message: &[u8], size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for part in message.chunks(size) {
            out.extend([HANDSHAKE, 3, 1]);
            out.extend((part.len() as u16).to_be_bytes());
            out.extend(part);
        }
        out
    }

    fn run(input: &[(Side, &[u8])]) -> (Flow, bool) {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 1, 2);
        for (side, data) in input {
            classifier.stream(*side, Input::Data(data), &mut flow);
        }
        classifier.label(&mut flow);
        (flow, classifier.is_done())
    }

    #[test]
    fn what_the_sample_says() {
        let (flow, done) = run(PROTOCOL.sample);
        let tls = flow.tls.expect("facts");
        assert!(done, "the key exchange is the last that can be learnt");
        assert_eq!(tls.sni.as_deref(), Some("www.example.org"));
        assert_eq!(tls.version.as_deref(), Some("TLS 1.2"));
        assert_eq!(tls.cipher.as_deref(), Some("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
        assert_eq!(tls.group.as_deref(), Some("secp256r1"));
        assert_eq!(tls.alpn, Some(vec!["h2".to_owned(), "http/1.1".to_owned()]));
        assert_eq!(tls.alpn_selected.as_deref(), Some("h2"));
        assert_eq!(tls.ja4.as_deref().map(|j| &j[..10]), Some("t13d0408h2"));
        assert_eq!(tls.cert_subject.as_deref(), Some("C=JP, O=Example, CN=www.example.org"));
        assert_eq!(tls.cert_names, Some(vec!["www.example.org".into(), "192.0.2.1".into(), "2001:db8::1".into()]));
        assert_eq!(tls.cert_self_signed, Some(true));
        assert!(tls.cert_not_before < tls.cert_not_after);
    }

    #[test]
    fn a_hello_may_span_records() {
        let (whole, _) = run(&[(Side::Src, PROTOCOL.sample[0].1)]);
        for size in [1, 5, 40, 100] {
            let (cut, _) = run(&[(Side::Src, &records(client_message(), size))]);
            assert_eq!(cut.tls, whole.tls, "records of {size} octets");
        }
    }

    #[test]
    fn one_side_is_enough() {
        let (flow, _) = run(&PROTOCOL.sample[1..]);
        assert_eq!(flow.core.app, "TLS");
        assert!(flow.tls.is_some_and(|tls| tls.cert_sha256.is_some() && tls.ja3.is_none()));
    }

    #[test]
    fn services_of_server_names_are_sorted_and_stand_once() {
        let table = include_str!("../../../data/services.tsv");
        let suffixes: Vec<&str> = table.lines().filter_map(|l| Some(l.split_once('\t')?.0)).collect();
        assert!(suffixes.len() > 1_000);
        for pair in suffixes.windows(2) {
            assert!(pair[0] < pair[1], "{} and {}", pair[0], pair[1]);
        }
        assert_eq!(crate::service_of(&crate::Services::default(), "r4---sn-example.googlevideo.com"), Some("YouTube"));
        assert_eq!(crate::service_of(&crate::Services::default(), "i.ytimg.com"), Some("YouTube"));
        assert_eq!(crate::service_of(&crate::Services::default(), "fonts.googleapis.com"), Some("GoogleServices"));
    }

    #[test]
    fn records_in_the_middle_of_a_conversation() {
        let mut data = vec![APPLICATION_DATA, 3, 3, 0, 30];
        data.extend([0x5a; 29]);
        assert_eq!(probe(Side::Src, &data), Verdict::Maybe);
        data.push(0x5a);
        assert_eq!(probe(Side::Src, &data), Verdict::Yes);
        data.push(APPLICATION_DATA);
        assert_eq!(probe(Side::Src, &data), Verdict::Maybe);
        data.extend([3, 3, 0, 30]);
        assert_eq!(probe(Side::Src, &data), Verdict::Yes);
        assert!(run(&[(Side::Dst, &data)]).1, "nothing is to be learnt from it");
        data.truncate(35);
        data.extend([1, 2, 3, 4, 5]);
        assert_eq!(probe(Side::Src, &data), Verdict::No);
    }

    #[test]
    fn the_hello_of_ssl_2() {
        let mut data = vec![0x80, 0x2e, 1, 3, 1, 0, 21, 0, 0, 0, 16];
        data.extend([0; 37]);
        assert_eq!(probe(Side::Src, &data), Verdict::Yes);
        let (flow, _) = run(&[(Side::Src, &data), PROTOCOL.sample[1]]);
        assert!(flow.tls.is_some_and(|tls| tls.version.as_deref() == Some("TLS 1.2") && tls.ja3.is_none()));
    }

    #[test]
    fn a_retry_is_not_the_answer() {
        let mut retry = vec![2, 0, 0, 56, 3, 3];
        retry.extend([0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91]);
        retry.extend([0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c]);
        retry.extend([0, 0x13, 1, 0, 0, 16, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 23, 0, 0, 0, 2]);
        let length = retry.len() as u8 - 4;
        retry[3] = length;
        let mut server = records(&retry, 1_000);
        server.extend([CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1]);
        let (flow, done) = run(&[PROTOCOL.sample[0], (Side::Dst, &server)]);
        let tls = flow.tls.expect("facts");
        assert!(!done, "the real answer follows");
        assert_eq!((tls.version.as_deref(), tls.group.as_deref()), (Some("TLS 1.3"), Some("secp256r1")));
        let mut answer = retry;
        answer[10] ^= 1;
        server.extend(records(&answer, 1_000));
        assert!(run(&[PROTOCOL.sample[0], (Side::Dst, &server)]).1);
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, more: Vec<u8>, cut in 1_usize..50) {
            let _: Verdict = probe(Side::Src, &data);
            let mut tls = Tls::default();
            let mut flow = Flow::default();
            let stream = [records(&data, cut), more].concat();
            let mut at = 0;
            while let Step::Continue(n) = tls.feed(Side::Src, Input::Data(&stream[at..]), &mut flow) {
                at += n;
                if n == 0 || at >= stream.len() {
                    break;
                }
            }
        }
    }
}
