+++
title = { en = "More uploaded than ever", ja = "過去にない量のアップロード" }
question = { en = "Did a host send much more to the outside within an hour than in any hour of its week?", ja = "ホストが 1 時間に、過去 1 週間のどの時間よりもはるかに多く外部へ送信していないか。" }
severity = "medium"
attack = ["T1048", "T1567"]
window = "1h"
every = "30m"
history = "7d"
key = ["src_ip"]
text = { en = "{src_ip} sent {megabytes} MB to the outside within an hour, most of it ({most} MB) to {dst_ip}; its most in an hour of the last week was {usual} MB.", ja = "{src_ip} が 1 時間に外部へ {megabytes} MB を送信しました（うち {dst_ip} へ {most} MB）。過去 1 週間の 1 時間あたり最大は {usual} MB です。" }
filter = "src_ip = {src_ip}"

[parameters.megabytes]
default = 50
reason = { en = "What is lost below that does not stand out from a day's mail.", ja = "これ未満は日々のメールに埋もれる。" }

[parameters.times]
default = 5
reason = { en = "Times the largest hour of the last week, so that the nightly copy is usual.", ja = "過去 1 週間の最大の 1 時間に対する倍率。夜間の複製は普段どおりとなる。" }

[parameters.hours]
default = 24
reason = { en = "Hours in which the host has been seen: before, nothing is unusual.", ja = "そのホストを観測した時間数。これ未満では比較できない。" }

[[benign]]
en = "A first backup, a move to another service."
ja = "初回のバックアップ、サービスの移行。"

[[benign]]
en = "A call with pictures on a host that has had none."
ja = "初めてのビデオ通話。"
+++
-- The sum over all outside addresses against the largest hour before; the address that got most is the one named.
WITH sent AS (
    SELECT $window AS window_start, src_ip, dst_ip, SUM(src_bytes * COALESCE(sampling_rate, 1)) AS octets
    FROM flows
    WHERE $range AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
      AND $part.to_outside
    GROUP BY $window, src_ip, dst_ip
),
now AS (
    SELECT window_start, src_ip, dst_ip, octets, SUM(octets) OVER (PARTITION BY window_start, src_ip) AS total,
           ROW_NUMBER() OVER (PARTITION BY window_start, src_ip ORDER BY octets DESC, dst_ip) AS place
    FROM sent
),
before AS (
    SELECT src_ip, MAX(octets) AS most, COUNT(*) AS hours
    FROM (
        SELECT src_ip, $window AS hour,
               SUM(CASE WHEN $part.to_outside THEN src_bytes * COALESCE(sampling_rate, 1) ELSE 0 END) AS octets
        FROM flows
        WHERE $history AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
        GROUP BY src_ip, $window
    ) AS hourly
    GROUP BY src_ip
)
SELECT now.window_start, now.src_ip, now.dst_ip, CAST(now.total / 1000000 AS BIGINT) AS megabytes,
       CAST(now.octets / 1000000 AS BIGINT) AS most, CAST(before.most / 1000000 AS BIGINT) AS usual
FROM now
JOIN before ON now.src_ip = before.src_ip
WHERE now.place = 1 AND before.hours >= $hours AND now.total >= $megabytes * 1000000 AND now.total >= before.most * $times
