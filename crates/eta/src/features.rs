// SPDX-License-Identifier: Apache-2.0
//! The features of a session: one table, from which come the classifier's columns, the documents and the words of an
//! explanation. Left out on purpose is what tells the laboratory instead of the malware: ports, absolute times, segment
//! sizes, what the client offers (a client's hello is borrowed in a minute), versions that tell the year.

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
        pub(crate) enum Id { $($id),* }

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
    Digits "name_digits" "share" Name 0 "Share of digits in the name."
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
    UploadShare "upload_share" "share" Exchange 1 "Share of the octets under the keys that the client sent."
        Amount("{} of what was said came from the client", "クライアント側の送信割合は {}");
    MedianRequest "median_request" "octets" Exchange 0 "Median message of the client."
        Amount("the client's messages have about {} octets", "クライアントのメッセージは約 {} オクテット");
    MedianAnswer "median_answer" "octets" Exchange 0 "Median message of the server."
        Amount("the server's messages have about {} octets", "サーバーのメッセージは約 {} オクテット");
    Variation "request_variation" "" Exchange 0 "Deviation of the client's messages over their mean, of three or more."
        Amount("the client's messages vary by {} of their mean", "クライアントのメッセージの変動係数は {}");
    EqualRequests "equal_requests" "share" Exchange 1 "Share of the client's messages that have the most frequent length, of three or more."
        Amount("{} of the client's messages are equally long", "クライアントのメッセージの {} が同じ長さ");
    Small "small_messages" "share" Exchange 0 "Share of messages of at most 64 octets."
        Amount("{} of the messages are tiny", "メッセージの {} が 64 オクテット以下");
    LongestGap "longest_gap" "seconds" Exchange 1 "Longest silence between messages."
        Amount("the longest silence was {} s", "最長の沈黙は {} 秒");
    MedianGap "median_gap" "seconds" Exchange 0 "Median silence between messages."
        Amount("about {} s between messages", "メッセージの間隔は約 {} 秒");
    InnerRhythm "inner_rhythm" "share" Exchange 0 "Share of the times from one of the client's messages to the next that are within a fifth of their median, of four or more whose median is half a second or longer."
        Amount("{} of the client's messages come at equal intervals", "クライアントのメッセージの {} が等間隔");
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
    Rhythm "rhythm" "share" Context 1 "Share of the intervals of the last sessions of these two hosts that are near the most frequent one, less where there are few; where the client said something under the keys."
        Amount("{} of the intervals of these hosts' sessions are alike", "同じ端点の通信間隔のうち {} がほぼ等しい");
    LeastRequest "least_request" "octets" Exchange 0 "Shortest message of the client."
        Amount("the client's shortest message has {} octets", "クライアントの最短メッセージは {} オクテット");
    LeastAnswer "least_answer" "octets" Exchange 0 "Shortest message of the server."
        Amount("the server's shortest message has {} octets", "サーバーの最短メッセージは {} オクテット");
    LargestRequest "largest_request" "octets" Exchange 0 "Longest message of the client."
        Amount("the client's longest message has {} octets", "クライアントの最長メッセージは {} オクテット");
    LargestAnswer "largest_answer" "octets" Exchange -1 "Longest message of the server."
        Amount("the server's longest message has {} octets", "サーバーの最長メッセージは {} オクテット");
    ShortAnswers "short_answers" "share" Exchange 1 "Share of the server's messages that have at most 1,500 octets."
        Amount("{} of the answers are short", "応答の {} が 1,500 オクテット以下");
    LettersDown "letters_down" "octets" Octets 0 "Letters among what the server sent, above what chance gives: names, policies and addresses of certificates."
        Amount("the server sent {} letters in clear", "サーバーの平文の文字は約 {} 個");
    DotsDown "dots_down" "octets" Octets -1 "Dots among what the server sent, above what chance gives: names of hosts in certificates."
        Amount("{} dots stand in the server's clear octets", "サーバーの平文にドットが約 {} 個");
    ClearShare "clear_share" "share" Octets 0 "Share of the server's first flight that is more than chance gives."
        Amount("{} of the server's first flight was in clear", "サーバーの最初の応答の {} が平文");
    Resumed "resumed" "" Exchange 0 "1 where the server's first flight has no room for a certificate: a session is resumed."
        Flag(["the session is resumed", "セッションは再開されたもの"], ["the session is not resumed", "セッションは再開ではない"]);
}

/// The values of a session; a missing value is NaN.
pub type Values = [f32; COUNT];

#[cfg(test)]
mod tests {
    use super::*;

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
