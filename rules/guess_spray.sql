+++
title = { en = "Passwords tried on many hosts", ja = "多数のホストへのパスワード試行" }
question = { en = "Does one address try a few logins on each of many hosts?", ja = "1 つのアドレスが多数のホストでそれぞれ数回ずつログインを試していないか。" }
severity = "high"
attack = ["T1110.003"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_port", "service"]
text = { en = "{src_ip} opened {attempts} short conversations of the same size with {service} on {hosts} hosts within an hour.", ja = "{src_ip} が 1 時間に {hosts} 台のホストの {service} へ同じ大きさの短い接続を {attempts} 回開きました。" }
filter = "src_ip = {src_ip} and dst_port = {dst_port} and proto = tcp"

[parameters.hosts]
default = 10
reason = { en = "An administrator works on a few hosts; ten with nothing but refusals are a list.", ja = "管理者が作業するホストは数台。拒否ばかりの 10 台は一覧である。" }

[parameters.attempts]
default = 30
reason = { en = "Three tries per host: one alone is what an availability check does.", ja = "1 台につき 3 回。1 回だけなら死活確認でも起こる。" }

[parameters.seconds]
default = 30
reason = { en = "A server closes after a few wrong passwords; who is let in stays.", ja = "サーバーは数回の誤ったパスワードで切断する。入れた者は留まる。" }

[parameters.spread]
default = 30
reason = { en = "Refused logins move nearly the same number of octets each time, real sessions do not. Distance of the quartiles in per cent of the median.", ja = "拒否されたログインは毎回ほぼ同じ量を転送し、実際のセッションは異なる。四分位範囲の中央値に対する割合（％）。" }

[[benign]]
en = "Configuration management that runs the same short task on all hosts."
ja = "すべてのホストで同じ短い処理を行う構成管理。"

[[benign]]
en = "Monitoring that logs in to many hosts."
ja = "多数のホストにログインする監視。"
+++
-- As guess_password, over the hosts instead of the tries at one of them.
SELECT window_start, MIN(began) AS flow_first, MAX(ended) AS flow_last, src_ip, dst_port, service, COUNT(DISTINCT dst_ip) AS hosts, COUNT(*) AS attempts
FROM $part.login_conversations AS conversations
WHERE $part.login_try
  AND service NOT IN ('SMTP', 'MySQL', 'PostgreSQL', 'MsSQL-TDS', 'Oracle', 'MongoDB', 'RESP')
GROUP BY window_start, src_ip, dst_port, service
HAVING COUNT(DISTINCT dst_ip) >= $hosts AND COUNT(*) >= $attempts AND COUNT(*) >= 3 * COUNT(DISTINCT dst_ip)
   AND approx_percentile_cont(received, 0.75) - approx_percentile_cont(received, 0.25)
       <= approx_percentile_cont(received, 0.5) * $spread / 100
