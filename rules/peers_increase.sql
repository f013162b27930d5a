+++
title = { en = "Far more partners than usual", ja = "普段よりはるかに多い通信相手" }
question = { en = "Does a host talk with far more addresses within an hour than in any hour of its week?", ja = "ホストが 1 時間に、過去 1 週間のどの時間よりもはるかに多くの相手と通信していないか。" }
severity = "low"
attack = ["T1018", "T1071"]
window = "1h"
every = "30m"
history = "7d"
key = ["src_ip"]
text = { en = "{src_ip} talked with {peers} addresses within an hour; its mean of the last week is {usual} and its most {most}.", ja = "{src_ip} が 1 時間に {peers} 個の相手と通信しました（過去 1 週間の平均 {usual}、最大 {most}）。" }
filter = "src_ip = {src_ip}"

[parameters.peers]
default = 100
reason = { en = "A person's computer talks with some dozens.", ja = "個人の端末の相手は数十個。" }

[parameters.sigmas]
default = 4
reason = { en = "Standard deviations above the mean of the hours of the week.", ja = "1 週間の各時間の平均からの標準偏差の数。" }

[parameters.hours]
default = 24
reason = { en = "Hours in which the host has been seen.", ja = "そのホストを観測した時間数。" }

[[benign]]
en = "A browser that was opened with many pages; a new program of exchange."
ja = "多数のページを開いたブラウザー、新しい交換プログラム。"
+++
-- Distinct responders per initiator and hour; besides the deviations it must be more than one and a half times the largest hour.
SELECT now.window_start, now.src_ip, now.peers, CAST(before.usual AS BIGINT) AS usual, before.most
FROM (
    SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS peers
    FROM flows
    WHERE $range AND COALESCE(src_local, is_private(src_ip)) AND dst_packets > 0
    GROUP BY $window, src_ip
    HAVING COUNT(DISTINCT dst_ip) >= $peers
) AS now
JOIN (
    SELECT src_ip, AVG(peers) AS usual, COALESCE(stddev_pop(peers), 0) AS sigma, MAX(peers) AS most, COUNT(*) AS hours
    FROM (
        SELECT $window AS hour, src_ip, COUNT(DISTINCT dst_ip) AS peers
        FROM flows
        WHERE $history AND dst_packets > 0
        GROUP BY $window, src_ip
    ) AS hourly
    GROUP BY src_ip
) AS before ON now.src_ip = before.src_ip
WHERE before.hours >= $hours AND now.peers > before.usual + $sigmas * before.sigma AND now.peers * 2 > before.most * 3
