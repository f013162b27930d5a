+++
title = { en = "Neither end is ours", ja = "どちらの端も内部でない" }
question = { en = "Does our network carry traffic between strangers, as hosts with false addresses make it?", ja = "偽装アドレスによる、外部同士の通信が流れていないか。" }
severity = "medium"
attack = ["T1498"]
window = "1h"
every = "5m"
enabled = false
key = ["src_ip"]
text = { en = "{packets} packets went from {src_ip} to {hosts} outside address(es) through our network.", ja = "{src_ip} から外部の {hosts} 個のアドレスへ、自社ネットワークを通って {packets} 個のパケットが流れました。" }
filter = "src_ip = {src_ip} and src_local = false and dst_local = false"

[parameters.packets]
default = 10
reason = { en = "A few come from a host that has just changed its address.", ja = "少数はアドレスを変更した直後のホストによる。" }

[[benign]]
en = "A network of ours that is missing in the networks file."
ja = "ネットワーク定義に書かれていない自社ネットワーク。"

[[benign]]
en = "A provider's network that carries traffic of others on purpose."
ja = "他者の通信を運ぶ事業者のネットワーク。"
+++
-- Needs all own networks in the networks file (BCP 38).
SELECT $window AS window_start, src_ip, CAST(SUM(src_packets) AS BIGINT) AS packets, COUNT(DISTINCT dst_ip) AS hosts
FROM flows
WHERE $range AND src_local = false AND dst_local = false AND src_packets > 0
  AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8') AND NOT in_net(src_ip, '224.0.0.0/3') AND NOT in_net(src_ip, 'ff00::/8') AND src_ip NOT IN ('0.0.0.0', '::')
  AND l2_ethertype IS NULL
GROUP BY $window, src_ip
HAVING SUM(src_packets) >= $packets
