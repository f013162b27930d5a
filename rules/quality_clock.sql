+++
title = { en = "Clock of an exporter is wrong", ja = "エクスポーターの時計のずれ" }
question = { en = "Do the times of an exporter's flows differ from the time at which they came?", ja = "エクスポーターのフロー時刻と受信時刻がずれていないか。" }
severity = "low"
attack = []
window = "1h"
every = "5m"
key = ["exporter"]
text = { en = "Flows of {exporter} end {seconds} s before they reach us (median of {flows}); a negative number is a clock ahead of ours.", ja = "{exporter} のフローは終了から {seconds} 秒後に届いています（{flows} 件の中央値）。負の値は相手の時計が進んでいます。" }
filter = "exporter_ip = {exporter}"

[parameters.behind]
default = 900
reason = { en = "Seconds: exporters send within their timeouts of a minute to half an hour at most.", ja = "秒。エクスポーターは 1 分から最長でも 30 分のタイムアウト内に送る。" }

[parameters.ahead]
default = 60
reason = { en = "Seconds: clocks that are kept by NTP agree to less than one.", ja = "秒。NTP で同期した時計の差は 1 秒未満。" }

[parameters.flows]
default = 20
reason = { en = "With fewer flows the median says little.", ja = "これより少ないと中央値に意味がない。" }

[[benign]]
en = "Flows that waited on the exporter's disk until the line was back."
ja = "回線復旧まで送信側のディスクで待っていたフロー。"
+++
-- The median of the time between the end of a flow and its arrival, per exporter.
SELECT window_start, flow_first, flow_last, exporter, CAST(seconds AS BIGINT) AS seconds, flows
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, ip_text(exporter_ip) AS exporter, COUNT(*) AS flows,
           median((CAST(time_received AS BIGINT) - CAST(time_end AS BIGINT)) / 1000000000.0) AS seconds
    FROM flows
    WHERE $range AND time_received IS NOT NULL AND exporter_ip IS NOT NULL
    GROUP BY $window, ip_text(exporter_ip)
) AS late
WHERE flows >= $flows AND (seconds > $behind OR seconds < 0 - $ahead)
