+++
title = { en = "Round the proxy", ja = "プロキシの迂回" }
question = { en = "Does a host that must use the proxy talk to the outside itself?", ja = "プロキシの利用が必須のホストが、外部と直接通信していないか。" }
severity = "medium"
attack = ["T1090"]
window = "1h"
every = "5m"
enabled = false
key = ["src_ip"]
text = { en = "{src_ip} talked to {hosts} outside address(es) itself, {kilobytes} kB, such as {example} on port {port}.", ja = "{src_ip} が外部の {hosts} 個のアドレスと直接通信しました（{kilobytes} kB、例：{example} のポート {port}）。" }
filter = "src_ip = {src_ip} and dst_local = false"

[parameters.kilobytes]
default = 10
reason = { en = "Tries that a firewall stops move less.", ja = "ファイアウォールに止められた試行はこれより少ない。" }

[[benign]]
en = "Time, or a service that is allowed to go directly."
ja = "時刻同期など、直接の通信が許可されたサービス。"
+++
-- Hosts with the tag `must-use-proxy` in the networks file.
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS hosts, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes,
       MIN(ip_text(dst_ip)) AS example, MIN(dst_port) AS port
FROM flows
WHERE $range AND array_has(src_tags, 'must-use-proxy') AND dst_packets > 0 AND duplicate_of IS NULL
  AND $part.to_outside
GROUP BY $window, src_ip
HAVING SUM(src_bytes + dst_bytes) >= $kilobytes * 1000
