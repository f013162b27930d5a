+++
title = { en = "New device", ja = "新しい機器" }
question = { en = "Is there an inside address that was not there in the last month?", ja = "過去 1 か月に存在しなかった内部アドレスがないか。" }
severity = "low"
attack = ["T1200"]
window = "1h"
every = "1h"
history = "30d"
key = ["src_ip"]
text = { en = "{src_ip} appeared: nobody had seen it in the month before. MAC address {mac}, name {name}.", ja = "{src_ip} が現れました。過去 1 か月には観測されていません（MAC アドレス {mac}、名前 {name}）。" }
filter = "src_ip = {src_ip}"

[parameters.days]
default = 7
reason = { en = "Days of flows in the past: before, everything is new.", ja = "過去のフローの日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "A new computer, a visitor, an address that is leased for the first time."
ja = "新しい端末、来訪者、初めて貸し出されたアドレス。"
+++
-- Inside IPv4 addresses that sent something. IPv6 addresses change daily by design (RFC 8981); device_new_mac tells of their devices.
SELECT $window AS window_start, src_ip, COALESCE(MIN(ip_text(l2_src_mac)), '-') AS mac, COALESCE(MAX(dhcp_host_name), MAX(src_name), '-') AS name
FROM flows
WHERE $range AND src_packets > 0 AND ip_version(src_ip) = 4 AND COALESCE(src_local, is_private(src_ip)) AND NOT in_net(src_ip, '127.0.0.0/8') AND NOT in_net(src_ip, '169.254.0.0/16')
  AND src_ip NOT IN (SELECT src_ip FROM flows WHERE $history AND src_packets > 0)
  AND src_ip NOT IN (SELECT dst_ip FROM flows WHERE $history AND dst_packets > 0)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history) >= $days
GROUP BY $window, src_ip
