// SPDX-License-Identifier: Apache-2.0
//! Names of techniques of MITRE ATT&CK: of those that our rules name and of those that signatures of other systems
//! often name. Source: attack.mitre.org, the page of each technique; the Japanese ones are ours.

use crate::Text;

/// Identifier, English and Japanese name; of a sub-technique without that of its parent.
const NAMES: &[(&str, &str, &str)] = &[
    ("T0832", "Manipulation of View", "表示の改ざん"),
    ("T0856", "Spoof Reporting Message", "報告メッセージの偽装"),
    ("T1001", "Data Obfuscation", "データの難読化"),
    ("T1003", "OS Credential Dumping", "OS 認証情報のダンプ"),
    ("T1003.002", "Security Account Manager", "SAM の読み取り"),
    ("T1003.003", "NTDS", "NTDS の読み取り"),
    ("T1003.004", "LSA Secrets", "LSA シークレットの読み取り"),
    ("T1003.006", "DCSync", "DCSync"),
    ("T1005", "Data from Local System", "ローカルシステムのデータ"),
    ("T1007", "System Service Discovery", "サービスの調査"),
    ("T1008", "Fallback Channels", "予備の通信路"),
    ("T1016", "System Network Configuration Discovery", "ネットワーク設定の調査"),
    ("T1018", "Remote System Discovery", "リモートシステムの探索"),
    ("T1020", "Automated Exfiltration", "自動持ち出し"),
    ("T1021", "Remote Services", "リモートサービス"),
    ("T1021.001", "Remote Desktop Protocol", "リモートデスクトップ"),
    ("T1021.002", "SMB/Windows Admin Shares", "SMB・管理共有"),
    ("T1021.003", "Distributed Component Object Model", "DCOM"),
    ("T1021.004", "SSH", "SSH"),
    ("T1021.006", "Windows Remote Management", "Windows リモート管理"),
    ("T1027", "Obfuscated Files or Information", "ファイルや情報の難読化"),
    ("T1029", "Scheduled Transfer", "定期的な転送"),
    ("T1030", "Data Transfer Size Limits", "転送量の制限"),
    ("T1039", "Data from Network Shared Drive", "共有ドライブのデータ"),
    ("T1040", "Network Sniffing", "通信の盗聴"),
    ("T1041", "Exfiltration Over C2 Channel", "C2 経由の持ち出し"),
    ("T1046", "Network Service Discovery", "ネットワークサービスの探索"),
    ("T1047", "Windows Management Instrumentation", "WMI"),
    ("T1048", "Exfiltration Over Alternative Protocol", "別プロトコルでの持ち出し"),
    ("T1049", "System Network Connections Discovery", "接続の調査"),
    ("T1053", "Scheduled Task/Job", "予約されたタスク"),
    ("T1053.005", "Scheduled Task", "タスクスケジューラ"),
    ("T1059", "Command and Scripting Interpreter", "コマンド・スクリプトの実行"),
    ("T1069", "Permission Groups Discovery", "権限グループの調査"),
    ("T1069.002", "Domain Groups", "ドメイングループの調査"),
    ("T1070", "Indicator Removal", "痕跡の消去"),
    ("T1070.001", "Clear Windows Event Logs", "イベントログの消去"),
    ("T1071", "Application Layer Protocol", "アプリケーション層プロトコル"),
    ("T1071.001", "Web Protocols", "Web プロトコル"),
    ("T1071.003", "Mail Protocols", "メールプロトコル"),
    ("T1071.004", "DNS", "DNS"),
    ("T1074", "Data Staged", "データの集積"),
    ("T1078", "Valid Accounts", "正規アカウントの悪用"),
    ("T1082", "System Information Discovery", "システム情報の調査"),
    ("T1087", "Account Discovery", "アカウントの探索"),
    ("T1087.002", "Domain Account", "ドメインアカウント"),
    ("T1090", "Proxy", "プロキシ"),
    ("T1090.002", "External Proxy", "外部プロキシ"),
    ("T1090.003", "Multi-hop Proxy", "多段プロキシ"),
    ("T1095", "Non-Application Layer Protocol", "アプリケーション層以外のプロトコル"),
    ("T1098", "Account Manipulation", "アカウントの操作"),
    ("T1102", "Web Service", "Web サービス"),
    ("T1105", "Ingress Tool Transfer", "ツールの持ち込み"),
    ("T1110", "Brute Force", "総当たり攻撃"),
    ("T1110.001", "Password Guessing", "パスワード推測"),
    ("T1110.003", "Password Spraying", "パスワードスプレー"),
    ("T1114", "Email Collection", "メールの収集"),
    ("T1132", "Data Encoding", "データの符号化"),
    ("T1133", "External Remote Services", "外部公開のリモートサービス"),
    ("T1135", "Network Share Discovery", "共有フォルダーの探索"),
    ("T1136", "Create Account", "アカウントの作成"),
    ("T1136.002", "Domain Account", "ドメインアカウントの作成"),
    ("T1187", "Forced Authentication", "認証の強制"),
    ("T1189", "Drive-by Compromise", "ドライブバイ攻撃"),
    ("T1190", "Exploit Public-Facing Application", "公開アプリケーションの悪用"),
    ("T1200", "Hardware Additions", "機器の不正な接続"),
    ("T1203", "Exploitation for Client Execution", "クライアントの脆弱性の悪用"),
    ("T1204", "User Execution", "利用者による実行"),
    ("T1205", "Traffic Signaling", "通信による合図"),
    ("T1207", "Rogue Domain Controller", "偽のドメインコントローラー"),
    ("T1210", "Exploitation of Remote Services", "リモートサービスの脆弱性の悪用"),
    ("T1213", "Data from Information Repositories", "情報リポジトリのデータ"),
    ("T1219", "Remote Access Tools", "リモートアクセスツール"),
    ("T1482", "Domain Trust Discovery", "ドメインの信頼関係の調査"),
    ("T1486", "Data Encrypted for Impact", "データの暗号化"),
    ("T1489", "Service Stop", "サービスの停止"),
    ("T1496", "Resource Hijacking", "リソースの乗っ取り"),
    ("T1496.001", "Compute Hijacking", "計算資源の乗っ取り"),
    ("T1498", "Network Denial of Service", "ネットワーク DoS"),
    ("T1498.001", "Direct Network Flood", "直接のフラッド"),
    ("T1498.002", "Reflection Amplification", "リフレクション増幅"),
    ("T1499", "Endpoint Denial of Service", "エンドポイント DoS"),
    ("T1499.001", "OS Exhaustion Flood", "OS 資源の枯渇"),
    ("T1499.002", "Service Exhaustion Flood", "サービス資源の枯渇"),
    ("T1499.003", "Application Exhaustion Flood", "アプリケーション資源の枯渇"),
    ("T1499.004", "Application or System Exploitation", "脆弱性による停止"),
    ("T1505", "Server Software Component", "サーバーソフトウェアの部品"),
    ("T1531", "Account Access Removal", "アカウントの利用妨害"),
    ("T1534", "Internal Spearphishing", "内部スピアフィッシング"),
    ("T1552", "Unsecured Credentials", "保護されていない認証情報"),
    ("T1552.006", "Group Policy Preferences", "グループポリシーの基本設定"),
    ("T1555", "Credentials from Password Stores", "保存されたパスワードの窃取"),
    ("T1557", "Adversary-in-the-Middle", "中間者攻撃"),
    ("T1557.001", "LLMNR/NBT-NS Poisoning and SMB Relay", "LLMNR・NBT-NS の汚染と SMB リレー"),
    ("T1557.002", "ARP Cache Poisoning", "ARP キャッシュの汚染"),
    ("T1557.003", "DHCP Spoofing", "DHCP のなりすまし"),
    ("T1558", "Steal or Forge Kerberos Tickets", "Kerberos チケットの窃取・偽造"),
    ("T1558.003", "Kerberoasting", "Kerberoasting"),
    ("T1558.004", "AS-REP Roasting", "AS-REP Roasting"),
    ("T1562", "Impair Defenses", "防御の妨害"),
    ("T1562.002", "Disable Windows Event Logging", "イベントログの停止"),
    ("T1565", "Data Manipulation", "データの改ざん"),
    ("T1566", "Phishing", "フィッシング"),
    ("T1567", "Exfiltration Over Web Service", "Web サービスへの持ち出し"),
    ("T1567.002", "Exfiltration to Cloud Storage", "クラウドストレージへの持ち出し"),
    ("T1568", "Dynamic Resolution", "動的な名前解決"),
    ("T1568.002", "Domain Generation Algorithms", "ドメイン生成アルゴリズム"),
    ("T1569", "System Services", "システムサービス"),
    ("T1569.002", "Service Execution", "サービスの実行"),
    ("T1570", "Lateral Tool Transfer", "ツールの横展開"),
    ("T1571", "Non-Standard Port", "標準外ポート"),
    ("T1572", "Protocol Tunneling", "プロトコルトンネル"),
    ("T1573", "Encrypted Channel", "暗号化された通信路"),
    ("T1573.002", "Asymmetric Cryptography", "公開鍵暗号"),
    ("T1584", "Compromise Infrastructure", "インフラの乗っ取り"),
    ("T1584.002", "DNS Server", "DNS サーバー"),
    ("T1590", "Gather Victim Network Information", "標的ネットワークの情報収集"),
    ("T1590.002", "DNS", "DNS"),
    ("T1595", "Active Scanning", "能動的スキャン"),
    ("T1595.001", "Scanning IP Blocks", "IP ブロックのスキャン"),
    ("T1595.002", "Vulnerability Scanning", "脆弱性スキャン"),
    ("T1595.003", "Wordlist Scanning", "単語リストのスキャン"),
    ("T1600", "Weaken Encryption", "暗号の弱体化"),
];

/// The name of a technique or sub-technique; nothing where it is not listed.
pub fn technique(id: &str) -> Option<Text> {
    let at = NAMES.binary_search_by_key(&id, |(known, ..)| known).ok()?;
    NAMES.get(at).map(|(_, en, ja)| Text { en: (*en).to_owned(), ja: (*ja).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_technique_of_a_shipped_rule_has_a_name_and_so_has_its_parent() {
        assert!(NAMES.is_sorted_by_key(|(id, ..)| id));
        for rule in crate::shipped_rules().expect("they parse") {
            for id in &rule.attack {
                let parent = id.split('.').next().expect("a part");
                assert!(technique(id).is_some() && technique(parent).is_some(), "{}: {id} has no name", rule.name);
            }
        }
        assert!(NAMES.iter().all(|(id, ..)| crate::Tactic::of(id).is_some()));
        assert_eq!(technique("T9999"), None);
    }
}
