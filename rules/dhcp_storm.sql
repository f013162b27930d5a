+++
title = { en = "Storm of lease requests", ja = "DHCP 要求の多発" }
question = { en = "Does one device ask for leases again and again?", ja = "1 台の機器が DHCP の貸し出しを何度も要求していないか。" }
severity = "low"
attack = ["T1499.002"]
window = "10m"
every = "1m"
key = ["mac"]
text = { en = "The device {mac} sent {requests} DHCP requests within ten minutes.", ja = "機器 {mac} が 10 分間に DHCP 要求を {requests} 件送りました。" }
filter = "l2_src_mac = {mac} and dst_port = 67"

[parameters.requests]
default = 100
reason = { en = "A device asks when it starts and at half of its lease; one that gets no answer repeats itself some times a minute.", ja = "機器が尋ねるのは起動時と期限の半分。応答がなくても 1 分に数回。" }

[[benign]]
en = "A device that is offered a lease which it cannot use, or that restarts all the time."
ja = "使えない貸し出しを受けた機器、再起動を繰り返す機器。"
+++
-- Packets of a client to a server's port, by the network card.
SELECT $window AS window_start, ip_text(l2_src_mac) AS mac, SUM(src_packets) AS requests
FROM flows
WHERE $range AND proto = 17 AND dst_port = 67 AND src_port <> 67 AND l2_src_mac IS NOT NULL AND duplicate_of IS NULL AND COALESCE(dhcp_message, 'discover') IN ('discover', 'request')
GROUP BY $window, l2_src_mac
HAVING SUM(src_packets) >= $requests
