+++
title = { en = "Password guessed", ja = "パスワード推測の成功" }
question = { en = "After many refused logins, did one of the same address lead to a real session?", ja = "多数の拒否されたログインの後、同じアドレスが実際のセッションを確立しなかったか。" }
severity = "critical"
attack = ["T1110.001", "T1078"]
window = "1h"
hop = "30m"
every = "5m"
text = { en = "After {attempts} short conversations with {service} on {dst_ip}, {src_ip} got a session of {session} s and {session_octets} octets, where the tries took {octets}: a password was probably guessed.", ja = "{src_ip} は {dst_ip} の {service} へ短い接続を {attempts} 回行った後、{session} 秒・{session_octets} オクテットのセッションを得ました（試行の中央値は {octets} オクテット）。パスワードが推測された可能性があります。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and proto = tcp"

[parameters.attempts]
default = 20
reason = { en = "So many refusals before a success are not a person who mistypes.", ja = "成功前のこの回数の拒否は、打ち間違いではない。" }

[parameters.seconds]
default = 30
reason = { en = "A server closes after a few wrong passwords; who is let in stays.", ja = "サーバーは数回の誤ったパスワードで切断する。入れた者は留まる。" }

[parameters.spread]
default = 30
reason = { en = "Refused logins move nearly the same number of octets each time, real sessions do not. Distance of the quartiles in per cent of the median.", ja = "拒否されたログインは毎回ほぼ同じ量を転送し、実際のセッションは異なる。四分位範囲の中央値に対する割合（％）。" }

[parameters.times]
default = 4
reason = { en = "A session moves far more than a refused login, even if it only lists a folder. Times the median of the tries.", ja = "セッションは一覧表示だけでも拒否されたログインよりはるかに多くを転送する。試行の中央値に対する倍率。" }

[parameters.minutes]
default = 10
reason = { en = "Tools go on, or stop and enter, at once; a later login of the same address may be an owner's.", ja = "ツールはすぐに侵入する。後のログインは正当な利用者かもしれない。" }

[[benign]]
en = "An owner whose tool tried a stale password until it was put right."
ja = "古いパスワードで試し続け、その後修正した正当な利用者。"

[[benign]]
en = "Configuration management that opens many short sessions and a long one."
ja = "短いセッションを多数開いた後に長いセッションを開く構成管理。"
+++
-- The tries are the short conversations that are alike, as in guess_password, that many of them within the ten minutes
-- before the session. The session began after them, is at least some times larger than their median, and longer than they are.
WITH conversations AS MATERIALIZED (SELECT * FROM $part.login_conversations AS c),
tries AS (
    SELECT window_start, src_ip, dst_ip, dst_port, service, COUNT(*) AS attempts,
           approx_percentile_cont(received, 0.5) AS octets, MIN(began) AS first_try
    FROM conversations
    WHERE $part.login_try
    GROUP BY window_start, src_ip, dst_ip, dst_port, service
    HAVING COUNT(*) >= $attempts
       AND approx_percentile_cont(received, 0.75) - approx_percentile_cont(received, 0.25)
           <= approx_percentile_cont(received, 0.5) * $spread / 100
),
entered AS (
    SELECT c.window_start, c.src_ip, c.dst_ip, c.dst_port, c.service, t.attempts, CAST(t.octets AS BIGINT) AS octets,
           c.began, c.seconds AS session, c.received AS session_octets
    FROM conversations AS c
    JOIN tries AS t ON c.window_start = t.window_start AND c.src_ip = t.src_ip AND c.dst_ip = t.dst_ip
        AND c.dst_port = t.dst_port AND c.service = t.service
    WHERE c.began > t.first_try AND c.received >= t.octets * $times AND c.seconds > $seconds
)
SELECT e.window_start, e.src_ip, e.dst_ip, e.dst_port, e.service, MAX(e.attempts) AS attempts, MAX(e.octets) AS octets,
       MAX(e.session) AS session, MAX(e.session_octets) AS session_octets
FROM (
    SELECT e.window_start, e.src_ip, e.dst_ip, e.dst_port, e.service, e.attempts, e.octets, e.session, e.session_octets, COUNT(*) AS recent
    FROM entered AS e
    JOIN conversations AS c ON c.window_start = e.window_start AND c.src_ip = e.src_ip AND c.dst_ip = e.dst_ip
        AND c.dst_port = e.dst_port AND c.service = e.service
    WHERE c.began < e.began AND CAST(c.began AS BIGINT) >= CAST(e.began AS BIGINT) - $minutes * 60000000000 AND c.received < e.octets * 2
    GROUP BY e.window_start, e.src_ip, e.dst_ip, e.dst_port, e.service, e.attempts, e.octets, e.session, e.session_octets
) AS e
WHERE e.recent >= $attempts
GROUP BY e.window_start, e.src_ip, e.dst_ip, e.dst_port, e.service
