+++
title = { en = "Unknown content on a well-known port", ja = "既知ポートの未知の通信" }
question = { en = "Does something leave our network on the port of the web, DNS or mail that is none of these?", ja = "Web・DNS・メールのポートで、それらではないものが外部と通信していないか。" }
severity = "low"
attack = ["T1571", "T1001.003", "T1095"]
window = "1h"
every = "5m"
text = { en = "{src_ip} exchanged {kilobytes} kB of unknown content with {dst_ip} {name} on port {dst_port} ({connections} connections).", ja = "{src_ip} が {dst_ip} {name} のポート {dst_port} で、内容不明の {kilobytes} kB を通信しました（{connections} 接続）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.packets]
default = 4
reason = { en = "An answer of so many packets is a conversation.", ja = "この数のパケットの応答があれば会話が成立している。" }

[parameters.octets]
default = 200
reason = { en = "Besides headers: less may be what is left of something cut off.", ja = "ヘッダーを除く量。これ未満は途中で切れたものの可能性がある。" }

[[benign]]
en = "A program of a maker who chose that port because filters let it pass."
ja = "フィルターを通るためにそのポートを選んだメーカーのソフトウェア。"
+++
-- Conversations that a probe saw from their beginning (SYN of both sides), with data in both directions, on ports 25, 53, 80, 110, 143, 443, 993 and 995.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(dst_name), '') AS name, COUNT(*) AS connections, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND proto = 6 AND dst_port IN (25, 53, 80, 110, 143, 443, 993, 995) AND source = 'probe' AND COALESCE(app, 'Unknown') = 'Unknown' AND duplicate_of IS NULL
  AND tcp_src_flags & 10 = 10 AND tcp_dst_flags & 10 = 10 AND src_packets >= $packets AND dst_packets >= $packets
  AND src_bytes >= src_packets * 52 + $octets AND dst_bytes >= dst_packets * 52 + $octets
  AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
