// SPDX-License-Identifier: Apache-2.0
//! What a session can do not to look like itself: applied to sessions of a test to see how far each trick carries, and to
//! both classes alike in training, so that no trick is a sign of a class.

use minamo_model::flow::{Flow, Tls};

use crate::dataset::Case;
use crate::measure::is_newest;
use crate::pairs::{PairContext, Pairs};
use crate::random::Random;

/// A trick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evasion {
    /// The hello of another program: its size, its suites in its order, its application protocols.
    BorrowedHello,
    /// The name of a well-known server, with the certificate as it is.
    BorrowedName,
    /// Suites in another order.
    ReorderedSuites,
    /// A random 0 to 400 octets more in every message.
    Padding,
    /// Messages without meaning in between.
    Dummies,
    /// Messages in several records.
    SplitRecords,
    /// Several packets' worth in one record.
    MergedRecords,
    /// Every wait shorter or longer by up to a half, and the intervals of check-ins with it.
    Jitter,
}

/// How exactly tricks are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// As a program can do them: what is padded and filled in is under the keys, and the session lasts as long as its waits.
    Exact,
    /// As trees learn from them: behind the hellos anything may be padded or filled in, and the session's length stays. Where exactly a
    /// handshake ends, and how long a session took, is a laboratory's habit more than a class's; trees that were taught with exact
    /// tricks hang on both, and do worse on corpora that they did not see.
    Rough,
}

/// All tricks, with what the card calls them.
pub const EVASIONS: &[(Evasion, &str)] = &[
    (Evasion::BorrowedHello, "borrowed ClientHello"),
    (Evasion::BorrowedName, "benign server name"),
    (Evasion::ReorderedSuites, "reordered suites"),
    (Evasion::Padding, "padding"),
    (Evasion::Dummies, "dummy messages"),
    (Evasion::SplitRecords, "split records"),
    (Evasion::MergedRecords, "merged records"),
    (Evasion::Jitter, "jitter"),
];

/// Octets of the largest record (RFC 8446 §5.1).
const LARGEST: i32 = 16_384;

/// Does the trick to a session; `lender` is the session whose hello or name is borrowed.
pub fn evade(
    trick: Evasion,
    flow: &mut Flow,
    pair: &mut Option<PairContext>,
    lender: &Flow,
    random: &mut Random,
    care: Care,
) {
    let before = waits(flow);
    match trick {
        Evasion::BorrowedHello => borrow_hello(flow, lender),
        Evasion::BorrowedName => borrow_name(flow, lender),
        Evasion::ReorderedSuites => reorder(flow, random),
        Evasion::Padding => pad(flow, pair, random, care),
        Evasion::Dummies => insert(flow, pair, random, care),
        Evasion::SplitRecords => rewrite(flow, |length, wait, out| {
            let half = length / 2;
            if half != 0 {
                out.push((half, wait));
            }
            out.push((length - half, if half == 0 { wait } else { 0 }));
        }),
        // What is merged waits for its last part.
        Evasion::MergedRecords => rewrite(flow, |length, wait, out| match out.last_mut() {
            Some(last) if (last.0 > 0) == (length > 0) && (last.0 + length).abs() <= LARGEST => {
                *last = (last.0 + length, last.1.saturating_add(wait));
            }
            _ => out.push((length, wait)),
        }),
        Evasion::Jitter => {
            if let Some(interval) = pair.map(|pair| f64::from(pair.interval)) {
                let shift = (random.between(-0.25, 0.25) * interval * 1e9) as i64;
                let core = &mut flow.core;
                core.time_start.0 = core.time_start.0.saturating_add(shift);
                core.time_end.0 = core.time_end.0.saturating_add(shift);
            }
            rewrite(flow, |length, wait, out| out.push((length, (f64::from(wait) * random.between(0.5, 1.5)) as u32)));
            if let Some(pair) = pair {
                // Intervals that vary evenly by a half have a median deviation of a quarter.
                pair.regular = pair.regular.min(0.75);
                pair.rhythm *= 0.5;
            }
        }
    }
    if care == Care::Exact {
        let later = (waits(flow) - before).saturating_mul(1_000);
        let core = &mut flow.core;
        core.time_end.0 = core.time_end.0.saturating_add(later).max(core.time_start.0);
    }
}

/// Microseconds that the packets of the session wait for each other, in sum.
fn waits(flow: &Flow) -> i64 {
    let times = flow.splt.as_deref().and_then(|splt| splt.times_micros.as_deref()).unwrap_or_default();
    times.iter().map(|wait| i64::from(*wait)).sum()
}

/// Packets of the session, changed one by one; at most 50 are kept, as the meter does.
fn rewrite(flow: &mut Flow, mut change: impl FnMut(i32, u32, &mut Vec<(i32, u32)>)) {
    let Some(splt) = flow.splt.as_deref_mut() else { return };
    let (Some(lengths), Some(times)) = (&mut splt.lengths, &mut splt.times_micros) else { return };
    let mut out = Vec::with_capacity(lengths.len() * 2);
    for (&length, &wait) in lengths.iter().zip(times.iter()) {
        change(length, wait, &mut out);
    }
    out.truncate(50);
    (*lengths, *times) = out.into_iter().unzip();
}

fn borrow_hello(flow: &mut Flow, lender: &Flow) {
    let hello = |flow: &Flow| flow.splt.as_ref()?.lengths.as_ref()?.first().copied().filter(|&length| length > 0);
    if let (Some(theirs), Some(own)) = (hello(lender), hello(flow)) {
        let mut first = true;
        rewrite(flow, |length, wait, out| out.push((if std::mem::take(&mut first) { theirs } else { length }, wait)));
        flow.core.src_bytes = flow.core.src_bytes.saturating_add_signed(i64::from(theirs) - i64::from(own));
    }
    if let (Some(own), Some(theirs)) = (&mut flow.tls, &lender.tls) {
        // In handshakes before TLS 1.3 the server's answer to the offer is visible.
        if !is_newest(own) {
            own.alpn_selected = answered(own, theirs.alpn.as_deref());
        }
        own.ja3.clone_from(&theirs.ja3);
        own.ja4.clone_from(&theirs.ja4);
        own.alpn.clone_from(&theirs.alpn);
        own.ech = theirs.ech;
    }
    borrow_name(flow, lender);
}

/// The protocol that the session's server chooses of another offer. A server that went on without an answer to an offer answers none:
/// where it has no protocol in common it ends the handshake (RFC 7301 §3.2). Of a server that was offered nothing it is not known; it
/// is taken to answer, as most do.
fn answered(own: &Tls, offer: Option<&[String]>) -> Option<String> {
    let ignores = own.alpn.as_ref().is_some_and(|offer| !offer.is_empty()) && own.alpn_selected.is_none();
    let offer = offer.filter(|_| !ignores)?;
    offer.iter().find(|protocol| Some(*protocol) == own.alpn_selected.as_ref()).or(offer.first()).cloned()
}

/// Of what is sent after a trick nobody knows the counts of octets.
fn forget_octets(flow: &mut Flow) {
    if let Some(eta) = &mut flow.eta {
        (eta.src_byte_counts, eta.dst_byte_counts, eta.src_entropy, eta.dst_entropy) = (None, None, None, None);
    }
}

fn borrow_name(flow: &mut Flow, lender: &Flow) {
    forget_octets(flow);
    if let (Some(own), Some(theirs)) = (&mut flow.tls, &lender.tls) {
        own.sni.clone_from(&theirs.sni);
    }
}

fn reorder(flow: &mut Flow, random: &mut Random) {
    if let Some(tls) = &mut flow.tls {
        // JA3 depends on the order, JA4 does not.
        tls.ja3 = tls.ja3.is_some().then(|| format!("{:016x}{:016x}", random.bits(), random.bits()));
    }
}

/// True for packets behind the handshake: a program pads and fills what is under the keys, not hellos, certificates and keys. These
/// are two messages in TLS 1.3 and of sessions that are resumed, four otherwise (RFC 8446 §2, RFC 5246 §7.3).
fn under_keys(flow: &Flow, care: Care) -> impl FnMut(i32) -> bool + use<> {
    let whole = flow.tls.as_deref().is_some_and(|tls| !is_newest(tls) && tls.cert_subject.is_some());
    let handshake = if whole && care == Care::Exact { 4 } else { 2 };
    let (mut messages, mut up) = (0u32, None);
    move |length| {
        let own = length > 0;
        if up.replace(own) != Some(own) {
            messages += 1;
        }
        messages > handshake
    }
}

fn pad(flow: &mut Flow, pair: &mut Option<PairContext>, random: &mut Random, care: Care) {
    forget_octets(flow);
    let (mut up, mut down, mut under_keys) = (Added::default(), Added::default(), under_keys(flow, care));
    rewrite(flow, |length, wait, out| {
        let more = if under_keys(length) { random.whole(0, 400) } else { 0 };
        (if length > 0 { &mut up } else { &mut down }).add(more);
        out.push((length + more * length.signum(), wait));
    });
    more(flow, pair, up, down);
}

fn insert(flow: &mut Flow, pair: &mut Option<PairContext>, random: &mut Random, care: Care) {
    forget_octets(flow);
    let (mut up, mut down, mut under_keys) = (Added::default(), Added::default(), under_keys(flow, care));
    let mut first = true;
    rewrite(flow, |length, wait, out| {
        out.push((length, wait));
        if under_keys(length) && (std::mem::take(&mut first) || random.chance(0.4)) {
            let dummy = random.whole(40, 900);
            let own = random.chance(0.5);
            (if own { &mut up } else { &mut down }).add(dummy);
            out.push((if own { dummy } else { -dummy }, random.whole(1_000, 400_000).unsigned_abs()));
        }
    });
    more(flow, pair, up, down);
}

/// Octets that were added to one side.
#[derive(Clone, Copy, Debug, Default)]
struct Added {
    octets: u64,
    parts: u32,
}

impl Added {
    fn add(&mut self, octets: i32) {
        self.octets += u64::from(octets.unsigned_abs());
        self.parts += u32::from(octets != 0);
    }

    /// About how far two sessions are apart whose parts are random: of even sizes from 0 on, whose deviation is 0.58 of their
    /// mean, over what they carry; the median of the distance of two is 0.95 of it.
    fn apart(self, all: u64) -> f32 {
        let parts = f64::from(self.parts.max(1));
        (0.55 * self.octets as f64 / parts.sqrt() / all.max(1) as f64) as f32
    }
}

/// Counts what was added; sessions that carry random amounts are less alike. Where the sessions of a pair are there, their
/// context is made anew of them instead ([`evade_all`]).
fn more(flow: &mut Flow, pair: &mut Option<PairContext>, up: Added, down: Added) {
    flow.core.src_bytes += up.octets;
    flow.core.dst_bytes += down.octets;
    let alike = up.octets * 10 <= flow.core.src_bytes && down.octets * 10 <= flow.core.dst_bytes;
    if let Some(pair) = pair.as_mut() {
        pair.equal *= if alike { 1.0 } else { 0.4 };
        pair.spread = pair.spread.hypot(up.apart(flow.core.src_bytes).max(down.apart(flow.core.dst_bytes)));
    }
}

/// Does tricks to sessions of captures, in the order in which they came: `tricks` says which, by the number of the case. All
/// sessions of a pair are evaded before its context is taken, as it would be if the program did the trick always.
pub fn evade_all<'a>(
    cases: &'a [Case],
    (random, care): (&mut Random, Care),
    mut tricks: impl FnMut(&'a Case, &mut Random) -> Vec<(Evasion, &'a Flow)>,
) -> Vec<(Flow, Option<PairContext>)> {
    let mut out = Vec::with_capacity(cases.len());
    for capture in cases.chunk_by(|a, b| a.capture == b.capture) {
        let mut pairs = Pairs::default();
        for case in capture {
            let (mut flow, mut pair) = (case.flow.clone(), case.pair);
            for (trick, lender) in tricks(case, random) {
                evade(trick, &mut flow, &mut pair, lender, random, care);
            }
            let pair = pairs.add(&flow);
            out.push((flow, pair));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Scratch, extract};
    use crate::simulate;

    fn evaded(trick: Evasion) -> (Flow, Flow) {
        let mut sessions = simulate::sessions(40, 5).into_iter().filter(|s| s.malware && s.flow.tls.is_some());
        let (own, lender) = (sessions.next().expect("a session"), sessions.next().expect("another"));
        let mut flow = own.flow.clone();
        evade(trick, &mut flow, &mut None, &lender.flow, &mut Random::new(1), Care::Exact);
        (own.flow, flow)
    }

    #[test]
    fn splitting_and_merging_records_and_reordering_suites_change_no_feature() {
        for trick in [Evasion::SplitRecords, Evasion::MergedRecords, Evasion::ReorderedSuites] {
            let (before, after) = evaded(trick);
            let values = |flow| extract(flow, None, &mut Scratch::default()).map(f32::to_bits);
            assert_eq!(values(&before), values(&after), "{trick:?}");
        }
    }

    #[test]
    fn an_octet_is_not_split_and_what_is_merged_waits_for_its_last_part() {
        let after = |trick: Evasion| {
            let mut flow = Flow::default();
            flow.splt = Some(Box::new(minamo_model::flow::Splt {
                lengths: Some(vec![1, 500, -1, -301]),
                times_micros: Some(vec![0, 40, 90, 20]),
            }));
            evade(trick, &mut flow, &mut None, &Flow::default(), &mut Random::new(1), Care::Exact);
            let splt = flow.splt.expect("packets");
            (splt.lengths.expect("lengths"), splt.times_micros.expect("times"))
        };
        assert_eq!(after(Evasion::SplitRecords), (vec![1, 250, 250, -1, -150, -151], vec![0, 40, 0, 90, 20, 0]));
        assert_eq!(after(Evasion::MergedRecords), (vec![501, -302], vec![40, 110]));
    }

    #[test]
    fn a_session_lasts_as_much_longer_as_it_waits() {
        for trick in [Evasion::Dummies, Evasion::Jitter] {
            let (before, after) = evaded(trick);
            let waits = |flow: &Flow| -> i64 {
                flow.splt
                    .iter()
                    .filter_map(|splt| splt.times_micros.as_ref())
                    .flatten()
                    .map(|wait| i64::from(*wait))
                    .sum()
            };
            let longer = after.core.time_end.since(before.core.time_end);
            let (was, is) = (waits(&before), waits(&after));
            assert!(was != is && longer >= (is - was) * 1_000, "{trick:?}: {longer} ns, {was} and {is} us");
        }
    }

    #[test]
    fn padding_and_dummies_add_octets_and_keep_the_hello() {
        for trick in [Evasion::Padding, Evasion::Dummies] {
            let (before, after) = evaded(trick);
            let first = |flow: &Flow| flow.splt.as_ref().and_then(|s| s.lengths.as_ref()?.first().copied());
            assert_eq!(first(&before), first(&after), "{trick:?}");
            assert!(after.core.src_bytes + after.core.dst_bytes >= before.core.src_bytes + before.core.dst_bytes);
            assert_ne!(before, after, "{trick:?}");
        }
    }

    #[test]
    fn hellos_and_certificates_are_not_padded_and_nothing_is_put_between_them() {
        let mut flow = simulate::sessions(1, 5).remove(0).flow;
        flow.splt = Some(Box::new(minamo_model::flow::Splt {
            lengths: Some(vec![300, -140, -6, -150, 74, 600, -310]),
            times_micros: Some(vec![0; 7]),
        }));
        let tls = flow.tls.get_or_insert_default();
        (tls.version, tls.cipher, tls.cert_subject) = (Some("TLS 1.3".into()), None, None);
        for trick in [Evasion::Padding, Evasion::Dummies] {
            let mut flow = flow.clone();
            evade(trick, &mut flow, &mut None, &Flow::default(), &mut Random::new(1), Care::Exact);
            let lengths = flow.splt.and_then(|splt| splt.lengths).unwrap_or_default();
            assert_eq!(lengths.get(..4), Some([300, -140, -6, -150].as_slice()), "{trick:?}");
            assert_ne!(lengths.get(4..), Some([74, 600, -310].as_slice()), "{trick:?}");
        }
        // Where there is a certificate to be seen, keys and the server's end follow.
        let tls = flow.tls.get_or_insert_default();
        (tls.version, tls.cert_subject) = (Some("TLS 1.2".into()), Some("CN=a".to_owned()));
        for trick in [Evasion::Padding, Evasion::Dummies] {
            let mut flow = flow.clone();
            evade(trick, &mut flow, &mut None, &Flow::default(), &mut Random::new(1), Care::Exact);
            let lengths = flow.splt.and_then(|splt| splt.lengths).unwrap_or_default();
            assert_eq!(lengths.get(..7), Some([300, -140, -6, -150, 74, 600, -310].as_slice()), "{trick:?}");
        }
    }

    #[test]
    fn a_server_answers_a_borrowed_offer_as_it_answered_the_own() {
        let offer = |of: &[&str]| Some(of.iter().map(|&protocol| protocol.to_owned()).collect::<Vec<_>>());
        let chosen = |version: &'static str, own: &[&str], selected: Option<&str>, theirs: Option<Vec<String>>| {
            let mut flow = Flow::default();
            let tls = flow.tls.get_or_insert_default();
            (tls.version, tls.alpn, tls.alpn_selected) =
                (Some(version.into()), offer(own), selected.map(str::to_owned));
            let mut lender = Flow::default();
            lender.tls.get_or_insert_default().alpn = theirs;
            evade(Evasion::BorrowedHello, &mut flow, &mut None, &lender, &mut Random::new(1), Care::Exact);
            flow.tls.and_then(|tls| tls.alpn_selected)
        };
        let both = || offer(&["h2", "http/1.1"]);
        assert_eq!(chosen("TLS 1.2", &[], None, both()).as_deref(), Some("h2"));
        assert_eq!(chosen("TLS 1.2", &["h2"], None, both()), None, "a server that does not answer");
        assert_eq!(chosen("TLS 1.2", &["http/1.1"], Some("http/1.1"), both()).as_deref(), Some("http/1.1"));
        assert_eq!(chosen("TLS 1.2", &["h2"], Some("h2"), None), None, "nothing to answer to");
        assert_eq!(chosen("TLS 1.3 draft-28", &[], None, both()), None, "encrypted");
    }

    #[test]
    fn a_borrowed_hello_brings_its_name() {
        let mut lender = Flow::default();
        lender.tls.get_or_insert_default().sni = Some("www.example.com".to_owned());
        let mut flow = simulate::sessions(2, 5).remove(1).flow;
        evade(Evasion::BorrowedHello, &mut flow, &mut None, &lender, &mut Random::new(1), Care::Exact);
        assert_eq!(flow.tls.and_then(|tls| tls.sni).as_deref(), Some("www.example.com"));
    }
}
