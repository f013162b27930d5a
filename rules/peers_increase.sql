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
-- Distinct responders per initiator and hour; besides the deviations they must be more than one and a half times the largest hour.
SELECT window_start, flow_first, flow_last, src_ip, amount AS peers, usual, most
FROM $part.hours_of_week(COUNT(DISTINCT dst_ip), dst_packets > 0, $peers, 3) AS found
