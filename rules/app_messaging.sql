+++
title = { en = "Messengers and calls in use", ja = "メッセンジャー・通話の利用" }
question = { en = "Which hosts use programs of chat, calls or meetings?", ja = "チャット・通話・会議のプログラムを使っているホストはどれか。" }
severity = "low"
attack = ["T1102", "T1567"]
window = "1h"
every = "15m"
enabled = false
key = ["src_ip", "app"]
text = { en = "{src_ip} used {app} ({connections} connections, {kilobytes} kB).", ja = "{src_ip} が {app} を利用しました（{connections} 接続、{kilobytes} kB）。" }
filter = "src_ip = {src_ip} and app_category in [chat voip collaborative]"

[parameters.kilobytes]
default = 100
reason = { en = "Less is a program that was only started.", ja = "これ未満は起動しただけのプログラム。" }

[[benign]]
en = "Work, where these programs are allowed."
ja = "利用が許可されている場合の業務。"
+++
-- By the category of the application. Off until a network forbids such programs, or some of them by `only`.
SELECT $window AS window_start, src_ip, app, COUNT(*) AS connections, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND app_category IN ('chat', 'voip', 'collaborative') AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
GROUP BY $window, src_ip, app
HAVING SUM(src_bytes + dst_bytes) >= $kilobytes * 1000
