// SPDX-License-Identifier: Apache-2.0
//! The registry of risks. A bit is never given to another risk; what is new gets the next one.

use super::{Risk, Severity, Text};
use crate::reason::Reason;

/// Self-signed certificate.
pub static SELF_SIGNED: Risk = Risk {
    name: "self_signed",
    bit: 0,
    severity: Severity::Medium,
    title: Text { en: "Self-signed certificate", ja: "自己署名証明書" },
    evidence: Reason { en: "the certificate is its own issuer: {0}", ja: "証明書の発行者が自分自身：{0}" },
    benign: &[Text {
        en: "Devices and services of one's own, before they get a certificate",
        ja: "自組織の機器や、証明書を発行する前のサービス",
    }],
    source: "RFC 5280 §3.2; nDPI flow risk 6",
};

/// Certificate expired.
pub static CERTIFICATE_EXPIRED: Risk = Risk {
    name: "certificate_expired",
    bit: 1,
    severity: Severity::Medium,
    title: Text { en: "Certificate expired", ja: "証明書の期限切れ" },
    evidence: Reason {
        en: "the certificate ended at {0}, before the flow", ja: "証明書の有効期限 {0} がフローより前"
    },
    benign: &[Text {
        en: "A forgotten renewal; a capture with a wrong clock; an old authority that a server sends beside the new one (# tells its place)",
        ja: "更新忘れ。時計のずれたキャプチャ。新しいものと併せて送られた古い認証局（# は送られた順番）",
    }],
    source: "RFC 5280 §4.1.2.5; nDPI flow risk 9",
};

/// Certificate not valid yet.
pub static CERTIFICATE_NOT_YET_VALID: Risk = Risk {
    name: "certificate_not_yet_valid",
    bit: 2,
    severity: Severity::Medium,
    title: Text { en: "Certificate not valid yet", ja: "証明書が有効期間前" },
    evidence: Reason {
        en: "the certificate begins at {0}, after the flow", ja: "証明書の開始 {0} がフローより後"
    },
    benign: &[Text {
        en: "A device or a capture whose clock is behind", ja: "時計の遅れた機器やキャプチャ"
    }],
    source: "RFC 5280 §4.1.2.5",
};

/// Certificate ends soon.
pub static CERTIFICATE_EXPIRES_SOON: Risk = Risk {
    name: "certificate_expires_soon",
    bit: 3,
    severity: Severity::Low,
    title: Text { en: "Certificate ends soon", ja: "証明書の期限が近い" },
    evidence: Reason {
        en: "the certificate ends at {0}, within 30 days of the flow",
        ja: "証明書の有効期限 {0} がフローから 30 日以内",
    },
    benign: &[Text {
        en: "Certificates of a week or less that renew themselves are left out; others of 90 days are renewed at 30",
        ja: "7 日以下の自動更新証明書は除外。90 日の証明書は残り 30 日で更新されるのが普通",
    }],
    source: "nDPI flow risk 41, whose limit of 30 days is used",
};

/// Certificate valid for too long.
pub static CERTIFICATE_LONG: Risk = Risk {
    name: "certificate_long",
    bit: 4,
    severity: Severity::Low,
    title: Text { en: "Certificate valid for too long", ja: "証明書の有効期間が長すぎる" },
    evidence: Reason {
        en: "the certificate is valid for {0} days, longer than the 398 that public authorities may give",
        ja: "有効期間 {0} 日は公的認証局の上限 398 日を超える",
    },
    benign: &[Text {
        en: "Authorities of one's own, which may give what they like", ja: "独自の認証局（期間は自由）"
    }],
    source: "CA/Browser Forum Baseline Requirements §6.3.2, for certificates from 2020-09-01 on; nDPI flow risk 32",
};

/// Weak key in the certificate.
pub static WEAK_KEY: Risk = Risk {
    name: "weak_key",
    bit: 5,
    severity: Severity::Medium,
    title: Text { en: "Weak key in the certificate", ja: "証明書の鍵が弱い" },
    evidence: Reason { en: "the certificate's key is {0}", ja: "証明書の鍵は {0}" },
    benign: &[Text { en: "Old devices that cannot do better", ja: "これ以上の鍵を扱えない古い機器" }],
    source: "NIST SP 800-57 part 1 table 2: less than 112 bits of security (RSA and DSA below 2048, curves below 224 bits)",
};

/// Weak signature of the certificate.
pub static WEAK_SIGNATURE: Risk = Risk {
    name: "weak_signature",
    bit: 6,
    severity: Severity::Medium,
    title: Text { en: "Weak signature of the certificate", ja: "証明書の署名が弱い" },
    evidence: Reason { en: "the certificate is signed with {0}", ja: "証明書の署名は {0}" },
    benign: &[Text {
        en: "Old authorities of one's own; what a root signs itself with does not matter, and is left out",
        ja: "古い独自認証局。ルートの自己署名は問題にならず除外",
    }],
    source: "RFC 6151 (MD5), RFC 9155 (SHA-1)",
};

/// Weak cipher suite.
pub static WEAK_CIPHER: Risk = Risk {
    name: "weak_cipher",
    bit: 7,
    severity: Severity::Medium,
    title: Text { en: "Weak cipher suite", ja: "弱い暗号スイート" },
    evidence: Reason { en: "the server chose {0}", ja: "サーバーが {0} を選択" },
    benign: &[Text {
        en: "Old devices and programs; suites of TLS 1.2 without forward secrecy are not counted as weak",
        ja: "古い機器やソフト。前方秘匿性のない TLS 1.2 のスイートは弱いとみなさない",
    }],
    source: "RFC 9325 §4.2.1: no encryption, export strength, RC4, DES, 3DES, no authentication; nDPI flow risk 8 counts CBC and RSA key exchange too",
};

/// Old version of TLS.
pub static OLD_TLS: Risk = Risk {
    name: "old_tls",
    bit: 8,
    severity: Severity::Medium,
    title: Text { en: "Old version of TLS", ja: "古い TLS バージョン" },
    evidence: Reason { en: "the conversation uses {0}", ja: "会話は {0} を使用" },
    benign: &[Text { en: "Old devices and programs", ja: "古い機器やソフト" }],
    source: "RFC 8996; nDPI flow risk 7",
};

/// Certificate is not for the name asked for.
pub static SNI_MISMATCH: Risk = Risk {
    name: "sni_mismatch",
    bit: 9,
    severity: Severity::High,
    title: Text {
        en: "Certificate is not for the name asked for", ja: "証明書が要求された名前のものではない"
    },
    evidence: Reason {
        en: "the client asked for {0}, the certificate is for {1}",
        ja: "クライアントは {0} を要求、証明書は {1} のもの",
    },
    benign: &[Text {
        en: "A server that answers unknown names with a default certificate; a proxy that looks inside",
        ja: "未知の名前に既定の証明書で応えるサーバー。検査用プロキシ",
    }],
    source: "RFC 9525; nDPI flow risk 10",
};

/// TLS without a server name.
pub static MISSING_SNI: Risk = Risk {
    name: "missing_sni",
    bit: 10,
    severity: Severity::Low,
    title: Text { en: "TLS without a server name", ja: "サーバー名のない TLS" },
    evidence: Reason { en: "the client hello has no server name", ja: "ClientHello にサーバー名が無い" },
    benign: &[Text {
        en: "Programs that connect by address, VPNs, mail servers, devices",
        ja: "アドレスで接続するソフト、VPN、メールサーバー、機器",
    }],
    source: "RFC 9325 §3.7; nDPI flow risk 24",
};

/// Uncommon ALPN.
pub static UNCOMMON_ALPN: Risk = Risk {
    name: "uncommon_alpn",
    bit: 11,
    severity: Severity::Low,
    title: Text { en: "Uncommon ALPN", ja: "珍しい ALPN" },
    evidence: Reason {
        en: "the client offers the protocol {0}, which is not registered",
        ja: "クライアントが未登録のプロトコル {0} を提示",
    },
    benign: &[Text { en: "Programs with a protocol of their own", ja: "独自プロトコルのソフト" }],
    source: "IANA TLS ALPN Protocol IDs; nDPI flow risk 31",
};

/// Server chose what was not offered.
pub static ALPN_MISMATCH: Risk = Risk {
    name: "alpn_mismatch",
    bit: 12,
    severity: Severity::Medium,
    title: Text { en: "Server chose what was not offered", ja: "提示されていない ALPN の選択" },
    evidence: Reason {
        en: "the server chose {0}, which the client did not offer",
        ja: "サーバーがクライアントの提示していない {0} を選択",
    },
    benign: &[Text { en: "Broken servers", ja: "不具合のあるサーバー" }],
    source: "RFC 7301 §3.2",
};

/// TLS on the web's port without HTTP.
pub static TLS_NOT_WEB: Risk = Risk {
    name: "tls_not_web",
    bit: 13,
    severity: Severity::Low,
    title: Text { en: "TLS on the web's port without HTTP", ja: "HTTP ではない 443 番の TLS" },
    evidence: Reason {
        en: "TLS on port {0} without an application protocol",
        ja: "ポート {0} の TLS にアプリケーションプロトコルの指定が無い",
    },
    benign: &[Text {
        en: "Old browsers and libraries, VPNs, messengers",
        ja: "古いブラウザーやライブラリー、VPN、メッセンジャー",
    }],
    source: "nDPI flow risk 15",
};

/// Fatal alert of TLS.
pub static TLS_ALERT: Risk = Risk {
    name: "tls_alert",
    bit: 14,
    severity: Severity::Low,
    title: Text { en: "Fatal alert of TLS", ja: "TLS の致命的アラート" },
    evidence: Reason { en: "{0} was sent", ja: "{0} が送られた" },
    benign: &[Text {
        en: "Programs that do not know a new authority; scans of one's own",
        ja: "新しい認証局を知らないソフト。自組織の検査",
    }],
    source: "RFC 8446 §6.2; nDPI flow risk 34",
};

/// Address in place of a name.
pub static NUMERIC_HOST: Risk = Risk {
    name: "numeric_host",
    bit: 15,
    severity: Severity::Low,
    title: Text { en: "Address in place of a name", ja: "名前の代わりにアドレス" },
    evidence: Reason { en: "the name {0} in {1} is an address", ja: "{1} の名前 {0} がアドレス" },
    benign: &[Text {
        en: "Devices on one's own network, health checks of load balancers",
        ja: "自ネットワークの機器、負荷分散装置のヘルスチェック",
    }],
    source: "nDPI flow risk 12",
};

/// Name in punycode.
pub static PUNYCODE: Risk = Risk {
    name: "punycode",
    bit: 16,
    severity: Severity::Low,
    title: Text { en: "Name in punycode", ja: "Punycode の名前" },
    evidence: Reason {
        en: "the name {0} in {1} has letters beyond ASCII: {2}",
        ja: "{1} の名前 {0} が ASCII 以外の文字を含む：{2}",
    },
    benign: &[Text {
        en: "Names in languages that are not written with ASCII", ja: "ASCII で表せない言語の名前"
    }],
    source: "RFC 3492, RFC 5890; nDPI flow risk 42",
};

/// Name with impossible characters.
pub static INVALID_NAME: Risk = Risk {
    name: "invalid_name",
    bit: 17,
    severity: Severity::Medium,
    title: Text { en: "Name with impossible characters", ja: "名前に使えない文字" },
    evidence: Reason {
        en: "the name {0} in {1} has characters that no host name has",
        ja: "{1} の名前 {0} にホスト名に使えない文字がある",
    },
    benign: &[Text {
        en: "Service discovery and other uses of DNS for texts",
        ja: "サービス検出など、DNS を文字列に使う場合",
    }],
    source: "RFC 1123 §2.1; nDPI flow risk 39",
};

/// Name as an algorithm makes it.
pub static DGA_NAME: Risk = Risk {
    name: "dga_name",
    bit: 18,
    severity: Severity::Medium,
    title: Text { en: "Name as an algorithm makes it", ja: "自動生成らしい名前" },
    evidence: Reason { en: "the name {0} in {1} looks generated", ja: "{1} の名前 {0} が自動生成らしい" },
    benign: &[Text {
        en: "Short names of content networks and of trackers, abbreviations",
        ja: "配信網やトラッカーの名前、略語",
    }],
    source: "lexical: see crates/dissect/src/risk/lexical.rs for what it was measured on; nDPI flow risk 16",
};

/// DNS answer larger than was asked for.
pub static DNS_LARGE: Risk = Risk {
    name: "dns_large",
    bit: 19,
    severity: Severity::Low,
    title: Text { en: "DNS answer larger than was asked for", ja: "要求より大きい DNS 応答" },
    evidence: Reason {
        en: "an answer of {0} octets over UDP, {1} were offered",
        ja: "UDP で {0} オクテットの応答（許容は {1}）",
    },
    benign: &[Text { en: "Servers that do not heed the limit", ja: "上限を守らないサーバー" }],
    source: "RFC 1035 §4.2.1, RFC 6891 §6.2.3; nDPI flow risk 37 counts every answer over 512 octets",
};

/// Fragmented DNS.
pub static DNS_FRAGMENTED: Risk = Risk {
    name: "dns_fragmented",
    bit: 20,
    severity: Severity::Low,
    title: Text { en: "Fragmented DNS", ja: "分割された DNS" },
    evidence: Reason { en: "{0} fragments", ja: "{0} 個のフラグメント" },
    benign: &[Text { en: "Large answers with signatures", ja: "署名付きの大きな応答" }],
    source: "RFC 9715; nDPI flow risk 38",
};

/// Odd DNS question.
pub static DNS_ODD: Risk = Risk {
    name: "dns_odd",
    bit: 21,
    severity: Severity::Medium,
    title: Text { en: "Odd DNS question", ja: "変わった DNS の問い合わせ" },
    evidence: Reason { en: "the question for {0} ({1}) is {2}", ja: "{0}（{1}）の問い合わせが {2}" },
    benign: &[Text {
        en: "Reputation services, antivirus and telemetry that put data into names",
        ja: "評価サービス、ウイルス対策など、名前にデータを入れる仕組み",
    }],
    source: "names over 100 octets or labels over 52, as tunnels need; names of addresses (`arpa`) are left out; nDPI flow risk 23",
};

/// Password in clear.
pub static CLEAR_TEXT_CREDENTIALS: Risk = Risk {
    name: "clear_text_credentials",
    bit: 22,
    severity: Severity::High,
    title: Text { en: "Password in clear", ja: "平文のパスワード" },
    evidence: Reason { en: "{0} sent a password in clear: {1}", ja: "{0} で平文のパスワードを送信：{1}" },
    benign: &[Text {
        en: "Tests, anonymous FTP (left out), networks that are closed otherwise",
        ja: "試験、匿名 FTP（除外）、別の手段で閉じたネットワーク",
    }],
    source: "CWE-319; nDPI flow risk 36",
};

/// Executable program transferred.
pub static EXECUTABLE_TRANSFER: Risk = Risk {
    name: "executable_transfer",
    bit: 23,
    severity: Severity::High,
    title: Text { en: "Executable program transferred", ja: "実行可能ファイルの転送" },
    evidence: Reason { en: "{0} came as {1} from {2}", ja: "{2} から {1} として {0} が届いた" },
    benign: &[
        Text { en: "Updates and packages over plain HTTP", ja: "平文 HTTP での更新やパッケージ" },
        Text {
            en: "Administrators who put programs on a share", ja: "管理者による共有フォルダーへのプログラム配置"
        },
    ],
    source: "first octets of the content: see crates/dissect/src/magic.rs; nDPI flow risk 4",
};

/// Program read from a share.
pub static PROGRAM_READ: Risk = Risk {
    name: "program_read",
    bit: 45,
    severity: Severity::Low,
    title: Text { en: "Program read from a share", ja: "共有フォルダーからのプログラムの読み出し" },
    evidence: Reason { en: "{0} was read as {1}", ja: "{1} として {0} を読み出した" },
    benign: &[Text {
        en: "People who start or install programs from a share, which is daily work; backups and virus scanners that read everything",
        ja: "共有フォルダーからのプログラムの起動や導入（日常の業務）。すべてを読むバックアップやウイルス検査",
    }],
    source: "first octets of the content: see crates/dissect/src/magic.rs; MITRE ATT&CK T1570, T1080",
};

/// Content is not what it is said to be.
pub static CONTENT_MISMATCH: Risk = Risk {
    name: "content_mismatch",
    bit: 24,
    severity: Severity::High,
    title: Text { en: "Content is not what it is said to be", ja: "申告と異なる内容" },
    evidence: Reason { en: "the content is called {0} and is {1}", ja: "{0} と称する内容が {1}" },
    benign: &[Text {
        en: "Servers that call all they have by one type", ja: "すべてを同じ種別で送るサーバー"
    }],
    source: "first octets against the declared type; nDPI flow risk 25",
};

/// Old SSH client.
pub static OBSOLETE_SSH_CLIENT: Risk = Risk {
    name: "obsolete_ssh_client",
    bit: 25,
    severity: Severity::Medium,
    title: Text { en: "Old SSH client", ja: "古い SSH クライアント" },
    evidence: Reason { en: "the client is {0}", ja: "クライアントは {0}" },
    benign: &[Text { en: "Devices and appliances", ja: "機器やアプライアンス" }],
    source: "OpenSSH below 7.0 (2015), libssh below 0.8.4 (CVE-2018-10933), PuTTY below 0.68, protocol 1; nDPI flow risk 18",
};

/// Old SSH server.
pub static OBSOLETE_SSH_SERVER: Risk = Risk {
    name: "obsolete_ssh_server",
    bit: 26,
    severity: Severity::Medium,
    title: Text { en: "Old SSH server", ja: "古い SSH サーバー" },
    evidence: Reason { en: "the server is {0}", ja: "サーバーは {0}" },
    benign: &[Text {
        en: "Devices; systems that get fixes without a new version",
        ja: "機器。版を変えずに修正を取り込むシステム",
    }],
    source: "the same limits; nDPI flow risk 19",
};

/// SMB 1.
pub static SMB1: Risk = Risk {
    name: "smb1",
    bit: 27,
    severity: Severity::High,
    title: Text { en: "SMB 1", ja: "SMB 1 の使用" },
    evidence: Reason { en: "the dialect is {0}", ja: "方言は {0}" },
    benign: &[Text {
        en: "Old printers, scanners and storage", ja: "古いプリンター、スキャナー、ストレージ"
    }],
    source: "MS-SMB; nDPI flow risk 20",
};

/// Protocol without protection.
pub static UNSAFE_PROTOCOL: Risk = Risk {
    name: "unsafe_protocol",
    bit: 28,
    severity: Severity::Low,
    title: Text { en: "Protocol without protection", ja: "保護のないプロトコル" },
    evidence: Reason {
        en: "{0} sends logins or commands in clear", ja: "{0} はログインや命令を平文で送る"
    },
    benign: &[Text { en: "Devices that know nothing else", ja: "他の手段を持たない機器" }],
    source: "nDPI flow risk 22",
};

/// Remote control.
pub static REMOTE_ACCESS: Risk = Risk {
    name: "remote_access",
    bit: 29,
    severity: Severity::Low,
    title: Text { en: "Remote control", ja: "遠隔操作" },
    evidence: Reason {
        en: "{0} shows or controls another computer", ja: "{0} は別のコンピューターを表示・操作する"
    },
    benign: &[Text { en: "Administration and support", ja: "管理やサポート" }],
    source: "ATT&CK T1021, T1219; nDPI flow risk 30",
};

/// Mining of coins.
pub static MINING: Risk = Risk {
    name: "mining",
    bit: 30,
    severity: Severity::High,
    title: Text { en: "Mining of coins", ja: "仮想通貨の採掘" },
    evidence: Reason { en: "{0} is spoken by miners", ja: "{0} は採掘ソフトが使う" },
    benign: &[Text { en: "Miners and their pools on purpose", ja: "意図した採掘" }],
    source: "ATT&CK T1496",
};

/// Known protocol on a foreign port.
pub static FOREIGN_PORT: Risk = Risk {
    name: "foreign_port",
    bit: 31,
    severity: Severity::Medium,
    title: Text { en: "Known protocol on a foreign port", ja: "既知プロトコルの異例なポート" },
    evidence: Reason { en: "{0} on port {1}; usual are {2}", ja: "ポート {1} の {0}（通常は {2}）" },
    benign: &[Text {
        en: "Services moved on purpose, proxies, tests", ja: "意図的に移したサービス、プロキシ、試験"
    }],
    source: "ATT&CK T1571; nDPI flow risk 5",
};

/// Malformed messages.
pub static MALFORMED: Risk = Risk {
    name: "malformed",
    bit: 32,
    severity: Severity::Medium,
    title: Text { en: "Malformed messages", ja: "不正な形のメッセージ" },
    evidence: Reason { en: "{0}: {1}", ja: "{0}：{1}" },
    benign: &[Text {
        en: "Captures with loss; a protocol that only looks like this one",
        ja: "欠落のあるキャプチャ。似ているだけの別プロトコル",
    }],
    source: "the protocol's own specification; nDPI flow risk 17",
};

/// Answer is an error.
pub static ERROR_CODE: Risk = Risk {
    name: "error_code",
    bit: 33,
    severity: Severity::Low,
    title: Text { en: "Answer is an error", ja: "エラー応答" },
    evidence: Reason { en: "{0} answered {1}", ja: "{0} の応答が {1}" },
    benign: &[Text { en: "Broken links, names that do not exist", ja: "リンク切れ、存在しない名前" }],
    source: "nDPI flow risk 43",
};

/// Connection failed.
pub static TCP_TROUBLE: Risk = Risk {
    name: "tcp_trouble",
    bit: 34,
    severity: Severity::Low,
    title: Text { en: "Connection failed", ja: "接続の失敗" },
    evidence: Reason { en: "the connection was {0}", ja: "接続の結果：{0}" },
    benign: &[Text {
        en: "Services that were stopped, happy eyeballs", ja: "停止中のサービス、Happy Eyeballs"
    }],
    source: "RFC 9293; nDPI flow risk 50",
};

/// Odd user agent.
pub static ODD_USER_AGENT: Risk = Risk {
    name: "odd_user_agent",
    bit: 35,
    severity: Severity::Medium,
    title: Text { en: "Odd user agent", ja: "変わったユーザーエージェント" },
    evidence: Reason { en: "the user agent is {0}: {1}", ja: "ユーザーエージェント {0}：{1}" },
    benign: &[Text {
        en: "Programs of one's own, monitoring, scans of one's own",
        ja: "自作ソフト、監視、自組織の検査",
    }],
    source: "nDPI flow risk 11",
};

/// Crawler.
pub static CRAWLER: Risk = Risk {
    name: "crawler",
    bit: 36,
    severity: Severity::Low,
    title: Text { en: "Crawler", ja: "クローラー" },
    evidence: Reason { en: "the user agent is {0}", ja: "ユーザーエージェントは {0}" },
    benign: &[Text { en: "Search engines that are welcome", ja: "歓迎される検索エンジン" }],
    source: "nDPI flow risk 44",
};

/// Outdated web server.
pub static OUTDATED_SERVER: Risk = Risk {
    name: "outdated_server",
    bit: 37,
    severity: Severity::Low,
    title: Text { en: "Outdated web server", ja: "古いウェブサーバー" },
    evidence: Reason { en: "the server is {0}", ja: "サーバーは {0}" },
    benign: &[Text {
        en: "Systems that get fixes without a new version", ja: "版を変えずに修正を取り込むシステム"
    }],
    source: "versions that get no fixes any more: Apache below 2.4, nginx below 1.18, IIS below 10, PHP below 8, lighttpd below 1.4, Tomcat's Coyote 1.0; nDPI flow risk 47",
};

/// Attempt to exploit a known hole.
pub static EXPLOIT_ATTEMPT: Risk = Risk {
    name: "exploit_attempt",
    bit: 38,
    severity: Severity::Critical,
    title: Text { en: "Attempt to exploit a known hole", ja: "既知の脆弱性を突く試み" },
    evidence: Reason { en: "{0} in {1}", ja: "{1} に {0}" },
    benign: &[Text {
        en: "Scans of one's own, texts about the hole", ja: "自組織の検査、脆弱性についての文章"
    }],
    source: "CVE-2021-44228 (Log4Shell), CVE-2014-6271 (Shellshock), CVE-2021-41773, MS17-010 (EternalBlue), CVE-2020-0796 (SMBGhost), CVE-2019-0708 (BlueKeep); nDPI flow risk 40",
};

/// SQL in a web request.
pub static SQL_INJECTION: Risk = Risk {
    name: "sql_injection",
    bit: 39,
    severity: Severity::High,
    title: Text { en: "SQL in a web request", ja: "要求に含まれる SQL" },
    evidence: Reason { en: "the request {0} has {1}", ja: "要求 {0} に {1}" },
    benign: &[Text {
        en: "Consoles that send SQL on purpose, scans of one's own",
        ja: "SQL を送る管理画面、自組織の検査",
    }],
    source: "CWE-89; nDPI flow risk 2",
};

/// Script in a web request.
pub static SCRIPT_INJECTION: Risk = Risk {
    name: "script_injection",
    bit: 40,
    severity: Severity::High,
    title: Text { en: "Script in a web request", ja: "要求に含まれるスクリプト" },
    evidence: Reason { en: "the request {0} has {1}", ja: "要求 {0} に {1}" },
    benign: &[Text { en: "Editors of pages, scans of one's own", ja: "ページ編集画面、自組織の検査" }],
    source: "CWE-79; nDPI flow risk 1",
};

/// Command in a web request.
pub static COMMAND_INJECTION: Risk = Risk {
    name: "command_injection",
    bit: 41,
    severity: Severity::High,
    title: Text { en: "Command in a web request", ja: "要求に含まれるコマンド" },
    evidence: Reason { en: "the request {0} has {1}", ja: "要求 {0} に {1}" },
    benign: &[Text {
        en: "Consoles that send commands on purpose, scans of one's own",
        ja: "コマンドを送る管理画面、自組織の検査",
    }],
    source: "CWE-78, CWE-22; nDPI flow risk 3",
};

/// Fingerprint of a feed.
pub static BAD_FINGERPRINT: Risk = Risk {
    name: "bad_fingerprint",
    bit: 42,
    severity: Severity::High,
    title: Text { en: "Fingerprint of a feed", ja: "フィードにあるフィンガープリント" },
    evidence: Reason { en: "{0} {1} is {2} in {3}", ja: "{0} {1} は {3} では {2}" },
    benign: &[Text {
        en: "Libraries share fingerprints with what uses them",
        ja: "ライブラリーのフィンガープリントは利用ソフトに共通",
    }],
    source: "the feeds of `[[fingerprints]]`; nDPI flow risks 28 and 29",
};

/// Request for a hidden file.
pub static HIDDEN_FILE: Risk = Risk {
    name: "hidden_file",
    bit: 43,
    severity: Severity::Medium,
    title: Text { en: "Request for a hidden file", ja: "隠しファイルの要求" },
    evidence: Reason { en: "the request is for {0}", ja: "要求の対象は {0}" },
    benign: &[Text {
        en: "Deployments that fetch such files on purpose, scans of one's own",
        ja: "意図した取得、自組織の検査",
    }],
    source: "ATT&CK T1595.003; nDPI flow risk 40 for the same signs",
};

/// Certificates that do not follow from each other.
pub static CERTIFICATE_ORDER: Risk = Risk {
    name: "certificate_order",
    bit: 44,
    severity: Severity::Low,
    title: Text {
        en: "Certificates that do not follow from each other", ja: "つながらない証明書チェーン"
    },
    evidence: Reason {
        en: "behind the first certificate stand {0}, of which one did not issue what stands before it",
        ja: "一枚目の後ろの証明書は {0}。このうち直前の証明書の発行者でないものがある",
    },
    benign: &[Text {
        en: "Servers with a file of certificates in the wrong order, or with several ways to a root: most clients find the way",
        ja: "証明書ファイルの順序の誤り、ルートへの経路が複数ある構成（多くのクライアントは経路を見つける）",
    }],
    source: "RFC 5246 §7.4.2: each certificate must certify the one before it; RFC 8446 §4.4.2 asks clients to be patient",
};

/// Every risk, in the order of the bits.
pub static RISKS: &[&Risk] = &[
    &SELF_SIGNED,
    &CERTIFICATE_EXPIRED,
    &CERTIFICATE_NOT_YET_VALID,
    &CERTIFICATE_EXPIRES_SOON,
    &CERTIFICATE_LONG,
    &WEAK_KEY,
    &WEAK_SIGNATURE,
    &WEAK_CIPHER,
    &OLD_TLS,
    &SNI_MISMATCH,
    &MISSING_SNI,
    &UNCOMMON_ALPN,
    &ALPN_MISMATCH,
    &TLS_NOT_WEB,
    &TLS_ALERT,
    &NUMERIC_HOST,
    &PUNYCODE,
    &INVALID_NAME,
    &DGA_NAME,
    &DNS_LARGE,
    &DNS_FRAGMENTED,
    &DNS_ODD,
    &CLEAR_TEXT_CREDENTIALS,
    &EXECUTABLE_TRANSFER,
    &CONTENT_MISMATCH,
    &OBSOLETE_SSH_CLIENT,
    &OBSOLETE_SSH_SERVER,
    &SMB1,
    &UNSAFE_PROTOCOL,
    &REMOTE_ACCESS,
    &MINING,
    &FOREIGN_PORT,
    &MALFORMED,
    &ERROR_CODE,
    &TCP_TROUBLE,
    &ODD_USER_AGENT,
    &CRAWLER,
    &OUTDATED_SERVER,
    &EXPLOIT_ATTEMPT,
    &SQL_INJECTION,
    &SCRIPT_INJECTION,
    &COMMAND_INJECTION,
    &BAD_FINGERPRINT,
    &HIDDEN_FILE,
    &CERTIFICATE_ORDER,
    &PROGRAM_READ,
];
