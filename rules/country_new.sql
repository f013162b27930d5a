+++
title = { en = "New country", ja = "新しい国" }
question = { en = "Does a host exchange data with a country that nobody here has talked with in the last month?", ja = "過去 1 か月に誰も通信していない国とデータを交換していないか。" }
severity = "low"
attack = ["T1071"]
window = "1h"
every = "1h"
history = "30d"
key = ["country", "src_ip", "dst_ip"]
text = { en = "{src_ip} exchanged {kilobytes} kB with {dst_ip} in {country}; nobody had talked with that country in the month before.", ja = "{src_ip} が {country} の {dst_ip} と {kilobytes} kB を交換しました。過去 1 か月にこの国との通信はありません。" }
filter = "src_ip = {src_ip} and dst_country = {country}"

[parameters.kilobytes]
default = 10
reason = { en = "A refused connection moves less.", ja = "拒否された接続の量はこれより少ない。" }

[parameters.days]
default = 7
reason = { en = "Days of flows in the past: before, everything is new.", ja = "過去のフローの日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "A traveller; a service that has moved its servers."
ja = "旅行者、サーバーを移転したサービス。"
+++
-- Needs a database of countries. Connections from inside that were answered.
SELECT $window AS window_start, src_ip, dst_ip, dst_country AS country, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND dst_country IS NOT NULL AND COALESCE(src_local, is_private(src_ip)) AND dst_packets > 3
  AND dst_country NOT IN (SELECT dst_country FROM flows WHERE $history AND dst_country IS NOT NULL AND dst_packets > 3)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history AND dst_country IS NOT NULL) >= $days
GROUP BY $window, src_ip, dst_ip, dst_country
HAVING SUM(src_bytes + dst_bytes) >= $kilobytes * 1000
