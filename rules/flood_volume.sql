+++
title = { en = "Flood of packets", ja = "パケットフラッド" }
question = { en = "Does a host get far more packets than it answers, and far more than it usually gets?", ja = "ホストに、応答できる量や普段の量をはるかに超えるパケットが届いていないか。" }
severity = "high"
attack = ["T1498.001"]
window = "10s"
every = "5s"
history = "1h"
together = true
key = ["dst_ip"]
text = { en = "{dst_ip} got {packets} packets ({megabits} Mbit) within ten seconds from {sources} address(es) and answered {answered}; usual are {usual}.", ja = "{dst_ip} に 10 秒間で {sources} 個のアドレスから {packets} 個（{megabits} Mbit）のパケットが届き、応答は {answered} 個でした（普段は {usual} 個）。" }
filter = "dst_ip = {dst_ip}"

[parameters.packets]
default = 50000
reason = { en = "Five thousand a second without an answer: streams of pictures and voice to one host stay below.", ja = "応答なしで毎秒 5000 個。1 台への映像・音声ストリームはこれより少ない。" }

[parameters.answers]
default = 10
reason = { en = "Per cent of packets that are answered at most: TCP acknowledges half of them, or every tenth after aggregation.", ja = "応答の割合の上限（％）。TCP は半分、集約後でも 1 割程度に確認応答する。" }

[parameters.times]
default = 5
reason = { en = "Times what the host got in ten seconds of the hour before, on the average of twelve looks.", ja = "直前 1 時間に 12 回見た 10 秒間の平均に対する倍率。" }

[[benign]]
en = "A backup or video contribution by UDP that has just begun."
ja = "始まったばかりの UDP によるバックアップや映像伝送。"

[[benign]]
en = "A load test."
ja = "負荷試験。"
+++
-- A flow that lasts longer than ten seconds counts with its average of ten seconds. Packets are scaled by the sampling rate.
-- Sources and the hour before are read where there is a flood only; of the hour ten seconds in every five minutes, so that it
-- costs a thirtieth.
WITH flowing AS (
    SELECT $window AS window_start, src_ip, dst_ip, src_packets, dst_packets, src_bytes, CAST(COALESCE(sampling_rate, 1) AS DOUBLE) AS rate,
           hash($window, dst_ip) AS target,
           GREATEST((CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 10000000000.0, 1.0) AS tens
    FROM flows
    WHERE $range AND duplicate_of IS NULL AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
),
flooded AS MATERIALIZED (
    SELECT target
    FROM flowing
    GROUP BY target
    HAVING SUM(src_packets * rate / tens) >= $packets
),
now AS MATERIALIZED (
    SELECT o.window_start, o.dst_ip, CAST(SUM(o.src_packets * o.rate / o.tens) AS BIGINT) AS packets,
           CAST(SUM(o.src_bytes * o.rate / o.tens) * 8 / 1000000 AS BIGINT) AS megabits,
           CAST(SUM(o.dst_packets * o.rate / o.tens) AS BIGINT) AS answered, COUNT(DISTINCT o.src_ip) AS sources
    FROM flowing AS o
    JOIN flooded AS f ON o.target = f.target
    GROUP BY o.window_start, o.dst_ip
    HAVING SUM(o.src_packets * o.rate / o.tens) >= $packets
       AND SUM(o.dst_packets * o.rate / o.tens) * 100 <= SUM(o.src_packets * o.rate / o.tens) * $answers
),
before AS MATERIALIZED (
    SELECT n.window_start, n.dst_ip, CAST(SUM(f.packets) / 12 AS BIGINT) AS usual
    FROM (
        SELECT time_start, dst_ip, src_packets * CAST(COALESCE(sampling_rate, 1) AS DOUBLE) AS packets
        FROM flows
        WHERE $history AND CAST(time_start AS BIGINT) % 300000000000 < 10000000000 AND duplicate_of IS NULL
    ) AS f
    JOIN now AS n ON f.dst_ip = n.dst_ip AND f.time_start < n.window_start AND f.time_start >= n.window_start - INTERVAL '1 hour'
    GROUP BY n.window_start, n.dst_ip
)
SELECT now.window_start, now.dst_ip, now.packets, now.megabits, now.answered, now.sources, COALESCE(before.usual, 0) AS usual
FROM now
LEFT JOIN before ON now.window_start = before.window_start AND now.dst_ip = before.dst_ip
WHERE now.packets > $times * COALESCE(before.usual, 0)
