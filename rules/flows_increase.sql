+++
title = { en = "Far more connections than usual", ja = "普段よりはるかに多い接続" }
question = { en = "Does a host open far more connections within an hour than in any hour of its week?", ja = "ホストが 1 時間に、過去 1 週間のどの時間よりもはるかに多くの接続を開いていないか。" }
severity = "low"
attack = ["T1498", "T1071"]
window = "1h"
every = "30m"
history = "7d"
key = ["src_ip"]
text = { en = "{src_ip} opened {flows} connections within an hour; its mean of the last week is {usual} and its most {most}.", ja = "{src_ip} が 1 時間に {flows} 本の接続を開きました（過去 1 週間の平均 {usual}、最大 {most}）。" }
filter = "src_ip = {src_ip}"

[parameters.flows]
default = 5000
reason = { en = "A person with a browser opens some hundreds to a thousand an hour.", ja = "ブラウザーを使う人で 1 時間に数百〜千本。" }

[parameters.sigmas]
default = 4
reason = { en = "Standard deviations above the mean of the hours of the week.", ja = "1 週間の各時間の平均からの標準偏差の数。" }

[parameters.hours]
default = 24
reason = { en = "Hours in which the host has been seen.", ja = "そのホストを観測した時間数。" }

[[benign]]
en = "A new program, a test of load, a crawl that was begun."
ja = "新しいプログラム、負荷試験、収集の開始。"
+++
-- Flows per initiator and hour; besides the deviations they must be more than twice the largest hour.
SELECT now.window_start, now.src_ip, now.flows, CAST(before.usual AS BIGINT) AS usual, before.most
FROM (
    SELECT $window AS window_start, src_ip, COUNT(*) AS flows
    FROM flows
    WHERE $range AND duplicate_of IS NULL AND src_packets > 0 AND COALESCE(src_local, is_private(src_ip))
    GROUP BY $window, src_ip
    HAVING COUNT(*) >= $flows
) AS now
JOIN (
    SELECT src_ip, AVG(flows) AS usual, COALESCE(stddev_pop(flows), 0) AS sigma, MAX(flows) AS most, COUNT(*) AS hours
    FROM (SELECT $window AS hour, src_ip, COUNT(*) AS flows FROM flows WHERE $history AND duplicate_of IS NULL AND src_packets > 0 GROUP BY $window, src_ip) AS hourly
    GROUP BY src_ip
) AS before ON now.src_ip = before.src_ip
WHERE before.hours >= $hours AND now.flows > before.usual + $sigmas * before.sigma AND now.flows > before.most * 2
