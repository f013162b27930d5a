+++
title = { en = "New time server", ja = "新しい時刻サーバー" }
question = { en = "Does a host take the time from a server that nobody here has asked in the last week?", ja = "過去 1 週間に誰も使っていない時刻サーバーから時刻を得ていないか。" }
severity = "low"
attack = ["T1557"]
window = "1h"
every = "30m"
history = "7d"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} asks the time server {dst_ip} {name}, which nobody had asked in the week before.", ja = "{src_ip} が時刻サーバー {dst_ip} {name} を使っています。過去 1 週間には使われていません。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = 123"

[parameters.days]
default = 3
reason = { en = "Days with such requests in the past: before, everything is new.", ja = "過去に同種の要求のある日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "Programs that ask a pool of servers, whose members change."
ja = "構成の変わるサーバープールを使うプログラム。"
+++
-- NTP that was answered. Names of public pools do not count: their addresses change by design.
SELECT $window AS window_start, src_ip, dst_ip, COALESCE(MAX(dst_name), '') AS name
FROM flows
WHERE $range AND proto = 17 AND (split_part(app, '.', 1) = 'NTP' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 123)) AND dst_packets > 0
  AND NOT regexp_like(COALESCE(dst_name, ''), '(^|[.])pool[.]ntp[.]org$') AND COALESCE(src_local, is_private(src_ip))
  AND dst_ip NOT IN (SELECT dst_ip FROM flows WHERE $history AND dst_port = 123 AND dst_packets > 0)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history AND dst_port = 123) >= $days
GROUP BY $window, src_ip, dst_ip
