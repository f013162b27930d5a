+++
title = { en = "DHCP pool drained", ja = "DHCP プールの枯渇" }
question = { en = "Do very many devices that nobody has ask for leases at once?", ja = "存在しないはずの多数の機器が一斉に貸し出しを求めていないか。" }
severity = "medium"
attack = ["T1499"]
window = "1m"
every = "30s"
key = []
text = { en = "{devices} different MAC addresses asked for leases within a minute.", ja = "1 分間に {devices} 個の異なる MAC アドレスが貸し出しを求めました。" }
filter = "app = DHCP"

[parameters.devices]
default = 100
reason = { en = "So many computers are not switched on within one minute on one network, except after a power cut.", ja = "停電の復旧後を除き、1 つのネットワークで 1 分間にこれほどの端末が起動することはない。" }

[[benign]]
en = "The return of power or of a wireless network."
ja = "停電や無線ネットワークの復旧。"
+++
-- Distinct MAC addresses that sent discover or request, seen on their own network.
SELECT $window AS window_start, COUNT(DISTINCT l2_src_mac) AS devices
FROM flows
WHERE $range AND split_part(app, '.', 1) = 'DHCP' AND dhcp_message IN ('discover', 'request') AND src_ip = '0.0.0.0'
GROUP BY $window
HAVING COUNT(DISTINCT l2_src_mac) >= $devices
