+++
title = { en = "Long flows are told late", ja = "長いフローの報告の遅れ" }
question = { en = "Does an exporter keep long flows for so long that detection is late?", ja = "エクスポーターが長いフローを長時間保持し、検知が遅れていないか。" }
severity = "low"
attack = []
window = "1h"
every = "5m"
key = ["exporter"]
text = { en = "{flows} flows of {exporter} last longer than {limit} s, up to {longest} s: its active timeout is longer than the five minutes that are usual.", ja = "{exporter} のフロー {flows} 件が {limit} 秒を超えています（最長 {longest} 秒）。アクティブタイムアウトが通常の 5 分より長いようです。" }
filter = "exporter_ip = {exporter}"

[parameters.seconds]
default = 330
reason = { en = "Five minutes, which most networks use, and half a minute for the exporter to look.", ja = "一般的な 5 分に、確認間隔の 30 秒を加えた値。" }

[parameters.flows]
default = 20
reason = { en = "A few come of clocks that were put right.", ja = "数件なら時計の修正によるもの。" }

[[benign]]
en = "An exporter whose active timeout is longer on purpose."
ja = "意図的にタイムアウトを長くしたエクスポーター。"
+++
-- Flows of exporters that last longer than they may.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, exporter, COUNT(*) AS flows, CAST(MAX(seconds) AS BIGINT) AS longest, $seconds AS limit
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, ip_text(exporter_ip) AS exporter, (CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 1000000000 AS seconds
    FROM flows
    WHERE $range AND exporter_ip IS NOT NULL AND duplicate_of IS NULL AND CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT) > $seconds * 1000000000
) AS long
GROUP BY window_start, exporter
HAVING COUNT(*) >= $flows
