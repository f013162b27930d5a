// SPDX-License-Identifier: Apache-2.0
//! Records of encrypted traffic analytics: Cisco's elements 44940 to 44948 of NetFlow v9, which IPFIX has under Cisco's
//! enterprise number without the highest bit (9/12172 …). A record of NetFlow v9 has the packets of one direction; in IPFIX
//! those of the responder stand in the same record under the number for reverse elements (29305/12172 …, as RFC 5103 §6.1
//! has it for elements of the registry).
//!
//! Sequences of lengths and times fill a field half and half with 16-bit numbers. A length from 0 on is a packet's
//! payload; −n stands for n more packets of the length before; 0x8000 fills what is not used. A time from 0 on is milliseconds
//! since the packet before; −n stands for n packets at the time of the one before. Where a length has a run, so has its
//! time. The first time counts from the conversation's first packet with data. A length of 0 is no packet; it passes time where
//! that is more than a number holds.

use minamo_base::hex;
use minamo_model::flow::Eta;
use minamo_model::{Flow, byte_moments, names};

use crate::record::{Tally, uint};

/// Most packets of a sequence.
const MAX_PACKETS: usize = 256;
/// Fills a sequence behind its end.
const END: u16 = 0x8000;
/// Largest value of a length or a time.
const MOST: u16 = 0x7fff;
/// Most octets of an initial packet that are kept.
const MAX_INITIAL: usize = 1_500;
/// Octets of an initial packet on the wire, padded with zeros.
const INITIAL: u16 = 1_300;
/// Octets of the counters: two for each value.
const COUNTS: u16 = 512;
/// Octets of a sequence as Catalyst switches send it, ten packets or runs of them; and of a longer one.
const SEQUENCES: [u16; 2] = [40, 200];

/// What an element tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// The first packet with data (IDP).
    Initial,
    /// Packets (SPLT), messages (SALT) or TLS records (SRLT).
    Sequence(Sequence),
    /// Counts of octet values (BD).
    Counts,
    /// The version of TLS; read only.
    Version,
}

/// What a sequence is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sequence {
    Packets,
    Messages,
    Records,
}

/// The elements by their number in NetFlow v9.
const ELEMENTS: [(u16, Part); 6] = [
    (44_940, Part::Initial),
    (44_941, Part::Sequence(Sequence::Packets)),
    (44_942, Part::Sequence(Sequence::Messages)),
    (44_944, Part::Counts),
    (44_945, Part::Sequence(Sequence::Records)),
    (44_948, Part::Version),
];

/// Cisco's enterprise number, that of reverse elements, and CESNET's.
const CISCO: u32 = 9;
const REVERSE: u32 = 29_305;
const CESNET: u32 = 8_057;
/// The highest bit of a number, which says in IPFIX that an enterprise number follows.
const ENTERPRISE: u16 = 0x8000;

/// What an element tells, and true where it is of the responder.
pub(crate) fn of(pen: u32, element: u16) -> Option<(Part, bool)> {
    let number = match (pen, element) {
        (0, number) => number,
        (CISCO | REVERSE, number) if number < ENTERPRISE => number | ENTERPRISE,
        (CESNET, 850) => return Some((Part::Initial, false)),
        (CESNET, 851) => return Some((Part::Initial, true)),
        _ => return None,
    };
    let part = ELEMENTS.iter().find(|(known, _)| *known == number).map(|(_, part)| *part)?;
    Some((part, pen == REVERSE))
}

/// A field that is written: an element with its length, and the column that has what it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    part: Part,
    reverse: bool,
    pub(crate) len: u16,
    pub(crate) pen: u32,
    pub(crate) element: u16,
    pub(crate) column: &'static str,
}

/// The fields of NetFlow v9, or of IPFIX.
pub(crate) fn fields(ipfix: bool) -> impl Iterator<Item = Field> {
    let sides: &[bool] = if ipfix { &[false, true] } else { &[false] };
    sides.iter().flat_map(move |reverse| {
        ELEMENTS.iter().flat_map(move |(number, part)| {
            let (pen, element) = match (ipfix, reverse) {
                (false, _) => (0, *number),
                (true, false) => (CISCO, *number & !ENTERPRISE),
                (true, true) => (REVERSE, *number & !ENTERPRISE),
            };
            let column = column(*part, *reverse);
            let lengths: &[u16] = match part {
                Part::Initial => &[INITIAL],
                Part::Counts => &[COUNTS],
                Part::Sequence(_) => &SEQUENCES,
                Part::Version => &[],
            };
            lengths.iter().map(move |len| Field { part: *part, reverse: *reverse, len: *len, pen, element, column })
        })
    })
}

/// The column that an element fills; of a sequence that of its lengths.
pub(crate) fn column(part: Part, reverse: bool) -> &'static str {
    match (part, reverse) {
        (Part::Initial, false) => "eta_src_initial_packet",
        (Part::Initial, true) => "eta_dst_initial_packet",
        (Part::Counts, false) => "eta_src_byte_counts",
        (Part::Counts, true) => "eta_dst_byte_counts",
        (Part::Sequence(Sequence::Packets), _) => "splt_lengths",
        (Part::Sequence(Sequence::Messages), _) => "eta_message_lengths",
        (Part::Sequence(Sequence::Records), _) => "eta_record_lengths",
        (Part::Version, _) => "tls_version",
    }
}

/// True for columns that the fields of others tell with theirs: times stand beside their lengths, and what counts of octets come to
/// is computed from them.
pub(crate) fn implies(column: &str) -> bool {
    let sums = ["_entropy", "_byte_mean", "_byte_deviation"];
    (tells(column) && column.ends_with("_times_micros"))
        || (column.starts_with("eta_") && sums.iter().any(|sum| column.ends_with(sum)))
}

/// True for columns that these fields tell, so that no other element need.
pub(crate) fn tells(column: &str) -> bool {
    let others = matches!(column, "eta_score" | "eta_class" | "eta_model") || column.contains("burst");
    column.starts_with("splt_") || (column.starts_with("eta_") && !others)
}

impl Field {
    /// True where the row has what the field tells, and this is the length for it.
    pub(crate) fn is_in(&self, row: &Flow) -> bool {
        match self.part {
            Part::Sequence(sequence) => {
                let pairs = self.coded(sequence, row).len();
                let [short, _] = SEQUENCES.map(|octets| usize::from(octets / 4));
                pairs > 0 && (self.len == SEQUENCES[0]) == (pairs <= short)
            }
            Part::Initial => self.initial(row).is_some(),
            Part::Counts => self.counts(row).is_some(),
            Part::Version => false,
        }
    }

    /// Appends the field; zeros or an empty sequence where the row does not have it.
    pub(crate) fn write(&self, row: &Flow, out: &mut Vec<u8>) {
        let end = out.len() + usize::from(self.len);
        match self.part {
            Part::Sequence(sequence) => {
                let coded = self.coded(sequence, row);
                let places = usize::from(self.len / 4);
                let half = |pick: fn(&(u16, u16)) -> u16| {
                    let words = coded.iter().map(pick).chain(std::iter::repeat(END)).take(places);
                    words.flat_map(u16::to_be_bytes).collect::<Vec<_>>()
                };
                out.extend(half(|(length, _)| *length));
                out.extend(half(|(_, time)| *time));
            }
            Part::Initial => {
                let octets = self.initial(row).and_then(minamo_base::unhex).unwrap_or_default();
                out.extend(octets.get(..octets.len().min(self.len.into())).unwrap_or_default());
            }
            Part::Counts => {
                let counts = self.counts(row).unwrap_or_default();
                let counts = counts.iter().map(|count| u16::try_from(*count).unwrap_or(u16::MAX));
                out.extend(counts.flat_map(u16::to_be_bytes));
            }
            Part::Version => {}
        }
        out.resize(end, 0);
    }

    fn initial<'a>(&self, row: &'a Flow) -> Option<&'a str> {
        let eta = row.eta.as_deref()?;
        if self.reverse { eta.dst_initial_packet.as_deref() } else { eta.src_initial_packet.as_deref() }
    }

    fn counts<'a>(&self, row: &'a Flow) -> Option<&'a [u32]> {
        let eta = row.eta.as_deref()?;
        let counts = if self.reverse { &eta.dst_byte_counts } else { &eta.src_byte_counts };
        counts.as_deref().filter(|counts| counts.len() == 256)
    }

    /// Words of the lengths and of the times of the side.
    fn coded(&self, sequence: Sequence, row: &Flow) -> Vec<(u16, u16)> {
        let Some((lengths, times)) = told(sequence, row) else { return Vec::new() };
        let mut out: Vec<(u16, u16)> = Vec::new();
        let (mut before, mut run) = (0u64, None::<(u16, u16)>);
        for (length, now) in lengths.iter().zip(instants(lengths, times)) {
            if (*length < 0) != self.reverse || *length == 0 {
                continue;
            }
            let length = u16::try_from(length.unsigned_abs()).unwrap_or(MOST).min(MOST);
            let mut millis = now - before;
            before = now;
            if millis == 0
                && let Some((same, more)) = run
                && same == length
                && more < MOST
            {
                let word = (more + 1).wrapping_neg();
                match out.last_mut().filter(|_| more > 0) {
                    Some(last) => *last = (word, word),
                    None => out.push((word, word)),
                }
                run = Some((length, more + 1));
                continue;
            }
            while millis > u64::from(MOST) && out.len() < usize::from(SEQUENCES[1]) {
                out.push((0, MOST));
                millis -= u64::from(MOST);
            }
            out.push((length, u16::try_from(millis).unwrap_or(MOST)));
            run = Some((length, 0));
        }
        out
    }
}

/// Milliseconds from the beginning to each member, cut from the times themselves so that what is cut off does not add up. Whoever
/// joins the two directions has only these: of the same millisecond the initiator's stand first. So that the order comes back, what
/// follows the responder's within it waits for the next one, and so does the first that a side says, whose time nobody takes for
/// missing then.
fn instants<'a>(lengths: &'a [i32], times: &'a [u32]) -> impl Iterator<Item = u64> + 'a {
    let (mut now, mut last) = (0u64, 0u64);
    let (mut before, mut spoke) = (None, [false; 2]);
    let waits = times.iter().copied().chain(std::iter::repeat(0));
    lengths.iter().zip(waits).map(move |(length, wait)| {
        now = now.saturating_add(wait.into());
        let back = *length < 0;
        let first = spoke.get_mut(usize::from(back)).is_some_and(|spoke| !std::mem::replace(spoke, true));
        let follows = before.is_some_and(|before: bool| before && !back || first);
        before = Some(back);
        last = (now / 1_000).max(last + u64::from(follows));
        last
    })
}

/// The times of the row's sequences as these fields tell them: in milliseconds that keep the order of both directions, which is not
/// known any more once they are apart.
pub fn in_milliseconds(row: &mut Flow) {
    let cut = |lengths: &Option<Vec<i32>>, times: &mut Option<Vec<u32>>| {
        let (Some(lengths), Some(known)) = (lengths, times.as_deref()) else { return };
        let mut before = 0u64;
        let since = |now: u64| {
            let millis = now - std::mem::replace(&mut before, now);
            u32::try_from(millis.saturating_mul(1_000)).unwrap_or(u32::MAX)
        };
        *times = Some(instants(lengths, known).map(since).collect());
    };
    if let Some(splt) = row.splt.as_deref_mut() {
        cut(&splt.lengths, &mut splt.times_micros);
    }
    if let Some(eta) = row.eta.as_deref_mut() {
        cut(&eta.message_lengths, &mut eta.message_times_micros);
        cut(&eta.record_lengths, &mut eta.record_times_micros);
    }
}

/// Lengths and times of a sequence, where the row has one.
fn told(sequence: Sequence, row: &Flow) -> Option<(&[i32], &[u32])> {
    let eta = row.eta.as_deref();
    let (lengths, times) = match sequence {
        Sequence::Packets => {
            let splt = row.splt.as_deref()?;
            (&splt.lengths, &splt.times_micros)
        }
        Sequence::Messages => eta.map(|eta| (&eta.message_lengths, &eta.message_times_micros))?,
        Sequence::Records => eta.map(|eta| (&eta.record_lengths, &eta.record_times_micros))?,
    };
    Some((lengths.as_deref()?, times.as_deref().unwrap_or_default()))
}

/// Fills what the element tells.
pub(crate) fn fill(part: Part, reverse: bool, octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
    match part {
        Part::Initial => {
            let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |at| at + 1);
            let end = end.max(sent(octets)).min(octets.len()).min(MAX_INITIAL);
            if let Some(packet) = octets.get(..end).filter(|packet| !packet.is_empty()) {
                let eta = flow.eta.get_or_insert_default();
                let place = if reverse { &mut eta.dst_initial_packet } else { &mut eta.src_initial_packet };
                *place = Some(hex(packet));
            }
        }
        Part::Sequence(sequence) => read(sequence, reverse, octets, flow, tally),
        Part::Counts => counts(reverse, octets, flow, tally),
        Part::Version => {
            // Joy counts versions from SSLv2 = 1; others tell the number of the wire.
            let number = match uint(octets).and_then(|number| u16::try_from(number).ok()) {
                Some(number @ 2..=6) => 0x02fe + number,
                Some(number) => number,
                None => {
                    tally.unfit += u32::from(!octets.is_empty());
                    return;
                }
            };
            match names::tls_version(number) {
                Some(name) => flow.tls.get_or_insert_default().version = Some(name.into()),
                None => tally.unfit += 1,
            }
        }
    }
}

/// Octets of a packet by its IP header (RFC 791 §3.1, RFC 8200 §3): zeros at its end are no padding. 0 where it has none.
fn sent(octets: &[u8]) -> usize {
    let number = |at: usize| octets.get(at..at + 2).and_then(uint).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    match octets.first() {
        Some(0x45..=0x4f) => number(2),
        Some(0x60..=0x6f) => 40 + number(4),
        _ => 0,
    }
}

fn counts(reverse: bool, octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
    let size = octets.len() / 256;
    if !octets.len().is_multiple_of(256) || !(1..=4).contains(&size) {
        tally.unfit += u32::from(!octets.is_empty());
        return;
    }
    let counts = octets.chunks_exact(size).filter_map(|one| u32::try_from(uint(one)?).ok()).collect::<Vec<_>>();
    let Some([entropy, mean, deviation]) = byte_moments(counts.iter().map(|count| u64::from(*count))) else { return };
    let eta: &mut Eta = flow.eta.get_or_insert_default();
    let (entropy, mean, deviation, counts) = (Some(entropy), Some(mean), Some(deviation), Some(counts));
    if reverse {
        (eta.dst_entropy, eta.dst_byte_mean, eta.dst_byte_deviation, eta.dst_byte_counts) =
            (entropy, mean, deviation, counts);
    } else {
        (eta.src_entropy, eta.src_byte_mean, eta.src_byte_deviation, eta.src_byte_counts) =
            (entropy, mean, deviation, counts);
    }
}

fn read(sequence: Sequence, reverse: bool, octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
    let (lengths, times) = decode(octets, tally);
    if lengths.is_empty() {
        return;
    }
    let lengths: Vec<i32> =
        lengths.iter().map(|length| if reverse { -i32::from(*length) } else { i32::from(*length) }).collect();
    let (known_lengths, known_times) = match sequence {
        Sequence::Packets => {
            let group = flow.splt.get_or_insert_default();
            (&mut group.lengths, &mut group.times_micros)
        }
        Sequence::Messages => {
            let group = flow.eta.get_or_insert_default();
            (&mut group.message_lengths, &mut group.message_times_micros)
        }
        Sequence::Records => {
            let group = flow.eta.get_or_insert_default();
            (&mut group.record_lengths, &mut group.record_times_micros)
        }
    };
    let other = (known_lengths.take().unwrap_or_default(), known_times.take().unwrap_or_default());
    // The other direction may stand in the same record.
    let (lengths, times) = if other.0.is_empty() {
        (lengths, times)
    } else if reverse {
        minamo_model::interleave((&other.0, &other.1), (&lengths, &times))
    } else {
        minamo_model::interleave((&lengths, &times), (&other.0, &other.1))
    };
    *known_times = Some(times).filter(|times| !times.is_empty());
    *known_lengths = Some(lengths);
}

/// Lengths of packets with data, and microseconds since the one before; of the first since the conversation's first.
fn decode(octets: &[u8], tally: &mut Tally) -> (Vec<u16>, Vec<u32>) {
    let words: Vec<u16> =
        octets.chunks_exact(2).map(|pair| pair.iter().fold(0, |n, o| n << 8 | u16::from(*o))).collect();
    // An odd octet or word is nobody's.
    tally.unfit += u32::from(!octets.len().is_multiple_of(4));
    let (lengths, times) = words.split_at(words.len() / 2);
    let (lengths, sound) = runs(lengths, |length| length);
    tally.unfit += u32::from(!sound);
    // Packets of a run arrived with the one before it.
    let (times, sound) = runs(times, |_| 0);
    tally.unfit += u32::from(!sound);
    // Packets without a time have none of the others' either.
    tally.unfit += u32::from(sound && !times.is_empty() && times.len() < lengths.len());
    let (mut kept, mut gaps, mut waited) = (Vec::new(), Vec::new(), 0u32);
    for (at, length) in lengths.iter().enumerate() {
        let gap = times.get(at).map(|millis| u32::from(*millis).saturating_mul(1_000));
        waited = waited.saturating_add(gap.unwrap_or(0));
        // Packets without payload are no part of the sequence; the time of the next counts from the last that is.
        if *length == 0 {
            continue;
        }
        kept.push(*length);
        if gap.is_some() {
            gaps.push(waited);
        }
        waited = 0;
    }
    (kept, gaps)
}

/// The values of one half, runs written out: what the run repeats is made of the value before it. False where a run
/// had nothing before it or is longer than any sequence; what stands before such a run is sound.
fn runs(words: &[u16], repeated: fn(u16) -> u16) -> (Vec<u16>, bool) {
    let mut out: Vec<u16> = Vec::new();
    for word in words {
        if *word == END {
            break;
        }
        if *word < END {
            out.push(*word);
        } else {
            let Some(last) = out.last().copied() else { return (out, false) };
            let count = usize::from(word.wrapping_neg());
            // No exporter tells of so many packets.
            if count > MAX_PACKETS.saturating_sub(out.len()) {
                return (out, false);
            }
            out.resize(out.len() + count, repeated(last));
        }
        if out.len() >= MAX_PACKETS {
            out.truncate(MAX_PACKETS);
            break;
        }
    }
    (out, true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PACKETS: Part = Part::Sequence(Sequence::Packets);

    fn words(list: &[i16]) -> Vec<u8> {
        list.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn sequence(octets: &[u8]) -> (Vec<i32>, Option<Vec<u32>>, u32) {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        fill(PACKETS, false, octets, &mut flow, &mut tally);
        let group = flow.splt.unwrap_or_default();
        (group.lengths.unwrap_or_default(), group.times_micros, tally.unfit)
    }

    fn row(lengths: &[i32], times: &[u32]) -> Flow {
        let mut row = Flow::default();
        let splt = row.splt.get_or_insert_default();
        (splt.lengths, splt.times_micros) = (Some(lengths.to_vec()), Some(times.to_vec()));
        row
    }

    /// The octets of a row's sequence in the element of one side.
    fn written(row: &Flow, ipfix: bool, reverse: bool) -> Option<Vec<u8>> {
        let field = fields(ipfix).find(|f| f.part == PACKETS && f.reverse == reverse && f.is_in(row))?;
        let mut out = Vec::new();
        field.write(row, &mut out);
        assert_eq!(out.len(), usize::from(field.len));
        Some(out)
    }

    #[test]
    fn runs_are_written_out_and_the_end_is_found() {
        let lengths = [517, 1_400, -2, 80, i16::MIN, 0, 0, 0, 0, 0];
        let times = [0, 12, -2, 5, i16::MIN, 0, 0, 0, 0, 0];
        let (lengths, times, unfit) = sequence(&words(&[lengths, times].concat()));
        assert_eq!(lengths, [517, 1_400, 1_400, 1_400, 80]);
        assert_eq!((times, unfit), (Some(vec![0, 12_000, 0, 0, 5_000]), 0));
    }

    #[test]
    fn a_sequence_is_coded_as_a_switch_does() {
        let row = row(&[517, -1_400, -1_400, -1_400, 80, 60], &[0, 12_300, 200, 300, 5_000, 33_000_000]);
        let octets = written(&row, false, false).expect("the initiator's");
        let want = [517, 80, 0, 60, i16::MIN, i16::MIN, i16::MIN, i16::MIN, i16::MIN, i16::MIN];
        let times = [0, 17, 32_767, 233, i16::MIN, i16::MIN, i16::MIN, i16::MIN, i16::MIN, i16::MIN];
        assert_eq!(octets, words(&[want, times].concat()));
        let octets = written(&row, true, true).expect("the responder's");
        assert_eq!(octets.get(..8), Some(&words(&[1_400, -2, i16::MIN, i16::MIN])[..]));
        assert_eq!(octets.get(20..28), Some(&words(&[12, -2, i16::MIN, i16::MIN])[..]));
        let long: Vec<i32> = (1..=30).collect();
        let octets = written(&self::row(&long, &[0; 30]), false, false).expect("a long one");
        assert_eq!((octets.len(), sequence(&octets).0), (200, long));
        assert_eq!(written(&self::row(&[-9], &[0]), false, false), None, "nothing of this side");
    }

    #[test]
    fn milliseconds_keep_the_order_of_both_directions() {
        let mut row = row(&[517, -1_400, -90, 80, 60, -40, 70], &[0, 100, 100, 100, 100, 100, 5_000_000]);
        in_milliseconds(&mut row);
        let times = row.splt.and_then(|splt| splt.times_micros).expect("times");
        // The server's first, then what the client says after it; an answer may stand in the same one.
        assert_eq!(times, [0, 1_000, 0, 1_000, 0, 0, 4_998_000]);
    }

    #[test]
    fn packets_without_payload_only_pass_time() {
        let (lengths, times, _) = sequence(&words(&[100, 0, 200, i16::MIN, 3, 4, 5, i16::MIN]));
        assert_eq!((lengths, times), (vec![100, 200], Some(vec![3_000, 9_000])));
    }

    #[test]
    fn what_is_sound_of_a_broken_sequence_is_kept_and_the_rest_counted() {
        assert_eq!(sequence(&words(&[-3, 5, 1, 1])), (vec![], None, 1), "a run of nothing");
        assert_eq!(sequence(&words(&[10, 20, -1, 7])), (vec![10, 20], None, 1), "no times");
        let (lengths, times, unfit) = sequence(&words(&[10, 20, 0, 7])[..7]);
        assert_eq!((lengths, times, unfit), (vec![10], Some(vec![20_000]), 1), "an odd octet");
        assert_eq!(sequence(&words(&[10, 20, 3, i16::MIN])), (vec![10, 20], Some(vec![3_000]), 1), "a time is missing");
        assert_eq!(sequence(&[]), (vec![], None, 0));
        let (lengths, _, unfit) = sequence(&words(&[1, -32_767, 0, -32_767]));
        assert_eq!((lengths, unfit), (vec![1], 2), "a run that is longer than any sequence");
    }

    #[test]
    fn counters_of_octets_have_the_size_that_the_field_gives_them() {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        let mut octets = vec![0; 512];
        (octets[0], octets[3]) = (1, 9);
        fill(Part::Counts, true, &octets, &mut flow, &mut tally);
        let eta = flow.eta.as_deref().expect("counters");
        let counts = eta.dst_byte_counts.clone().expect("counters");
        assert_eq!((counts.len(), counts[0], counts[1], tally.unfit), (256, 256, 9, 0));
        assert!(eta.dst_entropy.is_some() && eta.src_entropy.is_none());
        let field = fields(true).find(|f| f.part == Part::Counts && f.is_in(&flow)).expect("told");
        let mut out = Vec::new();
        field.write(&flow, &mut out);
        assert_eq!(out, octets);
        fill(Part::Counts, false, &octets[1..], &mut flow, &mut tally);
        assert_eq!(tally.unfit, 1);
    }

    #[test]
    fn the_initial_packet_is_kept_without_its_padding() {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        fill(Part::Initial, false, &[0x45, 0, 0, 5, 0], &mut flow, &mut tally);
        assert_eq!(flow.eta.as_ref().and_then(|eta| eta.src_initial_packet.as_deref()), Some("4500000500"));
        fill(Part::Initial, false, &[22, 3, 1, 0, 0], &mut flow, &mut tally);
        assert_eq!(flow.eta.as_ref().and_then(|eta| eta.src_initial_packet.as_deref()), Some("160301"));
        fill(Part::Initial, false, &[0x45, 0, 1, 0, 0], &mut flow, &mut tally);
        assert_eq!(flow.eta.as_ref().and_then(|eta| eta.src_initial_packet.as_deref()), Some("4500010000"));
        let field = fields(false).find(|f| f.part == Part::Initial && f.is_in(&flow)).expect("told");
        let mut out = Vec::new();
        field.write(&flow, &mut out);
        assert_eq!((out.len(), out.get(..4)), (1_300, Some(&[0x45, 0, 1, 0][..])));
        let padded = [[0x45, 0, 0, 6], [9, 0, 0, 0]].concat();
        fill(Part::Initial, true, &padded, &mut flow, &mut tally);
        assert_eq!(flow.eta.as_ref().and_then(|eta| eta.dst_initial_packet.as_deref()), Some("450000060900"));
    }

    #[test]
    fn elements_stand_under_their_numbers() {
        assert_eq!(of(0, 44_941), Some((PACKETS, false)));
        assert_eq!(of(9, 12_173), Some((PACKETS, false)));
        assert_eq!(of(29_305, 12_173), Some((PACKETS, true)));
        assert_eq!(of(0, 12_173), None);
        assert!(fields(false).all(|f| f.pen == 0 && f.element >= 44_940 && of(f.pen, f.element).is_some()));
        assert!(fields(true).all(|f| f.element < 0x8000 && of(f.pen, f.element) == Some((f.part, f.reverse))));
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        for (told, want) in [(&[5u8][..], "TLS 1.2"), (&[3, 4], "TLS 1.3")] {
            fill(Part::Version, false, told, &mut flow, &mut tally);
            assert_eq!(flow.tls.as_ref().and_then(|tls| tls.version.as_deref()), Some(want));
        }
        fill(Part::Version, false, &[0x99, 0x99], &mut flow, &mut tally);
        assert_eq!(tally.unfit, 1, "no version");
    }

    proptest! {
        /// Both directions come back and are one again: lengths as they were and in their order, times to the millisecond where the
        /// order does not ask for more.
        #[test]
        fn a_sequence_comes_back(packets in prop::collection::vec((1u16..=0x7fff, any::<bool>(), prop_oneof![Just(0u32), 0..3_000u32, 0..3_000_000u32, 0..90_000_000u32]), 0..24)) {
            let lengths: Vec<i32> = packets.iter().map(|(n, back, _)| if *back { -i32::from(*n) } else { (*n).into() }).collect();
            let mut times: Vec<u32> = packets.iter().map(|(.., since)| *since).collect();
            times.iter_mut().take(1).for_each(|first| *first = 0);
            let row = row(&lengths, &times);
            let (mut flow, mut tally) = (Flow::default(), Tally::default());
            for reverse in [false, true] {
                if let Some(octets) = written(&row, true, reverse) {
                    fill(PACKETS, reverse, &octets, &mut flow, &mut tally);
                }
            }
            let got = flow.splt.unwrap_or_default();
            prop_assert_eq!(tally.unfit, 0);
            prop_assert_eq!(got.lengths.unwrap_or_default(), lengths);
            let (mut now, mut told) = (0u64, 0u64);
            for (since, back) in times.iter().zip(got.times_micros.unwrap_or_default()) {
                (now, told) = (now + u64::from(*since), told + u64::from(back));
                prop_assert!(told >= now / 1_000 * 1_000 && told <= now + 1_000 * times.len() as u64, "{} of {}", told, now);
            }
        }

        #[test]
        fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..600), reverse in any::<bool>()) {
            let (mut flow, mut tally) = (Flow::default(), Tally::default());
            for (_, part) in ELEMENTS {
                fill(part, reverse, &octets, &mut flow, &mut tally);
                fill(part, !reverse, &octets, &mut flow, &mut tally);
            }
        }
    }
}
