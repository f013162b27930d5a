+++
title = { en = "Device that is not on the list", ja = "一覧にない機器" }
question = { en = "Does an inside address send that the networks file does not know by the tag `known`?", ja = "ネットワークファイルにタグ known がない内部アドレスが送信していないか。" }
severity = "medium"
attack = ["T1200"]
window = "1h"
every = "5m"
enabled = false
key = ["src_ip"]
text = { en = "{src_ip} ({name}, MAC address {mac}) sends and is not among the known devices.", ja = "{src_ip}（{name}、MAC アドレス {mac}）が送信していますが、既知の機器ではありません。" }
filter = "src_ip = {src_ip}"

[parameters.packets]
default = 1
reason = { en = "One packet shows that it is there.", ja = "1 パケットで存在が分かる。" }

[[benign]]
en = "A device that nobody has put on the list yet."
ja = "まだ一覧に載せていない機器。"
+++
-- Inside IPv4 addresses without the tag `known` in the networks file; addresses of the link itself do not count.
SELECT $window AS window_start, src_ip, COALESCE(MIN(ip_text(l2_src_mac)), '-') AS mac, COALESCE(MAX(dhcp_host_name), MAX(src_name), '-') AS name
FROM flows
WHERE $range AND src_packets > 0 AND ip_version(src_ip) = 4 AND COALESCE(src_local, is_private(src_ip)) AND NOT COALESCE(array_has(src_tags, 'known'), false)
  AND NOT in_net(src_ip, '127.0.0.0/8') AND NOT in_net(src_ip, '169.254.0.0/16')
GROUP BY $window, src_ip
HAVING SUM(src_packets) >= $packets
