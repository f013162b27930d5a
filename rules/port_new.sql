+++
title = { en = "Port that nobody has used", ja = "誰も使っていなかったポート" }
question = { en = "Does unknown content leave our network on a port that nobody here has used in two weeks?", ja = "過去 2 週間に誰も使っていないポートで、不明な内容が外部へ出ていないか。" }
severity = "low"
attack = ["T1571"]
window = "1h"
every = "1h"
history = "14d"
text = { en = "{src_ip} moved {kilobytes} kB of unknown content with {dst_ip} {name} on {kind} port {dst_port}, which nobody had used in two weeks.", ja = "{src_ip} が {dst_ip} {name} の {kind} ポート {dst_port} で内容不明の {kilobytes} kB を通信しました。このポートは 2 週間使われていません。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.kilobytes]
default = 10
reason = { en = "A try that leads nowhere moves less.", ja = "成立しない試行の量はこれより少ない。" }

[parameters.days]
default = 7
reason = { en = "Days of flows in the past: before, everything is new.", ja = "過去のフローの日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "A new program, a game."
ja = "新しいプログラムやゲーム。"
+++
-- Answered conversations from inside to ports below 49152 whose content was not recognised. The ports themselves are not listed: what is usual here is learned.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, proto, CASE proto WHEN 6 THEN 'TCP' ELSE 'UDP' END AS kind,
       COALESCE(MAX(dst_name), '') AS name, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND proto IN (6, 17) AND COALESCE(app, 'Unknown') = 'Unknown' AND dst_port BETWEEN 1 AND 49151 AND dst_packets > 3 AND COALESCE(src_local, is_private(src_ip))
  AND dst_port NOT IN (SELECT dst_port FROM flows WHERE $history AND dst_packets > 3)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history) >= $days
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port, proto
HAVING SUM(src_bytes + dst_bytes) >= $kilobytes * 1000
