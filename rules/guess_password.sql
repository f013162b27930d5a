+++
title = { en = "Password guessing", ja = "パスワード推測" }
question = { en = "Does one address try passwords at a service, by many short conversations that are all alike?", ja = "1 つのアドレスが、よく似た短い接続を繰り返してサービスのパスワードを試していないか。" }
severity = "high"
attack = ["T1110.001"]
window = "5m"
hop = "150s"
every = "30s"
text = { en = "{src_ip} opened {attempts} short conversations of the same size with {service} on {dst_ip} within five minutes (median {octets} octets, {duration} s).", ja = "{src_ip} が 5 分間に {dst_ip} の {service} へ同じ大きさの短い接続を {attempts} 回開きました（中央値 {octets} オクテット、{duration} 秒）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and proto = tcp"

[parameters.attempts]
default = 25
reason = { en = "A person gives up after a few tries, a client with a stale password tries every minute; five a minute want a tool.", ja = "人は数回で諦め、古いパスワードを持つクライアントは 1 分に 1 回程度。1 分に 5 回はツール。" }

[parameters.seconds]
default = 30
reason = { en = "A server closes after a few wrong passwords; who is let in stays.", ja = "サーバーは数回の誤ったパスワードで切断する。入れた者は留まる。" }

[parameters.spread]
default = 30
reason = { en = "Refused logins move nearly the same number of octets each time, real sessions do not. Distance of the quartiles in per cent of the median.", ja = "拒否されたログインは毎回ほぼ同じ量を転送し、実際のセッションは異なる。四分位範囲の中央値に対する割合（％）。" }

[[benign]]
en = "A program that logs in with a stale password and tries again at once."
ja = "古いパスワードでログインし、すぐに再試行するプログラム。"

[[benign]]
en = "Configuration management or monitoring that opens a short session for each check."
ja = "確認のたびに短いセッションを開く構成管理や監視。"
+++
-- A conversation is a source port, so that parts of a long session count once. Services go by what was recognised, by port only
-- where nothing was. The server must have said something besides the handshake. Databases count only where the server sent no more than a greeting and a refusal; mail only where nothing
-- was delivered.
SELECT window_start, MIN(began) AS flow_first, MAX(ended) AS flow_last, src_ip, dst_ip, dst_port, service, COUNT(*) AS attempts,
       CAST(approx_percentile_cont(received, 0.5) AS BIGINT) AS octets,
       CAST(approx_percentile_cont(seconds, 0.5) AS BIGINT) AS duration
FROM $part.login_conversations AS conversations
WHERE $part.login_try
GROUP BY window_start, src_ip, dst_ip, dst_port, service
HAVING COUNT(*) >= $attempts
   AND approx_percentile_cont(received, 0.75) - approx_percentile_cont(received, 0.25)
       <= approx_percentile_cont(received, 0.5) * $spread / 100
