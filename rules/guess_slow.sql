+++
title = { en = "Slow password guessing", ja = "低速なパスワード推測" }
question = { en = "Does one address try passwords at a service for hours, so slowly that no five minutes look odd?", ja = "1 つのアドレスが、5 分間では目立たない速さで何時間もサービスのパスワードを試していないか。" }
severity = "high"
attack = ["T1110.001"]
window = "24h"
every = "15m"
text = { en = "{src_ip} opened {attempts} short conversations of the same size with {service} on {dst_ip} in a row, from {first} to {last} (median {octets} octets).", ja = "{src_ip} が {first} から {last} まで、{dst_ip} の {service} へ同じ大きさの短い接続を途切れなく {attempts} 回開きました（中央値 {octets} オクテット）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and proto = tcp"

[session]
gap = "15m"
by = ["src_ip", "dst_ip", "dst_port"]
where = "proto = 6 AND dst_packets > 1 AND duplicate_of IS NULL"

[parameters.attempts]
default = 40
reason = { en = "A person gives up after a few tries; a stale password is noticed within the hour. Forty in a row want a program.", ja = "人は数回で諦め、古いパスワードは 1 時間以内に気付く。途切れない 40 回はプログラム。" }

[parameters.minutes]
default = 60
reason = { en = "Shorter series are found by the rule over five minutes.", ja = "これより短いものは 5 分間のルールで見つかる。" }

[parameters.seconds]
default = 30
reason = { en = "A server closes after a few wrong passwords; who is let in stays.", ja = "サーバーは数回の誤ったパスワードで切断する。入れた者は留まる。" }

[parameters.spread]
default = 30
reason = { en = "Refused logins move nearly the same number of octets each time, real sessions do not. Distance of the quartiles in per cent of the median.", ja = "拒否されたログインは毎回ほぼ同じ量を転送し、実際のセッションは異なる。四分位範囲の中央値に対する割合（％）。" }

[[benign]]
en = "A program that logs in with a stale password and tries again every few minutes."
ja = "古いパスワードで数分ごとに再試行するプログラム。"

[[benign]]
en = "Monitoring that opens a short session every few minutes to see whether the service is there."
ja = "サービスの稼働確認のため数分ごとに短いセッションを開く監視。"
+++
-- A session is a series of conversations of a pair that pauses nowhere for a quarter of an hour. What counts as a try is told as in
-- guess_password; nine of ten conversations of the series must be tries, so that work between them keeps the rule silent.
SELECT window_start, MAX(ended) AS window_end, src_ip, dst_ip, dst_port, service, COUNT(*) FILTER (WHERE try) AS attempts,
       CAST(approx_percentile_cont(received, 0.5) AS BIGINT) AS octets, MIN(began) AS first, MAX(began) AS last
FROM (
    SELECT window_start, src_ip, dst_ip, dst_port, service, began, ended, received,
           $part.login_try AS try
    FROM (
        SELECT window_start, src_ip, src_port, dst_ip, dst_port, service, MIN(time_start) AS began, MAX(time_end) AS ended,
               SUM(src_bytes) AS sent, SUM(dst_bytes) AS received, SUM(dst_packets) AS answers,
               (CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT)) / 1000000000 AS seconds
        FROM (
            SELECT $window AS window_start, time_start, time_end, src_ip, src_port, dst_ip, dst_port, src_bytes, dst_bytes, dst_packets,
           $part.login_service AS service
            FROM $sessions
            WHERE $range
        ) AS named
        WHERE service IS NOT NULL
        GROUP BY window_start, src_ip, src_port, dst_ip, dst_port, service
    ) AS conversations
) AS tries
GROUP BY window_start, src_ip, dst_ip, dst_port, service
HAVING COUNT(*) FILTER (WHERE try) >= $attempts AND COUNT(*) FILTER (WHERE try) * 10 >= COUNT(*) * 9
   AND CAST(MAX(began) AS BIGINT) - CAST(MIN(began) AS BIGINT) >= $minutes * 60000000000
   AND approx_percentile_cont(received, 0.75) - approx_percentile_cont(received, 0.25)
       <= approx_percentile_cont(received, 0.5) * $spread / 100
