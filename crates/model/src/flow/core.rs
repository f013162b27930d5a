// SPDX-License-Identifier: Apache-2.0
//! What every flow has, and the groups of the layers up to transport.

use std::borrow::Cow;

use minamo_base::{Ip, Mac, Time};
use minamo_schema::table;

table! {
    /// The columns of every flow.
    pub struct Core, group "core", prefix "" {
        /// Stable identity of the flow, 24 hexadecimal digits: the millisecond of its start and a hash of endpoints,
        /// protocol, VLAN, tunnel, exporter and start.
        flow_id: Option<String>, "フローの固定識別子（16 進数 24 桁）。開始時刻（ミリ秒）と、端点・プロトコル・VLAN・トンネル・送信元・開始時刻のハッシュ", Key, None, Both, Plain, [];
        /// Time of the first packet.
        time_start: Time, "最初のパケットの時刻", Instant, None, Both, Plain, [Ie(0, 156), Ie(0, 154), Ie(0, 152), Ie(0, 150), Ie(0, 22), Nprobe("FIRST_SWITCHED")];
        /// Time of the last packet.
        time_end: Time, "最後のパケットの時刻", Instant, None, Both, Plain, [Ie(0, 157), Ie(0, 155), Ie(0, 153), Ie(0, 151), Ie(0, 21), Nprobe("LAST_SWITCHED")];
        /// Time at which the record reached this system, to a tenth of a second; absent for captures that were
        /// read from files.
        time_received: Option<Time>, "レコードが本システムに届いた時刻（0.1 秒単位。ファイルから読んだ場合は無し）", Instant, None, Both, Plain, [];
        /// Address of the initiator: the side that opened the conversation, as far as it could be told.
        src_ip: Ip, "開始側（接続を始めた側）のアドレス", Key, None, Both, Address, [Ie(0, 8), Ie6(0, 27), Nprobe("IPV4_SRC_ADDR"), Nprobe6("IPV6_SRC_ADDR")], mirror dst_ip;
        /// Port of the initiator; 0 where the protocol has none.
        src_port: u16, "開始側のポート（無ければ 0）", Key, None, Both, Plain, [Ie(0, 7), Ie(0, 182), Ie(0, 180), Nprobe("L4_SRC_PORT")], mirror dst_port;
        /// Address of the responder.
        dst_ip: Ip, "応答側のアドレス", Key, None, Both, Address, [Ie(0, 12), Ie6(0, 28), Nprobe("IPV4_DST_ADDR"), Nprobe6("IPV6_DST_ADDR")], mirror src_ip;
        /// Port of the responder; 0 where the protocol has none.
        dst_port: u16, "応答側のポート（無ければ 0）", Key, None, Both, Plain, [Ie(0, 11), Ie(0, 183), Ie(0, 181), Nprobe("L4_DST_PORT")], mirror src_port;
        /// IANA number of the protocol above IP.
        proto: u8, "IP の上のプロトコル番号（IANA）", Key, None, Both, Plain, [Ie(0, 4), Nprobe("PROTOCOL")];
        /// Octets that the initiator sent, counted from the IP header on.
        src_bytes: u64, "開始側が送ったオクテット数（IP ヘッダーから）", Counter, Octets, Both, Plain, [Ie(0, 1), Ie(0, 231), Ie(0, 85), Nprobe("IN_BYTES")], mirror dst_bytes;
        /// Octets that the responder sent, counted from the IP header on.
        dst_bytes: u64, "応答側が送ったオクテット数（IP ヘッダーから）", Counter, Octets, Both, Plain, [Ie(29305, 1), Ie(0, 232), Ie(29305, 85), Ie(3054, 176), Ie(0, 23), Nprobe("OUT_BYTES")], mirror src_bytes;
        /// Packets that the initiator sent.
        src_packets: u64, "開始側が送ったパケット数", Counter, Packets, Both, Plain, [Ie(0, 2), Ie(0, 298), Ie(0, 86), Nprobe("IN_PKTS")], mirror dst_packets;
        /// Packets that the responder sent.
        dst_packets: u64, "応答側が送ったパケット数", Counter, Packets, Both, Plain, [Ie(29305, 2), Ie(0, 299), Ie(29305, 86), Ie(3054, 177), Ie(0, 24), Nprobe("OUT_PKTS")], mirror src_packets;
        /// Application: protocol and service joined by a dot where both are known (`TLS.YouTube`, `SSH`, `Unknown`).
        app: Cow<'static, str>, "アプリケーション。プロトコルとサービスを点でつなぐ（TLS.YouTube、SSH、Unknown）", Key, None, Derived, Plain, [Ie(0, 96), Ie(35632, 119), Ie(0, 56701), Ie(15397, 1), Ie(3054, 111), Nprobe("L7_PROTO_NAME")];
        /// What the application is for: `web`, `mail`, `database`, `remote_access` …; of its service where that is known, else
        /// of its protocol.
        app_category: Option<Cow<'static, str>>, "アプリケーションの分類：web、mail、database、remote_access など（サービスが分かればその分類、なければプロトコルの分類）", Key, None, Derived, Plain, [Own(197)];
        /// How sure the label is: `content` (recognised on the wire), `partial` (one side or one message only),
        /// `signature` (a signature of one's own), `port` (guessed from the port), `exporter` (told by the exporter), `none`.
        app_confidence: Cow<'static, str>, "判定の確かさ：content（内容で判定）、partial（一部のみ）、signature（独自のシグネチャ）、port（ポートからの推測）、exporter（送信元の申告）、none", Key, None, Derived, Plain, [Own(1)];
        /// Why the flow has its label, in words.
        app_reason: Option<Cow<'static, str>>, "その判定の理由（文）", Fact, None, Derived, Plain, [Own(2)];
        /// True where the content was encrypted, false where it was seen in clear; absent where unknown.
        encrypted: Option<bool>, "内容が暗号化されていれば true、平文なら false、不明なら無し", Key, None, Derived, Plain, [Own(3)];
        /// Where the row came from: `probe`, `netflow1`, `netflow5`, `netflow7`, `netflow9`, `ipfix`, `sflow`;
        /// `nfdump` for rows of its files that are of other origin, `joy` for rows of Joy's files.
        source: Cow<'static, str>, "行の出どころ：probe、netflow1、netflow5、netflow7、netflow9、ipfix、sflow。その他の nfdump ファイルの行は nfdump、Joy のファイルの行は joy", Key, None, Both, Plain, [];
        /// Why the row ended: `tcp_fin`, `tcp_rst`, `idle`, `active`, `end_of_input`, `evicted`.
        end_reason: Option<Cow<'static, str>>, "行が終わった理由：tcp_fin、tcp_rst、idle、active、end_of_input、evicted", Key, None, Both, Plain, [];
        /// How initiator and responder were told apart: `handshake`, `request` (direction of the content),
        /// `port`, `first_packet`, `exporter`.
        orientation: Option<Cow<'static, str>>, "開始側と応答側を決めた根拠：handshake、request、port、first_packet、exporter", Key, None, Derived, Plain, [Own(4)];
    }
}

table! {
    /// The link layer, of the first packet of each side; of a frame in a tunnel where the tunnel carries frames.
    pub struct L2, group "l2", prefix "l2_" {
        /// MAC address of the frames from the initiator.
        src_mac: Option<Mac>, "開始側からのフレームの送信元 MAC アドレス", Key, None, Both, Address, [Ie(0, 56), Nprobe("IN_SRC_MAC")], mirror dst_mac;
        /// MAC address that the frames from the initiator went to.
        dst_mac: Option<Mac>, "開始側からのフレームの宛先 MAC アドレス", Key, None, Both, Address, [Ie(0, 80), Ie(0, 57), Nprobe("OUT_DST_MAC")], mirror src_mac;
        /// VLAN id of the outermost tag (IEEE 802.1Q).
        vlan: Option<u16>, "最も外側の VLAN ID", Key, None, Both, Plain, [Ie(0, 58), Ie(0, 243), Nprobe("SRC_VLAN")];
        /// VLAN id of the inner tag of a QinQ frame.
        inner_vlan: Option<u16>, "QinQ フレームの内側の VLAN ID", Key, None, Both, Plain, [Ie(0, 245)];
        /// Ethertype of frames that carry no IP (0x0806 ARP, 0x88b8 GOOSE …); absent where LLC says what they carry.
        ethertype: Option<u16>, "IP を運ばないフレームのイーサタイプ（0x0806 ARP、0x88b8 GOOSE など。LLC の場合は無し）", Key, None, Both, Plain, [Ie(0, 256)];
        /// Number that tells conversations of one type apart: APPID of GOOSE and sampled values, FrameID of PROFINET.
        frame_id: Option<u16>, "同じ種別の会話を区別する番号：GOOSE・SV の APPID、PROFINET の FrameID", Key, None, Observed, Plain, [Own(5)];
    }
}

table! {
    /// The IP header, of the first packet of each side.
    pub struct Net, group "ip", prefix "ip_" {
        /// Type of service or traffic class octet from the initiator.
        src_tos: Option<u8>, "開始側の TOS／トラフィッククラス", Key, None, Both, Plain, [Ie(0, 5), Nprobe("SRC_TOS")], mirror dst_tos;
        /// Type of service or traffic class octet from the responder.
        dst_tos: Option<u8>, "応答側の TOS／トラフィッククラス", Key, None, Both, Plain, [Ie(29305, 5), Nprobe("DST_TOS")], mirror src_tos;
        /// Time to live or hop limit from the initiator, as it arrived here.
        src_ttl: Option<u8>, "開始側からの TTL／ホップリミット（到着時）", Gauge, None, Both, Plain, [Ie(0, 52), Ie(0, 192)], mirror dst_ttl;
        /// Time to live or hop limit from the responder, as it arrived here.
        dst_ttl: Option<u8>, "応答側からの TTL／ホップリミット（到着時）", Gauge, None, Both, Plain, [Ie(29305, 52)], mirror src_ttl;
        /// Packets that were fragments.
        fragments: Option<u32>, "フラグメントだったパケット数", Counter, Packets, Observed, Plain, [Own(6)];
        /// Packets whose fragments contradicted each other: octets that came twice differed, or the end did. Somebody may
        /// want to hide what the receiver gets.
        fragment_overlaps: Option<u32>, "フラグメントどうしが矛盾していたパケット数（重なった部分や末尾が異なる。受信内容を隠す試みの可能性）", Counter, Packets, Observed, Plain, [Own(102)];
        /// Why only one side was seen: `unanswered` (nothing shows that the other side sent anything), `asymmetric` (TCP
        /// acknowledges what it sent: its packets take another way); absent where both were, and for groups.
        one_way: Option<Cow<'static, str>>, "片方向しか観測されなかった理由：unanswered（応答があった様子なし）、asymmetric（TCP が相手のデータに確認応答しており、相手側は別経路）。双方向の場合とグループ宛ては無し", Key, None, Observed, Plain, [Own(103)];
    }
}

table! {
    /// The tunnel that the conversation was in: `src_ip`, `dst_ip` and all counters are those of the packets inside.
    pub struct Tunnel, group "tunnel", prefix "tunnel_" {
        /// Kinds of tunnel, the outermost first, joined by a slash: `vxlan`, `gre`, `pppoe`, `mpls/ipip`.
        kind: Option<Cow<'static, str>>, "トンネルの種類。外側から順にスラッシュでつなぐ（vxlan、gre、pppoe、mpls/ipip）", Key, None, Observed, Plain, [Own(7)];
        /// Identifier that the packets from the initiator carried, of the innermost tunnel that has one: VNI, TEID,
        /// GRE key, label, session id.
        src_id: Option<u32>, "開始側からのパケットが持つトンネル識別子（VNI、TEID、GRE キー、ラベル、セッション ID）", Key, None, Both, Plain, [Ie(35632, 106)], mirror dst_id;
        /// Identifier that the packets from the responder carried; tunnels such as GTP give each direction its own.
        dst_id: Option<u32>, "応答側からのパケットが持つトンネル識別子（GTP などでは方向ごとに異なる）", Key, None, Both, Plain, [Ie(35632, 120)], mirror src_id;
        /// Address of the tunnel's end on the side of the initiator, of the innermost tunnel over IP.
        src_ip: Option<Ip>, "開始側にあるトンネル端点のアドレス（最も内側の IP トンネル）", Key, None, Observed, Address, [Own(8)], mirror dst_ip;
        /// Address of the tunnel's end on the side of the responder.
        dst_ip: Option<Ip>, "応答側にあるトンネル端点のアドレス", Key, None, Observed, Address, [Own(9)], mirror src_ip;
    }
}

table! {
    /// ICMP and ICMPv6, of the first message (RFC 792, RFC 4443).
    pub struct Icmp, group "icmp", prefix "icmp_" {
        /// Type of the first message.
        kind: Option<u8>, "最初のメッセージのタイプ", Key, None, Both, Plain, [Ie(0, 176), Ie6(0, 178), Nprobe("ICMP_TYPE")];
        /// Code of the first message.
        code: Option<u8>, "最初のメッセージのコード", Key, None, Both, Plain, [Ie(0, 177), Ie6(0, 179)];
        /// Identifier of a query such as an echo (RFC 792, RFC 4443 §4): each run of a ping has its own.
        id: Option<u16>, "問い合わせ（エコーなど）の識別子（RFC 792、RFC 4443）。ping の実行ごとに異なる", Key, None, Observed, Plain, [Own(104)];
    }
}

table! {
    /// The TCP header.
    pub struct Tcp, group "tcp", prefix "tcp_" {
        /// All flags that the initiator set, or-ed: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128.
        src_flags: Option<u8>, "開始側が立てた TCP フラグの論理和", Flags, None, Both, Plain, [Ie(0, 6), Ie(6871, 14), Ie(6871, 15), Nprobe("CLIENT_TCP_FLAGS"), Nprobe("TCP_FLAGS")], mirror dst_flags;
        /// All flags that the responder set, or-ed.
        dst_flags: Option<u8>, "応答側が立てた TCP フラグの論理和", Flags, None, Both, Plain, [Ie(29305, 6), Ie(6871, 16398), Ie(6871, 16399), Nprobe("SERVER_TCP_FLAGS")], mirror src_flags;
        /// Maximum segment size that the initiator offered.
        src_mss: Option<u16>, "開始側が示した最大セグメントサイズ", Gauge, Octets, Both, Plain, [Ie(35632, 417), Ie(9, 4318)], mirror dst_mss;
        /// Maximum segment size that the responder offered.
        dst_mss: Option<u16>, "応答側が示した最大セグメントサイズ", Gauge, Octets, Both, Plain, [Ie(35632, 421)], mirror src_mss;
        /// Window that the initiator's SYN offered, not scaled.
        src_syn_window: Option<u16>, "開始側の SYN が示したウィンドウ（スケール前）", Gauge, Octets, Observed, Plain, [Own(10)], mirror dst_syn_window;
        /// Window that the responder's SYN offered, not scaled.
        dst_syn_window: Option<u16>, "応答側の SYN が示したウィンドウ（スケール前）", Gauge, Octets, Observed, Plain, [Own(11)], mirror src_syn_window;
        /// Bits that the initiator's windows are shifted by (RFC 7323).
        src_window_scale: Option<u8>, "開始側のウィンドウスケール（RFC 7323）", Gauge, None, Both, Plain, [Ie(0, 238), Ie(35632, 418)], mirror dst_window_scale;
        /// Bits that the responder's windows are shifted by.
        dst_window_scale: Option<u8>, "応答側のウィンドウスケール", Gauge, None, Both, Plain, [Ie(29305, 238), Ie(35632, 422)], mirror src_window_scale;
        /// Octets of the initiator's SYN from the IP header on: options and with them the system differ by it.
        src_syn_bytes: Option<u16>, "開始側の SYN の長さ（IP ヘッダーから）", Gauge, Octets, Observed, Plain, [Own(12)], mirror dst_syn_bytes;
        /// Octets of the responder's SYN from the IP header on.
        dst_syn_bytes: Option<u16>, "応答側の SYN の長さ（IP ヘッダーから）", Gauge, Octets, Observed, Plain, [Own(13)], mirror src_syn_bytes;
    }
}

table! {
    /// Network performance: measured on TCP, and the pace of data on every protocol.
    pub struct Npm, group "npm", prefix "npm_" {
        /// Round trip between here and the initiator: from the SYN-ACK to the ACK that follows it.
        src_rtt_micros: Option<u32>, "開始側までの往復時間：SYN-ACK からその ACK まで", Gauge, Micros, Observed, Plain, [Own(14), Nprobe("CLIENT_NW_LATENCY_MS")], mirror dst_rtt_micros;
        /// Round trip between here and the responder: from the SYN to the SYN-ACK.
        dst_rtt_micros: Option<u32>, "応答側までの往復時間：SYN から SYN-ACK まで", Gauge, Micros, Observed, Plain, [Own(15), Nprobe("SERVER_NW_LATENCY_MS")], mirror src_rtt_micros;
        /// Server response time: from the last octet of the first request to the first octet of the answer.
        response_micros: Option<u32>, "サーバー応答時間：最初の要求の末尾から応答の先頭まで", Gauge, Micros, Observed, Plain, [Own(16), Nprobe("APPL_LATENCY_MS")];
        /// Segments with data that the initiator sent again.
        src_retransmits: Option<u32>, "開始側が再送したデータセグメント数", Counter, Packets, Both, Plain, [Ie(35632, 109), Nprobe("RETRANSMITTED_IN_PKTS")], mirror dst_retransmits;
        /// Segments with data that the responder sent again.
        dst_retransmits: Option<u32>, "応答側が再送したデータセグメント数", Counter, Packets, Both, Plain, [Ie(35632, 110), Nprobe("RETRANSMITTED_OUT_PKTS")], mirror src_retransmits;
        /// Segments of the initiator that arrived after a later one.
        src_out_of_order: Option<u32>, "開始側の順序が入れ替わったセグメント数", Counter, Packets, Both, Plain, [Ie(35632, 111), Nprobe("OOORDER_IN_PKTS")], mirror dst_out_of_order;
        /// Segments of the responder that arrived after a later one.
        dst_out_of_order: Option<u32>, "応答側の順序が入れ替わったセグメント数", Counter, Packets, Both, Plain, [Ie(35632, 112), Nprobe("OOORDER_OUT_PKTS")], mirror src_out_of_order;
        /// Segments of the initiator that announced a window of zero.
        src_zero_windows: Option<u32>, "開始側がウィンドウ 0 を告げた回数", Counter, Packets, Observed, Plain, [Own(17)], mirror dst_zero_windows;
        /// Segments of the responder that announced a window of zero.
        dst_zero_windows: Option<u32>, "応答側がウィンドウ 0 を告げた回数", Counter, Packets, Observed, Plain, [Own(18)], mirror src_zero_windows;
        /// Acknowledgements that the initiator repeated while data was missing (RFC 5681 §2).
        src_duplicate_acks: Option<u32>, "開始側が繰り返した確認応答の数（RFC 5681）", Counter, Packets, Observed, Plain, [Own(19)], mirror dst_duplicate_acks;
        /// Acknowledgements that the responder repeated while data was missing.
        dst_duplicate_acks: Option<u32>, "応答側が繰り返した確認応答の数", Counter, Packets, Observed, Plain, [Own(20)], mirror src_duplicate_acks;
        /// Segments of the initiator that came again with other octets: somebody on the way may have put one in.
        src_conflicts: Option<u32>, "開始側のセグメントで、同じ位置に異なる内容が届いた回数（途中での注入の疑い）", Counter, Packets, Observed, Plain, [Own(338)], mirror dst_conflicts;
        /// Segments of the responder that came again with other octets.
        dst_conflicts: Option<u32>, "応答側のセグメントで、同じ位置に異なる内容が届いた回数", Counter, Packets, Observed, Plain, [Own(339)], mirror src_conflicts;
        /// Segments with new data that the initiator sent after its own reset: somebody on the way may have sent the reset.
        src_after_reset: Option<u32>, "開始側が自身のリセットの後に送った新しいデータのセグメント数（途中でのリセット注入の疑い）", Counter, Packets, Observed, Plain, [Own(363)], mirror dst_after_reset;
        /// Segments with new data that the responder sent after its own reset.
        dst_after_reset: Option<u32>, "応答側が自身のリセットの後に送った新しいデータのセグメント数", Counter, Packets, Observed, Plain, [Own(364)], mirror src_after_reset;
        /// Octets of the initiator that were not seen though later ones were: lost on the way to here or by the capture. What came late
        /// or was sent again is taken off.
        src_missing_bytes: Option<u32>, "開始側のデータのうち、後続は観測されたのに観測されなかったオクテット数（経路または取得での損失。遅着・再送分は除く）", Counter, Octets, Observed, Plain, [Own(365)], mirror dst_missing_bytes;
        /// Octets of the responder that were not seen though later ones were.
        dst_missing_bytes: Option<u32>, "応答側のデータのうち、後続は観測されたのに観測されなかったオクテット数", Counter, Octets, Observed, Plain, [Own(366)], mirror src_missing_bytes;
        /// Mean time between packets with data of the initiator while the responder sent none between them.
        src_delay_micros: Option<u32>, "開始側のデータパケットの平均間隔（応答側の送信を挟まないもの）", Gauge, Micros, Observed, Plain, [Own(21)], mirror dst_delay_micros;
        /// Mean time between packets with data of the responder while the initiator sent none between them.
        dst_delay_micros: Option<u32>, "応答側のデータパケットの平均間隔（開始側の送信を挟まないもの）", Gauge, Micros, Observed, Plain, [Own(22)], mirror src_delay_micros;
        /// Mean difference between neighbouring ones of these times, of the initiator.
        src_jitter_micros: Option<u32>, "開始側のジッター（隣り合う間隔の差の平均）", Gauge, Micros, Observed, Plain, [Own(23)], mirror dst_jitter_micros;
        /// Mean difference between neighbouring ones of these times, of the responder.
        dst_jitter_micros: Option<u32>, "応答側のジッター（隣り合う間隔の差の平均）", Gauge, Micros, Observed, Plain, [Own(24)], mirror src_jitter_micros;
        /// What makes the conversation slow: `network`, `server`, `client`, or `good` where nothing does.
        verdict: Option<Cow<'static, str>>, "遅さの原因：network（ネットワーク）、server（サーバー）、client（クライアント）、good（問題なし）", Key, None, Derived, Plain, [Own(25)];
        /// By what: `loss` (1 % of packets sent again), `full_buffer` (a window of zero), `slow_response` (500 ms without
        /// the way), `long_way` (200 ms of round trip), `nothing_slow`.
        verdict_reason: Option<Cow<'static, str>>, "その根拠：loss（1 % 以上の再送）、full_buffer（ウィンドウ 0）、slow_response（経路を除き 500 ms 以上）、long_way（往復 200 ms 以上）、nothing_slow", Key, None, Derived, Plain, [Own(26)];
    }
}

table! {
    /// Sequence of packet lengths and times: the first 50 packets with payload, retransmissions excluded.
    pub struct Splt, group "splt", prefix "splt_" {
        /// Payload octets of each packet; positive from the initiator, negative from the responder.
        lengths: Option<Vec<i32>>, "各パケットのペイロード長。正は開始側から、負は応答側から", Fact, Octets, Both, Plain, [Own(27)];
        /// Time since the packet before, 0 for the first; in a one-sided row of an exporter the first counts from the
        /// conversation's first packet with data, where the exporter tells it.
        times_micros: Option<Vec<u32>>, "前のパケットからの時間（最初は 0）", Fact, Micros, Both, Plain, [Own(28)];
    }
}

table! {
    /// How the packets of the row were chosen.
    pub struct Sampling, group "sampling", prefix "sampling_" {
        /// One packet in this many was looked at; counters are as counted, not scaled.
        rate: Option<u32>, "この数につき 1 パケットを観測（カウンターは実測値のまま）", Gauge, None, Both, Plain, [Ie(0, 34), Ie(0, 305), Ie(0, 50), Nprobe("SAMPLING_INTERVAL")];
        /// Where the rate came from: `record`, `header`, `options`, `configuration`; `probe` where our own probe sampled.
        origin: Option<Cow<'static, str>>, "レートの出どころ：record、header、options、configuration、probe（自身のプローブ）", Key, None, Both, Plain, [Own(29)];
        /// What was chosen and how: `count` (every Nth packet), `random` (each packet by chance), `flow` (all packets of one
        /// flow in N); absent where the exporter does not say.
        method: Option<Cow<'static, str>>, "選び方：count（N パケットごと）、random（パケット単位で無作為）、flow（N フローに 1 つの全パケット）。不明なら無し", Key, None, Both, Plain, [Own(105)];
        /// Packets that could have been chosen so far, as the exporter counts them (sFlow).
        pool: Option<u32>, "これまでにサンプリングの対象となったパケット数（sFlow）", Gauge, Packets, Decoded, Plain, [Own(30)];
        /// Packets that were chosen and then dropped for lack of resources, so far (sFlow).
        drops: Option<u32>, "選ばれたが資源不足で捨てられたパケット数の累計（sFlow）", Gauge, Packets, Decoded, Plain, [Own(31)];
    }
}

table! {
    /// The exporter of a record and what only it knows.
    pub struct Exporter, group "exporter", prefix "exporter_" {
        /// Address of the exporter.
        ip: Option<Ip>, "エクスポーターのアドレス", Key, None, Decoded, Address, [Ie(0, 130), Ie6(0, 131), Nprobe("EXPORTER_IPV4_ADDRESS")];
        /// Observation domain or engine of the exporter.
        domain: Option<u32>, "エクスポーターの観測ドメイン／エンジン", Key, None, Decoded, Plain, [Ie(0, 149)];
        /// What was wrong with the exporter's clock; absent where nothing was: `skewed` (further than 5 minutes from
        /// ours, times as told), `wrapped` (uptime passed 2^32), `rebooted` (restarted between flow and export),
        /// `reversed` (ended before it started), `arrival` (impossible, arrival or export instead).
        time_quality: Option<Cow<'static, str>>, "エクスポーターの時計の問題（無ければ値なし）：skewed（5 分を超えるずれ、時刻は申告どおり）、wrapped（稼働時間が 2^32 を超過）、rebooted（フローと送信の間に再起動）、reversed（終了が開始より前）、arrival（あり得ない時刻のため到着・送信時刻を使用）", Key, None, Derived, Plain, [Own(32)];
        /// The exporter's own number of the flow.
        flow_number: Option<u64>, "エクスポーターが付けたフロー番号", Key, None, Decoded, Plain, [Ie(0, 148)];
        /// Interface index at which the packets came in.
        in_if: Option<u32>, "入力インターフェース番号", Key, None, Decoded, Plain, [Ie(0, 10), Ie(0, 252), Nprobe("INPUT_SNMP")], mirror out_if;
        /// Interface index at which they went out.
        out_if: Option<u32>, "出力インターフェース番号", Key, None, Decoded, Plain, [Ie(0, 14), Ie(0, 253), Nprobe("OUTPUT_SNMP")], mirror in_if;
        /// Name of the interface at which the packets came in, as the file of exporters or the exporter's options have it.
        in_if_name: Option<String>, "入力インターフェースの名前（エクスポーターのファイル、またはオプションレコードによる）", Key, None, Enriched, Plain, [Own(33)], mirror out_if_name;
        /// Name of the interface at which they went out, from the same sources.
        out_if_name: Option<String>, "出力インターフェースの名前（出どころは同じ）", Key, None, Enriched, Plain, [Own(34)], mirror in_if_name;
        /// Next hop.
        next_hop: Option<Ip>, "ネクストホップ", Key, None, Decoded, Address, [Ie(0, 15), Ie6(0, 62), Nprobe("IPV4_NEXT_HOP")];
        /// Autonomous system of the initiator, as the exporter has it.
        src_as: Option<u32>, "開始側の AS 番号（エクスポーターによる）", Key, None, Decoded, Plain, [Ie(0, 16), Nprobe("SRC_AS")], mirror dst_as;
        /// Autonomous system of the responder, as the exporter has it.
        dst_as: Option<u32>, "応答側の AS 番号（エクスポーターによる）", Key, None, Decoded, Plain, [Ie(0, 17), Nprobe("DST_AS")], mirror src_as;
        /// Prefix length of the initiator's route.
        src_mask: Option<u8>, "開始側の経路のプレフィックス長", Gauge, None, Decoded, Plain, [Ie(0, 9), Ie6(0, 29)], mirror dst_mask;
        /// Prefix length of the responder's route.
        dst_mask: Option<u8>, "応答側の経路のプレフィックス長", Gauge, None, Decoded, Plain, [Ie(0, 13), Ie6(0, 30)], mirror src_mask;
        /// Way of the packets at the interface where they were seen: `ingress`, `egress`.
        direction: Option<Cow<'static, str>>, "観測したインターフェースでのパケットの向き：ingress、egress", Key, None, Decoded, Plain, [];
    }
}
