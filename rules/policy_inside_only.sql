+++
title = { en = "Leaves the network that must not", ja = "外部通信が禁止された機器の外部通信" }
question = { en = "Does a device talk with the outside that has no business there, such as a camera, a controller or a printer?", ja = "カメラ・コントローラー・プリンターなど、外部と通信する必要のない機器が外部と通信していないか。" }
severity = "medium"
attack = ["T1041", "T1071"]
window = "1h"
every = "5m"
enabled = false
key = ["src_ip"]
text = { en = "{src_ip} talked with {hosts} address(es) outside, {kilobytes} kB, such as {example} {name} on port {port}; it must stay inside.", ja = "内部のみに限られた {src_ip} が外部の {hosts} 個のアドレスと {kilobytes} kB を通信しました（例：{example} {name} のポート {port}）。" }
filter = "src_ip = {src_ip}"

[parameters.packets]
default = 1
reason = { en = "An answer shows that nothing stopped it.", ja = "応答が 1 つあれば、遮断されていないと分かる。" }

[[benign]]
en = "A device that looks for updates or the time, until that is allowed."
ja = "更新や時刻を確認する機器（許可されるまで）。"
+++
-- Addresses with the tag `inside-only` in the networks file, and answered conversations that they began.
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS hosts, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes,
       MIN(ip_text(dst_ip)) AS example, MIN(dst_port) AS port, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name
FROM flows
WHERE $range AND array_has(src_tags, 'inside-only') AND dst_packets >= $packets AND duplicate_of IS NULL AND $part.to_outside
GROUP BY $window, src_ip
