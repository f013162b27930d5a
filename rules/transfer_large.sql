+++
title = { en = "Very much traffic of one host", ja = "1 台のホストの大量通信" }
question = { en = "Does a host of ours move more within an hour than hosts do?", ja = "内部ホストが 1 時間に通常をはるかに超える量を通信していないか。" }
severity = "low"
attack = ["T1048", "T1496"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} moved {gigabytes} GB within an hour with {peers} address(es), {sent} GB of it sent.", ja = "{src_ip} が 1 時間に {peers} 個の相手と {gigabytes} GB を通信しました（うち送信 {sent} GB）。" }
filter = "src_ip = {src_ip} or dst_ip = {src_ip}"

[parameters.gigabytes]
default = 100
reason = { en = "A line of 1 Gbit/s carries 450 GB an hour: a quarter of it is what servers of files and backups move.", ja = "1 Gbit/s の回線で 1 時間に 450 GB。その約 4 分の 1 はファイルサーバーやバックアップの量。" }

[[benign]]
en = "A server of files, backups or pictures: give it a condition `only`, or a suppression."
ja = "ファイル・バックアップ・映像のサーバー（条件 only か抑止を設定）。"
+++
-- Sums of both directions, whichever side began, of inside addresses; scaled by the sampling rate. Flows of less than a megabyte do not add up to so much, and are
-- left out.
SELECT window_start, src_ip, CAST(SUM(sent + got) / 1000000000 AS BIGINT) AS gigabytes, CAST(SUM(sent) / 1000000000 AS BIGINT) AS sent, CAST(SUM(peers) AS BIGINT) AS peers
FROM (
    SELECT $window AS window_start, src_ip, SUM(src_bytes * COALESCE(sampling_rate, 1)) AS sent, SUM(dst_bytes * COALESCE(sampling_rate, 1)) AS got,
           approx_distinct(dst_ip) AS peers
    FROM flows
    WHERE $range AND duplicate_of IS NULL AND src_bytes + dst_bytes >= 1000000 AND COALESCE(src_local, is_private(src_ip))
    GROUP BY $window, src_ip
    UNION ALL
    SELECT $window AS window_start, dst_ip AS src_ip, SUM(dst_bytes * COALESCE(sampling_rate, 1)) AS sent, SUM(src_bytes * COALESCE(sampling_rate, 1)) AS got,
           approx_distinct(src_ip) AS peers
    FROM flows
    WHERE $range AND duplicate_of IS NULL AND src_bytes + dst_bytes >= 1000000 AND COALESCE(dst_local, is_private(dst_ip))
    GROUP BY $window, dst_ip
) AS sides
GROUP BY window_start, src_ip
HAVING SUM(sent + got) >= $gigabytes * 1000000000
