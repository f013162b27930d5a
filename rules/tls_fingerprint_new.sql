+++
title = { en = "Program that nobody has used", ja = "誰も使っていなかったプログラム" }
question = { en = "Does one host alone speak TLS to the outside in a way that no host here has in two weeks?", ja = "過去 2 週間に誰も使っていない形式の TLS で、1 台だけが外部と通信していないか。" }
severity = "low"
attack = ["T1071.001", "T1573"]
window = "1h"
every = "1h"
history = "14d"
key = ["src_ip", "ja4"]
text = { en = "{src_ip} spoke TLS to {servers} server(s) outside, such as {name}, in a way (JA4 {ja4}) that nobody here has in two weeks: {connections} connections.", ja = "{src_ip} が、過去 2 週間に誰も使っていない形式（JA4 {ja4}）の TLS で外部の {servers} 台のサーバー（{name} など）と通信しました（{connections} 接続）。" }
filter = "src_ip = {src_ip} and tls_ja4 = {ja4}"

[parameters.connections]
default = 3
reason = { en = "A program that stays calls again.", ja = "居座るプログラムは繰り返し接続する。" }

[parameters.servers]
default = 3
reason = { en = "A browser that was brought up to date talks with many servers; a command channel with one or two.", ja = "更新されたブラウザーは多数のサーバーと通信する。指令通信の相手は 1〜2 台。" }

[parameters.days]
default = 7
reason = { en = "Days with TLS in the past: before, everything is new.", ja = "過去に TLS のある日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "A program that was installed or brought up to date on one machine."
ja = "1 台に導入または更新したソフトウェア。"
+++
-- JA4 of clients here, of which nobody here had the same before and nobody else has it now: one who comes from outside, such as a
-- scanner, makes no hello usual.
SELECT window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, MIN(src_ip) AS src_ip, ja4, COUNT(DISTINCT dst_ip) AS servers, COUNT(*) AS connections, MIN(name) AS name
FROM (
    SELECT $window AS window_start, time_start, time_end, src_ip, dst_ip, tls_ja4 AS ja4, COALESCE(tls_sni, ip_text(dst_ip)) AS name
    FROM flows
    WHERE $range AND tls_ja4 IS NOT NULL AND duplicate_of IS NULL AND dst_packets > 1 AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
      AND tls_ja4 NOT IN (SELECT tls_ja4 FROM flows WHERE $history AND tls_ja4 IS NOT NULL AND COALESCE(src_local, is_private(src_ip)))
      AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history AND tls_ja4 IS NOT NULL AND COALESCE(src_local, is_private(src_ip))) >= $days
) AS fresh
GROUP BY window_start, ja4
HAVING COUNT(DISTINCT src_ip) = 1 AND COUNT(*) >= $connections AND COUNT(DISTINCT dst_ip) < $servers
