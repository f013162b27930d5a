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
WITH measured AS MATERIALIZED $part.traffic_measured
SELECT window_start, CAST(amount / 1000000 AS BIGINT) AS megabytes, CAST(usual / 1000000 AS BIGINT) AS usual, weeks
FROM $part.traffic_weeks AS hours
WHERE measure = 'octets' AND weeks >= $weeks AND usual >= $megabytes * 1000000 AND amount * 100 < usual * $share
  AND CAST(latest AS BIGINT) - CAST(window_start AS BIGINT) >= $minutes * 60000000000
