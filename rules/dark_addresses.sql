+++
title = { en = "Addresses touched that do not exist", ja = "存在しないアドレスへの接触" }
question = { en = "Does a host touch inside addresses that have not spoken for a week?", ja = "ホストが、1 週間何も送っていない内部アドレスに触れていないか。" }
severity = "medium"
attack = ["T1018"]
window = "1h"
every = "30m"
history = "7d"
key = ["src_ip"]
text = { en = "{src_ip} touched {addresses} inside addresses within an hour that have been silent for a week, such as {example}.", ja = "{src_ip} が 1 時間に、1 週間沈黙している内部アドレス {addresses} 個に触れました（例：{example}）。" }
filter = "src_ip = {src_ip} and dst_packets = 0"

[parameters.addresses]
default = 10
reason = { en = "A program with an old setting touches one or two.", ja = "古い設定のプログラムが触れるのは 1〜2 個。" }

[parameters.days]
default = 3
reason = { en = "Days of flows in the past: before, everything is new.", ja = "過去のフローの日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "Monitoring of devices that are switched off."
ja = "電源の切れた機器の監視。"

[[benign]]
en = "A probe that does not see the traffic of the addresses touched."
ja = "触れられたアドレスの通信が見えないプローブ。"
+++
-- An address is dark that neither sent nor answered, in the window and in the week before it. ARP does not count.
WITH alive AS (
    SELECT src_ip AS address FROM flows WHERE $history AND src_packets > 0
    UNION
    SELECT src_ip AS address FROM flows WHERE $range AND src_packets > 0
    UNION
    SELECT dst_ip AS address FROM flows WHERE $history AND dst_packets > 0
    UNION
    SELECT dst_ip AS address FROM flows WHERE $range AND dst_packets > 0
)
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS addresses, MIN(ip_text(dst_ip)) AS example
FROM flows
WHERE $range AND COALESCE(src_local, is_private(src_ip)) AND COALESCE(dst_local, is_private(dst_ip)) AND dst_packets = 0 AND l2_ethertype IS NULL
  AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8') AND ip_text(dst_ip) NOT LIKE '%.255'
  AND dst_ip NOT IN (SELECT address FROM alive)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history) >= $days
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT dst_ip) >= $addresses
