+++
title = { en = "SNMP communities guessed", ja = "SNMP コミュニティの推測" }
question = { en = "Does a host try many communities of SNMP?", ja = "ホストが多数の SNMP コミュニティを試していないか。" }
severity = "medium"
attack = ["T1110.001", "T1602.001"]
window = "10m"
every = "1m"
key = ["src_ip"]
text = { en = "{src_ip} tried {communities} SNMP communities at {hosts} host(s) within ten minutes; {answered} conversations were answered.", ja = "{src_ip} が 10 分間に {hosts} 台へ SNMP コミュニティを {communities} 個試しました（応答 {answered} 件）。" }
filter = "src_ip = {src_ip} and app = SNMP"

[parameters.communities]
default = 6
reason = { en = "An inventory knows two to five.", ja = "資産調査が使うのは 2〜5 個。" }

[[benign]]
en = "An inventory that knows several communities."
ja = "複数のコミュニティを使う資産調査。"
+++
SELECT $window AS window_start, src_ip, COUNT(DISTINCT snmp_community_hash) AS communities, COUNT(DISTINCT dst_ip) AS hosts, COUNT(*) FILTER (WHERE dst_packets > 0) AS answered
FROM flows
WHERE $range AND snmp_community_hash IS NOT NULL AND COALESCE(snmp_pdu, '') NOT IN ('trap', 'response') AND duplicate_of IS NULL
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT snmp_community_hash) >= $communities
