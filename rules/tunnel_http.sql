+++
title = { en = "Tunnel over the web", ja = "Web を使ったトンネル" }
question = { en = "Does a web connection last as no web page does, with data going up?", ja = "Web ページではあり得ない長さの接続で、データが送信されていないか。" }
severity = "medium"
attack = ["T1572", "T1071.001"]
window = "1h"
every = "5m"
text = { en = "A {app} connection of {src_ip} to {dst_ip} {name} lasted {minutes} minutes of the hour; {sent} kB went up and {received} kB came down.", ja = "{src_ip} から {dst_ip} {name} への {app} 接続が 1 時間のうち {minutes} 分続き、送信 {sent} kB、受信 {received} kB でした。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.minutes]
default = 55
reason = { en = "A web page is loaded within a minute; the panel of the security centres begins at an hour.", ja = "Web ページの読み込みは 1 分以内。監視センターの基準は 1 時間。" }

[parameters.kilobytes]
default = 500
reason = { en = "A page that waits for news sends a few octets a minute.", ja = "更新を待つページの送信は 1 分に数オクテット。" }

[parameters.share]
default = 20
reason = { en = "A download sends acknowledgements only. Per cent of what came down.", ja = "ダウンロードは確認応答だけを送る。受信量に対する割合（％）。" }

[[benign]]
en = "A page with a live call or remote desktop; long polling with much data."
ja = "通話やリモートデスクトップを含むページ、大量データのロングポーリング。"

[[benign]]
en = "A large upload over a slow line."
ja = "低速回線での大きなアップロード。"
+++
-- Clear HTTP, and unknown content on the ports of the web: TLS has long lives of its own. Parts of a connection are joined.
-- Those that are too short are sorted out by one number of their five values, which others can have by chance.
WITH outward AS (
    SELECT $window AS window_start, src_ip, src_port, dst_ip, dst_port, app, http_host, dst_name, src_bytes, dst_bytes, time_start, time_end,
           hash($window, src_ip, src_port, dst_ip, dst_port) AS five
    FROM flows
    WHERE $range AND proto = 6 AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
      AND (split_part(app, '.', 1) IN ('HTTP', 'HTTP2')
        OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (80, 443, 8080)))
      AND $part.to_outside
),
long AS MATERIALIZED (
    SELECT five
    FROM outward
    GROUP BY five
    HAVING CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT) >= $minutes * 60000000000 AND SUM(src_bytes) >= $kilobytes * 1000
)
SELECT window_start, src_ip, dst_ip, dst_port, MAX(app) AS app, MAX(name) AS name, CAST(MAX(seconds) / 60 AS BIGINT) AS minutes,
       SUM(sent) / 1000 AS sent, SUM(received) / 1000 AS received
FROM (
    SELECT o.window_start, o.src_ip, o.src_port, o.dst_ip, o.dst_port, COALESCE(MAX(o.app), 'Unknown') AS app,
           COALESCE(MAX(o.http_host), MAX(o.dst_name), '') AS name, SUM(o.src_bytes) AS sent, SUM(o.dst_bytes) AS received,
           (CAST(MAX(o.time_end) AS BIGINT) - CAST(MIN(o.time_start) AS BIGINT)) / 1000000000 AS seconds
    FROM outward AS o
    JOIN long AS l ON o.five = l.five
    GROUP BY o.window_start, o.src_ip, o.src_port, o.dst_ip, o.dst_port
) AS connections
WHERE seconds >= $minutes * 60 AND sent >= $kilobytes * 1000 AND sent * 100 >= received * $share
GROUP BY window_start, src_ip, dst_ip, dst_port
