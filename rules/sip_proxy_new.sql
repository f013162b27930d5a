+++
title = { en = "New go-between of telephone calls", ja = "電話の新しい中継者" }
question = { en = "Does a host pass on the calls or registrations of several people that did not do so in the days before?", ja = "これまで中継していなかったホストが、複数の利用者の通話や登録を中継していないか。" }
severity = "medium"
attack = ["T1557"]
window = "1h"
every = "1h"
history = "14d"
key = ["src_ip"]
text = { en = "{src_ip} gets and passes on SIP requests of {users} callers, such as {example}; in the days before it did not.", ja = "{src_ip} が {users} 人の発信者（{example} など）の SIP 要求を受けて中継しています。これまでの数日間にはありません。" }
filter = "(src_ip = {src_ip} or dst_ip = {src_ip}) and sip_method present"

[parameters.users]
default = 3
reason = { en = "A telephone speaks for one person or two.", ja = "電話機 1 台の利用者は 1〜2 人。" }

[parameters.days]
default = 5
reason = { en = "Days with SIP in the past: before, everything is new.", ja = "過去に SIP のある日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "A telephone server that was set up or moved."
ja = "新設または移設した電話サーバー。"
+++
-- Hosts that INVITE or REGISTER of one caller (From) comes to and goes out from.
WITH now AS (
    SELECT $window AS window_start, src_ip, dst_ip, sip_from FROM flows WHERE $range AND sip_method IN ('INVITE', 'REGISTER') AND sip_from IS NOT NULL
),
past AS (
    SELECT src_ip, dst_ip, sip_from, date_bin(INTERVAL '1 day', time_start) AS day FROM flows WHERE $history AND sip_method IN ('INVITE', 'REGISTER') AND sip_from IS NOT NULL
)
SELECT n.window_start, n.src_ip, COUNT(DISTINCT n.sip_from) AS users, MIN(n.sip_from) AS example
FROM now AS n
JOIN now AS came ON came.window_start = n.window_start AND came.dst_ip = n.src_ip AND came.sip_from = n.sip_from AND came.src_ip <> n.dst_ip
WHERE n.src_ip NOT IN (SELECT p.src_ip FROM past AS p JOIN past AS c ON c.dst_ip = p.src_ip AND c.sip_from = p.sip_from)
  AND (SELECT COUNT(DISTINCT day) FROM past) >= $days
GROUP BY n.window_start, n.src_ip
HAVING COUNT(DISTINCT n.sip_from) >= $users
