+++
title = { en = "Internet Relay Chat", ja = "IRC" }
question = { en = "Does a host talk IRC, by which old botnets are steered?", ja = "古いボットネットの制御に使われる IRC が使われていないか。" }
severity = "low"
attack = ["T1071"]
window = "1h"
every = "5m"
text = { en = "{src_ip} talks IRC with {dst_ip} {name} on port {dst_port} ({kilobytes} kB).", ja = "{src_ip} が {dst_ip} {name} のポート {dst_port} と IRC で通信しています（{kilobytes} kB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One is enough; on most networks nobody chats by IRC.", ja = "1 回で十分。IRC を使う利用者はほとんどいない。" }

[[benign]]
en = "Developers of free software who chat."
ja = "チャットを使うフリーソフトウェア開発者。"
+++
-- IRC by its content on any port, from inside to the outside.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND split_part(app, '.', 1) = 'IRC' AND COALESCE(src_local, is_private(src_ip)) AND dst_packets > 1
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
