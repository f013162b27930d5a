// SPDX-License-Identifier: Apache-2.0
//! How the [features](crate::features) of a session are measured.

use minamo_model::flow::{Eta, Flow, Tls};

use crate::clear::Clear;
use crate::exchange::{self, Handshake, Message};
use crate::features::{COUNT, Id, Values};
use crate::names;
use crate::pairs::PairContext;

/// Nanoseconds of a day.
const DAY: f32 = 86_400e9;

/// Room that [`extract`] works in; keep one per thread: after the largest session nothing is allocated.
#[derive(Debug, Default)]
pub struct Scratch {
    messages: Vec<Message>,
    sides: Sides,
}

/// What was said under the keys.
#[derive(Debug, Default)]
struct Sides {
    /// Octets of the client's messages, of the server's, and microseconds between them.
    requests: Vec<u64>,
    answers: Vec<u64>,
    gaps: Vec<u64>,
    /// Microseconds from the beginning of one of the client's messages to that of the next.
    intervals: Vec<u64>,
}

/// Measures a session; `pair` is what earlier sessions of the same hosts say. What is not known becomes missing values.
pub fn extract(flow: &Flow, pair: Option<PairContext>, scratch: &mut Scratch) -> Values {
    let mut out = extract_but_octets(flow, pair, scratch);
    octets(flow.eta.as_deref(), &mut out);
    out
}

/// The same without counts of octets, for models that do not ask for them.
pub fn extract_but_octets(flow: &Flow, pair: Option<PairContext>, scratch: &mut Scratch) -> Values {
    let mut out = [f32::NAN; COUNT];
    let core = &flow.core;
    let empty = Tls::default();
    let tls = flow.tls.as_deref().unwrap_or(&empty);
    exchange::messages(flow, &mut scratch.messages);
    set(&mut out, Id::Messages, scratch.messages.len() as f32);
    let cipher = tls.cipher.as_deref().unwrap_or_default();
    let newest = is_newest(tls);
    if let Some(flight) = exchange::server_flight(&scratch.messages).filter(|_| is_whole(flow)) {
        let resumed = tls.cert_subject.is_none() && exchange::resumed(flight);
        set(&mut out, Id::Resumed, flag(resumed));
        // Without a certificate its length says nothing of one.
        if !resumed {
            set(&mut out, Id::Flight, flight.min(8_000) as f32);
        }
    }
    certificate(tls, core.time_start.0, &mut out);
    // Without a hello nobody knows whether a name was asked for.
    name(tls, tls.ja4.is_some() || tls.ja3.is_some(), &mut out);
    server(tls, newest, core.dst_packets > 0, &mut out);
    amounts(flow, &mut out);
    let handshake = Handshake { newest, certificate: tls.cert_subject.is_some(), false_start: cipher.contains("DHE") };
    let Scratch { messages, sides } = scratch;
    if let Some(messages) = exchange::under_keys(messages, handshake) {
        said(messages, sides, &mut out);
    }
    // Handshakes that lead to nothing are repeated by scanners and checks of certificates: no program reports by them.
    let asked = out.get(Id::FirstRequest as usize).is_some_and(|size| !size.is_nan());
    if let Some(pair) = pair.filter(|_| asked) {
        set(&mut out, Id::Beacon, pair.regular.min(pair.equal));
        set(&mut out, Id::Regular, pair.regular);
        set(&mut out, Id::Rhythm, pair.rhythm);
        set(&mut out, Id::Steady, pair.regular.min((-pair.spread).exp()));
    }
    out
}

/// True for TLS 1.3 and its drafts, also those with numbers of their own: the suite tells (RFC 8446 §B.4).
pub(crate) fn is_newest(tls: &Tls) -> bool {
    let version = tls.version.as_deref().unwrap_or_default();
    let cipher = tls.cipher.as_deref().unwrap_or_default();
    version.starts_with("TLS 1.3") || cipher.starts_with("TLS_AES_") || cipher.starts_with("TLS_CHACHA20_")
}

/// One octet in this many that was not seen is too many: of short sessions a packet of the handshake may be missing.
const SEEN: u64 = 50;

/// False where packets of the server's first flight may not have been seen, so that its length is not known.
fn is_whole(flow: &Flow) -> bool {
    let core = &flow.core;
    let enough = |missing: Option<u32>, bytes: u64| u64::from(missing.unwrap_or(0)) * SEEN <= bytes;
    flow.npm.as_deref().is_none_or(|npm| {
        enough(npm.src_missing_bytes, core.src_bytes) && enough(npm.dst_missing_bytes, core.dst_bytes)
    })
}

/// True where the client said something so often under the keys, and half of the messages of each side are no larger than this.
pub fn exchanges(values: &Values, requests: f32, largest: f32) -> bool {
    let of = |id: Id| values.get(id as usize).copied().unwrap_or(f32::NAN);
    of(Id::Turns) >= requests && of(Id::MedianRequest) <= largest && of(Id::MedianAnswer) <= largest
}

/// What of a session was not seen that it takes to judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The client.
    Client,
    /// The server's first flight, whole.
    Flight,
    /// A certificate, or anything under the keys.
    Exchange,
}

impl Lack {
    /// What it is in words: English, Japanese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Client => {
                ("not judged: nothing was seen of the client", "判定対象外：クライアント側の通信が観測されていない")
            }
            Self::Flight => (
                "not judged: the server's first flight was not seen whole (no answer, or octets are missing in the capture)",
                "判定対象外：サーバーの最初の応答が完全には観測されていない（応答なし、またはキャプチャの欠落）",
            ),
            Self::Exchange => (
                "not judged: neither a certificate nor anything under the keys was seen",
                "判定対象外：証明書も暗号化後のやり取りも観測されていない",
            ),
        }
    }
}

/// What is lacking to judge a session, if anything.
pub fn lack(values: &Values) -> Option<Lack> {
    let missing = |id: Id| values.get(id as usize).is_none_or(|value| value.is_nan());
    if values.get(Id::Up as usize).is_none_or(|octets| *octets <= 0.0) {
        Some(Lack::Client)
    } else if missing(Id::Resumed) {
        Some(Lack::Flight)
    } else {
        let nothing = missing(Id::Trust) && missing(Id::FirstRequest) && missing(Id::FirstAnswer);
        nothing.then_some(Lack::Exchange)
    }
}

/// True where too little was seen to judge.
pub fn too_little(values: &Values) -> bool {
    lack(values).is_some()
}

/// What counts of octets tell, where the row has them.
fn octets(eta: Option<&Eta>, out: &mut Values) {
    let Some(eta) = eta else { return };
    if let Some(counts) = &eta.src_byte_counts {
        let clear = Clear::new(counts);
        let words = clear.letters() + clear.of(b'0', b'9') + clear.of(b'.', b'.');
        set(out, Id::LettersUp, words.max(0) as f32);
    }
    let certificates = out.get(Id::Resumed as usize).is_none_or(|resumed| *resumed != 1.0);
    if let Some(counts) = eta.dst_byte_counts.as_deref().filter(|_| certificates) {
        let clear = Clear::new(counts);
        let all = clear.of(0, u8::MAX).max(0) as f32;
        set(out, Id::ClearDown, all);
        set(out, Id::UrlsDown, clear.of(b'/', b'/').max(0) as f32);
        set(out, Id::LettersDown, clear.letters().max(0) as f32);
        set(out, Id::DotsDown, clear.of(b'.', b'.').max(0) as f32);
        let flight = out.get(Id::Flight as usize).copied().unwrap_or(f32::NAN);
        if flight > 0.0 {
            set(out, Id::ClearShare, (all / flight.min(COUNTED)).min(1.0));
        }
    }
}

/// Octets of a side that are counted at most.
const COUNTED: f32 = 4_096.0;

fn set(out: &mut Values, id: Id, value: f32) {
    if let Some(place) = out.get_mut(id as usize) {
        *place = value;
    }
}

fn flag(yes: bool) -> f32 {
    f32::from(u8::from(yes))
}

fn certificate(tls: &Tls, start: i64, out: &mut Values) {
    let (Some(subject), Some(issuer)) = (&tls.cert_subject, &tls.cert_issuer) else { return };
    let own = tls.cert_self_signed.unwrap_or(subject == issuer);
    let alternatives = tls.cert_names.as_deref().unwrap_or_default();
    let common = names::attribute(subject, "CN").unwrap_or_default();
    let (host, public) = (names::is_host(common), names::is_public_issuer(issuer, subject));
    set(out, Id::SelfSigned, flag(own));
    set(out, Id::Names, alternatives.len() as f32);
    set(out, Id::SubjectHost, flag(host));
    set(out, Id::PublicIssuer, flag(public));
    let trust = flag(public) - flag(own) + 0.5 * flag(!alternatives.is_empty()) + 0.5 * flag(host);
    set(out, Id::Trust, trust);
    if let Some(sni) = &tls.sni {
        set(
            out,
            Id::Covers,
            flag(alternatives.iter().any(|name| names::covers(name, sni)) || names::covers(common, sni)),
        );
    }
    if let (Some(from), Some(to)) = (tls.cert_not_before, tls.cert_not_after) {
        set(out, Id::Validity, to.since(from) as f32 / DAY);
        set(out, Id::Age, (start.saturating_sub(from.0) as f32 / DAY).clamp(-30.0, 800.0));
    }
}

fn name(tls: &Tls, hello_seen: bool, out: &mut Values) {
    let Some(sni) = &tls.sni else {
        return set(out, Id::Named, if hello_seen { 0.0 } else { f32::NAN });
    };
    let shape = names::shape(sni);
    set(out, Id::Named, 1.0);
    set(out, Id::Labels, shape.labels);
    set(out, Id::NameLength, shape.length);
    set(out, Id::Digits, shape.digits);
    set(out, Id::Consonants, shape.consonants);
    set(out, Id::CommonTop, flag(shape.common_top));
}

fn server(tls: &Tls, newest: bool, server_seen: bool, out: &mut Values) {
    if tls.alpn_selected.is_some() {
        set(out, Id::Alpn, 1.0);
    } else if server_seen && tls.version.is_some() && !newest {
        set(out, Id::Alpn, 0.0);
    }
}

fn amounts(flow: &Flow, out: &mut Values) {
    let core = &flow.core;
    let (up, down) = (core.src_bytes as f32, core.dst_bytes as f32);
    set(out, Id::Down, down.ln_1p());
    set(out, Id::Up, up.ln_1p());
    if up > 0.0 && down > 0.0 {
        set(out, Id::Ratio, ((up + 500.0) / (down + 500.0)).ln());
    }
    set(out, Id::Duration, (core.time_end.since(core.time_start) as f32 / 1e9).ln_1p());
}

/// Octets of an answer that is short: what a program says that has nothing to say, also where it is padded.
const SHORT_ANSWER: u64 = 1_500;

/// What was said under the keys.
fn said(messages: &mut [Message], sides: &mut Sides, out: &mut Values) {
    let Sides { requests, answers, gaps, intervals } = sides;
    let Some(first) = messages.first() else { return };
    set(out, Id::ServerFirst, flag(first.length < 0));
    let small = messages.iter().filter(|message| message.length.abs() <= 64).count();
    set(out, Id::Small, small as f32 / messages.len() as f32);
    let messages = exchange::without_keeping(messages);
    requests.clear();
    answers.clear();
    gaps.clear();
    intervals.clear();
    let (mut before, mut asked) = (None, None);
    for message in messages.iter() {
        if message.length > 0 {
            requests.push(message.length.unsigned_abs());
            intervals.extend(asked.map(|start| message.start.saturating_sub(start)));
            asked = Some(message.start);
        } else {
            answers.push(message.length.unsigned_abs());
        }
        gaps.extend(before.map(|end| message.start.saturating_sub(end)));
        before = Some(message.end);
    }
    let [up, down] = [&*requests, &*answers].map(|side| side.iter().sum::<u64>() as f32);
    if up + down > 0.0 {
        set(out, Id::UploadShare, up / (up + down));
    }
    set(out, Id::Turns, requests.len() as f32);
    sizes(requests, [Id::FirstRequest, Id::MedianRequest, Id::LeastRequest, Id::LargestRequest], out);
    sizes(answers, [Id::FirstAnswer, Id::MedianAnswer, Id::LeastAnswer, Id::LargestAnswer], out);
    // They are sorted now.
    if !answers.is_empty() {
        let short = answers.partition_point(|size| *size <= SHORT_ANSWER);
        set(out, Id::ShortAnswers, short as f32 / answers.len() as f32);
    }
    if requests.len() >= 3 {
        repeats(requests, out);
    }
    rhythm(intervals, out);
    gaps.sort_unstable();
    if let (Some(middle), Some(longest)) = (gaps.get(gaps.len() / 2), gaps.last()) {
        set(out, Id::LongestGap, (*longest as f64 / 1e6) as f32);
        set(out, Id::MedianGap, (*middle as f64 / 1e6) as f32);
    }
}

/// Intervals that a rhythm is told of at least, and their shortest median in microseconds.
const RHYTHM: (usize, u64) = (4, 500_000);

/// How equal the intervals between the client's messages are.
fn rhythm(intervals: &mut [u64], out: &mut Values) {
    let (least, shortest) = RHYTHM;
    let half = intervals.len() / 2;
    // Counted before they are put in order: of most sessions the median is shorter.
    if intervals.len() < least || intervals.iter().filter(|interval| **interval < shortest).count() > half {
        return;
    }
    let middle = *intervals.select_nth_unstable(half).1;
    let near = intervals.iter().filter(|interval| interval.abs_diff(middle) <= middle / 5).count();
    set(out, Id::InnerRhythm, near as f32 / intervals.len() as f32);
}

/// First, middle, least and largest of a side's messages, which are sorted by it.
fn sizes(messages: &mut [u64], [first, middle, least, largest]: [Id; 4], out: &mut Values) {
    let Some(earliest) = messages.first().copied() else { return };
    messages.sort_unstable();
    let at = |at: usize| messages.get(at).map_or(f32::NAN, |size| *size as f32);
    set(out, first, earliest as f32);
    set(out, middle, at(messages.len() / 2));
    set(out, least, at(0));
    set(out, largest, at(messages.len() - 1));
}

/// How alike the client's messages are; `sizes` are sorted.
fn repeats(sizes: &[u64], out: &mut Values) {
    let count = sizes.len() as f64;
    let mean = sizes.iter().sum::<u64>() as f64 / count;
    let variance = sizes.iter().map(|size| (*size as f64 - mean).powi(2)).sum::<f64>() / count;
    set(out, Id::Variation, (variance.sqrt() / mean.max(1.0)) as f32);
    let most = sizes.chunk_by(|a, b| a == b).map(<[u64]>::len).max().unwrap_or(0);
    set(out, Id::EqualRequests, (most as f64 / count) as f32);
}

#[cfg(test)]
mod tests {
    use minamo_base::Time;
    use minamo_model::flow::Splt;

    use super::*;
    use crate::features::FEATURES;

    fn value(values: &Values, name: &str) -> f32 {
        FEATURES.iter().position(|f| f.name == name).and_then(|at| values.get(at).copied()).expect("a feature")
    }

    fn beacon() -> Flow {
        let mut flow = Flow::default();
        flow.core.time_start = Time(1_700_000_000_000_000_000);
        (flow.core.src_packets, flow.core.dst_packets) = (9, 9);
        (flow.core.src_bytes, flow.core.dst_bytes) = (2_000, 1_800);
        flow.splt = Some(Box::new(Splt {
            lengths: Some(vec![160, -900, 93, -51, 83, -40, 83, -40, 83, -40]),
            times_micros: Some(vec![0, 10, 10, 10, 10, 10, 60_000_000, 10, 60_000_000, 10]),
        }));
        flow.tls = Some(Box::new(Tls {
            version: Some("TLS 1.2".into()),
            cert_subject: Some("CN=localhost".to_owned()),
            cert_issuer: Some("CN=localhost".to_owned()),
            cert_self_signed: Some(true),
            ja4: Some("t12i210600_76e208dd3e22_16bbda4055b2".to_owned()),
            cipher: Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".into()),
            ..Tls::default()
        }));
        flow
    }

    #[test]
    fn a_handshake_of_which_packets_are_missing_is_not_judged() {
        let judged = |change: fn(&mut Flow)| {
            let mut flow = beacon();
            change(&mut flow);
            !too_little(&extract(&flow, None, &mut Scratch::default()))
        };
        assert!(judged(|_| {}));
        assert!(!judged(|flow| flow.npm.get_or_insert_default().dst_missing_bytes = Some(1_460)));
        assert!(judged(|flow| flow.npm.get_or_insert_default().dst_missing_bytes = Some(20)), "few of all octets");
        assert!(!judged(|flow| flow.npm.get_or_insert_default().src_missing_bytes = Some(517)));
        assert!(judged(|flow| flow.tls.get_or_insert_default().cipher = None), "octets that were cut off are counted");
    }

    #[test]
    fn a_suite_of_the_newest_version_tells_it_where_its_number_does_not() {
        let mut flow = beacon();
        let tls = flow.tls.get_or_insert_default();
        (tls.cert_subject, tls.cert_issuer) = (None, None);
        (tls.version, tls.cipher) = (Some("0xfb1a".into()), Some("TLS_AES_128_GCM_SHA256".into()));
        flow.splt.get_or_insert_default().lengths = Some(vec![517, -1_900, 80, 300, -90]);
        assert_eq!(value(&extract(&flow, None, &mut Scratch::default()), "first_request"), 300.0);
    }

    #[test]
    fn the_first_flight_of_a_resumed_session_says_nothing_of_a_certificate() {
        let mut flow = beacon();
        let tls = flow.tls.get_or_insert_default();
        (tls.cert_subject, tls.cert_issuer) = (None, None);
        flow.splt.get_or_insert_default().lengths = Some(vec![160, -145, 51, 300, -90]);
        let values = extract(&flow, None, &mut Scratch::default());
        assert!(value(&values, "server_flight").is_nan() && !too_little(&values));
        assert_eq!((value(&values, "resumed"), value(&values, "first_request")), (1.0, 300.0));
    }

    #[test]
    fn a_beacon_is_measured() {
        let values = extract(&beacon(), None, &mut Scratch::default());
        for (name, wanted) in [
            ("cert_self_signed", 1.0),
            ("cert_trust", -1.0),
            ("name_present", 0.0),
            ("server_flight", 900.0),
            ("turns", 3.0),
            ("equal_requests", 1.0),
            ("median_answer", 40.0),
            ("longest_gap", 60.0),
        ] {
            assert_eq!(value(&values, name), wanted, "{name}");
        }
        assert!(value(&values, "beacon").is_nan() && value(&values, "clear_down").is_nan());
        assert!(!too_little(&values));
    }

    #[test]
    fn repetition_counts_where_the_client_said_something_under_the_keys() {
        let pair = Some(PairContext { regular: 0.9, rhythm: 0.8, equal: 0.6, spread: 0.0, interval: 60.0 });
        let values = extract(&beacon(), pair, &mut Scratch::default());
        assert_eq!((value(&values, "beacon"), value(&values, "regular"), value(&values, "steady")), (0.6, 0.9, 0.9));
        let mut handshake = beacon();
        handshake.splt.get_or_insert_default().lengths = Some(vec![160, -900, 93, -51]);
        let values = extract(&handshake, pair, &mut Scratch::default());
        assert!(value(&values, "beacon").is_nan() && value(&values, "regular").is_nan());
    }

    #[test]
    fn without_a_hello_nobody_knows_whether_a_name_was_asked_for() {
        let mut flow = beacon();
        flow.tls = None;
        assert!(value(&extract(&flow, None, &mut Scratch::default()), "name_present").is_nan());
    }

    #[test]
    fn what_was_in_clear_is_what_is_above_chance() {
        let mut flow = beacon();
        let mut counts = vec![5u32; 256];
        counts[usize::from(b'/')] += 20;
        counts[usize::from(b'e')] += 100;
        let eta = flow.eta.get_or_insert_default();
        (eta.src_byte_counts, eta.dst_byte_counts) = (Some(vec![1; 256]), Some(counts));
        let values = extract(&flow, None, &mut Scratch::default());
        assert_eq!((value(&values, "clear_down"), value(&values, "urls_down")), (120.0, 20.0));
        assert_eq!((value(&values, "letters_down"), value(&values, "dots_down")), (100.0, 0.0));
        assert_eq!(value(&values, "clear_share"), 120.0 / 900.0);
        assert_eq!(value(&values, "letters_up"), 0.0);
    }

    #[test]
    fn answers_that_are_padded_stay_short_and_their_ends_are_known() {
        let mut flow = beacon();
        flow.splt.get_or_insert_default().lengths = Some(vec![160, -900, 93, -51, 83, -40, 283, -9_000, 183, -400]);
        let values = extract(&flow, None, &mut Scratch::default());
        for (name, wanted) in [
            ("least_request", 83.0),
            ("largest_request", 283.0),
            ("least_answer", 40.0),
            ("largest_answer", 9_000.0),
            ("short_answers", 2.0 / 3.0),
            ("resumed", 0.0),
        ] {
            assert_eq!(value(&values, name), wanted, "{name}");
        }
    }

    #[test]
    fn drafts_of_tls_1_3_hide_what_the_server_chose() {
        let chosen = |version: &'static str, cipher: &'static str| {
            let mut flow = beacon();
            let tls = flow.tls.get_or_insert_default();
            (tls.version, tls.cipher) = (Some(version.into()), Some(cipher.into()));
            value(&extract(&flow, None, &mut Scratch::default()), "server_alpn")
        };
        assert_eq!(chosen("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), 0.0);
        assert!(chosen("TLS 1.3", "TLS_AES_128_GCM_SHA256").is_nan());
        assert!(chosen("TLS 1.3 draft-16", "TLS_AES_128_GCM_SHA256").is_nan());
        assert!(chosen("0x7e02", "TLS_CHACHA20_POLY1305_SHA256").is_nan(), "a draft with a number of its own");
    }

    #[test]
    fn a_session_of_which_nothing_was_seen_is_too_little() {
        let values = extract(&Flow::default(), None, &mut Scratch::default());
        assert!(too_little(&values) && value(&values, "name_present").is_nan());
    }
}
