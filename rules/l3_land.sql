+++
title = { en = "Source and destination are one", ja = "送信元と宛先が同一" }
question = { en = "Are there packets that claim to come from the host that they go to?", ja = "宛先と同じホストを送信元と称するパケットがないか。" }
severity = "medium"
attack = ["T1499.004"]
window = "1m"
every = "30s"
key = ["dst_ip", "proto"]
text = { en = "{packets} packets were sent to {dst_ip} under its own address.", ja = "{dst_ip} 自身のアドレスを送信元とする {packets} 個のパケットが送られました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.packets]
default = 1
reason = { en = "No host sends to itself over a wire.", ja = "自分宛てのパケットが回線上を流れることはない。" }

[[benign]]
en = "A load balancer whose members reach their own service through it."
ja = "配下のメンバーが自身のサービスへ折り返すロードバランサー。"
+++
-- The ports are one, too, as in the attack of that name; a host that talks to itself on a loopback interface takes two ports.
-- Loopback, unspecified, link-local and frames without IP do not count.
SELECT $window AS window_start, src_ip, dst_ip, proto, CAST(SUM(src_packets + dst_packets) AS BIGINT) AS packets
FROM flows
WHERE $range AND src_ip = dst_ip AND proto IN (6, 17) AND src_port = dst_port AND l2_ethertype IS NULL
  AND NOT in_net(src_ip, '127.0.0.0/8') AND src_ip NOT IN ('::1', '0.0.0.0', '::') AND NOT in_net(src_ip, 'fe80::/10')
  AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip, proto
HAVING SUM(src_packets + dst_packets) >= $packets
