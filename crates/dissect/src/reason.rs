// SPDX-License-Identifier: Apache-2.0
//! Why a flow has its label: the statements that `app_reason` is made of, in English and Japanese. The column holds
//! the English text, which people read in SQL and files as it is; the console has this table too
//! (`web/src/gen/reasons.ts`) and says the same in the language of its user.

/// One statement. `{0}`, `{1}` … stand for values, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// In English, as rows have it.
    pub en: &'static str,
    /// In Japanese.
    pub ja: &'static str,
}

/// The content is that of a protocol: its full name.
pub static CONTENT: Reason = Reason { en: "{0} by its content", ja: "内容から {0} と判定" };

/// A message has at least the form of a protocol, and the port is usual for it: its full name, port.
pub static FORM: Reason = Reason {
    en: "{0} by the form of a message and by the port {1}",
    ja: "メッセージの形式とポート {1} から {0} と判定",
};

/// It was found in the datagrams of another protocol: that one's full name.
pub static CARRIED: Reason = Reason { en: "inside {0}", ja: "{0} の中で検出" };

/// TLS is that of a mail protocol: its label, the server's name, column with the name.
pub static MAIL: Reason = Reason {
    en: "{0} by the name {1} in {2} and by the port",
    ja: "{2} の名前 {1} とポートから {0} と判定",
};

/// What is in TLS is told by the port that is registered for it: label, port.
pub static PORT: Reason = Reason { en: "{0} by the port {1}", ja: "ポート {1} から {0} と判定" };

/// What is in TLS is told by the protocol that the client offered: label, protocol.
pub static ALPN: Reason =
    Reason { en: "{0} by the protocol {1} in tls_alpn", ja: "tls_alpn のプロトコル {1} から {0} と判定" };

/// A host name belongs to a service: service, name, column with the name.
pub static SERVICE: Reason = Reason { en: "{0} by the name {1} in {2}", ja: "{2} の名前 {1} から {0} と判定" };

/// There is no application above IP: the protocol's number.
pub static IP_PROTOCOL: Reason =
    Reason { en: "protocol number {0} in the IP header", ja: "IP ヘッダーのプロトコル番号 {0} による" };

/// The frame carries no IP: its type.
pub static FRAME_TYPE: Reason = Reason { en: "frame type {0}", ja: "フレームの種別 {0} による" };

/// A signature of one's own holds: its name, the conditions that hold.
pub static SIGNATURE: Reason = Reason { en: "signature {0}: {1}", ja: "シグネチャ {0}：{1}" };

/// More signatures hold, which are not the ones that named it: their names.
pub static SIGNATURES: Reason =
    Reason { en: "other signatures that fit: {0}", ja: "ほかに一致したシグネチャ：{0}" };

/// The label is that of the flow before a silence of the same conversation.
pub static RESUMED: Reason = Reason { en: "known from before a silence", ja: "無通信の前の部分から判明" };

/// Another conversation announced it: full name, full name of the protocol that announced it.
pub static ANNOUNCED: Reason = Reason { en: "{0} as {1} announced it", ja: "{1} での通知から {0} と判定" };

/// The same socket has a call of this service: the service.
pub static SOCKET: Reason = Reason {
    en: "{0} by another conversation of the same socket",
    ja: "同じソケットの別の通信から {0} と判定",
};

/// Every statement; the first that fits a text is the one that made it.
pub static REASONS: &[&Reason] = &[
    &SIGNATURE,
    &SIGNATURES,
    &IP_PROTOCOL,
    &FRAME_TYPE,
    &CONTENT,
    &FORM,
    &CARRIED,
    &MAIL,
    &PORT,
    &ALPN,
    &SERVICE,
    &ANNOUNCED,
    &SOCKET,
    &RESUMED,
];

/// What stands between statements.
pub const BETWEEN: &str = "; ";

impl Reason {
    /// The English text with values in it.
    pub fn fill(&self, values: &[&str]) -> String {
        let mut out = String::with_capacity(64);
        let mut rest = self.en;
        while let Some((before, at, after)) = placeholder(rest) {
            out.push_str(before);
            out.push_str(values.get(at).copied().unwrap_or_default());
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The values in an English text, in their order; nothing where another statement made it.
    pub(crate) fn values<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let (before, _, mut after) = placeholder(self.en)?;
        let (mut rest, mut values) = (text.strip_prefix(before)?, Vec::new());
        while let Some((between, _, behind)) = placeholder(after) {
            let (value, left) = rest.split_once(between)?;
            values.push(value);
            (rest, after) = (left, behind);
        }
        values.push(rest.strip_suffix(after)?);
        Some(values)
    }
}

/// One text of several statements.
pub fn join(statements: &[String]) -> String {
    statements.join(BETWEEN)
}

/// What stands before the next placeholder, its number, and what stands behind it.
fn placeholder(text: &str) -> Option<(&str, usize, &str)> {
    let (before, behind) = text.split_once('{')?;
    let (number, after) = behind.split_once('}')?;
    Some((before, number.parse().ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(mut text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        while let Some((_, at, after)) = placeholder(text) {
            found.push(at);
            text = after;
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn both_languages_use_the_same_values() {
        for reason in REASONS {
            assert!(!reason.ja.is_empty() && reason.ja != reason.en, "{}", reason.en);
            assert_eq!(placeholders(reason.en), placeholders(reason.ja), "{}", reason.en);
            assert!(!reason.en.contains(BETWEEN), "{}", reason.en);
        }
    }

    #[test]
    fn values_stand_where_the_text_says() {
        assert_eq!(SERVICE.fill(&["YouTube", "i.ytimg.com", "tls_sni"]), "YouTube by the name i.ytimg.com in tls_sni");
        assert_eq!(IP_PROTOCOL.fill(&["89"]), "protocol number 89 in the IP header");
        assert_eq!(CONTENT.fill(&[]), " by its content");
    }

    #[test]
    fn values_are_found_again() {
        let text = SIGNATURE.fill(&["acme", "text A: at 0"]);
        assert_eq!(SIGNATURE.values(&text), Some(vec!["acme", "text A: at 0"]));
        assert_eq!(SIGNATURES.values(&SIGNATURES.fill(&["a, b"])), Some(vec!["a, b"]));
        assert_eq!((SIGNATURES.values(&text), SIGNATURE.values("SSH by its content")), (None, None));
    }
}
