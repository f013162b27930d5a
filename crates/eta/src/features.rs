// SPDX-License-Identifier: Apache-2.0
//! The features of a session: one table, from which come the classifier's columns, the documents and the words of an
//! explanation. Left out on purpose is what tells the laboratory instead of the malware: ports, absolute times, segment
//! sizes, what the client offers (a client's hello is borrowed in a minute), versions that tell the year.

use minamo_model::flow::{Eta, Flow, Tls};

use crate::clear::Clear;
use crate::exchange::{self, Handshake, Message};
use crate::names;
use crate::pairs::PairContext;

/// What a feature is made of: models may be trained on some of these only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Lengths and times of packets.
    Exchange,
    /// Counts of octet values.
    Octets,
    /// The server's certificate.
    Certificate,
    /// The name that was asked for.
    Name,
    /// What the server chose.
    Server,
    /// Earlier sessions of the same hosts.
    Context,
}

impl Source {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Exchange, Self::Octets, Self::Certificate, Self::Name, Self::Server, Self::Context];

    /// Name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exchange => "lengths and times",
            Self::Octets => "counts of octet values",
            Self::Certificate => "certificate",
            Self::Name => "name",
            Self::Server => "server",
            Self::Context => "earlier sessions",
        }
    }
}

/// How a value is said.
#[derive(Clone, Copy, Debug)]
pub enum Words {
    /// A statement with the value at `{}`: English, Japanese.
    Amount(&'static str, &'static str),
    /// Statements for yes and no: English and Japanese of each.
    Flag([&'static str; 2], [&'static str; 2]),
}

/// One feature.
#[derive(Debug)]
pub struct Feature {
    /// Name in model files and documents.
    pub name: &'static str,
    /// Unit of the value.
    pub unit: &'static str,
    /// What it is made of.
    pub source: Source,
    /// 1 where more may only raise the probability, -1 where more may only lower it, 0 where the data decide.
    pub direction: i8,
    /// Meaning.
    pub doc: &'static str,
    /// How it is said in an explanation.
    pub words: Words,
}

macro_rules! features {
    ($($id:ident $name:literal $unit:literal $source:ident $direction:literal $doc:literal $words:expr;)*) => {
        #[derive(Clone, Copy)]
        enum Id { $($id),* }

        /// Every feature, in the order of the columns.
        pub static FEATURES: &[Feature] = &[$(Feature {
            name: $name, unit: $unit, source: Source::$source, direction: $direction, doc: $doc, words: $words,
        }),*];

        /// Number of features.
        pub const COUNT: usize = [$(Id::$id),*].len();
    };
}

use Words::{Amount, Flag};

features! {
    SelfSigned "cert_self_signed" "" Certificate 1 "1 where issuer and subject of the certificate are the same."
        Flag(["the certificate is signed by itself", "証明書が自己署名"], ["the certificate is not signed by itself", "証明書は自己署名ではない"]);
    Validity "cert_validity" "days" Certificate 0 "Length of the certificate's validity."
        Amount("the certificate is valid for {} days", "証明書の有効期間は {} 日");
    Age "cert_age" "days" Certificate 0 "Age of the certificate when the session began, -30 to 800."
        Amount("the certificate was {} days old", "証明書は発行から {} 日");
    Names "cert_names" "" Certificate -1 "Alternative names in the certificate, at most 16."
        Amount("the certificate has {} name(s)", "証明書の別名は {} 件");
    SubjectHost "cert_subject_host" "" Certificate -1 "1 where the subject's common name is a host name."
        Flag(["the certificate's subject is a host", "証明書の主体者はホスト名"], ["the certificate's subject is no host", "証明書の主体者がホスト名ではない"]);
    PublicIssuer "cert_public_issuer" "" Certificate -1 "1 where the issuer has the shape of a public authority: country, organisation, name, no place, another organisation than the subject's."
        Flag(["the issuer looks like a public authority", "発行者は公的認証局の形"], ["the issuer does not look like a public authority", "発行者が公的認証局の形ではない"]);
    Covers "cert_covers_name" "" Certificate -1 "1 where the certificate covers the name that was asked for."
        Flag(["the certificate covers the name asked for", "証明書は求めた名前を含む"], ["the certificate does not cover the name asked for", "証明書が求めた名前を含まない"]);
    Trust "cert_trust" "" Certificate -1 "Public issuer minus self-signed, plus a half each for alternative names and a subject that is a host."
        Amount("the certificate's shape scores {} of 2", "証明書の体裁は 2 点中 {} 点");
    Named "name_present" "" Name -1 "1 where the client asked for a server by name."
        Flag(["a server was asked for by name", "サーバー名を指定している"], ["no server name was asked for", "サーバー名の指定がない"]);
    Labels "name_labels" "" Name 0 "Labels of the name."
        Amount("the server name has {} labels", "サーバー名のラベルは {} 個");
    NameLength "name_length" "characters" Name 0 "Length of the name."
        Amount("the server name has {} characters", "サーバー名は {} 文字");
    Digits "name_digits" "" Name 0 "Share of digits in the name."
        Amount("{} of the server name is digits", "サーバー名の数字の割合は {}");
    Consonants "name_consonants" "letters" Name 1 "Longest run of consonants in the name."
        Amount("{} consonants in a row in the server name", "サーバー名に子音が {} 個連続");
    CommonTop "name_common_top" "" Name -1 "1 where the name is under one of the largest top-level domains."
        Flag(["the server name is under a common top-level domain", "サーバー名は一般的な TLD"], ["the server name is under a rare top-level domain", "サーバー名がまれな TLD"]);
    Alpn "server_alpn" "" Server -1 "1 where the server chose an application protocol, 0 where it chose none in a handshake that would show it (before TLS 1.3)."
        Flag(["an application protocol was agreed on", "アプリケーションプロトコルを合意"], ["no application protocol was agreed on", "アプリケーションプロトコルの合意がない"]);
    Flight "server_flight" "octets" Exchange -1 "Octets of the server's first flight, at most 8,000: a chain of a public authority needs thousands, a certificate of one's own hundreds."
        Amount("the server's first flight has {} octets", "サーバーの最初の応答は {} オクテット");
    Turns "turns" "" Exchange 0 "Messages of the client under the keys."
        Amount("{} message(s) of the client", "クライアントのメッセージは {} 件");
    FirstRequest "first_request" "octets" Exchange 0 "The client's first message under the keys."
        Amount("the first request has {} octets", "最初の要求は {} オクテット");
    FirstAnswer "first_answer" "octets" Exchange 0 "The server's first message under the keys."
        Amount("the first answer has {} octets", "最初の応答は {} オクテット");
    UploadShare "upload_share" "" Exchange 1 "Share of the octets under the keys that the client sent."
        Amount("{} of what was said came from the client", "クライアント側の送信割合は {}");
    MedianRequest "median_request" "octets" Exchange 0 "Median message of the client."
        Amount("the client's messages have about {} octets", "クライアントのメッセージは約 {} オクテット");
    MedianAnswer "median_answer" "octets" Exchange 0 "Median message of the server."
        Amount("the server's messages have about {} octets", "サーバーのメッセージは約 {} オクテット");
    Variation "request_variation" "" Exchange 0 "Deviation of the client's messages over their mean, of three or more."
        Amount("the client's messages vary by {} of their mean", "クライアントのメッセージの変動係数は {}");
    EqualRequests "equal_requests" "" Exchange 1 "Share of the client's messages that have the most frequent length, of three or more."
        Amount("{} of the client's messages are equally long", "クライアントのメッセージの {} が同じ長さ");
    Small "small_messages" "" Exchange 0 "Share of messages of at most 64 octets."
        Amount("{} of the messages are tiny", "メッセージの {} が 64 オクテット以下");
    LongestGap "longest_gap" "seconds" Exchange 1 "Longest silence between messages."
        Amount("the longest silence was {} s", "最長の沈黙は {} 秒");
    MedianGap "median_gap" "seconds" Exchange 0 "Median silence between messages."
        Amount("about {} s between messages", "メッセージの間隔は約 {} 秒");
    ServerFirst "server_first" "" Exchange 0 "1 where the server spoke first under the keys."
        Flag(["the server spoke first", "サーバーが先に送信"], ["the client spoke first", "クライアントが先に送信"]);
    Down "down" "octets, logarithm" Exchange -1 "Logarithm of one more than the octets from the server."
        Amount("{} octets came from the server", "サーバーから {} オクテット");
    Up "up" "octets, logarithm" Exchange 0 "Logarithm of one more than the octets from the client."
        Amount("{} octets came from the client", "クライアントから {} オクテット");
    Ratio "up_over_down" "logarithm" Exchange 0 "Logarithm of the octets from the client over those from the server, 500 added to both."
        Amount("{} times as much went up as came down", "送信は受信の {} 倍");
    Duration "duration" "seconds, logarithm" Exchange 0 "Logarithm of one more than the session's length."
        Amount("the session took {} s", "セッションの長さは {} 秒");
    Messages "messages" "" Exchange 0 "Messages of both sides, with the handshake."
        Amount("{} messages were exchanged", "メッセージの総数は {} 件");
    LettersUp "letters_up" "octets" Octets 0 "Letters, dots and digits among what the client sent, above what chance gives: of a TLS hello what it says in words, the name above all."
        Amount("{} letters were sent in clear by the client", "クライアントの平文の文字は約 {} 個");
    ClearDown "clear_down" "octets" Octets 0 "Octets of the server that are more than chance gives: what was not encrypted, of the first 4,096 octets."
        Amount("about {} octets of the server were in clear", "サーバーの平文は約 {} オクテット");
    UrlsDown "urls_down" "octets" Octets -1 "Slashes among what the server sent, above what chance gives: certificates of public authorities hold addresses of lists and answers (RFC 5280 §4.2)."
        Amount("{} slashes stand in the server's clear octets", "サーバーの平文にスラッシュが約 {} 個");
    Beacon "beacon" "" Context 1 "The smaller of: how regular the intervals of the last sessions of these two hosts are, and in which share of them as much was carried; where the client said something under the keys."
        Amount("sessions of these hosts repeat: {} of regular and equal", "同じ端点の通信が規則的に反復（度合い {}）");
    Regular "regular" "" Context 1 "How regular the intervals of the last sessions of these two hosts are, whatever they carried; where the client said something under the keys."
        Amount("sessions of these hosts come at regular intervals: {} of 1", "同じ端点の通信間隔が一定（度合い {}）");
    Steady "steady" "" Context 1 "The smaller of: how regular the intervals of the last sessions of these two hosts are, and how near their amounts are to this session's (the smaller over the larger, median); where the client said something under the keys."
        Amount("sessions of these hosts come regularly and carry about as much: {} of 1", "同じ端点の通信が規則的で量もほぼ同じ（度合い {}）");
    Rhythm "rhythm" "" Context 1 "Share of the intervals of the last sessions of these two hosts that are near the most frequent one, less where there are few; where the client said something under the keys."
        Amount("{} of the intervals of these hosts' sessions are alike", "同じ端点の通信間隔のうち {} がほぼ等しい");
    LeastRequest "least_request" "octets" Exchange 0 "Shortest message of the client."
        Amount("the client's shortest message has {} octets", "クライアントの最短メッセージは {} オクテット");
    LeastAnswer "least_answer" "octets" Exchange 0 "Shortest message of the server."
        Amount("the server's shortest message has {} octets", "サーバーの最短メッセージは {} オクテット");
    LargestRequest "largest_request" "octets" Exchange 0 "Longest message of the client."
        Amount("the client's longest message has {} octets", "クライアントの最長メッセージは {} オクテット");
    LargestAnswer "largest_answer" "octets" Exchange -1 "Longest message of the server."
        Amount("the server's longest message has {} octets", "サーバーの最長メッセージは {} オクテット");
    ShortAnswers "short_answers" "" Exchange 1 "Share of the server's messages that have at most 1,500 octets."
        Amount("{} of the answers are short", "応答の {} が 1,500 オクテット以下");
    LettersDown "letters_down" "octets" Octets 0 "Letters among what the server sent, above what chance gives: names, policies and addresses of certificates."
        Amount("the server sent {} letters in clear", "サーバーの平文の文字は約 {} 個");
    DotsDown "dots_down" "octets" Octets -1 "Dots among what the server sent, above what chance gives: names of hosts in certificates."
        Amount("{} dots stand in the server's clear octets", "サーバーの平文にドットが約 {} 個");
    ClearShare "clear_share" "" Octets 0 "Share of the server's first flight that is more than chance gives."
        Amount("{} of the server's first flight was in clear", "サーバーの最初の応答の {} が平文");
    Resumed "resumed" "" Exchange 0 "1 where the server's first flight has no room for a certificate: a session is resumed."
        Flag(["the session is resumed", "セッションは再開されたもの"], ["the session is not resumed", "セッションは再開ではない"]);
}

/// The values of a session; a missing value is NaN.
pub type Values = [f32; COUNT];

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
    let newest = is_newest(tls.version.as_deref().unwrap_or_default(), cipher);
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
fn is_newest(version: &str, cipher: &str) -> bool {
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

/// True where too little was seen to judge: nothing of one of the sides, or neither a certificate nor anything under the keys.
pub fn too_little(values: &Values) -> bool {
    let missing = |id: Id| values.get(id as usize).is_none_or(|value| value.is_nan());
    let silent = values.get(Id::Up as usize).is_none_or(|octets| *octets <= 0.0);
    silent || missing(Id::Resumed) || (missing(Id::Trust) && missing(Id::FirstRequest) && missing(Id::FirstAnswer))
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
    let Sides { requests, answers, gaps } = sides;
    let Some(first) = messages.first() else { return };
    set(out, Id::ServerFirst, flag(first.length < 0));
    let small = messages.iter().filter(|message| message.length.abs() <= 64).count();
    set(out, Id::Small, small as f32 / messages.len() as f32);
    let messages = exchange::without_keeping(messages);
    requests.clear();
    answers.clear();
    gaps.clear();
    let mut before = None;
    for message in messages.iter() {
        let side = if message.length > 0 { &mut *requests } else { &mut *answers };
        side.push(message.length.unsigned_abs());
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
    gaps.sort_unstable();
    if let (Some(middle), Some(longest)) = (gaps.get(gaps.len() / 2), gaps.last()) {
        set(out, Id::LongestGap, (*longest as f64 / 1e6) as f32);
        set(out, Id::MedianGap, (*middle as f64 / 1e6) as f32);
    }
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

    #[test]
    fn every_feature_is_named_once_and_said_in_both_languages() {
        for (at, feature) in FEATURES.iter().enumerate() {
            assert!(FEATURES.iter().skip(at + 1).all(|other| other.name != feature.name), "{}", feature.name);
            match feature.words {
                Amount(english, japanese) => {
                    assert!(english.contains("{}") && japanese.contains("{}"), "{}", feature.name);
                }
                Flag(yes, no) => assert!(yes.iter().chain(&no).all(|text| !text.is_empty()), "{}", feature.name),
            }
        }
    }
}
