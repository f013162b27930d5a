// SPDX-License-Identifier: Apache-2.0
//! DTLS 1.0 to 1.3 (RFC 4347, RFC 6347 §4, RFC 9147 §4): TLS over datagrams, as WebRTC, VPNs and CoAP use it. What is
//! learnt is that of TLS. Unified headers of DTLS 1.3 hold nothing in clear and are not looked at.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::hello::{
    CERTIFICATE, CLIENT_HELLO, ClientHello, SERVER_HELLO, SERVER_HELLO_DONE, SERVER_KEY_EXCHANGE, ServerHello,
    plausible, write_curve,
};
use super::{ALERT, APPLICATION_DATA, Assembly, CHANGE_CIPHER_SPEC, HANDSHAKE, certificate, chain};
use crate::fingerprint::Carrier;
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(crate) static PROTOCOL: Protocol = Protocol {
    name: "DTLS",
    title: "Datagram Transport Layer Security",
    category: Category::Web,
    spec: &["RFC 9147", "RFC 6347", "RFC 4347"],
    ports: &[443, 853, 4433, 5061, 5349, 5684],
    encrypted: true,
    max_state: 65_536,
    probe,
    start: |_| Box::new(Dtls::default()),
    sample: &[
        (Side::Src, include_bytes!("../../../samples/dtls-client.bin")),
        (Side::Dst, include_bytes!("../../../samples/dtls-server.bin")),
    ],
    ..Protocol::DATAGRAM
};

const HELLO_VERIFY_REQUEST: u8 = 3;
/// Content types of ACK and of records with a connection id (RFC 9147 §7, RFC 9146 §4).
const TLS12_CID: u8 = 25;
/// Most octets of a handshake message.
const MAX_MESSAGE: usize = 16_384;
/// Datagrams after which no more is expected.
const PATIENCE: u8 = 40;

/// One record, with its body.
struct Record<'a> {
    kind: u8,
    epoch: u16,
    body: &'a [u8],
}

impl<'a> Record<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, WireError> {
        let kind = cursor.u8("record.type")?;
        if !(CHANGE_CIPHER_SPEC..=TLS12_CID).contains(&kind) {
            return Err(cursor.bad(1, "record.type", kind.into(), "20 to 25"));
        }
        let version = cursor.u16("record.version")?;
        if !matches!(version, 0xfeff | 0xfefd | 0x0100) {
            return Err(cursor.bad(2, "record.version", version.into(), "0xfeff or 0xfefd"));
        }
        let epoch = cursor.u16("record.epoch")?;
        cursor.skip(6, "record.sequence_number")?;
        let body = cursor.vec16("record.length")?.rest();
        Ok(Self { kind, epoch, body })
    }
}

/// One fragment of a handshake message.
struct Fragment<'a> {
    kind: u8,
    length: u32,
    sequence: u16,
    at: u32,
    body: &'a [u8],
}

impl<'a> Fragment<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, WireError> {
        let kind = cursor.u8("handshake.type")?;
        let length = cursor.u24("handshake.length")?;
        let sequence = cursor.u16("handshake.message_seq")?;
        let at = cursor.u24("handshake.fragment_offset")?;
        let size = cursor.u24("handshake.fragment_length")?;
        if at.saturating_add(size) > length {
            return Err(cursor.bad(3, "handshake.fragment_length", size.into(), "an end inside the message"));
        }
        Ok(Self { kind, length, sequence, at, body: cursor.take(size as usize, "handshake.fragment")? })
    }
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    let mut cursor = Cursor::new(data);
    let Ok(record) = Record::read(&mut cursor) else { return Verdict::No };
    let plausible = match record.kind {
        HANDSHAKE if record.epoch == 0 => probe_handshake(record.body),
        CHANGE_CIPHER_SPEC => record.epoch == 0 && record.body == [1],
        ALERT => record.epoch > 0 || matches!(record.body, [1 | 2, _]),
        // Nonce and tag at least, and few epochs: a real connection changes them rarely.
        _ => (1..=64).contains(&record.epoch) && record.body.len() >= 16,
    };
    if plausible && (cursor.is_empty() || Record::read(&mut cursor).is_ok()) { Verdict::Yes } else { Verdict::No }
}

fn probe_handshake(body: &[u8]) -> bool {
    let Ok(fragment) = Fragment::read(&mut Cursor::new(body)) else { return false };
    match fragment.kind {
        CLIENT_HELLO | SERVER_HELLO if fragment.at == 0 => plausible(fragment.kind, fragment.length, fragment.body),
        kind => kind <= 24,
    }
}

/// Most messages under assembly at a time: a second client hello may overlap with the first.
const MAX_MESSAGES: usize = 4;

/// A message under assembly.
struct Message {
    kind: u8,
    sequence: u16,
    octets: Assembly,
}

#[derive(Default)]
struct Dtls {
    messages: Vec<Message>,
    client: Option<Side>,
    /// Session that the client would resume.
    session: Vec<u8>,
    /// True once a client hello was read.
    asked: bool,
    /// True once a server hello was read.
    answered: bool,
    /// True where the server will name a curve behind its certificate.
    curve: bool,
    datagrams: u8,
}

impl Dissector for Dtls {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Continue(0) };
        self.datagrams = self.datagrams.saturating_add(1);
        let mut cursor = Cursor::new(data);
        while let Ok(record) = Record::read(&mut cursor) {
            if self.record(side, &record, flow) {
                return Step::Done;
            }
        }
        if self.datagrams >= PATIENCE { Step::Done } else { Step::Continue(data.len()) }
    }
}

impl Dtls {
    /// True where nothing more is to be learnt.
    fn record(&mut self, side: Side, record: &Record<'_>, flow: &mut Flow) -> bool {
        match record.kind {
            APPLICATION_DATA => return true,
            CHANGE_CIPHER_SPEC => return self.client.is_some_and(|client| client != side),
            HANDSHAKE if record.epoch == 0 => {}
            _ => return false,
        }
        let mut cursor = Cursor::new(record.body);
        while let Ok(fragment) = Fragment::read(&mut cursor) {
            if self.fragment(side, &fragment, flow) {
                return true;
            }
        }
        false
    }

    fn fragment(&mut self, side: Side, fragment: &Fragment<'_>, flow: &mut Flow) -> bool {
        let wanted = match fragment.kind {
            CLIENT_HELLO => !self.asked,
            SERVER_HELLO | CERTIFICATE => self.client != Some(side),
            SERVER_KEY_EXCHANGE => self.curve && self.client != Some(side),
            SERVER_HELLO_DONE => return true,
            HELLO_VERIFY_REQUEST => {
                self.client = self.client.or(Some(side.other()));
                false
            }
            _ => false,
        };
        if !wanted {
            return false;
        }
        let same = |m: &Message| m.kind == fragment.kind && m.sequence == fragment.sequence;
        let known = self.messages.iter().position(same).map(|at| self.messages.remove(at));
        let mut message = known.unwrap_or_else(|| Message {
            kind: fragment.kind,
            sequence: fragment.sequence,
            octets: Assembly::default(),
        });
        message.octets.put(fragment.at as usize, fragment.body, MAX_MESSAGE);
        let done = self.message(side, fragment, message.octets.prefix(), flow);
        if self.messages.len() >= MAX_MESSAGES {
            self.messages.remove(0);
        }
        self.messages.push(message);
        done
    }

    /// Reads a message if it is whole, or of a certificate's at least the first.
    fn message(&mut self, side: Side, fragment: &Fragment<'_>, octets: &[u8], flow: &mut Flow) -> bool {
        if fragment.kind == CERTIFICATE {
            let Ok(der) = certificate::leaf(octets) else { return false };
            certificate::write(der, flow);
            let whole = octets.len() >= fragment.length as usize;
            if whole {
                chain::write(octets, flow);
            }
            return whole && self.answered && !self.curve;
        }
        if fragment.kind == SERVER_KEY_EXCHANGE {
            return write_curve(octets, flow);
        }
        if octets.len() < fragment.length as usize {
            return false;
        }
        if fragment.kind == CLIENT_HELLO {
            if let Ok(hello) = ClientHello::parse(octets, Carrier::Dtls) {
                self.client = Some(side);
                self.asked = true;
                self.session.clone_from(&hello.session);
                hello.write(Carrier::Dtls, flow);
            }
            return false;
        }
        let Ok(hello) = ServerHello::parse(octets) else { return false };
        self.answered = !hello.retry;
        self.curve = hello.names_curve();
        let encrypted = hello.is_tls13() && !hello.retry;
        hello.write(&self.session, flow);
        encrypted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_sample_says() {
        let mut flow = Flow::default();
        let mut dtls = Dtls::default();
        for (side, data) in PROTOCOL.sample {
            assert_eq!(probe(*side, data), Verdict::Yes);
            dtls.feed(*side, Input::Data(data), &mut flow);
        }
        let tls = flow.tls.expect("facts");
        assert_eq!(tls.version.as_deref(), Some("DTLS 1.2"));
        assert_eq!(tls.cipher.as_deref(), Some("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
        assert_eq!(tls.ja4.as_deref().map(|j| &j[..10]), Some("dd2i030400"));
        assert!(tls.cert_sha256.is_some());
    }

    #[test]
    fn fragments_in_the_wrong_order() {
        let sample = PROTOCOL.sample[0].1;
        let message = &sample[25..];
        let piece = |from: usize, to: usize| {
            let mut out = sample[..11].to_vec();
            out.extend((12 + to as u16 - from as u16).to_be_bytes());
            out.extend(&sample[13..19]);
            out.extend(&(from as u32).to_be_bytes()[1..]);
            out.extend(&(to as u32 - from as u32).to_be_bytes()[1..]);
            out.extend(&message[from..to]);
            out
        };
        let mut flow = Flow::default();
        let mut dtls = Dtls::default();
        for (from, to) in [(30, message.len()), (0, 20), (15, 40)] {
            dtls.feed(Side::Src, Input::Data(&piece(from, to)), &mut flow);
        }
        assert!(flow.tls.is_some_and(|tls| tls.ja4.is_some()));
    }

    #[test]
    fn two_hellos_that_overlap() {
        let sample = PROTOCOL.sample[0].1;
        let message = &sample[25..];
        let piece = |sequence: u8, from: usize, to: usize| {
            let mut out = sample[..11].to_vec();
            out.extend((12 + to as u16 - from as u16).to_be_bytes());
            out.extend(&sample[13..17]);
            out.extend([0, sequence]);
            out.extend(&(from as u32).to_be_bytes()[1..]);
            out.extend(&(to as u32 - from as u32).to_be_bytes()[1..]);
            out.extend(&message[from..to]);
            out
        };
        let mut flow = Flow::default();
        let mut dtls = Dtls::default();
        for data in [piece(1, 0, 40), piece(0, 0, 40), piece(1, 40, message.len())] {
            dtls.feed(Side::Src, Input::Data(&data), &mut flow);
        }
        assert!(flow.tls.is_some_and(|tls| tls.ja4.is_some()));
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(body: Vec<u8>, kind in 20_u8..26, epoch: u16) {
            let mut data = vec![kind, 0xfe, 0xfd];
            data.extend(epoch.to_be_bytes());
            data.extend([0; 6]);
            data.extend((body.len() as u16).to_be_bytes());
            data.extend(body);
            let _: Verdict = probe(Side::Src, &data);
            Dtls::default().feed(Side::Dst, Input::Data(&data), &mut Flow::default());
        }
    }
}
