+++
title = { en = "Less traffic than at this hour of the week", ja = "この曜日・時間帯としては少ない通信量" }
question = { en = "Is there far less traffic than at the same hour of the weeks before?", ja = "過去の同じ曜日・時間帯より通信量がはるかに少なくないか。" }
severity = "medium"
attack = ["T1489"]
window = "1h"
every = "1h"
history = "28d"
key = []
text = { en = "{megabytes} MB moved within the hour where {usual} MB are usual (median of {weeks} weeks): a line, an exporter or a service may be down.", ja = "この 1 時間の通信量は {megabytes} MB で、通常（{weeks} 週の中央値）は {usual} MB です。回線・エクスポーター・サービスの停止が考えられます。" }
filter = "bytes >= 0"

[parameters.share]
default = 20
reason = { en = "Per cent of the median below which it is too little.", ja = "少なすぎるとみなす、中央値に対する割合（％）。" }

[parameters.weeks]
default = 3
reason = { en = "Weeks in which this hour was seen.", ja = "この時間帯を観測した週の数。" }

[parameters.megabytes]
default = 1000
reason = { en = "What is usual, at least: quiet networks vary much.", ja = "通常の量の下限。静かなネットワークは変動が大きい。" }

[parameters.minutes]
default = 50
reason = { en = "Minutes of the hour that have passed at least, by the flows.", ja = "フローから見て経過しているべき分数。" }

[[benign]]
en = "Holidays."
ja = "休日。"
+++
-- The hour against the same hour of the weeks before, once it is nearly over.
WITH hourly AS (
    SELECT $window AS hour, src_ip, SUM(CAST((src_bytes + dst_bytes) * COALESCE(sampling_rate, 1) AS DOUBLE)) AS octets
    FROM flows
    WHERE $history AND duplicate_of IS NULL
    GROUP BY $window, src_ip
),
now AS (
    SELECT $window AS window_start, src_ip, SUM(CAST((src_bytes + dst_bytes) * COALESCE(sampling_rate, 1) AS DOUBLE)) AS octets, MAX(time_start) AS latest
    FROM flows
    WHERE $range AND duplicate_of IS NULL
    GROUP BY $window, src_ip
),
total AS (
    SELECT window_start, SUM(octets) AS octets, MAX(latest) AS latest FROM now GROUP BY window_start
),
weeks AS (
    SELECT t.window_start, h.hour, SUM(h.octets) AS octets
    FROM total AS t
    JOIN hourly AS h ON (CAST(t.window_start AS BIGINT) - CAST(h.hour AS BIGINT)) % 604800000000000 = 0
    GROUP BY t.window_start, h.hour
),
middle AS (
    SELECT window_start, median(octets) AS usual, COUNT(*) AS weeks FROM weeks GROUP BY window_start
),
spread AS (
    SELECT w.window_start, m.usual, m.weeks, median(ABS(w.octets - m.usual)) AS deviation
    FROM weeks AS w JOIN middle AS m ON w.window_start = m.window_start
    GROUP BY w.window_start, m.usual, m.weeks
)
SELECT t.window_start, CAST(t.octets / 1000000 AS BIGINT) AS megabytes, CAST(s.usual / 1000000 AS BIGINT) AS usual, s.weeks
FROM total AS t
JOIN spread AS s ON t.window_start = s.window_start
WHERE s.weeks >= $weeks AND s.usual >= $megabytes * 1000000 AND t.octets * 100 < s.usual * $share
  AND CAST(t.latest AS BIGINT) - CAST(t.window_start AS BIGINT) >= $minutes * 60000000000
