+++
title = { en = "Outdated TLS", ja = "古い TLS" }
question = { en = "Does a server still agree on a version of TLS that is broken?", ja = "破られた版の TLS にサーバーが合意していないか。" }
severity = "low"
attack = ["T1600", "T1040"]
window = "1h"
every = "5m"
key = ["dst_ip", "dst_port", "version"]
text = { en = "{dst_ip} {name} agrees with {clients} client(s) on {version}.", ja = "{dst_ip} {name} が {clients} 台のクライアントと {version} で合意しています。" }
filter = "dst_ip = {dst_ip} and dst_port = {dst_port} and tls_version = \"{version}\""

[parameters.connections]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "Old devices on a network of their own."
ja = "専用ネットワーク上の古い機器。"
+++
-- SSL 3, TLS 1.0 and 1.1 (RFC 7568, RFC 8996), one event per server.
SELECT $window AS window_start, dst_ip, dst_port, tls_version AS version, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name, COUNT(DISTINCT src_ip) AS clients
FROM flows
WHERE $range AND regexp_like(tls_version, '^(SSL|TLS 1[.][01]$)') AND dst_packets > 3
GROUP BY $window, dst_ip, dst_port, tls_version
HAVING COUNT(*) >= $connections
