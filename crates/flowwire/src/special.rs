// SPDX-License-Identifier: Apache-2.0
//! Elements that are no single value: the records of encrypted traffic analytics, MPLS label stacks, and
//! sampled frames and packets.
//!
//! Lengths and times of packets (SPLT) fill a field half and half with 16-bit numbers. A length from 0 on is
//! a packet's payload; −n stands for n more packets of the length before; 0x8000 ends the list. A time from
//! 0 on is milliseconds since the packet before; −n stands for n packets at the time of the one before.

use minamo_base::hex;
use minamo_model::Flow;
use minamo_packet::LinkType;

use crate::element::Special;
use crate::header;
use crate::record::{Tally, uint};

/// Most packets of a sequence.
const MAX_PACKETS: usize = 256;
/// Ends a sequence.
const END: u16 = 0x8000;
/// Most octets of an initial packet that are kept.
const MAX_INITIAL: usize = 1_500;
/// Most labels of a stack.
const MAX_LABELS: usize = 16;

/// Fills what the element tells.
pub(crate) fn fill(special: Special, octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
    match special {
        Special::Splt => splt(octets, flow, tally),
        Special::InitialPacket => {
            let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |at| at + 1).min(MAX_INITIAL);
            if let Some(packet) = octets.get(..end).filter(|packet| !packet.is_empty()) {
                flow.eta.get_or_insert_default().initial_packet = Some(hex(packet));
            }
        }
        Special::ByteCounts => {
            let size = octets.len() / 256;
            if !octets.len().is_multiple_of(256) || !(1..=4).contains(&size) {
                tally.unfit += u32::from(!octets.is_empty());
                return;
            }
            let counts = octets.chunks_exact(size).filter_map(|one| u32::try_from(uint(one)?).ok()).collect::<Vec<_>>();
            if counts.iter().any(|count| *count != 0) {
                flow.eta.get_or_insert_default().byte_counts = Some(counts);
            }
        }
        Special::Label => label(octets, flow, tally),
        Special::Frame | Special::Packet => {
            let link = if special == Special::Frame { LinkType::ETHERNET } else { LinkType::RAW };
            tally.unfit += u32::from(header::fill(flow, link, octets).is_err());
        }
    }
}

/// One entry of a label stack: 20 bits of label, 3 of experimental use, one that ends the stack (RFC 3032 §2.1).
/// An entry of zeros is one that the stack did not have.
fn label(octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
    let Some(entry) = octets.get(..3).and_then(uint) else {
        tally.unfit += u32::from(!octets.is_empty());
        return;
    };
    if entry == 0 {
        return;
    }
    let labels = flow.routing.get_or_insert_default().mpls_labels.get_or_insert_default();
    if labels.len() < MAX_LABELS {
        labels.extend(u32::try_from(entry >> 4).ok());
    } else {
        tally.cut += 1;
    }
}

fn splt(octets: &[u8], flow: &mut Flow, tally: &mut Tally) {
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
    let (mut kept, mut gaps, mut waited) = (Vec::new(), Vec::new(), 0u32);
    for (at, length) in lengths.iter().enumerate() {
        let gap = times.get(at).map(|millis| u32::from(*millis).saturating_mul(1_000));
        waited = waited.saturating_add(gap.unwrap_or(0));
        // Packets without payload are no part of the sequence; the time of the next counts from the last that is.
        if *length == 0 {
            continue;
        }
        kept.push(i32::from(*length));
        if gap.is_some() {
            gaps.push(if gaps.is_empty() { 0 } else { waited });
        }
        waited = 0;
    }
    if !kept.is_empty() {
        let group = flow.splt.get_or_insert_default();
        group.times_micros = Some(gaps).filter(|gaps| !gaps.is_empty());
        group.lengths = Some(kept);
    }
}

/// The values of one half, runs written out: what the run repeats is made of the value before it. False where a run
/// had nothing before it; what stands before such a run is sound.
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
            let count = usize::from(word.wrapping_neg()).min(MAX_PACKETS.saturating_sub(out.len()));
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
    use super::*;

    fn words(list: &[i16]) -> Vec<u8> {
        list.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn sequence(octets: &[u8]) -> (Vec<i32>, Option<Vec<u32>>, u32) {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        fill(Special::Splt, octets, &mut flow, &mut tally);
        let group = flow.splt.unwrap_or_default();
        (group.lengths.unwrap_or_default(), group.times_micros, tally.unfit)
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
    fn packets_without_payload_only_pass_time() {
        let (lengths, times, _) = sequence(&words(&[100, 0, 200, i16::MIN, 3, 4, 5, i16::MIN]));
        assert_eq!((lengths, times), (vec![100, 200], Some(vec![0, 9_000])));
    }

    #[test]
    fn what_is_sound_of_a_broken_sequence_is_kept_and_the_rest_counted() {
        assert_eq!(sequence(&words(&[-3, 5, 1, 1])), (vec![], None, 1), "a run of nothing");
        assert_eq!(sequence(&words(&[10, 20, -1, 7])), (vec![10, 20], None, 1), "no times");
        let (lengths, times, unfit) = sequence(&words(&[10, 20, 0, 7])[..7]);
        assert_eq!((lengths, times, unfit), (vec![10], Some(vec![0]), 1), "an odd octet");
        assert_eq!(sequence(&[]), (vec![], None, 0));
        let (lengths, ..) = sequence(&words(&[1, -32_767, 0, -32_767]));
        assert_eq!(lengths.len(), MAX_PACKETS);
    }

    #[test]
    fn counters_of_octets_have_the_size_that_the_field_gives_them() {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        let mut octets = vec![0; 512];
        (octets[0], octets[3]) = (1, 9);
        fill(Special::ByteCounts, &octets, &mut flow, &mut tally);
        let counts = flow.eta.as_deref().and_then(|eta| eta.byte_counts.clone()).expect("counters");
        assert_eq!((counts.len(), counts[0], counts[1], tally.unfit), (256, 256, 9, 0));
        fill(Special::ByteCounts, &octets[1..], &mut flow, &mut tally);
        assert_eq!(tally.unfit, 1);
    }

    #[test]
    fn the_initial_packet_is_kept_without_its_padding() {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        fill(Special::InitialPacket, &[0x45, 0, 1, 0, 0], &mut flow, &mut tally);
        assert_eq!(flow.eta.and_then(|eta| eta.initial_packet).as_deref(), Some("450001"));
    }

    #[test]
    fn labels_are_a_stack() {
        let (mut flow, mut tally) = (Flow::default(), Tally::default());
        for entry in [[0x05, 0xdc, 0x00], [0x00, 0x01, 0x01], [0, 0, 0], [1, 1, 1]] {
            fill(Special::Label, &entry, &mut flow, &mut tally);
        }
        let labels = flow.routing.and_then(|routing| routing.mpls_labels);
        assert_eq!((labels, tally.unfit), (Some(vec![24_000, 16, 4_112]), 0));
    }
}
