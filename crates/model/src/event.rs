// SPDX-License-Identifier: Apache-2.0
//! The event row: what a detection found, with the values that made it fire.

use std::borrow::Cow;

use minamo_base::{Ip, Time};
use minamo_schema::{row, table};

table! {
    /// One finding of one rule in one window.
    pub struct Finding, group "event", prefix "" {
        /// Stable identity, 16 hexadecimal digits: a hash of rule, window and keys.
        event_id: String, "固定識別子（16 桁の 16 進数）。ルール・時間窓・キーのハッシュ", Key, None, Derived, Plain, [];
        /// Name of the rule.
        rule: String, "ルールの名前", Key, None, Derived, Plain, [];
        /// `low`, `medium`, `high` or `critical`.
        severity: Cow<'static, str>, "重要度：low、medium、high、critical", Key, None, Derived, Plain, [];
        /// Start of the window.
        time_start: Time, "時間窓の開始", Instant, None, Derived, Plain, [];
        /// End of the window.
        time_end: Time, "時間窓の終了", Instant, None, Derived, Plain, [];
        /// Time at which the event was found.
        time_found: Time, "検知した時刻", Instant, None, Derived, Plain, [];
        /// Address that caused it.
        src_ip: Option<Ip>, "原因となったアドレス", Key, None, Derived, Address, [];
        /// Address that it was aimed at, where there is one.
        dst_ip: Option<Ip>, "対象のアドレス（あれば）", Key, None, Derived, Address, [];
        /// The values that made the rule fire, as a JSON object of the rule's result columns.
        facts: String, "検知の根拠となった値（JSON）", Fact, None, Derived, Content, [];
        /// Filter that shows the flows behind the event.
        filter: String, "元のフローを表示するフィルター", Fact, None, Derived, Content, [];
        /// Identifiers of MITRE ATT&CK.
        attack: Vec<String>, "MITRE ATT&CK の識別子", Key, None, Derived, Plain, [];
        /// The perspective that it is of, where one covers it; it may have said the severity.
        perspective: Option<String>, "該当した視点（パースペクティブ）。重要度を決めることがある", Key, None, Derived, Plain, [];
        /// Number of the suppression that hides it; absent where it is shown.
        suppressed_by: Option<u32>, "このイベントを隠している抑止の番号。表示されるイベントでは空", Key, None, Derived, Plain, [];
        /// Why a suppression does not hide it: its number and the value that is far beyond what was usual.
        suppression_broken: Option<String>, "抑止が効かなかった理由：抑止の番号と、通常を大きく超えた値", Fact, None, Derived, Plain, [];
    }
}

row! {
    /// One event.
    pub struct Event, builder EventBuilder {
        finding: Finding
    }
}
