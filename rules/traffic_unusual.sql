+++
title = { en = "More traffic than at this hour of the week", ja = "この曜日・時間帯としては多い通信量" }
question = { en = "Is there far more traffic than at the same hour of the weeks before, and by whom?", ja = "過去の同じ曜日・時間帯より通信量がはるかに多くないか。原因は誰か。" }
severity = "medium"
attack = ["T1498", "T1048"]
window = "1h"
every = "1h"
history = "28d"
key = ["src_ip"]
text = { en = "{megabytes} MB moved within the hour where {usual} MB are usual (median of {weeks} weeks); {src_ip} moved {more} MB more than it does.", ja = "この 1 時間の通信量は {megabytes} MB で、通常（{weeks} 週の中央値）は {usual} MB です。{src_ip} が普段より {more} MB 多く通信しました。" }
filter = "src_ip = {src_ip}"

[parameters.sigmas]
default = 6
reason = { en = "Times the median absolute deviation of the weeks (made comparable with a standard deviation), at least a tenth of the median.", ja = "各週の中央絶対偏差（標準偏差相当に換算、中央値の 1 割以上）の倍数。" }

[parameters.times]
default = 2
reason = { en = "Times the median: a busy day is not twice an ordinary one.", ja = "中央値に対する倍率。忙しい日でも普段の 2 倍にはならない。" }

[parameters.weeks]
default = 3
reason = { en = "Weeks in which this hour was seen.", ja = "この時間帯を観測した週の数。" }

[parameters.megabytes]
default = 100
reason = { en = "Less does not matter to anybody.", ja = "これ未満は問題にならない。" }

[[benign]]
en = "A first day after holidays, a great download or move of data."
ja = "休暇明け、大量のダウンロードやデータ移行。"
+++
-- The hour against the same hour of the weeks before. The one to blame is the initiator whose own traffic grew most against its mean in those hours.
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
, blame AS (
    SELECT n.window_start, n.src_ip, n.octets - COALESCE(b.octets, 0) AS more,
           ROW_NUMBER() OVER (PARTITION BY n.window_start ORDER BY n.octets - COALESCE(b.octets, 0) DESC, n.src_ip) AS place
    FROM now AS n
    LEFT JOIN (
        SELECT t.window_start, h.src_ip, AVG(h.octets) AS octets
        FROM total AS t
        JOIN hourly AS h ON (CAST(t.window_start AS BIGINT) - CAST(h.hour AS BIGINT)) % 604800000000000 = 0
        GROUP BY t.window_start, h.src_ip
    ) AS b ON n.window_start = b.window_start AND n.src_ip = b.src_ip
)
SELECT t.window_start, b.src_ip, CAST(t.octets / 1000000 AS BIGINT) AS megabytes, CAST(s.usual / 1000000 AS BIGINT) AS usual, s.weeks,
       CAST(b.more / 1000000 AS BIGINT) AS more
FROM total AS t
JOIN spread AS s ON t.window_start = s.window_start
JOIN blame AS b ON t.window_start = b.window_start AND b.place = 1
WHERE s.weeks >= $weeks AND t.octets >= $megabytes * 1000000 AND t.octets > s.usual * $times
  AND t.octets - s.usual > $sigmas * GREATEST(1.4826 * s.deviation, s.usual / 10)
