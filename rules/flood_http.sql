+++
title = { en = "Flood of web requests", ja = "Web 要求のフラッド" }
question = { en = "Does one address send a web server more requests than a person or a crawler would?", ja = "1 つのアドレスが Web サーバーへ、人やクローラーを超える数の要求を送っていないか。" }
severity = "medium"
attack = ["T1499.002"]
window = "1m"
every = "30s"
key = ["src_ip", "dst_ip", "dst_port", "http_host"]
text = { en = "{src_ip} sent {requests} requests to {http_host} on {dst_ip} within a minute.", ja = "{src_ip} が 1 分間に {dst_ip} の {http_host} へ {requests} 件の要求を送りました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 1500
reason = { en = "Twenty-five a second for a whole minute; a page with all its parts is about a hundred, crawlers keep to a few a second.", ja = "毎秒 25 件が 1 分間。1 ページ全体でも約 100 件、クローラーは毎秒数件。" }

[[benign]]
en = "A proxy or a reverse proxy in front of many people."
ja = "多数の利用者の前段にあるプロキシ。"

[[benign]]
en = "A program that uses an interface in bulk; a load test."
ja = "インターフェースを大量に呼び出すプログラム、負荷試験。"
+++
-- Clear HTTP: the requests that were seen in the conversations that began in the minute.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(http_host, '') AS http_host,
       SUM(COALESCE(http_requests, 1)) AS requests
FROM flows
WHERE $range AND split_part(app, '.', 1) IN ('HTTP', 'HTTP2') AND http_method IS NOT NULL AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip, dst_port, COALESCE(http_host, '')
HAVING SUM(COALESCE(http_requests, 1)) >= $requests
