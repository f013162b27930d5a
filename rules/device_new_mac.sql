+++
title = { en = "New network card", ja = "新しいネットワークカード" }
question = { en = "Is there a MAC address that was not there in the last month?", ja = "過去 1 か月に存在しなかった MAC アドレスがないか。" }
severity = "low"
attack = ["T1200"]
window = "1h"
every = "1h"
history = "30d"
key = ["mac"]
text = { en = "The network card {mac} appeared with the address {address}, name {name}.", ja = "ネットワークカード {mac} がアドレス {address}、名前 {name} で現れました。" }
filter = "l2_src_mac = {mac}"

[parameters.days]
default = 7
reason = { en = "Days of flows in the past: before, everything is new.", ja = "過去のフローの日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "A new computer, a visitor."
ja = "新しい端末、来訪者。"

[[benign]]
en = "A telephone that takes a MAC address by chance for each network."
ja = "ネットワークごとに無作為な MAC アドレスを使うスマートフォン。"
+++
-- MAC addresses of inside senders that a probe on their network saw.
SELECT $window AS window_start, ip_text(l2_src_mac) AS mac, MIN(ip_text(src_ip)) AS address, COALESCE(MAX(dhcp_host_name), MAX(src_name), '-') AS name
FROM flows
WHERE $range AND src_packets > 0 AND l2_src_mac IS NOT NULL AND (COALESCE(src_local, is_private(src_ip)) OR src_ip = '0.0.0.0')
  AND l2_src_mac NOT IN (SELECT l2_src_mac FROM flows WHERE $history AND l2_src_mac IS NOT NULL)
  AND l2_src_mac NOT IN (SELECT l2_dst_mac FROM flows WHERE $history AND l2_dst_mac IS NOT NULL)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history AND l2_src_mac IS NOT NULL) >= $days
GROUP BY $window, ip_text(l2_src_mac)
