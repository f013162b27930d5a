+++
title = { en = "Half of the traffic is not seen", ja = "片方向の通信しか見えていない" }
question = { en = "Does an exporter see conversations of which only one side reaches it?", ja = "エクスポーターに、片方向しか届かない会話が多くないか。" }
severity = "low"
attack = []
window = "1h"
every = "5m"
key = ["exporter"]
text = { en = "{share} % of {flows} TCP conversations of {exporter} have packets of one side only: the other direction takes another way, or its records are lost.", ja = "{exporter} の TCP 会話 {flows} 件の {share} % が片方向のみです。逆方向が別経路を通るか、レコードが失われています。" }
filter = "proto = tcp and dst_packets = 0"

[parameters.share]
default = 50
reason = { en = "Per cent; scans alone do not reach it on a network that works.", ja = "割合（％）。正常なネットワークではスキャンだけで到達しない。" }

[parameters.flows]
default = 1000
reason = { en = "With fewer conversations the share says little.", ja = "これより少ないと割合に意味がない。" }

[[benign]]
en = "Two routers that share the way of both directions, of which one exports."
ja = "往復を分担する 2 台のルーターの片方だけがエクスポートしている構成。"
+++
-- Conversations whose initiator acknowledged something (so that there was an answer) and whose answer was not seen.
SELECT $window AS window_start, COALESCE(ip_text(exporter_ip), source, '-') AS exporter, COUNT(*) AS flows,
       CAST(COUNT(*) FILTER (WHERE dst_packets = 0 OR src_packets = 0) * 100 / COUNT(*) AS BIGINT) AS share
FROM flows
WHERE $range AND proto = 6 AND (tcp_src_flags & 16 = 16 OR tcp_dst_flags & 16 = 16) AND (tcp_src_flags | COALESCE(tcp_dst_flags, 0)) & 4 = 0
GROUP BY $window, COALESCE(ip_text(exporter_ip), source, '-')
HAVING COUNT(*) >= $flows AND COUNT(*) FILTER (WHERE dst_packets = 0 OR src_packets = 0) * 100 >= COUNT(*) * $share
