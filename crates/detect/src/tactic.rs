// SPDX-License-Identifier: Apache-2.0
//! Tactics of MITRE ATT&CK (Enterprise, and ICS where they have the same name), in the order of an attack, and which techniques of our rules serve which.
//! Source: attack.mitre.org, the page of each technique.

use crate::Text;

/// What an attacker wants at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tactic {
    /// TA0043: to learn about the target from outside.
    Reconnaissance,
    /// TA0042: to have what the attack needs.
    ResourceDevelopment,
    /// TA0001: to get in.
    InitialAccess,
    /// TA0002: to run code.
    Execution,
    /// TA0003: to stay.
    Persistence,
    /// TA0005: not to be seen.
    DefenseEvasion,
    /// TA0006: names and passwords.
    CredentialAccess,
    /// TA0007: to learn about the network from inside.
    Discovery,
    /// TA0008: to the next host.
    LateralMovement,
    /// TA0009: to gather what is wanted.
    Collection,
    /// TA0011: to command what was taken over.
    CommandAndControl,
    /// TA0010: to carry it out.
    Exfiltration,
    /// TA0040: to harm or to use.
    Impact,
}

/// All tactics in the order of an attack.
pub const TACTICS: [Tactic; 13] = [
    Tactic::Reconnaissance,
    Tactic::ResourceDevelopment,
    Tactic::InitialAccess,
    Tactic::Execution,
    Tactic::Persistence,
    Tactic::DefenseEvasion,
    Tactic::CredentialAccess,
    Tactic::Discovery,
    Tactic::LateralMovement,
    Tactic::Collection,
    Tactic::CommandAndControl,
    Tactic::Exfiltration,
    Tactic::Impact,
];

impl Tactic {
    /// The word for it, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reconnaissance => "reconnaissance",
            Self::ResourceDevelopment => "resource_development",
            Self::InitialAccess => "initial_access",
            Self::Execution => "execution",
            Self::Persistence => "persistence",
            Self::DefenseEvasion => "defense_evasion",
            Self::CredentialAccess => "credential_access",
            Self::Discovery => "discovery",
            Self::LateralMovement => "lateral_movement",
            Self::Collection => "collection",
            Self::CommandAndControl => "command_and_control",
            Self::Exfiltration => "exfiltration",
            Self::Impact => "impact",
        }
    }

    /// Its name in both languages.
    pub fn name(self) -> Text {
        let (en, ja) = match self {
            Self::Reconnaissance => ("reconnaissance", "偵察"),
            Self::ResourceDevelopment => ("resource development", "攻撃準備"),
            Self::InitialAccess => ("initial access", "初期侵入"),
            Self::Execution => ("execution", "実行"),
            Self::Persistence => ("persistence", "永続化"),
            Self::DefenseEvasion => ("defense evasion", "防御回避"),
            Self::CredentialAccess => ("credential access", "認証情報の窃取"),
            Self::Discovery => ("discovery", "内部の探索"),
            Self::LateralMovement => ("lateral movement", "横展開"),
            Self::Collection => ("collection", "収集"),
            Self::CommandAndControl => ("command and control", "C2 通信"),
            Self::Exfiltration => ("exfiltration", "持ち出し"),
            Self::Impact => ("impact", "影響"),
        };
        Text { en: en.to_owned(), ja: ja.to_owned() }
    }

    /// The tactic that a technique serves; of a technique with several the one that network traffic shows.
    pub fn of(technique: &str) -> Option<Self> {
        let parent = technique.split('.').next()?;
        let number: u16 = parent.strip_prefix('T')?.parse().ok()?;
        Some(match number {
            // ATT&CK for ICS.
            840 | 842 | 846 | 887 | 888 => Self::Discovery,
            817 | 819 | 822 | 847 | 848 | 860 | 862 | 864 | 865 | 883 => Self::InitialAccess,
            821 | 858 | 871 => Self::Execution,
            839 | 857 | 873 | 889 => Self::Persistence,
            845 | 868 | 877 => Self::Collection,
            812 | 843 | 859 | 866 | 867 | 886 | 891 => Self::LateralMovement,
            869 | 884 | 885 => Self::CommandAndControl,
            800..=899 => Self::Impact,
            1589..=1592 | 1595..=1598 => Self::Reconnaissance,
            1583..=1588 | 1608 | 1650 => Self::ResourceDevelopment,
            1078 | 1091 | 1133 | 1189 | 1190 | 1195 | 1199 | 1200 | 1566 | 1659 => Self::InitialAccess,
            1047 | 1053 | 1059 | 1106 | 1203 | 1204 | 1569 | 1610 => Self::Execution,
            1098 | 1136 | 1197 | 1505 | 1543 | 1547 => Self::Persistence,
            1014 | 1027 | 1036 | 1070 | 1112 | 1207 | 1550 | 1562 | 1564 | 1599..=1601 => Self::DefenseEvasion,
            1003 | 1040 | 1110 | 1111 | 1187 | 1212 | 1539 | 1552 | 1555..=1558 => Self::CredentialAccess,
            1007 | 1012 | 1016 | 1018 | 1033 | 1046 | 1049 | 1057 | 1069 | 1082 | 1083 | 1087 | 1120 | 1135 | 1201
            | 1482 => Self::Discovery,
            1021 | 1072 | 1080 | 1210 | 1534 | 1563 | 1570 => Self::LateralMovement,
            1005 | 1039 | 1056 | 1074 | 1113 | 1114 | 1119 | 1213 | 1530 | 1560 | 1602 => Self::Collection,
            1001 | 1008 | 1071 | 1090 | 1092 | 1095 | 1102 | 1104 | 1105 | 1132 | 1205 | 1219 | 1568 | 1571..=1573 => {
                Self::CommandAndControl
            }
            1011 | 1020 | 1029 | 1030 | 1041 | 1048 | 1052 | 1537 | 1567 => Self::Exfiltration,
            1485..=1491 | 1495 | 1496 | 1498 | 1499 | 1529 | 1531 | 1561 | 1565 => Self::Impact,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_technique_of_a_shipped_rule_has_a_tactic() {
        for rule in crate::shipped_rules().expect("they parse") {
            for id in &rule.attack {
                assert!(Tactic::of(id).is_some(), "{}: {id} has no tactic", rule.name);
            }
        }
        assert_eq!(Tactic::of("T1110.003"), Some(Tactic::CredentialAccess));
        assert_eq!([Tactic::of("T9"), Tactic::of("1110"), Tactic::of("")], [None; 3]);
        assert!(TACTICS.is_sorted());
    }
}
