+++
title = { en = "IPv6 in a tunnel", ja = "トンネル内の IPv6" }
question = { en = "Does a host reach IPv6 by a tunnel that goes round our filters?", ja = "ホストが、フィルターを迂回する IPv6 トンネルを使っていないか。" }
severity = "low"
attack = ["T1572"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip", "kind"]
text = { en = "{src_ip} and {dst_ip} use {kind} ({packets} packets).", ja = "{src_ip} と {dst_ip} が {kind} を使っています（{packets} パケット）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.packets]
default = 10
reason = { en = "A try without an answer has fewer.", ja = "応答のない試行はこれより少ない。" }

[[benign]]
en = "A network that has IPv6 by such a tunnel on purpose."
ja = "意図してこのトンネルで IPv6 を使うネットワーク。"
+++
-- Teredo by its content, protocol 41 as exporters see it, and conversations that the probe found inside 6in4 or Teredo.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, kind, CAST(SUM(packets) AS BIGINT) AS packets
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, COALESCE(tunnel_src_ip, src_ip) AS src_ip, COALESCE(tunnel_dst_ip, dst_ip) AS dst_ip, src_packets + dst_packets AS packets,
           CASE WHEN split_part(app, '.', 1) = 'Teredo' OR tunnel_kind LIKE '%teredo%' THEN 'Teredo' ELSE '6in4' END AS kind
    FROM flows
    WHERE $range AND (split_part(app, '.', 1) = 'Teredo' OR (proto = 41 AND tunnel_kind IS NULL) OR tunnel_kind LIKE '%6in4%' OR tunnel_kind LIKE '%teredo%')
      AND src_packets > 0 AND dst_packets > 0
) AS tunnels
GROUP BY window_start, src_ip, dst_ip, kind
HAVING SUM(packets) >= $packets
