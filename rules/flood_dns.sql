+++
title = { en = "Flood of DNS questions", ja = "DNS 問い合わせのフラッド" }
question = { en = "Is a name server of ours covered with questions?", ja = "内部の DNS サーバーに大量の問い合わせが送られていないか。" }
severity = "medium"
attack = ["T1498", "T1499.002"]
window = "1m"
every = "30s"
key = ["dst_ip"]
text = { en = "{dst_ip} got {queries} DNS questions within a minute from {sources} address(es), such as {example}; {failed} were refused or failed.", ja = "{dst_ip} に 1 分間で {sources} 個のアドレスから DNS の問い合わせが {queries} 件届きました（{example} など、失敗・拒否 {failed} 件）。" }
filter = "dst_ip = {dst_ip} and dst_port = 53"

[parameters.queries]
default = 60000
reason = { en = "A thousand a second: a resolver of ten thousand people gets some hundreds.", ja = "毎秒 1000 件。1 万人のリゾルバーでも数百件。" }

[[benign]]
en = "A great resolver, or a test of load."
ja = "大規模なリゾルバー、負荷試験。"
+++
-- Questions to inside servers, scaled by the sampling rate.
SELECT $window AS window_start, dst_ip, CAST(SUM(COALESCE(dns_queries, src_packets) * COALESCE(sampling_rate, 1)) AS BIGINT) AS queries, COUNT(DISTINCT src_ip) AS sources,
       COALESCE(MIN(dns_query), '-') AS example,
       COALESCE(SUM(COALESCE(dns_queries, src_packets)) FILTER (WHERE dns_rcode IN ('nxdomain', 'servfail', 'refused') OR dst_packets = 0), 0) AS failed
FROM flows
WHERE $range AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53)) AND duplicate_of IS NULL AND COALESCE(dst_local, is_private(dst_ip))
  AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
GROUP BY $window, dst_ip
HAVING SUM(COALESCE(dns_queries, src_packets) * COALESCE(sampling_rate, 1)) >= $queries
