+++
title = { en = "Zone transfer", ja = "ゾーン転送" }
question = { en = "Does somebody ask for a whole zone?", ja = "ゾーン全体が要求されていないか。" }
severity = "low"
attack = ["T1590.002"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip", "zone"]
text = { en = "{src_ip} asked {dst_ip} for the whole zone {zone} ({octets} octets came back).", ja = "{src_ip} が {dst_ip} にゾーン {zone} 全体を要求しました（応答 {octets} オクテット）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dns_qtype = AXFR"

[parameters.octets]
default = 0
reason = { en = "Set higher to hear only of transfers that were granted: a refusal has some two hundred octets.", ja = "許可された転送だけを知るには大きくする。拒否は 200 オクテット程度。" }

[[benign]]
en = "A secondary name server that takes the zone from the primary one."
ja = "プライマリからゾーンを取得するセカンダリ DNS サーバー。"
+++
-- Questions of type AXFR. Secondary servers are best muted as pairs.
SELECT $window AS window_start, src_ip, dst_ip, lower(dns_query) AS zone, SUM(dst_bytes) AS octets
FROM flows
WHERE $range AND dns_qtype = 'AXFR'
GROUP BY $window, src_ip, dst_ip, lower(dns_query)
HAVING SUM(dst_bytes) >= $octets
