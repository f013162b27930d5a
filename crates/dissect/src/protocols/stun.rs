// SPDX-License-Identifier: Apache-2.0
//! STUN and TURN (RFC 8489 §5, §14; RFC 8656), over datagrams and streams, plain or with a length in front (RFC 4571).
//! The classic form without the magic cookie (RFC 3489) counts only with attributes that read well. What shares the
//! flow with it (RFC 7983 §7, RFC 9443 §2) and what TURN relays is handed over by its first octet: DTLS. Media are named where
//! datagrams of one source follow each other (RFC 3550 §5.1), and not read.

use minamo_base::{Cursor, Ip, WireError};
use minamo_model::Flow;

use super::text::some_text;
use crate::{Announced, Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "STUN",
    title: "Session Traversal Utilities for NAT",
    category: Category::Network,
    spec: &["RFC 8489", "RFC 8656", "RFC 3489", "RFC 7983"],
    ports: &[3478, 19302],
    max_state: 16_384,
    probe,
    start: |stream| Box::new(Stun { stream, framed: false, messages: 0, service: None, media: None, said: false }),
    sample: &[(Side::Src, SAMPLE_REQUEST), (Side::Dst, SAMPLE_ANSWER)],
    ..Protocol::BOTH
};

/// The magic cookie (RFC 8489 §5).
const COOKIE: u32 = 0x2112_a442;
/// Longest message that is waited for on a stream.
const LENGTH_MAX: u16 = 2_048;
/// Messages and media without news after which the flow is left alone. A handshake follows the first checks of a pair
/// (RFC 8445 §6.1.4), of which there are few; agents that wait for the other side repeat them for some seconds.
const MESSAGES_MAX: u32 = 64;
/// Attribute that holds what TURN relays (RFC 8656 §18.4).
const DATA: u16 = 0x0013;

/// The header, and the attributes as far as they came.
struct Message<'a> {
    kind: u16,
    cookie: bool,
    /// Cookie and transaction identifier: what XOR-MAPPED-ADDRESS is masked with.
    mask: [u8; 16],
    /// Octets with the header.
    length: usize,
    attributes: Cursor<'a>,
}

impl<'a> Message<'a> {
    fn read(data: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(data);
        let kind = cursor.u16("stun.type")?;
        let length = cursor.u16("stun.length")?;
        // There are clients that count the last attribute without its padding.
        let odd = !length.is_multiple_of(4);
        let exact = cursor.left() == usize::from(length) + 16 && cursor.rest().starts_with(&COOKIE.to_be_bytes());
        if kind >= 0x4000 || odd && !exact || length > LENGTH_MAX {
            return Err(cursor.bad(4, "stun.type", kind.into(), "two zero bits, and a length of whole words"));
        }
        let mask: [u8; 16] = cursor.array("stun.transaction")?;
        let cookie = mask.starts_with(&COOKIE.to_be_bytes());
        let n = cursor.left().min(length.into());
        Ok(Self { kind, cookie, mask, length: usize::from(length) + 20, attributes: cursor.sub(n, "stun.attributes")? })
    }

    /// True where every attribute reads well and is one that RFC 3489 §11.2 knows.
    fn is_classic(&self) -> bool {
        let mut attributes = self.attributes;
        let mut count = 0;
        while !attributes.is_empty() {
            let Ok((kind, value)) = attribute(&mut attributes) else { return false };
            let good = match kind {
                0x0001 | 0x0002 | 0x0004 | 0x0005 | 0x000b => value.len() == 8 && value.get(..2) == Some(&[0, 1]),
                0x0003 => value.len() == 4,
                // Zoom's clients send a text of their own.
                0x0101 => value.len() == 20,
                0x0006..=0x000a | 0x0020 | 0x8020 | 0x8022 => !value.is_empty(),
                _ => false,
            };
            if !good {
                return false;
            }
            count += 1;
        }
        count > 0
    }

    /// True where nothing but Zoom's attribute is in the message, and one zero behind it.
    fn is_zooms(&self, data: &[u8]) -> bool {
        let mut attributes = self.attributes;
        let own = attribute(&mut attributes).is_ok_and(|(kind, value)| kind == 0x0101 && value.len() == 20);
        own && attributes.is_empty() && data.len() == self.length + 1 && data.last() == Some(&0)
    }
}

fn attribute<'a>(cursor: &mut Cursor<'a>) -> Result<(u16, &'a [u8]), WireError> {
    let kind = cursor.u16("stun.attribute")?;
    let length = usize::from(cursor.u16("stun.attribute_length")?);
    let value = cursor.take(length, "stun.attribute")?;
    let pad = length.next_multiple_of(4) - length;
    cursor.skip(pad.min(cursor.left()), "stun.padding")?;
    Ok((kind, value))
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    match verdict(data) {
        Verdict::No => match framed(data) {
            Some(inner) if inner.len() < 20 => Verdict::Maybe,
            Some(inner) => yes_if(Message::read(inner).is_ok_and(|m| m.cookie)),
            None => Verdict::No,
        },
        sure => sure,
    }
}

fn yes_if(yes: bool) -> Verdict {
    if yes { Verdict::Yes } else { Verdict::No }
}

fn verdict(data: &[u8]) -> Verdict {
    match Message::read(data) {
        Ok(message) if message.cookie => yes_if(message.length <= data.len() || data.len() > 24),
        // Zoom's checks between clients have an octet behind the message.
        Ok(message) if message.length != data.len() && !message.is_zooms(data) => Verdict::No,
        Ok(message) => match message.kind {
            0x0001 | 0x0101 | 0x0111 | 0x0002 | 0x0102 | 0x0112 if message.is_classic() => Verdict::Yes,
            // A request without attributes shows too little; its answer tells.
            0x0001 if message.length == 20 => Verdict::Maybe,
            _ => Verdict::No,
        },
        Err(error) if error.is_short() && possible(data) => Verdict::Maybe,
        Err(_) => Verdict::No,
    }
}

/// Whether the first octets of a stream can still become a message.
fn possible(data: &[u8]) -> bool {
    let cookie = data.get(4..).unwrap_or_default();
    data.first().is_none_or(|b| *b < 0x40) && cookie.iter().zip(COOKIE.to_be_bytes()).all(|(a, b)| *a == b)
}

/// What stands behind a length in front of the message (RFC 4571 §2).
fn framed(data: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(data);
    let length = cursor.u16("frame.length").ok()?;
    let inner = cursor.rest();
    let good = (20..=LENGTH_MAX + 20).contains(&length)
        && inner.first().is_none_or(|b| *b < 0x40)
        && inner.get(2..4).is_none_or(|l| l == (length - 20).to_be_bytes())
        && inner.get(4..8).is_none_or(|c| c == COOKIE.to_be_bytes());
    good.then_some(inner)
}

struct Stun {
    stream: bool,
    /// On a stream: each message has a length in front of it.
    framed: bool,
    messages: u32,
    /// The service whose clients have attributes of their own, or whose realm or software is named.
    service: Option<Service>,
    /// What is known of media.
    media: Option<Media>,
    /// The service was announced for what else the socket has to do.
    said: bool,
}

enum Media {
    /// Source and number of the latest datagram.
    Latest(u32, u16),
    /// There are some.
    Told,
    /// A handshake came, which says more.
    Secured,
}

/// A service: its label, and the label of media in it where its maker says that they are secured by RFC 3711.
#[derive(Clone, Copy)]
struct Service {
    label: &'static str,
    media: Option<&'static str>,
}

macro_rules! service {
    ($name:literal) => {
        Service { label: concat!("STUN.", $name), media: None }
    };
    ($name:literal, secured) => {
        Service { label: concat!("STUN.", $name), media: Some(concat!("STUN.SRTP.", $name)) }
    };
}

const WHATSAPP: Service = service!("WhatsAppCall", secured);
const TEAMS: Service = service!("Skype_TeamsCall", secured);

/// Whose attributes these are: those of WhatsApp's relays, those that Microsoft registered for its clients (MS-TURN
/// §2.2.2, MS-ICE2 §2.2.3); and names in realm or software.
fn service(message: &Message<'_>) -> Option<Service> {
    let mut attributes = message.attributes;
    while let Ok((kind, value)) = attribute(&mut attributes) {
        let found = match kind {
            0x4000..=0x4007 => Some(WHATSAPP),
            0x0101 if !message.cookie && value.len() == 20 => Some(service!("Zoom")),
            0x8008 | 0x8050 | 0x8054 | 0x8055 | 0x8070 | 0x8090 | 0x8095 => Some(TEAMS),
            0x0014 | 0x8022 => {
                NAMES.iter().find(|(name, _)| memchr::memmem::find(value, name).is_some()).map(|(_, service)| *service)
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Realms and software of services.
const NAMES: &[(&[u8], Service)] = &[
    (b"turner.facebook", service!("FacebookVoip", secured)),
    (b"signal.org", service!("SignalVoip", secured)),
    (b"whispersystems.org", service!("SignalVoip", secured)),
    (b"l.google.com", service!("GoogleCall", secured)),
    (b"telegram.org", service!("TelegramVoip")),
    (b"viber.com", service!("ViberVoip", secured)),
    (b"zoom.us", service!("Zoom")),
    (b"discord", service!("Discord")),
    (b"webex.com", service!("Webex", secured)),
    (b"line.me", service!("LineCall")),
    (b"snapchat.com", service!("SnapchatCall")),
    (b"skype.com", TEAMS),
    (b"lync.com", TEAMS),
];

impl Dissector for Stun {
    fn name(&self) -> Option<&'static str> {
        let told = matches!(self.media, Some(Media::Told));
        match self.service {
            Some(service) => service.media.filter(|_| told).or(Some(service.label)),
            None => told.then_some("STUN.RTP"),
        }
    }

    fn announces(&mut self) -> Vec<Announced> {
        let Some(service) = self.service.filter(|_| !self.stream && !self.said) else { return Vec::new() };
        self.said = true;
        vec![Announced::calls(service.label.trim_start_matches("STUN."), service.media.is_some())]
    }

    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if self.stream { self.in_stream(data, flow) } else { self.unit(data, 0, data.len(), flow) }
    }
}

impl Stun {
    /// The next message, channel data or framed datagram of a stream, once it is whole.
    fn in_stream(&mut self, data: &[u8], flow: &mut Flow) -> Step {
        self.framed |= self.messages == 0 && framed(data).is_some();
        let mut cursor = Cursor::new(data);
        let (Ok(first), Ok(second)) = (cursor.u16("stun.type"), cursor.u16("stun.length")) else {
            return Step::Continue(0);
        };
        let (front, end) = match first {
            _ if self.framed => (2, 2 + usize::from(first)),
            0..0x4000 if second <= LENGTH_MAX => (0, 20 + usize::from(second)),
            // Channel data are padded on a stream (RFC 8656 §12.5).
            0x4000..0x5000 => (0, (4 + usize::from(second)).next_multiple_of(4)),
            _ => return Step::Done,
        };
        if data.len() < end { Step::Continue(0) } else { self.unit(data, front, end, flow) }
    }

    /// Notes media: two of one source whose numbers follow each other.
    fn hear(&mut self, data: &[u8]) {
        let Some((source, number)) = media(data) else { return };
        match self.media {
            Some(Media::Told | Media::Secured) => {}
            Some(Media::Latest(before, last)) if before == source && (1..=16).contains(&number.wrapping_sub(last)) => {
                self.media = Some(Media::Told);
            }
            _ => self.media = Some(Media::Latest(source, number)),
        }
    }

    /// One message or whatever else shares the flow, told by its first octet (RFC 7983 §7).
    fn unit(&mut self, data: &[u8], from: usize, to: usize, flow: &mut Flow) -> Step {
        self.messages += 1;
        let unit = data.get(from..to).unwrap_or_default();
        let carried = match unit.first() {
            Some(0..20) => match Message::read(unit) {
                Ok(message) if message.cookie || self.messages == 1 => {
                    note(&message, flow);
                    self.service = self.service.or(service(&message));
                    relayed(&message).map(|(at, length)| (from + 20 + at, length))
                }
                _ if self.stream => return Step::Done,
                _ => None,
            },
            Some(64..=79) => channel(unit).map(|length| (from + 4, length)),
            Some(_) => Some((from, unit.len())),
            None => None,
        };
        if let Some((at, length)) = carried {
            self.hear(data.get(at..at + length).unwrap_or_default());
        }
        match carried {
            Some((at, length)) if data.get(at).is_some_and(|first| is_secure(*first)) => {
                self.media = Some(Media::Secured);
                Step::Carried { from: at, to: at + length, used: to }
            }
            _ if self.messages > MESSAGES_MAX => Step::Done,
            _ => Step::Continue(to.max(1)),
        }
    }
}

/// Source and number of a datagram of media (RFC 3550 §5.1) that is none of its control (RFC 5761 §4).
fn media(data: &[u8]) -> Option<(u32, u16)> {
    let mut cursor = Cursor::new(data);
    let first = cursor.u8("rtp.version").ok()?;
    let kind = cursor.u8("rtp.payload_type").ok()? & 0x7f;
    let number = cursor.u16("rtp.sequence").ok()?;
    cursor.skip(4, "rtp.timestamp").ok()?;
    let source = cursor.u32("rtp.ssrc").ok()?;
    ((128..192).contains(&first) && !(64..96).contains(&kind)).then_some((source, number))
}

/// True for the first octet of DTLS beside STUN (RFC 9443 §2).
fn is_secure(first: u8) -> bool {
    (20..64).contains(&first)
}

/// Length of what channel data hold (RFC 8656 §12.4).
fn channel(unit: &[u8]) -> Option<usize> {
    let mut cursor = Cursor::new(unit);
    cursor.skip(2, "turn.channel").ok()?;
    let length = usize::from(cursor.u16("turn.length").ok()?);
    (length <= cursor.left()).then_some(length)
}

/// Where among the attributes relayed data are, and how long they are (RFC 8656 §11.3, §11.4).
fn relayed(message: &Message<'_>) -> Option<(usize, usize)> {
    let mut attributes = message.attributes;
    loop {
        let at = attributes.at() + 4;
        let (kind, value) = attribute(&mut attributes).ok()?;
        if kind == DATA {
            return Some((at, value.len()));
        }
    }
}

/// Writes what a message tells; the first answer counts.
fn note(message: &Message<'_>, flow: &mut Flow) {
    let mut attributes = message.attributes;
    let (mut mapped, mut software, mut realm) = (None, None, None);
    while let Ok((kind, value)) = attribute(&mut attributes) {
        match kind {
            0x0001 => mapped = mapped.or(address(value, &[0; 16])),
            0x0020 | 0x8020 => mapped = address(value, &message.mask).or(mapped),
            0x8022 => software = some_text(value, 255),
            0x0014 => realm = some_text(value, 255),
            _ => {}
        }
    }
    // Only an answer knows how the client looks from outside.
    let mapped = mapped.filter(|_| message.kind & 0x0110 == 0x0100);
    if mapped.is_some() || software.is_some() || realm.is_some() {
        let stun = flow.stun.get_or_insert_default();
        stun.mapped_ip = stun.mapped_ip.or(mapped);
        stun.software = stun.software.take().or(software);
        stun.realm = stun.realm.take().or(realm);
    }
}

/// An address attribute (RFC 8489 §14.1, §14.2): family, port, and address under the mask.
fn address(value: &[u8], mask: &[u8; 16]) -> Option<Ip> {
    let mut cursor = Cursor::new(value);
    let family = cursor.u16("stun.family").ok()?;
    cursor.skip(2, "stun.port").ok()?;
    let masked = |octets: &mut [u8]| octets.iter_mut().zip(mask).for_each(|(o, m)| *o ^= m);
    match family {
        1 => {
            let mut octets: [u8; 4] = cursor.array("stun.address").ok()?;
            masked(&mut octets);
            Some(Ip::v4(octets))
        }
        2 => {
            let mut octets: [u8; 16] = cursor.array("stun.address").ok()?;
            masked(&mut octets);
            Some(Ip(octets))
        }
        _ => None,
    }
}

const SAMPLE_REQUEST: &[u8] = b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl";
const SAMPLE_ANSWER: &[u8] =
    b"\x01\x01\x00\x0c\x21\x12\xa4\x42abcdefghijkl\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;

    #[test]
    fn the_mapped_address_is_unmasked() {
        let mut flow = Flow::default();
        let mut stun = (PROTOCOL.start)(false);
        stun.feed(Side::Src, Input::Data(SAMPLE_REQUEST), &mut flow);
        assert_eq!(stun.feed(Side::Dst, Input::Data(SAMPLE_ANSWER), &mut flow), Step::Continue(32));
        assert_eq!(flow.stun.expect("facts").mapped_ip, Some(Ip::v4([192, 0, 2, 1])));
    }

    /// Checks, then a handshake that `wrap` puts into datagrams or a stream.
    fn call(stream: bool, wrap: fn(&[u8]) -> Vec<u8>) -> Flow {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(stream, 1, 2);
        let hello = super::super::tls::dtls::PROTOCOL.sample;
        let checks = PROTOCOL.sample.iter().map(|(side, data)| (*side, data.to_vec()));
        let media = [(Side::Src, vec![0x80; 40])];
        let hello = hello.iter().map(|(side, data)| (*side, wrap(data)));
        for (side, data) in checks.chain(media.into_iter().filter(|_| !stream)).chain(hello) {
            if stream {
                data.chunks(7).for_each(|piece| classifier.stream(side, Input::Data(piece), &mut flow));
            } else {
                classifier.datagram(side, &data, &mut flow);
            }
        }
        classifier.label(&mut flow);
        flow
    }

    fn in_channel(data: &[u8]) -> Vec<u8> {
        let mut out = [&[0x40, 1][..], &(data.len() as u16).to_be_bytes(), data].concat();
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    fn in_indication(data: &[u8]) -> Vec<u8> {
        let padded = data.len().next_multiple_of(4);
        let mut out = vec![0, 0x17];
        out.extend((padded as u16 + 4).to_be_bytes());
        out.extend(&SAMPLE_REQUEST[4..]);
        out.extend([0, 0x13]);
        out.extend((data.len() as u16).to_be_bytes());
        out.extend(data);
        out.resize(24 + padded, 0);
        out
    }

    #[test]
    fn the_handshake_that_follows_is_found() {
        let plain: fn(&[u8]) -> Vec<u8> = <[u8]>::to_vec;
        let cases =
            [(false, plain), (false, in_channel), (false, in_indication), (true, in_channel), (true, in_indication)];
        for (stream, wrap) in cases {
            let flow = call(stream, wrap);
            assert_eq!((flow.core.app.as_ref(), flow.core.encrypted), ("STUN.DTLS", Some(true)));
            assert!(flow.stun.is_some_and(|stun| stun.mapped_ip.is_some()), "the checks' facts stay");
            assert!(flow.tls.is_some_and(|tls| tls.ja3.is_some() && tls.ja4.is_some() && tls.cert_sha256.is_some()));
            let reason = flow.core.app_reason.expect("recognised");
            assert!(reason.ends_with("; inside Session Traversal Utilities for NAT"), "{reason}");
        }
    }

    #[test]
    fn media_are_told_by_two_that_follow_each_other() {
        let label = |attribute: &[u8], numbers: [u8; 2]| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
            let mut request = [SAMPLE_REQUEST, attribute].concat();
            request[3] = attribute.len() as u8;
            classifier.datagram(Side::Src, &request, &mut flow);
            for number in numbers {
                let media = [&[0x80, 111, 0, number, 0, 0, 0, number, 1, 2, 3, 4][..], &[0x5a; 40]].concat();
                classifier.datagram(Side::Src, &media, &mut flow);
            }
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!((label(b"", [7, 8]).as_str(), label(b"", [7, 90]).as_str()), ("STUN.RTP", "STUN"));
        assert_eq!(label(b"\x40\x00\x00\x04abcd", [7, 8]), "STUN.SRTP.WhatsAppCall", "its maker says how");
    }

    #[test]
    fn checks_without_a_handshake_end() {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(false, 1, 2);
        for _ in 0..=MESSAGES_MAX {
            classifier.datagram(Side::Src, SAMPLE_REQUEST, &mut flow);
        }
        classifier.label(&mut flow);
        assert!(classifier.is_done() && flow.core.app == "STUN");
    }

    #[test]
    fn a_length_without_the_padding_counts_only_with_the_cookie() {
        let mut odd = SAMPLE_REQUEST.to_vec();
        odd.extend(b"\x40\x00\x00\x02\x01\x02");
        odd[3] = 6;
        assert_eq!(probe(Side::Src, &odd), Verdict::Yes);
        odd[4] ^= 1;
        assert_eq!(probe(Side::Src, &odd), Verdict::No);
    }

    #[test]
    fn the_classic_form_needs_attributes() {
        let classic = b"\x00\x01\x00\x00abcdefghijklmnop";
        assert_eq!(probe(Side::Src, classic), Verdict::Maybe);
        let change = b"\x00\x01\x00\x08abcdefghijklmnop\x00\x03\x00\x04\x00\x00\x00\x06";
        assert_eq!(probe(Side::Src, change), Verdict::Yes);
        let other = b"\x00\x01\x00\x08abcdefghijklmnop\x00\x99\x00\x04\x00\x00\x00\x06";
        assert_eq!(probe(Side::Src, other), Verdict::No);
        let mut zoom = b"\x00\x01\x00\x18abcdefghijklmnop\x01\x01\x00\x1401234567890123456789\x00".to_vec();
        assert_eq!(probe(Side::Src, &zoom), Verdict::Yes);
        zoom.push(0);
        assert_eq!(probe(Side::Src, &zoom), Verdict::No);
    }

    #[test]
    fn attributes_and_realms_tell_whose_call_it_is() {
        let label = |attribute: &[u8]| {
            let mut request = SAMPLE_REQUEST.to_vec();
            request.extend(attribute);
            request[3] = attribute.len() as u8;
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
            classifier.datagram(Side::Src, &request, &mut flow);
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!(label(b"\x40\x00\x00\x04abcd"), "STUN.WhatsAppCall");
        assert_eq!(label(b"\x80\x70\x00\x04\x00\x00\x00\x03"), "STUN.Skype_TeamsCall");
        assert_eq!(label(b"\x00\x14\x00\x0asignal.org\x00\x00"), "STUN.SignalVoip");
        assert_eq!(label(b"\x00\x14\x00\x04abcd"), "STUN");
        assert_eq!(label(b"\x00\x14\x00\x06VK.com\x00\x00"), "STUN.VK");
    }
}
