+++
title = { en = "Two devices under one address", ja = "1 つのアドレスに 2 台の機器" }
question = { en = "Do two network cards claim the same address?", ja = "2 つのネットワークカードが同じアドレスを名乗っていないか。" }
severity = "medium"
attack = ["T1557.002"]
window = "10m"
every = "5m"
key = ["src_ip"]
text = { en = "{devices} MAC addresses claim {src_ip} within ten minutes, among them {first} and {last}.", ja = "10 分間に {devices} 個の MAC アドレスが {src_ip} を名乗っています（{first}、{last} など）。" }
filter = "src_ip = {src_ip} and l2_ethertype = 0x0806"

[parameters.devices]
default = 2
reason = { en = "An address belongs to one card.", ja = "1 つのアドレスは 1 枚のカードに属する。" }

[[benign]]
en = "A pair of routers that hand an address over (VRRP, HSRP, clusters)."
ja = "アドレスを引き継ぐルーターの組（VRRP、HSRP、クラスター）。"

[[benign]]
en = "Two computers that were given the same address by mistake."
ja = "誤って同じアドレスを設定した 2 台の端末。"
+++
-- Senders of ARP by their address. Conflicts are the trace of somebody who listens in by false answers.
SELECT $window AS window_start, src_ip, COUNT(DISTINCT l2_src_mac) AS devices, mac_first AS first, mac_last AS last
FROM (
    SELECT time_start, src_ip, l2_src_mac, MIN(ip_text(l2_src_mac)) OVER (PARTITION BY $window, src_ip) AS mac_first,
           MAX(ip_text(l2_src_mac)) OVER (PARTITION BY $window, src_ip) AS mac_last
    FROM flows
    WHERE $range AND l2_ethertype = 2054 AND src_packets > 0 AND l2_src_mac IS NOT NULL AND ip_version(src_ip) = 4 AND src_ip <> '0.0.0.0'
) AS claims
GROUP BY $window, src_ip, mac_first, mac_last
HAVING COUNT(DISTINCT l2_src_mac) >= $devices
