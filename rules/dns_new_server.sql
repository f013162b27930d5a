+++
title = { en = "New name server", ja = "新しい DNS サーバー" }
question = { en = "Does a client ask a name server outside that nobody here has asked in the last week?", ja = "クライアントが、過去 1 週間に誰も使っていない外部の DNS サーバーを使っていないか。" }
severity = "low"
attack = ["T1071.004", "T1584.002"]
window = "1h"
every = "30m"
history = "7d"
key = ["src_ip", "dst_ip", "dst_port"]
text = { en = "{src_ip} asked the name server {dst_ip} {queries} times within an hour; nobody had asked it in the week before.", ja = "{src_ip} が 1 時間に DNS サーバー {dst_ip} へ {queries} 回問い合わせました。過去 1 週間には使われていません。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.queries]
default = 5
reason = { en = "A single question may be a test.", ja = "1 回の問い合わせは試験かもしれない。" }

[parameters.days]
default = 3
reason = { en = "Days on which DNS has been seen: before, every server is new.", ja = "DNS を観測した日数。これ未満ではすべてのサーバーが新しい。" }

[[benign]]
en = "Settings that were changed, a visitor's device."
ja = "設定の変更、来訪者の機器。"

[[benign]]
en = "A resolver that asks the servers of domains itself."
ja = "各ドメインのサーバーへ直接問い合わせるリゾルバー。"
+++
-- Clients that ask more than ten servers outside are resolvers and do not count.
WITH asked AS (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, COUNT(*) AS queries
    FROM flows
    WHERE $range AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53)) AND dst_packets > 0 AND COALESCE(src_local, is_private(src_ip))
      AND $part.to_outside
    GROUP BY $window, src_ip, dst_ip, dst_port
)
SELECT a.window_start, a.src_ip, a.dst_ip, a.dst_port, a.queries
FROM asked AS a
WHERE a.queries >= $queries
  AND a.dst_ip NOT IN (SELECT dst_ip FROM flows WHERE $history AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53)))
  AND a.src_ip NOT IN (SELECT src_ip FROM asked GROUP BY src_ip HAVING COUNT(*) > 10)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53))) >= $days
