+++
title = { en = "Tunnel by a public service", ja = "公開サービス経由のトンネル" }
question = { en = "Does a host inside use a service that makes it reachable from the Internet past the firewall?", ja = "内部のホストが、ファイアウォールを越えて外部から到達可能にするサービスを使っていないか。" }
severity = "medium"
attack = ["T1572", "T1090", "T1219"]
window = "1h"
every = "5m"
quiet = "24h"
key = ["src_ip", "name"]
text = { en = "{src_ip} uses the tunnel of {name} ({dst_ip} port {dst_port}, {kilobytes} kB).", ja = "{src_ip} が {name} のトンネル（{dst_ip} ポート {dst_port}、{kilobytes} kB）を使っています。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.connections]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "A developer who shows a page to a customer."
ja = "顧客に画面を見せる開発者。"
+++
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, name, MAX(dst_ip) AS dst_ip, MAX(dst_port) AS dst_port, CAST(SUM(octets) / 1000 AS BIGINT) AS kilobytes
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, dst_ip, dst_port, src_bytes + dst_bytes AS octets, lower(COALESCE(tls_sni, http_host, dst_name, '')) AS name
    FROM flows
    WHERE $range AND COALESCE(tls_sni, http_host, dst_name) IS NOT NULL AND dst_packets > 0
) AS asked
WHERE regexp_like(name, '(^|[.])(tunnel[.](us|eu|ap|au|sa|jp|in)[.]ngrok[.]com|connect([.][a-z-]+)?[.]ngrok-agent[.]com|ngrok[.](com|io)|ngrok-free[.](app|dev)|ngrok[.](app|dev)|argotunnel[.]com|trycloudflare[.]com|serveo[.]net|localhost[.]run|lhr[.]life|localtunnel[.]me|loca[.]lt|localto[.]net|pagekite[.]me|portmap[.](io|host)|playit[.]gg|bore[.]pub|pinggy[.]io|zrok[.]io|devtunnels[.]ms|telebit[.]cloud)$')
GROUP BY window_start, src_ip, name
HAVING COUNT(*) >= $connections
