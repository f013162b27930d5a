+++
title = { en = "Ping flood", ja = "ping フラッド" }
question = { en = "Is a host covered with echo requests?", ja = "ホストに大量のエコー要求が送られていないか。" }
severity = "medium"
attack = ["T1498.001"]
window = "1m"
every = "10s"
one_sided = true
text = { en = "{src_ip} sent {packets} echo requests to {dst_ip} within a minute.", ja = "{src_ip} が 1 分間に {dst_ip} へ {packets} 個のエコー要求を送りました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and (proto = icmp or proto = 58)"

[parameters.packets]
default = 3000
reason = { en = "Fifty a second; ping sends one, monitoring a few.", ja = "毎秒 50 個。ping は 1 個、監視でも数個。" }

[[benign]]
en = "A test of a line with the flood option of ping."
ja = "ping の flood オプションによる回線試験。"
+++
-- Echo requests of one pair (type 8, in IPv6 128). A flow that lasts longer than a minute counts with its average. Packets are scaled by the sampling rate.
SELECT $window AS window_start, src_ip, dst_ip, proto,
       CAST(SUM(src_packets * COALESCE(sampling_rate, 1) / GREATEST((CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 60000000000.0, 1.0)) AS BIGINT) AS packets
FROM flows
WHERE $range AND ((proto = 1 AND icmp_kind = 8) OR (proto = 58 AND icmp_kind = 128)) AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip, proto
HAVING SUM(src_packets * COALESCE(sampling_rate, 1) / GREATEST((CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 60000000000.0, 1.0)) >= $packets
