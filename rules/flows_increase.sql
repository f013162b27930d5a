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
SELECT window_start, flow_first, flow_last, src_ip, amount AS flows, usual, most
FROM $part.hours_of_week(COUNT(*), (duplicate_of IS NULL AND src_packets > 0), $flows, 4) AS found
