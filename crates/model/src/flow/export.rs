// SPDX-License-Identifier: Apache-2.0
//! The groups that only exporters fill: translation, firewalls, users, routing, and whatever else a record
//! says. The verdict of the classifier stands beside the records of encrypted traffic.

use std::borrow::Cow;

use minamo_base::Ip;
use minamo_schema::table;

table! {
    /// Address translation (RFC 8158, Cisco NSEL): the endpoints as they are on the other side of the device.
    pub struct Nat, group "nat", prefix "nat_" {
        /// Address of the initiator after translation.
        src_ip: Option<Ip>, "変換後の開始側アドレス", Key, None, Decoded, Address, [Ie(0, 225), Ie6(0, 281), Ie(0, 40001)], mirror dst_ip;
        /// Address of the responder after translation.
        dst_ip: Option<Ip>, "変換後の応答側アドレス", Key, None, Decoded, Address, [Ie(0, 226), Ie6(0, 282), Ie(0, 40002)], mirror src_ip;
        /// Port of the initiator after translation.
        src_port: Option<u16>, "変換後の開始側ポート", Key, None, Decoded, Plain, [Ie(0, 227), Ie(0, 40003)], mirror dst_port;
        /// Port of the responder after translation.
        dst_port: Option<u16>, "変換後の応答側ポート", Key, None, Decoded, Plain, [Ie(0, 228), Ie(0, 40004)], mirror src_port;
        /// What happened to the translation: `session44_create`, `session44_delete`, `ports_exhausted`; a number where it
        /// has no name.
        event: Option<Cow<'static, str>>, "変換に起きたこと：session44_create、session44_delete、ports_exhausted など（名前が無ければ番号）", Key, None, Decoded, Plain, [];
        /// Name of the pool that the address was taken from.
        pool: Option<String>, "アドレスを取り出したプールの名前", Key, None, Decoded, Plain, [Ie(0, 284)];
    }
}

table! {
    /// What a firewall decided about the flow (RFC 8158, Cisco NSEL, vendors).
    pub struct Firewall, group "firewall", prefix "firewall_" {
        /// What the firewall did: `created`, `deleted`, `denied`, `alert`, `updated`, `ignored`.
        event: Option<Cow<'static, str>>, "ファイアウォールの動作：created、deleted、denied、alert、updated、ignored", Key, None, Decoded, Plain, [];
        /// The vendor's number of the reason.
        reason: Option<u16>, "理由の番号（ベンダー定義）", Key, None, Decoded, Plain, [Own(96), Ie(0, 33002)];
        /// Rule that matched, by name or number.
        rule: Option<String>, "一致した規則（名前または番号）", Key, None, Decoded, Plain, [Ie(10704, 4), Ie(6876, 950)];
        /// Access list, entry and extended entry that the packets matched on the way in, as hashes in hexadecimal.
        in_acl: Option<String>, "入力側で一致した ACL・エントリー（16 進数のハッシュ）", Key, None, Decoded, Plain, [Own(97), Ie(0, 33000)];
        /// Access list, entry and extended entry that the packets matched on the way out.
        out_acl: Option<String>, "出力側で一致した ACL・エントリー（16 進数のハッシュ）", Key, None, Decoded, Plain, [Own(98), Ie(0, 33001)];
    }
}

table! {
    /// People, as the exporter knows them.
    pub struct User, group "user", prefix "user_" {
        /// User at the initiator's side.
        src: Option<String>, "開始側の利用者名（エクスポーターによる）", Key, None, Decoded, Address, [Ie(0, 371), Ie(0, 40000), Ie(0, 56702), Ie(35632, 121), Ie(5951, 205), Ie(637, 93), Ie(35632, 546)], mirror dst;
        /// User at the responder's side.
        dst: Option<String>, "応答側の利用者名（エクスポーターによる）", Key, None, Decoded, Address, [Ie(35632, 544)], mirror src;
        /// Name of the wireless network.
        ssid: Option<String>, "無線ネットワークの名前（SSID）", Key, None, Decoded, Plain, [Ie(0, 147)];
    }
}

table! {
    /// How the exporter forwarded the packets, and what of them it dropped.
    pub struct Forwarding, group "forwarding", prefix "forwarding_" {
        /// What became of the packets: `unknown`, `forwarded`, `dropped`, `consumed` (RFC 7270 §4.12).
        status: Option<Cow<'static, str>>, "パケットの行方：unknown、forwarded、dropped、consumed", Key, None, Decoded, Plain, [];
        /// Number of the reason within the status; for sFlow's discarded packets their reason.
        reason: Option<u32>, "行方ごとの理由の番号（sFlow では破棄の理由）", Key, None, Decoded, Plain, [];
        /// Octets that the exporter dropped of this flow.
        dropped_bytes: Option<u64>, "このフローのうちエクスポーターが破棄したオクテット数", Counter, Octets, Decoded, Plain, [Ie(0, 132), Ie(0, 134)];
        /// Packets that the exporter dropped of this flow.
        dropped_packets: Option<u64>, "このフローのうちエクスポーターが破棄したパケット数", Counter, Packets, Decoded, Plain, [Ie(0, 133), Ie(0, 135)];
        /// Largest time to live that was seen.
        max_ttl: Option<u8>, "観測した最大の TTL", Gauge, None, Decoded, Plain, [Ie(0, 53)];
        /// Octets of the smallest packet, from the IP header on.
        min_length: Option<u32>, "最小のパケットのオクテット数（IP ヘッダーから）", Gauge, Octets, Decoded, Plain, [Ie(0, 25)];
        /// Octets of the largest packet, from the IP header on.
        max_length: Option<u32>, "最大のパケットのオクテット数（IP ヘッダーから）", Gauge, Octets, Decoded, Plain, [Ie(0, 26)];
    }
}

table! {
    /// Routing: instances, labels and what BGP said.
    pub struct Routing, group "routing", prefix "routing_" {
        /// Number of the routing instance (VRF) that the packets came in by.
        in_vrf: Option<u32>, "入力側の VRF の番号", Key, None, Decoded, Plain, [Ie(0, 234), Ie(41916, 4321)], mirror out_vrf;
        /// Number of the routing instance (VRF) that they went out by.
        out_vrf: Option<u32>, "出力側の VRF の番号", Key, None, Decoded, Plain, [Ie(0, 235)], mirror in_vrf;
        /// Name of the routing instance.
        vrf: Option<String>, "VRF の名前", Key, None, Decoded, Plain, [Ie(0, 236)];
        /// Next hop in BGP.
        bgp_next_hop: Option<Ip>, "BGP のネクストホップ", Key, None, Decoded, Address, [Ie(0, 18), Ie6(0, 63)];
        /// Neighbouring autonomous system on the initiator's side.
        src_peer_as: Option<u32>, "開始側の隣接 AS 番号", Key, None, Decoded, Plain, [Ie(0, 129)], mirror dst_peer_as;
        /// Neighbouring autonomous system on the responder's side.
        dst_peer_as: Option<u32>, "応答側の隣接 AS 番号", Key, None, Decoded, Plain, [Ie(0, 128)], mirror src_peer_as;
        /// Autonomous systems on the way to the responder, nearest first; members of a set in their order.
        as_path: Option<Vec<u32>>, "応答側までの AS パス（近い順）", Fact, None, Decoded, Plain, [Own(82)];
        /// Communities of the route, as `64500:1` (RFC 1997).
        communities: Option<Vec<String>>, "経路のコミュニティ（64500:1 の形。RFC 1997）", Fact, None, Decoded, Plain, [Own(83)];
        /// Local preference of the route.
        local_pref: Option<u32>, "経路のローカルプリファレンス", Gauge, None, Decoded, Plain, [Own(84)];
        /// Labels of the MPLS stack, the top one first.
        mpls_labels: Option<Vec<u32>>, "MPLS ラベルスタック（上から順）", Fact, None, Decoded, Plain, [Own(85)];
    }
}

table! {
    /// Encrypted traffic analytics: what a session shows without being decrypted, beside the sequence of packet lengths;
    /// and the verdict of the classifier. Exporters tell it with Cisco's elements 44940 to 44949.
    pub struct Eta, group "eta", prefix "eta_" {
        /// First packet with data of the initiator, from its IP header on, in hexadecimal; at most 1,300 octets.
        src_initial_packet: Option<String>, "開始側の最初のデータパケット（IP ヘッダーから。16 進数、最大 1,300 オクテット）", Fact, None, Both, Content, [Own(86)], mirror dst_initial_packet;
        /// First packet with data of the responder, from its IP header on, in hexadecimal; at most 1,300 octets.
        dst_initial_packet: Option<String>, "応答側の最初のデータパケット（IP ヘッダーから。16 進数、最大 1,300 オクテット）", Fact, None, Both, Content, [Own(300)], mirror src_initial_packet;
        /// How often each octet value 0 to 255 was seen in the first octets of the initiator's payload.
        src_byte_counts: Option<Vec<u32>>, "開始側ペイロードの先頭における各オクテット値（0〜255）の出現回数", Fact, None, Both, Plain, [Own(87)], mirror dst_byte_counts;
        /// How often each octet value 0 to 255 was seen in the first octets of the responder's payload.
        dst_byte_counts: Option<Vec<u32>>, "応答側ペイロードの先頭における各オクテット値（0〜255）の出現回数", Fact, None, Both, Plain, [Own(301)], mirror src_byte_counts;
        /// Entropy of these octets of the initiator, 0 to 8 bits per octet.
        src_entropy: Option<f64>, "開始側のそのオクテット列のエントロピー（0〜8 ビット／オクテット）", Gauge, None, Both, Plain, [Own(302)], mirror dst_entropy;
        /// Entropy of these octets of the responder, 0 to 8 bits per octet.
        dst_entropy: Option<f64>, "応答側のそのオクテット列のエントロピー（0〜8 ビット／オクテット）", Gauge, None, Both, Plain, [Own(303)], mirror src_entropy;
        /// Mean value of these octets of the initiator.
        src_byte_mean: Option<f64>, "開始側のそのオクテット列の平均値", Gauge, None, Both, Plain, [Own(304)], mirror dst_byte_mean;
        /// Mean value of these octets of the responder.
        dst_byte_mean: Option<f64>, "応答側のそのオクテット列の平均値", Gauge, None, Both, Plain, [Own(305)], mirror src_byte_mean;
        /// Standard deviation of these octets of the initiator.
        src_byte_deviation: Option<f64>, "開始側のそのオクテット列の標準偏差", Gauge, None, Both, Plain, [Own(306)], mirror dst_byte_deviation;
        /// Standard deviation of these octets of the responder.
        dst_byte_deviation: Option<f64>, "応答側のそのオクテット列の標準偏差", Gauge, None, Both, Plain, [Own(307)], mirror src_byte_deviation;
        /// Octets of each message (SALT): what one side sends until the other does; positive from the initiator. As many as
        /// packets in the sequence of packet lengths.
        message_lengths: Option<Vec<i32>>, "各メッセージのオクテット数（SALT）。一方が送り始めてから他方が送るまでを 1 メッセージとし、正は開始側から、負は応答側から", Fact, Octets, Both, Plain, [Own(308)];
        /// Time from the first packet of the message before to the first of this one, 0 for the first.
        message_times_micros: Option<Vec<u32>>, "前のメッセージの先頭パケットからの時間（最初は 0）", Fact, Micros, Both, Plain, [Own(309)];
        /// Octets of each TLS record (SRLT), without its header; positive from the initiator.
        record_lengths: Option<Vec<i32>>, "各 TLS レコードのオクテット数（SRLT。ヘッダーを除く）。正は開始側から、負は応答側から", Fact, Octets, Both, Plain, [Own(310)];
        /// Content type of each TLS record (RFC 8446 §5.1): 20 change of cipher, 21 alert, 22 handshake, 23 data.
        record_types: Option<Vec<u16>>, "各 TLS レコードの種別（RFC 8446 §5.1）：20 暗号切替、21 アラート、22 ハンドシェイク、23 データ", Fact, None, Both, Plain, [Own(311)];
        /// Time from the packet in which the record before begins to that of this one, 0 for the first.
        record_times_micros: Option<Vec<u32>>, "前のレコードが始まるパケットからの時間（最初は 0）", Fact, Micros, Both, Plain, [Own(312)];
        /// Bursts of the initiator: three or more packets with data, each at most a second after the one before.
        src_bursts: Option<u32>, "開始側のバースト数（間隔 1 秒以内のデータパケットが 3 個以上続いたもの）", Counter, None, Observed, Plain, [Own(313)], mirror dst_bursts;
        /// Bursts of the responder.
        dst_bursts: Option<u32>, "応答側のバースト数", Counter, None, Observed, Plain, [Own(314)], mirror src_bursts;
        /// Payload octets of the initiator's largest burst.
        src_burst_bytes: Option<u64>, "開始側の最大バーストのペイロードオクテット数", Gauge, Octets, Observed, Plain, [Own(315)], mirror dst_burst_bytes;
        /// Payload octets of the responder's largest burst.
        dst_burst_bytes: Option<u64>, "応答側の最大バーストのペイロードオクテット数", Gauge, Octets, Observed, Plain, [Own(316)], mirror src_burst_bytes;
        /// Calibrated probability, 0 to 1, as the model of `eta_model` has it: of a tunnel where the class is that, else of malware.
        score: Option<f64>, "較正済みの確率（0〜1）。eta_class が doh_tunnel ならトンネルの、それ以外はマルウェアの通信である確率。eta_model のモデルによる", Gauge, None, Derived, Plain, [Own(138)];
        /// What the session is by the model: `benign`, `malware_c2`, `doh_tunnel` (a tunnel in DNS over HTTPS), `unknown` (outside what the
        /// model was trained on).
        class: Option<Cow<'static, str>>, "モデルによる判定：benign（無害）、malware_c2（マルウェアの C2）、doh_tunnel（DNS over HTTPS のトンネル）、unknown（学習範囲外のため判定を控えた）", Key, None, Derived, Plain, [Own(139)];
        /// Model that gave the verdict: its name and the first 8 digits of its SHA-256.
        model: Option<Cow<'static, str>>, "判定したモデルの名前と SHA-256 の先頭 8 桁", Key, None, Derived, Plain, [Own(140)];
    }
}

table! {
    /// What has no column of its own.
    pub struct Extra, group "extra", prefix "" {
        /// What the exporter told that has no column, each as `name=value` by the name of the information element;
        /// `pen.number` where the element has no known name. At most 64 entries of 256 characters.
        extra: Option<Vec<String>>, "専用のカラムが無い情報。情報要素名による name=value の並び（名前が不明なら PEN.番号。最大 64 件、各 256 文字）", Fact, None, Decoded, Content, [Own(88)];
    }
}
