+++
title = { en = "Much data by DNS over TCP", ja = "TCP による大量の DNS 通信" }
question = { en = "Does DNS over TCP move more than answers to questions?", ja = "TCP の DNS が、問い合わせへの応答を超える量を転送していないか。" }
severity = "medium"
attack = ["T1071.004", "T1048"]
window = "1h"
every = "5m"
text = { en = "{src_ip} and {dst_ip} moved {kilobytes} kB by DNS over TCP within an hour.", ja = "{src_ip} と {dst_ip} が 1 時間に TCP の DNS で {kilobytes} kB を転送しました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and proto = tcp and dst_port = {dst_port}"

[parameters.kilobytes]
default = 10000
reason = { en = "A large answer is 64 kB, and TCP is the exception; ten megabytes are zones or a tunnel.", ja = "大きな応答でも 64 kB で、TCP は例外的。10 MB はゾーン転送かトンネル。" }

[[benign]]
en = "A zone transfer between name servers."
ja = "DNS サーバー間のゾーン転送。"

[[benign]]
en = "A resolver that keeps connections to its forwarder."
ja = "フォワーダーとの接続を維持するリゾルバー。"
+++
-- Both directions of a pair, by what was recognised, by port 53 only where nothing was. Encrypted DNS on other ports does not count.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, CAST(SUM((src_bytes + dst_bytes) * COALESCE(sampling_rate, 1)) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND proto = 6 AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53)) AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING SUM((src_bytes + dst_bytes) * COALESCE(sampling_rate, 1)) >= $kilobytes * 1000
