// SPDX-License-Identifier: Apache-2.0
//! DNS (RFC 1035) over datagrams and, with a length in front (§4.2.2), over streams, on any port; first question
//! and its answer, with the addresses of later answers for the same name: resolvers ask for both families. Multicast DNS, LLMNR and the NetBIOS name service have the same form: their files take
//! reader and dissector from here. DNSSEC records are walked over, not judged.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use minamo_base::{Cursor, WireError};
use minamo_model::{Flow, names};

use super::text::text;
use super::{llmnr, mdns, netbios};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Transport, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = PROTOCOL_OF_DNS;

const PROTOCOL_OF_DNS: Protocol = Protocol {
    name: "DNS",
    title: "Domain Name System",
    category: Category::Network,
    spec: &["RFC 1035", "RFC 3596", "RFC 6891"],
    ports: &[53],
    max_state: 65_536,
    probe,
    on_port: Some(|_, data| has_form(data)),
    start: |stream| Box::new(Dns::new(stream)),
    sample: &[(Side::Src, SAMPLE_QUERY), (Side::Dst, SAMPLE_ANSWER)],
    ..Protocol::BOTH
};

/// What the rows of its kin on a link have in common: they fill in who they are.
pub(super) const ON_A_LINK: Protocol = Protocol {
    transport: Transport::Datagram,
    max_state: 64,
    on_port: None,
    start: |_| Box::new(Dns::new(false)),
    ..PROTOCOL_OF_DNS
};

/// The probe's answer where one datagram decides.
pub(super) fn yes_if(yes: bool) -> Verdict {
    if yes { Verdict::Yes } else { Verdict::No }
}

/// Most addresses and names of an answer that go into the row.
const ANSWERS: usize = 16;
/// Messages after which later answers are left alone.
const MESSAGES: u32 = 16;
/// Most records that are walked over.
const RECORDS: u16 = 512;
/// Most jumps while a compressed name is read (RFC 1035 §4.1.4): each must go backwards.
const JUMPS: usize = 32;

/// The header (RFC 1035 §4.1.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) id: u16,
    pub(super) flags: u16,
    pub(super) questions: u16,
    pub(super) answers: u16,
    pub(super) authorities: u16,
    pub(super) additionals: u16,
}

impl Header {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        Ok(Self {
            id: cursor.u16("dns.id")?,
            flags: cursor.u16("dns.flags")?,
            questions: cursor.u16("dns.qdcount")?,
            answers: cursor.u16("dns.ancount")?,
            authorities: cursor.u16("dns.nscount")?,
            additionals: cursor.u16("dns.arcount")?,
        })
    }

    pub(super) fn is_answer(self) -> bool {
        self.flags & 0x8000 != 0
    }

    pub(super) fn opcode(self) -> u16 {
        self.flags >> 11 & 15
    }

    fn records(self) -> u16 {
        self.answers.saturating_add(self.authorities).saturating_add(self.additionals)
    }

    /// True where a real message can have such a header: the reserved bit is zero, the operation is one in use,
    /// and the counts fit it.
    fn plausible(self) -> bool {
        let query = self.opcode() == 0;
        let rcode = self.flags & 15;
        let shape = if self.is_answer() {
            self.questions <= 1 && rcode <= 11
        } else {
            self.questions == 1 && rcode == 0 && (!query || self.answers == 0 && self.authorities == 0)
        };
        shape
            && self.flags & 0x0040 == 0
            && matches!(self.opcode(), 0 | 2 | 4 | 5)
            && (self.questions == 1 || self.answers > 0)
            && (query && self.is_answer() || self.records() <= 64)
            && self.additionals <= 64
    }
}

/// A question or the fixed part of a record, with where its name starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) name_at: usize,
    pub(super) kind: u16,
    pub(super) class: u16,
    ttl: u32,
    data_at: usize,
    data: &'a [u8],
}

/// Walks over a name; pointers must go backwards (RFC 1035 §4.1.4).
fn skip_name(cursor: &mut Cursor<'_>) -> Result<(), WireError> {
    let start = cursor.at();
    loop {
        match cursor.u8("dns.label")? {
            0 => return Ok(()),
            n if n >= 0xc0 => {
                let target = usize::from(n & 0x3f) << 8 | usize::from(cursor.u8("dns.pointer")?);
                let good = target >= 12 && target < start;
                return if good { Ok(()) } else { Err(cursor.bad(2, "dns.pointer", target as u64, "a name before")) };
            }
            n if n > 63 => return Err(cursor.bad(1, "dns.label", n.into(), "at most 63")),
            n => cursor.skip(n.into(), "dns.label")?,
        }
        if cursor.at() - start > 255 {
            return Err(cursor.bad(0, "dns.name", 256, "at most 255 octets"));
        }
    }
}

pub(super) fn question<'a>(cursor: &mut Cursor<'a>) -> Result<Entry<'a>, WireError> {
    let name_at = cursor.at();
    skip_name(cursor)?;
    let (kind, class) = (cursor.u16("dns.qtype")?, cursor.u16("dns.qclass")?);
    Ok(Entry { name_at, kind, class, ttl: 0, data_at: cursor.at(), data: &[] })
}

pub(super) fn record<'a>(cursor: &mut Cursor<'a>) -> Result<Entry<'a>, WireError> {
    let Entry { name_at, kind, class, .. } = question(cursor)?;
    let ttl = cursor.u32("dns.ttl")?;
    let length = cursor.u16("dns.rdlength")?;
    let data_at = cursor.at();
    Ok(Entry { name_at, kind, class, ttl, data_at, data: cursor.take(length.into(), "dns.rdata")? })
}

/// The name at `at` of the message: lower case, dots between labels, none behind.
fn name(message: &[u8], at: usize) -> Option<String> {
    let mut raw = [0_u8; 256];
    let length = raw_name(message, at, &mut raw)?;
    Some(text(raw.get(..length.saturating_sub(1))?, 255).to_lowercase())
}

/// Labels of the name at `at`, each with a dot behind it; returns their length.
pub(super) fn raw_name(message: &[u8], at: usize, raw: &mut [u8; 256]) -> Option<usize> {
    let mut length = 0;
    let (mut at, mut jumps) = (at, 0);
    loop {
        let n = *message.get(at)?;
        match n {
            0 => return Some(length),
            0xc0.. => {
                let target = usize::from(n & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
                jumps += 1;
                if target >= at || jumps > JUMPS {
                    return None;
                }
                at = target;
            }
            1..=63 => {
                let label = message.get(at + 1..at + 1 + usize::from(n))?;
                raw.get_mut(length..length + label.len())?.copy_from_slice(label);
                length += label.len();
                *raw.get_mut(length)? = b'.';
                length += 1;
                at += 1 + label.len();
            }
            _ => return None,
        }
    }
}

/// True where the message reads well from end to end: header, question, and the records as far as they came.
fn is_message(message: &[u8]) -> bool {
    let mut cursor = Cursor::new(message);
    let Ok(header) = Header::read(&mut cursor) else { return false };
    if !header.plausible() {
        return false;
    }
    for _ in 0..header.questions {
        let Ok(asked) = question(&mut cursor) else { return false };
        // Of the root, resolvers ask a few things only; messages full of zeros would look like more of that.
        let root = message.get(asked.name_at) == Some(&0);
        let asks_root = header.id != 0 && matches!(asked.kind, 1 | 2 | 6 | 28 | 43 | 48 | 255);
        if !known_class(asked.kind, asked.class) || root && !asks_root {
            return false;
        }
    }
    // Clients of DNSCrypt fill their question for a resolver's certificate up, some with what is no record.
    if asks_for_certificate(message) {
        return true;
    }
    let records = header.records().min(RECORDS);
    for at in 0..records {
        match record(&mut cursor) {
            // The class of OPT is a size (RFC 6891 §6.1.2).
            Ok(record) if record.kind == 41 || known_class(record.kind, record.class) => {}
            Ok(_) => return false,
            // Answers are cut: by the server (TC) or by a first fragment. A question vouches for them, or records did.
            Err(error) => return header.is_answer() && error.is_short() && (header.questions == 1 || at > 1),
        }
    }
    cursor.is_empty() || records > 0
}

/// Whether the first name is the one that resolvers publish their certificates under (DNSCrypt protocol, version 2, §7).
fn asks_for_certificate(message: &[u8]) -> bool {
    message.get(12..).is_some_and(|name| name.starts_with(b"\x012\x0ddnscrypt-cert"))
}

/// Whether this can be a damaged message: a header that can be, or one with one thing wrong and a name that begins well.
fn has_form(data: &[u8]) -> bool {
    let mut cursor = Cursor::new(data);
    let Ok(header) = Header::read(&mut cursor) else { return false };
    let counts = [header.questions, header.answers, header.authorities, header.additionals];
    let good = counts.into_iter().filter(|count| *count <= 16).count();
    let known = matches!(header.opcode(), 0 | 2 | 4 | 5) && header.flags & 0x0040 == 0 && header.flags & 15 <= 10;
    let name = match cursor.rest() {
        [length @ 1..=63, label @ ..] => {
            let label = label.get(..usize::from(*length)).unwrap_or(label);
            label.len() > 1 && label.iter().filter(|octet| !octet.is_ascii_graphic()).count() <= 1
        }
        _ => false,
    };
    header.plausible() && good == 4 && !cursor.is_empty() || known && good >= 3 && header.questions <= 1 && name
}

/// Classes in use (RFC 6895 §3.2) and a type that is not reserved.
fn known_class(kind: u16, class: u16) -> bool {
    kind != 0 && matches!(class, 1 | 3 | 4 | 254 | 255)
}

/// A datagram that reads well from end to end, or a stream whose first message does.
fn probe(side: Side, data: &[u8]) -> Verdict {
    if is_message(data) && !mdns::is_mdns(data) && !llmnr::is_llmnr(data) && !netbios::is_name_service(data) {
        return Verdict::Yes;
    }
    match framed(data) {
        Framed::Whole(message) if is_message(message) => Verdict::Yes,
        Framed::Part(part) => {
            let plausible = Header::read(&mut Cursor::new(part)).map_or(part.len() < 12, Header::plausible);
            if plausible { Verdict::Maybe } else { only_a_header(side, data) }
        }
        _ => only_a_header(side, data),
    }
}

/// A refusal without a question says too little to be sure.
fn only_a_header(_: Side, data: &[u8]) -> Verdict {
    let refusal = matches!(data, [_, _, 0x80..=0x87 | 0xa8, rcode, 0, 0, 0, 0, 0, 0, 0, 0] if rcode & 15 != 0);
    if refusal { Verdict::Maybe } else { Verdict::No }
}

enum Framed<'a> {
    Whole(&'a [u8]),
    Part(&'a [u8]),
    Odd,
}

/// The first message of a stream (RFC 1035 §4.2.2).
fn framed(data: &[u8]) -> Framed<'_> {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return Framed::Part(&[]) };
    let length = usize::from(u16::from_be_bytes(*length));
    match rest.get(..length) {
        _ if length < 17 => Framed::Odd,
        Some(message) => Framed::Whole(message),
        None => Framed::Part(rest),
    }
}

/// The dissector of DNS and of what looks like it.
pub(super) struct Dns {
    stream: bool,
    /// Identifier of the question that went into the row.
    asked: Option<u16>,
    /// It was asked again with the same identifier: two answers may then differ.
    repeated: bool,
    answered: bool,
    messages: u32,
    exact: Option<&'static str>,
}

/// Name under which DNSCrypt's resolvers publish their certificates (DNSCrypt protocol, version 2, §7).
const CERTIFICATE: &str = "2.dnscrypt-cert.";

impl Dns {
    pub(super) fn new(stream: bool) -> Self {
        Self { stream, asked: None, repeated: false, answered: false, messages: 0, exact: None }
    }
}

impl Dissector for Dns {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        match input {
            Input::Gap(_) => Step::Done,
            Input::Data(data) if !self.stream => {
                let good = self.message(data, flow);
                self.messages = self.messages.saturating_add(1);
                match good {
                    Some(()) => {}
                    None if self.messages == 1 => return Step::Mistaken,
                    None => risk::note(flow, &risk::MALFORMED, &["DNS", "a message that cannot be read"]),
                }
                Step::Continue(data.len())
            }
            Input::Data(data) => match framed(data) {
                Framed::Odd if self.messages == 0 => Step::Mistaken,
                Framed::Odd => Step::Done,
                Framed::Part(_) => Step::Continue(0),
                Framed::Whole(message) => {
                    if self.message(message, flow).is_none() && self.messages == 0 {
                        return Step::Mistaken;
                    }
                    self.messages = self.messages.saturating_add(1);
                    Step::Continue(message.len() + 2)
                }
            },
        }
    }

    fn name(&self) -> Option<&'static str> {
        self.exact
    }
}

impl Dns {
    fn message(&mut self, message: &[u8], flow: &mut Flow) -> Option<()> {
        let mut cursor = Cursor::new(message);
        let header = Header::read(&mut cursor).ok()?;
        if !header.is_answer() {
            let facts = flow.dns.get_or_insert_default();
            facts.queries = Some(facts.queries.unwrap_or(0).saturating_add(1));
            self.repeated |= self.asked == Some(header.id);
        }
        if self.answered && header.is_answer() {
            return self.more(message, header, cursor, flow);
        }
        if self.answered || header.is_answer() && self.asked.is_some_and(|id| id != header.id) {
            return Some(());
        }
        for at in 0..header.questions.min(RECORDS) {
            let entry = question(&mut cursor).ok()?;
            if at == 0 && self.asked.is_none() {
                self.asked = Some(header.id);
                self.ask(message, &entry, flow);
            }
        }
        if header.is_answer() {
            self.answered = true;
            let facts = flow.dns.get_or_insert_default();
            facts.rcode = Some(names::dns_rcode(header.flags & 15));
            facts.answer_count = Some(header.answers);
            facts.answer_bytes = u32::try_from(message.len()).ok();
            facts.truncated = (header.flags & 0x0200 != 0).then_some(true);
            self.answers(message, cursor, header.answers, flow);
        } else {
            offer(cursor, header, flow);
        }
        Some(())
    }

    /// A later answer: addresses for the same name belong to the first.
    fn more(&mut self, message: &[u8], header: Header, mut cursor: Cursor<'_>, flow: &mut Flow) -> Option<()> {
        let known = flow.dns.as_ref().and_then(|dns| dns.answers.as_ref()).map_or(0, Vec::len);
        if header.questions != 1 || header.answers == 0 || known >= ANSWERS || self.messages >= MESSAGES {
            return Some(());
        }
        let entry = question(&mut cursor).ok()?;
        let facts = flow.dns.get_or_insert_default();
        if !matches!(entry.kind, 1 | 28) || name(message, entry.name_at) != facts.query {
            return Some(());
        }
        if self.asked == Some(header.id) && !self.repeated && facts.queries == Some(1) {
            let same = facts.answers.as_deref().is_some_and(|answers| shares(message, cursor, header.answers, answers));
            facts.contradicted = (!same).then_some(true).or(facts.contradicted);
        }
        let answers = facts.answers.get_or_insert_default();
        for _ in 0..header.answers.min(RECORDS) {
            let Ok(record) = record(&mut cursor) else { break };
            if let Some(value) = value(message, &record).filter(|_| answers.len() < ANSWERS)
                && !answers.contains(&value)
            {
                answers.push(value);
            }
        }
        Some(())
    }

    fn ask(&mut self, message: &[u8], entry: &Entry<'_>, flow: &mut Flow) {
        let facts = flow.dns.get_or_insert_default();
        facts.query = name(message, entry.name_at).filter(|name| !name.is_empty());
        facts.qtype = Some(names::dns_type(entry.kind));
        if facts.query.as_deref().is_some_and(|name| name.starts_with(CERTIFICATE)) {
            self.exact = Some("DNScrypt");
        }
    }

    fn answers(&mut self, message: &[u8], mut cursor: Cursor<'_>, count: u16, flow: &mut Flow) {
        let mut found = Vec::new();
        let mut ttl = None;
        for _ in 0..count.min(RECORDS) {
            let Ok(record) = record(&mut cursor) else { break };
            if self.asked.is_none() {
                // An answer without a question, as multicast DNS announces things.
                self.asked = Some(0);
                self.ask(message, &record, flow);
            }
            ttl = Some(ttl.map_or(record.ttl, |least: u32| least.min(record.ttl)));
            if found.len() < ANSWERS {
                found.extend(value(message, &record));
            }
        }
        let facts = flow.dns.get_or_insert_default();
        facts.ttl_secs = ttl;
        if !found.is_empty() {
            facts.answers = Some(found);
        }
    }
}

/// Whether a value of an answer's records is among those of another answer.
fn shares(message: &[u8], mut cursor: Cursor<'_>, count: u16, answers: &[String]) -> bool {
    let mut records = (0..count.min(RECORDS)).map_while(|_| record(&mut cursor).ok());
    records.any(|record| value(message, &record).is_some_and(|value| answers.contains(&value)))
}

/// Notes what size the questioner can take: the class of its OPT record (RFC 6891 §6.1.2).
fn offer(mut cursor: Cursor<'_>, header: Header, flow: &mut Flow) {
    for _ in 0..header.records().min(RECORDS) {
        let Ok(record) = record(&mut cursor) else { return };
        if record.kind == 41 {
            flow.dns.get_or_insert_default().edns_bytes = Some(record.class);
        }
    }
}

/// Address, name or text of a record.
fn value(message: &[u8], record: &Entry<'_>) -> Option<String> {
    match record.kind {
        1 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(record.data).ok()?).to_string()),
        28 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(record.data).ok()?).to_string()),
        2 | 5 | 12 | 39 => name(message, record.data_at),
        15 => name(message, record.data_at + 2),
        16 => strings(record.data),
        33 => name(message, record.data_at + 6),
        _ => None,
    }
    .filter(|value| !value.is_empty())
}

/// The strings of a TXT record, short and joined (RFC 1035 §3.3.14).
fn strings(data: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(data);
    let mut out = String::new();
    while let Ok(part) = cursor.vec8("dns.txt") {
        let room = 128_usize.saturating_sub(out.len());
        write!(out, "{}", text(part.rest(), room)).ok()?;
    }
    Some(out)
}

const SAMPLE_QUERY: &[u8] =
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03WWW\x07example\x03com\x00\x00\x01\x00\x01";
const SAMPLE_ANSWER: &[u8] =
    b"\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\x03WWW\x07example\x03com\x00\x00\x01\x00\x01\
    \xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x06\x03web\xc0\x10\
    \xc0\x2d\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01";

/// What the kin on a link share: with the bit that asks for recursion their query is one of plain DNS.
#[cfg(test)]
pub(super) fn asks_for_no_recursion(protocol: &Protocol) {
    let (side, query) = protocol.sample[0];
    assert_eq!((protocol.probe)(side, query), Verdict::Yes, "{}", protocol.name);
    let mut message = query.to_vec();
    message[2] |= 1;
    assert_eq!((protocol.probe)(side, &message), Verdict::No, "{}", protocol.name);
    assert_eq!(probe(side, &message), Verdict::Yes, "{}", protocol.name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;

    #[test]
    fn question_and_answer() {
        let mut flow = Flow::default();
        let mut dns = Dns::new(false);
        dns.feed(Side::Src, Input::Data(SAMPLE_QUERY), &mut flow);
        dns.feed(Side::Dst, Input::Data(SAMPLE_ANSWER), &mut flow);
        let facts = flow.dns.expect("facts");
        assert_eq!((facts.query.as_deref(), facts.qtype.as_deref()), (Some("www.example.com"), Some("A")));
        assert_eq!((facts.rcode.as_deref(), facts.ttl_secs, facts.queries), (Some("noerror"), Some(60), Some(1)));
        assert_eq!(facts.answers.as_deref(), Some(&["web.example.com".to_owned(), "192.0.2.1".to_owned()][..]));
    }

    #[test]
    fn the_answer_for_the_other_family_belongs_to_the_first() {
        let mut flow = Flow::default();
        let mut dns = Dns::new(false);
        let six = |message: &[u8]| {
            let mut out = message.to_vec();
            out[1] = 0x35;
            out[30] = 28;
            out
        };
        let mut answer = six(SAMPLE_QUERY);
        answer[2..4].copy_from_slice(b"\x81\x80");
        answer[7] = 1;
        answer.extend(b"\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10");
        answer.extend(Ipv6Addr::LOCALHOST.octets());
        for (side, data) in [
            (Side::Src, SAMPLE_QUERY),
            (Side::Src, &six(SAMPLE_QUERY)),
            (Side::Dst, SAMPLE_ANSWER),
            (Side::Dst, &answer),
        ] {
            dns.feed(side, Input::Data(data), &mut flow);
        }
        let facts = flow.dns.clone().expect("facts");
        assert_eq!(
            facts.answers.as_deref(),
            Some(&["web.example.com".to_owned(), "192.0.2.1".to_owned(), "::1".to_owned()][..])
        );
        assert_eq!(
            (facts.answer_count, facts.answer_bytes, facts.queries),
            (Some(2), Some(SAMPLE_ANSWER.len() as u32), Some(2))
        );
        dns.feed(Side::Dst, Input::Data(&answer), &mut flow);
        assert_eq!(flow.dns.expect("facts").answers.map(|all| all.len()), Some(3), "each address once");
    }

    #[test]
    fn two_answers_to_one_question_contradict_each_other() {
        let other = |last: u8| [&SAMPLE_ANSWER[..SAMPLE_ANSWER.len() - 1], &[last]].concat();
        let mut alone = SAMPLE_ANSWER.to_vec();
        alone.truncate(SAMPLE_ANSWER.len() - 34);
        alone[7] = 1;
        alone.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x07");
        let told = |said: &[(Side, &[u8])]| {
            let (mut flow, mut dns) = (Flow::default(), Dns::new(false));
            for (side, data) in said {
                dns.feed(*side, Input::Data(data), &mut flow);
            }
            flow.dns.expect("facts").contradicted
        };
        let (asked, first) = ((Side::Src, SAMPLE_QUERY), (Side::Dst, SAMPLE_ANSWER));
        assert_eq!(told(&[asked, first, (Side::Dst, &alone)]), Some(true));
        assert_eq!(told(&[asked, first, (Side::Dst, &other(9))]), None, "they share a name");
        assert_eq!(told(&[asked, first, first]), None);
        assert_eq!(told(&[asked, asked, first, (Side::Dst, &alone)]), None, "it was asked twice");
    }

    #[test]
    fn the_size_that_is_offered() {
        let mut message = SAMPLE_QUERY.to_vec();
        message[11] = 1;
        message.extend(b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00");
        let mut flow = Flow::default();
        Dns::new(false).feed(Side::Src, Input::Data(&message), &mut flow);
        assert_eq!(flow.dns.expect("facts").edns_bytes, Some(1_232));
    }

    #[test]
    fn over_a_stream_however_it_is_cut() {
        let framed = |m: &[u8]| [&(m.len() as u16).to_be_bytes()[..], m].concat();
        for cut in [5, 17, 200] {
            let mut flow = Flow::default();
            let mut classifier = Classifier::new(true, 40_000, 40_001);
            for (side, message) in PROTOCOL.sample {
                for piece in framed(message).chunks(cut) {
                    classifier.stream(*side, Input::Data(piece), &mut flow);
                }
            }
            classifier.label(&mut flow);
            assert_eq!(flow.core.app, "DNS");
            assert_eq!(flow.dns.expect("facts").answers.expect("answers").len(), 2, "in pieces of {cut}");
        }
    }

    #[test]
    fn a_name_that_points_at_itself_ends() {
        assert_eq!(name(b"\xc0\x00", 0), None);
        assert_eq!(name(b"\x01a\xc0\x00", 2).as_deref(), None);
        let looped = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01";
        assert_eq!(probe(Side::Src, looped), Verdict::No);
    }

    #[test]
    fn headers_that_no_resolver_sends_are_refused() {
        for (at, value) in [(2, 0x79), (3, 0x40), (5, 9), (7, 3), (9, 1), (SAMPLE_QUERY.len() - 1, 9)] {
            let mut message = SAMPLE_QUERY.to_vec();
            message[at] = value;
            assert_eq!(probe(Side::Src, &message), Verdict::No, "octet {at}");
        }
    }
}
