// SPDX-License-Identifier: Apache-2.0
//! BitTorrent: handshake of peers (BEP 3) over TCP and uTP (BEP 29), DHT (BEP 5), UDP trackers (BEP 15) and local
//! search (BEP 14): info-hash and client. Announces over HTTP stay HTTP; encrypted handshakes look random and
//! are not recognised.

use minamo_base::{Cursor, hex};
use minamo_model::Flow;

use super::tell::be32;
use super::text::{after, begins, line, some_text, text};
use crate::{Category, Dissector, Heard, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BitTorrent",
    title: "BitTorrent",
    category: Category::DownloadFt,
    spec: &["BEP 3", "BEP 5", "BEP 14", "BEP 15", "BEP 20", "BEP 29"],
    ports: &[6881, 6882, 6883, 6889, 51413, 6969],
    max_state: 256,
    probe,
    together: Some(together),
    start: |stream| Box::new(BitTorrent { stream, messages: 0 }),
    sample: &[(Side::Src, SAMPLE)],
    ..Protocol::BOTH
};

/// First octets of the handshake: the length of the protocol's name, and the name.
const HANDSHAKE: &[u8] = b"\x13BitTorrent protocol";
/// Start of a connect request to a UDP tracker: magic number and action 0 (BEP 15).
const TRACKER: &[u8] = b"\x00\x00\x04\x17\x27\x10\x19\x80\x00\x00\x00\x00";
/// Deepest nesting of lists and dictionaries that is read.
const DEPTH: u8 = 8;
/// Messages without news after which the flow is left alone.
const MESSAGES_MAX: u32 = 64;

fn probe(_: Side, data: &[u8]) -> Verdict {
    let handshake = begins(data, HANDSHAKE);
    let search = data.starts_with(b"BT-SEARCH * HTTP/1.1\r\n");
    if search || goes_on(data) || data.len() == 16 && data.starts_with(TRACKER) || Dht::read(data).is_some() {
        return Verdict::Yes;
    }
    if handshake == Verdict::No { utp_verdict(data) } else { handshake }
}

/// The middle of a connection of peers: a block of 16 KiB, or who wants one or no longer does; blocks begin at multiples of
/// their size (BEP 3, "peer messages").
fn goes_on(data: &[u8]) -> bool {
    const BLOCK: usize = 1 << 14;
    let begins = be32(data, 9).is_some_and(|begin| begin.is_multiple_of(BLOCK) && begin < 1 << 26);
    match data {
        [0, 0, 0x40, 9, 7, ..] => begins,
        [0, 0, 0, 13, 6 | 8, ..] => begins && be32(data, 13) == Some(BLOCK),
        _ => false,
    }
}

/// uTP carries no magic number (BEP 29): a SYN has enough fixed values, and a handshake inside speaks for itself.
fn utp_verdict(data: &[u8]) -> Verdict {
    let Some((first, inner)) = utp(data) else { return Verdict::No };
    match first >> 4 {
        0 if inner.starts_with(HANDSHAKE) => Verdict::Yes,
        4 if inner.is_empty() && is_first_syn(data) => Verdict::Yes,
        0..=3 => Verdict::Maybe,
        _ => Verdict::No,
    }
}

/// uTP in its middle: datagrams of one side keep their connection, and their times and numbers go on (BEP 29, "Header format").
fn together(heard: &Heard<'_>) -> Verdict {
    let mut before: Option<Utp> = None;
    let (mut follow, mut micros) = (0, 0_u64);
    for next in heard.same() {
        let Some(next) = Utp::read(next) else { return Verdict::Maybe };
        if let Some(one) = before.filter(|one| one.goes_on(&next)) {
            follow += 1;
            micros += u64::from(next.micros.wrapping_sub(one.micros));
        } else if before.is_some() {
            return Verdict::Maybe;
        }
        before = Some(next);
    }
    if follow >= FOLLOW && micros >= FOLLOW_MICROS { Verdict::Yes } else { Verdict::Maybe }
}

/// Datagrams that must follow one another, and how long it takes at least: a counter is no clock.
const FOLLOW: u32 = 3;
const FOLLOW_MICROS: u64 = 1_000;

/// What of uTP's header goes on.
#[derive(Clone, Copy)]
struct Utp {
    connection: u16,
    micros: u32,
    number: u16,
}

impl Utp {
    fn read(data: &[u8]) -> Option<Self> {
        utp(data)?;
        let mut cursor = Cursor::new(data);
        cursor.skip(2, "utp.type").ok()?;
        let (connection, micros) = (cursor.u16("utp.connection").ok()?, cursor.u32("utp.timestamp").ok()?);
        cursor.skip(8, "utp.window").ok()?;
        Some(Self { connection, micros, number: cursor.u16("utp.number").ok()? })
    }

    /// Within a minute, and within a window of datagrams.
    fn goes_on(&self, next: &Self) -> bool {
        self.connection == next.connection
            && next.micros.wrapping_sub(self.micros) < 60_000_000
            && next.number.wrapping_sub(self.number) <= 64
    }
}

/// A SYN acknowledges nothing and measures nothing yet; it carries no extension and no data.
fn is_first_syn(data: &[u8]) -> bool {
    data.len() == 20
        && data.get(1) == Some(&0)
        && data.get(4..8) != Some(&[0; 4])
        && data.get(8..12) == Some(&[0; 4])
        && data.get(18..20) == Some(&[0; 2])
}

/// Type with version, and what stands behind header and extensions.
fn utp(data: &[u8]) -> Option<(u8, &[u8])> {
    let mut cursor = Cursor::new(data);
    let first = cursor.u8("utp.type").ok()?;
    let mut extension = cursor.u8("utp.extension").ok()?;
    cursor.skip(18, "utp.header").ok()?;
    if first & 0x0f != 1 || first >> 4 > 4 || extension > 4 {
        return None;
    }
    for _ in 0..4 {
        if extension == 0 {
            return Some((first, cursor.rest()));
        }
        extension = cursor.u8("utp.extension").ok()?;
        cursor.vec8("utp.extension").ok()?;
    }
    None
}

struct BitTorrent {
    stream: bool,
    messages: u32,
}

impl Dissector for BitTorrent {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if self.stream && goes_on(data) {
            return Step::Done;
        }
        if self.stream {
            return handshake(data, flow);
        }
        self.messages = self.messages.saturating_add(1);
        if let Some((_, inner)) = utp(data).filter(|(_, inner)| inner.starts_with(HANDSHAKE)) {
            handshake(inner, flow);
        } else if data.starts_with(HANDSHAKE) {
            handshake(data, flow);
        } else if let Some(dht) = Dht::read(data) {
            note(flow, dht.info_hash, dht.version.and_then(|v| client_of_code(v.get(..2)?, &[])));
        } else if let Some(hash) = search(data) {
            flow.bittorrent.get_or_insert_default().info_hash = Some(hash);
        } else if let Ok((hash, peer)) = announce(data) {
            note(flow, Some(hash), client(peer));
        }
        let complete = flow.bittorrent.as_ref().is_some_and(|b| b.info_hash.is_some() && b.client.is_some());
        if complete || self.messages > MESSAGES_MAX { Step::Done } else { Step::Continue(data.len()) }
    }
}

fn note(flow: &mut Flow, hash: Option<&[u8]>, client: Option<String>) {
    if hash.is_none() && client.is_none() {
        return;
    }
    let facts = flow.bittorrent.get_or_insert_default();
    facts.info_hash = facts.info_hash.take().or(hash.map(hex));
    facts.client = facts.client.take().or(client);
}

/// Name, 8 reserved octets, info-hash, peer id (BEP 3). Waits for the peer id, which may come on its own.
fn handshake(data: &[u8], flow: &mut Flow) -> Step {
    match begins(data, HANDSHAKE) {
        Verdict::No => return Step::Done,
        Verdict::Maybe => return Step::Continue(0),
        Verdict::Yes => {}
    }
    note(flow, data.get(28..48), None);
    let Some(peer) = data.get(48..68) else { return Step::Continue(0) };
    note(flow, None, client(peer));
    Step::Done
}

/// Info-hash and peer id of an announce to a UDP tracker (BEP 15).
fn announce(data: &[u8]) -> Result<(&[u8], &[u8]), minamo_base::WireError> {
    let mut cursor = Cursor::new(data);
    cursor.skip(8, "tracker.connection_id")?;
    let action = cursor.u32("tracker.action")?;
    cursor.skip(4, "tracker.transaction_id")?;
    if action != 1 || data.len() < 98 {
        return Err(cursor.bad(8, "tracker.action", action.into(), "1, announce"));
    }
    Ok((cursor.take(20, "tracker.info_hash")?, cursor.take(20, "tracker.peer_id")?))
}

/// Info-hash of a local search (BEP 14).
fn search(data: &[u8]) -> Option<String> {
    let mut rest = data.strip_prefix(b"BT-SEARCH ")?;
    while let Some((line, n)) = line(rest) {
        rest = rest.get(n..)?;
        if let Some(hash) = after(line, b"INFOHASH:") {
            return some_text(hash, 40).map(|h| h.to_lowercase());
        }
    }
    None
}

/// What is told of a DHT message (BEP 5): a bencoded dictionary with `y` and `t`.
#[derive(Default)]
struct Dht<'a> {
    info_hash: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
}

impl<'a> Dht<'a> {
    /// Reads a whole datagram; `None` where it is anything else.
    fn read(data: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(data);
        let mut dht = Self::default();
        let (mut kind, mut transaction) = (None, false);
        if cursor.u8("dht").ok()? != b'd' {
            return None;
        }
        while cursor.peek()? != b'e' {
            let key = string(&mut cursor)?;
            match key {
                b"y" => kind = Some(string(&mut cursor)?),
                b"t" => transaction = !string(&mut cursor)?.is_empty(),
                b"v" => dht.version = Some(string(&mut cursor)?),
                b"a" => dht.info_hash = arguments(&mut cursor)?,
                _ => value(&mut cursor, 0)?,
            }
        }
        let whole = cursor.left() == 1;
        (whole && transaction && matches!(kind?, b"q" | b"r" | b"e")).then_some(dht)
    }
}

/// The arguments of a query: the info-hash, where one is among them.
fn arguments<'a>(cursor: &mut Cursor<'a>) -> Option<Option<&'a [u8]>> {
    let mut found = None;
    if cursor.u8("dht.a").ok()? != b'd' {
        return None;
    }
    while cursor.peek()? != b'e' {
        let key = string(cursor)?;
        if key == b"info_hash" {
            found = Some(string(cursor)?).filter(|hash| hash.len() == 20);
        } else {
            value(cursor, 1)?;
        }
    }
    cursor.u8("dht.a").ok()?;
    Some(found)
}

/// A bencoded string: its length in decimals, a colon, its octets.
fn string<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let mut length = 0_usize;
    for digits in 0..5 {
        match cursor.u8("bencode.length").ok()? {
            b @ b'0'..=b'9' => length = length * 10 + usize::from(b - b'0'),
            b':' if digits > 0 => return cursor.take(length, "bencode.string").ok(),
            _ => return None,
        }
    }
    None
}

/// Walks over any bencoded value.
fn value(cursor: &mut Cursor<'_>, depth: u8) -> Option<()> {
    if depth > DEPTH {
        return None;
    }
    match cursor.peek()? {
        b'0'..=b'9' => string(cursor).map(|_| ()),
        b'i' => {
            let rest = cursor.rest();
            let end = rest.iter().take(24).position(|b| *b == b'e')?;
            cursor.skip(end + 1, "bencode.integer").ok()
        }
        b'l' | b'd' => {
            cursor.skip(1, "bencode.list").ok()?;
            while cursor.peek()? != b'e' {
                value(cursor, depth + 1)?;
            }
            cursor.skip(1, "bencode.list").ok()
        }
        _ => None,
    }
}

/// Name of a client, from its peer id (BEP 20): `-qB4500-…`, or the mainline client's `M7-10-5--…`.
fn client(peer: &[u8]) -> Option<String> {
    match peer {
        [b'-', a, b, version @ ..] => {
            let (version, dash) = version.split_at_checked(4)?;
            let code = [*a, *b];
            if dash.first() == Some(&b'-') { client_of_code(&code, version) } else { None }
        }
        [b'M', digits @ ..] if digits.first().is_some_and(u8::is_ascii_digit) => {
            let version = digits.split(|b| *b == b'-').take_while(|part| !part.is_empty()).take(3);
            let version: Vec<_> = version.map(|part| text(part, 4)).collect();
            Some(format!("Mainline {}", version.join(".")))
        }
        _ => None,
    }
}

fn client_of_code(code: &[u8], version: &[u8]) -> Option<String> {
    let name = match code {
        b"AZ" => "Vuze",
        b"BC" => "BitComet",
        b"BI" => "BiglyBT",
        b"BT" => "BitTorrent",
        b"DE" => "Deluge",
        b"FD" => "Free Download Manager",
        b"FL" => "Flud",
        b"KT" => "KTorrent",
        b"LT" | b"lt" => "libtorrent",
        b"TI" => "Tixati",
        b"TL" => "Tribler",
        b"TR" => "Transmission",
        b"UM" => "\u{b5}Torrent Mac",
        b"UT" => "\u{b5}Torrent",
        b"UW" => "\u{b5}Torrent Web",
        b"WW" => "WebTorrent",
        b"XL" => "Xunlei",
        b"qB" => "qBittorrent",
        _ if code.iter().all(u8::is_ascii_alphanumeric) => "",
        _ => return None,
    };
    let name = if name.is_empty() { text(code, 2) } else { name.to_owned() };
    if version.is_empty() || !version.iter().all(u8::is_ascii_alphanumeric) {
        return Some(name);
    }
    Some(format!("{name} {}", text(version, 4)))
}

const SAMPLE: &[u8] = b"\x13BitTorrent protocol\x00\x00\x00\x00\x00\x10\x00\x05\
    \x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14-qB4500-abcdefghijkl";

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(data: &[u8]) -> (Option<String>, Option<String>) {
        assert_eq!(probe(Side::Src, data), Verdict::Yes, "{}", data.escape_ascii());
        let mut flow = Flow::default();
        (PROTOCOL.start)(false).feed(Side::Src, Input::Data(data), &mut flow);
        flow.bittorrent.map(|b| (b.info_hash.clone(), b.client.clone())).unwrap_or_default()
    }

    #[test]
    fn utp_is_known_in_its_middle() {
        let label = |step: u32, connections: [u16; 4]| {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(false, 40_000, 40_001));
            for (n, connection) in (0_u32..).zip(connections) {
                let time = (7_000_000 + n * step).to_be_bytes();
                let rest = [&[0xc8, 0x9f, 0x62, 0xfa, 0, 0x10, 0, 0, 0x5c, n as u8, 1, 2][..], b"data"].concat();
                let data = [&[1, 0][..], &connection.to_be_bytes(), &time, &rest].concat();
                classifier.datagram(Side::Src, &data, &mut flow);
            }
            classifier.label(&mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!(label(800, [7; 4]), "BitTorrent");
        assert_eq!(label(1, [7; 4]), "Unknown", "a counter");
        assert_eq!(label(800, [7, 7, 8, 8]), "Unknown");
        assert_eq!(label(90_000_000, [7; 4]), "Unknown");
    }

    #[test]
    fn handshakes_and_distributed_hash_tables() {
        let hash = Some("0102030405060708090a0b0c0d0e0f1011121314".to_owned());
        assert_eq!(facts(SAMPLE), (hash, Some("qBittorrent 4500".into())));
        let query = b"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:v4:UT\
        \x01\x021:y1:qe";
        let hash = Some(hex(b"mnopqrstuvwxyz123456"));
        assert_eq!(facts(query), (hash, Some("\u{b5}Torrent".into())));
        assert_eq!(probe(Side::Src, b"d3:fooi1ee"), Verdict::No);
    }

    #[test]
    fn utp_is_told_by_its_first_packet() {
        let syn = b"\x41\x00\x12\x34\x00\x00\x10\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00";
        assert_eq!(probe(Side::Src, syn), Verdict::Yes);
        let mut state = syn.to_vec();
        state[0] = 0x21;
        assert_eq!(probe(Side::Src, &state), Verdict::Maybe);
        state[0] = 0x25;
        assert_eq!(probe(Side::Src, &state), Verdict::No);
    }
}
