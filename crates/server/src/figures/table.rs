// SPDX-License-Identifier: Apache-2.0
//! The key figures, one row each.

use super::types::Page::{Applications, Dns, Overview, Tls};
use super::types::{Page, Wish};
use crate::types::Measure::{self, Bytes, Flows};

/// A key figure.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) pages: &'static [Page],
    pub(super) title: (&'static str, &'static str),
    pub(super) meaning: (&'static str, &'static str),
    pub(super) by: Measure,
    pub(super) wish: Wish,
    /// Filter of the whole.
    pub(super) of: &'static str,
    /// Filter of the part.
    pub(super) part: &'static str,
}

/// TLS whose server's choice is known: without an answer `tls_version` is what the client offers at most. Of exporters that tell a
/// version and no suite it is what was agreed on.
const TLS: &str = "tls_cipher present or (tls_version present and exporter_ip present)";
const CERTIFICATES: &str = "tls_cert_not_after present";
/// Questions in clear, and DNS inside TLS, QUIC and HTTPS.
const ALL_DNS: &str = "dns_query present or app ~ \"*.DoH_DoT\"";

pub(super) static FIGURES: &[Row] = &[
    Row {
        name: "encrypted",
        pages: &[Overview, Tls],
        title: ("Encrypted", "暗号化"),
        meaning: (
            "Octets of flows whose content is known to be encrypted. Flows of which nothing is known count as not encrypted.",
            "内容が暗号化されていると分かっているフローのオクテット。不明なフローは暗号化に数えない",
        ),
        by: Bytes,
        wish: Wish::None,
        of: "",
        part: "encrypted = true",
    },
    Row {
        name: "clear",
        pages: &[Tls],
        title: ("In clear", "平文"),
        meaning: (
            "Octets of flows whose content was seen in clear. What is neither encrypted nor in clear is unknown.",
            "内容が平文で見えたフローのオクテット。暗号化とも平文とも分からないものはどちらにも入らない",
        ),
        by: Bytes,
        wish: Wish::Less,
        of: "",
        part: "encrypted = false",
    },
    Row {
        name: "nameable",
        pages: &[Overview, Applications, Tls],
        title: ("Nameable", "名前が分かる割合"),
        meaning: (
            "Encrypted octets whose destination has a name: from the handshake, the certificate, or the DNS answer before. \
             Outer names of Encrypted Client Hello are none.",
            "暗号化通信のうち宛先の名前が分かるもの（ハンドシェイク、証明書、直前の DNS 応答）。ECH の外側の名前は含めない",
        ),
        by: Bytes,
        wish: Wish::More,
        of: "encrypted = true",
        part: "host_name present",
    },
    Row {
        name: "labelled",
        pages: &[Applications],
        title: ("Recognised by content", "内容で判定"),
        meaning: (
            "Octets of flows whose application was recognised by what was on the wire, and not by a port or an exporter's word.",
            "ポートや送信元の申告ではなく、通信内容からアプリケーションを判定できたオクテット",
        ),
        by: Bytes,
        wish: Wish::More,
        of: "",
        part: "app_confidence in [content partial]",
    },
    Row {
        name: "risky",
        pages: &[Applications],
        title: ("With a risk", "リスクあり"),
        meaning: (
            "Flows with a risk of 30 points or more: at least one of medium severity.",
            "リスクスコア 30 以上（中程度のリスクが 1 つ以上）のフロー",
        ),
        by: Flows,
        wish: Wish::Less,
        of: "",
        part: "risk_score >= 30",
    },
    Row {
        name: "compliant",
        pages: &[Overview, Tls],
        title: ("Crypto compliance", "暗号の適合率"),
        meaning: (
            "TLS flows whose server answered, without an old version (RFC 8996), a weak cipher suite (RFC 9325), a weak key or signature, or an expired \
             certificate. In TLS 1.3 certificates are not visible, so only version and cipher suite can fail.",
            "古いバージョン（RFC 8996）、弱い暗号スイート（RFC 9325）、弱い鍵や署名、期限切れ証明書のいずれもない、サーバーが応答した TLS フロー。TLS 1.3 \
             では証明書が見えないため、バージョンと暗号スイートだけで判定",
        ),
        by: Flows,
        wish: Wish::More,
        of: TLS,
        part: "not risk in [old_tls weak_cipher weak_key weak_signature certificate_expired]",
    },
    Row {
        name: "tls13",
        pages: &[Tls],
        title: ("TLS 1.3", "TLS 1.3"),
        meaning: (
            "TLS flows that agreed on version 1.3, QUIC included; of those whose server answered.",
            "サーバーが応答した TLS フローのうち、TLS 1.3 で合意したもの（QUIC を含む）",
        ),
        by: Flows,
        wish: Wish::More,
        of: TLS,
        part: "tls_version = \"TLS 1.3\"",
    },
    Row {
        name: "old_tls",
        pages: &[Tls],
        title: ("Old version", "古いバージョン"),
        meaning: ("TLS below 1.2, and SSL (RFC 8996).", "TLS 1.2 未満と SSL（RFC 8996）"),
        by: Flows,
        wish: Wish::Less,
        of: TLS,
        part: "risk = old_tls",
    },
    Row {
        name: "weak_cipher",
        pages: &[Tls],
        title: ("Weak cipher suite", "弱い暗号スイート"),
        meaning: (
            "No encryption, export strength, RC4, DES, 3DES, or no authentication (RFC 9325 §4.2.1).",
            "暗号化なし、輸出強度、RC4、DES、3DES、認証なし（RFC 9325 §4.2.1）",
        ),
        by: Flows,
        wish: Wish::Less,
        of: "tls_cipher present",
        part: "risk = weak_cipher",
    },
    Row {
        name: "no_forward_secrecy",
        pages: &[Tls],
        title: ("No forward secrecy", "前方秘匿性なし"),
        meaning: (
            "Cipher suites with the key exchange of RSA: who gets the server's key later reads all that was recorded.",
            "鍵交換に RSA を使うスイート。後でサーバーの鍵を得た者は記録済みの通信を復号できる",
        ),
        by: Flows,
        wish: Wish::Less,
        of: "tls_cipher present",
        part: "tls_cipher ~ \"TLS_RSA_*\"",
    },
    Row {
        name: "expired",
        pages: &[Tls],
        title: ("Certificate expired", "証明書の期限切れ"),
        meaning: (
            "Flows whose certificate had ended before them. Of TLS up to 1.2: in 1.3 certificates are encrypted.",
            "開始時に証明書の期限が切れていたフロー。TLS 1.2 まで（1.3 の証明書は暗号化される）",
        ),
        by: Flows,
        wish: Wish::Less,
        of: CERTIFICATES,
        part: "risk = certificate_expired",
    },
    Row {
        name: "expires_soon",
        pages: &[Tls],
        title: ("Certificate ends soon", "証明書の期限が近い"),
        meaning: ("Within 30 days of the flow.", "フローから 30 日以内に期限が切れる"),
        by: Flows,
        wish: Wish::Less,
        of: CERTIFICATES,
        part: "risk = certificate_expires_soon",
    },
    Row {
        name: "self_signed",
        pages: &[Tls],
        title: ("Self-signed", "自己署名"),
        meaning: ("The certificate is its own issuer.", "発行者が自分自身の証明書"),
        by: Flows,
        wish: Wish::Less,
        of: CERTIFICATES,
        part: "tls_cert_self_signed = true",
    },
    Row {
        name: "weak_key",
        pages: &[Tls],
        title: ("Weak key or signature", "弱い鍵・署名"),
        meaning: (
            "RSA below 2048 bits, curves below 224 bits, or a signature with MD5 or SHA-1.",
            "2048 ビット未満の RSA、224 ビット未満の楕円曲線、MD5・SHA-1 の署名",
        ),
        by: Flows,
        wish: Wish::Less,
        of: CERTIFICATES,
        part: "risk in [weak_key weak_signature]",
    },
    Row {
        name: "pq_offered",
        pages: &[Tls],
        title: ("Post-quantum offered", "耐量子を提示"),
        meaning: (
            "Clients that offered a key exchange which withstands quantum computers (ML-KEM, Kyber).",
            "量子計算機に耐える鍵交換（ML-KEM、Kyber）をクライアントが提示したフロー",
        ),
        by: Flows,
        wish: Wish::More,
        of: "tls_pq_offered present",
        part: "tls_pq_offered = true",
    },
    Row {
        name: "pq_chosen",
        pages: &[Tls],
        title: ("Post-quantum used", "耐量子を使用"),
        meaning: (
            "Servers that chose such a group, of the flows whose group was seen (TLS 1.3, and ECDHE before it).",
            "グループが見えたフロー（TLS 1.3、およびそれ以前の ECDHE）のうち、サーバーが耐量子グループを選択したもの",
        ),
        by: Flows,
        wish: Wish::More,
        of: "tls_group present",
        part: "tls_group ~ \"*mlkem*\" or tls_group ~ \"*kyber*\"",
    },
    Row {
        name: "ech",
        pages: &[Tls],
        title: ("Encrypted Client Hello", "ECH"),
        meaning: (
            "Flows whose real server name is encrypted: the name that shows is the one in front.",
            "本当のサーバー名が暗号化されているフロー（見える名前は手前のサーバーのもの）",
        ),
        by: Flows,
        wish: Wish::None,
        of: "tls_ja4 present",
        part: "tls_ech_kind = outer",
    },
    Row {
        name: "ech_nameable",
        pages: &[Overview, Tls],
        title: ("Nameable under ECH", "ECH 下の名前判明"),
        meaning: (
            "Flows behind an Encrypted Client Hello whose destination has a name all the same, from the DNS answer before.",
            "ECH で名前が隠れたフローのうち、直前の DNS 応答から宛先の名前が分かるもの",
        ),
        by: Flows,
        wish: Wish::More,
        of: "tls_ech_kind = outer",
        part: "host_name present",
    },
    Row {
        name: "ech_grease",
        pages: &[Tls],
        title: ("ECH placeholder", "ECH の見せかけ"),
        meaning: (
            "Clients that sent a placeholder for Encrypted Client Hello (GREASE): the name that shows is the real one.",
            "ECH の見せかけの値（GREASE）を送ったクライアント。見える名前は本物",
        ),
        by: Flows,
        wish: Wish::None,
        of: "tls_ja4 present",
        part: "tls_ech_kind = grease",
    },
    Row {
        name: "dns_encrypted",
        pages: &[Dns],
        title: ("Encrypted DNS", "暗号化 DNS"),
        meaning: (
            "DNS over TLS, QUIC or HTTPS, of all flows with DNS. A flow in clear is mostly one question, an encrypted one holds \
             many; HTTPS is known by the names of public resolvers only.",
            "DNS 全体のうち TLS・QUIC・HTTPS 上のもの。平文のフローはほぼ 1 問い合わせ、暗号化は多数を含む。HTTPS は公開リゾルバーの名前でのみ判定",
        ),
        by: Flows,
        wish: Wish::None,
        of: ALL_DNS,
        part: "app ~ \"*.DoH_DoT\"",
    },
    Row {
        name: "dns_dot",
        pages: &[Dns],
        title: ("DNS over TLS", "DNS over TLS"),
        meaning: ("Port 853 or the protocol `dot` (RFC 7858).", "ポート 853 または ALPN の dot（RFC 7858）"),
        by: Flows,
        wish: Wish::None,
        of: ALL_DNS,
        part: "app = \"TLS.DoH_DoT\" and (dst_port = 853 or tls_alpn = dot)",
    },
    Row {
        name: "dns_doq",
        pages: &[Dns],
        title: ("DNS over QUIC", "DNS over QUIC"),
        meaning: (
            "QUIC to port 853 or with the protocol `doq` (RFC 9250).",
            "ポート 853 への QUIC、または ALPN の doq（RFC 9250）",
        ),
        by: Flows,
        wish: Wish::None,
        of: ALL_DNS,
        part: "app = \"QUIC.DoH_DoT\" and (dst_port = 853 or tls_alpn = doq)",
    },
    Row {
        name: "dns_doh",
        pages: &[Dns],
        title: ("DNS over HTTPS", "DNS over HTTPS"),
        meaning: (
            "TLS or QUIC to a name of a known public resolver, on another port than 853.",
            "既知の公開リゾルバーの名前への TLS・QUIC（ポート 853 以外）",
        ),
        by: Flows,
        wish: Wish::None,
        of: ALL_DNS,
        part: "app ~ \"*.DoH_DoT\" and dst_port != 853 and not tls_alpn in [dot doq]",
    },
    Row {
        name: "dns_foreign",
        pages: &[Dns],
        title: ("Foreign resolvers", "外部リゾルバー"),
        meaning: (
            "Questions to a resolver outside the networks that are defined as local; of those where that is known.",
            "ローカルと定義したネットワークの外にあるリゾルバーへの問い合わせ（判定できるもののうち）",
        ),
        by: Flows,
        wish: Wish::Less,
        of: "dns_query present and dst_local present",
        part: "dst_local = false",
    },
    Row {
        name: "dns_nxdomain",
        pages: &[Dns],
        title: ("Names that do not exist", "存在しない名前"),
        meaning: ("Answers NXDOMAIN.", "NXDOMAIN の応答"),
        by: Flows,
        wish: Wish::Less,
        of: "dns_rcode present",
        part: "dns_rcode = nxdomain",
    },
    Row {
        name: "dns_failed",
        pages: &[Dns],
        title: ("Failed", "失敗"),
        meaning: ("Answers other than NOERROR and NXDOMAIN.", "NOERROR と NXDOMAIN 以外の応答"),
        by: Flows,
        wish: Wish::Less,
        of: "dns_rcode present",
        part: "not dns_rcode in [noerror nxdomain]",
    },
    Row {
        name: "dns_slow",
        pages: &[Dns],
        title: ("Slow answers", "遅い応答"),
        meaning: (
            "Answers that took 200 ms or longer, of flows with one question and one answer: these last as long as the answer took.",
            "200 ミリ秒以上かかった応答。1 問 1 答のフロー（継続時間＝応答時間）のうちの割合",
        ),
        by: Flows,
        wish: Wish::Less,
        of: "dns_query present and src_packets = 1 and dst_packets = 1",
        part: "duration >= 200ms",
    },
    Row {
        name: "dns_long",
        pages: &[Dns],
        title: ("Long names", "長い名前"),
        meaning: (
            "Names of 60 characters or more, as tunnels make them, and reputation services too.",
            "60 文字以上の名前。トンネルのほか評価サービスでも使われる",
        ),
        by: Flows,
        wish: Wish::Less,
        of: "dns_query present",
        part: "dns_query =~ \"^.{60}\"",
    },
];
