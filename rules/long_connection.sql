+++
title = { en = "Long connection to the outside", ja = "外部との長時間接続" }
question = { en = "Does a conversation with an outside address last for hours?", ja = "外部アドレスとの接続が何時間も続いていないか。" }
severity = "low"
attack = ["T1071", "T1572"]
window = "24h"
every = "15m"
text = { en = "{src_ip} has been connected with {dst_ip} {name} (port {dst_port}, {app}) for {hours} hours of the day, {megabytes} MB.", ja = "{src_ip} は {dst_ip} {name}（ポート {dst_port}、{app}）と {hours} 時間接続しています（{megabytes} MB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.hours]
default = 4
reason = { en = "The second of the four steps of published practice (1, 4, 8 and 12 hours): pages and downloads end within an hour.", ja = "公開された実務の 4 段階（1・4・8・12 時間）の 2 段目。ページやダウンロードは 1 時間以内に終わる。" }

[parameters.gap]
default = 1800
reason = { en = "Seconds of silence after which the same ports are another conversation.", ja = "同じポートでも別の接続とみなす無通信の秒数。" }

[[benign]]
en = "Push messages, chat, mail that waits for news."
ja = "プッシュ通知、チャット、待ち受け中のメール。"

[[benign]]
en = "Remote work, a tunnel between sites, a monitor."
ja = "リモートワーク、拠点間トンネル、監視。"
+++
-- Parts that the active timeout cut are joined by their five values: a silence longer than the gap, or a SYN after the first
-- part, begins another conversation. A conversation over midnight counts for each day by its share.
WITH outward AS (
    SELECT $window AS window_start, src_ip, src_port, dst_ip, dst_port, proto, time_start, time_end, src_bytes, dst_bytes, app, tcp_src_flags,
           COALESCE(tls_sni, http_host, dst_name) AS name, hash($window, src_ip, src_port, dst_ip, dst_port, proto) AS five
    FROM flows
    WHERE $range AND proto IN (6, 17) AND src_port > 0 AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
      AND $part.to_outside
),
-- Only what spans so many hours can be a conversation of as many: the order of its parts is looked at. The five values are one
-- number here, which a few others can have by chance.
far AS MATERIALIZED (
    SELECT five
    FROM outward
    GROUP BY five
    HAVING CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT) >= $hours * 3600000000000
),
parts AS (
    SELECT o.window_start, o.src_ip, o.src_port, o.dst_ip, o.dst_port, o.proto, o.time_start, o.time_end, o.src_bytes, o.dst_bytes, o.app, o.name,
           CASE WHEN CAST(o.time_start AS BIGINT) - LAG(CAST(o.time_end AS BIGINT)) OVER parts_of > $gap * 1000000000
                  OR COALESCE(o.tcp_src_flags, 0) & 2 = 2 THEN 1 ELSE 0 END AS begins
    FROM outward AS o
    JOIN far AS f ON o.five = f.five
    WINDOW parts_of AS (PARTITION BY o.five ORDER BY o.time_start)
),
joined AS (
    SELECT *, SUM(begins) OVER (PARTITION BY window_start, src_ip, src_port, dst_ip, dst_port, proto ORDER BY time_start) AS number
    FROM parts
),
conversations AS (
    SELECT window_start, src_ip, src_port, dst_ip, dst_port, proto, number, COALESCE(MAX(name), '') AS name, COALESCE(MAX(app), 'Unknown') AS app,
           (CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT)) / 1000000000 AS seconds, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last,
           SUM(src_bytes + dst_bytes) AS octets,
           SUM(dst_bytes) AS received
    FROM joined
    GROUP BY window_start, src_ip, src_port, dst_ip, dst_port, proto, number
)
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, dst_port, proto, MAX(name) AS name, MAX(app) AS app,
       CAST(MAX(seconds) / 3600 AS BIGINT) AS hours, CAST(SUM(octets) / 1000000 AS BIGINT) AS megabytes
FROM conversations
WHERE seconds >= $hours * 3600 AND received > 0
GROUP BY window_start, src_ip, dst_ip, dst_port, proto
