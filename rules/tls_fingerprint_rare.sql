+++
title = { en = "Rare program on a host that never had it", ja = "ホストに初めて現れた珍しいプログラム" }
question = { en = "Does a host that has been here for a while speak TLS to the outside for the first time in a way that hardly another host here does?", ja = "以前から存在するホストが、ほかのほとんどのホストで使われていない形式の TLS で初めて外部と通信していないか。" }
severity = "low"
attack = ["T1071.001", "T1573"]
window = "1h"
every = "1h"
history = "14d"
key = ["src_ip", "ja4"]
text = { en = "{src_ip} spoke TLS to {servers} server(s) outside, such as {name}, in a way (JA4 {ja4}) that it had not in two weeks and that {hosts} of {of_hosts} hosts here had: {connections} connections.", ja = "{src_ip} が、過去 2 週間このホストになく、{of_hosts} 台中 {hosts} 台だけが使っていた形式（JA4 {ja4}）の TLS で外部の {servers} 台のサーバー（{name} など）と通信しました（{connections} 接続）。" }
filter = "src_ip = {src_ip} and tls_ja4 = {ja4}"

[parameters.share]
default = 1
reason = { en = "Per cent of the hosts that may have had it: of 800 hosts 8. Of fewer than 200 hosts it may be one.", ja = "すでに使っていたホストの割合（%）。800 台なら 8 台まで。200 台未満では 1 台まで。" }

[parameters.of]
default = 20
reason = { en = "Hosts with TLS in the past: among few hosts everything is rare.", ja = "過去に TLS を使ったホスト数。少数の中ではすべてが珍しい。" }

[parameters.connections]
default = 3
reason = { en = "A program that stays calls again.", ja = "居座るプログラムは繰り返し接続する。" }

[parameters.servers]
default = 3
reason = { en = "A browser that was brought up to date talks with many servers; a command channel with one or two.", ja = "更新されたブラウザーは多数のサーバーと通信する。指令通信の相手は 1〜2 台。" }

[parameters.days]
default = 7
reason = { en = "Days on which the host spoke TLS in the past: of a new host everything is new.", ja = "ホストが過去に TLS を使った日数。新しいホストではすべてが新しい。" }

[[benign]]
en = "A program that few people need, installed on one more machine."
ja = "少数の人だけが使うプログラムを別の端末に導入した場合。"

[[benign]]
en = "An update that reaches the machines one after the other: the first ones are rare."
ja = "端末に順次配布される更新。最初の数台は珍しく見える。"

[[benign]]
en = "An address that another machine has now."
ja = "別の端末に割り当て直されたアドレス。"
+++
-- JA4 of clients, not JA3: browsers shuffle their extensions, which JA4 sorts. What nobody at all had is tls_fingerprint_new's.
WITH past AS (
    SELECT src_ip, tls_ja4, date_bin(INTERVAL '1 day', time_start) AS day
    FROM flows
    WHERE $history AND tls_ja4 IS NOT NULL AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
    GROUP BY src_ip, tls_ja4, day
),
usual AS (SELECT tls_ja4, COUNT(DISTINCT src_ip) AS hosts FROM past GROUP BY tls_ja4),
settled AS (SELECT src_ip FROM past GROUP BY src_ip HAVING COUNT(DISTINCT day) >= $days)
SELECT window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, fresh.src_ip AS src_ip, ja4, COUNT(DISTINCT dst_ip) AS servers, COUNT(*) AS connections, MIN(name) AS name, MAX(usual.hosts) AS hosts, MAX(everyone.hosts) AS of_hosts
FROM (
    SELECT $window AS window_start, time_start, time_end, src_ip, dst_ip, tls_ja4 AS ja4, COALESCE(tls_sni, ip_text(dst_ip)) AS name
    FROM flows
    WHERE $range AND tls_ja4 IS NOT NULL AND duplicate_of IS NULL AND dst_packets > 1 AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
) AS fresh
JOIN usual ON usual.tls_ja4 = fresh.ja4
JOIN settled ON settled.src_ip = fresh.src_ip
CROSS JOIN (SELECT COUNT(DISTINCT src_ip) AS hosts FROM past) AS everyone
WHERE everyone.hosts >= $of AND usual.hosts <= GREATEST(1, everyone.hosts * $share / 100)
  AND NOT EXISTS (SELECT 1 FROM past WHERE past.src_ip = fresh.src_ip AND past.tls_ja4 = fresh.ja4)
GROUP BY window_start, fresh.src_ip, ja4
HAVING COUNT(*) >= $connections AND COUNT(DISTINCT dst_ip) < $servers
