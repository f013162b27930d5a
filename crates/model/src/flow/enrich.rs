// SPDX-License-Identifier: Apache-2.0
//! What ingest adds to a row from definitions, databases and earlier rows: names, networks, countries,
//! autonomous systems. It is written once, as it was known when the flow started.

use minamo_schema::table;

table! {
    /// What is known of the two addresses. Sources: `minamo-enrich`.
    pub struct Enrich, group "enrich", prefix "" {
        /// Name that led to the initiator's address in an observed DNS answer: to the responder where it asked itself,
        /// otherwise to anybody.
        src_name: Option<String>, "観測した DNS 応答で開始側のアドレスに対応していた名前（応答側自身の問い合わせを優先）", Fact, None, Enriched, Content, [Own(66)], mirror dst_name;
        /// Name that led to the responder's address in an observed DNS answer: to the initiator where it asked itself,
        /// otherwise to anybody.
        dst_name: Option<String>, "観測した DNS 応答で応答側のアドレスに対応していた名前（開始側自身の問い合わせを優先）", Fact, None, Enriched, Content, [Own(67)], mirror src_name;
        /// Name of the most specific named network that holds the initiator.
        src_net: Option<String>, "開始側を含む最も狭い命名済みネットワークの名前", Key, None, Enriched, Plain, [Own(68)], mirror dst_net;
        /// Name of the most specific named network that holds the responder.
        dst_net: Option<String>, "応答側を含む最も狭い命名済みネットワークの名前", Key, None, Enriched, Plain, [Own(69)], mirror src_net;
        /// Tags of all defined networks that hold the initiator, the most specific first.
        src_tags: Option<Vec<String>>, "開始側を含む定義済みネットワークのタグ（狭いものから順）", Key, None, Enriched, Plain, [Own(70)], mirror dst_tags;
        /// Tags of all defined networks that hold the responder, the most specific first.
        dst_tags: Option<Vec<String>>, "応答側を含む定義済みネットワークのタグ（狭いものから順）", Key, None, Enriched, Plain, [Own(71)], mirror src_tags;
        /// True where the initiator has a private address or lies in a network defined as local, false elsewhere; absent
        /// where no networks are defined.
        src_local: Option<bool>, "開始側が内部なら true（プライベートアドレス、または内部と定義したネットワーク）。ネットワークの定義が無ければ無し", Key, None, Enriched, Plain, [Own(72)], mirror dst_local;
        /// True where the responder has a private address or lies in a network defined as local, false elsewhere; absent
        /// where no networks are defined.
        dst_local: Option<bool>, "応答側が内部なら true（プライベートアドレス、または内部と定義したネットワーク）。ネットワークの定義が無ければ無し", Key, None, Enriched, Plain, [Own(73)], mirror src_local;
        /// Country of the initiator's address (ISO 3166-1 alpha-2), from a MaxMind-format database.
        src_country: Option<String>, "開始側アドレスの国（ISO 3166-1 の 2 文字コード。MaxMind 形式のデータベースによる）", Key, None, Enriched, Plain, [Own(74)], mirror dst_country;
        /// Country of the responder's address (ISO 3166-1 alpha-2), from a MaxMind-format database.
        dst_country: Option<String>, "応答側アドレスの国（ISO 3166-1 の 2 文字コード。MaxMind 形式のデータベースによる）", Key, None, Enriched, Plain, [Own(75)], mirror src_country;
        /// City of the initiator's address, in English, from a MaxMind-format database.
        src_city: Option<String>, "開始側アドレスの都市（英語名。MaxMind 形式のデータベースによる）", Key, None, Enriched, Plain, [Own(76)], mirror dst_city;
        /// City of the responder's address, in English, from a MaxMind-format database.
        dst_city: Option<String>, "応答側アドレスの都市（英語名。MaxMind 形式のデータベースによる）", Key, None, Enriched, Plain, [Own(77)], mirror src_city;
        /// Autonomous system of the initiator: the exporter's word where it gave one, otherwise from a MaxMind-format
        /// database.
        src_as: Option<u32>, "開始側の AS 番号（エクスポーターの申告を優先し、無ければ MaxMind 形式のデータベースによる）", Key, None, Enriched, Plain, [Own(78)], mirror dst_as;
        /// Autonomous system of the responder: the exporter's word where it gave one, otherwise from a MaxMind-format
        /// database.
        dst_as: Option<u32>, "応答側の AS 番号（エクスポーターの申告を優先し、無ければ MaxMind 形式のデータベースによる）", Key, None, Enriched, Plain, [Own(79)], mirror src_as;
        /// Organisation of the initiator's autonomous system, where the database has it for that number.
        src_as_org: Option<String>, "開始側の AS の組織名（データベースの AS 番号が一致する場合）", Key, None, Enriched, Plain, [Own(80)], mirror dst_as_org;
        /// Organisation of the responder's autonomous system, where the database has it for that number.
        dst_as_org: Option<String>, "応答側の AS の組織名（データベースの AS 番号が一致する場合）", Key, None, Enriched, Plain, [Own(81)], mirror src_as_org;
    }
}
