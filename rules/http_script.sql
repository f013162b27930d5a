+++
title = { en = "Fetched by a script", ja = "スクリプトによる取得" }
question = { en = "Does PowerShell or a tool of the system fetch from outside in clear, or a script from a server without a name?", ja = "PowerShell やシステムのツールが平文で外部から取得していないか。名前のないサーバーからスクリプトが取得していないか。" }
severity = "low"
attack = ["T1105", "T1059.001"]
window = "1h"
every = "5m"
text = { en = "{src_ip} fetched {example} from {dst_ip} {host} (port {dst_port}) by {agent}: {requests} requests, {kilobytes} kB.", ja = "{src_ip} が {agent} で {dst_ip} {host}（ポート {dst_port}）から {example} を取得しました（要求 {requests} 件、{kilobytes} kB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "A script of the administrator."
ja = "管理者のスクリプト。"

[[benign]]
en = "Installers of packages."
ja = "パッケージのインストーラー。"
+++
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(http_host), '') AS host, MAX(substr(http_path, 1, 120)) AS example, MAX(substr(http_user_agent, 1, 120)) AS agent,
       COUNT(*) AS requests, CAST(SUM(dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND http_user_agent IS NOT NULL AND dst_packets > 0
  AND (regexp_like(http_user_agent, '(PowerShell/|CertUtil|bitsadmin|Windows Script Host|MSXML2|Microsoft-WebDAV-MiniRedir)')
    OR (regexp_like(http_user_agent, '^(curl/|[Ww]get/|python-requests/|Python-urllib/|Go-http-client/|aria2/|libwww-perl/|node-fetch|axios/)') AND regexp_like(COALESCE(http_host, ''), '^[0-9.]+$')))
  AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $requests
