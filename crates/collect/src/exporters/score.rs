// SPDX-License-Identifier: Apache-2.0
//! The quality score of an exporter: a hundred, less what each reason takes away. Reasons are rows of a table with
//! their texts in both languages; `{value}` in a text is what was measured. What is counted is of the last 24 hours, what
//! rows look like is of the last five to ten minutes. What is missing for a function of the
//! product takes nothing away: not every exporter can tell it.

use super::window::part;
use super::{ExporterView, Standing, Window};

/// Rows that are needed before shares say anything.
const ENOUGH: u64 = 100;

/// A reason why the score is not a hundred.
#[derive(Debug)]
pub struct Reason {
    /// Name, for programs.
    pub id: &'static str,
    /// Points that it takes away.
    pub points: u8,
    /// What it is and what to do, in English.
    pub en: &'static str,
    /// The same in Japanese.
    pub ja: &'static str,
    /// What was measured, where it applies.
    pub(crate) applies: fn(&ExporterView) -> Option<String>,
}

/// A reason that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name of the reason.
    pub id: &'static str,
    /// Points that it takes away.
    pub points: u8,
    /// Text in English.
    pub en: String,
    /// Text in Japanese.
    pub ja: String,
}

/// Something that no row of an exporter has, and what that costs.
#[derive(Debug)]
pub struct Missing {
    /// Name, for programs.
    pub id: &'static str,
    /// Bits that any row would have.
    part: u16,
    /// What cannot be shown, in English.
    pub en: &'static str,
    /// The same in Japanese.
    pub ja: &'static str,
}

/// Why a score is not a hundred.
pub static REASONS: &[Reason] = &[
    Reason {
        id: "loss",
        points: 25,
        en: "{value} of the records are lost on their way: look for drops between exporter and collector, and at the drops of the UDP socket.",
        ja: "レコードの {value} が途中で失われています。エクスポーターから本システムまでの経路と、UDP ソケットの破棄数を確認してください。",
        applies: |e| {
            let share = e.lately.lost_per_mille();
            (e.lately.lost >= 10 && share >= 1).then(|| percent(share, 1_000))
        },
    },
    Reason {
        id: "active_timeout",
        points: 20,
        en: "Active timeout {value} s: charts lag by as much; set it to 60 s.",
        ja: "アクティブタイムアウトが {value} 秒です。グラフがその分遅れます。60 秒に設定してください。",
        applies: |e| {
            let told = e.active_timeout.filter(|secs| *secs > 0);
            let seen = (e.window.rows >= ENOUGH).then_some(e.window.longest_secs);
            told.or(seen).filter(|secs| *secs > 330).map(grouped)
        },
    },
    Reason {
        id: "idle_timeout",
        points: 10,
        en: "Flows are exported {value} s after their last packet: set the inactive timeout to 15 s.",
        ja: "最後のパケットから {value} 秒後に送られています。インアクティブタイムアウトを 15 秒に設定してください。",
        applies: |e| {
            let wait = e.window.short_wait_secs.checked_div(e.window.short)?;
            (e.window.short >= ENOUGH && wait > 90).then(|| wait.to_string())
        },
    },
    Reason {
        id: "clock",
        points: 15,
        en: "Its clock is {value} behind ours, and its flows stand as much too early: let it use NTP.",
        ja: "時計が本システムより {value}遅れており、フローもその分だけ過去の時刻になります。NTP を設定してください。",
        applies: |e| skewed(e.skew_millis?.checked_neg()?),
    },
    Reason {
        id: "clock_ahead",
        points: 15,
        en: "Its clock is {value} ahead of ours, and its flows stand as much too late: let it use NTP.",
        ja: "時計が本システムより {value}進んでおり、フローもその分だけ未来の時刻になります。NTP を設定してください。",
        applies: |e| skewed(e.skew_millis?),
    },
    Reason {
        id: "repaired_times",
        points: 10,
        en: "The times of {value} of its records were impossible and were replaced: look at its clock and restart its export.",
        ja: "レコードの {value} の時刻があり得ない値で、置き換えられました。時計を確認し、送信を再開始してください。",
        applies: |e| share(e.window.repaired, &e.window, 10),
    },
    Reason {
        id: "duplicates",
        points: 15,
        en: "{value} of the records come twice: meter on the way in only, not in and out, and send them to one address.",
        ja: "レコードの {value} が重複しています。計測は入力側だけにし、送信先を一つにしてください。",
        applies: |e| share(e.window.duplicates, &e.window, 20),
    },
    Reason {
        id: "no_template",
        points: 15,
        en: "{value} sets of data came whose template is not known: let it send templates every minute.",
        ja: "テンプレート不明のデータが {value} 件届いています。テンプレートの送信間隔を 1 分にしてください。",
        applies: |e| {
            let waiting = e.lately.without_template.saturating_sub(e.lately.replayed);
            (waiting > 0).then(|| waiting.to_string())
        },
    },
    Reason {
        id: "template_churn",
        points: 10,
        en: "Templates changed {value} times under one address, port and domain: the exporter restarts or is set up anew often, or several come through one port (NAT); give each its own domain.",
        ja: "同じアドレス・ポート・ドメインのテンプレートが {value} 回変わりました。エクスポーターの再起動や設定変更が多いか、複数が一つのポートを通って届いています（NAT）。それぞれのドメインを分けてください。",
        applies: |e| (e.lately.redefined > 5).then(|| e.lately.redefined.to_string()),
    },
    Reason {
        id: "shared_address",
        points: 5,
        en: "{value} exporters seem to send from this address (NAT, a relay, or several processes): templates are told apart by port, all else counts together; give each an address or a domain of its own.",
        ja: "このアドレスから {value} 台のエクスポーターが送信しているようです（NAT・中継・複数プロセス）。テンプレートはポートで区別しますが、ほかの値は合算されます。アドレスかドメインを分けてください。",
        applies: |e| (e.sharing > 1).then(|| e.sharing.to_string()),
    },
    Reason {
        id: "malformed",
        points: 15,
        en: "{value} parts of its datagrams break the format: datagrams may be cut on their way (MTU), or its software has a fault.",
        ja: "データグラムの {value} 箇所が形式に反しています。途中で切れている（MTU）か、ソフトウェアの不具合です。",
        applies: |e| (e.lately.malformed > 0).then(|| e.lately.malformed.to_string()),
    },
    Reason {
        id: "sampled",
        points: 10,
        en: "Sampled, for {value} of the records: short flows are missing and detection is less sure; export unsampled where the device can.",
        ja: "レコードの {value} がサンプリングされています。短いフローが欠け、検知の確度が下がります。可能なら全数で送信してください。",
        applies: |e| share(e.window.sampled, &e.window, 10),
    },
    Reason {
        id: "empty",
        points: 15,
        en: "{value} of the records count no octets: its template lacks octetDeltaCount (element 1) or sends another counter.",
        ja: "レコードの {value} にオクテット数がありません。テンプレートに octetDeltaCount（要素 1）を加えてください。",
        applies: |e| share(e.window.empty, &e.window, 20),
    },
    Reason {
        id: "unknown_version",
        points: 15,
        en: "{value} datagrams have a version that is not read: set the exporter to NetFlow v9 or IPFIX.",
        ja: "読めないバージョンのデータグラムが {value} 個あります。NetFlow v9 か IPFIX に設定してください。",
        applies: |e| (e.lately.unknown_version > 0).then(|| e.lately.unknown_version.to_string()),
    },
    Reason {
        id: "over_rate",
        points: 10,
        en: "{value} records were dropped because it sends more than its limit: raise `collect.exporter_rate` or its own limit.",
        ja: "上限を超えたため {value} 件のレコードを破棄しました。collect.exporter_rate か、このエクスポーターの上限を上げてください。",
        applies: |e| (e.lately.over_rate > 0).then(|| e.lately.over_rate.to_string()),
    },
    Reason {
        id: "not_taken",
        points: 0,
        en: "{value} of its records or datagrams were not taken: allow it, or deny it for good.",
        ja: "許可されていないため {value} 件を取り込んでいません。許可または拒否してください。",
        applies: |e| {
            let waits = matches!(e.standing, Standing::Waiting | Standing::Refused);
            (waits && e.lately.refused > 0).then(|| e.lately.refused.to_string())
        },
    },
];

/// What rows can lack, and what that costs.
pub static MISSING: &[Missing] = &[
    Missing {
        id: "tcp_flags",
        part: part::TCP_FLAGS,
        en: "No TCP flags (element 6): scans are told less surely, and resets are not seen.",
        ja: "TCP フラグ（要素 6）が無いため、スキャンの判定が不確かになり、リセットが見えません。",
    },
    Missing {
        id: "both_sides",
        part: part::BOTH_SIDES,
        en: "One direction per record: answers are seen only where the other record comes too.",
        ja: "レコードは片方向です。応答は、反対方向のレコードが届いた場合にのみ分かります。",
    },
    Missing {
        id: "interfaces",
        part: part::INTERFACES,
        en: "No interfaces (elements 10, 14): no load per interface.",
        ja: "インターフェース番号（要素 10、14）が無いため、インターフェース別の通信量を示せません。",
    },
    Missing {
        id: "application",
        part: part::APPLICATION,
        en: "No application (elements 95, 96): it is guessed from the port at best.",
        ja: "アプリケーション（要素 95、96）が無いため、ポートからの推測にとどまります。",
    },
    Missing {
        id: "splt",
        part: part::SPLT,
        en: "No lengths and times of single packets (SPLT): session pictures are unavailable.",
        ja: "個々のパケットの長さと時刻（SPLT）が無いため、セッション図を表示できません。",
    },
    Missing {
        id: "initial_packet",
        part: part::INITIAL_PACKET,
        en: "Lengths and times of packets, but no first packet (IDP, element 44940): no server names, fingerprints and certificates from it.",
        ja: "パケットの長さと時刻はありますが、最初のパケット（IDP、要素 44940）が無いため、サーバー名・指紋・証明書を取り出せません。",
    },
    Missing {
        id: "byte_counts",
        part: part::BYTE_COUNTS,
        en: "Lengths and times of packets, but no counts of octet values (BD, element 44944): entropy of the content is not known.",
        ja: "パケットの長さと時刻はありますが、オクテット値の出現回数（BD、要素 44944）が無いため、内容のエントロピーが分かりません。",
    },
    Missing {
        id: "tls",
        part: part::TLS,
        en: "Nothing of TLS or QUIC: no server names, no fingerprints, no certificates.",
        ja: "TLS・QUIC の情報が無いため、サーバー名・指紋・証明書を示せません。",
    },
    Missing {
        id: "dns",
        part: part::DNS,
        en: "Nothing of DNS: no names for addresses, and tunnels in DNS are not found.",
        ja: "DNS の情報が無いため、アドレスに名前が付かず、DNS トンネルを検出できません。",
    },
    Missing {
        id: "round_trip",
        part: part::ROUND_TRIP,
        en: "No round trips or retransmissions: network and server delay cannot be told apart.",
        ja: "往復時間・再送数が無いため、ネットワークとサーバーの遅延を区別できません。",
    },
    Missing {
        id: "link",
        part: part::LINK,
        en: "No MAC addresses or VLANs (elements 56, 80, 58): devices behind one address cannot be told apart.",
        ja: "MAC アドレス・VLAN（要素 56、80、58）が無いため、同じアドレスを使う機器を区別できません。",
    },
    Missing {
        id: "systems",
        part: part::SYSTEMS,
        en: "No autonomous systems (elements 16, 17): they come from the database of `enrich.mmdb`, if there is one.",
        ja: "自律システム番号（要素 16、17）が無いため、enrich.mmdb のデータベースがある場合のみ補います。",
    },
];

/// Points from 0 to 100, and the reasons, the heaviest first.
pub(crate) fn score(view: &ExporterView) -> (u8, Vec<Finding>) {
    let found = REASONS.iter().filter_map(|reason| {
        let value = (reason.applies)(view)?;
        let ja = reason.ja.replace("{value}", &in_japanese(&value));
        Some(Finding { id: reason.id, points: reason.points, en: reason.en.replace("{value}", &value), ja })
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.points));
    let taken = found.iter().fold(0u8, |sum, finding| sum.saturating_add(finding.points));
    (100u8.saturating_sub(taken), found)
}

/// What the rows of a window lack; nothing where there are too few of them.
pub(crate) fn missing(window: &Window) -> Vec<&'static Missing> {
    let enough = window.rows >= ENOUGH;
    let lacks = |missing: &&Missing| {
        let matters = match missing.part {
            part::TCP_FLAGS => window.tcp > 0,
            // Exporters without encrypted traffic analytics lack the lengths already.
            part::INITIAL_PACKET | part::BYTE_COUNTS => window.present & part::SPLT != 0,
            _ => true,
        };
        enough && window.present & missing.part == 0 && matters
    };
    MISSING.iter().filter(lacks).collect()
}

/// The share as text, where it is at least so many in a thousand and there are enough rows.
fn share(count: u64, window: &Window, per_mille: u64) -> Option<String> {
    (window.rows >= ENOUGH && count * 1_000 >= window.rows * per_mille).then(|| percent(count, window.rows))
}

fn percent(count: u64, all: u64) -> String {
    let tenths = u128::from(count) * 1_000 / u128::from(all.max(1));
    format!("{}.{}%", tenths / 10, tenths % 10)
}

fn grouped(number: u32) -> String {
    match (number / 1_000, number % 1_000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{},{rest:03}", grouped(thousands)),
    }
}

/// The same length with its unit in Japanese.
fn in_japanese(value: &str) -> String {
    let units = [(" s", " 秒"), (" min", " 分"), (" h", " 時間"), (" d", " 日")];
    let found = units.iter().find_map(|(en, ja)| Some(format!("{}{ja}", value.strip_suffix(en)?)));
    found.unwrap_or_else(|| value.to_owned())
}

/// A difference of clocks that is worth a word.
fn skewed(millis: i64) -> Option<String> {
    let secs = u64::try_from(millis).ok()? / 1_000;
    (secs > 30).then(|| length(secs))
}

/// Seconds with the largest unit that fits.
fn length(secs: u64) -> String {
    match secs {
        0..=119 => format!("{secs} s"),
        120..=7_199 => format!("{} min", secs / 60),
        7_200..=172_799 => format!("{} h", secs / 3_600),
        _ => format!("{} d", secs / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporters::Counts;

    #[test]
    fn a_good_exporter_has_a_hundred() {
        let good = Window { rows: 1_000, longest_secs: 61, short: 1_000, short_wait_secs: 15_000, ..Window::default() };
        let view = ExporterView { records: 1_000, skew_millis: Some(-900), window: good, ..ExporterView::default() };
        assert_eq!(score(&view), (100, Vec::new()));
    }

    #[test]
    fn a_badly_configured_exporter_is_told_why_in_both_languages() {
        let window = Window {
            rows: 1_000,
            longest_secs: 1_800,
            short: 500,
            short_wait_secs: 60_000,
            tcp: 9,
            ..Window::default()
        };
        let view = ExporterView {
            lately: Counts { records: 950, lost: 50, lost_records: 50, ..Counts::default() },
            skew_millis: Some(7_300_000),
            window,
            ..ExporterView::default()
        };
        let (points, found) = score(&view);
        let ids: Vec<_> = found.iter().map(|finding| finding.id).collect();
        assert_eq!((points, ids), (30, vec!["loss", "active_timeout", "clock_ahead", "idle_timeout"]));
        assert_eq!(found[1].en, "Active timeout 1,800 s: charts lag by as much; set it to 60 s.");
        assert!(found[1].ja.contains("1,800 秒") && found[0].ja.contains("5.0%"));
        assert!(found[2].ja.contains("2 時間進んで"), "{}", found[2].ja);
        assert_eq!(
            found[2].en,
            "Its clock is 2 h ahead of ours, and its flows stand as much too late: let it use NTP."
        );
        assert!(missing(&view.window).iter().any(|missing| missing.id == "splt"));
        assert!(missing(&Window { rows: 5, ..window }).is_empty(), "too few rows to tell");
    }

    #[test]
    fn every_text_exists_in_both_languages_once() {
        let mut ids: Vec<_> = REASONS.iter().map(|r| r.id).chain(MISSING.iter().map(|m| m.id)).collect();
        for (id, en, ja) in REASONS.iter().map(|r| (r.id, r.en, r.ja)) {
            assert!(en.contains("{value}") && ja.contains("{value}"), "{id}");
        }
        let texts = REASONS.iter().map(|r| (r.en, r.ja)).chain(MISSING.iter().map(|m| (m.en, m.ja)));
        texts.for_each(|(en, ja)| assert!(en.is_ascii() && ja.contains('。'), "{en}"));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), REASONS.len() + MISSING.len());
    }
}
