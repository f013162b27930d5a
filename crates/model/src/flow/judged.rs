// SPDX-License-Identifier: Apache-2.0
//! What is concluded from the facts of a flow when its row is made: the name of its destination, and its risks.

use std::borrow::Cow;

use minamo_schema::table;

table! {
    /// The name of the destination, joined from what the conversation and the questions before it said.
    pub struct Host, group "host", prefix "" {
        /// Name of the destination, lower case; absent where only the outer name of an Encrypted Client Hello is known.
        host_name: Option<String>, "宛先の名前（小文字）。Encrypted Client Hello の外側の名前しか分からない場合は無し", Fact, None, Derived, Content, [Own(106)];
        /// Where the name is from: `sni`, `quic`, `http`, `certificate`, `dns` (what the initiator had asked for before it
        /// connected); `ech_outer` where there is no name because the visible one is that of the server in front.
        name_source: Option<Cow<'static, str>>, "名前の出どころ：sni、quic、http、certificate、dns（接続前に開始側が問い合わせた名前）。見えているのが前段サーバーの名前だけで宛先が不明なら ech_outer", Key, None, Derived, Plain, [Own(107)];
        /// How sure the name is: `high` (two sources agree), `medium` (one side said so), `low` (inferred, or another
        /// source says otherwise), `none` (there is no name).
        name_confidence: Option<Cow<'static, str>>, "名前の確かさ：high（二つの出どころが一致）、medium（片方のみの申告）、low（推測、または他の出どころと不一致）、none（名前なし）", Key, None, Derived, Plain, [Own(108)];
    }
}

table! {
    /// What about the flow should not be, or is seldom: each risk is explained in the reference of risks.
    pub struct Risk, group "risk", prefix "" {
        /// Risks by name: `self_signed`, `old_tls`, `clear_text_credentials`; severest first.
        risk: Option<Vec<String>>, "リスクの名前：self_signed、old_tls、clear_text_credentials など（重大なものから順）", Fact, None, Derived, Plain, [Own(109)];
        /// The same as a set of bits; the reference of risks has the numbers.
        risk_bits: Option<u64>, "同じ内容のビット集合（番号はリスクのリファレンスを参照）", Flags, None, Derived, Plain, [Own(110)];
        /// Sum of the points of all risks (low 10, medium 30, high 60, critical 100), at most 100.
        risk_score: Option<u8>, "全リスクの点数の和（low 10、medium 30、high 60、critical 100。上限 100）", Gauge, None, Derived, Plain, [Own(111)];
        /// What was seen, one sentence for each risk, in the same order.
        risk_evidence: Option<Vec<String>>, "観測した根拠。リスクと同じ順に一文ずつ", Fact, None, Derived, Content, [Own(112)];
    }
}

table! {
    /// What feeds of fingerprints say of the flow's fingerprints and certificate. Sources: `[[fingerprints]]`.
    pub struct Fingerprint, group "fingerprint", prefix "fingerprint_" {
        /// What the fingerprints stand for, as the feeds have it: a program, a malware.
        names: Option<Vec<String>>, "フィンガープリントが示すもの（ソフトウェアやマルウェア。フィードによる）", Fact, None, Enriched, Plain, [Own(113)];
        /// The feeds that say so, in the same order.
        feeds: Option<Vec<String>>, "そう述べているフィード（同じ順）", Fact, None, Enriched, Plain, [Own(114)];
        /// Which fingerprint it was, in the same order: `ja3`, `ja4`, `hassh`, `cert_sha1` …
        kinds: Option<Vec<String>>, "照合したフィンガープリントの種別：ja3、ja4、hassh、cert_sha1 など（同じ順）", Fact, None, Enriched, Plain, [Own(115)];
        /// The process or family of malware that most likely made the hello, by a table of prevalence: from its JA4 or JA3, the
        /// responder's port, its AS and the name that was asked for.
        process: Option<String>, "TLS ハロー（JA4 または JA3）、応答側のポート・AS、求めた名前から、普及度の表で最も確からしいプロセスまたはマルウェアの種別", Key, None, Enriched, Plain, [Own(360)];
        /// How likely that is among all that the table knows of the fingerprint, 0 to 1.
        process_share: Option<f64>, "その確からしさ（表にある候補の中での確率。0〜1）", Gauge, None, Enriched, Plain, [Own(361)];
        /// How likely it is any malware of the table, 0 to 1.
        malware_share: Option<f64>, "表にあるいずれかのマルウェアである確率（0〜1）", Gauge, None, Enriched, Plain, [Own(362)];
    }
}

table! {
    /// What feeds of threats say of the flow's addresses and names. Sources: `[[feed]]`.
    pub struct Threat, group "threat", prefix "threat_" {
        /// The feed that says so.
        feed: Option<String>, "該当した脅威フィード", Key, None, Enriched, Plain, [Own(135)];
        /// The address or name that was seen.
        indicator: Option<String>, "該当したアドレスまたは名前", Fact, None, Enriched, Content, [Own(136)];
        /// The column that it was seen in: `dst_ip`, `src_ip`, `tls_sni`, `http_host`, `dns_query`.
        matched: Option<Cow<'static, str>>, "該当した列：dst_ip、src_ip、tls_sni、http_host、dns_query", Key, None, Enriched, Plain, [Own(137)];
    }
}
