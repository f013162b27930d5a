// SPDX-License-Identifier: Apache-2.0
//! One conversation without those who had it: packets from the IP header on, with addresses of documentation in place of
//! theirs (RFC 5737, RFC 3849, RFC 9542 for MAC), names in the payload covered, and checksums that follow what was changed (RFC 1624),
//! so that a wrong one stays wrong.
//!
//! Not done: IPv6 extension headers are not changed, and names are not found where they are encrypted, compressed, encoded, or
//! spread over more than two segments.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, Write};
use std::ops::Range;

use minamo_base::{FiveTuple, Ip, Time};
use minamo_capture::Frame;
use minamo_model::{FLOWS, Flow};
use minamo_packet::{Fragment, Packet, Transport, decode_parts};
use minamo_schema::{Sensitivity, Value};

/// Fewest octets of a text that is covered: shorter ones stand everywhere.
const MIN_SECRET: usize = 3;
/// Most texts that are looked for.
const MAX_SECRETS: usize = 1_000;

/// A packet of the conversation.
struct Cut {
    time: Time,
    /// As it was, from the IP header on.
    before: Vec<u8>,
    /// As it is written.
    after: Vec<u8>,
    /// Where the header above IP begins; nothing in a later fragment.
    transport: Option<usize>,
    /// Where its checksum stands.
    checksum: Option<usize>,
    payload: Range<usize>,
    /// Of TCP: sender and number of the first octet of the payload.
    seq: Option<(Ip, u32)>,
}

/// The packets between two ends.
pub(crate) struct Conversation {
    tuple: FiveTuple,
    /// Octets that are covered in payloads, lower case.
    masks: Vec<Vec<u8>>,
    packets: Vec<Cut>,
    /// Packets of the conversation that came in fragments: sender and identification.
    fragments: HashSet<(Ip, u32)>,
}

impl Conversation {
    /// The conversation between these ends, of which nothing was seen so far.
    pub(crate) fn new(tuple: FiveTuple, masks: Vec<Vec<u8>>) -> Self {
        let mut masks = masks;
        if !masks.is_empty() {
            masks.extend(
                [tuple.src, tuple.dst].into_iter().filter(|ip| !is_common(*ip)).map(|ip| ip.to_string().into_bytes()),
            );
        }
        Self { tuple, masks, packets: Vec::new(), fragments: HashSet::new() }
    }

    /// How many packets there are.
    pub(crate) fn packets(&self) -> usize {
        self.packets.len()
    }

    /// Takes a frame, if it is one of the conversation.
    pub(crate) fn take(&mut self, frame: &Frame<'_>) {
        let Ok(packet) = decode_parts(frame.link, frame.data) else { return };
        if packet.whole.is_empty() || !self.is_ours(&packet) {
            return;
        }
        let before = packet.whole.to_vec();
        let header = usize::from(packet.ip.header_octets);
        let later = matches!(packet.ip.fragment, Fragment::Later { .. });
        let carried = if later { packet.part.len() } else { packet.payload.len() };
        let payload = before.len().saturating_sub(carried)..before.len();
        let checksum = match packet.transport {
            Transport::Tcp(_) => Some(header + 16),
            Transport::Udp(..) => Some(header + 6),
            Transport::Icmp(..) => Some(header + 2),
            Transport::Sctp(..) | Transport::None => None,
        };
        let seq = match packet.transport {
            Transport::Tcp(tcp) => Some((packet.ip.src, tcp.seq)),
            _ => None,
        };
        self.packets.push(Cut {
            time: frame.time,
            after: before.clone(),
            before,
            transport: (!later).then_some(header),
            checksum: checksum.filter(|_| !later),
            payload,
            seq,
        });
    }

    fn is_ours(&mut self, packet: &Packet<'_>) -> bool {
        if let Fragment::Later { id, .. } = packet.ip.fragment {
            return self.fragments.contains(&(packet.ip.src, id));
        }
        let (mut tuple, mut wanted) = (packet.tuple(), self.tuple);
        if matches!(tuple.proto, 1 | 58) {
            // A question and its answer have types of their own.
            (tuple.src_port, tuple.dst_port, wanted.src_port, wanted.dst_port) = (0, 0, 0, 0);
        }
        let ours = tuple == wanted || tuple == wanted.reversed();
        if let Fragment::First { id, .. } = packet.ip.fragment
            && ours
        {
            self.fragments.insert((packet.ip.src, id));
        }
        ours
    }

    /// Writes a capture (pcap, times in nanoseconds).
    pub(crate) fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.cover();
        let numbers: [u32; 6] = [0xa1b2_3c4d, 0x0004_0002, 0, 0, 262_144, 1];
        numbers.iter().try_for_each(|number| out.write_all(&number.to_le_bytes()))?;
        for at in 0..self.packets.len() {
            self.disguise(at);
            let Some(packet) = self.packets.get(at) else { break };
            let (from, to) = if self.sent_by_src(packet) { (1, 2) } else { (2, 1) };
            let kind: [u8; 2] =
                if packet.after.first().is_some_and(|first| first >> 4 == 6) { [0x86, 0xdd] } else { [0x08, 0x00] };
            let length = u32::try_from(packet.after.len() + 14).unwrap_or(u32::MAX).to_le_bytes();
            let (seconds, nanos) = (packet.time.0.div_euclid(1_000_000_000), packet.time.0.rem_euclid(1_000_000_000));
            for number in [seconds, nanos] {
                out.write_all(&u32::try_from(number).unwrap_or(0).to_le_bytes())?;
            }
            out.write_all(&[length, length].concat())?;
            out.write_all(&[0, 0, 0x5e, 0, 0x53, to, 0, 0, 0x5e, 0, 0x53, from])?;
            out.write_all(&kind)?;
            out.write_all(&packet.after)?;
        }
        Ok(())
    }

    fn sent_by_src(&self, packet: &Cut) -> bool {
        addresses(&packet.before).is_some_and(|[src, _]| packet.before.get(src) == Some(&octets(self.tuple.src)[..]))
    }

    /// Covers names in payloads, also where they begin in one segment and end in the next.
    fn cover(&mut self) {
        for packet in &mut self.packets {
            let payload = packet.payload.clone();
            if let Some(payload) = packet.after.get_mut(payload) {
                self.masks.iter().for_each(|mask| cover(payload, mask));
            }
        }
        let longest = self.masks.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(1);
        let starts: HashMap<(Ip, u32), usize> = self
            .packets
            .iter()
            .enumerate()
            .filter(|(_, packet)| !packet.payload.is_empty())
            .filter_map(|(at, packet)| Some((packet.seq?, at)))
            .collect();
        for at in 0..self.packets.len() {
            let Some(packet) = self.packets.get(at) else { break };
            let Some((sender, seq)) = packet.seq else { continue };
            let length = u32::try_from(packet.payload.len()).unwrap_or(0);
            let Some(next) = starts.get(&(sender, seq.wrapping_add(length))).filter(|next| **next != at) else {
                continue;
            };
            self.cover_border(at, *next, longest);
        }
    }

    /// Covers what stands over the border of two segments.
    fn cover_border(&mut self, one: usize, next: usize, longest: usize) {
        let tail = |range: &Range<usize>| range.end.saturating_sub(longest).max(range.start)..range.end;
        let head = |range: &Range<usize>| range.start..range.end.min(range.start + longest);
        let part = |packets: &[Cut], at: usize, of: &dyn Fn(&Range<usize>) -> Range<usize>| {
            let packet = packets.get(at)?;
            Some((of(&packet.payload), packet.before.get(of(&packet.payload))?.to_vec()))
        };
        let (Some((tail, mut joined)), Some((head, behind))) =
            (part(&self.packets, one, &tail), part(&self.packets, next, &head))
        else {
            return;
        };
        let (border, was) = (joined.len(), [joined.as_slice(), &behind].concat());
        joined.extend(behind);
        self.masks.iter().for_each(|mask| cover(&mut joined, mask));
        for (at, range, covered) in [(one, tail, 0..border), (next, head, border..joined.len())] {
            let Some(out) = self.packets.get_mut(at).and_then(|packet| packet.after.get_mut(range)) else { continue };
            let now = joined.get(covered.clone()).unwrap_or_default().iter().zip(was.get(covered).unwrap_or_default());
            out.iter_mut().zip(now).filter(|(_, (now, was))| now != was).for_each(|(out, (now, _))| *out = *now);
        }
    }

    /// Puts other addresses in place of both ends', and makes the checksums follow.
    fn disguise(&mut self, at: usize) {
        let (src, dst) = (self.tuple.src, self.tuple.dst);
        let quotes = matches!(self.tuple.proto, 1 | 58);
        let Some(packet) = self.packets.get_mut(at) else { return };
        let Some(places) = addresses(&packet.before) else { return };
        for place in &places {
            if let Some(out) = packet.after.get_mut(place.clone()) {
                replace(out, src, dst);
            }
        }
        if packet.before.first().is_some_and(|first| first >> 4 == 4) {
            // Options can hold addresses, too: they become ones that say nothing (RFC 791 §3.1).
            let end = packet.before.first().map_or(20, |first| usize::from(first & 15) * 4);
            packet.after.get_mut(20..end).unwrap_or_default().fill(1);
            follow(&packet.before, &mut packet.after, 10, std::slice::from_ref(&(0..end)));
        }
        if quotes && let Some(payload) = packet.after.get_mut(packet.payload.clone()) {
            // Errors quote the packet that they are about.
            replace(payload, src, dst);
        }
        if let (Some(start), Some(place)) = (packet.transport, packet.checksum) {
            let pseudo = self.tuple.proto != 1;
            let (whole, [src, dst]) = (start..packet.before.len(), places);
            let parts = if pseudo { vec![whole, src, dst] } else { vec![whole] };
            let absent = self.tuple.proto == 17 && packet.before.get(place..place + 2) == Some(&[0, 0]);
            if !absent {
                follow(&packet.before, &mut packet.after, place, &parts);
            }
        }
    }
}

/// Where the addresses stand in an IP packet: source, destination.
fn addresses(packet: &[u8]) -> Option<[Range<usize>; 2]> {
    match packet.first()? >> 4 {
        4 => Some([12..16, 16..20]),
        6 => Some([8..24, 24..40]),
        _ => None,
    }
}

fn octets(ip: Ip) -> Vec<u8> {
    ip.as_v4().map_or_else(|| ip.0.to_vec(), |octets| octets.to_vec())
}

/// True for addresses that say nothing of anybody: groups, broadcast, none.
fn is_common(ip: Ip) -> bool {
    ip.is_group() || ip == Ip::default() || matches!(ip.as_v4(), Some([255, 255, 255, 255] | [0, 0, 0, 0]))
}

/// Puts an address of documentation in place of each end's, wherever it stands.
fn replace(data: &mut [u8], src: Ip, dst: Ip) {
    for (last, ip) in [(1, src), (2, dst)] {
        if is_common(ip) {
            continue;
        }
        let (old, new) = match ip.as_v4() {
            Some(old) => (old.to_vec(), vec![192, 0, 2, last]),
            None => (ip.0.to_vec(), [&[0x20, 0x01, 0x0d, 0xb8][..], &[0; 11], &[last]].concat()),
        };
        let found: Vec<usize> = memchr::memmem::find_iter(data, &old).collect();
        for at in found {
            if let Some(out) = data.get_mut(at..at + new.len()) {
                out.copy_from_slice(&new);
            }
        }
    }
}

/// Makes the checksum at `place` follow the changes in `parts` (RFC 1624 §3, equation 3); its own place is left out.
fn follow(before: &[u8], after: &mut [u8], place: usize, parts: &[Range<usize>]) {
    let words = |data: &[u8], part: &Range<usize>| {
        let data = data.get(part.clone()).unwrap_or_default();
        let words = data.chunks(2).map(|pair| match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            [high] => u16::from_be_bytes([*high, 0]),
            _ => 0,
        });
        words.collect::<Vec<u16>>()
    };
    let Some(Ok(old)) = before.get(place..place + 2).map(<[u8; 2]>::try_from) else { return };
    let mut sum = u64::from(!u16::from_be_bytes(old));
    for part in parts {
        let own = place.checked_sub(part.start).map(|at| at / 2);
        for (at, (was, now)) in words(before, part).into_iter().zip(words(after, part)).enumerate() {
            if Some(at) != own && was != now {
                sum += u64::from(!was) + u64::from(now);
            }
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let new = !u16::try_from(sum).unwrap_or(0);
    if let Some(out) = after.get_mut(place..place + 2) {
        out.copy_from_slice(&new.to_be_bytes());
    }
}

/// Covers each place where `mask` stands, in upper or lower case: letters become `x` and `X`, digits `0`; the rest stays.
fn cover(data: &mut [u8], mask: &[u8]) {
    let Some(last) = data.len().checked_sub(mask.len()) else { return };
    for at in 0..=last {
        let Some(place) = data.get_mut(at..at + mask.len()).filter(|place| place.eq_ignore_ascii_case(mask)) else {
            continue;
        };
        for octet in place {
            *octet = match *octet {
                b'a'..=b'z' => b'x',
                b'A'..=b'Z' => b'X',
                b'0'..=b'9' => b'0',
                other => other,
            };
        }
    }
}

/// What the rows tell of people and what they spoke of, in the forms that protocols write texts in: as it is, with two octets
/// for each letter (UTF-16, as Windows does), and the labels of names with their length in front (RFC 1035 §3.1). Longest first.
pub(crate) fn secrets(rows: &[Flow]) -> Vec<Vec<u8>> {
    let mut texts = BTreeSet::new();
    for row in rows {
        for (id, column) in FLOWS.places().filter(|(_, column)| column.sensitivity != Sensitivity::Plain) {
            match row.get(id) {
                Value::Text(text) => add(&mut texts, column.name, &text),
                Value::Texts(all) => all.iter().for_each(|text| add(&mut texts, column.name, text)),
                _ => {}
            }
        }
    }
    let mut out = BTreeSet::new();
    for text in texts.into_iter().take(MAX_SECRETS) {
        let wide: Vec<u8> = text.bytes().flat_map(|octet| [octet, 0]).collect();
        for label in text.split('.').filter(|label| label.len() >= MIN_SECRET) {
            out.extend(
                u8::try_from(label.len())
                    .ok()
                    .filter(|length| *length < 64)
                    .map(|length| [&[length], label.as_bytes()].concat()),
            );
        }
        out.insert(wide);
        out.insert(text.into_bytes());
    }
    let mut out: Vec<_> = out.into_iter().collect();
    out.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
    out
}

/// A value in lower case: of a name of a host also what it belongs to, of the name in a certificate its attributes.
fn add(texts: &mut BTreeSet<String>, column: &str, value: &str) {
    let value = value.to_lowercase();
    if column.starts_with("tls_cert_") || column.starts_with("tls_chain_") {
        let parts = value.split(", ").map(|part| part.split_once('=').map_or(part, |(_, value)| value));
        texts
            .extend(parts.map(|part| part.trim_start_matches("*.").to_owned()).filter(|part| part.len() >= MIN_SECRET));
    }
    let parent =
        value.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.') && parent.len() > 6);
    texts.extend(parent.map(str::to_owned));
    texts.extend(Some(value).filter(|value| value.len() >= MIN_SECRET));
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use minamo_packet::LinkType;

    use super::*;

    const CLIENT: [u8; 4] = [10, 1, 2, 3];
    const SERVER: [u8; 4] = [10, 9, 8, 7];

    fn segment(from: [u8; 4], ports: (u16, u16), seq: u32, payload: &[u8]) -> Vec<u8> {
        let to = if from == CLIENT { SERVER } else { CLIENT };
        let builder = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4(from, to, 60).tcp(ports.0, ports.1, seq, 1_000);
        let mut frame = Vec::new();
        builder.write(&mut frame, payload).expect("a Vec takes all");
        frame
    }

    fn tuple(proto: u8) -> FiveTuple {
        FiveTuple { src: Ip::v4(CLIENT), dst: Ip::v4(SERVER), src_port: 4_000, dst_port: 80, proto }
    }

    /// What is written of these frames: the frames of the file.
    fn written(tuple: FiveTuple, frames: &[Vec<u8>], masks: &[&str]) -> Vec<Vec<u8>> {
        let masks = masks.iter().map(|mask| mask.as_bytes().to_vec()).collect();
        let mut conversation = Conversation::new(tuple, masks);
        for data in frames {
            conversation.take(&Frame { time: Time(1_500_000_000_123_456_789), link: LinkType::ETHERNET, data });
        }
        let mut file = Vec::new();
        conversation.write(&mut file).expect("a Vec takes all");
        let (mut rest, mut out) = (&file[24..], Vec::new());
        while !rest.is_empty() {
            assert_eq!(rest[..8], [&1_500_000_000_u32.to_le_bytes()[..], &123_456_789_u32.to_le_bytes()].concat());
            let length = u32::from_le_bytes(rest[8..12].try_into().expect("four")) as usize;
            out.push(rest[16..16 + length].to_vec());
            rest = &rest[16 + length..];
        }
        out
    }

    /// The checksums that the packet ought to have are those it has.
    fn checksums_hold(frame: &[u8]) {
        let sliced = etherparse::PacketHeaders::from_ethernet_slice(frame).expect("a good frame");
        let Some(etherparse::NetHeaders::Ipv4(ip, _)) = sliced.net else { panic!("IPv4") };
        assert_eq!(ip.header_checksum, ip.calc_header_checksum());
        match sliced.transport {
            Some(etherparse::TransportHeader::Tcp(tcp)) => {
                let sum = tcp.calc_checksum_ipv4(&ip, sliced.payload.slice()).expect("short");
                assert_eq!(tcp.checksum, sum);
            }
            Some(etherparse::TransportHeader::Udp(udp)) => {
                assert_eq!(udp.checksum, udp.calc_checksum_ipv4(&ip, sliced.payload.slice()).expect("short"));
            }
            _ => panic!("TCP or UDP"),
        }
    }

    #[test]
    fn addresses_become_those_of_documentation_and_checksums_follow() {
        let frames = [
            segment(CLIENT, (4_000, 80), 1, b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"),
            segment([10, 1, 2, 4], (4_000, 80), 1, b"another conversation"),
            segment(SERVER, (80, 4_000), 1, b"HTTP/1.1 204 No\r\n\r\n"),
        ];
        let out = written(tuple(6), &frames, &[]);
        assert_eq!(out.len(), 2, "no other conversation");
        out.iter().for_each(|frame| checksums_hold(frame));
        assert_eq!(
            (&out[0][..12], &out[0][26..34]),
            (&[0, 0, 0x5e, 0, 0x53, 2, 0, 0, 0x5e, 0, 0x53, 1][..], &[192, 0, 2, 1, 192, 0, 2, 2][..])
        );
        assert_eq!(&out[1][26..34], &[192, 0, 2, 2, 192, 0, 2, 1]);
        assert_eq!(out[0][54..], frames[0][54..], "the payload stays");
    }

    #[test]
    fn names_are_covered_over_segments_too() {
        let frames = [
            segment(CLIENT, (4_000, 80), 1, b"GET /10.1.2.3 HTTP/1.1\r\nHost: WWW.exam"),
            segment(CLIENT, (4_000, 80), 39, b"ple7.com\r\n\r\n"),
        ];
        let out = written(tuple(6), &frames, &["www.example7.com"]);
        assert_eq!(&out[0][54..], b"GET /00.0.0.0 HTTP/1.1\r\nHost: XXX.xxxx");
        assert_eq!(&out[1][54..], b"xxx0.xxx\r\n\r\n");
        out.iter().for_each(|frame| checksums_hold(frame));
    }

    #[test]
    fn a_datagram_without_a_checksum_gets_none_and_a_wrong_one_stays_wrong() {
        let mut frame = Vec::new();
        let builder = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4(CLIENT, SERVER, 60).udp(4_000, 80);
        builder.write(&mut frame, b"odd").expect("a Vec takes all");
        let mut none = frame.clone();
        none[40..42].fill(0);
        let mut wrong = frame.clone();
        wrong[41] ^= 1;
        let out = written(tuple(17), &[frame, none, wrong], &[]);
        checksums_hold(&out[0]);
        assert_eq!(out[1][40..42], [0, 0]);
        assert_ne!(out[2][40..42], out[0][40..42]);
    }

    #[test]
    fn secrets_come_from_what_the_row_tells() {
        let mut row = Flow::default();
        row.tls.get_or_insert_default().sni = Some("Mail.Example.org".into());
        row.tls.get_or_insert_default().cert_subject = Some("C=XY, CN=gate.example.org".into());
        let secrets = secrets(&[row]);
        for wanted in [
            &b"mail.example.org"[..],
            b"example.org",
            b"\x07example",
            b"m\0a\0i\0l\0.\0e\0x\0a\0m\0p\0l\0e\0.\0o\0r\0g\0",
            b"gate.example.org",
        ] {
            assert!(secrets.iter().any(|secret| secret == wanted), "{}", String::from_utf8_lossy(wanted));
        }
        assert!(secrets.windows(2).all(|pair| pair[0].len() >= pair[1].len()), "the longest first");
        assert!(!secrets.iter().any(|secret| secret.len() < MIN_SECRET));
    }
}
