+++
title = { en = "Web requests of a tool of attack", ja = "攻撃ツールの Web 要求" }
question = { en = "Do requests have the addresses by which known frameworks of attack fetch their program or report?", ja = "既知の攻撃フレームワークが本体の取得や報告に使う形の Web 要求がないか。" }
severity = "high"
attack = ["T1071.001", "T1105"]
window = "1h"
every = "5m"
text = { en = "{src_ip} sent {requests} requests such as {example} to {dst_ip} {host} (port {dst_port}), as {kind} does.", ja = "{src_ip} が {dst_ip} {host}（ポート {dst_port}）へ {example} などの要求を {requests} 件送りました（{kind} の形）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 1
reason = { en = "The program is fetched once.", ja = "本体の取得は 1 回。" }

[parameters.stage]
default = 100
reason = { en = "Kilobytes of an answer: programs that are fetched so have 170 to 400 kB.", ja = "応答のキロバイト数。この方法で取得される本体は 170〜400 kB。" }

[[benign]]
en = "A test of security that is allowed."
ja = "許可されたセキュリティ試験。"

[[benign]]
en = "A short address that has the sum by chance and leads to a large file."
ja = "偶然同じ和になる短いアドレスの大きなファイル。"
+++
-- A stager asks for four characters whose sum, modulo 256, says which kind of program it wants (Metasploit's URI checksums); the others are the
-- defaults of their frameworks, which many do not change.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, dst_port, kind, MAX(host) AS host, MIN(substr(path, 1, 120)) AS example, COUNT(*) AS requests
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, dst_ip, dst_port, COALESCE(http_host, '') AS host, http_path AS path,
           CASE WHEN regexp_like(http_path, '^/[A-Za-z0-9_-]{4}$') AND dst_bytes >= $stage * 1000 AND http_status = 200
                     AND (ascii(substr(http_path, 2, 1)) + ascii(substr(http_path, 3, 1)) + ascii(substr(http_path, 4, 1)) + ascii(substr(http_path, 5, 1))) % 256 IN (80, 88, 92, 93, 95, 98)
                THEN 'a stager of Metasploit or Cobalt Strike'
                WHEN http_method = 'POST' AND regexp_like(http_path, '^/submit[.]php[?]id=[0-9]+$') THEN 'Cobalt Strike'
                WHEN regexp_like(http_path, '^/(admin/get|news|login/process)[.]php$') AND http_user_agent = 'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko' THEN 'Empire'
                WHEN regexp_like(http_path, '^/en-us/(index|docs|test)[.]html([?]page=|$)') AND regexp_like(COALESCE(http_user_agent, ''), 'Chrome/41[.]0[.]2228[.]0') THEN 'Covenant'
           END AS kind
    FROM flows
    WHERE $range AND http_path IS NOT NULL AND src_packets > 0
) AS asked
WHERE kind IS NOT NULL
GROUP BY window_start, src_ip, dst_ip, dst_port, kind
HAVING COUNT(*) >= $requests
