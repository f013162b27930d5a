+++
title = { en = "Data gathered inside", ja = "内部データの収集" }
question = { en = "Does a client fetch far more from the servers inside than its peers do?", ja = "クライアントが、他のクライアントをはるかに超える量を内部サーバーから取得していないか。" }
severity = "medium"
attack = ["T1039", "T1213", "T1074"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} fetched {megabytes} MB from {servers} inside host(s) within an hour; the middle of {peers} clients is {usual} MB.", ja = "{src_ip} が 1 時間に内部の {servers} 台から {megabytes} MB を取得しました（{peers} 台のクライアントの中央値は {usual} MB）。" }
filter = "src_ip = {src_ip}"

[parameters.megabytes]
default = 2000
reason = { en = "Two gigabytes in an hour: work with documents takes a tenth of it.", ja = "1 時間に 2 GB。文書作業はその 10 分の 1 程度。" }

[parameters.times]
default = 20
reason = { en = "Times the median of the clients that fetched anything in the same hour.", ja = "同じ時間に取得したクライアントの中央値に対する倍率。" }

[parameters.peers]
default = 5
reason = { en = "With fewer clients there is nothing to compare with.", ja = "これより少ないと比較できない。" }

[[benign]]
en = "A backup server."
ja = "バックアップサーバー。"

[[benign]]
en = "A new computer that is being set up; work with videos."
ja = "設定中の新しい端末、動画の編集。"
+++
-- What each inside client got from inside hosts, against the median of all clients in the same hour.
WITH fetched AS (
    SELECT $window AS window_start, src_ip, SUM(dst_bytes * COALESCE(sampling_rate, 1)) AS octets, SUM(src_bytes * COALESCE(sampling_rate, 1)) AS sent, COUNT(DISTINCT dst_ip) AS servers
    FROM flows
    WHERE $range AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip)) AND COALESCE(dst_local, is_private(dst_ip)) AND src_ip <> dst_ip
    GROUP BY $window, src_ip
),
middle AS (
    SELECT window_start, approx_percentile_cont(octets, 0.5) AS usual, COUNT(*) AS peers
    FROM fetched
    WHERE octets > 100000
    GROUP BY window_start
)
SELECT f.window_start, f.src_ip, CAST(f.octets / 1000000 AS BIGINT) AS megabytes, f.servers,
       CAST(m.usual / 1000000 AS BIGINT) AS usual, m.peers
FROM fetched AS f
JOIN middle AS m ON f.window_start = m.window_start
WHERE f.octets >= $megabytes * 1000000 AND f.octets >= m.usual * $times AND m.peers >= $peers AND f.octets >= f.sent * 4
